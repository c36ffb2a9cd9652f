// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * affinity.h - the CPU masks of interrupts and kernel threads.
 *
 * Every change is one write, checked, and read back. A number is not trusted to
 * be still what it was: an interrupt is checked by its action's directory
 * /proc/irq/N/<action>, a thread by its start time, before and after.
 */
#ifndef VIFPIN_AFFINITY_H
#define VIFPIN_AFFINITY_H

#include "cpuset.h"
#include "err.h"
#include "snapshot.h"
#include "sysroot.h"

#include <stdbool.h>

/*
 * Puts an interrupt or thread on exactly these CPUs, unless it is there, and reads
 * back: 1 put, 0 it was there, or -errno with a sentence: -ESRCH when it is gone or its
 * number is another's now, -EBUSY when the kernel took the call and did something else
 * (a thread's cpuset narrows its mask silently).
 *
 * An interrupt is on one CPU when smp_affinity_list says so and
 * effective_affinity_list, where there is one, does too. With more CPUs the kernel
 * chooses among them, and only smp_affinity_list counts.
 */
int affinity_put(const struct sysroot *root, const struct part *part, const struct cpuset *cpus,
	struct err *err);

/*
 * What the kernel gives a new interrupt (/proc/irq/default_smp_affinity) or
 * thread (kthreadd's own mask): the masks that a vif gets back when it is
 * unpinned.
 */
int affinity_default(
	const struct sysroot *root, const struct part *part, struct cpuset *out, struct err *err);

/* The mask it has now; a thread's may be without the CPUs that are offline. */
int affinity_get(
	const struct sysroot *root, const struct part *part, struct cpuset *out, struct err *err);

/*
 * Where an interrupt is delivered (effective_affinity_list). False, *out
 * untouched, for a thread, and where the kernel has no such file.
 */
bool affinity_effective(const struct sysroot *root, const struct part *part, struct cpuset *out);

#endif
