// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list: the ledger, one row a queue. Reads, and changes nothing.
 */
#include "cmd.h"
#include "log.h"
#include "table.h"
#include "util.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static bool is_wanted(const struct vif_entry *vif, const void *domain)
{
	return cmd_selects(vif, domain, NULL);
}

static int add_queue(
	struct table *table, const struct vif_entry *vif, unsigned int q, struct err *err)
{
	char id[32], queue[16], tx[16], rx[16];
	const char *const cells[] = { vif->domain, id, vif->dev, vif_state_name(vif->state), queue,
		tx, rx };

	snprintf(id, sizeof id, "%u.%u", vif->id.domid, vif->id.devid);
	snprintf(queue, sizeof queue, "%u", q);
	snprintf(tx, sizeof tx, "%d", vif->places[q].tx_cpu);
	snprintf(rx, sizeof rx, "%d", vif->places[q].rx_cpu);
	return table_add(table, cells, err);
}

static int print_table(const struct ledger *ledger, const char *domain, struct err *err)
{
	static const struct table_column columns[] = {
		{ "DOMAIN", false },
		{ "VIF", false },
		{ "DEV", false },
		{ "STATE", false },
		{ "QUEUE", true },
		{ "TX", true },
		{ "RX", true },
	};
	struct table *table;
	int r;

	r = table_new(columns, ARRAY_SIZE(columns), &table, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < ledger->n_vifs; i++) {
		const struct vif_entry *vif = &ledger->vifs[i];

		for (unsigned int q = 0;
			r == 0 && cmd_selects(vif, domain, NULL) && q < vif->n_queues; q++)
			r = add_queue(table, vif, q, err);
	}
	if (r == 0)
		r = table_print(table, err);
	table_free(table);
	return r;
}

static int print_json(const struct ledger *ledger, const char *domain, struct err *err)
{
	_cleanup_free_ char *text = ledger_format_vifs(ledger, is_wanted, domain);

	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	fputs(text, stdout);
	return 0;
}

static enum status print(const struct sysroot *root, bool json, const char *domain)
{
	struct ledger ledger;
	struct err err;
	int r;

	if (pass_peek(root, &ledger, &err) < 0)
		return cmd_fail(&err);
	r = json ? print_json(&ledger, domain, &err) : print_table(&ledger, domain, &err);
	ledger_clear(&ledger);
	return r < 0 ? cmd_fail(&err) : STATUS_DONE;
}

enum status cmd_list(const struct global *global, struct host *host, int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'J' }, { 0 } };
	enum status status = cmd_read_config(global, host, false);
	bool json = false;
	int c;

	if (status != STATUS_DONE)
		return status;
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "J", options, NULL)) != -1) {
		if (c != 'J')
			return cmd_usage(
				"list: unknown option '%s'; usage: vifpin list [-J] [DOMAIN]",
				argv[optind - 1]);
		json = true;
	}
	if (argc - optind > 1)
		return cmd_usage("usage: vifpin list [-J] [DOMAIN]");
	return print(&host->root, json, argv[optind]);
}
