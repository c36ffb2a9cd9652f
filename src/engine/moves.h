// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * moves.h - plans moves for the host as it is: reads what rebalance.h needs, and asks it.
 *
 * To plan, nothing is locked or changed, and xenstore is not asked, but Xen is.
 * Moves are made by REQUEST_MOVE, which leaves out what has changed meanwhile.
 */
#pragma once

#include "context.h"
#include "err.h"
#include "ledger.h"
#include "rebalance.h"
#include "reconcile.h"
#include "work.h"

/*
 * By the number of sides, or by what has been measured. *ledger, which is empty before, is the one
 * that the moves were planned for. -errno with a sentence. Free with moves_free() or
 * measured_moves_free(), and ledger_clear() in any case.
 */
int moves_plan(
	const struct context *context, struct ledger *ledger, struct moves *out, struct err *err);
int moves_plan_measured(const struct context *context, const struct work *work, unsigned int gain,
	struct ledger *ledger, struct measured_moves *out, struct err *err);

/* Plans by what has been measured what the configuration's rebalance_* allow at once: a few queues
 * for each CPU, or none. -errno with a sentence. Free with measured_moves_free(). */
int moves_plan_few(const struct context *context, const struct work *work,
	struct measured_moves *out, struct err *err);

/*
 * Makes the next of these moves, MOVES_PART at most: *made of them have been made, and it becomes
 * how many have then, also where that fails. *out, as reconcile() leaves it, has no changes where
 * none is left. -errno with a sentence. Free with reconciled_free() in any case.
 */
int moves_make_part(struct context *context, const struct moves *moves, size_t *made,
	struct reconciled *out, struct err *err);
