// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rules.h - what a side may not, should not and would rather have.
 *
 * Each rule is stated here once: plan.h filters by it, balance.h pays for breaking it, -N
 * and doctor name it. A new rule is a line of enum rule, a case and a row in rules.c.
 */
#pragma once

#include "cpuset.h"
#include "place.h"

#include <stdbool.h>

struct cpu_load;

/* What the rules need to know of a vif and of the host's CPUs. */
struct rules {
	struct cpuset allowed;  /* online, in the configuration's cpus, in vifpin's own mask */
	struct cpuset nic_busy; /* taken by physical NICs' interrupts; rules_nic_busy() */
	struct cpuset isolated; /* isolcpus= and the like: kept free of work for somebody */
	struct cpuset near;     /* the CPUs on the guest's node; empty: not known */
};

/* The strongest first: keeping one matters more than keeping all that follow. */
enum rule {
	RULE_ALLOWED, /* may not: a CPU that is not allowed; the only rule that is never skipped */
	RULE_APART,   /* should not: the CPU of the queue's other side */
	RULE_NIC,     /* should not, rx only: a CPU that is busy with a physical NIC's interrupts */
	RULE_ISOLATED, /* would rather: a CPU that is not isolated from other work */
	RULE_NODE,     /* would rather: a CPU on the guest's node */
	RULE_COUNT
};

/* Does the side break the rule on this CPU? other: the CPU of the queue's other side, or CPU_NONE.
 */
bool rule_is_broken(enum rule rule, const struct rules *rules, enum side side, int cpu, int other);

/* The strongest rule that this side of the place breaks, RULE_COUNT when it breaks none. */
enum rule rules_broken(const struct rules *rules, enum side side, struct place place);

/* Why the rule has taken a CPU away from the candidates: "takes NIC interrupts". */
const char *rule_taken(enum rule rule);

/*
 * Why the rule could not be kept: "all that are left take NIC interrupts". NULL for
 * RULE_ALLOWED, which is never skipped.
 */
const char *rule_skipped(enum rule rule);

/*
 * Why a side moves, by the strongest rule that it broke where it stood: "not on the guest's
 * node". RULE_COUNT, when it broke none, is "load".
 */
const char *rule_move_reason(enum rule rule);

/*
 * The CPU that a queue's tx side leaves to the rx side, which is placed after it: the only
 * allowed one on which rx breaks no rule but those that tx would break there too. CPU_NONE:
 * there is more than one, or none, or no rule binds rx alone.
 */
int rules_left_to_rx(const struct rules *rules);

/*
 * Which of the allowed CPUs are NIC-busy: those to which interrupts of physical NICs are
 * delivered (nic of loads[CPUSET_MAX]); when that is every one of them, those that have
 * taken more than twice the mean of them all so far (counts[CPUSET_MAX], NULL: not known).
 * What is delivered decides before what has come: a vif placed on an idle host must be
 * right when it is not idle any more.
 */
void rules_nic_busy(const struct cpuset *allowed, const struct cpu_load *loads,
	const unsigned long long *counts, struct cpuset *busy);
