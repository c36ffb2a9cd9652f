// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "irqbalance.h"
#include "util.h"

/* Blanks in `cmdline` stand for the NULs between the words of /proc/PID/cmdline. */
static void options(void **state)
{
	static const struct {
		const char *cmdline;
		const char *program; /* NULL: irqbalance */
		const char *policy;
		bool bans_vif;
	} rows[] = {
		{ .cmdline = "/usr/sbin/irqbalance --foreground",
			.program = "/usr/sbin/irqbalance" },
		{ .cmdline = "irqbalance --policyscript=/p", .policy = "/p" },
		{ .cmdline = "irqbalance --policyscript /p", .policy = "/p" },
		{ .cmdline = "irqbalance --pol=/p", .policy = "/p" },
		{ .cmdline = "irqbalance --po=/p" },
		{ .cmdline = "irqbalance --policyscripts=/p" },
		{ .cmdline = "irqbalance -l/p", .policy = "/p" },
		{ .cmdline = "irqbalance -l /p", .policy = "/p" },
		{ .cmdline = "irqbalance -fjl /p", .policy = "/p" },
		{ .cmdline = "irqbalance -l /p -l /q", .policy = "/q" },
		{ .cmdline = "irqbalance -s /run/l -f" },
		{ .cmdline = "irqbalance -s/run/l" },
		{ .cmdline = "irqbalance --banmod=vif", .bans_vif = true },
		{ .cmdline = "irqbalance --banmod vif", .bans_vif = true },
		{ .cmdline = "irqbalance -mvi", .bans_vif = true },
		{ .cmdline = "irqbalance -m i40e -m vif", .bans_vif = true },
		{ .cmdline = "irqbalance -m vif -m i40e", .bans_vif = true },
		{ .cmdline = "irqbalance --banmod=vifx" },
		{ .cmdline = "irqbalance --banmod=" },
		{ .cmdline = "irqbalance --banirq=1" },
		{ .cmdline = "irqbalance -l" },
		{ .cmdline = "irqbalance - -- l" },
		{ .cmdline = "", .program = "" },

		/* words that are not options may stand anywhere */
		{ .cmdline = "irqbalance x -l /p", .policy = "/p" },
		{ .cmdline = "irqbalance -f x y --banmod vif z -l/p",
			.policy = "/p",
			.bans_vif = true },
		{ .cmdline = "irqbalance  - -l /p", .policy = "/p" },
		{ .cmdline = "irqbalance x -- -l /p" },
		{ .cmdline = "irqbalance -l /p -- -l /q", .policy = "/p" },

		/* a value, whatever it looks like */
		{ .cmdline = "irqbalance -l --banmod=vif", .policy = "--banmod=vif" },
		{ .cmdline = "irqbalance --pid -l /p" },
		{ .cmdline = "irqbalance -l -- -m vif", .policy = "--", .bans_vif = true },
		{ .cmdline = "irqbalance -l=/p", .policy = "=/p" },
		{ .cmdline = "irqbalance -l  -f", .policy = "" },
		{ .cmdline = "irqbalance --policyscript= /p", .policy = "" },
		{ .cmdline = "irqbalance --policyscript" },
		{ .cmdline = "irqbalance -fl /p", .policy = "/p" },
		{ .cmdline = "irqbalance -lf /p", .policy = "f" },

		/* abbreviations: unique ones of irqbalance's own options */
		{ .cmdline = "irqbalance --poli /p", .policy = "/p" },
		{ .cmdline = "irqbalance --p=/p" },
		{ .cmdline = "irqbalance --pi -l /p" },
		{ .cmdline = "irqbalance --fore -l /p", .policy = "/p" },
		{ .cmdline = "irqbalance --mig -l /p" },
		{ .cmdline = "irqbalance --banm vif", .bans_vif = true },
		{ .cmdline = "irqbalance --ban=vif" },
		{ .cmdline = "irqbalance --bani=vif" },
		{ .cmdline = "irqbalance -policyscript=/p" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *row = rows[i].cmdline;
		_cleanup_free_ char *cmdline = exact_copy(row, strlen(row) + 1);
		struct irqbalance_options options;

		for (char *p = cmdline; (p = strchr(p, ' ')); p++)
			*p = '\0';
		irqbalance_read_options(cmdline, strlen(row) + 1, &options);
		expect_str(row, options.program, rows[i].program ? rows[i].program : "irqbalance");
		expect_str(row, options.policy ? options.policy : "none",
			rows[i].policy ? rows[i].policy : "none");
		expect_int(row, options.bans_vif, rows[i].bans_vif);
	}
}

/* A process that is ending has no command line. */
static void no_words(void **state)
{
	struct irqbalance_options options;

	(void)state;
	irqbalance_read_options("", 0, &options);
	assert_string_equal(options.program, "");
	assert_null(options.policy);
	assert_false(options.bans_vif);
}

/* How vifpin was started says nothing about irqbalance. */
static void posixly_correct(void **state)
{
	static const char cmdline[] = "irqbalance\0x\0-l\0/p";
	struct irqbalance_options options;

	(void)state;
	assert_int_equal(setenv("POSIXLY_CORRECT", "1", 1), 0);
	irqbalance_read_options(cmdline, sizeof cmdline, &options);
	assert_int_equal(unsetenv("POSIXLY_CORRECT"), 0);
	assert_string_equal(options.policy, "/p");
	assert_ptr_equal(options.policy, cmdline + sizeof "irqbalance\0x\0-l");
}

#define BYTES(text) .bytes = text, .len = sizeof text

static void versions(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool found;
		struct irqbalance_version version;
		bool widens;
	} rows[] = {
		{ BYTES("\177ELF\0x\0irqbalance version 1.9.2\n\0"), .found = true,
			.version = { 1, 9, 2 }, .widens = true },
		{ BYTES("irqbalance version 1.9.0"), .found = true, .version = { 1, 9, 0 },
			.widens = true },
		{ BYTES("irqbalance version 1.9.5"), .found = true, .version = { 1, 9, 5 },
			.widens = true },
		{ BYTES("irqbalance version 1.9.6"), .found = true, .version = { 1, 9, 6 } },
		{ BYTES("irqbalance version 1.9"), .found = true, .version = { 1, 9, 0 },
			.widens = true },
		{ BYTES("irqbalance version 1.8.0"), .found = true, .version = { 1, 8, 0 } },
		{ BYTES("irqbalance version 2.9.1"), .found = true, .version = { 2, 9, 1 } },
		{ BYTES("irqbalance version 1.9.4-rc1"), .found = true, .version = { 1, 9, 4 },
			.widens = true },
		{ BYTES("irqbalance version 1") },
		{ BYTES("irqbalance version x.y") },
		{ BYTES("irqbalance version 1.9.x") },
		{ BYTES("irqbalance version ") },
		{ BYTES("irqbalance") },
		{ .bytes = "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *row = rows[i].bytes;
		_cleanup_free_ char *bytes = exact_copy(row, rows[i].len);
		struct irqbalance_version version = { 0 };

		expect_int(
			row, irqbalance_find_version(bytes, rows[i].len, &version), rows[i].found);
		expect_int(row, version.major, rows[i].version.major);
		expect_int(row, version.minor, rows[i].version.minor);
		expect_int(row, version.patch, rows[i].version.patch);
		expect_int(row, irqbalance_widens(&version), rows[i].widens);
	}
}

int main(void)
{
	static const struct CMUnitTest irqbalance[] = {
		UNIT_TEST(options),
		UNIT_TEST(no_words),
		UNIT_TEST(posixly_correct),
		UNIT_TEST(versions),
	};

	return cmocka_run_group_tests(irqbalance, NULL, NULL);
}
