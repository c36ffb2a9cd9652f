// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * counters.h - what the kernel has counted so far for vifs and CPUs: one reading.
 *
 * Counters only go up, but for those of what has gone and come again, which begin anew. Two
 * readings make a struct work (work.h).
 */
#pragma once

#include "place.h"
#include "vifname.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How long a thread has run. */
struct thread_counter {
	bool known;
	pid_t pid; /* with the start time, who it is: another one's time is not compared */
	unsigned long long start;
	unsigned long long ns; /* /proc/PID/schedstat; without that from the ticks of stat */
};

struct queue_counters {
	struct place place;                        /* where the ledger has it */
	struct thread_counter threads[SIDE_COUNT]; /* tx: dealloc, rx: guest-rx */
	struct thread_counter napi;                /* where NAPI is threaded: the rest of tx */
	bool has_interrupts;
	unsigned int irq;              /* the tx interrupt, or the one for both directions */
	unsigned long long interrupts; /* on all CPUs: /sys/kernel/irq/N/per_cpu_count */
};

/* A vif of the ledger that is pinned, or partly. */
struct vif_counters {
	struct vif_id id;
	char dev[DEV_NAME_SIZE];
	bool has_traffic;
	/* As netback names directions: a netdev's rx_packets are tx, what the guest has sent. */
	unsigned long long packets[SIDE_COUNT], bytes[SIDE_COUNT];
	struct queue_counters *queues; /* owned */
	unsigned int n_queues;
};

/* Since boot, in ns, by the ticks of /proc/stat. */
struct cpu_counters {
	bool known;                 /* it is online */
	unsigned long long softirq; /* what netback's tx work and NICs' work are part of */
	unsigned long long busy;    /* softirq and all else but idle, iowait and steal */
};

/* Zero-initialised it is empty. */
struct counters {
	int64_t at_ns;             /* CLOCK_MONOTONIC */
	struct vif_counters *vifs; /* sorted by id, owned */
	size_t n_vifs;
	struct cpu_counters *cpus;          /* [CPUSET_MAX], owned */
	uint64_t nics;                      /* which physical NICs: of others it is another value */
	unsigned long long nic_packets;     /* of all of them, both directions */
	unsigned long long *nic_interrupts; /* [CPUSET_MAX], of all of them on each CPU, owned */
};

void counters_free(struct counters *counters);
