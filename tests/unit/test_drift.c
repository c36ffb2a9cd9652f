// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "drift.h"
#include "story.h"
#include "util.h"

/* --- an entry against its targets --------------------------------------------------------- */

/*
 * A difference is written "KIND NAME SHOULD>IS". Ledger and targets are written as in story.h, but
 * for the vif's number before the targets.
 */
static const struct compare_row {
	const char *name, *ledger, *targets;
	const char *differences; /* left out: none */
} compare_rows[] = {
	{ .name = "all is where it should be",
		.ledger = "1.0 g1 pinned 0/1 2/3",
		.targets = "0/1 2/3" },
	{ .name = "not connected: there is nothing to compare",
		.ledger = "1.0 g1 pinned 0/1 2/3",
		.targets = "" },
	{ .name = "the state in the ledger plays no part",
		.ledger = "1.0 g1 reserved 0/1",
		.targets = "0/1 rx=2",
		.differences = "interrupt vif1.0-q0-rx 1>2\n" },

	{ .name = "an interrupt on another CPU",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 tx=1",
		.differences = "interrupt vif1.0-q0-tx 0>1\n" },
	{ .name = "an interrupt that may go to several CPUs, its own among them",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 tx=0,2-3",
		.differences = "interrupt vif1.0-q0-tx 0>0,2-3\n" },
	{ .name = "an interrupt whose mask could not be read",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 rx=?",
		.differences = "interrupt vif1.0-q0-rx 1>\n" },
	{ .name = "a thread on another CPU",
		.ledger = "1.0 g1 pinned 0/1 2/3",
		.targets = "0/1 2/3 guest-rx=8191",
		.differences = "thread vif1.0-q1-guest-rx 3>8191\n" },
	{ .name = "a thread that may run on several CPUs",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 dealloc=0-3",
		.differences = "thread vif1.0-q0-dealloc 0>0-3\n" },
	{ .name = "a thread whose mask could not be read",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 dealloc=?",
		.differences = "thread vif1.0-q0-dealloc 0>\n" },
	{ .name = "the two sides have changed places",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "1/0",
		.differences = "interrupt vif1.0-q0-tx 0>1\n"
			       "interrupt vif1.0-q0-rx 1>0\n"
			       "thread vif1.0-q0-guest-rx 1>0\n"
			       "thread vif1.0-q0-dealloc 0>1\n" },
	{ .name = "one interrupt for both directions is where tx should be",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 combined=0" },
	{ .name = "one interrupt for both directions is elsewhere",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 combined=1",
		.differences = "interrupt vif1.0-q0 0>1\n" },

	{ .name = "the mask is right, and the interrupt is delivered elsewhere",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 rx=1>0",
		.differences = "delivery vif1.0-q0-rx 1>0\n" },
	{ .name = "it is not known to which CPU the interrupt is delivered",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 rx=1>" },
	{ .name = "mask and delivery are wrong: the mask is the one to tell of",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 rx=2>3",
		.differences = "interrupt vif1.0-q0-rx 1>2\n" },
	{ .name = "the mask is wrong, and the interrupt happens to be delivered as it should",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 rx=2>1",
		.differences = "interrupt vif1.0-q0-rx 1>2\n" },

	{ .name = "a tx interrupt is not there",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 tx=none",
		.differences = "missing vif1.0-q0-tx 0>\n" },
	{ .name = "an rx interrupt is not there",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 rx=none",
		.differences = "missing vif1.0-q0-rx 1>\n" },
	{ .name = "no thread is there",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 guest-rx=none dealloc=none",
		.differences = "missing vif1.0-q0-guest-rx 1>\nmissing vif1.0-q0-dealloc 0>\n" },
	{ .name = "nothing of a queue below the highest is there",
		.ledger = "1.0 g1 pinned 4/5 2/3",
		.targets = "0/1 tx=none rx=none guest-rx=none dealloc=none 2/3",
		.differences = "missing vif1.0-q0-tx 4>\n"
			       "missing vif1.0-q0-rx 5>\n"
			       "missing vif1.0-q0-guest-rx 5>\n"
			       "missing vif1.0-q0-dealloc 4>\n" },

	{ .name = "more queues than in the ledger: those without a place are not compared",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 0-3/0-3 tx=none dealloc=none",
		.differences = "queues vif1.0 1>2\n" },
	{ .name = "fewer queues: what those would have is not missing",
		.ledger = "1.0 g1 pinned 0/1 2/3 0/1",
		.targets = "0/1",
		.differences = "queues vif1.0 3>1\n" },
	{ .name = "an entry without queues",
		.ledger = "1.0 g1 reserved",
		.targets = "0-3/0-3",
		.differences = "queues vif1.0 0>1\n" },

	{ .name = "threads that may be each other, since one more is missing",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 guest-rx=2 dealloc=none unsure",
		.differences = "missing vif1.0-q0-dealloc 0>\n"
			       "ambiguous vif1.0-q0-guest-rx 1>2\n"
			       "thread vif1.0-q0-guest-rx 1>2\n" },
	{ .name = "such threads, each where the guess has it",
		.ledger = "1.0 g1 pinned 0/1 2/3",
		.targets = "0/1 unsure 2/3 dealloc=none unsure",
		.differences = "missing vif1.0-q1-dealloc 2>\n"
			       "ambiguous vif1.0-q0-guest-rx 1>1\n"
			       "ambiguous vif1.0-q0-dealloc 0>0\n"
			       "ambiguous vif1.0-q1-guest-rx 3>3\n" },
	{ .name = "such a thread of a queue without a place",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "0/1 2/3 unsure",
		.differences = "queues vif1.0 1>2\n" },
	{ .name = "threads that may be another vif's",
		.ledger = "1.0 g1 pinned 0/1",
		.targets = "crowded 0/1 guest-rx=none dealloc=none rx=none",
		.differences = "missing vif1.0-q0-rx 1>\n"
			       "ambiguous vif1.0-q0-guest-rx 1>\n"
			       "ambiguous vif1.0-q0-dealloc 0>\n" },

	{ .name = "the names are those that the targets bear, whatever the ledger has",
		.ledger = "1.0 g1 pinned 0/1 dev=web0",
		.targets = "dev=averylongname01 0/1 tx=2 guest-rx=none 0/1",
		.differences = "missing averylongname01-q0-guest-rx 1>\n"
			       "queues averylongname01 1>2\n"
			       "interrupt averylongname01-q0-tx 0>2\n" },
	{ .name = "first what is missing, then the queues, then the masks",
		.ledger = "1.0 g1 pinned 0/1 2/3 0/1",
		.targets = "0/1 dealloc=3 2/3 tx=2>0 rx=none guest-rx=2",
		.differences = "missing vif1.0-q1-rx 3>\n"
			       "queues vif1.0 3>2\n"
			       "delivery vif1.0-q1-tx 2>0\n"
			       "thread vif1.0-q0-dealloc 0>3\n"
			       "thread vif1.0-q1-guest-rx 3>2\n" },
};

/* It points to a target where there is one: always if a mask has to be written. */
static void check_target(
	const char *row, const struct difference *difference, const struct targets *targets)
{
	const struct target *target = difference->target;
	bool is_mask = difference->kind != DIFFERENCE_MISSING &&
		       difference->kind != DIFFERENCE_QUEUES &&
		       difference->kind != DIFFERENCE_AMBIGUOUS;

	expect_int(row, difference_is_mask(difference), is_mask);
	if (difference->kind != DIFFERENCE_AMBIGUOUS)
		expect_int(row, target != NULL, is_mask);
	if (!target)
		return;
	expect_true(row, target >= targets->v && target < targets->v + targets->n);
	expect_str(row, difference->name, target->name);
}

static void check_compare(const struct compare_row *row)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };
	_cleanup_free_ char *line = strdup(row->targets);
	_cleanup_free_ char *got = NULL;
	struct differences all;
	struct targets targets = { 0 };
	char dev[DEV_NAME_SIZE] = "vif1.0", is[64];
	size_t len;
	FILE *f = open_text(&got, &len);

	read_ledger(row->ledger, &ledger);
	read_targets(line, dev, &targets);
	spoil(&all, sizeof all);
	expect_int(row->name, drift_compare(&ledger.vifs[0], dev, &targets, &all), 0);
	for (size_t i = 0; i < all.n; i++) {
		check_target(row->name, &all.v[i], &targets);
		difference_format_is(&all.v[i], is, sizeof is);
		fprintf(f, "%s %s %u>%s\n", difference_name(all.v[i].kind), all.v[i].name,
			all.v[i].should, is);
	}
	fclose(f);
	expect_str(row->name, got, row->differences ? row->differences : "");
	differences_free(&all);
	expect_int(row->name, all.n, 0);
	targets_free(&targets);
}

static void comparing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(compare_rows); i++)
		check_compare(&compare_rows[i]);
}

/* A list that is longer than there is room is cut, and ends. */
static void a_long_list(void **state)
{
	char list[] = "0,2,4,6", is[4];
	struct target target = { .cpu = CPU_NONE, .delivered = CPU_NONE, .mask = list };
	struct difference difference = {
		.kind = DIFFERENCE_THREAD, .target = &target, .is = CPU_NONE
	};

	(void)state;
	difference_format_is(&difference, is, sizeof is);
	assert_string_equal(is, "0,2");
}

/* --- who it was --------------------------------------------------------------------------- */

static void causes(void **state)
{
	static const struct {
		const char *name;
		bool is_thread;
		unsigned int cpu;
		bool irqbalance_runs;
		const char *cause;
	} rows[] = {
		{ .name = "an interrupt", .cpu = 1, .cause = "unknown" },
		{ .name = "an interrupt, while irqbalance runs",
			.cpu = 1,
			.irqbalance_runs = true,
			.cause = "irqbalance" },
		{ .name = "an interrupt off a CPU that is offline",
			.cpu = 2,
			.irqbalance_runs = true,
			.cause = "cpu-offline" },
		{ .name = "a thread", .is_thread = true, .cpu = 1, .cause = "cpuset" },
		{ .name = "a thread, while irqbalance runs, which moves none",
			.is_thread = true,
			.cpu = 1,
			.irqbalance_runs = true,
			.cause = "cpuset" },
		{ .name = "a thread off a CPU that is offline",
			.is_thread = true,
			.cpu = 2,
			.cause = "cpu-offline" },
	};
	struct cpuset online;

	(void)state;
	read_set("0-1,3", &online);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum drift_cause cause = drift_cause(
			rows[i].is_thread, rows[i].cpu, &online, rows[i].irqbalance_runs);

		expect_str(rows[i].name, drift_cause_name(cause), rows[i].cause);
	}
}

/* Each has a name and a sentence of its own. */
static void every_cause_has_its_words(void **state)
{
	(void)state;
	for (enum drift_cause a = 0; a < CAUSE_COUNT; a++) {
		expect_true(drift_cause_name(a), strlen(drift_cause_text(a)) > 20);
		for (enum drift_cause b = 0; b < a; b++) {
			assert_string_not_equal(drift_cause_name(a), drift_cause_name(b));
			assert_string_not_equal(drift_cause_text(a), drift_cause_text(b));
		}
	}
}

int main(void)
{
	static const struct CMUnitTest drift[] = {
		UNIT_TEST(comparing),
		UNIT_TEST(a_long_list),
		UNIT_TEST(causes),
		UNIT_TEST(every_cause_has_its_words),
	};

	return cmocka_run_group_tests(drift, NULL, NULL);
}
