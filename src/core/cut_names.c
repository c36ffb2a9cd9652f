// SPDX-License-Identifier: GPL-2.0-or-later
#include "cut_names.h"

#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Half of what PIDs go up to at least before they begin again (PID_MAX_DEFAULT, linux/threads.h).
 */
#define HALF_OF_PIDS 16384

/* By start time. What started in one tick is in the order of PIDs, but where they began again. */
static int compare_creation(const void *a, const void *b)
{
	const struct target *x = a, *y = b;
	int distance = (int)x->pid - (int)y->pid;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return abs(distance) < HALF_OF_PIDS ? distance : -distance;
}

/* The interrupts' names tell whether netback numbers queues. */
static bool is_numbered(const struct targets *targets, const char *dev)
{
	size_t len = strlen(dev);

	for (size_t i = 0; i < targets->n; i++) {
		if (strncmp(targets->v[i].name + len, "-q", 2) == 0)
			return true;
	}
	return false;
}

/* The threads that the vif should have and whose names are cut, in the order of their creation. */
static int expect(const struct targets *targets, const char *dev, struct targets *out)
{
	bool numbered = is_numbered(targets, dev);

	for (unsigned int i = 0; i < 2 * targets->n_queues; i++) {
		struct target *added, thread = { .queue = i / 2 };

		thread.kind = i % 2 ? TARGET_DEALLOC : TARGET_GUEST_RX;
		vifname_of_target(dev, numbered, thread.queue, thread.kind, thread.name);
		if (strlen(thread.name) < COMM_CUT)
			continue;
		added = array_add(&out->v, &out->n, sizeof *added);
		if (!added)
			return -ENOMEM;
		*added = thread;
	}
	return 0;
}

/* The next from *i on of this name, as far as it is not cut; NULL when there is none left. */
static const struct target *next_of(const struct targets *all, size_t *i, const char *name)
{
	while (*i < all->n && strncmp(all->v[*i].name, name, COMM_CUT) != 0)
		++*i;
	return *i < all->n ? &all->v[(*i)++] : NULL;
}

static size_t count(const struct targets *all, const char *name)
{
	size_t i = 0, n = 0;

	while (next_of(all, &i, name))
		n++;
	return n;
}

/* Adds the threads of one name. */
static int match(const struct targets *threads, const struct targets *expected, const char *name,
	struct targets *targets)
{
	size_t n = count(threads, name), wanted = count(expected, name), i = 0, j = 0;
	const struct target *thread;

	if (n > wanted) {
		targets->crowded = true;
		return 0;
	}
	while ((thread = next_of(threads, &i, name))) {
		struct target *added = array_add(&targets->v, &targets->n, sizeof *added);
		const struct target *as = next_of(expected, &j, name);

		if (!added)
			return -ENOMEM;
		*added = *thread;
		added->queue = as->queue;
		added->kind = as->kind;
		added->unsure = n < wanted;
		if (!added->unsure)
			copy_str(added->name, sizeof added->name, as->name);
	}
	return 0;
}

int cut_names_match(struct targets *threads, const char *dev, struct targets *targets)
{
	_cleanup_(targets_free) struct targets expected = { 0 };
	int r = expect(targets, dev, &expected);

	if (threads->n)
		qsort(threads->v, threads->n, sizeof *threads->v, compare_creation);
	for (size_t i = 0; r == 0 && i < expected.n; i++) {
		const char *name = expected.v[i].name;
		size_t first = 0;

		if (next_of(&expected, &first, name) == &expected.v[i])
			r = match(threads, &expected, name, targets);
	}
	return r;
}
