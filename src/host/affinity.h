// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * affinity.h - the CPU masks of interrupts and kernel threads.
 *
 * Every change is one write, checked, and read back. A number is not trusted to
 * be still what it was: an interrupt is checked by its action's directory
 * /proc/irq/N/<action>, a thread by its start time, before and after.
 *
 * Linux before 5.11 takes the mask of an event channel at once, but delivers one more to the CPU of
 * before and moves it then ("xen/events: Use immediate affinity setting" ended that). Until it
 * comes, effective_affinity_list has that CPU, which is not an error there: a frontend may be
 * silent for long.
 */
#pragma once

#include "cpuset.h"
#include "err.h"
#include "sysroot.h"
#include "targets.h"

#include <stdbool.h>

/*
 * Reads where the target is: its cpu, mask and delivered. A thread's mask may be without the CPUs
 * that are offline. -ESRCH when it is gone or its number is another's now, or another -errno, with
 * a sentence; the three are then as they were.
 */
int affinity_read(const struct sysroot *root, struct target *target, struct err *err);

/*
 * Is `cpu` the only CPU in the mask of the target's number? That takes a third of the system calls
 * of affinity_read(), and sets cpu and mask as that would, delivered to CPU_NONE: as long as nobody
 * writes a mask, the kernel delivers where it did. But whose number it is now is not asked: nothing
 * may be written for it. False, and nothing set, also where that cannot be told.
 */
bool affinity_stands_on(const struct sysroot *root, struct target *target, int cpu);

/*
 * Puts the target on exactly these CPUs and reads back. -errno with a sentence: -ESRCH as above,
 * -EBUSY when the kernel took the call and did something else (a thread's cpuset narrows its mask
 * silently).
 *
 * An interrupt is on one CPU when smp_affinity_list says so and effective_affinity_list, where
 * there is one, does too; on Linux before 5.11, when smp_affinity_list says so. With more CPUs the
 * kernel chooses among them, and only smp_affinity_list counts.
 */
int affinity_set(const struct sysroot *root, const struct target *target, const struct cpuset *cpus,
	struct err *err);

/*
 * What the kernel gives a new interrupt (/proc/irq/default_smp_affinity) or thread (kthreadd's own
 * mask): the masks that a vif gets back when it is unpinned.
 */
int affinity_default(const struct sysroot *root, const struct target *target, struct cpuset *out,
	struct err *err);
