// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "topology.h"
#include "util.h"

#define NOT_PINNED                                                                                 \
	"dom0's vCPUs are not pinned (dom0_vcpus_pin on Xen's command line, or xl vcpu-pin)"
#define ONE_NODE "this machine has one NUMA node"

/*
 * pCPUs are written "CORE/NODE CORE/NODE ...", "-" for one that is not there; vCPUs as lists
 * of pCPUs with blanks between, "-" for one that is offline.
 */
static const struct row {
	const char *row, *pcpus, *vcpus;
	const char *unknown;
	const char *nodes; /* the node of each CPU */
	const char *cores, *on;
} rows[] = {
	{ "two nodes, pinned", "0/0 1/0 2/1 3/1", "0 1 2 3", "", "0 0 1 1", "0 1 2 3", "0 1 2 3" },
	{ "pinned elsewhere", "0/0 1/0 2/1 3/1", "3 2 1 0", "", "1 1 0 0", "3 2 1 0", "3 2 1 0" },
	{ "threads of a core", "0/0 0/0 1/1 1/1", "0-1 2-3", "", "0 1", "0 1", "-1 -1" },
	{ "bound to nodes only", "0/0 1/0 2/1 3/1", "0-1 2-3", "", "0 1", "-1 -1", "-1 -1" },
	{ "fewer vCPUs than pCPUs", "0/0 1/0 2/1 3/1", "2 3", "", "1 1", "2 3", "2 3" },
	{ "not pinned", "0/0 1/0 2/1 3/1", "0-3 0-3", NOT_PINNED, "-1 -1", "-1 -1", "-1 -1" },
	{ "one is not pinned", "0/0 1/0 2/1 3/1", "0 1-2", NOT_PINNED, "-1 -1", "0 -1", "0 -1" },
	{ "one node, pinned", "0/0 1/0", "0 1", ONE_NODE, "-1 -1", "0 1", "0 1" },
	{ "one node, not pinned", "0/0 1/0", "0-1 0-1", ONE_NODE, "-1 -1", "-1 -1", "-1 -1" },
	{ "a vCPU that is offline", "0/0 1/1", "0 - 1", "", "0 -1 1", "0 -1 1", "0 -1 1" },
	{ "a pCPU that is offline", "0/0 - 2/1", "0-1 2", "", "0 1", "0 2", "0 2" },
	{ "pCPUs that are not there", "0/0 1/1", "5 0", NOT_PINNED, "-1 -1", "-1 0", "-1 0" },
	{ "a node without pCPUs", "0/0 1/2", "0 1", "", "0 2", "0 1", "0 1" },
};

static unsigned int read_pcpus(const char *text, struct pcpu *pcpus)
{
	unsigned int n = 0;

	for (const char *p = text; *p; p += *p == ' ') {
		unsigned long core, node;

		pcpus[n] = (struct pcpu){ -1, -1 };
		if (*p == '-') {
			p++;
		} else {
			assert_true(parse_number(p, &p, 99, &core) && *p++ == '/');
			assert_true(parse_number(p, &p, 99, &node));
			pcpus[n] = (struct pcpu){ (int)core, (int)node };
		}
		n++;
	}
	return n;
}

static unsigned int read_vcpus(const char *text, struct cpuset *vcpus)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *word;
	unsigned int n = 0;

	while ((word = strsep(&rest, " ")))
		assert_int_equal(cpuset_parse_list(*word == '-' ? "" : word, &vcpus[n++]), 0);
	return n;
}

static void write_number(char *text, int number)
{
	sprintf(text + strlen(text), "%s%d", *text ? " " : "", number);
}

static void compute(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char nodes[64] = "", cores[64] = "", on[64] = "";
		struct topology topology;
		struct cpuset vcpus[8];
		struct pcpu pcpus[8];
		unsigned int n_pcpus = read_pcpus(rows[i].pcpus, pcpus);
		unsigned int n = read_vcpus(rows[i].vcpus, vcpus);

		expect_int(rows[i].row, topology_compute(pcpus, n_pcpus, vcpus, n, &topology), 0);
		expect_str(rows[i].row, topology.unknown.msg, rows[i].unknown);
		expect_int(rows[i].row, topology.n_cpus, n);
		for (unsigned int cpu = 0; cpu < n; cpu++) {
			write_number(nodes, topology_node(&topology, cpu));
			write_number(cores, topology.cores[cpu]);
			write_number(on, topology.pcpus[cpu]);
		}
		expect_str(rows[i].row, nodes, rows[i].nodes);
		expect_str(rows[i].row, cores, rows[i].cores);
		expect_str(rows[i].row, on, rows[i].on);
		topology_free(&topology);
	}
}

static void nodes_of(void **state)
{
	static const struct {
		const char *where, *nodes;
	} where_rows[] = {
		{ "0", "0" },
		{ "0-1", "0" },
		{ "2", "1" },
		{ "1-2", "0-1" },
		{ "2,4", "1-2" },
		{ "0-5", "" },
		{ "0,2,4", "" },
		{ "", "" },
		{ "3,9", "1" },
	};
	struct pcpu pcpus[8];
	unsigned int n = read_pcpus("0/0 1/0 2/1 3/1 4/2 5/2", pcpus);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(where_rows); i++) {
		struct cpuset where, nodes;
		char got[64];

		assert_int_equal(cpuset_parse_list(where_rows[i].where, &where), 0);
		topology_nodes_of(pcpus, n, &where, &nodes);
		cpuset_format(&nodes, got, sizeof got);
		expect_str(where_rows[i].where, got, where_rows[i].nodes);
	}
}

int main(void)
{
	static const struct CMUnitTest topology[] = {
		UNIT_TEST(compute),
		UNIT_TEST(nodes_of),
	};

	return cmocka_run_group_tests(topology, NULL, NULL);
}
