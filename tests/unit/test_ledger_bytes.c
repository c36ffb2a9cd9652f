// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a ledger: a recorded one, changed in every way that a disk, a person or another
 * program may change it. What must hold is in any_ledger.h. test_ledger.c has the reasons that are
 * given.
 */
#include "unit.h"

#include "any_ledger.h"

/* What a test has tried so far, and how much of it was a ledger; what all of them have. */
static unsigned long tried, accepted, all;

static void try_bytes(const char *text, size_t len)
{
	char row[32];

	snprintf(row, sizeof row, "mutation %lu", tried++);
	accepted += check_any_ledger(row, text, len);
}

/* Tries what is left when `gone` bytes at `at` are replaced by others. */
static void try_replaced(
	const char *text, size_t at, size_t gone, const char *others, size_t n_others)
{
	size_t len = strlen(text), rest = len - at - gone;
	_cleanup_free_ char *copy = malloc(len - gone + n_others + 1);

	assert_non_null(copy);
	memcpy(copy, text, at);
	memcpy(copy + at, others, n_others);
	/* With the NUL. */
	memcpy(copy + at + n_others, text + at + gone, rest + 1);
	try_bytes(copy, at + n_others + rest);
}

static int print_count(void **state)
{
	printf("# %lu mutations, %lu of them ledgers\n", tried, accepted);
	all += tried;
	tried = accepted = 0;
	return rows_end(state);
}

static int print_all(void **state)
{
	(void)state;
	printf("# %lu mutations of a ledger in all\n", all);
	return 0;
}

#define BYTES_TEST(f) cmocka_unit_test_setup_teardown(f, rows_begin, print_count)

/* Of the recorded ledger as json-c had written it, and of the same in lines. */
#define DATA_TEST(f, name, data)                                                                   \
	{                                                                                          \
		name, f, rows_begin, print_count, data                                             \
	}
#define RECORDED_TEST(f)                                                                           \
	DATA_TEST(f, #f, "three-vifs.ledger"), DATA_TEST(f, #f " in lines", "three-vifs.lines")

static void as_recorded(void **state)
{
	_cleanup_free_ char *text = read_data(*state);

	try_bytes(text, strlen(text));
	assert_int_equal(accepted, 1);
}

/* Only the blanks behind its end may be missing. */
static void each_truncation(void **state)
{
	_cleanup_free_ char *text = read_data(*state);

	for (size_t len = 0; len < strlen(text); len++) {
		_cleanup_free_ char *copy = exact_copy(text, len);

		try_bytes(copy, len);
	}
	assert_int_equal(tried, strlen(text));
	assert_int_equal(accepted, 1);
}

static void each_bit_flipped(void **state)
{
	_cleanup_free_ char *text = read_data(*state);

	for (size_t i = 0; i < 8 * strlen(text); i++) {
		char byte = (char)(text[i / 8] ^ 1 << i % 8);

		try_replaced(text, i / 8, 1, &byte, 1);
	}
	assert_int_equal(tried, 8 * strlen(text));
}

static void each_byte_lost(void **state)
{
	_cleanup_free_ char *text = read_data(*state);

	for (size_t i = 0; i < strlen(text); i++)
		try_replaced(text, i, 1, "", 0);
}

/* Only blanks may stand behind the end. */
static void each_byte_behind(void **state)
{
	_cleanup_free_ char *text = read_data(*state);

	for (int i = 0; i < 256; i++) {
		char byte = (char)i;

		try_replaced(text, strlen(text), 0, &byte, 1);
	}
	assert_int_equal(accepted, strlen(" \t\r\n"));
}

/* What a number, a string or a brace is replaced by, wherever it stands. */
static const char *const others[] = { "", "-1", "0", "1", "00", "4", "8191", "8192", "32751",
	"65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296",
	"9223372036854775807", "9223372036854775808", "18446744073709551616", "1e9", "0.5", "null",
	"true", "NaN", "\"\"", "\"2\"", "\"\\u0000\"", "\"\\ud800\"", "\"\xff\"", "[]", "{}",
	"[[]]", "[null]", "{", "}", "[", "]", ",", ":", "\"", "\\", "\n", "\xef\xbb\xbf" };

/* Where the next token begins that is no comma, colon or blank; and how long it is, 0 at the end.
 */
static size_t next_token(const char *text, size_t *at)
{
	*at += strspn(text + *at, " \n,:");
	if (text[*at] == '"')
		return strcspn(text + *at + 1, "\"") + 2;
	return text[*at] && strchr("{}[]", text[*at]) ? 1 : strcspn(text + *at, " \n,:");
}

static void each_token_replaced(void **state)
{
	_cleanup_free_ char *text = read_data(*state);
	size_t at = 0, len;

	for (; (len = next_token(text, &at)); at += len) {
		for (size_t i = 0; i < ARRAY_SIZE(others); i++)
			try_replaced(text, at, len, others[i], strlen(others[i]));
	}
	/* Every number of it can be another one. */
	assert_in_range(accepted, 20, tried / 2);
}

/* A line twice is a field, a CPU, or a brace too many. */
static void each_line_twice(void **state)
{
	_cleanup_free_ char *text = read_data(*state);
	size_t at = 0, len;

	for (; (len = strcspn(text + at, "\n")); at += len + 1)
		try_replaced(text, at, 0, text + at, len + 1);
	assert_int_equal(accepted, 0);
}

/* In lines, the last of several leaves a comma too many. */
static void each_line_lost(void **state)
{
	_cleanup_free_ char *text = read_data(*state);
	size_t at = 0, len;

	for (; (len = strcspn(text + at, "\n")); at += len + 1)
		try_replaced(text, at, len + 1, "", 0);
	assert_in_range(accepted, 1, tried / 2);
}

/* Some bytes of it in another place of it. */
static void pieces_moved(void **state)
{
	_cleanup_free_ char *text = read_data(*state);
	struct random random = random_start("pieces_moved");
	unsigned int len = (unsigned int)strlen(text);

	for (unsigned long i = env_number("CASES", 20000); i && !wrong_rows; i--) {
		unsigned int from = random_below(&random, len), to = random_below(&random, len);
		unsigned int n = random_below(&random, 1 + len - from);
		unsigned int gone = random_below(&random, 1 + len - to);

		try_replaced(text, to, random_below(&random, 2) ? gone : 0, text + from, n % 400);
	}
}

/* Up to eight bytes of any value, which often hit the same object. */
static void bytes_damaged(void **state)
{
	_cleanup_free_ char *text = read_data(*state);
	struct random random = random_start("bytes_damaged");
	size_t len = strlen(text);

	for (unsigned long i = env_number("CASES", 20000); i && !wrong_rows; i--) {
		_cleanup_free_ char *copy = exact_copy(text, len);
		unsigned int near = random_below(&random, (unsigned int)len - 40);

		for (unsigned int n = 1 + random_below(&random, 8); n; n--)
			copy[near + random_below(&random, 40)] = (char)random_below(&random, 256);
		try_bytes(copy, len);
	}
}

/* --- large ones --------------------------------------------------------------------------- */

/* The head of a ledger without vifs. */
static const char no_vifs[] = "{\"version\":1,\"boot_id\":\"\",\"vifs\":[],\"remembered\":[]";

/* A ledger with another field, whose value is `n` times `open`, then `middle`, then `n` times
 * `close`. */
static void try_field(const char *open, const char *middle, const char *close, size_t n)
{
	static const char key[] = ",\"more\":";
	size_t size = sizeof no_vifs + sizeof key + n * (strlen(open) + strlen(close)) +
		      strlen(middle) + 1;
	_cleanup_free_ char *text = malloc(size);
	char *p = text;

	assert_non_null(text);
	p = stpcpy(p, no_vifs);
	p = stpcpy(p, key);
	for (size_t i = 0; i < n; i++)
		p = stpcpy(p, open);
	p = stpcpy(p, middle);
	for (size_t i = 0; i < n; i++)
		p = stpcpy(p, close);
	p = stpcpy(p, "}");
	try_bytes(text, (size_t)(p - text));
}

/* json-c goes 32 deep, so that nothing that walks through the result goes deeper. */
static void nested(void **state)
{
	(void)state;
	try_field("[", "", "]", 10);
	try_field("{\"a\":", "0", "}", 10);
	assert_int_equal(accepted, 2);
	try_field("[", "", "]", 10000);
	try_field("{\"a\":", "0", "}", 10000);
	try_field("[", "", "]", 1000000);
	assert_int_equal(accepted, 2);
}

/* One byte more than may be read, and as many. What is read takes json-c a hundred times the
 * memory. */
static void large(void **state)
{
	size_t size = LEDGER_TEXT_MAX + 2;
	_cleanup_free_ char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	for (size_t len = LEDGER_TEXT_MAX; len < size; len++) {
		memset(text, ' ', len);
		memcpy(text, no_vifs, strlen(no_vifs));
		text[strlen(no_vifs)] = '}';
		text[len] = '\0';
		try_bytes(text, len);
	}
	assert_int_equal(accepted, 1);
}

/* All lines are copied but those that have changed. */
static void lines_copied(void **state)
{
	_cleanup_free_ char *text = read_data("three-vifs.lines");
	_cleanup_ledger_ struct ledger ledger = { 0 };
	size_t copied = 0;

	(void)state;
	assert_true(ledger_lines_parse(text, strlen(text), &ledger));
	assert_int_equal(ledger.n_vifs, 3);
	for (size_t i = 0; i < ledger.n_vifs; i++)
		copied += ledger.vifs[i].line.len;
	for (size_t i = 0; i < ledger.n_remembered; i++)
		copied += ledger.remembered[i].line.len + (i ? strlen(",\n") : 0);
	assert_int_equal(check_copied("all", &ledger, text), copied + 2 * strlen(",\n"));
	copied -= ledger.vifs[1].line.len;
	ledger_edit(&ledger, ledger.vifs[1].id)->drift++;
	assert_int_equal(check_copied("all but the second", &ledger, text), copied);
}

int main(void)
{
	static const struct CMUnitTest ledger_bytes[] = {
		cmocka_unit_test(lines_copied),
		RECORDED_TEST(as_recorded),
		RECORDED_TEST(each_truncation),
		RECORDED_TEST(each_bit_flipped),
		RECORDED_TEST(each_byte_lost),
		RECORDED_TEST(each_byte_behind),
		RECORDED_TEST(each_token_replaced),
		RECORDED_TEST(each_line_lost),
		RECORDED_TEST(each_line_twice),
		RECORDED_TEST(pieces_moved),
		RECORDED_TEST(bytes_damaged),
		BYTES_TEST(nested),
		BYTES_TEST(large),
	};

	return cmocka_run_group_tests(ledger_bytes, NULL, print_all);
}
