// SPDX-License-Identifier: GPL-2.0-or-later
/* Names in any encoding. */
#include "fuzz.h"

#include "utf8.h"

#include <json-c/json.h>

/* json-c 0.16 takes U+1D800 for half of a surrogate pair, and the like on each plane: by the lowest
 * 16 bits, and after it has put the pair together. */
static bool json_c_reads(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p >= 0xf0 && (p[1] & 0x0f) == 0x0d && (p[2] & 0x20))
			return false;
	}
	return true;
}

/* What is escaped is what json-c, a reader of UTF-8 by another hand, reads back. */
static void check_escaped(const char *masked)
{
	size_t len = strlen(masked);
	_cleanup_free_ char *escaped = utf8_escape(masked, &len);
	_cleanup_free_ char *quoted = NULL;
	struct json_object *value;

	expect_true(masked, asprintf(&quoted, "\"%s\"", escaped) > 0);
	value = json_tokener_parse(quoted);
	expect_str(masked, json_object_get_string(value), masked);
	json_object_put(value);
}

static void check_masked(const char *text)
{
	_cleanup_free_ char *once = exact_copy(text, strlen(text));
	_cleanup_free_ char *twice = NULL;

	utf8_mask(once);
	expect_int(text, strlen(once), strlen(text));
	twice = exact_copy(once, strlen(once));
	utf8_mask(twice);
	expect_str(text, twice, once);
	/* What json-c does not take as it stands in a string. */
	if (!strpbrk(once, "\"\\\n") && json_c_reads(once))
		check_escaped(once);
}

static void fuzz(const char *text, size_t len)
{
	size_t n = len;
	_cleanup_free_ char *copy = bare_copy(text, len);
	_cleanup_free_ char *escaped = utf8_escape(copy, &n);

	expect_true(text, escaped && n >= len && !escaped[n]);
	for (size_t i = 0; i < n; i++)
		expect_true(text, (unsigned char)escaped[i] < 0x80);
	check_masked(text);
}
