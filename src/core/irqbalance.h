// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * irqbalance.h - what an irqbalance that runs does to the interrupts of vifs, told by its
 * version and its options.
 *
 * It balances every interrupt of an event channel (classify.c); versions 1.9.0 to 1.9.5
 * hold them for those of a package and widen a mask of one CPU to all of the package's,
 * every 10 seconds. What is banned it leaves alone: by its policy script
 * (--policyscript, -l), or by name (--banmod, -m, from 1.9.1 on).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct irqbalance_version {
	unsigned int major, minor, patch;
};

/* Pointers into the command line that was read. */
struct irqbalance_options {
	const char *program; /* argv[0], "" without */
	const char *policy;  /* the last --policyscript, NULL without */
	bool bans_vif;       /* a --banmod that is part of "vif", and so of the names of vifs
			      * that nobody renamed */
};

/*
 * Reads the text of /proc/PID/cmdline, `len` bytes and one NUL more: words that end with a
 * NUL each. They mean what they mean to irqbalance, abbreviations included, since
 * getopt_long(3) reads them by irqbalance's own table; its global state is set up anew, and
 * left at the end of these words. When memory is out, only the program is known.
 */
void irqbalance_read_options(const char *cmdline, size_t len, struct irqbalance_options *out);

/*
 * Finds "irqbalance version 1.9.2", which the program says for --version, in the bytes of
 * the program. False, *out untouched, when it is not there.
 */
bool irqbalance_find_version(const char *program, size_t len, struct irqbalance_version *out);

/* Is it one of those that are known to widen masks? */
bool irqbalance_widens(const struct irqbalance_version *version);
