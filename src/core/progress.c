// SPDX-License-Identifier: GPL-2.0-or-later
#include "progress.h"

static enum progress_act clear(struct progress *progress)
{
	if (!progress->visible)
		return PROGRESS_NOTHING;
	progress->visible = false;
	return PROGRESS_CLEAR;
}

enum progress_act progress_step(
	struct progress *progress, size_t done, size_t all, long long now_ms)
{
	if (!progress->begun) {
		progress->begun = true;
		progress->since = now_ms;
	}
	if (done >= all)
		return clear(progress);
	if (now_ms - progress->since < PROGRESS_FIRST_MS)
		return PROGRESS_NOTHING;
	if (progress->visible && now_ms - progress->shown < PROGRESS_NEXT_MS)
		return PROGRESS_NOTHING;
	progress->visible = true;
	progress->shown = now_ms;
	return PROGRESS_SHOW;
}
