// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gather.h - reads what a decision looks at, into a world: first from xenstore, which may take its
 * time, then, with the ledger locked, from the kernel. Nothing else of the engine reads either, but
 * for doctor's facts, and for a hint who has moved something.
 */
#pragma once

#include "context.h"
#include "drift.h"
#include "err.h"
#include "ledger.h"
#include "request.h"
#include "snapshot.h"
#include "world.h"

/*
 * Asks xenstore for the vifs that the request is about; with `all`, for every vif it has. To be
 * called without the ledger's lock. -errno with a sentence.
 */
int gather_backends(struct context *context, const struct request *request, struct world *world,
	struct err *err);

/* The same for every vif there is, whatever the request is about: for a ledger that is made anew.
 */
int gather_all_backends(struct context *context, struct world *world, struct err *err);

/*
 * Reads what the kernel has of these vifs, or, to repair, of those in the ledger; and of the CPUs,
 * and of what has been measured of them, if a side may have to be placed. To be called with the
 * ledger locked. Of xenstore it asks one
 * thing only: whether a vif whose entry is going to be released is really not there, for it may
 * have come since. To repair, what is in context->known is not searched for again, and is taken
 * from there. -errno with a sentence.
 */
int gather_kernel(struct context *context, const struct request *request,
	const struct ledger *ledger, struct world *world, struct err *err);

/* Reads all there is to know of the CPUs. -errno with a sentence. Free with inventory_free(). */
int gather_inventory(const struct context *context, struct inventory *inventory, struct err *err);

/* The same, and what is near the guest of each entry: all that world_rules() needs. */
int gather_rules(const struct context *context, const struct ledger *ledger, struct world *world,
	struct err *err);

/* Where CPUs and nodes lie, or why that is not known. Free with topology_free(). */
void gather_topology(const struct sysroot *root, struct topology *topology);

/*
 * Finds an entry's targets, reads their masks, and compares them with the entry: drift_compare().
 * One that goes or comes meanwhile (the frontend has gone, or connects anew) is no difference, so
 * it is looked at again; -ESRCH if it never settles, or another -errno, with a sentence. Free both
 * with differences_free() and targets_free(), in any case.
 */
int gather_differences(const struct sysroot *root, struct snapshot *snapshot,
	const struct vif_entry *vif, struct targets *targets, struct differences *out,
	struct err *err);
