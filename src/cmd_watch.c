// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * watch: stay, and pin each vif when its frontend connects, whenever that is.
 *
 * xenstore's events only say where to look: each marks vifs, and a pass then does
 * for every marked vif what is to be done by what it finds.
 */
#include "cmd.h"
#include "log.h"
#include "util.h"
#include "watcher.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* After a pass that failed, how long to wait before the next try. */
#define RETRY_MS 1000

struct watch {
	struct host *host;
	bool until_idle;
	int lock_fd;   /* the watcher's lock; -1 once given back */
	int signal_fd; /* SIGTERM, SIGINT */
	bool all;      /* every vif is marked */
	struct vif_id *marked;
	size_t n_marked;
};

/* When memory is out, everything is marked: that needs none. */
static void mark(struct watch *watch, struct vif_id id)
{
	struct vif_id *grown;

	for (size_t i = 0; i < watch->n_marked; i++) {
		if (vif_id_compare(&watch->marked[i], &id) == 0)
			return;
	}
	grown = array_grow(watch->marked, watch->n_marked, sizeof *grown);
	if (!grown) {
		watch->all = true;
		return;
	}
	watch->marked = grown;
	grown[watch->n_marked++] = id;
}

static int take_events(struct watch *watch, struct err *err)
{
	enum vif_path depth;
	struct vif_id id;
	int r;

	while ((r = xs_next_event(watch->host->xs, &depth, &id, err)) > 0) {
		/* A domain's directory comes and goes with its vifs: look at all. */
		if (depth == VIF_PATH_VIF || depth == VIF_PATH_KEY)
			mark(watch, id);
		else
			watch->all = true;
	}
	return r;
}

static int decide_marked(struct watch *watch, struct pass *pass, struct err *err)
{
	int r = 0;

	if (watch->all)
		return pass_all(pass, err);
	for (size_t i = 0; i < watch->n_marked; i++) {
		struct err one;
		int r_one = pass_vif(pass, watch->marked[i], &one);

		if (r_one < 0 && r_one != -ENOENT) {
			r = r_one;
			*err = one;
		}
	}
	return r;
}

/* With the ledger locked: gives the watcher's lock back when no vif is left. */
static void end_if_idle(struct watch *watch, const struct pass *pass)
{
	_cleanup_free_ struct vif_id *ids = NULL;
	size_t n;

	if (!watch->until_idle || pass->ledger.n_vifs)
		return;
	if (xs_list_vifs(watch->host->xs, &ids, &n, NULL) < 0 || n)
		return;
	close(watch->lock_fd);
	watch->lock_fd = -1;
}

/* One pass over what is marked; the marks stay when it fails. */
static int run_pass(struct watch *watch)
{
	struct pass pass;
	struct err err;
	int r;

	r = pass_begin(&pass, watch->host, &err);
	if (r < 0) {
		cmd_fail(&err);
		return r;
	}
	r = decide_marked(watch, &pass, &err);
	if (r < 0)
		cmd_fail(&err);
	if (cmd_commit(&pass) != STATUS_DONE)
		r = -EIO;
	if (r == 0) {
		watch->all = false;
		watch->n_marked = 0;
		end_if_idle(watch, &pass);
	}
	pass_end(&pass);
	return r;
}

/* Until a signal comes or, with --until-idle, no vif is left. */
static enum status loop(struct watch *watch)
{
	struct pollfd fds[] = {
		{ .fd = xs_event_fd(watch->host->xs), .events = POLLIN },
		{ .fd = watch->signal_fd, .events = POLLIN },
	};
	struct err err;
	int r = 0;

	while (!fds[1].revents) {
		if (take_events(watch, &err) < 0)
			return cmd_fail(&err);
		r = watch->all || watch->n_marked ? run_pass(watch) : 0;
		if (watch->lock_fd < 0)
			break;
		if (poll(fds, ARRAY_SIZE(fds), r < 0 ? RETRY_MS : -1) < 0 && errno != EINTR) {
			err_set(&err, errno, "watch: poll: %m");
			return cmd_fail(&err);
		}
	}
	return STATUS_DONE;
}

/* Before libxenstore makes its thread, so that the signals come here. */
static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static enum status watch_vifs(struct watch *watch)
{
	enum status status;
	struct err err;

	watch->signal_fd = block_signals();
	if (host_connect(watch->host, &err) < 0 || xs_watch_vifs(watch->host->xs, &err) < 0)
		return cmd_fail(&err);
	watch->all = true;
	status = loop(watch);
	free(watch->marked);
	close(watch->signal_fd);
	return status;
}

static enum status parse_options(int argc, char **argv, bool *until_idle)
{
	static const struct option options[] = { { "until-idle", no_argument, NULL, 'u' }, { 0 } };
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'u')
			return cmd_usage(
				"watch: unknown option '%s'; usage: vifpin watch [--until-idle]",
				argv[optind - 1]);
		*until_idle = true;
	}
	if (argc > optind)
		return cmd_usage("usage: vifpin watch [--until-idle]");
	return STATUS_DONE;
}

enum status cmd_watch(const struct global *global, struct host *host, int argc, char **argv)
{
	struct watch watch = { .host = host };
	enum status status = parse_options(argc, argv, &watch.until_idle);
	struct err err;

	if (status != STATUS_DONE)
		return status;
	cmd_log_as_daemon(global);
	cmd_read_config(global, host, true);
	watch.lock_fd = watcher_lock(&host->root, &err);
	if (watch.lock_fd < 0) {
		log_error("watch: %s", err.msg);
		return STATUS_FAILED;
	}
	status = watch_vifs(&watch);
	if (watch.lock_fd >= 0)
		close(watch.lock_fd);
	return status;
}
