// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What libxl tells of pCPUs and vCPUs: how many pCPUs, the core and node of each, a byte each, and
 * then the pCPUs that each vCPU may run on, eight to a byte.
 */
#include "fuzz.h"

#include "topology.h"

#include <errno.h>

#define PCPUS 32
#define VCPUS 16

struct host {
	struct pcpu pcpus[PCPUS];
	struct cpuset vcpus[VCPUS];
	unsigned int n_pcpus, n_vcpus;
};

static signed char next_byte(const char **text, size_t *left)
{
	if (!*left)
		return 0;
	--*left;
	return (signed char)*(*text)++;
}

static void read_host(const char *text, size_t len, struct host *out)
{
	out->n_pcpus = (unsigned char)next_byte(&text, &len) % (PCPUS + 1);
	for (unsigned int i = 0; i < out->n_pcpus; i++) {
		out->pcpus[i].core = next_byte(&text, &len);
		out->pcpus[i].node = next_byte(&text, &len);
	}
	while (len && out->n_vcpus < VCPUS) {
		struct cpuset *where = &out->vcpus[out->n_vcpus++];

		for (unsigned int bit = 0; bit < PCPUS; bit += 8)
			where->bits[0] |= (uint64_t)(unsigned char)next_byte(&text, &len) << bit;
	}
}

/* Is this all that the CPU's pCPUs, as far as there are any, say? Of none it is -1. */
static void check_common(const struct host *host, unsigned int cpu, int core, int pcpu)
{
	unsigned int there = 0;

	cpuset_for_each (i, &host->vcpus[cpu]) {
		if ((unsigned int)i >= host->n_pcpus || host->pcpus[i].core < 0)
			continue;
		there++;
		if (core >= 0)
			expect_int("core", host->pcpus[i].core, core);
		if (pcpu >= 0)
			expect_int("pCPU", i, pcpu);
	}
	if (!there)
		expect_true("none", core == -1 && pcpu == -1);
}

/* Nodes, when they are known, have no CPU in common. */
static void check_nodes(const struct host *host, const struct topology *topology)
{
	struct cpuset all = { 0 };

	expect_int("known", topology->n_nodes >= 2, !*topology->unknown.msg);
	for (unsigned int node = 0; node < topology->n_nodes; node++) {
		struct cpuset both = all;

		cpuset_and(&both, &topology->nodes[node]);
		expect_true("apart", cpuset_is_empty(&both));
		cpuset_or(&all, &topology->nodes[node]);
		cpuset_for_each (cpu, &topology->nodes[node])
			expect_int("node", topology_node(topology, (unsigned int)cpu), node);
	}
	for (unsigned int cpu = 0; topology->n_nodes && cpu < host->n_vcpus; cpu++)
		expect_int("a node", cpuset_has(&all, cpu), !cpuset_is_empty(&host->vcpus[cpu]));
}

static void fuzz(const char *text, size_t len)
{
	struct host host = { 0 };
	struct topology topology;
	struct cpuset nodes;

	read_host(text, len, &host);
	expect_int("computed",
		topology_compute(host.pcpus, host.n_pcpus, host.vcpus, host.n_vcpus, &topology), 0);
	expect_int("CPUs", topology.n_cpus, host.n_vcpus);
	for (unsigned int cpu = 0; cpu < host.n_vcpus; cpu++) {
		check_common(&host, cpu, topology.cores[cpu], topology.pcpus[cpu]);
		topology_nodes_of(host.pcpus, host.n_pcpus, &host.vcpus[cpu], &nodes);
		expect_true("of nodes",
			cpuset_next(&nodes, topology_count_nodes(host.pcpus, host.n_pcpus)) < 0);
	}
	check_nodes(&host, &topology);
	topology_free(&topology);
}
