// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sampling.h - the watcher's measuring: a reading of the counters with each look for drift, what
 * has been done between two of them, smoothed, and the file for others to read.
 */
#pragma once

#include "context.h"
#include "counters.h"
#include "err.h"
#include "ledger.h"
#include "work_json.h"

/* A reading opens FILES_OF_VIF files for each vif and FILES_OF_QUEUE for each queue. Above so many
 * in all, only every second look takes one, above twice as many every third, and so on: what
 * measuring costs does not grow without limit. */
#define SAMPLING_FILES 8192
#define FILES_OF_VIF   4
#define FILES_OF_QUEUE 6

/* All that was measured before counts as much as so many readings. */
#define SAMPLING_MEMORY 3

/* Zero-initialised nothing has been measured yet. */
struct sampling {
	struct counters last;
	struct work_kept kept;
	unsigned int looks; /* since the last reading */
};

/*
 * Takes a reading of the vifs of the ledger, if it is time for one, and from the second one on
 * writes the files. To be called with each look for drift, that is every verify_interval. -errno
 * with a sentence; the next call goes on from where this one came to.
 */
int sampling_look(struct context *context, struct sampling *sampling, const struct ledger *ledger,
	struct err *err);

/* Forgets all that was measured, and removes the files. */
void sampling_end(const struct context *context, struct sampling *sampling);
