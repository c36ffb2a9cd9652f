// SPDX-License-Identifier: GPL-2.0-or-later
#include "balance_steps.h"

/* Looks, of one search for a side that can be pushed on. */
#define PUSHES_MAX 4000000

/* A side goes to a CPU, and perhaps another one from there to the next. */
struct step {
	size_t first, second; /* sides; NOBODY: there is no such step, or no second side */
	unsigned int to, next;
	long long highest; /* load that it leaves on a CPU that it touches */
	int moved;         /* how many more sides are away from home */
	long long there;   /* load that it leaves where its first side goes */
};

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
		!search_fits(search, first, to, search->sides[other_of(first)].at))
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
		return search_fits(search, first, step->to, step->next);
	return search_fits(search, first, step->to, search->sides[other_of(first)].at) &&
	       search_fits(search, second, step->next, search->sides[other_of(second)].at);
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
bool balance_step(struct search *search)
{
	unsigned int most = search_most_loaded(search);
	struct step best = { .first = NOBODY };

	if (most == search->n || search->nodes[most].load <= search->enough)
		return false;
	sort_nodes(search);
	find_step(search, most, false, &best);
	if (best.first == NOBODY)
		find_step(search, most, true, &best);
	if (best.first == NOBODY)
		return false;
	search_move(search, best.first, best.to);
	if (best.second != NOBODY)
		search_move(search, best.second, best.next);
	return true;
}
