// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * openat.c - openat2() for a program in valgrind, which does not know it before 3.22: openat(), so
 * that links are not kept below the root. To be preloaded.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <sys/syscall.h>

typedef long syscall_fn(long number, ...);

long syscall(long number, ...)
{
	static syscall_fn *next;
	const struct open_how *how;
	long v[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		v[i] = va_arg(ap, long);
	va_end(ap);
	how = (const struct open_how *)v[2];
	if (number == SYS_openat2)
		return openat((int)v[0], (const char *)v[1], (int)how->flags, (mode_t)how->mode);
	if (!next)
		next = (syscall_fn *)dlsym(RTLD_NEXT, "syscall");
	return next(number, v[0], v[1], v[2], v[3], v[4], v[5]);
}
