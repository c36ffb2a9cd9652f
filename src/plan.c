// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan.h"

#include "util.h"

#include <errno.h>
#include <string.h>

/* One side that is being placed. */
struct choice {
	const struct plan_host *host;
	const struct cpuset *own; /* CPUs that hold a side of this vif */
	bool rx;
	int other; /* the CPU of the queue's other side */
	int remembered;
	struct cpuset candidates;
};

void plan_steps_free(struct plan_steps *steps)
{
	for (size_t i = 0; i < steps->n; i++)
		free(steps->v[i].candidates);
	free(steps->v);
	*steps = (struct plan_steps){ 0 };
}

/* --- narrowing ------------------------------------------------------------------------- */

static struct cpuset without(const struct cpuset *set, const struct cpuset *what)
{
	struct cpuset left = *set;

	cpuset_subtract(&left, what);
	return left;
}

/* The CPU that must be left to the rx side of the queue; CPU_NONE: any can be taken. */
static int last_for_rx(const struct choice *c)
{
	struct cpuset quiet = without(&c->host->rules.allowed, &c->host->rules.nic_busy);

	if (c->rx || cpuset_is_empty(&c->host->rules.nic_busy))
		return CPU_NONE;
	return cpuset_single(&quiet);
}

/* What this narrowing takes away, if anything is left then. */
static struct cpuset unwanted(const struct choice *c, enum plan_narrowing narrowing)
{
	struct cpuset set;

	cpuset_zero(&set);
	switch (narrowing) {
	case NARROW_APART:
		if (c->other != CPU_NONE)
			cpuset_add(&set, (unsigned int)c->other);
		else if (last_for_rx(c) != CPU_NONE)
			cpuset_add(&set, (unsigned int)last_for_rx(c));
		break;
	case NARROW_NIC:
		if (c->rx)
			set = c->host->rules.nic_busy;
		break;
	case NARROW_NODE:
		if (!cpuset_is_empty(&c->host->rules.near))
			set = without(&c->candidates, &c->host->rules.near);
		break;
	case N_NARROWINGS:
		break;
	}
	cpuset_and(&set, &c->candidates);
	return set;
}

static void narrow(struct choice *c, struct plan_step *step)
{
	c->candidates = c->host->rules.allowed;
	for (enum plan_narrowing i = 0; i < N_NARROWINGS; i++) {
		struct cpuset taken = unwanted(c, i);
		struct cpuset left = without(&c->candidates, &taken);

		step->skipped[i] = cpuset_is_empty(&left);
		if (step->skipped[i])
			cpuset_zero(&taken);
		else
			c->candidates = left;
		step->taken[i] = taken;
	}
}

/* --- choosing -------------------------------------------------------------------------- */

/* Does anything stand on the CPU's core? */
static bool is_core_used(const struct plan_host *host, unsigned int cpu)
{
	if (cpu >= host->n_cores || host->cores[cpu] < 0)
		return host->load[cpu] > 0;
	for (unsigned int i = 0; i < host->n_cores; i++) {
		if (host->cores[i] == host->cores[cpu] && host->load[i])
			return true;
	}
	return false;
}

/* Which of two candidates goes first, as qsort() wants it, and why. */
static int compare(const struct choice *c, unsigned int a, unsigned int b, enum plan_reason *why)
{
	const unsigned int *load = c->host->load;
	int order = (load[a] > load[b]) - (load[a] < load[b]);

	*why = REASON_LOAD;
	if (!order) {
		*why = REASON_SPREAD;
		order = cpuset_has(c->own, a) - cpuset_has(c->own, b);
	}
	if (!order) {
		*why = REASON_REMEMBERED;
		order = (c->remembered == (int)b) - (c->remembered == (int)a);
	}
	if (!order && c->host->cores) {
		*why = REASON_CORE;
		order = is_core_used(c->host, a) - is_core_used(c->host, b);
	}
	if (!order) {
		*why = REASON_NUMBER;
		order = (a > b) - (a < b);
	}
	return order;
}

static int choose(const struct choice *c)
{
	enum plan_reason why;
	int best = CPU_NONE;

	cpuset_for_each (cpu, &c->candidates) {
		if (best == CPU_NONE || compare(c, (unsigned int)cpu, (unsigned int)best, &why) < 0)
			best = cpu;
	}
	return best;
}

/* --- telling how ----------------------------------------------------------------------- */

static int compare_candidates(const void *a, const void *b, void *choice)
{
	const struct plan_candidate *x = a, *y = b;
	enum plan_reason why;

	return compare(choice, x->cpu, y->cpu, &why);
}

/* Fills in what narrow() has left open. -ENOMEM. */
static int tell(struct choice *c, struct plan_step *step)
{
	struct plan_candidate *v = calloc(cpuset_count(&c->candidates), sizeof *v);
	unsigned int n = 0;

	if (!v)
		return -ENOMEM;
	cpuset_for_each (cpu, &c->candidates)
		v[n++] = (struct plan_candidate){ (unsigned int)cpu, c->host->load[cpu] };
	qsort_r(v, n, sizeof *v, compare_candidates, c);
	step->reason = REASON_ONLY;
	if (n > 1)
		compare(c, v[0].cpu, v[1].cpu, &step->reason);
	step->candidates = v;
	step->n_candidates = n;
	return 0;
}

static int keep_step(struct plan_steps *steps, struct choice *c, struct plan_step *step)
{
	struct plan_step *grown;
	int r;

	if (!steps)
		return 0;
	grown = array_grow(steps->v, steps->n, sizeof *grown);
	if (!grown)
		return -ENOMEM;
	steps->v = grown;
	r = tell(c, step);
	if (r == 0)
		grown[steps->n++] = *step;
	return r;
}

/* --- a vif ----------------------------------------------------------------------------- */

static int *side_of(struct place *place, bool rx)
{
	return rx ? &place->rx_cpu : &place->tx_cpu;
}

/* Collects the CPUs that hold a side of the vif; true when every side is placed. */
static bool collect_own(struct place *places, unsigned int n, struct cpuset *own)
{
	bool all = true;

	cpuset_zero(own);
	for (unsigned int i = 0; i < 2 * n; i++) {
		int cpu = *side_of(&places[i / 2], i % 2);

		if (cpu == CPU_NONE)
			all = false;
		else
			cpuset_add(own, (unsigned int)cpu);
	}
	return all;
}

static int place_side(struct plan_host *host, struct cpuset *own, struct place *place,
	int remembered, struct plan_step *step, struct plan_steps *steps)
{
	struct choice c = {
		.host = host,
		.own = own,
		.rx = step->rx,
		.other = *side_of(place, !step->rx),
		.remembered = remembered,
	};
	int r;

	step->other = c.other;
	narrow(&c, step);
	r = keep_step(steps, &c, step);
	if (r < 0)
		return r;
	*side_of(place, step->rx) = choose(&c);
	host->load[*side_of(place, step->rx)]++;
	cpuset_add(own, (unsigned int)*side_of(place, step->rx));
	return 0;
}

int plan_vif(struct plan_host *host, struct place *places, unsigned int n,
	const struct place *remembered, unsigned int n_remembered, struct plan_steps *steps)
{
	struct place nowhere = { CPU_NONE, CPU_NONE };
	struct cpuset own;

	if (collect_own(places, n, &own))
		return 0;
	if (cpuset_is_empty(&host->rules.allowed))
		return -ENODEV;
	for (unsigned int i = 0; i < 2 * n; i++) {
		struct plan_step step = { .queue = i / 2, .rx = i % 2 };
		struct place old = step.queue < n_remembered ? remembered[step.queue] : nowhere;
		int r;

		if (*side_of(&places[step.queue], step.rx) != CPU_NONE)
			continue;
		r = place_side(
			host, &own, &places[step.queue], *side_of(&old, step.rx), &step, steps);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- physical NICs --------------------------------------------------------------------- */

static void add_far_above_mean(
	const struct cpuset *allowed, const unsigned long long *counts, struct cpuset *busy)
{
	unsigned int n = cpuset_count(allowed);
	unsigned long long sum = 0;

	cpuset_for_each (cpu, allowed)
		sum += counts[cpu];
	cpuset_for_each (cpu, allowed) {
		if (counts[cpu] > 2 * sum / n)
			cpuset_add(busy, (unsigned int)cpu);
	}
}

void plan_nic_busy(const struct cpuset *allowed, const unsigned int *irqs,
	const unsigned long long *counts, struct cpuset *busy)
{
	cpuset_zero(busy);
	cpuset_for_each (cpu, allowed) {
		if (irqs[cpu])
			cpuset_add(busy, (unsigned int)cpu);
	}
	if (!cpuset_equal(busy, allowed))
		return;
	cpuset_zero(busy);
	if (counts)
		add_far_above_mean(allowed, counts, busy);
}
