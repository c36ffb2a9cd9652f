// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store.h - the ledger's file: locked, read, written whole.
 *
 *   store_open   take the lock
 *   store_load   read
 *   store_commit temporary file in the same directory, fsync, rename, fsync of
 *                the directory: at every moment the file is the old one or the
 *                new one
 *   store_close  give the lock back
 *
 * Who holds the lock also owns the kernel's masks of all vifs: nobody else pins
 * meanwhile. The lock is a flock() on a file of its own that is never removed
 * (a lock on the ledger itself would be lost with every rename), and ends with
 * the process.
 */
#ifndef VIFPIN_STORE_H
#define VIFPIN_STORE_H

#include "err.h"
#include "ledger.h"
#include "sysroot.h"

/* For messages. */
#define LEDGER_PATH "/" PATH_LEDGER_DIR "/ledger.json"

struct store {
	int dir_fd;
	int lock_fd; /* -1: opened for reading only */
	char *text;  /* what the file holds, owned; NULL: no file */
};

/* Makes the directory where it is missing and takes the lock, waiting at most
 * 2 seconds for it (-ETIMEDOUT). The lock's file tells when that was last:
 * store_last_pass(). */
int store_open(const struct sysroot *root, struct store *store, struct err *err);

/* Reads without the lock, for commands that only look: a whole ledger, since
 * it is only ever replaced as a whole. Nothing is made. */
int store_peek(const struct sysroot *root, struct ledger *out, struct err *err);

/* The same, but only the text, to be freed. -errno, -ENOENT when there is no file. */
int store_peek_text(const struct sysroot *root, char **text, size_t *len);

/* When the lock was last taken, in seconds since 1970; 0: never, on this host. */
double store_last_pass(const struct sysroot *root);

/* How many ledgers were moved aside and still lie there. */
unsigned int store_count_corrupt(const struct sysroot *root);

void store_close(struct store *store);

/*
 * Reads the ledger; no file is an empty ledger. -ENOTSUP: of a later version,
 * -EBADMSG: cannot be read as a ledger, in both cases with the reason only.
 */
int store_load(struct store *store, struct ledger *out, struct err *err);

/* Writes the ledger, unless the file holds just that already. Entries that are new are
 * since now. */
int store_commit(struct store *store, struct ledger *ledger, struct err *err);

/*
 * Moves a ledger that cannot be read aside, to ledger.json.corrupt-<UTC time>;
 * `name` gets the new file's name. Never overwrites an earlier one.
 */
int store_set_aside(struct store *store, char *name, size_t size, struct err *err);

#endif
