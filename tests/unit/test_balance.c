// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "balance.h"
#include "util.h"

#include <limits.h>

#define MAX_CPUS   4
#define MAX_QUEUES 4
#define MAX_STATES 65536 /* MAX_CPUS to the power of 2 * MAX_QUEUES */

/*
 * Every way to place the queues is a state: a number with a digit for each side, the CPU, to the
 * base of how many CPUs there are.
 */
struct world {
	unsigned int n_cpus, n_queues;
	struct rules rules[MAX_QUEUES];
	struct cpu_load load[CPUSET_MAX]; /* besides the queues' */
	bool constrained;                 /* by rules, or loads */
	unsigned int n_states;
	unsigned char *moves; /* to the nearest state that is wanted, for each state */
};

static void read_set(const char *list, struct cpuset *set)
{
	assert_int_equal(cpuset_parse_list(list ? list : "", set), 0);
}

static unsigned int count_states(const struct world *world)
{
	unsigned int n = 1;

	for (unsigned int i = 0; i < 2 * world->n_queues; i++)
		n *= world->n_cpus;
	return n;
}

static void read_state(const struct world *world, unsigned int state, struct place *places)
{
	for (unsigned int i = 0; i < SIDE_COUNT * world->n_queues; i++) {
		places[i / SIDE_COUNT].cpu[i % SIDE_COUNT] = (int)(state % world->n_cpus);
		state /= world->n_cpus;
	}
}

static unsigned int write_state(const struct world *world, const struct balance_queue *queues)
{
	unsigned int state = 0;

	for (unsigned int i = SIDE_COUNT * world->n_queues; i-- > 0;) {
		int cpu = queues[i / SIDE_COUNT].to.cpu[i % SIDE_COUNT];

		state = state * world->n_cpus + (unsigned int)cpu;
	}
	return state;
}

static void sum_load(const struct world *world, const struct place *places, struct cpu_load *load)
{
	memcpy(load, world->load, MAX_CPUS * sizeof *load);
	load_add(load, places, world->n_queues);
}

/* --- what is wanted, told anew --------------------------------------------------------------- */

/* How many sides of the queue break the rule. */
static unsigned int count_broken(const struct rules *rules, enum rule rule, struct place place)
{
	unsigned int tx = (unsigned int)place.cpu[SIDE_TX], rx = (unsigned int)place.cpu[SIDE_RX];

	switch (rule) {
	case RULE_ALLOWED:
		return (unsigned int)!cpuset_has(&rules->allowed, tx) +
		       !cpuset_has(&rules->allowed, rx);
	case RULE_APART:
		return tx == rx ? 2 : 0;
	case RULE_NIC:
		return cpuset_has(&rules->nic_busy, rx);
	case RULE_ISOLATED:
		return (unsigned int)cpuset_has(&rules->isolated, tx) +
		       cpuset_has(&rules->isolated, rx);
	case RULE_NODE:
		if (!cpuset_count(&rules->near))
			return 0;
		return (unsigned int)!cpuset_has(&rules->near, tx) + !cpuset_has(&rules->near, rx);
	case RULE_COUNT:
		break;
	}
	fail_msg("rule %d is not told here", (int)rule);
	return 0;
}

/* balance.h's first list in one number: each item outweighs all of the next. */
static unsigned long long badness(const struct world *world, unsigned int state)
{
	unsigned long long bad = 0, squares = 0;
	struct place places[MAX_QUEUES];
	struct cpu_load load[MAX_CPUS];

	read_state(world, state, places);
	for (enum rule rule = 0; rule < RULE_COUNT; rule++) {
		bad *= 16;
		for (unsigned int q = 0; q < world->n_queues; q++)
			bad += count_broken(&world->rules[q], rule, places[q]);
	}
	sum_load(world, places, load);
	for (unsigned int cpu = 0; cpu < world->n_cpus; cpu++)
		squares += load_total(&load[cpu]) * load_total(&load[cpu]);
	return bad * 4096 + squares;
}

/* Without any constraint: sides apart, and no CPU with two sides more than another. */
static unsigned long long unevenness(const struct world *world, unsigned int state)
{
	struct place places[MAX_QUEUES];
	struct cpu_load load[MAX_CPUS];
	struct load_spread spread;

	read_state(world, state, places);
	for (unsigned int q = 0; q < world->n_queues; q++) {
		if (places[q].cpu[SIDE_TX] == places[q].cpu[SIDE_RX] && world->n_cpus > 1)
			return 1;
	}
	sum_load(world, places, load);
	spread = load_spread(load, &world->rules[0].allowed);
	return spread.most - spread.least > 1;
}

/* Where no rule is in the way, as balance.h promises. */
static void expect_even_directions(const char *name, const struct world *world, unsigned int state)
{
	struct place places[MAX_QUEUES];
	struct cpu_load load[MAX_CPUS];
	struct load_spread spread;

	read_state(world, state, places);
	sum_load(world, places, load);
	spread = load_spread(load, &world->rules[0].allowed);
	for (enum side side = 0; side < SIDE_COUNT; side++)
		expect_true(name, spread.most_sides[side] - spread.least_sides[side] <= 1);
}

/* --- how many moves it takes, by trying all -------------------------------------------------- */

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

/* --- how directions may be made even, by trying all ------------------------------------------ */

/* By the sum of the squares of what each CPU has more of tx than of rx. */
static unsigned int skew(const struct world *world, unsigned int state)
{
	struct place places[MAX_QUEUES];
	struct cpu_load load[MAX_CPUS];
	unsigned int sum = 0;

	read_state(world, state, places);
	sum_load(world, places, load);
	for (unsigned int cpu = 0; cpu < world->n_cpus; cpu++) {
		int more = (int)load[cpu].sides[SIDE_TX] - (int)load[cpu].sides[SIDE_RX];

		sum += (unsigned int)(more * more);
	}
	return sum;
}

static unsigned int count_moved(const struct balance_queue *queues, unsigned int n)
{
	unsigned int moved = 0;

	for (unsigned int q = 0; q < n; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++)
			moved += queues[q].from.cpu[side] != queues[q].to.cpu[side];
	}
	return moved;
}

/* What can be had when queues only turn. */
struct turned {
	unsigned int moved;      /* the fewest of all */
	unsigned int skew;       /* the least, and ... */
	unsigned int skew_moved; /* ... the fewest with it */
};

/* Of the ways that break no more rules; a bit of `turns` for each queue. */
static struct turned turn_all(const struct world *world, const struct balance_queue *queues)
{
	unsigned long long bad = badness(world, write_state(world, queues));
	struct turned best = { .moved = UINT_MAX, .skew = UINT_MAX };
	struct balance_queue turned[MAX_QUEUES];

	for (unsigned int turns = 0; turns < 1U << world->n_queues; turns++) {
		unsigned int state, moved;

		memcpy(turned, queues, sizeof turned);
		for (unsigned int q = 0; q < world->n_queues; q++) {
			for (enum side side = 0; side < SIDE_COUNT && turns >> q & 1; side++)
				turned[q].to.cpu[side] = queues[q].to.cpu[other_side(side)];
		}
		state = write_state(world, turned);
		if (badness(world, state) != bad)
			continue;
		moved = count_moved(turned, world->n_queues);
		best.moved = moved < best.moved ? moved : best.moved;
		if (skew(world, state) < best.skew)
			best = (struct turned){ best.moved, skew(world, state), moved };
		else if (skew(world, state) == best.skew && moved < best.skew_moved)
			best.skew_moved = moved;
	}
	return best;
}

static void expect_best(const char *row, struct world *world, unsigned int state)
{
	struct balance_queue queues[MAX_QUEUES];
	struct place places[MAX_QUEUES];
	struct turned best;
	char name[96];

	snprintf(name, sizeof name, "%s, state %u", row, state);
	read_state(world, state, places);
	for (unsigned int q = 0; q < world->n_queues; q++)
		queues[q] = (struct balance_queue){ .rules = &world->rules[q], .from = places[q] };
	expect_int(name, balance(queues, world->n_queues, world->load), 0);
	best = turn_all(world, queues);
	expect_int(name, world->moves[write_state(world, queues)], 0);
	expect_int(name, best.moved, world->moves[state]);
	expect_int(name, skew(world, write_state(world, queues)), best.skew);
	expect_int(name, count_moved(queues, world->n_queues), best.skew_moved);
	if (!world->constrained)
		expect_even_directions(name, world, write_state(world, queues));
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
	*set = (struct cpuset){ 0 };
	for (unsigned int cpu = 0; cpu < n; cpu++) {
		if (random_below(random, 2))
			cpuset_add(set, cpu);
	}
}

/* Two vifs with rules of their own, NIC interrupts, and sides that cannot move. */
static void random_world(struct random *random, struct world *world)
{
	world_new(world, 1 + random_below(random, MAX_CPUS), 1 + random_below(random, 3));
	world->constrained = true;
	for (unsigned int cpu = 0; cpu < world->n_cpus; cpu++)
		world->load[cpu] = (struct cpu_load){
			.sides = { random_below(random, 2), random_below(random, 2) },
			.nic = random_below(random, 3) ? 0 : random_below(random, 4),
		};
	for (unsigned int q = 0; q < world->n_queues; q++) {
		struct rules *rules = &world->rules[q];

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

/* --- every rule ------------------------------------------------------------------------------ */

/*
 * A queue with a side that breaks the rule, and on the three CPUs 0 to 2 just one place that
 * breaks none and is one move away. There must be such a queue for every rule.
 */
static const struct rule_row {
	const char *allowed, *nic_busy, *isolated, *near;
	struct place from, to;
} rule_rows[RULE_COUNT] = {
	[RULE_ALLOWED] = { .allowed = "1-2", .from = { { 1, 0 } }, .to = { { 1, 2 } } },
	[RULE_APART] = { .allowed = "0-1",
		.near = "0-1",
		.nic_busy = "1",
		.from = { { 0, 0 } },
		.to = { { 1, 0 } } },
	[RULE_NIC] = { .allowed = "0-2",
		.nic_busy = "0-1",
		.from = { { 0, 1 } },
		.to = { { 0, 2 } } },
	[RULE_ISOLATED] = { .allowed = "0-2",
		.isolated = "0",
		.from = { { 0, 2 } },
		.to = { { 1, 2 } } },
	[RULE_NODE] = { .allowed = "0-2", .near = "1-2", .from = { { 0, 2 } }, .to = { { 1, 2 } } },
};

/* Keeping a rule is worth any load. */
static void every_rule_is_paid(void **state)
{
	static struct cpu_load load[CPUSET_MAX];
	struct rules rules;

	(void)state;
	for (enum rule rule = 0; rule < RULE_COUNT; rule++) {
		const struct rule_row *row = &rule_rows[rule];
		struct balance_queue queue = { .rules = &rules, .from = row->from };
		char name[32];

		snprintf(name, sizeof name, "rule %d", (int)rule);
		assert_non_null(row->allowed);
		read_set(row->allowed, &rules.allowed);
		read_set(row->nic_busy, &rules.nic_busy);
		read_set(row->isolated, &rules.isolated);
		read_set(row->near, &rules.near);
		memset(load, 0, sizeof load);
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			if (row->to.cpu[side] != row->from.cpu[side])
				load[row->to.cpu[side]].nic = 100;
		}
		expect_int(name, balance(&queue, 1, load), 0);
		expect_true(name, place_equal(queue.to, row->to));
		expect_int(name, count_broken(&rules, rule, row->to), 0);
		expect_true(name, count_broken(&rules, rule, row->from));
	}
}

/* Sides that cannot move are load too. */
static void sides_besides_count(void **state)
{
	static struct cpu_load load[CPUSET_MAX];
	struct rules rules = { 0 };
	struct balance_queue queue = { .rules = &rules, .from = { { 0, 1 } } };

	(void)state;
	read_set("0-3", &rules.allowed);
	load[0].sides[SIDE_TX] = 2;
	load[2].sides[SIDE_RX] = 2;
	assert_int_equal(balance(&queue, 1, load), 0);
	assert_true(place_equal(queue.to, (struct place){ { 3, 1 } }));
}

/*
 * As the placements of vifpin 0 were that did not look at directions: each queue's tx side on an
 * even CPU, its rx side on the next. Half of the queues turn, and nothing else moves.
 */
static void directions_that_are_apart(void **state)
{
	static struct cpu_load load[CPUSET_MAX];
	enum { CPUS = 8, QUEUES = 40 };
	struct balance_queue queues[QUEUES];
	struct rules rules = { 0 };
	struct load_spread spread;

	(void)state;
	read_set("0-7", &rules.allowed);
	for (int q = 0; q < QUEUES; q++)
		queues[q] = (struct balance_queue){
			.rules = &rules,
			.from = { { 2 * q % CPUS, 2 * q % CPUS + 1 } },
		};
	assert_int_equal(balance(queues, QUEUES, load), 0);
	assert_int_equal(count_moved(queues, QUEUES), QUEUES);
	for (int q = 0; q < QUEUES; q++)
		load_add(load, &queues[q].to, 1);
	spread = load_spread(load, &rules.allowed);
	assert_int_equal(spread.least, spread.most);
	for (enum side side = 0; side < SIDE_COUNT; side++)
		assert_int_equal(spread.least_sides[side], spread.most_sides[side]);
}

static void nothing_to_do(void **state)
{
	static struct cpu_load load[CPUSET_MAX];

	(void)state;
	assert_int_equal(balance(NULL, 0, load), 0);
}

int main(void)
{
	static const struct CMUnitTest balance_tests[] = {
		UNIT_TEST(nothing_to_do),
		UNIT_TEST(every_rule_is_paid),
		UNIT_TEST(sides_besides_count),
		UNIT_TEST(directions_that_are_apart),
		UNIT_TEST(all_instances),
		UNIT_TEST(all_constraints),
	};

	return cmocka_run_group_tests(balance_tests, NULL, NULL);
}
