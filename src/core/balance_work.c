// SPDX-License-Identifier: GPL-2.0-or-later
#include "balance_work.h"

#include "util.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

/*
 * First the rules: what they cost is a matter of each queue alone, so its cheapest places are known
 * before anything is moved (struct group), and no step leads out of them.
 *
 * Then by steps that relieve the most loaded CPU. A step moves a side of it to another CPU, or
 * there in the place of a side that goes on to a third one, or comes back in exchange. It is made
 * when every CPU that it touches then carries less than the most loaded one did, so the loads,
 * sorted from the highest, always fall, and the search ends. Of all such steps the one is made that
 * leaves the least on these CPUs. Then, for a few sides, all places that could be better are tried:
 * this too ends after a number of steps. In the end, what need not have moved goes back.
 */

/* What is as good as the least load that can be thought of: a hundredth more. */
#define ENOUGH 100

/* Looks at a step, some 5 ns each: of all, and of one search for a side that can be pushed on. */
#define LOOKS_MAX  40000000
#define PUSHES_MAX 4000000

/* Of the search of all places: sides, and places of one of them that are tried. */
#define EXACT_SIDES 32
#define EXACT_TRIES 200000

/* What breaking a rule costs a queue: two bits for each rule, which one or two sides break, those
 * of the strongest first. */
typedef uint16_t penalty_t;
_Static_assert(2 * RULE_COUNT <= 16, "a penalty has room for every rule");

#define PENALTY(rule) (1U << 2 * (RULE_COUNT - 1 - (rule)))

#define NOBODY SIZE_MAX

/* Queues with the same rules. */
struct group {
	const struct rules *rules;
	penalty_t *penalties; /* of each side on each CPU, in the search's */
	unsigned int least;   /* of a place */
};

/* Of a queue: two for each, tx first. */
struct side_work {
	unsigned int home, at; /* nodes: where it came from, and where it is */
	long long share;
	bool moves;            /* to relieve a CPU */
	size_t next, previous; /* on the same CPU, the costliest first; or NOBODY */
};

/* A CPU. */
struct cpu_node {
	int cpu;
	long long besides, load; /* and with the sides */
	size_t first;            /* side here, or NOBODY */
	unsigned int working;    /* the sides here that cost something */
};

/* A side goes to a CPU, and perhaps another one from there to the next. */
struct step {
	size_t first, second; /* sides; NOBODY: there is no such step, or no second side */
	unsigned int to, next;
	long long highest; /* load that it leaves on a CPU that it touches */
	int moved;         /* how many more sides are away from home */
	long long there;   /* load that it leaves where its first side goes */
};

struct ranked {
	long long share;
	size_t side;
};

struct search {
	size_t n_queues, n_sides;
	struct side_work *sides;
	struct ranked *ranked; /* the sides, the cheapest first */
	struct group *groups;
	size_t n_groups;
	size_t *group_of;       /* each queue */
	penalty_t *penalties;   /* [(group * SIDE_COUNT + side) * n + node] */
	struct cpu_node *nodes; /* n of them */
	unsigned int n;
	unsigned int node_of[CPUSET_MAX];
	unsigned int *by_load; /* the nodes, as they were at the last sort_nodes() */
	long long enough;      /* the load below which no CPU has to be relieved */
	long looks;            /* left */
};

/* --- the rules ---------------------------------------------------------------------------- */

static unsigned int penalty(
	const struct search *search, size_t queue, unsigned int tx, unsigned int rx)
{
	const penalty_t *of_group = search->groups[search->group_of[queue]].penalties;

	return (unsigned int)of_group[tx] + of_group[search->n + rx] +
	       (tx == rx ? 2 * PENALTY(RULE_APART) : 0);
}

/* May the side stand there, while the queue's other side stands on `other`? */
static bool fits(const struct search *search, size_t side, unsigned int at, unsigned int other)
{
	size_t queue = side / SIDE_COUNT;
	bool rx = side % SIDE_COUNT == SIDE_RX;

	return penalty(search, queue, rx ? other : at, rx ? at : other) ==
	       search->groups[search->group_of[queue]].least;
}

static size_t other_of(size_t side)
{
	return side ^ 1;
}

static void fill_penalties(const struct search *search, const struct group *group)
{
	for (unsigned int i = 0; i < SIDE_COUNT * search->n; i++) {
		enum side side = (enum side)(i / search->n);
		int cpu = search->nodes[i % search->n].cpu;
		unsigned int sum = 0;

		for (enum rule rule = 0; rule < RULE_COUNT; rule++)
			sum += rule_is_broken(rule, group->rules, side, cpu, CPU_NONE) *
			       PENALTY(rule);
		group->penalties[i] = (penalty_t)sum;
	}
}

/* The least that a place costs. */
static unsigned int least_penalty(const struct search *search, size_t queue)
{
	unsigned int least = UINT_MAX;

	for (unsigned int tx = 0; tx < search->n; tx++) {
		for (unsigned int rx = 0; rx < search->n; rx++) {
			unsigned int cost = penalty(search, queue, tx, rx);

			least = cost < least ? cost : least;
		}
	}
	return least;
}

/* --- loads -------------------------------------------------------------------------------- */

/* Where the link to the side is that follows this one; NOBODY: the first. */
static size_t *link_behind(struct search *search, unsigned int at, size_t side)
{
	return side == NOBODY ? &search->nodes[at].first : &search->sides[side].next;
}

static void take_off(struct search *search, size_t side)
{
	const struct side_work *work = &search->sides[side];
	struct cpu_node *node = &search->nodes[work->at];

	*link_behind(search, work->at, work->previous) = work->next;
	if (work->next != NOBODY)
		search->sides[work->next].previous = work->previous;
	node->load -= work->share;
	node->working -= work->share > 0;
}

static void put_on(struct search *search, size_t side, unsigned int at)
{
	struct side_work *work = &search->sides[side];
	struct cpu_node *node = &search->nodes[at];
	size_t previous = NOBODY, next = node->first;

	while (next != NOBODY && search->sides[next].share > work->share) {
		previous = next;
		next = search->sides[next].next;
	}
	work->at = at;
	work->previous = previous;
	work->next = next;
	*link_behind(search, at, previous) = side;
	if (next != NOBODY)
		search->sides[next].previous = side;
	node->load += work->share;
	node->working += work->share > 0;
}

static void move(struct search *search, size_t side, unsigned int to)
{
	take_off(search, side);
	put_on(search, side, to);
}

/* The most loaded CPU of those that carry work of sides; n when none does. */
static unsigned int most_loaded(const struct search *search)
{
	unsigned int most = search->n;

	for (unsigned int i = 0; i < search->n; i++) {
		if (search->nodes[i].working &&
			(most == search->n || search->nodes[i].load > search->nodes[most].load))
			most = i;
	}
	return most;
}

/* What it carries, where that is worth a step. */
static long long peak(const struct search *search)
{
	unsigned int most = most_loaded(search);
	long long load = most == search->n ? 0 : search->nodes[most].load;

	return load > search->enough ? load : search->enough;
}

/*
 * No placement has less on its most loaded CPU: when all could be spread as water in a vessel, and
 * when the largest side has the emptiest CPU for itself.
 */
static long long lower_bound(const struct search *search)
{
	long long work = 0, largest = 0, emptiest = LLONG_MAX, below = 0, above;

	for (size_t i = 0; i < search->n_sides; i++) {
		work += search->sides[i].share;
		if (search->sides[i].share > largest)
			largest = search->sides[i].share;
	}
	for (unsigned int i = 0; i < search->n; i++) {
		if (search->nodes[i].besides < emptiest)
			emptiest = search->nodes[i].besides;
	}
	above = emptiest + work;
	while (below < above) {
		long long level = (below + above) / 2, room = 0;

		for (unsigned int i = 0; i < search->n; i++) {
			if (search->nodes[i].besides < level)
				room += level - search->nodes[i].besides;
		}
		if (room < work)
			below = level + 1;
		else
			above = level;
	}
	return emptiest + largest > above ? emptiest + largest : above;
}

/* --- mending ------------------------------------------------------------------------------ */

/* Where the load is the least of the places that keep the rules. True when there is any. */
static bool mend_side(struct search *search, size_t side)
{
	unsigned int other = search->sides[other_of(side)].at, best = search->n;

	for (unsigned int to = 0; to < search->n; to++) {
		if (fits(search, side, to, other) &&
			(best == search->n || search->nodes[to].load < search->nodes[best].load))
			best = to;
	}
	if (best < search->n)
		move(search, side, best);
	return best < search->n;
}

static void mend_both(struct search *search, size_t queue)
{
	size_t tx = SIDE_COUNT * queue + SIDE_TX, rx = SIDE_COUNT * queue + SIDE_RX;
	unsigned int best[SIDE_COUNT] = { 0, 0 };
	long long least = LLONG_MAX;

	for (unsigned int i = 0; i < search->n * search->n; i++) {
		unsigned int a = i / search->n, b = i % search->n;
		long long load = search->nodes[a].load + search->nodes[b].load;

		if (load < least && fits(search, tx, a, b)) {
			least = load;
			best[SIDE_TX] = a;
			best[SIDE_RX] = b;
		}
	}
	move(search, tx, best[SIDE_TX]);
	move(search, rx, best[SIDE_RX]);
}

/* Moves one side where that will do, the larger share first, else both. */
static void mend(struct search *search, const struct measured_queue *queues)
{
	for (size_t q = 0; q < search->n_queues; q++) {
		size_t tx = SIDE_COUNT * q + SIDE_TX, rx = SIDE_COUNT * q + SIDE_RX;
		const struct side_work *sides = search->sides;
		bool rx_first = sides[rx].share > sides[tx].share;

		if (cpuset_is_empty(&queues[q].rules->allowed) ||
			fits(search, tx, sides[tx].at, sides[rx].at))
			continue;
		if (!mend_side(search, rx_first ? rx : tx) &&
			!mend_side(search, rx_first ? tx : rx))
			mend_both(search, q);
	}
}

/* --- steps that relieve the most loaded CPU ------------------------------------------------ */

static bool is_better(const struct step *step, const struct step *than)
{
	if (than->first == NOBODY || step->highest != than->highest)
		return than->first == NOBODY || step->highest < than->highest;
	if (step->moved != than->moved)
		return step->moved < than->moved;
	return step->there < than->there;
}

static void keep_better(struct step *best, const struct step *step)
{
	if (is_better(step, best))
		*best = *step;
}

/* How many more sides are away from home when this one goes there. */
static int count_away(const struct side_work *side, unsigned int to)
{
	return (to != side->home) - (side->at != side->home);
}

/* What stays behind when a side leaves its CPU; a CPU without work of sides does not count. */
static long long left_behind(const struct search *search, const struct side_work *side)
{
	const struct cpu_node *node = &search->nodes[side->at];

	return node->working > 1 ? node->load - side->share : 0;
}

static long long max(long long a, long long b)
{
	return a > b ? a : b;
}

/* By insertion: little has changed since the last time. */
static void sort_nodes(struct search *search)
{
	for (unsigned int i = 1; i < search->n; i++) {
		unsigned int node = search->by_load[i], j = i;

		for (; j > 0 &&
			search->nodes[search->by_load[j - 1]].load > search->nodes[node].load;
			j--)
			search->by_load[j] = search->by_load[j - 1];
		search->by_load[j] = node;
	}
}

/* True when the side may go there. */
static bool offer_move(struct search *search, size_t first, unsigned int to, struct step *best)
{
	const struct side_work *side = &search->sides[first];
	struct step step = { .first = first, .second = NOBODY, .to = to };

	search->looks--;
	step.there = search->nodes[to].load + side->share;
	step.highest = max(left_behind(search, side), step.there);
	step.moved = count_away(side, to);
	if (to == side->at || step.highest >= search->nodes[side->at].load ||
		!fits(search, first, to, search->sides[other_of(first)].at))
		return false;
	keep_better(best, &step);
	return true;
}

/* The side goes to the least loaded CPU that it may go to, or home where that is as good. */
static void offer_moves(struct search *search, size_t first, struct step *best)
{
	const struct side_work *side = &search->sides[first];
	long long limit = search->nodes[side->at].load;

	offer_move(search, first, side->home, best);
	for (unsigned int i = 0; i < search->n; i++) {
		unsigned int to = search->by_load[i];

		if (search->nodes[to].load + side->share >= limit ||
			offer_move(search, first, to, best))
			break;
	}
}

/* May the two of them stand so? They may be of the same queue. */
static bool both_fit(const struct search *search, const struct step *step)
{
	size_t first = step->first, second = step->second;

	if (second == other_of(first))
		return fits(search, first, step->to, step->next);
	return fits(search, first, step->to, search->sides[other_of(first)].at) &&
	       fits(search, second, step->next, search->sides[other_of(second)].at);
}

/* The first side takes the CPU of the second, which goes on to any other. */
static void offer_pushes(struct search *search, size_t first, size_t second, struct step *best)
{
	const struct side_work *a = &search->sides[first], *b = &search->sides[second];
	long long limit = search->nodes[a->at].load, left = limit - a->share;
	long long there = search->nodes[b->at].load + a->share - b->share;

	if (there >= limit)
		return;
	search->looks -= search->n;
	for (unsigned int next = 0; next < search->n; next++) {
		struct step step = { first, second, b->at, next, .there = there };
		bool back = next == a->at;
		long long load = (back ? left : search->nodes[next].load) + b->share;

		if (next == b->at)
			continue;
		step.highest = max(max(there, load), back ? 0 : left_behind(search, a));
		if (step.highest >= limit || !both_fit(search, &step))
			continue;
		step.moved = count_away(a, b->at) + count_away(b, next);
		keep_better(best, &step);
	}
}

/* A side without cost makes no room, but for the other side of its queue. */
static bool may_be_pushed(const struct search *search, size_t first, size_t second)
{
	const struct side_work *side = &search->sides[second];

	return side->moves && side->at != search->sides[first].at &&
	       (side->share > 0 || second == other_of(first));
}

static void find_push(struct search *search, size_t first, long until, struct step *best)
{
	for (size_t i = 0; i < search->n_sides && search->looks > until; i++) {
		search->looks--;
		if (may_be_pushed(search, first, i))
			offer_pushes(search, first, i, best);
	}
}

/* Of all sides of the CPU, the costliest first: behind one that leaves more than the best, all do.
 */
static void find_step(struct search *search, unsigned int from, bool push, struct step *best)
{
	long until = search->looks > PUSHES_MAX ? search->looks - PUSHES_MAX : 0;
	size_t i = search->nodes[from].first;

	for (; i != NOBODY && search->looks > 0; i = search->sides[i].next) {
		const struct side_work *side = &search->sides[i];

		search->looks--;
		if (!push && best->first != NOBODY && left_behind(search, side) > best->highest)
			break;
		if (!side->moves || side->share == 0)
			continue;
		if (push)
			find_push(search, i, until, best);
		else
			offer_moves(search, i, best);
	}
}

/* One step; false when there is none, or none is needed. */
static bool relieve(struct search *search)
{
	unsigned int most = most_loaded(search);
	struct step best = { .first = NOBODY };

	if (most == search->n || search->nodes[most].load <= search->enough)
		return false;
	sort_nodes(search);
	find_step(search, most, false, &best);
	if (best.first == NOBODY)
		find_step(search, most, true, &best);
	if (best.first == NOBODY)
		return false;
	move(search, best.first, best.to);
	if (best.second != NOBODY)
		move(search, best.second, best.next);
	return true;
}

/* --- all places, of a few sides ------------------------------------------------------------- */

/* The sides that are placed anew: of queues that have one which moves, the costliest first. */
struct exact {
	struct search *search;
	size_t sides[EXACT_SIDES];
	size_t n;
	unsigned int best[EXACT_SIDES];
	long long peak; /* of the best */
	size_t moved;
	long tries; /* left */
};

static long long cost_of_queue(const struct search *search, size_t queue)
{
	return search->sides[SIDE_COUNT * queue].share +
	       search->sides[SIDE_COUNT * queue + 1].share;
}

/* By insertion. */
static void add_exact(struct exact *exact, size_t queue)
{
	size_t i = exact->n;

	for (; i > 0 && cost_of_queue(exact->search, exact->sides[i - 1] / SIDE_COUNT) <
				cost_of_queue(exact->search, queue);
		i -= SIDE_COUNT)
		memcpy(&exact->sides[i], &exact->sides[i - SIDE_COUNT],
			SIDE_COUNT * sizeof *exact->sides);
	for (enum side side = 0; side < SIDE_COUNT; side++)
		exact->sides[i + side] = SIDE_COUNT * queue + side;
	exact->n += SIDE_COUNT;
}

/* False when they are too many. */
static bool choose_sides(struct exact *exact)
{
	const struct search *search = exact->search;

	for (size_t q = 0; q < search->n_queues; q++) {
		const struct side_work *sides = &search->sides[SIDE_COUNT * q];

		if ((!sides[0].moves || !sides[0].share) && (!sides[1].moves || !sides[1].share))
			continue;
		if (exact->n + SIDE_COUNT > EXACT_SIDES)
			return false;
		add_exact(exact, q);
	}
	return true;
}

static void keep_exact(struct exact *exact, long long load, size_t moved)
{
	exact->peak = load;
	exact->moved = moved;
	for (size_t i = 0; i < exact->n; i++)
		exact->best[i] = exact->search->sides[exact->sides[i]].at;
}

static void try_all(struct exact *exact, size_t i, long long load, size_t moved);

/* The i-th side goes there, if it may, and those behind it go everywhere. */
static void try_place(struct exact *exact, size_t i, unsigned int to, long long load, size_t moved)
{
	struct search *search = exact->search;
	size_t number = exact->sides[i];
	const struct side_work *side = &search->sides[number];

	/* A queue's tx is placed before its rx. */
	if (i % SIDE_COUNT && !fits(search, number, to, search->sides[other_of(number)].at))
		return;
	put_on(search, number, to);
	if (side->share)
		load = max(load, search->nodes[to].load);
	try_all(exact, i + 1, load, moved + (to != side->home));
	take_off(search, number);
}

/* The i-th side, and those behind it, everywhere; `load` is the peak of those before. */
static void try_all(struct exact *exact, size_t i, long long load, size_t moved)
{
	const struct side_work *side;
	unsigned int stays;

	if (load > exact->peak || (load == exact->peak && moved >= exact->moved))
		return;
	if (i == exact->n) {
		keep_exact(exact, load, moved);
		return;
	}
	side = &exact->search->sides[exact->sides[i]];
	stays = side->at;
	for (unsigned int to = 0; to < exact->search->n && exact->tries > 0; to++) {
		exact->tries--;
		if (side->moves || to == stays)
			try_place(exact, i, to, load, moved);
	}
	exact->search->sides[exact->sides[i]].at = stays;
}

static void improve_exactly(struct search *search)
{
	struct exact exact = { .search = search, .tries = EXACT_TRIES };
	size_t moved = 0;

	if (!choose_sides(&exact))
		return;
	for (size_t i = 0; i < exact.n; i++)
		moved += search->sides[exact.sides[i]].at != search->sides[exact.sides[i]].home;
	keep_exact(&exact, peak(search), moved);
	for (size_t i = 0; i < exact.n; i++)
		take_off(search, exact.sides[i]);
	try_all(&exact, 0, peak(search), 0);
	for (size_t i = 0; i < exact.n; i++)
		put_on(search, exact.sides[i], exact.best[i]);
}

/* --- going back ----------------------------------------------------------------------------- */

static bool has_room(const struct search *search, size_t side, long long limit)
{
	const struct side_work *work = &search->sides[side];

	return work->share == 0 || search->nodes[work->home].load + work->share <= limit;
}

static bool go_back(struct search *search, size_t side, long long limit)
{
	const struct side_work *work = &search->sides[side];

	if (work->at == work->home || !has_room(search, side, limit) ||
		!fits(search, side, work->home, search->sides[other_of(side)].at))
		return false;
	move(search, side, work->home);
	return true;
}

/* Both sides of a queue at once: they may have changed places. */
static bool turn_back(struct search *search, size_t tx, long long limit)
{
	const struct side_work *sides = search->sides;
	size_t rx = other_of(tx);
	unsigned int at[SIDE_COUNT] = { sides[tx].at, sides[rx].at };

	if (at[SIDE_TX] == sides[tx].home || at[SIDE_RX] == sides[rx].home ||
		!fits(search, tx, sides[tx].home, sides[rx].home))
		return false;
	move(search, tx, sides[tx].home);
	move(search, rx, sides[rx].home);
	if ((!sides[tx].share || search->nodes[sides[tx].at].load <= limit) &&
		(!sides[rx].share || search->nodes[sides[rx].at].load <= limit))
		return true;
	move(search, tx, at[SIDE_TX]);
	move(search, rx, at[SIDE_RX]);
	return false;
}

/* What need not have moved goes back, the cheapest first: so the most do. */
static void undo_needless(struct search *search)
{
	long long limit = peak(search);
	bool any = true;

	while (any) {
		any = false;
		for (size_t i = 0; i < search->n_sides; i++)
			any |= go_back(search, search->ranked[i].side, limit);
		for (size_t i = 0; i < search->n_sides; i += SIDE_COUNT)
			any |= turn_back(search, i, limit);
	}
}

/* --- the whole ---------------------------------------------------------------------------- */

/* WORK_UNKNOWN when no side of the direction is known. */
static int mean_of(const struct measured_queue *queues, size_t n, enum side side)
{
	long long sum = 0, known = 0;

	for (size_t i = 0; i < n; i++) {
		int share = queues[i].share[side];

		sum += share == WORK_UNKNOWN ? 0 : share;
		known += share != WORK_UNKNOWN;
	}
	return known ? (int)(sum / known) : WORK_UNKNOWN;
}

void measured_mean(const struct measured_queue *queues, size_t n, int mean[SIDE_COUNT])
{
	int known[SIDE_COUNT];

	for (enum side side = 0; side < SIDE_COUNT; side++)
		known[side] = mean_of(queues, n, side);
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		mean[side] = known[side] != WORK_UNKNOWN ? known[side] : known[other_side(side)];
		mean[side] = mean[side] != WORK_UNKNOWN ? mean[side] : 0;
	}
}

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->share != y->share)
		return x->share < y->share ? -1 : 1;
	return x->side > y->side ? -1 : x->side < y->side;
}

static void search_free(struct search *search)
{
	free(search->sides);
	free(search->groups);
	free(search->group_of);
	free(search->penalties);
	free(search->nodes);
	free(search->by_load);
	free(search->ranked);
}

/* Every CPU that a side stands on, or may. */
static int add_nodes(struct search *search, const struct measured_queue *queues, const int *besides)
{
	struct cpuset set = { 0 };

	for (size_t i = 0; i < search->n_queues; i++) {
		for (enum side side = 0; side < SIDE_COUNT; side++)
			cpuset_add(&set, (unsigned int)queues[i].from.cpu[side]);
		if (!i || queues[i].rules != queues[i - 1].rules)
			cpuset_or(&set, &queues[i].rules->allowed);
	}
	search->nodes = calloc(cpuset_count(&set) + 1, sizeof *search->nodes);
	search->by_load = calloc(cpuset_count(&set) + 1, sizeof *search->by_load);
	if (!search->nodes || !search->by_load)
		return -ENOMEM;
	cpuset_for_each (cpu, &set) {
		search->node_of[cpu] = search->n;
		search->by_load[search->n] = search->n;
		search->nodes[search->n++] = (struct cpu_node){
			.cpu = cpu, .first = NOBODY, .besides = besides[cpu], .load = besides[cpu]
		};
	}
	return 0;
}

/* Vifs that come one after the other and have the same rules are one group. */
static int add_groups(struct search *search, const struct measured_queue *queues)
{
	const struct rules *last = NULL;

	search->group_of = calloc(search->n_queues + 1, sizeof *search->group_of);
	if (!search->group_of)
		return -ENOMEM;
	for (size_t i = 0; i < search->n_queues; i++) {
		const struct rules *rules = queues[i].rules;
		struct group *group;

		if (!last || (rules != last && memcmp(rules, last, sizeof *rules) != 0)) {
			group = array_add(&search->groups, &search->n_groups, sizeof *group);
			if (!group)
				return -ENOMEM;
			group->rules = rules;
		}
		last = rules;
		search->group_of[i] = search->n_groups - 1;
	}
	return 0;
}

static int add_penalties(struct search *search)
{
	size_t of_group = SIDE_COUNT * (size_t)search->n;

	search->penalties = calloc(search->n_groups * of_group + 1, sizeof *search->penalties);
	if (!search->penalties)
		return -ENOMEM;
	for (size_t i = 0; i < search->n_groups; i++) {
		search->groups[i].penalties = &search->penalties[i * of_group];
		fill_penalties(search, &search->groups[i]);
	}
	for (size_t i = 0; i < search->n_queues; i++) {
		if (!i || search->group_of[i] != search->group_of[i - 1])
			search->groups[search->group_of[i]].least = least_penalty(search, i);
	}
	return 0;
}

static struct side_work side_of(const struct search *search, const struct measured_queue *queue,
	enum side side, const int mean[SIDE_COUNT])
{
	bool known = queue->share[side] != WORK_UNKNOWN;
	unsigned int node = search->node_of[queue->from.cpu[side]];

	return (struct side_work){ .home = node,
		.at = node,
		.share = known ? queue->share[side] : mean[side],
		.moves = known && !cpuset_is_empty(&queue->rules->allowed) };
}

static int add_sides(struct search *search, const struct measured_queue *queues)
{
	int mean[SIDE_COUNT];

	measured_mean(queues, search->n_queues, mean);
	search->n_sides = SIDE_COUNT * search->n_queues;
	search->sides = calloc(search->n_sides + 1, sizeof *search->sides);
	search->ranked = calloc(search->n_sides + 1, sizeof *search->ranked);
	if (!search->sides || !search->ranked)
		return -ENOMEM;
	for (size_t i = 0; i < search->n_sides; i++) {
		search->sides[i] =
			side_of(search, &queues[i / SIDE_COUNT], (enum side)(i % SIDE_COUNT), mean);
		search->ranked[i] = (struct ranked){ search->sides[i].share, i };
	}
	qsort(search->ranked, search->n_sides, sizeof *search->ranked, compare_ranked);
	/* Each goes in front of those that cost less. */
	for (size_t i = 0; i < search->n_sides; i++)
		put_on(search, search->ranked[i].side, search->sides[search->ranked[i].side].at);
	return 0;
}

static struct place place_now(const struct search *search, size_t queue)
{
	struct place place;

	for (enum side side = 0; side < SIDE_COUNT; side++)
		place.cpu[side] = search->nodes[search->sides[SIDE_COUNT * queue + side].at].cpu;
	return place;
}

static int begin(struct search *search, const struct measured_queue *queues, const int *besides)
{
	int r = add_nodes(search, queues, besides);

	if (r == 0)
		r = add_groups(search, queues);
	if (r == 0)
		r = add_penalties(search);
	if (r == 0)
		r = add_sides(search, queues);
	return r;
}

int balance_work(struct measured_queue *queues, size_t n, const int *besides)
{
	_cleanup_(search_free) struct search search = { .n_queues = n, .looks = LOOKS_MAX };

	if (begin(&search, queues, besides) < 0)
		return -ENOMEM;
	search.enough = lower_bound(&search);
	search.enough += search.enough / ENOUGH;
	mend(&search, queues);
	for (size_t i = 0; i < n; i++)
		queues[i].mended = place_now(&search, i);
	while (relieve(&search))
		;
	improve_exactly(&search);
	undo_needless(&search);
	for (size_t i = 0; i < n; i++)
		queues[i].to = place_now(&search, i);
	return 0;
}
