// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * watcher_lock.h - one watcher a host: the lock it holds, and starting it.
 *
 * The lock is a flock() on /run/vifpin/watch.lock, which ends with the process;
 * the file says "PID", or "PID until-idle" of one that a hook started, and is never
 * removed.
 *
 * A watcher that ends when no vif is left gives its lock back while it holds the
 * ledger's, having seen there that no vif is in it. Whoever has committed a vif
 * to the ledger and asks afterwards whether the lock is held therefore either
 * finds a watcher that has seen the vif, or none.
 */
#pragma once

#include "err.h"
#include "sysroot.h"

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/*
 * Takes the lock: a close-on-exec descriptor, or -EBUSY, naming who holds it, or
 * -errno. A watcher that is to stay (not until_idle) takes over from one that a
 * hook started: that one is ended, and waited for at most 5 seconds.
 */
int watcher_lock(const struct sysroot *root, bool until_idle, struct err *err);

/* Is the lock held by somebody? 1 yes, 0 no, -errno. */
int watcher_is_running(const struct sysroot *root, struct err *err);

/* Who holds it. */
struct watcher {
	pid_t pid;       /* 0: not known */
	bool until_idle; /* a hook has started it */
	time_t since;
};

/* watcher_is_running() for who only looks: nothing is made. *out is set when it is 1. */
int watcher_find(const struct sysroot *root, struct watcher *out, struct err *err);

/*
 * Starts this program again, with argv, in the background: in a session of its own, no child of the
 * caller, all descriptors closed.
 */
int watcher_start(char *const argv[], struct err *err);
