// SPDX-License-Identifier: GPL-2.0-or-later
#include "procstat.h"

#include "cpuset.h"
#include "util.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define NS_PER_S 1000000000ull

/* The fields that are read; what comes behind them is part of others. */
enum field { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, FIELDS };

/* False also for a time that no 64 bits hold in ns: after 584 years. */
static bool to_ns(unsigned long long ticks, unsigned int per_second, unsigned long long *ns)
{
	return !__builtin_mul_overflow(ticks, NS_PER_S / per_second, ns);
}

static bool parse_times(const char *p, unsigned long times[FIELDS])
{
	for (enum field field = USER; field < FIELDS; field++) {
		if (*p++ != ' ' || !parse_number(p, &p, ULONG_MAX, &times[field]))
			return false;
	}
	/* Else the last one may be cut. */
	return *p == ' ' || *p == '\n';
}

static bool parse_cpu(const char *p, unsigned int ticks_per_second, struct cpu_counters *out)
{
	static const enum field busy[] = { USER, NICE, SYSTEM, IRQ, SOFTIRQ };
	struct cpu_counters cpu = { .known = true };
	unsigned long times[FIELDS];
	unsigned long long ns;

	if (!parse_times(p, times) || !to_ns(times[SOFTIRQ], ticks_per_second, &cpu.softirq))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(busy); i++) {
		if (!to_ns(times[busy[i]], ticks_per_second, &ns) ||
			__builtin_add_overflow(cpu.busy, ns, &cpu.busy))
			return false;
	}
	*out = cpu;
	return true;
}

int procstat_parse(const char *text, unsigned int ticks_per_second, struct cpu_counters *cpus)
{
	bool any = false;

	memset(cpus, 0, CPUSET_MAX * sizeof *cpus);
	/* The CPUs come first; behind them is the longest line, of interrupts. */
	while (skip_prefix(&text, "cpu")) {
		unsigned int cpu;

		/* The first line is that of all together and has no number. */
		if (parse_uint(text, &text, CPUSET_MAX - 1, &cpu))
			any |= parse_cpu(text, ticks_per_second, &cpus[cpu]);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return any ? 0 : -EINVAL;
}
