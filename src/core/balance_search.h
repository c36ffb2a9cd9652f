// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * balance_search.h - what balance_work() searches in: sides, the CPUs that they stand on, and which
 * places keep the rules. How it searches is in balance_steps.h, balance_exact.h and balance_work.c.
 *
 * What breaking a rule costs is a matter of each queue alone, so its cheapest places are known
 * before anything is moved (struct group), and no step leads out of them.
 */
#pragma once

#include "balance_work.h"
#include "cpuset.h"

#include <stdbool.h>
#include <stdint.h>

/* What breaking a rule costs a queue: two bits for each rule, which one or two sides break, those
 * of the strongest first. */
typedef uint16_t penalty_t;

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

/* The other side of its queue. */
static inline size_t other_of(size_t side)
{
	return side ^ 1;
}

static inline long long max(long long a, long long b)
{
	return a > b ? a : b;
}

/*
 * All of the queues where they stand, with what their sides cost; one of unknown cost counts as
 * `mean` has it. -ENOMEM, with what it has to be freed. The rest of *search is zero before.
 */
int search_begin(struct search *search, const struct measured_queue *queues, size_t n,
	const int mean[SIDE_COUNT], const int *besides);
void search_free(struct search *search);

/* May the side stand there, while the queue's other side stands on `other`? */
bool search_fits(const struct search *search, size_t side, unsigned int at, unsigned int other);

/* A side that is taken off stands nowhere until it is put on a CPU. */
void search_take_off(struct search *search, size_t side);
void search_put_on(struct search *search, size_t side, unsigned int at);
void search_move(struct search *search, size_t side, unsigned int to);

/* The most loaded CPU of those that carry work of sides; search->n when none does. */
unsigned int search_most_loaded(const struct search *search);

/* What it carries, where that is worth a step; else what is enough. */
long long search_peak(const struct search *search);

/* No placement has less on its most loaded CPU. */
long long search_lower_bound(const struct search *search);
