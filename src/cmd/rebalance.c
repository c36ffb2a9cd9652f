// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rebalance: the only command that moves what is placed.
 *
 * It moves a few queues at a time, each batch in the ledger first and then in the kernel, so that
 * it may be interrupted at any point. Between batches it releases the ledger's lock for waiting
 * hooks; queues that have changed by then are skipped.
 */
#include "rebalance.h"
#include "cmd.h"
#include "explain.h"
#include "gather.h"
#include "progress_line.h"
#include "util.h"

#include <stdio.h>

/* Queues per batch. Hooks wait up to 2 s for the lock; writing a mask takes far less than 1 ms. */
#define BATCH 64

static int move_batch(struct context *context, const struct queue_move *moves, size_t n,
	size_t *moved, struct err *err)
{
	const struct request request = { .kind = REQUEST_MOVE, .moves = moves, .n_moves = n };
	_cleanup_(reconciled_free) struct reconciled done = { 0 };
	int r = cmd_reconcile(context, &request, &done, err);

	for (size_t i = 0; r >= 0 && i < done.changes.n; i++)
		*moved += done.changes.v[i].n_moved;
	return r;
}

/* As `cpus` says it: "by 2 (tx 1, rx 1)". */
struct evenness {
	char s[64];
};

static struct evenness evenness(const struct load_spread *spread)
{
	struct evenness text;

	snprintf(text.s, sizeof text.s, "by %u (tx %u, rx %u)", spread->most - spread->least,
		load_difference(spread, SIDE_TX), load_difference(spread, SIDE_RX));
	return text;
}

static void print_summary(const struct moves *moves, size_t moved, size_t skipped)
{
	printf("%zu queue%s moved", moved, plural(moved));
	if (skipped)
		printf(", %zu skipped (changed meanwhile)", skipped);
	printf("; CPU loads differed %s, now %s\n", evenness(&moves->before).s,
		evenness(&moves->after).s);
}

static int do_moves(struct context *context, const struct moves *moves, struct err *err)
{
	size_t tried = 0, moved = 0;
	int r = STATUS_DONE, status = STATUS_DONE;

	while (tried < moves->n) {
		size_t left = moves->n - tried, n = left < BATCH ? left : BATCH;

		cmd_progress("moving queues", tried, moves->n);
		r = move_batch(context, &moves->v[tried], n, &moved, err);
		if (r < 0)
			break;
		if (r != STATUS_DONE)
			status = r;
		tried += n;
	}
	cmd_progress("moving queues", moves->n, moves->n);
	print_summary(moves, moved, tried - moved);
	return r < 0 ? r : status;
}

static void explain(const struct ledger *ledger, const struct moves *moves)
{
	for (size_t i = 0; i < moves->n; i++)
		explain_move(ledger, &moves->v[i]);
	if (moves->n)
		printf("%zu queue%s to move; CPU loads differ %s, %s afterwards\n", moves->n,
			plural(moves->n), evenness(&moves->before).s, evenness(&moves->after).s);
}

/* Finds the moves; with -N prints them. */
static int plan(struct context *context, struct moves *moves, struct err *err)
{
	_cleanup_(world_free) struct world world = { 0 };
	_cleanup_(ledger_clear) struct ledger ledger = { 0 };
	int r = reconcile_peek(&context->root, &ledger, err);

	if (r == 0)
		r = gather_rules(context, &ledger, &world, err);
	if (r == 0 && rebalance_plan(&world, &context->config, &ledger, moves) < 0)
		r = err_no_memory(err);
	if (r == 0 && context->dry)
		explain(&ledger, moves);
	return r;
}

static int act(struct context *context, const struct cmd_line *line, struct err *err)
{
	_cleanup_(moves_free) struct moves moves = { 0 };
	int r = plan(context, &moves, err);

	(void)line;
	if (r < 0)
		return r;
	if (!moves.n)
		printf("nothing to move; CPU loads differ %s\n", evenness(&moves.before).s);
	return context->dry || !moves.n ? STATUS_DONE : do_moves(context, &moves, err);
}

const struct command command_rebalance = {
	.name = "rebalance",
	.words = "",
	.summary = "move places to even out the load",
	.help = "Move as few places as possible to even out the load of the CPUs, and to get\n"
		"each side onto an allowed CPU, apart from the other side of its queue, away\n"
		"from NIC interrupts and on the guest's NUMA node. Queues are moved one at a\n"
		"time. 'vifpin -N rebalance' only prints the moves.\n",
	.decides = true,
	.config = CONFIG_OBEYED,
	.act = act,
};
