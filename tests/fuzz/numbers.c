// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers, as they stand in xenstore, in paths and on command lines, and texts for one line. */
#include "fuzz.h"

#include "err.h"

#include <limits.h>

static void check_number(const char *text, unsigned long max)
{
	unsigned long number = 42, whole = 42;
	const char *end = text;
	char again[32];

	if (!parse_number(text, &end, max, &number)) {
		expect_true(text, end == text && number == 42);
		expect_true(text, !parse_number(text, NULL, max, &whole) && whole == 42);
		return;
	}
	expect_true(text, number <= max && !isdigit((unsigned char)*end));
	snprintf(again, sizeof again, "%lu", number);
	expect_int(text, end - text, strlen(again));
	expect_int(text, strncmp(text, again, strlen(again)), 0);
	expect_int(text, parse_number(text, NULL, max, &whole), !*end);
}

static void check_line(const char *text)
{
	_cleanup_free_ char *copy = exact_copy(text, strlen(text));
	const char *trimmed;
	struct err err;
	char name[16];

	trimmed = trim_blanks(copy);
	expect_true(text, trimmed >= copy && !strchr(" \t", *trimmed) == !!*trimmed);
	err_set(&err, 1, "%s", text);
	for (const char *p = err.msg; *p; p++)
		expect_true(text, !iscntrl((unsigned char)*p));
	expect_int(text, copy_str(name, sizeof name, text), strlen(text) < sizeof name);
	expect_str(text, name, strlen(text) < sizeof name ? text : "");
}

static void fuzz(const char *text, size_t len)
{
	static const unsigned long max[] = { 0, 9, 10, 1023, UINT_MAX, ULONG_MAX };

	(void)len;
	for (size_t i = 0; i < ARRAY_SIZE(max); i++)
		check_number(text, max[i]);
	check_line(text);
}
