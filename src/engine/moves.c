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
