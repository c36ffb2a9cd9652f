// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ledger.h - all places of this host, as a struct and as JSON text.
 *
 * The places are stored, every sum is derived. docs/ledger.md describes the
 * text. Reading and writing the file is store.h's.
 */
#ifndef VIFPIN_LEDGER_H
#define VIFPIN_LEDGER_H

#include "err.h"
#include "plan.h"
#include "vifname.h"

#include <stddef.h>

#define LEDGER_VERSION 1
#define UUID_SIZE      37 /* with the end */
#define MAC_SIZE       18
#define REMEMBERED_MAX 1024

enum vif_state {
	VIF_RESERVED, /* no queue yet */
	VIF_PARTIAL,  /* some interrupts and threads are pinned */
	VIF_PINNED,   /* every interrupt and thread of every queue is */
};

/* "reserved", "partial", "pinned". */
const char *vif_state_name(enum vif_state state);

struct vif_entry {
	struct vif_id id;
	char *domain;         /* its name, owned, never NULL */
	char uuid[UUID_SIZE]; /* "" when unknown */
	char mac[MAC_SIZE];   /* "" when unknown */
	char dev[DEV_NAME_SIZE];
	enum vif_state state;
	struct place *places; /* one a queue, owned */
	unsigned int n_queues;
	unsigned int drift; /* how many interrupts and threads were put back so far */
	long long since;    /* when it came into the ledger, in seconds since 1970; or: */
};

#define SINCE_NEW     (-1)         /* it is not in the ledger's file yet: store_commit() sets it */
#define SINCE_UNKNOWN 0            /* written by a version that did not note it */
#define SINCE_MAX     253402300799 /* the last second of the year 9999 */

/* Where the vif of a domain that is gone, or of another boot, was. */
struct remembered {
	char uuid[UUID_SIZE];
	unsigned int devid;
	struct place *places;
	unsigned int n_queues;
};

struct ledger {
	char boot_id[UUID_SIZE];
	struct vif_entry *vifs; /* sorted by id */
	size_t n_vifs;
	struct remembered *remembered; /* oldest first, at most REMEMBERED_MAX */
	size_t n_remembered;
};

/* An empty ledger: all zeroes. Frees what the ledger owns and leaves it empty. */
void ledger_clear(struct ledger *ledger);

/*
 * Reads `text`. -ENOTSUP when it is of a later version, -EBADMSG when it is not
 * a ledger (not JSON, a field missing or of the wrong type or out of range, a
 * vif or queue twice, anything behind the end); the sentence is the reason only.
 * *out is set only on success. Fields not known here are ignored.
 */
int ledger_parse(const char *text, size_t len, struct ledger *out, struct err *err);

/*
 * Is this interrupt, by its action's name, one of a vif in this text of a ledger?
 * The text is taken to be as ledger_format() writes it and only its "dev" fields are
 * read: to read all of 1,000 vifs takes 30 ms.
 */
bool ledger_text_has_interrupt(const char *text, const char *action);

/* The ledger's text, to be freed, or NULL when memory is out. */
char *ledger_format(const struct ledger *ledger);

/* {"vifs": [...]} with the entries that `wanted` accepts (NULL: all); see ledger_format. */
char *ledger_format_vifs(const struct ledger *ledger,
	bool (*wanted)(const struct vif_entry *vif, const void *data), const void *data);

/* The entry, or NULL. The pointer holds until a vif is added or removed. */
struct vif_entry *ledger_find(const struct ledger *ledger, struct vif_id id);

/* A new entry without queues; NULL when memory is out. The vif must not be there yet. */
struct vif_entry *ledger_add(struct ledger *ledger, struct vif_id id);

/* Gives the vif these places, which become the ledger's; the old ones are freed. */
void ledger_set_places(struct vif_entry *vif, struct place *places, unsigned int n);

/* Sets the domain's name. -ENOMEM. */
int ledger_set_domain(struct vif_entry *vif, const char *name);

/* Removes the entry; its places are remembered when its domain's UUID is known. */
void ledger_release(struct ledger *ledger, struct vif_id id);

/*
 * Makes the ledger one of this boot: when boot_id differs from the ledger's,
 * every entry is released and the boot_id taken over.
 */
void ledger_enter_boot(struct ledger *ledger, const char *boot_id);

/* What is remembered of this domain's vif, or NULL. */
const struct remembered *ledger_recall(
	const struct ledger *ledger, const char *uuid, unsigned int devid);

/* Adds the vif's sides to the load of each CPU, load[CPUSET_MAX]. */
void ledger_add_load(const struct vif_entry *vif, unsigned int *load);

#endif
