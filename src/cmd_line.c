// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd_line.h"

#include "log.h"
#include "util.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Values of options that have no letter; a command's own come behind OPTION_OWN. */
enum { OPTION_COLOR = 256, OPTION_OWN };

static const struct option table_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "noheadings", no_argument, NULL, 'n' },
	{ "raw", no_argument, NULL, 'r' },
	{ "json", no_argument, NULL, 'J' },
	{ "color", optional_argument, NULL, OPTION_COLOR },
};

static const char table_help[] =
	"  -o, --output COLUMNS     only these, in this order; +COLUMNS: these too\n"
	"  -n, --noheadings         only the rows\n"
	"  -r, --raw                columns that are not aligned\n"
	"  -J, --json               as JSON\n"
	"      --color[=WHEN]       auto (a terminal, no NO_COLOR), always or never\n";

/* --- help ------------------------------------------------------------------------------------ */

/* "vifpin list [OPTION]... [DOMAIN]" */
static void format_usage(const struct command *command, char *buf, size_t size)
{
	bool options = command->options || command->columns;

	snprintf(buf, size, "vifpin %s%s%s%s", command->name, options ? " [OPTION]..." : "",
		*command->words ? " " : "", command->words);
}

static void print_columns(const struct command *command)
{
	printf("\nAvailable output columns (* shown without -o):\n");
	for (size_t i = 0; i < command->n_columns; i++) {
		const struct table_column *column = &command->columns[i];

		printf(" %c%-12s %s\n", column->on_demand ? ' ' : '*', column->name, column->help);
	}
}

void cmd_line_help(const struct command *command)
{
	char usage[128];

	format_usage(command, usage, sizeof usage);
	printf("Usage: %s\n%s\n", usage, command->help);
	if (command->columns)
		fputs(table_help, stdout);
	for (const struct cmd_option *own = command->options; own && own->name; own++)
		printf("      --%-18s %s\n", own->name, own->help);
	printf("      --help               this\n");
	if (command->columns)
		print_columns(command);
}

/* --- what is wrong --------------------------------------------------------------------------- */

enum status cmd_line_wrong(const struct command *command, const char *format, ...)
{
	char sentence[256], usage[128];
	va_list ap;

	va_start(ap, format);
	vsnprintf(sentence, sizeof sentence, format, ap);
	va_end(ap);
	format_usage(command, usage, sizeof usage);
	log_error("%s: %s; usage: %s", command->name, sentence, usage);
	return STATUS_USAGE;
}

/* For what only the command's --help lists. */
static enum status unknown(const struct command *command, const char *sentence)
{
	log_error("%s: %s; vifpin %s --help lists them", command->name, sentence, command->name);
	return STATUS_USAGE;
}

/*
 * getopt_long() has said '?' or ':'. optopt is a letter, also for a long option that
 * has one; OPTION_* for one that has none; 0 for a long one that is not known.
 */
static enum status wrong_option(const struct command *command, int said, char **argv)
{
	const char *at = argv[optind - 1];
	bool is_long = strncmp(at, "--", 2) == 0;
	char sentence[128];

	if (said == ':')
		return cmd_line_wrong(command, "option '%s' wants an argument", at);
	if (optopt && is_long && strchr(at, '='))
		return cmd_line_wrong(command, "option '%s' takes no argument", at);
	if (optopt && optopt < OPTION_COLOR)
		snprintf(sentence, sizeof sentence, "unknown option '-%c'", optopt);
	else
		snprintf(sentence, sizeof sentence, "unknown option '%s'", at);
	return unknown(command, sentence);
}

/* --- reading --------------------------------------------------------------------------------- */

struct reader {
	const struct command *command;
	struct cmd_line *line;
	struct option options[ARRAY_SIZE(table_options) + OPTIONS_MAX + 1];
	size_t n_options;
	const char *letters;
};

static void know_options(struct reader *reader)
{
	const struct cmd_option *own = reader->command->options;

	/* A colon tells a missing argument from an unknown option. Where there is no option
	 * but --help, whatever comes behind the first word is a word: a devid may be -1. */
	reader->letters = own ? ":" : "+:";
	if (reader->command->columns) {
		memcpy(reader->options, table_options, sizeof table_options);
		reader->n_options = ARRAY_SIZE(table_options);
		reader->letters = ":o:nrJ";
	}
	for (int i = 0; own && own[i].name; i++)
		reader->options[reader->n_options++] =
			(struct option){ own[i].name, no_argument, NULL, OPTION_OWN + i };
}

static bool read_color(const char *when, struct table_look *look)
{
	static const char *const names[] = {
		[TABLE_COLOR_AUTO] = "auto",
		[TABLE_COLOR_ALWAYS] = "always",
		[TABLE_COLOR_NEVER] = "never",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(when ? when : "always", names[i]) == 0) {
			look->color = (enum table_color)i;
			return true;
		}
	}
	return false;
}

static enum status set_form(struct reader *reader, enum table_form form)
{
	struct table_look *look = &reader->line->look;

	if (look->form != TABLE_PEOPLE && look->form != form)
		return cmd_line_wrong(reader->command, "--raw and --json exclude each other");
	look->form = form;
	return STATUS_DONE;
}

static enum status take_option(struct reader *reader, int option, char **argv)
{
	struct table_look *look = &reader->line->look;

	switch (option) {
	case 'o':
		look->columns = optarg;
		return STATUS_DONE;
	case 'n':
		look->no_headings = true;
		return STATUS_DONE;
	case 'r':
		return set_form(reader, TABLE_RAW);
	case 'J':
		return set_form(reader, TABLE_JSON);
	case OPTION_COLOR:
		if (read_color(optarg, look))
			return STATUS_DONE;
		return cmd_line_wrong(
			reader->command, "--color is auto, always or never, not '%s'", optarg);
	case '?':
	case ':':
		return wrong_option(reader->command, option, argv);
	default:
		reader->line->options[option - OPTION_OWN] = true;
		return STATUS_DONE;
	}
}

static enum status check_words(const struct command *command, int n, char **words)
{
	if (n > command->max_words)
		return cmd_line_wrong(
			command, "'%s' is one word too many", words[command->max_words]);
	if (n < command->min_words) {
		const char *missing = command->words;

		for (int i = 0; i < n; i++)
			missing += strcspn(missing, " ") + 1;
		return cmd_line_wrong(
			command, "%.*s is missing", (int)strcspn(missing, " "), missing);
	}
	return STATUS_DONE;
}

static enum status check_columns(const struct command *command, const struct table_look *look)
{
	struct err err;

	if (!command->columns ||
		table_check_look(command->columns, command->n_columns, look, &err) == 0)
		return STATUS_DONE;
	return unknown(command, err.msg);
}

enum status cmd_line_read(
	const struct command *command, int argc, char **argv, struct cmd_line *line)
{
	struct reader reader = { .command = command, .line = line };
	enum status status = STATUS_DONE;
	int option;

	*line = (struct cmd_line){ 0 };
	know_options(&reader);
	optind = 0;
	opterr = 0;
	while (status == STATUS_DONE &&
		(option = getopt_long(argc, argv, reader.letters, reader.options, NULL)) != -1)
		status = take_option(&reader, option, argv);
	if (status == STATUS_DONE)
		status = check_words(command, argc - optind, argv + optind);
	if (status == STATUS_DONE)
		status = check_columns(command, &line->look);
	for (int i = 0; status == STATUS_DONE && i < argc - optind; i++)
		line->words[i] = argv[optind + i];
	return status;
}
