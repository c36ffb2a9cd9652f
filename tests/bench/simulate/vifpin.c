// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vifpin.c - what vifpin does with measured work: core/rebalance.c on a simulated host, with the
 * configuration's defaults. Measures are exact here.
 */
#include "policies.h"

#include "config.h"
#include "ledger.h"
#include "rebalance.h"
#include "util.h"
#include "vifmap.h"
#include "work.h"
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* What rebalance.h wants to know of a host. */
struct known {
	struct config config;
	struct world world;
	struct ledger ledger;
	struct work work;
};

static void *need(void *memory)
{
	if (!memory) {
		fprintf(stderr, "simulate: out of memory\n");
		exit(1);
	}
	return memory;
}

static void enter(const struct sim_vif *vif, struct vif_id id, struct known *known)
{
	struct place *places = need(calloc(vif->n_queues, sizeof *places));
	struct vif_work *work =
		need(vifmap_add(&known->work.vifs, &known->work.n_vifs, sizeof *work, id));

	work->n_queues = vif->n_queues;
	work->queues = need(calloc(vif->n_queues, sizeof *work->queues));
	for (unsigned int q = 0; q < vif->n_queues; q++) {
		places[q] = vif->places[q];
		for (enum side side = 0; side < SIDE_COUNT; side++)
			work->queues[q].share[side] = (int)lround(vif->work[side] * WORK_WHOLE);
	}
	ledger_set_places(need(ledger_enter(&known->ledger, id, "g")), places, vif->n_queues);
}

/* Vif i is i.0. */
static void look(const struct host *host, struct known *out)
{
	*out = (struct known){ .world.inventory.complete = true };
	config_default(&out->config);
	out->world.inventory.online = host->rules.allowed;
	out->world.inventory.own = host->rules.allowed;
	out->world.inventory.nics = need(calloc(CPUSET_MAX, sizeof *out->world.inventory.nics));
	for (unsigned int i = 0; i < host->n_vifs; i++)
		enter(&host->vifs[i], (struct vif_id){ i, 0 }, out);
}

static void forget(struct known *known)
{
	config_free(&known->config);
	world_free(&known->world);
	ledger_clear(&known->ledger);
	work_free(&known->work);
}

/* Where the bound says that there is too little to gain, no plan has to be made. */
static bool is_hopeless(const struct host *host)
{
	return host_unevenness(host, false) * (100 - REBALANCE_GAIN) < 100 * host_bound(host);
}

static void make(struct host *host, const struct moves *moves)
{
	for (size_t i = 0; i < moves->n; i++) {
		const struct queue_move *move = &moves->v[i];

		for (enum side side = 0; side < SIDE_COUNT; side++)
			host_move(host, &host->vifs[move->id.domid], move->queue, side,
				move->to.cpu[side]);
	}
}

static void rebalance(struct host *host, bool few)
{
	struct measured_moves found;
	struct known known;
	int r;

	if (is_hopeless(host))
		return;
	look(host, &known);
	r = rebalance_plan_measured(&known.world, &known.config, &known.ledger, &known.work,
		known.config.rebalance_gain, &found);
	if (r == 0 && few) {
		struct move_limits limits = rebalance_limits(&known.world, &known.config);

		r = measured_moves_limit(&found, &known.work, &limits);
	}
	need(r == 0 ? &found : NULL);
	make(host, &found.moves);
	measured_moves_free(&found);
	forget(&known);
}

void rebalance_measured(struct host *host)
{
	rebalance(host, false);
}

void rebalance_automatically(struct host *host)
{
	rebalance(host, true);
}
