// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * interrupts.h - the event-channel interrupts in the text of /proc/interrupts, and how often
 * interrupts have come.
 *
 * A line is "NUMBER: COUNT... CHIP TYPE ACTION" (show_interrupts,
 * kernel/irq/proc.c), with a COUNT for each CPU that was online when that line
 * was printed: CPU hotplug can change their number from one line to the next, so
 * counts are told from what follows by being digits only.
 *
 * An event channel's chip is xen-dyn or xen-dyn-lateeoi and its type "event"
 * (drivers/xen/events/events_base.c); kernels before 4.11 print
 * "xen-dyn-event", later ones "xen-dyn    -event", and those with
 * CONFIG_GENERIC_IRQ_SHOW_LEVEL (arm) "xen-dyn     Edge    -event".
 */
#pragma once

#include "cpuset.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Calls `each` with every event-channel interrupt in `text` and its action, which has `len` bytes
 * and no blank at either end, until it returns other than 0, which is then returned. Lines of other
 * chips, and summary lines such as "NMI:", are passed over. The text may be a piece, of whole
 * lines.
 */
int interrupts_parse(const char *text,
	int (*each)(unsigned int irq, const char *action, size_t len, void *data), void *data);

/* Does the text begin with the header of CPU names, as the whole one has to? */
bool interrupts_has_header(const char *text);

/*
 * Adds to counts[CPUSET_MAX] how often each CPU has taken any of these interrupts
 * (irqs[], n of them, sorted), by `text`. A count's column is that of a CPU in the
 * header, whose numbers have gaps where CPUs are offline; a line with another number
 * of counts than the header has CPUs was printed while that changed, and is passed
 * over. -EINVAL without a header.
 */
int interrupts_add_counts(
	const char *text, const unsigned int *irqs, size_t n, unsigned long long *counts);

/*
 * Adds how often each CPU has taken one interrupt, by the text of its
 * /sys/kernel/irq/N/per_cpu_count: "COUNT,COUNT...", of every CPU that is possible, from 0 on
 * (per_cpu_count_show, kernel/irq/irqdesc.c). A text without its final newline has been cut where a
 * page ends, and is none. -EINVAL, with nothing added.
 */
int interrupts_add_per_cpu(const char *text, unsigned long long *counts);

/* Sets *sum to how often all CPUs together have. */
int interrupts_sum_per_cpu(const char *text, unsigned long long *sum);
