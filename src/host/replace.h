// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * replace.h - replaces a file as a whole: who reads it gets the old one or the new one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes the text to NAME.tmp in the directory and renames that to `name`, which anybody may read.
 * on_disk: what it holds is on the disk before; that of the rename is left to the caller. -errno,
 * with the old file as it was.
 */
int replace_file(int dir_fd, const char *name, const char *text, bool on_disk);

/*
 * The same in pieces. begin returns a descriptor of NAME.tmp, or -errno; end takes what came of it,
 * -errno or 0, closes it, and returns what came of it all.
 */
int replace_begin(int dir_fd, const char *name);
int replace_write(int fd, const char *text, size_t n);
int replace_end(int dir_fd, const char *name, int fd, int r, bool on_disk);
