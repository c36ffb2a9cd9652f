// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list: prints the ledger. Changes nothing.
 */
#include "cmd.h"
#include "gather.h"
#include "prometheus.h"
#include "util.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	DOMAIN,
	VIF,
	DEV,
	STATE,
	QUEUE,
	TX,
	RX,
	MAC,
	UUID,
	INTERRUPTS,
	THREADS,
	DRIFT,
	SINCE,
	NODE,
	TXLOAD,
	RXLOAD,
};

static const struct table_column columns[] = {
	[DOMAIN] = { "DOMAIN", "domain name", .type = TABLE_TEXT },
	[VIF] = { "VIF", "domid.devid", .type = TABLE_TEXT },
	[DEV] = { "DEV", "name of the network device", .type = TABLE_TEXT },
	[STATE] = { "STATE", "reserved, pinned or partial, see vifpin verify", .type = TABLE_TEXT },
	[QUEUE] = { "QUEUE", "queue number", .type = TABLE_NUMBER },
	[TX] = { "TX", "CPU of tx interrupt and dealloc thread", .type = TABLE_NUMBER },
	[RX] = { "RX", "CPU of rx interrupt and guest-rx thread", .type = TABLE_NUMBER },
	[MAC] = { "MAC", "MAC address", .on_demand = true },
	[UUID] = { "UUID", "domain UUID", .on_demand = true },
	[INTERRUPTS] = { "INTERRUPTS", "tx and rx interrupt numbers, as TX/RX", .on_demand = true },
	[THREADS] = { "THREADS", "PIDs of dealloc and guest-rx thread, as TX/RX",
		.on_demand = true },
	[DRIFT] = { "DRIFT", "number of pins put back so far", .type = TABLE_NUMBER,
		.on_demand = true },
	[SINCE] = { "SINCE", "time the vif was added to the ledger", .on_demand = true },
	[NODE] = { "NODE", "NUMA nodes of the CPUs, as TX/RX, if known", .on_demand = true },
	[TXLOAD] = { "TXLOAD", "measured load of the tx side, in percent of a CPU",
		.type = TABLE_NUMBER, .on_demand = true },
	[RXLOAD] = { "RXLOAD", "measured load of the rx side, in percent of a CPU",
		.type = TABLE_NUMBER, .on_demand = true },
	{ .name = NULL },
};

static const struct table_design design = { .name = "queues", .columns = columns };

/* The source of columns that are not in the ledger. */
struct source {
	const struct context *context;
	struct snapshot snapshot;
	struct topology topology; /* read if nodes are shown */
	struct work work;         /* read if load is shown */
};

/* In the format of util-linux and RFC 3339: 2026-11-22T06:18:23+00:00. */
static void set_since(struct table *table, long long since)
{
	time_t time = (time_t)since;
	char date[32], zone[8];
	struct tm local;

	if (!table_shows(table, SINCE) || since <= 0 || !localtime_r(&time, &local))
		return;
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &local);
	strftime(zone, sizeof zone, "%z", &local);
	table_set(table, SINCE, "%s%.3s:%s", date, zone, zone + 3);
}

/* "45/46": the targets on the tx and on the rx CPU of a queue, "-" for a missing one. Sets nothing
 * if both are missing. */
static void set_targets(
	struct table *table, const struct targets *targets, unsigned int queue, bool threads)
{
	char sides[2][16] = { "-", "-" };
	bool any = false;

	for (size_t i = 0; i < targets->n; i++) {
		const struct target *target = &targets->v[i];

		if (target->queue != queue || target_is_thread(target) != threads)
			continue;
		any = true;
		snprintf(sides[target_side(target)], sizeof sides[0], "%u",
			threads ? (unsigned int)target->pid : target->irq);
	}
	if (any)
		table_set(table, threads ? THREADS : INTERRUPTS, "%s/%s", sides[0], sides[1]);
}

static void set_nodes(struct table *table, const struct topology *topology, struct place place)
{
	int tx = topology_node(topology, (unsigned int)place.cpu[SIDE_TX]);
	int rx = topology_node(topology, (unsigned int)place.cpu[SIDE_RX]);

	if (tx >= 0 && rx >= 0)
		table_set(table, NODE, "%d/%d", tx, rx);
}

static void add_queue(const struct source *source, struct table *table, const struct vif_entry *vif,
	const struct targets *targets, unsigned int q)
{
	static const char *const colors[] = {
		[VIF_RESERVED] = NULL,
		[VIF_PARTIAL] = "yellow",
		[VIF_PINNED] = "green",
	};
	struct place place = vif->places[q];

	table_row(table);
	table_set(table, DOMAIN, "%s", vif->domain);
	table_set(table, VIF, "%u.%u", vif->id.domid, vif->id.devid);
	table_set(table, DEV, "%s", vif->dev);
	table_set(table, STATE, "%s", vif_state_name(vif->state));
	table_color(table, STATE, colors[vif->state]);
	table_set(table, QUEUE, "%u", q);
	table_set(table, TX, "%d", place.cpu[SIDE_TX]);
	table_set(table, RX, "%d", place.cpu[SIDE_RX]);
	table_set(table, MAC, "%s", vif->mac);
	table_set(table, UUID, "%s", vif->uuid);
	set_targets(table, targets, q, false);
	set_targets(table, targets, q, true);
	table_set(table, DRIFT, "%u", vif->drift);
	set_since(table, vif->since);
	set_nodes(table, &source->topology, place);
	cmd_set_share(table, TXLOAD, work_share(&source->work, vif->id, q, SIDE_TX));
	cmd_set_share(table, RXLOAD, work_share(&source->work, vif->id, q, SIDE_RX));
}

static int add_vif(
	struct source *source, struct table *table, const struct vif_entry *vif, struct err *err)
{
	_cleanup_(targets_free) struct targets targets = { 0 };
	struct vif_names names = { .recorded = vif->dev, .vifname = "" };
	char dev[DEV_NAME_SIZE];
	int r = 0;

	if (table_shows(table, INTERRUPTS) || table_shows(table, THREADS))
		r = snapshot_find(&source->snapshot, &source->context->root, vif->id, names, dev,
			&targets, err);
	for (unsigned int q = 0; r == 0 && q < vif->n_queues; q++)
		add_queue(source, table, vif, &targets, q);
	return r;
}

static int print_table(const struct context *context, const struct ledger *ledger,
	const struct cmd_line *line, struct err *err)
{
	struct source source = { .context = context, .snapshot.many = !line->words[0] };
	struct table *table = line->table;
	int r = 0;

	if (table_shows(table, NODE))
		gather_topology(&context->root, &source.topology);
	if (table_shows(table, TXLOAD) || table_shows(table, RXLOAD))
		cmd_read_work(context, line, &source.work);
	for (size_t i = 0; r == 0 && i < ledger->n_vifs; i++)
		r = add_vif(&source, table, &ledger->vifs[i], err);
	if (r == 0)
		r = table_print(table, err);
	snapshot_free(&source.snapshot);
	topology_free(&source.topology);
	work_free(&source.work);
	return r;
}

/* The entries as they are in the ledger file. */
static int print_entries(const struct ledger *ledger, struct err *err)
{
	_cleanup_free_ char *text = ledger_format_vifs(ledger);

	if (!text)
		return err_no_memory(err);
	fputs(text, stdout);
	return 0;
}

static int act(struct context *context, const struct cmd_line *line, struct err *err)
{
	_cleanup_(ledger_clear) struct ledger ledger = { 0 };
	bool json = line->look.form == TABLE_JSON && !line->look.columns;
	int r = prometheus_check(line);

	if (r == 0)
		r = cmd_read_ledger(context, line, &ledger, err);
	if (r != 0)
		return r;
	if (line->given[PROMETHEUS])
		return prometheus_print_ledger(context, line, &ledger, err);
	return json ? print_entries(&ledger, err) : print_table(context, &ledger, line, err);
}

const struct command command_list = {
	.name = "list",
	.words = "[DOMAIN]",
	.summary = "list the queues in the ledger",
	.help = "Print the ledger, a row for each queue. With -J and without -o, print the vifs\n"
		"as they are in the ledger file (docs/ledger.md), in an array \"vifs\".\n",
	.options = { [PROMETHEUS] = PROMETHEUS_OPTION },
	.table = &design,
	.config = CONFIG_SHOWN,
	.act = act,
};
