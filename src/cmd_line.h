// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_line.h - what a command is called, takes and shows, described once: its line in
 * `vifpin --help`, its own --help, and how its options and words are read all come from
 * the description.
 */
#ifndef VIFPIN_CMD_LINE_H
#define VIFPIN_CMD_LINE_H

#include "table.h"

#include <stdbool.h>
#include <stddef.h>

/* xl's exit statuses. */
enum status { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

struct global;
struct host;

/* A command gets the host's root open, its own name in argv[0], and returns the exit
 * status. */
typedef enum status cmd_fn(const struct global *global, struct host *host, int argc, char **argv);

#define OPTIONS_MAX 8
#define WORDS_MAX   2

struct cmd_option {
	const char *name; /* without the dashes; NULL ends the list */
	const char *help; /* one line */
};

struct command {
	const char *name;
	const char *words;                  /* what stands behind the name: "DOMAIN [DEVID|MAC]" */
	const char *summary;                /* for `vifpin --help`, one line */
	const char *help;                   /* for its own: sentences, each line ended */
	int min_words, max_words;           /* at most WORDS_MAX */
	bool decides;                       /* -N is for it */
	const struct cmd_option *options;   /* its own, at most OPTIONS_MAX; NULL: none */
	const struct table_column *columns; /* of its table; NULL: it has none ... */
	size_t n_columns;                   /* ... and no -o, -n, -r, -J and --color */
	cmd_fn *run;
};

/* What was given. */
struct cmd_line {
	bool options[OPTIONS_MAX]; /* one for each of command->options */
	struct table_look look;
	const char *words[WORDS_MAX]; /* NULL for those that are missing */
};

/*
 * Reads options and words. STATUS_USAGE when it has said what is wrong. `line` points
 * into argv.
 */
enum status cmd_line_read(
	const struct command *command, int argc, char **argv, struct cmd_line *line);

/* "NAME: SENTENCE; usage: ..." and STATUS_USAGE. */
enum status cmd_line_wrong(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints the command's --help. */
void cmd_line_help(const struct command *command);

#endif
