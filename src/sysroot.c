// SPDX-License-Identifier: GPL-2.0-or-later
#include "sysroot.h"

#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 << 20)

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

int sysroot_open(const char *dir, struct sysroot *out, struct err *err)
{
	struct stat root, slash;
	int fd;

	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, errno, "cannot use %s as root: %m", dir);
	if (fstat(fd, &root) < 0 || stat("/", &slash) < 0) {
		int code = errno;

		close(fd);
		return err_set(err, code, "cannot use %s as root: %s", dir, strerror(code));
	}
	out->fd = fd;
	out->live = root.st_dev == slash.st_dev && root.st_ino == slash.st_ino;
	return 0;
}

void sysroot_close(struct sysroot *root)
{
	close(root->fd);
	root->fd = -1;
}

__attribute__((format(printf, 2, 0))) static int format_path(
	char path[PATH_MAX], const char *format, va_list ap)
{
	int n = vsnprintf(path, PATH_MAX, format, ap);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Reads from fd to the end of the file. */
static int read_all(int fd, char **text, size_t *len)
{
	_cleanup_free_ char *buf = NULL;
	size_t size = 0, used = 0;
	ssize_t n;

	do {
		if (size - used < 2) {
			char *grown;

			if (size >= FILE_MAX)
				return -EFBIG;
			size = size ? size * 2 : 4096;
			grown = realloc(buf, size);
			if (!grown)
				return -ENOMEM;
			buf = grown;
		}
		do
			n = read(fd, buf + used, size - used - 1);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return -errno;
		used += (size_t)n;
	} while (n > 0);
	buf[used] = '\0';
	*text = buf;
	buf = NULL;
	if (len)
		*len = used;
	return 0;
}

int sysroot_read_at(int dir_fd, const char *path, char **text, size_t *len)
{
	/* O_NONBLOCK: where somebody put a FIFO it must not be waited for. */
	_cleanup_(closep) int fd = openat(dir_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return read_all(fd, text, len);
}

int sysroot_read(const struct sysroot *root, char **text, size_t *len, const char *format, ...)
{
	char path[PATH_MAX];
	va_list ap;
	int r;

	va_start(ap, format);
	r = format_path(path, format, ap);
	va_end(ap);
	return r < 0 ? r : sysroot_read_at(root->fd, path, text, len);
}

int sysroot_write(const struct sysroot *root, const char *text, const char *format, ...)
{
	_cleanup_(closep) int fd = -1;
	size_t len = strlen(text);
	char path[PATH_MAX];
	va_list ap;
	ssize_t n;
	int r;

	va_start(ap, format);
	r = format_path(path, format, ap);
	va_end(ap);
	if (r < 0)
		return r;
	fd = openat(root->fd, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

bool sysroot_exists(const struct sysroot *root, const char *format, ...)
{
	char path[PATH_MAX];
	va_list ap;
	int r;

	va_start(ap, format);
	r = format_path(path, format, ap);
	va_end(ap);
	return r == 0 && faccessat(root->fd, path, F_OK, 0) == 0;
}

int sysroot_mtime(const struct sysroot *root, struct timespec *out, const char *format, ...)
{
	char path[PATH_MAX];
	struct stat stat;
	va_list ap;
	int r;

	va_start(ap, format);
	r = format_path(path, format, ap);
	va_end(ap);
	if (r < 0)
		return r;
	if (fstatat(root->fd, path, &stat, 0) < 0)
		return -errno;
	*out = stat.st_mtim;
	return 0;
}

bool sysroot_is_executable(const struct sysroot *root, const char *path)
{
	struct stat at;

	return fstatat(root->fd, path, &at, 0) == 0 && S_ISREG(at.st_mode) &&
	       faccessat(root->fd, path, X_OK, 0) == 0;
}

int sysroot_make_dir(const struct sysroot *root, const char *path)
{
	char part[PATH_MAX];
	int fd;

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
		if (mkdirat(root->fd, part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	if (mkdirat(root->fd, path, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(root->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int sysroot_list(const struct sysroot *root, int (*each)(const char *name, void *data), void *data,
	const char *format, ...)
{
	_cleanup_(closedirp) DIR *dir = NULL;
	char path[PATH_MAX];
	struct dirent *entry;
	va_list ap;
	int fd, r;

	va_start(ap, format);
	r = format_path(path, format, ap);
	va_end(ap);
	if (r < 0)
		return r;
	fd = openat(root->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		close(fd);
		return r;
	}
	while (errno = 0, (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		r = each(entry->d_name, data);
		if (r)
			return r;
	}
	return -errno;
}

int sysroot_open_pid(const struct sysroot *root, pid_t pid)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof path, PATH_PROC "/%d", (int)pid);
	fd = openat(root->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
