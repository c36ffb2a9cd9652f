// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agenda.h - which vifs the watcher has to look at, and when.
 *
 * Events mark vifs. A marked vif is due at once, but not sooner than
 * AGENDA_PAUSE_MS after it was last looked at: a frontend that bounces between
 * closed and connected costs one look in that time, whatever it does, and takes
 * nothing from the others. Times are milliseconds of a clock that only goes up,
 * given by the caller.
 */
#ifndef VIFPIN_AGENDA_H
#define VIFPIN_AGENDA_H

#include "vifname.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENDA_PAUSE_MS 1000

struct agenda_item {
	struct vif_id id;
	bool marked;
	int64_t not_before;
};

struct agenda {
	struct agenda_item *items; /* sorted by id */
	size_t n;
	bool all; /* every vif there is has to be looked at, now */
};

void agenda_clear(struct agenda *agenda);

/* Marks one vif. When memory is out, all are marked: that needs none. */
void agenda_mark(struct agenda *agenda, struct vif_id id);
void agenda_mark_all(struct agenda *agenda);

/* Is anything due? */
bool agenda_is_due(const struct agenda *agenda, int64_t now);

/* The first vif >= from that is due; false when there is none. */
bool agenda_next_due(
	const struct agenda *agenda, int64_t now, struct vif_id from, struct vif_id *id);

/* Everything that was due has been looked at; with `all` set, everything at all has. */
void agenda_done(struct agenda *agenda, int64_t now);

/* Milliseconds until something is due, 0 now, -1 never (nothing is marked). */
int64_t agenda_wait(const struct agenda *agenda, int64_t now);

#endif
