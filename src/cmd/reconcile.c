// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reconcile: brings ledger and kernel in line with every vif there is.
 */
#include "cmd.h"
#include "progress_line.h"
#include "util.h"

static int act(struct context *context, const struct cmd_line *line, struct err *err)
{
	const struct request request = {
		.kind = REQUEST_UPDATE,
		.all = true,
		.explain = context->dry,
	};
	_cleanup_(reconciled_free) struct reconciled done = { 0 };
	int r = context_connect(context, err);

	(void)line;
	context->progress = cmd_progress;
	if (r == 0)
		r = cmd_reconcile(context, &request, &done, err);
	if (r >= 0 && !context->dry)
		cmd_print_summary(&done, stdout);
	return r;
}

const struct command command_reconcile = {
	.name = "reconcile",
	.words = "",
	.summary = "place, pin and release vifs where needed",
	.help = "Look at every vif in xenstore: place and pin those that are not, release those\n"
		"that are gone, and print a summary.\n",
	.decides = true,
	.config = CONFIG_OBEYED,
	.act = act,
};
