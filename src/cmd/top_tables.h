// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * top_tables.h - the tables of `vifpin top`.
 */
#pragma once

#include "err.h"
#include "table.h"
#include "top.h"

#include <stdbool.h>
#include <stddef.h>

/* Prints the table of CPUs, or of vifs or queues, with all of its rows; in JSON it is a member of
 * an object (table_print_member()). -errno with a sentence. */
int top_print_cpus(const struct top *top, const struct table_look *look, struct err *err);
int top_print_rows(
	const struct top *top, bool queues, const struct table_look *look, struct err *err);

/* The lines of the same tables for a screen of this width, with `n` rows at most: *out, to be
 * freed. -errno with a sentence. */
int top_format_cpus(const struct top *top, size_t n, size_t width, char **out, struct err *err);
int top_format_rows(
	const struct top *top, bool queues, size_t n, size_t width, char **out, struct err *err);
