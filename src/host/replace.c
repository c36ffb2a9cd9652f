// SPDX-License-Identifier: GPL-2.0-or-later
#include "replace.h"

#include "sysroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void temp_name(char temp[NAME_MAX + 1], const char *name)
{
	snprintf(temp, NAME_MAX + 1, "%s.tmp", name);
}

int replace_begin(int dir_fd, const char *name)
{
	char temp[NAME_MAX + 1];

	temp_name(temp, name);
	name = temp;
	/* Whatever is there, a FIFO even, is no file of ours. */
	unlinkat(dir_fd, name, 0);
	return sysroot_open_at(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
}

int replace_write(int fd, const char *text, size_t left)
{
	while (left) {
		ssize_t n = TEMP_FAILURE_RETRY(write(fd, text, left));

		if (n <= 0)
			return n == 0 ? -EIO : -errno;
		text += n;
		left -= (size_t)n;
	}
	return 0;
}

int replace_end(int dir_fd, const char *name, int fd, int r, bool on_disk)
{
	char temp[NAME_MAX + 1];

	temp_name(temp, name);
	if (!r && on_disk && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && !r)
		r = -errno;
	if (!r && renameat(dir_fd, temp, dir_fd, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir_fd, temp, 0);
	return r;
}

int replace_file(int dir_fd, const char *name, const char *text, bool on_disk)
{
	int fd = replace_begin(dir_fd, name);

	if (fd < 0)
		return fd;
	return replace_end(dir_fd, name, fd, replace_write(fd, text, strlen(text)), on_disk);
}
