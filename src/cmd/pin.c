// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pin, unpin: place and release vifs by hand. Domains and devices are named as with xl.
 */
#include "cmd.h"
#include "domains.h"
#include "explain.h"
#include "ledger_file.h"
#include "progress_line.h"
#include "util.h"

#include <stdio.h>

static bool is_unchanged(const struct reconciled *done)
{
	for (size_t i = 0; i < done->changes.n; i++) {
		if (done->results[i].event != EVENT_NONE || *done->results[i].why.msg)
			return false;
	}
	return !*done->set_aside.msg;
}

static void print_unchanged(const struct reconciled *done)
{
	for (size_t i = 0; i < done->changes.n; i++) {
		const struct change *change = &done->changes.v[i];
		const struct vif_entry *entry = ledger_find(&done->ledger, change->id);

		if (!entry || *change->failure.msg)
			continue;
		explain_vif(change->id, entry->domain);
		printf(" is already %s; %s\n", vif_state_name(entry->state),
			entry->state == VIF_RESERVED ? "it is pinned when the guest connects"
						     : "nothing to do");
	}
}

/* Success is silent, unless somebody has watched the progress of several vifs. */
static void show(const struct reconciled *done)
{
	if (is_unchanged(done))
		print_unchanged(done);
	else if (done->changes.n > 1 && cmd_progress_is_watched())
		cmd_print_summary(done, stderr);
}

static void show_unpinned(const struct reconciled *done)
{
	size_t vifs = 0, restored = 0;

	for (size_t i = 0; i < done->changes.n; i++) {
		vifs += done->results[i].event == EVENT_RELEASED;
		restored += done->results[i].restored;
	}
	if (vifs)
		printf("%zu vif%s released; %zu interrupts and threads have the default masks "
		       "again\n",
			vifs, plural(vifs), restored);
	else
		puts("not in the ledger; nothing to do");
}

/* The ledger, for the names of netdevs: empty if it cannot be read or is of another boot. */
static void read_names(const struct sysroot *root, struct ledger *out)
{
	char boot_id[UUID_SIZE];

	if (reconcile_peek(root, out, NULL) == 0 && ledger_file_boot_id(root, boot_id, NULL) == 0)
		ledger_enter_boot(out, boot_id);
}

static int act(struct context *context, const struct cmd_line *line, struct err *err)
{
	bool unpin = line->command == &command_unpin;
	_cleanup_(ledger_clear) struct ledger ledger = { 0 };
	_cleanup_free_ struct vif_id *vifs = NULL;
	struct request request = {
		.kind = unpin ? REQUEST_RELEASE : REQUEST_UPDATE,
		.unpin = unpin,
		.explain = context->dry,
	};
	_cleanup_(reconciled_free) struct reconciled done = { 0 };
	int r = context_connect(context, err);

	if (r < 0)
		return r;
	read_names(&context->root, &ledger);
	r = domains_find_vifs(context->xenstore, &ledger, line->words[0], line->words[1], &vifs,
		&request.n_vifs, err);
	if (r < 0)
		return r;
	if (!request.n_vifs) {
		printf("%s has no vifs; nothing to do\n", line->words[0]);
		return STATUS_DONE;
	}
	request.vifs = vifs;
	context->progress = cmd_progress;
	r = cmd_reconcile(context, &request, &done, err);
	if (r >= 0 && unpin)
		show_unpinned(&done);
	else if (r >= 0 && !context->dry)
		show(&done);
	return r;
}

#define WHICH_HELP                                                                                 \
	"DOMAIN is a name, or a domid if it consists of digits only. DEVID or MAC\n"               \
	"selects one vif; the default is all vifs of the domain. If no domain has that\n"          \
	"name, it is a vif's: its VIF or DEV in the output of 'vifpin list'.\n"

const struct command command_pin = {
	.name = "pin",
	.words = "DOMAIN [DEVID|MAC]",
	.summary = "place a domain's vifs and pin them",
	.help = "Place the vifs of a domain that have no place yet, and pin their interrupts and\n"
		"threads.\n"
		"\n" WHICH_HELP,
	.decides = true,
	.config = CONFIG_OBEYED,
	.act = act,
};

const struct command command_unpin = {
	.name = "unpin",
	.words = "DOMAIN [DEVID|MAC]",
	.summary = "release them and restore the default masks",
	.help = "Remove the vifs of a domain from the ledger, and give their interrupts and\n"
		"threads the kernel's default masks. A running watcher places them again at\n"
		"their next event.\n"
		"\n" WHICH_HELP,
	.config = CONFIG_OBEYED,
	.act = act,
};
