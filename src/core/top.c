// SPDX-License-Identifier: GPL-2.0-or-later
#include "top.h"

#include "cpuset.h"
#include "util.h"

#include <errno.h>

void top_free(struct top *top)
{
	free(top->rows);
	free(top->cpus);
	*top = (struct top){ 0 };
}

/* --- order -------------------------------------------------------------------------------- */

/* Of what is unknown nothing is counted. */
static long long sum_shares(const int share[SIDE_COUNT])
{
	long long sum = 0;

	for (enum side side = 0; side < SIDE_COUNT; side++)
		sum += share[side] != WORK_UNKNOWN ? share[side] : 0;
	return sum;
}

/* The larger first. */
static int compare_falling(long long a, long long b)
{
	return (a < b) - (a > b);
}

static int compare_numbers(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;
	int r = vif_id_compare(&x->vif->id, &y->vif->id);

	return r ? r : (x->queue > y->queue) - (x->queue < y->queue);
}

static int compare_shares(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;
	int r = compare_falling(sum_shares(x->share), sum_shares(y->share));

	return r ? r : compare_numbers(a, b);
}

static int compare_vif_packets(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;
	int r = compare_falling((long long)x->packets[SIDE_TX] + x->packets[SIDE_RX],
		(long long)y->packets[SIDE_TX] + y->packets[SIDE_RX]);

	return r ? r : compare_numbers(a, b);
}

static int compare_queue_interrupts(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;
	int r = compare_falling(x->interrupts, y->interrupts);

	return r ? r : compare_numbers(a, b);
}

static int compare_busy(const void *a, const void *b)
{
	const struct top_cpu *x = a, *y = b;
	int r = compare_falling(x->work.busy, y->work.busy);

	return r ? r : (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

static void sort(struct top *top, bool queues, enum top_order order)
{
	int (*compare)(const void *, const void *) = compare_numbers;

	if (order == TOP_BY_SHARE)
		compare = compare_shares;
	else if (order == TOP_BY_PACKETS)
		compare = queues ? compare_queue_interrupts : compare_vif_packets;
	if (top->n_rows)
		qsort(top->rows, top->n_rows, sizeof *top->rows, compare);
	/* They are in the order of their numbers. */
	if (top->n_cpus && order != TOP_BY_VIF)
		qsort(top->cpus, top->n_cpus, sizeof *top->cpus, compare_busy);
}

/* --- rows --------------------------------------------------------------------------------- */

static void add_share(int *sum, int share)
{
	*sum = *sum == WORK_UNKNOWN || share == WORK_UNKNOWN ? WORK_UNKNOWN : *sum + share;
}

/* Adds the work of one queue to a row. */
static void add_work(struct top_row *row, const struct vif_work *vif, unsigned int queue,
	const struct work *work)
{
	for (enum side side = 0; side < SIDE_COUNT; side++)
		add_share(&row->share[side], work_share(work, row->vif->id, queue, side));
	if (vif && queue < vif->n_queues)
		row->interrupts += vif->queues[queue].interrupts;
}

/* One that has come since the reading before has no share, and no packets in its work. */
static bool is_measured(const struct vif_work *vif)
{
	bool any = vif && (vif->packets[SIDE_TX] || vif->packets[SIDE_RX]);

	for (unsigned int q = 0; vif && q < vif->n_queues; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++)
			any = any || vif->queues[q].share[side] != WORK_UNKNOWN;
	}
	return any;
}

static struct top_row *add_row(
	struct top *top, const struct vif_entry *entry, const struct vif_work *vif)
{
	struct top_row *row = array_add((void *)&top->rows, &top->n_rows, sizeof *row);

	if (!row)
		return NULL;
	row->vif = entry;
	row->measured = is_measured(vif);
	for (enum side side = 0; vif && side < SIDE_COUNT; side++) {
		row->packets[side] = vif->packets[side];
		row->bytes[side] = vif->bytes[side];
	}
	return row;
}

static int add_vif(
	struct top *top, const struct vif_entry *entry, const struct work *work, bool queues)
{
	const struct vif_work *vif = work_find(work, entry->id);
	struct top_row *row = queues ? NULL : add_row(top, entry, vif);

	if (!queues && !row)
		return -ENOMEM;
	for (unsigned int q = 0; q < entry->n_queues; q++) {
		if (queues)
			row = add_row(top, entry, vif);
		if (!row)
			return -ENOMEM;
		row->queue = queues ? q : 0;
		add_work(row, vif, q, work);
	}
	top->n_vifs++;
	top->n_queues += entry->n_queues;
	return 0;
}

static int add_cpus(struct top *top, const struct counters *latest, const struct work *work)
{
	const struct cpu_work unknown = { WORK_UNKNOWN, WORK_UNKNOWN, WORK_UNKNOWN, WORK_UNKNOWN };

	for (unsigned int i = 0; latest->cpus && i < CPUSET_MAX; i++) {
		struct top_cpu *cpu;

		if (!latest->cpus[i].known)
			continue;
		cpu = array_add((void *)&top->cpus, &top->n_cpus, sizeof *cpu);
		if (!cpu)
			return -ENOMEM;
		cpu->cpu = i;
		cpu->work = work->cpus ? work->cpus[i] : unknown;
	}
	return 0;
}

int top_list(const struct ledger *ledger, const struct counters *latest, const struct work *work,
	bool queues, enum top_order order, struct top *out)
{
	struct top top = { 0 };
	int r = add_cpus(&top, latest, work);

	for (size_t i = 0; r == 0 && i < ledger->n_vifs; i++) {
		if (ledger->vifs[i].state != VIF_RESERVED)
			r = add_vif(&top, &ledger->vifs[i], work, queues);
	}
	if (r < 0) {
		top_free(&top);
		return r;
	}
	sort(&top, queues, order);
	*out = top;
	return 0;
}

size_t top_split(size_t lines, size_t cpus, size_t rows)
{
	size_t half = lines / 2;

	if (cpus + rows <= lines || cpus <= half)
		return cpus < lines ? cpus : lines;
	return rows < lines - half ? lines - rows : half;
}
