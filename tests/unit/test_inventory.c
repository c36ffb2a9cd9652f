// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "inventory.h"
#include "story.h"
#include "util.h"

static void inventoryp(struct inventory *inventory)
{
	inventory_free(inventory);
}

#define _cleanup_inventory_ _cleanup_(inventoryp)

static void expect_set(const char *row, const struct cpuset *set, const char *wanted)
{
	char list[64];

	cpuset_format(set, list, sizeof list);
	expect_str(row, list, wanted);
}

/* "9 0 0 1": how often CPU 0, 1, ... has taken NICs' interrupts; left out: not known. */
static void read_counts(const char *text, struct inventory *inventory)
{
	unsigned int cpu = 0;

	if (!text)
		return;
	inventory->nic_counts = calloc(CPUSET_MAX, sizeof *inventory->nic_counts);
	assert_non_null(inventory->nic_counts);
	for (const char *p = text; *p; p += *p == ' ')
		inventory->nic_counts[cpu++] = read_number(&p, 1000);
}

/* --- the rules of a vif ------------------------------------------------------------------- */

#define WEB1 "vifs = [ \"domain=web*,mac=00:16:3e:*,cpus=2-5\", \"domain=web1,cpus=9\" ]"

/* The vif is domain web1's with the MAC 00:16:3e:00:00:01. */
static const struct rules_row {
	const char *name, *config;
	const char *online; /* left out: 0-3 */
	const char *own;    /* left out: all */
	const char *nics, *counts;
	const char *isolated; /* left out: none */
	const char *near;     /* left out: not known */
	const char *unknown;  /* why nodes cannot be used; left out: they can */
	const char *allowed, *nic_busy, *rules_isolated, *rules_near;
} rules_rows[] = {
	{ .name = "nothing binds it", .allowed = "0-3" },
	{ .name = "the CPUs that are online", .online = "0,2,8191", .allowed = "0,2,8191" },
	{ .name = "the configuration's", .config = "cpus = \"1-9\"", .allowed = "1-3" },
	{ .name = "vifpin's own affinity", .own = "0-1,7", .allowed = "0-1" },
	{ .name = "all three",
		.online = "0-5",
		.config = "cpus = \"1-9\"",
		.own = "0-3",
		.allowed = "1-3" },
	{ .name = "the first exception that fits stands for the configuration's",
		.config = "cpus = \"0-1\"\n" WEB1,
		.online = "0-4",
		.allowed = "2-4" },
	{ .name = "an exception does not overrule vifpin's own affinity",
		.config = WEB1,
		.own = "0-2",
		.allowed = "2" },
	{ .name = "an exception that says nothing of CPUs",
		.config = "cpus = \"0-1\"\nvifs = [ \"domain=web1,pin=1\" ]",
		.allowed = "0-1" },
	{ .name = "no CPU is left", .config = "cpus = \"0-1\"", .own = "2-3", .allowed = "" },

	{ .name = "CPUs that take NICs' interrupts",
		.nics = "0 2 2",
		.allowed = "0-3",
		.nic_busy = "0,2" },
	{ .name = "they need not be kept off",
		.config = "avoid_nic = 0",
		.nics = "0 2 2",
		.allowed = "0-3" },
	{ .name = "a CPU that is not allowed is not told of",
		.config = "cpus = \"1-2\"",
		.nics = "0 2",
		.allowed = "1-2",
		.nic_busy = "2" },
	{ .name = "all of them take some, and how many is not known",
		.nics = "0 1 2 3",
		.allowed = "0-3" },
	{ .name = "all of them take some: the one that takes most",
		.nics = "0 1 2 3",
		.counts = "1 9 1 1",
		.allowed = "0-3",
		.nic_busy = "1" },
	{ .name = "all of the exception's take some",
		.config = WEB1,
		.nics = "2 3",
		.counts = "90 90 9 1",
		.online = "0-3",
		.allowed = "2-3" },

	{ .name = "CPUs that are isolated are allowed, and known to be so",
		.isolated = "1-2",
		.allowed = "0-3",
		.rules_isolated = "1-2" },

	{ .name = "near its guest", .near = "2-3", .allowed = "0-3", .rules_near = "2-3" },
	{ .name = "nodes play no part, by the configuration",
		.config = "numa = 0",
		.near = "2-3",
		.allowed = "0-3" },
	{ .name = "nodes cannot be used",
		.unknown = "this machine has one NUMA node",
		.near = "2-3",
		.allowed = "0-3" },
	{ .name = "near its guest is no CPU", .near = "", .allowed = "0-3" },
};

static void check_rules(const struct rules_row *row)
{
	_cleanup_inventory_ struct inventory inventory = { 0 };
	_cleanup_config_ struct config config = { 0 };
	struct cpuset near;
	struct rules rules;

	read_config(row->config, &config);
	read_inventory(row->online, row->own, row->nics, &inventory);
	read_counts(row->counts, &inventory);
	read_text(inventory.topology.unknown.msg, sizeof inventory.topology.unknown.msg,
		row->unknown ? row->unknown : "");
	read_set(row->isolated ? row->isolated : "", &inventory.rules.isolated);
	if (row->near)
		read_set(row->near, &near);
	rules = inventory_rules(
		&inventory, &config, "web1", "00:16:3e:00:00:01", row->near ? &near : NULL);
	expect_set(row->name, &rules.allowed, row->allowed);
	expect_set(row->name, &rules.nic_busy, row->nic_busy ? row->nic_busy : "");
	expect_set(row->name, &rules.isolated, row->rules_isolated ? row->rules_isolated : "");
	expect_set(row->name, &rules.near, row->rules_near ? row->rules_near : "");
}

static void rules_of_a_vif(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules_rows); i++)
		check_rules(&rules_rows[i]);
}

/* What all vifs have in common is allowed whatever the exceptions say. */
static void allowed(void **state)
{
	_cleanup_inventory_ struct inventory inventory = { 0 };
	_cleanup_config_ struct config config = { 0 };
	struct cpuset set;

	(void)state;
	read_inventory("0-5", "1-8", NULL, &inventory);
	read_config("cpus = \"0-3\"\nvifs = [ \"domain=*,cpus=4-5\" ]", &config);
	set = inventory_allowed(&inventory, &config.cpus);
	expect_set("allowed", &set, "1-3");
}

/* --- what else has to be known ------------------------------------------------------------ */

static void needs_counts(void **state)
{
	static const struct {
		const char *name, *config, *own, *nics;
		bool needed;
	} rows[] = {
		{ .name = "no NIC" },
		{ .name = "some CPUs take NICs' interrupts", .nics = "0 1 2" },
		{ .name = "all do", .nics = "3 2 1 0", .needed = true },
		{ .name = "all do, and need not be kept off",
			.config = "avoid_nic = 0",
			.nics = "3 2 1 0" },
		{ .name = "all that are allowed do",
			.config = "cpus = \"1-3\"",
			.own = "0-2",
			.nics = "1 2",
			.needed = true },
		{ .name = "all that an exception allows do",
			.config = "vifs = [ \"domain=a,cpus=0\", \"domain=b,cpus=2-3\" ]",
			.nics = "2 3",
			.needed = true },
		{ .name = "some of those that an exception allows do",
			.config = "vifs = [ \"domain=a,cpus=0-1\", \"domain=b,cpus=2-3\" ]",
			.nics = "1 2" },
		{ .name = "no CPU is allowed", .own = "9", .nics = "0 1 2 3" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_inventory_ struct inventory inventory = { 0 };
		_cleanup_config_ struct config config = { 0 };

		read_config(rows[i].config, &config);
		read_inventory(NULL, rows[i].own, rows[i].nics, &inventory);
		expect_int(
			rows[i].name, inventory_needs_counts(&inventory, &config), rows[i].needed);
	}
}

/* --- nodes -------------------------------------------------------------------------------- */

static void why_no_nodes(void **state)
{
	static const struct {
		const char *name, *config, *unknown;
		const char *why; /* left out: they play their part */
	} rows[] = {
		{ .name = "they can be used", .unknown = "" },
		{ .name = "not by the configuration",
			.config = "numa = 0",
			.unknown = "",
			.why = "numa = 0 in the configuration" },
		{ .name = "not as this host is", .unknown = "no libxl", .why = "no libxl" },
		{ .name = "neither: the configuration's word is the one to change",
			.config = "numa = 0",
			.unknown = "no libxl",
			.why = "numa = 0 in the configuration" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_config_ struct config config = { 0 };
		struct inventory inventory = { 0 };
		const char *why;

		read_config(rows[i].config, &config);
		read_text(inventory.topology.unknown.msg, sizeof inventory.topology.unknown.msg,
			rows[i].unknown);
		why = inventory_why_no_nodes(&inventory, &config);
		expect_int(rows[i].name, why == NULL, rows[i].why == NULL);
		if (why && rows[i].why)
			expect_str(rows[i].name, why, rows[i].why);
	}
}

static void near_nodes(void **state)
{
	static const struct {
		const char *nodes, *cpus;
	} rows[] = {
		{ .nodes = "", .cpus = "" }, { .nodes = "0", .cpus = "0-1" },
		{ .nodes = "1", .cpus = "" }, { .nodes = "2", .cpus = "2,4" },
		{ .nodes = "0-2", .cpus = "0-2,4" },
		{ .nodes = "3,9", .cpus = "" }, /* there are no such nodes */
	};
	struct cpuset of_node[3];
	const struct inventory inventory = { .topology = { .nodes = of_node, .n_nodes = 3 } };

	(void)state;
	read_set("0-1", &of_node[0]);
	read_set("", &of_node[1]);
	read_set("2,4", &of_node[2]);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cpuset nodes, near;

		read_set(rows[i].nodes, &nodes);
		near = inventory_near(&inventory, &nodes);
		expect_set(rows[i].nodes, &near, rows[i].cpus);
	}
}

int main(void)
{
	static const struct CMUnitTest inventory[] = {
		UNIT_TEST(rules_of_a_vif),
		UNIT_TEST(allowed),
		UNIT_TEST(needs_counts),
		UNIT_TEST(why_no_nodes),
		UNIT_TEST(near_nodes),
	};

	return cmocka_run_group_tests(inventory, NULL, NULL);
}
