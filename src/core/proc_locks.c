// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc_locks.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The kernel's lines are shorter. */
#define LINE_SIZE 128

/*
 * The holder by one line, which is of this length, 0 when it is of another lock. sscanf() looks for
 * the end of all the text that it is given, so it gets the line alone.
 */
static pid_t read_line(
	const char *text, size_t len, unsigned int major, unsigned int minor, unsigned long inode)
{
	unsigned int its_major, its_minor;
	unsigned long its_inode;
	char line[LINE_SIZE];
	long pid;

	snprintf(line, sizeof line, "%.*s", (int)len, text);
	/* A waiter's line has "->" before the kind of lock; a process of another host is below 0.
	 */
	if (sscanf(line, "%*d: FLOCK %*s WRITE %ld %x:%x:%lu ", &pid, &its_major, &its_minor,
		    &its_inode) != 4 ||
		its_major != major || its_minor != minor || its_inode != inode)
		return 0;
	return pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

pid_t proc_locks_find_flock(
	const char *text, unsigned int major, unsigned int minor, unsigned long inode)
{
	pid_t pid = 0;

	while (*text && !pid) {
		size_t len = strcspn(text, "\n");

		pid = read_line(text, len, major, minor, inode);
		text += len + (text[len] == '\n');
	}
	return pid;
}
