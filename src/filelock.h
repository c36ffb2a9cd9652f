// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * filelock.h - flock() with an end to the waiting.
 */
#ifndef VIFPIN_FILELOCK_H
#define VIFPIN_FILELOCK_H

/*
 * Takes the exclusive lock on an open file, waiting at most that long; waiters are
 * served in their order. 0, -ETIMEDOUT or another -errno. Uses SIGALRM meanwhile,
 * which must not be blocked.
 */
int filelock_wait(int fd, unsigned int seconds);

#endif
