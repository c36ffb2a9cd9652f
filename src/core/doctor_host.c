// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host itself: Xen, xenstored, netback, and the configuration.
 */
#include "doctor_checks.h"

#include <string.h>

#define NETBACK_PARAM "/" PATH_NETBACK "/parameters/"

static struct finding check_xen(const struct doctor_facts *facts)
{
	const char *type = facts->hypervisor;

	if (strcmp(type, "xen") == 0)
		return ok("this system runs under Xen");
	return problem("this system does not run under Xen: /" PATH_HYPERVISOR " %s%s" FIX
		       "boot it under Xen",
		*type ? "says " : "does not exist", type);
}

static struct finding check_xenstored(const struct doctor_facts *facts)
{
	if (!*facts->xenstore_failure.msg)
		return ok("xenstored answers");
	return problem(
		"%s" FIX "systemctl start xenstored (Debian: xen)", facts->xenstore_failure.msg);
}

static struct finding check_domain(const struct doctor_facts *facts)
{
	if (facts->own_domid < 0)
		return warning("unknown, as xenstored does not answer");
	return ok("this is domain %d%s", facts->own_domid,
		facts->own_domid ? ", a driver domain" : "");
}

static struct finding check_netback(const struct doctor_facts *facts)
{
	const struct netback_facts *netback = &facts->netback;
	long max = netback->max_queues, n_allowed = cpuset_count(&facts->cpus.allowed);

	if (!netback->loaded)
		return warning("xen_netback is not loaded: no guest can have a vif" FIX
			       "modprobe xen-netback");
	if (netback->grouped)
		return warning("threads netback/N, one for each CPU, serve all vifs and cannot be "
			       "moved (Linux before 3.12): only interrupts are pinned" FIX
			       "upgrade the kernel");
	if (max < 0)
		return warning("this xen_netback supports only one queue per vif (Linux before "
			       "3.16)" FIX "upgrade the kernel");
	if (netback->separate_tx_rx_irq == 0)
		return warning("separate_tx_rx_irq is off: tx and rx of a queue share one "
			       "interrupt, and thus its CPU" FIX "echo Y >" NETBACK_PARAM
			       "separate_tx_rx_irq");
	if (n_allowed && max > n_allowed)
		return warning("max_queues is %ld, but vifs may use only %ld %s: queues of a vif "
			       "share CPUs" FIX "echo %ld >" NETBACK_PARAM "max_queues",
			max, n_allowed, plural((size_t)n_allowed, "CPU", "CPUs"), n_allowed);
	if (max == 1 && n_allowed > 1)
		return warning("max_queues is 1: no vif can use more than two CPUs" FIX
			       "echo %ld >" NETBACK_PARAM "max_queues",
			n_allowed);
	return ok("max_queues is %ld, and tx and rx have separate interrupts", max);
}

static struct finding check_config(const struct doctor_facts *facts)
{
	if (*facts->config_failure.msg)
		return problem("%s; pin, unpin, reconcile and rebalance refuse to run, all "
			       "others use the defaults" FIX "correct that line; man vifpin.conf",
			facts->config_failure.msg);
	if (facts->config_is_there)
		return ok("the configuration is valid");
	return ok("there is no " CONF ", so the defaults apply");
}

const struct doctor_check doctor_host_checks[] = {
	{ "xen", check_xen },
	{ "xenstored", check_xenstored },
	{ "domain", check_domain },
	{ "netback", check_netback },
	{ "config", check_config },
	{ .name = NULL },
};
