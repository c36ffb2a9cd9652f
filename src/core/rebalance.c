// SPDX-License-Identifier: GPL-2.0-or-later
#include "rebalance.h"

#include "balance.h"
#include "balance_work.h"
#include "util.h"

#include <errno.h>

/* All queues of the ledger, in its order, with the rules of their vifs. */
struct problem {
	struct balance_queue *queues;
	size_t n;
	struct rules *rules; /* of each vif */
	bool measured;       /* the load is what sides cost */
};

static void problem_free(struct problem *problem)
{
	free(problem->queues);
	free(problem->rules);
}

static int pose(const struct world *world, const struct config *config, const struct ledger *ledger,
	struct problem *out)
{
	out->rules = calloc(ledger->n_vifs + 1, sizeof *out->rules);
	if (!out->rules)
		return -ENOMEM;
	for (size_t i = 0; i < ledger->n_vifs; i++) {
		const struct vif_entry *vif = &ledger->vifs[i];

		out->rules[i] = world_rules(world, config, vif);
		for (unsigned int q = 0; q < vif->n_queues; q++) {
			struct balance_queue *queue =
				array_add(&out->queues, &out->n, sizeof *queue);

			if (!queue)
				return -ENOMEM;
			queue->rules = &out->rules[i];
			queue->from = vif->places[q];
		}
	}
	return 0;
}

/* A queue whose sides change CPUs leaves the number of sides as it is. */
static const char *reason(
	const struct problem *problem, const struct balance_queue *queue, enum side side)
{
	enum rule rule = rules_broken(queue->rules, side, queue->from);
	bool turns = queue->from.cpu[SIDE_TX] == queue->to.cpu[SIDE_RX] &&
		     queue->from.cpu[SIDE_RX] == queue->to.cpu[SIDE_TX];

	if (rule != RULE_COUNT)
		return rule_move_reason(rule);
	return problem->measured ? "measured load" : turns ? "direction" : rule_move_reason(rule);
}

static int add_move(struct moves *moves, struct vif_id id, unsigned int queue,
	const struct problem *problem, const struct balance_queue *found)
{
	struct queue_move *move = array_add(&moves->v, &moves->n, sizeof *move);

	if (!move)
		return -ENOMEM;
	*move = (struct queue_move){ .id = id,
		.queue = queue,
		.from = found->from,
		.to = found->to,
		.why = { reason(problem, found, SIDE_TX), reason(problem, found, SIDE_RX) } };
	return 0;
}

static int collect(const struct ledger *ledger, const struct problem *problem, struct moves *moves)
{
	const struct balance_queue *queue = problem->queues;
	int r = 0;

	for (size_t i = 0; queue && i < ledger->n_vifs; i++) {
		for (unsigned int q = 0; r == 0 && q < ledger->vifs[i].n_queues; q++, queue++) {
			if (!place_equal(queue->from, queue->to))
				r = add_move(moves, ledger->vifs[i].id, q, problem, queue);
		}
	}
	return r;
}

static int compare(const struct world *world, const struct config *config,
	const struct ledger *ledger, struct moves *moves)
{
	_cleanup_free_ struct cpu_load *load = load_new(world->inventory.nics, ledger);
	struct cpuset allowed = inventory_allowed(&world->inventory, &config->cpus);

	if (!load)
		return -ENOMEM;
	moves->before = load_spread(load, &allowed);
	for (size_t i = 0; i < moves->n; i++) {
		load_remove(load, &moves->v[i].from, 1);
		load_add(load, &moves->v[i].to, 1);
	}
	moves->after = load_spread(load, &allowed);
	return 0;
}

/* What has been found, as moves. */
static int conclude(const struct world *world, const struct config *config,
	const struct ledger *ledger, const struct problem *problem, struct moves *out)
{
	struct moves moves = { 0 };
	int r = collect(ledger, problem, &moves);

	if (r == 0)
		r = compare(world, config, ledger, &moves);
	if (r == 0)
		*out = moves;
	else
		moves_free(&moves);
	return r;
}

int rebalance_plan(const struct world *world, const struct config *config,
	const struct ledger *ledger, struct moves *out)
{
	_cleanup_(problem_free) struct problem problem = { 0 };
	int r = pose(world, config, ledger, &problem);

	if (r == 0)
		r = balance(problem.queues, problem.n, world->inventory.nics);
	return r == 0 ? conclude(world, config, ledger, &problem, out) : r;
}

void moves_free(struct moves *moves)
{
	free(moves->v);
	*moves = (struct moves){ 0 };
}

/* --- by measured load --------------------------------------------------------------------- */

/* What the sides on a CPU cost together. */
struct cpu_sum {
	unsigned int sides;
	long long share;
};

/* The queues of a problem, and what they leave of each CPU's time. */
struct measured {
	struct measured_queue *queues;
	size_t n;
	int mean;                             /* what a side counts for whose share is not known */
	int *besides;                         /* [CPUSET_MAX] */
	struct cpu_sum *before, *mended, *to; /* [CPUSET_MAX] */
};

static void measured_free(struct measured *measured)
{
	free(measured->queues);
	free(measured->besides);
	free(measured->before);
	free(measured->mended);
	free(measured->to);
}

static int measured_new(size_t n, struct measured *out)
{
	out->n = n;
	out->queues = calloc(n + 1, sizeof *out->queues);
	out->besides = calloc(CPUSET_MAX, sizeof *out->besides);
	out->before = calloc(CPUSET_MAX, sizeof *out->before);
	out->mended = calloc(CPUSET_MAX, sizeof *out->mended);
	out->to = calloc(CPUSET_MAX, sizeof *out->to);
	return out->queues && out->besides && out->before && out->mended && out->to ? 0 : -ENOMEM;
}

static void fill_shares(const struct ledger *ledger, const struct work *work,
	const struct problem *problem, struct measured *measured)
{
	struct measured_queue *queue = measured->queues;
	const struct balance_queue *posed = problem->queues;

	for (size_t i = 0; i < ledger->n_vifs; i++) {
		for (unsigned int q = 0; q < ledger->vifs[i].n_queues; q++, queue++, posed++) {
			queue->rules = posed->rules;
			queue->from = posed->from;
			for (enum side side = 0; side < SIDE_COUNT; side++)
				queue->share[side] = work_share(work, ledger->vifs[i].id, q, side);
		}
	}
	measured->mean = measured_mean(measured->queues, measured->n);
}

static void add_to_sums(const struct measured *measured, const struct measured_queue *queue,
	struct place place, struct cpu_sum *sums)
{
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		int share = queue->share[side];

		sums[place.cpu[side]].sides++;
		sums[place.cpu[side]].share += share == WORK_UNKNOWN ? measured->mean : share;
	}
}

/*
 * All but what the sides cost that stood there when that was measured. Where that is not known of
 * one of them, those count that stand there now, as they count elsewhere.
 */
static void fill_besides(const struct work *work, struct measured *measured)
{
	for (int cpu = 0; work->cpus && cpu < CPUSET_MAX; cpu++) {
		const struct cpu_work *known = &work->cpus[cpu];
		long long sides = known->sides;

		if (known->sides == WORK_UNKNOWN)
			sides = measured->before[cpu].share;
		if (known->busy != WORK_UNKNOWN && known->busy > sides)
			measured->besides[cpu] = known->busy - (int)sides;
	}
}

static long long most_loaded(const struct measured *measured, const struct cpu_sum *sums)
{
	long long most = 0;

	for (int cpu = 0; cpu < CPUSET_MAX; cpu++) {
		if (sums[cpu].share && sums[cpu].share + measured->besides[cpu] > most)
			most = sums[cpu].share + measured->besides[cpu];
	}
	return most;
}

static int add_shifts(
	const struct measured *measured, const struct cpu_sum *after, struct measured_moves *out)
{
	for (int cpu = 0; cpu < CPUSET_MAX; cpu++) {
		const struct cpu_sum *before = &measured->before[cpu];
		struct cpu_shift *shift;

		if (!before->sides && !after[cpu].sides)
			continue;
		shift = array_add(&out->cpus, &out->n_cpus, sizeof *shift);
		if (!shift)
			return -ENOMEM;
		*shift = (struct cpu_shift){ cpu, before->share + measured->besides[cpu],
			after[cpu].share + measured->besides[cpu] };
	}
	return 0;
}

static int find_best(const struct ledger *ledger, const struct work *work,
	const struct problem *problem, struct measured *measured)
{
	int r = measured_new(problem->n, measured);

	if (r < 0)
		return r;
	fill_shares(ledger, work, problem, measured);
	for (size_t i = 0; i < measured->n; i++)
		add_to_sums(
			measured, &measured->queues[i], measured->queues[i].from, measured->before);
	fill_besides(work, measured);
	r = balance_work(measured->queues, measured->n, measured->besides);
	for (size_t i = 0; r == 0 && i < measured->n; i++) {
		struct measured_queue *queue = &measured->queues[i];

		add_to_sums(measured, queue, queue->mended, measured->mended);
		add_to_sums(measured, queue, queue->to, measured->to);
	}
	return r;
}

static void count_sides(const struct measured *measured, struct measured_moves *out)
{
	out->sides = SIDE_COUNT * measured->n;
	for (size_t i = 0; i < out->sides; i++)
		out->unknown +=
			measured->queues[i / SIDE_COUNT].share[i % SIDE_COUNT] == WORK_UNKNOWN;
}

/* Decides whether the best is worth its moves. */
static int choose(const struct measured *measured, unsigned int gain, struct problem *problem,
	struct measured_moves *out)
{
	long long mended = most_loaded(measured, measured->mended);
	bool worth;

	out->before = most_loaded(measured, measured->before);
	out->possible = most_loaded(measured, measured->to);
	worth = (mended - out->possible) * 100 >= mended * (long long)gain;
	out->after = worth ? out->possible : mended;
	count_sides(measured, out);
	for (size_t i = 0; i < problem->n; i++)
		problem->queues[i].to = worth ? measured->queues[i].to : measured->queues[i].mended;
	return add_shifts(measured, worth ? measured->to : measured->mended, out);
}

int rebalance_plan_measured(const struct world *world, const struct config *config,
	const struct ledger *ledger, const struct work *work, unsigned int gain,
	struct measured_moves *out)
{
	_cleanup_(problem_free) struct problem problem = { .measured = true };
	_cleanup_(measured_free) struct measured measured = { 0 };
	struct measured_moves found = { 0 };
	int r = pose(world, config, ledger, &problem);

	if (r == 0)
		r = find_best(ledger, work, &problem, &measured);
	if (r == 0)
		r = choose(&measured, gain, &problem, &found);
	if (r == 0)
		r = conclude(world, config, ledger, &problem, &found.moves);
	if (r == 0)
		*out = found;
	else
		measured_moves_free(&found);
	return r;
}

void measured_moves_free(struct measured_moves *moves)
{
	moves_free(&moves->moves);
	free(moves->cpus);
	*moves = (struct measured_moves){ 0 };
}

/* --- a few at a time ---------------------------------------------------------------------- */

static bool meets(const struct measured_moves *moves, const struct move_limits *limits)
{
	long long threshold = (long long)limits->threshold * WORK_WHOLE / 100;

	return moves->moves.n && moves->before >= threshold &&
	       (moves->before - moves->after) * 100 >= moves->before * (long long)limits->gain;
}

/* Puts the queue where it goes; by how much that adds to the sum of the squares of loads. */
static long long make_move(long long *load, const struct work *work, const struct queue_move *move)
{
	long long added = 0;

	for (enum side side = 0; side < SIDE_COUNT; side++) {
		long long *from = &load[move->from.cpu[side]], *to = &load[move->to.cpu[side]];
		long long share = work_share(work, move->id, move->queue, side);

		/* What is not known moves for a rule's sake, and counts for nothing here. */
		if (from == to || share == WORK_UNKNOWN)
			continue;
		added += 2 * share * (*to - *from + share);
		*from -= share;
		*to += share;
	}
	return added;
}

static void undo_move(long long *load, const struct work *work, const struct queue_move *move)
{
	const struct queue_move back = {
		.id = move->id, .queue = move->queue, .from = move->to, .to = move->from
	};

	make_move(load, work, &back);
}

/* A move, or two, which may help only together: their sides change places. */
struct some_moves {
	const struct queue_move *first, *second; /* NULL: there is none */
	long long added;                         /* to the sum of the squares, less than 0 */
};

/* The better one of *best and the move together with what has been made. */
static void offer_move(long long *load, const struct work *work, const struct queue_move *made,
	long long added, const struct queue_move *move, struct some_moves *best)
{
	added += make_move(load, work, move);
	undo_move(load, work, move);
	if (added < best->added)
		*best = (struct some_moves){ made ? made : move, made ? move : NULL, added };
}

static struct some_moves find_best_moves(
	long long *load, const struct work *work, const struct queue_move *moves, size_t n)
{
	struct some_moves best = { 0 };

	for (size_t i = 0; i < n; i++)
		offer_move(load, work, NULL, 0, &moves[i], &best);
	for (size_t i = 0; i < n && !best.first; i++) {
		long long added = make_move(load, work, &moves[i]);

		for (size_t j = i + 1; j < n; j++)
			offer_move(load, work, &moves[i], added, &moves[j], &best);
		undo_move(load, work, &moves[i]);
	}
	return best;
}

static int compare_moves(const void *a, const void *b)
{
	const struct queue_move *x = a, *y = b;
	int order = vif_id_compare(&x->id, &y->id);

	return order ? order : (x->queue > y->queue) - (x->queue < y->queue);
}

/* Brings the move to the front of those that are left; how many there are in front then. */
static size_t take(
	struct moves *moves, size_t n, size_t at, const struct work *work, long long *load)
{
	struct queue_move move = moves->v[at];

	moves->v[at] = moves->v[n];
	moves->v[n] = move;
	make_move(load, work, &move);
	return n + 1;
}

static void keep_best_moves(
	struct moves *moves, const struct work *work, long long *load, size_t most)
{
	size_t n = 0;

	while (n < most) {
		struct some_moves best = find_best_moves(load, work, moves->v + n, moves->n - n);
		size_t second = best.second ? (size_t)(best.second - moves->v) : 0;

		if (!best.first || (second && n + 2 > most))
			break;
		n = take(moves, n, (size_t)(best.first - moves->v), work, load);
		/* It is behind the first one, and so still where it was. */
		if (second)
			n = take(moves, n, second, work, load);
	}
	moves->n = n;
	qsort(moves->v, n, sizeof *moves->v, compare_moves);
}

int measured_moves_limit(
	struct measured_moves *moves, const struct work *work, const struct move_limits *limits)
{
	_cleanup_free_ long long *load = NULL;

	if (!meets(moves, limits)) {
		moves->moves.n = 0;
		return 0;
	}
	if (moves->moves.n <= limits->queues)
		return 0;
	load = calloc(CPUSET_MAX, sizeof *load);
	if (!load)
		return -ENOMEM;
	for (size_t i = 0; i < moves->n_cpus; i++)
		load[moves->cpus[i].cpu] = moves->cpus[i].before;
	keep_best_moves(&moves->moves, work, load, limits->queues);
	return 0;
}
