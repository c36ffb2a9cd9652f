// SPDX-License-Identifier: GPL-2.0-or-later
#include "finding.h"

#include <stdarg.h>
#include <stdio.h>

const char *health_name(enum health health)
{
	static const char *const names[] = {
		[HEALTH_OK] = "ok",
		[HEALTH_WARNING] = "warning",
		[HEALTH_PROBLEM] = "problem",
	};

	return names[health];
}

void finding_say(struct finding *out, enum health health, const char *format, ...)
{
	va_list ap;

	out->health = health;
	out->mend[0] = '\0';
	va_start(ap, format);
	vsnprintf(out->reason, sizeof out->reason, format, ap);
	va_end(ap);
}

void finding_mend(struct finding *out, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(out->mend, sizeof out->mend, format, ap);
	va_end(ap);
}
