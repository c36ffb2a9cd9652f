// SPDX-License-Identifier: GPL-2.0-or-later
#include "policies.h"

#include "plan.h"

/* --- without vifpin -------------------------------------------------------------------------- */

/* Places a vif whose sides each go to the CPU that choose() says, a queue's tx first. */
static void place_each(struct host *host, struct sim_vif *vif,
	unsigned int (*choose)(struct host *host, unsigned int irq))
{
	for (unsigned int q = 0; q < vif->n_queues; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			unsigned int cpu = choose(host, vif->irqs[q][side]);

			vif->places[q].cpu[side] = (int)cpu;
			host->load[cpu].sides[side]++;
		}
	}
}

static unsigned int first_cpu(struct host *host, unsigned int irq)
{
	(void)host;
	(void)irq;
	return 0;
}

/*
 * Linux 5.10, drivers/xen/events/events_base.c: xen_irq_init() gives every interrupt the affinity
 * mask of CPU 0, and set_affinity_irq() takes the first CPU of a mask.
 */
static void place_on_first(struct host *host, struct sim_vif *vif)
{
	place_each(host, vif, first_cpu);
}

static unsigned int fewest_interrupts(struct host *host, unsigned int irq)
{
	unsigned int best = 0;

	(void)irq;
	for (unsigned int cpu = 1; cpu < host->n_cpus; cpu++) {
		if (load_total(&host->load[cpu]) < load_total(&host->load[best]))
			best = cpu;
	}
	return best;
}

/*
 * Linux 5.11 and later, so 6.1, drivers/xen/events/events_base.c: select_target_cpu() takes the CPU
 * of the mask to which the fewest event channels are bound. irqbalance up to 1.9.5 changes nothing
 * in that on a host of one package: init_irq_class_and_type() of procinterrupts.c makes these
 * interrupts IRQ_OTHER, map_class_to_level[] of classify.c makes that package-level, and
 * activate_mapping() of activate.c writes no mask that is there already.
 */
static void place_by_fewest(struct host *host, struct sim_vif *vif)
{
	place_each(host, vif, fewest_interrupts);
}

static unsigned int any_cpu(struct host *host, unsigned int irq)
{
	(void)irq;
	return random_below(&host->dice, host->n_cpus);
}

/* Each side, so the guest-rx thread too, on a random CPU: what a script without a ledger can do. */
static void place_by_chance(struct host *host, struct sim_vif *vif)
{
	place_each(host, vif, any_cpu);
}

static unsigned int number_modulo_cpus(struct host *host, unsigned int irq)
{
	return irq % host->n_cpus;
}

/*
 * A policy script for irqbalance that users pass on as a workaround: it writes the interrupt's
 * number modulo the number of CPUs to smp_affinity_list and prints ban=true. It does so for the
 * chip xen-dyn only; where netback's interrupts are of xen-dyn-lateeoi, as since Linux 5.10, it
 * leaves them alone.
 */
static void place_by_number(struct host *host, struct sim_vif *vif)
{
	place_each(host, vif, number_modulo_cpus);
}

/* --- vifpin ---------------------------------------------------------------------------------- */

/* core/plan.c. */
static void place_by_count(struct host *host, struct sim_vif *vif)
{
	struct plan_input input = { .rules = &host->rules, .load = host->load };

	plan_vif(&input, vif->places, vif->n_queues, NULL, 0, NULL);
}

/* The same with placement = "measured"; nothing else keeps the CPUs busy. */
static void place_by_measure(struct host *host, struct sim_vif *vif)
{
	static int nothing[CPUSET_MAX];
	const struct measured_load measured = { { host->mean[SIDE_TX], host->mean[SIDE_RX] },
		nothing, host->sums };
	struct plan_input input = { .rules = &host->rules, .load = host->load };

	if (host->measured)
		input.measured = &measured;
	plan_vif(&input, vif->places, vif->n_queues, NULL, 0, NULL);
}

/* `vifpin rebalance --measured`, once, after the first minute. */
static void measure_once(struct host *host, unsigned int tick)
{
	if (tick == TICKS)
		rebalance_measured(host);
}

/* The watcher with rebalance = "measured". */
static void measure_always(struct host *host, unsigned int tick)
{
	if (tick % TICKS == 0)
		rebalance_automatically(host);
}

const struct policy policies[] = {
	{ .name = "by count", .place = place_by_count },
	{ .name = "by measure", .place = place_by_measure },
	{ .name = "measured", .place = place_by_count, .act = measure_once, .once = true },
	{ .name = "automatic", .place = place_by_count, .act = measure_always, .rests = true },
	{ .name = "both", .place = place_by_measure, .act = measure_always, .rests = true },
	{ .name = "Linux 5.10", .place = place_on_first, .free_threads = true },
	{ .name = "Linux 6.1", .place = place_by_fewest, .free_threads = true },
	{ .name = "random", .place = place_by_chance },
	{ .name = "script", .place = place_by_number, .free_threads = true },
	{ .name = "irqbalance",
		.place = place_by_fewest,
		.act = irqbalance_scan,
		.free_threads = true },
	{ 0 },
};
