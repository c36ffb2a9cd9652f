// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * irqbalance-policy: answers irqbalance's query about an interrupt (irqbalance(1), --policyscript).
 * "ban=true" makes irqbalance leave it alone. irqbalance itself runs the program of that name
 * (irqbalance_policy_main.c), which starts faster.
 */
#include "cmd.h"
#include "policy.h"
#include "util.h"

#include <limits.h>
#include <stdio.h>

static int act(struct context *context, const struct cmd_line *line, struct err *err)
{
	unsigned long irq;

	(void)err;
	if (!parse_number(line->words[1], NULL, UINT_MAX, &irq))
		return cmd_wrong(line->command, "'%s' is not an interrupt number", line->words[1]);
	if (policy_bans(&context->root, (unsigned int)irq))
		puts("ban=true");
	return STATUS_DONE;
}

const struct command command_irqbalance_policy = {
	.name = "irqbalance-policy",
	.words = "PATH IRQ",
	.summary = "answer irqbalance's policy query",
	.help = "Answer irqbalance's query about an interrupt (irqbalance(1), --policyscript):\n"
		"print ban=true if it belongs to a vif, and nothing otherwise. PATH is ignored.\n",
	.act = act,
};
