// SPDX-License-Identifier: GPL-2.0-or-later
#include "process.h"

#include "util.h"

#include <limits.h>
#include <string.h>

struct search {
	const struct sysroot *root;
	const char *name;
	pid_t pid;
};

static int is_wanted(const char *entry, void *data)
{
	struct search *search = data;
	_cleanup_free_ char *comm = NULL;
	unsigned long pid;

	if (!parse_number(entry, NULL, INT_MAX, &pid))
		return 0;
	if (sysroot_read(search->root, &comm, NULL, PATH_PID_COMM, (int)pid) < 0)
		return 0;
	comm[strcspn(comm, "\n")] = '\0';
	if (strcmp(comm, search->name) != 0)
		return 0;
	search->pid = (pid_t)pid;
	return 1;
}

pid_t process_find(const struct sysroot *root, const char *name)
{
	struct search search = { root, name, 0 };

	sysroot_list(root, is_wanted, &search, PATH_PROC);
	return search.pid;
}
