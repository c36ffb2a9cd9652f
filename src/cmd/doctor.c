// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * doctor: is this host set up so that pins work and last? A line a check. Reads, and
 * changes nothing.
 */
#include "doctor.h"
#include "cmd.h"
#include "doctor_facts.h"

/* As long as the watcher waits before it says so. */
#define XENSTORE_TIMEOUT 4

static void read_facts(
	const struct cmd_line *line, struct context *context, struct doctor_facts *out)
{
	*out = (struct doctor_facts){ 0 };
	out->config_is_there = line->config_file || sysroot_exists(&context->root, PATH_CONFIG);
	cmd_load_config(line, context, &out->config_failure);
	if (xenstore_try(XENSTORE_TIMEOUT, &out->xenstore_failure) == 0)
		context_connect(context, &out->xenstore_failure);
	doctor_facts_read(context, out);
}

enum { CHECK, STATE, REASON, REMEDY };

static const struct table_column columns[] = {
	[CHECK] = { "CHECK", "what was looked at", .type = TABLE_TEXT },
	[STATE] = { "STATE", "ok, warning or problem", .type = TABLE_TEXT },
	[REASON] = { "REASON", "why", .type = TABLE_SENTENCE },
	[REMEDY] = { "FIX", "what to do about it", .type = TABLE_SENTENCE },
	{ .name = NULL },
};

static const struct table_design design = {
	.name = "checks", .columns = columns, .for_people = "CHECK,STATE,REASON"
};

struct report {
	struct table *table;
	enum health worst;
};

static void add(const struct finding *finding, void *data)
{
	static const struct {
		const char *name, *color;
	} states[] = {
		[HEALTH_OK] = { "ok", "green" },
		[HEALTH_WARNING] = { "warning", "yellow" },
		[HEALTH_PROBLEM] = { "problem", "red" },
	};
	struct report *report = data;
	struct table *table = report->table;
	/* Below the reason, where people can copy it: it may be long. */
	bool below = *finding->fix && !table_shows(table, REMEDY);

	if (finding->health > report->worst)
		report->worst = finding->health;
	table_row(table);
	table_set(table, CHECK, "%s", finding->check);
	table_set(table, STATE, "%s", states[finding->health].name);
	table_color(table, STATE, states[finding->health].color);
	table_set(table, REASON, "%s%s%s", finding->reason, below ? "\nfix: " : "",
		below ? finding->fix : "");
	table_set(table, REMEDY, "%s", finding->fix);
}

static int act(struct context *context, const struct cmd_line *line, struct err *err)
{
	struct report report = { .table = line->table, .worst = HEALTH_OK };
	struct doctor_facts facts;
	int r;

	read_facts(line, context, &facts);
	doctor_examine(&facts, NULL, add, &report);
	r = table_print(report.table, err);
	if (r < 0)
		return r;
	return report.worst == HEALTH_PROBLEM ? STATUS_FAILED : STATUS_DONE;
}

const struct command command_doctor = {
	.name = "doctor",
	.words = "",
	.summary = "is this host set up so that pins work and last?",
	.help = "Check whether this host is set up so that pins work and last, a row for each\n"
		"check. STATE is ok; warning, where pins work but not as well or as long as they\n"
		"could; or problem, where they do not. Without -o the fix is shown below the\n"
		"reason.\n"
		"Exit status: 0 no problem; 1 a problem, or the checks could not be run.\n",
	.table = &design,
	.act = act,
};
