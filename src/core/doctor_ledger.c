// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What vifpin has done so far: the ledger, and the vifs that are in it or should be.
 */
#include "doctor_checks.h"

#define LEDGER "/" PATH_LEDGER_DIR "/ledger.json"

static struct finding check_ledger(const struct doctor_facts *facts)
{
	const struct ledger_facts *ledger = &facts->ledger;

	if (ledger->of_later_version)
		return problem("the ledger %s: nothing is pinned" FIX
			       "upgrade vifpin, or move " LEDGER " away",
			ledger->failure.msg);
	if (*ledger->failure.msg)
		return problem("the ledger cannot be read: %s" FIX "vifpin reconcile",
			ledger->failure.msg);
	if (!ledger->is_there)
		return ok("there is no ledger yet, as no vif has come up");
	if (!ledger->of_this_boot)
		return warning("the ledger is from another boot: nothing is pinned yet" FIX
			       "vifpin reconcile");
	return ok("the ledger is from this boot and has %zu %s", ledger->n_vifs,
		plural(ledger->n_vifs, "vif", "vifs"));
}

static struct finding check_corrupt(const struct doctor_facts *facts)
{
	unsigned int n = facts->ledger.n_corrupt;

	if (!n)
		return ok("no unreadable ledger was moved aside");
	return warning("%u %s moved aside as unreadable" FIX "rm " LEDGER ".corrupt-*", n,
		plural(n, "ledger was", "ledgers were"));
}

static const struct {
	enum health health;
	const char *one, *more; /* what goes after the number */
	const char *fix;
} vif_troubles[VIF_TROUBLES] = {
	[VIFS_UNKNOWN] = { HEALTH_PROBLEM, "vif is not in the ledger", "vifs are not in the ledger",
		"vifpin reconcile" },
	[VIFS_MOVED] = { HEALTH_PROBLEM, "interrupt or thread is not where the ledger says",
		"interrupts and threads are not where the ledger says",
		"vifpin verify shows them; vifpin reconcile puts them back" },
	[VIFS_PARTIAL] = { HEALTH_WARNING, "vif is only partly pinned",
		"vifs are only partly pinned", "vifpin verify" },
	[VIFS_OUTSIDE] = { HEALTH_WARNING, "side is on a CPU that its vif may not use",
		"sides are on CPUs that their vifs may not use", "vifpin rebalance" },
};

static struct finding check_vifs(const struct doctor_facts *facts)
{
	const struct vif_facts *vifs = &facts->vifs;

	for (size_t i = 0; i < VIF_TROUBLES; i++) {
		struct vif_id vif = vifs->troubles[i].vif;
		size_t n = vifs->troubles[i].n;

		if (n)
			return finding_make(vif_troubles[i].health, "%zu %s (vif %u.%u%s)" FIX "%s",
				n, plural(n, vif_troubles[i].one, vif_troubles[i].more), vif.domid,
				vif.devid, plural(n, "", " first"), vif_troubles[i].fix);
	}
	if (*vifs->failure.msg)
		return warning("not every vif could be compared with the ledger: %s" FIX
			       "vifpin verify",
			vifs->failure.msg);
	return ok("all vifs in the ledger are in place; the watcher has put back %lu %s so far",
		vifs->drift, plural(vifs->drift, "pin", "pins"));
}

static struct finding check_nics(const struct doctor_facts *facts)
{
	const struct nic_facts *nics = &facts->nics;
	size_t n = nics->sides.n;

	if (cpuset_is_empty(&nics->cpus))
		return ok("no physical NIC that is up has interrupts");
	if (!nics->avoid)
		return ok("rx sides may be on CPUs that take NIC interrupts, as avoid_nic is 0");
	if (!n)
		return ok("NIC interrupts go to %s; rx sides avoid them where possible",
			doctor_name_cpus(&nics->cpus).s);
	return warning("%zu %s NIC interrupts (queue %u of vif %u.%u on CPU %d%s)" FIX
		       "vifpin rebalance",
		n, plural(n, "rx side is on a CPU that takes", "rx sides are on CPUs that take"),
		nics->queue, nics->sides.vif.domid, nics->sides.vif.devid, nics->cpu,
		plural(n, "", " first"));
}

const struct doctor_check doctor_ledger_checks[] = {
	{ "ledger", check_ledger },
	{ "corrupt", check_corrupt },
	{ "vifs", check_vifs },
	{ "nics", check_nics },
	{ .name = NULL },
};
