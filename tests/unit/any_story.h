// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * any_story.h - stories made of choices, and what decide() must make of any of them.
 */
#pragma once

#include "scene.h"

#define CPUS 8 /* as random stories have them */

/* A story without an end, and the memory of its texts. */
struct draft {
	struct story story;
	struct pen cpus, own, isolated, nics, ledger, xenstore, kernel, request;
};

/* A vif of which a story tells something. */
struct draft_vif {
	struct vif_id id;
	unsigned int domain;
	struct place places[4];
	unsigned int n;
	bool asked; /* xenstore was */
};

static inline bool one_in(struct random *random, unsigned int n)
{
	return random_below(random, n) == 0;
}

static inline void draft_set(struct random *random, struct pen *pen)
{
	unsigned int bits = 1 + random_below(random, (1 << CPUS) - 1);
	const char *comma = "";

	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		if (!(bits >> cpu & 1))
			continue;
		put_down(pen, "%s%u", comma, cpu);
		comma = ",";
	}
}

static inline void draft_host(struct random *random, struct draft *draft)
{
	static const char *const configs[] = {
		"",
		"cpus = \"0-3\"",
		"avoid_nic = 0",
		"numa = 0",
		"vifs = [ \"domain=g1,cpus=4-5\" ]",
		"vifs = [ \"domain=g2,pin=0\" ]",
		"vifs = [ \"domain=g3,cpus=9\" ]",
	};
	unsigned int nics = one_in(random, 2) ? random_below(random, 6) : 0;

	draft->story.config = configs[random_below(random, ARRAY_SIZE(configs))];
	draft->story.cpus = "0-7";
	if (one_in(random, 2)) {
		draft_set(random, &draft->cpus);
		draft->story.cpus = draft->cpus.text;
	}
	if (one_in(random, 4)) {
		draft_set(random, &draft->own);
		draft->story.own = draft->own.text;
	}
	if (one_in(random, 4)) {
		draft_set(random, &draft->isolated);
		draft->story.isolated = draft->isolated.text;
	}
	for (unsigned int i = 0; i < nics; i++)
		put_down(&draft->nics, "%s%u", i ? " " : "", random_below(random, CPUS));
}

static inline void draft_places(struct random *random, struct pen *pen, struct draft_vif *vif)
{
	vif->n = 1 + random_below(random, ARRAY_SIZE(vif->places));
	for (unsigned int q = 0; q < vif->n; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++)
			vif->places[q].cpu[side] = (int)random_below(random, CPUS);
		put_down(pen, " %d/%d", vif->places[q].cpu[SIDE_TX], vif->places[q].cpu[SIDE_RX]);
	}
}

static inline void draft_entry(struct random *random, struct pen *pen, struct draft_vif *vif)
{
	put_down(pen, "%u.%u g%u %s", vif->id.domid, vif->id.devid, vif->domain,
		vif_state_name(random_below(random, 3)));
	draft_places(random, pen, vif);
	if (one_in(random, 6))
		put_down(pen, " uuid=");
	put_down(pen, "\n");
}

/* False when the kernel is not asked about this vif. */
static inline bool draft_backend(
	struct random *random, struct pen *pen, const struct draft_vif *vif)
{
	static const char *const states[] = { "waiting", "connected", "connected", "unprobed",
		"leaving" };
	unsigned int state = random_below(random, ARRAY_SIZE(states));

	if (one_in(random, 8))
		return false;
	put_down(pen, "%u.%u ", vif->id.domid, vif->id.devid);
	if (one_in(random, 6)) {
		put_down(pen, one_in(random, 2) ? "gone\n" : "listed\n");
		return false;
	}
	put_down(pen, "g%u %s", one_in(random, 6) ? 4 : vif->domain, states[state]);
	if (state == 0)
		put_down(pen, " queues=%u vcpus=%u", random_below(random, 5),
			random_below(random, 5));
	if (one_in(random, 6))
		put_down(pen, " uuid=");
	if (one_in(random, 4))
		put_down(pen, one_in(random, 2) ? " near=0-3" : " near=6,7");
	put_down(pen, "\n");
	return strcmp(states[state], "leaving") != 0;
}

/* A queue that stands where its place is, or anywhere. */
static inline void draft_queue(
	struct random *random, struct pen *pen, const struct draft_vif *vif, unsigned int q)
{
	enum target_kind kind = random_below(random, TARGET_KINDS);
	struct place place = vif->places[q % ARRAY_SIZE(vif->places)];

	if (one_in(random, 4))
		put_down(pen, " 0-7/0-7");
	else if (q < vif->n)
		put_down(pen, " %d/%d", place.cpu[SIDE_TX], place.cpu[SIDE_RX]);
	else
		put_down(pen, " %u/%u", random_below(random, CPUS), random_below(random, CPUS));
	if (!one_in(random, 4))
		return;
	put_down(pen, " %s=", kind_name(kind));
	if (one_in(random, 3))
		put_down(pen, one_in(random, 2) ? "none" : "2-3");
	else if (kind < TARGET_GUEST_RX && one_in(random, 3))
		put_down(pen, "%u>%u", random_below(random, CPUS), random_below(random, CPUS));
	else
		put_down(pen, "%u", random_below(random, CPUS));
}

static inline void draft_targets(
	struct random *random, struct pen *pen, const struct draft_vif *vif)
{
	unsigned int n = one_in(random, 3) ? random_below(random, 5) : vif->n;

	put_down(pen, "%u.%u", vif->id.domid, vif->id.devid);
	if (!vif->asked && one_in(random, 8))
		put_down(pen, " connecting");
	for (unsigned int q = 0; q < n; q++)
		draft_queue(random, pen, vif, q);
	put_down(pen, "\n");
}

/* What the request has to say of this vif. */
static inline void draft_wish(struct random *random, struct pen *pen, const struct draft_vif *vif)
{
	bool move = strncmp(pen->text, "move", 4) == 0;

	for (unsigned int q = 0; q < (move ? vif->n : 1); q++) {
		struct place from = vif->places[q];

		if (one_in(random, 2))
			continue;
		put_down(pen, " %u.%u", vif->id.domid, vif->id.devid);
		if (move)
			put_down(pen, "-q%u:%d/%d>%d/%u", q, from.cpu[SIDE_TX], from.cpu[SIDE_RX],
				(from.cpu[SIDE_TX] + 1) % CPUS, random_below(random, CPUS));
	}
}

static inline void draft_vif(struct random *random, struct draft *draft, struct draft_vif *vif)
{
	bool looked = !one_in(random, 4);

	vif->domain = 1 + random_below(random, 3);
	if (!draft->story.unreadable && !one_in(random, 3))
		draft_entry(random, &draft->ledger, vif);
	if (vif->asked)
		looked = draft_backend(random, &draft->xenstore, vif);
	if (looked)
		draft_targets(random, &draft->kernel, vif);
	if (strcmp(draft->request.text, "repair") != 0)
		draft_wish(random, &draft->request, vif);
}

static inline void draft_story(struct random *random, struct draft *draft)
{
	static const char *const requests[] = { "update", "update all", "update sweep", "release",
		"unpin", "repair", "move" };
	unsigned int kind = random_below(random, ARRAY_SIZE(requests));
	bool unreadable = one_in(random, 6), asked = kind < 3 || unreadable;

	*draft = (struct draft){ .story = {
					 .unreadable = unreadable,
					 .nics = draft->nics.text,
					 .ledger = draft->ledger.text,
					 .xenstore = draft->xenstore.text,
					 .kernel = draft->kernel.text,
					 .request = draft->request.text,
				 } };
	draft_host(random, draft);
	put_down(&draft->request, "%s", requests[kind]);
	for (unsigned int i = 0; i < 6; i++) {
		struct draft_vif vif = { .id = { 1 + i / 2, i % 2 }, .asked = asked };

		draft_vif(random, draft, &vif);
	}
	if (asked && (kind == 1 || unreadable))
		put_down(&draft->xenstore, "no others\n");
	else if (kind == 2)
		put_down(&draft->xenstore, "domains%s 2%s\n", one_in(random, 2) ? " 1" : "",
			one_in(random, 2) ? " 3" : "");
	if (one_in(random, 2))
		put_down(&draft->ledger, "remembered g1.0 7/6 5/4\nremembered g4.1 3/2\n");
}

static inline void print_story(const struct story *story)
{
	print_text("# cpus \"", story->cpus, "\", ");
	print_text("own \"", story->own, "\", ");
	print_text("isolated \"", story->isolated, "\", ");
	print_text("nics \"", story->nics, "\"");
	printf("%s\n", story->unreadable ? ", unreadable" : "");
	print_text("# config \"", story->config, "\"\n");
	print_text("# ledger \"", story->ledger, "\"\n");
	print_text("# xenstore \"", story->xenstore, "\"\n");
	print_text("# kernel \"", story->kernel, "\"\n");
	print_text("# request \"", story->request, "\"\n");
}

/* --- what holds for any ------------------------------------------------------------------- */

/* The entry that was there before, of the same domain; NULL when it is new. */
static inline const struct vif_entry *find_before(
	const struct ledger *before, const struct changes *changes, struct vif_id id)
{
	const struct change *change = find_change(changes, id);

	return change && change->released ? NULL : ledger_find(before, id);
}

/* Does a target of this side stand on this CPU alone? */
static inline bool stands_on(
	const struct world_vif *vif, unsigned int queue, enum side side, int cpu)
{
	for (size_t i = 0; vif && i < vif->targets.n; i++) {
		const struct target *target = &vif->targets.v[i];

		if (target->queue == queue && target_side(target) == side && target->cpu == cpu)
			return true;
	}
	return false;
}

static inline bool is_moved_to(const struct request *request, struct vif_id id, unsigned int queue,
	enum side side, int cpu)
{
	for (size_t i = 0; i < request->n_moves; i++) {
		const struct queue_move *move = &request->moves[i];

		if (vif_id_compare(&move->id, &id) == 0 && move->queue == queue &&
			move->to.cpu[side] == cpu)
			return true;
	}
	return false;
}

/* `old` is where the side was before, CPU_NONE for a new one. */
static inline void check_side(const char *row, const struct scene *scene,
	const struct vif_entry *entry, unsigned int queue, enum side side, int old)
{
	const struct world *world = &scene->world;
	struct rules rules = world_rules(world, &scene->config, entry);
	int cpu = entry->places[queue].cpu[side];

	if (cpu == old || is_moved_to(&scene->request.request, entry->id, queue, side, cpu))
		return;
	/* It moves for one reason only. */
	if (old != CPU_NONE)
		expect_true(row, !cpuset_has(&world->inventory.online, (unsigned int)old));
	expect_true(row, cpuset_has(&rules.allowed, (unsigned int)cpu) ||
				 (world->unreadable && stands_on(world_find(world, entry->id),
							       queue, side, cpu)));
}

static inline void check_entry(const char *row, const struct scene *scene,
	const struct vif_entry *entry, const struct vif_entry *before)
{
	expect_true(row, entry->n_queues || (before && !before->n_queues));
	for (unsigned int q = 0; q < entry->n_queues; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			/* Of a reservation for more queues nothing stands anywhere yet. */
			bool is_old = before && q < before->n_queues &&
				      (before->state != VIF_RESERVED ||
					      entry->n_queues >= before->n_queues);

			check_side(row, scene, entry, q, side,
				is_old ? before->places[q].cpu[side] : CPU_NONE);
		}
	}
}

/* A vif that was looked at has the places that it needs, unless it is said why not. */
static inline void check_updated(
	const char *row, const struct scene *scene, const struct change *change)
{
	const struct vif_entry *entry = ledger_find(&scene->ledger, change->id);

	if (!entry || *change->failure.msg || scene->request.request.kind != REQUEST_UPDATE)
		return;
	if (change->connected)
		expect_int(row, entry->n_queues,
			world_find(&scene->world, change->id)->targets.n_queues);
	for (unsigned int n = 0; n < SIDE_COUNT * entry->n_queues; n++) {
		int cpu = entry->places[n / SIDE_COUNT].cpu[n % SIDE_COUNT];

		expect_true(row, cpuset_has(&scene->world.inventory.online, (unsigned int)cpu));
	}
}

/* Every mask that is wrong is to be written; check_write() says that no other is. */
static inline void check_masks(
	const char *row, const struct scene *scene, const struct change *change)
{
	const struct vif_entry *entry = ledger_find(&scene->ledger, change->id);
	const struct world_vif *vif = world_find(&scene->world, change->id);
	size_t wrong = 0;

	if (!entry || !vif || !change->connected || *change->failure.msg)
		return;
	for (size_t i = 0; i < vif->targets.n; i++) {
		const struct target *target = &vif->targets.v[i];
		const struct place *place = &entry->places[target->queue];

		if (target->queue < entry->n_queues)
			wrong += is_wrong(target, place->cpu[target_side(target)]);
	}
	expect_int(row, change->n_writes, wrong);
}

static inline char *entry_text(const struct vif_entry *entry)
{
	char *text;
	size_t len;
	FILE *f = open_text(&text, &len);

	if (entry)
		write_entry(f, entry);
	fclose(f);
	return text;
}

/* An entry without a change is as it was. */
static inline void check_others(const char *row, const struct ledger *before,
	const struct ledger *after, const struct changes *changes)
{
	for (unsigned int i = 0; i < 6; i++) {
		struct vif_id id = { 1 + i / 2, i % 2 };
		_cleanup_free_ char *old = entry_text(ledger_find(before, id));
		_cleanup_free_ char *now = entry_text(ledger_find(after, id));

		if (!find_change(changes, id))
			expect_str(row, now, old);
	}
}

/* The ledger can be written and read again. */
static inline void check_readable(const char *row, const struct ledger *ledger)
{
	_cleanup_free_ char *text = ledger_format(ledger);
	_cleanup_ledger_ struct ledger copy = { 0 };
	struct err err = { "" };

	expect_int(row, ledger_parse(text, strlen(text), &copy, &err), 0);
	expect_str(row, err.msg, "");
}

/* `before` has the ledger as it was; of CPUs it knows all. */
static inline void check_decided(const char *row, const struct scene *before,
	const struct scene *after, const struct changes *changes)
{
	struct scene scene = *after;

	/* What decide() knew is not enough here. */
	scene.world.inventory = before->world.inventory;
	check_changes(row, after, changes);
	check_readable(row, &after->ledger);
	check_others(row, &before->ledger, &after->ledger, changes);
	for (size_t i = 0; i < after->ledger.n_vifs; i++) {
		const struct vif_entry *entry = &after->ledger.vifs[i];

		check_entry(row, &scene, entry, find_before(&before->ledger, changes, entry->id));
	}
	for (size_t i = 0; i < changes->n; i++) {
		check_updated(row, &scene, &changes->v[i]);
		check_masks(row, &scene, &changes->v[i]);
	}
}

/* A part of the world is decided on. */
static inline void decide_part(const char *row, struct scene *scene, const struct world *part,
	const struct request *request)
{
	_cleanup_changes_ struct changes changes = { 0 };

	expect_int(row, decide(request, &scene->config, part, &scene->ledger, &changes, NULL), 0);
}

/* The sweep first, then each vif by a decision of its own, which counts all loads anew. */
static inline void decide_one_by_one(const char *row, struct scene *scene)
{
	const struct request each = { .kind = REQUEST_UPDATE };
	struct request sweep = { .kind = REQUEST_UPDATE, .sweep = true };
	struct world_vif listed[6];
	struct world part = scene->world;

	assert_in_range(part.n_vifs, 0, ARRAY_SIZE(listed));
	for (size_t i = 0; i < part.n_vifs; i++) {
		listed[i] = part.vifs[i];
		if (listed[i].presence == BACKEND_PRESENT)
			listed[i].presence = BACKEND_LISTED;
	}
	part.vifs = listed;
	if (scene->request.request.all || scene->request.request.sweep)
		decide_part(row, scene, &part, &sweep);
	part.complete = false;
	part.domains = NULL;
	part.n_vifs = 1;
	for (size_t i = 0; i < scene->world.n_vifs; i++) {
		part.vifs = &scene->world.vifs[i];
		decide_part(row, scene, &part, &each);
	}
}

/*
 * The same comes of it when all is known of the CPUs, and not only what decide_may_place() asks
 * for; and when the vifs are decided on one by one, so that no load was counted wrongly on the way.
 */
static inline void check_other_ways(
	const char *row, struct scene *scene, const struct ledger *wanted)
{
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_free_ char *text = ledger_text(wanted);
	_cleanup_free_ char *got = NULL;

	if (scene->request.request.kind == REQUEST_UPDATE && !scene->world.unreadable)
		decide_one_by_one(row, scene);
	else
		decide_on(row, scene, &changes);
	got = ledger_text(&scene->ledger);
	expect_str(row, got, text);
}

static inline void check_any(const char *row, const struct story *story)
{
	_cleanup_scene_ struct scene scene = { 0 };
	_cleanup_scene_ struct scene other = { 0 };
	_cleanup_changes_ struct changes changes = { 0 };

	read_scene(story, &scene);
	read_scene(story, &other);
	withhold(&scene);
	decide_on(row, &scene, &changes);
	check_decided(row, &other, &scene, &changes);
	check_other_ways(row, &other, &scene.ledger);
	check_settled(row, &scene, &changes);
}
