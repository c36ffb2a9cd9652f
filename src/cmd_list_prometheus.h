// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_list_prometheus.h - `list --prometheus`: what a monitoring wants to know.
 */
#ifndef VIFPIN_CMD_LIST_PROMETHEUS_H
#define VIFPIN_CMD_LIST_PROMETHEUS_H

#include "config.h"
#include "ledger.h"
#include "sysroot.h"

/* Prints the text exposition format. -errno with a sentence, and nothing printed. */
int cmd_list_prometheus(const struct sysroot *root, const struct config *config,
	const struct ledger *ledger, struct err *err);

#endif
