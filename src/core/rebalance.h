// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rebalance.h - which queues would have to move for the load to be even: what balance.h decides,
 * for a ledger.
 */
#pragma once

#include "config.h"
#include "ledger.h"
#include "load.h"
#include "request.h"
#include "rules.h"
#include "world.h"

#include <stddef.h>

struct moves {
	struct queue_move *v; /* by vif and queue, owned; why: rule_move_reason(), or "direction" */
	size_t n;
	/* Over the CPUs that the configuration allows: now, and after the moves. */
	struct load_spread before, after;
};

/* The world's inventory is complete, and tells what is near each entry's guest. -ENOMEM. */
int rebalance_plan(const struct world *world, const struct config *config,
	const struct ledger *ledger, struct moves *out);
void moves_free(struct moves *moves);
