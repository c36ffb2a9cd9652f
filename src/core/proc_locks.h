// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc_locks.h - who holds a lock, by the text of /proc/locks (locks_show, fs/locks.c).
 */
#pragma once

#include <sys/types.h>

/*
 * The PID of the process that holds the exclusive flock() on a file, 0 when nobody does or the
 * kernel does not tell. Waiters and shared locks do not count.
 */
pid_t proc_locks_find_flock(
	const char *text, unsigned int major, unsigned int minor, unsigned long inode);
