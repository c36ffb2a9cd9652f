// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger.h"

#include "util.h"
#include "vifmap.h"

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

const struct vif_entry *ledger_find(const struct ledger *ledger, struct vif_id id)
{
	return vifmap_find(ledger->vifs, ledger->n_vifs, sizeof *ledger->vifs, id);
}

struct vif_entry *ledger_edit(struct ledger *ledger, struct vif_id id)
{
	struct vif_entry *vif = vifmap_find(ledger->vifs, ledger->n_vifs, sizeof *ledger->vifs, id);

	if (vif)
		vif->line = (struct ledger_line){ 0 };
	return vif;
}

struct vif_entry *ledger_enter(struct ledger *ledger, struct vif_id id, const char *domain)
{
	char *copy = strdup(domain);
	struct vif_entry *vif = NULL;

	if (copy)
		vif = vifmap_add(&ledger->vifs, &ledger->n_vifs, sizeof *vif, id);
	if (!vif) {
		free(copy);
		return NULL;
	}
	if (!vif->domain)
		vif->since = SINCE_NEW;
	free(vif->domain);
	vif->domain = copy;
	vif->line = (struct ledger_line){ 0 };
	return vif;
}

void ledger_set_places(struct vif_entry *vif, struct place *places, unsigned int n)
{
	free(vif->places);
	vif->places = places;
	vif->n_queues = n;
}

struct remembered *ledger_recall(const struct ledger *ledger, const char *uuid, unsigned int devid)
{
	for (size_t i = 0; *uuid && i < ledger->n_remembered; i++) {
		struct remembered *old = &ledger->remembered[i];

		if (old->devid == devid && strcmp(old->uuid, uuid) == 0)
			return old;
	}
	return NULL;
}

/*
 * Moves the places of a vif that goes into `remembered`. A preference is worth
 * little: when memory is out it is given up.
 */
static void remember(struct ledger *ledger, struct vif_entry *vif)
{
	struct remembered *old;

	if (!*vif->uuid || !vif->n_queues)
		return;
	old = ledger_recall(ledger, vif->uuid, vif->id.devid);
	if (!old && ledger->n_remembered == REMEMBERED_MAX)
		old = &ledger->remembered[0];
	if (old) {
		free(old->places);
		array_remove(ledger->remembered, &ledger->n_remembered, sizeof *old, old);
	}
	old = array_add(&ledger->remembered, &ledger->n_remembered, sizeof *old);
	if (!old)
		return;
	copy_str(old->uuid, sizeof old->uuid, vif->uuid);
	old->devid = vif->id.devid;
	old->places = vif->places;
	old->n_queues = vif->n_queues;
	vif->places = NULL;
}

void ledger_release(struct ledger *ledger, struct vif_id id)
{
	struct vif_entry *vif = ledger_edit(ledger, id);

	if (!vif)
		return;
	remember(ledger, vif);
	clear_vif(vif);
	array_remove(ledger->vifs, &ledger->n_vifs, sizeof *vif, vif);
}

bool ledger_keep(struct ledger *ledger,
	bool (*wanted)(const struct vif_entry *vif, const char *word), const char *word)
{
	size_t kept = 0;

	for (size_t i = 0; i < ledger->n_vifs; i++) {
		struct vif_entry vif = ledger->vifs[i];

		if (!wanted(&vif, word))
			continue;
		ledger->vifs[i] = ledger->vifs[kept];
		ledger->vifs[kept++] = vif;
	}
	while (kept && ledger->n_vifs > kept)
		clear_vif(&ledger->vifs[--ledger->n_vifs]);
	return kept > 0;
}

void ledger_enter_boot(struct ledger *ledger, const char *boot_id)
{
	if (strcmp(ledger->boot_id, boot_id) == 0)
		return;
	while (ledger->n_vifs)
		ledger_release(ledger, ledger->vifs[0].id);
	copy_str(ledger->boot_id, sizeof ledger->boot_id, boot_id);
}
