// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "proc_locks.h"
#include "util.h"

static const char recorded[] = "1: POSIX  ADVISORY  WRITE 711 00:19:1163 0 EOF\n"
			       "2: FLOCK  ADVISORY  WRITE 2718 00:19:1164 0 EOF\n"
			       "2: -> FLOCK  ADVISORY  WRITE 2719 00:19:1164 0 EOF\n"
			       "3: FLOCK  ADVISORY  READ  3141 00:19:1165 0 EOF\n"
			       "4: OFDLCK ADVISORY  WRITE -1 00:19:1166 0 EOF\n"
			       "5: FLOCK  ADVISORY  WRITE 1414 fe:01:1164 0 EOF\n";

static void who_holds_it(void **state)
{
	static const struct {
		const char *name, *text;
		unsigned int major, minor;
		unsigned long inode;
		pid_t holder;
	} rows[] = {
		{ .name = "held", .minor = 0x19, .inode = 1164, .holder = 2718 },
		{ .name = "another device",
			.major = 0xfe,
			.minor = 1,
			.inode = 1164,
			.holder = 1414 },
		{ .name = "a POSIX lock", .minor = 0x19, .inode = 1163 },
		{ .name = "shared", .minor = 0x19, .inode = 1165 },
		{ .name = "an open file's", .minor = 0x19, .inode = 1166 },
		{ .name = "nobody", .minor = 0x19, .inode = 116 },
		{ .name = "no lock at all", .text = "", .minor = 0x19, .inode = 1164 },
		{ .name = "only a waiter",
			.text = "1: -> FLOCK  ADVISORY  WRITE 5 00:19:1 0 EOF\n",
			.minor = 0x19,
			.inode = 1 },
		{ .name = "held on another host, by nobody of this one",
			.text = "1: FLOCK  ADVISORY  WRITE -1 00:19:1 0 EOF\n",
			.minor = 0x19,
			.inode = 1 },
		{ .name = "a number that no process has",
			.text = "1: FLOCK  ADVISORY  WRITE 27184294967296 00:19:1 0 EOF\n",
			.minor = 0x19,
			.inode = 1 },
		{ .name = "no text of the kernel's", .text = "\n\n1: FLOCK", .inode = 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = rows[i].text ? rows[i].text : recorded;

		expect_int(rows[i].name,
			proc_locks_find_flock(text, rows[i].major, rows[i].minor, rows[i].inode),
			rows[i].holder);
	}
}

/* Anybody may hold as many locks as they can open files: 200,000 take no longer to look through
 * than to read, some 0.1 s of CPU time, or a few seconds under valgrind. In square time it was 23
 * s, and minutes. */
static void many_locks(void **state)
{
	const size_t n = 100000;
	_cleanup_free_ char *text = malloc(n * 64);
	clock_t begin;
	char *p = text;

	(void)state;
	assert_non_null(text);
	for (unsigned int i = 0; i < n; i++)
		p += sprintf(p, "%u: FLOCK  ADVISORY  WRITE 65534 00:19:%u 0 EOF\n", i, i + 2);
	begin = clock();
	expect_int("nobody", proc_locks_find_flock(text, 0, 0x19, 1), 0);
	expect_int("the last", proc_locks_find_flock(text, 0, 0x19, n + 1), 65534);
	assert_in_range((clock() - begin) / CLOCKS_PER_SEC, 0, 15);
}

int main(void)
{
	static const struct CMUnitTest proc_locks[] = {
		UNIT_TEST(who_holds_it),
		UNIT_TEST(many_locks),
	};

	return cmocka_run_group_tests(proc_locks, NULL, NULL);
}
