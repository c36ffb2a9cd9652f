// SPDX-License-Identifier: GPL-2.0-or-later
#include "targets.h"

#include "util.h"

#include <errno.h>

bool target_is_thread(const struct target *target)
{
	return target->kind >= TARGET_GUEST_RX;
}

enum side target_side(const struct target *target)
{
	bool rx = target->kind == TARGET_RX || target->kind == TARGET_GUEST_RX;

	return rx ? SIDE_RX : SIDE_TX;
}

void targets_free(struct targets *targets)
{
	for (size_t i = 0; i < targets->n; i++)
		free(targets->v[i].mask);
	free(targets->v);
	*targets = (struct targets){ 0 };
}

/* The kinds of targets that a queue has, a bit each. */
static unsigned int kinds_of(const struct targets *targets, unsigned int queue)
{
	unsigned int kinds = 0;

	for (size_t i = 0; i < targets->n; i++) {
		if (targets->v[i].queue == queue)
			kinds |= 1u << targets->v[i].kind;
	}
	return kinds;
}

bool targets_next_missing(const struct targets *targets, unsigned int n_queues, const char *dev,
	unsigned int *from, struct target *missing)
{
	static const struct {
		unsigned int any; /* one of these is enough */
		enum target_kind kind;
	} needed[] = {
		{ 1u << TARGET_TX | 1u << TARGET_COMBINED, TARGET_TX },
		{ 1u << TARGET_RX | 1u << TARGET_COMBINED, TARGET_RX },
		{ 1u << TARGET_GUEST_RX, TARGET_GUEST_RX },
		{ 1u << TARGET_DEALLOC, TARGET_DEALLOC },
		{ 1u << TARGET_NAPI, TARGET_NAPI },
	};
	unsigned int kinds = 0;

	for (bool first = true; *from < n_queues * ARRAY_SIZE(needed); first = false) {
		unsigned int queue = *from / ARRAY_SIZE(needed), i = *from % ARRAY_SIZE(needed);

		if (first || i == 0)
			kinds = kinds_of(targets, queue);
		++*from;
		if (kinds & needed[i].any || (needed[i].kind == TARGET_NAPI && !targets->threaded))
			continue;
		*missing = (struct target){ .kind = needed[i].kind, .queue = queue };
		vifname_of_target(dev, true, queue, missing->kind, missing->name);
		return true;
	}
	return false;
}

bool targets_complete(const struct targets *targets, const char *dev, struct err *err)
{
	unsigned int from = 0;
	struct target missing;

	if (!targets_next_missing(targets, targets->n_queues, dev, &from, &missing))
		return true;
	if (target_is_thread(&missing) && targets->crowded)
		err_set(err, ENOTUNIQ,
			"thread %s cannot be told from others: the kernel cuts their names to %.*s",
			missing.name, COMM_CUT, missing.name);
	else
		err_set(err, ENOENT, "there is no %s %s",
			target_is_thread(&missing) ? "thread" : "interrupt", missing.name);
	return false;
}
