// SPDX-License-Identifier: GPL-2.0-or-later
#include "table.h"

#include "util.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <string.h>

struct table {
	struct libscols_table *scols;
	const struct table_column *columns;
	size_t n_columns;
};

static int failed(int r, struct err *err)
{
	return err_set(err, -r, "cannot make the table: %s", strerror(-r));
}

int table_new(const struct table_column *columns, size_t n, struct table **out, struct err *err)
{
	struct table *table = calloc(1, sizeof *table);

	if (!table)
		return failed(-ENOMEM, err);
	table->columns = columns;
	table->n_columns = n;
	table->scols = scols_new_table();
	for (size_t i = 0; i < n; i++) {
		if (!table->scols || !scols_table_new_column(table->scols, columns[i].name, 0,
					     columns[i].right ? SCOLS_FL_RIGHT : 0)) {
			table_free(table);
			return failed(-ENOMEM, err);
		}
	}
	*out = table;
	return 0;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	scols_unref_table(table->scols);
	free(table);
}

int table_add(struct table *table, const char *const *cells, struct err *err)
{
	struct libscols_line *line = scols_table_new_line(table->scols, NULL);
	int r;

	if (!line)
		return failed(-ENOMEM, err);
	for (size_t i = 0; i < table->n_columns; i++) {
		r = scols_line_set_data(line, i, cells[i]);
		if (r < 0)
			return failed(r, err);
	}
	return 0;
}

/* libsmartcols prints nothing at all, not even a header, when there is no row. */
static void print_header(const struct table *table)
{
	for (size_t i = 0; i < table->n_columns; i++)
		printf("%s%s", i ? " " : "", table->columns[i].name);
	putchar('\n');
}

int table_print(struct table *table, struct err *err)
{
	int r = 0;

	if (scols_table_is_empty(table->scols))
		print_header(table);
	else
		r = scols_print_table(table->scols);
	return r < 0 ? failed(r, err) : 0;
}
