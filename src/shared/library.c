// SPDX-License-Identifier: GPL-2.0-or-later
#include "library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool has_all(void *library, const char *const *names, size_t n)
{
	while (n && dlsym(library, names[n - 1]))
		n--;
	return n == 0;
}

int library_load(const char *file, const char *const *names, size_t n, void *table, struct err *err)
{
	/* What it does not call itself, it binds as late as if it were linked. */
	void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);

	if (!library || !has_all(library, names, n))
		return err_set(err, ELIBACC, "%s", dlerror());
	for (size_t i = 0; i < n; i++) {
		void *function = dlsym(library, names[i]);

		memcpy((char *)table + i * sizeof function, &function, sizeof function);
	}
	return 0;
}
