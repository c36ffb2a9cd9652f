// SPDX-License-Identifier: GPL-2.0-or-later
#include "watcher_lock.h"

#include "filelock.h"
#include "proc_locks.h"
#include "process.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOCK_NAME        "watch.lock"
#define LOCK_PATH        "/" PATH_RUN_DIR "/" LOCK_NAME
#define UNTIL_IDLE       " until-idle"
#define TAKEOVER_SECONDS 5
#define PROBE_SECONDS    1 /* how long those who only ask may keep it */

/* Who holds the lock, by the kernel's word; 0: nobody, or it does not tell. */
static pid_t find_holder(int fd)
{
	_cleanup_free_ char *text = NULL;
	struct stat file;

	if (fstat(fd, &file) < 0 || sysroot_read_own(PATH_LOCKS, &text) < 0)
		return 0;
	return proc_locks_find_flock(text, major(file.st_dev), minor(file.st_dev), file.st_ino);
}

static bool is_held_by_root(int fd)
{
	char path[32];
	struct stat process;

	snprintf(path, sizeof path, PATH_PROCESS, (int)find_holder(fd));
	return stat(path, &process) == 0 && process.st_uid == 0;
}

/*
 * Earlier versions let everybody open the file, and so keep root from the lock. Of one that may be
 * open elsewhere a watcher's lock is kept; anybody else's is left behind with the old file.
 */
static int close_to_others(int dir_fd, int fd)
{
	struct stat file;

	if (fstat(fd, &file) < 0 || !(file.st_mode & (S_IRWXG | S_IRWXO)))
		return fd;
	if (is_held_by_root(fd)) {
		fchmod(fd, 0600);
		return fd;
	}
	close(fd);
	unlinkat(dir_fd, LOCK_NAME, 0);
	return sysroot_open_at(dir_fd, LOCK_NAME, O_RDWR | O_CREAT, 0600);
}

/* Opens the lock's file; it is not locked yet. */
static int open_lock(const struct sysroot *root, struct err *err)
{
	_cleanup_(closep) int dir_fd = sysroot_make_dir(root, PATH_RUN_DIR);
	int fd;

	if (dir_fd < 0)
		return err_set(err, -dir_fd, "cannot use /" PATH_RUN_DIR ": %m");
	fd = sysroot_open_at(dir_fd, LOCK_NAME, O_RDWR | O_CREAT, 0600);
	if (fd >= 0)
		fd = close_to_others(dir_fd, fd);
	return fd < 0 ? err_set(err, -fd, "cannot open " LOCK_PATH ": %m") : fd;
}

/*
 * Who holds the lock. The file is written when it is taken, and not again: it may be of a watcher
 * that has ended. So its word counts only for the process that the kernel names.
 */
static struct watcher read_holder(int fd)
{
	struct watcher holder = { .pid = find_holder(fd) };
	struct stat file = { .st_mtime = 0 };
	unsigned int pid;
	char text[64];
	const char *end;
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (parse_uint(text, &end, INT_MAX, &pid) && holder.pid == (pid_t)pid)
		holder.until_idle = strcmp(end, UNTIL_IDLE "\n") == 0;
	fstat(fd, &file);
	holder.since = file.st_mtime;
	return holder;
}

static int busy(int fd, struct err *err)
{
	struct watcher holder = read_holder(fd);

	if (!holder.pid)
		return err_set(err, EBUSY, "already running");
	return err_set(err, EBUSY, "already running as process %d", (int)holder.pid);
}

/* Ends the watcher that a hook started. The process is held before it is looked again whose the
 * lock is: so it is the holder, and no other that got its PID. */
static void end_holder(int fd)
{
	struct watcher holder = read_holder(fd);
	_cleanup_(closep) int pid_fd = -1;

	if (holder.pid && holder.until_idle)
		pid_fd = process_open(holder.pid);
	if (pid_fd >= 0 && find_holder(fd) == holder.pid)
		process_signal(pid_fd, SIGTERM);
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
		return err_set(err, -r, "cannot lock " LOCK_PATH ": %m");
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
	_cleanup_(closep) int fd = open_lock(root, err);

	return fd < 0 ? fd : is_locked(fd, err);
}

int watcher_find(const struct sysroot *root, struct watcher *out, struct err *err)
{
	_cleanup_(closep) int fd = sysroot_open_file(root, PATH_RUN_DIR "/" LOCK_NAME, O_RDONLY);
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return err_set(err, -fd, "cannot open " LOCK_PATH ": %m");
	r = is_locked(fd, err);
	if (r == 1)
		*out = read_holder(fd);
	return r;
}

/*
 * In the child: what the hotplug script handed down (its locks from descriptor
 * 200 up, xl's output) must not be held open, or the script's caller waits for us. The program
 * opens /dev/null in the place of 0 to 2 itself (sysroot_open_standard()).
 */
static void become_watcher(char *const argv[])
{
	sigset_t none;

	/* The caller may have blocked what ends a watcher. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (setsid() < 0 || chdir("/") < 0)
		_exit(127);
	process_close_from(0);
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
	TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
	return 0;
}
