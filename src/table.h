// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * table.h - rows of columns, for people and for programs. The only user of
 * libsmartcols.
 *
 * A command describes every column it has; a struct table_look says which of them
 * are wanted, and in which form, with the meaning util-linux gives to the options.
 */
#ifndef VIFPIN_TABLE_H
#define VIFPIN_TABLE_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

enum table_type {
	TABLE_TEXT,
	TABLE_SENTENCE, /* text of several lines perhaps; as the last column it goes on below where
			 * the terminal is too narrow for its first line */
	TABLE_NUMBER,   /* stands at the right; a number in JSON */
	TABLE_BAR,      /* a number, which people see as a bar: the column's largest is
			 * TABLE_BAR_WIDTH wide */
};

#define TABLE_BAR_WIDTH 20

struct table_column {
	const char *name; /* the heading; in lower case the key in JSON */
	const char *help; /* for --help, one line */
	enum table_type type;
	bool on_demand; /* not shown without -o */
	bool cut;       /* may be cut where the terminal is too narrow */
};

enum table_form { TABLE_PEOPLE, TABLE_RAW, TABLE_JSON };

/* On a terminal, when NO_COLOR is not set or empty, and TERM is not dumb. */
enum table_color { TABLE_COLOR_AUTO, TABLE_COLOR_ALWAYS, TABLE_COLOR_NEVER };

struct table_look {
	const char *columns; /* -o: "A,B", "+C" for those of the default and C; NULL: default */
	enum table_form form;
	bool no_headings;
	enum table_color color;
};

/* -EINVAL, with a sentence that names the column, when look->columns has one that is
 * not among these. Case does not count; a column named twice is shown once. */
int table_check_look(const struct table_column *columns, size_t n, const struct table_look *look,
	struct err *err);

struct table;

/*
 * A table without a row. `name` is the key of its array in JSON. `columns` and `look`
 * have to live as long as the table; the columns are those that look->columns names.
 * -EINVAL as table_check_look(), -ENOMEM.
 */
int table_new(const char *name, const struct table_column *columns, size_t n,
	const struct table_look *look, struct table **out, struct err *err);
void table_free(struct table *table);

/* Is this column (its index in `columns`) shown? One that is dear to find out and not
 * shown need not be. */
bool table_shows(const struct table *table, size_t column);

/* Adds a row: cells[i] is copied into column i of `columns`, NULL where there is
 * nothing to say (null in JSON). -ENOMEM. */
int table_add(struct table *table, const char *const *cells, struct err *err);

/* Gives a cell of the last row a colour, by its name ("red"), where colours are shown. */
void table_color(struct table *table, size_t column, const char *color);

/* Prints headings and rows on stdout. -errno with a sentence; what stdio could not
 * write is left to be seen by ferror(stdout). */
int table_print(struct table *table, struct err *err);

#endif
