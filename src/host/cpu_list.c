// SPDX-License-Identifier: GPL-2.0-or-later
#include "cpu_list.h"

#include "util.h"

int cpu_list_read(const struct sysroot *root, struct cpuset *out, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int r;

	va_start(ap, format);
	r = sysroot_vread(root, &text, NULL, format, ap);
	va_end(ap);
	return r < 0 ? r : cpuset_parse_list(text, out);
}
