// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * topology.h - on which node and core of the machine each CPU of this domain runs.
 *
 * Linux in dom0 sees one flat machine: where a CPU (a vCPU of dom0) runs is Xen's
 * business, and only a vCPU that is pinned stays there. Computed from what Xen tells
 * (hypervisor.h).
 */
#pragma once

#include "cpuset.h"
#include "err.h"

/* A pCPU, as Xen tells of it. */
struct pcpu {
	int core; /* unique in the machine; -1: there is no such pCPU */
	int node;
};

/* Zero-initialised, or unknown, it has no CPU and no node. */
struct topology {
	struct err unknown; /* why nodes cannot be used; "" when they can */
	bool pinned;        /* every vCPU stays on one node */
	unsigned int n_cpus;
	int *cores;           /* the core of each CPU; -1 when it is not always the same */
	int *pcpus;           /* the pCPU of each CPU; likewise */
	struct cpuset *nodes; /* the CPUs of each node */
	unsigned int n_nodes;
};

/*
 * vcpus[] are the pCPUs that each CPU may run on (its hard affinity; empty for a CPU that
 * is offline), n_vcpus of them.
 * Nodes are known when every CPU is bound to pCPUs of one node, and the machine has
 * more nodes than one; the sentence in `unknown` says which of these fails. -ENOMEM.
 * Free with topology_free().
 */
int topology_compute(const struct pcpu *pcpus, unsigned int n_pcpus, const struct cpuset *vcpus,
	unsigned int n_vcpus, struct topology *out);
void topology_free(struct topology *topology);

/* How many nodes the machine has: the highest one's number plus one. */
unsigned int topology_count_nodes(const struct pcpu *pcpus, unsigned int n_pcpus);

/* The node of a CPU, or -1. */
int topology_node(const struct topology *topology, unsigned int cpu);

/*
 * The nodes that these pCPUs lie on; empty when that is every node, which tells
 * nothing.
 */
void topology_nodes_of(const struct pcpu *pcpus, unsigned int n_pcpus, const struct cpuset *where,
	struct cpuset *nodes);
