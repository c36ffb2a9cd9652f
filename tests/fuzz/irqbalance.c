// SPDX-License-Identifier: GPL-2.0-or-later
/* A command line of irqbalance's, and the program. */
#include "fuzz.h"

#include "irqbalance.h"

static void fuzz(const char *text, size_t len)
{
	struct irqbalance_options options;
	struct irqbalance_version version;

	irqbalance_read_options(text, len, &options);
	expect_true("program", options.program == text);
	expect_true("policy",
		!options.policy || (options.policy > text && options.policy <= text + len));
	spoil(&version, sizeof version);
	if (irqbalance_find_version(text, len, &version))
		expect_int("widens", irqbalance_widens(&version),
			version.major == 1 && version.minor == 9 && version.patch <= 5);
	else
		expect_true("version", is_spoilt(&version, sizeof version));
}
