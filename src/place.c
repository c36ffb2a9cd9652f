// SPDX-License-Identifier: GPL-2.0-or-later
#include "place.h"

#include "plan.h"
#include "util.h"

#include <errno.h>

/* A side stays where it is if that CPU is online; true when one has to be placed. */
static bool displace(struct place *places, unsigned int n, const struct cpuset *online)
{
	bool any = false;

	for (unsigned int q = 0; q < n; q++) {
		int *sides[] = { &places[q].tx_cpu, &places[q].rx_cpu };

		for (int i = 0; i < 2; i++) {
			if (*sides[i] != CPU_NONE && cpuset_has(online, (unsigned int)*sides[i]))
				continue;
			*sides[i] = CPU_NONE;
			any = true;
		}
	}
	return any;
}

/* The load of all vifs, of `entry` with `places` instead of its own. */
static void add_load(const struct ledger *ledger, const struct vif_entry *entry,
	struct place *places, unsigned int n, unsigned int *load)
{
	struct vif_entry now = { .places = places, .n_queues = n };

	for (size_t i = 0; i < ledger->n_vifs; i++) {
		const struct vif_entry *vif = &ledger->vifs[i];

		ledger_add_load(vif == entry ? &now : vif, load);
	}
}

static int plan(struct site *site, const struct ledger *ledger, const struct vif_entry *entry,
	struct place *places, unsigned int n, struct plan_steps *steps, struct err *err)
{
	_cleanup_free_ struct plan_host *host = NULL;
	const struct remembered *old;
	int r;

	r = site_for_vif(site, entry, &host, err);
	if (r < 0)
		return r;
	add_load(ledger, entry, places, n, host->load);
	old = ledger_recall(ledger, entry->uuid, entry->id.devid);
	r = plan_vif(host, places, n, old ? old->places : NULL, old ? old->n_queues : 0, steps);
	if (r == -ENODEV)
		return err_set(err, ENODEV,
			"no CPU is left for vif %u.%u: none is online, in cpus of /" PATH_CONFIG
			" and in vifpin's own affinity mask",
			entry->id.domid, entry->id.devid);
	return r < 0 ? err_set(err, -r, "out of memory") : 0;
}

int place_fit(struct site *site, const struct ledger *ledger, struct vif_entry *entry,
	unsigned int n, struct plan_steps *steps, bool *changed, struct err *err)
{
	_cleanup_free_ struct place *places = calloc(n, sizeof *places);
	const struct cpuset *online;
	bool moved;
	int r;

	if (!places)
		return err_set(err, ENOMEM, "out of memory");
	for (unsigned int q = 0; q < n; q++)
		places[q] = q < entry->n_queues ? entry->places[q]
						: (struct place){ CPU_NONE, CPU_NONE };
	r = site_online(site, &online, err);
	if (r < 0)
		return r;
	moved = displace(places, n, online);
	if (moved)
		r = plan(site, ledger, entry, places, n, steps, err);
	if (r < 0)
		return r;
	*changed = moved || n != entry->n_queues;
	ledger_set_places(entry, places, n);
	places = NULL;
	return 0;
}
