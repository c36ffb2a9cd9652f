// SPDX-License-Identifier: GPL-2.0-or-later
#include "balance_exact.h"

#include <string.h>

/* Sides, and places of one of them that are tried. */
#define EXACT_SIDES 32
#define EXACT_TRIES 200000

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
	if (i % SIDE_COUNT && !search_fits(search, number, to, search->sides[other_of(number)].at))
		return;
	search_put_on(search, number, to);
	if (side->share)
		load = max(load, search->nodes[to].load);
	try_all(exact, i + 1, load, moved + (to != side->home));
	search_take_off(search, number);
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

void balance_exactly(struct search *search)
{
	struct exact exact = { .search = search, .tries = EXACT_TRIES };
	size_t moved = 0;

	if (!choose_sides(&exact))
		return;
	for (size_t i = 0; i < exact.n; i++)
		moved += search->sides[exact.sides[i]].at != search->sides[exact.sides[i]].home;
	keep_exact(&exact, search_peak(search), moved);
	for (size_t i = 0; i < exact.n; i++)
		search_take_off(search, exact.sides[i]);
	try_all(&exact, 0, search_peak(search), 0);
	for (size_t i = 0; i < exact.n; i++)
		search_put_on(search, exact.sides[i], exact.best[i]);
}
