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

#include <stdbool.h>
#include <stddef.h>

/* The sides that stand on a CPU, and what those of a direction cost together. */
struct cpu_sum {
	unsigned int sides[SIDE_COUNT];
	long long share[SIDE_COUNT]; /* in millionths of a CPU */
};

static inline unsigned int cpu_sum_sides(const struct cpu_sum *sum)
{
	return sum->sides[SIDE_TX] + sum->sides[SIDE_RX];
}

static inline long long cpu_sum_share(const struct cpu_sum *sum)
{
	return sum->share[SIDE_TX] + sum->share[SIDE_RX];
}

/* Zero-initialised it is empty. */
struct measured_load {
	int mean[SIDE_COUNT]; /* what a side counts for whose share is not known: measured_mean() */
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
void measured_load_add(const struct measured_queue *queue, struct place place,
	const int mean[SIDE_COUNT], struct cpu_sum *sums);

/* Has no side been measured to cost anything? */
static inline bool measured_load_is_idle(const struct measured_load *load)
{
	return !load->mean[SIDE_TX] && !load->mean[SIDE_RX];
}

/* What a CPU carries in millionths now that it has the sides of `now`: one that has come since
 * counts as the mean of its direction, one that has gone as the mean of those of its direction that
 * stood there. */
long long measured_load_now(
	const struct measured_load *load, unsigned int cpu, const struct cpu_load *now);
