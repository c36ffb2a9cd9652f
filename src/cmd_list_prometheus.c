// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd_list_prometheus.h"

#include "cpus.h"
#include "store.h"
#include "util.h"

#include <stdio.h>

static void print_head(const char *name, const char *type, const char *help)
{
	printf("# HELP vifpin_%s %s\n# TYPE vifpin_%s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and newline are escaped. */
static void print_quoted(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", stdout);
		else if (*text == '\\' || *text == '"')
			printf("\\%c", *text);
		else
			putchar(*text);
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
	print_head("queues", "gauge", "Queues of these vifs.");
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		printf("vifpin_queues{state=\"%s\"} %zu\n", vif_state_name(states[i]),
			queues[states[i]]);
}

static void print_sides(const struct cpus *cpus)
{
	print_head("cpu_sides", "gauge", "Sides of queues that are placed on a CPU.");
	for (size_t i = 0; i < cpus->n; i++) {
		const struct cpu *cpu = &cpus->v[i];

		if (cpu->state == CPU_ABSENT && !cpu_load(cpu))
			continue;
		printf("vifpin_cpu_sides{cpu=\"%zu\",side=\"tx\"} %u\n", i, cpu->tx);
		printf("vifpin_cpu_sides{cpu=\"%zu\",side=\"rx\"} %u\n", i, cpu->rx);
	}
}

/* A counter a vif: a sum over the vifs there are would go down when one of them goes. */
static void print_drift(const struct ledger *ledger)
{
	print_head("drift_total", "counter",
		"Interrupts and threads of a vif that were elsewhere and were put back.");
	for (size_t i = 0; i < ledger->n_vifs; i++) {
		const struct vif_entry *vif = &ledger->vifs[i];

		fputs("vifpin_drift_total{domain=", stdout);
		print_quoted(vif->domain);
		printf(",vif=\"%u.%u\"} %u\n", vif->id.domid, vif->id.devid, vif->drift);
	}
}

int cmd_list_prometheus(const struct sysroot *root, const struct config *config,
	const struct ledger *ledger, struct err *err)
{
	struct cpus cpus;
	int r;

	r = cpus_read(root, config, ledger, &cpus, err);
	if (r < 0)
		return r;
	print_vifs(ledger);
	print_sides(&cpus);
	print_drift(ledger);
	print_head("corrupt_ledgers", "gauge", "Ledgers that could not be read and lie aside.");
	printf("vifpin_corrupt_ledgers %u\n", store_count_corrupt(root));
	print_head("last_pass_timestamp_seconds", "gauge",
		"When the ledger was last locked to be brought in line; 0: never.");
	printf("vifpin_last_pass_timestamp_seconds %.3f\n", store_last_pass(root));
	cpus_free(&cpus);
	return 0;
}
