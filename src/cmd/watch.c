// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * watch: the service. It pins each vif when its frontend connects, however long that takes.
 *
 * An event from xenstore only tells which vif to look at: it marks the vif as pending, and a
 * request then brings it in line with what exists. Every verify_interval another request looks for
 * targets that have moved, puts them back, and measures load. If xenstored goes away, the watcher
 * waits for it. It exits only on a signal or, with --until-idle, when no vif is left.
 *
 * xenstored may not answer, so whatever asks it is a job for the worker thread. The main loop stays
 * free to handle signals, and to report that xenstored owes an answer. Events are not read while a
 * job runs; they queue up in libxenstore.
 */
#include "clock.h"
#include "cmd.h"
#include "log.h"
#include "moves.h"
#include "notify.h"
#include "pending.h"
#include "sampling.h"
#include "util.h"
#include "watcher_lock.h"
#include "worker.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* How many masks a look for drift reads, or a little more: vifs are not parted. */
#define LOOK_TARGETS 8192

/* The pause after a failed job, or before the next attempt to reach xenstored. It doubles each
 * time, from the minimum to the maximum. */
#define PAUSE_MIN_MS 250
#define PAUSE_MAX_MS 4000

/* When to report that xenstored owes an answer, and how often to check. */
#define XENSTORE_TIMEOUT_S 4
#define LATE_CHECK_MS      1000

/* The option. */
enum { UNTIL_IDLE };

enum job_kind {
	JOB_CONNECT, /* connect to xenstored and watch its vifs */
	JOB_UPDATE,  /* handle pending vifs */
	JOB_LOOK,    /* look for targets that have moved; does not need xenstored */
	JOB_MOVE,    /* move queues by measured load, where the configuration says so */
};

struct job {
	enum job_kind kind;
	int64_t began;
	struct request request;
	struct vif_id *vifs; /* the request's, owned */
	int r;
	struct err err;
	struct reconciled done;
};

struct watch {
	const struct cmd_line *line;
	struct context *context; /* the worker's while it is busy; else `xenstore` in it is NULL
				  * or connected, with the vifs watched */
	bool until_idle;
	bool end;      /* by a signal, or because no vif is left */
	bool reload;   /* SIGHUP */
	int lock_fd;   /* the watcher's lock; -1 once given back; the worker's while it is busy */
	int signal_fd; /* SIGTERM, SIGINT, SIGHUP */
	unsigned int looks; /* JOB_LOOKs so far */
	struct worker worker;
	struct job job;
	struct pending pending;
	bool no_xenstored; /* said so already */
	_Atomic int64_t owed_since;
	bool late;          /* reported already, for this answer */
	int64_t look_at;    /* time of the next JOB_LOOK, 0: never */
	int64_t move_from;  /* no JOB_MOVE before that, 0: before anything has been measured */
	bool move;          /* do it now: there is a new reading */
	int64_t retry_at;   /* end of the last pause */
	int64_t pause;      /* length of the next one */
	struct err failure; /* of the last job, "" if it succeeded */
	struct sampling sampling;
	struct err unmeasured;       /* why the last reading failed, "" if it did not */
	struct err unmoved;          /* the same of the last JOB_MOVE */
	struct measured_moves moves; /* that are being made, a part with each JOB_MOVE */
	size_t made;                 /* of them */
	bool said[CAUSE_COUNT];
};

static void set_pause(struct watch *watch)
{
	watch->retry_at = clock_ms() + watch->pause;
	watch->pause = watch->pause * 2 < PAUSE_MAX_MS ? watch->pause * 2 : PAUSE_MAX_MS;
}

/* --- xenstored ---------------------------------------------------------------------------- */

static void lose_xenstored(struct watch *watch, const char *why)
{
	if (!watch->no_xenstored)
		log_error("%s; waiting for it", why);
	watch->no_xenstored = true;
	xenstore_disconnect(watch->context->xenstore);
	watch->context->xenstore = NULL;
	set_pause(watch);
}

/* Every vif becomes pending, since anything may have happened meanwhile. */
static void find_xenstored(struct watch *watch)
{
	if (watch->no_xenstored)
		log_error("xenstored is back");
	watch->no_xenstored = false;
	watch->pause = PAUSE_MIN_MS;
	pending_mark_all(&watch->pending);
}

static void take_events(struct watch *watch)
{
	enum vif_path depth;
	struct vif_id id;
	struct err err;
	int r;

	while ((r = xenstore_next_event(watch->context->xenstore, &depth, &id, &err)) > 0) {
		/* The directory of a domain comes and goes with its vifs: look at all of them. */
		if (depth == VIF_PATH_VIF || depth == VIF_PATH_KEY)
			pending_mark(&watch->pending, id);
		else
			pending_mark_all(&watch->pending);
	}
	if (r < 0)
		lose_xenstored(watch, err.msg);
}

/* --- jobs, in the worker thread -------------------------------------------------------------- */

static int begin_watching(struct context *context, struct err *err)
{
	int r = context_connect(context, err);

	return r < 0 ? r : xenstore_watch_vifs(context->xenstore, err);
}

static int move_some(struct watch *watch, struct job *job)
{
	struct context *context = watch->context;
	int r = 0;

	if (!watch->moves.moves.n)
		r = moves_plan_few(context, &watch->sampling.kept.work, &watch->moves, &job->err);
	if (r == 0)
		r = moves_make_part(
			context, &watch->moves.moves, &watch->made, &job->done, &job->err);
	return r;
}

static void do_job(void *data)
{
	struct watch *watch = data;
	struct context *context = watch->context;
	struct job *job = &watch->job;

	if (job->kind == JOB_CONNECT)
		job->r = begin_watching(context, &job->err);
	else if (job->kind == JOB_MOVE)
		job->r = move_some(watch, job);
	else
		job->r = reconcile(context, &job->request, &job->done, &job->err);
}

/* --- jobs, in the main loop ------------------------------------------------------------------ */

/* The vifs that are due. -ENOMEM. */
static int collect_due(const struct pending *pending, struct job *job)
{
	struct vif_id id = { 0, 0 };

	job->vifs = calloc(pending->n, sizeof *job->vifs);
	if (!job->vifs)
		return -ENOMEM;
	for (; pending_next_due(pending, job->began, id, &id); id.devid++)
		job->vifs[job->request.n_vifs++] = id;
	job->request.vifs = job->vifs;
	return 0;
}

/* For each cause, once: what to do about it, and what moved where, for one of all that did. */
static void say_cause(
	struct watch *watch, enum drift_cause cause, const struct drift_note *first, size_t moved)
{
	char others[32] = "";

	if (watch->said[cause])
		return;
	watch->said[cause] = true;
	if (moved > 1)
		snprintf(others, sizeof others, ", and %zu more", moved - 1);
	log_error("%s (%s went from CPU %u to %s%s)", drift_cause_text(cause), first->first,
		first->cpu, first->is, others);
}

/* Logs a line for each vif, and what to do about it. */
static void log_drift(struct watch *watch, const struct reconciled *done)
{
	const struct drift_note *first = NULL;
	size_t moved = 0;

	for (size_t i = 0; i < done->changes.n; i++) {
		const struct change *change = &done->changes.v[i];

		if (!change->drift.count)
			continue;
		first = first ? first : &change->drift;
		moved += change->drift.count;
		log_info("vif=%u.%u domain=%s event=drift moved=%u first=%s cause=%s",
			change->id.domid, change->id.devid, change->domain, change->drift.count,
			change->drift.first, drift_cause_name(done->cause));
	}
	if (first)
		say_cause(watch, done->cause, first, moved);
}

/* A vif that could not be placed is retried alone, without delaying the others. */
static void note_failures(struct watch *watch, const struct job *job)
{
	for (size_t i = 0; i < job->done.changes.n; i++) {
		const struct change *change = &job->done.changes.v[i];

		if (*change->failure.msg && pending_retry(&watch->pending, change->id, job->began))
			log_error("%s", change->failure.msg);
	}
}

/* Without vifs there is nothing to wake up for. */
static void set_look(struct watch *watch, const struct job *job)
{
	unsigned int interval = watch->context->config.verify_interval;

	if (!job->done.ledger.n_vifs || !interval)
		watch->look_at = 0;
	else if (!watch->look_at || job->kind == JOB_LOOK)
		watch->look_at = job->began + (int64_t)interval * 1000;
}

/* With each new reading, but not more often than the configuration says. */
static void consider_moving(struct watch *watch, const struct job *job)
{
	const struct config *config = &watch->context->config;
	int64_t interval = (int64_t)config->rebalance_interval * 1000;

	/* Those of the last reading go on. */
	if (watch->moves.moves.n)
		return;
	if (!watch->move_from)
		watch->move_from = job->began + interval;
	watch->move = config->rebalance && !*watch->unmeasured.msg && !watch->sampling.looks &&
		      job->began >= watch->move_from;
}

/* Measures load with each look, and begins with the first request that finds a vif. What cannot be
 * measured is reported once, and keeps the watcher from nothing. */
static void measure(struct watch *watch, const struct job *job)
{
	struct err err = { "" };

	if (!watch->look_at) {
		if (watch->sampling.last.cpus)
			sampling_end(watch->context, &watch->sampling);
		return;
	}
	if (job->kind != JOB_LOOK && watch->sampling.last.cpus)
		return;
	if (sampling_look(watch->context, &watch->sampling, &job->done.ledger, &err) < 0 &&
		strcmp(err.msg, watch->unmeasured.msg) != 0)
		log_error("cannot measure load: %s", err.msg);
	watch->unmeasured = err;
	consider_moving(watch, job);
}

/* Reports a failed job, once, and pauses before the next. */
static void end_failed(struct watch *watch, const struct job *job)
{
	set_pause(watch);
	if (job->kind == JOB_LOOK)
		watch->look_at = job->began;
	/* An unreadable ledger is rebuilt by a job that asks xenstore. */
	if (job->kind == JOB_LOOK && job->r == -EBADMSG) {
		pending_mark_all(&watch->pending);
		return;
	}
	/* Don't repeat the same message. */
	if (strcmp(job->err.msg, watch->failure.msg) != 0)
		cmd_fail(&job->err);
	watch->failure = job->err;
}

static void mark_again(struct watch *watch, const struct changes *changes)
{
	for (size_t i = 0; i < changes->n_again; i++)
		pending_mark(&watch->pending, changes->again[i]);
}

/* Most often there is nothing to move. If that cannot be told, the next reading may. */
static void end_moving(struct watch *watch, const struct job *job)
{
	int64_t interval = (int64_t)watch->context->config.rebalance_interval * 1000;

	if (job->r < 0 || watch->made == watch->moves.moves.n) {
		measured_moves_free(&watch->moves);
		watch->made = 0;
		watch->move = false;
	}
	cmd_log(&job->done);
	mark_again(watch, &job->done.changes);
	if (job->r < 0 && strcmp(job->err.msg, watch->unmoved.msg) != 0)
		log_error("cannot rebalance: %s", job->err.msg);
	watch->unmoved = job->r < 0 ? job->err : (struct err){ "" };
	if (job->done.changes.n)
		watch->move_from = job->began + interval;
}

static void end_reconciling(struct watch *watch, const struct job *job)
{
	const struct reconciled *done = &job->done;

	log_drift(watch, done);
	cmd_log(done);
	note_failures(watch, job);
	mark_again(watch, &done->changes);
	if (job->r < 0) {
		end_failed(watch, job);
		return;
	}
	watch->failure.msg[0] = '\0';
	watch->pause = PAUSE_MIN_MS;
	set_look(watch, job);
	measure(watch, job);
	if (job->kind == JOB_UPDATE)
		pending_done(&watch->pending, job->began);
	if (watch->lock_fd < 0)
		watch->end = true;
	/* Whether a vif is left can only be told after looking at all of xenstore. */
	else if (watch->until_idle && !done->ledger.n_vifs && !done->world.complete)
		pending_mark_all(&watch->pending);
}

/* What a job needs is much on a large host, and most of the time there is none: what is large is to
 * be mapped, so that it is given back when it is freed, and the worker needs no heap of its own. */
static void keep_memory_small(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 64 << 10);
	mallopt(M_ARENA_MAX, 1);
#endif
}

static void give_memory_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

static void end_job(struct watch *watch)
{
	struct job *job = &watch->job;

	watch->late = false;
	if (job->kind == JOB_MOVE)
		end_moving(watch, job);
	else if (job->kind != JOB_CONNECT)
		end_reconciling(watch, job);
	else if (job->r == 0)
		find_xenstored(watch);
	else
		lose_xenstored(watch, job->err.msg);
	reconciled_free(&job->done);
	free(job->vifs);
	give_memory_back();
}

/* A look holds the ledger's lock, and on a large host the masks are many: each look reads a part of
 * them, in turn. */
static void choose_part(struct watch *watch, struct request *request)
{
	size_t targets = world_count_targets(&watch->context->known);

	request->parts = (unsigned int)(targets / LOOK_TARGETS) + 1;
	request->part = watch->looks++ % request->parts;
}

static void begin_job(struct watch *watch, enum job_kind kind)
{
	struct job *job = &watch->job;
	int r = 0;

	*job = (struct job){ .kind = kind, .began = clock_ms() };
	job->request.kind = kind == JOB_LOOK ? REQUEST_REPAIR : REQUEST_UPDATE;
	/* Doesn't ask xenstore and usually finds nothing, so it doesn't need the worker thread. */
	if (kind == JOB_LOOK) {
		choose_part(watch, &job->request);
		do_job(watch);
		end_job(watch);
		return;
	}
	job->request.all = kind == JOB_UPDATE && watch->pending.all;
	if (kind == JOB_UPDATE && !job->request.all)
		r = collect_due(&watch->pending, job);
	if (r == 0)
		r = worker_begin(&watch->worker, do_job, watch);
	if (r == 0)
		return;
	log_error("watch: cannot start: %s", strerror(-r));
	free(job->vifs);
	set_pause(watch);
}

/* --- the main loop --------------------------------------------------------------------------- */

/*
 * Milliseconds until the next JOB_LOOK, -1: never. Pending vifs go first, because they take less
 * time, but they delay it by one more interval at most: a guest may keep the watcher busy.
 */
static int64_t look_wait(const struct watch *watch, int64_t now)
{
	int64_t at = watch->look_at;

	if (!at)
		return -1;
	if (watch->context->xenstore && pending_wait(&watch->pending, now) >= 0)
		at += (int64_t)watch->context->config.verify_interval * 1000;
	return at > now ? at - now : 0;
}

static void reload(struct watch *watch)
{
	watch->reload = false;
	if (cmd_read_config(watch->line, watch->context,
		    "the watcher keeps the configuration it has") == STATUS_DONE)
		log_info("event=reload");
	pending_mark_all(&watch->pending);
}

/* Milliseconds until the next job, -1: never; and which it is then, unless something happens
 * before. */
static int next_job(const struct watch *watch, enum job_kind *kind)
{
	int64_t now = clock_ms(), look = look_wait(watch, now), due;

	*kind = look == 0 ? JOB_LOOK : JOB_CONNECT;
	if (watch->retry_at > now)
		return (int)(watch->retry_at - now);
	if (!watch->context->xenstore)
		return 0;
	due = pending_wait(&watch->pending, now);
	if (watch->move && due != 0) {
		*kind = JOB_MOVE;
		return 0;
	}
	*kind = due < 0 || (look >= 0 && look < due) ? JOB_LOOK : JOB_UPDATE;
	return (int)(*kind == JOB_LOOK ? look : due);
}

/* Starts what can be done now. During a pause it only reads events, which would use up memory
 * otherwise. */
static void act(struct watch *watch)
{
	enum job_kind kind;

	if (watch->worker.busy)
		return;
	if (watch->reload)
		reload(watch);
	if (watch->context->xenstore)
		take_events(watch);
	if (next_job(watch, &kind) == 0)
		begin_job(watch, kind);
}

static void take_signal(struct watch *watch)
{
	struct signalfd_siginfo info;

	if (read(watch->signal_fd, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGHUP)
		watch->reload = true;
	else
		watch->end = true;
}

/* Reports, once, that xenstored has owed the worker an answer for too long. */
static void check_late(struct watch *watch)
{
	int64_t since = watch->owed_since;

	if (watch->late || !since || clock_ms() - since < XENSTORE_TIMEOUT_S * INT64_C(1000))
		return;
	watch->late = true;
	log_error("xenstored has not answered for %d s; waiting for it", XENSTORE_TIMEOUT_S);
}

/* Waits for the worker or xenstore, a signal or a timeout. */
static int wait_for_more(struct watch *watch)
{
	bool busy = watch->worker.busy;
	struct xenstore *idle = busy ? NULL : watch->context->xenstore;
	enum job_kind kind;
	struct pollfd fds[] = {
		{ .fd = watch->signal_fd, .events = POLLIN },
		{ .fd = busy ? watch->worker.done_fd : -1, .events = POLLIN },
		{ .fd = idle ? xenstore_event_fd(idle) : -1, .events = POLLIN },
		{ .fd = idle ? xenstore_death_fd(idle) : -1 },
	};

	if (poll(fds, ARRAY_SIZE(fds), busy ? LATE_CHECK_MS : next_job(watch, &kind)) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents)
		take_signal(watch);
	if (fds[1].revents) {
		worker_end(&watch->worker);
		end_job(watch);
	} else if (busy) {
		check_late(watch);
	}
	if (fds[3].revents)
		lose_xenstored(watch, "xenstored is gone");
	return 0;
}

static int loop(struct watch *watch, struct err *err)
{
	bool ready = false;
	int r;

	/* A running job ends first, unless it hangs waiting for xenstored. */
	while (!watch->end || (watch->worker.busy && !watch->late)) {
		if (!watch->end)
			act(watch);
		/* Ready once the existing vifs have been handled, or cannot be yet. */
		if (!ready && (!watch->worker.busy || watch->late)) {
			notify("READY=1");
			ready = true;
		}
		r = wait_for_more(watch);
		if (r < 0)
			return err_set(err, -r, "watch: poll: %m");
	}
	return 0;
}

/* To be called before any thread is created, so that signals arrive here. */
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

static void clean_up(struct watch *watch)
{
	notify("STOPPING=1");
	sampling_end(watch->context, &watch->sampling);
	/* The worker still waits for xenstored, so its data can't be freed. Exiting at any point is
	 * safe: the next watcher finds what is missing. */
	if (watch->worker.busy)
		_exit(STATUS_DONE);
	measured_moves_free(&watch->moves);
	pending_clear(&watch->pending);
	worker_free(&watch->worker);
	close(watch->signal_fd);
	closep(&watch->lock_fd);
}

static int act_watch(struct context *context, const struct cmd_line *line, struct err *err)
{
	struct watch watch = {
		.line = line,
		.context = context,
		.until_idle = line->given[UNTIL_IDLE],
		.pause = PAUSE_MIN_MS,
	};
	struct err why;
	int r;

	keep_memory_small();
	context->owed_since = &watch.owed_since;
	log_open(true, line->verbose);
	cmd_read_config(line, context, CMD_DEFAULTS);
	watch.lock_fd = watcher_lock(&context->root, watch.until_idle, &why);
	if (watch.lock_fd < 0)
		return err_set(err, -watch.lock_fd, "watch: %s", why.msg);
	if (watch.until_idle)
		context->idle_lock = &watch.lock_fd;
	watch.signal_fd = block_signals();
	/* What another one has left, which was killed. */
	sampling_end(context, &watch.sampling);
	if (worker_init(&watch.worker) < 0)
		return err_set(err, errno, "watch: cannot start: %m");
	r = loop(&watch, err);
	clean_up(&watch);
	return r;
}

const struct command command_watch = {
	.name = "watch",
	.words = "",
	.summary = "run as a service that keeps vifs pinned",
	.help = "Run as a service: place and pin vifs as they come, put back pins that drift,\n"
		"and release vifs that go. SIGHUP reloads the configuration, SIGTERM stops it.\n"
		"Messages go to standard error and to syslog.\n",
	.options = { [UNTIL_IDLE] = { "until-idle", .help = "exit when the last vif is gone" } },
	.act = act_watch,
};
