// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * verify: compares the ledger with the kernel. Changes nothing.
 */
#include "cmd.h"
#include "doctor.h"
#include "doctor_facts.h"
#include "gather.h"
#include "log.h"
#include "prometheus.h"
#include "util.h"

#include <errno.h>

enum { DOMAIN, VIF, WHAT, KIND, NUMBER, SHOULD, IS };

static const struct table_column columns[] = {
	[DOMAIN] = { "DOMAIN", "domain name", .type = TABLE_TEXT },
	[VIF] = { "VIF", "domid.devid", .on_demand = true },
	[WHAT] = { "WHAT", "interrupt, thread or network device", .type = TABLE_TEXT },
	[KIND] = { "KIND", "kind of difference, see above", .type = TABLE_TEXT },
	[NUMBER] = { "NUMBER", "interrupt number or PID", .type = TABLE_NUMBER },
	[SHOULD] = { "SHOULD", "CPU in the ledger, or number of queues", .type = TABLE_NUMBER },
	[IS] = { "IS", "CPUs in the kernel, or number of queues", .type = TABLE_TEXT },
	{ .name = NULL },
};

static const struct table_design design = { .name = "differences", .columns = columns };

static void add_row(
	struct table *table, const struct vif_entry *vif, const struct difference *difference)
{
	const struct target *target = difference->target;
	char is[1024];

	difference_format_is(difference, is, sizeof is);
	table_row(table);
	table_set(table, DOMAIN, "%s", vif->domain);
	table_set(table, VIF, "%u.%u", vif->id.domid, vif->id.devid);
	table_set(table, WHAT, "%s", difference->name);
	table_set(table, KIND, "%s", difference_name(difference->kind));
	if (target)
		table_set(table, NUMBER, "%u",
			target_is_thread(target) ? (unsigned int)target->pid : target->irq);
	table_set(table, SHOULD, "%u", difference->should);
	table_set(table, IS, "%s", is);
	table_color(table, IS, "red");
}

/* Adds a row for each difference, and counts them by kind. */
static int verify_vif(const struct sysroot *root, struct snapshot *snapshot,
	const struct vif_entry *vif, struct table *table, size_t counts[DIFFERENCE_KINDS],
	struct err *err)
{
	_cleanup_(differences_free) struct differences all = { 0 };
	_cleanup_(targets_free) struct targets targets = { 0 };
	int r = gather_differences(root, snapshot, vif, &targets, &all, err);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		add_row(table, vif, &all.v[i]);
		counts[all.v[i].kind]++;
	}
	return r;
}

static int verify(const struct sysroot *root, const struct ledger *ledger,
	const struct cmd_line *line, size_t counts[DIFFERENCE_KINDS], struct err *err)
{
	struct snapshot snapshot = { .many = !line->words[0] };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ledger->n_vifs; i++) {
		r = verify_vif(root, &snapshot, &ledger->vifs[i], line->table, counts, err);
		/* A guest that comes and goes all the time must not keep the metrics from telling
		 * of all others: it is left out. */
		if (r == -ESRCH && line->given[PROMETHEUS])
			r = 0;
	}
	snapshot_free(&snapshot);
	return r;
}

static void warn(const struct finding *finding, void *data)
{
	(void)data;
	if (finding->health != HEALTH_OK)
		log_error("%s; run '%s'", finding->reason, finding->fix);
}

/* NIC interrupts that have moved to the CPU of an rx side are not a difference, but harmful. */
static void warn_of_nics(const struct context *context, const struct ledger *ledger)
{
	struct doctor_facts facts;

	doctor_facts_read_nics(context, ledger, &facts);
	doctor_examine(&facts, "nics", warn, NULL);
}

static int act(struct context *context, const struct cmd_line *line, struct err *err)
{
	_cleanup_(ledger_clear) struct ledger ledger = { 0 };
	size_t counts[DIFFERENCE_KINDS] = { 0 }, n = 0;
	int r = prometheus_check(line);

	if (r == 0)
		r = cmd_read_ledger(context, line, &ledger, err);
	if (r == 0)
		r = verify(&context->root, &ledger, line, counts, err);
	if (r == 0 && line->given[PROMETHEUS])
		prometheus_print_differences(counts);
	if (r != 0 || line->given[PROMETHEUS])
		return r;
	for (enum difference_kind kind = 0; kind < DIFFERENCE_KINDS; kind++)
		n += counts[kind];
	/* No differences, no headings. */
	if (n || line->look.form == TABLE_JSON)
		r = table_print(line->table, err);
	if (r < 0)
		return r;
	if (!line->words[0])
		warn_of_nics(context, &ledger);
	return n ? STATUS_FAILED : STATUS_DONE;
}

const struct command command_verify = {
	.name = "verify",
	.words = "[DOMAIN [DEVID|MAC]]",
	.summary = "compare the ledger with the kernel",
	.help = "Compare the ledger with the kernel. Print a row for each difference, or nothing\n"
		"if there is none. KIND is one of:\n"
		"  interrupt, thread   the mask differs\n"
		"  delivery            the mask is right, but interrupts are delivered elsewhere\n"
		"  missing             the interrupt or thread does not exist\n"
		"  queues              the number of queues differs\n"
		"  ambiguous           the kernel cuts the thread's name, and which one it is\n"
		"                      cannot be told\n"
		"Rx sides on CPUs that NIC interrupts have moved to are reported on standard\n"
		"error, but do not count as differences; 'vifpin rebalance' moves them.\n"
		"Exit status: 0 no differences; 1 differences, or an error. With --prometheus,\n"
		"which prints how many there are of each kind, differences are no failure.\n",
	.options = { [PROMETHEUS] = PROMETHEUS_OPTION },
	.table = &design,
	.config = CONFIG_SHOWN,
	.act = act,
};
