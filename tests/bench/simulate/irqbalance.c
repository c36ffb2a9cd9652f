// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * irqbalance.c - what irqbalance's daemon does with vifs' interrupts, on a host of one node, one
 * package and one cache domain, after 1.9.5 (commit 4f53f8c): init_irq_class_and_type() of
 * procinterrupts.c makes Xen's interrupts IRQ_VIRT_EVENT again, and map_class_to_level[] of
 * classify.c makes that core-level, so each is given to one CPU. All that is told here is told of
 * its source, none of it is taken from there. The default options: no power threshold, no migrate
 * ratio.
 */
#include "policies.h"

#include "util.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define JIFFIES   100      /* a second */
#define JIFFY_NS  10000000 /* parse_proc_stat() of procinterrupts.c makes nanoseconds of them */
#define TICK      10       /* seconds: SLEEP_INTERVAL of constants.h */
#define RATE_FULL 20000    /* interrupts a second that come with the work of one whole CPU */

struct irq {
	struct sim_vif *vif;
	unsigned int queue;
	enum side side;
	uint64_t count, load; /* in the last ten seconds */
};

/* As topo_obj of types.h: a CPU. */
struct cpu {
	struct irq *irqs[SIDES_MAX];
	size_t n_irqs;
	uint64_t load, count;
};

static struct irq irqs[SIDES_MAX];
static size_t n_irqs;
static struct cpu cpus[CPUS_MAX];
static struct irq *waiting[SIDES_MAX]; /* rebalance_irq_list */
static size_t n_waiting;

void irqbalance_begin(void)
{
	n_irqs = 0;
}

/* main() of irqbalance.c: force_rebalance_irq() for all, so that the first scan places them. */
static void start(struct host *host)
{
	n_waiting = 0;
	for (unsigned int cpu = 0; cpu < CPUS_MAX; cpu++)
		cpus[cpu].n_irqs = cpus[cpu].load = 0;
	for (unsigned int i = 0; i < host->n_vifs; i++) {
		struct sim_vif *vif = &host->vifs[i];

		for (unsigned int q = 0; q < vif->n_queues; q++) {
			for (enum side side = 0; side < SIDE_COUNT; side++) {
				irqs[n_irqs] = (struct irq){ .vif = vif, .queue = q, .side = side };
				waiting[n_waiting++] = &irqs[n_irqs++];
			}
		}
	}
}

static unsigned int number_of(const struct irq *irq)
{
	return irq->vif->irqs[irq->queue][irq->side];
}

/* sort_irqs() of classify.c: by load, the highest first; all are of one class. */
static bool goes_before(const struct irq *a, const struct irq *b)
{
	return a->load != b->load ? a->load > b->load : number_of(a) > number_of(b);
}

/* Stable, and fast when little has changed. */
static void sort(struct irq **v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct irq *moved = v[i];
		size_t low = 0, high = i;

		if (!goes_before(moved, v[i - 1]))
			continue;
		while (low < high) {
			size_t middle = (low + high) / 2;

			if (goes_before(moved, v[middle]))
				high = middle;
			else
				low = middle + 1;
		}
		memmove(&v[low + 1], &v[low], (i - low) * sizeof *v);
		v[low] = moved;
	}
}

/* --- what interrupts cost -------------------------------------------------------------------- */

/*
 * parse_proc_interrupts() and parse_proc_stat() of procinterrupts.c: a CPU's load is its time in
 * interrupts and softirq, where netback's tx is done. compute_irq_branch_load_share() and
 * assign_load_slice(): each of its interrupts has a share by how often it came, at least 1. rx
 * interrupts come too, but their work is the thread's.
 */
static void measure(const struct host *host)
{
	double softirq[CPUS_MAX] = { 0 };

	for (unsigned int cpu = 0; cpu < host->n_cpus; cpu++)
		cpus[cpu].count = 0;
	for (unsigned int cpu = 0; cpu < host->n_cpus; cpu++) {
		for (size_t i = 0; i < cpus[cpu].n_irqs; i++) {
			struct irq *irq = cpus[cpu].irqs[i];
			double work = irq->vif->work[irq->side];

			irq->count = (uint64_t)(work * RATE_FULL * TICK);
			cpus[cpu].count += irq->count;
			softirq[cpu] += irq->side == SIDE_TX ? work : 0;
		}
		/* A CPU has no more time than there is. */
		cpus[cpu].load = (uint64_t)(fmin(1, softirq[cpu]) * TICK * JIFFIES) * JIFFY_NS;
	}
	for (unsigned int cpu = 0; cpu < host->n_cpus; cpu++) {
		uint64_t slice = cpus[cpu].count ? cpus[cpu].load / cpus[cpu].count : 1;

		for (size_t i = 0; i < cpus[cpu].n_irqs; i++) {
			struct irq *irq = cpus[cpu].irqs[i];

			irq->load = irq->count * slice;
			if (!irq->load)
				irq->load = 1;
		}
	}
}

/* --- which ones should move ------------------------------------------------------------------ */

/*
 * migrate_overloaded_irqs() and move_candidate_irqs() of irqlist.c: the busiest first, interrupts
 * leave a CPU while the least loaded one would have less with them than this one without them.
 */
static void take_candidates(struct cpu *cpu, uint64_t *min_load)
{
	uint64_t load = cpu->load;
	size_t left = cpu->n_irqs, kept = 0;

	if (cpu->load <= *min_load || cpu->n_irqs <= 1)
		return;
	sort(cpu->irqs, cpu->n_irqs);
	for (size_t i = 0; i < cpu->n_irqs; i++) {
		struct irq *irq = cpu->irqs[i];

		if (left > 1 && irq->load > 1 && irq->load <= load &&
			*min_load + irq->load < load - irq->load) {
			load -= irq->load;
			*min_load += irq->load;
			*min_load = *min_load > load ? load : *min_load;
			waiting[n_waiting++] = irq;
			left--;
		} else {
			cpu->irqs[kept++] = irq;
		}
	}
	cpu->n_irqs = kept;
}

/* find_overloaded_objs() of irqlist.c, for CPUs: of packages and caches there is one here. */
static void find_overloaded(const struct host *host)
{
	uint64_t min_load = cpus[0].load;

	for (unsigned int cpu = 1; cpu < host->n_cpus; cpu++)
		min_load = cpus[cpu].load < min_load ? cpus[cpu].load : min_load;
	for (unsigned int cpu = 0; cpu < host->n_cpus; cpu++)
		take_candidates(&cpus[cpu], &min_load);
}

/* --- where they go --------------------------------------------------------------------------- */

/* find_best_object() of placement.c: the least load, then the fewest interrupts. */
static struct cpu *find_best(const struct host *host)
{
	struct cpu *best = &cpus[0];

	for (unsigned int i = 1; i < host->n_cpus; i++) {
		if (cpus[i].load < best->load ||
			(cpus[i].load == best->load && cpus[i].n_irqs < best->n_irqs))
			best = &cpus[i];
	}
	return best;
}

/* calculate_placement() of placement.c, migrate_irq_obj() of irqlist.c, activate_mappings(). */
static void place_waiting(struct host *host)
{
	sort(waiting, n_waiting);
	for (size_t i = 0; i < n_waiting; i++) {
		struct irq *irq = waiting[i];
		struct cpu *cpu = find_best(host);

		cpu->irqs[cpu->n_irqs++] = irq;
		cpu->load += irq->load + 1;
		host_move(host, irq->vif, irq->queue, irq->side, (int)(cpu - cpus));
	}
	n_waiting = 0;
}

/* scan() of irqbalance.c. It looks at nothing in its first round. */
void irqbalance_scan(struct host *host, unsigned int tick)
{
	(void)tick;
	if (!n_irqs) {
		start(host);
	} else {
		measure(host);
		find_overloaded(host);
	}
	place_waiting(host);
}
