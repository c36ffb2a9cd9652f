// SPDX-License-Identifier: GPL-2.0-or-later
#include "reconcile.h"

#include "decide.h"
#include "gather.h"
#include "ledger_file.h"
#include "process.h"
#include "util.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void reconciled_free(struct reconciled *reconciled)
{
	world_free(&reconciled->world);
	ledger_clear(&reconciled->ledger);
	changes_free(&reconciled->changes);
	free(reconciled->results);
	*reconciled = (struct reconciled){ 0 };
}

/* --- the ledger --------------------------------------------------------------------------- */

/* What came of reading it, with the whole sentence. */
static int explain(int r, const struct err *reason, struct err *err)
{
	if (r == -ENOTSUP)
		return err_set(err, ENOTSUP,
			"ledger " LEDGER_PATH " %s; nothing is pinned until vifpin is upgraded "
			"or the file moved away",
			reason->msg);
	return r < 0 ? err_set(err, -r, "cannot read " LEDGER_PATH ": %s", reason->msg) : 0;
}

int reconcile_peek(const struct sysroot *root, struct ledger *ledger, struct err *err)
{
	struct err reason = { "" };
	int r = ledger_file_peek(root, ledger, &reason);

	if (r == -EBADMSG)
		return err_set(err, EBADMSG,
			"ledger " LEDGER_PATH " cannot be read (%s); the next online, pin or "
			"watch moves it aside and rebuilds it",
			reason.msg);
	return explain(r, &reason, err);
}

/* Locks and reads. -EBADMSG, with the reason only and the lock kept, when it cannot be read. */
static int open_ledger(
	struct context *context, struct ledger_file *file, struct ledger *ledger, struct err *err)
{
	struct err reason = { "" };
	int r = ledger_file_open(&context->root, file, err);

	if (r < 0)
		return r;
	r = ledger_file_load(file, ledger, &reason);
	if (r == -EBADMSG)
		return err_set(err, EBADMSG, "%s", reason.msg);
	return explain(r, &reason, err);
}

static int set_aside(
	struct ledger_file *file, const char *reason, struct err *said, struct err *err)
{
	char name[64];
	int r = ledger_file_set_aside(file, name, sizeof name, err);

	if (r == 0)
		err_set(said, EBADMSG,
			"ledger " LEDGER_PATH " cannot be read (%s); moved aside as %s and rebuilt",
			reason, name);
	return r;
}

/*
 * The ledger could not be read: it is let go, since xenstore has to be asked for all it has, and
 * looked at again with that; somebody else may have made it anew meanwhile. Without xenstore there
 * is nothing to make it from: it stays where it is.
 */
static int open_ledger_anew(
	struct context *context, struct ledger_file *file, struct reconciled *out, struct err *err)
{
	struct err reason;
	int r;

	ledger_file_close(file);
	r = context_connect(context, err);
	if (r == 0)
		r = gather_all_backends(context, &out->world, err);
	if (r < 0)
		return r;
	r = open_ledger(context, file, &out->ledger, &reason);
	if (r != -EBADMSG) {
		if (r < 0 && err)
			*err = reason;
		return r;
	}
	out->world.unreadable = true;
	return set_aside(file, reason.msg, &out->set_aside, err);
}

static int read_ledger(struct context *context, struct ledger_file *file, enum request_kind kind,
	struct reconciled *out, struct err *err)
{
	char boot_id[UUID_SIZE];
	int r = ledger_file_boot_id(&context->root, boot_id, err);

	if (r < 0)
		return r;
	if (context->dry)
		r = reconcile_peek(&context->root, &out->ledger, err);
	else
		r = open_ledger(context, file, &out->ledger, err);
	if (r == -EBADMSG && !context->dry && kind != REQUEST_REPAIR)
		r = open_ledger_anew(context, file, out, err);
	if (r == 0)
		ledger_enter_boot(&out->ledger, boot_id);
	return r;
}

/* --- the order of things ------------------------------------------------------------------ */

/* What moved the first has most likely moved them all. */
static enum drift_cause find_cause(const struct context *context, const struct reconciled *out)
{
	for (size_t i = 0; i < out->changes.n; i++) {
		const struct drift_note *drift = &out->changes.v[i].drift;

		if (drift->count)
			return drift_cause(drift->is_thread, drift->cpu,
				&out->world.inventory.online,
				!drift->is_thread && process_find(&context->root, "irqbalance"));
	}
	return CAUSE_UNKNOWN;
}

static int with_ledger(struct context *context, struct ledger_file *file,
	const struct request *request, struct reconciled *out, struct err *err)
{
	int r = read_ledger(context, file, request->kind, out, err);

	if (r == 0)
		r = gather_kernel(context, request, &out->ledger, &out->world, err);
	if (r == 0)
		r = decide(
			request, &context->config, &out->world, &out->ledger, &out->changes, err);
	if (r < 0 || context->dry)
		return r;
	out->cause = find_cause(context, out);
	/* A look that finds all in its place, as nearly all do, has nothing to write. */
	if (request->kind == REQUEST_REPAIR && !out->changes.n)
		return 0;
	return apply(context, file, &out->ledger, &out->changes, &out->results, err);
}

static bool is_idle(const struct reconciled *out)
{
	bool any = out->ledger.n_vifs || !out->world.complete;

	for (size_t i = 0; !any && i < out->world.n_vifs; i++)
		any = out->world.vifs[i].presence != BACKEND_GONE;
	return !any;
}

int reconcile(struct context *context, const struct request *request, struct reconciled *out,
	struct err *err)
{
	struct ledger_file file = LEDGER_FILE_CLOSED;
	int r;

	*out = (struct reconciled){ 0 };
	r = gather_backends(context, request, &out->world, err);
	if (r == 0)
		r = with_ledger(context, &file, request, out, err);
	if (r == 0 && context->idle_lock && is_idle(out)) {
		close(*context->idle_lock);
		*context->idle_lock = -1;
	}
	ledger_file_close(&file);
	if (r == 0)
		world_learn_targets(&context->known, &out->world, &out->ledger);
	return r;
}
