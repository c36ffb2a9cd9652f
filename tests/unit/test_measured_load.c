// SPDX-License-Identifier: GPL-2.0-or-later
/* What CPUs carry by what has been measured. work_text.h has the notation; loads are in percent. */
#include "unit.h"

#include "measured_load.h"
#include "story.h"
#include "util.h"
#include "work_text.h"

static const struct load_row {
	const char *name, *ledger, *work, *cpus;
	int mean;
	const char *loads; /* "CPU:besides+share/sides" of those that carry something */
} load_rows[] = {
	{ .name = "nothing", .cpus = "0:5/0", .loads = "0:5+0/0" },
	{ .name = "what sides cost, and what a CPU is busy with besides",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 0/2",
		.work = "1.0 30/20\n2.0 10/40",
		.cpus = "0:60/40 1:20/20 2:40/40 3:7/0",
		.mean = 25,
		.loads = "0:20+40/2 1:0+20/1 2:0+40/1 3:7+0/0" },
	{ .name = "sides of unknown cost, and such as have no queue yet, count as the mean",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 reserved 0/1 2/3",
		.work = "1.0 30/?",
		.cpus = "0:30/30 1:50/? 3:9/0",
		.mean = 30,
		.loads = "0:0+60/2 1:0+60/2 2:0+30/1 3:9+30/1" },
	{ .name = "what stood there then does not count as anything besides",
		.ledger = "1.0 g1 pinned 1/0",
		.work = "1.0 50/0",
		.cpus = "0:55/50 1:3/0",
		.mean = 25,
		.loads = "0:5+0/1 1:3+50/1" },
	{ .name = "of a CPU that was offline nothing is known",
		.ledger = "1.0 g1 pinned 0/1",
		.work = "1.0 50/10",
		.cpus = "0:?/? 1:10/10",
		.mean = 30,
		.loads = "0:0+50/1 1:0+10/1" },
	{ .name = "no share is known at all",
		.ledger = "1.0 g1 pinned 0/1",
		.work = "1.0 ?/?",
		.cpus = "0:10/?",
		.loads = "0:10+0/1 1:0+0/1" },
};

static void check_row(const struct load_row *row)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };
	const int percent = WORK_WHOLE / 100;
	struct measured_load load;
	struct pen loads = { .len = 0 };
	struct work work;

	read_ledger(row->ledger, &ledger);
	read_work(row->work, row->cpus, &work);
	spoil(&load, sizeof load);
	expect_int(row->name, measured_load_of(&ledger, &work, &load), 0);
	expect_int(row->name, load.mean, row->mean * percent);
	for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++) {
		if (load.besides[cpu] || load.sums[cpu].sides)
			put_down(&loads, "%s%u:%d+%lld/%u", loads.len ? " " : "", cpu,
				load.besides[cpu] / percent, load.sums[cpu].share / percent,
				load.sums[cpu].sides);
	}
	expect_str(row->name, loads.text, row->loads);
	measured_load_free(&load);
	work_free(&work);
}

static void what_cpus_carry(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(load_rows); i++)
		check_row(&load_rows[i]);
}

/* Sides that come count as the mean, sides that go as the mean of those that stood there. */
static void sides_come_and_go(void **state)
{
	static const struct {
		unsigned int tx, rx;
		long long load; /* in thousandths */
	} rows[] = {
		{ 2, 1, 100 + 900 },
		{ 2, 2, 100 + 900 + 20 },
		{ 0, 5, 100 + 900 + 40 },
		{ 1, 1, 100 + 600 },
		{ 0, 1, 100 + 300 },
		{ 0, 0, 100 },
	};
	struct measured_load load;

	(void)state;
	read_measured_load("3:100+900/3", 20, &load);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct cpu_load now = { .sides = { rows[i].tx, rows[i].rx }, .nic = 7 };

		assert_int_equal(measured_load_now(&load, 3, &now), rows[i].load * 1000);
	}
	assert_int_equal(measured_load_now(&load, 2, &(struct cpu_load){ .nic = 1 }), 0);
	measured_load_free(&load);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(what_cpus_carry),
		UNIT_TEST(sides_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
