// SPDX-License-Identifier: GPL-2.0-or-later
#include "rebuild.h"

#include "affinity.h"
#include "util.h"

#include <errno.h>

/* The CPU that a part has now, when it has just one; else CPU_NONE. */
static int single_cpu(const struct sysroot *root, const struct parts *parts, unsigned int queue,
	enum vif_side side)
{
	struct cpuset mask;

	for (size_t i = 0; i < parts->n; i++) {
		if (parts->v[i].queue != queue || parts->v[i].side != side)
			continue;
		if (affinity_get(root, &parts->v[i], &mask, NULL) < 0)
			return CPU_NONE;
		return cpuset_single(&mask);
	}
	return CPU_NONE;
}

/* False unless every side of every queue looks like vifpin's work. */
static bool read_places(const struct sysroot *root, const struct parts *parts, struct place *places)
{
	for (unsigned int q = 0; q < parts->n_queues; q++) {
		int tx = single_cpu(root, parts, q, SIDE_TX);
		int rx = single_cpu(root, parts, q, SIDE_RX);

		if (tx == CPU_NONE || single_cpu(root, parts, q, SIDE_DEALLOC) != tx)
			return false;
		if (rx == CPU_NONE || single_cpu(root, parts, q, SIDE_GUEST_RX) != rx)
			return false;
		places[q] = (struct place){ tx, rx };
	}
	return parts->n_queues > 0;
}

static int adopt(struct pass *pass, const struct xs_vif *vif, struct err *err)
{
	const struct sysroot *root = &pass->host->root;
	struct vif_names names = { "", vif->vifname };
	_cleanup_free_ struct place *places = NULL;
	_cleanup_(parts_free) struct parts parts = { 0 };
	char dev[DEV_NAME_SIZE];
	struct vif_entry *entry;
	int r;

	r = snapshot_find(&pass->snapshot, root, vif->id, names, dev, &parts, err);
	if (r < 0)
		return r;
	places = calloc(parts.n_queues + 1, sizeof *places);
	if (!places)
		return err_set(err, ENOMEM, "out of memory");
	if (!read_places(root, &parts, places))
		return 0;
	entry = pass_describe(pass, vif, dev);
	if (!entry)
		return err_set(err, ENOMEM, "out of memory");
	ledger_set_places(entry, places, parts.n_queues);
	places = NULL;
	return 0;
}

int rebuild(struct pass *pass, struct err *err)
{
	int r = pass_see_all(pass, err);

	for (size_t i = 0; r == 0 && i < pass->n_sights; i++) {
		if (pass->sights[i].present)
			r = adopt(pass, &pass->sights[i].vif, err);
	}
	return r;
}
