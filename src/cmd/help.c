// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * help: the list of commands, or the help of one.
 */
#include "cmd.h"
#include "util.h"

#include <string.h>

/* Commands that belong together. */
static const struct {
	const char *title;
	const struct command *commands[6]; /* ended by NULL */
} groups[] = {
	{ "Called by the hotplug scripts", { &command_online, &command_offline } },
	{ "Place and pin", { &command_pin, &command_unpin } },
	{ "Inspect",
		{ &command_list, &command_cpus, &command_verify, &command_doctor, &command_top } },
	{ "Maintain", { &command_reconcile, &command_rebalance, &command_watch } },
	{ "Called by irqbalance", { &command_irqbalance_policy } },
	{ "Help", { &command_help } },
};

static const char head[] = "Usage: vifpin [-vN] [-c FILE] [--root DIR] COMMAND [ARG]...\n"
			   "Give Xen network backends (vifs) fixed CPUs.\n"
			   "\n";

static const char foot[] = "\n"
			   "Options, before the command or after it:\n"
			   "  -v             print decisions on standard error\n"
			   "  -N             dry run: print what would be done, and why\n"
			   "  -c FILE        read FILE instead of /" PATH_CONFIG "\n"
			   "  --root DIR     look for /proc, /sys, /etc, /var and /run below DIR\n"
			   "  -h, --help     display this help, or that of the command\n"
			   "  --version      display version; takes no command\n"
			   "\n"
			   "See 'vifpin COMMAND --help' for details of a command, and vifpin(8).\n";

static const char table_help[] =
	"  -o, --output COLUMNS     print these columns; +COLUMNS adds to the default\n"
	"  -n, --noheadings         don't print headings\n"
	"  -r, --raw                use raw output format\n"
	"  -J, --json               use JSON output format\n"
	"      --color[=WHEN]       colorize the output: auto, always or never\n";

/* As in "  -d, --delay SECONDS      wait so long". */
static void print_option(const struct command_option *option)
{
	const char *value = option->value ? option->value : "";
	bool optional = *value == '[';
	char letter[] = "    ", usage[64];

	if (option->letter)
		snprintf(letter, sizeof letter, "-%c, ", option->letter);
	snprintf(usage, sizeof usage, "%s--%s%s%s", letter, option->name,
		optional ? "[="
		: *value ? " "
			 : "",
		value + optional);
	printf("  %-24s %s\n", usage, option->help);
}

void help_print_command(const struct command *command)
{
	const struct table_design *table = command->table;

	printf("Usage: vifpin %s%s%s%s%s\n%s\n", command->name, command->decides ? " [-N]" : "",
		command->options[0].name || table ? " [OPTION]..." : "", *command->words ? " " : "",
		command->words, command->help);
	if (command->decides)
		puts("  -N                       dry run: print what would be done, and why");
	if (table)
		fputs(table_help, stdout);
	for (const struct command_option *option = command->options; option->name; option++)
		print_option(option);
	printf("      --help               display this help\n");
	if (!table)
		return;
	printf("\nAvailable output columns (* printed by default):\n");
	for (const struct table_column *column = table->columns; column->name; column++)
		printf(" %c%-12s %s\n", column->on_demand ? ' ' : '*', column->name, column->help);
}

void help_print(void)
{
	fputs(head, stdout);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		printf("%s:\n", groups[i].title);
		for (const struct command *const *c = groups[i].commands; *c; c++) {
			char usage[64];

			snprintf(usage, sizeof usage, "%s %s", (*c)->name, (*c)->words);
			printf("  %-27s  %s\n", usage, (*c)->summary);
		}
	}
	fputs(foot, stdout);
}

const struct command *help_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		for (const struct command *const *c = groups[i].commands; *c; c++) {
			if (strcmp((*c)->name, name) == 0)
				return *c;
		}
	}
	return NULL;
}

static int act(struct context *context, const struct cmd_line *line, struct err *err)
{
	const char *name = line->words[0];
	const struct command *command = name ? help_find(name) : NULL;

	(void)context;
	(void)err;
	if (!name)
		help_print();
	else if (command)
		help_print_command(command);
	else
		return cmd_wrong(NULL, "unknown command '%s'", name);
	return STATUS_DONE;
}

const struct command command_help = {
	.name = "help",
	.words = "[COMMAND]",
	.summary = "display this help, or that of a command",
	.help = "Display the list of commands, or the help of COMMAND.\n",
	.act = act,
};
