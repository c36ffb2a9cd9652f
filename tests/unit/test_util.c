// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "err.h"
#include "util.h"

#include <errno.h>
#include <limits.h>

static void numbers(void **state)
{
	static const struct {
		const char *text;
		unsigned long max;
		unsigned long value;
		int used; /* characters; -1: not a number */
	} rows[] = {
		{ "0", 0, 0, 1 },
		{ "1", 0, 0, -1 },
		{ "9", 5, 0, -1 },
		{ "5", 5, 5, 1 },
		{ "10", 9, 0, -1 },
		{ "42 x", 100, 42, 2 },
		{ "7-9", 100, 7, 1 },
		{ "65535", 65535, 65535, 5 },
		{ "65536", 65535, 0, -1 },
		{ "655350", 65535, 0, -1 },
		{ "4294967296", ULONG_MAX, 4294967296, 10 },
		{ "18446744073709551615", ULONG_MAX, ULONG_MAX, 20 },
		{ "18446744073709551616", ULONG_MAX, 0, -1 },
		{ "99999999999999999999999", ULONG_MAX, 0, -1 },
		{ "", 10, 0, -1 },
		{ " 1", 10, 0, -1 },
		{ "+1", 10, 0, -1 },
		{ "-1", 10, 0, -1 },
		{ "-0", 10, 0, -1 },
		{ "00", 10, 0, -1 },
		{ "01", 10, 0, -1 },
		{ "0x1", 10, 0, 1 },
		{ "x", 10, 0, -1 },
		{ "\xb2", 10, 0, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = rows[i].text;
		const char *end = NULL;
		unsigned long value = 12345;
		bool whole = rows[i].used == (int)strlen(text);

		expect_int(text, parse_number(text, &end, rows[i].max, &value), rows[i].used >= 0);
		expect_int(text, end ? end - text : -1, rows[i].used);
		expect_int(text, value, rows[i].used >= 0 ? rows[i].value : 12345);

		value = 12345;
		expect_int(text, parse_number(text, NULL, rows[i].max, &value), whole);
		expect_int(text, value, whole ? rows[i].value : 12345);
	}
}

static void array_keeps_its_elements(void **state)
{
	uint64_t *array = NULL;

	(void)state;
	for (size_t n = 0; n < 1000; n++) {
		uint64_t *grown = array_grow(array, n, sizeof *array);

		assert_non_null(grown);
		array = grown;
		array[n] = n * n;
	}
	for (size_t n = 0; n < 1000; n++)
		assert_int_equal(array[n], n * n);
	free(array);
}

static void array_of_too_many_bytes(void **state)
{
	char *array = malloc(1);

	(void)state;
	assert_null(array_grow(array, (size_t)1 << 40, (size_t)1 << 30));
	array[0] = 'x'; /* is still ours */
	free(array);
}

static void strings(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		bool fits;
	} rows[] = {
		{ "", 1, true },
		{ "a", 1, false },
		{ "abc", 4, true },
		{ "abcd", 4, false },
		{ "a much longer text", 4, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char buf[8];

		spoil(buf, sizeof buf);
		expect_int(rows[i].text, copy_str(buf, rows[i].size, rows[i].text), rows[i].fits);
		expect_str(rows[i].text, buf, rows[i].fits ? rows[i].text : "");
		expect_true(rows[i].text, is_spoilt(buf + rows[i].size, sizeof buf - rows[i].size));
	}
}

static void cleanup_frees(void **state)
{
	_cleanup_free_ char *text = strdup("freed at the end, as valgrind and ASan can tell");
	_cleanup_free_ char *nothing = NULL;

	(void)state;
	assert_non_null(text);
	assert_null(nothing);
}

static void errors(void **state)
{
	static const struct {
		const char *row;
		int code, result;
	} rows[] = {
		{ "an errno value", ENOENT, -ENOENT },
		{ "nothing is no error code", 0, -EINVAL },
		{ "turned round already", -ENOENT, -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err err = { "" };

		expect_int(rows[i].row, err_set(&err, rows[i].code, "%s %d", "vif", 7),
			rows[i].result);
		expect_str(rows[i].row, err.msg, "vif 7");
		expect_int(rows[i].row, err_set(NULL, rows[i].code, "vif"), rows[i].result);
	}
}

static void long_error_is_cut(void **state)
{
	char text[2 * sizeof(struct err)];
	struct err err;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(err_set(&err, EIO, "%s", text), -EIO);
	text[sizeof err.msg - 1] = '\0';
	assert_string_equal(err.msg, text);
}

int main(void)
{
	static const struct CMUnitTest util[] = {
		UNIT_TEST(numbers),
		UNIT_TEST(array_keeps_its_elements),
		UNIT_TEST(array_of_too_many_bytes),
		UNIT_TEST(strings),
		UNIT_TEST(cleanup_frees),
		UNIT_TEST(errors),
		UNIT_TEST(long_error_is_cut),
	};

	return cmocka_run_group_tests(util, NULL, NULL);
}
