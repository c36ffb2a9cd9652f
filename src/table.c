// SPDX-License-Identifier: GPL-2.0-or-later
#include "table.h"

#include "util.h"

#include <errno.h>
#include <langinfo.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct table {
	struct libscols_table *scols;
	struct libscols_line *last;
	const struct table_column *columns;
	const struct table_look *look;
	size_t *shown; /* indices into columns */
	size_t n_shown;
};

static int failed(int r, struct err *err)
{
	return err_set(err, -r, "cannot make the table: %s", strerror(-r));
}

/* --- which columns ----------------------------------------------------------------------- */

/* The columns that are shown; room for all there are. */
struct selection {
	size_t *v;
	size_t n;
};

static void select_column(struct selection *selection, size_t column)
{
	for (size_t i = 0; i < selection->n; i++) {
		if (selection->v[i] == column)
			return;
	}
	selection->v[selection->n++] = column;
}

static int select_name(const struct table_column *columns, size_t n, const char *name, size_t len,
	struct selection *selection, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(columns[i].name) == len &&
			strncasecmp(columns[i].name, name, len) == 0) {
			select_column(selection, i);
			return 0;
		}
	}
	return err_set(err, EINVAL, "unknown column '%.*s'", (int)len, name);
}

/* selection->v has room for n. */
static int select_columns(const struct table_column *columns, size_t n, const char *spec,
	struct selection *selection, struct err *err)
{
	int r = 0;

	if (!spec || *spec == '+') {
		for (size_t i = 0; i < n; i++) {
			if (!columns[i].on_demand)
				select_column(selection, i);
		}
	}
	if (!spec)
		return 0;
	spec += *spec == '+';
	while (r == 0) {
		size_t len = strcspn(spec, ",");

		r = select_name(columns, n, spec, len, selection, err);
		if (!spec[len])
			break;
		spec += len + 1;
	}
	return r;
}

int table_check_look(const struct table_column *columns, size_t n, const struct table_look *look,
	struct err *err)
{
	_cleanup_free_ size_t *v = calloc(n, sizeof *v);
	struct selection selection = { v, 0 };

	if (!v)
		return failed(-ENOMEM, err);
	return select_columns(columns, n, look->columns, &selection, err);
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

static int add_column(struct table *table, const struct table_column *column)
{
	static const int json_types[] = {
		[TABLE_TEXT] = SCOLS_JSON_STRING,
		[TABLE_SENTENCE] = SCOLS_JSON_STRING,
		[TABLE_NUMBER] = SCOLS_JSON_NUMBER,
		[TABLE_BAR] = SCOLS_JSON_NUMBER,
	};
	bool bar = column->type == TABLE_BAR && table->look->form == TABLE_PEOPLE;
	double width = bar ? TABLE_BAR_WIDTH : 0;
	int flags = (bar ? SCOLS_FL_STRICTWIDTH : 0) |
		    (column->type == TABLE_NUMBER ? SCOLS_FL_RIGHT : 0) |
		    (column->type == TABLE_SENTENCE ? SCOLS_FL_WRAP : 0) |
		    (column->cut ? SCOLS_FL_TRUNC : 0);
	struct libscols_column *added;

	added = scols_table_new_column(table->scols, column->name, width, flags);
	if (!added)
		return -ENOMEM;
	if (column->type == TABLE_SENTENCE) {
		scols_column_set_wrapfunc(
			added, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
		scols_column_set_safechars(added, "\n");
	}
	return scols_column_set_json_type(added, json_types[column->type]);
}

static int make_scols(struct table *table, const char *name)
{
	const struct table_look *look = table->look;
	int r;

	/* libsmartcols asks the locale how wide a name is that is not ASCII. */
	setlocale(LC_CTYPE, "");
	table->scols = scols_new_table();
	if (!table->scols)
		return -ENOMEM;
	r = scols_table_set_name(table->scols, name);
	scols_table_enable_json(table->scols, look->form == TABLE_JSON);
	scols_table_enable_raw(table->scols, look->form == TABLE_RAW);
	scols_table_enable_noheadings(table->scols, look->no_headings);
	scols_table_enable_colors(table->scols, look->form == TABLE_PEOPLE && wants_color(look));
	for (size_t i = 0; r == 0 && i < table->n_shown; i++)
		r = add_column(table, &table->columns[table->shown[i]]);
	return r;
}

int table_new(const char *name, const struct table_column *columns, size_t n,
	const struct table_look *look, struct table **out, struct err *err)
{
	struct table *table = calloc(1, sizeof *table);
	struct selection selection = { calloc(n, sizeof *selection.v), 0 };
	int r = 0;

	if (!table || !selection.v)
		r = failed(-ENOMEM, err);
	if (r == 0)
		r = select_columns(columns, n, look->columns, &selection, err);
	if (r < 0) {
		free(selection.v);
		free(table);
		return r;
	}
	*table = (struct table){
		.columns = columns,
		.look = look,
		.shown = selection.v,
		.n_shown = selection.n,
	};
	r = make_scols(table, name);
	if (r < 0) {
		table_free(table);
		return failed(r, err);
	}
	*out = table;
	return 0;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	scols_unref_table(table->scols);
	free(table->shown);
	free(table);
}

bool table_shows(const struct table *table, size_t column)
{
	for (size_t i = 0; i < table->n_shown; i++) {
		if (table->shown[i] == column)
			return true;
	}
	return false;
}

int table_add(struct table *table, const char *const *cells, struct err *err)
{
	int r = 0;

	table->last = scols_table_new_line(table->scols, NULL);
	if (!table->last)
		return failed(-ENOMEM, err);
	for (size_t i = 0; r == 0 && i < table->n_shown; i++)
		r = scols_line_set_data(table->last, i, cells[table->shown[i]]);
	return r < 0 ? failed(r, err) : 0;
}

void table_color(struct table *table, size_t column, const char *color)
{
	for (size_t i = 0; i < table->n_shown; i++) {
		if (table->shown[i] == column)
			scols_cell_set_color(scols_line_get_cell(table->last, i), color);
	}
}

/* --- bars ---------------------------------------------------------------------------------- */

/* Blocks of an eighth to a whole, U+258F to U+2588. */
static const char *const blocks[] = { "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };

/* Nothing for 0 only. */
static void draw_bar(unsigned long value, unsigned long max, bool utf8, char *bar)
{
	unsigned long steps = utf8 ? ARRAY_SIZE(blocks) : 1, left;

	left = max ? (value * TABLE_BAR_WIDTH * steps + max / 2) / max : 0;
	if (value && !left)
		left = 1;
	for (*bar = '\0'; left; left -= left < steps ? left : steps)
		bar = stpcpy(bar, utf8 ? blocks[(left < steps ? left : steps) - 1] : "#");
}

static unsigned long cell_number(struct libscols_line *line, size_t column)
{
	const char *text = scols_cell_get_data(scols_line_get_cell(line, column));

	return text ? strtoul(text, NULL, 10) : 0;
}

/* Numbers become bars. */
static int draw_bars(struct table *table, size_t column)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	struct libscols_iter *iter = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;
	unsigned long max = 0;
	int r = iter ? 0 : -ENOMEM;

	while (r == 0 && scols_table_next_line(table->scols, iter, &line) == 0) {
		unsigned long value = cell_number(line, column);

		max = value > max ? value : max;
	}
	if (r == 0)
		scols_reset_iter(iter, SCOLS_ITER_FORWARD);
	while (r == 0 && scols_table_next_line(table->scols, iter, &line) == 0) {
		char bar[TABLE_BAR_WIDTH * 4 + 1];

		draw_bar(cell_number(line, column), max, utf8, bar);
		r = scols_line_set_data(line, column, bar);
	}
	scols_free_iter(iter);
	return r;
}

/* --- sentences ----------------------------------------------------------------------------- */

static const char *cell_text(struct libscols_line *line, size_t column)
{
	const char *text = scols_cell_get_data(scols_line_get_cell(line, column));

	return text ? text : "";
}

/* How wide the columns before this one are, with the blanks that part them. */
static size_t width_before(const struct table *table, struct libscols_iter *iter, size_t column)
{
	struct libscols_line *line;
	size_t sum = 0;

	for (size_t i = 0; i < column; i++) {
		size_t widest = strlen(table->columns[table->shown[i]].name);

		scols_reset_iter(iter, SCOLS_ITER_FORWARD);
		while (scols_table_next_line(table->scols, iter, &line) == 0) {
			size_t len = strlen(cell_text(line, i));

			widest = len > widest ? len : widest;
		}
		sum += widest + 1;
	}
	return sum;
}

/* Breaks the first line at blanks, so that no part of it is wider than that, if it can be. */
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

/* libsmartcols would break lines in the middle of words. */
static int fold_last_column(struct table *table)
{
	size_t column = table->n_shown - 1, all = scols_table_get_termwidth(table->scols), before;
	struct libscols_iter *iter = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;
	int r = iter ? 0 : -ENOMEM;

	before = r == 0 ? width_before(table, iter, column) : 0;
	if (r == 0)
		scols_reset_iter(iter, SCOLS_ITER_FORWARD);
	while (r == 0 && before < all && scols_table_next_line(table->scols, iter, &line) == 0) {
		_cleanup_free_ char *text = strdup(cell_text(line, column));

		if (text)
			fold(text, all - before);
		r = text ? scols_line_set_data(line, column, text) : -ENOMEM;
	}
	scols_free_iter(iter);
	return r;
}

/* --- printing ------------------------------------------------------------------------------ */

/* libsmartcols prints no headings when there is no row. */
static void print_headings(const struct table *table)
{
	for (size_t i = 0; i < table->n_shown; i++)
		printf("%s%s", i ? " " : "", table->columns[table->shown[i]].name);
	putchar('\n');
}

int table_print(struct table *table, struct err *err)
{
	bool people = table->look->form == TABLE_PEOPLE;
	int r = 0;

	for (size_t i = 0; r == 0 && people && i < table->n_shown; i++) {
		if (table->columns[table->shown[i]].type == TABLE_BAR)
			r = draw_bars(table, i);
	}
	if (r == 0 && people && isatty(STDOUT_FILENO) &&
		table->columns[table->shown[table->n_shown - 1]].type == TABLE_SENTENCE)
		r = fold_last_column(table);
	if (r == 0 && (table->look->form == TABLE_JSON || !scols_table_is_empty(table->scols)))
		r = scols_print_table(table->scols);
	else if (r == 0 && !table->look->no_headings)
		print_headings(table);
	return r < 0 ? failed(r, err) : 0;
}
