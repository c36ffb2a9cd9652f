// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * snapshot.h - which interrupts and threads the vifs of this host have now.
 *
 * One reading of /proc serves all vifs of a pass. Only what really is the
 * kernel's counts: event-channel interrupts, and threads made by kthreadd.
 */
#ifndef VIFPIN_SNAPSHOT_H
#define VIFPIN_SNAPSHOT_H

#include "err.h"
#include "interrupts.h"
#include "pidstat.h"
#include "sysroot.h"
#include "vifname.h"

#include <stdbool.h>

/* One interrupt or one thread of a vif. */
struct part {
	enum vif_side side;
	unsigned int queue;
	unsigned int irq;         /* interrupts */
	pid_t pid;                /* threads */
	unsigned long long start; /* threads: with the PID, who it is */
	char name[64];            /* action or thread name, whole */
};

/* True for the two sides that are threads. */
bool part_is_thread(const struct part *part);

/* True for what stands on the queue's rx CPU (the others stand on its tx CPU). */
bool part_is_rx(const struct part *part);

struct parts {
	struct part *v; /* owned */
	size_t n;
	unsigned int n_queues; /* highest queue that has an interrupt, plus one */
};

struct snapshot {
	char *text; /* /proc/interrupts, cut up */
	struct interrupts interrupts;
	struct pidstat *threads; /* kernel threads */
	size_t n_threads;
	bool whole_proc; /* threads come from all of /proc, not from kthreadd's list */
};

/* Reads /proc/interrupts and kthreadd's children. -errno with a sentence. */
int snapshot_take(const struct sysroot *root, struct snapshot *out, struct err *err);
void snapshot_free(struct snapshot *snapshot);

/*
 * Finds what the netdev `dev` has. No interrupt at all (not connected) is 0 with
 * an empty result. kthreadd's list may omit a live thread while others exit: when
 * a queue lacks one, all of /proc is looked through once. Free with parts_free().
 */
int snapshot_find(const struct sysroot *root, struct snapshot *snapshot, const char *dev,
	struct parts *out, struct err *err);
void parts_free(struct parts *parts);

/*
 * True when every queue has a tx and an rx interrupt (or the one for both), a
 * guest-rx and a dealloc thread. Else the sentence names the first that is not
 * there.
 */
bool parts_complete(const struct parts *parts, const char *dev, struct err *err);

#endif
