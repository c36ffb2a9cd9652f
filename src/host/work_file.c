// SPDX-License-Identifier: GPL-2.0-or-later
#include "work_file.h"

#include "replace.h"
#include "util.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "work.json"

int work_file_write(const struct sysroot *root, const struct work_kept *kept, struct err *err)
{
	_cleanup_free_ char *text = work_format(kept);
	_cleanup_(closep) int dir_fd = -1;
	int r;

	if (!text)
		return err_no_memory(err);
	r = dir_fd = sysroot_make_dir(root, PATH_RUN_DIR);
	/* /run is no disk, and what is in it is of no use after a crash. */
	if (r >= 0)
		r = replace_file(dir_fd, FILE_NAME, text, false);
	return r < 0 ? err_set(err, -r, "cannot write /" PATH_WORK ": %m") : 0;
}

void work_file_remove(const struct sysroot *root)
{
	_cleanup_(closep) int dir_fd = sysroot_make_dir(root, PATH_RUN_DIR);

	if (dir_fd >= 0)
		unlinkat(dir_fd, FILE_NAME, 0);
}

int work_file_read(const struct sysroot *root, struct work_kept *out, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	struct err why;
	size_t len;
	int r = sysroot_read(root, &text, &len, PATH_WORK);

	if (r == -ENOENT)
		return err_set(err, ENOENT,
			"there is no /" PATH_WORK ": no watcher runs, it has only just begun, or "
			"verify_interval is 0");
	if (r < 0)
		return err_set(err, -r, "cannot read /" PATH_WORK ": %m");
	r = work_parse(text, len, out, &why);
	return r < 0 ? err_set(err, -r, "cannot read /" PATH_WORK ": %s", why.msg) : 0;
}
