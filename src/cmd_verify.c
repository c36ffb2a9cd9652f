// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * verify: the ledger against the kernel, a row for each difference. Reads, and
 * changes nothing.
 */
#include "cmd.h"
#include "doctor.h"
#include "drift.h"
#include "facts.h"
#include "log.h"
#include "util.h"

#include <errno.h>
#include <stdio.h>

enum {
	COLUMN_DOMAIN,
	COLUMN_VIF,
	COLUMN_WHAT,
	COLUMN_KIND,
	COLUMN_NUMBER,
	COLUMN_SHOULD,
	COLUMN_IS,
};

static const struct table_column columns[] = {
	[COLUMN_DOMAIN] = { "DOMAIN", "the domain's name", TABLE_TEXT, false, false },
	[COLUMN_VIF] = { "VIF", "domid.devid", TABLE_TEXT, true, false },
	[COLUMN_WHAT] = { "WHAT", "the interrupt, thread or netdev", TABLE_TEXT, false, false },
	[COLUMN_KIND] = { "KIND", "interrupt, thread, delivery, missing or queues: see above",
		TABLE_TEXT, false, false },
	[COLUMN_NUMBER] = { "NUMBER", "the interrupt's number or the thread's PID", TABLE_NUMBER,
		false, false },
	[COLUMN_SHOULD] = { "SHOULD", "the CPU in the ledger (queues: how many)", TABLE_NUMBER,
		false, false },
	[COLUMN_IS] = { "IS", "the CPUs in the kernel (queues: how many)", TABLE_TEXT, false,
		false },
};

/* One difference, as text. */
struct difference {
	const char *kind;
	char what[64];
	char number[16]; /* "" when it has none */
	char should[16];
	char is[1024]; /* "" when it is nowhere */
};

struct differences {
	struct difference *v; /* owned */
	size_t n;
	bool out_of_memory;
};

static struct difference *add_difference(
	struct differences *all, const char *kind, const char *what)
{
	struct difference *grown = array_grow(all->v, all->n, sizeof *grown);

	if (!grown) {
		all->out_of_memory = true;
		return NULL;
	}
	all->v = grown;
	grown += all->n++;
	*grown = (struct difference){ .kind = kind };
	copy_str(grown->what, sizeof grown->what, what);
	return grown;
}

static void add_drift(const struct drift *drift, void *data)
{
	const struct part *part = drift->part;
	bool thread = part_is_thread(part);
	const char *kind = thread ? "thread" : drift->delivery_only ? "delivery" : "interrupt";
	struct difference *difference = add_difference(data, kind, part->name);

	if (!difference)
		return;
	snprintf(difference->number, sizeof difference->number, "%u",
		thread ? (unsigned int)part->pid : part->irq);
	snprintf(difference->should, sizeof difference->should, "%u", drift->cpu);
	cpuset_format(&drift->now, difference->is, sizeof difference->is);
}

static void add_missing(
	const struct vif_entry *vif, const struct part *missing, struct differences *all)
{
	const struct place *place = &vif->places[missing->queue];
	struct difference *difference = add_difference(all, "missing", missing->name);

	if (difference)
		snprintf(difference->should, sizeof difference->should, "%d",
			part_is_rx(missing) ? place->rx_cpu : place->tx_cpu);
}

/* What is there, against what the ledger thinks there is. */
static void compare_queues(const struct vif_entry *vif, const char *dev, const struct parts *parts,
	struct differences *all)
{
	unsigned int common = parts->n_queues < vif->n_queues ? parts->n_queues : vif->n_queues;
	struct difference *difference;
	struct part missing;
	unsigned int from = 0;

	while (parts_next_missing(parts, common, dev, &from, &missing))
		add_missing(vif, &missing, all);
	if (parts->n_queues == vif->n_queues)
		return;
	difference = add_difference(all, "queues", dev);
	if (!difference)
		return;
	snprintf(difference->should, sizeof difference->should, "%u", vif->n_queues);
	snprintf(difference->is, sizeof difference->is, "%u", parts->n_queues);
}

/* Those of queues that have no place are no drift: compare_queues() has told of them. */
static void keep_placed(const struct vif_entry *vif, struct parts *parts)
{
	size_t kept = 0;

	for (size_t i = 0; i < parts->n; i++) {
		if (parts->v[i].queue < vif->n_queues)
			parts->v[kept++] = parts->v[i];
	}
	parts->n = kept;
}

/* -ESRCH when the frontend came or went meanwhile. */
static int compare_vif(const struct sysroot *root, struct snapshot *snapshot,
	const struct vif_entry *vif, struct differences *all, struct err *err)
{
	struct vif_names names = { vif->dev, "" };
	char dev[DEV_NAME_SIZE];
	struct parts parts;
	int r;

	r = snapshot_find(snapshot, root, vif->id, names, dev, &parts, err);
	/* A vif that is not connected has nothing that could be elsewhere. */
	if (r == 0 && parts.n_queues) {
		compare_queues(vif, dev, &parts, all);
		keep_placed(vif, &parts);
		r = drift_compare(root, vif, &parts, add_drift, all, err);
	}
	if (r >= 0 && all->out_of_memory)
		r = err_set(err, ENOMEM, "out of memory");
	parts_free(&parts);
	return r < 0 ? r : 0;
}

static int add_rows(struct table *table, const struct vif_entry *vif, const struct differences *all,
	struct err *err)
{
	char id[32];
	int r = 0;

	snprintf(id, sizeof id, "%u.%u", vif->id.domid, vif->id.devid);
	for (size_t i = 0; r == 0 && i < all->n; i++) {
		const struct difference *difference = &all->v[i];
		const char *const cells[] = {
			[COLUMN_DOMAIN] = vif->domain,
			[COLUMN_VIF] = id,
			[COLUMN_WHAT] = difference->what,
			[COLUMN_KIND] = difference->kind,
			[COLUMN_NUMBER] = *difference->number ? difference->number : NULL,
			[COLUMN_SHOULD] = difference->should,
			[COLUMN_IS] = *difference->is ? difference->is : NULL,
		};

		r = table_add(table, cells, err);
		if (r == 0)
			table_color(table, COLUMN_IS, "red");
	}
	return r;
}

/* 0 as the ledger says, 1 differs, -errno. */
static int verify_vif(const struct sysroot *root, struct snapshot *snapshot,
	const struct vif_entry *vif, struct table *table, struct err *err)
{
	struct differences all = { 0 };
	int r = -ESRCH;

	/* What is found while a frontend goes and comes is no difference: look again, at
	 * what there is then. One that never stays is told of. */
	for (int tries = 0; r == -ESRCH && tries < 3; tries++) {
		if (tries)
			snapshot_free(snapshot);
		all.n = 0;
		r = compare_vif(root, snapshot, vif, &all, err);
	}
	if (r == 0)
		r = add_rows(table, vif, &all, err);
	free(all.v);
	return r < 0 ? r : all.n > 0;
}

static int verify(const struct sysroot *root, const struct ledger *ledger, const char *const *words,
	struct table *table, struct err *err)
{
	struct snapshot snapshot = { .many = !words[0] };
	bool differs = false;
	int r = cmd_check_selection(ledger, words[0], words[1], err);

	for (size_t i = 0; r >= 0 && i < ledger->n_vifs; i++) {
		if (!cmd_selects(&ledger->vifs[i], words[0], words[1]))
			continue;
		r = verify_vif(root, &snapshot, &ledger->vifs[i], table, err);
		differs = differs || r > 0;
	}
	snapshot_free(&snapshot);
	return r < 0 ? r : differs;
}

/* People get no headings when there is nothing below. */
static int print(struct table *table, const struct table_look *look, bool differs, struct err *err)
{
	return differs || look->form == TABLE_JSON ? table_print(table, err) : 0;
}

/* Where the interrupts of NICs have moved, nothing is as it should be, though nothing
 * differs from the ledger. */
static void warn_of_nics(
	const struct global *global, struct host *host, const struct ledger *ledger)
{
	struct nic_facts facts;
	struct finding finding;
	struct site site;

	if (cmd_read_config(global, host, true) != STATUS_DONE)
		return;
	site_init(&site, &host->root, &host->config);
	facts_nics(&site, ledger, &facts);
	site_free(&site);
	doctor_nics(&facts, &finding);
	if (finding.health != HEALTH_OK)
		log_error("%s; %s mends it", finding.reason, finding.mend);
}

static enum status run(const struct global *global, struct host *host, int argc, char **argv)
{
	struct table *table = NULL;
	struct ledger ledger = { 0 };
	struct cmd_line line;
	enum status status;
	struct err err;
	int differs, r;

	status = cmd_line_read(&command_verify, argc, argv, &line);
	if (status != STATUS_DONE)
		return status;
	r = pass_peek(&host->root, &ledger, &err);
	if (r == 0)
		r = table_new(
			"differences", columns, ARRAY_SIZE(columns), &line.look, &table, &err);
	if (r == 0)
		r = verify(&host->root, &ledger, line.words, table, &err);
	differs = r;
	if (r >= 0)
		r = print(table, &line.look, differs, &err);
	if (r >= 0 && !line.words[0])
		warn_of_nics(global, host, &ledger);
	table_free(table);
	ledger_clear(&ledger);
	if (r < 0)
		return cmd_fail(&err);
	return differs ? STATUS_FAILED : STATUS_DONE;
}

const struct command command_verify = {
	.name = "verify",
	.words = "[DOMAIN [DEVID|MAC]]",
	.summary = "what stands elsewhere than the ledger says",
	.help = "Compare the ledger with the kernel, a row for each interrupt and thread that\n"
		"stands elsewhere. Nothing is printed when there is none. KIND is what differs:\n"
		"  interrupt, thread   its mask\n"
		"  delivery            its mask is right, but it is delivered elsewhere\n"
		"  missing             it is not there\n"
		"  queues              there are more of them, or fewer\n"
		"Rx sides that stand where the interrupts of NICs have moved to are told of on\n"
		"stderr: they differ from nothing, and vifpin rebalance moves them.\n"
		"Exit status: 0 nothing differs; 1 something does, or it could not be found out.\n",
	.max_words = 2,
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
	.run = run,
};
