// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd_progress.h"

#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CLEAR_LINE "\r\033[K"

bool cmd_progress_is_watched(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void cmd_progress(const char *doing, size_t done, size_t all)
{
	static struct progress progress;

	if (!cmd_progress_is_watched())
		return;
	switch (progress_step(&progress, done, all, now_ms())) {
	case PROGRESS_SHOW:
		fprintf(stderr, CLEAR_LINE "%s: %zu of %zu", doing, done + 1, all);
		break;
	case PROGRESS_CLEAR:
		fputs(CLEAR_LINE, stderr);
		break;
	case PROGRESS_NOTHING:
		return;
	}
	fflush(stderr);
}
