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

/* Options without a letter; from OPTION_OWN on the command's own, whether they have one or not. */
enum { OPTION_ROOT = UCHAR_MAX + 1, OPTION_VERSION, OPTION_COLOR, OPTION_OWN };

#define TABLE_LETTERS "o:nrJ"

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

/* What getopt_long() is given. */
struct options {
	struct option names[2 + ARRAY_SIZE(table_options) + OPTIONS_MAX + 1];
	size_t n_names;
	char letters[sizeof "+:" LETTERS TABLE_LETTERS + 3UL * OPTIONS_MAX];
	size_t n_letters;
};

static void add_name(struct options *options, const char *name, int takes, int value)
{
	options->names[options->n_names++] = (struct option){ name, takes, NULL, value };
}

static void add_letters(struct options *options, const char *letters)
{
	for (; *letters; letters++)
		options->letters[options->n_letters++] = *letters;
}

static int takes_value(const struct command_option *option)
{
	if (!option->value)
		return no_argument;
	return *option->value == '[' ? optional_argument : required_argument;
}

static void add_own(struct options *options, const struct command *command)
{
	static const char *const colons[] = {
		[no_argument] = "",
		[required_argument] = ":",
		[optional_argument] = "::",
	};

	for (int i = 0; command->options[i].name; i++) {
		const struct command_option *own = &command->options[i];
		int takes = takes_value(own);
		const char letter[] = { own->letter, '\0' };

		add_name(options, own->name, takes, OPTION_OWN + i);
		add_letters(options, letter);
		if (own->letter)
			add_letters(options, colons[takes]);
	}
}

/* Those of the command, or with NULL what stands before it. The colon before the letters tells a
 * missing argument from an unknown option. */
static void list_options(const struct command *command, struct options *options)
{
	*options = (struct options){ .n_names = 0 };
	add_letters(options, command ? ":" LETTERS : "+:" LETTERS "h");
	add_name(options, "root", required_argument, OPTION_ROOT);
	if (!command) {
		add_name(options, "version", no_argument, OPTION_VERSION);
		add_name(options, "help", no_argument, 'h');
		return;
	}
	add_own(options, command);
	for (size_t i = 0; command->table && i < ARRAY_SIZE(table_options); i++)
		options->names[options->n_names++] = table_options[i];
	if (command->table)
		add_letters(options, TABLE_LETTERS);
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

/* Is it, as getopt_long() returned it, one of the command's own? */
static bool take_own(struct cmd_line *line, int option)
{
	for (int i = 0; line->command && line->command->options[i].name; i++) {
		if (option != OPTION_OWN + i && option != line->command->options[i].letter)
			continue;
		line->given[i] = true;
		line->values[i] = optarg;
		return true;
	}
	return false;
}

static enum status take_option(struct cmd_line *line, int option)
{
	if (take_own(line, option))
		return STATUS_DONE;
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
	enum status status = STATUS_DONE;
	struct options options;
	int c;

	list_options(line->command, &options);
	optind = 0;
	opterr = 0;
	while (status == STATUS_DONE && !line->answered &&
		(c = getopt_long(argc, argv, options.letters, options.names, NULL)) != -1) {
		if (c == '?' || c == ':')
			status = wrong_option(line->command, options.letters, c, argv);
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
