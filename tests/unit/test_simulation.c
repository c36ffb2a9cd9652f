// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_simulation - what must hold of moves by measured work, minute for minute, on the simulated
 * hosts of tests/bench/simulate, whose tables judge how good they are.
 */
#include "unit.h"

#include "policies.h"

#include "plan.h"
#include "rebalance.h"
#include "util.h"

#include <math.h>

#define HOSTS    24 /* random ones of each kind */
#define RESTARTS 200

#define HOUR   60
#define STEADY 10 /* minutes after the third, as the tables have it */

/* What is not worth moving for, from what balance_work.h takes for as good as the best; and from
 * what it finds at worst. */
#define GAIN    (REBALANCE_GAIN / 100.0)
#define SOON    (1.01 / (1 - GAIN))
#define AT_LAST (1.1 / (1 - GAIN))

static void place_by_count(struct host *host, struct sim_vif *vif)
{
	struct plan_input input = { .rules = &host->rules, .load = host->load };

	assert_int_equal(plan_vif(&input, vif->places, vif->n_queues, NULL, 0, NULL), 0);
}

/* A host with traffic of some kind and of a random direction. */
static void begin(struct host *host, struct random *random, enum traffic traffic)
{
	static const unsigned int cpus[] = { 4, 8, 16 }, vifs[] = { 10, 100 };
	struct load_kind kind = { .traffic = traffic };

	kind.share[SIDE_TX] = random_below(random, 11) / 10.0;
	kind.share[SIDE_RX] = 1 - kind.share[SIDE_TX];
	host_begin(host, cpus[random_below(random, ARRAY_SIZE(cpus))],
		vifs[random_below(random, ARRAY_SIZE(vifs))], random_below(random, 1000000), &kind,
		place_by_count);
}

/* In CPUs: nothing moves where none has more to do. */
static double threshold(void)
{
	struct config config;

	config_default(&config);
	return config.rebalance_threshold / 100.0;
}

/* Sides of as many queues as may move at once. */
static unsigned int most_moves(const struct host *host)
{
	return SIDE_COUNT * MOVES_CPU * host->n_cpus;
}

static unsigned int moves_of_a_minute(struct host *host)
{
	unsigned int before = host->moves;

	rebalance_automatically(host);
	return host->moves - before;
}

/* What a CPU has to do: moves of one side, each to the least loaded CPU, while that relieves it. */
static bool descend(struct host *host, double *work)
{
	unsigned int most = 0, least = 0;

	for (unsigned int cpu = 1; cpu < host->n_cpus; cpu++) {
		most = work[cpu] > work[most] ? cpu : most;
		least = work[cpu] < work[least] ? cpu : least;
	}
	for (unsigned int i = 0; i < host->n_vifs; i++) {
		struct sim_vif *vif = &host->vifs[i];

		for (unsigned int q = 0; q < vif->n_queues; q++) {
			for (enum side side = 0; side < SIDE_COUNT; side++) {
				if (vif->places[q].cpu[side] != (int)most || vif->work[side] <= 0 ||
					work[least] + vif->work[side] >= work[most])
					continue;
				host_move(host, vif, q, side, (int)least);
				work[most] -= vif->work[side];
				work[least] += vif->work[side];
				return true;
			}
		}
	}
	return false;
}

/* The best of many ways to place all sides at random and to go on from there; rules do not count.
 */
static double best_of_restarts(const struct host *host, struct random *random)
{
	static struct host other;
	double best = INFINITY;

	for (unsigned int n = 0; n < RESTARTS; n++) {
		double work[CPUS_MAX];

		other = *host;
		for (unsigned int i = 0; i < other.n_vifs; i++) {
			for (unsigned int q = 0; q < other.vifs[i].n_queues; q++) {
				for (enum side side = 0; side < SIDE_COUNT; side++)
					other.vifs[i].places[q].cpu[side] =
						(int)random_below(random, other.n_cpus);
			}
		}
		host_work(&other, false, work);
		while (descend(&other, work))
			;
		best = fmin(best, host_unevenness(&other, false));
	}
	return best;
}

/* Nothing has to move, or it is nearly as even as the bound or the best of many restarts. */
static bool is_even(const struct host *host, double nearly, struct random *random)
{
	double unevenness = host_unevenness(host, false), work[CPUS_MAX], most = 0;

	host_work(host, false, work);
	for (unsigned int cpu = 0; cpu < host->n_cpus; cpu++)
		most = fmax(most, work[cpu]);
	return most < threshold() || unevenness <= nearly * host_bound(host) ||
	       unevenness <= nearly * best_of_restarts(host, random);
}

/*
 * Three minutes are enough for most hosts, and then hardly anything moves. A side that needs a CPU
 * for itself may have to wait until all others have left it, but some time nothing moves any more;
 * then all is nearly even.
 */
static void heavy_traffic(void **state)
{
	struct random random = random_start("heavy_traffic");
	unsigned int soon = 0, calm = 0, all = 0;
	static struct host host;

	(void)state;
	for (unsigned int i = 0; i < HOSTS; i++) {
		unsigned int minute = 0, moves, later = 0;
		char row[64];

		begin(&host, &random, TRAFFIC_HEAVY);
		snprintf(row, sizeof row, "host %u: %u CPUs, %u vifs", i, host.n_cpus, host.n_vifs);
		while (minute++ < 3)
			moves_of_a_minute(&host);
		soon += is_even(&host, SOON, &random);
		while (minute < HOUR && (moves = moves_of_a_minute(&host)) > 0) {
			later += moves;
			minute++;
		}
		calm += later <= STEADY;
		all += later;
		expect_true(row, minute < HOUR);
		expect_true(row, is_even(&host, AT_LAST, &random));
		for (unsigned int n = 0; n < 10; n++)
			expect_int(row, moves_of_a_minute(&host), 0);
	}
	expect_true("three of four hosts after three minutes", 4 * soon >= 3 * HOSTS);
	expect_true("three of four with at most one move a minute then", 4 * calm >= 3 * HOSTS);
	expect_true("all of them, on average", all <= STEADY * HOSTS);
}

/* Every minute helps, moves only a few sides, and leaves those of a queue apart. */
static void changing_traffic(void **state)
{
	struct random random = random_start("changing_traffic");
	static struct host host;

	(void)state;
	for (unsigned int i = 0; i < HOSTS; i++) {
		struct load_kind kind = {
			.traffic = TRAFFIC_HEAVY, .changes = 0.05, .share = { 0.5, 0.5 }
		};
		char row[64];

		begin(&host, &random, TRAFFIC_HEAVY);
		snprintf(row, sizeof row, "host %u: %u CPUs, %u vifs", i, host.n_cpus, host.n_vifs);
		for (unsigned int minute = 0; minute < 20; minute++) {
			double before;
			unsigned int moves;

			host_change_traffic(&host, &kind);
			before = host_unevenness(&host, false);
			moves = moves_of_a_minute(&host);
			expect_true(row, moves <= most_moves(&host));
			expect_true(row, host_unevenness(&host, false) <= before + 1e-9);
			for (unsigned int v = 0; v < host.n_vifs; v++) {
				const struct sim_vif *vif = &host.vifs[v];

				for (unsigned int q = 0; q < vif->n_queues; q++)
					expect_true(row, vif->places[q].cpu[SIDE_TX] !=
								 vif->places[q].cpu[SIDE_RX]);
			}
		}
	}
}

/* What count has made even stays where it is. */
static void even_traffic(void **state)
{
	struct random random = random_start("even_traffic");
	static struct host host;

	(void)state;
	for (unsigned int i = 0; i < HOSTS; i++) {
		char row[64];

		do
			begin(&host, &random, TRAFFIC_ALIKE);
		while (host.n_vifs < 100);
		snprintf(row, sizeof row, "host %u: %u CPUs, %u vifs", i, host.n_cpus, host.n_vifs);
		for (unsigned int minute = 0; minute < 10; minute++)
			expect_int(row, moves_of_a_minute(&host), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(heavy_traffic),
		UNIT_TEST(changing_traffic),
		UNIT_TEST(even_traffic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
