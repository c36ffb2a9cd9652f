// SPDX-License-Identifier: GPL-2.0-or-later
#include "pins.h"

#include "util.h"

#include <string.h>

void pins_clear(struct pins *pins)
{
	for (size_t i = 0; i < pins->n; i++)
		parts_free(&pins->v[i].parts);
	free(pins->v);
	*pins = (struct pins){ 0 };
}

/* Index of the first that does not come before `id`. */
static size_t lower_bound(const struct pins *pins, struct vif_id id)
{
	size_t low = 0, high = pins->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (vif_id_compare(&pins->v[mid].id, &id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct pinned *find(const struct pins *pins, struct vif_id id)
{
	size_t i = lower_bound(pins, id);

	if (i == pins->n || vif_id_compare(&pins->v[i].id, &id) != 0)
		return NULL;
	return &pins->v[i];
}

const struct parts *pins_find(const struct pins *pins, struct vif_id id)
{
	const struct pinned *pinned = find(pins, id);

	return pinned ? &pinned->parts : NULL;
}

static void forget(struct pins *pins, struct vif_id id)
{
	struct pinned *pinned = find(pins, id);
	size_t i;

	if (!pinned)
		return;
	i = (size_t)(pinned - pins->v);
	parts_free(&pinned->parts);
	pins->n--;
	memmove(pinned, pinned + 1, (pins->n - i) * sizeof *pinned);
}

/* Takes over *parts. */
static void learn(struct pins *pins, struct vif_id id, struct parts *parts)
{
	size_t i = lower_bound(pins, id);
	struct pinned *grown = array_grow(pins->v, pins->n, sizeof *grown);

	if (!grown)
		return;
	pins->v = grown;
	memmove(&grown[i + 1], &grown[i], (pins->n - i) * sizeof *grown);
	grown[i] = (struct pinned){ .id = id, .parts = *parts };
	pins->n++;
	*parts = (struct parts){ 0 };
}

void pins_learn(struct pins *pins, struct pass *pass)
{
	for (size_t i = 0; i < pass->n_outcomes; i++) {
		struct outcome *outcome = &pass->outcomes[i];

		forget(pins, outcome->id);
		if (!outcome->release && outcome->parts.n_queues)
			learn(pins, outcome->id, &outcome->parts);
	}
}
