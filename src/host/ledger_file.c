// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger_file.h"

#include "filelock.h"
#include "ledger_lines.h"
#include "replace.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_NAME    "ledger.json"
#define CORRUPT_NAME "ledger.json.corrupt-"
#define CORRUPT_KEPT 10
#define LOCK_NAME    "ledger.lock"
#define LOCK_SECONDS 2

#define PATH_LEDGER PATH_LEDGER_DIR "/" FILE_NAME

/*
 * The file is read, and compared with what is to be written, in pieces of this size. A buffer for
 * all of it would be hundreds of fresh pages, and the kernel takes longer to find one than to fill
 * it.
 */
#define PIECE ((size_t)32 << 10)

/* Gives up when one holds it for too long, but not while others before this one get it. */
static int wait_for_lock(const struct ledger_file *file)
{
	double before;
	int r;

	do {
		before = ledger_file_last_pass(file->root);
		r = filelock_wait(file->lock_fd, LOCK_SECONDS);
	} while (r == -ETIMEDOUT && ledger_file_last_pass(file->root) != before);
	return r;
}

/* Opens the lock's file and waits for the lock. */
static int take_lock(struct ledger_file *file, struct err *err)
{
	int r = sysroot_open_at(file->dir_fd, LOCK_NAME, O_RDWR | O_CREAT, 0600);

	if (r >= 0) {
		file->lock_fd = r;
		r = wait_for_lock(file);
	}
	if (r == -ETIMEDOUT)
		return err_set(err, ETIMEDOUT,
			"cannot lock " LEDGER_PATH ": another vifpin holds it for more than %d s",
			LOCK_SECONDS);
	if (r < 0)
		return err_set(err, -r, "cannot lock " LEDGER_PATH ": %m");
	futimens(file->lock_fd, NULL);
	return 0;
}

int ledger_file_open(const struct sysroot *root, struct ledger_file *file, struct err *err)
{
	int r = sysroot_make_dir(root, PATH_LEDGER_DIR);

	if (r < 0)
		return err_set(err, -r, "cannot use /" PATH_LEDGER_DIR ": %m");
	*file = (struct ledger_file){ .root = root, .dir_fd = r, .lock_fd = -1, .text_fd = -1 };
	r = take_lock(file, err);
	if (r < 0)
		ledger_file_close(file);
	return r;
}

void ledger_file_close(struct ledger_file *file)
{
	closep(&file->lock_fd);
	closep(&file->dir_fd);
	closep(&file->text_fd);
	*file = LEDGER_FILE_CLOSED;
}

int ledger_file_peek_text(const struct sysroot *root, char **text, size_t *len)
{
	return sysroot_read(root, text, len, PATH_LEDGER);
}

/* -EBADMSG when what the descriptor has is not written in lines. */
static int read_pieces(int fd, struct ledger_lines *lines)
{
	/* Nearly every line of its longest fits: one of 1,024 queues. */
	_cleanup_free_ char *buf = malloc(2 * PIECE);
	size_t total = 0, have = 0, used;
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	while ((n = TEMP_FAILURE_RETRY(read(fd, buf + have, 2 * PIECE - have))) > 0) {
		have += (size_t)n;
		total += (size_t)n;
		if (total > LEDGER_TEXT_MAX || !ledger_lines_read(lines, buf, have, &used))
			return -EBADMSG;
		have -= used;
		memmove(buf, buf + used, have);
	}
	return n < 0 ? -errno : have ? -EBADMSG : 0;
}

/* Reads a ledger that is written in lines: its descriptor; or -errno, -ENOENT when there is no
 * file. */
static int read_lines(const struct sysroot *root, struct ledger *out)
{
	_cleanup_(ledger_lines_clear) struct ledger_lines lines = { 0 };
	int fd = sysroot_open_text(root, PATH_LEDGER);
	int r = fd < 0 ? fd : read_pieces(fd, &lines);

	if (r == 0 && ledger_lines_end(&lines, out))
		return fd;
	closep(&fd);
	return r < 0 ? r : -EBADMSG;
}

/* Reads it as a whole, however it is written. */
static int read_any(const struct sysroot *root, struct ledger *out, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = ledger_file_peek_text(root, &text, &len);

	if (r == -ENOENT)
		return r;
	/* These are what is there; all else keeps one from reading what may be sound. */
	if (r == -EISDIR || r == -ELOOP || r == -ENXIO || r == -EFBIG)
		return err_set(err, EBADMSG, "%s", strerror(-r));
	if (r < 0)
		return err_set(err, -r, "%m");
	return ledger_parse(text, len, out, err);
}

/* Reads it however it is written; *fd is that of a file in lines. */
static int read_ledger(const struct sysroot *root, int *fd, struct ledger *out, struct err *err)
{
	int r = *fd = read_lines(root, out);

	if (r < 0 && r != -ENOENT)
		r = read_any(root, out, err);
	if (r != -ENOENT)
		return r < 0 ? r : 0;
	*out = (struct ledger){ 0 };
	return 0;
}

int ledger_file_peek(const struct sysroot *root, struct ledger *out, struct err *err)
{
	_cleanup_(closep) int fd = -1;

	return read_ledger(root, &fd, out, err);
}

int ledger_file_load(struct ledger_file *file, struct ledger *out, struct err *err)
{
	closep(&file->text_fd);
	/* Not by dir_fd: only from the root can links be followed and kept inside. */
	return read_ledger(file->root, &file->text_fd, out, err);
}

int ledger_file_boot_id(const struct sysroot *root, char boot_id[UUID_SIZE], struct err *err)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = sysroot_read(root, &text, NULL, PATH_BOOT_ID);
	if (r == 0) {
		text[strcspn(text, "\n")] = '\0';
		r = *text && copy_str(boot_id, UUID_SIZE, text) ? 0 : -EINVAL;
	}
	return r < 0 ? err_set(err, -r, "cannot read /" PATH_BOOT_ID ": %m") : 0;
}

double ledger_file_last_pass(const struct sysroot *root)
{
	return sysroot_mtime(root, PATH_LEDGER_DIR "/" LOCK_NAME);
}

static int count_corrupt(const char *name, void *data)
{
	unsigned int *count = data;

	*count += strncmp(name, CORRUPT_NAME, strlen(CORRUPT_NAME)) == 0;
	return 0;
}

unsigned int ledger_file_count_corrupt(const struct sysroot *root)
{
	unsigned int count = 0;

	sysroot_list(root, count_corrupt, &count, PATH_LEDGER_DIR);
	return count;
}

static void set_since(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->n_vifs; i++) {
		if (ledger->vifs[i].since == SINCE_NEW)
			ledger->vifs[i].since = (long long)time(NULL);
	}
}

/* The file that was read holds the same so far, or else there is a new one. */
struct writing {
	const struct ledger_file *file;
	int fd;     /* the new one, or -1 */
	size_t len; /* of the text so far */
};

/* Copies n bytes of the file that was read. */
static int copy_old(const struct writing *to, size_t at, size_t n)
{
	char buf[PIECE];
	int r = 0;

	for (size_t part; r == 0 && n; at += part, n -= part) {
		part = n < sizeof buf ? n : sizeof buf;
		if (pread(to->file->text_fd, buf, part, (off_t)at) != (ssize_t)part)
			return -EIO;
		r = replace_write(to->fd, buf, part);
	}
	return r;
}

/* Does the file that was read have this text at this place? */
static bool has_text(const struct ledger_file *file, size_t at, const char *text, size_t n)
{
	char buf[PIECE / 2];

	for (size_t part; n; at += part, text += part, n -= part) {
		part = n < sizeof buf ? n : sizeof buf;
		if (pread(file->text_fd, buf, part, (off_t)at) != (ssize_t)part ||
			memcmp(buf, text, part) != 0)
			return false;
	}
	return true;
}

/* Begins the new file with what it has in common with the one that was read. */
static int begin(struct writing *to)
{
	to->fd = replace_begin(to->file->dir_fd, FILE_NAME);
	return to->fd < 0 ? to->fd : copy_old(to, 0, to->len);
}

/* Goes on with n bytes, which the file that was read has as well at this place (same), or has not.
 */
static int go_on(struct writing *to, size_t n, bool same)
{
	int r = 0;

	/* What nobody could read again. */
	if (to->len + n > LEDGER_TEXT_MAX)
		return -EFBIG;
	if (to->fd < 0 && !same)
		r = begin(to);
	to->len += n;
	return r;
}

static int write_new(const char *text, size_t n, void *data)
{
	struct writing *to = data;
	const struct ledger_file *file = to->file;
	bool same = to->fd < 0 && file->text_fd >= 0 && !file->replaced &&
		    has_text(file, to->len, text, n);
	int r = go_on(to, n, same);

	return r == 0 && to->fd >= 0 ? replace_write(to->fd, text, n) : r;
}

static int write_old(size_t at, size_t n, void *data)
{
	struct writing *to = data;
	int r = go_on(to, n, !to->file->replaced && at == to->len);

	return r == 0 && to->fd >= 0 ? copy_old(to, at, n) : r;
}

/*
 * 1 when the file has been replaced, 0 when it holds just that already. That what is read has the
 * whole text and something behind it cannot be: both end where a ledger in lines does.
 */
static int write_ledger(const struct ledger_file *file, const struct ledger *ledger)
{
	struct writing to = { .file = file, .fd = -1 };
	const struct ledger_output output = { write_new, write_old, &to };
	int r = ledger_write(ledger, &output);

	if (to.fd < 0)
		return r;
	r = replace_end(file->dir_fd, FILE_NAME, to.fd, r, true);
	return r < 0 ? r : 1;
}

int ledger_file_commit(struct ledger_file *file, struct ledger *ledger, struct err *err)
{
	int r;

	set_since(ledger);
	r = write_ledger(file, ledger);
	if (r == -ENOMEM)
		return err_no_memory(err);
	if (r < 0)
		return err_set(err, -r, "cannot write " LEDGER_PATH ": %m");
	file->replaced |= r > 0;
	if (r > 0 && fsync(file->dir_fd) < 0)
		return err_set(err, errno, "cannot write " LEDGER_PATH " to the disk: %m");
	return 0;
}

/* --- a ledger that cannot be read --------------------------------------------------------- */

#define TWO   "[0-9][0-9]"
#define STAMP TWO TWO TWO TWO "T" TWO TWO TWO "Z"

/* The names that set_aside() gives; what a person has named otherwise is that person's. */
static bool is_aside(const char *name)
{
	return fnmatch(CORRUPT_NAME STAMP, name, 0) == 0 ||
	       fnmatch(CORRUPT_NAME STAMP "-[0-9]*", name, 0) == 0;
}

/* Those that come after a name: the oldest, and how many. */
struct asides {
	char after[NAME_MAX + 1], oldest[NAME_MAX + 1];
	unsigned int n;
};

static int see_aside(const char *name, void *data)
{
	struct asides *seen = data;

	if (!is_aside(name) || strverscmp(name, seen->after) <= 0)
		return 0;
	if (!seen->n++ || strverscmp(name, seen->oldest) < 0)
		copy_str(seen->oldest, sizeof seen->oldest, name);
	return 0;
}

/* Removes the oldest of those that were moved aside, but not `latest`, whatever the clock says.
 * What cannot be removed stays. */
static void remove_oldest(const struct ledger_file *file, const char *latest)
{
	struct asides seen = { .oldest = "" };

	do {
		copy_str(seen.after, sizeof seen.after, seen.oldest);
		seen.n = 0;
		sysroot_list(file->root, see_aside, &seen, PATH_LEDGER_DIR);
		if (seen.n > CORRUPT_KEPT && strcmp(seen.oldest, latest) != 0)
			unlinkat(file->dir_fd, seen.oldest, 0);
	} while (seen.n > CORRUPT_KEPT);
}

int ledger_file_set_aside(struct ledger_file *file, char *name, size_t size, struct err *err)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
	for (int i = 0; i < 100; i++) {
		if (i == 0)
			snprintf(name, size, CORRUPT_NAME "%s", stamp);
		else
			snprintf(name, size, CORRUPT_NAME "%s-%d", stamp, i);
		if (renameat2(file->dir_fd, FILE_NAME, file->dir_fd, name, RENAME_NOREPLACE) == 0) {
			fsync(file->dir_fd);
			remove_oldest(file, name);
			return 0;
		}
		if (errno != EEXIST)
			break;
	}
	return err_set(err, errno, "cannot move " LEDGER_PATH " aside: %m");
}
