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
	struct plan_steps *steps;
};

/* One side that is being placed. */
struct choice {
	const struct vif *vif;
	enum side side;
	int other; /* where the queue's other side is, or will have to be */
	int remembered;
	struct cpuset candidates;
	long long least; /* of what they carry, as measured */
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

/* Which of two candidates goes first, as qsort() wants it, and why. */
static int compare(const struct choice *c, unsigned int a, unsigned int b, enum plan_reason *why)
{
	const struct cpu_load *x = &c->vif->input->load[a], *y = &c->vif->input->load[b];
	bool measured = c->vif->input->measured;
	int order = measured ? compare_measured(c, a, b) : 0;

	*why = REASON_MEASURED;
	if (!order) {
		*why = measured ? REASON_SIDES : REASON_LOAD;
		order = compare_numbers(load_total(x), load_total(y));
	}
	if (!order) {
		*why = REASON_DIRECTION;
		order = compare_numbers(x->sides[c->side], y->sides[c->side]);
	}
	if (!order) {
		*why = REASON_SPREAD;
		order = cpuset_has(&c->vif->own, a) - cpuset_has(&c->vif->own, b);
	}
	if (!order) {
		*why = REASON_REMEMBERED;
		order = (c->remembered == (int)b) - (c->remembered == (int)a);
	}
	if (!order && c->vif->input->cores) {
		*why = REASON_CORE;
		order = is_core_used(c->vif->input, a) - is_core_used(c->vif->input, b);
	}
	if (!order) {
		*why = REASON_NUMBER;
		order = compare_numbers(a, b);
	}
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

int plan_vif(const struct plan_input *input, struct place *places, unsigned int n,
	const struct place *remembered, unsigned int n_remembered, struct plan_steps *steps)
{
	struct vif vif = { .input = input, .steps = steps };

	if (add_own(places, n, &vif.own))
		return 0;
	if (cpuset_is_empty(&input->rules->allowed))
		return -ENODEV;
	vif.left_to_rx = rules_left_to_rx(input->rules);
	for (unsigned int q = 0; q < n; q++) {
		struct place old = q < n_remembered ? remembered[q] : PLACE_NONE;

		for (enum side side = 0; side < SIDE_COUNT; side++) {
			int r;

			if (places[q].cpu[side] != CPU_NONE)
				continue;
			r = place_side(&vif, &places[q], q, side, old.cpu[side]);
			if (r < 0)
				return r;
		}
	}
	return 0;
}
