// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vifpin.c - what vifpin does with measured work: core/balance_work.c on a simulated host, for a
 * gain as core/rebalance.h has it. Measures are exact here.
 */
#include "policies.h"

#include "balance_work.h"
#include "work.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct measured_queue queues[VIF_QUEUES * VIFS_MAX];

static size_t measure(const struct host *host)
{
	size_t n = 0;

	for (unsigned int i = 0; i < host->n_vifs; i++) {
		const struct sim_vif *vif = &host->vifs[i];

		for (unsigned int q = 0; q < vif->n_queues; q++, n++) {
			queues[n] = (struct measured_queue){ .rules = &host->rules,
				.from = vif->places[q] };
			for (enum side side = 0; side < SIDE_COUNT; side++)
				queues[n].share[side] = (int)lround(vif->work[side] * WORK_WHOLE);
		}
	}
	return n;
}

/* One that is planned. */
struct move {
	struct sim_vif *vif; /* NULL: it is made */
	unsigned int queue;
	enum side side;
	int to;
};

static struct move moves[SIDES_MAX];

static int from_of(const struct move *move)
{
	return move->vif->places[move->queue].cpu[move->side];
}

static double work_of(const struct move *move)
{
	return move->vif->work[move->side];
}

static size_t list_moves(struct host *host)
{
	size_t n = 0, n_moves = 0;

	for (unsigned int i = 0; i < host->n_vifs; i++) {
		struct sim_vif *vif = &host->vifs[i];

		for (unsigned int q = 0; q < vif->n_queues; q++, n++) {
			for (enum side side = 0; side < SIDE_COUNT; side++) {
				int to = queues[n].to.cpu[side];

				if (to != vif->places[q].cpu[side])
					moves[n_moves++] = (struct move){ vif, q, side, to };
			}
		}
	}
	return n_moves;
}

static double most_of(const struct host *host, const double *work)
{
	double most = 0;

	for (unsigned int cpu = 0; cpu < host->n_cpus; cpu++)
		most = fmax(most, work[cpu]);
	return most;
}

/* What the most loaded CPU would do after all moves. */
static double most_after(const struct host *host, size_t n, const double *work)
{
	double after[CPUS_MAX];

	memcpy(after, work, sizeof after);
	for (size_t i = 0; i < n; i++) {
		after[from_of(&moves[i])] -= work_of(&moves[i]);
		after[moves[i].to] += work_of(&moves[i]);
	}
	return most_of(host, after);
}

/* Fills `moves`, and returns how many are worth making: all or none. */
static size_t plan(struct host *host, const double *work)
{
	static const int nothing[CPUSET_MAX];
	size_t n;

	/* Where the bound says that there is too little to gain, no plan has to be made. */
	if (host_unevenness(host, false) * (1 - GAIN) < host_bound(host))
		return 0;
	if (balance_work(queues, measure(host), nothing) < 0) {
		fprintf(stderr, "simulate: out of memory\n");
		exit(1);
	}
	n = list_moves(host);
	return most_after(host, n, work) <= (1 - GAIN) * most_of(host, work) ? n : 0;
}

/* --- making them ----------------------------------------------------------------------------- */

static void make_all(struct host *host, size_t n)
{
	for (size_t i = 0; i < n; i++)
		host_move(host, moves[i].vif, moves[i].queue, moves[i].side, moves[i].to);
}

void rebalance_measured(struct host *host)
{
	double work[CPUS_MAX];

	host_work(host, false, work);
	make_all(host, plan(host, work));
}

/* --- a few of them --------------------------------------------------------------------------- */

/* One of them, or two: the second makes room where the first one goes. */
struct step {
	struct move *moves[2];
	unsigned int n; /* how many */
	double highest; /* what it leaves on the most loaded of its CPUs */
};

static void make(struct host *host, const struct step *step)
{
	for (unsigned int i = 0; i < step->n; i++) {
		struct move *move = step->moves[i];

		host_move(host, move->vif, move->queue, move->side, move->to);
		move->vif = NULL;
	}
}

/* What the step leaves on its CPUs is the highest of `after`, which has to be like `work`. */
static double try_step(const struct step *step, const double *work, double *after)
{
	double highest = 0;

	for (unsigned int i = 0; i < step->n; i++) {
		after[from_of(step->moves[i])] -= work_of(step->moves[i]);
		after[step->moves[i]->to] += work_of(step->moves[i]);
	}
	for (unsigned int i = 0; i < step->n; i++) {
		highest = fmax(highest, after[from_of(step->moves[i])]);
		highest = fmax(highest, after[step->moves[i]->to]);
	}
	for (unsigned int i = 0; i < step->n; i++) {
		int from = from_of(step->moves[i]), to = step->moves[i]->to;

		after[from] = work[from];
		after[to] = work[to];
	}
	return highest;
}

/* Are the sides of its queues on two CPUs each, after the step? */
static bool keeps_apart(const struct step *step)
{
	for (unsigned int i = 0; i < step->n; i++) {
		const struct move *move = step->moves[i], *next = step->moves[!i];
		enum side side = other_side(move->side);
		int other = move->vif->places[move->queue].cpu[side];

		if (step->n == 2 && next->vif == move->vif && next->queue == move->queue)
			other = next->to;
		if (other == move->to)
			return false;
	}
	return true;
}

/* Takes the place of the best one when it leaves less. */
static void offer(struct step step, struct step *best, const double *work, double *after)
{
	step.highest = try_step(&step, work, after);
	if (step.highest < best->highest && keeps_apart(&step))
		*best = step;
}

/* The best step that relieves the CPU; of no moves when none does. */
static struct step find_step(unsigned int cpu, size_t n, const double *work)
{
	struct step best = { .highest = work[cpu] };
	double after[CPUS_MAX];

	memcpy(after, work, sizeof after);
	for (size_t i = 0; i < n; i++) {
		if (!moves[i].vif || from_of(&moves[i]) != (int)cpu)
			continue;
		offer((struct step){ .moves = { &moves[i] }, .n = 1 }, &best, work, after);
		for (size_t j = 0; j < n; j++) {
			if (moves[j].vif && from_of(&moves[j]) == moves[i].to)
				offer((struct step){ .moves = { &moves[i], &moves[j] }, .n = 2 },
					&best, work, after);
		}
	}
	return best;
}

/* For the most loaded CPU that one of the moves, or two, relieves. */
static struct step find_best_step(const struct host *host, size_t n)
{
	double work[CPUS_MAX], left[CPUS_MAX];
	struct step step = { 0 };

	host_work(host, false, work);
	memcpy(left, work, sizeof left);
	for (unsigned int i = 0; i < host->n_cpus && !step.n; i++) {
		unsigned int most = 0;

		for (unsigned int cpu = 1; cpu < host->n_cpus; cpu++)
			most = left[cpu] > left[most] ? cpu : most;
		step = find_step(most, n, work);
		left[most] = -1;
	}
	return step;
}

void rebalance_automatically(struct host *host)
{
	unsigned int left = host->n_cpus > MOVES_MIN ? host->n_cpus : MOVES_MIN;
	double work[CPUS_MAX];
	struct step step;
	size_t n;

	host_work(host, false, work);
	if (most_of(host, work) < THRESHOLD)
		return;
	n = plan(host, work);
	if (n <= left) {
		make_all(host, n);
		return;
	}
	for (; left > 0; left -= step.n) {
		step = find_best_step(host, n);
		if (!step.n || step.n > left)
			return;
		make(host, &step);
	}
}
