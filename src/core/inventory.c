// SPDX-License-Identifier: GPL-2.0-or-later
#include "inventory.h"

#include "util.h"

void inventory_free(struct inventory *inventory)
{
	free(inventory->nics);
	free(inventory->nic_counts);
	topology_free(&inventory->topology);
	*inventory = (struct inventory){ 0 };
}

struct cpuset inventory_allowed(const struct inventory *inventory, const struct cpuset *configured)
{
	struct cpuset set = inventory->online;

	cpuset_and(&set, configured);
	cpuset_and(&set, &inventory->own);
	return set;
}

static bool all_take_nics(const struct inventory *inventory, const struct cpuset *configured)
{
	struct cpuset set = inventory_allowed(inventory, configured);

	cpuset_for_each (cpu, &set) {
		if (!inventory->nics[cpu].nic)
			return false;
	}
	return !cpuset_is_empty(&set);
}

bool inventory_needs_counts(const struct inventory *inventory, const struct config *config)
{
	bool needed = all_take_nics(inventory, &config->cpus);

	if (!config->avoid_nic)
		return false;
	for (size_t i = 0; i < config->n_vifs; i++)
		needed |= all_take_nics(inventory, config_cpus(config, &config->vifs[i]));
	return needed;
}

const char *inventory_why_no_nodes(const struct inventory *inventory, const struct config *config)
{
	if (!config->numa)
		return "numa = 0 in the configuration";
	return *inventory->topology.unknown.msg ? inventory->topology.unknown.msg : NULL;
}

struct cpuset inventory_near(const struct inventory *inventory, const struct cpuset *nodes)
{
	const struct topology *topology = &inventory->topology;
	struct cpuset near = { 0 };

	for (unsigned int node = 0; node < topology->n_nodes; node++) {
		if (cpuset_has(nodes, node))
			cpuset_or(&near, &topology->nodes[node]);
	}
	return near;
}

struct rules inventory_rules(const struct inventory *inventory, const struct config *config,
	const char *domain, const char *mac, const struct cpuset *near)
{
	const struct config_vif *exception = config_find_vif(config, domain, mac);
	struct rules rules = inventory->rules;

	rules.allowed = inventory_allowed(inventory, config_cpus(config, exception));
	if (config->avoid_nic)
		rules_nic_busy(
			&rules.allowed, inventory->nics, inventory->nic_counts, &rules.nic_busy);
	if (near && !inventory_why_no_nodes(inventory, config))
		rules.near = *near;
	return rules;
}
