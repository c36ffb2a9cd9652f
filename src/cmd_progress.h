// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_progress.h - how far long work is, for a person who waits.
 */
#ifndef VIFPIN_CMD_PROGRESS_H
#define VIFPIN_CMD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

/* Does somebody sit there: is stderr a terminal that can take a line back? */
bool cmd_progress_is_watched(void);

/*
 * To be called before each piece of the work, and with done == all behind the last, which
 * takes the line away. On a terminal's stderr only, and not for what is done soon
 * (progress.h). `doing` is what is done to vifs: "pinning". A struct host's progress.
 */
void cmd_progress(const char *doing, size_t done, size_t all);

#endif
