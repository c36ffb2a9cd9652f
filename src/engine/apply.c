// SPDX-License-Identifier: GPL-2.0-or-later
#include "apply.h"

#include "affinity.h"
#include "cpuset.h"

#include <stdlib.h>

static void restore_masks(
	const struct sysroot *root, const struct targets *targets, struct result *result)
{
	struct cpuset cpus;

	for (size_t i = 0; i < targets->n; i++) {
		const struct target *target = &targets->v[i];

		if (affinity_default(root, target, &cpus, &result->why) == 0 &&
			affinity_set(root, target, &cpus, &result->why) == 0)
			result->restored++;
	}
}

/* True when all of the vif's targets are there, and are where they should be. */
static bool write_masks(
	const struct sysroot *root, const struct change *change, struct result *result)
{
	bool all = !*change->missing.msg;

	result->why = change->missing;
	for (size_t i = 0; i < change->n_writes; i++) {
		const struct mask_write *mask = &change->writes[i];
		struct cpuset cpus = { 0 };

		cpuset_add(&cpus, mask->cpu);
		/* The first reason is the one that is told. */
		if (affinity_set(root, mask->target, &cpus, all ? &result->why : NULL) < 0)
			all = false;
	}
	return all;
}

static enum event event_of(const struct change *change, enum vif_state before, enum vif_state now)
{
	static const enum event events[] = {
		[VIF_RESERVED] = EVENT_RESERVED,
		[VIF_PARTIAL] = EVENT_PARTIAL,
		[VIF_PINNED] = EVENT_PINNED,
	};

	if (!change->placed && !change->n_writes && before == now)
		return EVENT_NONE;
	return change->n_moved && now != VIF_PARTIAL ? EVENT_MOVED : events[now];
}

/* True if the entry has another state now. */
static bool apply_one(const struct sysroot *root, struct ledger *ledger,
	const struct change *change, struct result *result)
{
	const struct vif_entry *entry = ledger_find(ledger, change->id);
	enum vif_state before, now = VIF_RESERVED;

	*result = (struct result){ .event = EVENT_NONE };
	if (change->unpin)
		restore_masks(root, change->unpin, result);
	if (!entry && change->released)
		result->event = EVENT_RELEASED;
	if (!entry || *change->failure.msg)
		return false;
	before = entry->state;
	if (change->connected)
		now = write_masks(root, change, result) ? VIF_PINNED : VIF_PARTIAL;
	result->event = event_of(change, before, now);
	if (now == before)
		return false;
	ledger_edit(ledger, change->id)->state = now;
	return true;
}

int apply(const struct context *context, struct ledger_file *file, struct ledger *ledger,
	const struct changes *changes, struct result **results, struct err *err)
{
	bool again = false;
	int r;

	*results = calloc(changes->n + 1, sizeof **results);
	if (!*results)
		return err_no_memory(err);
	r = ledger_file_commit(file, ledger, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < changes->n; i++) {
		context_progress(context, "pinning vifs", i, changes->n);
		again |= apply_one(&context->root, ledger, &changes->v[i], &(*results)[i]);
	}
	context_progress(context, "pinning vifs", changes->n, changes->n);
	return again ? ledger_file_commit(file, ledger, err) : 0;
}
