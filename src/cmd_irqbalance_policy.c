// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * irqbalance-policy: irqbalance asks, for every interrupt it finds, what to do
 * with it; "ban=true" makes it leave the interrupt alone (irqbalance(1),
 * --policyscript).
 *
 * It asks within the tick in which an interrupt appears, when the watcher may not
 * have pinned it yet. So every vif's interrupt is banned: by its name where that is
 * netback's own, by the ledger where the vif was renamed, also while it is only
 * reserved.
 */
#include "cmd.h"
#include "util.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The directory of an interrupt has files of its own beside the action's directory. */
static bool is_attribute(const char *name)
{
	static const char *const names[] = { "smp_affinity", "smp_affinity_list", "affinity_hint",
		"effective_affinity", "effective_affinity_list", "node", "spurious" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* Is it an interrupt of netback's own name for a netdev, "vifD.I"? */
static bool has_default_name(const char *action)
{
	char dev[DEV_NAME_SIZE];
	enum vif_side side;
	unsigned int queue;
	const char *dash = strchr(action, '-');
	size_t n = dash ? (size_t)(dash - action) : strlen(action);

	if (n >= sizeof dev)
		return false;
	memcpy(dev, action, n);
	dev[n] = '\0';
	return vifname_is_default_dev(dev) && vifname_match_interrupt(dev, action, &queue, &side);
}

static bool is_in_ledger(const struct sysroot *root, const char *action)
{
	struct ledger ledger;
	enum vif_side side;
	unsigned int queue;
	bool found = false;

	if (store_peek(root, &ledger, NULL) < 0)
		return false;
	for (size_t i = 0; i < ledger.n_vifs && !found; i++)
		found = vifname_match_interrupt(ledger.vifs[i].dev, action, &queue, &side);
	ledger_clear(&ledger);
	return found;
}

static int is_vifs(const char *name, void *data)
{
	const struct sysroot *root = data;

	return !is_attribute(name) && (has_default_name(name) || is_in_ledger(root, name));
}

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
	/* An interrupt that is gone by now is nobody's. */
	if (sysroot_list(&host->root, is_vifs, &host->root, PATH_IRQ, (unsigned int)irq) == 1)
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
