// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pin, unpin: by hand, with xl's words for domains and devices.
 */
#include "cmd.h"
#include "cmd_progress.h"
#include "domains.h"
#include "util.h"

#include <errno.h>
#include <stdio.h>

/* The vifs a person means: one, or all of the domain. */
struct target {
	unsigned int domid;
	struct vif_id *ids; /* owned */
	size_t n;
};

static int find_all(struct host *host, unsigned int domid, struct target *target, struct err *err)
{
	struct vif_id *ids;
	size_t n, kept = 0;
	int r;

	r = xs_list_vifs(host->xs, &ids, &n, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (ids[i].domid == domid)
			ids[kept++] = ids[i];
	}
	*target = (struct target){ domid, ids, kept };
	return 0;
}

static int find_one(struct host *host, unsigned int domid, const char *const *words,
	struct target *target, struct err *err)
{
	struct vif_id *id = malloc(sizeof *id);
	int r;

	if (!id)
		return err_set(err, ENOMEM, "out of memory");
	r = domains_find_vif(host->xs, domid, words[0], words[1], id, err);
	if (r < 0) {
		free(id);
		return r;
	}
	*target = (struct target){ domid, id, 1 };
	return 0;
}

static enum status find_target(struct host *host, const char *const *words, struct target *target)
{
	unsigned int domid;
	struct err err;
	int r;

	r = host_connect(host, &err);
	if (r == 0)
		r = domains_find(&host->root, host->xs, words[0], &domid, &err);
	if (r == 0 && words[1])
		r = find_one(host, domid, words, target, &err);
	else if (r == 0)
		r = find_all(host, domid, target, &err);
	return r < 0 ? cmd_fail(&err) : STATUS_DONE;
}

static bool is_as_it_was(const struct pass *pass)
{
	for (size_t i = 0; i < pass->n_outcomes; i++) {
		const struct outcome *outcome = &pass->outcomes[i];

		if (outcome->event != EVENT_NONE || *outcome->why.msg)
			return false;
	}
	return !pass->dry && !*pass->rebuilt.msg;
}

/* Where nothing had to be done one cannot tell otherwise that it was looked at. */
static void print_unchanged(const struct pass *pass)
{
	for (size_t i = 0; is_as_it_was(pass) && i < pass->n_outcomes; i++) {
		const struct outcome *outcome = &pass->outcomes[i];
		const struct vif_entry *entry = ledger_find(&pass->ledger, outcome->id);

		if (entry)
			printf("vif %u.%u of %s is %s already; nothing is changed\n",
				outcome->id.domid, outcome->id.devid, outcome->domain,
				vif_state_name(entry->state));
	}
}

/* What came of many, for whoever has waited for it. */
static void show_summary(const struct pass *pass)
{
	size_t states[] = { [VIF_RESERVED] = 0, [VIF_PARTIAL] = 0, [VIF_PINNED] = 0 };

	if (pass->dry || pass->n_outcomes < 2 || is_as_it_was(pass) || !cmd_progress_is_watched())
		return;
	for (size_t i = 0; i < pass->n_outcomes; i++) {
		const struct vif_entry *entry = ledger_find(&pass->ledger, pass->outcomes[i].id);

		if (entry)
			states[entry->state]++;
	}
	fprintf(stderr, "%zu vifs: %zu pinned, %zu partial, %zu reserved\n", pass->n_outcomes,
		states[VIF_PINNED], states[VIF_PARTIAL], states[VIF_RESERVED]);
}

static enum status run_pass(struct host *host, const struct target *target, bool unpin)
{
	enum status status;
	struct pass pass;
	struct err err;
	int r = 0;

	host->progress = cmd_progress;
	pass_init(&pass, host);
	for (size_t i = 0; r == 0 && !unpin && i < target->n; i++)
		r = pass_see(&pass, target->ids[i], &err);
	if (r == 0)
		r = pass_begin(&pass, &err);
	for (size_t i = 0; r == 0 && unpin && i < target->n; i++)
		r = pass_release(&pass, target->ids[i], true, &err);
	if (r == 0 && !unpin)
		r = pass_settle(&pass, &err);
	if (r == 0)
		r = cmd_commit(&pass, &err);
	status = r < 0 ? cmd_fail(&err) : cmd_check(&pass);
	if (r == 0) {
		print_unchanged(&pass);
		if (!unpin)
			show_summary(&pass);
	}
	pass_end(&pass);
	return status;
}

static enum status run(
	const struct global *global, struct host *host, int argc, char **argv, bool unpin)
{
	enum status status;
	struct target target;
	struct cmd_line line;

	status = cmd_line_read(unpin ? &command_unpin : &command_pin, argc, argv, &line);
	if (status == STATUS_DONE)
		status = cmd_read_config(global, host, false);
	if (status == STATUS_DONE)
		status = find_target(host, line.words, &target);
	if (status != STATUS_DONE)
		return status;
	status = run_pass(host, &target, unpin);
	free(target.ids);
	return status;
}

static enum status run_pin(const struct global *global, struct host *host, int argc, char **argv)
{
	return run(global, host, argc, argv, false);
}

static enum status run_unpin(const struct global *global, struct host *host, int argc, char **argv)
{
	return run(global, host, argc, argv, true);
}

#define WHICH_HELP                                                                                 \
	"DOMAIN is a name, or a domid if it is all digits. DEVID or MAC is one of its\n"           \
	"vifs; without it all are meant.\n"

const struct command command_pin = {
	.name = "pin",
	.words = "DOMAIN [DEVID|MAC]",
	.summary = "place the domain's vifs, or one, and pin them",
	.help = "Place a domain's vifs that are not placed yet, and pin the interrupts and\n"
		"threads they have.\n"
		"\n" WHICH_HELP,
	.min_words = 1,
	.max_words = 2,
	.decides = true,
	.run = run_pin,
};

const struct command command_unpin = {
	.name = "unpin",
	.words = "DOMAIN [DEVID|MAC]",
	.summary = "release them, with the kernel's default masks",
	.help = "Take a domain's vifs out of the ledger, and give their interrupts and threads\n"
		"the kernel's default masks back. A watcher places them again at their next\n"
		"event.\n"
		"\n" WHICH_HELP,
	.min_words = 1,
	.max_words = 2,
	.run = run_unpin,
};
