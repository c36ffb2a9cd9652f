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

static int plan_few(const struct context *context, const struct work *work, struct ledger *ledger,
	struct measured_moves *out, struct err *err)
{
	const struct config *config = &context->config;
	_cleanup_(world_free) struct world world = { 0 };
	struct move_limits limits;
	int r = look(context, ledger, &world, err);

	if (r < 0)
		return r;
	limits = rebalance_limits(&world, config);
	r = rebalance_plan_measured(&world, config, ledger, work, limits.gain, out);
	if (r == 0)
		r = measured_moves_limit(out, work, &limits);
	return r < 0 ? err_no_memory(err) : 0;
}

int moves_make_few(
	struct context *context, const struct work *work, struct reconciled *out, struct err *err)
{
	_cleanup_(measured_moves_free) struct measured_moves found = { 0 };
	_cleanup_(ledger_clear) struct ledger ledger = { 0 };
	struct request request = { .kind = REQUEST_MOVE };
	int r = plan_few(context, work, &ledger, &found, err);

	*out = (struct reconciled){ 0 };
	if (r < 0 || !found.moves.n)
		return r;
	request.moves = found.moves.v;
	request.n_moves = found.moves.n;
	return reconcile(context, &request, out, err);
}
