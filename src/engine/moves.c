// SPDX-License-Identifier: GPL-2.0-or-later
#include "moves.h"

#include "gather.h"
#include "reconcile.h"
#include "util.h"

static int look(
	const struct context *context, struct ledger *ledger, struct world *world, struct err *err)
{
	int r = reconcile_peek(&context->root, ledger, err);

	return r < 0 ? r : gather_rules(context, ledger, world, err);
}

int moves_plan(
	const struct context *context, struct ledger *ledger, struct moves *out, struct err *err)
{
	_cleanup_(world_free) struct world world = { 0 };
	int r = look(context, ledger, &world, err);

	if (r == 0 && rebalance_plan(&world, &context->config, ledger, out) < 0)
		r = err_no_memory(err);
	return r;
}

int moves_plan_measured(const struct context *context, const struct work *work, unsigned int gain,
	struct ledger *ledger, struct measured_moves *out, struct err *err)
{
	_cleanup_(world_free) struct world world = { 0 };
	int r = look(context, ledger, &world, err);

	if (r == 0 &&
		rebalance_plan_measured(&world, &context->config, ledger, work, gain, out) < 0)
		r = err_no_memory(err);
	return r;
}

int moves_plan_few(const struct context *context, const struct work *work,
	struct measured_moves *out, struct err *err)
{
	const struct config *config = &context->config;
	_cleanup_(ledger_clear) struct ledger ledger = { 0 };
	_cleanup_(world_free) struct world world = { 0 };
	struct measured_moves found = { 0 };
	struct move_limits limits;
	int r = look(context, &ledger, &world, err);

	if (r < 0)
		return r;
	limits = rebalance_limits(&world, config);
	r = rebalance_plan_measured(&world, config, &ledger, work, limits.gain, &found);
	if (r == 0)
		r = measured_moves_limit(&found, work, &limits);
	if (r < 0) {
		measured_moves_free(&found);
		return err_no_memory(err);
	}
	*out = found;
	return 0;
}

int moves_make_part(struct context *context, const struct moves *moves, size_t *made,
	struct reconciled *out, struct err *err)
{
	size_t left = moves->n - *made;
	const struct request request = {
		.kind = REQUEST_MOVE,
		.moves = moves->v + *made,
		.n_moves = left < MOVES_PART ? left : MOVES_PART,
	};

	*out = (struct reconciled){ 0 };
	if (!left)
		return 0;
	*made += request.n_moves;
	return reconcile(context, &request, out, err);
}
