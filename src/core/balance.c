// SPDX-License-Identifier: GPL-2.0-or-later
#include "balance.h"

#include "util.h"

#include <errno.h>
#include <string.h>

/*
 * This is a min-cost flow: sides flow to CPUs, and what a further side costs a CPU rises
 * with its load. A flow is the cheapest when its residual graph has no negative cycle
 * (Klein 1967), so negative cycles are cancelled until there is none. This is done twice.
 *
 * First for the totals. The graph's nodes are the CPUs, the sides and a hub:
 *	CPU a -> side s		s leaves a, where it is
 *	side s -> CPU b		s goes to b
 *	side s -> its other side t	s takes t's CPU, and t has to leave it
 *	CPU b -> hub		b has one side more
 *	hub -> CPU a		a has one less
 * A side is entered from its CPU or from the queue's other side only. So a way from CPU
 * a to CPU b is through one side or through both of a queue, and the cheapest for each
 * pair of CPUs is kept in a table (struct step): the search for cycles sees CPUs only.
 *
 * Then for the directions. Queues turn: their two sides change CPUs, and no total changes.
 *	CPU a -> CPU b		a queue with tx on a and rx on b turns
 *	CPU b -> hub		b has a tx side more and an rx side less
 *	hub -> CPU a		a has a tx side less and an rx side more
 * This is exact too, and where every queue may turn, a CPU has at most one side more of a direction
 * than of the other then: if some CPU had two more of tx, look at all CPUs that ways lead to from
 * there. Their queues have no rx side elsewhere, so together they have no more tx sides than rx,
 * and one of them has fewer: to turn the queues of a way to it would be better.
 */

/*
 * What a placement costs, compared one after the other: the sides that break each rule, then
 * these.
 */
enum { COST_LOAD = RULE_COUNT, COST_MOVED, COST_COUNT };

struct cost {
	long long v[COST_COUNT];
};

/*
 * What is made even, by the sum of squares: twice the sides of a CPU, so that one more costs its
 * weight and 1; or what it has more of tx than of rx, which a queue that turns changes by 2.
 */
struct stage {
	bool turns;              /* all that queues do is turn */
	int weights[SIDE_COUNT]; /* what a side adds to its CPU's */
};

static const struct stage totals = { .weights = { 2, 2 } };
static const struct stage directions = { .turns = true, .weights = { 1, -1 } };

/* The cheapest way from one CPU to another. */
struct step {
	struct cost cost;
	size_t queue;
	enum side side; /* the one that leaves */
	bool pushes;    /* it takes the CPU of the other side, which goes on, or comes here */
	bool there;     /* false: there is no way */
};

/* A CPU, or the hub. */
struct node {
	int cpu;
	int weight;
	bool stale; /* the steps from it have to be found again */
	struct cost distance;
	int parent; /* the node before it on the way from which that is; -1: none */
};

struct graph {
	const struct stage *stage;
	struct balance_queue *queues;
	size_t n_queues;
	unsigned int node_of[CPUSET_MAX]; /* of each CPU */
	struct node *nodes;               /* of the CPUs, n of them, and the hub's */
	unsigned int n;
	unsigned int hub;    /* the node behind the CPUs */
	struct step *steps;  /* [from * n + to] */
	unsigned int *cycle; /* the nodes of a negative one, in order */
	unsigned int length; /* how many they are */
};

/* --- costs -------------------------------------------------------------------------------- */

static struct cost add(struct cost a, const struct cost *b)
{
	for (int i = 0; i < COST_COUNT; i++)
		a.v[i] += b->v[i];
	return a;
}

static struct cost subtract(struct cost a, const struct cost *b)
{
	for (int i = 0; i < COST_COUNT; i++)
		a.v[i] -= b->v[i];
	return a;
}

static int compare(const struct cost *a, const struct cost *b)
{
	for (int i = 0; i < COST_COUNT; i++) {
		if (a->v[i] != b->v[i])
			return a->v[i] < b->v[i] ? -1 : 1;
	}
	return 0;
}

static bool is_negative(const struct cost *cost)
{
	static const struct cost nothing;

	return compare(cost, &nothing) < 0;
}

/* What a queue costs when it is placed so. */
static struct cost cost_of(const struct balance_queue *queue, struct place place)
{
	struct cost cost = { 0 };

	for (enum side side = 0; side < SIDE_COUNT; side++) {
		int cpu = place.cpu[side], other = place.cpu[other_side(side)];

		for (enum rule rule = 0; rule < RULE_COUNT; rule++)
			cost.v[rule] += rule_is_broken(rule, queue->rules, side, cpu, other);
		cost.v[COST_MOVED] += cpu != queue->from.cpu[side];
	}
	return cost;
}

/* --- the table of steps ------------------------------------------------------------------- */

/* The queue's place after the step. */
static struct place place_after(const struct graph *graph, const struct step *step, unsigned int to)
{
	struct place now = graph->queues[step->queue].to, place = now;
	enum side side = step->side, other = other_side(side);

	place.cpu[step->pushes ? other : side] = graph->nodes[to].cpu;
	if (step->pushes)
		place.cpu[side] = now.cpu[other];
	if (graph->stage->turns)
		place.cpu[other] = now.cpu[side];
	return place;
}

static void offer_step(struct graph *graph, struct step step, unsigned int from, unsigned int to)
{
	const struct balance_queue *queue = &graph->queues[step.queue];
	struct step *best = &graph->steps[from * graph->n + to];
	struct cost now = cost_of(queue, queue->to);
	struct place after = place_after(graph, &step, to);

	step.cost = cost_of(queue, after);
	step.cost = subtract(step.cost, &now);
	step.there = true;
	if (!best->there || compare(&step.cost, &best->cost) < 0)
		*best = step;
}

/* All that one side, which stands on `from`, can do. */
static void offer_side(struct graph *graph, size_t q, enum side side, unsigned int from)
{
	const struct balance_queue *queue = &graph->queues[q];
	int other = queue->to.cpu[other_side(side)];
	struct step go = { .queue = q, .side = side };
	struct step push = { .queue = q, .side = side, .pushes = true };

	if (graph->stage->turns) {
		if (side == SIDE_TX && cpuset_has(&queue->rules->allowed, (unsigned int)other))
			offer_step(graph, push, from, graph->node_of[other]);
		return;
	}
	cpuset_for_each (cpu, &queue->rules->allowed) {
		unsigned int to = graph->node_of[cpu];

		if (to != from)
			offer_step(graph, go, from, to);
		if (other != graph->nodes[from].cpu && cpu != other)
			offer_step(graph, push, from, to);
	}
}

static void find_steps(struct graph *graph)
{
	for (unsigned int i = 0; i < graph->n * graph->n; i++) {
		if (graph->nodes[i / graph->n].stale)
			graph->steps[i].there = false;
	}
	for (size_t q = 0; q < graph->n_queues; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			unsigned int from = graph->node_of[graph->queues[q].to.cpu[side]];

			if (graph->nodes[from].stale)
				offer_side(graph, q, side, from);
		}
	}
	for (unsigned int i = 0; i < graph->n; i++)
		graph->nodes[i].stale = false;
}

/* --- the search for a negative cycle ------------------------------------------------------ */

/* What it costs to go from one node to another; false where there is no way. */
static bool cost_between(
	const struct graph *graph, unsigned int from, unsigned int to, struct cost *cost)
{
	*cost = (struct cost){ 0 };
	if (from == graph->hub)
		cost->v[COST_LOAD] = 1 - graph->nodes[to].weight;
	else if (to == graph->hub)
		cost->v[COST_LOAD] = 1 + graph->nodes[from].weight;
	else if (graph->steps[from * graph->n + to].there)
		*cost = graph->steps[from * graph->n + to].cost;
	else
		return false;
	return true;
}

/* One round of Bellman and Ford; true when anything has become nearer. */
static bool relax(struct graph *graph)
{
	bool nearer = false;

	for (unsigned int from = 0; from <= graph->hub; from++) {
		for (unsigned int to = 0; to <= graph->hub; to++) {
			struct cost cost;

			if (from == to || !cost_between(graph, from, to, &cost))
				continue;
			cost = add(cost, &graph->nodes[from].distance);
			if (compare(&cost, &graph->nodes[to].distance) >= 0)
				continue;
			graph->nodes[to].distance = cost;
			graph->nodes[to].parent = (int)from;
			nearer = true;
		}
	}
	return nearer;
}

/* A node on a cycle of parents, or -1: such a cycle is a negative one. */
static int find_cycle(const struct graph *graph)
{
	unsigned int *seen = graph->cycle; /* there is room before there is a cycle */

	memset(seen, 0, (graph->hub + 1) * sizeof *seen);
	for (unsigned int start = 0; start <= graph->hub; start++) {
		int node = (int)start;

		while (node >= 0 && !seen[node]) {
			seen[node] = start + 1;
			node = graph->nodes[node].parent;
		}
		if (node >= 0 && seen[node] == start + 1)
			return node;
	}
	return -1;
}

/* The two sides of a queue may just as well change places: a cycle of one CPU. */
static bool find_swap(struct graph *graph)
{
	for (unsigned int i = 0; i < graph->n; i++) {
		const struct step *step = &graph->steps[i * graph->n + i];

		if (step->there && is_negative(&step->cost)) {
			graph->cycle[0] = i;
			graph->length = 1;
			return true;
		}
	}
	return false;
}

/* Finds a negative cycle; false when there is none. */
static bool search(struct graph *graph)
{
	int start = -1, node;

	if (find_swap(graph))
		return true;
	for (unsigned int i = 0; i <= graph->hub; i++) {
		graph->nodes[i].distance = (struct cost){ 0 };
		graph->nodes[i].parent = -1;
	}
	while (start < 0 && relax(graph))
		start = find_cycle(graph);
	if (start < 0)
		return false;
	graph->length = 0;
	node = start;
	do {
		graph->length++;
		node = graph->nodes[node].parent;
	} while (node != start);
	/* Parents lead backwards. */
	for (unsigned int i = graph->length; i-- > 0; node = graph->nodes[node].parent)
		graph->cycle[i] = (unsigned int)node;
	return true;
}

/* --- cancelling it ------------------------------------------------------------------------ */

/* The step from the i-th node of the cycle; NULL where that is to the hub or from it. */
static const struct step *step_of(const struct graph *graph, unsigned int i)
{
	unsigned int from = graph->cycle[i], to = graph->cycle[(i + 1) % graph->length];

	if (from == graph->hub || to == graph->hub)
		return NULL;
	return &graph->steps[from * graph->n + to];
}

static void set_place(struct graph *graph, size_t queue, struct place place)
{
	struct place before = graph->queues[queue].to;

	graph->queues[queue].to = place;
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		unsigned int from = graph->node_of[before.cpu[side]];
		unsigned int to = graph->node_of[place.cpu[side]];

		graph->nodes[from].weight -= graph->stage->weights[side];
		graph->nodes[to].weight += graph->stage->weights[side];
		graph->nodes[from].stale = graph->nodes[to].stale = true;
	}
}

static struct cost cost_of_cycle(
	const struct graph *graph, const unsigned int *cycle, unsigned int n, bool *there)
{
	struct cost sum = { 0 }, cost;

	*there = true;
	for (unsigned int i = 0; i < n; i++) {
		*there &= cost_between(graph, cycle[i], cycle[(i + 1) % n], &cost);
		sum = add(sum, &cost);
	}
	return sum;
}

/* Do two steps of the cycle use the same side? One of them pushes it then. */
static bool find_clash(const struct graph *graph, unsigned int *first, unsigned int *second)
{
	for (*second = 1; *second < graph->length; ++*second) {
		const struct step *b = step_of(graph, *second);

		for (*first = 0; b && *first < *second; ++*first) {
			const struct step *a = step_of(graph, *first);

			if (a && a->queue == b->queue && (a->pushes || b->pushes))
				return true;
		}
	}
	return false;
}

/*
 * A cycle that comes to the same side twice is two cycles in one: each enters the side
 * as one of the two steps does and leaves it as the other does. Together they cost no
 * more than the whole, so one of them is negative: that is left.
 */
static void make_simple(struct graph *graph)
{
	unsigned int first, second;

	while (find_clash(graph, &first, &second)) {
		unsigned int *inner = &graph->cycle[first + 1], n = second - first;
		unsigned int behind = graph->length - second - 1;
		bool there;
		struct cost cost = cost_of_cycle(graph, inner, n, &there);

		if (there && is_negative(&cost)) {
			memmove(graph->cycle, inner, n * sizeof *inner);
			graph->length = n;
		} else {
			memmove(inner, inner + n, behind * sizeof *inner);
			graph->length -= n;
		}
	}
}

static void cancel(struct graph *graph)
{
	for (unsigned int i = 0; i < graph->length; i++) {
		const struct step *step = step_of(graph, i);
		unsigned int to = graph->cycle[(i + 1) % graph->length];

		if (step)
			set_place(graph, step->queue, place_after(graph, step, to));
	}
}

/* --- the whole ---------------------------------------------------------------------------- */

/* Adds every CPU that a side stands on, or may. */
static void add_cpus(const struct balance_queue *queues, size_t n, struct cpuset *set)
{
	const struct rules *last = NULL;

	for (size_t i = 0; i < n; i++) {
		for (enum side side = 0; side < SIDE_COUNT; side++)
			cpuset_add(set, (unsigned int)queues[i].from.cpu[side]);
		if (queues[i].rules != last)
			cpuset_or(set, &queues[i].rules->allowed);
		last = queues[i].rules;
	}
}

static void graph_free(struct graph *graph)
{
	free(graph->nodes);
	free(graph->steps);
	free(graph->cycle);
}

static int add_nodes(struct graph *graph)
{
	struct cpuset set = { 0 };
	size_t n;

	add_cpus(graph->queues, graph->n_queues, &set);
	n = cpuset_count(&set);
	graph->hub = (unsigned int)n;
	graph->nodes = calloc(n + 1, sizeof *graph->nodes);
	graph->steps = calloc(n * n + 1, sizeof *graph->steps);
	graph->cycle = calloc(n + 1, sizeof *graph->cycle);
	if (!graph->nodes || !graph->steps || !graph->cycle)
		return -ENOMEM;
	cpuset_for_each (cpu, &set) {
		graph->node_of[cpu] = graph->n;
		graph->nodes[graph->n++].cpu = cpu;
	}
	return 0;
}

static void begin(struct graph *graph, const struct stage *stage, const struct cpu_load *load)
{
	graph->stage = stage;
	for (unsigned int i = 0; i < graph->n; i++) {
		struct node *node = &graph->nodes[i];
		const struct cpu_load *besides = &load[node->cpu];

		node->weight = stage->turns ? 0 : 2 * (int)besides->nic;
		for (enum side side = 0; side < SIDE_COUNT; side++)
			node->weight += (int)besides->sides[side] * stage->weights[side];
		node->stale = true;
	}
	for (size_t i = 0; i < graph->n_queues; i++) {
		for (enum side side = 0; side < SIDE_COUNT; side++)
			graph->nodes[graph->node_of[graph->queues[i].to.cpu[side]]].weight +=
				stage->weights[side];
	}
}

static void improve(struct graph *graph)
{
	find_steps(graph);
	while (search(graph)) {
		make_simple(graph);
		cancel(graph);
		find_steps(graph);
	}
}

int balance(struct balance_queue *queues, size_t n, const struct cpu_load *load)
{
	_cleanup_(graph_free) struct graph graph = { .queues = queues, .n_queues = n };

	if (add_nodes(&graph) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		queues[i].to = queues[i].from;
	begin(&graph, &totals, load);
	improve(&graph);
	begin(&graph, &directions, load);
	improve(&graph);
	return 0;
}
