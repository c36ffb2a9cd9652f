// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * world.h - what a decision looks at beside the ledger: vifs as xenstore and the kernel have
 * them, and the CPUs of this host. Filled in by the engine (gather.h), by tests from a table.
 */
#pragma once

#include "backend_state.h"
#include "cpuset.h"
#include "err.h"
#include "inventory.h"
#include "ledger.h"
#include "measured_load.h"
#include "targets.h"
#include "vifname.h"

#include <stdbool.h>
#include <stddef.h>

/* What xenstore says of a vif. */
enum backend_presence {
	BACKEND_UNKNOWN, /* it was not asked */
	BACKEND_GONE,    /* it has no such vif */
	BACKEND_LISTED,  /* it has one; more was not asked */
	BACKEND_PRESENT, /* `backend` tells all that it has */
};

struct world_vif {
	struct vif_id id;
	enum backend_presence presence;
	struct backend_state backend; /* owned; of one that is present */
	bool looked;                  /* the kernel was asked: the next two tell */
	bool passed_over;        /* it was not, because this is another part's (struct request) */
	char dev[DEV_NAME_SIZE]; /* the name that its targets bear, or are going to */
	struct targets targets;  /* with their masks, owned; empty: it is not connected */
	struct cpuset *near;     /* the CPUs near its guest, owned; NULL: not known */
};

/* Zero-initialised it is empty. */
struct world {
	struct world_vif *vifs; /* sorted by id, owned */
	size_t n_vifs;
	bool complete; /* xenstore has no other vifs than those that are listed or present here */
	unsigned int *domains; /* sorted, owned: xenstore has no vif of others; NULL: not known */
	size_t n_domains;
	bool unreadable; /* the ledger could not be read, and is made anew */
	struct inventory inventory;
	/* What sides are placed by where the configuration wants it; empty: by their number, and,
	 * where that is not what it wants, why. */
	struct measured_load measured;
	struct err unmeasured;
};

void world_free(struct world *world);

/* Does xenstore not have this vif, as far as it was asked? */
bool world_is_gone(const struct world *world, struct vif_id id);

/* The vif, or NULL. */
struct world_vif *world_find(const struct world *world, struct vif_id id);

/* The vif, made where it is not there yet; NULL when memory is out. Other pointers to vifs of this
 * world hold no longer. */
struct world_vif *world_add(struct world *world, struct vif_id id);

/*
 * A world may also be kept, with the targets of each vif as they were last found: who stays, as the
 * watcher does, can look where they are without finding them again.
 *
 * world_knows_targets() says whether anything is known of a vif, and world_take_targets() hands it
 * to another world's.
 * world_learn_targets() takes over what a world has found of vifs that are in the ledger, and
 * forgets all others. A vif that is not known for want of memory has to be looked for again.
 * world_count_targets() says how many interrupts and threads there are. world_mark_interrupts()
 * sets taken[N], of n, for the number N of each interrupt that another vif than `but` has.
 */
bool world_knows_targets(const struct world *known, struct vif_id id);
void world_take_targets(struct world *known, struct world_vif *vif);
size_t world_count_targets(const struct world *world);
void world_mark_interrupts(const struct world *world, struct vif_id but, bool *taken, size_t n);
void world_learn_targets(struct world *known, struct world *found, const struct ledger *ledger);

/* The rules of an entry's vif; world->inventory must be complete. */
struct rules world_rules(
	const struct world *world, const struct config *config, const struct vif_entry *vif);
