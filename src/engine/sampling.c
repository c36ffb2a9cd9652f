// SPDX-License-Identifier: GPL-2.0-or-later
#include "sampling.h"

#include "ledger_file.h"
#include "measure.h"
#include "util.h"
#include "work_file.h"

#include <errno.h>

/* Every how many looks there is a reading. */
static unsigned int count_turns(const struct ledger *ledger)
{
	size_t files = 1;

	for (size_t i = 0; i < ledger->n_vifs; i++)
		files += FILES_OF_VIF + FILES_OF_QUEUE * (size_t)ledger->vifs[i].n_queues;
	return (unsigned int)((files - 1) / SAMPLING_FILES + 1);
}

/* For who places a side. */
static int keep_load(const struct context *context, const struct work_kept *kept,
	const struct ledger *ledger, struct err *err)
{
	_cleanup_(load_kept_free) struct load_kept load = {
		.at_ns = kept->work.at_ns,
		.interval = kept->interval,
	};

	if (measured_load_of(ledger, &kept->work, &load.load) < 0)
		return err_no_memory(err);
	copy_str(load.boot_id, sizeof load.boot_id, kept->boot_id);
	return work_file_write_load(&context->root, &load, err);
}

static int keep(struct context *context, struct sampling *sampling, const struct counters *now,
	const struct ledger *ledger, struct err *err)
{
	struct work_kept *kept = &sampling->kept;
	int64_t interval_ns = (int64_t)kept->interval * 1000000000;
	struct work newer = { 0 };
	int r = work_between(&sampling->last, now, &newer);

	if (r == 0)
		r = work_smooth(&kept->work, &newer, SAMPLING_MEMORY * interval_ns);
	work_free(&newer);
	if (r < 0)
		return err_set(err, -r, "cannot compute the measured load: %m");
	r = ledger_file_boot_id(&context->root, kept->boot_id, err);
	if (r == 0)
		r = work_file_write(&context->root, kept, err);
	return r < 0 ? r : keep_load(context, kept, ledger, err);
}

int sampling_look(struct context *context, struct sampling *sampling, const struct ledger *ledger,
	struct err *err)
{
	unsigned int turns = count_turns(ledger);
	struct counters now;
	int r;

	if (sampling->last.cpus && ++sampling->looks < turns)
		return 0;
	r = measure_read(context, ledger, &now, err);
	if (r < 0)
		return r;
	sampling->looks = 0;
	sampling->kept.interval = turns * context->config.verify_interval;
	if (sampling->last.cpus)
		r = keep(context, sampling, &now, ledger, err);
	counters_free(&sampling->last);
	sampling->last = now;
	return r;
}

void sampling_end(const struct context *context, struct sampling *sampling)
{
	counters_free(&sampling->last);
	work_kept_free(&sampling->kept);
	sampling->looks = 0;
	work_file_remove(&context->root);
}
