// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cpus.h - what stands on each CPU, by the ledger and what the host shows.
 */
#ifndef VIFPIN_CPUS_H
#define VIFPIN_CPUS_H

#include "config.h"
#include "err.h"
#include "ledger.h"
#include "sysroot.h"

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
	unsigned int tx, rx; /* sides */
	unsigned int nic;    /* interrupts of physical NICs that are delivered to it */
	int node, pcpu;      /* -1: not known */
	struct cpu_names domains;
	struct cpu_names vifs; /* domid.devid */
};

struct cpus {
	struct cpu *v; /* by its number; owned */
	size_t n;      /* the highest that is present or has a side, plus one */
};

/* -errno with a sentence. Free with cpus_free(). */
int cpus_read(const struct sysroot *root, const struct config *config, const struct ledger *ledger,
	struct cpus *out, struct err *err);
void cpus_free(struct cpus *cpus);

/* What a CPU carries: sides and NIC interrupts. */
unsigned int cpu_load(const struct cpu *cpu);

/* How even the load is over the CPUs that are allowed. */
struct cpus_sum {
	unsigned int allowed;     /* how many CPUs */
	unsigned int sides, nic;  /* on them */
	unsigned int least, most; /* load */
};

struct cpus_sum cpus_sum(const struct cpus *cpus);

#endif
