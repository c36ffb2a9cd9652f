// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inventory.h - the CPUs of this host: which there are, what NICs do to them, where they lie.
 *
 * Filled in by the engine (gather.h); here is what follows from it.
 */
#pragma once

#include "config.h"
#include "cpuset.h"
#include "load.h"
#include "rules.h"
#include "topology.h"

#include <stdbool.h>

/* Zero-initialised it is empty. */
struct inventory {
	struct cpuset online;
	bool complete;                  /* false: only `online` has been filled in */
	struct cpuset present;          /* online or offline; empty: not known */
	struct cpuset own;              /* vifpin's affinity: who limits it limits what it does */
	struct cpu_load *nics;          /* [CPUSET_MAX], its `nic` only; owned */
	unsigned long long *nic_counts; /* [CPUSET_MAX], how often each CPU has taken NIC
					 * interrupts; owned; NULL: not known, or not needed */
	struct topology topology;
	struct rules rules; /* what they know of every vif alike */
};

void inventory_free(struct inventory *inventory);

/* The CPUs that vifs may use where the configuration has these for them. */
struct cpuset inventory_allowed(const struct inventory *inventory, const struct cpuset *configured);

/* Do NICs' interrupts go to every CPU that some vif may use, so that nic_counts must tell which of
 * them are busy? */
bool inventory_needs_counts(const struct inventory *inventory, const struct config *config);

/* Why guests' nodes play no part, or NULL when they do. */
const char *inventory_why_no_nodes(const struct inventory *inventory, const struct config *config);

/* The CPUs on any of these nodes. */
struct cpuset inventory_near(const struct inventory *inventory, const struct cpuset *nodes);

/* The rules of a vif. near: inventory_near() of its domain's nodes, NULL where not known. */
struct rules inventory_rules(const struct inventory *inventory, const struct config *config,
	const char *domain, const char *mac, const struct cpuset *near);
