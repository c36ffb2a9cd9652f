// SPDX-License-Identifier: GPL-2.0-or-later
#include "process.h"

#include "util.h"

#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

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

int process_open(pid_t pid)
{
	return (int)syscall(__NR_pidfd_open, pid, 0);
}

int process_signal(int pid_fd, int signal)
{
	return (int)syscall(__NR_pidfd_send_signal, pid_fd, signal, NULL, 0);
}

void process_close_from(unsigned int first)
{
	long most = sysconf(_SC_OPEN_MAX);

	if (syscall(__NR_close_range, first, ~0u, 0) == 0)
		return;
	for (long fd = first; fd < most; fd++)
		close((int)fd);
}
