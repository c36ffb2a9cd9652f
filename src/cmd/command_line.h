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

#define WORDS_MAX   2
#define OPTIONS_MAX 6

/* An option of a command's own. */
struct command_option {
	const char *name;  /* without the dashes; NULL ends a list */
	const char *value; /* what --help calls its value, "SECONDS"; in brackets it may be left
			    * out: "[SECONDS]"; NULL: it takes none */
	const char *help;  /* one line for --help */
	char letter;       /* '\0': it has none */
};

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
	struct command_option options[OPTIONS_MAX + 1]; /* its own */
	const struct table_design *table; /* NULL: none, and no -o, -n, -r, -J and --color */
	/* Carries it out; the root is open. Returns the exit status, or -errno with a sentence. */
	int (*act)(struct context *context, const struct cmd_line *line, struct err *err);
};

/* The parsed command line. */
struct cmd_line {
	const struct command *command;
	const char *root_dir;            /* --root, default "/" */
	const char *config_file;         /* -c, default NULL */
	bool verbose;                    /* -v */
	bool dry;                        /* -N */
	bool answered;                   /* --help or --version, so that nothing is left to do */
	bool given[OPTIONS_MAX];         /* which of command->options ... */
	const char *values[OPTIONS_MAX]; /* ... and with what; NULL for a value left out */
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
