// SPDX-License-Identifier: GPL-2.0-or-later
#include "agenda.h"

#include "util.h"

#include <string.h>

void agenda_clear(struct agenda *agenda)
{
	free(agenda->items);
	*agenda = (struct agenda){ 0 };
}

/* Index of the first item that does not come before `id`. */
static size_t lower_bound(const struct agenda *agenda, struct vif_id id)
{
	size_t low = 0, high = agenda->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (vif_id_compare(&agenda->items[mid].id, &id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void agenda_mark(struct agenda *agenda, struct vif_id id)
{
	size_t i = lower_bound(agenda, id);
	struct agenda_item *grown;

	if (i < agenda->n && vif_id_compare(&agenda->items[i].id, &id) == 0) {
		agenda->items[i].marked = true;
		return;
	}
	grown = array_grow(agenda->items, agenda->n, sizeof *grown);
	if (!grown) {
		agenda->all = true;
		return;
	}
	agenda->items = grown;
	memmove(&grown[i + 1], &grown[i], (agenda->n - i) * sizeof *grown);
	grown[i] = (struct agenda_item){ .id = id, .marked = true };
	agenda->n++;
}

void agenda_mark_all(struct agenda *agenda)
{
	agenda->all = true;
}

static bool is_due(const struct agenda_item *item, int64_t now)
{
	return item->marked && item->not_before <= now;
}

bool agenda_is_due(const struct agenda *agenda, int64_t now)
{
	return agenda_wait(agenda, now) == 0;
}

bool agenda_next_due(
	const struct agenda *agenda, int64_t now, struct vif_id from, struct vif_id *id)
{
	for (size_t i = lower_bound(agenda, from); i < agenda->n; i++) {
		if (is_due(&agenda->items[i], now)) {
			*id = agenda->items[i].id;
			return true;
		}
	}
	return false;
}

void agenda_done(struct agenda *agenda, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < agenda->n; i++) {
		struct agenda_item item = agenda->items[i];

		if (item.marked && (agenda->all || item.not_before <= now)) {
			item.marked = false;
			item.not_before = now + AGENDA_PAUSE_MS;
		}
		/* What is neither marked nor pausing says nothing any more. */
		if (item.marked || item.not_before > now)
			agenda->items[kept++] = item;
	}
	agenda->n = kept;
	agenda->all = false;
}

int64_t agenda_wait(const struct agenda *agenda, int64_t now)
{
	int64_t wait = -1;

	if (agenda->all)
		return 0;
	for (size_t i = 0; i < agenda->n; i++) {
		const struct agenda_item *item = &agenda->items[i];
		int64_t left = item->not_before > now ? item->not_before - now : 0;

		if (item->marked && (wait < 0 || left < wait))
			wait = left;
	}
	return wait;
}
