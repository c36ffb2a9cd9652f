// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules.h"

#include "load.h"

/* --- the rules ---------------------------------------------------------------------------- */

/* Why a side moves is why its CPU is no candidate for others, where nothing else is said. */
static const struct {
	const char *taken, *skipped, *moved;
} texts[RULE_COUNT] = {
	[RULE_ALLOWED] = {
		.taken = "not an allowed CPU",
	},
	[RULE_APART] = {
		.taken = "the queue's other side",
		.skipped = "there is no other CPU",
		.moved = "apart from the other side",
	},
	[RULE_NIC] = {
		.taken = "takes NIC interrupts",
		.skipped = "all that are left take NIC interrupts",
	},
	[RULE_ISOLATED] = {
		.taken = "isolated from other work",
		.skipped = "all that are left are isolated from other work",
	},
	[RULE_NODE] = {
		.taken = "not on the guest's node",
		.skipped = "none that is left is on the guest's node",
	},
};

bool rule_is_broken(enum rule rule, const struct rules *rules, enum side side, int cpu, int other)
{
	unsigned int number = (unsigned int)cpu;

	switch (rule) {
	case RULE_ALLOWED:
		return !cpuset_has(&rules->allowed, number);
	case RULE_APART:
		return cpu == other;
	case RULE_NIC:
		return side == SIDE_RX && cpuset_has(&rules->nic_busy, number);
	case RULE_ISOLATED:
		return cpuset_has(&rules->isolated, number);
	case RULE_NODE:
		return !cpuset_has(&rules->near, number) && !cpuset_is_empty(&rules->near);
	case RULE_COUNT:
		break;
	}
	return false;
}

const char *rule_taken(enum rule rule)
{
	return texts[rule].taken;
}

const char *rule_skipped(enum rule rule)
{
	return texts[rule].skipped;
}

const char *rule_move_reason(enum rule rule)
{
	if (rule == RULE_COUNT)
		return "load";
	return texts[rule].moved ? texts[rule].moved : texts[rule].taken;
}

/* --- what follows from them --------------------------------------------------------------- */

enum rule rules_broken(const struct rules *rules, enum side side, struct place place)
{
	enum rule rule = 0;

	while (rule < RULE_COUNT &&
		!rule_is_broken(rule, rules, side, place.cpu[side], place.cpu[other_side(side)]))
		rule++;
	return rule;
}

/* Does rx break a rule on this CPU that tx would not break there? */
static bool is_bad_for_rx_only(const struct rules *rules, int cpu)
{
	for (enum rule rule = 0; rule < RULE_COUNT; rule++) {
		if (rule_is_broken(rule, rules, SIDE_RX, cpu, CPU_NONE) &&
			!rule_is_broken(rule, rules, SIDE_TX, cpu, CPU_NONE))
			return true;
	}
	return false;
}

int rules_left_to_rx(const struct rules *rules)
{
	int left = CPU_NONE;
	bool any_bad = false;

	cpuset_for_each (cpu, &rules->allowed) {
		if (is_bad_for_rx_only(rules, cpu)) {
			any_bad = true;
			continue;
		}
		if (left != CPU_NONE)
			return CPU_NONE;
		left = cpu;
	}
	return any_bad ? left : CPU_NONE;
}

/* --- physical NICs ------------------------------------------------------------------------ */

static void add_far_above_mean(
	const struct cpuset *allowed, const unsigned long long *counts, struct cpuset *busy)
{
	unsigned int n = cpuset_count(allowed);
	unsigned long long sum = 0;

	cpuset_for_each (cpu, allowed)
		sum += counts[cpu];
	cpuset_for_each (cpu, allowed) {
		if (counts[cpu] > 2 * sum / n)
			cpuset_add(busy, (unsigned int)cpu);
	}
}

void rules_nic_busy(const struct cpuset *allowed, const struct cpu_load *loads,
	const unsigned long long *counts, struct cpuset *busy)
{
	*busy = (struct cpuset){ 0 };
	cpuset_for_each (cpu, allowed) {
		if (loads[cpu].nic)
			cpuset_add(busy, (unsigned int)cpu);
	}
	if (!cpuset_equal(busy, allowed))
		return;
	*busy = (struct cpuset){ 0 };
	if (counts)
		add_far_above_mean(allowed, counts, busy);
}
