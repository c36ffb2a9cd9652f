// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rebalance: the only command that moves what is placed.
 *
 * It moves a few queues at a time, each batch in the ledger first and then in the kernel, so that
 * it may be interrupted at any point. Between batches it releases the ledger's lock for waiting
 * hooks; queues that have changed by then are skipped.
 */
#include "cmd.h"
#include "explain.h"
#include "log.h"
#include "measure.h"
#include "measuring.h"
#include "moves.h"
#include "progress_line.h"
#include "util.h"

#include <errno.h>
#include <stdio.h>

/* Without SECONDS, and without anything that the watcher has measured. */
#define MEASURED_S 5

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

/* What came of the moves. */
struct moved {
	size_t moved, skipped;
	int r; /* the exit status, or -errno */
};

static struct moved do_moves(struct context *context, const struct moves *moves, struct err *err)
{
	struct moved done = { .r = STATUS_DONE };
	size_t tried = 0;
	int r = STATUS_DONE;

	while (tried < moves->n && r >= 0) {
		size_t left = moves->n - tried, n = left < MOVES_PART ? left : MOVES_PART;

		cmd_progress("moving queues", tried, moves->n);
		r = move_batch(context, &moves->v[tried], n, &done.moved, err);
		if (r != STATUS_DONE)
			done.r = r;
		tried += r < 0 ? 0 : n;
	}
	cmd_progress("moving queues", moves->n, moves->n);
	done.skipped = tried - done.moved;
	return done;
}

static void print_moved(const struct moved *done)
{
	printf("%zu queue%s moved", done->moved, plural(done->moved));
	if (done->skipped)
		printf(", %zu skipped (changed meanwhile)", done->skipped);
}

static void explain(const struct ledger *ledger, const struct moves *moves)
{
	for (size_t i = 0; i < moves->n; i++)
		explain_move(ledger, &moves->v[i]);
}

/* --- by the number of sides ----------------------------------------------------------------- */

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

static int rebalance_by_count(struct context *context, struct err *err)
{
	_cleanup_(ledger_clear) struct ledger ledger = { 0 };
	_cleanup_(moves_free) struct moves moves = { 0 };
	struct moved done = { .r = STATUS_DONE };
	int r = moves_plan(context, &ledger, &moves, err);

	if (r < 0)
		return r;
	if (context->dry)
		explain(&ledger, &moves);
	if (!moves.n) {
		printf("nothing to move; CPU loads differ %s\n", evenness(&moves.before).s);
	} else if (context->dry) {
		printf("%zu queue%s to move; CPU loads differ %s, %s afterwards\n", moves.n,
			plural(moves.n), evenness(&moves.before).s, evenness(&moves.after).s);
	} else {
		done = do_moves(context, &moves, err);
		print_moved(&done);
		printf("; CPU loads differed %s, now %s\n", evenness(&moves.before).s,
			evenness(&moves.after).s);
	}
	return done.r;
}

/* --- by measured load ----------------------------------------------------------------------- */

enum { MEASURED, GAIN };

enum { CPU, BEFORE, AFTER };

static const struct table_column columns[] = {
	[CPU] = { "CPU", "CPU number", .type = TABLE_NUMBER },
	[BEFORE] = { "BEFORE", "what it is busy with, in percent", .type = TABLE_NUMBER },
	[AFTER] = { "AFTER", "what it would be busy with then", .type = TABLE_NUMBER },
	{ .name = NULL },
};

static const struct table_design design = { .name = "cpus", .columns = columns };

struct measuring {
	unsigned int seconds; /* 0: as the watcher has measured, if it has */
	unsigned int gain;
};

static enum status read_options(const struct cmd_line *line, struct measuring *out)
{
	const char *seconds = line->values[MEASURED], *gain = line->values[GAIN];

	*out = (struct measuring){ .gain = REBALANCE_GAIN };
	if (gain && !line->given[MEASURED])
		return cmd_wrong(line->command, "--gain works with --measured only");
	if (gain && !parse_uint(gain, NULL, 100, &out->gain))
		return cmd_wrong(line->command, "--gain must be 0 to 100 percent, not '%s'", gain);
	if (seconds &&
		(!parse_uint(seconds, NULL, MEASURING_MAX_S, &out->seconds) || !out->seconds))
		return cmd_wrong(line->command, "--measured must be 1 to %d seconds, not '%s'",
			MEASURING_MAX_S, seconds);
	return STATUS_DONE;
}

/* Where nobody has measured, it is done now. */
static int find_work(
	struct context *context, const struct measuring *how, struct work *work, struct err *err)
{
	unsigned int seconds = how->seconds;
	int r = seconds ? 0 : measure_read_kept(context, work, err);

	if (!seconds && (r == 0 || r == -ENOMEM))
		return r;
	if (!seconds) {
		seconds = MEASURED_S;
		log_error("%s; measuring for %u s", err->msg, seconds);
	}
	return cmd_measure(context, seconds, work, err);
}

static int print_shifts(const struct measured_moves *found, struct err *err)
{
	static const struct table_look people = { .form = TABLE_PEOPLE };
	struct table *table;
	int r = table_new(&design, &people, &table, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < found->n_cpus; i++) {
		const struct cpu_shift *cpu = &found->cpus[i];

		table_row(table);
		table_set(table, CPU, "%d", cpu->cpu);
		cmd_set_share(table, BEFORE, (int)cpu->before);
		cmd_set_share(table, AFTER, (int)cpu->after);
	}
	r = table_print(table, err);
	table_free(table);
	return r;
}

/* "63 %". */
static long long percent(long long share)
{
	return (share * 100 + WORK_WHOLE / 2) / WORK_WHOLE;
}

static void print_nothing(const struct measured_moves *found)
{
	if (!found->before) {
		printf("nothing to move; it is not known that any side costs anything\n");
		return;
	}
	printf("nothing to move; the busiest CPU with work of vifs is at %lld %%",
		percent(found->before));
	if (percent(found->possible) != percent(found->before))
		printf(", and would be at %lld %%", percent(found->possible));
	putchar('\n');
}

static void print_unknown(const struct measured_moves *found)
{
	if (found->unknown && found->before)
		printf("what %zu of %zu sides cost%s is not known; %s direction\n", found->unknown,
			found->sides, found->unknown == 1 ? "s" : "",
			found->unknown == 1 ? "it counts as the mean of its"
					    : "they count as the mean of their");
}

static int carry_out(struct context *context, const struct measured_moves *found, struct err *err)
{
	const struct moves *moves = &found->moves;
	struct moved done = { .r = STATUS_DONE };

	if (!moves->n) {
		print_nothing(found);
	} else if (context->dry) {
		printf("%zu queue%s to move; the busiest CPU with work of vifs is at %lld %%, and "
		       "would be at "
		       "%lld %%\n",
			moves->n, plural(moves->n), percent(found->before), percent(found->after));
	} else {
		done = do_moves(context, moves, err);
		print_moved(&done);
		printf("; the busiest CPU with work of vifs was at %lld %%, and is expected at "
		       "%lld %%\n",
			percent(found->before), percent(found->after));
	}
	return done.r;
}

static int rebalance_by_measure(
	struct context *context, const struct measuring *how, struct err *err)
{
	_cleanup_(measured_moves_free) struct measured_moves found = { 0 };
	_cleanup_(ledger_clear) struct ledger ledger = { 0 };
	_cleanup_(work_free) struct work work = { 0 };
	int r = find_work(context, how, &work, err);

	/* With the ledger as it is now: vifs may have come, gone or moved meanwhile. */
	if (r == 0)
		r = moves_plan_measured(context, &work, how->gain, &ledger, &found, err);
	if (r == 0 && context->dry)
		explain(&ledger, &found.moves);
	if (r == 0 && found.n_cpus)
		r = print_shifts(&found, err);
	if (r < 0)
		return r;
	print_unknown(&found);
	return carry_out(context, &found, err);
}

static int act(struct context *context, const struct cmd_line *line, struct err *err)
{
	struct measuring how;
	enum status status = read_options(line, &how);

	if (status != STATUS_DONE)
		return status;
	return line->given[MEASURED] ? rebalance_by_measure(context, &how, err)
				     : rebalance_by_count(context, err);
}

const struct command command_rebalance = {
	.name = "rebalance",
	.words = "",
	.summary = "move places to even out the load",
	.help = "Move as few places as possible to even out the load of the CPUs, and to get\n"
		"each side onto an allowed CPU, apart from the other side of its queue, away\n"
		"from NIC interrupts and on the guest's NUMA node. Queues are moved one at a\n"
		"time. 'vifpin -N rebalance' only prints the moves.\n"
		"\n"
		"The load is the number of sides or, with --measured, what they really cost: as\n"
		"the watcher has measured it or, with SECS, as it is measured now. Then the\n"
		"fewest sides move that relieve the most loaded CPU, and none if that gains too\n"
		"little. The table shows how busy each CPU is, in percent, before and after.\n",
	.decides = true,
	.options = {
		[MEASURED] = { "measured", "[SECS]", "go by measured load; measure for SECS seconds" },
		[GAIN] = { "gain", "PERCENT", "least gain worth moving sides for, default 10" },
	},
	.config = CONFIG_OBEYED,
	.act = act,
};
