// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * table.h - tables for people and for programs. The only user of libsmartcols.
 *
 * A command describes all of its columns. A struct table_look says which of them to print, and in
 * which format; its options mean the same as in util-linux.
 */
#pragma once

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

enum table_type {
	TABLE_TEXT,
	TABLE_SENTENCE, /* may have several lines; the first line of the last column is folded if
			 * the terminal is too narrow */
	TABLE_NUMBER,   /* aligned to the right; a number in JSON */
	TABLE_BAR,      /* a number, shown to people as a bar, see table_set_bar() */
};

struct table_column {
	const char *name; /* the heading; in lower case the key in JSON; NULL ends a list */
	const char *help; /* one line for --help */
	const char *key;  /* the key in JSON, where that is another one; else NULL */
	enum table_type type;
	bool on_demand; /* printed only with -o */
	bool cut;       /* may be truncated if the terminal is too narrow */
};

#define TABLE_COLUMNS_MAX 32

struct table_design {
	const char *name;                   /* the key of the array in JSON */
	const struct table_column *columns; /* fewer than TABLE_COLUMNS_MAX, ended by no name */
	const char *for_people; /* -o of people who give none; NULL: all that are not on demand */
};

enum table_form { TABLE_PEOPLE, TABLE_RAW, TABLE_JSON };

/* AUTO: on a terminal, unless NO_COLOR is set and not empty, or TERM is dumb. */
enum table_color { TABLE_COLOR_AUTO, TABLE_COLOR_ALWAYS, TABLE_COLOR_NEVER };

struct table_look {
	const char *columns; /* -o: "A,B", or "+C" to add to the default; NULL: the default */
	enum table_form form;
	bool no_headings;
	enum table_color color;
};

struct table;

/*
 * Makes an empty table. `design` and `look` must live as long as the table. -EINVAL, with a
 * sentence that names the column, if look->columns has an unknown one, or -ENOMEM. Case is ignored;
 * a column that is named twice is printed once.
 */
int table_new(const struct table_design *design, const struct table_look *look, struct table **out,
	struct err *err);
void table_free(struct table *table);

/* Is this column (an index into design->columns) printed? Expensive cells of others can be omitted.
 */
bool table_shows(const struct table *table, size_t column);

/* Begins a row. If memory is out, here or in what follows, table_print() fails. */
void table_row(struct table *table);

/* Sets a cell of the last row, if its column is printed. A cell that is not set, or empty, is null
 * in JSON. */
void table_set(struct table *table, size_t column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a TABLE_BAR; `largest` is the largest value in the column. */
void table_set_bar(struct table *table, size_t column, unsigned long value, unsigned long largest);

/* The same for what could be known and is not: "-", and null in JSON. */
void table_set_unknown(struct table *table, size_t column);

/* Colours a cell of the last row, if colours are enabled. `color` is a name ("red") or NULL. */
void table_color(struct table *table, size_t column, const char *color);

/* Prints the table to stdout. -errno with a sentence; write errors are left to ferror(stdout). */
int table_print(struct table *table, struct err *err);

/* Prints a table in JSON as a member of an object that the caller prints: "NAME": [...], in one
 * line without its end. The rest as table_print(). */
int table_print_member(struct table *table, struct err *err);

/* Makes lines of the table that are as wide as a terminal of `width`, where columns may be
 * truncated so far: *out, to be freed. -errno with a sentence. */
int table_format(struct table *table, size_t width, char **out, struct err *err);
