// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prometheus.h - metrics for monitoring, in the text exposition format of Prometheus: what list and
 * verify print with --prometheus.
 */
#pragma once

#include "cmd.h"
#include "drift.h"

/* The only option of these commands' own. */
enum { PROMETHEUS };

#define PROMETHEUS_OPTION                                                                          \
	{                                                                                          \
		"prometheus", .help = "print metrics for node_exporter's textfile collector"       \
	}

/* STATUS_USAGE, after reporting it, if --prometheus is given with what chooses vifs or a table. */
enum status prometheus_check(const struct cmd_line *line);

/* Prints what is known without comparing with the kernel. On failure, -errno with a sentence,
 * prints nothing. */
int prometheus_print_ledger(const struct context *context, const struct cmd_line *line,
	const struct ledger *ledger, struct err *err);

/* Prints how many differences there are of each kind. */
void prometheus_print_differences(const size_t counts[DIFFERENCE_KINDS]);
