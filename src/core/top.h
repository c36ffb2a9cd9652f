// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * top.h - what `vifpin top` shows: vifs or their queues by what they cost, CPUs by what fills them.
 */
#pragma once

#include "counters.h"
#include "ledger.h"
#include "work.h"

#include <stdbool.h>
#include <stddef.h>

/* What comes first: the most loaded, the one with the most packets (of queues, interrupts), or the
 * lowest number. */
enum top_order { TOP_BY_SHARE, TOP_BY_PACKETS, TOP_BY_VIF };

/* A vif, or one of its queues. */
struct top_row {
	const struct vif_entry *vif; /* the ledger's */
	unsigned int queue;          /* of a row for a queue */
	int share[SIDE_COUNT];       /* in millionths of one CPU's time, which several queues may
				      * exceed; WORK_UNKNOWN when it is of any of them */
	bool measured;               /* the rest is known: */
	unsigned int packets[SIDE_COUNT];     /* a second; of the vif */
	unsigned long long bytes[SIDE_COUNT]; /* a second; of the vif */
	unsigned int interrupts;              /* a second, of tx; of its queues together */
};

struct top_cpu {
	unsigned int cpu;
	struct cpu_work work; /* all WORK_UNKNOWN for one that is not measured yet */
};

/* Zero-initialised it is empty. Its rows hold as long as the ledger. */
struct top {
	struct top_row *rows; /* owned */
	size_t n_rows;
	struct top_cpu *cpus; /* those that are online, owned */
	size_t n_cpus;
	size_t n_vifs, n_queues; /* that are pinned, or partly */
};

void top_free(struct top *top);

/*
 * The vifs of the ledger that are pinned, or partly, or with `queues` their queues, and the CPUs of
 * the latest reading, by the work up to it (empty: there is no earlier one). Equals are in the
 * order of their numbers. -ENOMEM.
 */
int top_list(const struct ledger *ledger, const struct counters *latest, const struct work *work,
	bool queues, enum top_order order, struct top *out);

/*
 * How many of so many lines are for the rows of CPUs, where the others are for `rows` other rows:
 * whatever one does not need is the other's, and where both need more, each gets half.
 */
size_t top_split(size_t lines, size_t cpus, size_t rows);
