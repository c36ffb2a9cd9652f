// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cpus.h - what stands on each CPU, by the ledger and the inventory.
 */
#pragma once

#include "config.h"
#include "inventory.h"
#include "ledger.h"
#include "load.h"

#include <stddef.h>

enum cpu_state {
	CPU_ABSENT,    /* this host has none of this number, or it does not tell */
	CPU_OFFLINE,   /* there is one, and it is offline */
	CPU_FORBIDDEN, /* online, and not in the configuration's cpus, or not in vifpin's own
			* affinity mask */
	CPU_ALLOWED,   /* vifs may be placed on it */
};

/* A list of words with a comma between them; NULL: none. */
struct cpu_names {
	char *text; /* owned */
	size_t len, size;
	unsigned int last; /* the domid or devid of the last one, plus one; 0: none yet */
};

struct cpu {
	enum cpu_state state;
	struct cpu_load load;
	int node, pcpu; /* -1: not known */
	struct cpu_names domains;
	struct cpu_names vifs; /* domid.devid */
};

struct cpus {
	struct cpu *v;             /* by its number; owned */
	size_t n;                  /* the highest that is present or has a side, plus one */
	struct load_spread spread; /* over those that are allowed */
};

/* The inventory is complete. -ENOMEM. Free with cpus_free(). */
int cpus_list(const struct inventory *inventory, const struct config *config,
	const struct ledger *ledger, struct cpus *out);
void cpus_free(struct cpus *cpus);
