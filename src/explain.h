// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain.h - what -N prints: what would be done, and why.
 */
#ifndef VIFPIN_EXPLAIN_H
#define VIFPIN_EXPLAIN_H

#include "pass.h"
#include "rebalance.h"

/* What a dry pass has decided, on stdout. */
void explain_pass(struct pass *pass);

/* "vif 1.0 of g1, queue 2: tx from CPU 0 to 3 (load)", a line, on stdout. */
void explain_move(const struct ledger *ledger, const struct move *move);

#endif
