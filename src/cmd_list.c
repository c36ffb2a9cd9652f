// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list: the ledger, a row for each queue. Reads, and changes nothing.
 */
#include "cmd.h"
#include "cmd_list_prometheus.h"
#include "util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { OPTION_PROMETHEUS };

static const struct cmd_option options[] = {
	[OPTION_PROMETHEUS] = { "prometheus", "sums, for node_exporter's textfile collector" },
	{ NULL, NULL },
};

enum {
	COLUMN_DOMAIN,
	COLUMN_VIF,
	COLUMN_DEV,
	COLUMN_STATE,
	COLUMN_QUEUE,
	COLUMN_TX,
	COLUMN_RX,
	COLUMN_MAC,
	COLUMN_UUID,
	COLUMN_INTERRUPTS,
	COLUMN_THREADS,
	COLUMN_DRIFT,
	COLUMN_SINCE,
	COLUMN_NODE,
	COLUMN_COUNT
};

static const struct table_column columns[] = {
	[COLUMN_DOMAIN] = { "DOMAIN", "the domain's name", TABLE_TEXT, false, false },
	[COLUMN_VIF] = { "VIF", "domid.devid", TABLE_TEXT, false, false },
	[COLUMN_DEV] = { "DEV", "the netdev's name", TABLE_TEXT, false, false },
	[COLUMN_STATE] = { "STATE", "reserved, pinned, or partial: vifpin verify says why",
		TABLE_TEXT, false, false },
	[COLUMN_QUEUE] = { "QUEUE", "the queue's number", TABLE_NUMBER, false, false },
	[COLUMN_TX] = { "TX", "CPU of tx interrupt and dealloc thread", TABLE_NUMBER, false,
		false },
	[COLUMN_RX] = { "RX", "CPU of rx interrupt and guest-rx thread", TABLE_NUMBER, false,
		false },
	[COLUMN_MAC] = { "MAC", "the vif's MAC", TABLE_TEXT, true, false },
	[COLUMN_UUID] = { "UUID", "the domain's UUID", TABLE_TEXT, true, false },
	[COLUMN_INTERRUPTS] = { "INTERRUPTS", "numbers of the tx and the rx interrupt, as TX/RX",
		TABLE_TEXT, true, false },
	[COLUMN_THREADS] = { "THREADS", "PIDs of the dealloc and the guest-rx thread, as TX/RX",
		TABLE_TEXT, true, false },
	[COLUMN_DRIFT] = { "DRIFT", "how many of the vif's pins were put back so far", TABLE_NUMBER,
		true, false },
	[COLUMN_SINCE] = { "SINCE", "when the vif came into the ledger", TABLE_TEXT, true, false },
	[COLUMN_NODE] = { "NODE", "NUMA nodes of the tx and the rx CPU, as TX/RX, where known",
		TABLE_TEXT, true, false },
};

/* The cells of a row that are made of more than one word of the ledger. */
struct row {
	char vif[32], queue[16], tx[16], rx[16], drift[16], since[48];
	char interrupts[32], threads[32], node[32];
};

/* Where the columns come from that are not the ledger's. */
struct source {
	const struct host *host;
	struct snapshot snapshot;
	struct site site; /* read when nodes are shown */
};

/* As util-linux and RFC 3339 have it: 2026-11-22T06:18:23+00:00. */
static void format_since(long long since, char *buf, size_t size)
{
	time_t time = (time_t)since;
	char date[32], zone[8];
	struct tm local;

	*buf = '\0';
	if (since <= 0 || !localtime_r(&time, &local))
		return;
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &local);
	strftime(zone, sizeof zone, "%z", &local);
	snprintf(buf, size, "%s%.3s:%s", date, zone, zone + 3);
}

/* "45/46" of the parts of a queue that stand on its tx CPU and on its rx CPU; "-" for
 * one that is not there, "" when none is. */
static void format_parts(
	const struct parts *parts, unsigned int queue, bool threads, char *buf, size_t size)
{
	char sides[2][16] = { "-", "-" };
	bool any = false;

	*buf = '\0';
	for (size_t i = 0; i < parts->n; i++) {
		const struct part *part = &parts->v[i];

		if (part->queue != queue || part_is_thread(part) != threads)
			continue;
		any = true;
		snprintf(sides[part_is_rx(part)], sizeof sides[0], "%u",
			threads ? (unsigned int)part->pid : part->irq);
	}
	if (any)
		snprintf(buf, size, "%s/%s", sides[0], sides[1]);
}

static void format_nodes(
	const struct topology *topology, struct place place, char *buf, size_t size)
{
	int tx = topology_node(topology, (unsigned int)place.tx_cpu);
	int rx = topology_node(topology, (unsigned int)place.rx_cpu);

	*buf = '\0';
	if (tx >= 0 && rx >= 0)
		snprintf(buf, size, "%d/%d", tx, rx);
}

static struct row make_row(const struct source *source, const struct table *table,
	const struct vif_entry *vif, const struct parts *parts, unsigned int q)
{
	struct row row;

	snprintf(row.vif, sizeof row.vif, "%u.%u", vif->id.domid, vif->id.devid);
	snprintf(row.queue, sizeof row.queue, "%u", q);
	snprintf(row.tx, sizeof row.tx, "%d", vif->places[q].tx_cpu);
	snprintf(row.rx, sizeof row.rx, "%d", vif->places[q].rx_cpu);
	snprintf(row.drift, sizeof row.drift, "%u", vif->drift);
	*row.since = '\0';
	if (table_shows(table, COLUMN_SINCE))
		format_since(vif->since, row.since, sizeof row.since);
	format_parts(parts, q, false, row.interrupts, sizeof row.interrupts);
	format_parts(parts, q, true, row.threads, sizeof row.threads);
	format_nodes(&source->site.topology, vif->places[q], row.node, sizeof row.node);
	return row;
}

/* An empty cell is none: null in JSON. */
static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static int add_queue(const struct source *source, struct table *table, const struct vif_entry *vif,
	const struct parts *parts, unsigned int q, struct err *err)
{
	static const char *const colors[] = {
		[VIF_RESERVED] = NULL,
		[VIF_PARTIAL] = "yellow",
		[VIF_PINNED] = "green",
	};
	struct row row = make_row(source, table, vif, parts, q);
	const char *const cells[COLUMN_COUNT] = {
		[COLUMN_DOMAIN] = vif->domain,
		[COLUMN_VIF] = row.vif,
		[COLUMN_DEV] = vif->dev,
		[COLUMN_STATE] = vif_state_name(vif->state),
		[COLUMN_QUEUE] = row.queue,
		[COLUMN_TX] = row.tx,
		[COLUMN_RX] = row.rx,
		[COLUMN_MAC] = or_null(vif->mac),
		[COLUMN_UUID] = or_null(vif->uuid),
		[COLUMN_INTERRUPTS] = or_null(row.interrupts),
		[COLUMN_THREADS] = or_null(row.threads),
		[COLUMN_DRIFT] = row.drift,
		[COLUMN_SINCE] = or_null(row.since),
		[COLUMN_NODE] = or_null(row.node),
	};
	int r;

	r = table_add(table, cells, err);
	if (r == 0 && colors[vif->state])
		table_color(table, COLUMN_STATE, colors[vif->state]);
	return r;
}

/* What the kernel has of a vif, where a column shows that. */
static int find_parts(struct source *source, const struct table *table, const struct vif_entry *vif,
	struct parts *parts, struct err *err)
{
	struct vif_names names = { vif->dev, "" };
	char dev[DEV_NAME_SIZE];

	*parts = (struct parts){ 0 };
	if (!table_shows(table, COLUMN_INTERRUPTS) && !table_shows(table, COLUMN_THREADS))
		return 0;
	return snapshot_find(
		&source->snapshot, &source->host->root, vif->id, names, dev, parts, err);
}

static int add_vif(
	struct source *source, struct table *table, const struct vif_entry *vif, struct err *err)
{
	struct parts parts;
	int r;

	r = find_parts(source, table, vif, &parts, err);
	for (unsigned int q = 0; r == 0 && q < vif->n_queues; q++)
		r = add_queue(source, table, vif, &parts, q, err);
	parts_free(&parts);
	return r;
}

static int add_vifs(struct source *source, struct table *table, const struct ledger *ledger,
	const char *domain, struct err *err)
{
	int r = 0;

	if (table_shows(table, COLUMN_NODE))
		r = site_read(&source->site, err);
	for (size_t i = 0; r == 0 && i < ledger->n_vifs; i++) {
		if (cmd_selects(&ledger->vifs[i], domain, NULL))
			r = add_vif(source, table, &ledger->vifs[i], err);
	}
	return r;
}

static int print_table(const struct host *host, const struct ledger *ledger,
	const struct cmd_line *line, struct err *err)
{
	struct source source = { .host = host, .snapshot.many = !line->words[0] };
	struct table *table;
	int r;

	r = table_new("queues", columns, ARRAY_SIZE(columns), &line->look, &table, err);
	if (r < 0)
		return r;
	site_init(&source.site, &host->root, &host->config);
	r = add_vifs(&source, table, ledger, line->words[0], err);
	if (r == 0)
		r = table_print(table, err);
	snapshot_free(&source.snapshot);
	site_free(&source.site);
	table_free(table);
	return r;
}

static bool is_wanted(const struct vif_entry *vif, const void *domain)
{
	return cmd_selects(vif, domain, NULL);
}

/* The entries as they are in the ledger's file. */
static int print_entries(const struct ledger *ledger, const char *domain, struct err *err)
{
	_cleanup_free_ char *text = ledger_format_vifs(ledger, is_wanted, domain);

	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	fputs(text, stdout);
	return 0;
}

static int print(const struct host *host, const struct ledger *ledger, const struct cmd_line *line,
	struct err *err)
{
	int r = cmd_check_selection(ledger, line->words[0], NULL, err);

	if (r < 0)
		return r;
	if (line->options[OPTION_PROMETHEUS])
		return cmd_list_prometheus(&host->root, &host->config, ledger, err);
	if (line->look.form == TABLE_JSON && !line->look.columns)
		return print_entries(ledger, line->words[0], err);
	return print_table(host, ledger, line, err);
}

static enum status read_line(int argc, char **argv, struct cmd_line *line)
{
	enum status status = cmd_line_read(&command_list, argc, argv, line);
	const struct table_look *look = &line->look;

	if (status == STATUS_DONE && line->options[OPTION_PROMETHEUS] &&
		(line->words[0] || look->columns || look->form != TABLE_PEOPLE))
		return cmd_line_wrong(
			&command_list, "--prometheus tells of all vifs, in a form of its own");
	return status;
}

static enum status run(const struct global *global, struct host *host, int argc, char **argv)
{
	struct ledger ledger;
	struct cmd_line line;
	enum status status;
	struct err err;
	int r;

	status = read_line(argc, argv, &line);
	if (status == STATUS_DONE)
		status = cmd_read_config(global, host, false);
	if (status != STATUS_DONE)
		return status;
	if (pass_peek(&host->root, &ledger, &err) < 0)
		return cmd_fail(&err);
	r = print(host, &ledger, &line, &err);
	ledger_clear(&ledger);
	return r < 0 ? cmd_fail(&err) : STATUS_DONE;
}

const struct command command_list = {
	.name = "list",
	.words = "[DOMAIN]",
	.summary = "the ledger, a row for each queue",
	.help = "Show the ledger, a row for each queue. With -J and without -o: its vifs as they\n"
		"are in the file (docs/ledger.md), in an array \"vifs\".\n",
	.max_words = 1,
	.options = options,
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
	.run = run,
};
