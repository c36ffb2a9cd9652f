// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pass.h - bring ledger and kernel in line with xenstore: all that hook, watcher
 * and replay have in common.
 *
 *	pass_init
 *	pass_see, pass_see_all, pass_list
 *			ask xenstore, which may take its time
 *	pass_begin	lock and read the ledger
 *	pass_settle, pass_release, pass_repin
 *			decide: only the ledger in memory changes
 *	pass_commit	write the ledger, then the kernel's masks, then the ledger
 *			again with what came of it
 *	pass_unlock	let the next one in; what came of it can still be read
 *	pass_end	what was decided and not committed is forgotten
 *
 * A pass that is `dry` takes no lock and is not committed: it only decides, and keeps
 * how.
 *
 * From pass_begin to pass_unlock nobody else changes ledger or masks, so whatever may
 * keep one waiting is done outside: xenstore is asked before, and the log is written
 * after. What is decided under the lock on xenstore's word alone is to release a vif,
 * and there it is asked again.
 */
#ifndef VIFPIN_PASS_H
#define VIFPIN_PASS_H

#include "config.h"
#include "drift.h"
#include "err.h"
#include "ledger.h"
#include "site.h"
#include "snapshot.h"
#include "store.h"
#include "sysroot.h"
#include "xs.h"

#include <stdbool.h>

/* Told before each vif how many of them have been done, and in the end that all have. */
typedef void progress_fn(const char *doing, size_t done, size_t all);

/* What a pass works on. */
struct host {
	struct sysroot root;
	struct config config;
	struct xs *xs;         /* NULL until host_connect() */
	bool dry;              /* passes only decide (-N) */
	progress_fn *progress; /* NULL: nobody waits */
};

/* Connects to xenstored, once, and without patience. */
int host_connect(struct host *host, struct err *err);

enum event {
	EVENT_NONE, /* it was right already */
	EVENT_RESERVED,
	EVENT_PINNED,
	EVENT_PARTIAL,
	EVENT_RELEASED,
	EVENT_MOVED, /* one queue, to another place */
};

/* A vif as xenstore had it. */
struct sight {
	bool present;      /* false: it was not there, and only vif.id is set */
	struct xs_vif vif; /* owned */
};

/* What a pass does, and did, for one vif. */
struct outcome {
	struct vif_id id;
	char *domain;            /* owned */
	bool release;            /* decided: out of the ledger */
	bool changed;            /* decided: the entry is new or its places are others */
	bool move;               /* decided: a queue goes to another place */
	unsigned int queue;      /* which */
	bool alone;              /* the configuration says pin=0 */
	struct plan_steps steps; /* a dry pass: how new sides were placed */
	struct parts parts;      /* what has to be pinned, or unpinned */
	struct drift_note drift;
	enum event event;
	struct err why; /* EVENT_PARTIAL, and a release that left a mask: the reason */
};

struct pass {
	struct host *host;
	bool dry;
	struct site site;
	struct sight *sights;
	size_t n_sights;
	struct vif_id *listed; /* sorted */
	size_t n_listed;
	bool has_list;
	struct store store;
	struct ledger ledger;
	struct snapshot snapshot;
	struct outcome *outcomes;
	size_t n_outcomes, n_committed;
	struct err rebuilt; /* "" or what was wrong with the ledger and where it is now */
};

/* Reads the ledger, without its lock, for who only looks. -errno with a sentence. */
int pass_peek(const struct sysroot *root, struct ledger *ledger, struct err *err);

void pass_init(struct pass *pass, struct host *host);

/* Reads one vif from xenstore. -ENOENT with a sentence when it has no such vif, which
 * pass_settle() acts upon. */
int pass_see(struct pass *pass, struct vif_id id, struct err *err);

/* Only which vifs there are: pass_settle() then releases all others. */
int pass_list(struct pass *pass, struct err *err);

/* pass_list(), and pass_see() for each. */
int pass_see_all(struct pass *pass, struct err *err);

/*
 * Locks and reads. A ledger of another boot becomes one of this boot without
 * vifs. One that cannot be read is moved aside and rebuilt: every vif in xenstore
 * gets an entry, at the places its masks show where they look like vifpin's own
 * work (rebuilt then has the sentence); a dry pass ends there with -EBADMSG. -ENOTSUP for a
 * later version.
 */
int pass_begin(struct pass *pass, struct err *err);

/*
 * Decides for every vif that was seen, by what xenstore said and the kernel shows: a
 * new entry, more or fewer queues, or just that its parts have to be looked at. An
 * entry whose vif is not there is released. A vif that the toolstack is taking away,
 * or that netback has not probed yet, gets no new entry; one that the configuration
 * leaves alone is unpinned, if it has an entry. One that fails does not keep the others
 * from being decided.
 */
int pass_settle(struct pass *pass, struct err *err);

/* Decides to take a vif out of the ledger; one that is not there is none. With
 * `unpin`, whatever it has in the kernel gets the default masks back. */
int pass_release(struct pass *pass, struct vif_id id, bool unpin, struct err *err);

/*
 * Decides to put back what has drifted of an entry's parts, which are known; without
 * xenstore. Sides whose CPU is offline get another.
 */
int pass_repin(struct pass *pass, struct vif_id id, const struct parts *parts,
	const struct drift_note *drift, struct err *err);

/* Decides that a queue goes to another place, unless it does not stand at `from` any
 * more: 1, or 0 then. -errno with a sentence. */
int pass_move(struct pass *pass, struct vif_id id, unsigned int queue, struct place from,
	struct place to, struct err *err);

/*
 * Does what was decided since the last commit. -errno when the ledger could not be
 * written; then no mask was changed. What the kernel refuses is no failure but
 * EVENT_PARTIAL.
 */
int pass_commit(struct pass *pass, struct err *err);

void pass_unlock(struct pass *pass);

/* At any time after pass_init(), and as if after it. */
void pass_end(struct pass *pass);

/*
 * For rebuild.h: the vif's entry with what xenstore says of it and the name its
 * parts bear; a new one where there is none. NULL when memory is out.
 */
struct vif_entry *pass_describe(struct pass *pass, const struct xs_vif *vif, const char *dev);

#endif
