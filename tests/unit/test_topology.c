// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "topology.h"
#include "util.h"

#define NOT_PINNED                                                                                 \
	"dom0's vCPUs are not pinned (use dom0_vcpus_pin on Xen's command line, or xl vcpu-pin)"
#define ONE_NODE "this machine has only one NUMA node"

/*
 * pcpus: "CORE/NODE" of each pCPU, or "-" for one that does not exist. vcpus: for each vCPU the
 * list of pCPUs it may run on, or "-" for one that is offline. The rest is what comes out.
 */
static const struct row {
	const char *row, *pcpus, *vcpus;
	const char *unknown;            /* why nodes cannot be used; NULL: they can */
	const char *nodes, *cores, *on; /* the node, core and pCPU of each CPU */
} rows[] = {
	{ .row = "two nodes, pinned",
		.pcpus = "0/0 1/0 2/1 3/1",
		.vcpus = "0 1 2 3",
		.nodes = "0 0 1 1",
		.cores = "0 1 2 3",
		.on = "0 1 2 3" },
	{ .row = "pinned in reverse order",
		.pcpus = "0/0 1/0 2/1 3/1",
		.vcpus = "3 2 1 0",
		.nodes = "1 1 0 0",
		.cores = "3 2 1 0",
		.on = "3 2 1 0" },
	{ .row = "threads of a core",
		.pcpus = "0/0 0/0 1/1 1/1",
		.vcpus = "0-1 2-3",
		.nodes = "0 1",
		.cores = "0 1",
		.on = "-1 -1" },
	{ .row = "bound to nodes only",
		.pcpus = "0/0 1/0 2/1 3/1",
		.vcpus = "0-1 2-3",
		.nodes = "0 1",
		.cores = "-1 -1",
		.on = "-1 -1" },
	{ .row = "fewer vCPUs than pCPUs",
		.pcpus = "0/0 1/0 2/1 3/1",
		.vcpus = "2 3",
		.nodes = "1 1",
		.cores = "2 3",
		.on = "2 3" },
	{ .row = "not pinned",
		.pcpus = "0/0 1/0 2/1 3/1",
		.vcpus = "0-3 0-3",
		.unknown = NOT_PINNED,
		.nodes = "-1 -1",
		.cores = "-1 -1",
		.on = "-1 -1" },
	{ .row = "one vCPU not pinned",
		.pcpus = "0/0 1/0 2/1 3/1",
		.vcpus = "0 1-2",
		.unknown = NOT_PINNED,
		.nodes = "-1 -1",
		.cores = "0 -1",
		.on = "0 -1" },
	{ .row = "one node, pinned",
		.pcpus = "0/0 1/0",
		.vcpus = "0 1",
		.unknown = ONE_NODE,
		.nodes = "-1 -1",
		.cores = "0 1",
		.on = "0 1" },
	{ .row = "one node, not pinned",
		.pcpus = "0/0 1/0",
		.vcpus = "0-1 0-1",
		.unknown = ONE_NODE,
		.nodes = "-1 -1",
		.cores = "-1 -1",
		.on = "-1 -1" },
	{ .row = "vCPU offline",
		.pcpus = "0/0 1/1",
		.vcpus = "0 - 1",
		.nodes = "0 -1 1",
		.cores = "0 -1 1",
		.on = "0 -1 1" },
	{ .row = "pCPU offline",
		.pcpus = "0/0 - 2/1",
		.vcpus = "0-1 2",
		.nodes = "0 1",
		.cores = "0 2",
		.on = "0 2" },
	{ .row = "pCPU that does not exist",
		.pcpus = "0/0 1/1",
		.vcpus = "5 0",
		.unknown = NOT_PINNED,
		.nodes = "-1 -1",
		.cores = "-1 0",
		.on = "-1 0" },
	{ .row = "node without pCPUs",
		.pcpus = "0/0 1/2",
		.vcpus = "0 1",
		.nodes = "0 2",
		.cores = "0 1",
		.on = "0 1" },
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
		expect_str(
			rows[i].row, topology.unknown.msg, rows[i].unknown ? rows[i].unknown : "");
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
	} nodes_rows[] = {
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
	for (size_t i = 0; i < ARRAY_SIZE(nodes_rows); i++) {
		struct cpuset where, nodes;
		char got[64];

		assert_int_equal(cpuset_parse_list(nodes_rows[i].where, &where), 0);
		topology_nodes_of(pcpus, n, &where, &nodes);
		cpuset_format(&nodes, got, sizeof got);
		expect_str(nodes_rows[i].where, got, nodes_rows[i].nodes);
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
