// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * progress_line.h - shows the progress of long work on a terminal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Is stderr a terminal that can erase a line? */
bool cmd_progress_is_watched(void);

/*
 * A progress_fn (context.h): prints "DOING: DONE of ALL" to such a terminal, but not for short work
 * (progress.h).
 */
void cmd_progress(const char *doing, size_t done, size_t all);
