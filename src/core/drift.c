// SPDX-License-Identifier: GPL-2.0-or-later
#include "drift.h"

#include "util.h"

#include <errno.h>
#include <stdio.h>

const char *difference_name(enum difference_kind kind)
{
	static const char *const names[] = {
		[DIFFERENCE_INTERRUPT] = "interrupt",
		[DIFFERENCE_THREAD] = "thread",
		[DIFFERENCE_DELIVERY] = "delivery",
		[DIFFERENCE_MISSING] = "missing",
		[DIFFERENCE_QUEUES] = "queues",
		[DIFFERENCE_AMBIGUOUS] = "ambiguous",
	};

	return names[kind];
}

bool difference_is_mask(const struct difference *difference)
{
	return difference->kind == DIFFERENCE_INTERRUPT || difference->kind == DIFFERENCE_THREAD ||
	       difference->kind == DIFFERENCE_DELIVERY;
}

void differences_free(struct differences *differences)
{
	free(differences->v);
	*differences = (struct differences){ 0 };
}

static int add(struct differences *all, struct difference difference, const char *name)
{
	struct difference *added = array_add(&all->v, &all->n, sizeof *added);

	if (!added)
		return -ENOMEM;
	*added = difference;
	copy_str(added->name, sizeof added->name, name);
	return 0;
}

static int add_missing(const struct vif_entry *vif, const char *dev, const struct targets *targets,
	struct differences *all)
{
	unsigned int n = targets->n_queues < vif->n_queues ? targets->n_queues : vif->n_queues;
	struct target missing;
	unsigned int from = 0;
	int r = 0;

	while (r == 0 && targets_next_missing(targets, n, dev, &from, &missing)) {
		struct difference difference = { .kind = DIFFERENCE_MISSING, .is = CPU_NONE };
		int cpu = vif->places[missing.queue].cpu[target_side(&missing)];

		if (targets->crowded && target_is_thread(&missing))
			difference.kind = DIFFERENCE_AMBIGUOUS;
		difference.should = (unsigned int)cpu;
		r = add(all, difference, missing.name);
	}
	return r;
}

static int add_mask(
	const struct vif_entry *vif, const struct target *target, struct differences *all)
{
	int cpu = vif->places[target->queue].cpu[target_side(target)];
	struct difference difference = {
		.kind = target_is_thread(target) ? DIFFERENCE_THREAD : DIFFERENCE_INTERRUPT,
		.target = target,
		.should = (unsigned int)cpu,
		.is = target->cpu,
	};

	if (target->cpu == cpu) {
		if (target->delivered == CPU_NONE || target->delivered == cpu)
			return 0;
		difference.kind = DIFFERENCE_DELIVERY;
		difference.is = target->delivered;
	}
	return add(all, difference, target->name);
}

static int add_unsure(
	const struct vif_entry *vif, const struct target *target, struct differences *all)
{
	struct difference difference = {
		.kind = DIFFERENCE_AMBIGUOUS,
		.target = target,
		.should = (unsigned int)vif->places[target->queue].cpu[target_side(target)],
		.is = target->cpu,
	};

	return target->unsure ? add(all, difference, target->name) : 0;
}

void difference_format_is(const struct difference *difference, char *buf, size_t size)
{
	const struct target *target = difference->target;

	if (difference->is != CPU_NONE)
		snprintf(buf, size, "%d", difference->is);
	else
		snprintf(buf, size, "%s", target && target->mask ? target->mask : "");
}

int drift_compare(const struct vif_entry *vif, const char *dev, const struct targets *targets,
	struct differences *out)
{
	const struct difference queues = {
		.kind = DIFFERENCE_QUEUES,
		.should = vif->n_queues,
		.is = (int)targets->n_queues,
	};
	struct differences all = { 0 };
	int r = 0;

	/* A vif without queues is not connected: nothing can be elsewhere. */
	if (targets->n_queues)
		r = add_missing(vif, dev, targets, &all);
	if (r == 0 && targets->n_queues && targets->n_queues != vif->n_queues)
		r = add(&all, queues, dev);
	for (size_t i = 0; r == 0 && i < targets->n; i++) {
		if (targets->v[i].queue >= vif->n_queues)
			continue;
		r = add_unsure(vif, &targets->v[i], &all);
		if (r == 0)
			r = add_mask(vif, &targets->v[i], &all);
	}
	if (r < 0)
		differences_free(&all);
	*out = all;
	return r;
}

enum drift_cause drift_cause(
	bool is_thread, unsigned int cpu, const struct cpuset *online, bool irqbalance_runs)
{
	if (!cpuset_has(online, cpu))
		return CAUSE_CPU_OFFLINE;
	if (is_thread)
		return CAUSE_CPUSET;
	return irqbalance_runs ? CAUSE_IRQBALANCE : CAUSE_UNKNOWN;
}

static const struct {
	const char *name, *text;
} causes[CAUSE_COUNT] = {
	[CAUSE_UNKNOWN] = { "unknown",
		"something moves what vifpin pinned; it is put back each time" },
	[CAUSE_CPU_OFFLINE] = { "cpu-offline", "a CPU that vifs were placed on went offline; "
					       "they have moved to others, and stay there" },
	[CAUSE_IRQBALANCE] = { "irqbalance",
		"irqbalance is running and moves the interrupts of vifs; "
		"vifpin doctor tells how to give it vifpin's policy script" },
	[CAUSE_CPUSET] = { "cpuset", "something moves the threads of vifs: a cpuset, or a person; "
				     "they are put back each time" },
};

const char *drift_cause_name(enum drift_cause cause)
{
	return causes[cause].name;
}

const char *drift_cause_text(enum drift_cause cause)
{
	return causes[cause].text;
}
