// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "load.h"
#include "util.h"

#define MAX_CPUS 4

static void a_total_counts_all(void **state)
{
	struct cpu_load load = { .sides = { [SIDE_TX] = 1, [SIDE_RX] = 20 }, .nic = 300 };

	(void)state;
	assert_int_equal(load_total(&load), 321);
}

/* --- places ------------------------------------------------------------------------------------
 */

static void places_are_added_and_removed(void **state)
{
	static const struct {
		const char *name;
		struct place places[3];
		unsigned int n;
		unsigned int sides[MAX_CPUS][SIDE_COUNT]; /* of each CPU: tx, rx */
	} rows[] = {
		{ .name = "no place" },
		{ .name = "one",
			.places = { { { 0, 1 } } },
			.n = 1,
			.sides = { { 1, 0 }, { 0, 1 } } },
		{ .name = "only so many count",
			.places = { { { 0, 1 } }, { { 2, 3 } } },
			.n = 1,
			.sides = { { 1, 0 }, { 0, 1 } } },
		{ .name = "both sides on a CPU",
			.places = { { { 2, 2 } } },
			.n = 1,
			.sides = { [2] = { 1, 1 } } },
		{ .name = "many",
			.places = { { { 0, 1 } }, { { 0, 3 } }, { { 1, 0 } } },
			.n = 3,
			.sides = { { 2, 1 }, { 1, 1 }, { 0, 0 }, { 0, 1 } } },
		{ .name = "not placed",
			.places = { { { CPU_NONE, 1 } }, { { 2, CPU_NONE } },
				{ { CPU_NONE, CPU_NONE } } },
			.n = 3,
			.sides = { [1] = { 0, 1 }, [2] = { 1, 0 } } },
	};
	static const struct cpu_load before = { .sides = { 5, 6 }, .nic = 7 };
	struct cpu_load loads[MAX_CPUS];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++)
			loads[cpu] = before;
		load_add(loads, rows[i].places, rows[i].n);
		for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
			for (enum side side = 0; side < SIDE_COUNT; side++)
				expect_int(rows[i].name, loads[cpu].sides[side],
					before.sides[side] + rows[i].sides[cpu][side]);
			expect_int(rows[i].name, loads[cpu].nic, before.nic);
		}
		load_remove(loads, rows[i].places, rows[i].n);
		for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++)
			expect_int(rows[i].name, memcmp(&loads[cpu], &before, sizeof before), 0);
	}
}

/* --- spread ------------------------------------------------------------------------------------
 */

static void how_even_the_load_is(void **state)
{
	static const struct {
		const char *name, *cpus;
		struct cpu_load loads[MAX_CPUS];
		struct load_spread wanted;
	} rows[] = {
		{ .name = "no CPU", .loads = { { .sides = { 1, 2 }, .nic = 3 } } },
		{ .name = "nothing", .cpus = "0-3", .wanted = { .cpus = 4 } },
		{ .name = "one CPU",
			.cpus = "1",
			.loads = { [1] = { .sides = { 1, 2 }, .nic = 3 } },
			.wanted = { .cpus = 1,
				.sides = { 1, 2 },
				.nic = 3,
				.least = 6,
				.most = 6,
				.least_sides = { 1, 2 },
				.most_sides = { 1, 2 } } },
		{ .name = "others do not count",
			.cpus = "0,2",
			.loads = { { .sides = { 1, 1 } }, { .sides = { 9, 9 }, .nic = 9 },
				{ .sides = { 1, 1 } } },
			.wanted = { .cpus = 2,
				.sides = { 2, 2 },
				.least = 2,
				.most = 2,
				.least_sides = { 1, 1 },
				.most_sides = { 1, 1 } } },
		{ .name = "even in total, not by direction",
			.cpus = "0-1",
			.loads = { { .sides = { 4, 0 } }, { .sides = { 0, 3 }, .nic = 1 } },
			.wanted = { .cpus = 2,
				.sides = { 4, 3 },
				.nic = 1,
				.least = 4,
				.most = 4,
				.least_sides = { 0, 0 },
				.most_sides = { 4, 3 } } },
		{ .name = "uneven in all",
			.cpus = "0-3",
			.loads = { { .sides = { 2, 5 } }, { .sides = { 3, 1 } },
				{ .sides = { 7, 2 }, .nic = 1 }, { .sides = { 4, 4 } } },
			.wanted = { .cpus = 4,
				.sides = { 16, 12 },
				.nic = 1,
				.least = 4,
				.most = 10,
				.least_sides = { 2, 1 },
				.most_sides = { 7, 5 } } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct load_spread *wanted = &rows[i].wanted;
		const char *name = rows[i].name;
		struct load_spread got;
		struct cpuset cpus;

		assert_int_equal(cpuset_parse_list(rows[i].cpus ? rows[i].cpus : "", &cpus), 0);
		got = load_spread(rows[i].loads, &cpus);
		expect_int(name, got.cpus, wanted->cpus);
		expect_int(name, got.nic, wanted->nic);
		expect_int(name, got.least, wanted->least);
		expect_int(name, got.most, wanted->most);
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			expect_int(name, got.sides[side], wanted->sides[side]);
			expect_int(name, got.least_sides[side], wanted->least_sides[side]);
			expect_int(name, got.most_sides[side], wanted->most_sides[side]);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest load_tests[] = {
		UNIT_TEST(a_total_counts_all),
		UNIT_TEST(places_are_added_and_removed),
		UNIT_TEST(how_even_the_load_is),
	};

	return cmocka_run_group_tests(load_tests, NULL, NULL);
}
