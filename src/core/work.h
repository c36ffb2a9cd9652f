// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * work.h - what the sides of vifs really cost, and what CPUs are busy with: measured load.
 *
 * Measured is what a thread has run: guest-rx for rx, dealloc for tx. The rest of tx is NAPI's, in
 * softirq, which the kernel counts for a CPU as a whole: it is apportioned, to the tx sides that
 * stand there by their packets (a vif's are shared out among its queues by their interrupts), and
 * to physical NICs by their packets and the share of their interrupts that this CPU has taken.
 *
 * Where NAPI is threaded, its thread is the queue's, what it has run is measured too, and nothing
 * of softirq is that queue's. While that changes, the queue is unknown.
 *
 * A share is either whole or WORK_UNKNOWN: one of tx of which the dealloc thread's part is known
 * and that of softirq is not would look like that of an idle queue. And what weighs on a CPU must
 * be known of all or of none: where the packets of a vif or of the NICs are not known, or a vif or
 * queue has come, gone or moved meanwhile, every tx side on that CPU is unknown in that sample, for
 * the others would get its share. A CPU on which nothing weighs, for there were no packets, has
 * nothing apportioned: its softirq is other work's.
 */
#pragma once

#include "counters.h"
#include "err.h"
#include "place.h"
#include "vifname.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Shares are in millionths of one CPU's time. */
#define WORK_WHOLE   1000000
#define WORK_UNKNOWN (-1)

struct queue_work {
	int share[SIDE_COUNT];   /* or WORK_UNKNOWN */
	unsigned int interrupts; /* a second, of tx */
};

struct vif_work {
	struct vif_id id;
	unsigned int packets[SIDE_COUNT];     /* a second */
	unsigned long long bytes[SIDE_COUNT]; /* a second */
	struct queue_work *queues;            /* owned */
	unsigned int n_queues;
};

/* All WORK_UNKNOWN for a CPU that is offline, or was at one of the readings. */
struct cpu_work {
	int busy;    /* all but idle, iowait and steal; no less than `sides`: a kernel that counts
		      * by the tick misses what runs between two */
	int softirq; /* of that; this of it is NICs', as far as apportioned: */
	int nic;     /* or WORK_UNKNOWN */
	int sides; /* of busy: what the sides that stand here cost together; WORK_UNKNOWN when that
		    * of one is */
};

/* Zero-initialised it is empty. */
struct work {
	int64_t at_ns;         /* CLOCK_MONOTONIC, of the later reading */
	int64_t ns;            /* between the two, or over how long it is smoothed */
	struct vif_work *vifs; /* sorted by id, owned */
	size_t n_vifs;
	struct cpu_work *cpus; /* [CPUSET_MAX], owned; NULL: empty */
};

void work_free(struct work *work);

/*
 * What was done between two readings. A counter that is not in both, that is of another thread or
 * interrupt, or that has fallen is WORK_UNKNOWN for its side (0 where unsigned): it costs a sample,
 * never a wrong figure. Queues that have changed their place in between are unknown too. The
 * packets of a vif are shared out evenly among its queues where their interrupts are not known, or
 * none has come. Vifs of `before` only are not in *out. -EINVAL when no time has passed, -ENOMEM;
 * *out is set only on success.
 */
int work_between(const struct counters *before, const struct counters *after, struct work *out);

/*
 * Brings what is kept up to date with newer work: a mean in which all that is kept counts as much
 * as the work of `as_ns`. What is unknown in one of them is taken from the other, as are the rates
 * of a vif of which no share is known; what a CPU is busy with besides its sides is taken to be as
 * before where theirs is not known; vifs and queues that are not in the newer one are forgotten.
 * kept->ns is how long it has been kept in all. -ENOMEM, with *kept as it was.
 */
int work_smooth(struct work *kept, const struct work *newer, int64_t as_ns);

/* The vif, or NULL; a side's share, WORK_UNKNOWN for what is not there. */
const struct vif_work *work_find(const struct work *work, struct vif_id id);
int work_share(const struct work *work, struct vif_id id, unsigned int queue, enum side side);

/* What a CPU carries, in percent of its time and rounded to a tenth: "14.5". */
void work_format_share(long long share, char *buf, size_t size);
