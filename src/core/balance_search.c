// SPDX-License-Identifier: GPL-2.0-or-later
#include "balance_search.h"

#include "util.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

_Static_assert(2 * RULE_COUNT <= 16, "a penalty has room for every rule");

#define PENALTY(rule) (1U << 2 * (RULE_COUNT - 1 - (rule)))

/* --- the rules ---------------------------------------------------------------------------- */

static unsigned int penalty(
	const struct search *search, size_t queue, unsigned int tx, unsigned int rx)
{
	const penalty_t *of_group = search->groups[search->group_of[queue]].penalties;

	return (unsigned int)of_group[tx] + of_group[search->n + rx] +
	       (tx == rx ? 2 * PENALTY(RULE_APART) : 0);
}

/* May the side stand there, while the queue's other side stands on `other`? */
bool search_fits(const struct search *search, size_t side, unsigned int at, unsigned int other)
{
	size_t queue = side / SIDE_COUNT;
	bool rx = side % SIDE_COUNT == SIDE_RX;

	return penalty(search, queue, rx ? other : at, rx ? at : other) ==
	       search->groups[search->group_of[queue]].least;
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

void search_take_off(struct search *search, size_t side)
{
	const struct side_work *work = &search->sides[side];
	struct cpu_node *node = &search->nodes[work->at];

	*link_behind(search, work->at, work->previous) = work->next;
	if (work->next != NOBODY)
		search->sides[work->next].previous = work->previous;
	node->load -= work->share;
	node->working -= work->share > 0;
}

void search_put_on(struct search *search, size_t side, unsigned int at)
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

void search_move(struct search *search, size_t side, unsigned int to)
{
	search_take_off(search, side);
	search_put_on(search, side, to);
}

/* The most loaded CPU of those that carry work of sides; n when none does. */
unsigned int search_most_loaded(const struct search *search)
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
long long search_peak(const struct search *search)
{
	unsigned int most = search_most_loaded(search);
	long long load = most == search->n ? 0 : search->nodes[most].load;

	return load > search->enough ? load : search->enough;
}

/*
 * No placement has less on its most loaded CPU: when all could be spread as water in a vessel, and
 * when the largest side has the emptiest CPU for itself.
 */
long long search_lower_bound(const struct search *search)
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

/* --- the beginning ------------------------------------------------------------------------- */

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->share != y->share)
		return x->share < y->share ? -1 : 1;
	return x->side > y->side ? -1 : x->side < y->side;
}

void search_free(struct search *search)
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

static int add_sides(
	struct search *search, const struct measured_queue *queues, const int mean[SIDE_COUNT])
{
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
		search_put_on(
			search, search->ranked[i].side, search->sides[search->ranked[i].side].at);
	return 0;
}

int search_begin(struct search *search, const struct measured_queue *queues, size_t n,
	const int mean[SIDE_COUNT], const int *besides)
{
	int r;

	search->n_queues = n;
	r = add_nodes(search, queues, besides);

	if (r == 0)
		r = add_groups(search, queues);
	if (r == 0)
		r = add_penalties(search);
	if (r == 0)
		r = add_sides(search, queues, mean);
	return r;
}
