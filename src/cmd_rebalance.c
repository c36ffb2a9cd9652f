// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rebalance: the only thing that moves what is placed.
 *
 * One queue at a time: the ledger, then its masks. What ends it in the middle leaves
 * the one and the other as they belong together. The ledger's lock is given back now
 * and then, for hooks that wait for it; what has changed meanwhile is passed over.
 */
#include "cmd.h"
#include "cmd_progress.h"
#include "explain.h"
#include "log.h"
#include "rebalance.h"

#include <stdio.h>
#include <time.h>

/* How long the ledger's lock is held at a stretch; hooks wait 2 s for it. */
#define STRETCH_MS 500

struct done {
	size_t queues, gone;
	enum status status;
};

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Some moves, from v[*next] on, under one lock. */
static int do_stretch(struct pass *pass, const struct moves *moves, size_t *next, struct done *done,
	struct err *err)
{
	long long end = now_ms() + STRETCH_MS;
	int r;

	r = pass_begin(pass, err);
	while (r >= 0 && *next < moves->n && now_ms() < end) {
		const struct move *move = &moves->v[*next];

		cmd_progress("moving queues", (*next)++, moves->n);
		r = pass_move(pass, move->id, move->queue, move->from, move->to, err);
		done->queues += r > 0;
		done->gone += r == 0;
		if (r > 0)
			r = pass_commit(pass, err);
	}
	cmd_progress("moving queues", moves->n, moves->n);
	pass_unlock(pass);
	cmd_log_pass(pass);
	if (cmd_check(pass) != STATUS_DONE)
		done->status = STATUS_FAILED;
	return r < 0 ? r : 0;
}

static void print_summary(const struct moves *moves, const struct done *done)
{
	printf("%zu queue%s moved", done->queues, done->queues == 1 ? "" : "s");
	if (done->gone)
		printf(", %zu no longer where they were", done->gone);
	printf("; the most and the least loaded CPU differed by %u, and by %u now\n",
		moves->difference, moves->difference_after);
}

static enum status do_moves(struct host *host, const struct moves *moves)
{
	struct done done = { .status = STATUS_DONE };
	size_t next = 0;
	struct err err;
	int r = 0;

	while (r == 0 && next < moves->n) {
		struct pass pass;

		pass_init(&pass, host);
		r = do_stretch(&pass, moves, &next, &done, &err);
		pass_end(&pass);
	}
	if (r < 0)
		done.status = cmd_fail(&err);
	print_summary(moves, &done);
	return done.status;
}

static void show(const struct pass *pass, const struct moves *moves)
{
	for (size_t i = 0; i < moves->n; i++)
		explain_move(&pass->ledger, &moves->v[i]);
	printf("%zu queue%s to move; the most and the least loaded CPU differ by %u, and by %u "
	       "then\n",
		moves->n, moves->n == 1 ? "" : "s", moves->difference, moves->difference_after);
}

/* What should move, by the ledger of now; with -N that is all, and shown. */
static int plan(struct host *host, struct moves *moves, struct err *err)
{
	struct pass pass;
	int r;

	pass_init(&pass, host);
	pass.dry = true;
	r = pass_begin(&pass, err);
	if (r == 0)
		r = rebalance_plan(&pass.site, &pass.ledger, moves, err);
	if (r == 0 && host->dry)
		show(&pass, moves);
	pass_end(&pass);
	return r;
}

static enum status run(const struct global *global, struct host *host, int argc, char **argv)
{
	struct cmd_line line;
	struct moves moves;
	enum status status;
	struct err err;

	status = cmd_line_read(&command_rebalance, argc, argv, &line);
	if (status == STATUS_DONE)
		status = cmd_read_config(global, host, false);
	if (status != STATUS_DONE)
		return status;
	if (plan(host, &moves, &err) < 0)
		return cmd_fail(&err);
	if (!host->dry)
		status = do_moves(host, &moves);
	moves_free(&moves);
	return status;
}

const struct command command_rebalance = {
	.name = "rebalance",
	.words = "",
	.summary = "move the fewest places that make the load even",
	.help = "Move the fewest places that make the load of the CPUs even, and that bring each\n"
		"side where it may and should be: on an allowed CPU, apart from the queue's\n"
		"other side, off CPUs with NIC interrupts, on the guest's node. One queue at a\n"
		"time. With -N before the command: only show them.\n",
	.decides = true,
	.run = run,
};
