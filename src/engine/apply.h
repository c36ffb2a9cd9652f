// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * apply.h - does what was decided: the ledger's file first, then the kernel's masks, then the file
 * again with what came of it. Nothing else of the engine writes either.
 */
#pragma once

#include "changes.h"
#include "context.h"
#include "err.h"
#include "ledger.h"
#include "ledger_file.h"

enum event {
	EVENT_NONE, /* it was right already, or could not be placed */
	EVENT_RESERVED,
	EVENT_PINNED,
	EVENT_PARTIAL,
	EVENT_MOVED,    /* queues, to other places */
	EVENT_RELEASED, /* and nothing came in its place */
};

/* What came of a change. */
struct result {
	enum event event;
	size_t restored; /* targets that have the kernel's default masks again */
	struct err why;  /* EVENT_PARTIAL, and a release that left a mask: the reason; else "" */
};

/*
 * *results gets an element for each change, to be freed, even after a failure. -errno when the
 * ledger could not be written; if that was at once, no mask was changed. What the kernel refuses is
 * no failure but EVENT_PARTIAL. The states in the ledger are brought up to date.
 */
int apply(const struct context *context, struct ledger_file *file, struct ledger *ledger,
	const struct changes *changes, struct result **results, struct err *err);
