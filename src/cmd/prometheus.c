// SPDX-License-Identifier: GPL-2.0-or-later
#include "prometheus.h"

#include "ledger_file.h"
#include "utf8.h"
#include "util.h"
#include "watcher_lock.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum status prometheus_check(const struct cmd_line *line)
{
	const struct table_look *look = &line->look;
	bool chooses = line->words[0] || look->columns || look->form != TABLE_PEOPLE;

	return line->given[PROMETHEUS] && chooses
		       ? cmd_wrong(line->command,
				 "--prometheus takes neither a domain nor -o, -r or -J")
		       : STATUS_DONE;
}

static void print_head(const char *name, const char *type, const char *help)
{
	printf("# HELP vifpin_%s %s\n# TYPE vifpin_%s %s\n", name, help, name, type);
}

/* The value of a label, with backslash, quote and newline escaped, and other controls masked. */
static void print_quoted(const char *value)
{
	_cleanup_free_ char *copy = strdup(value);
	const char *text = copy ? copy : "?";

	if (copy)
		utf8_mask(copy);
	putchar('"');
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", stdout);
		else if (*text == '\\' || *text == '"')
			printf("\\%c", *text);
		else
			putchar(iscntrl((unsigned char)*text) ? '?' : *text);
	}
	putchar('"');
}

static void print_vifs(const struct ledger *ledger)
{
	static const enum vif_state states[] = { VIF_RESERVED, VIF_PARTIAL, VIF_PINNED };
	size_t vifs[ARRAY_SIZE(states)] = { 0 }, queues[ARRAY_SIZE(states)] = { 0 };

	for (size_t i = 0; i < ledger->n_vifs; i++) {
		vifs[ledger->vifs[i].state]++;
		queues[ledger->vifs[i].state] += ledger->vifs[i].n_queues;
	}
	print_head("vifs", "gauge", "Vifs in the ledger, by state.");
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		printf("vifpin_vifs{state=\"%s\"} %zu\n", vif_state_name(states[i]),
			vifs[states[i]]);
	print_head("queues", "gauge", "Queues of the vifs in the ledger, by state of the vif.");
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		printf("vifpin_queues{state=\"%s\"} %zu\n", vif_state_name(states[i]),
			queues[states[i]]);
}

static void print_sides(const struct cpus *cpus)
{
	print_head("cpu_sides", "gauge", "Sides of queues placed on the CPU.");
	for (size_t i = 0; i < cpus->n; i++) {
		const struct cpu *cpu = &cpus->v[i];

		if (cpu->state == CPU_ABSENT && !load_total(&cpu->load))
			continue;
		for (enum side side = 0; side < SIDE_COUNT; side++)
			printf("vifpin_cpu_sides{cpu=\"%zu\",side=\"%s\"} %u\n", i, side_name(side),
				cpu->load.sides[side]);
	}
}

/* Of those CPUs only that are to be even. */
static void print_load(const struct cpus *cpus)
{
	print_head("cpu_load", "gauge",
		"Sides and NIC interrupts on a CPU that vifs may be placed on.");
	for (size_t i = 0; i < cpus->n; i++) {
		if (cpus->v[i].state == CPU_ALLOWED)
			printf("vifpin_cpu_load{cpu=\"%zu\"} %u\n", i,
				load_total(&cpus->v[i].load));
	}
}

/* One counter per vif: a sum would drop when a vif goes away. */
static void print_drift(const struct ledger *ledger)
{
	print_head("drift_total", "counter",
		"Interrupts and threads of the vif that drifted and were put back.");
	for (size_t i = 0; i < ledger->n_vifs; i++) {
		const struct vif_entry *vif = &ledger->vifs[i];

		fputs("vifpin_drift_total{domain=", stdout);
		print_quoted(vif->domain);
		printf(",vif=\"%u.%u\"} %u\n", vif->id.domid, vif->id.devid, vif->drift);
	}
}

static void print_ratio(int share)
{
	printf("} %d.%06d\n", share / WORK_WHOLE, share % WORK_WHOLE);
}

static void print_queue_load(const struct work *work, const struct vif_entry *vif, unsigned int q)
{
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		int share = work_share(work, vif->id, q, side);

		if (share == WORK_UNKNOWN)
			continue;
		fputs("vifpin_queue_load_ratio{domain=", stdout);
		print_quoted(vif->domain);
		printf(",vif=\"%u.%u\",queue=\"%u\",side=\"%s\"", vif->id.domid, vif->id.devid, q,
			side_name(side));
		print_ratio(share);
	}
}

/* What is not known is left out. */
static void print_work(const struct work *work, const struct ledger *ledger)
{
	print_head("queue_load_ratio", "gauge",
		"Measured load of one side of a queue, as a share of one CPU.");
	for (size_t i = 0; i < ledger->n_vifs; i++) {
		for (unsigned int q = 0; q < ledger->vifs[i].n_queues; q++)
			print_queue_load(work, &ledger->vifs[i], q);
	}
	print_head("cpu_busy_ratio", "gauge", "Measured load of a CPU, of all that it does.");
	for (unsigned int cpu = 0; work->cpus && cpu < CPUSET_MAX; cpu++) {
		if (work->cpus[cpu].busy == WORK_UNKNOWN)
			continue;
		printf("vifpin_cpu_busy_ratio{cpu=\"%u\"", cpu);
		print_ratio(work->cpus[cpu].busy);
	}
}

int prometheus_print_ledger(const struct context *context, const struct cmd_line *line,
	const struct ledger *ledger, struct err *err)
{
	const struct sysroot *root = &context->root;
	_cleanup_(cpus_free) struct cpus cpus = { 0 };
	_cleanup_(work_free) struct work work = { 0 };
	struct watcher watcher;
	int runs, r;

	runs = watcher_find(root, &watcher, err);
	if (runs < 0)
		return runs;
	r = cmd_list_cpus(context, ledger, &cpus, err);
	if (r < 0)
		return r;
	print_head("watcher_running", "gauge", "1 if a watcher runs, 0 if none does.");
	printf("vifpin_watcher_running %d\n", runs);
	print_vifs(ledger);
	print_sides(&cpus);
	print_load(&cpus);
	cmd_read_work(context, line, &work);
	print_work(&work, ledger);
	print_drift(ledger);
	print_head("corrupt_ledgers", "gauge", "Unreadable ledgers that were moved aside.");
	printf("vifpin_corrupt_ledgers %u\n", ledger_file_count_corrupt(root));
	print_head("last_pass_timestamp_seconds", "gauge",
		"Time at which the ledger was last locked, 0 if never.");
	printf("vifpin_last_pass_timestamp_seconds %.3f\n", ledger_file_last_pass(root));
	return 0;
}

void prometheus_print_differences(const size_t counts[DIFFERENCE_KINDS])
{
	print_head("differences", "gauge",
		"Differences between the ledger and the kernel, by the kinds of vifpin verify.");
	for (enum difference_kind kind = 0; kind < DIFFERENCE_KINDS; kind++)
		printf("vifpin_differences{kind=\"%s\"} %zu\n", difference_name(kind),
			counts[kind]);
}
