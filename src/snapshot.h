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
	bool connecting;       /* found before state 4: there may be more by now */
};

/* The names of an array's elements in strcmp()'s order, each with its index. */
struct names {
	struct name {
		const char *text;
		size_t i;
	} * v; /* owned */
	size_t n;
};

/* Zero-initialised it is one that reads what it needs when it is first asked. */
struct snapshot {
	char *text; /* /proc/interrupts, cut up */
	struct interrupts interrupts;
	pid_t *pids; /* kthreadd's children that have not been looked at, in its order */
	size_t n_pids;
	struct pidstat *threads; /* kernel threads that have */
	size_t n_threads;
	bool has_interrupts, has_pids;
	bool whole_proc; /* threads come from all of /proc, not from kthreadd's list */
	bool many;       /* set by who is going to look for many vifs: everything is read at
			  * once then, and sorted, for the time without is their number's square */
	struct names interrupts_by_name, threads_by_name;
};

/* Leaves one that reads again; `many` stays. */
void snapshot_free(struct snapshot *snapshot);

/* What is known of a vif's names before looking; "" for what is not. */
struct vif_names {
	const char *recorded; /* the ledger's: its interrupts had it once */
	const char *vifname;  /* xenstore's */
};

/*
 * Finds what a vif has, and in dev the name its parts bear. Not connected (no
 * interrupt) is 0 with empty parts, and dev is then the name they are going to
 * bear. Free with parts_free().
 *
 * Interrupts and threads bear the name that the netdev had when the frontend
 * connected. So the netdev's name of now is tried first, then the others, but no
 * name that is another netdev's now.
 *
 * Threads are read only once there is a vif with interrupts, and the youngest first
 * (kthreadd lists its children in the order of their creation, most often): those of a
 * vif that has just connected are found after a few. kthreadd's list may omit a live
 * thread while others exit: when a queue lacks one, all of /proc is looked through,
 * once. `connecting` is left to the caller. -errno with a sentence.
 */
int snapshot_find(struct snapshot *snapshot, const struct sysroot *root, struct vif_id id,
	struct vif_names names, char dev[DEV_NAME_SIZE], struct parts *out, struct err *err);
void parts_free(struct parts *parts);

/* -ENOMEM, *out untouched. */
int parts_copy(const struct parts *parts, struct parts *out);

/*
 * True when every queue has a tx and an rx interrupt (or the one for both), a
 * guest-rx and a dealloc thread. Else the sentence names the first that is not
 * there.
 */
bool parts_complete(const struct parts *parts, const char *dev, struct err *err);

/*
 * Finds the next part that is not there of those that queues 0 to n_queues - 1 should
 * have: in *missing its side, queue and name, interrupts by the names of split event
 * channels. *from is 0 before the first, and is not to be changed. False when there is
 * none left.
 */
bool parts_next_missing(const struct parts *parts, unsigned int n_queues, const char *dev,
	unsigned int *from, struct part *missing);

#endif
