// SPDX-License-Identifier: GPL-2.0-or-later
#include "err.h"

#include "util.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		errno = code; /* for %m */
		va_start(ap, fmt);
		vsnprintf(err->msg, sizeof err->msg, fmt, ap);
		va_end(ap);
		mask_controls(err->msg);
	}
	return code > 0 ? -code : -EINVAL;
}

int err_no_memory(struct err *err)
{
	return err_set(err, ENOMEM, "out of memory");
}
