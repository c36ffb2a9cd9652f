// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "cpuset.h"
#include "top.h"
#include "util.h"

/* Three vifs of two queues each that are connected, and one that is reserved. */
static struct place places[][2] = {
	{ { { 0, 1 } }, { { 2, 3 } } },
	{ { { 1, 0 } }, { { 3, 2 } } },
	{ { { 0, 1 } }, { { 2, 3 } } },
	{ { { 1, 0 } }, { { 3, 2 } } },
};
static char domain[] = "g";
static struct vif_entry entries[] = {
	{ .id = { 1, 0 },
		.domain = domain,
		.state = VIF_PINNED,
		.places = places[0],
		.n_queues = 2 },
	{ .id = { 1, 1 },
		.domain = domain,
		.state = VIF_PARTIAL,
		.places = places[1],
		.n_queues = 2 },
	{ .id = { 2, 0 },
		.domain = domain,
		.state = VIF_RESERVED,
		.places = places[2],
		.n_queues = 2 },
	{ .id = { 10, 0 },
		.domain = domain,
		.state = VIF_PINNED,
		.places = places[3],
		.n_queues = 2 },
};
static const struct ledger ledger = { .vifs = entries, .n_vifs = ARRAY_SIZE(entries) };

/* 1.0 has the most packets and 10.0 costs most; of 1.1 rx is not known in one queue. */
static struct queue_work queues[][2] = {
	{ { { 10000, 20000 }, 5 }, { { 30000, 40000 }, 900 } },
	{ { { 1000, WORK_UNKNOWN }, 7 }, { { 2000, 3000 }, 9 } },
	{ { { 900000, 800000 }, 40 }, { { 700000, 600000 }, 30 } },
};
static struct vif_work vifs[] = {
	{ { 1, 0 }, { 5000, 4000 }, { 500000, 400000 }, queues[0], 2 },
	{ { 1, 1 }, { 2, 1 }, { 200, 100 }, queues[1], 2 },
	{ { 10, 0 }, { 300, 200 }, { 30000, 20000 }, queues[2], 2 },
};

static struct cpu_counters seen[CPUSET_MAX] = {
	[0] = { .known = true },
	[1] = { .known = true },
	[3] = { .known = true },
};
static const struct counters latest = { .cpus = seen };

#define UNKNOWN                                                                                    \
	{                                                                                          \
		WORK_UNKNOWN, WORK_UNKNOWN, WORK_UNKNOWN, WORK_UNKNOWN                             \
	}

static struct cpu_work cpus[CPUSET_MAX] = {
	[0] = { 200000, 100000, 50000, 60000 },
	[1] = { 900000, 800000, 700000, 100000 },
	[2] = { 990000, 0, 0, 0 },
	[3] = UNKNOWN,
};
static const struct work work = { .vifs = vifs, .n_vifs = ARRAY_SIZE(vifs), .cpus = cpus };
static const struct work no_work;

/* "1.0q1:30000/40000 ..." of the rows, "1:900000 ..." of the CPUs. */
static void write_top(const struct top *top, struct pen *pen)
{
	for (size_t i = 0; i < top->n_rows; i++) {
		const struct top_row *row = &top->rows[i];

		put_down(pen, "%s%u.%uq%u:%d/%d", i ? " " : "", row->vif->id.domid,
			row->vif->id.devid, row->queue, row->share[SIDE_TX], row->share[SIDE_RX]);
	}
	put_down(pen, ",");
	for (size_t i = 0; i < top->n_cpus; i++)
		put_down(pen, " %u:%d", top->cpus[i].cpu, top->cpus[i].work.busy);
}

static void rows_are_in_order(void **state)
{
	static const struct {
		const char *name;
		const struct work *work;
		bool queues;
		enum top_order order;
		const char *expected;
	} rows[] = {
		{ "vifs by share", &work, false, TOP_BY_SHARE,
			"10.0q0:1600000/1400000 1.0q0:40000/60000 1.1q0:3000/-1,"
			" 1:900000 0:200000 3:-1" },
		{ "vifs by packets", &work, false, TOP_BY_PACKETS,
			"1.0q0:40000/60000 10.0q0:1600000/1400000 1.1q0:3000/-1,"
			" 1:900000 0:200000 3:-1" },
		{ "vifs by number", &work, false, TOP_BY_VIF,
			"1.0q0:40000/60000 1.1q0:3000/-1 10.0q0:1600000/1400000,"
			" 0:200000 1:900000 3:-1" },
		{ "queues by share", &work, true, TOP_BY_SHARE,
			"10.0q0:900000/800000 10.0q1:700000/600000 1.0q1:30000/40000"
			" 1.0q0:10000/20000 1.1q1:2000/3000 1.1q0:1000/-1,"
			" 1:900000 0:200000 3:-1" },
		{ "queues by interrupts", &work, true, TOP_BY_PACKETS,
			"1.0q1:30000/40000 10.0q0:900000/800000 10.0q1:700000/600000"
			" 1.1q1:2000/3000 1.1q0:1000/-1 1.0q0:10000/20000,"
			" 1:900000 0:200000 3:-1" },
		{ "queues by number", &work, true, TOP_BY_VIF,
			"1.0q0:10000/20000 1.0q1:30000/40000 1.1q0:1000/-1 1.1q1:2000/3000"
			" 10.0q0:900000/800000 10.0q1:700000/600000,"
			" 0:200000 1:900000 3:-1" },
		{ "nothing is measured", &no_work, false, TOP_BY_SHARE,
			"1.0q0:-1/-1 1.1q0:-1/-1 10.0q0:-1/-1, 0:-1 1:-1 3:-1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pen pen = { .len = 0 };
		struct top top;

		assert_int_equal(top_list(&ledger, &latest, rows[i].work, rows[i].queues,
					 rows[i].order, &top),
			0);
		write_top(&top, &pen);
		expect_str(rows[i].name, pen.text, rows[i].expected);
		expect_int(rows[i].name, top.n_vifs, 3);
		expect_int(rows[i].name, top.n_queues, 6);
		top_free(&top);
	}
}

static void rows_have_what_was_measured(void **state)
{
	struct top top;

	(void)state;
	assert_int_equal(top_list(&ledger, &latest, &work, false, TOP_BY_VIF, &top), 0);
	assert_true(top.rows[0].measured);
	assert_int_equal(top.rows[0].packets[SIDE_TX], 5000);
	assert_int_equal(top.rows[0].packets[SIDE_RX], 4000);
	assert_int_equal(top.rows[0].bytes[SIDE_TX], 500000);
	assert_int_equal(top.rows[0].bytes[SIDE_RX], 400000);
	assert_int_equal(top.rows[0].interrupts, 905);
	assert_int_equal(top.cpus[1].work.nic, 700000);
	top_free(&top);
	assert_int_equal(top_list(&ledger, &latest, &no_work, true, TOP_BY_VIF, &top), 0);
	assert_false(top.rows[0].measured);
	top_free(&top);
}

static void lines_are_shared_out(void **state)
{
	static const struct {
		const char *name;
		size_t lines, cpus, rows, expected;
	} rows[] = {
		{ "all fit", 20, 4, 10, 4 },
		{ "few CPUs, many vifs", 20, 4, 100, 4 },
		{ "many CPUs, few vifs", 20, 64, 3, 17 },
		{ "many of both", 20, 64, 100, 10 },
		{ "many of both, an odd number", 21, 64, 100, 10 },
		{ "no vif", 20, 64, 0, 20 },
		{ "no room", 0, 4, 4, 0 },
		{ "a line", 1, 4, 4, 0 },
		{ "two lines", 2, 4, 4, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_int(rows[i].name, top_split(rows[i].lines, rows[i].cpus, rows[i].rows),
			rows[i].expected);
}

int main(void)
{
	static const struct CMUnitTest top_tests[] = {
		UNIT_TEST(rows_are_in_order),
		UNIT_TEST(rows_have_what_was_measured),
		UNIT_TEST(lines_are_shared_out),
	};

	return cmocka_run_group_tests(top_tests, NULL, NULL);
}
