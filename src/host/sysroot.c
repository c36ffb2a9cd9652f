// SPDX-License-Identifier: GPL-2.0-or-later
#include "sysroot.h"

#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 << 20)

/* Room for a line of /proc/interrupts with all the CPUs that there can be, 11 characters each. */
#define PIECE_SIZE ((size_t)64 << 10)

/* O_NONBLOCK: where somebody put a FIFO it must not be waited for. */
#define FOR_READING (O_RDONLY | O_NONBLOCK)
#define FOR_LISTING (O_RDONLY | O_DIRECTORY)

/* How often a path is tried whose directories are being moved meanwhile. */
#define TRIES_MAX 100

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/*
 * Opens a path as the host would whose root `root_fd` is: an absolute link leads to
 * what is below it, and ".." ends there. -errno; -ENOSYS before Linux 5.6.
 */
static int open_confined(int root_fd, const char *path, int flags, unsigned int resolve)
{
	const struct open_how how = {
		.flags = (unsigned int)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | resolve,
	};
	long fd = -1;

	/* EAGAIN: something was renamed while ".." was walked (openat2(2)). */
	for (int i = 0; i < TRIES_MAX; i++) {
		fd = syscall(__NR_openat2, root_fd, path, &how, sizeof how);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

/* Opens what is below the root. From this machine's own there is no way out. -errno. */
static int open_in(const struct sysroot *root, const char *path, int flags)
{
	int fd;

	if (!root->live)
		return open_confined(root->fd, path, flags, 0);
	fd = openat(root->fd, path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int stat_in(const struct sysroot *root, const char *path, struct stat *out)
{
	_cleanup_(closep) int fd = open_in(root, path, O_PATH);

	if (fd < 0)
		return fd;
	return fstat(fd, out) < 0 ? -errno : 0;
}

__attribute__((format(printf, 2, 0))) static int format_path(
	char path[PATH_MAX], const char *format, va_list ap)
{
	int n = vsnprintf(path, PATH_MAX, format, ap);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

__attribute__((format(printf, 3, 0))) static int vopen_in(
	const struct sysroot *root, int flags, const char *format, va_list ap)
{
	char path[PATH_MAX];
	int r = format_path(path, format, ap);

	return r < 0 ? r : open_in(root, path, flags);
}

/* Does this file system give all of a file to a read() with room for it? The kernel's own do not.
 */
static bool gives_whole_files(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 &&
	       (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == TMPFS_MAGIC ||
		       fs.f_type == XFS_SUPER_MAGIC || fs.f_type == BTRFS_SUPER_MAGIC);
}

/* Sets whether the root is this machine's own, and finds out whether it can be kept to. */
static int examine_root(struct sysroot *root)
{
	_cleanup_(closep) int fd = -1;
	struct stat own, slash;

	if (fstat(root->fd, &own) < 0 || stat("/", &slash) < 0)
		return -errno;
	root->live = own.st_dev == slash.st_dev && own.st_ino == slash.st_ino;
	if (root->live)
		return 0;
	root->whole_files = gives_whole_files(root->fd);
	fd = open_in(root, ".", O_PATH);
	return fd < 0 ? fd : 0;
}

int sysroot_open(const char *dir, struct sysroot *out, struct err *err)
{
	struct sysroot root = { .fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) };
	int r;

	if (root.fd < 0)
		return err_set(err, errno, "cannot use %s as root: %m", dir);
	r = examine_root(&root);
	if (r == 0) {
		*out = root;
		return 0;
	}
	sysroot_close(&root);
	if (r == -ENOSYS)
		return err_set(err, ENOSYS,
			"cannot use %s as root: this kernel has no openat2(), without which links "
			"could lead out of it; Linux 5.6 and later have it",
			dir);
	return err_set(err, -r, "cannot use %s as root: %m", dir);
}

void sysroot_close(struct sysroot *root)
{
	close(root->fd);
	root->fd = -1;
}

/* Reads from fd to the end of the file; a `whole` one ends where a read() gives less than there is
 * room for. */
static int read_all(int fd, bool whole, char **text, size_t *len)
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
		n = TEMP_FAILURE_RETRY(read(fd, buf + used, size - used - 1));
		if (n < 0)
			return -errno;
		used += (size_t)n;
	} while (n > 0 && !(whole && used < size - 1));
	buf[used] = '\0';
	*text = buf;
	buf = NULL;
	if (len)
		*len = used;
	return 0;
}

int sysroot_read_own(const char *path, char **text)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : read_all(fd, false, text, NULL);
}

int sysroot_vread(
	const struct sysroot *root, char **text, size_t *len, const char *format, va_list ap)
{
	_cleanup_(closep) int fd = -EXDEV;
	char path[PATH_MAX];
	int r = format_path(path, format, ap);
	bool whole;

	if (r < 0)
		return r;
	/* On the root's own file system, and not on one that is mounted below it. */
	if (root->whole_files)
		fd = open_confined(root->fd, path, FOR_READING, RESOLVE_NO_XDEV);
	whole = fd >= 0;
	if (fd == -EXDEV)
		fd = open_in(root, path, FOR_READING);
	return fd < 0 ? fd : read_all(fd, whole, text, len);
}

int sysroot_read(const struct sysroot *root, char **text, size_t *len, const char *format, ...)
{
	va_list ap;
	int r;

	va_start(ap, format);
	r = sysroot_vread(root, text, len, format, ap);
	va_end(ap);
	return r;
}

/* Hands on what lines are whole, or, at the end of the file, all that is left. */
static int give_lines(char *buf, size_t *used, bool at_end,
	int (*each)(const char *lines, void *data), void *data)
{
	const char *last = memrchr(buf, '\n', *used);
	size_t len = at_end ? *used : last ? (size_t)(last - buf) + 1 : 0;
	char next = buf[len];
	int r;

	if (!len)
		return 0;
	buf[len] = '\0';
	r = each(buf, data);
	buf[len] = next;
	*used -= len;
	memmove(buf, buf + len, *used);
	return r;
}

static int read_lines(int fd, int (*each)(const char *lines, void *data), void *data)
{
	_cleanup_free_ char *buf = malloc(PIECE_SIZE);
	size_t used = 0;
	ssize_t n;
	int r = 0;

	if (!buf)
		return -ENOMEM;
	do {
		/* A line as long as that is none of the kernel's. */
		if (used == PIECE_SIZE - 1)
			return -EFBIG;
		n = TEMP_FAILURE_RETRY(read(fd, buf + used, PIECE_SIZE - 1 - used));
		if (n < 0)
			return -errno;
		used += (size_t)n;
		r = give_lines(buf, &used, n == 0, each, data);
	} while (r == 0 && n > 0);
	return r;
}

int sysroot_read_lines(const struct sysroot *root, int (*each)(const char *lines, void *data),
	void *data, const char *format, ...)
{
	_cleanup_(closep) int fd = -1;
	va_list ap;

	va_start(ap, format);
	fd = vopen_in(root, FOR_READING, format, ap);
	va_end(ap);
	return fd < 0 ? fd : read_lines(fd, each, data);
}

int sysroot_write(const struct sysroot *root, const char *text, const char *format, ...)
{
	_cleanup_(closep) int fd = -1;
	size_t len = strlen(text);
	va_list ap;
	ssize_t n;

	va_start(ap, format);
	fd = vopen_in(root, O_WRONLY | O_TRUNC, format, ap);
	va_end(ap);
	if (fd < 0)
		return fd;
	n = write(fd, text, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

bool sysroot_exists(const struct sysroot *root, const char *format, ...)
{
	_cleanup_(closep) int fd = -1;
	char path[PATH_MAX];
	va_list ap;
	int r;

	va_start(ap, format);
	r = format_path(path, format, ap);
	va_end(ap);
	if (r == 0 && root->live)
		return faccessat(root->fd, path, F_OK, 0) == 0;
	if (r == 0)
		fd = open_in(root, path, O_PATH);
	return fd >= 0;
}

double sysroot_mtime(const struct sysroot *root, const char *path)
{
	struct stat at;

	if (stat_in(root, path, &at) < 0)
		return 0;
	return (double)at.st_mtim.tv_sec + (double)at.st_mtim.tv_nsec / 1e9;
}

/* Of another host's file this machine's mounts and users say nothing: its root runs what
 * anybody may. */
bool sysroot_is_executable(const struct sysroot *root, const char *path)
{
	struct stat at;

	if (stat_in(root, path, &at) < 0 || !S_ISREG(at.st_mode))
		return false;
	if (root->live)
		return faccessat(root->fd, path, X_OK, 0) == 0;
	return at.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH);
}

/* Its parent is opened, and made, first: mkdirat() itself would follow links out of the root. */
int sysroot_make_dir(const struct sysroot *root, const char *path)
{
	_cleanup_(closep) int parent_fd = -1;
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX] = ".";
	int fd = open_in(root, path, FOR_LISTING);

	if (fd != -ENOENT || strcmp(path, ".") == 0)
		return fd;
	if (slash)
		snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
	parent_fd = sysroot_make_dir(root, parent);
	if (parent_fd < 0)
		return parent_fd;
	if (mkdirat(parent_fd, slash ? slash + 1 : path, 0755) < 0 && errno != EEXIST)
		return -errno;
	/* What is going to be synced in it would be lost with it. */
	if (fsync(parent_fd) < 0)
		return -errno;
	return open_in(root, path, FOR_LISTING);
}

int sysroot_open_text(const struct sysroot *root, const char *path)
{
	return open_in(root, path, FOR_READING);
}

int sysroot_open_file(const struct sysroot *root, const char *path, int flags)
{
	return open_in(root, path, flags | O_NOFOLLOW);
}

int sysroot_open_at(int dir_fd, const char *name, int flags, mode_t mode)
{
	int fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);

	return fd < 0 ? -errno : fd;
}

int sysroot_list(const struct sysroot *root, int (*each)(const char *name, void *data), void *data,
	const char *format, ...)
{
	_cleanup_(closedirp) DIR *dir = NULL;
	struct dirent *entry;
	va_list ap;
	int fd, r = 0;

	va_start(ap, format);
	fd = vopen_in(root, FOR_LISTING, format, ap);
	va_end(ap);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		close(fd);
		return r;
	}
	while (r == 0 && (errno = 0, entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			r = each(entry->d_name, data);
	}
	return r ? r : -errno;
}

void sysroot_open_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* The lowest number that is free is taken. */
		if (fcntl(fd, F_GETFD) < 0)
			open(PATH_NULL, fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}
