// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPUs: where vifs may be, and what else is there.
 */
#include "doctor_checks.h"

#include <stdio.h>

#define FIX_CPUS FIX "cpus = \"%s\" in " CONF

static struct cpus_text list_cpus(const char *before, const struct cpuset *set)
{
	struct cpus_text text;
	size_t len = (size_t)sprintf(text.s, "%s", before);

	cpuset_format(set, text.s + len, sizeof text.s - len);
	return text;
}

struct cpus_text doctor_name_cpus(const struct cpuset *set)
{
	return list_cpus(plural(cpuset_count(set), "CPU ", "CPUs "), set);
}

/* The CPUs of `set` that are not in `but`. */
static struct cpuset without(const struct cpuset *set, const struct cpuset *but)
{
	struct cpuset left = *set;

	cpuset_subtract(&left, but);
	return left;
}

/* For FIX_CPUS: what `cpus` should be to have those of `set`, but not the bad ones. */
static struct cpus_text cpus_but(const struct cpuset *set, const struct cpuset *bad)
{
	struct cpuset good = without(set, bad);

	return cpuset_is_empty(&good) ? (struct cpus_text){ "all" } : list_cpus("", &good);
}

/* A set with the last CPU that Linux can be built for is made of "all", which names none. */
static struct finding check_configured(const struct doctor_facts *facts)
{
	const struct cpuset *configured = &facts->cpus.configured;
	struct cpuset missing = without(configured, &facts->cpus.present);

	if (cpuset_is_empty(&missing) || cpuset_has(configured, CPUSET_MAX - 1))
		return ok("cpus names only CPUs that this host has");
	return warning("cpus names %s, which this host does not have" FIX_CPUS,
		doctor_name_cpus(&missing).s, cpus_but(configured, &missing).s);
}

/* Which CPUs vifs may use, where none is missing that they should. */
static struct finding describe_allowed(const struct cpu_facts *cpus)
{
	bool all = cpuset_equal(&cpus->allowed, &cpus->online);

	if (!all && cpus->queues.n > cpuset_count(&cpus->allowed))
		return warning("vif %u.%u has %zu queues, but vifs may use only %s" FIX_CPUS
			       ", or fewer vcpus for the guest",
			cpus->queues.vif.domid, cpus->queues.vif.devid, cpus->queues.n,
			doctor_name_cpus(&cpus->allowed).s, "all");
	if (all)
		return ok("vifs may use all online CPUs: %s", list_cpus("", &cpus->allowed).s);
	return ok("vifs may use %s; %s are online", doctor_name_cpus(&cpus->allowed).s,
		doctor_name_cpus(&cpus->online).s);
}

static struct finding check_cpus(const struct doctor_facts *facts)
{
	const struct cpu_facts *cpus = &facts->cpus;
	struct cpuset wanted = cpus->configured, offline, foreign;

	cpuset_and(&wanted, &cpus->present);
	offline = without(&wanted, &cpus->online);
	wanted = without(&wanted, &offline);
	foreign = without(&wanted, &cpus->own);
	if (cpuset_is_empty(&cpus->allowed))
		return problem("no CPU is left for vifs: none of those online is in both cpus "
			       "of " CONF " and vifpin's own affinity mask" FIX_CPUS,
			"all");
	if (cpuset_single(&cpus->allowed) >= 0 && cpuset_single(&cpus->online) < 0)
		return warning("vifs may use only %s, so both sides of every queue share "
			       "it" FIX_CPUS,
			doctor_name_cpus(&cpus->allowed).s, "all");
	if (!cpuset_is_empty(&offline))
		return warning("cpus includes offline %s" FIX "echo 1 >/" PATH_CPU_ONLINE,
			doctor_name_cpus(&offline).s, cpuset_next(&offline, 0));
	if (!cpuset_is_empty(&foreign))
		return warning("vifpin's own affinity mask lacks %s" FIX "taskset -cp %s $$",
			doctor_name_cpus(&foreign).s, list_cpus("", &wanted).s);
	return describe_allowed(cpus);
}

static struct finding check_affinity(const struct doctor_facts *facts)
{
	const struct cpuset *allowed = &facts->cpus.allowed;
	struct cpuset kept = without(allowed, &facts->cpus.initial);
	struct cpuset isolated = *allowed;

	cpuset_and(&isolated, &facts->cpus.isolated);
	if (!cpuset_is_empty(&kept))
		return warning("default_smp_affinity keeps new interrupts off %s, which vifs may "
			       "use" FIX_CPUS,
			doctor_name_cpus(&kept).s, cpus_but(allowed, &kept).s);
	if (!cpuset_is_empty(&isolated))
		return warning("vifs may use isolated %s (isolcpus)" FIX_CPUS,
			doctor_name_cpus(&isolated).s, cpus_but(allowed, &isolated).s);
	return ok("nothing keeps new interrupts off the CPUs that vifs may use");
}

static struct finding check_cpuset(const struct doctor_facts *facts)
{
	const struct cpuset *allowed = &facts->cpus.allowed;
	struct cpuset taken = without(allowed, &facts->cpus.partition);

	if (cpuset_is_empty(&taken))
		return ok("no cpuset partition takes CPUs away from vifs");
	return problem("a cpuset partition keeps the threads of vifs off %s, which vifs may "
		       "use" FIX_CPUS,
		doctor_name_cpus(&taken).s, cpus_but(allowed, &taken).s);
}

static struct finding check_vcpus(const struct doctor_facts *facts)
{
	const struct vcpu_facts *vcpus = &facts->vcpus;

	if (*vcpus->unknown.msg)
		return ok("where dom0's vCPUs run is unknown: %s", vcpus->unknown.msg);
	if (vcpus->on_a_node && vcpus->on_a_pcpu)
		return ok("every vCPU of dom0 is pinned to a pCPU");
	return warning("dom0's vCPUs are not pinned: Xen moves them, %s" FIX
		       "dom0_vcpus_pin on Xen's command line, or xl vcpu-pin",
		vcpus->on_a_node ? "together with what is pinned to them"
				 : "so NUMA nodes are ignored");
}

static struct finding check_directions(const struct doctor_facts *facts)
{
	const struct load_spread *now = &facts->cpus.load, *evened = &facts->cpus.evened;

	for (enum side side = 0; side < SIDE_COUNT; side++) {
		if (load_difference(now, side) > 1 &&
			load_difference(evened, side) < load_difference(now, side))
			return warning("CPUs have %u to %u %s sides, and could have %u to "
				       "%u" FIX "vifpin rebalance",
				now->least_sides[side], now->most_sides[side], side_name(side),
				evened->least_sides[side], evened->most_sides[side]);
	}
	return ok("tx sides of CPUs differ by %u, rx sides by %u", load_difference(now, SIDE_TX),
		load_difference(now, SIDE_RX));
}

const struct doctor_check doctor_cpu_checks[] = {
	{ "configured", check_configured },
	{ "cpus", check_cpus },
	{ "affinity", check_affinity },
	{ "cpuset", check_cpuset },
	{ "vcpus", check_vcpus },
	{ "directions", check_directions },
	{ .name = NULL },
};
