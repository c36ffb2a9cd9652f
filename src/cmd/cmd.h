// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd.h - the commands, one per file, and what they share.
 *
 * Each command is a struct command (command_line.h), listed in help.c. Only this layer prints or
 * logs.
 */
#pragma once

#include "command_line.h"
#include "context.h"
#include "cpus.h"
#include "reconcile.h"
#include "work.h"

#include <stdbool.h>
#include <stdio.h>

extern const struct command command_online, command_offline, command_pin, command_unpin,
	command_list, command_cpus, command_verify, command_doctor, command_top, command_reconcile,
	command_rebalance, command_watch, command_irqbalance_policy, command_help;

static inline const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* Prints `vifpin --help`, or that of a command. */
void help_print(void);
void help_print_command(const struct command *command);

/* The command of that name, or NULL. */
const struct command *help_find(const char *name);

/* Reports the error. Returns STATUS_FAILED. */
enum status cmd_fail(const struct err *err);

/*
 * Reports "COMMAND: SENTENCE; see 'vifpin COMMAND --help'", or without a command (NULL) just
 * "SENTENCE; see 'vifpin --help'". Returns STATUS_USAGE.
 */
enum status cmd_wrong(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Reads the configuration into context->config; the default if there is no file. -errno with a
 * sentence, context->config untouched.
 */
int cmd_load_config(const struct cmd_line *line, struct context *context, struct err *err);

#define CMD_DEFAULTS "the defaults are used"

/*
 * The same, but reports the error and returns STATUS_FAILED. `instead` says what the command goes
 * on with; NULL: it stops.
 */
enum status cmd_read_config(
	const struct cmd_line *line, struct context *context, const char *instead);

/* The load of each CPU. -errno with a sentence. Free with cpus_free(). */
int cmd_list_cpus(const struct context *context, const struct ledger *ledger, struct cpus *out,
	struct err *err);

/* What the watcher has measured last; nothing, after saying why with -v, when that is not known.
 * Free with work_free(). */
void cmd_read_work(const struct context *context, const struct cmd_line *line, struct work *out);

/* Sets a cell to a share in percent of one CPU. */
void cmd_set_share(struct table *table, size_t column, int share);

/*
 * Calls reconcile(), logs what was done or with -N prints what would be, and reports every vif that
 * could not be placed or pinned. Returns the exit status, or -errno with a sentence. Free *out with
 * reconciled_free() in any case.
 */
int cmd_reconcile(struct context *context, const struct request *request, struct reconciled *out,
	struct err *err);

/* Only logs. */
void cmd_log(const struct reconciled *reconciled);

/* Prints how many of the requested vifs are in which state, and how many have changed. */
void cmd_print_summary(const struct reconciled *done, FILE *file);

/*
 * Reads the ledger, of its vifs only those that the arguments DOMAIN [DEVID|MAC] select. They do so
 * as in domains_find_vifs(), but by the names in the ledger, without xenstored. -ENOENT if they
 * select none, or another -errno, with a sentence. Free with ledger_clear() in any case.
 */
int cmd_read_ledger(const struct context *context, const struct cmd_line *line, struct ledger *out,
	struct err *err);
