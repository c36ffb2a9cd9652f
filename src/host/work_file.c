// SPDX-License-Identifier: GPL-2.0-or-later
#include "work_file.h"

#include "replace.h"
#include "util.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define WORK "work.json"
#define LOAD "load.json"

/* Frees the text; NULL: memory was out when it was made. */
static int write_text(const struct sysroot *root, const char *name, char *text, struct err *err)
{
	_cleanup_(closep) int dir_fd = -1;
	int r;

	if (!text)
		return err_no_memory(err);
	r = dir_fd = sysroot_make_dir(root, PATH_RUN_DIR);
	/* /run is no disk, and what is in it is of no use after a crash. */
	if (r >= 0)
		r = replace_file(dir_fd, name, text, false);
	free(text);
	return r < 0 ? err_set(err, -r, "cannot write /" PATH_RUN_DIR "/%s: %m", name) : 0;
}

int work_file_write(const struct sysroot *root, const struct work_kept *kept, struct err *err)
{
	return write_text(root, WORK, work_format(kept), err);
}

int work_file_write_load(const struct sysroot *root, const struct load_kept *kept, struct err *err)
{
	return write_text(root, LOAD, load_format(kept), err);
}

void work_file_remove(const struct sysroot *root)
{
	_cleanup_(closep) int dir_fd = sysroot_make_dir(root, PATH_RUN_DIR);

	if (dir_fd < 0)
		return;
	unlinkat(dir_fd, WORK, 0);
	unlinkat(dir_fd, LOAD, 0);
}

static int read_text(
	const struct sysroot *root, const char *path, char **text, size_t *len, struct err *err)
{
	int r = sysroot_read(root, text, len, "%s", path);

	if (r == -ENOENT)
		return err_set(err, ENOENT,
			"there is no /%s: no watcher runs, it has only just begun, or "
			"verify_interval is 0",
			path);
	return r < 0 ? err_set(err, -r, "cannot read /%s: %m", path) : 0;
}

int work_file_read(const struct sysroot *root, struct work_kept *out, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	struct err why;
	size_t len;
	int r = read_text(root, PATH_WORK, &text, &len, err);

	if (r < 0)
		return r;
	r = work_parse(text, len, out, &why);
	return r < 0 ? err_set(err, -r, "cannot read /" PATH_WORK ": %s", why.msg) : 0;
}

int work_file_read_load(const struct sysroot *root, struct load_kept *out, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	struct err why;
	size_t len;
	int r = read_text(root, PATH_LOAD, &text, &len, err);

	if (r < 0)
		return r;
	r = load_parse(text, len, out, &why);
	return r < 0 ? err_set(err, -r, "cannot read /" PATH_LOAD ": %s", why.msg) : 0;
}
