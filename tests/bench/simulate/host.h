// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * host.h - a simulated host: its CPUs, its vifs, and what their sides cost.
 *
 * A side's work is in CPUs: 1 keeps one CPU busy. What tx costs is done where its interrupt is
 * delivered (NAPI), what rx costs where the guest-rx thread runs.
 */
#pragma once

#include "load.h"
#include "measured_load.h"
#include "place.h"
#include "rules.h"

#include "random.h"

#include <stdbool.h>

#define VIF_QUEUES 8
#define CPUS_MAX   64
#define VIFS_MAX   1000
#define SIDES_MAX  (SIDE_COUNT * VIF_QUEUES * VIFS_MAX)

#define MEAN_WORK 0.5 /* of a CPU, on average */

/* How a vif's traffic compares with other vifs'. */
enum traffic {
	TRAFFIC_ALIKE,   /* every queue has the same */
	TRAFFIC_UNIFORM, /* a vif has anything from nothing to twice the mean */
	TRAFFIC_HEAVY,   /* Pareto with alpha 1.2: a few vifs have most of it */
};

/* What all vifs' traffic has in common. */
struct load_kind {
	const char *name;
	enum traffic traffic;
	double changes;           /* how probable it is that a vif's is drawn anew in a minute */
	double share[SIDE_COUNT]; /* of the work */
};

struct sim_vif {
	unsigned int n_queues; /* 0: not there */
	struct place places[VIF_QUEUES];
	unsigned int irqs[VIF_QUEUES][SIDE_COUNT]; /* numbers */
	double traffic;                            /* of each queue, in no unit */
	double work[SIDE_COUNT];                   /* of each queue */
};

struct host {
	unsigned int n_cpus;
	struct rules rules;
	struct sim_vif vifs[VIFS_MAX];
	unsigned int n_vifs;
	struct cpu_load load[CPUSET_MAX]; /* what stands on each CPU, by count */
	bool used[SIDES_MAX];             /* interrupt numbers */
	unsigned int first_unused;        /* none before it is */
	double scale;                     /* what traffic costs */
	bool measured;                    /* there is a measure: */
	int mean[SIDE_COUNT];             /* as in measured_load.h, in millionths */
	struct cpu_sum sums[CPUSET_MAX];
	unsigned int moves;    /* of sides, so far */
	struct random random;  /* queues, and who goes and comes */
	struct random traffic; /* the same for all policies */
	struct random dice;    /* what a policy draws */
};

/* Places a vif that comes: every side is CPU_NONE, and host->load is to be brought up to date. */
typedef void place_fn(struct host *host, struct sim_vif *vif);

/*
 * A host to which n_vifs vifs of 1 to 8 queues have come, and have got their traffic. Then half of
 * them have gone and others have come, one by one: up to a few of them, BURST on average, before
 * what is there is measured again, a minute later. In the end the CPUs do MEAN_WORK, but for what
 * is more than one CPU's.
 */
#define BURST 4

void host_begin(struct host *host, unsigned int n_cpus, unsigned int n_vifs, uint64_t seed,
	const struct load_kind *kind, place_fn *place);

/* Draws the traffic anew of those vifs whose minute it is to change. */
void host_change_traffic(struct host *host, const struct load_kind *kind);

/* Moves a side, and counts that when it does move. */
void host_move(struct host *host, struct sim_vif *vif, unsigned int queue, enum side side, int cpu);

/*
 * What each CPU does, work[CPUS_MAX]: of tx and rx; free_threads: guest-rx runs where the scheduler
 * puts it. That is taken for as good as it could be: threads go, the busiest first, where there
 * is least to do.
 */
void host_work(const struct host *host, bool free_threads, double *work);

/* The most loaded CPU over the mean. */
double host_unevenness(const struct host *host, bool free_threads);

/* What that is at best: the mean, or the largest side where that is more, over the mean. */
double host_bound(const struct host *host);
