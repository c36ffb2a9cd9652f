// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "balance.h"
#include "util.h"

#define MAX_CPUS   4
#define MAX_QUEUES 4
#define MAX_STATES 65536 /* MAX_CPUS to the power of 2 * MAX_QUEUES */

/*
 * Every way to place the queues is a state: a number with a digit for each side, the CPU, to the
 * base of how many CPUs there are.
 */
struct world {
	unsigned int n_cpus, n_queues;
	struct plan_rules rules[MAX_QUEUES];
	unsigned int load[CPUSET_MAX];
	unsigned int n_states;
	unsigned char *moves; /* to the nearest state that is wanted, for each state */
};

static unsigned int count_states(const struct world *world)
{
	unsigned int n = 1;

	for (unsigned int i = 0; i < 2 * world->n_queues; i++)
		n *= world->n_cpus;
	return n;
}

static void read_state(const struct world *world, unsigned int state, struct place *places)
{
	for (unsigned int q = 0; q < world->n_queues; q++) {
		places[q].tx_cpu = (int)(state % world->n_cpus);
		state /= world->n_cpus;
		places[q].rx_cpu = (int)(state % world->n_cpus);
		state /= world->n_cpus;
	}
}

static unsigned int write_state(const struct world *world, const struct balance_queue *queues)
{
	unsigned int state = 0;

	for (unsigned int q = world->n_queues; q-- > 0;) {
		state = state * world->n_cpus + (unsigned int)queues[q].to.rx_cpu;
		state = state * world->n_cpus + (unsigned int)queues[q].to.tx_cpu;
	}
	return state;
}

static void sum_load(const struct world *world, unsigned int state, unsigned int *load)
{
	struct place places[MAX_QUEUES];

	read_state(world, state, places);
	memcpy(load, world->load, MAX_CPUS * sizeof *load);
	for (unsigned int q = 0; q < world->n_queues; q++) {
		load[places[q].tx_cpu]++;
		load[places[q].rx_cpu]++;
	}
}

/* --- what is wanted, told anew --------------------------------------------------------------- */

/* balance.h's list in one number: each item outweighs all of the next. */
static unsigned long long badness(const struct world *world, unsigned int state)
{
	unsigned long long forbidden = 0, together = 0, nic = 0, far = 0, squares = 0;
	struct place places[MAX_QUEUES];
	unsigned int load[MAX_CPUS];

	read_state(world, state, places);
	sum_load(world, state, load);
	for (unsigned int q = 0; q < world->n_queues; q++) {
		const struct plan_rules *rules = &world->rules[q];
		unsigned int tx = (unsigned int)places[q].tx_cpu;
		unsigned int rx = (unsigned int)places[q].rx_cpu;

		forbidden += !cpuset_has(&rules->allowed, tx);
		forbidden += !cpuset_has(&rules->allowed, rx);
		together += tx == rx;
		nic += cpuset_has(&rules->nic_busy, rx);
		if (cpuset_count(&rules->near)) {
			far += !cpuset_has(&rules->near, tx);
			far += !cpuset_has(&rules->near, rx);
		}
	}
	for (unsigned int cpu = 0; cpu < world->n_cpus; cpu++)
		squares += load[cpu] * load[cpu];
	return (((forbidden * 16 + together) * 16 + nic) * 16 + far) * 4096 + squares;
}

/* Without any constraint: sides apart, and no CPU with two sides more than another. */
static unsigned long long unevenness(const struct world *world, unsigned int state)
{
	unsigned int load[MAX_CPUS], low = UINT32_MAX, high = 0;
	struct place places[MAX_QUEUES];

	read_state(world, state, places);
	for (unsigned int q = 0; q < world->n_queues; q++) {
		if (places[q].tx_cpu == places[q].rx_cpu && world->n_cpus > 1)
			return 1;
	}
	sum_load(world, state, load);
	for (unsigned int cpu = 0; cpu < world->n_cpus; cpu++) {
		low = load[cpu] < low ? load[cpu] : low;
		high = load[cpu] > high ? load[cpu] : high;
	}
	return high - low > 1;
}

/* --- how many moves it takes, by trying all ----------------------------------------------------
 */

/* Adds to the queue every state that is one move from `state` and has not been reached. */
static unsigned int reach(
	struct world *world, unsigned int state, unsigned int *queue, unsigned int tail)
{
	for (unsigned int unit = 1; unit < world->n_states; unit *= world->n_cpus) {
		unsigned int digit = state / unit % world->n_cpus;

		for (unsigned int cpu = 0; cpu < world->n_cpus; cpu++) {
			unsigned int next = state - digit * unit + cpu * unit;

			if (world->moves[next] != UINT8_MAX)
				continue;
			world->moves[next] = (unsigned char)(world->moves[state] + 1);
			queue[tail++] = next;
		}
	}
	return tail;
}

/* From the states that are the least bad, outwards. */
static void count_moves(
	struct world *world, unsigned long long (*bad)(const struct world *, unsigned int))
{
	static unsigned int queue[MAX_STATES];
	unsigned long long least = UINT64_MAX;
	unsigned int tail = 0;

	memset(world->moves, UINT8_MAX, world->n_states);
	for (unsigned int state = 0; state < world->n_states; state++)
		least = bad(world, state) < least ? bad(world, state) : least;
	for (unsigned int state = 0; state < world->n_states; state++) {
		if (bad(world, state) != least)
			continue;
		world->moves[state] = 0;
		queue[tail++] = state;
	}
	for (unsigned int head = 0; head < tail; head++)
		tail = reach(world, queue[head], queue, tail);
	assert_int_equal(tail, world->n_states);
}

static void expect_best(const char *row, struct world *world, unsigned int state)
{
	struct balance_queue queues[MAX_QUEUES];
	struct place places[MAX_QUEUES];
	unsigned int moved = 0;
	char name[96];

	snprintf(name, sizeof name, "%s, state %u", row, state);
	read_state(world, state, places);
	for (unsigned int q = 0; q < world->n_queues; q++)
		queues[q] = (struct balance_queue){ .rules = &world->rules[q], .from = places[q] };
	expect_int(name, balance(queues, world->n_queues, world->load), 0);
	for (unsigned int q = 0; q < world->n_queues; q++) {
		moved += queues[q].from.tx_cpu != queues[q].to.tx_cpu;
		moved += queues[q].from.rx_cpu != queues[q].to.rx_cpu;
	}
	expect_int(name, world->moves[write_state(world, queues)], 0);
	expect_int(name, moved, world->moves[state]);
}

static void world_new(struct world *world, unsigned int n_cpus, unsigned int n_queues)
{
	memset(world, 0, sizeof *world);
	world->n_cpus = n_cpus;
	world->n_queues = n_queues;
	world->n_states = count_states(world);
	world->moves = malloc(world->n_states);
	assert_non_null(world->moves);
	for (unsigned int q = 0; q < n_queues; q++) {
		for (unsigned int cpu = 0; cpu < n_cpus; cpu++)
			cpuset_add(&world->rules[q].allowed, cpu);
	}
}

/* Every instance of up to four CPUs and eight sides. */
static void all_instances(void **state)
{
	static struct world world;
	char row[64];

	(void)state;
	for (unsigned int cpus = 1; cpus <= MAX_CPUS; cpus++) {
		for (unsigned int n = 1; n <= MAX_QUEUES; n++) {
			world_new(&world, cpus, n);
			count_moves(&world, unevenness);
			snprintf(row, sizeof row, "%u CPUs, %u queues", cpus, n);
			for (unsigned int i = 0; i < world.n_states && wrong_rows < 5; i++)
				expect_best(row, &world, i);
			free(world.moves);
		}
	}
}

static void random_subset(struct random *random, unsigned int n, struct cpuset *set)
{
	cpuset_zero(set);
	for (unsigned int cpu = 0; cpu < n; cpu++) {
		if (random_below(random, 2))
			cpuset_add(set, cpu);
	}
}

/* Two vifs with rules of their own, and NIC interrupts. */
static void random_world(struct random *random, struct world *world)
{
	world_new(world, 1 + random_below(random, MAX_CPUS), 1 + random_below(random, 3));
	for (unsigned int cpu = 0; cpu < world->n_cpus; cpu++)
		world->load[cpu] = random_below(random, 3) ? 0 : random_below(random, 4);
	for (unsigned int q = 0; q < world->n_queues; q++) {
		struct plan_rules *rules = &world->rules[q];

		if (q == 1 && random_below(random, 2)) {
			world->rules[1] = world->rules[0];
			continue;
		}
		if (!random_below(random, 3))
			random_subset(random, world->n_cpus, &rules->allowed);
		cpuset_add(&rules->allowed, random_below(random, world->n_cpus));
		if (random_below(random, 2))
			random_subset(random, world->n_cpus, &rules->nic_busy);
		if (random_below(random, 2))
			random_subset(random, world->n_cpus, &rules->near);
	}
}

/* Every state of many random worlds with constraints. */
static void all_constraints(void **state)
{
	struct random random = random_start("all_constraints");
	unsigned long cases = env_number("CASES", 20000) / 100;
	static struct world world;
	char row[64];

	(void)state;
	for (unsigned long i = 0; i < cases && wrong_rows < 5; i++) {
		random_world(&random, &world);
		count_moves(&world, badness);
		snprintf(row, sizeof row, "world %lu", i);
		for (unsigned int s = 0; s < world.n_states && wrong_rows < 5; s++)
			expect_best(row, &world, s);
		free(world.moves);
	}
}

static void nothing_to_do(void **state)
{
	static unsigned int load[CPUSET_MAX];

	(void)state;
	assert_int_equal(balance(NULL, 0, load), 0);
}

int main(void)
{
	static const struct CMUnitTest balance_tests[] = {
		UNIT_TEST(nothing_to_do),
		UNIT_TEST(all_instances),
		UNIT_TEST(all_constraints),
	};

	return cmocka_run_group_tests(balance_tests, NULL, NULL);
}
