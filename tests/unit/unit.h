// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * unit.h - what the unit tests share: rows of tables that tell which one is wrong, texts that
 * grow, recorded texts, and random numbers that can be had again.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "random.h"

/*
 * A test walks a table and gives expect_*() each row's name. A wrong row is printed as a TAP
 * comment and the walk goes on; the test fails at its end (UNIT_TEST).
 */
static unsigned int wrong_rows;

static inline int rows_begin(void **state)
{
	(void)state;
	wrong_rows = 0;
	return 0;
}

static inline int rows_end(void **state)
{
	(void)state;
	return wrong_rows ? -1 : 0;
}

#define UNIT_TEST(f) cmocka_unit_test_setup_teardown(f, rows_begin, rows_end)

/* Prints a text so that it stays on one line. */
static inline void print_text(const char *before, const char *text, const char *after)
{
	printf("%s", before);
	for (; text && *text; text++)
		printf(isprint((unsigned char)*text) ? "%c" : "\\x%02x", (unsigned char)*text);
	printf("%s%s", text ? "" : "(null)", after);
}

/* A text that grows. The test fails when there is no room for more. */
struct pen {
	char text[2048];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static inline void put_down(
	struct pen *pen, const char *format, ...)
{
	size_t left = sizeof pen->text - pen->len;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(pen->text + pen->len, left, format, ap);
	va_end(ap);
	assert_in_range(n, 0, left - 1);
	pen->len += (size_t)n;
}

static inline void wrong_row(const char *file, int line, const char *row)
{
	wrong_rows++;
	printf("# %s:%d: ", file, line);
	print_text("'", row, "': ");
}

static inline void expect_int_at(
	const char *file, int line, const char *row, intmax_t got, intmax_t wanted)
{
	if (got == wanted)
		return;
	wrong_row(file, line, row);
	printf("got %" PRIdMAX ", wanted %" PRIdMAX "\n", got, wanted);
}

static inline void expect_str_at(
	const char *file, int line, const char *row, const char *got, const char *wanted)
{
	if (got && strcmp(got, wanted) == 0)
		return;
	wrong_row(file, line, row);
	print_text("got \"", got, "\", ");
	print_text("wanted \"", wanted, "\"\n");
}

#define expect_int(row, got, wanted)                                                               \
	expect_int_at(__FILE__, __LINE__, row, (intmax_t)(got), (intmax_t)(wanted))
#define expect_str(row, got, wanted) expect_str_at(__FILE__, __LINE__, row, got, wanted)
#define expect_true(row, got)        expect_int(row, !!(got), true)

/* For outputs that a failure must leave alone: fill them before, look at them afterwards. */
#define SPOILT 0xa5

static inline void spoil(void *p, size_t size)
{
	memset(p, SPOILT, size);
}

static inline bool is_spoilt(const void *p, size_t size)
{
	const unsigned char *byte = p;

	for (size_t i = 0; i < size; i++) {
		if (byte[i] != SPOILT)
			return false;
	}
	return true;
}

/* A copy that ends where its memory ends, so that ASan and valgrind see every look behind it. */
static inline char *exact_copy(const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

/* The same without a NUL behind it. */
static inline char *bare_copy(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	return copy;
}

/* The whole of a file of tests/unit/data, to be freed. */
static inline char *read_data(const char *name)
{
	static char buf[256 * 1024];
	char path[256];
	size_t len;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", DATA, name);
	f = fopen(path, "re");
	if (!f)
		fail_msg("%s cannot be opened; run from the repository's root", path);
	len = fread(buf, 1, sizeof buf, f);
	fclose(f);
	assert_in_range(len, 1, sizeof buf - 1);
	return exact_copy(buf, len);
}

static inline unsigned long env_number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

/* SEED=number repeats a run; the test prints the one it has used. */
static inline struct random random_start(const char *test)
{
	uint64_t seed = env_number("SEED", (unsigned long)time(NULL));

	printf("# %s: SEED=%" PRIu64 "\n", test, seed);
	return (struct random){ .seed = seed, .state = seed };
}
