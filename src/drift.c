// SPDX-License-Identifier: GPL-2.0-or-later
#include "drift.h"

#include "affinity.h"
#include "process.h"
#include "util.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* 1 when the part is elsewhere, with *out filled in; 0 when not; -errno. */
static int compare_part(const struct sysroot *root, const struct vif_entry *vif,
	const struct part *part, struct drift *out, struct err *err)
{
	const struct place *place = &vif->places[part->queue];
	struct drift drift = { .part = part };
	struct cpuset wanted;
	int r;

	drift.cpu = (unsigned int)(part_is_rx(part) ? place->rx_cpu : place->tx_cpu);
	cpuset_zero(&wanted);
	cpuset_add(&wanted, drift.cpu);
	r = affinity_get(root, part, &drift.now, err);
	if (r < 0)
		return r;
	if (cpuset_equal(&drift.now, &wanted)) {
		if (!affinity_effective(root, part, &drift.now) ||
			cpuset_equal(&drift.now, &wanted))
			return 0;
		drift.delivery_only = true;
	}
	*out = drift;
	return 1;
}

int drift_compare(const struct sysroot *root, const struct vif_entry *vif,
	const struct parts *parts, drift_fn *each, void *data, struct err *err)
{
	int count = 0;

	for (size_t i = 0; i < parts->n; i++) {
		struct drift drift;
		int r;

		if (parts->v[i].queue >= vif->n_queues)
			return err_set(err, ESRCH, "%s has no place", parts->v[i].name);
		r = compare_part(root, vif, &parts->v[i], &drift, err);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		each(&drift, data);
		count++;
	}
	return count;
}

static bool is_online(const struct sysroot *root, unsigned int cpu)
{
	_cleanup_free_ char *text = NULL;
	struct cpuset online;

	if (sysroot_read(root, &text, NULL, PATH_CPUS_ONLINE) < 0 ||
		cpuset_parse_list(text, &online) < 0)
		return true;
	return cpuset_has(&online, cpu);
}

enum drift_cause drift_cause(const struct sysroot *root, const struct drift_note *note)
{
	if (!is_online(root, note->first_cpu))
		return CAUSE_CPU_OFFLINE;
	if (part_is_thread(&note->first))
		return CAUSE_CPUSET;
	return process_find(root, "irqbalance") ? CAUSE_IRQBALANCE : CAUSE_UNKNOWN;
}

const char *drift_cause_text(enum drift_cause cause)
{
	static const char *const texts[CAUSE_COUNT] = {
		[CAUSE_UNKNOWN] = "something moves what vifpin pinned; it is put back each time",
		[CAUSE_CPU_OFFLINE] = "a CPU that vifs were placed on went offline; "
				      "they are placed on others and stay there",
		[CAUSE_IRQBALANCE] = "irqbalance is running and moves the interrupts of vifs; give "
				     "it vifpin's policy script (README.md, irqbalance)",
		[CAUSE_CPUSET] = "something moves the threads of vifs: a cpuset, or a person; "
				 "they are put back each time",
	};

	return texts[cause];
}

const char *drift_cause_name(enum drift_cause cause)
{
	static const char *const names[CAUSE_COUNT] = {
		[CAUSE_UNKNOWN] = "unknown",
		[CAUSE_CPU_OFFLINE] = "cpu-offline",
		[CAUSE_IRQBALANCE] = "irqbalance",
		[CAUSE_CPUSET] = "cpuset",
	};

	return names[cause];
}
