// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan.h"

#include "util.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* What all sides of the vif have in common. */
struct vif {
	const struct plan_input *input;
	struct cpuset own; /* CPUs that hold a side of it */
	int left_to_rx;
	enum side way; /* in which traffic goes, as measured; SIDE_COUNT: in both */
	struct plan_steps *steps;
};

/* One side that is being placed. */
struct choice {
	const struct vif *vif;
	enum side side;
	int other; /* where the queue's other side is, or will have to be */
	int remembered;
	struct cpuset candidates;
	const enum plan_reason *order; /* ends with REASON_NUMBER */
	long long least;               /* of what they carry, as measured */
};

void plan_steps_free(struct plan_steps *steps)
{
	for (size_t i = 0; i < steps->n; i++)
		free(steps->v[i].candidates);
	free(steps->v);
	*steps = (struct plan_steps){ 0 };
}

const char *plan_reason_text(enum plan_reason reason, enum side side)
{
	static const char *const texts[REASON_COUNT] = {
		[REASON_ONLY] = "the only one of",
		[REASON_MEASURED] = "the least loaded, as measured, of",
		[REASON_LOAD] = "the least loaded of",
		[REASON_SIDES] = "least loaded, and fewer sides and NIC interrupts, of",
		[REASON_DIRECTION] = "least loaded, and fewer tx sides, of",
		[REASON_SPREAD] = "least loaded, and does not hold this vif yet, of",
		[REASON_REMEMBERED] = "least loaded, and this side's CPU before, of",
		[REASON_CORE] = "least loaded, and nothing is on its core, of",
		[REASON_NUMBER] = "least loaded, and the lowest number, of",
	};

	if (reason == REASON_DIRECTION && side == SIDE_RX)
		return "least loaded, and fewer rx sides, of";
	return texts[reason];
}

/* --- filter ------------------------------------------------------------------------------- */

static void add_broken(const struct choice *c, enum rule rule, struct cpuset *broken)
{
	cpuset_for_each (cpu, &c->candidates) {
		if (rule_is_broken(rule, c->vif->input->rules, c->side, cpu, c->other))
			cpuset_add(broken, (unsigned int)cpu);
	}
}

static void filter_candidates(struct choice *c, struct plan_step *step)
{
	c->candidates = c->vif->input->rules->allowed;
	for (enum rule rule = RULE_ALLOWED + 1; rule < RULE_COUNT; rule++) {
		struct cpuset *taken = &step->taken[rule];

		add_broken(c, rule, taken);
		step->skipped[rule] = cpuset_equal(taken, &c->candidates);
		if (step->skipped[rule])
			*taken = (struct cpuset){ 0 };
		else
			cpuset_subtract(&c->candidates, taken);
	}
}

/* --- choosing ----------------------------------------------------------------------------- */

/* Does anything stand on the CPU's core? */
static bool is_core_used(const struct plan_input *input, unsigned int cpu)
{
	if (cpu >= input->n_cores || input->cores[cpu] < 0)
		return load_total(&input->load[cpu]) > 0;
	for (unsigned int i = 0; i < input->n_cores; i++) {
		if (input->cores[i] == input->cores[cpu] && load_total(&input->load[i]))
			return true;
	}
	return false;
}

static int compare_numbers(unsigned int a, unsigned int b)
{
	return (a > b) - (a < b);
}

static long long measured_now(const struct choice *c, unsigned int cpu)
{
	const struct plan_input *input = c->vif->input;

	return measured_load_now(input->measured, cpu, &input->load[cpu]);
}

static void find_least(struct choice *c)
{
	c->least = LLONG_MAX;
	cpuset_for_each (cpu, &c->candidates) {
		long long load = measured_now(c, (unsigned int)cpu);

		if (load < c->least)
			c->least = load;
	}
}

/* What a CPU carries more than the least loaded one; to be as good as that is to be equal to it, or
 * an order of three would depend on which two are compared. */
static long long excess(const struct choice *c, unsigned int cpu)
{
	long long load = measured_now(c, cpu);

	return load <= c->least + PLAN_EQUAL ? 0 : load - c->least;
}

static int compare_measured(const struct choice *c, unsigned int a, unsigned int b)
{
	long long x = excess(c, a), y = excess(c, b);

	return (x > y) - (x < y);
}

static int compare_by(const struct choice *c, enum plan_reason what, unsigned int a, unsigned int b)
{
	const struct plan_input *input = c->vif->input;
	const struct cpu_load *x = &input->load[a], *y = &input->load[b];

	switch (what) {
	case REASON_MEASURED:
		return compare_measured(c, a, b);
	case REASON_LOAD:
	case REASON_SIDES:
		return compare_numbers(load_total(x), load_total(y));
	case REASON_DIRECTION:
		return compare_numbers(x->sides[c->side], y->sides[c->side]);
	case REASON_SPREAD:
		return cpuset_has(&c->vif->own, a) - cpuset_has(&c->vif->own, b);
	case REASON_REMEMBERED:
		return (c->remembered == (int)b) - (c->remembered == (int)a);
	case REASON_CORE:
		return input->cores ? is_core_used(input, a) - is_core_used(input, b) : 0;
	default:
		return compare_numbers(a, b);
	}
}

/* What is compared, one after the other, until it differs. */
static const enum plan_reason by_number[] = { REASON_LOAD, REASON_DIRECTION, REASON_SPREAD,
	REASON_REMEMBERED, REASON_CORE, REASON_NUMBER };
static const enum plan_reason by_measure[] = { REASON_MEASURED, REASON_SIDES, REASON_DIRECTION,
	REASON_SPREAD, REASON_REMEMBERED, REASON_CORE, REASON_NUMBER };
static const enum plan_reason by_measure_one_way[] = { REASON_MEASURED, REASON_DIRECTION,
	REASON_SIDES, REASON_SPREAD, REASON_REMEMBERED, REASON_CORE, REASON_NUMBER };

/* The direction in which traffic goes, where it goes one way; else SIDE_COUNT. */
static enum side way_of(const struct measured_load *measured)
{
	for (enum side side = 0; measured && side < SIDE_COUNT; side++) {
		if (measured->mean[side] / PLAN_ONE_WAY > measured->mean[other_side(side)])
			return side;
	}
	return SIDE_COUNT;
}

/* The sides of the other direction say little of what a CPU has to do. */
static const enum plan_reason *order_of(const struct vif *vif, enum side side)
{
	if (!vif->input->measured)
		return by_number;
	return side == vif->way ? by_measure_one_way : by_measure;
}

/* Which of two candidates goes first, as qsort() wants it, and why. */
static int compare(const struct choice *c, unsigned int a, unsigned int b, enum plan_reason *why)
{
	const enum plan_reason *what = c->order;
	int order = compare_by(c, *what, a, b);

	while (!order && *what != REASON_NUMBER)
		order = compare_by(c, *++what, a, b);
	*why = *what;
	return order;
}

static int choose(const struct choice *c)
{
	enum plan_reason why;
	int best = CPU_NONE;

	cpuset_for_each (cpu, &c->candidates) {
		if (best == CPU_NONE || compare(c, (unsigned int)cpu, (unsigned int)best, &why) < 0)
			best = cpu;
	}
	return best;
}

/* --- telling how -------------------------------------------------------------------------- */

static int compare_candidates(const void *a, const void *b, void *choice)
{
	const struct plan_candidate *x = a, *y = b;
	enum plan_reason why;

	return compare(choice, x->cpu, y->cpu, &why);
}

/* Fills in what filter_candidates() has left open. -ENOMEM. */
static int tell(struct choice *c, struct plan_step *step)
{
	struct plan_candidate *v = calloc(cpuset_count(&c->candidates), sizeof *v);
	unsigned int n = 0;

	if (!v)
		return -ENOMEM;
	cpuset_for_each (at, &c->candidates) {
		unsigned int cpu = (unsigned int)at;

		v[n++] = (struct plan_candidate){ cpu, c->vif->input->load[cpu],
			c->vif->input->measured ? measured_now(c, cpu) : WORK_UNKNOWN };
	}
	qsort_r(v, n, sizeof *v, compare_candidates, c);
	step->reason = REASON_ONLY;
	if (n > 1)
		compare(c, v[0].cpu, v[1].cpu, &step->reason);
	step->candidates = v;
	step->n_candidates = n;
	return 0;
}

static int keep_step(struct choice *c, struct plan_step *step)
{
	struct plan_steps *steps = c->vif->steps;
	struct plan_step *kept;

	if (!steps)
		return 0;
	kept = array_add(&steps->v, &steps->n, sizeof *kept);
	if (!kept || tell(c, step) < 0)
		return -ENOMEM;
	*kept = *step;
	return 0;
}

/* --- a vif -------------------------------------------------------------------------------- */

/* Adds the CPUs that hold a side of the vif; true when every side is placed. */
static bool add_own(const struct place *places, unsigned int n, struct cpuset *own)
{
	bool all = true;

	for (unsigned int q = 0; q < n; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			if (places[q].cpu[side] == CPU_NONE)
				all = false;
			else
				cpuset_add(own, (unsigned int)places[q].cpu[side]);
		}
	}
	return all;
}

static int place_side(
	struct vif *vif, struct place *place, unsigned int queue, enum side side, int remembered)
{
	int other = place->cpu[other_side(side)];
	struct plan_step step = { .queue = queue, .side = side, .other = other };
	struct choice c = { .vif = vif, .side = side, .other = other, .remembered = remembered };
	int r;

	c.order = order_of(vif, side);
	if (side == SIDE_TX && other == CPU_NONE)
		c.other = vif->left_to_rx;
	filter_candidates(&c, &step);
	if (vif->input->measured)
		find_least(&c);
	r = keep_step(&c, &step);
	if (r < 0)
		return r;
	place->cpu[side] = choose(&c);
	vif->input->load[place->cpu[side]].sides[side]++;
	cpuset_add(&vif->own, (unsigned int)place->cpu[side]);
	return 0;
}

/* The sides in the order in which they are placed: queue by queue, or all that go the way of
 * traffic first, which get the better places so; a queue's other side has to stand elsewhere. */
static enum side nth_side(
	const struct vif *vif, unsigned int i, unsigned int n, unsigned int *queue)
{
	if (vif->way == SIDE_COUNT) {
		*queue = i / SIDE_COUNT;
		return (enum side)(i % SIDE_COUNT);
	}
	*queue = i < n ? i : i - n;
	return i < n ? vif->way : other_side(vif->way);
}

int plan_vif(const struct plan_input *input, struct place *places, unsigned int n,
	const struct place *remembered, unsigned int n_remembered, struct plan_steps *steps)
{
	struct vif vif = { .input = input, .steps = steps };

	if (add_own(places, n, &vif.own))
		return 0;
	if (cpuset_is_empty(&input->rules->allowed))
		return -ENODEV;
	vif.left_to_rx = rules_left_to_rx(input->rules);
	vif.way = way_of(input->measured);
	for (unsigned int i = 0; i < SIDE_COUNT * n; i++) {
		unsigned int q;
		enum side side = nth_side(&vif, i, n, &q);
		struct place old = q < n_remembered ? remembered[q] : PLACE_NONE;
		int r;

		if (places[q].cpu[side] != CPU_NONE)
			continue;
		r = place_side(&vif, &places[q], q, side, old.cpu[side]);
		if (r < 0)
			return r;
	}
	return 0;
}
