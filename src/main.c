// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd.h"
#include "log.h"
#include "util.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *title;
	const struct command *commands[8];
} groups[] = {
	{ "Called by the hotplug scripts", { &command_online, &command_offline } },
	{ "By hand, in xl's words", { &command_pin, &command_unpin } },
	{ "To look", { &command_list, &command_cpus, &command_verify, &command_doctor } },
	{ "To keep all in line", { &command_reconcile, &command_rebalance, &command_watch } },
	{ "Called by irqbalance", { &command_irqbalance_policy } },
};

static const char head[] = "Usage: vifpin [-vN] [-c FILE] [--root DIR] COMMAND [ARG]...\n"
			   "Give every Xen network backend (vif) a fixed place to run.\n"
			   "\n";

static const char foot[] = "\n"
			   "  -v             say what is decided\n"
			   "  -N             change nothing: say what would be done, and why\n"
			   "  -c FILE        configuration, instead of /etc/xen/vifpin.conf\n"
			   "  --root DIR     find /proc, /sys, /etc, /var and /run below DIR\n"
			   "  --version, --help\n"
			   "\n"
			   "vifpin COMMAND --help tells more of a command.\n";

static void print_help(void)
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

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		for (const struct command *const *c = groups[i].commands; *c; c++) {
			if (strcmp((*c)->name, name) == 0)
				return *c;
		}
	}
	return NULL;
}

/* Output that could not be written is a failure, whatever the command thinks. */
static enum status flush(enum status status)
{
	/* Of a write that failed stdio keeps no reason: one more, into what is broken anyway,
	 * fails for the same. */
	if (ferror(stdout))
		putchar('\n');
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno == 0)
		errno = EIO;
	fprintf(stderr, "vifpin: cannot write the output: %s\n", strerror(errno));
	return STATUS_FAILED;
}

static enum status run(
	const struct global *global, int argc, char **argv, const struct command *command)
{
	struct host host = { .dry = global->dry };
	enum status status;
	struct err err;

	config_default(&host.config);
	if (sysroot_open(global->root_dir, &host.root, &err) < 0)
		return cmd_fail(&err);
	status = flush(command->run(global, &host, argc, argv));
	xs_disconnect(host.xs);
	config_free(&host.config);
	sysroot_close(&host.root);
	return status;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0)
			return true;
	}
	return false;
}

static enum status dispatch(const struct global *global, int argc, char **argv)
{
	const struct command *command;

	if (argc == 0)
		return cmd_usage("no command; vifpin --help lists them");
	command = find_command(argv[0]);
	if (!command)
		return cmd_usage("unknown command '%s'; vifpin --help lists them", argv[0]);
	if (global->dry && !command->decides)
		return cmd_usage(
			"-N is for online, pin, reconcile and rebalance, not for %s", argv[0]);
	if (!asks_for_help(argc, argv))
		return run(global, argc, argv, command);
	cmd_line_help(command);
	return flush(STATUS_DONE);
}

/* The options before the command; false when nothing is left to do but to end. */
static bool parse_options(int argc, char **argv, struct global *global, enum status *status)
{
	static const struct option options[] = {
		{ "root", required_argument, NULL, 'R' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	opterr = 0;
	*status = STATUS_DONE;
	while ((c = getopt_long(argc, argv, "+:vNc:", options, NULL)) != -1) {
		switch (c) {
		case 'v':
			global->verbose = true;
			break;
		case 'N':
			global->dry = true;
			break;
		case 'c':
			global->config_file = optarg;
			break;
		case 'R':
			global->root_dir = optarg;
			break;
		case 'V':
			puts("vifpin " VIFPIN_VERSION);
			return false;
		case 'h':
			print_help();
			return false;
		case ':':
			*status = cmd_usage("option '%s' wants an argument; see vifpin --help",
				argv[optind - 1]);
			return false;
		default:
			*status = cmd_usage(
				"unknown option '%s'; see vifpin --help", argv[optind - 1]);
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	struct global global = { .root_dir = "/" };
	enum status status;

	/* A pipe that somebody closed is an output that cannot be written. */
	signal(SIGPIPE, SIG_IGN);
	if (!parse_options(argc, argv, &global, &status))
		return (int)flush(status);
	log_open(LOG_TO_PERSON, global.verbose);
	return (int)dispatch(&global, argc - optind, argv + optind);
}
