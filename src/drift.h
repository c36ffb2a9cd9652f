// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drift.h - the ledger against the kernel: what stands elsewhere than it should.
 *
 * Only looks. Who finds drift has a pass put it back.
 */
#ifndef VIFPIN_DRIFT_H
#define VIFPIN_DRIFT_H

#include "cpuset.h"
#include "err.h"
#include "ledger.h"
#include "snapshot.h"
#include "sysroot.h"

#include <stdbool.h>

/* One part that is not where its place is. */
struct drift {
	const struct part *part;
	unsigned int cpu;   /* where it should be */
	struct cpuset now;  /* where it is; of an interrupt whose mask is right: where it
			     * is delivered */
	bool delivery_only; /* smp_affinity_list is right, effective_affinity_list is not */
};

typedef void drift_fn(const struct drift *drift, void *data);

/*
 * Hands each of a vif's parts that is elsewhere to `each`. Returns their number, or
 * -ESRCH when a part is gone (the frontend has gone, or connected anew: the parts
 * have to be found again), or another -errno, each with a sentence.
 */
int drift_compare(const struct sysroot *root, const struct vif_entry *vif,
	const struct parts *parts, drift_fn *each, void *data, struct err *err);

/* What is to be said of a vif that has drifted. */
struct drift_note {
	unsigned int count; /* parts; 0: no drift */
	struct part first;
	unsigned int first_cpu; /* where the first should have been */
};

/* Who probably did it. */
enum drift_cause {
	CAUSE_UNKNOWN,
	CAUSE_CPU_OFFLINE, /* the CPU of the place is not online (any more) */
	CAUSE_IRQBALANCE,  /* an interrupt, and a process of that name runs */
	CAUSE_CPUSET,      /* a thread, moved among the CPUs that are online */
	CAUSE_COUNT
};

/*
 * Looks at CPUs and processes as they are now. A process is told by its name, which
 * is anybody's word: good enough for a hint, and used for nothing else.
 */
enum drift_cause drift_cause(const struct sysroot *root, const struct drift_note *note);

/* A sentence for people: what it is, and what to do. */
const char *drift_cause_text(enum drift_cause cause);

/* "unknown", "cpu-offline", "irqbalance", "cpuset": for the log. */
const char *drift_cause_name(enum drift_cause cause);

#endif
