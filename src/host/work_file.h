// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * work_file.h - /run/vifpin/work.json: what the watcher has measured, for whoever wants to know;
 * and load.json, what placing a side needs of it.
 *
 * Each is replaced as a whole, and of this boot by where it is. What is in them says work_json.h.
 */
#pragma once

#include "err.h"
#include "sysroot.h"
#include "work_json.h"

/* -ENOMEM or another -errno, with a sentence. */
int work_file_write(const struct sysroot *root, const struct work_kept *kept, struct err *err);
int work_file_write_load(const struct sysroot *root, const struct load_kept *kept, struct err *err);

/* Removes both. */
void work_file_remove(const struct sysroot *root);

/* -ENOENT, -EBADMSG, -ENOTSUP or another -errno, with a sentence. Free with work_kept_free() or
 * load_kept_free(). */
int work_file_read(const struct sysroot *root, struct work_kept *out, struct err *err);
int work_file_read_load(const struct sysroot *root, struct load_kept *out, struct err *err);
