// SPDX-License-Identifier: GPL-2.0-or-later
#include "measured_load.h"

#include "cpuset.h"
#include "util.h"

#include <errno.h>
#include <stdlib.h>

int measured_load_new(struct measured_load *load)
{
	load->besides = calloc(CPUSET_MAX, sizeof *load->besides);
	load->sums = calloc(CPUSET_MAX, sizeof *load->sums);
	return load->besides && load->sums ? 0 : -ENOMEM;
}

void measured_load_free(struct measured_load *load)
{
	free(load->besides);
	free(load->sums);
	*load = (struct measured_load){ 0 };
}

struct measured_queue *measured_queues_new(
	const struct ledger *ledger, const struct work *work, size_t *n)
{
	struct measured_queue *queues, *queue;
	size_t count = 0;

	for (size_t i = 0; i < ledger->n_vifs; i++)
		count += ledger->vifs[i].n_queues;
	queue = queues = calloc(count + 1, sizeof *queues);
	for (size_t i = 0; queues && i < ledger->n_vifs; i++) {
		const struct vif_entry *vif = &ledger->vifs[i];

		for (unsigned int q = 0; q < vif->n_queues; q++, queue++) {
			queue->from = vif->places[q];
			for (enum side side = 0; side < SIDE_COUNT; side++)
				queue->share[side] = work_share(work, vif->id, q, side);
		}
	}
	*n = count;
	return queues;
}

void measured_load_add(const struct measured_queue *queue, struct place place,
	const int mean[SIDE_COUNT], struct cpu_sum *sums)
{
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		struct cpu_sum *sum = &sums[place.cpu[side]];
		int share = queue->share[side];

		sum->sides[side]++;
		sum->share[side] += share == WORK_UNKNOWN ? mean[side] : share;
	}
}

static void fill_besides(const struct work *work, struct measured_load *load)
{
	for (int cpu = 0; work->cpus && cpu < CPUSET_MAX; cpu++) {
		const struct cpu_work *known = &work->cpus[cpu];
		long long sides = known->sides;

		if (known->sides == WORK_UNKNOWN)
			sides = cpu_sum_share(&load->sums[cpu]);
		if (known->busy != WORK_UNKNOWN && known->busy > sides)
			load->besides[cpu] = known->busy - (int)sides;
	}
}

int measured_load_fill(const struct measured_queue *queues, size_t n, const struct work *work,
	struct measured_load *out)
{
	struct measured_load load = { 0 };

	*out = (struct measured_load){ 0 };
	if (measured_load_new(&load) < 0) {
		measured_load_free(&load);
		return -ENOMEM;
	}
	measured_mean(queues, n, load.mean);
	for (size_t i = 0; i < n; i++)
		measured_load_add(&queues[i], queues[i].from, load.mean, load.sums);
	fill_besides(work, &load);
	*out = load;
	return 0;
}

int measured_load_of(
	const struct ledger *ledger, const struct work *work, struct measured_load *out)
{
	size_t n;
	_cleanup_free_ struct measured_queue *queues = measured_queues_new(ledger, work, &n);

	*out = (struct measured_load){ 0 };
	return queues ? measured_load_fill(queues, n, work, out) : -ENOMEM;
}

long long measured_load_now(
	const struct measured_load *load, unsigned int cpu, const struct cpu_load *now)
{
	const struct cpu_sum *then = &load->sums[cpu];
	long long sum = load->besides[cpu];

	for (enum side side = 0; side < SIDE_COUNT; side++) {
		long long more = (long long)now->sides[side] - then->sides[side];
		long long each = load->mean[side];

		if (more < 0)
			each = then->share[side] / then->sides[side];
		sum += then->share[side] + more * each;
	}
	return sum;
}
