// SPDX-License-Identifier: GPL-2.0-or-later
#include "command_line.h"

#include "cmd.h"
#include "util.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The options of all commands, which stand before the command or after it. */
#define LETTERS "vNc:"

/* Options without a letter; OPTION_OWN is the command's own. */
enum { OPTION_ROOT = UCHAR_MAX + 1, OPTION_VERSION, OPTION_COLOR, OPTION_OWN };

static const struct option table_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "noheadings", no_argument, NULL, 'n' },
	{ "raw", no_argument, NULL, 'r' },
	{ "json", no_argument, NULL, 'J' },
	{ "color", optional_argument, NULL, OPTION_COLOR },
};

/*
 * Reports the option that getopt_long() has just refused with '?' or ':'. `letters` are the short
 * options it was given; long options without a letter have values above UCHAR_MAX.
 */
static enum status wrong_option(
	const struct command *command, const char *letters, int refused, char **argv)
{
	const char *at = argv[optind - 1];

	if (refused == ':')
		return cmd_wrong(command, "option '%s' requires an argument", at);
	/* The value of a known option, the letter of an unknown one, 0 for an unknown long one. */
	if (optopt > UCHAR_MAX || (optopt && strchr(letters, optopt)))
		return cmd_wrong(command, "option '%s' doesn't allow an argument", at);
	if (optopt)
		return cmd_wrong(command, "unknown option '-%c'", optopt);
	return cmd_wrong(command, "unknown option '%s'", at);
}

/* Fills in the long options and returns the letters: of the command, or with NULL of what stands
 * before it. Their colon tells a missing argument from an unknown option. */
static const char *list_options(const struct command *command, struct option *options)
{
	*options++ = (struct option){ "root", required_argument, NULL, OPTION_ROOT };
	if (!command) {
		*options++ = (struct option){ "version", no_argument, NULL, OPTION_VERSION };
		*options++ = (struct option){ "help", no_argument, NULL, 'h' };
		return "+:" LETTERS "h";
	}
	if (command->option)
		*options++ = (struct option){ command->option, no_argument, NULL, OPTION_OWN };
	if (!command->table)
		return ":" LETTERS;
	memcpy(options, table_options, sizeof table_options);
	return ":" LETTERS "o:nrJ";
}

static enum status set_color(struct cmd_line *line, const char *when)
{
	if (!when || strcmp(when, "always") == 0)
		line->look.color = TABLE_COLOR_ALWAYS;
	else if (strcmp(when, "auto") == 0)
		line->look.color = TABLE_COLOR_AUTO;
	else if (strcmp(when, "never") == 0)
		line->look.color = TABLE_COLOR_NEVER;
	else
		return cmd_wrong(
			line->command, "--color must be auto, always or never, not '%s'", when);
	return STATUS_DONE;
}

static enum status set_form(struct cmd_line *line, enum table_form form)
{
	if (line->look.form != TABLE_PEOPLE && line->look.form != form)
		return cmd_wrong(line->command, "--raw and --json are mutually exclusive");
	line->look.form = form;
	return STATUS_DONE;
}

static enum status take_option(struct cmd_line *line, int option)
{
	switch (option) {
	case 'v':
		line->verbose = true;
		break;
	case 'N':
		line->dry = true;
		break;
	case 'c':
		line->config_file = optarg;
		break;
	case OPTION_ROOT:
		line->root_dir = optarg;
		break;
	case 'o':
		line->look.columns = optarg;
		break;
	case 'n':
		line->look.no_headings = true;
		break;
	case 'r':
		return set_form(line, TABLE_RAW);
	case 'J':
		return set_form(line, TABLE_JSON);
	case OPTION_COLOR:
		return set_color(line, optarg);
	case OPTION_OWN:
		line->option = true;
		break;
	case OPTION_VERSION:
		puts("vifpin " VIFPIN_VERSION);
		line->answered = true;
		break;
	case 'h':
		help_print();
		line->answered = true;
	}
	return STATUS_DONE;
}

static enum status take_options(struct cmd_line *line, int argc, char **argv)
{
	struct option options[2 + ARRAY_SIZE(table_options) + 1] = { 0 };
	const char *letters = list_options(line->command, options);
	enum status status = STATUS_DONE;
	int c;

	optind = 0;
	opterr = 0;
	while (status == STATUS_DONE && !line->answered &&
		(c = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (c == '?' || c == ':')
			status = wrong_option(line->command, letters, c, argv);
		else
			status = take_option(line, c);
	}
	return status;
}

/* Takes the arguments that command->words describes. */
static enum status take_words(struct cmd_line *line, int n, char **words)
{
	const char *expected = line->command->words;
	int i = 0;

	line->all_words = words;
	if (strstr(expected, "..."))
		return STATUS_DONE;
	for (; *expected; i++) {
		size_t len = strcspn(expected, " ");

		if (i < n)
			line->words[i] = words[i];
		else if (*expected != '[')
			return cmd_wrong(
				line->command, "missing argument %.*s", (int)len, expected);
		expected += len + strspn(expected + len, " ");
	}
	if (n > i)
		return cmd_wrong(line->command, "unexpected argument '%s'", words[i]);
	return STATUS_DONE;
}

/* argv[0] is the command. */
static enum status read_command(struct cmd_line *line, int argc, char **argv)
{
	const struct command *command = line->command;
	enum status status = take_options(line, argc, argv);
	struct err err;

	if (status == STATUS_DONE)
		status = take_words(line, argc - optind, argv + optind);
	if (status != STATUS_DONE)
		return status;
	if (command->table && table_new(command->table, &line->look, &line->table, &err) < 0)
		return cmd_wrong(command, "%s", err.msg);
	if (line->dry && !command->decides)
		return cmd_wrong(NULL,
			"-N works with online, pin, reconcile and rebalance, not with %s",
			command->name);
	return STATUS_DONE;
}

/* Wherever it stands, and whatever is wrong with the other words. */
static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	}
	return false;
}

enum status cmd_line_read(int argc, char **argv, struct cmd_line *line)
{
	enum status status;

	*line = (struct cmd_line){ .root_dir = "/" };
	status = take_options(line, argc, argv);
	if (status != STATUS_DONE || line->answered)
		return status;
	argc -= optind;
	argv += optind;
	if (argc == 0)
		return cmd_wrong(NULL, "missing command");
	line->command = help_find(argv[0]);
	if (!line->command)
		return cmd_wrong(NULL, "unknown command '%s'", argv[0]);
	if (!asks_for_help(argc, argv))
		return read_command(line, argc, argv);
	help_print_command(line->command);
	line->answered = true;
	return STATUS_DONE;
}
