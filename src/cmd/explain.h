// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain.h - prints for -N what would be done, and why.
 */
#pragma once

#include "config.h"
#include "rebalance.h"
#include "reconcile.h"

/* Prints "vif 1.0 of g1", and without a name, which a driver domain is not told, "vif 1.0". Of the
 * name, what a terminal could act on is masked, as in the log. */
void explain_vif(struct vif_id id, const char *domain);

/* Prints what was decided in a dry context. */
void explain_changes(const struct config *config, const struct reconciled *reconciled);

/* Prints a line: "vif 1.0 of g1, queue 2: tx from CPU 0 to 3 (load)". */
void explain_move(const struct ledger *ledger, const struct queue_move *move);
