// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * measured_load.h - what each CPU carries by what has been measured: what it is busy with besides
 * sides, and what the sides cost that stand there.
 *
 * Moves (rebalance.h) and the places of new sides (plan.h) go by this same load.
 */
#pragma once

#include "balance_work.h"
#include "ledger.h"
#include "load.h"
#include "work.h"

#include <stddef.h>

/* The sides that stand on a CPU, and what they cost together. */
struct cpu_sum {
	unsigned int sides;
	long long share; /* in millionths of a CPU */
};

/* Zero-initialised it is empty. */
struct measured_load {
	int mean;             /* what a side counts for whose share is not known; 0: none is */
	int *besides;         /* [CPUSET_MAX], in millionths, owned; NULL: empty */
	struct cpu_sum *sums; /* [CPUSET_MAX], owned */
};

/* Its arrays, all 0; its mean is left alone. -ENOMEM, with what it has to be freed. */
int measured_load_new(struct measured_load *load);
void measured_load_free(struct measured_load *load);

/* All queues of the ledger, in its order, with what their sides cost and without rules: as many as
 * *n, to be freed. NULL when memory is out. */
struct measured_queue *measured_queues_new(
	const struct ledger *ledger, const struct work *work, size_t *n);

/*
 * Fills in where these queues stand (`from`), and what the CPUs have been busy with besides: all
 * but what the sides cost that stood there when that was measured. Where that is not known of one
 * of them, those count that stand there now, as they count elsewhere. -ENOMEM, with *out empty.
 */
int measured_load_fill(const struct measured_queue *queues, size_t n, const struct work *work,
	struct measured_load *out);

/* Both, for a ledger. */
int measured_load_of(
	const struct ledger *ledger, const struct work *work, struct measured_load *out);

/* Adds the sides of a queue where they stand in `place`, sums[CPUSET_MAX]. */
void measured_load_add(
	const struct measured_queue *queue, struct place place, int mean, struct cpu_sum *sums);

/* What a CPU carries in millionths now that it has the sides of `now`: one that has come since
 * counts as the mean, one that has gone as the mean of those that stood there. */
long long measured_load_now(
	const struct measured_load *load, unsigned int cpu, const struct cpu_load *now);
