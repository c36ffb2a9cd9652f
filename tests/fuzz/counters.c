// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/stat, an interrupt's per_cpu_count, and the watcher's files of measured load. */
#include "fuzz.h"

#include "cpuset.h"
#include "interrupts.h"
#include "procstat.h"
#include "work_json.h"

#include <errno.h>

static void fuzz_cpus(const char *text)
{
	static struct cpu_counters cpus[CPUSET_MAX];
	int r = procstat_parse(text, 100, cpus);
	bool any = false;

	for (int cpu = 0; cpu < CPUSET_MAX; cpu++) {
		any |= cpus[cpu].known;
		expect_true(text, cpus[cpu].softirq <= cpus[cpu].busy);
	}
	expect_int(text, r, any ? 0 : -EINVAL);
}

static void fuzz_interrupts(const char *text)
{
	static unsigned long long counts[CPUSET_MAX];
	unsigned long long sum = 0, added = 0;
	int r = interrupts_sum_per_cpu(text, &sum);

	memset(counts, 0, sizeof counts);
	expect_int(text, interrupts_add_per_cpu(text, counts), r);
	for (int cpu = 0; cpu < CPUSET_MAX; cpu++)
		added += counts[cpu];
	expect_true(text, added == sum && (r == 0 || (r == -EINVAL && !sum)));
}

/* What is read is written as what is read again; and the same of what placing needs. */
static void fuzz_work(const char *text, size_t len)
{
	_cleanup_(work_kept_free) struct work_kept kept = { 0 };
	_cleanup_(work_kept_free) struct work_kept again = { 0 };
	_cleanup_free_ char *first = NULL, *second = NULL;
	struct err err;
	int r = work_parse(text, len, &kept, &err);

	if (r < 0) {
		expect_true(text, r == -EBADMSG || r == -ENOTSUP);
		return;
	}
	first = work_format(&kept);
	expect_true(text, first);
	expect_int(first, work_parse(first, strlen(first), &again, &err), 0);
	second = work_format(&again);
	expect_str(text, second, first);
}

static void fuzz_load(const char *text, size_t len)
{
	_cleanup_(load_kept_free) struct load_kept kept = { 0 };
	_cleanup_(load_kept_free) struct load_kept again = { 0 };
	_cleanup_free_ char *first = NULL, *second = NULL;
	const struct cpu_load one = { .sides = { 1, 0 } };
	struct err err;
	int r = load_parse(text, len, &kept, &err);

	if (r < 0) {
		expect_true(text, r == -EBADMSG || r == -ENOTSUP);
		return;
	}
	for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++)
		expect_true(text, measured_load_now(&kept.load, cpu, &one) >= 0);
	first = load_format(&kept);
	expect_true(text, first);
	expect_int(first, load_parse(first, strlen(first), &again, &err), 0);
	second = load_format(&again);
	expect_str(text, second, first);
}

static void fuzz(const char *text, size_t len)
{
	fuzz_cpus(text);
	fuzz_interrupts(text);
	fuzz_work(text, len);
	fuzz_load(text, len);
}
