// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan.h"

#include <errno.h>
#include <stdbool.h>

struct choice {
	const struct plan_host *host;
	struct cpuset *own; /* CPUs that hold a side of this vif */
	int other;          /* the CPU of the queue's other side */
	int remembered;
};

/* True when CPU a is the better one; both are candidates, and a > b. */
static bool better(const struct choice *c, unsigned int a, unsigned int b)
{
	bool own_a = cpuset_has(c->own, a);
	bool own_b = cpuset_has(c->own, b);

	if (c->host->load[a] != c->host->load[b])
		return c->host->load[a] < c->host->load[b];
	if (own_a != own_b)
		return own_b;
	return (int)a == c->remembered;
}

static int choose(const struct choice *c)
{
	struct cpuset candidates = c->host->allowed;
	int best = CPU_NONE;

	if (c->other != CPU_NONE && cpuset_single(&candidates) < 0)
		cpuset_remove(&candidates, (unsigned int)c->other);
	cpuset_for_each (cpu, &candidates) {
		if (best == CPU_NONE || better(c, (unsigned int)cpu, (unsigned int)best))
			best = cpu;
	}
	return best;
}

static void place_side(
	struct plan_host *host, struct cpuset *own, int *side, int other, int remembered)
{
	struct choice c = { host, own, other, remembered };

	if (*side != CPU_NONE)
		return;
	*side = choose(&c);
	host->load[*side]++;
	cpuset_add(own, (unsigned int)*side);
}

/* Collects the CPUs that hold a side of the vif; true when every side is placed. */
static bool collect_own(const struct place *places, unsigned int n, struct cpuset *own)
{
	bool all = true;

	cpuset_zero(own);
	for (unsigned int q = 0; q < n; q++) {
		const int sides[] = { places[q].tx_cpu, places[q].rx_cpu };

		for (int i = 0; i < 2; i++) {
			if (sides[i] == CPU_NONE)
				all = false;
			else
				cpuset_add(own, (unsigned int)sides[i]);
		}
	}
	return all;
}

int plan_vif(struct plan_host *host, struct place *places, unsigned int n,
	const struct place *remembered, unsigned int n_remembered)
{
	static const struct place nothing = { CPU_NONE, CPU_NONE };
	struct cpuset own;

	if (collect_own(places, n, &own))
		return 0;
	if (!cpuset_count(&host->allowed))
		return -ENODEV;
	for (unsigned int q = 0; q < n; q++) {
		const struct place *old = q < n_remembered ? &remembered[q] : &nothing;

		place_side(host, &own, &places[q].tx_cpu, places[q].rx_cpu, old->tx_cpu);
		place_side(host, &own, &places[q].rx_cpu, places[q].tx_cpu, old->rx_cpu);
	}
	return 0;
}
