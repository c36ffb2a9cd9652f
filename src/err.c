// SPDX-License-Identifier: GPL-2.0-or-later
#include "err.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		vsnprintf(err->msg, sizeof err->msg, fmt, ap);
		va_end(ap);
		for (char *p = err->msg; *p; p++) {
			if (iscntrl((unsigned char)*p))
				*p = '?';
		}
	}
	return code > 0 ? -code : -EINVAL;
}
