// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sysroot.h - every file of the host, below one root directory.
 *
 * The only user of open() and its kin, and the only place that knows paths. With the root
 * "/" the files are the kernel's; with any other (--root) they are a captured or
 * simulated host's. Links are followed as that host would follow them, an absolute one
 * from the root, and nothing outside it is read or touched.
 */
#pragma once

#include "err.h"
#include "paths.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

struct sysroot {
	int fd;
	bool live;        /* the root is this machine's own */
	bool whole_files; /* else: a read() gives all of a file on its file system */
};

/* For _cleanup_(): closes what is open, which is from 0 on. */
static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/*
 * Opens the root. -errno with a sentence when it is no directory, or when it is not this
 * machine's own and the kernel cannot keep to it (-ENOSYS: no openat2(), Linux 5.6).
 */
int sysroot_open(const char *dir, struct sysroot *out, struct err *err);
void sysroot_close(struct sysroot *root);

/*
 * Reads a whole file, in as many pieces as it takes: *text is to be freed and
 * ends with a NUL that *len (may be NULL) does not count. -errno, outputs
 * untouched; -EFBIG beyond 64 MiB. `format` is one of PATH_*.
 */
int sysroot_read(const struct sysroot *root, char **text, size_t *len, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
int sysroot_vread(const struct sysroot *root, char **text, size_t *len, const char *format,
	va_list ap) __attribute__((format(printf, 4, 0)));

/*
 * Calls `each` with the text of a file in pieces of whole lines, until it returns other than 0,
 * which is then returned. For a long file, and to be read once: to be held as a whole it would need
 * fresh memory, which costs more than to read it. -errno as above.
 */
int sysroot_read_lines(const struct sysroot *root, int (*each)(const char *lines, void *data),
	void *data, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Reads a whole file of this machine, whatever the root, wherever its links lead. */
int sysroot_read_own(const char *path, char **text);

/* Replaces what a kernel attribute or a file holds, in one write(). -errno. */
int sysroot_write(const struct sysroot *root, const char *text, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* True when something is at the path. */
bool sysroot_exists(const struct sysroot *root, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* When the file was last changed, or its time set, in seconds since 1970; 0: not known. */
double sysroot_mtime(const struct sysroot *root, const char *path);

/* True when what is at the path can be run: an executable file. */
bool sysroot_is_executable(const struct sysroot *root, const char *path);

/*
 * Opening returns a close-on-exec descriptor or -errno. What the last word of a path names
 * is not followed when it is a link: that is -ELOOP. Only open_text follows it, within the root.
 *
 * open_text a file for reading, as sysroot_read() does
 * make_dir  a directory, made where it is missing, with its parents, and then on the disk
 * open_file a file that is there; flags as of open()
 * open_at   a file right in a directory that sysroot opened; O_CREAT is with `mode`
 */
int sysroot_open_text(const struct sysroot *root, const char *path);
int sysroot_make_dir(const struct sysroot *root, const char *path);
int sysroot_open_file(const struct sysroot *root, const char *path, int flags);
int sysroot_open_at(int dir_fd, const char *name, int flags, mode_t mode);

/*
 * Calls `each` with every name in a directory but those that begin with a dot,
 * until it returns other than 0, which is then returned; -errno when the
 * directory cannot be read.
 */
int sysroot_list(const struct sysroot *root, int (*each)(const char *name, void *data), void *data,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Opens /dev/null, this machine's, for each of descriptors 0 to 2 that is closed: what is opened
 * later must not be taken for stdin, stdout or stderr. */
void sysroot_open_standard(void);
