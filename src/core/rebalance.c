// SPDX-License-Identifier: GPL-2.0-or-later
#include "rebalance.h"

#include "balance.h"
#include "balance_work.h"
#include "measured_load.h"
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

/* The queues of a problem, and what they leave of each CPU's time. */
struct measured {
	struct measured_queue *queues;
	size_t n;
	struct measured_load load;   /* as it is */
	struct cpu_sum *mended, *to; /* [CPUSET_MAX] */
};

static void measured_free(struct measured *measured)
{
	free(measured->queues);
	measured_load_free(&measured->load);
	free(measured->mended);
	free(measured->to);
}

static int measured_new(const struct ledger *ledger, const struct work *work,
	const struct problem *problem, struct measured *out)
{
	out->queues = measured_queues_new(ledger, work, &out->n);
	out->mended = calloc(CPUSET_MAX, sizeof *out->mended);
	out->to = calloc(CPUSET_MAX, sizeof *out->to);
	if (!out->queues || !out->mended || !out->to)
		return -ENOMEM;
	for (size_t i = 0; problem->queues && i < out->n; i++)
		out->queues[i].rules = problem->queues[i].rules;
	return measured_load_fill(out->queues, out->n, work, &out->load);
}

static long long most_loaded(const struct measured *measured, const struct cpu_sum *sums)
{
	long long most = 0;

	for (int cpu = 0; cpu < CPUSET_MAX; cpu++) {
		long long share = cpu_sum_share(&sums[cpu]);

		if (share && share + measured->load.besides[cpu] > most)
			most = share + measured->load.besides[cpu];
	}
	return most;
}

static int add_shifts(
	const struct measured *measured, const struct cpu_sum *after, struct measured_moves *out)
{
	for (int cpu = 0; cpu < CPUSET_MAX; cpu++) {
		const struct cpu_sum *before = &measured->load.sums[cpu];
		long long besides = measured->load.besides[cpu];
		struct cpu_shift *shift;

		if (!cpu_sum_sides(before) && !cpu_sum_sides(&after[cpu]))
			continue;
		shift = array_add(&out->cpus, &out->n_cpus, sizeof *shift);
		if (!shift)
			return -ENOMEM;
		*shift = (struct cpu_shift){ cpu, cpu_sum_share(before) + besides,
			cpu_sum_share(&after[cpu]) + besides, cpu_sum_share(before) };
	}
	return 0;
}

/* What leaves each CPU to relieve it, as far as that is known: left[CPUSET_MAX]. */
static void sum_up_relief(const struct measured *measured, long long *left)
{
	for (size_t i = 0; i < measured->n; i++) {
		const struct measured_queue *queue = &measured->queues[i];

		for (enum side side = 0; side < SIDE_COUNT; side++) {
			int from = queue->mended.cpu[side];

			if (from != queue->to.cpu[side] && queue->share[side] != WORK_UNKNOWN)
				left[from] += queue->share[side];
		}
	}
}

/* Does a side of it leave a CPU which so much leaves that it is worth a move? */
static bool relieves(struct place from, struct place to, const long long *left)
{
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		if (from.cpu[side] != to.cpu[side] && left[from.cpu[side]] >= MOVE_WORTH)
			return true;
	}
	return false;
}

/* What would relieve a CPU of next to nothing stays, where the rules let it. -ENOMEM. */
static int keep_worthless(const struct measured *measured)
{
	_cleanup_free_ long long *left = calloc(CPUSET_MAX, sizeof *left);

	if (!left)
		return -ENOMEM;
	sum_up_relief(measured, left);
	for (size_t i = 0; i < measured->n; i++) {
		struct measured_queue *queue = &measured->queues[i];

		if (!relieves(queue->mended, queue->to, left))
			queue->to = queue->mended;
	}
	return 0;
}

static int find_best(const struct ledger *ledger, const struct work *work,
	const struct problem *problem, struct measured *measured)
{
	int r = measured_new(ledger, work, problem, measured);

	if (r == 0)
		r = balance_work(measured->queues, measured->n, measured->load.besides);
	if (r == 0)
		r = keep_worthless(measured);
	for (size_t i = 0; r == 0 && i < measured->n; i++) {
		struct measured_queue *queue = &measured->queues[i];
		const int *mean = measured->load.mean;

		measured_load_add(queue, queue->mended, mean, measured->mended);
		measured_load_add(queue, queue->to, mean, measured->to);
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

	out->before = most_loaded(measured, measured->load.sums);
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

/* What a CPU is busy with while moves are made, and how much of that is for sides. */
struct cpu_state {
	long long load, sides;
};

/* Puts the queue where it goes; what that adds to the load met. */
static long long make_move(
	struct cpu_state *cpus, const struct work *work, const struct queue_move *move)
{
	long long added = 0;

	for (enum side side = 0; side < SIDE_COUNT; side++) {
		struct cpu_state *from = &cpus[move->from.cpu[side]];
		struct cpu_state *to = &cpus[move->to.cpu[side]];
		long long share = work_share(work, move->id, move->queue, side);

		/* What is not known moves for a rule's sake, and counts for nothing here. */
		if (from == to || share == WORK_UNKNOWN)
			continue;
		added += share * (to->sides + to->load - from->sides - from->load + 2 * share);
		from->load -= share;
		from->sides -= share;
		to->load += share;
		to->sides += share;
	}
	return added;
}

static void undo_move(
	struct cpu_state *cpus, const struct work *work, const struct queue_move *move)
{
	const struct queue_move back = {
		.id = move->id, .queue = move->queue, .from = move->to, .to = move->from
	};

	make_move(cpus, work, &back);
}

/* A move, or two, which may help only together: their sides change places. */
struct some_moves {
	const struct queue_move *first, *second; /* NULL: there is none */
	long long added;                         /* to the load met, less than 0 */
};

/* The better one of *best and the move together with what has been made. */
static void offer_move(struct cpu_state *cpus, const struct work *work,
	const struct queue_move *made, long long added, const struct queue_move *move,
	struct some_moves *best)
{
	added += make_move(cpus, work, move);
	undo_move(cpus, work, move);
	if (added < best->added)
		*best = (struct some_moves){ made ? made : move, made ? move : NULL, added };
}

static struct some_moves find_best_moves(
	struct cpu_state *cpus, const struct work *work, const struct queue_move *moves, size_t n)
{
	struct some_moves best = { 0 };

	for (size_t i = 0; i < n; i++)
		offer_move(cpus, work, NULL, 0, &moves[i], &best);
	for (size_t i = 0; i < n && !best.first; i++) {
		long long added = make_move(cpus, work, &moves[i]);

		for (size_t j = i + 1; j < n; j++)
			offer_move(cpus, work, &moves[i], added, &moves[j], &best);
		undo_move(cpus, work, &moves[i]);
	}
	return best;
}

static int compare_moves(const void *a, const void *b)
{
	const struct queue_move *x = a, *y = b;
	int order = vif_id_compare(&x->id, &y->id);

	return order ? order : (x->queue > y->queue) - (x->queue < y->queue);
}

/* Brings the move to the front of those that are left, and makes it. */
static void take(
	struct moves *moves, size_t n, size_t at, const struct work *work, struct cpu_state *cpus)
{
	struct queue_move move = moves->v[at];

	moves->v[at] = moves->v[n];
	moves->v[n] = move;
	make_move(cpus, work, &move);
}

static void keep_best_moves(
	struct moves *moves, const struct work *work, struct cpu_state *cpus, size_t most)
{
	size_t n = 0;

	while (n < most) {
		struct some_moves best = find_best_moves(cpus, work, moves->v + n, moves->n - n);
		size_t second = best.second ? (size_t)(best.second - moves->v) : 0;

		if (!best.first || (second && n + 2 > most))
			break;
		take(moves, n++, (size_t)(best.first - moves->v), work, cpus);
		/* It is behind the first one, and so still where it was. */
		if (second)
			take(moves, n++, second, work, cpus);
	}
	moves->n = n;
	if (n)
		qsort(moves->v, n, sizeof *moves->v, compare_moves);
}

/* Do they help all together? */
static bool helps(const struct moves *moves, const struct work *work, struct cpu_state *cpus)
{
	long long added = 0;

	for (size_t i = 0; i < moves->n; i++)
		added += make_move(cpus, work, &moves->v[i]);
	for (size_t i = 0; i < moves->n; i++)
		undo_move(cpus, work, &moves->v[i]);
	return added < 0;
}

static bool meets(const struct measured_moves *found, const struct move_limits *limits)
{
	long long threshold = (long long)limits->threshold * WORK_WHOLE / 100;

	return found->before >= threshold &&
	       (found->before - found->after) * 100 >= found->before * (long long)limits->gain;
}

/* What leaves each CPU, as far as that is known: left[CPUSET_MAX]. */
static void sum_up_leaving(const struct moves *moves, const struct work *work, long long *left)
{
	for (size_t i = 0; i < moves->n; i++) {
		const struct queue_move *move = &moves->v[i];

		for (enum side side = 0; side < SIDE_COUNT; side++) {
			int share = work_share(work, move->id, move->queue, side);

			if (move->from.cpu[side] != move->to.cpu[side] && share != WORK_UNKNOWN)
				left[move->from.cpu[side]] += share;
		}
	}
}

/* What only mends a rule. -ENOMEM. */
static int leave_out_worthless(struct moves *moves, const struct work *work)
{
	_cleanup_free_ long long *left = calloc(CPUSET_MAX, sizeof *left);
	size_t n = 0;

	if (!left)
		return -ENOMEM;
	sum_up_leaving(moves, work, left);
	for (size_t i = 0; i < moves->n; i++) {
		if (relieves(moves->v[i].from, moves->v[i].to, left))
			moves->v[n++] = moves->v[i];
	}
	moves->n = n;
	return 0;
}

struct move_limits rebalance_limits(const struct world *world, const struct config *config)
{
	struct cpuset allowed = inventory_allowed(&world->inventory, &config->cpus);
	size_t queues = (size_t)MOVES_CPU * cpuset_count(&allowed);

	return (struct move_limits){
		.threshold = config->rebalance_threshold,
		.gain = config->rebalance_gain,
		.queues = queues < MOVES_MOST ? queues : MOVES_MOST,
	};
}

int measured_moves_limit(
	struct measured_moves *found, const struct work *work, const struct move_limits *limits)
{
	_cleanup_free_ struct cpu_state *cpus = calloc(CPUSET_MAX, sizeof *cpus);
	struct moves *moves = &found->moves;

	if (!cpus || leave_out_worthless(moves, work) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < found->n_cpus; i++) {
		const struct cpu_shift *cpu = &found->cpus[i];

		cpus[cpu->cpu] = (struct cpu_state){ cpu->before, cpu->sides };
	}
	if (!meets(found, limits))
		moves->n = 0;
	if (moves->n > limits->queues || (moves->n && !helps(moves, work, cpus)))
		keep_best_moves(moves, work, cpus, limits->queues);
	return 0;
}
