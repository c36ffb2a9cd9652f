// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * progress.h - when to show how far long work is: not before half a second, so that short
 * work shows nothing, and then ten times a second. The time is the caller's, in
 * milliseconds of a clock that only goes up.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PROGRESS_FIRST_MS 500
#define PROGRESS_NEXT_MS  100

enum progress_act {
	PROGRESS_NOTHING,
	PROGRESS_SHOW,
	PROGRESS_CLEAR, /* what is shown is to be taken away: this part of the work is done */
};

/* All zeroes before the work begins. */
struct progress {
	bool begun, visible;
	long long since, shown;
};

/* `done` of `all` pieces are done, for which all are taken alike. */
enum progress_act progress_step(
	struct progress *progress, size_t done, size_t all, long long now_ms);
