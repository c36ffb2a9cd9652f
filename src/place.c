// SPDX-License-Identifier: GPL-2.0-or-later
#include "place.h"

#include "pidstat.h"
#include "plan.h"
#include "util.h"

#include <errno.h>
#include <string.h>

static int read_online(const struct sysroot *root, struct cpuset *out, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = sysroot_read(root, &text, NULL, PATH_CPUS_ONLINE);
	if (r == 0)
		r = cpuset_parse_list(text, out);
	if (r < 0)
		return err_set(err, -r, "cannot read /" PATH_CPUS_ONLINE ": %s", strerror(-r));
	return 0;
}

/* The CPUs vifpin itself may run on: who limits it means to limit what it does. */
static void limit_to_own(const struct sysroot *root, struct cpuset *cpus)
{
	_cleanup_free_ char *status = NULL;
	struct cpuset own;

	if (sysroot_read(root, &status, NULL, PATH_OWN_STATUS) == 0 &&
		pidstat_parse_allowed(status, &own) == 0)
		cpuset_and(cpus, &own);
}

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

static int plan(const struct sysroot *root, const struct config *config,
	const struct ledger *ledger, const struct vif_entry *entry, const struct cpuset *online,
	struct place *places, unsigned int n, struct err *err)
{
	_cleanup_free_ struct plan_host *host = calloc(1, sizeof *host);
	const struct remembered *old;
	int r;

	if (!host)
		return err_set(err, ENOMEM, "out of memory");
	host->allowed = *online;
	cpuset_and(&host->allowed, &config->cpus);
	limit_to_own(root, &host->allowed);
	add_load(ledger, entry, places, n, host->load);
	old = ledger_recall(ledger, entry->uuid, entry->id.devid);
	r = plan_vif(host, places, n, old ? old->places : NULL, old ? old->n_queues : 0);
	if (r < 0)
		return err_set(err, -r,
			"no CPU is left for vif %u.%u: none is online, in cpus of /" PATH_CONFIG
			" and in vifpin's own affinity mask",
			entry->id.domid, entry->id.devid);
	return 0;
}

int place_fit(const struct sysroot *root, const struct config *config, const struct ledger *ledger,
	struct vif_entry *entry, unsigned int n, bool *changed, struct err *err)
{
	_cleanup_free_ struct place *places = calloc(n, sizeof *places);
	struct cpuset online;
	bool moved;
	int r;

	if (!places)
		return err_set(err, ENOMEM, "out of memory");
	for (unsigned int q = 0; q < n; q++)
		places[q] = q < entry->n_queues ? entry->places[q]
						: (struct place){ CPU_NONE, CPU_NONE };
	r = read_online(root, &online, err);
	if (r < 0)
		return r;
	moved = displace(places, n, &online);
	if (moved)
		r = plan(root, config, ledger, entry, &online, places, n, err);
	if (r < 0)
		return r;
	*changed = moved || n != entry->n_queues;
	ledger_set_places(entry, places, n);
	places = NULL;
	return 0;
}
