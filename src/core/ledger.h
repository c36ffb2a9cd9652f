// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ledger.h - all places of this host, as a struct and as JSON text.
 *
 * The places are stored, every sum is derived. docs/ledger.md describes the
 * text. Reading and writing the file is ledger_file.h's.
 */
#pragma once

#include "cpuset.h"
#include "err.h"
#include "place.h"
#include "vifname.h"

#include <stddef.h>

#define LEDGER_VERSION 1
#define UUID_SIZE      37 /* with the end */
#define MAC_SIZE       18
#define REMEMBERED_MAX 1024
/* Bytes of text: 5,900 vifs of eight queues. To parse as much of the worst takes json-c 1 GB. */
#define LEDGER_TEXT_MAX (4 << 20)

enum vif_state {
	VIF_RESERVED, /* no queue yet */
	VIF_PARTIAL,  /* some interrupts and threads are pinned */
	VIF_PINNED,   /* every interrupt and thread of every queue is */
};

/* "reserved", "partial", "pinned". */
const char *vif_state_name(enum vif_state state);

/* Where in the text that it was read from an element has its line, which says just the same
 * (ledger_lines.h); all zeroes: nowhere. */
struct ledger_line {
	unsigned int at, len; /* without what is between it and the next one */
};

struct vif_entry {
	struct vif_id id;
	struct ledger_line line;
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

#define SINCE_NEW     (-1)         /* it is not in the ledger's file yet: set when it is written */
#define SINCE_UNKNOWN 0            /* written by a version that did not note it */
#define SINCE_MAX     253402300799 /* the last second of the year 9999 */

/* Where the vif of a domain that is gone, or of another boot, was. */
struct remembered {
	struct ledger_line line;
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
 * a ledger (longer than LEDGER_TEXT_MAX, not JSON, a field missing, of the wrong type or out of
 * range, a vif or queue that appears twice, anything after the end); the sentence is the reason
 * only. *out is set only on success. Fields not known here are ignored. Names may be written in
 * UTF-8 or escaped; bytes that are not UTF-8 are read as U+FFFD.
 */
int ledger_parse(const char *text, size_t len, struct ledger *out, struct err *err);

/* The same by json-c alone, whatever form the text has and up to any length: for ledger_parse(),
 * and for tests of what reads faster (ledger_lines.h). */
int ledger_parse_json(const char *text, size_t len, struct ledger *out, struct err *err);

/*
 * Is this interrupt, by its action's name, one of a vif in this text of a ledger?
 * The text may be formatted in any way, but is taken to be JSON: only its "dev" fields are
 * read, since the answer is wanted at once, and for every interrupt. A name that is not whole,
 * or that no netdev can have, is nobody's.
 */
bool ledger_text_has_interrupt(const char *text, const char *action);

/*
 * The ledger's text, to be freed, or NULL when memory is out. It is valid JSON in plain ASCII,
 * whatever the names hold: bytes that are not UTF-8 become U+FFFD in a domain's name and "?"
 * in the fields of limited size.
 */
char *ledger_format(const struct ledger *ledger);

/* {"vifs": [...]} with the entries, and nothing else of the ledger; see ledger_format. */
char *ledger_format_vifs(const struct ledger *ledger);

/* The entry, or NULL. The pointer holds until a vif is added or removed. */
const struct vif_entry *ledger_find(const struct ledger *ledger, struct vif_id id);

/* The same to be changed: what it was read from no longer says the same. */
struct vif_entry *ledger_edit(struct ledger *ledger, struct vif_id id);

/*
 * The vif's entry as one of this domain, to be changed; where there is none, a new one without
 * queues. NULL, with nothing changed, when memory is out.
 */
struct vif_entry *ledger_enter(struct ledger *ledger, struct vif_id id, const char *domain);

/* Gives the vif these places, which become the ledger's; the old ones are freed. */
void ledger_set_places(struct vif_entry *vif, struct place *places, unsigned int n);

/* Removes the entry; its places are remembered when its domain's UUID is known. */
void ledger_release(struct ledger *ledger, struct vif_id id);

/* Drops every entry that `wanted` refuses, and remembers none. False, with nothing changed, when it
 * refuses all. */
bool ledger_keep(struct ledger *ledger,
	bool (*wanted)(const struct vif_entry *vif, const char *word), const char *word);

/*
 * Makes the ledger one of this boot: when boot_id differs from the ledger's,
 * every entry is released and the boot_id taken over.
 */
void ledger_enter_boot(struct ledger *ledger, const char *boot_id);

/* What is remembered of this domain's vif, or NULL. */
struct remembered *ledger_recall(const struct ledger *ledger, const char *uuid, unsigned int devid);
