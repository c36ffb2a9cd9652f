// SPDX-License-Identifier: GPL-2.0-or-later
#include "cpus.h"

#include "pidstat.h"
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

static int read_list(
	const struct sysroot *root, const char *path, struct cpuset *out, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = sysroot_read(root, &text, NULL, "%s", path);
	if (r == 0)
		r = cpuset_parse_list(text, out);
	return r < 0 ? err_set(err, -r, "cannot read /%s: %s", path, strerror(-r)) : 0;
}

static void limit_to_own(const struct sysroot *root, struct cpuset *cpus)
{
	_cleanup_free_ char *status = NULL;
	struct cpuset own;

	if (sysroot_read(root, &status, NULL, PATH_OWN_STATUS) == 0 &&
		pidstat_parse_allowed(status, &own) == 0)
		cpuset_and(cpus, &own);
}

static int read_states(
	const struct sysroot *root, const struct config *config, struct cpus *cpus, struct err *err)
{
	struct cpuset online, present, allowed;
	int r;

	r = read_list(root, PATH_CPUS_ONLINE, &online, err);
	if (r < 0)
		return r;
	if (read_list(root, PATH_CPUS_PRESENT, &present, NULL) < 0)
		present = online;
	allowed = config->cpus;
	limit_to_own(root, &allowed);
	cpuset_for_each (cpu, &present) {
		if ((unsigned int)cpu < cpus->n)
			cpus->v[cpu].state = CPU_OFFLINE;
	}
	cpuset_for_each (cpu, &online) {
		if ((unsigned int)cpu < cpus->n)
			cpus->v[cpu].state = cpuset_has(&allowed, (unsigned int)cpu)
						     ? CPU_ALLOWED
						     : CPU_FORBIDDEN;
	}
	return 0;
}

/* --- what stands on them ------------------------------------------------------------------- */

/* Adds a word, unless `id` is that of the word before it. */
static int add_name(struct names *names, unsigned int id, const char *word)
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
	int r;

	if (!cpus.v)
		return no_memory(err);
	for (size_t i = 0; i < cpus.n; i++)
		cpus.v[i].node = cpus.v[i].pcpu = -1;
	r = read_states(root, config, &cpus, err);
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
