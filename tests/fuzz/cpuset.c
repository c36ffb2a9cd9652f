// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists and masks of CPUs, by the kernel and by xl. */
#include "fuzz.h"

#include "cpuset.h"

#include <errno.h>
#include <limits.h>

/* Written and read again it is the same, and what is cut is no less long. */
static void check_format(const char *text, const struct cpuset *set)
{
	char list[CPUSET_MAX * 5], cut[16];
	size_t len = cpuset_format(set, list, sizeof list);
	struct cpuset again;

	expect_int(text, strlen(list), len);
	expect_int(text, cpuset_parse_list(list, &again), 0);
	expect_true(text, cpuset_equal(&again, set));
	expect_int(text, cpuset_format(set, cut, sizeof cut), len);
	expect_int(text, strncmp(cut, list, sizeof cut - 1), 0);
}

static void check_kernel(const char *text, int (*parse)(const char *text, struct cpuset *set))
{
	struct cpuset set;
	int r;

	spoil(&set, sizeof set);
	r = parse(text, &set);
	expect_true(text, r == 0 || (r == -EINVAL && is_spoilt(&set, sizeof set)));
	if (r == 0)
		check_format(text, &set);
}

/* A list has every number of its text. */
static void check_list(const char *text)
{
	struct cpuset set;
	unsigned int cpu;

	if (cpuset_parse_list(text, &set) < 0)
		return;
	while (*(text += strcspn(text, "0123456789"))) {
		if (!parse_uint(text, &text, UINT_MAX, &cpu))
			fail_msg("'%s' begins with no number", text);
		expect_true(text, cpuset_has(&set, cpu));
	}
}

/* A mask has all the bits of its text. */
static void check_mask(const char *text)
{
	struct cpuset set;
	unsigned int bits = 0;

	if (cpuset_parse_mask(text, &set) < 0)
		return;
	for (const char *p = text; *p; p++) {
		char digit[] = { *p, '\0' };

		bits += (unsigned int)__builtin_popcountl(strtoul(digit, NULL, 16));
	}
	expect_int(text, cpuset_count(&set), bits);
}

/* In xl's form a list of the kernel's is the same. */
static void check_xl(const char *text)
{
	static const struct cpuset nodes[] = { { { 0x0f } }, { { 0xf0 } } };
	struct cpuset_words words = { { { 0xff } }, nodes, ARRAY_SIZE(nodes) };
	struct cpuset set, list;
	struct err err = { "" };
	int r;

	spoil(&set, sizeof set);
	r = cpuset_parse_xl(text, &words, &set, &err);
	expect_int(text, !*err.msg, r == 0);
	expect_true(text, r == 0 || (r == -EINVAL && is_spoilt(&set, sizeof set)));
	if (*text && !strchr(text, '\n') && cpuset_parse_list(text, &list) == 0)
		expect_true(text, r == 0 && cpuset_equal(&set, &list));
	words.nodes = NULL;
	if (r == 0)
		r = cpuset_parse_xl(text, &words, &list, &err);
	if (r == 0)
		expect_true(text, cpuset_equal(&set, &list));
	else
		expect_true(text, r == -EINVAL || strstr(text, "node"));
}

static void fuzz(const char *text, size_t len)
{
	(void)len;
	check_kernel(text, cpuset_parse_list);
	check_kernel(text, cpuset_parse_mask);
	check_list(text);
	check_mask(text);
	check_xl(text);
}
