// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * watch: stay, and pin each vif when its frontend connects, whenever that is.
 *
 * xenstore's events only say where to look: each marks vifs, and a pass then does
 * for every marked vif what is to be done by what it finds. Every verify_interval
 * the pass also compares all pins with the kernel and puts back what has drifted.
 * Without xenstored the watcher waits for it; it ends for nothing but a signal, or,
 * with --until-idle, when no vif is left.
 */
#include "agenda.h"
#include "cmd.h"
#include "drift.h"
#include "log.h"
#include "notify.h"
#include "pins.h"
#include "util.h"
#include "watcher.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* After a pass that failed, and between attempts to reach xenstored: from the one, each
 * time twice as long, to the other. */
#define PAUSE_MIN_MS 250
#define PAUSE_MAX_MS 4000

/* When to say that xenstored owes an answer. */
#define PATIENCE_SECONDS 4

struct watch {
	const struct global *global;
	struct host *host;
	bool until_idle;
	bool end;      /* a signal said so, or no vif is left */
	int lock_fd;   /* the watcher's lock; -1 once given back */
	int signal_fd; /* SIGTERM, SIGINT, SIGHUP */
	struct agenda agenda;
	struct pins pins;
	int64_t verify_at; /* when to compare next */
	int64_t retry_at;  /* not to try anything before */
	int64_t pause;     /* the next pause, growing */
	bool no_xenstored; /* said so already */
	struct xs_patience patience;
	atomic_bool late;   /* said so already; set by the timer's thread */
	struct err failure; /* of the last pass, "" when it did not fail */
	bool said[CAUSE_COUNT];
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_pause(struct watch *watch)
{
	watch->retry_at = now_ms() + watch->pause;
	watch->pause = watch->pause * 2 < PAUSE_MAX_MS ? watch->pause * 2 : PAUSE_MAX_MS;
}

static void end_pause(struct watch *watch)
{
	watch->retry_at = 0;
	watch->pause = PAUSE_MIN_MS;
}

/* In the timer's thread, while the watcher waits in libxenstore and cannot do it. */
static void on_late_answer(void *data)
{
	struct watch *watch = data;
	struct signalfd_siginfo info;
	bool reload = false;

	if (!watch->late)
		log_error("xenstored has not answered for %d s; waiting for it", PATIENCE_SECONDS);
	watch->late = true;
	while (read(watch->signal_fd, &info, sizeof info) == sizeof info) {
		/* Ending in the middle of a pass is safe at any time: the next one repairs. */
		if (info.ssi_signo != SIGHUP)
			_exit(STATUS_DONE);
		reload = true;
	}
	/* The pass is using the configuration: for the watcher, when it is back. */
	if (reload)
		kill(getpid(), SIGHUP);
}

static void lose_xenstored(struct watch *watch, const char *why)
{
	if (!watch->no_xenstored)
		log_error("%s; waiting for it", why);
	watch->no_xenstored = true;
	xs_disconnect(watch->host->xs);
	watch->host->xs = NULL;
	set_pause(watch);
}

/* Connects and marks every vif, since anything can have happened meanwhile. */
static void find_xenstored(struct watch *watch)
{
	struct host *host = watch->host;
	struct err err;

	if (xs_connect(&host->xs, &watch->patience, &err) < 0 ||
		xs_watch_vifs(host->xs, &err) < 0) {
		lose_xenstored(watch, err.msg);
		return;
	}
	if (watch->no_xenstored)
		log_error("xenstored is back");
	watch->no_xenstored = false;
	end_pause(watch);
	agenda_mark_all(&watch->agenda);
}

static void take_events(struct watch *watch)
{
	enum vif_path depth;
	struct vif_id id;
	struct err err;
	int r;

	while ((r = xs_next_event(watch->host->xs, &depth, &id, &err)) > 0) {
		/* A domain's directory comes and goes with its vifs: look at all. */
		if (depth == VIF_PATH_VIF || depth == VIF_PATH_KEY)
			agenda_mark(&watch->agenda, id);
		else
			agenda_mark_all(&watch->agenda);
	}
	if (r < 0)
		lose_xenstored(watch, err.msg);
}

static void on_drift(const struct drift *drift, void *data)
{
	struct drift_note *note = data;

	if (note->count++ == 0) {
		note->first = *drift->part;
		note->first_cpu = drift->cpu;
	}
}

/* A line for each vif, and once for each cause what can be done about it. */
static void log_drift(struct watch *watch, const struct pass *pass)
{
	enum drift_cause cause = CAUSE_UNKNOWN;
	bool known = false;

	for (size_t i = 0; i < pass->n_outcomes; i++) {
		const struct outcome *outcome = &pass->outcomes[i];

		if (!outcome->drift.count)
			continue;
		/* What moved the first has most likely moved them all. */
		if (!known)
			cause = drift_cause(&watch->host->root, &outcome->drift);
		known = true;
		log_info("vif=%u.%u domain=%s event=drift moved=%u first=%s cause=%s",
			outcome->id.domid, outcome->id.devid, outcome->domain, outcome->drift.count,
			outcome->drift.first.name, drift_cause_name(cause));
	}
	if (known && !watch->said[cause])
		log_error("%s", drift_cause_text(cause));
	watch->said[cause] = watch->said[cause] || known;
}

/* Has a vif that is only reserved got queues? There may have been no event: those of a
 * vif whose hotplug-status never becomes connected come at state 2, and it stays there. */
static bool has_come(struct watch *watch, struct pass *pass, const struct vif_entry *vif)
{
	struct vif_names names = { vif->dev, "" };
	struct parts parts = { 0 };
	char dev[DEV_NAME_SIZE];
	bool found;

	found = snapshot_find(&pass->snapshot, &watch->host->root, vif->id, names, dev, &parts,
			NULL) < 0 ||
		parts.n_queues;
	parts_free(&parts);
	return found;
}

/*
 * Compares one vif's pins with the kernel and decides to put back what has drifted.
 * What cannot be compared is marked: it is not all pinned, or its parts are no longer
 * those that were. So is what was pinned before state 4, perhaps while netback was still
 * making queues. What is only reserved is marked once it has a queue.
 */
static int verify_vif(
	struct watch *watch, struct pass *pass, const struct vif_entry *vif, struct err *err)
{
	const struct parts *parts = pins_find(&watch->pins, vif->id);
	struct drift_note note = { 0 };
	int r = -ESRCH;

	if (vif->state == VIF_RESERVED && !has_come(watch, pass, vif))
		return 0;
	if (parts && vif->state == VIF_PINNED)
		r = drift_compare(&watch->host->root, vif, parts, on_drift, &note, NULL);
	if (r < 0 || parts->connecting)
		agenda_mark(&watch->agenda, vif->id);
	return r <= 0 ? 0 : pass_repin(pass, vif->id, parts, &note, err);
}

static int verify_all(struct watch *watch, struct pass *pass, struct err *err)
{
	for (size_t i = 0; i < pass->ledger.n_vifs; i++) {
		int r = verify_vif(watch, pass, &pass->ledger.vifs[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Asks xenstore for all that is due. */
static int see_due(struct watch *watch, struct pass *pass, int64_t now, struct err *err)
{
	struct vif_id id = { 0, 0 };

	if (watch->agenda.all)
		return pass_see_all(pass, err);
	for (; agenda_next_due(&watch->agenda, now, id, &id); id.devid++) {
		int r = pass_see(pass, id, err);

		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
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
	watch->end = true;
}

/* With nothing to verify there is no reason to wake up. */
static void set_verify(struct watch *watch, const struct pass *pass, int64_t now)
{
	unsigned int interval = watch->host->config.verify_interval;

	if (!pass->ledger.n_vifs || !interval)
		watch->verify_at = 0;
	else if (!watch->verify_at)
		watch->verify_at = now + (int64_t)interval * 1000;
}

/* One pass over what is due; when anything fails it stays marked. */
static int run_pass(struct watch *watch, struct pass *pass, int64_t now, struct err *err)
{
	int r, committed;

	r = see_due(watch, pass, now, err);
	if (r == 0)
		r = pass_begin(pass, err);
	if (r < 0)
		return r;
	/* What was decided is done, even if something could not be decided. */
	r = pass_settle(pass, err);
	committed = pass_commit(pass, err);
	r = r < 0 ? r : committed;
	if (r == 0) {
		agenda_done(&watch->agenda, now);
		end_if_idle(watch, pass);
	}
	return r;
}

/* One pass over all pins; it needs no xenstore. */
static int run_verify(struct watch *watch, struct pass *pass, int64_t now, struct err *err)
{
	int r, committed;

	(void)now;
	watch->verify_at = 0;
	r = pass_begin(pass, err);
	if (r < 0)
		return r;
	r = verify_all(watch, pass, err);
	/* Mostly there is nothing to write. */
	committed = pass->n_outcomes ? pass_commit(pass, err) : 0;
	return r < 0 ? r : committed;
}

/* A pass, and what comes of its failure: the sentence, once, and a pause. */
static void run(struct watch *watch, int64_t now,
	int (*fn)(struct watch *watch, struct pass *pass, int64_t now, struct err *err))
{
	struct err err = { "" };
	struct pass pass;
	int r;

	pass_init(&pass, watch->host);
	r = fn(watch, &pass, now, &err);
	pass_unlock(&pass);
	log_drift(watch, &pass);
	cmd_log_pass(&pass);
	pins_learn(&watch->pins, &pass);
	set_verify(watch, &pass, now);
	pass_end(&pass);
	if (r == 0) {
		watch->failure.msg[0] = '\0';
		end_pause(watch);
		return;
	}
	/* The same again is not news. */
	if (strcmp(err.msg, watch->failure.msg) != 0)
		cmd_fail(&err);
	watch->failure = err;
	set_pause(watch);
}

/*
 * Milliseconds until the look for drift, -1 never. It waits for vifs that are to be
 * pinned, for it takes longer than that; but not for more than another interval, in
 * case a guest keeps the watcher busy.
 */
static int64_t verify_wait(const struct watch *watch, int64_t now)
{
	int64_t at = watch->verify_at;

	if (!at)
		return -1;
	if (watch->host->xs && agenda_wait(&watch->agenda, now) >= 0)
		at += (int64_t)watch->host->config.verify_interval * 1000;
	return at > now ? at - now : 0;
}

/* All that can be done now. During a pause events are taken, which are memory where
 * they wait, and nothing else. */
static void act(struct watch *watch)
{
	int64_t now = now_ms();

	watch->late = false;
	if (watch->host->xs)
		take_events(watch);
	if (watch->retry_at > now)
		return;
	if (!watch->host->xs)
		find_xenstored(watch);
	if (watch->host->xs && agenda_is_due(&watch->agenda, now))
		run(watch, now, run_pass);
	now = now_ms();
	if (verify_wait(watch, now) == 0)
		run(watch, now, run_verify);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Milliseconds until act() has to be called again, if nothing happens before; -1 never. */
static int wait_time(const struct watch *watch)
{
	int64_t now = now_ms();
	int64_t wait = -1;

	if (watch->retry_at > now)
		return (int)(watch->retry_at - now);
	if (!watch->host->xs)
		return 0;
	wait = earlier(wait, agenda_wait(&watch->agenda, now));
	wait = earlier(wait, verify_wait(watch, now));
	return (int)wait;
}

static void take_signal(struct watch *watch)
{
	struct signalfd_siginfo info;

	if (read(watch->signal_fd, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo != SIGHUP) {
		watch->end = true;
		return;
	}
	if (cmd_read_config(watch->global, watch->host, false) == STATUS_DONE)
		log_info("event=reload");
	agenda_mark_all(&watch->agenda);
}

/* Waits for xenstore, a signal, or time. */
static int wait_for_more(struct watch *watch)
{
	struct xs *xs = watch->host->xs;
	struct pollfd fds[] = {
		{ .fd = watch->signal_fd, .events = POLLIN },
		{ .fd = xs ? xs_event_fd(xs) : -1, .events = POLLIN },
		{ .fd = xs ? xs_death_fd(xs) : -1 },
	};

	if (poll(fds, ARRAY_SIZE(fds), wait_time(watch)) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents)
		take_signal(watch);
	if (fds[2].revents)
		lose_xenstored(watch, "xenstored has gone");
	return 0;
}

static enum status loop(struct watch *watch)
{
	struct err err;
	int r;

	act(watch);
	notify("READY=1");
	while (!watch->end) {
		r = wait_for_more(watch);
		if (r < 0) {
			err_set(&err, -r, "watch: poll: %s", strerror(-r));
			return cmd_fail(&err);
		}
		if (!watch->end)
			act(watch);
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
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

enum { UNTIL_IDLE };
static const struct cmd_option watch_options[] = {
	[UNTIL_IDLE] = { "until-idle", "end when the last vif has gone" },
	{ NULL, NULL },
};

static enum status run_watch(const struct global *global, struct host *host, int argc, char **argv)
{
	struct watch watch = { .global = global, .host = host, .pause = PAUSE_MIN_MS };
	struct cmd_line line;
	enum status status = cmd_line_read(&command_watch, argc, argv, &line);
	struct err err;

	if (status != STATUS_DONE)
		return status;
	watch.until_idle = line.options[UNTIL_IDLE];
	cmd_log_as_daemon(global);
	cmd_read_config(global, host, true);
	watch.patience = (struct xs_patience){ PATIENCE_SECONDS, on_late_answer, &watch };
	watch.lock_fd = watcher_lock(&host->root, watch.until_idle, &err);
	if (watch.lock_fd < 0) {
		log_error("watch: %s", err.msg);
		return STATUS_FAILED;
	}
	watch.signal_fd = block_signals();
	status = loop(&watch);
	notify("STOPPING=1");
	agenda_clear(&watch.agenda);
	pins_clear(&watch.pins);
	close(watch.signal_fd);
	if (watch.lock_fd >= 0)
		close(watch.lock_fd);
	return status;
}

const struct command command_watch = {
	.name = "watch",
	.words = "",
	.summary = "stay and do that as it happens",
	.help = "Stay, place and pin every vif as it comes, put back what something else moves,\n"
		"and release what goes. SIGHUP reads the configuration again, SIGTERM ends it.\n"
		"Logs to syslog too.\n",
	.options = watch_options,
	.run = run_watch,
};
