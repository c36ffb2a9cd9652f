// SPDX-License-Identifier: GPL-2.0-or-later
#include "cpus.h"

#include "util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void cpus_free(struct cpus *cpus)
{
	for (size_t i = 0; i < cpus->n; i++) {
		free(cpus->v[i].domains.text);
		free(cpus->v[i].vifs.text);
	}
	free(cpus->v);
	*cpus = (struct cpus){ 0 };
}

static enum cpu_state state_of(
	const struct inventory *inventory, const struct cpuset *allowed, unsigned int cpu)
{
	if (cpuset_has(allowed, cpu))
		return CPU_ALLOWED;
	if (cpuset_has(&inventory->online, cpu))
		return CPU_FORBIDDEN;
	return cpuset_has(&inventory->present, cpu) ? CPU_OFFLINE : CPU_ABSENT;
}

static void describe(const struct inventory *inventory, const struct cpuset *allowed,
	const struct cpu_load *loads, struct cpus *cpus)
{
	const struct topology *topology = &inventory->topology;

	for (unsigned int i = 0; i < cpus->n; i++) {
		struct cpu *cpu = &cpus->v[i];

		cpu->state = state_of(inventory, allowed, i);
		cpu->load = loads[i];
		cpu->node = topology_node(topology, i);
		cpu->pcpu = topology->pcpus && i < topology->n_cpus ? topology->pcpus[i] : -1;
	}
}

/* Adds a word, unless `id` is that of the word before it. */
static int add_name(struct cpu_names *names, unsigned int id, const char *word)
{
	size_t len = strlen(word), need = names->len + len + 2;

	if (names->last == id + 1)
		return 0;
	if (need > names->size) {
		char *grown = realloc(names->text, need * 2);

		if (!grown)
			return -ENOMEM;
		names->text = grown;
		names->size = need * 2;
	}
	if (names->last)
		names->text[names->len++] = ',';
	memcpy(names->text + names->len, word, len + 1);
	names->len += len;
	names->last = id + 1;
	return 0;
}

static int add_side(struct cpus *cpus, size_t number, const struct vif_entry *vif,
	const struct place *place, enum side side)
{
	struct cpu *cpu = &cpus->v[place->cpu[side]];
	char id[32];
	int r;

	snprintf(id, sizeof id, "%u.%u", vif->id.domid, vif->id.devid);
	r = add_name(&cpu->domains, vif->id.domid, vif->domain);
	return r < 0 ? r : add_name(&cpu->vifs, (unsigned int)number, id);
}

/* The ledger is sorted: a domain's vifs come one after the other. */
static int add_vifs(struct cpus *cpus, const struct ledger *ledger)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ledger->n_vifs; i++) {
		const struct vif_entry *vif = &ledger->vifs[i];

		for (unsigned int n = 0; r == 0 && n < SIDE_COUNT * vif->n_queues; n++)
			r = add_side(cpus, i, vif, &vif->places[n / SIDE_COUNT],
				(enum side)(n % SIDE_COUNT));
	}
	return r;
}

/* Without the numbers at the end that this host does not have and no side stands on. */
static void trim(struct cpus *cpus)
{
	while (cpus->n && cpus->v[cpus->n - 1].state == CPU_ABSENT &&
		!load_total(&cpus->v[cpus->n - 1].load))
		cpus->n--;
}

int cpus_list(const struct inventory *inventory, const struct config *config,
	const struct ledger *ledger, struct cpus *out)
{
	_cleanup_free_ struct cpu_load *loads = load_new(inventory->nics, ledger);
	struct cpus cpus = { .v = calloc(CPUSET_MAX, sizeof *cpus.v), .n = CPUSET_MAX };
	struct cpuset allowed = inventory_allowed(inventory, &config->cpus);

	if (!cpus.v || !loads) {
		free(cpus.v);
		return -ENOMEM;
	}
	cpus.spread = load_spread(loads, &allowed);
	describe(inventory, &allowed, loads, &cpus);
	if (add_vifs(&cpus, ledger) < 0) {
		cpus_free(&cpus);
		return -ENOMEM;
	}
	trim(&cpus);
	*out = cpus;
	return 0;
}
