// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * procstat.h - what /proc/stat says of the CPUs.
 *
 * A line is "cpuN user nice system idle iowait irq softirq steal guest guest_nice" (show_stat,
 * fs/proc/stat.c), in ticks since boot, of each CPU that is online. guest is part of user, and
 * guest_nice of nice.
 */
#pragma once

#include "counters.h"

/*
 * Sets in cpus[CPUSET_MAX] those that the text has lines of; all others are not known.
 * ticks_per_second is USER_HZ. -EINVAL when there is no such line, with none of cpus known.
 */
int procstat_parse(const char *text, unsigned int ticks_per_second, struct cpu_counters *cpus);
