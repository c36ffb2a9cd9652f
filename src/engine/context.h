// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * context.h - what the engine works on: a host, its configuration, a connection to xenstored, and
 * what it knows from before.
 */
#pragma once

#include "config.h"
#include "err.h"
#include "sysroot.h"
#include "world.h"
#include "xenstore.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Called before each piece of long work, and with done == all after the last. */
typedef void progress_fn(const char *doing, size_t done, size_t all);

struct context {
	struct sysroot root;
	struct config config;
	struct xenstore *xenstore;   /* NULL until context_connect() */
	_Atomic int64_t *owed_since; /* xenstore_connect()'s; NULL: nobody looks */
	bool dry;                    /* decide only (-N) */
	progress_fn *progress;       /* NULL: nobody waits */
	struct world known;          /* the targets of each vif as they were last found */
	int *idle_lock;              /* reconcile() says what for; NULL: there is none */
};

/* Frees what it holds, but for root. */
void context_free(struct context *context);

/* Connects to xenstored, once. -errno with a sentence. */
int context_connect(struct context *context, struct err *err);

void context_progress(const struct context *context, const char *doing, size_t done, size_t all);
