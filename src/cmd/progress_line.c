// SPDX-License-Identifier: GPL-2.0-or-later
#include "progress_line.h"

#include "clock.h"
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLEAR_LINE "\r\033[K"

bool cmd_progress_is_watched(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

void cmd_progress(const char *doing, size_t done, size_t all)
{
	static struct progress progress;
	enum progress_act act;

	if (!cmd_progress_is_watched())
		return;
	act = progress_step(&progress, done, all, clock_ms());
	if (act == PROGRESS_SHOW)
		fprintf(stderr, CLEAR_LINE "%s: %zu of %zu", doing, done + 1, all);
	else if (act == PROGRESS_CLEAR)
		fputs(CLEAR_LINE, stderr);
}
