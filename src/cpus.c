// SPDX-License-Identifier: GPL-2.0-or-later
#include "cpus.h"

#include "site.h"
#include "util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int no_memory(struct err *err)
{
	return err_set(err, ENOMEM, "out of memory");
}

void cpus_free(struct cpus *cpus)
{
	for (size_t i = 0; i < cpus->n; i++) {
		free(cpus->v[i].domains.text);
		free(cpus->v[i].vifs.text);
	}
	free(cpus->v);
	*cpus = (struct cpus){ 0 };
}

unsigned int cpu_load(const struct cpu *cpu)
{
	return cpu->tx + cpu->rx + cpu->nic;
}

struct cpus_sum cpus_sum(const struct cpus *cpus)
{
	struct cpus_sum sum = { 0 };

	for (size_t i = 0; i < cpus->n; i++) {
		const struct cpu *cpu = &cpus->v[i];
		unsigned int load = cpu_load(cpu);

		if (cpu->state != CPU_ALLOWED)
			continue;
		sum.least = !sum.allowed || load < sum.least ? load : sum.least;
		sum.most = load > sum.most ? load : sum.most;
		sum.sides += cpu->tx + cpu->rx;
		sum.nic += cpu->nic;
		sum.allowed++;
	}
	return sum;
}

/* --- the CPUs that the host has ------------------------------------------------------------ */

static void read_present(const struct sysroot *root, struct cpus *cpus)
{
	_cleanup_free_ char *text = NULL;
	struct cpuset present;

	if (sysroot_read(root, &text, NULL, PATH_CPUS_PRESENT) < 0 ||
		cpuset_parse_list(text, &present) < 0)
		return;
	cpuset_for_each (number, &present)
		cpus->v[number].state = CPU_OFFLINE;
}

static void describe(const struct site *site, unsigned int number, struct cpu *cpu)
{
	const struct topology *topology = &site->topology;

	cpu->nic = site->nics->irqs[number];
	cpu->node = topology_node(topology, number);
	cpu->pcpu = topology->pcpus && number < topology->n_cpus ? topology->pcpus[number] : -1;
}

static int read_host(struct site *site, struct cpus *cpus, struct err *err)
{
	const struct cpuset *online;
	int r;

	r = site_online(site, &online, err);
	if (r == 0)
		r = site_read(site, err);
	if (r < 0)
		return r;
	read_present(site->root, cpus);
	for (unsigned int i = 0; i < cpus->n; i++)
		describe(site, i, &cpus->v[i]);
	cpuset_for_each (number, online) {
		unsigned int i = (unsigned int)number;
		bool allowed = cpuset_has(&site->config->cpus, i) && cpuset_has(&site->own, i);

		cpus->v[i].state = allowed ? CPU_ALLOWED : CPU_FORBIDDEN;
	}
	return 0;
}

/* --- what stands on them ------------------------------------------------------------------- */

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

static int add_side(struct cpus *cpus, size_t vif_number, const struct vif_entry *vif, int at,
	unsigned int *count)
{
	struct cpu *cpu = &cpus->v[at];
	char id[32];
	int r;

	++*count;
	snprintf(id, sizeof id, "%u.%u", vif->id.domid, vif->id.devid);
	r = add_name(&cpu->domains, vif->id.domid, vif->domain);
	return r < 0 ? r : add_name(&cpu->vifs, (unsigned int)vif_number, id);
}

/* The ledger is sorted: a domain's vifs come one after the other. */
static int add_vifs(struct cpus *cpus, const struct ledger *ledger)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ledger->n_vifs; i++) {
		const struct vif_entry *vif = &ledger->vifs[i];

		for (unsigned int q = 0; r == 0 && q < vif->n_queues; q++) {
			const struct place *place = &vif->places[q];

			r = add_side(cpus, i, vif, place->tx_cpu, &cpus->v[place->tx_cpu].tx);
			if (r == 0)
				r = add_side(
					cpus, i, vif, place->rx_cpu, &cpus->v[place->rx_cpu].rx);
		}
	}
	return r;
}

/* Without the numbers at the end that this host does not have and no side stands on. */
static void trim(struct cpus *cpus)
{
	while (cpus->n && cpus->v[cpus->n - 1].state == CPU_ABSENT &&
		!cpu_load(&cpus->v[cpus->n - 1]))
		cpus->n--;
}

int cpus_read(const struct sysroot *root, const struct config *config, const struct ledger *ledger,
	struct cpus *out, struct err *err)
{
	struct cpus cpus = { calloc(CPUSET_MAX, sizeof *cpus.v), CPUSET_MAX };
	struct site site;
	int r;

	if (!cpus.v)
		return no_memory(err);
	site_init(&site, root, config);
	r = read_host(&site, &cpus, err);
	site_free(&site);
	if (r == 0 && add_vifs(&cpus, ledger) < 0)
		r = no_memory(err);
	if (r < 0) {
		cpus_free(&cpus);
		return r;
	}
	trim(&cpus);
	*out = cpus;
	return 0;
}
