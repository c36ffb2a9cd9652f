// SPDX-License-Identifier: GPL-2.0-or-later
#include "top_tables.h"

#include "cmd.h"
#include "cpuset.h"
#include "util.h"

/* --- CPUs --------------------------------------------------------------------------------- */

enum { CPU, BUSY, SOFTIRQ, NIC, SIDES, IDLE };

static const struct table_column cpu_columns[] = {
	[CPU] = { "CPU", .type = TABLE_NUMBER },
	[BUSY] = { "BUSY", .type = TABLE_NUMBER },
	[SOFTIRQ] = { "SOFTIRQ", .type = TABLE_NUMBER },
	[NIC] = { "NIC", .type = TABLE_NUMBER },
	[SIDES] = { "SIDES", .type = TABLE_NUMBER },
	[IDLE] = { "IDLE", .type = TABLE_NUMBER },
	{ .name = NULL },
};

static const struct table_design cpu_design = { .name = "cpus", .columns = cpu_columns };

static void add_cpu(struct table *table, const struct top_cpu *cpu)
{
	int busy = cpu->work.busy;

	table_row(table);
	table_set(table, CPU, "%u", cpu->cpu);
	cmd_set_share(table, BUSY, busy);
	cmd_set_share(table, SOFTIRQ, cpu->work.softirq);
	cmd_set_share(table, NIC, cpu->work.nic);
	cmd_set_share(table, SIDES, cpu->work.sides);
	cmd_set_share(table, IDLE, busy == WORK_UNKNOWN ? WORK_UNKNOWN : WORK_WHOLE - busy);
}

static int make_cpus(const struct top *top, size_t n, const struct table_look *look,
	struct table **table, struct err *err)
{
	int r = table_new(&cpu_design, look, table, err);

	for (size_t i = 0; r == 0 && i < n && i < top->n_cpus; i++)
		add_cpu(*table, &top->cpus[i]);
	return r;
}

/* --- vifs --------------------------------------------------------------------------------- */

enum { VIF, DOMAIN, DEV, QUEUES, TX_PACKETS, RX_PACKETS, TX_BYTES, RX_BYTES, TX, RX, CPUS };

static const struct table_column vif_columns[] = {
	[VIF] = { "VIF", .type = TABLE_TEXT },
	[DOMAIN] = { "DOMAIN", .type = TABLE_TEXT, .cut = true },
	[DEV] = { "DEV", .type = TABLE_TEXT },
	[QUEUES] = { "QUEUES", .type = TABLE_NUMBER },
	[TX_PACKETS] = { "TX/s", .key = "tx_packets", .type = TABLE_NUMBER },
	[RX_PACKETS] = { "RX/s", .key = "rx_packets", .type = TABLE_NUMBER },
	[TX_BYTES] = { "TXB/s", .key = "tx_bytes", .type = TABLE_NUMBER },
	[RX_BYTES] = { "RXB/s", .key = "rx_bytes", .type = TABLE_NUMBER },
	[TX] = { "TX%", .key = "tx_share", .type = TABLE_NUMBER },
	[RX] = { "RX%", .key = "rx_share", .type = TABLE_NUMBER },
	[CPUS] = { "CPUS", .type = TABLE_TEXT, .cut = true },
	{ .name = NULL },
};

static const struct table_design vif_design = {
	.name = "vifs",
	.columns = vif_columns,
	.for_people = "VIF,DOMAIN,DEV,QUEUES,TX/s,RX/s,TX%,RX%,CPUS",
};

/* All CPUs that its queues are placed on. */
static void set_cpus(struct table *table, const struct vif_entry *vif)
{
	struct cpuset cpus = { 0 };
	char text[256];

	for (unsigned int q = 0; q < vif->n_queues; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			if (vif->places[q].cpu[side] != CPU_NONE)
				cpuset_add(&cpus, (unsigned int)vif->places[q].cpu[side]);
		}
	}
	cpuset_format(&cpus, text, sizeof text);
	table_set(table, CPUS, "%s", text);
}

static void add_vif(struct table *table, const struct top_row *row)
{
	const struct vif_entry *vif = row->vif;

	table_row(table);
	table_set(table, VIF, "%u.%u", vif->id.domid, vif->id.devid);
	table_set(table, DOMAIN, "%s", vif->domain);
	table_set(table, DEV, "%s", vif->dev);
	table_set(table, QUEUES, "%u", vif->n_queues);
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		if (row->measured) {
			table_set(table, TX_PACKETS + side, "%u", row->packets[side]);
			table_set(table, TX_BYTES + side, "%llu", row->bytes[side]);
		} else {
			table_set_unknown(table, TX_PACKETS + side);
		}
		cmd_set_share(table, TX + side, row->share[side]);
	}
	set_cpus(table, vif);
}

/* --- queues ------------------------------------------------------------------------------- */

enum { Q_VIF, Q_DOMAIN, Q_QUEUE, Q_TX_CPU, Q_RX_CPU, Q_TX, Q_RX, Q_INTERRUPTS };

static const struct table_column queue_columns[] = {
	[Q_VIF] = { "VIF", .type = TABLE_TEXT },
	[Q_DOMAIN] = { "DOMAIN", .type = TABLE_TEXT, .cut = true },
	[Q_QUEUE] = { "Q", .key = "queue", .type = TABLE_NUMBER },
	[Q_TX_CPU] = { "TXCPU", .key = "tx_cpu", .type = TABLE_NUMBER },
	[Q_RX_CPU] = { "RXCPU", .key = "rx_cpu", .type = TABLE_NUMBER },
	[Q_TX] = { "TX%", .key = "tx_share", .type = TABLE_NUMBER },
	[Q_RX] = { "RX%", .key = "rx_share", .type = TABLE_NUMBER },
	[Q_INTERRUPTS] = { "IRQ/s", .key = "interrupts", .type = TABLE_NUMBER },
	{ .name = NULL },
};

static const struct table_design queue_design = { .name = "queues", .columns = queue_columns };

static void add_queue(struct table *table, const struct top_row *row)
{
	const struct vif_entry *vif = row->vif;
	const int *cpu = vif->places[row->queue].cpu;

	table_row(table);
	table_set(table, Q_VIF, "%u.%u", vif->id.domid, vif->id.devid);
	table_set(table, Q_DOMAIN, "%s", vif->domain);
	table_set(table, Q_QUEUE, "%u", row->queue);
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		table_set(table, Q_TX_CPU + side, "%d", cpu[side]);
		cmd_set_share(table, Q_TX + side, row->share[side]);
	}
	if (row->measured)
		table_set(table, Q_INTERRUPTS, "%u", row->interrupts);
	else
		table_set_unknown(table, Q_INTERRUPTS);
}

static int make_rows(const struct top *top, bool queues, size_t n, const struct table_look *look,
	struct table **table, struct err *err)
{
	int r = table_new(queues ? &queue_design : &vif_design, look, table, err);

	for (size_t i = 0; r == 0 && i < n && i < top->n_rows; i++) {
		if (queues)
			add_queue(*table, &top->rows[i]);
		else
			add_vif(*table, &top->rows[i]);
	}
	return r;
}

/* --- printing ----------------------------------------------------------------------------- */

static int print(struct table *table, const struct table_look *look, int r, struct err *err)
{
	if (r == 0)
		r = look->form == TABLE_JSON ? table_print_member(table, err)
					     : table_print(table, err);
	table_free(table);
	return r;
}

int top_print_cpus(const struct top *top, const struct table_look *look, struct err *err)
{
	struct table *table = NULL;
	int r = make_cpus(top, top->n_cpus, look, &table, err);

	return print(table, look, r, err);
}

int top_print_rows(
	const struct top *top, bool queues, const struct table_look *look, struct err *err)
{
	struct table *table = NULL;
	int r = make_rows(top, queues, top->n_rows, look, &table, err);

	return print(table, look, r, err);
}

static const struct table_look people = { .form = TABLE_PEOPLE, .color = TABLE_COLOR_NEVER };

static int format(struct table *table, size_t width, char **out, int r, struct err *err)
{
	if (r == 0)
		r = table_format(table, width, out, err);
	table_free(table);
	return r;
}

int top_format_cpus(const struct top *top, size_t n, size_t width, char **out, struct err *err)
{
	struct table *table = NULL;
	int r = make_cpus(top, n, &people, &table, err);

	return format(table, width, out, r, err);
}

int top_format_rows(
	const struct top *top, bool queues, size_t n, size_t width, char **out, struct err *err)
{
	struct table *table = NULL;
	int r = make_rows(top, queues, n, &people, &table, err);

	return format(table, width, out, r, err);
}
