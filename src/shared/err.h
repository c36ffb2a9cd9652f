// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * err.h - the sentence that goes with a failure.
 *
 * Functions that can fail return 0 or a negative errno value and, where they
 * take a `struct err *`, leave in it one sentence without a final newline:
 * what failed, why, and what to do where that is known. Control characters that
 * came in with a name or a value are shown as '?': it is one line on a terminal and
 * in a log, whatever it tells of. The caller owns the
 * struct; a function writes to it only when it fails. NULL means that the
 * caller does not want the sentence.
 */
#pragma once

struct err {
	char msg[512];
};

/* Writes the sentence, in which "%m" says what code means, and returns -code (code: a positive
 * errno value), so that `return err_set(err, ENOENT, ...)` is one statement. Never returns 0. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* "out of memory" and -ENOMEM. */
int err_no_memory(struct err *err);
