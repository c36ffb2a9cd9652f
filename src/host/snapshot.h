// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * snapshot.h - which interrupts and threads the vifs of this host have now.
 *
 * One reading of /proc serves all vifs of a request. Only what really is the
 * kernel's counts: event-channel interrupts, and threads made by kthreadd.
 */
#pragma once

#include "err.h"
#include "sysroot.h"
#include "targets.h"
#include "vifname.h"

#include <stdbool.h>

/* Zero-initialised it is one that reads what it needs when it is first asked. */
struct snapshot {
	const struct sysroot *root;         /* of snapshot_find() */
	struct targets interrupts, threads; /* all that were read, without kind and queue */
	char *children;                     /* kthreadd's, as it lists them */
	size_t left; /* the length of that without those that have been looked at */
	bool has_interrupts, has_children;
	bool whole_proc;   /* threads come from all of /proc, not from kthreadd's list */
	const bool *taken; /* of SNAPSHOT_IRQS: numbers of interrupts that others have, set by who
			    * knows and looks for one vif; NULL: not known */
	bool many;         /* set by who is going to look for many vifs: everything is read at
			    * once then, and sorted, for the time without is their number's square */
};

/* Event channels have no more numbers (FIFO events, xen/include/public/event_channel.h). */
#define SNAPSHOT_IRQS 131072

/* Leaves one that reads again; `taken` and `many` stay. */
void snapshot_free(struct snapshot *snapshot);

/* What is known of a vif's names before looking; "" for what is not. */
struct vif_names {
	const char *recorded; /* the ledger's: its interrupts had it once */
	const char *vifname;  /* xenstore's */
	bool waiting;   /* the ledger says that it was not connected; xenstore, if asked, that it is
			   not */
	bool connected; /* xenstore says that netback has made all its queues */
};

/*
 * Finds what a vif has, and in dev the name its targets bear. Not connected (no
 * interrupt) is 0 with empty targets, and dev is then the name they are going to
 * bear. Free with targets_free(), in any case.
 *
 * Interrupts and threads bear the name that the netdev had when the frontend
 * connected. So the netdev's name of now is tried first, then the others, but no
 * name that is another netdev's now.
 *
 * netback gives a netdev its carrier as the last step of connecting (xenvif_carrier_on()). It
 * takes it away from a connected one too, whose guest reads too slowly: so only of one that is
 * `waiting` is no carrier taken for no queues, and /proc/interrupts not read.
 *
 * Who knows which numbers are taken does not need that file, the longest of a large host, most
 * often: netback makes the interrupts of a vif queue after queue, tx before rx, and each gets the
 * lowest number that is free (irq_alloc_descs(), kernel/irq/irqdesc.c). So they are looked for by
 * name, in this order, among numbers that are not taken, as many as the netdev's queues need, which
 * are all there once xenstore says that it is connected. The
 * file is read where not all are found so: numbers were freed meanwhile, the frontend has one
 * interrupt for both directions, or the netdev has been renamed.
 *
 * Threads are read only once there is a vif with interrupts, and the youngest first
 * (kthreadd lists its children in the order of their creation, most often): those of a
 * vif that has just connected are found after a few. kthreadd's list may omit a live
 * thread while others exit: when a queue lacks one, all of /proc is looked through,
 * once. Where names are cut (cut_names.h) all of kthreadd's children are read. So they are where
 * the netdev's NAPI is `threaded`: its threads bear the name that the netdev had when they were
 * made, which may be that of now. `connecting` is left to the caller. -errno with a sentence.
 */
int snapshot_find(struct snapshot *snapshot, const struct sysroot *root, struct vif_id id,
	struct vif_names names, char dev[DEV_NAME_SIZE], struct targets *out, struct err *err);

/* Does the NAPI of the vif's netdev run in threads? `dev` is the netdev's name, as far as it is
 * known. Threads may come or go at any time with it. */
bool snapshot_is_threaded(const struct sysroot *root, struct vif_id id, const char *dev);
