// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load.h - what stands on each CPU, and how even that is.
 */
#pragma once

#include "cpuset.h"
#include "place.h"

struct ledger;

/* What one CPU carries. */
struct cpu_load {
	unsigned int sides[SIDE_COUNT]; /* tx and rx sides of queues */
	unsigned int nic;               /* interrupts of physical NICs that are delivered to it */
};

/* Sides and NIC interrupts together. */
static inline unsigned int load_total(const struct cpu_load *load)
{
	return load->sides[SIDE_TX] + load->sides[SIDE_RX] + load->nic;
}

/*
 * What each CPU carries by the ledger and, unless it is NULL, by nics[CPUSET_MAX]: as many, to be
 * freed. NULL when memory is out.
 */
struct cpu_load *load_new(const struct cpu_load *nics, const struct ledger *ledger);

/*
 * Adds the sides of n places to the CPUs on which they stand, loads[CPUSET_MAX], or takes
 * them away. A side that is CPU_NONE counts nowhere.
 */
void load_add(struct cpu_load *loads, const struct place *places, unsigned int n);
void load_remove(struct cpu_load *loads, const struct place *places, unsigned int n);

/* How even the load of some CPUs is; all 0 when there are none. */
struct load_spread {
	unsigned int cpus;                                            /* how many */
	unsigned int sides[SIDE_COUNT], nic;                          /* on all of them together */
	unsigned int least, most;                                     /* load_total() of one */
	unsigned int least_sides[SIDE_COUNT], most_sides[SIDE_COUNT]; /* of one direction, on one */
};

/* Of one direction. */
static inline unsigned int load_difference(const struct load_spread *spread, enum side side)
{
	return spread->most_sides[side] - spread->least_sides[side];
}

struct load_spread load_spread(const struct cpu_load *loads, const struct cpuset *cpus);
