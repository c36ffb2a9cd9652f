// SPDX-License-Identifier: GPL-2.0-or-later
#include "measure.h"

#include "clock.h"
#include "count.h"
#include "ledger_file.h"
#include "snapshot.h"
#include "util.h"
#include "work_file.h"

#include <errno.h>
#include <string.h>

/* A file is worth reading for so many of the intervals in which it is written. */
#define INTERVALS_MAX 3

struct reading {
	struct context *context;
	const struct ledger *ledger;
	struct snapshot snapshot;
	struct world found; /* the vifs whose targets had to be searched for */
};

static int add_vif(const struct vif_entry *entry, struct counters *out)
{
	struct queue_counters *queues = calloc(entry->n_queues, sizeof *queues);
	struct vif_counters *vif = queues ? array_add(&out->vifs, &out->n_vifs, sizeof *vif) : NULL;

	if (!vif) {
		free(queues);
		return -ENOMEM;
	}
	vif->id = entry->id;
	copy_str(vif->dev, sizeof vif->dev, entry->dev);
	for (unsigned int q = 0; q < entry->n_queues; q++)
		queues[q].place = entry->places[q];
	vif->queues = queues;
	vif->n_queues = entry->n_queues;
	return 0;
}

/* Reads by what is known of the vif; false when nothing is, or not all of it is there any more. */
static bool count_known(const struct reading *in, struct vif_counters *vif)
{
	const struct world_vif *known = world_find(&in->context->known, vif->id);

	return known && known->targets.n && count_vif(&in->context->root, &known->targets, vif);
}

static void forget_counts(struct vif_counters *vif)
{
	for (unsigned int q = 0; q < vif->n_queues; q++)
		vif->queues[q] = (struct queue_counters){ .place = vif->queues[q].place };
}

/* What cannot be found is not known, and no failure. */
static int count_found(struct reading *in, struct vif_counters *vif)
{
	struct world_vif *found = world_add(&in->found, vif->id);
	struct vif_names names = { .recorded = vif->dev, .vifname = "" };

	if (!found)
		return -ENOMEM;
	if (snapshot_find(&in->snapshot, &in->context->root, vif->id, names, found->dev,
		    &found->targets, NULL) < 0)
		return 0;
	found->looked = true;
	forget_counts(vif);
	count_vif(&in->context->root, &found->targets, vif);
	return 0;
}

static int read_vifs(struct reading *in, struct counters *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < in->ledger->n_vifs; i++) {
		const struct vif_entry *entry = &in->ledger->vifs[i];
		struct vif_counters *vif;

		if (entry->state == VIF_RESERVED || !entry->n_queues)
			continue;
		r = add_vif(entry, out);
		vif = r == 0 ? &out->vifs[out->n_vifs - 1] : NULL;
		if (vif && !count_known(in, vif))
			r = count_found(in, vif);
	}
	return r;
}

int measure_read(
	struct context *context, const struct ledger *ledger, struct counters *out, struct err *err)
{
	struct reading in = { context, ledger, { .many = true }, { 0 } };
	struct counters counters = { 0 };
	int r = count_cpus(&context->root, &counters);

	if (r < 0) {
		counters_free(&counters);
		return r == -ENOMEM ? err_no_memory(err)
				    : err_set(err, -r, "cannot read /" PATH_PROC_STAT ": %m");
	}
	r = read_vifs(&in, &counters);
	snapshot_free(&in.snapshot);
	if (r == 0)
		world_learn_targets(&context->known, &in.found, ledger);
	world_free(&in.found);
	if (r < 0) {
		counters_free(&counters);
		return err_no_memory(err);
	}
	*out = counters;
	return 0;
}

/* --- what the watcher has measured ---------------------------------------------------------- */

/* Of the file `path`. */
static int check_kept(const struct sysroot *root, const char *path, const char *kept_boot_id,
	int64_t at_ns, unsigned int interval, struct err *err)
{
	int64_t age = clock_ns() - at_ns;
	char boot_id[UUID_SIZE];
	int r = ledger_file_boot_id(root, boot_id, err);

	if (r < 0)
		return r;
	if (strcmp(boot_id, kept_boot_id) != 0)
		return err_set(err, ENOENT, "/%s is of another boot", path);
	if (age < 0 || age / 1000000000 > INTERVALS_MAX * (int64_t)interval)
		return err_set(err, ENOENT,
			"/%s is out of date: the watcher has stopped, or does not get to run",
			path);
	return 0;
}

int measure_read_kept(const struct context *context, struct work *out, struct err *err)
{
	_cleanup_(work_kept_free) struct work_kept kept = { 0 };
	int r = work_file_read(&context->root, &kept, err);

	if (r == 0)
		r = check_kept(&context->root, PATH_WORK, kept.boot_id, kept.work.at_ns,
			kept.interval, err);
	if (r < 0)
		return r;
	*out = kept.work;
	kept.work = (struct work){ 0 };
	return 0;
}

int measure_read_load(const struct context *context, struct measured_load *out, struct err *err)
{
	_cleanup_(load_kept_free) struct load_kept kept = { 0 };
	int r = work_file_read_load(&context->root, &kept, err);

	if (r == 0)
		r = check_kept(
			&context->root, PATH_LOAD, kept.boot_id, kept.at_ns, kept.interval, err);
	if (r < 0)
		return r;
	*out = kept.load;
	kept.load = (struct measured_load){ 0 };
	return 0;
}
