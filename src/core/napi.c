// SPDX-License-Identifier: GPL-2.0-or-later
#include "napi.h"

#include "util.h"

#include <errno.h>
#include <stdlib.h>

/* NAPI's first, by ID, which is kept as `queue` until all are known. */
static int compare_ids(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind == TARGET_NAPI ? -1 : y->kind == TARGET_NAPI;
	return compare_uints(&x->queue, &y->queue);
}

int napi_match(struct targets *threads, const char *dev, struct targets *targets)
{
	size_t n = 0;

	for (size_t i = 0; i < threads->n; i++) {
		struct target *thread = &threads->v[i];

		if (!vifname_match_napi(dev, thread->name, &thread->queue))
			continue;
		thread->kind = TARGET_NAPI;
		n++;
	}
	if (n == 0 || n > targets->n_queues)
		return 0;
	qsort(threads->v, threads->n, sizeof *threads->v, compare_ids);
	for (unsigned int q = 0; q < n; q++) {
		struct target *added = array_add(&targets->v, &targets->n, sizeof *added);

		if (!added)
			return -ENOMEM;
		*added = threads->v[q];
		added->queue = q;
		added->unsure = n < targets->n_queues;
	}
	return 0;
}
