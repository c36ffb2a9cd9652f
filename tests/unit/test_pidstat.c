// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "pidstat.h"
#include "util.h"
#include "vifname.h"

#include <errno.h>

#define HOST "debian12-dom0-xen4.17-linux6.1"

/* Fields 4 to 52 of a kernel thread; the start time is 13427. */
#define KTHREAD_FIELDS                                                                             \
	" 2 0 0 0 -1 2129984 0 0 0 0 0 1 0 0 20 0 1 0 13427 0 0 18446744073709551615 0 0 0 0 0 0 " \
	"0 2147483647 0 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
/* The same of a user's process. */
#define USER_FIELDS " 1 479 479 0 -1 4194304 0 0 0 0 0 1 0 0 20 0 1 0 13427 0 0 0 0 0 0 0\n"

#define NAME_63   "012345678901234567890123456789012345678901234567890123456789012"
#define LONG_NAME NAME_63 "3456789"

static const struct stat_row {
	const char *row, *text;
	struct pidstat wanted; /* pid 0: -EINVAL */
	bool kthread;
} stat_rows[] = {
	{ .row = "kernel thread",
		.text = "479 (vif1.0-q0-guest-rx) S" KTHREAD_FIELDS,
		.wanted = { .pid = 479,
			.ppid = 2,
			.flags = 2129984,
			.ticks = 1,
			.start = 13427,
			.comm = "vif1.0-q0-guest-rx" },
		.kthread = true },
	{ .row = "name cut by an old kernel",
		.text = "479 (vif1.1-q0-guest) S" KTHREAD_FIELDS,
		.wanted = { .pid = 479,
			.ppid = 2,
			.flags = 2129984,
			.ticks = 1,
			.start = 13427,
			.comm = "vif1.1-q0-guest" },
		.kthread = true },
	{ .row = "user's process with the same name",
		.text = "479 (vif1.0-q0-dealloc) S" USER_FIELDS,
		.wanted = { .pid = 479,
			.ppid = 1,
			.flags = 4194304,
			.ticks = 1,
			.start = 13427,
			.comm = "vif1.0-q0-dealloc" } },
	{ .row = "child of kthreadd without PF_KTHREAD",
		.text = "9 (a) S 2 0 0 0 -1 4194304 0 0 0 0 0 1 0 0 20 0 1 0 7 0\n",
		.wanted = { .pid = 9,
			.ppid = 2,
			.flags = 4194304,
			.ticks = 1,
			.start = 7,
			.comm = "a" } },
	{ .row = "PF_KTHREAD with another parent",
		.text = "9 (a) S 1 0 0 0 -1 2129984 0 0 0 0 0 1 0 0 20 0 1 0 7 0\n",
		.wanted = { .pid = 9,
			.ppid = 1,
			.flags = 2129984,
			.ticks = 1,
			.start = 7,
			.comm = "a" } },
	{ .row = "no flag but PF_KTHREAD",
		.text = "9 (a) S 2 0 0 0 -1 2097152 0 0 0 0 0 1 0 0 20 0 1 0 7 0\n",
		.wanted = { .pid = 9,
			.ppid = 2,
			.flags = 2097152,
			.ticks = 1,
			.start = 7,
			.comm = "a" },
		.kthread = true },
	{ .row = "all flags but PF_KTHREAD",
		.text = "9 (a) S 2 0 0 0 -1 4292870143 0 0 0 0 0 1 0 0 20 0 1 0 7 0\n",
		.wanted = { .pid = 9,
			.ppid = 2,
			.flags = 4292870143,
			.ticks = 1,
			.start = 7,
			.comm = "a" } },
	{ .row = "kthreadd itself",
		.text = "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 15 0 0 20 0 1 0 314 0 0\n",
		.wanted = { .pid = 2,
			.ppid = 0,
			.flags = 2129984,
			.ticks = 15,
			.start = 314,
			.comm = "kthreadd" } },
	{ .row = "spaces in the name",
		.text = "5 (a b  c ) S" USER_FIELDS,
		.wanted = { .pid = 5,
			.ppid = 1,
			.flags = 4194304,
			.ticks = 1,
			.start = 13427,
			.comm = "a b  c " } },
	{ .row = "parentheses in the name",
		.text = "5 (a) (b)) S" USER_FIELDS,
		.wanted = { .pid = 5,
			.ppid = 1,
			.flags = 4194304,
			.ticks = 1,
			.start = 13427,
			.comm = "a) (b)" } },
	{ .row = "name that looks like a whole line",
		.text = "5 (x) S 2 0 0 0 -1 2129984 0 0 0 0) R" USER_FIELDS,
		.wanted = { .pid = 5,
			.ppid = 1,
			.flags = 4194304,
			.ticks = 1,
			.start = 13427,
			.comm = "x) S 2 0 0 0 -1 2129984 0 0 0 0" } },
	{ .row = "newlines in the name",
		.text = "5 (a\n6 (b) S 2\n) S" USER_FIELDS,
		.wanted = { .pid = 5,
			.ppid = 1,
			.flags = 4194304,
			.ticks = 1,
			.start = 13427,
			.comm = "a\n6 (b) S 2\n" } },
	{ .row = "empty name",
		.text = "5 () S" USER_FIELDS,
		.wanted = { .pid = 5,
			.ppid = 1,
			.flags = 4194304,
			.ticks = 1,
			.start = 13427,
			.comm = "" } },
	{ .row = "nothing but parentheses in the name",
		.text = "5 (((()))) S" USER_FIELDS,
		.wanted = { .pid = 5,
			.ppid = 1,
			.flags = 4194304,
			.ticks = 1,
			.start = 13427,
			.comm = "((()))" } },
	{ .row = "long name is cut to 63",
		.text = "5 (" LONG_NAME ") S" USER_FIELDS,
		.wanted = { .pid = 5,
			.ppid = 1,
			.flags = 4194304,
			.ticks = 1,
			.start = 13427,
			.comm = NAME_63 } },
	{ .row = "largest numbers",
		.text = "2147483647 (a) S 2147483647 0 0 0 -1 4294967295 0 0 0 0 0 1 0 0 20 0 1 0 "
			"18446744073709551615 0\n",
		.wanted = { .pid = 2147483647,
			.ppid = 2147483647,
			.flags = 4294967295,
			.ticks = 1,
			.start = 18446744073709551615ull,
			.comm = "a" } },

	{ .row = "times that it has run",
		.text = "9 (a) S 2 0 0 0 -1 2129984 1 2 3 4 50 600 7 8 20 0 1 0 7 0\n",
		.wanted = { .pid = 9,
			.ppid = 2,
			.flags = 2129984,
			.ticks = 650,
			.start = 7,
			.comm = "a" },
		.kthread = true },
	{ .row = "time that is not a number",
		.text = "9 (a) S 2 0 0 0 -1 2129984 1 2 3 4 50 x 7 8 20 0 1 0 7 0\n" },
	{ .row = "empty", .text = "" },
	{ .row = "newline", .text = "\n" },
	{ .row = "no PID", .text = "(a) S" KTHREAD_FIELDS },
	{ .row = "PID is not a number", .text = "x (a) S" KTHREAD_FIELDS },
	{ .row = "negative PID", .text = "-5 (a) S" KTHREAD_FIELDS },
	{ .row = "PID too large", .text = "2147483648 (a) S" KTHREAD_FIELDS },
	{ .row = "no name", .text = "5 S" KTHREAD_FIELDS },
	{ .row = "name without closing parenthesis", .text = "5 (a S" KTHREAD_FIELDS },
	{ .row = "name without opening parenthesis", .text = "5 a) S" KTHREAD_FIELDS },
	{ .row = "parentheses in the wrong order", .text = "5 )a( S" KTHREAD_FIELDS },
	{ .row = "closing parenthesis before the name", .text = "5) (a S" KTHREAD_FIELDS },
	{ .row = "no blank before the name", .text = "5(a) S" KTHREAD_FIELDS },
	{ .row = "two blanks before the name", .text = "5  (a) S" KTHREAD_FIELDS },
	{ .row = "no blank after the name", .text = "5 (a)S" KTHREAD_FIELDS },
	{ .row = "nothing after the name", .text = "5 (a)" },
	{ .row = "negative parent",
		.text = "5 (a) S -2 0 0 0 -1 2129984 0 0 0 0 0 1 0 0 20 0 1 0 7 0\n" },
	{ .row = "parent is not a number",
		.text = "5 (a) S x 0 0 0 -1 2129984 0 0 0 0 0 1 0 0 20 0 1 0 7 0\n" },
	{ .row = "letter after the parent",
		.text = "5 (a) S 2x 0 0 0 -1 2129984 0 0 0 0 0 1 0 0 20 0 1 0 7 0\n" },
	{ .row = "letter after the flags",
		.text = "5 (a) S 2 0 0 0 -1 2129984x 0 0 0 0 0 1 0 0 20 0 1 0 7 0\n" },
	{ .row = "letter after the start time",
		.text = "5 (a) S 2 0 0 0 -1 2129984 0 0 0 0 0 1 0 0 20 0 1 0 7x 0\n" },
	{ .row = "flags too large",
		.text = "5 (a) S 2 0 0 0 -1 4294967296 0 0 0 0 0 1 0 0 20 0 1 0 7 0\n" },
	{ .row = "start time too large",
		.text = "5 (a) S 2 0 0 0 -1 2129984 0 0 0 0 0 1 0 0 20 0 1 0 18446744073709551616 "
			"0\n" },
	{ .row = "missing fields",
		.text = "5 (a) S 2 0 0 0 -1 2129984 0 0 0 0 0 1 0 0 20 0 1 0\n" },
};

static void check_stat(const char *row, const struct pidstat *got, const struct pidstat *wanted)
{
	expect_int(row, got->pid, wanted->pid);
	expect_true(row, got->ticks == wanted->ticks);
	expect_int(row, got->ppid, wanted->ppid);
	expect_int(row, got->flags, wanted->flags);
	expect_true(row, got->start == wanted->start);
	expect_str(row, got->comm, wanted->comm);
}

static void stat_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stat_rows); i++) {
		const struct stat_row *row = &stat_rows[i];
		_cleanup_free_ char *text = exact_copy(row->text, strlen(row->text));
		struct pidstat got;

		spoil(&got, sizeof got);
		expect_int(row->row, pidstat_parse(text, &got), row->wanted.pid ? 0 : -EINVAL);
		if (!row->wanted.pid) {
			expect_true(row->row, is_spoilt(&got, sizeof got));
			continue;
		}
		check_stat(row->row, &got, &row->wanted);
		expect_int(row->row, pidstat_is_kthread(&got), row->kthread);
	}
}

/* Unless a blank follows field 22, digits of the start time may have been cut off. */
static void cut_line(void **state)
{
	static const char line[] = "479 (vif1.0-q0-guest-rx) S" KTHREAD_FIELDS;
	size_t whole = (size_t)(strstr(line, " 13427 ") - line) + strlen(" 13427 ");

	(void)state;
	for (size_t len = 0; len <= strlen(line); len++) {
		_cleanup_free_ char *cut = exact_copy(line, len);
		struct pidstat got;

		expect_int(cut, pidstat_parse(cut, &got), len < whole ? -EINVAL : 0);
	}
}

/* Appends "PID DEV qQUEUE KIND" for a thread of one of the guest's vifs. */
static void describe_thread(const struct pidstat *stat, char *buf, size_t size)
{
	static const char *const devs[] = { "vif1.0", "averylongname0" };
	unsigned int queue;
	enum target_kind kind;

	for (size_t i = 0; i < ARRAY_SIZE(devs); i++) {
		size_t len = strlen(buf);

		if (vifname_match_thread(devs[i], stat->comm, &queue, &kind))
			snprintf(buf + len, size - len, "%d %s q%u %s; ", (int)stat->pid, devs[i],
				queue, kind == TARGET_DEALLOC ? "dealloc" : "guest-rx");
	}
}

static void recorded_threads(void **state)
{
	static const char wanted[] =
		"479 vif1.0 q0 guest-rx; 480 vif1.0 q0 dealloc; "
		"482 vif1.0 q1 guest-rx; 483 vif1.0 q1 dealloc; "
		"484 vif1.0 q2 guest-rx; 485 vif1.0 q2 dealloc; "
		"486 vif1.0 q3 guest-rx; 487 vif1.0 q3 dealloc; "
		"490 averylongname0 q0 guest-rx; 491 averylongname0 q0 dealloc; "
		"492 averylongname0 q1 guest-rx; 493 averylongname0 q1 dealloc; "
		"494 averylongname0 q2 guest-rx; 495 averylongname0 q2 dealloc; "
		"496 averylongname0 q3 guest-rx; 497 averylongname0 q3 dealloc; ";
	_cleanup_free_ char *text = read_data(HOST ".threads");
	char *rest = text, *line;
	char got[1024] = "";
	int n = 0;

	(void)state;
	while ((line = strsep(&rest, "\n")) && *line) {
		struct pidstat stat;

		assert_int_equal(pidstat_parse(line, &stat), 0);
		assert_int_equal(stat.ppid, 2);
		assert_true(pidstat_is_kthread(&stat));
		describe_thread(&stat, got, sizeof got);
		n++;
	}
	assert_int_equal(n, 110);
	assert_string_equal(got, wanted);
}

static void recorded_kthreadd(void **state)
{
	static const struct pidstat wanted = {
		.pid = 2, .ppid = 0, .flags = 2129984, .ticks = 15, .start = 314, .comm = "kthreadd"
	};
	_cleanup_free_ char *text = read_data(HOST ".kthreadd-stat");
	struct pidstat got;

	(void)state;
	assert_int_equal(pidstat_parse(text, &got), 0);
	check_stat("kthreadd", &got, &wanted);
	assert_false(pidstat_is_kthread(&got));
}

static void recorded_status(void **state)
{
	static const char *const files[] = { HOST ".kthreadd-status", HOST ".cat-status" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *text = read_data(files[i]);
		struct cpuset got;
		char list[16] = "";

		expect_int(files[i], pidstat_parse_allowed(text, &got), 0);
		cpuset_format(&got, list, sizeof list);
		expect_str(files[i], list, "0-3");
	}
}

static void status_texts(void **state)
{
	static const struct {
		const char *text, *list; /* NULL: -EINVAL */
	} rows[] = {
		{ "Name:\ta\nCpus_allowed_list:\t2\nMems_allowed_list:\t0\n", "2" },
		{ "Name:\ta\nCpus_allowed_list:\t0-3,64\n", "0-3,64" },
		{ "Name:\ta\nCpus_allowed_list:\t0-3", "0-3" },
		{ "Name:\ta\nCpus_allowed_list: 0-3\n", "0-3" },
		{ "Name:\ta\nCpus_allowed_list:0-3\n", "0-3" },
		{ "Name:\ta\nCpus_allowed_list:\t\n", "" },
		{ "Name:\ta\nCpus_allowed:\t4\nCpus_allowed_list:\t2\n", "2" },
		{ "Name:\tCpus_allowed_list:\t7\nCpus_allowed_list:\t2\n", "2" },
		{ "", NULL },
		{ "Name:\ta\n", NULL },
		{ "Name:\ta\nCpus_allowed:\tf\nMems_allowed_list:\t0\n", NULL },
		{ "Name:\tCpus_allowed_list:\t7\n", NULL },
		{ "Name:\ta\nXCpus_allowed_list:\t7\n", NULL },
		{ "Name:\ta\nCpus_allowed_list\t7\n", NULL },
		{ "Name:\ta\nCpus_allowed_list:\tx\n", NULL },
		{ "Name:\ta\nCpus_allowed_list:\t0-3,\n", NULL },
		{ "Name:\ta\nCpus_allowed_list:\t0-3 \n", NULL },
		{ "Name:\ta\nCpus_allowed_list:\t8192\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cpuset got;
		char list[16] = "untouched";

		spoil(&got, sizeof got);
		expect_int(rows[i].text, pidstat_parse_allowed(rows[i].text, &got),
			rows[i].list ? 0 : -EINVAL);
		if (!is_spoilt(&got, sizeof got))
			cpuset_format(&got, list, sizeof list);
		expect_str(rows[i].text, list, rows[i].list ? rows[i].list : "untouched");
	}
}

static void schedstat_texts(void **state)
{
	static const struct {
		const char *text;
		int r;
		unsigned long long ns;
	} rows[] = {
		{ "123456789 5 7\n", 0, 123456789 },
		{ "18446744073709551615 18446744073709551615 18446744073709551615\n", 0,
			18446744073709551615ull },
		{ "0 5 0\n", 0, 0 },
		{ "0 0 7\n", 0, 0 },
		{ "0 0 0\n", -ENODATA, 0 },
		{ "", -EINVAL, 0 },
		{ "\n", -EINVAL, 0 },
		{ "5\n", -EINVAL, 0 },
		{ "5 6\n", -EINVAL, 0 },
		{ "5 6 7", -EINVAL, 0 },
		{ "5 6 7 8\n", -EINVAL, 0 },
		{ "5 6 7\n\n", -EINVAL, 0 },
		{ "5  6 7\n", -EINVAL, 0 },
		{ "-5 6 7\n", -EINVAL, 0 },
		{ "18446744073709551616 6 7\n", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned long long ns;

		spoil(&ns, sizeof ns);
		expect_int(rows[i].text, pidstat_parse_schedstat(rows[i].text, &ns), rows[i].r);
		if (rows[i].r == 0)
			expect_true(rows[i].text, ns == rows[i].ns);
		else
			expect_true(rows[i].text, is_spoilt(&ns, sizeof ns));
	}
}

/* The longest possible list: every other CPU. */
static void longest_list(void **state)
{
	static char list[32 * 1024], text[64 * 1024];
	struct cpuset every_other, got;

	(void)state;
	every_other = (struct cpuset){ 0 };
	for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu += 2)
		cpuset_add(&every_other, cpu);
	assert_in_range(cpuset_format(&every_other, list, sizeof list), 0, sizeof list - 1);
	snprintf(text, sizeof text, "Name:\ta\nCpus_allowed_list:\t%s\nMems_allowed:\t1\n", list);
	assert_int_equal(pidstat_parse_allowed(text, &got), 0);
	assert_true(cpuset_equal(&got, &every_other));
}

int main(void)
{
	static const struct CMUnitTest pidstat[] = {
		UNIT_TEST(stat_lines),
		UNIT_TEST(cut_line),
		UNIT_TEST(recorded_threads),
		UNIT_TEST(recorded_kthreadd),
		UNIT_TEST(recorded_status),
		UNIT_TEST(status_texts),
		UNIT_TEST(schedstat_texts),
		UNIT_TEST(longest_list),
	};

	return cmocka_run_group_tests(pidstat, NULL, NULL);
}
