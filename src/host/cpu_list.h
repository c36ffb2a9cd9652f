// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cpu_list.h - the host's files that say which CPUs: online ones, an interrupt's.
 */
#pragma once

#include "cpuset.h"
#include "sysroot.h"

/*
 * Reads a file in the kernel's list form, "0-3,8\n" (cpuset_parse_list()). `format` is one
 * of PATH_*. -errno of reading or parsing, *out untouched.
 */
int cpu_list_read(const struct sysroot *root, struct cpuset *out, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
