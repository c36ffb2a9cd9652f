// SPDX-License-Identifier: GPL-2.0-or-later
#include "store.h"

#include "filelock.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_NAME      "ledger.json"
#define FILE_NAME_TEMP "ledger.json.tmp"
#define CORRUPT_NAME   "ledger.json.corrupt-"
#define LOCK_NAME      "ledger.lock"
#define LOCK_SECONDS   2

int store_open(const struct sysroot *root, struct store *store, struct err *err)
{
	struct store opened = { .dir_fd = -1, .lock_fd = -1 };
	int r;

	opened.dir_fd = sysroot_make_dir(root, PATH_LEDGER_DIR);
	if (opened.dir_fd < 0)
		return err_set(err, -opened.dir_fd, "cannot use /%s: %s", PATH_LEDGER_DIR,
			strerror(-opened.dir_fd));
	opened.lock_fd =
		openat(opened.dir_fd, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (opened.lock_fd < 0) {
		r = err_set(err, errno, "cannot lock " LEDGER_PATH ": %m");
		goto fail;
	}
	r = filelock_wait(opened.lock_fd, LOCK_SECONDS);
	if (r == -ETIMEDOUT) {
		err_set(err, ETIMEDOUT,
			"cannot lock " LEDGER_PATH ": another vifpin holds it for more than %d s",
			LOCK_SECONDS);
		goto fail;
	}
	if (r < 0) {
		err_set(err, -r, "cannot lock " LEDGER_PATH ": %s", strerror(-r));
		goto fail;
	}
	futimens(opened.lock_fd, NULL);
	*store = opened;
	return 0;
fail:
	store_close(&opened);
	return r;
}

void store_close(struct store *store)
{
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	if (store->dir_fd >= 0)
		close(store->dir_fd);
	free(store->text);
	*store = (struct store){ .dir_fd = -1, .lock_fd = -1 };
}

int store_load(struct store *store, struct ledger *out, struct err *err)
{
	char *text;
	size_t len;
	int r;

	r = sysroot_read_at(store->dir_fd, FILE_NAME, &text, &len);
	if (r == -ENOENT) {
		*out = (struct ledger){ 0 };
		return 0;
	}
	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	if (r < 0)
		return err_set(err, EBADMSG, "%s", strerror(-r));
	r = ledger_parse(text, len, out, err);
	if (r < 0) {
		free(text);
		return r;
	}
	free(store->text);
	store->text = text;
	return 0;
}

int store_peek_text(const struct sysroot *root, char **text, size_t *len)
{
	return sysroot_read(root, text, len, PATH_LEDGER_DIR "/" FILE_NAME);
}

int store_peek(const struct sysroot *root, struct ledger *out, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r;

	r = store_peek_text(root, &text, &len);
	if (r == -ENOENT) {
		*out = (struct ledger){ 0 };
		return 0;
	}
	if (r < 0)
		return err_set(err, r == -EACCES ? EACCES : EBADMSG, "%s", strerror(-r));
	return ledger_parse(text, len, out, err);
}

double store_last_pass(const struct sysroot *root)
{
	struct timespec time;

	if (sysroot_mtime(root, &time, PATH_LEDGER_DIR "/" LOCK_NAME) < 0)
		return 0;
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int count_corrupt(const char *name, void *data)
{
	unsigned int *count = data;

	*count += strncmp(name, CORRUPT_NAME, strlen(CORRUPT_NAME)) == 0;
	return 0;
}

unsigned int store_count_corrupt(const struct sysroot *root)
{
	unsigned int count = 0;

	sysroot_list(root, count_corrupt, &count, PATH_LEDGER_DIR);
	return count;
}

/* Writes all of text to a file that is then on the disk. -errno. */
static int write_synced(int dir_fd, const char *name, const char *text)
{
	size_t left = strlen(text);
	int fd, r = 0;

	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	while (left && !r) {
		ssize_t n = write(fd, text, left);

		if (n > 0) {
			text += n;
			left -= (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			r = n == 0 ? -EIO : -errno;
		}
	}
	if (!r && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && !r)
		r = -errno;
	return r;
}

static void set_since(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->n_vifs; i++) {
		if (ledger->vifs[i].since == SINCE_NEW)
			ledger->vifs[i].since = (long long)time(NULL);
	}
}

int store_commit(struct store *store, struct ledger *ledger, struct err *err)
{
	char *text;
	int r;

	set_since(ledger);
	text = ledger_format(ledger);
	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	if (store->text && strcmp(text, store->text) == 0) {
		free(text);
		return 0;
	}
	r = write_synced(store->dir_fd, FILE_NAME_TEMP, text);
	if (!r && renameat(store->dir_fd, FILE_NAME_TEMP, store->dir_fd, FILE_NAME) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(store->dir_fd, FILE_NAME_TEMP, 0);
		free(text);
		return err_set(err, -r, "cannot write " LEDGER_PATH ": %s", strerror(-r));
	}
	free(store->text);
	store->text = text;
	if (fsync(store->dir_fd) < 0)
		return err_set(err, errno, "cannot write " LEDGER_PATH " to the disk: %m");
	return 0;
}

int store_set_aside(struct store *store, char *name, size_t size, struct err *err)
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
		if (renameat2(store->dir_fd, FILE_NAME, store->dir_fd, name, RENAME_NOREPLACE) ==
			0) {
			fsync(store->dir_fd);
			return 0;
		}
		if (errno != EEXIST)
			break;
	}
	return err_set(err, errno, "cannot move " LEDGER_PATH " aside: %m");
}
