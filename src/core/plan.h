// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plan.h - where the queues of a vif are placed.
 *
 * One pure function: what is allowed, what is loaded and what is wanted go in,
 * places and reasons come out. It never moves a side that is already placed.
 */
#pragma once

#include "cpuset.h"
#include "load.h"
#include "measured_load.h"
#include "place.h"
#include "rules.h"

#include <stdbool.h>
#include <stddef.h>

/* What placing a vif depends on. */
struct plan_input {
	const struct rules *rules;
	const int *cores; /* the core of each CPU below n_cores; NULL: not known */
	unsigned int n_cores;
	struct cpu_load *load;                /* [CPUSET_MAX] */
	const struct measured_load *measured; /* NULL: the load is the number of sides */
};

/*
 * Measured loads that differ by no more than this, in millionths of a CPU, are equal: as little as
 * rebalance.h finds not worth a move. Measures are no more exact, and what they say of the next
 * hour is less than that; among equals the number of sides and of NICs' interrupts decides, so that
 * an idle host is filled evenly.
 */
#define PLAN_EQUAL (WORK_WHOLE / 100)

/* Where a side of one direction costs more than so many of the other on average, traffic goes one
 * way. */
#define PLAN_ONE_WAY 2

/* Why the chosen CPU goes before the next one in order. */
enum plan_reason {
	REASON_ONLY,       /* there is no other candidate */
	REASON_MEASURED,   /* it carries less, as measured */
	REASON_LOAD,       /* it carries less, by number */
	REASON_SIDES,      /* the same, where what is measured is equal */
	REASON_DIRECTION,  /* it carries fewer sides of the same direction */
	REASON_SPREAD,     /* it does not hold this vif yet */
	REASON_REMEMBERED, /* this side stood there before */
	REASON_CORE,       /* nothing stands on its core */
	REASON_NUMBER,     /* its number is lower */
	REASON_COUNT
};

/*
 * What -N says before the list of candidates, up to its "of": "the least loaded of",
 * "least loaded, and this side's CPU before, of".
 */
const char *plan_reason_text(enum plan_reason reason, enum side side);

struct plan_candidate {
	unsigned int cpu;
	struct cpu_load load;
	long long
		measured; /* in millionths of a CPU; WORK_UNKNOWN when the number of sides counts */
};

/* How one side was placed. */
struct plan_step {
	unsigned int queue;
	enum side side;
	int other; /* the CPU of the queue's other side, CPU_NONE: not placed yet */
	enum plan_reason reason;
	struct cpuset taken[RULE_COUNT];   /* what each rule took away; nothing for RULE_ALLOWED */
	bool skipped[RULE_COUNT];          /* the rule would have left none */
	struct plan_candidate *candidates; /* owned, in order: the first one was chosen */
	unsigned int n_candidates;
};

/* Zero-initialised it is empty. */
struct plan_steps {
	struct plan_step *v; /* owned */
	size_t n;
};

void plan_steps_free(struct plan_steps *steps);

/*
 * Places every side of `places` (n queues) that is CPU_NONE, queue by queue, tx before
 * rx. The candidates of a side are the allowed CPUs, narrowed by each further rule in the
 * order of enum rule; a rule that would leave none is skipped. Of these the least loaded
 * wins; between equals the one with the fewest sides of the same direction, then one that
 * does not hold this vif yet, then the CPU of the same side and queue in `remembered`
 * (n_remembered queues, may be fewer than n), then one on a core that carries nothing,
 * where cores are known, then the lowest number.
 *
 * Where there is input->measured, the least loaded one is that of which measured_load_now() is the
 * least, or as good as that (PLAN_EQUAL); between these it is the one with the fewest sides and
 * interrupts, and so on. Where traffic goes one way (PLAN_ONE_WAY), the sides that it goes by are
 * placed first, of all queues; and between CPUs as good for them it is the one with the fewest
 * sides of the same direction, and only then of both.
 *
 * By number, where all CPUs are allowed and no other rule binds, neither their loads nor their tx
 * or rx sides ever differ by more than one, as long as vifs only come. Without a look at
 * directions all tx sides would end up on one half of the CPUs and all rx sides on the other,
 * since sides come in pairs.
 *
 * While a queue's rx side is not placed, tx keeps off rules_left_to_rx() as if rx stood
 * there already.
 *
 * input->load must count the sides of `places` that are already placed; it is
 * brought up to date with those that are placed here. `steps`, unless it is NULL, gets
 * a step for each of them. Returns 0; -ENODEV, with nothing changed, when a side has to
 * be placed and no CPU is allowed; -ENOMEM, with some sides placed.
 */
int plan_vif(const struct plan_input *input, struct place *places, unsigned int n,
	const struct place *remembered, unsigned int n_remembered, struct plan_steps *steps);
