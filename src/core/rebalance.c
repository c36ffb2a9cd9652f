// SPDX-License-Identifier: GPL-2.0-or-later
#include "rebalance.h"

#include "balance.h"
#include "util.h"

#include <errno.h>

/* All queues of the ledger, in its order, with the rules of their vifs. */
struct problem {
	struct balance_queue *queues;
	size_t n;
	struct rules *rules; /* of each vif */
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

/* A queue whose sides change CPUs leaves the load as it is. */
static const char *reason(const struct balance_queue *queue, enum side side)
{
	enum rule rule = rules_broken(queue->rules, side, queue->from);
	bool turns = queue->from.cpu[SIDE_TX] == queue->to.cpu[SIDE_RX] &&
		     queue->from.cpu[SIDE_RX] == queue->to.cpu[SIDE_TX];

	return turns && rule == RULE_COUNT ? "direction" : rule_move_reason(rule);
}

static int add_move(struct moves *moves, struct vif_id id, unsigned int queue,
	const struct balance_queue *found)
{
	struct queue_move *move = array_add(&moves->v, &moves->n, sizeof *move);

	if (!move)
		return -ENOMEM;
	*move = (struct queue_move){ .id = id,
		.queue = queue,
		.from = found->from,
		.to = found->to,
		.why = { reason(found, SIDE_TX), reason(found, SIDE_RX) } };
	return 0;
}

static int collect(const struct ledger *ledger, const struct problem *problem, struct moves *moves)
{
	const struct balance_queue *queue = problem->queues;
	int r = 0;

	for (size_t i = 0; queue && i < ledger->n_vifs; i++) {
		for (unsigned int q = 0; r == 0 && q < ledger->vifs[i].n_queues; q++, queue++) {
			if (!place_equal(queue->from, queue->to))
				r = add_move(moves, ledger->vifs[i].id, q, queue);
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

int rebalance_plan(const struct world *world, const struct config *config,
	const struct ledger *ledger, struct moves *out)
{
	struct problem problem = { 0 };
	struct moves moves = { 0 };
	int r = pose(world, config, ledger, &problem);

	if (r == 0)
		r = balance(problem.queues, problem.n, world->inventory.nics);
	if (r == 0)
		r = collect(ledger, &problem, &moves);
	if (r == 0)
		r = compare(world, config, ledger, &moves);
	problem_free(&problem);
	if (r == 0)
		*out = moves;
	else
		moves_free(&moves);
	return r;
}

void moves_free(struct moves *moves)
{
	free(moves->v);
	*moves = (struct moves){ 0 };
}
