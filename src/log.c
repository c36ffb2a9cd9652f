// SPDX-License-Identifier: GPL-2.0-or-later
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

static struct {
	unsigned int to;
	bool verbose;
} log_state = { .to = LOG_TO_PERSON };

void log_open(unsigned int to, bool verbose)
{
	log_state.to = to;
	log_state.verbose = verbose;
	if (to & LOG_TO_SYSLOG)
		openlog("vifpin", LOG_PID, LOG_DAEMON);
}

__attribute__((format(printf, 3, 0))) static void say(
	int priority, bool person, const char *format, va_list ap)
{
	char line[1024];

	vsnprintf(line, sizeof line, format, ap);
	if (person)
		fprintf(stderr, "vifpin: %s\n", line);
	if (log_state.to & LOG_TO_SYSLOG)
		syslog(priority, "%s", line);
}

void log_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(LOG_ERR, log_state.to & LOG_TO_PERSON, format, ap);
	va_end(ap);
}

void log_info(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(LOG_INFO, (log_state.to & LOG_TO_PERSON) && log_state.verbose, format, ap);
	va_end(ap);
}
