// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * doctor: is this host set up so that pins work and last? A line a check. Reads, and
 * changes nothing.
 */
#include "cmd.h"
#include "doctor.h"
#include "facts.h"
#include "util.h"

#include <stdio.h>

/* As long as the watcher waits before it says so. */
#define PATIENCE_SECONDS 4

/* What several checks look at. */
struct exam {
	const struct global *global;
	struct host *host;
	struct tools tools;
	struct err config_error; /* "": none */
	struct err xenstore_error;
	struct site site;
	struct cpu_facts cpus;
	struct ledger ledger;
	struct ledger_facts ledger_facts;
};

static void connect_to_xenstored(struct exam *exam)
{
	struct err *err = &exam->xenstore_error;

	if (xs_try(PATIENCE_SECONDS, err) == 0)
		host_connect(exam->host, err);
}

static void begin(struct exam *exam, const struct global *global, struct host *host)
{
	*exam = (struct exam){ .global = global, .host = host };
	cmd_load_config(global, host, &exam->config_error);
	facts_tools(&host->root, &exam->tools);
	site_init(&exam->site, &host->root, &host->config);
	facts_ledger(&host->root, &exam->ledger, &exam->ledger_facts);
	facts_cpus(&exam->site, &exam->ledger, &exam->cpus);
	connect_to_xenstored(exam);
}

static void check_xen(struct exam *exam, struct finding *out)
{
	char type[16];

	facts_hypervisor(&exam->host->root, type);
	doctor_xen(type, out);
}

static void check_xenstored(struct exam *exam, struct finding *out)
{
	doctor_xenstored(exam->xenstore_error.msg, out);
}

static void check_domain(struct exam *exam, struct finding *out)
{
	doctor_domain(exam->host->xs ? (int)xs_own_domid(exam->host->xs) : -1, out);
}

static void check_netback(struct exam *exam, struct finding *out)
{
	struct netback_facts facts;

	facts_netback(&exam->host->root, &facts);
	facts.n_allowed = cpuset_count(&exam->cpus.allowed);
	doctor_netback(&facts, out);
}

static void check_config(struct exam *exam, struct finding *out)
{
	doctor_config(exam->config_error.msg,
		exam->global->config_file || sysroot_exists(&exam->host->root, PATH_CONFIG), out);
}

static void check_cpus(struct exam *exam, struct finding *out)
{
	doctor_cpus(&exam->cpus, out);
}

static void check_affinity(struct exam *exam, struct finding *out)
{
	doctor_affinity(&exam->cpus, out);
}

static void check_cpuset(struct exam *exam, struct finding *out)
{
	doctor_cpuset(&exam->cpus, out);
}

static void check_vcpus(struct exam *exam, struct finding *out)
{
	struct vcpu_facts facts;

	facts_vcpus(&exam->site, &facts);
	doctor_vcpus(&facts, out);
}

static void check_nics(struct exam *exam, struct finding *out)
{
	struct nic_facts facts;

	facts_nics(&exam->site, &exam->ledger, &facts);
	doctor_nics(&facts, out);
}

static void check_hook(struct exam *exam, struct finding *out)
{
	struct hook_facts facts;

	facts_hook(&exam->host->root, &facts);
	doctor_hook(&facts, &exam->tools, out);
}

static void check_watcher(struct exam *exam, struct finding *out)
{
	struct watcher_facts facts;

	facts_watcher(&exam->host->root, &facts);
	doctor_watcher(&facts, &exam->tools, out);
}

static void check_irqbalance(struct exam *exam, struct finding *out)
{
	struct irqbalance_facts facts;

	facts_irqbalance(&exam->host->root, &facts);
	doctor_irqbalance(&facts, &exam->tools, out);
}

static void check_ledger(struct exam *exam, struct finding *out)
{
	doctor_ledger(&exam->ledger_facts, out);
}

static void check_corrupt(struct exam *exam, struct finding *out)
{
	doctor_corrupt(&exam->ledger_facts, out);
}

static void check_vifs(struct exam *exam, struct finding *out)
{
	struct vif_facts facts;

	facts_vifs(&exam->site, &exam->ledger, exam->host->xs, &facts);
	doctor_vifs(&facts, out);
}

/* In the order in which one would mend: what others rest on first. */
static void (*const checks[])(struct exam *exam, struct finding *out) = {
	check_xen,
	check_xenstored,
	check_domain,
	check_netback,
	check_config,
	check_cpus,
	check_affinity,
	check_cpuset,
	check_vcpus,
	check_hook,
	check_watcher,
	check_irqbalance,
	check_ledger,
	check_corrupt,
	check_vifs,
	check_nics,
};

enum { COLUMN_CHECK, COLUMN_STATE, COLUMN_REASON, COLUMN_MEND, COLUMN_COUNT };

static const struct table_column columns[] = {
	[COLUMN_CHECK] = { "CHECK", "what was looked at", TABLE_TEXT, false, false },
	[COLUMN_STATE] = { "STATE", "ok, warning or problem", TABLE_TEXT, false, false },
	[COLUMN_REASON] = { "REASON", "why", TABLE_SENTENCE, false, false },
	[COLUMN_MEND] = { "MEND", "what to do about it", TABLE_SENTENCE, false, false },
};

/* Below the reason, where people can copy it: it may be long. */
static void join(const struct finding *finding, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", finding->reason, *finding->mend ? "\nmend: " : "",
		finding->mend);
}

static int add(struct table *table, const struct finding *finding, struct err *err)
{
	static const char *const colors[] = {
		[HEALTH_OK] = "green",
		[HEALTH_WARNING] = "yellow",
		[HEALTH_PROBLEM] = "red",
	};
	char both[sizeof finding->reason + sizeof finding->mend + 16];
	const char *const cells[COLUMN_COUNT] = {
		[COLUMN_CHECK] = finding->check,
		[COLUMN_STATE] = health_name(finding->health),
		[COLUMN_REASON] = table_shows(table, COLUMN_MEND) ? finding->reason : both,
		[COLUMN_MEND] = *finding->mend ? finding->mend : NULL,
	};
	int r;

	join(finding, both, sizeof both);
	r = table_add(table, cells, err);
	if (r == 0)
		table_color(table, COLUMN_STATE, colors[finding->health]);
	return r;
}

/* -errno, or the worst of what was found. */
static int print(struct exam *exam, const struct table_look *look, struct err *err)
{
	enum health worst = HEALTH_OK;
	struct table *table;
	int r;

	r = table_new("checks", columns, ARRAY_SIZE(columns), look, &table, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(checks); i++) {
		struct finding finding;

		checks[i](exam, &finding);
		if (finding.health > worst)
			worst = finding.health;
		r = add(table, &finding, err);
	}
	if (r == 0)
		r = table_print(table, err);
	table_free(table);
	return r < 0 ? r : (int)worst;
}

static enum status run(const struct global *global, struct host *host, int argc, char **argv)
{
	struct cmd_line line;
	enum status status = cmd_line_read(&command_doctor, argc, argv, &line);
	struct exam exam;
	struct err err;
	int r;

	if (status != STATUS_DONE)
		return status;
	if (line.look.form == TABLE_PEOPLE && !line.look.columns)
		line.look.columns = "CHECK,STATE,REASON";
	begin(&exam, global, host);
	r = print(&exam, &line.look, &err);
	site_free(&exam.site);
	ledger_clear(&exam.ledger);
	if (r < 0)
		return cmd_fail(&err);
	return r == HEALTH_PROBLEM ? STATUS_FAILED : STATUS_DONE;
}

const struct command command_doctor = {
	.name = "doctor",
	.words = "",
	.summary = "is this host set up so that pins work and last?",
	.help = "Check whether this host is set up so that pins work and last, a row for each\n"
		"check. STATE is ok; warning, where pins work but not as well or as long as they\n"
		"could; or problem, where they do not. Without -o people see what mends it below\n"
		"the reason.\n"
		"Exit status: 0 no problem; 1 there is one, or it could not be found out.\n",
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
	.run = run,
};
