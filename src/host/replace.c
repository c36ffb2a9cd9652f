// SPDX-License-Identifier: GPL-2.0-or-later
#include "replace.h"

#include "sysroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t n = TEMP_FAILURE_RETRY(write(fd, text, left));

		if (n <= 0)
			return n == 0 ? -EIO : -errno;
		text += n;
		left -= (size_t)n;
	}
	return 0;
}

static int write_new(int dir_fd, const char *name, const char *text, bool on_disk)
{
	int fd, r;

	/* Whatever is there, a FIFO even, is no file of ours. */
	unlinkat(dir_fd, name, 0);
	fd = sysroot_open_at(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0)
		return fd;
	r = write_all(fd, text);
	if (!r && on_disk && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && !r)
		r = -errno;
	return r;
}

int replace_file(int dir_fd, const char *name, const char *text, bool on_disk)
{
	char temp[NAME_MAX + 1];
	int r;

	snprintf(temp, sizeof temp, "%s.tmp", name);
	r = write_new(dir_fd, temp, text, on_disk);
	if (!r && renameat(dir_fd, temp, dir_fd, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir_fd, temp, 0);
	return r;
}
