// SPDX-License-Identifier: GPL-2.0-or-later
#include "world.h"

#include "util.h"
#include "vifmap.h"

static void free_vif(struct world_vif *vif)
{
	free(vif->backend.domain);
	targets_free(&vif->targets);
	free(vif->near);
}

void world_free(struct world *world)
{
	for (size_t i = 0; i < world->n_vifs; i++)
		free_vif(&world->vifs[i]);
	free(world->vifs);
	free(world->domains);
	inventory_free(&world->inventory);
	measured_load_free(&world->measured);
	*world = (struct world){ 0 };
}

/* It is asked of every entry: to search with a function that compares takes three times as long. */
static bool has_domain(const struct world *world, unsigned int domid)
{
	size_t low = 0, high = world->n_domains;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (world->domains[mid] < domid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < world->n_domains && world->domains[low] == domid;
}

bool world_is_gone(const struct world *world, struct vif_id id)
{
	const struct world_vif *seen = world_find(world, id);

	if (seen)
		return seen->presence == BACKEND_GONE;
	return world->complete || (world->domains && !has_domain(world, id.domid));
}

struct world_vif *world_find(const struct world *world, struct vif_id id)
{
	return vifmap_find(world->vifs, world->n_vifs, sizeof *world->vifs, id);
}

struct world_vif *world_add(struct world *world, struct vif_id id)
{
	return vifmap_add(&world->vifs, &world->n_vifs, sizeof *world->vifs, id);
}

static void move_targets(struct world_vif *from, struct world_vif *to)
{
	copy_str(to->dev, sizeof to->dev, from->dev);
	to->targets = from->targets;
	from->targets = (struct targets){ 0 };
}

bool world_knows_targets(const struct world *known, struct vif_id id)
{
	const struct world_vif *vif = world_find(known, id);

	return vif && vif->targets.n;
}

void world_take_targets(struct world *known, struct world_vif *vif)
{
	move_targets(world_find(known, vif->id), vif);
}

static void forget(struct world *known, struct world_vif *vif)
{
	free_vif(vif);
	array_remove(known->vifs, &known->n_vifs, sizeof *vif, vif);
}

size_t world_count_targets(const struct world *world)
{
	size_t n = 0;

	for (size_t i = 0; i < world->n_vifs; i++)
		n += world->vifs[i].targets.n;
	return n;
}

void world_mark_interrupts(const struct world *world, struct vif_id but, bool *taken, size_t n)
{
	for (size_t i = 0; i < world->n_vifs; i++) {
		const struct world_vif *vif = &world->vifs[i];

		if (vif_id_compare(&vif->id, &but) == 0)
			continue;
		for (size_t j = 0; j < vif->targets.n; j++) {
			const struct target *target = &vif->targets.v[j];

			if (!target_is_thread(target) && target->irq < n)
				taken[target->irq] = true;
		}
	}
}

void world_learn_targets(struct world *known, struct world *found, const struct ledger *ledger)
{
	for (size_t i = 0; i < found->n_vifs; i++) {
		struct world_vif *vif = &found->vifs[i], *new;

		new = vif->looked ? world_add(known, vif->id) : NULL;
		if (!new)
			continue;
		targets_free(&new->targets);
		move_targets(vif, new);
	}
	for (size_t i = known->n_vifs; i-- > 0;) {
		if (!known->vifs[i].targets.n || !ledger_find(ledger, known->vifs[i].id))
			forget(known, &known->vifs[i]);
	}
}

struct rules world_rules(
	const struct world *world, const struct config *config, const struct vif_entry *vif)
{
	const struct world_vif *seen = world_find(world, vif->id);

	return inventory_rules(
		&world->inventory, config, vif->domain, vif->mac, seen ? seen->near : NULL);
}
