// SPDX-License-Identifier: GPL-2.0-or-later
#include "site.h"

#include "pidstat.h"
#include "util.h"

#include <errno.h>
#include <string.h>

void site_init(struct site *site, const struct sysroot *root, const struct config *config)
{
	*site = (struct site){ .root = root, .config = config };
}

void site_free(struct site *site)
{
	nics_free(site->nics);
	hypervisor_close(site->hypervisor);
	topology_free(&site->topology);
	site_init(site, site->root, site->config);
}

int site_online(struct site *site, const struct cpuset **out, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	int r = 0;

	if (!site->has_online) {
		r = sysroot_read(site->root, &text, NULL, PATH_CPUS_ONLINE);
		if (r == 0)
			r = cpuset_parse_list(text, &site->online);
	}
	if (r < 0)
		return err_set(err, -r, "cannot read /" PATH_CPUS_ONLINE ": %s", strerror(-r));
	site->has_online = true;
	*out = &site->online;
	return 0;
}

static void read_own(const struct sysroot *root, struct cpuset *own)
{
	_cleanup_free_ char *status = NULL;

	if (sysroot_read(root, &status, NULL, PATH_OWN_STATUS) < 0 ||
		pidstat_parse_allowed(status, own) < 0)
		memset(own, 0xff, sizeof *own);
}

/* Nodes and cores are a preference: without them everything else works. */
static void read_topology(struct site *site)
{
	struct err *why = &site->topology.unknown;

	if (hypervisor_open(site->root, &site->hypervisor, why) == 0 &&
		hypervisor_read_topology(site->hypervisor, &site->topology, why) == 0)
		return;
	hypervisor_close(site->hypervisor);
	site->hypervisor = NULL;
}

int site_read(struct site *site, struct err *err)
{
	if (site->has_rest)
		return 0;
	if (nics_read(site->root, &site->nics) < 0)
		return err_set(err, ENOMEM, "out of memory");
	read_own(site->root, &site->own);
	read_topology(site);
	site->has_rest = true;
	return 0;
}

const char *site_why_no_nodes(struct site *site)
{
	if (!site->config->numa)
		return "numa = 0 in the configuration";
	return *site->topology.unknown.msg ? site->topology.unknown.msg : NULL;
}

struct cpuset_words site_words(const struct site *site)
{
	struct cpuset_words words = { .n_nodes = site->topology.n_nodes };

	memset(&words.all, 0xff, sizeof words.all);
	if (words.n_nodes)
		words.nodes = site->topology.nodes;
	return words;
}

const unsigned int *site_nic_load(const struct site *site)
{
	return site->nics->irqs;
}

/* --- for one vif ----------------------------------------------------------------------- */

/* Counts matter, and are read, only where every allowed CPU has a NIC's interrupt. */
static void find_nic_busy(const struct site *site, struct plan_rules *rules)
{
	_cleanup_free_ unsigned long long *counts = NULL;
	const struct nics *nics = site->nics;

	cpuset_zero(&rules->nic_busy);
	if (!site->config->avoid_nic || !nics->n)
		return;
	plan_nic_busy(&rules->allowed, nics->irqs, NULL, &rules->nic_busy);
	if (!cpuset_is_empty(&rules->nic_busy))
		return;
	counts = calloc(CPUSET_MAX, sizeof *counts);
	if (counts && nics_read_counts(site->root, nics, counts) == 0)
		plan_nic_busy(&rules->allowed, nics->irqs, counts, &rules->nic_busy);
}

static void find_near(struct site *site, unsigned int domid, struct plan_rules *rules)
{
	struct cpuset nodes;

	cpuset_zero(&rules->near);
	if (site_why_no_nodes(site) ||
		hypervisor_domain_nodes(site->hypervisor, domid, &nodes, NULL) < 0)
		return;
	for (unsigned int node = 0; node < site->topology.n_nodes; node++) {
		if (cpuset_has(&nodes, node))
			cpuset_or(&rules->near, &site->topology.nodes[node]);
	}
}

int site_rules(
	struct site *site, const struct vif_entry *vif, struct plan_rules *out, struct err *err)
{
	const struct config_vif *exception = config_find_vif(site->config, vif->domain, vif->mac);
	const struct cpuset *online;
	int r;

	r = site_online(site, &online, err);
	if (r == 0)
		r = site_read(site, err);
	if (r < 0)
		return r;
	out->allowed = *online;
	cpuset_and(&out->allowed, config_cpus(site->config, exception));
	cpuset_and(&out->allowed, &site->own);
	find_nic_busy(site, out);
	find_near(site, vif->id.domid, out);
	return 0;
}

int site_for_vif(
	struct site *site, const struct vif_entry *vif, struct plan_host **out, struct err *err)
{
	struct plan_host *host = calloc(1, sizeof *host);
	int r;

	if (!host)
		return err_set(err, ENOMEM, "out of memory");
	r = site_rules(site, vif, &host->rules, err);
	if (r < 0) {
		free(host);
		return r;
	}
	memcpy(host->load, site_nic_load(site), sizeof host->load);
	if (site->topology.pinned) {
		host->cores = site->topology.cores;
		host->n_cores = site->topology.n_cpus;
	}
	*out = host;
	return 0;
}
