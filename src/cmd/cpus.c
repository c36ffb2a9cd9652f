// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cpus: shows the load of each CPU. Changes nothing.
 */
#include "cmd.h"
#include "util.h"

#include <stdio.h>

enum { CPU, STATE, SIDES, TX, RX, NIC, BUSY, NODE, PCPU, DOMAINS, VIFS };

static const struct table_column columns[] = {
	[CPU] = { "CPU", "CPU number", .type = TABLE_NUMBER },
	[STATE] = { "STATE", "allowed, forbidden, offline or absent, see above",
		.type = TABLE_TEXT },
	[SIDES] = { "SIDES", "number of tx and rx sides, as a bar", .type = TABLE_BAR },
	[TX] = { "TX", "number of tx sides", .type = TABLE_NUMBER },
	[RX] = { "RX", "number of rx sides", .type = TABLE_NUMBER },
	[NIC] = { "NIC", "number of physical NIC interrupts delivered to it",
		.type = TABLE_NUMBER },
	[BUSY] = { "BUSY", "measured load, of all that it does, in percent", .type = TABLE_NUMBER },
	[NODE] = { "NODE", "NUMA node, if known", .type = TABLE_NUMBER },
	[PCPU] = { "PCPU", "pCPU it is pinned to, if known", .type = TABLE_NUMBER },
	[DOMAINS] = { "DOMAINS", "domains whose vifs use it", .cut = true },
	[VIFS] = { "VIFS", "vifs that use it, as domid.devid", .on_demand = true, .cut = true },
	{ .name = NULL },
};

static const struct table_design design = { .name = "cpus", .columns = columns };

static const struct {
	const char *name, *color;
} states[] = {
	[CPU_ABSENT] = { "absent", "red" },
	[CPU_OFFLINE] = { "offline", "red" },
	[CPU_FORBIDDEN] = { "forbidden", "yellow" },
	[CPU_ALLOWED] = { "allowed", NULL },
};

static unsigned int count_sides(const unsigned int sides[SIDE_COUNT])
{
	return sides[SIDE_TX] + sides[SIDE_RX];
}

static void add_cpu(struct table *table, unsigned int number, const struct cpu *cpu,
	unsigned int most, const struct work *work)
{
	const unsigned int *sides = cpu->load.sides;

	table_row(table);
	table_set(table, CPU, "%u", number);
	table_set(table, STATE, "%s", states[cpu->state].name);
	table_color(table, STATE, states[cpu->state].color);
	table_set_bar(table, SIDES, count_sides(sides), most);
	table_set(table, TX, "%u", sides[SIDE_TX]);
	table_set(table, RX, "%u", sides[SIDE_RX]);
	table_set(table, NIC, "%u", cpu->load.nic);
	cmd_set_share(table, BUSY, work->cpus ? work->cpus[number].busy : WORK_UNKNOWN);
	if (cpu->node >= 0)
		table_set(table, NODE, "%d", cpu->node);
	if (cpu->pcpu >= 0)
		table_set(table, PCPU, "%d", cpu->pcpu);
	if (cpu->domains.text)
		table_set(table, DOMAINS, "%s", cpu->domains.text);
	if (cpu->vifs.text)
		table_set(table, VIFS, "%s", cpu->vifs.text);
}

static void print_sum(const struct load_spread *spread)
{
	unsigned int sides = count_sides(spread->sides);

	printf("%u allowed CPU%s, %u side%s, %u NIC interrupt%s\n", spread->cpus,
		plural(spread->cpus), sides, plural(sides), spread->nic, plural(spread->nic));
	printf("load %u to %u, difference %u (tx %u, rx %u)\n", spread->least, spread->most,
		spread->most - spread->least, load_difference(spread, SIDE_TX),
		load_difference(spread, SIDE_RX));
}

static int print(const struct cpus *cpus, const struct work *work, const struct cmd_line *line,
	struct err *err)
{
	unsigned int most = 0;
	int r;

	for (size_t i = 0; i < cpus->n; i++) {
		unsigned int sides = count_sides(cpus->v[i].load.sides);

		most = sides > most ? sides : most;
	}
	for (unsigned int i = 0; i < cpus->n; i++) {
		const struct cpu *cpu = &cpus->v[i];

		if (cpu->state != CPU_ABSENT || load_total(&cpu->load))
			add_cpu(line->table, i, cpu, most, work);
	}
	r = table_print(line->table, err);
	if (r == 0 && line->look.form == TABLE_PEOPLE && !line->look.no_headings)
		print_sum(&cpus->spread);
	return r;
}

static int act(struct context *context, const struct cmd_line *line, struct err *err)
{
	_cleanup_(ledger_clear) struct ledger ledger = { 0 };
	_cleanup_(cpus_free) struct cpus cpus = { 0 };
	_cleanup_(work_free) struct work work = { 0 };
	int r = cmd_read_ledger(context, line, &ledger, err);

	if (r == 0)
		r = cmd_list_cpus(context, &ledger, &cpus, err);
	if (r < 0)
		return r;
	if (table_shows(line->table, BUSY))
		cmd_read_work(context, line, &work);
	return print(&cpus, &work, line, err);
}

const struct command command_cpus = {
	.name = "cpus",
	.words = "",
	.summary = "show the load of each CPU",
	.help = "Show the load of each CPU according to the ledger. STATE is one of:\n"
		"  allowed     vifs may be placed on it\n"
		"  forbidden   not in cpus of the configuration, or not in vifpin's own affinity\n"
		"  offline     it is offline\n"
		"  absent      there is no such CPU, but the ledger has sides on it\n"
		"The last two lines sum up the allowed CPUs: the lowest and the highest load\n"
		"(sides and NIC interrupts together), their difference, and the difference of tx\n"
		"sides and of rx sides alone. They are omitted with -n, -r and -J.\n"
		"BUSY is what the watcher has measured, - without one.\n",
	.table = &design,
	.config = CONFIG_SHOWN,
	.act = act,
};
