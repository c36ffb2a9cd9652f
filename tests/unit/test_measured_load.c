// SPDX-License-Identifier: GPL-2.0-or-later
/* What CPUs carry by what has been measured. work_text.h has the notation; loads are in percent. */
#include "unit.h"

#include "measured_load.h"
#include "story.h"
#include "util.h"
#include "work_text.h"

static const struct load_row {
	const char *name, *ledger, *work, *cpus;
	int mean[SIDE_COUNT];
	const char *loads; /* "CPU:besides+share/sides+share/sides" of those that carry something */
} load_rows[] = {
	{ .name = "nothing", .cpus = "0:5/0", .loads = "0:5+0/0+0/0" },
	{ .name = "what sides cost, and what a CPU is busy with besides",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 0/2",
		.work = "1.0 30/20\n2.0 10/40",
		.cpus = "0:60/40 1:20/20 2:40/40 3:7/0",
		.mean = { 20, 30 },
		.loads = "0:20+40/2+0/0 1:0+0/0+20/1 2:0+0/0+40/1 3:7+0/0+0/0" },
	{ .name = "sides of unknown cost, and such as have no queue yet, count as the mean of "
		  "their "
		  "direction",
		.ledger = "1.0 g1 pinned 0/1 4/4\n2.0 g2 reserved 0/1 2/3",
		.work = "1.0 30/? ?/10",
		.cpus = "0:30/30 1:50/? 3:9/0",
		.mean = { 30, 10 },
		.loads = "0:0+60/2+0/0 1:30+0/0+20/2 2:0+30/1+0/0 3:9+0/0+10/1 4:0+30/1+10/1" },
	{ .name = "where none of a direction is known, as the mean of the other",
		.ledger = "1.0 g1 pinned 0/1",
		.work = "1.0 30/?",
		.cpus = "0:30/30 1:50/?",
		.mean = { 30, 30 },
		.loads = "0:0+30/1+0/0 1:20+0/0+30/1" },
	{ .name = "what stood there then does not count as anything besides",
		.ledger = "1.0 g1 pinned 1/0",
		.work = "1.0 50/0",
		.cpus = "0:55/50 1:3/0",
		.mean = { 50, 0 },
		.loads = "0:5+0/0+0/1 1:3+50/1+0/0" },
	{ .name = "of a CPU that was offline nothing is known",
		.ledger = "1.0 g1 pinned 0/1",
		.work = "1.0 50/10",
		.cpus = "0:?/? 1:10/10",
		.mean = { 50, 10 },
		.loads = "0:0+50/1+0/0 1:0+0/0+10/1" },
	{ .name = "no share is known at all",
		.ledger = "1.0 g1 pinned 0/1",
		.work = "1.0 ?/?",
		.cpus = "0:10/?",
		.loads = "0:10+0/1+0/0 1:0+0/0+0/1" },
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
	for (enum side side = 0; side < SIDE_COUNT; side++)
		expect_int(row->name, load.mean[side], row->mean[side] * percent);
	for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++) {
		const struct cpu_sum *sum = &load.sums[cpu];

		if (load.besides[cpu] || cpu_sum_sides(sum))
			put_down(&loads, "%s%u:%d+%lld/%u+%lld/%u", loads.len ? " " : "", cpu,
				load.besides[cpu] / percent, sum->share[SIDE_TX] / percent,
				sum->sides[SIDE_TX], sum->share[SIDE_RX] / percent,
				sum->sides[SIDE_RX]);
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

/* Of each direction, sides that come count as the mean, sides that go as the mean of those that
 * stood there. */
static void sides_come_and_go(void **state)
{
	static const struct {
		unsigned int tx, rx;
		long long load; /* in thousandths */
	} rows[] = {
		{ 2, 1, 100 + 600 + 200 },
		{ 2, 2, 100 + 600 + 200 + 5 },
		{ 0, 5, 100 + 200 + 20 },
		{ 3, 1, 100 + 600 + 20 + 200 },
		{ 1, 1, 100 + 300 + 200 },
		{ 0, 1, 100 + 200 },
		{ 0, 0, 100 },
	};
	struct measured_load load;

	(void)state;
	read_measured_load("3:100+600/2+200/1", 20, &load);
	load.mean[SIDE_RX] = 5 * (WORK_WHOLE / 1000);
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
