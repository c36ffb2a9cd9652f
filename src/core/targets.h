// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * targets.h - the affinity targets of a vif: its interrupts and its kernel threads.
 */
#pragma once

#include "err.h"
#include "place.h"
#include "vifname.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* One interrupt or one thread of a vif. */
struct target {
	enum target_kind kind;
	unsigned int queue;
	unsigned int irq;            /* interrupts */
	pid_t pid;                   /* threads */
	unsigned long long start;    /* threads: with the PID, who it is */
	char name[TARGET_NAME_SIZE]; /* action or thread name, whole but of one that is unsure */
	bool unsure; /* a thread of this vif, but kind and queue are a guess (cut_names.h) */

	/* Where the kernel has it, once affinity_read() has looked. */
	int cpu;       /* the only CPU of its mask; CPU_NONE: there are several */
	int delivered; /* interrupts: the CPU it is delivered to; CPU_NONE: not known */
	char *mask;    /* of several CPUs, as a list; owned, else NULL */
};

/* True for a thread, false for an interrupt. */
bool target_is_thread(const struct target *target);

/* Whose CPU it stands on: the rx interrupt and the guest-rx thread on the queue's rx CPU, all
 * others on its tx CPU. */
enum side target_side(const struct target *target);

struct targets {
	struct target *v; /* owned */
	size_t n;
	unsigned int n_queues; /* highest queue that has an interrupt, plus one */
	bool connecting;       /* found before state 4: there may be more by now */
	bool threaded; /* the netdev's NAPI ran in threads, just before these were looked for */
	bool crowded;  /* threads that are not there may be among those that another vif has too,
			* by their cut names (cut_names.h) */
};

void targets_free(struct targets *targets);

/*
 * True when every queue has a tx and an rx interrupt (or the one for both), a
 * guest-rx and a dealloc thread. Else the sentence names the first that is not
 * there, or tells that it cannot be told from others.
 */
bool targets_complete(const struct targets *targets, const char *dev, struct err *err);

/*
 * Finds the next target that is not there of those that queues 0 to n_queues - 1 should
 * have: in *missing its kind, queue and name, interrupts by the names of split event
 * channels. *from is 0 before the first, and is not to be changed. False when there is
 * none left.
 */
bool targets_next_missing(const struct targets *targets, unsigned int n_queues, const char *dev,
	unsigned int *from, struct target *missing);
