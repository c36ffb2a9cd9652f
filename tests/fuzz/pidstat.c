// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID/stat and schedstat, and the CPUs in /proc/PID/status. */
#include "fuzz.h"

#include "pidstat.h"

#include <errno.h>

/* As the kernel would print it again. */
static void check_again(const struct pidstat *stat)
{
	struct pidstat again;
	char text[256];

	snprintf(text, sizeof text, "%d (%s) S %d 0 0 0 0 %u 0 0 0 0 %llu 0 0 0 0 0 0 0 %llu 0",
		stat->pid, stat->comm, stat->ppid, stat->flags, stat->ticks, stat->start);
	expect_int(text, pidstat_parse(text, &again), 0);
	expect_int(text, again.pid, stat->pid);
	expect_int(text, again.ppid, stat->ppid);
	expect_int(text, again.flags, stat->flags);
	expect_true(text, again.ticks == stat->ticks);
	expect_true(text, again.start == stat->start);
	expect_str(text, again.comm, stat->comm);
	expect_int(text, pidstat_is_kthread(&again), pidstat_is_kthread(stat));
}

static void fuzz(const char *text, size_t len)
{
	struct pidstat stat;
	unsigned long long ns;
	struct cpuset allowed;
	int r;

	(void)len;
	spoil(&stat, sizeof stat);
	r = pidstat_parse(text, &stat);
	if (r == 0) {
		expect_true(text, stat.pid >= 0 && stat.ppid >= 0);
		expect_true(text, memchr(stat.comm, '\0', sizeof stat.comm));
		check_again(&stat);
	} else {
		expect_int(text, r, -EINVAL);
		expect_true(text, is_spoilt(&stat, sizeof stat));
	}
	spoil(&allowed, sizeof allowed);
	r = pidstat_parse_allowed(text, &allowed);
	expect_true(text, r == 0 || (r == -EINVAL && is_spoilt(&allowed, sizeof allowed)));
	spoil(&ns, sizeof ns);
	r = pidstat_parse_schedstat(text, &ns);
	expect_true(text, r == 0 || ((r == -EINVAL || r == -ENODATA) && is_spoilt(&ns, sizeof ns)));
}
