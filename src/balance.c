// SPDX-License-Identifier: GPL-2.0-or-later
#include "balance.h"

#include "util.h"

#include <errno.h>
#include <string.h>

/*
 * This is a min-cost flow: sides flow to CPUs, and what a further side costs a CPU rises
 * with its load. A flow is the cheapest when its residual graph has no negative cycle
 * (Klein 1967), so negative cycles are cancelled until there is none.
 *
 * The graph's nodes are the CPUs, the sides and a hub:
 *	CPU a -> side s		s leaves a, where it is
 *	side s -> CPU b		s goes to b
 *	side s -> its other side t	s takes t's CPU, and t has to leave it
 *	CPU b -> hub		b has one side more
 *	hub -> CPU a		a has one less
 * A side is entered from its CPU or from the queue's other side only. So a way from CPU
 * a to CPU b is through one side or through both of a queue, and the cheapest for each
 * pair of CPUs is kept in a table (struct step): the search for cycles sees CPUs only.
 */

/* What a placement costs, compared one after the other. */
enum { FORBIDDEN, TOGETHER, NIC, FAR, LOAD, MOVED, N_COSTS };

struct cost {
	long long v[N_COSTS];
};

/* The cheapest way from one CPU to another. */
struct step {
	struct cost cost;
	size_t queue;
	bool rx;     /* the side that leaves */
	bool pushes; /* it takes the CPU of the other side, which goes on */
	bool there;  /* false: there is no way */
};

struct graph {
	struct balance_queue *queues;
	size_t n_queues;
	unsigned int *cpus; /* the CPUs' numbers */
	int *index;         /* and back, [CPUSET_MAX] */
	unsigned int n;
	unsigned int hub;       /* the node behind the CPUs */
	unsigned int *load;     /* of each node */
	struct step *steps;     /* [from * n + to] */
	bool *stale;            /* rows of steps that have to be found again */
	struct cost *distances; /* of each node */
	int *parents;
};

/* --- costs ----------------------------------------------------------------------------- */

static struct cost add(struct cost a, const struct cost *b)
{
	for (int i = 0; i < N_COSTS; i++)
		a.v[i] += b->v[i];
	return a;
}

static struct cost subtract(struct cost a, const struct cost *b)
{
	for (int i = 0; i < N_COSTS; i++)
		a.v[i] -= b->v[i];
	return a;
}

static int compare(const struct cost *a, const struct cost *b)
{
	for (int i = 0; i < N_COSTS; i++) {
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
	const struct plan_rules *rules = queue->rules;
	unsigned int tx = (unsigned int)place.tx_cpu, rx = (unsigned int)place.rx_cpu;
	bool anywhere = cpuset_is_empty(&rules->near);

	return (struct cost){ {
		[FORBIDDEN] = !cpuset_has(&rules->allowed, tx) + !cpuset_has(&rules->allowed, rx),
		[TOGETHER] = tx == rx,
		[NIC] = cpuset_has(&rules->nic_busy, rx),
		[FAR] = anywhere ? 0
				 : !cpuset_has(&rules->near, tx) + !cpuset_has(&rules->near, rx),
		[MOVED] =
			(place.tx_cpu != queue->from.tx_cpu) + (place.rx_cpu != queue->from.rx_cpu),
	} };
}

/* --- the table of steps ---------------------------------------------------------------- */

static struct place with_side(struct place place, bool rx, int cpu)
{
	if (rx)
		place.rx_cpu = cpu;
	else
		place.tx_cpu = cpu;
	return place;
}

static int side_cpu(struct place place, bool rx)
{
	return rx ? place.rx_cpu : place.tx_cpu;
}

/* The queue's place after the step. */
static struct place place_after(const struct graph *graph, const struct step *step, unsigned int to)
{
	struct place now = graph->queues[step->queue].to;
	int cpu = (int)graph->cpus[to];

	if (!step->pushes)
		return with_side(now, step->rx, cpu);
	now = with_side(now, step->rx, side_cpu(now, !step->rx));
	return with_side(now, !step->rx, cpu);
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
static void offer_side(struct graph *graph, size_t q, bool rx, unsigned int from)
{
	const struct balance_queue *queue = &graph->queues[q];
	int other = side_cpu(queue->to, !rx);
	struct step go = { .queue = q, .rx = rx };
	struct step push = { .queue = q, .rx = rx, .pushes = true };

	cpuset_for_each (cpu, &queue->rules->allowed) {
		unsigned int to = (unsigned int)graph->index[cpu];

		if (to != from)
			offer_step(graph, go, from, to);
		if (other != (int)graph->cpus[from] && cpu != other)
			offer_step(graph, push, from, to);
	}
}

static void find_steps(struct graph *graph)
{
	for (unsigned int i = 0; i < graph->n * graph->n; i++) {
		if (graph->stale[i / graph->n])
			graph->steps[i].there = false;
	}
	for (size_t i = 0; i < 2 * graph->n_queues; i++) {
		bool rx = i % 2;
		unsigned int from =
			(unsigned int)graph->index[side_cpu(graph->queues[i / 2].to, rx)];

		if (graph->stale[from])
			offer_side(graph, i / 2, rx, from);
	}
	memset(graph->stale, 0, graph->n * sizeof *graph->stale);
}

/* --- the search for a negative cycle ---------------------------------------------------- */

/* What it costs to go from one node to another; false where there is no way. */
static bool cost_between(
	const struct graph *graph, unsigned int from, unsigned int to, struct cost *cost)
{
	*cost = (struct cost){ 0 };
	if (from == graph->hub)
		cost->v[LOAD] = 1 - 2 * (long long)graph->load[to];
	else if (to == graph->hub)
		cost->v[LOAD] = 1 + 2 * (long long)graph->load[from];
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
			cost = add(cost, &graph->distances[from]);
			if (compare(&cost, &graph->distances[to]) >= 0)
				continue;
			graph->distances[to] = cost;
			graph->parents[to] = (int)from;
			nearer = true;
		}
	}
	return nearer;
}

/* A node on a cycle of parents, or -1: such a cycle is a negative one. */
static int find_cycle(const struct graph *graph, unsigned int *seen)
{
	memset(seen, 0, (graph->hub + 1) * sizeof *seen);
	for (unsigned int start = 0; start <= graph->hub; start++) {
		int node = (int)start;

		while (node >= 0 && !seen[node]) {
			seen[node] = start + 1;
			node = graph->parents[node];
		}
		if (node >= 0 && seen[node] == start + 1)
			return node;
	}
	return -1;
}

/* The two sides of a queue may just as well change places: a cycle of one CPU. */
static bool find_swap(const struct graph *graph, unsigned int *cpu)
{
	for (*cpu = 0; *cpu < graph->n; ++*cpu) {
		const struct step *step = &graph->steps[*cpu * graph->n + *cpu];

		if (step->there && is_negative(&step->cost))
			return true;
	}
	return false;
}

/* The nodes of a negative cycle in cycle[], in order; how many, 0 when there is none. */
static unsigned int search(struct graph *graph, unsigned int *cycle)
{
	unsigned int n = 0;
	int start = -1, node;

	if (find_swap(graph, cycle))
		return 1;
	memset(graph->distances, 0, (graph->hub + 1) * sizeof *graph->distances);
	for (unsigned int i = 0; i <= graph->hub; i++)
		graph->parents[i] = -1;
	while (start < 0 && relax(graph))
		start = find_cycle(graph, cycle);
	if (start < 0)
		return 0;
	node = start;
	do {
		n++;
		node = graph->parents[node];
	} while (node != start);
	/* Parents lead backwards. */
	for (unsigned int i = n; i-- > 0; node = graph->parents[node])
		cycle[i] = (unsigned int)node;
	return n;
}

/* --- cancelling it --------------------------------------------------------------------- */

static const struct step *step_of(
	const struct graph *graph, const unsigned int *cycle, unsigned int n, unsigned int i)
{
	unsigned int from = cycle[i], to = cycle[(i + 1) % n];

	if (from == graph->hub || to == graph->hub)
		return NULL;
	return &graph->steps[from * graph->n + to];
}

static void set_place(struct graph *graph, size_t queue, struct place place)
{
	const struct place before = graph->queues[queue].to;
	const int cpus[] = { before.tx_cpu, before.rx_cpu, place.tx_cpu, place.rx_cpu };

	graph->queues[queue].to = place;
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++)
		graph->stale[graph->index[cpus[i]]] = true;
	graph->load[graph->index[before.tx_cpu]]--;
	graph->load[graph->index[before.rx_cpu]]--;
	graph->load[graph->index[place.tx_cpu]]++;
	graph->load[graph->index[place.rx_cpu]]++;
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
static bool find_clash(const struct graph *graph, const unsigned int *cycle, unsigned int n,
	unsigned int *first, unsigned int *second)
{
	for (*second = 1; *second < n; ++*second) {
		const struct step *b = step_of(graph, cycle, n, *second);

		for (*first = 0; b && *first < *second; ++*first) {
			const struct step *a = step_of(graph, cycle, n, *first);

			if (a && a->queue == b->queue && (a->pushes || b->pushes))
				return true;
		}
	}
	return false;
}

static void rotate(unsigned int *cycle, unsigned int n, unsigned int by, unsigned int *spare)
{
	for (unsigned int i = 0; i < n; i++)
		spare[i] = cycle[(i + by) % n];
	memcpy(cycle, spare, n * sizeof *cycle);
}

/*
 * A cycle that comes to the same side twice is two cycles in one: each enters the side
 * as one of the two steps does and leaves it as the other does. Together they cost no
 * more than the whole, so one of them is negative: that is left, and its length returned.
 */
static unsigned int make_simple(
	const struct graph *graph, unsigned int *cycle, unsigned int n, unsigned int *spare)
{
	unsigned int first, second;

	while (find_clash(graph, cycle, n, &first, &second)) {
		unsigned int inner = second - first;
		struct cost cost;
		bool there;

		/* The inner one, first + 1 to second, then the outer one. */
		rotate(cycle, n, first + 1, spare);
		cost = cost_of_cycle(graph, cycle, inner, &there);
		if (there && is_negative(&cost)) {
			n = inner;
		} else {
			rotate(cycle, n, inner, spare);
			n -= inner;
		}
	}
	return n;
}

static void cancel(struct graph *graph, const unsigned int *cycle, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		const struct step *step = step_of(graph, cycle, n, i);

		if (step)
			set_place(graph, step->queue, place_after(graph, step, cycle[(i + 1) % n]));
	}
}

/* --- the whole -------------------------------------------------------------------------- */

static void add_cpus(struct graph *graph, const struct cpuset *set)
{
	cpuset_for_each (cpu, set) {
		graph->index[cpu] = (int)graph->n;
		graph->cpus[graph->n++] = (unsigned int)cpu;
	}
}

/* Every CPU that a side stands on, or may. */
static void collect_cpus(const struct balance_queue *queues, size_t n, struct cpuset *set)
{
	const struct plan_rules *last = NULL;

	cpuset_zero(set);
	for (size_t i = 0; i < n; i++) {
		cpuset_add(set, (unsigned int)queues[i].from.tx_cpu);
		cpuset_add(set, (unsigned int)queues[i].from.rx_cpu);
		if (queues[i].rules != last)
			cpuset_or(set, &queues[i].rules->allowed);
		last = queues[i].rules;
	}
}

static void graph_free(struct graph *graph)
{
	free(graph->cpus);
	free(graph->index);
	free(graph->load);
	free(graph->steps);
	free(graph->stale);
	free(graph->distances);
	free(graph->parents);
}

static int graph_new(struct graph *graph, struct balance_queue *queues, size_t n_queues)
{
	struct cpuset set;
	size_t n;

	collect_cpus(queues, n_queues, &set);
	n = cpuset_count(&set);
	*graph = (struct graph){
		.queues = queues,
		.n_queues = n_queues,
		.hub = (unsigned int)n,
		.cpus = calloc(n + 1, sizeof *graph->cpus),
		.index = calloc(CPUSET_MAX, sizeof *graph->index),
		.load = calloc(n + 1, sizeof *graph->load),
		.steps = calloc(n * n + 1, sizeof *graph->steps),
		.stale = calloc(n + 1, sizeof *graph->stale),
		.distances = calloc(n + 1, sizeof *graph->distances),
		.parents = calloc(n + 1, sizeof *graph->parents),
	};
	if (!graph->cpus || !graph->index || !graph->load || !graph->steps || !graph->stale ||
		!graph->distances || !graph->parents) {
		graph_free(graph);
		return -ENOMEM;
	}
	add_cpus(graph, &set);
	return 0;
}

static void fill_in(struct graph *graph, const unsigned int *load)
{
	for (unsigned int i = 0; i < graph->n; i++) {
		graph->load[i] = load[graph->cpus[i]];
		graph->stale[i] = true;
	}
	for (size_t i = 0; i < graph->n_queues; i++) {
		struct balance_queue *queue = &graph->queues[i];

		queue->to = queue->from;
		graph->load[graph->index[queue->from.tx_cpu]]++;
		graph->load[graph->index[queue->from.rx_cpu]]++;
	}
}

int balance(struct balance_queue *queues, size_t n, const unsigned int *load)
{
	_cleanup_free_ unsigned int *cycle = NULL;
	unsigned int *spare, length;
	struct graph graph;

	if (graph_new(&graph, queues, n) < 0)
		return -ENOMEM;
	cycle = calloc(2 * (graph.n + 1), sizeof *cycle);
	if (!cycle) {
		graph_free(&graph);
		return -ENOMEM;
	}
	spare = cycle + graph.n + 1;
	fill_in(&graph, load);
	find_steps(&graph);
	while ((length = search(&graph, cycle))) {
		length = make_simple(&graph, cycle, length, spare);
		cancel(&graph, cycle, length);
		find_steps(&graph);
	}
	graph_free(&graph);
	return 0;
}
