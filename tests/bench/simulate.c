// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * simulate: how evenly vifs stand on the CPUs, with vifpin and with what there is without it.
 *
 *	simulate [RUNS [SEED]]
 *
 * Vifs of 1 to 8 queues come to a host, and then, in the second table, go and come by turns.
 * Printed is what the most loaded CPU carries over the mean of all: 1 is even. The load is where
 * the work of the queues' sides is done: tx where its interrupt is delivered (NAPI), rx where the
 * guest-rx thread runs. A thread that is left to the scheduler counts on all CPUs evenly.
 */
#include "balance.h"
#include "plan.h"
#include "util.h"

#include "../random.h"

#include <stdio.h>
#include <string.h>

#define QUEUES_MAX 8
#define CPUS_MAX   64
#define VIFS_MAX   1000
#define STEPS      10000
#define FIRST_IRQ  72 /* of vifs, on a dom0 of the seed's kind */

struct vif {
	unsigned int n_queues; /* 0: not there */
	struct place places[QUEUES_MAX];
	unsigned int irqs[QUEUES_MAX][2]; /* numbers: tx, rx */
};

struct sim {
	unsigned int n_cpus;
	const struct policy *policy;
	struct random random;
	struct vif vifs[VIFS_MAX];
	unsigned int n_vifs;
	struct plan_host host;
	bool used[2 * QUEUES_MAX * VIFS_MAX]; /* interrupt numbers */
};

struct policy {
	const char *name;
	void (*place)(struct sim *sim, struct vif *vif);
	bool free_threads; /* the scheduler places guest-rx */
	unsigned int rebalance_every;
};

/* --- policies -------------------------------------------------------------------------------- */

static void place_by_vifpin(struct sim *sim, struct vif *vif)
{
	for (unsigned int q = 0; q < vif->n_queues; q++)
		vif->places[q] = (struct place){ CPU_NONE, CPU_NONE };
	plan_vif(&sim->host, vif->places, vif->n_queues, NULL, 0, NULL);
}

static int *side_of(struct vif *vif, unsigned int i)
{
	return i % 2 ? &vif->places[i / 2].rx_cpu : &vif->places[i / 2].tx_cpu;
}

static void put(struct sim *sim, int *side, unsigned int cpu)
{
	*side = (int)cpu;
	sim->host.load[cpu]++;
}

static void place_by_number(struct sim *sim, struct vif *vif)
{
	for (unsigned int i = 0; i < 2 * vif->n_queues; i++)
		put(sim, side_of(vif, i), vif->irqs[i / 2][i % 2] % sim->n_cpus);
}

static void place_on_first(struct sim *sim, struct vif *vif)
{
	for (unsigned int i = 0; i < 2 * vif->n_queues; i++)
		put(sim, side_of(vif, i), 0);
}

static void place_anywhere(struct sim *sim, struct vif *vif)
{
	for (unsigned int i = 0; i < 2 * vif->n_queues; i++)
		put(sim, side_of(vif, i), random_below(&sim->random, sim->n_cpus));
}

/* bind_evtchn_to_cpu() of Linux 5.11: the CPU with the fewest event channels. */
static void place_by_interrupts(struct sim *sim, struct vif *vif)
{
	for (unsigned int i = 0; i < 2 * vif->n_queues; i++) {
		unsigned int best = 0;

		for (unsigned int cpu = 1; cpu < sim->n_cpus; cpu++)
			best = sim->host.load[cpu] < sim->host.load[best] ? cpu : best;
		put(sim, side_of(vif, i), best);
	}
}

static const struct policy policies[] = {
	{ "vifpin", place_by_vifpin, false, 0 },
	{ "rebalance", place_by_vifpin, false, 100 },
	{ "modulo", place_by_number, true, 0 },
	{ "CPU 0", place_on_first, true, 0 },
	{ "random", place_anywhere, false, 0 },
	{ "at bind", place_by_interrupts, true, 0 },
};

/* --- what happens ------------------------------------------------------------------------------
 */

/* The lowest number that is free, as the kernel gives it. */
static unsigned int take_irq(struct sim *sim)
{
	unsigned int i = 0;

	while (sim->used[i])
		i++;
	sim->used[i] = true;
	return FIRST_IRQ + i;
}

static void arrive(struct sim *sim, struct vif *vif)
{
	vif->n_queues = 1 + random_below(&sim->random, QUEUES_MAX);
	for (unsigned int i = 0; i < 2 * vif->n_queues; i++)
		vif->irqs[i / 2][i % 2] = take_irq(sim);
	sim->policy->place(sim, vif);
}

static void depart(struct sim *sim, struct vif *vif)
{
	for (unsigned int i = 0; i < 2 * vif->n_queues; i++) {
		sim->used[vif->irqs[i / 2][i % 2] - FIRST_IRQ] = false;
		sim->host.load[*side_of(vif, i)]--;
	}
	vif->n_queues = 0;
}

static void rebalance(struct sim *sim)
{
	static struct balance_queue queues[QUEUES_MAX * VIFS_MAX];
	static const unsigned int nothing[CPUSET_MAX];
	size_t n = 0;

	for (unsigned int i = 0; i < sim->n_vifs; i++) {
		for (unsigned int q = 0; q < sim->vifs[i].n_queues; q++)
			queues[n++] = (struct balance_queue){ .rules = &sim->host.rules,
				.from = sim->vifs[i].places[q] };
	}
	balance(queues, n, nothing);
	memset(sim->host.load, 0, sizeof sim->host.load);
	n = 0;
	for (unsigned int i = 0; i < sim->n_vifs; i++) {
		for (unsigned int q = 0; q < sim->vifs[i].n_queues; q++) {
			sim->vifs[i].places[q] = queues[n++].to;
			sim->host.load[sim->vifs[i].places[q].tx_cpu]++;
			sim->host.load[sim->vifs[i].places[q].rx_cpu]++;
		}
	}
}

/* --- figures -----------------------------------------------------------------------------------
 */

/* The most loaded CPU over the mean. */
static double unevenness(const struct sim *sim)
{
	unsigned int work[CPUS_MAX] = { 0 }, queues = 0, most = 0;
	double even = 0;

	for (unsigned int i = 0; i < sim->n_vifs; i++) {
		const struct vif *vif = &sim->vifs[i];

		for (unsigned int q = 0; q < vif->n_queues; q++) {
			work[vif->places[q].tx_cpu]++;
			if (!sim->policy->free_threads)
				work[vif->places[q].rx_cpu]++;
		}
		queues += vif->n_queues;
	}
	for (unsigned int cpu = 0; cpu < sim->n_cpus; cpu++)
		most = work[cpu] > most ? work[cpu] : most;
	if (sim->policy->free_threads)
		even = (double)queues / sim->n_cpus;
	return (most + even) / (2.0 * queues / sim->n_cpus);
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print_figure(double *samples, unsigned int n)
{
	qsort(samples, n, sizeof *samples, compare);
	printf(" | %.2f, %.2f", samples[n / 2], samples[n - 1]);
}

static void begin(struct sim *sim, unsigned int n_cpus, unsigned int n_vifs,
	const struct policy *policy, uint64_t seed)
{
	memset(sim, 0, sizeof *sim);
	sim->n_cpus = n_cpus;
	sim->policy = policy;
	sim->n_vifs = n_vifs;
	sim->random = (struct random){ seed, seed };
	for (unsigned int cpu = 0; cpu < n_cpus; cpu++)
		cpuset_add(&sim->host.rules.allowed, cpu);
	for (unsigned int i = 0; i < n_vifs; i++)
		arrive(sim, &sim->vifs[i]);
}

/* All vifs have come; a figure a run. */
static void only_arrivals(unsigned int cpus, unsigned int vifs, const struct policy *policy,
	unsigned int runs, uint64_t seed, double *samples)
{
	static struct sim sim;

	for (unsigned int i = 0; i < runs; i++) {
		begin(&sim, cpus, vifs, policy, seed + i);
		samples[i] = unevenness(&sim);
	}
	print_figure(samples, runs);
}

/* By turns a vif goes and another comes; a figure a step. */
static void steps(unsigned int cpus, unsigned int vifs, const struct policy *policy, uint64_t seed,
	double *samples)
{
	static struct sim sim;
	unsigned int which = 0;

	begin(&sim, cpus, vifs, policy, seed);
	for (unsigned int i = 0; i < STEPS; i++) {
		if (i % 2 == 0)
			which = random_below(&sim.random, vifs);
		if (i % 2 == 0)
			depart(&sim, &sim.vifs[which]);
		else
			arrive(&sim, &sim.vifs[which]);
		if (policy->rebalance_every && (i + 1) % policy->rebalance_every == 0)
			rebalance(&sim);
		samples[i] = unevenness(&sim);
	}
	print_figure(samples, STEPS);
}

static void print_table(bool changing, unsigned int runs, uint64_t seed)
{
	static const unsigned int cpus[] = { 4, 8, 16, 64 }, vifs[] = { 10, 100, 1000 };
	static double samples[STEPS];

	printf("| CPUs | vifs");
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
		printf(" | %s", policies[i].name);
	printf(" |\n|---|---");
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
		printf("|---");
	printf("|\n");
	for (size_t i = 0; i < ARRAY_SIZE(cpus) * ARRAY_SIZE(vifs); i++) {
		unsigned int c = cpus[i / ARRAY_SIZE(vifs)], v = vifs[i % ARRAY_SIZE(vifs)];

		printf("| %u | %u", c, v);
		for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
			if (changing)
				steps(c, v, &policies[p], seed, samples);
			else
				only_arrivals(c, v, &policies[p], runs, seed, samples);
			fflush(stdout);
		}
		printf(" |\n");
	}
}

int main(int argc, char **argv)
{
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 21;
	unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;

	if (!runs || runs > STEPS) {
		fprintf(stderr, "usage: simulate [RUNS [SEED]]; RUNS from 1 to %d\n", STEPS);
		return 2;
	}
	printf("Arrivals only, %lu runs, seed %lu: median, worst\n\n", runs, seed);
	print_table(false, (unsigned int)runs, seed);
	printf("\n%d departures and arrivals by turns, seed %lu: median, worst\n\n", STEPS, seed);
	print_table(true, (unsigned int)runs, seed);
	return 0;
}
