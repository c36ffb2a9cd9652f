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
		int used; /* characters read; -1: not a number */
	} rows[] = {
		{ .text = "0", .max = 0, .value = 0, .used = 1 },
		{ .text = "1", .max = 0, .value = 0, .used = -1 },
		{ .text = "9", .max = 5, .value = 0, .used = -1 },
		{ .text = "5", .max = 5, .value = 5, .used = 1 },
		{ .text = "10", .max = 9, .value = 0, .used = -1 },
		{ .text = "42 x", .max = 100, .value = 42, .used = 2 },
		{ .text = "7-9", .max = 100, .value = 7, .used = 1 },
		{ .text = "65535", .max = 65535, .value = 65535, .used = 5 },
		{ .text = "65536", .max = 65535, .value = 0, .used = -1 },
		{ .text = "655350", .max = 65535, .value = 0, .used = -1 },
		{ .text = "4294967296", .max = ULONG_MAX, .value = 4294967296, .used = 10 },
		{ .text = "18446744073709551615",
			.max = ULONG_MAX,
			.value = ULONG_MAX,
			.used = 20 },
		{ .text = "18446744073709551616", .max = ULONG_MAX, .value = 0, .used = -1 },
		{ .text = "99999999999999999999999", .max = ULONG_MAX, .value = 0, .used = -1 },
		{ .text = "", .max = 10, .value = 0, .used = -1 },
		{ .text = " 1", .max = 10, .value = 0, .used = -1 },
		{ .text = "+1", .max = 10, .value = 0, .used = -1 },
		{ .text = "-1", .max = 10, .value = 0, .used = -1 },
		{ .text = "-0", .max = 10, .value = 0, .used = -1 },
		{ .text = "00", .max = 10, .value = 0, .used = -1 },
		{ .text = "01", .max = 10, .value = 0, .used = -1 },
		{ .text = "0x1", .max = 10, .value = 0, .used = 1 },
		{ .text = "x", .max = 10, .value = 0, .used = -1 },
		{ .text = "\xb2", .max = 10, .value = 0, .used = -1 },
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

		if (rows[i].max <= UINT_MAX) {
			unsigned int small = 12345;

			expect_int(text, parse_uint(text, NULL, (unsigned int)rows[i].max, &small),
				whole);
			expect_int(text, small, whole ? rows[i].value : 12345);
		}
	}
}

static void prefixes(void **state)
{
	static const struct {
		const char *text, *prefix, *behind; /* NULL: it does not begin with it */
	} rows[] = {
		{ "nodes:1", "nodes:", "1" },
		{ "nodes:1", "node:", NULL },
		{ "node", "node:", NULL },
		{ "node:", "node:", "" },
		{ "text", "", "text" },
		{ "", "x", NULL },
		{ "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *p = rows[i].text;

		expect_int(rows[i].text, skip_prefix(&p, rows[i].prefix), rows[i].behind != NULL);
		expect_str(rows[i].text, p, rows[i].behind ? rows[i].behind : rows[i].text);
	}
}

static void order_of_numbers(void **state)
{
	static const unsigned int sorted[] = { 0, 1, 5, 2147483647, 2147483648, 4294967295 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(sorted); k++)
			assert_int_equal(compare_uints(&sorted[i], &sorted[k]), (i > k) - (i < k));
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

static void array_is_added_to(void **state)
{
	uint64_t *array = NULL;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		uint64_t *added = array_add(&array, &n, sizeof *array);

		assert_non_null(added);
		assert_ptr_equal(added, &array[i]);
		assert_int_equal(n, i + 1);
		assert_int_equal(*added, 0);
		*added = i + 1;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(array[i], i + 1);
	free(array);
}

static void array_cannot_be_added_to(void **state)
{
	char *array = malloc(1), *before = array;
	size_t n = (size_t)1 << 40;

	(void)state;
	assert_null(array_add(&array, &n, (size_t)1 << 30));
	assert_ptr_equal(array, before);
	assert_int_equal(n, (size_t)1 << 40);
	free(array);
}

static void array_too_large(void **state)
{
	char *array = malloc(1);

	(void)state;
	assert_null(array_grow(array, (size_t)1 << 40, (size_t)1 << 30));
	array[0] = 'x'; /* the old array must still be usable */
	free(array);
}

static void copies(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		bool fits;
	} rows[] = {
		{ .text = "", .size = 1, .fits = true },
		{ .text = "a", .size = 1, .fits = false },
		{ .text = "abc", .size = 4, .fits = true },
		{ .text = "abcd", .size = 4, .fits = false },
		{ .text = "a much longer text", .size = 4, .fits = false },
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

static void control_characters(void **state)
{
	static const struct {
		const char *text, *masked;
	} rows[] = {
		{ "", "" },
		{ "vif 1.0: ~ \xc3\xa9", "vif 1.0: ~ \xc3\xa9" },
		{ "a\nb\r\tc", "a?b??c" },
		{ "\x01\x1b[2J\x1f\x7f", "??[2J??" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[32];
		struct err err;

		assert_true(copy_str(text, sizeof text, rows[i].text));
		mask_controls(text);
		expect_str(rows[i].text, text, rows[i].masked);
		err_set(&err, EIO, "%s", rows[i].text);
		expect_str(rows[i].text, err.msg, rows[i].masked);
	}
}

static void cleanup_frees(void **state)
{
	_cleanup_free_ char *text = strdup("valgrind and ASan report it if nobody frees this");
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
		{ .row = "errno value", .code = ENOENT, .result = -ENOENT },
		{ .row = "0 is no error", .code = 0, .result = -EINVAL },
		{ .row = "negative already", .code = -ENOENT, .result = -EINVAL },
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

static void error_says_its_reason(void **state)
{
	struct err err;

	(void)state;
	errno = EPERM;
	assert_int_equal(err_set(&err, ENOENT, "%s: %m", "vif"), -ENOENT);
	assert_string_equal(err.msg, "vif: No such file or directory");
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
		UNIT_TEST(prefixes),
		UNIT_TEST(order_of_numbers),
		UNIT_TEST(array_keeps_its_elements),
		UNIT_TEST(array_too_large),
		UNIT_TEST(array_is_added_to),
		UNIT_TEST(array_cannot_be_added_to),
		UNIT_TEST(copies),
		UNIT_TEST(control_characters),
		UNIT_TEST(cleanup_frees),
		UNIT_TEST(errors),
		UNIT_TEST(error_says_its_reason),
		UNIT_TEST(long_error_is_cut),
	};

	return cmocka_run_group_tests(util, NULL, NULL);
}
