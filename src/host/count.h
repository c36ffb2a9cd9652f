// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * count.h - reads the kernel's counters of vifs, CPUs and physical NICs (counters.h).
 *
 * A figure counts only if it is its target's: after it was read, an interrupt's action must still
 * have its directory /proc/irq/N/<action>, and a thread its start time. What cannot be read is not
 * known.
 */
#pragma once

#include "counters.h"
#include "sysroot.h"
#include "targets.h"

#include <stdbool.h>

/* Those of all CPUs and of the NICs, and the time before. -ENOMEM, or -errno when the CPUs' cannot
 * be read; free *out in any case. */
int count_cpus(const struct sysroot *root, struct counters *out);

/*
 * Those of a vif whose `id` and queues, with their places, are there, and whose `dev` is the
 * netdev's name, as far as it is known. False when one of the targets was gone.
 */
bool count_vif(const struct sysroot *root, const struct targets *targets, struct vif_counters *vif);
