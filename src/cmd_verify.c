// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * verify: the ledger against the kernel, a line for each difference. Reads, and
 * changes nothing.
 */
#include "cmd.h"
#include "drift.h"
#include "log.h"
#include "util.h"

#include <errno.h>
#include <stdio.h>

static void print_drift(const struct drift *drift, void *data)
{
	const struct part *part = drift->part;
	bool thread = part_is_thread(part);
	char now[1024];

	(void)data;
	cpuset_format(&drift->now, now, sizeof now);
	printf("%s: %s %u should be on CPU %u, is %s %s\n", part->name,
		thread ? "thread" : "interrupt", thread ? (unsigned int)part->pid : part->irq,
		drift->cpu, drift->delivery_only ? "delivered to" : "on", now);
}

/* What is there, against what the ledger thinks there is. True when they agree. */
static bool check_queues(const struct vif_entry *vif, const struct parts *parts)
{
	struct err missing;

	if (parts->n_queues && parts->n_queues != vif->n_queues) {
		printf("%s: has %u queues, the ledger has %u\n", vif->dev, parts->n_queues,
			vif->n_queues);
		return false;
	}
	if (!parts_complete(parts, vif->dev, &missing)) {
		printf("%s: %s\n", vif->dev, missing.msg);
		return false;
	}
	return true;
}

/* 0 as the ledger says, 1 differs, -errno. */
static int verify_vif(const struct sysroot *root, struct snapshot *snapshot,
	const struct vif_entry *vif, struct err *err)
{
	struct vif_names names = { vif->dev, "" };
	char dev[DEV_NAME_SIZE];
	struct parts parts;
	int r;

	r = snapshot_find(snapshot, root, vif->id, names, dev, &parts, err);
	if (r < 0)
		return r;
	if (!check_queues(vif, &parts)) {
		r = 1;
	} else {
		r = drift_compare(root, vif, &parts, print_drift, NULL, err);
		r = r > 0 ? 1 : r;
	}
	parts_free(&parts);
	return r;
}

static int verify(const struct sysroot *root, const struct ledger *ledger, const char *domain,
	const char *device, struct err *err)
{
	struct snapshot snapshot = { 0 };
	bool differs = false, found = false;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ledger->n_vifs; i++) {
		if (!cmd_selects(&ledger->vifs[i], domain, device))
			continue;
		found = true;
		r = verify_vif(root, &snapshot, &ledger->vifs[i], err);
		differs = differs || r > 0;
	}
	snapshot_free(&snapshot);
	if (r < 0)
		return r;
	if (domain && !found)
		return err_set(err, ENOENT,
			"%s%s%s is not in the ledger; vifpin list shows what is", domain,
			device ? " " : "", device ? device : "");
	return differs;
}

enum status cmd_verify(const struct global *global, struct host *host, int argc, char **argv)
{
	struct ledger ledger;
	struct err err;
	int r;

	(void)global;
	if (argc > 3)
		return cmd_usage("usage: vifpin verify [DOMAIN [DEVID|MAC]]");
	if (pass_peek(&host->root, &ledger, &err) < 0)
		return cmd_fail(&err);
	r = verify(&host->root, &ledger, argv[1], argc > 1 ? argv[2] : NULL, &err);
	ledger_clear(&ledger);
	if (r < 0)
		return cmd_fail(&err);
	return r ? STATUS_FAILED : STATUS_DONE;
}
