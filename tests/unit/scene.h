// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scene.h - stories as decide() is told them, and what holds for the changes that come of any.
 */
#pragma once

#include "decide.h"
#include "story.h"
#include "util.h"
#include "work_text.h"

/*
 * A story: a host, a ledger, what xenstore and the kernel have, and a request; then the changes and
 * the ledger that come of it. story.h has the notation.
 */
struct story {
	const char *name;

	const char *cpus;     /* that are online; left out: 0-3 */
	const char *own;      /* vifpin's affinity; left out: all */
	const char *isolated; /* left out: none */
	const char *nics;     /* the CPU of each physical NIC's interrupt */
	const char *cores;    /* the core of CPU 0, 1, ..., a digit each; left out: not known */
	bool floating;        /* dom0's vCPUs are not pinned to where the cores are */
	const char *config;
	const char *measured; /* in work_text.h's notation; left out: nothing is, or it does not
				 count */
	int mean;

	const char *ledger;
	bool rebooted;   /* it is of another boot */
	bool unreadable; /* there was one, which could not be read */
	const char *xenstore, *kernel;
	const char *request;

	const char *changes; /* left out: none */
	const char *after;   /* the ledger; left out: as it was */
};

/* What decide() is given. */
struct scene {
	struct config config;
	struct ledger ledger;
	struct world world;
	struct story_request request;
};

static inline void scenep(struct scene *scene)
{
	config_free(&scene->config);
	ledger_clear(&scene->ledger);
	world_free(&scene->world);
}

#define _cleanup_scene_ _cleanup_(scenep)

static inline bool may_place(const struct scene *scene, const struct world_vif *vif)
{
	return decide_may_place(
		&scene->request.request, &scene->config, &scene->world, &scene->ledger, vif);
}

/* As gather.h does, takes away what decide_may_place() does not want of the CPUs. */
static inline void withhold(struct scene *scene)
{
	struct world *world = &scene->world;
	struct cpuset online = world->inventory.online;
	bool any = false;

	for (size_t i = 0; i < world->n_vifs; i++) {
		struct world_vif *vif = &world->vifs[i];

		if (may_place(scene, vif)) {
			any = true;
		} else {
			free(vif->near);
			vif->near = NULL;
		}
	}
	if (any)
		return;
	inventory_free(&world->inventory);
	world->inventory.online = online;
}

static inline void read_cores(const char *text, struct topology *topology)
{
	if (!text)
		return;
	topology->n_cpus = (unsigned int)strlen(text);
	topology->cores = calloc(topology->n_cpus, sizeof *topology->cores);
	assert_non_null(topology->cores);
	for (unsigned int cpu = 0; cpu < topology->n_cpus; cpu++)
		topology->cores[cpu] = text[cpu] - '0';
}

static inline void read_scene(const struct story *story, struct scene *out)
{
	read_config(story->config, &out->config);
	read_ledger(story->ledger, &out->ledger);
	read_world(story->xenstore, story->kernel, &out->world);
	read_request(story->request, &out->request);
	read_inventory(story->cpus, story->own, story->nics, &out->world.inventory);
	read_cores(story->cores, &out->world.inventory.topology);
	out->world.inventory.topology.pinned = !story->floating;
	read_set(story->isolated ? story->isolated : "", &out->world.inventory.rules.isolated);
	read_measured_load(story->measured, story->mean, &out->world.measured);
	out->world.unreadable = story->unreadable;
	if (story->rebooted)
		ledger_enter_boot(&out->ledger, "another boot");
}

static inline void decide_on(const char *row, struct scene *scene, struct changes *out)
{
	struct err err = { "" };

	expect_int(row,
		decide(&scene->request.request, &scene->config, &scene->world, &scene->ledger, out,
			&err),
		0);
	expect_str(row, err.msg, "");
}

/* --- what holds for all of them ----------------------------------------------------------- */

static inline bool is_wrong(const struct target *target, int cpu)
{
	return target->cpu != cpu || (target->delivered != CPU_NONE && target->delivered != cpu);
}

/* A mask that is to be written: of one of the vif's targets, to where its place is. */
static inline void check_write(const char *row, const struct vif_entry *entry,
	const struct world_vif *vif, const struct mask_write *mask)
{
	const struct target *target = mask->target;
	int cpu = (int)mask->cpu;

	expect_true(row, entry && vif);
	if (!entry || !vif)
		return;
	expect_true(row, target >= vif->targets.v && target < vif->targets.v + vif->targets.n);
	expect_int(row, cpu, entry->places[target->queue].cpu[target_side(target)]);
	expect_true(row, is_wrong(target, cpu));
}

/* Changes are one a vif, in order, and point into the world. */
static inline void check_changes(
	const char *row, const struct scene *scene, const struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *change = &changes->v[i];
		const struct vif_entry *entry = ledger_find(&scene->ledger, change->id);
		const struct world_vif *vif = world_find(&scene->world, change->id);

		if (i)
			expect_true(row, vif_id_compare(&change[-1].id, &change->id) < 0);
		expect_true(row, !change->unpin || change->unpin == &vif->targets);
		expect_true(row, !change->connected || vif->targets.n_queues);
		for (size_t m = 0; m < change->n_writes; m++)
			check_write(row, entry, vif, &change->writes[m]);
	}
	for (size_t i = 1; i < changes->n_again; i++)
		expect_true(row, vif_id_compare(&changes->again[i - 1], &changes->again[i]) < 0);
}

static inline void put(struct target *target, const char *mask, int cpu)
{
	free(target->mask);
	target->mask = mask ? strdup(mask) : NULL;
	target->cpu = cpu;
	target->delivered = target_is_thread(target) ? CPU_NONE : cpu;
}

/* As apply.h does, with a kernel that does what it is told. */
static inline void apply_change(struct scene *scene, const struct change *change)
{
	struct vif_entry *entry = ledger_edit(&scene->ledger, change->id);

	for (size_t i = 0; change->unpin && i < change->unpin->n; i++)
		put(&change->unpin->v[i], "0-7", CPU_NONE);
	for (size_t i = 0; i < change->n_writes; i++)
		put(change->writes[i].target, NULL, (int)change->writes[i].cpu);
	if (!entry || *change->failure.msg)
		return;
	entry->state = !change->connected     ? VIF_RESERVED
		       : *change->missing.msg ? VIF_PARTIAL
					      : VIF_PINNED;
}

static inline void check_nothing_to_do(const char *row, const struct change *change)
{
	expect_str(row, change->released ? change->released : "", "");
	expect_int(row, change->placed, false);
	expect_int(row, change->n_moved, 0);
	expect_int(row, change->n_writes, 0);
	expect_int(row, change->drift.count, 0);
	expect_true(row, !change->unpin);
}

/* When all has been done, the same request finds nothing to do. */
static inline void check_settled(const char *row, struct scene *scene, const struct changes *done)
{
	_cleanup_changes_ struct changes again = { 0 };
	_cleanup_free_ char *before = NULL;
	_cleanup_free_ char *after = NULL;

	for (size_t i = 0; i < done->n; i++)
		apply_change(scene, &done->v[i]);
	scene->world.unreadable = false;
	before = ledger_text(&scene->ledger);
	decide_on(row, scene, &again);
	for (size_t i = 0; i < again.n; i++) {
		const struct change *first = find_change(done, again.v[i].id);

		/* What could not be put back is found again. */
		if (!first || !*first->failure.msg)
			check_nothing_to_do(row, &again.v[i]);
	}
	after = ledger_text(&scene->ledger);
	expect_str(row, after, before);
}
