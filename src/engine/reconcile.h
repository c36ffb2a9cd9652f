// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reconcile.h - the one way from a request to ledger and masks:
 *
 *	gather what xenstore says
 *	lock and read the ledger
 *	gather what the kernel says
 *	decide
 *	apply
 *	unlock
 *
 * While the ledger is locked nobody else changes ledger or masks, so whatever may keep one waiting
 *is done outside: xenstore is asked before (but for what gather_kernel() says), and the caller logs
 *after.
 *
 * In a dry context it takes no lock, and ends with what was decided.
 */
#pragma once

#include "apply.h"
#include "changes.h"
#include "context.h"
#include "drift.h"
#include "err.h"
#include "ledger.h"
#include "request.h"
#include "world.h"

/* What was found, decided and done. Zero-initialised, or after a failure, it is what came of it so
 * far. */
struct reconciled {
	struct world world;
	struct ledger ledger; /* as it is now */
	struct changes changes;
	struct result *results; /* one a change, owned; NULL: nothing was applied */
	struct err set_aside;   /* what was wrong with the ledger and where it is now, or "" */
	enum drift_cause cause; /* who probably moved what has drifted, if anything has */
};

/*
 * A ledger of another boot becomes one of this boot without vifs. One that cannot be read is set
 * aside and made anew from every vif that xenstore has; in a dry context, for REQUEST_REPAIR, which
 * does not ask xenstore, and where xenstore cannot be reached, it stays, and that is a failure
 * (-EBADMSG). -ENOTSUP for a ledger of a later version. -errno with a sentence. A vif that could
 * not be placed, or that the kernel refused, is no failure: its change or result says so.
 *
 * Where neither ledger nor xenstore has a vif then, context->idle_lock is closed and set to -1
 * while the ledger is still locked; watcher_lock.h says why. Free *out with reconciled_free(), in
 * any case.
 */
int reconcile(struct context *context, const struct request *request, struct reconciled *out,
	struct err *err);

void reconciled_free(struct reconciled *reconciled);

/* Reads the ledger, without its lock, for who only looks. -errno with a sentence. */
int reconcile_peek(const struct sysroot *root, struct ledger *ledger, struct err *err);
