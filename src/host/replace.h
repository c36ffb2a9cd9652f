// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * replace.h - replaces a file as a whole: who reads it gets the old one or the new one.
 */
#pragma once

#include <stdbool.h>

/*
 * Writes the text to NAME.tmp in the directory and renames that to `name`, which anybody may read.
 * on_disk: what it holds is on the disk before; that of the rename is left to the caller. -errno,
 * with the old file as it was.
 */
int replace_file(int dir_fd, const char *name, const char *text, bool on_disk);
