// SPDX-License-Identifier: GPL-2.0-or-later
#include "watcher.h"

#include "filelock.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOCK_PATH        "/" PATH_RUN_DIR "/watch.lock"
#define UNTIL_IDLE       " until-idle"
#define TAKEOVER_SECONDS 5
#define PROBE_SECONDS    1 /* how long those who only ask may keep it */

/* Opens the lock's file; it is not locked yet. */
static int open_lock(const struct sysroot *root, struct err *err)
{
	int dir_fd, fd;

	dir_fd = sysroot_make_dir(root, PATH_RUN_DIR);
	if (dir_fd < 0)
		return err_set(err, -dir_fd, "cannot use /" PATH_RUN_DIR ": %s", strerror(-dir_fd));
	fd = openat(dir_fd, "watch.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		err_set(err, errno, "cannot open " LOCK_PATH ": %m");
	close(dir_fd);
	return fd < 0 ? -EIO : fd;
}

struct holder {
	unsigned long pid; /* 0: not known */
	bool until_idle;
};

static struct holder read_holder(int fd)
{
	struct holder holder = { 0 };
	char text[64];
	const char *end;
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (parse_number(text, &end, INT_MAX, &holder.pid))
		holder.until_idle = strcmp(end, UNTIL_IDLE "\n") == 0;
	return holder;
}

static int busy(int fd, struct err *err)
{
	struct holder holder = read_holder(fd);

	if (!holder.pid)
		return err_set(err, EBUSY, "already running");
	return err_set(err, EBUSY, "already running as process %lu", holder.pid);
}

/*
 * Ends the watcher that a hook started. The process is held before the file is read
 * again and found to be locked still, so it is the one that wrote its PID there.
 */
static void end_holder(int fd)
{
	struct holder holder = read_holder(fd);
	int pid_fd;

	if (!holder.pid || !holder.until_idle)
		return;
	pid_fd = pidfd_open((pid_t)holder.pid, 0);
	if (pid_fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && read_holder(fd).pid == holder.pid)
		pidfd_send_signal(pid_fd, SIGTERM, NULL, 0);
	close(pid_fd);
}

/* 0, -EBUSY with who it is, or -errno. */
static int take_lock(int fd, bool until_idle, struct err *err)
{
	int r = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;

	if (r == -EWOULDBLOCK && !until_idle && read_holder(fd).until_idle) {
		end_holder(fd);
		r = filelock_wait(fd, TAKEOVER_SECONDS);
	} else if (r == -EWOULDBLOCK) {
		r = filelock_wait(fd, PROBE_SECONDS);
	}
	if (r == -EWOULDBLOCK || r == -ETIMEDOUT)
		return busy(fd, err);
	if (r < 0)
		return err_set(err, -r, "cannot lock " LOCK_PATH ": %s", strerror(-r));
	if (ftruncate(fd, 0) < 0 ||
		dprintf(fd, "%d%s\n", (int)getpid(), until_idle ? UNTIL_IDLE : "") < 0)
		return err_set(err, errno, "cannot write " LOCK_PATH ": %m");
	return 0;
}

int watcher_lock(const struct sysroot *root, bool until_idle, struct err *err)
{
	int fd = open_lock(root, err);
	int r;

	if (fd < 0)
		return fd;
	r = take_lock(fd, until_idle, err);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* Shared: two who ask at once do not take each other for a watcher. */
static int is_locked(int fd, struct err *err)
{
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return 1;
	return err_set(err, errno, "cannot lock " LOCK_PATH ": %m");
}

int watcher_is_running(const struct sysroot *root, struct err *err)
{
	int fd = open_lock(root, err);
	int r;

	if (fd < 0)
		return fd;
	r = is_locked(fd, err);
	close(fd);
	return r;
}

/* The file is written when the lock is taken, and not again. */
static void describe_holder(int fd, struct watcher *out)
{
	struct holder holder = read_holder(fd);
	struct stat file = { .st_mtime = 0 };

	fstat(fd, &file);
	*out = (struct watcher){ (pid_t)holder.pid, holder.until_idle, file.st_mtime };
}

int watcher_find(const struct sysroot *root, struct watcher *out, struct err *err)
{
	int fd = openat(root->fd, PATH_RUN_DIR "/watch.lock", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_set(err, errno, "cannot open " LOCK_PATH ": %m");
	r = is_locked(fd, err);
	if (r == 1)
		describe_holder(fd, out);
	close(fd);
	return r;
}

/*
 * In the child: what the hotplug script handed down (its locks from descriptor
 * 200 up, xl's output) must not be held open, or the script's caller waits for us.
 */
static void become_watcher(char *const argv[])
{
	int null;

	if (setsid() < 0 || chdir("/") < 0)
		_exit(127);
	null = open(PATH_NULL, O_RDWR);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(127);
	close_range(3, ~0u, 0);
	execv(PATH_SELF_EXE, argv);
	_exit(127);
}

int watcher_start(char *const argv[], struct err *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return err_set(err, errno, "cannot start a watcher: %m");
	if (pid == 0) {
		/* Twice, so that it is nobody's child and nobody has to wait for it. */
		if (fork() == 0)
			become_watcher(argv);
		_exit(0);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}
