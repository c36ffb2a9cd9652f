// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reconcile: one pass over every vif there is and every entry there should not be.
 */
#include "cmd.h"
#include "cmd_progress.h"
#include "log.h"

#include <stdio.h>

static void print_summary(const struct pass *pass)
{
	size_t states[] = { [VIF_RESERVED] = 0, [VIF_PARTIAL] = 0, [VIF_PINNED] = 0 };
	size_t released = 0, changed = 0;

	for (size_t i = 0; i < pass->n_outcomes; i++) {
		released += pass->outcomes[i].event == EVENT_RELEASED;
		changed += pass->outcomes[i].event != EVENT_NONE;
	}
	for (size_t i = 0; i < pass->ledger.n_vifs; i++)
		states[pass->ledger.vifs[i].state]++;
	printf("%zu vifs: %zu pinned, %zu partial, %zu reserved; %zu changed, %zu of them "
	       "released\n",
		pass->ledger.n_vifs, states[VIF_PINNED], states[VIF_PARTIAL], states[VIF_RESERVED],
		changed, released);
}

static enum status reconcile(struct pass *pass)
{
	struct err err;
	enum status status = STATUS_DONE;

	/* What could be decided is done even if something could not. */
	if (pass_settle(pass, &err) < 0)
		status = cmd_fail(&err);
	if (cmd_commit(pass, &err) < 0)
		return cmd_fail(&err);
	if (cmd_check(pass) != STATUS_DONE)
		status = STATUS_FAILED;
	if (!pass->dry)
		print_summary(pass);
	return status;
}

static enum status run(const struct global *global, struct host *host, int argc, char **argv)
{
	enum status status;
	struct cmd_line line;
	struct pass pass;
	struct err err;
	int r;

	status = cmd_line_read(&command_reconcile, argc, argv, &line);
	if (status == STATUS_DONE)
		status = cmd_read_config(global, host, false);
	if (status != STATUS_DONE)
		return status;
	host->progress = cmd_progress;
	pass_init(&pass, host);
	r = host_connect(host, &err);
	if (r == 0)
		r = pass_see_all(&pass, &err);
	if (r == 0)
		r = pass_begin(&pass, &err);
	status = r < 0 ? cmd_fail(&err) : reconcile(&pass);
	pass_end(&pass);
	return status;
}

const struct command command_reconcile = {
	.name = "reconcile",
	.words = "",
	.summary = "bring ledger and kernel in line with every vif",
	.help = "Look at every vif in xenstore: place and pin those that are not, release those\n"
		"that are gone, and say how many there are in which state.\n",
	.decides = true,
	.run = run,
};
