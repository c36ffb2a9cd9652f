// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pass.h - bring ledger and kernel in line with xenstore: all that hook, watcher
 * and replay have in common.
 *
 *	pass_begin	lock and read the ledger
 *	pass_vif, pass_all, pass_release
 *			decide: only the ledger in memory changes
 *	pass_commit	write the ledger, then the kernel's masks, then the ledger
 *			again with what came of it
 *	pass_end	unlock; what was decided and not committed is forgotten
 *
 * From pass_begin to pass_end nobody else changes ledger or masks.
 */
#ifndef VIFPIN_PASS_H
#define VIFPIN_PASS_H

#include "config.h"
#include "err.h"
#include "ledger.h"
#include "snapshot.h"
#include "store.h"
#include "sysroot.h"
#include "xs.h"

#include <stdbool.h>

/* What a pass works on. */
struct host {
	struct sysroot root;
	struct config config;
	struct xs *xs; /* NULL until host_connect() */
};

/* Connects to xenstored, once. */
int host_connect(struct host *host, struct err *err);

enum event {
	EVENT_NONE, /* it was right already */
	EVENT_RESERVED,
	EVENT_PINNED,
	EVENT_PARTIAL,
	EVENT_RELEASED,
};

/* What a pass does, and did, for one vif. */
struct outcome {
	struct vif_id id;
	char *domain;       /* owned */
	bool release;       /* decided: out of the ledger */
	bool changed;       /* decided: the entry is new or its places are others */
	struct parts parts; /* what has to be pinned, or unpinned */
	enum event event;
	struct err why; /* EVENT_PARTIAL, and a release that left a mask: the reason */
};

struct pass {
	struct host *host;
	struct store store;
	struct ledger ledger;
	struct snapshot snapshot; /* taken when first needed */
	bool has_snapshot;
	struct outcome *outcomes;
	size_t n_outcomes;
	struct err rebuilt; /* "" or what was wrong with the ledger and where it is now */
};

/*
 * Locks and reads. A ledger of another boot becomes one of this boot without
 * vifs. One that cannot be read is moved aside and rebuilt: every vif in xenstore
 * gets an entry, at the places its masks show where they look like vifpin's own
 * work (rebuilt then has the sentence). -ENOTSUP for a later version.
 */
int pass_begin(struct pass *pass, struct host *host, struct err *err);

/*
 * Decides for one vif by what xenstore and the kernel show: a new entry, more or
 * fewer queues, or just that its parts have to be looked at. -ENOENT when xenstore
 * has no such vif; an entry that it may have is then released. A vif that the
 * toolstack is taking away gets no new entry.
 */
int pass_vif(struct pass *pass, struct vif_id id, struct err *err);

/* Releases every entry whose vif xenstore no longer has. */
int pass_drop_gone(struct pass *pass, struct err *err);

/* pass_drop_gone, and pass_vif for every vif that xenstore has. */
int pass_all(struct pass *pass, struct err *err);

/*
 * Decides to take a vif out of the ledger; one that is not there is none. With
 * `unpin`, whatever it has in the kernel gets the default masks back.
 */
int pass_release(struct pass *pass, struct vif_id id, bool unpin, struct err *err);

/* -errno when the ledger could not be written; then no mask was changed. What the
 * kernel refuses is no failure but EVENT_PARTIAL. */
int pass_commit(struct pass *pass, struct err *err);

void pass_end(struct pass *pass);

#endif
