// SPDX-License-Identifier: GPL-2.0-or-later
#include "pending.h"

#include "util.h"
#include "vifmap.h"

void pending_clear(struct pending *pending)
{
	free(pending->items);
	*pending = (struct pending){ 0 };
}

void pending_mark(struct pending *pending, struct vif_id id)
{
	struct pending_item *item =
		vifmap_add(&pending->items, &pending->n, sizeof *pending->items, id);

	if (item)
		item->marked = true;
	else
		pending->all = true;
}

void pending_mark_all(struct pending *pending)
{
	pending->all = true;
}

static bool is_due(const struct pending_item *item, int64_t now)
{
	return item->marked && item->not_before <= now;
}

bool pending_next_due(
	const struct pending *pending, int64_t now, struct vif_id from, struct vif_id *id)
{
	size_t i = vifmap_lower_bound(pending->items, pending->n, sizeof *pending->items, from);

	for (; i < pending->n; i++) {
		if (is_due(&pending->items[i], now)) {
			*id = pending->items[i].id;
			return true;
		}
	}
	return false;
}

bool pending_retry(struct pending *pending, struct vif_id id, int64_t now)
{
	struct pending_item *item =
		vifmap_add(&pending->items, &pending->n, sizeof *pending->items, id);
	bool news = !item || !item->failed;

	if (item) {
		item->marked = item->failed = item->retrying = true;
		item->not_before = now + PENDING_RETRY_MS;
	}
	return news;
}

void pending_done(struct pending *pending, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < pending->n; i++) {
		struct pending_item item = pending->items[i];

		if (!item.retrying && item.marked && (pending->all || item.not_before <= now)) {
			item.marked = item.failed = false;
			item.not_before = now + PENDING_PAUSE_MS;
		}
		item.retrying = false;
		/* What is neither marked nor pausing says nothing any more. */
		if (item.marked || item.not_before > now)
			pending->items[kept++] = item;
	}
	pending->n = kept;
	pending->all = false;
}

int64_t pending_wait(const struct pending *pending, int64_t now)
{
	int64_t wait = -1;

	if (pending->all)
		return 0;
	for (size_t i = 0; i < pending->n; i++) {
		const struct pending_item *item = &pending->items[i];
		int64_t left = item->not_before > now ? item->not_before - now : 0;

		if (item->marked && (wait < 0 || left < wait))
			wait = left;
	}
	return wait;
}
