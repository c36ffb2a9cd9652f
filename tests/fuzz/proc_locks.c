// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/locks. */
#include "fuzz.h"

#include "proc_locks.h"

static void fuzz(const char *text, size_t len)
{
	pid_t pid = proc_locks_find_flock(text, 0, 0x19, 1164);
	char number[16];

	(void)len;
	expect_true(text, pid >= 0);
	snprintf(number, sizeof number, "%d", pid);
	/* The text says so. */
	if (pid)
		expect_true(text, strstr(text, number) && strstr(text, "FLOCK"));
}
