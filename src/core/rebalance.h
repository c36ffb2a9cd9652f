// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rebalance.h - which queues would have to move for the load to be even: what balance.h or, by
 * measured load, balance_work.h decides, for a ledger.
 */
#pragma once

#include "config.h"
#include "ledger.h"
#include "load.h"
#include "request.h"
#include "rules.h"
#include "work.h"
#include "world.h"

#include <stddef.h>

/* How many are requested at once. The ledger is locked meanwhile, for which hooks wait up to 2 s;
 * writing a mask takes far less than 1 ms. */
#define MOVES_PART 64

struct moves {
	struct queue_move *v; /* by vif and queue, owned; why: rule_move_reason(), "direction", or
			       * "measured load" */
	size_t n;
	/* Over the CPUs that the configuration allows: now, and after the moves. */
	struct load_spread before, after;
};

/* The world's inventory is complete, and tells what is near each entry's guest. -ENOMEM. */
int rebalance_plan(const struct world *world, const struct config *config,
	const struct ledger *ledger, struct moves *out);
void moves_free(struct moves *moves);

/* What a CPU is busy with that carries sides before the moves or after them, in millionths of its
 * time. */
struct cpu_shift {
	int cpu;
	long long before, after;
	long long sides; /* of before: what the sides there cost together */
};

struct measured_moves {
	struct moves moves;
	struct cpu_shift *cpus; /* by number, owned */
	size_t n_cpus;
	/* The most loaded of those that carry sides which cost something: now, after the moves, and
	 * after all that would relieve it, if it would gain too little for them to be made. */
	long long before, after, possible;
	size_t sides,
		unknown; /* how many there are, and of how many it is not known what they cost */
};

/* The least that is worth the moves, in percent. */
#define REBALANCE_GAIN 10

/* Where what leaves a CPU costs less all together, in millionths of a CPU, that is not worth a
 * move: most loaded may be a CPU that has other work, and next to nothing of sides. */
#define MOVE_WORTH (WORK_WHOLE / 100)

/*
 * The same by what has been measured. Where the most loaded CPU would not be relieved by `gain`
 * percent of what it carries, only what breaks a rule is moved; and nothing else leaves a CPU that
 * is not relieved of MOVE_WORTH. -ENOMEM. Free with
 * measured_moves_free().
 */
int rebalance_plan_measured(const struct world *world, const struct config *config,
	const struct ledger *ledger, const struct work *work, unsigned int gain,
	struct measured_moves *out);
void measured_moves_free(struct measured_moves *moves);

/* What is enough for one who looks again soon. */
struct move_limits {
	unsigned int threshold; /* what the most loaded CPU has to carry, in percent of its time, */
	unsigned int gain;      /* and how much of that it has to be relieved of, in percent */
	size_t queues;          /* and how many may move at once */
};

/* Those of the watcher. For each CPU that vifs may use it moves so many queues at most, since it
 * takes more moves to even out more CPUs, and MOVES_MOST in all. A few for each CPU are soon made;
 * with fewer, a host of 1,000 vifs is not even after three intervals, and moves on for long. */
#define MOVES_CPU  8
#define MOVES_MOST 512

struct move_limits rebalance_limits(const struct world *world, const struct config *config);

/*
 * Leaves of a plan what is to be done of it at once: nothing where the limits are not met, else
 * those queues whose moves help the most. What helps is that the work of sides meets less load: the
 * sum, over all CPUs, of what the sides there cost times what the CPU is busy with. A part of a
 * plan is made only where each of its moves helps by itself or together with one other, and all of
 * it where that helps: who makes part after part never goes back and forth, as long as shares stay
 * as they are. -ENOMEM, with nothing changed.
 */
int measured_moves_limit(
	struct measured_moves *moves, const struct work *work, const struct move_limits *limits);
