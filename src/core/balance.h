// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * balance.h - the fewest moves that make the load even.
 *
 * A pure function, as plan.h's: places come in and better ones go out.
 */
#pragma once

#include "load.h"
#include "place.h"
#include "rules.h"

#include <stddef.h>

/* A queue that is placed. */
struct balance_queue {
	const struct rules *rules; /* of its vif */
	struct place from;
	struct place to; /* out */
};

/*
 * Finds for each of n queues the place where it should be. Of all ways to place them
 * these are wanted, one before the other:
 *   - for each rule in the order of enum rule, the fewest sides that break it;
 *   - the most even load, by the sum of its squares: where the difference between the
 *     most and the least loaded allowed CPU can be at most one side, it is;
 *   - the fewest sides moved.
 * Then the two sides of some queues change CPUs, which changes no load. Of all ways to do that
 * without breaking more rules these are wanted, one before the other:
 *   - on each CPU as many tx sides as rx sides, by the sum of the squares of the differences:
 *     where no rule is in the way, no CPU has more than one side more of a direction than another;
 *   - the fewest sides moved.
 * Both are exact: what is left cannot be made better, and not with fewer moves.
 *
 * load[CPUSET_MAX] is what each CPU carries besides these queues: NIC interrupts, and
 * sides that cannot move. Every side is on a CPU, and stays there if its vif has no CPU
 * that is allowed. -ENOMEM, the queues' `to` then undefined.
 */
int balance(struct balance_queue *queues, size_t n, const struct cpu_load *load);
