// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pending.h - which vifs the watcher has to look at, and when.
 *
 * Events mark vifs. A marked vif is due at once, but not sooner than
 * PENDING_PAUSE_MS after it was last looked at: a frontend that bounces between
 * closed and connected costs one look in that time, whatever it does, and takes
 * nothing from the others. Times are milliseconds of a clock that only goes up,
 * given by the caller.
 */
#pragma once

#include "vifname.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PENDING_PAUSE_MS 1000

/* When a vif that could not be placed is looked at again. */
#define PENDING_RETRY_MS 4000

struct pending_item {
	struct vif_id id;
	bool marked;
	bool failed;   /* it could not be placed when it was last looked at */
	bool retrying; /* that was just now */
	int64_t not_before;
};

struct pending {
	struct pending_item *items; /* sorted by id */
	size_t n;
	bool all; /* every vif there is has to be looked at, now */
};

void pending_clear(struct pending *pending);

/* Marks one vif. When memory is out, all are marked: that needs none. */
void pending_mark(struct pending *pending, struct vif_id id);
void pending_mark_all(struct pending *pending);

/* The first vif >= from that is due; false when there is none. */
bool pending_next_due(
	const struct pending *pending, int64_t now, struct vif_id from, struct vif_id *id);

/*
 * A vif that was due could not be placed: it stays marked, and is due again after PENDING_RETRY_MS,
 * while the others go on. To be called before pending_done(). True when it is news: it had not
 * failed before.
 */
bool pending_retry(struct pending *pending, struct vif_id id, int64_t now);

/* Everything that was due has been looked at; with `all` set, everything at all has. */
void pending_done(struct pending *pending, int64_t now);

/* Milliseconds until something is due, 0 now, -1 never (nothing is marked). */
int64_t pending_wait(const struct pending *pending, int64_t now);
