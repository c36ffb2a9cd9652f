// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pidstat.h - what /proc/PID/stat, status and schedstat say of a thread.
 *
 * A PID is used again; a PID with its start time is not. A name is anybody's
 * word (prctl(PR_SET_NAME)); PF_KTHREAD with parent 2 is the kernel's.
 */
#pragma once

#include "cpuset.h"

#include <stdbool.h>
#include <sys/types.h>

struct pidstat {
	pid_t pid;
	pid_t ppid;
	unsigned int flags;       /* PF_*, field 9 */
	unsigned long long ticks; /* how long it has run, fields 14 and 15 (utime, stime) */
	unsigned long long start; /* clock ticks since boot, field 22 */
	char comm[64];            /* whole since Linux 5.17, before that cut to 15 */
};

/*
 * Reads the text of /proc/PID/stat (proc_pid_stat, fs/proc/array.c). The name
 * stands in parentheses and may hold any character, parentheses and newlines
 * too, so it ends at the last ')'. A name longer than comm is cut. -EINVAL when
 * the text is not such a line, *out untouched.
 */
int pidstat_parse(const char *text, struct pidstat *out);

/* True for a thread made by kthreadd: PF_KTHREAD (include/linux/sched.h) and parent 2. */
bool pidstat_is_kthread(const struct pidstat *stat);

/* The CPUs in the line "Cpus_allowed_list:" of /proc/PID/status. -EINVAL without it,
 * -ENOMEM. */
int pidstat_parse_allowed(const char *status, struct cpuset *out);

/*
 * How long a thread has run, in ns, by the text of /proc/PID/schedstat: "RUN WAIT SLICES"
 * (proc_pid_schedstat, fs/proc/base.c). -EINVAL for any other text, and -ENODATA when all three are
 * 0: it has not run yet, or the kernel does not keep count.
 */
int pidstat_parse_schedstat(const char *text, unsigned long long *ns);
