// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ledger_file.h - the ledger's file: locked, read, written whole.
 *
 *   ledger_file_open   take the lock
 *   ledger_file_load   read
 *   ledger_file_commit temporary file in the same directory, fsync, rename, fsync of
 *                the directory: at every moment the file is the old one or the
 *                new one
 *   ledger_file_close  give the lock back
 *
 * Who holds the lock also owns the kernel's masks of all vifs: nobody else pins
 * meanwhile. The lock is a flock() on a file of its own that is never removed
 * (a lock on the ledger itself would be lost with every rename), and ends with
 * the process.
 */
#pragma once

#include "err.h"
#include "ledger.h"
#include "sysroot.h"

#include <stdbool.h>

/* For messages. */
#define LEDGER_PATH "/" PATH_LEDGER_DIR "/ledger.json"

struct ledger_file {
	const struct sysroot *root;
	int dir_fd;
	int lock_fd;
	int text_fd; /* what was read, whose lines a new file may have as well; below 0: nothing */
	bool replaced; /* it is no longer the ledger's file */
};

#define LEDGER_FILE_CLOSED ((struct ledger_file){ .dir_fd = -1, .lock_fd = -1, .text_fd = -1 })

/* Makes the directory where it is missing and takes the lock. -ETIMEDOUT when nobody
 * has got it for 2 seconds; while others get it, who waits is served in turn. The lock's
 * file tells when it was taken last: ledger_file_last_pass(). */
int ledger_file_open(const struct sysroot *root, struct ledger_file *file, struct err *err);

/* Reads without the lock, for commands that only look: a whole ledger, since
 * it is only ever replaced as a whole. Nothing is made. */
int ledger_file_peek(const struct sysroot *root, struct ledger *out, struct err *err);

/* The same, but only the text, to be freed. -errno, -ENOENT when there is no file. */
int ledger_file_peek_text(const struct sysroot *root, char **text, size_t *len);

/* The kernel's boot ID, which a ledger names whose places are of this boot. -errno with a
 * sentence. */
int ledger_file_boot_id(const struct sysroot *root, char boot_id[UUID_SIZE], struct err *err);

/* When the lock was last taken, in seconds since 1970; 0: never, on this host. */
double ledger_file_last_pass(const struct sysroot *root);

/* How many ledgers were moved aside and still lie there. */
unsigned int ledger_file_count_corrupt(const struct sysroot *root);

void ledger_file_close(struct ledger_file *file);

/*
 * Reads the ledger; no file is an empty ledger. -ENOTSUP: of a later version,
 * -EBADMSG: cannot be read as a ledger, in both cases with the reason only.
 */
int ledger_file_load(struct ledger_file *file, struct ledger *out, struct err *err);

/*
 * Writes the ledger, which is what ledger_file_load() read and perhaps has changed since, unless
 * the file holds just that already. Entries that are new are since now.
 */
int ledger_file_commit(struct ledger_file *file, struct ledger *ledger, struct err *err);

/*
 * Moves a ledger that cannot be read aside, to ledger.json.corrupt-<UTC time>;
 * `name` gets the new file's name. Never overwrites an earlier one. The newest 10 such files are
 * kept, by the time in their names; this one is in any case.
 */
int ledger_file_set_aside(struct ledger_file *file, char *name, size_t size, struct err *err);
