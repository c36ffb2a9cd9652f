// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request.h - what somebody wants of ledger and kernel: a hook call, an event of xenstore's, a
 * timer or a command each make one of these, and there is no other way to either.
 */
#pragma once

#include "place.h"
#include "vifname.h"

#include <stdbool.h>
#include <stddef.h>

enum request_kind {
	REQUEST_UPDATE,  /* bring vifs in line with what xenstore and the kernel have */
	REQUEST_RELEASE, /* take vifs out of the ledger, whatever xenstore says */
	REQUEST_REPAIR,  /* put back what has moved of all that is pinned; xenstore is not asked */
	REQUEST_MOVE,    /* place queues elsewhere */
};

/* A queue that moves: at least one of its sides. */
struct queue_move {
	struct vif_id id;
	unsigned int queue;
	struct place from, to;       /* not done if it does not stand at `from` any more */
	const char *why[SIDE_COUNT]; /* only to be told, of each side that moves */
};

struct request {
	enum request_kind kind;
	const struct vif_id *vifs; /* UPDATE, RELEASE */
	size_t n_vifs;
	bool all; /* UPDATE: instead, every vif that xenstore has; entries of others are released */
	bool sweep; /* UPDATE: entries of domains that xenstore has no vif of are released too */
	bool unpin; /* RELEASE: targets get the kernel's default masks back */
	const struct queue_move *moves; /* MOVE */
	size_t n_moves;
	/* REPAIR: of what is pinned and known, only every parts-th vif is compared with the kernel,
	 * from this part on, below parts; 0 parts: every one. */
	unsigned int part, parts;
	bool explain; /* keep how each new side was placed */
};
