// SPDX-License-Identifier: GPL-2.0-or-later
#include "pidstat.h"

#include "util.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define KTHREADD_PID 2
#define PF_KTHREAD   0x00200000u

/* Field 3 (the state) is the first behind the name. */
#define FIRST_FIELD 3

/* Moves *p from field `at` to field `to`; false when the line ends before. */
static bool skip_fields(const char **p, int at, int to)
{
	for (; at < to; at++) {
		*p += strcspn(*p, " ");
		if (**p != ' ')
			return false;
		++*p;
	}
	return true;
}

/* Reads the number in field `to`, which another field has to follow: else it may be cut. */
static bool parse_field(const char **p, int at, int to, unsigned long max, unsigned long *out)
{
	return skip_fields(p, at, to) && parse_number(*p, p, max, out) && **p == ' ';
}

static bool parse_fields(const char *p, struct pidstat *out)
{
	unsigned long ppid, flags, utime, stime, start;

	if (!parse_field(&p, FIRST_FIELD, 4, INT_MAX, &ppid) ||
		!parse_field(&p, 4, 9, UINT_MAX, &flags) ||
		!parse_field(&p, 9, 14, ULONG_MAX, &utime) ||
		!parse_field(&p, 14, 15, ULONG_MAX, &stime) ||
		!parse_field(&p, 15, 22, ULONG_MAX, &start))
		return false;
	out->ppid = (pid_t)ppid;
	out->flags = (unsigned int)flags;
	out->ticks = (unsigned long long)utime + stime;
	out->start = start;
	return true;
}

int pidstat_parse(const char *text, struct pidstat *out)
{
	const char *close = strrchr(text, ')');
	struct pidstat stat = { 0 };
	const char *open;
	unsigned int pid;
	size_t len;

	if (!parse_uint(text, &open, INT_MAX, &pid) || !skip_prefix(&open, " ("))
		return -EINVAL;
	if (!close || close < open || close[1] != ' ' || !parse_fields(close + 2, &stat))
		return -EINVAL;
	stat.pid = (pid_t)pid;
	len = (size_t)(close - open);
	memcpy(stat.comm, open, len < sizeof stat.comm ? len : sizeof stat.comm - 1);
	*out = stat;
	return 0;
}

bool pidstat_is_kthread(const struct pidstat *stat)
{
	return stat->ppid == KTHREADD_PID && (stat->flags & PF_KTHREAD);
}

int pidstat_parse_allowed(const char *status, struct cpuset *out)
{
	static const char key[] = "\nCpus_allowed_list:";
	const char *line = strstr(status, key);
	_cleanup_free_ char *list = NULL;

	if (!line)
		return -EINVAL;
	line += sizeof key - 1;
	line += strspn(line, " \t");
	list = strndup(line, strcspn(line, "\n"));
	return list ? cpuset_parse_list(list, out) : -ENOMEM;
}

int pidstat_parse_schedstat(const char *text, unsigned long long *ns)
{
	unsigned long run, wait, slices;

	if (!parse_number(text, &text, ULONG_MAX, &run) || *text++ != ' ' ||
		!parse_number(text, &text, ULONG_MAX, &wait) || *text++ != ' ' ||
		!parse_number(text, &text, ULONG_MAX, &slices) || strcmp(text, "\n") != 0)
		return -EINVAL;
	if (!run && !wait && !slices)
		return -ENODATA;
	*ns = run;
	return 0;
}
