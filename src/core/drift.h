// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drift.h - the ledger against the kernel: what stands elsewhere than it should.
 *
 * The one comparison there is: `verify` prints what it finds, every request writes the masks that
 * it finds wrong, and the watcher counts what has moved since it was pinned.
 */
#pragma once

#include "cpuset.h"
#include "ledger.h"
#include "targets.h"

#include <stdbool.h>
#include <stddef.h>

enum difference_kind {
	DIFFERENCE_INTERRUPT, /* its mask */
	DIFFERENCE_THREAD,    /* its mask */
	DIFFERENCE_DELIVERY,  /* its mask is right, but it is delivered elsewhere */
	DIFFERENCE_MISSING,   /* it is not there */
	DIFFERENCE_QUEUES,    /* there are more of them, or fewer */
	DIFFERENCE_AMBIGUOUS, /* a thread that by its cut name cannot be told from others: of the
			       * vif, or with no target, of several vifs (cut_names.h) */
};
#define DIFFERENCE_KINDS (DIFFERENCE_AMBIGUOUS + 1)

/* "interrupt", "thread", "delivery", "missing", "queues", "ambiguous". */
const char *difference_name(enum difference_kind kind);

struct difference {
	enum difference_kind kind;
	char name[TARGET_NAME_SIZE]; /* of the target; QUEUES: of the netdev */
	const struct target *target; /* one of those compared; NULL for one that is not among them,
				      * and QUEUES */
	unsigned int should;         /* the CPU in the ledger; QUEUES: how many queues */
	int is;                      /* where the kernel has it; CPU_NONE: on several CPUs, or
				      * nowhere; QUEUES: how many queues there are */
};

struct differences {
	struct difference *v; /* owned */
	size_t n;
};

void differences_free(struct differences *differences);

/* What the kernel has: CPUs as a list, or how many queues; "" for what is missing. */
void difference_format_is(const struct difference *difference, char *buf, size_t size);

/* True when it is a matter of writing a mask: what the kernel has, and where the place is, is
 * known. */
bool difference_is_mask(const struct difference *difference);

/*
 * Compares a vif's entry with its targets, whose masks have been read; `dev` is the name they bear.
 * First what is missing, then the number of queues, then, in the targets' order, masks and threads
 * that cannot be told apart: those are on the CPU that is theirs if the guess is right, or differ
 * by their mask too. Targets
 * of queues that the entry does not have are no difference of their own. A vif without queues,
 * which is not connected, differs in nothing. -ENOMEM; *out is empty then.
 */
int drift_compare(const struct vif_entry *vif, const char *dev, const struct targets *targets,
	struct differences *out);

/* Who probably moved a target. */
enum drift_cause {
	CAUSE_UNKNOWN,
	CAUSE_CPU_OFFLINE, /* the CPU of the place is not online (any more) */
	CAUSE_IRQBALANCE,  /* an interrupt, and irqbalance runs */
	CAUSE_CPUSET,      /* a thread, moved among the CPUs that are online */
	CAUSE_COUNT
};

/* A thread, or an interrupt, has moved from that CPU. */
enum drift_cause drift_cause(
	bool is_thread, unsigned int cpu, const struct cpuset *online, bool irqbalance_runs);

/* "unknown", "cpu-offline", "irqbalance", "cpuset": for the log. */
const char *drift_cause_name(enum drift_cause cause);

/* A sentence for people: what it is, and what to do. */
const char *drift_cause_text(enum drift_cause cause);
