// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log.h - where the hook and the watcher say what they did.
 *
 * Only src/cmd calls this. One line a decision, as key=value; vifpin(8) has the
 * list of events. Control characters that came in with a name are shown as '?': a line
 * is one record, whatever it tells of.
 */
#pragma once

#include <stdbool.h>

/*
 * What is said goes to stderr, "vifpin: " before each line, and with `to_syslog` to syslog
 * (facility daemon, ident vifpin); `verbose` lets log_info() through to stderr. To a journal that
 * stderr is connected to, nothing goes twice.
 */
void log_open(bool to_syslog, bool verbose);

/* A failure or a warning: always said. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A decision: to syslog, and to stderr when verbose. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
