// SPDX-License-Identifier: GPL-2.0-or-later
#include "measuring.h"

#include "clock.h"
#include "counters.h"
#include "measure.h"
#include "progress_line.h"
#include "reconcile.h"
#include "util.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#define DOING "seconds measured"

static int take_reading(struct context *context, struct counters *out, struct err *err)
{
	_cleanup_(ledger_clear) struct ledger ledger = { 0 };
	int r = reconcile_peek(&context->root, &ledger, err);

	return r < 0 ? r : measure_read(context, &ledger, out, err);
}

/* Returns early with the signal, if one of these comes; else 0. */
static int sleep_ms(int64_t ms, const sigset_t *signals)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	int signal = sigtimedwait(signals, NULL, &time);

	return signal > 0 ? signal : 0;
}

/* The signals are held back, so that one that ends the process leaves no half a line behind. */
static void wait_for(unsigned int seconds)
{
	int64_t end = clock_ms() + seconds * INT64_C(1000), left;
	sigset_t signals, before;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &before);
	while ((left = end - clock_ms()) > 0) {
		unsigned int whole = (unsigned int)((left - 1) / 1000);
		int signal;

		cmd_progress(DOING, seconds - whole - 1, seconds);
		signal = sleep_ms(left - whole * INT64_C(1000), &signals);
		if (!signal)
			continue;
		cmd_progress(DOING, seconds, seconds);
		raise(signal);
		/* Who ignores it waits on. */
		sigprocmask(SIG_SETMASK, &before, NULL);
		sigprocmask(SIG_BLOCK, &signals, NULL);
	}
	cmd_progress(DOING, seconds, seconds);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

int cmd_measure(struct context *context, unsigned int seconds, struct work *out, struct err *err)
{
	_cleanup_(counters_free) struct counters before = { 0 };
	_cleanup_(counters_free) struct counters after = { 0 };
	int r = take_reading(context, &before, err);

	if (r < 0)
		return r;
	wait_for(seconds);
	r = take_reading(context, &after, err);
	if (r < 0)
		return r;
	r = work_between(&before, &after, out);
	if (r == -EINVAL)
		return err_set(err, EINVAL, "no time has passed between the two readings");
	return r < 0 ? err_no_memory(err) : 0;
}
