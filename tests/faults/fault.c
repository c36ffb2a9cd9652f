// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fault.c - preloaded into vifpin: counts its system calls on files of the host, tells about them,
 * and makes one of them fail.
 *
 *	FAULT_ROOT  the host: vifpin's --root, an absolute path. Other files and sockets do not count.
 *	FAULT_LOG   gets a line for each call that is about to be made: "NUMBER CALL PATH [MORE]"
 *	FAULT_AT    the number of the call that fails, from 1
 *	FAULT_HOW   how: an errno, "kill" (SIGKILL before it is made), "short" (a write() that writes
 *	            only half), "lost" (one that says that it did, and did nothing), "reused" (before
 *	            it, the thread that the path names ends, and another gets its PID), or "stop" (SIGSTOP
 *	            before it is made)
 *
 *	FAULT_STAY  1: from then on, every such call on that path fails
 *
 * Only the process that was started counts. The watcher that it would leave behind is not started,
 * but told in the log. It is 1 January 2026, so that ledgers can be compared byte by byte.
 *
 * Files below proc are written as the kernel's are: to open one changes nothing, and a write() replaces
 * the content at once, for who reads it meanwhile and for who is killed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define LOG_FD 900 /* above all that vifpin opens */
#define FDS    900
#define NOW    1767225600

static char root[PATH_MAX];
static pid_t counted; /* 0: nobody */
static unsigned int calls, at;
static int how_errno;
static bool how_kill, how_short, how_lost, how_reused, how_stop, stay;
static char stays[PATH_MAX]; /* the call and path that has failed, if every such one is to fail */

/* Of each open descriptor the path below the root; "" of others. */
static char paths[FDS][160];

/* The C library's: ours are in front of them. Where a thread of libxenstore waits, it has to be in its
 * read(), which can be cancelled. */
static long (*sys)(long, ...);
static ssize_t (*real_read)(int, void *, size_t);
static int (*real_fstat)(int, struct stat *);
static struct dirent *(*real_readdir)(DIR *);
static int (*real_closedir)(DIR *);

static void take(const char *name, char *out, size_t size)
{
	const char *value = getenv(name);

	snprintf(out, size, "%s", value ? value : "");
	unsetenv(name);
}

static void find_real(void)
{
	sys = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	real_read = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
	real_fstat = (int (*)(int, struct stat *))dlsym(RTLD_NEXT, "fstat");
	real_readdir = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir");
	real_closedir = (int (*)(DIR *))dlsym(RTLD_NEXT, "closedir");
}

__attribute__((constructor)) static void begin(void)
{
	char log[PATH_MAX], number[16], how[16];

	find_real();
	take("FAULT_ROOT", root, sizeof root);
	take("FAULT_LOG", log, sizeof log);
	take("FAULT_AT", number, sizeof number);
	take("FAULT_HOW", how, sizeof how);
	take("FAULT_STAY", stays, sizeof stays);
	stay = *stays;
	*stays = '\0';
	if (*log) {
		long fd = sys(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0644);

		sys(SYS_dup3, fd, LOG_FD, O_CLOEXEC);
		sys(SYS_close, fd);
	}
	at = (unsigned int)atoi(number);
	how_kill = strcmp(how, "kill") == 0;
	how_short = strcmp(how, "short") == 0;
	how_lost = strcmp(how, "lost") == 0;
	how_reused = strcmp(how, "reused") == 0;
	how_stop = strcmp(how, "stop") == 0;
	how_errno = atoi(how);
	counted = *root ? getpid() : 0;
}

/* --- which descriptors are the host's --------------------------------------------------------- */

static bool is_ours(int fd)
{
	return counted && fd >= 0 && fd < FDS && *paths[fd];
}

static bool is_below_root(int dir_fd, const char *path)
{
	size_t len = strlen(root);

	if (!counted || *path != '/')
		return is_ours(dir_fd);
	return strncmp(path, root, len) == 0 && (path[len] == '/' || !path[len]);
}

static void forget(int fd)
{
	if (fd >= 0 && fd < FDS)
		*paths[fd] = '\0';
}

/* A new descriptor's path is where links have led. */
static int remember(int fd)
{
	char link[32], target[PATH_MAX];
	size_t len = strlen(root);
	ssize_t n;

	if (fd < 0 || fd >= FDS)
		return fd;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof target - 1);
	target[n > 0 ? n : 0] = '\0';
	if (strncmp(target, root, len) != 0 || snprintf(paths[fd], sizeof *paths, "%s/", target + len) < 1)
		strcpy(paths[fd], "?");
	return fd;
}

static bool is_kernels(int fd)
{
	return strncmp(paths[fd], "/proc/", 6) == 0;
}

/* --- counting and failing --------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
	static char line[1 << 17];
	int n, code = errno; /* readdir() at its end leaves it alone */
	va_list ap;

	va_start(ap, format);
	n = vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	sys(SYS_write, LOG_FD, line, (size_t)n);
	errno = code;
}

/* Gives the thread of a path below /proc/PID another start time, in the file that may be open. */
static void reuse_pid(const char *proc_path)
{
	char path[PATH_MAX + 32], text[1024];
	long fd, n;
	char *field;

	snprintf(path, sizeof path, "%s/proc/%d/stat", root, atoi(proc_path + strlen("/proc/")));
	fd = sys(SYS_openat, AT_FDCWD, path, O_RDWR);
	n = sys(SYS_pread64, fd, text, sizeof text - 1, 0L);
	text[n > 0 ? n : 0] = '\0';
	field = strrchr(text, ')');
	for (int i = 2; field && i < 22; i++)
		field = strchr(field + 1, ' ');
	if (field)
		sys(SYS_pwrite64, fd, "9", 1L, field + 1 - text);
	sys(SYS_close, fd);
}

/* Counts a call on `fd`, or on what is called `more` there. True if it is the one that fails: with
 * errno set, or 0 where it is a write() that does less than it should. */
static bool fails(const char *call, int fd, const char *more)
{
	const char *path = fd >= 0 && fd < FDS ? paths[fd] : "";
	char now[sizeof stays];
	unsigned int number;

	if (getpid() != counted)
		return false;
	number = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
	tell("%u %s %s%s\n", number, call, path, more);
	snprintf(now, sizeof now, "%s %s%s", call, path, *more == ' ' ? "" : more);
	if (number == at && stay)
		strcpy(stays, now);
	if (number != at && !(*stays && strcmp(now, stays) == 0))
		return false;
	if (how_kill)
		sys(SYS_kill, getpid(), SIGKILL);
	if (how_stop)
		sys(SYS_kill, getpid(), SIGSTOP);
	if (how_reused)
		reuse_pid(strchr(now, ' ') + 1);
	errno = how_errno;
	return how_errno || how_short || how_lost;
}

/* The same for any other call. */
static bool breaks(const char *call, int fd, const char *more)
{
	return fails(call, fd, more) && how_errno;
}

/* --- opening and closing ---------------------------------------------------------------------- */

static int do_open(int dir_fd, const char *path, int flags, mode_t mode)
{
	bool ours = is_below_root(dir_fd, path);
	int fd;

	if (ours && breaks(flags & O_CREAT ? "create" : "open", dir_fd, path))
		return -1;
	fd = (int)sys(SYS_openat, dir_fd, path, flags, mode);
	return ours ? remember(fd) : fd;
}

static mode_t mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return do_open(AT_FDCWD, path, flags, mode);
}

int openat(int dir_fd, const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return do_open(dir_fd, path, flags, mode);
}

static long do_openat2(int dir_fd, const char *path, const struct open_how *given, size_t size)
{
	struct open_how how = *given;

	if (!is_below_root(dir_fd, path))
		return sys(SYS_openat2, dir_fd, path, given, size);
	if (breaks("open", dir_fd, path))
		return -1;
	if (strncmp(path, "proc/", 5) == 0)
		how.flags &= ~(unsigned long long)O_TRUNC;
	return remember((int)sys(SYS_openat2, dir_fd, path, &how, size));
}

/* openat2() has no function of its own, and close_range() is called as it was before it had one: in
 * front of execv(), where the log must stay open. */
long syscall(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_openat2 && counted)
		return do_openat2((int)a[0], (const char *)a[1], (const struct open_how *)a[2],
			(size_t)a[3]);
	if (number == SYS_close_range && *root)
		return 0;
	return sys(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Linux closes the file whatever it returns. */
int close(int fd)
{
	bool broken = is_ours(fd) && breaks("close", fd, "");
	int r, code = errno;

	forget(fd);
	r = (int)sys(SYS_close, fd);
	if (!broken)
		return r;
	errno = code;
	return -1;
}

/* --- reading ----------------------------------------------------------------------------------- */

ssize_t read(int fd, void *buf, size_t size)
{
	if (is_ours(fd) && breaks("read", fd, ""))
		return -1;
	return real_read(fd, buf, size);
}

/* What read() is, where the compiler knows how large `buf` is. */
ssize_t __read_chk(int fd, void *buf, size_t size, size_t room);
ssize_t __read_chk(int fd, void *buf, size_t size, size_t room)
{
	if (size > room)
		abort();
	return read(fd, buf, size);
}

ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
	if (is_ours(fd) && breaks("pread", fd, ""))
		return -1;
	return sys(SYS_pread64, fd, buf, size, offset);
}

int fstat(int fd, struct stat *out)
{
	return is_ours(fd) && breaks("fstat", fd, "") ? -1 : real_fstat(fd, out);
}

int fstatfs(int fd, struct statfs *out)
{
	return is_ours(fd) && breaks("fstatfs", fd, "") ? -1 : (int)sys(SYS_fstatfs, fd, out);
}

struct dirent *readdir(DIR *dir)
{
	return is_ours(dirfd(dir)) && breaks("readdir", dirfd(dir), "") ? NULL : real_readdir(dir);
}

int closedir(DIR *dir)
{
	int fd = dirfd(dir);
	bool broken = is_ours(fd) && breaks("close", fd, "");

	forget(fd);
	return real_closedir(dir) < 0 || broken ? -1 : 0;
}

/* --- writing ----------------------------------------------------------------------------------- */

static void to_hex(const unsigned char *bytes, size_t n, char *out, size_t size)
{
	for (size_t i = 0; i < n && 2 * i + 3 <= size; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
	out[2 * n < size ? 2 * n : size - 1] = '\0';
}

/* By a file outside the root and rename(). */
static ssize_t replace(int fd, const void *buf, size_t size)
{
	char put[PATH_MAX + 32], path[PATH_MAX + sizeof *paths];
	size_t len = strlen(paths[fd]) - 1; /* without the slash at the end */
	ssize_t n;
	long out;

	snprintf(put, sizeof put, "%s/../put-%d", root, (int)getpid());
	snprintf(path, sizeof path, "%s%.*s", root, (int)len, paths[fd]);
	out = sys(SYS_openat, AT_FDCWD, put, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	n = sys(SYS_write, out, buf, size);
	sys(SYS_close, out);
	return sys(SYS_renameat2, AT_FDCWD, put, AT_FDCWD, path, 0) < 0 ? -1 : n;
}

ssize_t write(int fd, const void *buf, size_t size)
{
	static char hex[1 << 16];

	if (!is_ours(fd))
		return sys(SYS_write, fd, buf, size);
	*hex = ' ';
	to_hex(buf, size, hex + 1, sizeof hex - 1);
	if (fails("write", fd, hex)) {
		if (how_errno)
			return -1;
		if (how_lost)
			return (ssize_t)size;
		size /= 2;
	}
	return is_kernels(fd) ? replace(fd, buf, size) : sys(SYS_write, fd, buf, size);
}

/* The C library's own calls write() where nobody can be in front of it. */
int dprintf(int fd, const char *format, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	return (int)write(fd, text, (size_t)n);
}

int ftruncate(int fd, off_t size)
{
	return is_ours(fd) && breaks("ftruncate", fd, "") ? -1 : (int)sys(SYS_ftruncate, fd, size);
}

int fsync(int fd)
{
	return is_ours(fd) && breaks("fsync", fd, "") ? -1 : (int)sys(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return is_ours(fd) && breaks("fsync", fd, "") ? -1 : (int)sys(SYS_fdatasync, fd);
}

int fchmod(int fd, mode_t mode)
{
	return is_ours(fd) && breaks("fchmod", fd, "") ? -1 : (int)sys(SYS_fchmod, fd, mode);
}

int futimens(int fd, const struct timespec times[2])
{
	if (is_ours(fd) && breaks("futimens", fd, ""))
		return -1;
	return (int)sys(SYS_utimensat, fd, NULL, times, 0);
}

int flock(int fd, int operation)
{
	return is_ours(fd) && breaks("flock", fd, "") ? -1 : (int)sys(SYS_flock, fd, operation);
}

/* --- names ------------------------------------------------------------------------------------- */

int renameat2(int old_fd, const char *old, int new_fd, const char *new, unsigned int flags)
{
	char names[PATH_MAX];

	snprintf(names, sizeof names, "%s %s", old, new);
	if (is_below_root(old_fd, old) && breaks("rename", old_fd, names))
		return -1;
	return (int)sys(SYS_renameat2, old_fd, old, new_fd, new, flags);
}

int renameat(int old_fd, const char *old, int new_fd, const char *new)
{
	return renameat2(old_fd, old, new_fd, new, 0);
}

int unlinkat(int dir_fd, const char *name, int flags)
{
	if (is_below_root(dir_fd, name) && breaks("unlink", dir_fd, name))
		return -1;
	return (int)sys(SYS_unlinkat, dir_fd, name, flags);
}

int mkdirat(int dir_fd, const char *name, mode_t mode)
{
	if (is_below_root(dir_fd, name) && breaks("mkdir", dir_fd, name))
		return -1;
	return (int)sys(SYS_mkdirat, dir_fd, name, mode);
}

/* --- the rest ----------------------------------------------------------------------------------- */

time_t time(time_t *out)
{
	if (out)
		*out = NOW;
	return NOW;
}

int execv(const char *path, char *const argv[])
{
	if (*root && strcmp(path, "/proc/self/exe") == 0) {
		(void)argv;
		tell("- watcher\n");
		_exit(0);
	}
	return (int)sys(SYS_execve, path, argv, environ);
}
