// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd.h - the commands, one a file, and what they share.
 *
 * A command is described by a struct command (cmd_line.h), which main.c lists. Only
 * main.c and cmd*.c print or log.
 */
#ifndef VIFPIN_CMD_H
#define VIFPIN_CMD_H

#include "cmd_line.h"
#include "pass.h"

#include <stdbool.h>

/* What stands before the command. */
struct global {
	const char *root_dir;    /* --root, "/" without */
	const char *config_file; /* -c, NULL without */
	bool verbose;            /* -v */
	bool dry;                /* -N */
};

extern const struct command command_online, command_offline, command_pin, command_unpin,
	command_list, command_cpus, command_verify, command_doctor, command_reconcile,
	command_rebalance, command_watch, command_irqbalance_policy;

/* "vifpin: SENTENCE" and the status. */
enum status cmd_fail(const struct err *err);
enum status cmd_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Reads the configuration into host->config; without a file it is the default. -errno
 * with a sentence, host->config untouched.
 */
int cmd_load_config(const struct global *global, struct host *host, struct err *err);

/*
 * The same, and says what is wrong. What a person starts must not go on with a file
 * that is wrong: STATUS_FAILED. Hook and watcher (tolerant) go on with what they have.
 */
enum status cmd_read_config(const struct global *global, struct host *host, bool tolerant);

/* Sends what follows to syslog, and to stderr too when somebody or a log reads it there. */
void cmd_log_as_daemon(const struct global *global);

/* pass_commit(), unlock, and the log lines of what was done. With -N none of it: says
 * what would be done. */
int cmd_commit(struct pass *pass, struct err *err);

/* Only the log lines. */
void cmd_log_pass(const struct pass *pass);

/* Says of each vif of a committed pass what the kernel refused; STATUS_FAILED if any. */
enum status cmd_check(const struct pass *pass);

/*
 * Does DOMAIN [DEVID|MAC] mean this entry? By the ledger's own names, so that it
 * works without xenstored. As in xl a domain of digits is a domid. NULL: any.
 */
bool cmd_selects(const struct vif_entry *vif, const char *domain, const char *device);

/* -ENOENT with a sentence when that is no entry at all. */
int cmd_check_selection(
	const struct ledger *ledger, const char *domain, const char *device, struct err *err);

#endif
