// SPDX-License-Identifier: GPL-2.0-or-later
#include "measuring.h"

#include "clock.h"
#include "counters.h"
#include "measure.h"
#include "progress_line.h"
#include "reconcile.h"
#include "util.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define DOING "seconds measured"

static int take_reading(struct context *context, struct counters *out, struct err *err)
{
	_cleanup_(ledger_clear) struct ledger ledger = { 0 };
	int r = reconcile_peek(&context->root, &ledger, err);

	return r < 0 ? r : measure_read(context, &ledger, out, err);
}

static bool has_come(int signal_fd, int64_t within_ms)
{
	struct pollfd poll_fd = { .fd = signal_fd, .events = POLLIN };

	return poll(&poll_fd, 1, (int)within_ms) > 0;
}

/* The signals are held back, so that one that ends the process leaves no half a line behind. */
static void wait_for(unsigned int seconds, int signal_fd, const sigset_t *signals)
{
	int64_t end = clock_ms() + seconds * INT64_C(1000), left;
	sigset_t before;

	sigprocmask(SIG_BLOCK, signals, &before);
	while ((left = end - clock_ms()) > 0) {
		unsigned int whole = (unsigned int)((left - 1) / 1000);

		cmd_progress(DOING, seconds - whole - 1, seconds);
		if (!has_come(signal_fd, left - whole * INT64_C(1000)))
			continue;
		cmd_progress(DOING, seconds, seconds);
		/* Now it ends the process, or is ignored. */
		sigprocmask(SIG_SETMASK, &before, NULL);
		sigprocmask(SIG_BLOCK, signals, NULL);
	}
	cmd_progress(DOING, seconds, seconds);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static int wait_interruptibly(unsigned int seconds, struct err *err)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_set(err, errno, "cannot wait for signals: %m");
	wait_for(seconds, fd, &signals);
	close(fd);
	return 0;
}

int cmd_measure(struct context *context, unsigned int seconds, struct work *out, struct err *err)
{
	_cleanup_(counters_free) struct counters before = { 0 };
	_cleanup_(counters_free) struct counters after = { 0 };
	int r = take_reading(context, &before, err);

	if (r == 0)
		r = wait_interruptibly(seconds, err);
	if (r == 0)
		r = take_reading(context, &after, err);
	if (r < 0)
		return r;
	r = work_between(&before, &after, out);
	if (r == -EINVAL)
		return err_set(err, EINVAL, "no time has passed between the two readings");
	return r < 0 ? err_no_memory(err) : 0;
}
