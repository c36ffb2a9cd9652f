// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plan.h - where the queues of a vif are placed.
 *
 * One pure function: what is allowed, what is loaded and what is wanted go in,
 * places and reasons come out. It never moves a side that is already placed.
 */
#ifndef VIFPIN_PLAN_H
#define VIFPIN_PLAN_H

#include "cpuset.h"

#include <stdbool.h>

#define CPU_NONE (-1)

/* The CPUs of one queue. */
struct place {
	int tx_cpu; /* tx interrupt and dealloc thread; CPU_NONE: not placed yet */
	int rx_cpu; /* rx interrupt and guest-rx thread */
};

/* Where the sides of a vif may and should be. */
struct plan_rules {
	struct cpuset allowed;  /* where a side may be placed */
	struct cpuset nic_busy; /* what rx sides keep off; plan_nic_busy() */
	struct cpuset near;     /* the CPUs on the guest's node; empty: not known */
};

/* What the host has, for one vif. */
struct plan_host {
	struct plan_rules rules;
	const int *cores; /* the core of each CPU below n_cores; NULL: not known */
	unsigned int n_cores;
	unsigned int load[CPUSET_MAX]; /* sides and NIC interrupts on each CPU */
};

/* What takes CPUs away from the candidates, in this order. */
enum plan_narrowing {
	NARROW_APART, /* not the CPU of the queue's other side */
	NARROW_NIC,   /* rx: not a CPU that is busy with a physical NIC's interrupts */
	NARROW_NODE,  /* on the guest's node */
	N_NARROWINGS,
};

/* Why the chosen CPU goes before the next one in order. */
enum plan_reason {
	REASON_ONLY,       /* there is no other candidate */
	REASON_LOAD,       /* it carries less */
	REASON_SPREAD,     /* it does not hold this vif yet */
	REASON_REMEMBERED, /* this side stood there before */
	REASON_CORE,       /* nothing stands on its core */
	REASON_NUMBER,     /* its number is lower */
};

struct plan_candidate {
	unsigned int cpu;
	unsigned int load;
};

/* How one side was placed. */
struct plan_step {
	unsigned int queue;
	bool rx;
	int other; /* the CPU of the queue's other side, CPU_NONE: not placed yet */
	enum plan_reason reason;
	struct cpuset taken[N_NARROWINGS]; /* what each narrowing took away */
	bool skipped[N_NARROWINGS];        /* it would have left none */
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
 * Places every side of `places` (n queues) that is CPU_NONE, a queue's tx before its
 * rx. The candidates of a side are the allowed CPUs, narrowed as plan_narrowing has
 * it; a narrowing that would leave none is skipped. Of these the least loaded wins;
 * between equals one that does not hold this vif yet, then the CPU of the same side
 * and queue in `remembered` (n_remembered queues, may be fewer than n), then one on a
 * core that carries nothing, where cores are known, then the lowest number.
 *
 * A tx side also keeps off the last CPU on which its rx side, not placed yet, would
 * not be NIC-busy.
 *
 * host->load must count the sides of `places` that are already placed; it is
 * brought up to date with those that are placed here. `steps`, unless it is NULL, gets
 * a step for each of them. Returns 0; -ENODEV, with nothing changed, when a side has to
 * be placed and no CPU is allowed; -ENOMEM, with some sides placed.
 */
int plan_vif(struct plan_host *host, struct place *places, unsigned int n,
	const struct place *remembered, unsigned int n_remembered, struct plan_steps *steps);

/*
 * Which of the allowed CPUs are NIC-busy: those that physical NICs' interrupts are
 * delivered to (irqs[], how many on each CPU); when that is each of them, those that
 * have taken more than twice the mean of them all so far (counts[], NULL: not known).
 * What is delivered decides before what has come: a vif placed on an idle host must be
 * right when it is not idle any more.
 */
void plan_nic_busy(const struct cpuset *allowed, const unsigned int *irqs,
	const unsigned long long *counts, struct cpuset *busy);

#endif
