// SPDX-License-Identifier: GPL-2.0-or-later
#include "table.h"

#include "util.h"

#include <errno.h>
#include <langinfo.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* How wide the largest bar is. */
#define BAR_WIDTH 20

struct table {
	struct libscols_table *scols;
	struct libscols_line *last;
	const struct table_column *columns;
	const struct table_look *look;
	int failure; /* of table_row() and table_set(), reported later; 0: none */
	struct libscols_column *shown[TABLE_COLUMNS_MAX]; /* NULL: it is not printed */
};

static int failed(int r, struct err *err)
{
	return err_set(err, -r, "cannot make the table: %m");
}

/* --- which columns ------------------------------------------------------------------------ */

bool table_shows(const struct table *table, size_t column)
{
	return table->shown[column];
}

/* Adds the column to those that are printed, unless it is among them. */
static int show(struct table *table, size_t i, struct err *err)
{
	const struct table_column *column = &table->columns[i];
	bool number = column->type == TABLE_NUMBER || column->type == TABLE_BAR;
	bool bar = column->type == TABLE_BAR && table->look->form == TABLE_PEOPLE;
	bool keyed = column->key && table->look->form == TABLE_JSON;
	double width = bar ? BAR_WIDTH : 0;
	int flags = (bar ? SCOLS_FL_STRICTWIDTH : 0) |
		    (column->type == TABLE_NUMBER ? SCOLS_FL_RIGHT : 0) |
		    (column->type == TABLE_SENTENCE ? SCOLS_FL_WRAP : 0) |
		    (column->cut ? SCOLS_FL_TRUNC : 0);
	struct libscols_column *added;
	int r;

	if (table->shown[i])
		return 0;
	added = scols_table_new_column(
		table->scols, keyed ? column->key : column->name, width, flags);
	if (!added)
		return failed(-ENOMEM, err);
	table->shown[i] = added;
	if (column->type == TABLE_SENTENCE) {
		scols_column_set_wrapfunc(
			added, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
		scols_column_set_safechars(added, "\n");
	}
	r = scols_column_set_json_type(added, number ? SCOLS_JSON_NUMBER : SCOLS_JSON_STRING);
	return r < 0 ? failed(r, err) : 0;
}

static int show_name(struct table *table, const char *name, size_t len, struct err *err)
{
	for (size_t i = 0; table->columns[i].name; i++) {
		const char *column = table->columns[i].name;

		if (strlen(column) == len && strncasecmp(column, name, len) == 0)
			return show(table, i, err);
	}
	return err_set(err, EINVAL, "unknown column '%.*s'", (int)len, name);
}

static int show_columns(struct table *table, const char *spec, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && table->columns[i].name && (!spec || *spec == '+'); i++) {
		if (!table->columns[i].on_demand)
			r = show(table, i, err);
	}
	if (!spec)
		return r;
	spec += *spec == '+';
	while (r == 0) {
		size_t len = strcspn(spec, ",");

		r = show_name(table, spec, len, err);
		if (!spec[len])
			break;
		spec += len + 1;
	}
	return r;
}

/* --- making -------------------------------------------------------------------------------- */

static bool wants_color(const struct table_look *look)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (look->color != TABLE_COLOR_AUTO)
		return look->color == TABLE_COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
	       !(term && strcmp(term, "dumb") == 0);
}

static int make_scols(struct table *table, const char *name, struct err *err)
{
	const struct table_look *look = table->look;
	int r;

	/* libsmartcols takes the width of non-ASCII characters from the locale. */
	setlocale(LC_CTYPE, "");
	table->scols = scols_new_table();
	if (!table->scols)
		return failed(-ENOMEM, err);
	r = scols_table_set_name(table->scols, name);
	scols_table_enable_json(table->scols, look->form == TABLE_JSON);
	scols_table_enable_raw(table->scols, look->form == TABLE_RAW);
	scols_table_enable_noheadings(table->scols, look->no_headings);
	scols_table_enable_colors(table->scols, look->form == TABLE_PEOPLE && wants_color(look));
	return r < 0 ? failed(r, err) : 0;
}

int table_new(const struct table_design *design, const struct table_look *look, struct table **out,
	struct err *err)
{
	bool people = look->form == TABLE_PEOPLE;
	struct table *table = calloc(1, sizeof *table);
	int r;

	if (!table)
		return failed(-ENOMEM, err);
	table->columns = design->columns;
	table->look = look;
	r = make_scols(table, design->name, err);
	if (r == 0)
		r = show_columns(
			table, people && !look->columns ? design->for_people : look->columns, err);
	if (r < 0) {
		table_free(table);
		return r;
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

/* --- rows ---------------------------------------------------------------------------------- */

void table_row(struct table *table)
{
	table->last = scols_table_new_line(table->scols, NULL);
	if (!table->last)
		table->failure = -ENOMEM;
}

/* The cell in the last row, NULL if the column is not printed. */
static struct libscols_cell *find_cell(const struct table *table, size_t column)
{
	return scols_line_get_column_cell(table->last, table->shown[column]);
}

void table_set(struct table *table, size_t column, const char *format, ...)
{
	struct libscols_cell *cell = find_cell(table, column);
	char *text;
	va_list ap;

	if (!cell)
		return;
	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0 || scols_cell_refer_data(cell, text) < 0)
		table->failure = -ENOMEM;
	va_end(ap);
}

void table_set_unknown(struct table *table, size_t column)
{
	if (table->look->form != TABLE_JSON)
		table_set(table, column, "-");
}

void table_color(struct table *table, size_t column, const char *color)
{
	scols_cell_set_color(find_cell(table, column), color);
}

/* --- bars ---------------------------------------------------------------------------------- */

/* Blocks of one eighth to eight eighths, U+258F to U+2588. */
static const char *const blocks[] = { "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };

/* Only 0 is an empty bar. */
static void draw_bar(unsigned long value, unsigned long max, bool utf8, char *bar)
{
	unsigned long steps = utf8 ? ARRAY_SIZE(blocks) : 1, left;

	left = max ? (value * BAR_WIDTH * steps + max / 2) / max : 0;
	if (value && !left)
		left = 1;
	for (*bar = '\0'; left; left -= left < steps ? left : steps)
		bar = stpcpy(bar, utf8 ? blocks[(left < steps ? left : steps) - 1] : "#");
}

void table_set_bar(struct table *table, size_t column, unsigned long value, unsigned long largest)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	char bar[BAR_WIDTH * 4 + 1];

	if (table->look->form != TABLE_PEOPLE) {
		table_set(table, column, "%lu", value);
		return;
	}
	draw_bar(value, largest, utf8, bar);
	table_set(table, column, "%s", bar);
}

/* --- sentences ---------------------------------------------------------------------------- */

/* The heading of the i-th column that is printed. */
static const char *heading(const struct table *table, size_t i)
{
	struct libscols_column *column = scols_table_get_column(table->scols, i);

	return scols_cell_get_data(scols_column_get_header(column));
}

/* A cell of any row, in the i-th column that is printed. */
static struct libscols_cell *cell_at(const struct table *table, size_t row, size_t i)
{
	return scols_line_get_cell(scols_table_get_line(table->scols, row), i);
}

static const char *text_at(const struct table *table, size_t row, size_t i)
{
	const char *text = scols_cell_get_data(cell_at(table, row, i));

	return text ? text : "";
}

static size_t column_width(const struct table *table, size_t i)
{
	size_t widest = strlen(heading(table, i));

	for (size_t row = 0; row < scols_table_get_nlines(table->scols); row++) {
		size_t len = strlen(text_at(table, row, i));

		widest = len > widest ? len : widest;
	}
	return widest;
}

/* Breaks the first line at blanks into parts of less than `width`, where possible. */
static void fold(char *text, size_t width)
{
	char *line = text, *blank = NULL;

	for (char *p = text; *p && *p != '\n'; p++) {
		if (*p == ' ')
			blank = p;
		if ((size_t)(p - line) < width || !blank)
			continue;
		*blank = '\n';
		line = blank + 1;
		blank = NULL;
	}
}

/* libsmartcols itself breaks lines in the middle of words. */
static int fold_column(struct table *table, size_t last)
{
	size_t all = scols_table_get_termwidth(table->scols), before = 0;
	int r = 0;

	/* The other columns, each with a blank behind it. */
	for (size_t i = 0; i < last; i++)
		before += column_width(table, i) + 1;
	for (size_t row = 0; r == 0 && before < all && row < scols_table_get_nlines(table->scols);
		row++) {
		char *text = strdup(text_at(table, row, last));

		if (!text)
			return -ENOMEM;
		fold(text, all - before);
		r = scols_cell_refer_data(cell_at(table, row, last), text);
	}
	return r;
}

/* --- printing ----------------------------------------------------------------------------- */

/* libsmartcols prints no headings if there is no row. */
static void print_headings(const struct table *table, FILE *file)
{
	for (size_t i = 0; i < scols_table_get_ncols(table->scols); i++)
		fprintf(file, "%s%s", i ? " " : "", heading(table, i));
	putc('\n', file);
}

int table_print(struct table *table, struct err *err)
{
	size_t last = scols_table_get_ncols(table->scols) - 1;
	bool folds = scols_column_is_wrap(scols_table_get_column(table->scols, last));
	enum table_form form = table->look->form;
	int r = table->failure;

	if (r == 0 && form == TABLE_PEOPLE && folds && isatty(STDOUT_FILENO))
		r = fold_column(table, last);
	if (r == 0 && (form == TABLE_JSON || !scols_table_is_empty(table->scols)))
		r = scols_print_table(table->scols);
	else if (r == 0 && !table->look->no_headings)
		print_headings(table, stdout);
	return r < 0 ? failed(r, err) : 0;
}

/* What is between the outermost braces, without the ends of lines and the blanks that the next ones
 * begin with. In a string there is no end of a line. */
static void print_inside(const char *json)
{
	const char *end = strrchr(json, '}');

	json += strspn(json, "{ \n");
	while (json < end) {
		size_t len = strcspn(json, "\n");

		len = json + len < end ? len : (size_t)(end - json);
		fwrite(json, 1, len, stdout);
		json += len + strspn(json + len, "\n ");
	}
}

int table_print_member(struct table *table, struct err *err)
{
	_cleanup_free_ char *json = NULL;
	int r = table->failure;

	if (r == 0)
		r = scols_print_table_to_string(table->scols, &json);
	if (r < 0)
		return failed(r, err);
	if (json)
		print_inside(json);
	return 0;
}

static int format_headings(const struct table *table, char **out)
{
	size_t size;
	FILE *file = open_memstream(out, &size);

	if (!file)
		return -errno;
	print_headings(table, file);
	return fclose(file) == 0 ? 0 : -ENOMEM;
}

int table_format(struct table *table, size_t width, char **out, struct err *err)
{
	int r = table->failure;

	scols_table_set_termforce(table->scols, SCOLS_TERMFORCE_ALWAYS);
	scols_table_set_termwidth(table->scols, width);
	if (r == 0 && scols_table_is_empty(table->scols))
		r = format_headings(table, out);
	else if (r == 0)
		r = scols_print_table_to_string(table->scols, out);
	return r < 0 ? failed(r, err) : 0;
}
