// SPDX-License-Identifier: GPL-2.0-or-later
#include "log.h"

#include "utf8.h"
#include "util.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

static struct {
	bool to_stderr, to_syslog, verbose;
} log_state = { .to_stderr = true };

/* JOURNAL_STREAM is set for services and names the file behind their stderr, which may
 * have been redirected since (systemd.exec(5)). */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char name[64];
	struct stat st;

	if (!stream || fstat(fd, &st) < 0)
		return false;
	snprintf(name, sizeof name, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(name, stream) == 0;
}

void log_open(bool to_syslog, bool verbose)
{
	/* The journal has what goes to syslog: each line would be there twice. */
	log_state.to_stderr = !(to_syslog && is_journal(STDERR_FILENO));
	log_state.to_syslog = to_syslog;
	log_state.verbose = verbose;
	if (to_syslog)
		openlog("vifpin", LOG_PID, LOG_DAEMON);
}

__attribute__((format(printf, 3, 0))) static void say(
	int priority, bool to_stderr, const char *format, va_list ap)
{
	char line[1024];

	vsnprintf(line, sizeof line, format, ap);
	mask_controls(line);
	utf8_mask(line);
	if (to_stderr)
		fprintf(stderr, "vifpin: %s\n", line);
	if (log_state.to_syslog)
		syslog(priority, "%s", line);
}

void log_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(LOG_ERR, log_state.to_stderr, format, ap);
	va_end(ap);
}

void log_info(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(LOG_INFO, log_state.to_stderr && log_state.verbose, format, ap);
	va_end(ap);
}
