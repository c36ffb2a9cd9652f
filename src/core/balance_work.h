// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * balance_work.h - the fewest moves that relieve the most loaded CPU: what balance.h does by the
 * number of sides, by what they really cost.
 *
 * A pure function, as balance.h's: places and shares come in, and better places go out.
 */
#pragma once

#include "place.h"
#include "rules.h"
#include "work.h"

#include <stddef.h>

/* A queue that is placed, and what its sides cost. */
struct measured_queue {
	const struct rules *rules; /* of its vif */
	struct place from;
	int share[SIDE_COUNT]; /* in millionths of one CPU's time, or WORK_UNKNOWN */
	struct place mended;   /* out: where it should be for the sake of the rules alone */
	struct place to;       /* out: where it should be */
};

/*
 * What a side counts for whose share is not known: the mean of those of its direction that are, for
 * traffic may go one way; where none is, the mean of the other direction; 0 without any.
 */
void measured_mean(const struct measured_queue *queues, size_t n, int mean[SIDE_COUNT]);

/*
 * Finds for each of n queues the place where it should be. Of all ways to place them these are
 * wanted, one before the other:
 *   - for each rule in the order of enum rule, the fewest sides that break it;
 *   - the least load on the most loaded of the CPUs that carry sides, where what is within a
 *     hundredth of the least that can be thought of is as good as that: shares are no more exact;
 *   - the fewest sides moved.
 * The first is exact. The second cannot be (it is makespan scheduling on restricted machines, which
 * is NP-hard): it is exact for a few sides on a few CPUs, and else what a bounded number of
 * improvements leads to, each of which relieves the most loaded CPU. The same queues always get the
 * same places. The most loaded CPU never carries more than with the queues at `mended`, and each
 * move is needed: to undo any one alone would load the CPU more, or break a rule.
 *
 * A side whose share is not known counts as measured_mean() has it, but moves only to mend a rule.
 * In `mended` only such sides have moved, as few as can be.
 *
 * besides[CPUSET_MAX] is what each CPU is busy with besides these sides, in millionths. A CPU that
 * carries no side, or only such that cost nothing, is not among those that count, whatever it is
 * busy with. Every side is on a CPU, and stays there if its vif has no CPU that is allowed.
 * -ENOMEM, with nothing changed.
 */
int balance_work(struct measured_queue *queues, size_t n, const int *besides);
