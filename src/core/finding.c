// SPDX-License-Identifier: GPL-2.0-or-later
#include "finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct finding finding_make(enum health health, const char *format, ...)
{
	struct finding finding = { .health = health };
	char text[sizeof finding.reason + sizeof finding.fix];
	char *fix = text;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	snprintf(finding.reason, sizeof finding.reason, "%s", strsep(&fix, FIX));
	snprintf(finding.fix, sizeof finding.fix, "%s", fix ? fix : "");
	return finding;
}
