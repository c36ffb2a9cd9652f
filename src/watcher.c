// SPDX-License-Identifier: GPL-2.0-or-later
#include "watcher.h"

#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOCK_PATH "/" PATH_RUN_DIR "/watch.lock"

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

static int busy(int fd, struct err *err)
{
	char pid[16];
	ssize_t n = pread(fd, pid, sizeof pid - 1, 0);

	pid[n > 0 ? n : 0] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	return err_set(err, EBUSY, "already running as process %s", *pid ? pid : "unknown");
}

int watcher_lock(const struct sysroot *root, struct err *err)
{
	int fd = open_lock(root, err);

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int r;

		if (errno == EWOULDBLOCK)
			r = busy(fd, err);
		else
			r = err_set(err, errno, "cannot lock " LOCK_PATH ": %m");
		close(fd);
		return r;
	}
	if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0) {
		int r = err_set(err, errno, "cannot write " LOCK_PATH ": %m");

		close(fd);
		return r;
	}
	return fd;
}

int watcher_is_running(const struct sysroot *root, struct err *err)
{
	int fd = open_lock(root, err);
	int r;

	if (fd < 0)
		return fd;
	/* Shared: two who ask at once do not take each other for a watcher. */
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		r = 0;
	else if (errno == EWOULDBLOCK)
		r = 1;
	else
		r = err_set(err, errno, "cannot lock " LOCK_PATH ": %m");
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
