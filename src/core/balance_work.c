// SPDX-License-Identifier: GPL-2.0-or-later
#include "balance_work.h"

#include "balance_exact.h"
#include "balance_search.h"
#include "balance_steps.h"
#include "util.h"

#include <errno.h>
#include <limits.h>

/*
 * First the rules, then steps that relieve the most loaded CPU, then, for a few sides, all places
 * that could be better. In the end, what need not have moved goes back.
 */

/* What is as good as the least load that can be thought of: a hundredth more. */
#define ENOUGH 100

/* Looks at a step, some 5 ns each. */
#define LOOKS_MAX 40000000

/* --- mending ------------------------------------------------------------------------------ */

/* Where the load is the least of the places that keep the rules. True when there is any. */
static bool mend_side(struct search *search, size_t side)
{
	unsigned int other = search->sides[other_of(side)].at, best = search->n;

	for (unsigned int to = 0; to < search->n; to++) {
		if (search_fits(search, side, to, other) &&
			(best == search->n || search->nodes[to].load < search->nodes[best].load))
			best = to;
	}
	if (best < search->n)
		search_move(search, side, best);
	return best < search->n;
}

static void mend_both(struct search *search, size_t queue)
{
	size_t tx = SIDE_COUNT * queue + SIDE_TX, rx = SIDE_COUNT * queue + SIDE_RX;
	unsigned int best[SIDE_COUNT] = { 0, 0 };
	long long least = LLONG_MAX;

	for (unsigned int a = 0; a < search->n; a++) {
		for (unsigned int b = 0; b < search->n; b++) {
			long long load = search->nodes[a].load + search->nodes[b].load;

			if (load >= least || !search_fits(search, tx, a, b))
				continue;
			least = load;
			best[SIDE_TX] = a;
			best[SIDE_RX] = b;
		}
	}
	search_move(search, tx, best[SIDE_TX]);
	search_move(search, rx, best[SIDE_RX]);
}

/* Moves one side where that will do, the larger share first, else both. */
static void mend(struct search *search, const struct measured_queue *queues)
{
	for (size_t q = 0; q < search->n_queues; q++) {
		size_t tx = SIDE_COUNT * q + SIDE_TX, rx = SIDE_COUNT * q + SIDE_RX;
		const struct side_work *sides = search->sides;
		bool rx_first = sides[rx].share > sides[tx].share;

		if (cpuset_is_empty(&queues[q].rules->allowed) ||
			search_fits(search, tx, sides[tx].at, sides[rx].at))
			continue;
		if (!mend_side(search, rx_first ? rx : tx) &&
			!mend_side(search, rx_first ? tx : rx))
			mend_both(search, q);
	}
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
		!search_fits(search, side, work->home, search->sides[other_of(side)].at))
		return false;
	search_move(search, side, work->home);
	return true;
}

/* Both sides of a queue at once: they may have changed places. */
static bool turn_back(struct search *search, size_t tx, long long limit)
{
	const struct side_work *sides = search->sides;
	size_t rx = other_of(tx);
	unsigned int at[SIDE_COUNT] = { sides[tx].at, sides[rx].at };

	if (at[SIDE_TX] == sides[tx].home || at[SIDE_RX] == sides[rx].home ||
		!search_fits(search, tx, sides[tx].home, sides[rx].home))
		return false;
	search_move(search, tx, sides[tx].home);
	search_move(search, rx, sides[rx].home);
	if ((!sides[tx].share || search->nodes[sides[tx].at].load <= limit) &&
		(!sides[rx].share || search->nodes[sides[rx].at].load <= limit))
		return true;
	search_move(search, tx, at[SIDE_TX]);
	search_move(search, rx, at[SIDE_RX]);
	return false;
}

/* What need not have moved goes back, the cheapest first: so the most do. */
static void undo_needless(struct search *search)
{
	long long limit = search_peak(search);
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

static struct place place_now(const struct search *search, size_t queue)
{
	struct place place;

	for (enum side side = 0; side < SIDE_COUNT; side++)
		place.cpu[side] = search->nodes[search->sides[SIDE_COUNT * queue + side].at].cpu;
	return place;
}

int balance_work(struct measured_queue *queues, size_t n, const int *besides)
{
	_cleanup_(search_free) struct search search = { .looks = LOOKS_MAX };
	int mean[SIDE_COUNT];

	measured_mean(queues, n, mean);
	if (search_begin(&search, queues, n, mean, besides) < 0)
		return -ENOMEM;
	search.enough = search_lower_bound(&search);
	search.enough += search.enough / ENOUGH;
	mend(&search, queues);
	for (size_t i = 0; i < n; i++)
		queues[i].mended = place_now(&search, i);
	while (balance_step(&search))
		;
	balance_exactly(&search);
	undo_needless(&search);
	for (size_t i = 0; i < n; i++)
		queues[i].to = place_now(&search, i);
	return 0;
}
