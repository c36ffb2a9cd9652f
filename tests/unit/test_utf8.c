// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "utf8.h"
#include "util.h"

#include <stdlib.h>

/* The first byte beyond ASCII, wherever it stands, and nothing behind the length counts. */
static void ascii_length(void **state)
{
	char text[40];

	(void)state;
	for (size_t at = 0; at < sizeof text; at++) {
		memset(text, 'a', sizeof text);
		text[at] = '\x80';
		for (size_t len = 0; len <= sizeof text; len++)
			assert_int_equal(utf8_ascii_length(text, len), at < len ? at : len);
	}
}

/* A character of two bytes, wherever it stands. */
static void escape(void **state)
{
	char text[40], wanted[48];

	(void)state;
	for (size_t at = 0; at + 2 <= sizeof text; at++) {
		size_t len = sizeof text;
		char *escaped;

		memset(text, 'a', sizeof text);
		memcpy(text + at, "\xc3\xbc", 2);
		memset(wanted, 'a', sizeof wanted);
		memcpy(wanted + at, "\\u00fc", 6);
		wanted[sizeof text + 4] = '\0';
		escaped = utf8_escape(text, &len);
		assert_string_equal(escaped, wanted);
		assert_int_equal(len, sizeof text + 4);
		free(escaped);
	}
}

/* What is no character, and the controls beyond ASCII; those of ASCII are mask_controls()'s. */
static void mask(void **state)
{
	static const struct {
		const char *text, *masked;
	} rows[] = {
		{ "", "" },
		{ "a\n\x1b", "a\n\x1b" },
		{ "g\xc3\xa4st", "g\xc3\xa4st" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "a\xff"
		  "b\x80",
			"a?b?" },
		{ "\xe2\x82", "??" },
		{ "\xc0\x80", "??" },
		{ "\xed\xa0\x80", "???" },
		{ "\xc2\x80"
		  "a\xc2\x9b"
		  "2J\xc2\x9f",
			"??a??2J??" },
		{ "\xc2\xa0", "\xc2\xa0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[32];

		snprintf(text, sizeof text, "%s", rows[i].text);
		utf8_mask(text);
		expect_str(rows[i].text, text, rows[i].masked);
	}
}

int main(void)
{
	static const struct CMUnitTest utf8[] = {
		UNIT_TEST(ascii_length),
		UNIT_TEST(escape),
		UNIT_TEST(mask),
	};

	return cmocka_run_group_tests(utf8, NULL, NULL);
}
