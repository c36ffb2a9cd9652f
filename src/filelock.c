// SPDX-License-Identifier: GPL-2.0-or-later
#include "filelock.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/time.h>

static void on_alarm(int sig)
{
	(void)sig;
}

/*
 * A blocking flock() under a timer: a loop of attempts would serve nobody in
 * order. The timer repeats, in case its first signal comes before flock() has
 * begun to wait.
 */
int filelock_wait(int fd, unsigned int seconds)
{
	const struct itimerval limit = {
		.it_value = { .tv_sec = seconds },
		.it_interval = { .tv_usec = 50000 },
	};
	const struct itimerval off = { 0 };
	struct sigaction action = { .sa_handler = on_alarm };
	struct sigaction old;
	int r;

	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, &old);
	setitimer(ITIMER_REAL, &limit, NULL);
	r = flock(fd, LOCK_EX) < 0 ? -errno : 0;
	setitimer(ITIMER_REAL, &off, NULL);
	sigaction(SIGALRM, &old, NULL);
	return r == -EINTR ? -ETIMEDOUT : r;
}
