// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cpus: a row for each CPU, with what stands there. Reads, and changes nothing.
 */
#include "cmd.h"
#include "cpus.h"
#include "util.h"

#include <stdio.h>

enum {
	COLUMN_CPU,
	COLUMN_STATE,
	COLUMN_SIDES,
	COLUMN_TX,
	COLUMN_RX,
	COLUMN_NIC,
	COLUMN_NODE,
	COLUMN_PCPU,
	COLUMN_DOMAINS,
	COLUMN_VIFS,
	COLUMN_COUNT
};

static const struct table_column columns[] = {
	[COLUMN_CPU] = { "CPU", "the CPU's number", TABLE_NUMBER, false, false },
	[COLUMN_STATE] = { "STATE", "allowed, forbidden, offline or absent: see above", TABLE_TEXT,
		false, false },
	[COLUMN_SIDES] = { "SIDES", "tx and rx sides that stand there; -r, -J: how many", TABLE_BAR,
		false, false },
	[COLUMN_TX] = { "TX", "tx sides", TABLE_NUMBER, false, false },
	[COLUMN_RX] = { "RX", "rx sides", TABLE_NUMBER, false, false },
	[COLUMN_NIC] = { "NIC", "interrupts of physical NICs delivered there", TABLE_NUMBER, false,
		false },
	[COLUMN_NODE] = { "NODE", "the NUMA node, where known", TABLE_NUMBER, false, false },
	[COLUMN_PCPU] = { "PCPU", "the pCPU it is pinned to, where known", TABLE_NUMBER, false,
		false },
	[COLUMN_DOMAINS] = { "DOMAINS", "whose vifs stand there", TABLE_TEXT, false, true },
	[COLUMN_VIFS] = { "VIFS", "these vifs, as domid.devid", TABLE_TEXT, true, true },
};

static const char *const states[] = {
	[CPU_ABSENT] = "absent",
	[CPU_OFFLINE] = "offline",
	[CPU_FORBIDDEN] = "forbidden",
	[CPU_ALLOWED] = "allowed",
};

static const char *const colors[] = {
	[CPU_ABSENT] = "red",
	[CPU_OFFLINE] = "red",
	[CPU_FORBIDDEN] = "yellow",
	[CPU_ALLOWED] = NULL,
};

/* A number, or an empty cell for one that is not known. */
static const char *format_known(int number, char buf[16])
{
	if (number < 0)
		return NULL;
	snprintf(buf, 16, "%d", number);
	return buf;
}

static int add_cpu(struct table *table, unsigned int number, const struct cpu *cpu, struct err *err)
{
	char id[16], sides[16], tx[16], rx[16], nic[16], node[16], pcpu[16];
	const char *const cells[COLUMN_COUNT] = {
		[COLUMN_CPU] = id,
		[COLUMN_STATE] = states[cpu->state],
		[COLUMN_SIDES] = sides,
		[COLUMN_TX] = tx,
		[COLUMN_RX] = rx,
		[COLUMN_NIC] = nic,
		[COLUMN_NODE] = format_known(cpu->node, node),
		[COLUMN_PCPU] = format_known(cpu->pcpu, pcpu),
		[COLUMN_DOMAINS] = cpu->domains.text,
		[COLUMN_VIFS] = cpu->vifs.text,
	};
	int r;

	snprintf(id, sizeof id, "%u", number);
	snprintf(sides, sizeof sides, "%u", cpu->tx + cpu->rx);
	snprintf(tx, sizeof tx, "%u", cpu->tx);
	snprintf(rx, sizeof rx, "%u", cpu->rx);
	snprintf(nic, sizeof nic, "%u", cpu->nic);
	r = table_add(table, cells, err);
	if (r == 0 && colors[cpu->state])
		table_color(table, COLUMN_STATE, colors[cpu->state]);
	return r;
}

static const char *plural(unsigned int n)
{
	return n == 1 ? "" : "s";
}

static void print_sum(const struct cpus *cpus)
{
	struct cpus_sum sum = cpus_sum(cpus);

	printf("%u allowed CPU%s, %u side%s, %u NIC interrupt%s: load %u to %u, difference %u\n",
		sum.allowed, plural(sum.allowed), sum.sides, plural(sum.sides), sum.nic,
		plural(sum.nic), sum.least, sum.most, sum.most - sum.least);
}

static int print(const struct cpus *cpus, const struct table_look *look, struct err *err)
{
	struct table *table;
	int r;

	r = table_new("cpus", columns, ARRAY_SIZE(columns), look, &table, err);
	if (r < 0)
		return r;
	for (unsigned int i = 0; r == 0 && i < cpus->n; i++) {
		const struct cpu *cpu = &cpus->v[i];

		if (cpu->state != CPU_ABSENT || cpu_load(cpu))
			r = add_cpu(table, i, cpu, err);
	}
	if (r == 0)
		r = table_print(table, err);
	table_free(table);
	if (r == 0 && look->form == TABLE_PEOPLE && !look->no_headings)
		print_sum(cpus);
	return r;
}

static enum status run(const struct global *global, struct host *host, int argc, char **argv)
{
	struct ledger ledger;
	struct cmd_line line;
	enum status status;
	struct cpus cpus;
	struct err err;
	int r;

	status = cmd_line_read(&command_cpus, argc, argv, &line);
	if (status == STATUS_DONE)
		status = cmd_read_config(global, host, false);
	if (status != STATUS_DONE)
		return status;
	if (pass_peek(&host->root, &ledger, &err) < 0)
		return cmd_fail(&err);
	r = cpus_read(&host->root, &host->config, &ledger, &cpus, &err);
	if (r == 0) {
		r = print(&cpus, &line.look, &err);
		cpus_free(&cpus);
	}
	ledger_clear(&ledger);
	return r < 0 ? cmd_fail(&err) : STATUS_DONE;
}

const struct command command_cpus = {
	.name = "cpus",
	.words = "",
	.summary = "a row for each CPU: what stands there",
	.help = "Show what stands on each CPU, by the ledger. STATE says whether vifs may be\n"
		"placed on it:\n"
		"  allowed     yes\n"
		"  forbidden   not in cpus of the configuration, or not in vifpin's own affinity\n"
		"  offline     it is offline\n"
		"  absent      there is no such CPU, and something was placed there\n"
		"The last line tells how even the allowed CPUs are: the load of the one that\n"
		"carries least and of the one that carries most, sides and NIC interrupts\n"
		"together. It is not there with -n, -r and -J.\n",
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
	.run = run,
};
