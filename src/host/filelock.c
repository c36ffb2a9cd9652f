// SPDX-License-Identifier: GPL-2.0-or-later
#include "filelock.h"

#include "clock.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* Linux's name for it, which the C library's headers lack (asm-generic/siginfo.h). */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* Nobody else's: SIGALRM may have a meaning for the caller, and may be pending. */
#define WAKE SIGRTMIN

static void on_wake(int sig)
{
	(void)sig;
}

/*
 * Lets the signal interrupt what this thread waits in. Its action stays: to take it
 * back would end the process if another thread still waits.
 */
static void allow_wake(sigset_t *old_mask)
{
	struct sigaction action = { .sa_handler = on_wake };
	sigset_t wake;

	sigemptyset(&action.sa_mask);
	sigaction(WAKE, &action, NULL);
	sigemptyset(&wake);
	sigaddset(&wake, WAKE);
	pthread_sigmask(SIG_UNBLOCK, &wake, old_mask);
}

/* Repeats, in case the first signal comes before the thread has begun to wait. */
static int start_timer(timer_t *timer, unsigned int seconds)
{
	const struct itimerspec limit = {
		.it_value = { .tv_sec = seconds },
		.it_interval = { .tv_nsec = 50000000 },
	};
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = WAKE };

	event.sigev_notify_thread_id = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, timer) < 0)
		return -errno;
	timer_settime(*timer, 0, &limit, NULL);
	return 0;
}

/* A blocking flock() under a timer: a loop of attempts would serve nobody in order. */
int filelock_wait(int fd, unsigned int seconds)
{
	int64_t end = clock_ms() + seconds * INT64_C(1000);
	sigset_t old_mask;
	timer_t timer;
	int r;

	allow_wake(&old_mask);
	r = start_timer(&timer, seconds);
	if (r == 0) {
		do
			r = flock(fd, LOCK_EX) < 0 ? -errno : 0;
		while (r == -EINTR && clock_ms() < end);
		timer_delete(timer);
	}
	pthread_sigmask(SIG_SETMASK, &old_mask, NULL);
	return r == -EINTR ? -ETIMEDOUT : r;
}
