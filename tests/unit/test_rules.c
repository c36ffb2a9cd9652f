// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "load.h"
#include "rules.h"
#include "util.h"

/* A text that a row leaves out is the empty set. */
static struct cpuset read_set(const char *list)
{
	struct cpuset set;

	assert_int_equal(cpuset_parse_list(list ? list : "", &set), 0);
	return set;
}

/* --- what breaks a rule ---------------------------------------------------------------------- */

/*
 * The CPUs of 0 to 3 on which each side breaks the rule, while the queue's other side is on
 * `other`. Every rule has a row at least.
 */
static const struct broken_row {
	const char *name;
	enum rule rule;
	const char *allowed, *nic_busy, *isolated, *near;
	int other;
	const char *broken[SIDE_COUNT];
} broken_rows[] = {
	{ .name = "allowed",
		.rule = RULE_ALLOWED,
		.allowed = "0,2",
		.other = 1,
		.broken = { "1,3", "1,3" } },
	{ .name = "none is allowed",
		.rule = RULE_ALLOWED,
		.other = CPU_NONE,
		.broken = { "0-3", "0-3" } },
	{ .name = "all are allowed",
		.rule = RULE_ALLOWED,
		.allowed = "0-8",
		.other = CPU_NONE,
		.broken = { "", "" } },
	{ .name = "apart",
		.rule = RULE_APART,
		.allowed = "0-3",
		.other = 2,
		.broken = { "2", "2" } },
	{ .name = "apart from a CPU that is not allowed",
		.rule = RULE_APART,
		.allowed = "0-1",
		.other = 2,
		.broken = { "2", "2" } },
	{ .name = "apart from nothing",
		.rule = RULE_APART,
		.allowed = "0-3",
		.other = CPU_NONE,
		.broken = { "", "" } },
	{ .name = "NIC",
		.rule = RULE_NIC,
		.allowed = "0-3",
		.nic_busy = "1-2",
		.other = 0,
		.broken = { "", "1-2" } },
	{ .name = "no NIC", .rule = RULE_NIC, .allowed = "0-3", .other = 0, .broken = { "", "" } },
	{ .name = "isolated",
		.rule = RULE_ISOLATED,
		.allowed = "0-3",
		.isolated = "3",
		.other = 0,
		.broken = { "3", "3" } },
	{ .name = "node",
		.rule = RULE_NODE,
		.allowed = "0-3",
		.near = "0-1",
		.other = 0,
		.broken = { "2-3", "2-3" } },
	{ .name = "node without an allowed CPU",
		.rule = RULE_NODE,
		.allowed = "0-3",
		.near = "8-9",
		.other = 0,
		.broken = { "0-3", "0-3" } },
	{ .name = "node not known",
		.rule = RULE_NODE,
		.allowed = "0-3",
		.other = 0,
		.broken = { "", "" } },
};

static void check_broken(const struct broken_row *row, enum side side)
{
	struct rules rules = {
		.allowed = read_set(row->allowed),
		.nic_busy = read_set(row->nic_busy),
		.isolated = read_set(row->isolated),
		.near = read_set(row->near),
	};
	struct cpuset broken = read_set(NULL);
	char name[64], list[64];

	for (int cpu = 0; cpu < 4; cpu++) {
		if (rule_is_broken(row->rule, &rules, side, cpu, row->other))
			cpuset_add(&broken, (unsigned int)cpu);
	}
	snprintf(name, sizeof name, "%s, %s", row->name, side_name(side));
	cpuset_format(&broken, list, sizeof list);
	expect_str(name, list, row->broken[side]);
}

static void what_breaks_a_rule(void **state)
{
	bool seen[RULE_COUNT] = { false };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken_rows); i++) {
		for (enum side side = 0; side < SIDE_COUNT; side++)
			check_broken(&broken_rows[i], side);
		seen[broken_rows[i].rule] = true;
	}
	for (enum rule rule = 0; rule < RULE_COUNT; rule++)
		expect_true("every rule has a row", seen[rule]);
}

/* --- the strongest one ----------------------------------------------------------------------- */

static void the_strongest_goes_first(void **state)
{
	/* CPUs: 0 is right; 1 far; 2 far and busy; 3 far, busy and not allowed; 4 busy only. */
	static const struct {
		const char *name;
		struct place place;
		enum rule broken[SIDE_COUNT];
	} rows[] = {
		{ .name = "none", .place = { { 4, 0 } }, .broken = { RULE_COUNT, RULE_COUNT } },
		{ .name = "far", .place = { { 0, 1 } }, .broken = { RULE_COUNT, RULE_NODE } },
		{ .name = "NIC before far",
			.place = { { 2, 4 } },
			.broken = { RULE_NODE, RULE_NIC } },
		{ .name = "NIC and far", .place = { { 1, 2 } }, .broken = { RULE_NODE, RULE_NIC } },
		{ .name = "together", .place = { { 0, 0 } }, .broken = { RULE_APART, RULE_APART } },
		{ .name = "together before NIC",
			.place = { { 2, 2 } },
			.broken = { RULE_APART, RULE_APART } },
		{ .name = "not allowed",
			.place = { { 3, 0 } },
			.broken = { RULE_ALLOWED, RULE_COUNT } },
		{ .name = "not allowed before all",
			.place = { { 3, 3 } },
			.broken = { RULE_ALLOWED, RULE_ALLOWED } },
	};
	struct rules rules = {
		.allowed = read_set("0-2,4"),
		.nic_busy = read_set("2-4"),
		.near = read_set("0,4"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (enum side side = 0; side < SIDE_COUNT; side++)
			expect_int(rows[i].name, rules_broken(&rules, side, rows[i].place),
				rows[i].broken[side]);
	}
}

/* --- the words ------------------------------------------------------------------------------- */

static void every_rule_has_its_words(void **state)
{
	static const struct {
		const char *taken, *skipped, *moved;
	} rows[RULE_COUNT] = {
		[RULE_ALLOWED] = { .taken = "not an allowed CPU", .moved = "not an allowed CPU" },
		[RULE_APART] = { .taken = "the queue's other side",
			.skipped = "there is no other CPU",
			.moved = "apart from the other side" },
		[RULE_NIC] = { .taken = "takes NIC interrupts",
			.skipped = "all that are left take NIC interrupts",
			.moved = "takes NIC interrupts" },
		[RULE_ISOLATED] = { .taken = "isolated from other work",
			.skipped = "all that are left are isolated from other work",
			.moved = "isolated from other work" },
		[RULE_NODE] = { .taken = "not on the guest's node",
			.skipped = "none that is left is on the guest's node",
			.moved = "not on the guest's node" },
	};

	(void)state;
	for (enum rule rule = 0; rule < RULE_COUNT; rule++) {
		assert_non_null(rows[rule].taken);
		expect_str(rows[rule].taken, rule_taken(rule), rows[rule].taken);
		expect_str(rows[rule].taken, rule_move_reason(rule), rows[rule].moved);
		if (rule == RULE_ALLOWED)
			assert_null(rule_skipped(rule));
		else
			expect_str(rows[rule].taken, rule_skipped(rule), rows[rule].skipped);
	}
	expect_str("no rule", rule_move_reason(RULE_COUNT), "load");
}

/* --- what tx leaves to rx -------------------------------------------------------------------- */

static void left_to_rx(void **state)
{
	static const struct {
		const char *name, *allowed, *nic_busy, *near;
		int left;
	} rows[] = {
		{ .name = "no NIC", .allowed = "0-3", .left = CPU_NONE },
		{ .name = "no NIC, one CPU", .allowed = "3", .left = CPU_NONE },
		{ .name = "two are not busy",
			.allowed = "0-3",
			.nic_busy = "0-1",
			.left = CPU_NONE },
		{ .name = "one is not busy", .allowed = "0-3", .nic_busy = "0,2-3", .left = 1 },
		{ .name = "all are busy", .allowed = "0-3", .nic_busy = "0-3", .left = CPU_NONE },
		{ .name = "the one that is not busy is not allowed",
			.allowed = "0-2",
			.nic_busy = "0-2",
			.left = CPU_NONE },
		{ .name = "a node binds tx too", .allowed = "0-3", .near = "1", .left = CPU_NONE },
		{ .name = "the one that is not busy is far",
			.allowed = "0-3",
			.nic_busy = "0-2",
			.near = "0-2",
			.left = 3 },
		{ .name = "no CPU", .left = CPU_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rules rules = {
			.allowed = read_set(rows[i].allowed),
			.nic_busy = read_set(rows[i].nic_busy),
			.near = read_set(rows[i].near),
		};

		expect_int(rows[i].name, rules_left_to_rx(&rules), rows[i].left);
	}
}

/* --- NIC-busy CPUs ---------------------------------------------------------------------------- */

static void nic_busy(void **state)
{
	static const struct {
		const char *name, *allowed;
		unsigned int irqs[4];
		unsigned long long counts[4];
		const char *busy, *busy_without_counts; /* left out: none */
	} rows[] = {
		{ .name = "no NIC", .allowed = "0-3", .counts = { 9, 0, 0, 0 } },
		{ .name = "one CPU",
			.allowed = "0-3",
			.irqs = { 0, 1, 0, 0 },
			.busy = "1",
			.busy_without_counts = "1" },
		{ .name = "delivered goes before counted",
			.allowed = "0-3",
			.irqs = { 0, 1, 0, 0 },
			.counts = { 9, 0, 0, 0 },
			.busy = "1",
			.busy_without_counts = "1" },
		{ .name = "three CPUs",
			.allowed = "0-3",
			.irqs = { 2, 1, 0, 4 },
			.busy = "0-1,3",
			.busy_without_counts = "0-1,3" },
		{ .name = "all, even",
			.allowed = "0-3",
			.irqs = { 1, 1, 1, 1 },
			.counts = { 5, 5, 5, 5 } },
		{ .name = "all, nothing has come", .allowed = "0-3", .irqs = { 1, 1, 1, 1 } },
		{ .name = "all, twice the mean",
			.allowed = "0-3",
			.irqs = { 1, 1, 1, 1 },
			.counts = { 8, 4, 4, 0 } },
		{ .name = "all, more than twice the mean",
			.allowed = "0-3",
			.irqs = { 1, 1, 1, 1 },
			.counts = { 9, 4, 3, 0 },
			.busy = "0" },
		{ .name = "all of those allowed",
			.allowed = "1-2",
			.irqs = { 0, 1, 1, 0 },
			.counts = { 90, 1, 0, 0 } },
		{ .name = "others are not allowed", .allowed = "0-1", .irqs = { 0, 0, 1, 1 } },
		{ .name = "no CPU", .irqs = { 1, 1, 1, 1 }, .counts = { 1, 2, 3, 4 } },
	};
	static unsigned long long counts[CPUSET_MAX];
	static struct cpu_load loads[CPUSET_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cpuset allowed = read_set(rows[i].allowed), busy;
		struct cpuset wanted = read_set(rows[i].busy);

		/* Sides do not make a CPU busy. */
		for (unsigned int cpu = 0; cpu < 4; cpu++)
			loads[cpu] =
				(struct cpu_load){ .sides = { 7, 7 }, .nic = rows[i].irqs[cpu] };
		memcpy(counts, rows[i].counts, sizeof rows[i].counts);
		rules_nic_busy(&allowed, loads, counts, &busy);
		expect_true(rows[i].name, cpuset_equal(&busy, &wanted));
		rules_nic_busy(&allowed, loads, NULL, &busy);
		wanted = read_set(rows[i].busy_without_counts);
		expect_true(rows[i].name, cpuset_equal(&busy, &wanted));
	}
}

int main(void)
{
	static const struct CMUnitTest rules_tests[] = {
		UNIT_TEST(what_breaks_a_rule),
		UNIT_TEST(the_strongest_goes_first),
		UNIT_TEST(every_rule_has_its_words),
		UNIT_TEST(left_to_rx),
		UNIT_TEST(nic_busy),
	};

	return cmocka_run_group_tests(rules_tests, NULL, NULL);
}
