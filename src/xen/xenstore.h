// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xenstore.h - what xenstore says of vifs and their domains.
 *
 * The only user of libxenstore. Everything is read from the backend directory
 * and from /local/domain/D/{name,vm,cpu}, none of which a guest can write. The
 * frontend directory is the guest's word and is never read.
 *
 * Paths are relative where they can be: xenstored resolves them below the
 * directory of the domain that asks, so a driver domain needs nothing special.
 */
#pragma once

#include "backend_state.h"
#include "err.h"
#include "vifname.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xenstore;

/*
 * Does xenstored answer within so many seconds? 0, or -ETIMEDOUT, or another -errno, with
 * a sentence. It is asked by a process of its own, which is ended when it has to wait
 * longer: for who wants to know, and not to wait.
 */
int xenstore_try(unsigned int seconds, struct err *err);

/*
 * Connects. -errno with a sentence.
 *
 * libxenstore waits for xenstored's answer without end, and nothing but an answer, or xenstored's
 * death, ends that. For who cannot wait so long, `owed_since` tells another thread since when an
 * answer is owed, in clock_ms() (0: none is), from this call on as long as the connection lives.
 * NULL: nobody looks.
 */
int xenstore_connect(struct xenstore **out, _Atomic int64_t *owed_since, struct err *err);
void xenstore_disconnect(struct xenstore *xenstore);

/*
 * A descriptor on which poll() says POLLHUP when xenstored has died, which
 * xenstore_event_fd() never does; -1 when xenstored is reached through the kernel, which
 * does not tell.
 */
int xenstore_death_fd(struct xenstore *xenstore);

/* The domid of the domain vifpin runs in: key `domid`, 0 where there is none. */
unsigned int xenstore_own_domid(struct xenstore *xenstore);

/* Is the vif's backend directory there? 1 yes, 0 no, -errno when xenstored does not
 * answer. */
int xenstore_has_vif(struct xenstore *xenstore, struct vif_id id, struct err *err);

/* Reads all of it; -ENOENT when the backend directory is not there, or
 * goes meanwhile. Free with backend_state_free(). */
int xenstore_read_backend(
	struct xenstore *xenstore, struct vif_id id, struct backend_state *out, struct err *err);
void backend_state_free(struct backend_state *vif);

/* The sentence for a vif that is not there, and -ENOENT. */
int xenstore_no_such_vif(struct vif_id id, struct err *err);

/* The domains that this one is the backend of a vif for, sorted; *domids is to be freed. */
int xenstore_list_domains(
	struct xenstore *xenstore, unsigned int **domids, size_t *n, struct err *err);

/*
 * The vifs this domain is the backend of, of one domain, or of all (NULL); *ids is to be freed. One
 * that is just being made or removed may be among them and not be there for xenstore_has_vif().
 */
int xenstore_list_vifs(struct xenstore *xenstore, const unsigned int *domid, struct vif_id **ids,
	size_t *n, struct err *err);

/* The domid of the domain of this name; -ENOENT when there is none. */
int xenstore_find_domain(struct xenstore *xenstore, const char *name, unsigned int *domid);

/* Is there such a domain? A driver domain may not read others' names: it knows only of those that
 * have a vif of it. */
bool xenstore_has_domain(struct xenstore *xenstore, unsigned int domid);

/* Watches all backend directories of vifs. One event comes at once. */
int xenstore_watch_vifs(struct xenstore *xenstore, struct err *err);

/* Readable when an event may be there. */
int xenstore_event_fd(struct xenstore *xenstore);

/*
 * Takes one event without waiting: 1 and where it points, 0 when there is none,
 * -errno when the connection is lost. Events are merged and may come without
 * cause: what is true now has to be read.
 */
int xenstore_next_event(
	struct xenstore *xenstore, enum vif_path *depth, struct vif_id *id, struct err *err);
