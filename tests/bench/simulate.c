// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * simulate: how evenly vifs stand on the CPUs, with vifpin and with what there is without it.
 *
 *	simulate [RUNS [SEED]]
 *
 * Vifs of 1 to 8 queues come to a host, and then, in the second group of tables, go and come by
 * turns. Printed is what the most loaded CPU carries over the mean of all: 1 is even. The load is
 * where the work of the queues' sides is done: tx where its interrupt is delivered (NAPI), rx
 * where the guest-rx thread runs. A thread that is left to the scheduler counts on all CPUs
 * evenly. There is a table for traffic both ways, one for tx alone and one for rx alone.
 */
#include "balance.h"
#include "plan.h"
#include "util.h"

#include "random.h"

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
	unsigned int irqs[QUEUES_MAX][SIDE_COUNT]; /* numbers */
};

struct sim {
	unsigned int n_cpus;
	const struct policy *policy;
	struct random random;
	struct vif vifs[VIFS_MAX];
	unsigned int n_vifs;
	struct rules rules;
	struct cpu_load load[CPUSET_MAX];
	bool used[2 * QUEUES_MAX * VIFS_MAX]; /* interrupt numbers */
};

struct policy {
	const char *name;
	unsigned int (*choose)(struct sim *sim, unsigned int irq); /* NULL: plan_vif() does */
	bool free_threads; /* the scheduler places guest-rx */
	unsigned int rebalance_every;
};

/* --- policies -------------------------------------------------------------------------------- */

static void place_by_vifpin(struct sim *sim, struct vif *vif)
{
	struct plan_input input = { .rules = &sim->rules, .load = sim->load };

	for (unsigned int q = 0; q < vif->n_queues; q++)
		vif->places[q] = PLACE_NONE;
	plan_vif(&input, vif->places, vif->n_queues, NULL, 0, NULL);
}

/* Places a vif whose sides each go to the CPU that choose() says, a queue's tx first. */
static void place_each(
	struct sim *sim, struct vif *vif, unsigned int (*choose)(struct sim *sim, unsigned int irq))
{
	for (unsigned int q = 0; q < vif->n_queues; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			unsigned int cpu = choose(sim, vif->irqs[q][side]);

			vif->places[q].cpu[side] = (int)cpu;
			sim->load[cpu].sides[side]++;
		}
	}
}

static unsigned int number_modulo_cpus(struct sim *sim, unsigned int irq)
{
	return irq % sim->n_cpus;
}

static unsigned int first_cpu(struct sim *sim, unsigned int irq)
{
	(void)sim;
	(void)irq;
	return 0;
}

static unsigned int any_cpu(struct sim *sim, unsigned int irq)
{
	(void)irq;
	return random_below(&sim->random, sim->n_cpus);
}

/* bind_evtchn_to_cpu() of Linux 5.11: the CPU with the fewest event channels. */
static unsigned int fewest_interrupts(struct sim *sim, unsigned int irq)
{
	unsigned int best = 0;

	(void)irq;
	for (unsigned int cpu = 1; cpu < sim->n_cpus; cpu++) {
		if (load_total(&sim->load[cpu]) < load_total(&sim->load[best]))
			best = cpu;
	}
	return best;
}

static const struct policy policies[] = {
	{ .name = "vifpin" },
	{ .name = "rebalance", .rebalance_every = 100 },
	{ .name = "modulo", .choose = number_modulo_cpus, .free_threads = true },
	{ .name = "CPU 0", .choose = first_cpu, .free_threads = true },
	{ .name = "random", .choose = any_cpu },
	{ .name = "at bind", .choose = fewest_interrupts, .free_threads = true },
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
	for (unsigned int q = 0; q < vif->n_queues; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++)
			vif->irqs[q][side] = take_irq(sim);
	}
	if (sim->policy->choose)
		place_each(sim, vif, sim->policy->choose);
	else
		place_by_vifpin(sim, vif);
}

static void depart(struct sim *sim, struct vif *vif)
{
	for (unsigned int q = 0; q < vif->n_queues; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++)
			sim->used[vif->irqs[q][side] - FIRST_IRQ] = false;
	}
	load_remove(sim->load, vif->places, vif->n_queues);
	vif->n_queues = 0;
}

static void rebalance(struct sim *sim)
{
	static struct balance_queue queues[QUEUES_MAX * VIFS_MAX];
	static const struct cpu_load nothing[CPUSET_MAX];
	size_t n = 0;

	for (unsigned int i = 0; i < sim->n_vifs; i++) {
		for (unsigned int q = 0; q < sim->vifs[i].n_queues; q++)
			queues[n++] = (struct balance_queue){ .rules = &sim->rules,
				.from = sim->vifs[i].places[q] };
	}
	balance(queues, n, nothing);
	memset(sim->load, 0, sizeof sim->load);
	n = 0;
	for (unsigned int i = 0; i < sim->n_vifs; i++) {
		struct vif *vif = &sim->vifs[i];

		for (unsigned int q = 0; q < vif->n_queues; q++)
			vif->places[q] = queues[n++].to;
		load_add(sim->load, vif->places, vif->n_queues);
	}
}

/* --- figures -----------------------------------------------------------------------------------
 */

/* Traffic is of one direction, SIDE_TX or SIDE_RX, or of both. */
#define BOTH     SIDE_COUNT
#define TRAFFICS (SIDE_COUNT + 1)

static const char *const traffic_names[TRAFFICS] = {
	[BOTH] = "both ways",
	[SIDE_TX] = "tx alone",
	[SIDE_RX] = "rx alone",
};

/* What a CPU does of one direction's work: a free thread's is shared by all. */
static double work_of(const struct sim *sim, unsigned int cpu, enum side side, double mean)
{
	if (side == SIDE_RX && sim->policy->free_threads)
		return mean;
	return sim->load[cpu].sides[side];
}

/* The most loaded CPU over the mean. */
static double unevenness(const struct sim *sim, int traffic)
{
	double queues = load_spread(sim->load, &sim->rules.allowed).sides[SIDE_TX];
	double mean = queues / sim->n_cpus, most = 0;

	for (unsigned int cpu = 0; cpu < sim->n_cpus; cpu++) {
		double work = 0;

		for (enum side side = 0; side < SIDE_COUNT; side++) {
			if (traffic == BOTH || traffic == (int)side)
				work += work_of(sim, cpu, side, mean);
		}
		most = work > most ? work : most;
	}
	return most / (traffic == BOTH ? 2 * mean : mean);
}

/* What is printed of many samples. */
struct figure {
	double median, worst;
};

/* A run's or a step's unevenness, for each kind of traffic. */
static double samples[TRAFFICS][STEPS];

static void take_sample(const struct sim *sim, unsigned int i)
{
	for (int traffic = 0; traffic < TRAFFICS; traffic++)
		samples[traffic][i] = unevenness(sim, traffic);
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static struct figure figure_of(double *v, unsigned int n)
{
	qsort(v, n, sizeof *v, compare);
	return (struct figure){ .median = v[n / 2], .worst = v[n - 1] };
}

static void begin(struct sim *sim, unsigned int n_cpus, unsigned int n_vifs,
	const struct policy *policy, uint64_t seed)
{
	memset(sim, 0, sizeof *sim);
	sim->n_cpus = n_cpus;
	sim->policy = policy;
	sim->n_vifs = n_vifs;
	sim->random = (struct random){ .seed = seed, .state = seed };
	for (unsigned int cpu = 0; cpu < n_cpus; cpu++)
		cpuset_add(&sim->rules.allowed, cpu);
	for (unsigned int i = 0; i < n_vifs; i++)
		arrive(sim, &sim->vifs[i]);
}

/* All vifs have come; a sample a run. */
static void only_arrivals(unsigned int cpus, unsigned int vifs, const struct policy *policy,
	unsigned int runs, uint64_t seed)
{
	static struct sim sim;

	for (unsigned int i = 0; i < runs; i++) {
		begin(&sim, cpus, vifs, policy, seed + i);
		take_sample(&sim, i);
	}
}

/* By turns a vif goes and another comes; a sample a step. */
static void steps(unsigned int cpus, unsigned int vifs, const struct policy *policy, uint64_t seed)
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
		take_sample(&sim, i);
	}
}

/* --- tables ------------------------------------------------------------------------------------
 */

static const struct row {
	unsigned int cpus, vifs;
} rows[] = {
	{ 4, 10 },
	{ 4, 100 },
	{ 4, 1000 },
	{ 8, 10 },
	{ 8, 100 },
	{ 8, 1000 },
	{ 16, 10 },
	{ 16, 100 },
	{ 16, 1000 },
	{ 64, 10 },
	{ 64, 100 },
	{ 64, 1000 },
};

static struct figure figures[TRAFFICS][ARRAY_SIZE(rows)][ARRAY_SIZE(policies)];

static void print_table(int traffic)
{
	printf("\nTraffic %s:\n\n| CPUs | vifs", traffic_names[traffic]);
	for (size_t p = 0; p < ARRAY_SIZE(policies); p++)
		printf(" | %s", policies[p].name);
	printf(" |\n|---|---");
	for (size_t p = 0; p < ARRAY_SIZE(policies); p++)
		printf("|---");
	printf("|\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		printf("| %u | %u", rows[i].cpus, rows[i].vifs);
		for (size_t p = 0; p < ARRAY_SIZE(policies); p++)
			printf(" | %.2f, %.2f", figures[traffic][i][p].median,
				figures[traffic][i][p].worst);
		printf(" |\n");
	}
}

static void print_tables(bool changing, unsigned int runs, uint64_t seed)
{
	unsigned int n = changing ? STEPS : runs;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
			if (changing)
				steps(rows[i].cpus, rows[i].vifs, &policies[p], seed);
			else
				only_arrivals(rows[i].cpus, rows[i].vifs, &policies[p], runs, seed);
			for (int traffic = 0; traffic < TRAFFICS; traffic++)
				figures[traffic][i][p] = figure_of(samples[traffic], n);
		}
	}
	print_table(BOTH);
	print_table(SIDE_TX);
	print_table(SIDE_RX);
}

int main(int argc, char **argv)
{
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 21;
	unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;

	if (!runs || runs > STEPS) {
		fprintf(stderr, "usage: simulate [RUNS [SEED]]; RUNS from 1 to %d\n", STEPS);
		return 2;
	}
	printf("Arrivals only, %lu runs, seed %lu: median, worst\n", runs, seed);
	print_tables(false, (unsigned int)runs, seed);
	printf("\n%d departures and arrivals by turns, seed %lu: median, worst\n", STEPS, seed);
	print_tables(true, (unsigned int)runs, seed);
	return 0;
}
