// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * filelock.h - flock() with an end to the waiting.
 */
#pragma once

/*
 * Takes the exclusive lock on an open file, waiting at most that long; waiters are
 * served in their order. 0, -ETIMEDOUT or another -errno. Any thread may, whatever
 * signals it has blocked; other signals do not end the wait. SIGRTMIN is used for it, and
 * does nothing from then on.
 */
int filelock_wait(int fd, unsigned int seconds);
