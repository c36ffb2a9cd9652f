// SPDX-License-Identifier: GPL-2.0-or-later
#include "decide.h"

#include "drift.h"
#include "paths.h"
#include "util.h"
#include "vifmap.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* What is being decided on. */
struct decision {
	const struct request *request;
	const struct config *config;
	const struct world *world;
	struct ledger *ledger;
	struct cpu_load *load; /* [CPUSET_MAX], by the ledger and NICs; NULL until it is needed */
	struct changes changes;
	bool no_memory; /* it has run out: what has been decided is good for nothing */
};

/* Notes that memory is out, and is false. */
static bool give_up(struct decision *d)
{
	d->no_memory = true;
	return false;
}

static void copy_text(struct decision *d, char **to, const char *text)
{
	free(*to);
	*to = strdup(text);
	if (!*to)
		give_up(d);
}

static bool is_requested(const struct request *request, struct vif_id id)
{
	bool named = request->kind == REQUEST_REPAIR || request->all;

	for (size_t i = 0; !named && i < request->n_vifs; i++)
		named = vif_id_compare(&request->vifs[i], &id) == 0;
	for (size_t i = 0; !named && i < request->n_moves; i++)
		named = vif_id_compare(&request->moves[i].id, &id) == 0;
	return named;
}

/* The vif's change; pointers to others hold no longer. NULL when memory is out. */
static struct change *change_of(struct decision *d, struct vif_id id)
{
	struct change *change = vifmap_add(&d->changes.v, &d->changes.n, sizeof *d->changes.v, id);

	if (change)
		change->requested = is_requested(d->request, id);
	else
		give_up(d);
	return change;
}

/* The same, of a vif that is, or would be, in the ledger as one of this domain. */
static struct change *change_within(struct decision *d, struct vif_id id, const char *domain)
{
	struct change *change = change_of(d, id);

	if (change)
		copy_text(d, &change->domain, domain);
	return change;
}

/* --- releasing ---------------------------------------------------------------------------- */

/* Takes the vif's entry out of the ledger: its change, or NULL if it has none. */
static struct change *release(struct decision *d, struct vif_id id)
{
	const struct vif_entry *entry = ledger_find(d->ledger, id);
	struct change *change = entry ? change_of(d, id) : NULL;

	if (!change)
		return NULL;
	copy_text(d, &change->released, entry->domain);
	if (d->load)
		load_remove(d->load, entry->places, entry->n_queues);
	ledger_release(d->ledger, id);
	free(change->domain);
	change->domain = NULL;
	change->placed = false;
	return change;
}

/* The same, and whatever the vif has in the kernel gets the default masks back. */
static void release_and_unpin(struct decision *d, struct vif_id id)
{
	struct world_vif *seen = world_find(d->world, id);
	struct change *change = release(d, id);

	if (change && seen)
		change->unpin = &seen->targets;
}

/* Domids are used again: an entry with another UUID is of a domain that is gone. */
static bool is_of_another_domain(const struct vif_entry *entry, const struct backend_state *backend)
{
	return *entry->uuid && *backend->uuid && strcmp(entry->uuid, backend->uuid) != 0;
}

static void release_gone(struct decision *d)
{
	/* From the end, since entries go. */
	for (size_t i = d->ledger->n_vifs; i-- > 0;) {
		struct vif_id id = d->ledger->vifs[i].id;

		if (world_is_gone(d->world, id))
			release(d, id);
	}
}

/* --- how many queues, and on which CPUs --------------------------------------------------- */

/* As many as there are; before there is one, as many as there will be. */
static unsigned int wanted_queues(const struct vif_entry *entry, const struct world_vif *seen)
{
	unsigned int n = seen->backend.max_queues;

	if (seen->targets.n_queues)
		return seen->targets.n_queues;
	if (entry && entry->n_queues)
		return entry->n_queues;
	if (seen->backend.vcpus && seen->backend.vcpus < n)
		n = seen->backend.vcpus;
	return n ? n : 1;
}

/*
 * It has connected with fewer queues than it was expected to: nothing stands anywhere yet, and the
 * first places of each such vif may be the same. So it is placed as one of so many queues.
 */
static bool was_expected_larger(const struct vif_entry *entry, unsigned int n)
{
	return entry && entry->state == VIF_RESERVED && n < entry->n_queues;
}

/* A side stays where it is if that CPU is online. True when n places are left whole, and no other.
 */
static bool keep_places(const struct vif_entry *entry, const struct cpuset *online,
	struct place *places, unsigned int n)
{
	bool anew = was_expected_larger(entry, n), whole = !anew && entry && entry->n_queues >= n;

	for (unsigned int q = 0; q < n; q++) {
		places[q] = !anew && entry && q < entry->n_queues ? entry->places[q] : PLACE_NONE;
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			int *cpu = &places[q].cpu[side];

			if (*cpu != CPU_NONE && !cpuset_has(online, (unsigned int)*cpu))
				*cpu = CPU_NONE;
			whole = whole && *cpu != CPU_NONE;
		}
	}
	return whole;
}

static bool prepare_load(struct decision *d)
{
	if (!d->load)
		d->load = load_new(d->world->inventory.nics, d->ledger);
	return d->load || give_up(d);
}

static int plan(struct decision *d, const struct vif_entry *entry, struct place *places,
	unsigned int n, struct plan_steps *steps)
{
	const struct remembered *old = ledger_recall(d->ledger, entry->uuid, entry->id.devid);
	const struct place *before = old ? old->places : NULL;
	unsigned int n_before = old ? old->n_queues : 0;
	const struct topology *topology = &d->world->inventory.topology;
	struct rules rules = world_rules(d->world, d->config, entry);
	struct plan_input input = { .rules = &rules, .load = d->load };

	if (d->world->measured.sums)
		input.measured = &d->world->measured;
	if (topology->pinned) {
		input.cores = topology->cores;
		input.n_cores = topology->n_cpus;
	}
	if (was_expected_larger(entry, n)) {
		before = entry->places;
		n_before = entry->n_queues;
	}
	return plan_vif(&input, places, n, before, n_before, steps);
}

/* Places the sides that have no CPU. False, d->load as it was, when no CPU is left. */
static bool place_rest(struct decision *d, const struct vif_entry *entry, struct place *places,
	unsigned int n, struct change *change)
{
	int r;

	if (!prepare_load(d))
		return false;
	load_remove(d->load, entry->places, entry->n_queues);
	load_add(d->load, places, n);
	r = plan(d, entry, places, n, d->request->explain ? &change->steps : NULL);
	if (r == -ENOMEM)
		return give_up(d);
	if (r == 0)
		return true;
	load_remove(d->load, places, n);
	load_add(d->load, entry->places, entry->n_queues);
	err_set(&change->failure, ENODEV,
		"no CPU is left for vif %u.%u: none of those online is in both cpus of "
		"/" PATH_CONFIG " and vifpin's own affinity mask; see vifpin doctor",
		entry->id.domid, entry->id.devid);
	return false;
}

/*
 * Makes the entry have n places, each side on a CPU that is online. False, the entry as it was,
 * with the change's failure when no CPU is left.
 */
static bool fit(struct decision *d, struct vif_entry *entry, unsigned int n, struct change *change)
{
	_cleanup_free_ struct place *places = calloc(n, sizeof *places);

	if (!places)
		return give_up(d);
	if (keep_places(entry, &d->world->inventory.online, places, n)) {
		if (n == entry->n_queues)
			return true;
		if (d->load)
			load_remove(d->load, entry->places + n, entry->n_queues - n);
	} else if (!place_rest(d, entry, places, n, change)) {
		return false;
	}
	change->placed = true;
	ledger_set_places(entry, places, n);
	places = NULL;
	return true;
}

/* --- a vif that is there ------------------------------------------------------------------ */

static bool is_left_alone(const struct config *config, const struct backend_state *backend)
{
	const struct config_vif *exception = config_find_vif(config, backend->domain, backend->mac);

	return exception && !exception->pin;
}

/* What vifpin has done to the vif is undone. */
static void leave_alone(struct decision *d, const struct world_vif *seen)
{
	struct change *change;

	release_and_unpin(d, seen->id);
	change = change_within(d, seen->id, seen->backend.domain);
	if (change)
		change->left_alone = true;
}

/* The vif's entry, with what xenstore says of it; a new one where there is none. */
static struct vif_entry *describe(struct decision *d, const struct world_vif *seen)
{
	const struct backend_state *backend = &seen->backend;
	struct vif_entry *entry = ledger_enter(d->ledger, seen->id, backend->domain);

	if (!entry) {
		give_up(d);
		return NULL;
	}
	/* A UUID that is known stays so: a stale domid is found by it. */
	if (*backend->uuid)
		copy_str(entry->uuid, sizeof entry->uuid, backend->uuid);
	copy_str(entry->mac, sizeof entry->mac, backend->mac);
	copy_str(entry->dev, sizeof entry->dev, seen->dev);
	return entry;
}

/* Fills the entry in, or makes it, and gives it its places; on failure no new one is made. */
static void enter(struct decision *d, const struct world_vif *seen)
{
	struct vif_entry *entry = describe(d, seen);
	struct change *change = change_within(d, seen->id, seen->backend.domain);
	bool is_new;

	if (!entry || !change)
		return;
	is_new = entry->n_queues == 0;
	change->connected = seen->targets.n_queues > 0;
	if (!fit(d, entry, wanted_queues(entry, seen), change) && is_new)
		ledger_release(d->ledger, seen->id);
}

static void update(struct decision *d, const struct world_vif *seen)
{
	const struct vif_entry *entry = ledger_find(d->ledger, seen->id);

	if (seen->presence == BACKEND_GONE)
		release(d, seen->id);
	if (seen->presence != BACKEND_PRESENT)
		return;
	if (entry && is_of_another_domain(entry, &seen->backend)) {
		release(d, seen->id);
		entry = NULL;
	}
	if (seen->backend.leaving)
		return;
	/* Before netback has probed the vif, how many queues there will be is not known. */
	if (is_left_alone(d->config, &seen->backend))
		leave_alone(d, seen);
	else if (entry || !seen->backend.unprobed)
		enter(d, seen);
}

static void update_all(struct decision *d)
{
	if (d->request->all || d->request->sweep)
		release_gone(d);
	for (size_t i = 0; i < d->world->n_vifs; i++)
		update(d, &d->world->vifs[i]);
}

bool decide_may_place(const struct request *request, const struct config *config,
	const struct world *world, const struct ledger *ledger, const struct world_vif *vif)
{
	const struct vif_entry *entry = ledger_find(ledger, vif->id);
	_cleanup_free_ struct place *places = NULL;
	unsigned int n;

	if (request->kind == REQUEST_UPDATE || world->unreadable) {
		if (vif->presence != BACKEND_PRESENT || vif->backend.leaving ||
			is_left_alone(config, &vif->backend))
			return false;
		if (!entry || is_of_another_domain(entry, &vif->backend))
			return !vif->backend.unprobed;
		n = wanted_queues(entry, vif);
	} else {
		n = request->kind == REQUEST_REPAIR && entry ? entry->n_queues : 0;
	}
	places = calloc(n + 1, sizeof *places);
	return !places || (n && !keep_places(entry, &world->inventory.online, places, n));
}

/* --- a ledger that could not be read ------------------------------------------------------ */

/* Where each queue's targets stand, if all of them are there and look like vifpin's work. */
static bool find_places(const struct world_vif *seen, struct place *places)
{
	const struct targets *targets = &seen->targets;

	for (unsigned int q = 0; q < targets->n_queues; q++)
		places[q] = PLACE_NONE;
	for (size_t i = 0; i < targets->n; i++) {
		const struct target *target = &targets->v[i];
		int *cpu = &places[target->queue].cpu[target_side(target)];

		if (target->cpu == CPU_NONE || (*cpu != CPU_NONE && *cpu != target->cpu))
			return false;
		*cpu = target->cpu;
	}
	return targets->n_queues && targets_complete(targets, seen->dev, NULL);
}

static void adopt(struct decision *d, const struct world_vif *seen)
{
	_cleanup_free_ struct place *places = calloc(seen->targets.n_queues + 1, sizeof *places);
	struct vif_entry *entry;

	if (!places) {
		give_up(d);
		return;
	}
	if (seen->presence != BACKEND_PRESENT || seen->backend.leaving || seen->backend.unprobed ||
		is_left_alone(d->config, &seen->backend) || !find_places(seen, places))
		return;
	entry = describe(d, seen);
	if (!entry)
		return;
	ledger_set_places(entry, places, seen->targets.n_queues);
	places = NULL;
}

static void adopt_all(struct decision *d)
{
	for (size_t i = 0; i < d->world->n_vifs; i++)
		adopt(d, &d->world->vifs[i]);
	update_all(d);
}

/* --- releasing on request ----------------------------------------------------------------- */

static void release_requested(struct decision *d)
{
	for (size_t i = 0; i < d->request->n_vifs; i++) {
		if (d->request->unpin)
			release_and_unpin(d, d->request->vifs[i]);
		else
			release(d, d->request->vifs[i]);
	}
}

/* --- putting back ------------------------------------------------------------------------- */

/* What has moved of a vif that was pinned; false when its targets are not those it had then. */
static bool note_drift(const struct differences *all, struct drift_note *note)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct difference *difference = &all->v[i];

		if (!difference_is_mask(difference))
			return false;
		if (note->count++)
			continue;
		copy_str(note->first, sizeof note->first, difference->name);
		note->is_thread = target_is_thread(difference->target);
		note->cpu = difference->should;
		difference_format_is(difference, note->is, sizeof note->is);
	}
	return true;
}

static void put_back(struct decision *d, struct vif_id id, const struct drift_note *note)
{
	struct vif_entry *entry = ledger_edit(d->ledger, id);
	struct change *change = change_within(d, id, entry->domain);

	if (!change)
		return;
	change->drift = *note;
	change->connected = true;
	/* Saturates where the ledger's text does. */
	if (fit(d, entry, entry->n_queues, change))
		entry->drift =
			note->count < INT_MAX - entry->drift ? entry->drift + note->count : INT_MAX;
}

/*
 * A vif that is pinned is compared with the kernel. True when that is not enough, and it has to be
 * looked at with xenstore's help: what cannot be compared, since it is not pinned or its targets
 * are no longer those that were, and what was found before state 4, when netback was perhaps still
 * making queues. What is only reserved is looked at once it has a queue: there may have been no
 * event, since a vif whose hotplug-status never becomes connected gets its queues at state 2 and
 * stays there.
 */
static bool repair(struct decision *d, const struct vif_entry *entry)
{
	const struct world_vif *seen = world_find(d->world, entry->id);
	struct drift_note note = { 0 };
	struct differences all;
	bool same;

	if (seen && seen->passed_over)
		return false;
	if (!seen || !seen->looked)
		return true;
	if (entry->state == VIF_RESERVED)
		return seen->targets.n_queues > 0;
	if (drift_compare(entry, seen->dev, &seen->targets, &all) < 0)
		return give_up(d);
	same = entry->state == VIF_PINNED && seen->targets.n_queues && note_drift(&all, &note);
	differences_free(&all);
	if (same && note.count)
		put_back(d, entry->id, &note);
	return !same || seen->targets.connecting;
}

static void repair_all(struct decision *d)
{
	for (size_t i = 0; i < d->ledger->n_vifs; i++) {
		const struct vif_entry *entry = &d->ledger->vifs[i];
		struct vif_id *again;

		if (!repair(d, entry))
			continue;
		again = array_add(&d->changes.again, &d->changes.n_again, sizeof *again);
		if (again)
			*again = entry->id;
		else
			give_up(d);
	}
}

/* --- moving ------------------------------------------------------------------------------- */

static void move(struct decision *d, const struct queue_move *move)
{
	struct vif_entry *entry = ledger_edit(d->ledger, move->id);
	const struct world_vif *seen = world_find(d->world, move->id);
	struct change *change;
	struct queue_move *moved;

	if (!entry || move->queue >= entry->n_queues ||
		!place_equal(entry->places[move->queue], move->from))
		return;
	change = change_within(d, move->id, entry->domain);
	moved = change ? array_add(&change->moved, &change->n_moved, sizeof *moved) : NULL;
	if (!moved) {
		give_up(d);
		return;
	}
	*moved = *move;
	change->placed = true;
	change->connected = seen && seen->targets.n_queues;
	entry->places[move->queue] = move->to;
}

static void move_all(struct decision *d)
{
	for (size_t i = 0; i < d->request->n_moves; i++)
		move(d, &d->request->moves[i]);
}

/* --- masks -------------------------------------------------------------------------------- */

static void add_write(struct decision *d, struct change *change, const struct targets *targets,
	const struct difference *difference)
{
	struct mask_write *write = array_add(&change->writes, &change->n_writes, sizeof *write);

	if (!write) {
		give_up(d);
		return;
	}
	write->target = &targets->v[difference->target - targets->v];
	write->cpu = difference->should;
}

/* What the kernel has of a vif against its entry as it is now. */
static void find_writes(struct decision *d, struct change *change)
{
	const struct vif_entry *entry = ledger_find(d->ledger, change->id);
	const struct world_vif *seen = world_find(d->world, change->id);
	struct differences all;

	if (!entry || !change->connected || !seen || *change->failure.msg)
		return;
	if (drift_compare(entry, seen->dev, &seen->targets, &all) < 0)
		give_up(d);
	for (size_t i = 0; i < all.n; i++) {
		if (difference_is_mask(&all.v[i]))
			add_write(d, change, &seen->targets, &all.v[i]);
	}
	targets_complete(&seen->targets, seen->dev, &change->missing);
	differences_free(&all);
}

int decide(const struct request *request, const struct config *config, const struct world *world,
	struct ledger *ledger, struct changes *out, struct err *err)
{
	static void (*const kinds[])(struct decision * d) = {
		[REQUEST_UPDATE] = update_all,
		[REQUEST_RELEASE] = release_requested,
		[REQUEST_REPAIR] = repair_all,
		[REQUEST_MOVE] = move_all,
	};
	struct decision d = { request, config, world, ledger, NULL, { 0 }, false };

	if (world->unreadable)
		adopt_all(&d);
	if (!world->unreadable || request->kind != REQUEST_UPDATE)
		kinds[request->kind](&d);
	for (size_t i = 0; i < d.changes.n; i++)
		find_writes(&d, &d.changes.v[i]);
	free(d.load);
	if (d.no_memory) {
		changes_free(&d.changes);
		return err_no_memory(err);
	}
	*out = d.changes;
	return 0;
}
