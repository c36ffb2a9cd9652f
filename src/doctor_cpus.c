// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The checks of doctor.h that are about CPUs: where vifs may be, and what else is there.
 */
#include "doctor.h"

#include "sysroot.h"

/* Paths only: nothing is read here. */
#define CONF          "/" PATH_CONFIG
#define NETBACK_PARAM "/" PATH_NETBACK_PARAM

/* A set as people read it, cut where it is very long. */
struct cpus_text {
	char s[96];
};

static struct cpus_text show(const struct cpuset *set)
{
	struct cpus_text text;

	cpuset_format(set, text.s, sizeof text.s);
	return text;
}

/* "CPU 2", "CPUs 2-3". */
static const char *cpu_word(const struct cpuset *set)
{
	return cpuset_single(set) >= 0 ? "CPU" : "CPUs";
}

/* The CPUs of `set` that are not in `but`. */
static struct cpuset without(const struct cpuset *set, const struct cpuset *but)
{
	struct cpuset left = *set;

	cpuset_subtract(&left, but);
	return left;
}

static void mend_with_cpus(struct finding *out, const struct cpuset *cpus)
{
	if (cpuset_is_empty(cpus))
		finding_mend(out, "cpus = \"all\" in " CONF);
	else
		finding_mend(out, "cpus = \"%s\" in " CONF, show(cpus).s);
}

/* True when there is nothing, or too little, to place vifs on. */
static bool too_few_cpus(const struct cpu_facts *facts, struct finding *out)
{
	if (cpuset_is_empty(&facts->allowed)) {
		finding_say(out, HEALTH_PROBLEM,
			"no CPU is online, in cpus of " CONF " and in vifpin's own affinity mask");
	} else if (cpuset_single(&facts->allowed) >= 0 && cpuset_single(&facts->online) < 0) {
		finding_say(out, HEALTH_WARNING,
			"vifs may use CPU %s only: both sides of each queue are there",
			show(&facts->allowed).s);
	} else {
		return false;
	}
	finding_mend(out, "cpus = \"all\" in " CONF);
	return true;
}

static bool cpus_are_missing(const struct cpu_facts *facts, struct finding *out)
{
	struct cpuset wanted = facts->configured, missing;

	cpuset_and(&wanted, &facts->present);
	missing = without(&wanted, &facts->online);
	if (!cpuset_is_empty(&missing)) {
		int first = cpuset_next(&missing, 0);

		finding_say(out, HEALTH_WARNING, "%s %s of cpus %s offline", cpu_word(&missing),
			show(&missing).s, cpuset_single(&missing) >= 0 ? "is" : "are");
		finding_mend(out, "echo 1 >/" PATH_CPU_ONLINE, first);
		return true;
	}
	cpuset_and(&wanted, &facts->online);
	missing = without(&wanted, &facts->own);
	if (cpuset_is_empty(&missing))
		return false;
	finding_say(out, HEALTH_WARNING, "vifpin's own affinity mask is without %s %s",
		cpu_word(&missing), show(&missing).s);
	finding_mend(out, "taskset -cp %s $$", show(&wanted).s);
	return true;
}

void doctor_cpus(const struct cpu_facts *facts, struct finding *out)
{
	unsigned int n = cpuset_count(&facts->allowed);
	struct cpuset left = without(&facts->online, &facts->allowed);

	out->check = "cpus";
	if (too_few_cpus(facts, out) || cpus_are_missing(facts, out))
		return;
	if (facts->most_queues > n && !cpuset_is_empty(&left)) {
		finding_say(out, HEALTH_WARNING,
			"vif %u.%u has %u queues, and vifs may use CPUs %s only",
			facts->most_queues_of.domid, facts->most_queues_of.devid,
			facts->most_queues, show(&facts->allowed).s);
		finding_mend(out, "cpus = \"all\" in " CONF ", or fewer vcpus for the guest");
	} else if (cpuset_is_empty(&left)) {
		finding_say(out, HEALTH_OK, "vifs may use %s %s, all that are online",
			cpu_word(&facts->allowed), show(&facts->allowed).s);
	} else {
		finding_say(out, HEALTH_OK, "vifs may use CPUs %s of %s", show(&facts->allowed).s,
			show(&facts->online).s);
	}
}

void doctor_affinity(const struct cpu_facts *facts, struct finding *out)
{
	struct cpuset kept = without(&facts->allowed, &facts->initial);
	struct cpuset isolated = facts->allowed, rest;

	out->check = "affinity";
	cpuset_and(&isolated, &facts->isolated);
	if (!cpuset_is_empty(&kept)) {
		finding_say(out, HEALTH_WARNING,
			"default_smp_affinity keeps new interrupts off %s %s, which vifs may use",
			cpu_word(&kept), show(&kept).s);
		rest = without(&facts->allowed, &kept);
	} else if (!cpuset_is_empty(&isolated)) {
		finding_say(out, HEALTH_WARNING,
			"%s %s, which vifs may use, %s isolated from other work",
			cpu_word(&isolated), show(&isolated).s,
			cpuset_single(&isolated) >= 0 ? "is" : "are");
		rest = without(&facts->allowed, &isolated);
	} else {
		finding_say(
			out, HEALTH_OK, "nobody keeps interrupts off the CPUs that vifs may use");
		return;
	}
	mend_with_cpus(out, &rest);
}

void doctor_cpuset(const struct cpu_facts *facts, struct finding *out)
{
	struct cpuset taken = without(&facts->allowed, &facts->partition);
	struct cpuset rest;

	out->check = "cpuset";
	if (cpuset_is_empty(&taken)) {
		finding_say(out, HEALTH_OK, "no cpuset takes CPUs that vifs may use");
		return;
	}
	finding_say(out, HEALTH_PROBLEM,
		"%s %s, which vifs may use, %s in a cpuset partition: "
		"their threads cannot run there",
		cpu_word(&taken), show(&taken).s, cpuset_single(&taken) >= 0 ? "is" : "are");
	rest = without(&facts->allowed, &taken);
	mend_with_cpus(out, &rest);
}

void doctor_vcpus(const struct vcpu_facts *facts, struct finding *out)
{
	out->check = "vcpus";
	if (*facts->unknown.msg) {
		finding_say(out, HEALTH_OK, "not known where CPUs run: %s", facts->unknown.msg);
	} else if (!facts->on_a_node) {
		finding_say(out, HEALTH_WARNING,
			"dom0's vCPUs are not pinned: Xen moves them, and nodes play no part");
		finding_mend(out, "dom0_vcpus_pin on Xen's command line, or xl vcpu-pin");
	} else if (!facts->on_a_pcpu) {
		finding_say(out, HEALTH_WARNING,
			"dom0's vCPUs are not pinned: Xen moves them, with what is pinned to them");
		finding_mend(out, "dom0_vcpus_pin on Xen's command line, or xl vcpu-pin");
	} else {
		finding_say(out, HEALTH_OK, "every vCPU of dom0 is pinned to a pCPU");
	}
}

void doctor_nics(const struct nic_facts *facts, struct finding *out)
{
	out->check = "nics";
	if (cpuset_is_empty(&facts->cpus)) {
		finding_say(out, HEALTH_OK, "no physical NIC that is up has interrupts");
	} else if (!facts->avoid) {
		finding_say(out, HEALTH_OK,
			"rx sides may be on CPUs that take NICs' interrupts: avoid_nic "
			"is 0");
	} else if (facts->n_sides) {
		finding_say(out, HEALTH_WARNING,
			"%zu rx side%s on CPUs that take NICs' interrupts, queue %u of vif %u.%u "
			"on "
			"CPU %d first",
			facts->n_sides, facts->n_sides == 1 ? "" : "s", facts->queue,
			facts->vif.domid, facts->vif.devid, facts->cpu);
		finding_mend(out, "vifpin rebalance");
	} else {
		finding_say(out, HEALTH_OK,
			"NICs' interrupts go to %s %s; no rx side has to be there",
			cpu_word(&facts->cpus), show(&facts->cpus).s);
	}
}

void doctor_netback(const struct netback_facts *facts, struct finding *out)
{
	long max = facts->max_queues;

	out->check = "netback";
	if (!facts->loaded) {
		finding_say(
			out, HEALTH_WARNING, "xen_netback is not loaded: no guest can have a vif");
		finding_mend(out, "modprobe xen-netback");
	} else if (max < 0) {
		finding_say(out, HEALTH_WARNING,
			"this xen_netback gives a vif one queue (Linux before 3.16)");
		finding_mend(out, "upgrade the kernel");
	} else if (facts->separate_tx_rx_irq == 0) {
		finding_say(out, HEALTH_WARNING,
			"separate_tx_rx_irq is off: tx and rx of a queue share an "
			"interrupt and its CPU");
		finding_mend(out, "echo Y >" NETBACK_PARAM, "separate_tx_rx_irq");
	} else if (facts->n_allowed && (unsigned long)max > facts->n_allowed) {
		finding_say(out, HEALTH_WARNING,
			"max_queues is %ld, and vifs may use %u CPUs: queues of a vif share them",
			max, facts->n_allowed);
		finding_mend(out, "echo %u >" NETBACK_PARAM, facts->n_allowed, "max_queues");
	} else if (max == 1 && facts->n_allowed > 1) {
		finding_say(
			out, HEALTH_WARNING, "max_queues is 1: no vif can use more than two CPUs");
		finding_mend(out, "echo %u >" NETBACK_PARAM, facts->n_allowed, "max_queues");
	} else {
		finding_say(out, HEALTH_OK,
			"max_queues is %ld, tx and rx have interrupts of their own", max);
	}
}
