// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "cpuset.h"
#include "procstat.h"
#include "util.h"

#include <errno.h>

#define REST "intr 5 0 9\nctxt 7\nbtime 1\nprocesses 4\nsoftirq 1 2 3\n"

/* "N=BUSY/SOFTIRQ" in ns of each CPU that is known. */
static void put_cpus(struct pen *pen, const struct cpu_counters *cpus)
{
	for (int cpu = 0; cpu < CPUSET_MAX; cpu++) {
		if (cpus[cpu].known)
			put_down(pen, "%s%d=%llu/%llu", pen->len ? " " : "", cpu, cpus[cpu].busy,
				cpus[cpu].softirq);
	}
}

static void texts(void **state)
{
	static const struct {
		const char *row, *text;
		unsigned int hz;
		const char *cpus; /* "": -EINVAL */
	} rows[] = {
		{ "all but idle, iowait and steal; guests' time is part of user and nice",
			"cpu  9 9 9 9 9 9 9 9 9 9\n"
			"cpu0 1 20 300 9000 70000 4000 50000 800000 9000000 10000000\n" REST,
			1000000000, "0=54321/50000" },
		{ "in ticks", "cpu  1 0 0 0 0 0 0 0 0 0\ncpu0 1 0 0 0 0 0 2 0 0 0\n", 100,
			"0=30000000/20000000" },
		{ "gaps where CPUs are offline",
			"cpu  1 0 0 0 0 0 0\ncpu1 1 0 0 0 0 0 0 0 0 0\ncpu8191 2 0 0 0 0 0 0 "
			"0\n" REST,
			1000, "1=1000000/0 8191=2000000/0" },
		{ "nothing behind softirq, as before Linux 2.6.11", "cpu0 1 0 0 0 0 0 2\n", 100,
			"0=30000000/20000000" },
		{ "the last line is cut: it may be shorter than it was",
			"cpu0 1 0 0 0 0 0 2 0\ncpu1 1 0 0 0 0 0 2", 100, "0=30000000/20000000" },
		{ "a CPU that no kernel has", "cpu8192 1 0 0 0 0 0 2 0\ncpu3 1 0 0 0 0 0 0 0\n",
			100, "3=10000000/0" },
		{ "only what comes first", "cpu0 1 0 0 0 0 0 0 0\nx\ncpu1 1 0 0 0 0 0 0 0\n", 100,
			"0=10000000/0" },
		{ "a line that is none", "cpu0 1 x 0 0 0 0 0 0\ncpu1 1 0 0 0 0 0 0 0\n", 100,
			"1=10000000/0" },
		{ "negative", "cpu0 1 0 0 -1 0 0 0 0\n", 100, "" },
		{ "more ns than fit", "cpu0 1844674407371 0 0 0 0 0 0 0\n", 100, "" },
		{ "a sum of more ns than fit", "cpu0 1844674407370 1844674407370 0 0 0 0 0 0\n",
			100, "" },
		{ "nearly as many as fit", "cpu0 1844674407370 0 0 0 0 0 0 0\n", 100,
			"0=18446744073700000000/0" },
		{ "empty", "", 100, "" },
		{ "all CPUs together only", "cpu  1 2 3 4 5 6 7 8 9 10\n" REST, 100, "" },
		{ "something else", REST, 100, "" },
	};
	static struct cpu_counters cpus[CPUSET_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = exact_copy(rows[i].text, strlen(rows[i].text));
		struct pen pen = { 0 };

		spoil(cpus, sizeof cpus);
		expect_int(rows[i].row, procstat_parse(text, rows[i].hz, cpus),
			*rows[i].cpus ? 0 : -EINVAL);
		put_cpus(&pen, cpus);
		expect_str(rows[i].row, pen.text, rows[i].cpus);
	}
}

int main(void)
{
	static const struct CMUnitTest procstat[] = {
		UNIT_TEST(texts),
	};

	return cmocka_run_group_tests(procstat, NULL, NULL);
}
