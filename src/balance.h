// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * balance.h - the fewest moves that make the load even.
 *
 * A pure function, as plan.h's: places come in and better ones go out. It is exact:
 * what it leaves cannot be made better, and not with fewer moves.
 */
#ifndef VIFPIN_BALANCE_H
#define VIFPIN_BALANCE_H

#include "plan.h"

#include <stddef.h>

/* A queue that is placed. */
struct balance_queue {
	const struct plan_rules *rules; /* of its vif */
	struct place from;
	struct place to; /* out */
};

/*
 * Finds for each of n queues the place where it should be. Of all ways to place them
 * these are wanted, one before the other:
 *   - the fewest sides on a CPU that is not allowed;
 *   - the fewest queues with both sides on one CPU;
 *   - the fewest rx sides on a NIC-busy CPU;
 *   - the fewest sides that are not near their guest;
 *   - the most even load, by the sum of its squares: where the difference between the
 *     most and the least loaded allowed CPU can be at most one side, it is;
 *   - the fewest sides moved.
 * load[CPUSET_MAX] is what each CPU carries besides (NIC interrupts). Every side is on
 * a CPU, and stays there if its vif has no CPU that is allowed. -ENOMEM, the queues'
 * `to` then undefined.
 */
int balance(struct balance_queue *queues, size_t n, const unsigned int *load);

#endif
