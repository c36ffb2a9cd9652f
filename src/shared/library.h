// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * library.h - a shared library that is loaded when it is needed first, and not with every vifpin.
 *
 * The only user of dlopen(). The library's user has a list of the functions that it calls, as
 * `#define FUNCTIONS(X) X(name) ...`, of which
 *
 *	static struct { FUNCTIONS(LIBRARY_MEMBER) } table;
 *	static const char *const names[] = { FUNCTIONS(LIBRARY_NAME) };
 *
 * make the table and the names for library_load(), each function with the type that its header
 *gives.
 */
#pragma once

#include "err.h"

#include <stddef.h>

#define LIBRARY_MEMBER(name) typeof(name) *name;
#define LIBRARY_NAME(name)   #name,

/*
 * Loads the library, if it is not yet, for as long as the process lives, and puts the addresses of
 * n functions into *table, which has n pointers and nothing else. -ELIBACC with the dynamic
 * linker's reason as the sentence, *table untouched. Not for two threads at once.
 */
int library_load(
	const char *file, const char *const *names, size_t n, void *table, struct err *err);
