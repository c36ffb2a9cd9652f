// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger.h"

#include "util.h"

#include <errno.h>
#include <string.h>

static const char *const state_names[] = {
	[VIF_RESERVED] = "reserved",
	[VIF_PARTIAL] = "partial",
	[VIF_PINNED] = "pinned",
};

const char *vif_state_name(enum vif_state state)
{
	return state_names[state];
}

static void clear_vif(struct vif_entry *vif)
{
	free(vif->domain);
	free(vif->places);
	*vif = (struct vif_entry){ 0 };
}

void ledger_clear(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->n_vifs; i++)
		clear_vif(&ledger->vifs[i]);
	for (size_t i = 0; i < ledger->n_remembered; i++)
		free(ledger->remembered[i].places);
	free(ledger->vifs);
	free(ledger->remembered);
	*ledger = (struct ledger){ 0 };
}

/* Index of the first entry that does not come before `id`. */
static size_t lower_bound(const struct ledger *ledger, struct vif_id id)
{
	size_t low = 0, high = ledger->n_vifs;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (vif_id_compare(&ledger->vifs[mid].id, &id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct vif_entry *ledger_find(const struct ledger *ledger, struct vif_id id)
{
	size_t i = lower_bound(ledger, id);

	if (i == ledger->n_vifs || vif_id_compare(&ledger->vifs[i].id, &id) != 0)
		return NULL;
	return &ledger->vifs[i];
}

struct vif_entry *ledger_add(struct ledger *ledger, struct vif_id id)
{
	size_t i = lower_bound(ledger, id);
	_cleanup_free_ char *domain = strdup("");
	struct vif_entry *grown;

	grown = array_grow(ledger->vifs, ledger->n_vifs, sizeof *grown);
	if (grown)
		ledger->vifs = grown;
	if (!grown || !domain)
		return NULL;
	memmove(&grown[i + 1], &grown[i], (ledger->n_vifs - i) * sizeof *grown);
	ledger->n_vifs++;
	grown[i] = (struct vif_entry){ .id = id, .domain = domain, .since = SINCE_NEW };
	domain = NULL;
	return &grown[i];
}

void ledger_set_places(struct vif_entry *vif, struct place *places, unsigned int n)
{
	free(vif->places);
	vif->places = places;
	vif->n_queues = n;
}

int ledger_set_domain(struct vif_entry *vif, const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		return -ENOMEM;
	free(vif->domain);
	vif->domain = copy;
	return 0;
}

static struct remembered *find_remembered(
	const struct ledger *ledger, const char *uuid, unsigned int devid)
{
	for (size_t i = 0; i < ledger->n_remembered; i++) {
		struct remembered *old = &ledger->remembered[i];

		if (old->devid == devid && strcmp(old->uuid, uuid) == 0)
			return old;
	}
	return NULL;
}

const struct remembered *ledger_recall(
	const struct ledger *ledger, const char *uuid, unsigned int devid)
{
	return *uuid ? find_remembered(ledger, uuid, devid) : NULL;
}

static void forget(struct ledger *ledger, struct remembered *old)
{
	size_t i = (size_t)(old - ledger->remembered);

	free(old->places);
	ledger->n_remembered--;
	memmove(old, old + 1, (ledger->n_remembered - i) * sizeof *old);
}

/*
 * Moves the places of a vif that goes into `remembered`. A preference is worth
 * little: when memory is out it is given up.
 */
static void remember(struct ledger *ledger, struct vif_entry *vif)
{
	struct remembered *old, *grown;

	if (!*vif->uuid || !vif->n_queues)
		return;
	old = find_remembered(ledger, vif->uuid, vif->id.devid);
	if (!old && ledger->n_remembered == REMEMBERED_MAX)
		old = &ledger->remembered[0];
	if (old)
		forget(ledger, old);
	grown = array_grow(ledger->remembered, ledger->n_remembered, sizeof *grown);
	if (!grown)
		return;
	ledger->remembered = grown;
	old = &grown[ledger->n_remembered++];
	*old = (struct remembered){
		.devid = vif->id.devid, .places = vif->places, .n_queues = vif->n_queues
	};
	copy_str(old->uuid, sizeof old->uuid, vif->uuid);
	vif->places = NULL;
}

void ledger_release(struct ledger *ledger, struct vif_id id)
{
	struct vif_entry *vif = ledger_find(ledger, id);
	size_t i;

	if (!vif)
		return;
	i = (size_t)(vif - ledger->vifs);
	remember(ledger, vif);
	clear_vif(vif);
	ledger->n_vifs--;
	memmove(vif, vif + 1, (ledger->n_vifs - i) * sizeof *vif);
}

void ledger_enter_boot(struct ledger *ledger, const char *boot_id)
{
	if (strcmp(ledger->boot_id, boot_id) == 0)
		return;
	while (ledger->n_vifs)
		ledger_release(ledger, ledger->vifs[0].id);
	copy_str(ledger->boot_id, sizeof ledger->boot_id, boot_id);
}

static void add_side(unsigned int *load, int cpu)
{
	if (cpu >= 0 && cpu < CPUSET_MAX)
		load[cpu]++;
}

void ledger_add_load(const struct vif_entry *vif, unsigned int *load)
{
	for (unsigned int q = 0; q < vif->n_queues; q++) {
		add_side(load, vif->places[q].tx_cpu);
		add_side(load, vif->places[q].rx_cpu);
	}
}
