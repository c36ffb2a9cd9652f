// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * measure.h - reads the counters that measured load is computed from.
 *
 * Nothing is locked or changed. What cannot be read (a thread or CPU that goes meanwhile) is not
 * known in this reading, and no failure.
 */
#pragma once

#include "context.h"
#include "counters.h"
#include "err.h"
#include "ledger.h"
#include "measured_load.h"
#include "work.h"

/*
 * Reads the counters of every vif of the ledger that is pinned, or partly, and of all CPUs. The
 * targets of a vif that context->known has are not searched for again; what had to be searched for,
 * because it was not there or is another one now, is known to it afterwards. -errno with a
 * sentence; *out, to be freed, is set only on success.
 */
int measure_read(struct context *context, const struct ledger *ledger, struct counters *out,
	struct err *err);

/*
 * What the watcher has measured last, from its file in /run/vifpin. -ENOENT when there is none, or
 * one that is older than three intervals of the watcher's, or of another boot; -EBADMSG or another
 * -errno; with a sentence each time.
 */
int measure_read_kept(const struct context *context, struct work *out, struct err *err);

/* The same of what placing a side needs of it. Free with measured_load_free(). */
int measure_read_load(const struct context *context, struct measured_load *out, struct err *err);
