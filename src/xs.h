// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xs.h - what xenstore says of vifs and their domains.
 *
 * The only user of libxenstore. Everything is read from the backend directory
 * and from /local/domain/D/{name,vm,cpu}, none of which a guest can write. The
 * frontend directory is the guest's word and is never read.
 *
 * Paths are relative where they can be: xenstored resolves them below the
 * directory of the domain that asks, so a driver domain needs nothing special.
 */
#ifndef VIFPIN_XS_H
#define VIFPIN_XS_H

#include "err.h"
#include "ledger.h"
#include "vifname.h"

#include <stdbool.h>
#include <stddef.h>

struct xs;

/* What a vif and its domain are. Texts that are not in xenstore are empty. */
struct xs_vif {
	struct vif_id id;
	bool leaving;            /* the toolstack takes it away: key `online` is 0 */
	bool unprobed;           /* state 1: netback has yet to say what it offers */
	bool connected;          /* state 4; the next two are then not read, and 0 */
	unsigned int max_queues; /* the backend's multi-queue-max-queues, 1 without */
	unsigned int vcpus;      /* the guest's online vCPUs, 0 when not known */
	char mac[MAC_SIZE];
	char vifname[DEV_NAME_SIZE];
	char uuid[UUID_SIZE];
	char *domain; /* the domain's name, owned */
};

/*
 * libxenstore waits for xenstored's answer without end, and nothing but an answer,
 * or xenstored's death, ends that. With patience, `late` is called when an answer
 * has not come for `seconds`, and every second from then on until it has. It is
 * called from another thread, while this one is still waiting.
 */
struct xs_patience {
	unsigned int seconds;
	void (*late)(void *data);
	void *data;
};

/*
 * Does xenstored answer within so many seconds? 0, or -ETIMEDOUT, or another -errno, with
 * a sentence. It is asked by a process of its own, which is ended when it has to wait
 * longer: for who wants to know, and not to wait.
 */
int xs_try(unsigned int seconds, struct err *err);

/* Connects; patience may be NULL, and must live as long as the process: a call of
 * `late` may still be on its way after the answer. -errno with a sentence. */
int xs_connect(struct xs **out, const struct xs_patience *patience, struct err *err);
void xs_disconnect(struct xs *xs);

/*
 * A descriptor on which poll() says POLLHUP when xenstored has died, which
 * xs_event_fd() never does; -1 when xenstored is reached through the kernel, which
 * does not tell.
 */
int xs_death_fd(struct xs *xs);

/* The domid of the domain vifpin runs in: key `domid`, 0 where there is none. */
unsigned int xs_own_domid(struct xs *xs);

/* Is the vif's backend directory there? 1 yes, 0 no, -errno when xenstored does not
 * answer. */
int xs_has_vif(struct xs *xs, struct vif_id id, struct err *err);

/* Reads all of struct xs_vif; -ENOENT when the backend directory is not there, or
 * goes meanwhile. Free with xs_vif_free(). */
int xs_read_vif(struct xs *xs, struct vif_id id, struct xs_vif *out, struct err *err);
void xs_vif_free(struct xs_vif *vif);

/*
 * All vifs this domain is the backend of, in no order; *ids is to be freed. One that
 * is just being made or removed may be among them and not be there for xs_has_vif().
 */
int xs_list_vifs(struct xs *xs, struct vif_id **ids, size_t *n, struct err *err);

/* The domid of the domain of this name; -ENOENT when there is none. */
int xs_find_domain(struct xs *xs, const char *name, unsigned int *domid, struct err *err);

/* Is there such a domain? */
bool xs_has_domain(struct xs *xs, unsigned int domid);

/* Watches all backend directories of vifs. One event comes at once. */
int xs_watch_vifs(struct xs *xs, struct err *err);

/* Readable when an event may be there. */
int xs_event_fd(struct xs *xs);

/*
 * Takes one event without waiting: 1 and where it points, 0 when there is none,
 * -errno when the connection is lost. Events are merged and may come without
 * cause: what is true now has to be read.
 */
int xs_next_event(struct xs *xs, enum vif_path *depth, struct vif_id *id, struct err *err);

#endif
