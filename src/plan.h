// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plan.h - where the queues of a vif are placed.
 *
 * One pure function: what is allowed, what is loaded and what is wanted go in,
 * places come out. It never moves a side that is already placed.
 */
#ifndef VIFPIN_PLAN_H
#define VIFPIN_PLAN_H

#include "cpuset.h"

#define CPU_NONE (-1)

/* The CPUs of one queue. */
struct place {
	int tx_cpu; /* tx interrupt and dealloc thread; CPU_NONE: not placed yet */
	int rx_cpu; /* rx interrupt and guest-rx thread */
};

/* What the host has. */
struct plan_host {
	struct cpuset allowed;         /* where a side may be placed */
	unsigned int load[CPUSET_MAX]; /* sides that stand on each CPU */
};

/*
 * Places every side of `places` (n queues) that is CPU_NONE. A side goes to the
 * allowed CPUs, narrowed in this order, a narrowing that would leave none being
 * skipped:
 *   1. not the CPU of the queue's other side;
 * of these the least loaded; between equals one that does not hold this vif yet,
 * then the CPU of the same side and queue in `remembered` (n_remembered queues,
 * may be fewer than n), then the lowest number.
 *
 * host->load must count the sides of `places` that are already placed; it is
 * brought up to date with those that are placed here. Returns 0, or -ENODEV,
 * with nothing changed, when a side has to be placed and no CPU is allowed.
 */
int plan_vif(struct plan_host *host, struct place *places, unsigned int n,
	const struct place *remembered, unsigned int n_remembered);

#endif
