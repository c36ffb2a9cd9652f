// SPDX-License-Identifier: GPL-2.0-or-later
#include "host.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_IRQ 72 /* of vifs, on a dom0 of the seed's kind */

#define PARETO_ALPHA 1.2
#define PARETO_MEAN  (PARETO_ALPHA / (PARETO_ALPHA - 1))

/* --- vifs come and go ------------------------------------------------------------------------ */

/* The lowest number that is free, as the kernel gives it. */
static unsigned int take_irq(struct host *host)
{
	unsigned int i = host->first_unused;

	while (host->used[i])
		i++;
	host->used[i] = true;
	host->first_unused = i + 1;
	return FIRST_IRQ + i;
}

static void arrive(struct host *host, struct sim_vif *vif, place_fn *place)
{
	*vif = (struct sim_vif){ .n_queues = 1 + random_below(&host->random, VIF_QUEUES) };
	for (unsigned int q = 0; q < vif->n_queues; q++) {
		vif->places[q] = PLACE_NONE;
		for (enum side side = 0; side < SIDE_COUNT; side++)
			vif->irqs[q][side] = take_irq(host);
	}
	place(host, vif);
}

static void depart(struct host *host, struct sim_vif *vif)
{
	for (unsigned int q = 0; q < vif->n_queues; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			unsigned int i = vif->irqs[q][side] - FIRST_IRQ;

			host->used[i] = false;
			if (i < host->first_unused)
				host->first_unused = i;
		}
	}
	load_remove(host->load, vif->places, vif->n_queues);
	vif->n_queues = 0;
}

void host_move(struct host *host, struct sim_vif *vif, unsigned int queue, enum side side, int cpu)
{
	int *now = &vif->places[queue].cpu[side];

	if (*now == cpu)
		return;
	host->load[*now].sides[side]--;
	host->load[cpu].sides[side]++;
	host->moves++;
	*now = cpu;
}

/* --- what they cost -------------------------------------------------------------------------- */

/* More than 0, up to 1. */
static double random_share(struct random *random)
{
	return (1.0 + random_below(random, 1U << 30)) / (1U << 30);
}

/* A vif's traffic compared with the mean of all. */
static double draw(struct host *host, enum traffic traffic)
{
	double share = random_share(&host->traffic);

	if (traffic == TRAFFIC_HEAVY)
		return pow(share, -1 / PARETO_ALPHA) / PARETO_MEAN;
	return 2 * share;
}

/* No side needs more than one CPU. */
static void set_work(const struct host *host, struct sim_vif *vif, const struct load_kind *kind)
{
	for (enum side side = 0; side < SIDE_COUNT; side++)
		vif->work[side] = fmin(1, host->scale * vif->traffic * kind->share[side]);
}

/* A vif's queues have the same. */
static void draw_vif(struct host *host, struct sim_vif *vif, const struct load_kind *kind)
{
	vif->traffic = draw(host, kind->traffic) / vif->n_queues;
	if (kind->traffic == TRAFFIC_ALIKE)
		vif->traffic = 1;
	set_work(host, vif, kind);
}

void host_change_traffic(struct host *host, const struct load_kind *kind)
{
	for (unsigned int i = 0; i < host->n_vifs; i++) {
		if (random_share(&host->traffic) <= kind->changes)
			draw_vif(host, &host->vifs[i], kind);
	}
}

/* So that the CPUs do MEAN_WORK, but for what is more than one CPU's. */
static void set_scale(struct host *host, const struct load_kind *kind)
{
	double sum = 0;

	for (unsigned int i = 0; i < host->n_vifs; i++)
		sum += host->vifs[i].traffic * host->vifs[i].n_queues;
	host->scale = MEAN_WORK * host->n_cpus / sum;
	for (unsigned int i = 0; i < host->n_vifs; i++)
		set_work(host, &host->vifs[i], kind);
}

/* All that is there is measured, exactly. */
static void measure(struct host *host)
{
	long long sum[SIDE_COUNT] = { 0 };
	unsigned int n_queues = 0;

	memset(host->sums, 0, sizeof host->sums);
	for (unsigned int i = 0; i < host->n_vifs; i++) {
		const struct sim_vif *vif = &host->vifs[i];
		struct measured_queue queue;

		for (enum side side = 0; side < SIDE_COUNT; side++) {
			queue.share[side] = (int)lround(vif->work[side] * WORK_WHOLE);
			sum[side] += (long long)queue.share[side] * vif->n_queues;
		}
		for (unsigned int q = 0; q < vif->n_queues; q++)
			measured_load_add(&queue, vif->places[q], host->mean, host->sums);
		n_queues += vif->n_queues;
	}
	for (enum side side = 0; side < SIDE_COUNT; side++)
		host->mean[side] = (int)(sum[side] / n_queues);
	host->measured = true;
}

/* --- all of it ------------------------------------------------------------------------------- */

static void arrive_all(struct host *host, const struct load_kind *kind, place_fn *place)
{
	for (unsigned int i = 0; i < host->n_vifs; i++)
		arrive(host, &host->vifs[i], place);
	for (unsigned int i = 0; i < host->n_vifs; i++)
		draw_vif(host, &host->vifs[i], kind);
	set_scale(host, kind);
	measure(host);
}

void host_begin(struct host *host, unsigned int n_cpus, unsigned int n_vifs, uint64_t seed,
	const struct load_kind *kind, place_fn *place)
{
	memset(host, 0, sizeof *host);
	host->n_cpus = n_cpus;
	host->n_vifs = n_vifs;
	host->random = (struct random){ .seed = seed, .state = seed };
	host->traffic = (struct random){ .seed = seed, .state = seed ^ UINT64_C(0x5555) << 32 };
	host->dice = (struct random){ .seed = seed, .state = seed ^ UINT64_C(0xaaaa) << 32 };
	for (unsigned int cpu = 0; cpu < n_cpus; cpu++)
		cpuset_add(&host->rules.allowed, cpu);
	arrive_all(host, kind, place);
	for (unsigned int i = 0; i < n_vifs / 2; i++) {
		struct sim_vif *vif = &host->vifs[random_below(&host->random, n_vifs)];

		depart(host, vif);
		arrive(host, vif, place);
		draw_vif(host, vif, kind);
		if (random_below(&host->random, BURST))
			continue;
		host_change_traffic(host, kind);
		measure(host);
	}
	set_scale(host, kind);
}

/* --- who does it ----------------------------------------------------------------------------- */

/* A CPU, on a heap with the one that has least to do on top. */
struct heap_cpu {
	unsigned int cpu;
	double work;
};

static void sift_down(struct heap_cpu *heap, unsigned int n, unsigned int i)
{
	for (unsigned int child; (child = 2 * i + 1) < n; i = child) {
		struct heap_cpu moved = heap[i];

		if (child + 1 < n && heap[child + 1].work < heap[child].work)
			child++;
		if (moved.work <= heap[child].work)
			return;
		heap[i] = heap[child];
		heap[child] = moved;
	}
}

static int compare_rx(const void *a, const void *b)
{
	const struct sim_vif *const *x = a, *const *y = b;
	double p = (*x)->work[SIDE_RX], q = (*y)->work[SIDE_RX];

	if (p != q)
		return p < q ? 1 : -1;
	return (*x > *y) - (*x < *y);
}

static void schedule_threads(const struct host *host, double *work)
{
	const struct sim_vif *order[VIFS_MAX];
	struct heap_cpu heap[CPUS_MAX];

	for (unsigned int i = 0; i < host->n_vifs; i++)
		order[i] = &host->vifs[i];
	qsort(order, host->n_vifs, sizeof *order, compare_rx);
	for (unsigned int cpu = 0; cpu < host->n_cpus; cpu++)
		heap[cpu] = (struct heap_cpu){ .cpu = cpu, .work = work[cpu] };
	for (unsigned int i = host->n_cpus / 2; i-- > 0;)
		sift_down(heap, host->n_cpus, i);
	for (unsigned int i = 0; i < host->n_vifs; i++) {
		for (unsigned int q = 0; q < order[i]->n_queues; q++) {
			heap[0].work += order[i]->work[SIDE_RX];
			sift_down(heap, host->n_cpus, 0);
		}
	}
	for (unsigned int i = 0; i < host->n_cpus; i++)
		work[heap[i].cpu] = heap[i].work;
}

void host_work(const struct host *host, bool free_threads, double *work)
{
	memset(work, 0, CPUS_MAX * sizeof *work);
	for (unsigned int i = 0; i < host->n_vifs; i++) {
		const struct sim_vif *vif = &host->vifs[i];

		for (unsigned int q = 0; q < vif->n_queues; q++) {
			work[vif->places[q].cpu[SIDE_TX]] += vif->work[SIDE_TX];
			if (!free_threads)
				work[vif->places[q].cpu[SIDE_RX]] += vif->work[SIDE_RX];
		}
	}
	if (free_threads)
		schedule_threads(host, work);
}

double host_unevenness(const struct host *host, bool free_threads)
{
	double work[CPUS_MAX], most = 0, sum = 0;

	host_work(host, free_threads, work);
	for (unsigned int cpu = 0; cpu < host->n_cpus; cpu++) {
		most = fmax(most, work[cpu]);
		sum += work[cpu];
	}
	return most / (sum / host->n_cpus);
}

double host_bound(const struct host *host)
{
	double largest = 0, sum = 0;

	for (unsigned int i = 0; i < host->n_vifs; i++) {
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			largest = fmax(largest, host->vifs[i].work[side]);
			sum += host->vifs[i].work[side] * host->vifs[i].n_queues;
		}
	}
	return fmax(1, largest / (sum / host->n_cpus));
}
