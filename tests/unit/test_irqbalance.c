// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "irqbalance.h"
#include "util.h"

/* A row's words, each of which ends with a NUL in /proc/PID/cmdline. */
#define WORDS(text) text, sizeof text

static void options(void **state)
{
	static const struct {
		const char *cmdline;
		size_t len;
		const char *program;
		const char *policy;
		bool bans_vif;
	} rows[] = {
		{ WORDS("/usr/sbin/irqbalance\0--foreground"), "/usr/sbin/irqbalance", NULL,
			false },
		{ WORDS("irqbalance\0--policyscript=/p"), "irqbalance", "/p", false },
		{ WORDS("irqbalance\0--policyscript\0/p"), "irqbalance", "/p", false },
		{ WORDS("irqbalance\0--pol=/p"), "irqbalance", "/p", false },
		{ WORDS("irqbalance\0--po=/p"), "irqbalance", NULL, false },
		{ WORDS("irqbalance\0--policyscripts=/p"), "irqbalance", NULL, false },
		{ WORDS("irqbalance\0-l/p"), "irqbalance", "/p", false },
		{ WORDS("irqbalance\0-l\0/p"), "irqbalance", "/p", false },
		{ WORDS("irqbalance\0-fjl\0/p"), "irqbalance", "/p", false },
		{ WORDS("irqbalance\0-l\0/p\0-l\0/q"), "irqbalance", "/q", false },
		{ WORDS("irqbalance\0-s\0/run/l\0-f"), "irqbalance", NULL, false },
		{ WORDS("irqbalance\0-s/run/l"), "irqbalance", NULL, false },
		{ WORDS("irqbalance\0--banmod=vif"), "irqbalance", NULL, true },
		{ WORDS("irqbalance\0--banmod\0vif"), "irqbalance", NULL, true },
		{ WORDS("irqbalance\0-mvi"), "irqbalance", NULL, true },
		{ WORDS("irqbalance\0-m\0i40e\0-m\0vif"), "irqbalance", NULL, true },
		{ WORDS("irqbalance\0-m\0vif\0-m\0i40e"), "irqbalance", NULL, true },
		{ WORDS("irqbalance\0--banmod=vifx"), "irqbalance", NULL, false },
		{ WORDS("irqbalance\0--banmod="), "irqbalance", NULL, false },
		{ WORDS("irqbalance\0--banirq=1"), "irqbalance", NULL, false },
		{ WORDS("irqbalance\0-l"), "irqbalance", NULL, false },
		{ WORDS("irqbalance\0-\0--\0l"), "irqbalance", NULL, false },
		{ WORDS(""), "", NULL, false },
		{ "", 0, "", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *cmdline = exact_copy(rows[i].cmdline, rows[i].len);
		struct irqbalance_options options;
		char row[16];

		snprintf(row, sizeof row, "row %zu", i);
		irqbalance_read_options(cmdline, rows[i].len, &options);
		expect_str(row, options.program, rows[i].program);
		expect_str(row, options.policy ? options.policy : "-",
			rows[i].policy ? rows[i].policy : "-");
		expect_int(row, options.bans_vif, rows[i].bans_vif);
		free(cmdline);
	}
}

static void versions(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool found;
		struct irqbalance_version version;
		bool widens;
	} rows[] = {
		{ WORDS("\177ELF\0x\0irqbalance version 1.9.2\n\0"), true, { 1, 9, 2 }, true },
		{ WORDS("irqbalance version 1.9.0"), true, { 1, 9, 0 }, true },
		{ WORDS("irqbalance version 1.9.5"), true, { 1, 9, 5 }, true },
		{ WORDS("irqbalance version 1.9.6"), true, { 1, 9, 6 }, false },
		{ WORDS("irqbalance version 1.9"), true, { 1, 9, 0 }, true },
		{ WORDS("irqbalance version 1.8.0"), true, { 1, 8, 0 }, false },
		{ WORDS("irqbalance version 2.9.1"), true, { 2, 9, 1 }, false },
		{ WORDS("irqbalance version 1.9.4-rc1"), true, { 1, 9, 4 }, true },
		{ WORDS("irqbalance version 1"), false, { 0 }, false },
		{ WORDS("irqbalance version x.y"), false, { 0 }, false },
		{ WORDS("irqbalance version 1.9.x"), false, { 0 }, false },
		{ WORDS("irqbalance version "), false, { 0 }, false },
		{ WORDS("irqbalance"), false, { 0 }, false },
		{ "", 0, false, { 0 }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *bytes = exact_copy(rows[i].bytes, rows[i].len);
		struct irqbalance_version version = { 0 };
		char row[16];

		snprintf(row, sizeof row, "row %zu", i);
		expect_int(
			row, irqbalance_find_version(bytes, rows[i].len, &version), rows[i].found);
		expect_int(row, version.major, rows[i].version.major);
		expect_int(row, version.minor, rows[i].version.minor);
		expect_int(row, version.patch, rows[i].version.patch);
		expect_int(row, irqbalance_widens(&version), rows[i].widens);
		free(bytes);
	}
}

int main(void)
{
	static const struct CMUnitTest irqbalance[] = {
		UNIT_TEST(options),
		UNIT_TEST(versions),
	};

	return cmocka_run_group_tests(irqbalance, NULL, NULL);
}
