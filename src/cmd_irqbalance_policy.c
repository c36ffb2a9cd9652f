// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * irqbalance-policy: what irqbalance is told of an interrupt; "ban=true" makes it
 * leave the interrupt alone (irqbalance(1), --policyscript). irqbalance itself asks
 * the program of that name (irqbalance_policy.c), which starts faster.
 */
#include "cmd.h"
#include "policy.h"
#include "util.h"

#include <limits.h>
#include <stdio.h>

static enum status run(const struct global *global, struct host *host, int argc, char **argv)
{
	const struct command *command = &command_irqbalance_policy;
	enum status status;
	struct cmd_line line;
	unsigned long irq;

	(void)global;
	status = cmd_line_read(command, argc, argv, &line);
	if (status != STATUS_DONE)
		return status;
	if (!parse_number(line.words[1], NULL, UINT_MAX, &irq))
		return cmd_line_wrong(command, "'%s' is no interrupt's number", line.words[1]);
	if (policy_bans(&host->root, (unsigned int)irq))
		puts("ban=true");
	return STATUS_DONE;
}

const struct command command_irqbalance_policy = {
	.name = "irqbalance-policy",
	.words = "PATH IRQ",
	.summary = "ban=true for an interrupt of a vif",
	.help = "Answer irqbalance's question what to do with an interrupt (irqbalance(1),\n"
		"--policyscript): ban=true for one of a vif, nothing for others. PATH does not\n"
		"matter.\n",
	.min_words = 2,
	.max_words = 2,
	.run = run,
};
