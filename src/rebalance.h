// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rebalance.h - which queues would have to move for the load to be even: what balance.h
 * decides, asked with what this host has.
 */
#ifndef VIFPIN_REBALANCE_H
#define VIFPIN_REBALANCE_H

#include "err.h"
#include "ledger.h"
#include "site.h"

#include <stddef.h>

/* Why a side moves. */
enum move_reason {
	MOVE_FORBIDDEN, /* its CPU is offline or not allowed */
	MOVE_TOGETHER,  /* its CPU is that of the queue's other side */
	MOVE_NIC,       /* its CPU is busy with a physical NIC's interrupts */
	MOVE_FAR,       /* its CPU is not on the guest's node */
	MOVE_LOAD,      /* for an even load */
};

/* A queue that moves: at least one of its sides. */
struct move {
	struct vif_id id;
	unsigned int queue;
	struct place from, to;
	enum move_reason tx_reason, rx_reason; /* of a side that moves */
};

struct moves {
	struct move *v; /* by vif and queue, owned */
	size_t n;
	/* Between the most and the least loaded CPU that the configuration allows, in sides
	 * and NIC interrupts: now, and after the moves. */
	unsigned int difference, difference_after;
};

/* -errno with a sentence. */
int rebalance_plan(
	struct site *site, const struct ledger *ledger, struct moves *out, struct err *err);
void moves_free(struct moves *moves);

#endif
