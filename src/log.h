// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log.h - where the hook and the watcher say what they did.
 *
 * Only cmd_*.c call this. One line a decision, as key=value; vifpin(8) has the
 * list of events.
 */
#ifndef VIFPIN_LOG_H
#define VIFPIN_LOG_H

#include <stdbool.h>

enum log_to {
	LOG_TO_PERSON = 1, /* stderr, "vifpin: " before each line */
	LOG_TO_SYSLOG = 2, /* facility daemon, ident vifpin */
};

/* Any of enum log_to; `verbose` lets log_info() through to stderr. To a journal that
 * stderr is connected to, nothing goes twice. */
void log_open(unsigned int to, bool verbose);

/* A failure or a warning: always said. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A decision: to syslog, and to stderr when verbose. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
