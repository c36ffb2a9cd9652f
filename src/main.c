// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd.h"
#include "log.h"
#include "util.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	cmd_fn *run;
	bool decides; /* -N is for it */
} commands[] = {
	{ "online", cmd_online, true },
	{ "offline", cmd_offline, false },
	{ "pin", cmd_pin, true },
	{ "unpin", cmd_unpin, false },
	{ "list", cmd_list, false },
	{ "verify", cmd_verify, false },
	{ "reconcile", cmd_reconcile, true },
	{ "rebalance", cmd_rebalance, true },
	{ "watch", cmd_watch, false },
	{ "irqbalance-policy", cmd_irqbalance_policy, false },
};

static const char help[] =
	"Usage: vifpin [-vN] [-c FILE] [--root DIR] COMMAND [ARG]...\n"
	"Give every Xen network backend (vif) a fixed place to run.\n"
	"\n"
	"Called by the hotplug scripts:\n"
	"  online  [KEY=VALUE]...      reserve CPUs for the vif that XENBUS_PATH names\n"
	"  offline [KEY=VALUE]...      give its CPUs back\n"
	"By hand:\n"
	"  pin   DOMAIN [DEVID|MAC]    place the domain's vifs, or one, and pin them\n"
	"  unpin DOMAIN [DEVID|MAC]    release them, with the kernel's default masks\n"
	"  list  [-J] [DOMAIN]         the ledger, one row a queue; -J: as JSON\n"
	"  verify [DOMAIN [DEVID|MAC]] what stands elsewhere than the ledger says; 1 if any\n"
	"  reconcile                   bring ledger and kernel in line with every vif there is\n"
	"  rebalance                   move the fewest places that make the load even\n"
	"  watch [--until-idle]        stay and do that as it happens\n"
	"Called by irqbalance:\n"
	"  irqbalance-policy PATH IRQ  ban=true for an interrupt of a vif\n"
	"\n"
	"  -v             say what is decided\n"
	"  -N             change nothing: say what online, pin, reconcile or rebalance would do\n"
	"  -c FILE        configuration, instead of /etc/xen/vifpin.conf\n"
	"  --root DIR     find /proc, /sys, /etc, /var and /run below DIR\n"
	"  --version, --help\n";

/* Output that could not be written is a failure, whatever the command thinks. */
static enum status flush(enum status status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "vifpin: cannot write the output: %s\n", strerror(errno));
	return STATUS_FAILED;
}

static enum status run(const struct global *global, int argc, char **argv, cmd_fn *command)
{
	struct host host = { .dry = global->dry };
	enum status status;
	struct err err;

	config_default(&host.config);
	if (sysroot_open(global->root_dir, &host.root, &err) < 0)
		return cmd_fail(&err);
	status = flush(command(global, &host, argc, argv));
	xs_disconnect(host.xs);
	config_free(&host.config);
	sysroot_close(&host.root);
	return status;
}

static enum status dispatch(const struct global *global, int argc, char **argv)
{
	if (argc == 0)
		return cmd_usage("no command; vifpin --help lists them");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[0], commands[i].name) != 0)
			continue;
		if (global->dry && !commands[i].decides)
			return cmd_usage("-N is for online, pin, reconcile and rebalance, "
					 "not for %s",
				argv[0]);
		return run(global, argc, argv, commands[i].run);
	}
	return cmd_usage("unknown command '%s'; vifpin --help lists them", argv[0]);
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
	while ((c = getopt_long(argc, argv, "+vNc:", options, NULL)) != -1) {
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
			fputs(help, stdout);
			return false;
		default:
			*status = cmd_usage("unknown option '%s', or its argument is missing; "
					    "see vifpin --help",
				argv[optind - 1]);
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	struct global global = { .root_dir = "/" };
	enum status status;

	if (!parse_options(argc, argv, &global, &status))
		return (int)flush(status);
	log_open(LOG_TO_PERSON, global.verbose);
	return (int)dispatch(&global, argc - optind, argv + optind);
}
