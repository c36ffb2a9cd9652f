// SPDX-License-Identifier: GPL-2.0-or-later
#include "load.h"

#include "ledger.h"

#include <stdlib.h>
#include <string.h>

struct cpu_load *load_new(const struct cpu_load *nics, const struct ledger *ledger)
{
	struct cpu_load *loads = calloc(CPUSET_MAX, sizeof *loads);

	if (!loads)
		return NULL;
	if (nics)
		memcpy(loads, nics, CPUSET_MAX * sizeof *loads);
	for (size_t i = 0; i < ledger->n_vifs; i++)
		load_add(loads, ledger->vifs[i].places, ledger->vifs[i].n_queues);
	return loads;
}

void load_add(struct cpu_load *loads, const struct place *places, unsigned int n)
{
	for (unsigned int q = 0; q < n; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			if (places[q].cpu[side] != CPU_NONE)
				loads[places[q].cpu[side]].sides[side]++;
		}
	}
}

void load_remove(struct cpu_load *loads, const struct place *places, unsigned int n)
{
	for (unsigned int q = 0; q < n; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			if (places[q].cpu[side] != CPU_NONE)
				loads[places[q].cpu[side]].sides[side]--;
		}
	}
}

static void widen(unsigned int *least, unsigned int *most, unsigned int value, bool first)
{
	if (first || value < *least)
		*least = value;
	if (value > *most)
		*most = value;
}

struct load_spread load_spread(const struct cpu_load *loads, const struct cpuset *cpus)
{
	struct load_spread spread = { 0 };

	cpuset_for_each (cpu, cpus) {
		const struct cpu_load *load = &loads[cpu];
		bool first = !spread.cpus++;

		spread.nic += load->nic;
		widen(&spread.least, &spread.most, load_total(load), first);
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			spread.sides[side] += load->sides[side];
			widen(&spread.least_sides[side], &spread.most_sides[side],
				load->sides[side], first);
		}
	}
	return spread;
}
