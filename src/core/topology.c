// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology.h"

#include "util.h"

#include <errno.h>

/* What all pCPUs of a set have in common; -1 where they differ or the set is empty. */
struct common {
	int pcpu, core, node;
};

static int merge(int common, int value, bool first)
{
	return first || common == value ? value : -1;
}

static struct common common_of(
	const struct pcpu *pcpus, unsigned int n_pcpus, const struct cpuset *where)
{
	struct common common = { -1, -1, -1 };
	bool first = true;

	cpuset_for_each (pcpu, where) {
		if ((unsigned int)pcpu >= n_pcpus)
			break;
		if (pcpus[pcpu].core < 0)
			continue;
		common.pcpu = merge(common.pcpu, pcpu, first);
		common.core = merge(common.core, pcpus[pcpu].core, first);
		common.node = merge(common.node, pcpus[pcpu].node, first);
		first = false;
	}
	return common;
}

unsigned int topology_count_nodes(const struct pcpu *pcpus, unsigned int n_pcpus)
{
	int last = -1;

	for (unsigned int i = 0; i < n_pcpus; i++) {
		if (pcpus[i].core >= 0 && pcpus[i].node > last)
			last = pcpus[i].node;
	}
	return (unsigned int)(last + 1);
}

static int allocate(struct topology *topology)
{
	topology->cores = calloc(topology->n_cpus + 1, sizeof *topology->cores);
	topology->pcpus = calloc(topology->n_cpus + 1, sizeof *topology->pcpus);
	topology->nodes = calloc(topology->n_nodes + 1, sizeof *topology->nodes);
	return topology->cores && topology->pcpus && topology->nodes ? 0 : -ENOMEM;
}

/* Says why nodes cannot be used, and hides them in that case. */
static void check_nodes(struct topology *topology)
{
	if (!topology->pinned)
		err_set(&topology->unknown, ENODATA,
			"dom0's vCPUs are not pinned (use dom0_vcpus_pin on Xen's command line, or "
			"xl vcpu-pin)");
	else if (topology->n_nodes < 2)
		err_set(&topology->unknown, ENODATA, "this machine has only one NUMA node");
	if (*topology->unknown.msg)
		topology->n_nodes = 0;
}

int topology_compute(const struct pcpu *pcpus, unsigned int n_pcpus, const struct cpuset *vcpus,
	unsigned int n_vcpus, struct topology *out)
{
	struct topology topology = {
		.pinned = true,
		.n_cpus = n_vcpus,
		.n_nodes = topology_count_nodes(pcpus, n_pcpus),
	};

	if (allocate(&topology) < 0) {
		topology_free(&topology);
		return -ENOMEM;
	}
	for (unsigned int cpu = 0; cpu < n_vcpus; cpu++) {
		struct common common = common_of(pcpus, n_pcpus, &vcpus[cpu]);

		topology.cores[cpu] = common.core;
		topology.pcpus[cpu] = common.pcpu;
		if (common.node < 0)
			topology.pinned &= cpuset_is_empty(&vcpus[cpu]);
		else
			cpuset_add(&topology.nodes[common.node], cpu);
	}
	check_nodes(&topology);
	*out = topology;
	return 0;
}

void topology_free(struct topology *topology)
{
	free(topology->cores);
	free(topology->pcpus);
	free(topology->nodes);
	*topology = (struct topology){ 0 };
}

int topology_node(const struct topology *topology, unsigned int cpu)
{
	for (unsigned int node = 0; node < topology->n_nodes; node++) {
		if (cpuset_has(&topology->nodes[node], cpu))
			return (int)node;
	}
	return -1;
}

void topology_nodes_of(const struct pcpu *pcpus, unsigned int n_pcpus, const struct cpuset *where,
	struct cpuset *nodes)
{
	unsigned int n_nodes = topology_count_nodes(pcpus, n_pcpus);

	*nodes = (struct cpuset){ 0 };
	cpuset_for_each (pcpu, where) {
		if ((unsigned int)pcpu < n_pcpus && pcpus[pcpu].core >= 0)
			cpuset_add(nodes, (unsigned int)pcpus[pcpu].node);
	}
	if (cpuset_count(nodes) == n_nodes)
		*nodes = (struct cpuset){ 0 };
}
