// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * table.h - aligned columns for people. The only user of libsmartcols.
 */
#ifndef VIFPIN_TABLE_H
#define VIFPIN_TABLE_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

struct table;

struct table_column {
	const char *name;
	bool right; /* numbers stand at the right */
};

/* A table with these columns and no row; -errno. */
int table_new(const struct table_column *columns, size_t n, struct table **out, struct err *err);
void table_free(struct table *table);

/* Adds a row; cells[i] is copied into column i. */
int table_add(struct table *table, const char *const *cells, struct err *err);

/* Prints header and rows on stdout. -errno when it could not be written. */
int table_print(struct table *table, struct err *err);

#endif
