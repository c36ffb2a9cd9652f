// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_line.h - the description of a command. Its line in `vifpin --help`, its own --help
 * and the parsing of its options and arguments all derive from it.
 */
#pragma once

#include "table.h"

#include <stdbool.h>

/* The same as xl's. */
enum status { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

struct context;
struct cmd_line;

#define WORDS_MAX 2

/* What a command makes of the configuration. */
enum config_use {
	CONFIG_UNREAD, /* act() reads it, or nobody does */
	CONFIG_SHOWN,  /* the command only looks: instead of one in error the defaults are used */
	CONFIG_OBEYED, /* the command refuses to run with one in error */
};

struct command {
	const char *name;
	const char *words;   /* its arguments, at most WORDS_MAX; those in brackets
			      * are optional: "DOMAIN [DEVID|MAC]";
			      * "[WORD]..." alone is any number */
	const char *summary; /* one line for `vifpin --help` */
	const char *help;    /* lines for its own --help */
	bool decides;        /* supports -N */
	enum config_use config;
	const char *option, *option_help; /* its own option, without the dashes, and one line for
					   * --help; NULL: none */
	const struct table_design *table; /* NULL: none, and no -o, -n, -r, -J and --color */
	/* Carries it out; the root is open. Returns the exit status, or -errno with a sentence. */
	int (*act)(struct context *context, const struct cmd_line *line, struct err *err);
};

/* The parsed command line. */
struct cmd_line {
	const struct command *command;
	const char *root_dir;    /* --root, default "/" */
	const char *config_file; /* -c, default NULL */
	bool verbose;            /* -v */
	bool dry;                /* -N */
	bool option;             /* command->option */
	bool answered;           /* --help or --version, so that nothing is left to do */
	struct table_look look;
	struct table *table;          /* as command->table and look describe it, without rows */
	const char *words[WORDS_MAX]; /* NULL for those not given */
	char **all_words;             /* as many as there are, ended by NULL */
};

/*
 * Parses the command line, and answers --help and --version. Returns STATUS_USAGE after reporting
 * an error. `line` points into argv; free line->table with table_free() in any case.
 */
enum status cmd_line_read(int argc, char **argv, struct cmd_line *line);
