// SPDX-License-Identifier: GPL-2.0-or-later
#include "rebalance.h"

#include "balance.h"
#include "util.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* All queues of the ledger, in its order, with the rules of their vifs. */
struct problem {
	struct balance_queue *queues;
	size_t n;
	struct plan_rules *rules; /* of each vif */
};

static void problem_free(struct problem *problem)
{
	free(problem->queues);
	free(problem->rules);
}

static size_t count_queues(const struct ledger *ledger)
{
	size_t n = 0;

	for (size_t i = 0; i < ledger->n_vifs; i++)
		n += ledger->vifs[i].n_queues;
	return n;
}

static int pose(
	struct site *site, const struct ledger *ledger, struct problem *out, struct err *err)
{
	*out = (struct problem){
		.queues = calloc(count_queues(ledger) + 1, sizeof *out->queues),
		.rules = calloc(ledger->n_vifs + 1, sizeof *out->rules),
	};
	if (!out->queues || !out->rules)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < ledger->n_vifs; i++) {
		const struct vif_entry *vif = &ledger->vifs[i];
		int r = site_rules(site, vif, &out->rules[i], err);

		if (r < 0)
			return r;
		for (unsigned int q = 0; q < vif->n_queues; q++)
			out->queues[out->n++] = (struct balance_queue){ .rules = &out->rules[i],
				.from = vif->places[q] };
	}
	return 0;
}

static enum move_reason reason_of(const struct plan_rules *rules, struct place from, bool rx)
{
	unsigned int cpu = (unsigned int)(rx ? from.rx_cpu : from.tx_cpu);

	if (!cpuset_has(&rules->allowed, cpu))
		return MOVE_FORBIDDEN;
	if (from.tx_cpu == from.rx_cpu)
		return MOVE_TOGETHER;
	if (rx && cpuset_has(&rules->nic_busy, cpu))
		return MOVE_NIC;
	if (!cpuset_is_empty(&rules->near) && !cpuset_has(&rules->near, cpu))
		return MOVE_FAR;
	return MOVE_LOAD;
}

static int add_move(struct moves *moves, struct vif_id id, unsigned int queue,
	const struct balance_queue *found)
{
	struct move *grown = array_grow(moves->v, moves->n, sizeof *grown);

	if (!grown)
		return -ENOMEM;
	moves->v = grown;
	grown[moves->n++] = (struct move){
		.id = id,
		.queue = queue,
		.from = found->from,
		.to = found->to,
		.tx_reason = reason_of(found->rules, found->from, false),
		.rx_reason = reason_of(found->rules, found->from, true),
	};
	return 0;
}

static bool moves_at_all(const struct balance_queue *queue)
{
	return queue->from.tx_cpu != queue->to.tx_cpu || queue->from.rx_cpu != queue->to.rx_cpu;
}

static int collect(const struct ledger *ledger, const struct problem *problem, struct moves *moves)
{
	const struct balance_queue *queue = problem->queues;
	int r = 0;

	for (size_t i = 0; i < ledger->n_vifs; i++) {
		for (unsigned int q = 0; r == 0 && q < ledger->vifs[i].n_queues; q++, queue++) {
			if (moves_at_all(queue))
				r = add_move(moves, ledger->vifs[i].id, q, queue);
		}
	}
	return r;
}

static unsigned int difference(
	const struct site *site, const struct problem *problem, bool after, unsigned int *load)
{
	unsigned int least = UINT_MAX, most = 0;
	struct cpuset allowed = site->online;

	memcpy(load, site_nic_load(site), CPUSET_MAX * sizeof *load);
	for (size_t i = 0; i < problem->n; i++) {
		const struct balance_queue *queue = &problem->queues[i];
		struct place place = after ? queue->to : queue->from;

		load[place.tx_cpu]++;
		load[place.rx_cpu]++;
	}
	cpuset_and(&allowed, &site->config->cpus);
	cpuset_and(&allowed, &site->own);
	cpuset_for_each (cpu, &allowed) {
		least = load[cpu] < least ? load[cpu] : least;
		most = load[cpu] > most ? load[cpu] : most;
	}
	return most > least ? most - least : 0;
}

int rebalance_plan(
	struct site *site, const struct ledger *ledger, struct moves *out, struct err *err)
{
	_cleanup_free_ unsigned int *load = calloc(CPUSET_MAX, sizeof *load);
	struct problem problem = { 0 };
	struct moves moves = { 0 };
	int r;

	r = load ? pose(site, ledger, &problem, err) : err_set(err, ENOMEM, "out of memory");
	if (r == 0 && problem.n) {
		r = balance(problem.queues, problem.n, site_nic_load(site));
		if (r == 0)
			r = collect(ledger, &problem, &moves);
		if (r < 0)
			err_set(err, ENOMEM, "out of memory");
		moves.difference = difference(site, &problem, false, load);
		moves.difference_after = difference(site, &problem, true, load);
	}
	problem_free(&problem);
	if (r < 0) {
		moves_free(&moves);
		return r;
	}
	*out = moves;
	return 0;
}

void moves_free(struct moves *moves)
{
	free(moves->v);
	*moves = (struct moves){ 0 };
}
