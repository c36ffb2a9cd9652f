// SPDX-License-Identifier: GPL-2.0-or-later
#include "irqbalance.h"

#include "util.h"

#include <getopt.h>
#include <limits.h>
#include <string.h>

/*
 * irqbalance's own options (lopts and parse_command_line(), irqbalance.c, version 1.9.2), all of
 * them: they decide which abbreviations are unique and which word is another option's value.
 */
static const struct option long_options[] = {
	{ "oneshot", no_argument, NULL, 'o' },
	{ "debug", no_argument, NULL, 'd' },
	{ "foreground", no_argument, NULL, 'f' },
	{ "powerthresh", required_argument, NULL, 'p' },
	{ "banirq", required_argument, NULL, 'i' },
	{ "deepestcache", required_argument, NULL, 'c' },
	{ "policyscript", required_argument, NULL, 'l' },
	{ "pid", required_argument, NULL, 's' },
	{ "journal", no_argument, NULL, 'j' },
	{ "banmod", required_argument, NULL, 'm' },
	{ "interval", required_argument, NULL, 't' },
	{ "version", no_argument, NULL, 'V' },
	{ "migrateval", required_argument, NULL, 'e' },
	{ 0 },
};

/*
 * With "-" first, words that are no options are handed out where they stand. That finds the same
 * options as permuting, and getopt_long() does not look for POSIXLY_CORRECT in the environment,
 * which would be vifpin's and not irqbalance's.
 */
static const char short_options[] = "-odfjVi:p:s:c:l:m:t:e:";

/* argv as irqbalance got it, to be freed; NULL when memory is out. */
static char **split_words(const char *cmdline, size_t len, int *argc)
{
	char **argv = calloc(len + 1, sizeof *argv);

	*argc = 0;
	for (const char *p = cmdline; argv && p < cmdline + len; p += strlen(p) + 1)
		argv[(*argc)++] = (char *)p;
	return argv;
}

void irqbalance_read_options(const char *cmdline, size_t len, struct irqbalance_options *out)
{
	_cleanup_free_ char **argv = NULL;
	int argc, option;

	*out = (struct irqbalance_options){ .program = cmdline };
	argv = split_words(cmdline, len, &argc);
	if (!argv)
		return;
	optind = 0;
	opterr = 0;
	/* What irqbalance refuses ends it, so one that runs has no such option. */
	while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		if (option == 'l')
			out->policy = optarg;
		else if (option == 'm' && *optarg && strstr("vif", optarg))
			out->bans_vif = true;
	}
}

bool irqbalance_find_version(const char *program, size_t len, struct irqbalance_version *out)
{
	static const char before[] = "irqbalance version ";
	struct irqbalance_version version = { 0 };
	const char *p = memmem(program, len, before, sizeof before - 1);

	if (!p)
		return false;
	p += sizeof before - 1;
	if (!parse_uint(p, &p, INT_MAX, &version.major) || !skip_prefix(&p, ".") ||
		!parse_uint(p, &p, INT_MAX, &version.minor))
		return false;
	/* 1.9 is 1.9.0. */
	if (skip_prefix(&p, ".") && !parse_uint(p, &p, INT_MAX, &version.patch))
		return false;
	*out = version;
	return true;
}

bool irqbalance_widens(const struct irqbalance_version *version)
{
	return version->major == 1 && version->minor == 9 && version->patch <= 5;
}
