// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pins.h - what the watcher has pinned: the interrupts and threads of each vif as
 * the last pass found them, so that it can look whether they still stand without
 * reading through /proc for them again.
 */
#ifndef VIFPIN_PINS_H
#define VIFPIN_PINS_H

#include "pass.h"

struct pinned {
	struct vif_id id;
	struct parts parts;
};

struct pins {
	struct pinned *v; /* sorted by id */
	size_t n;
};

void pins_clear(struct pins *pins);

/*
 * Takes over the parts that a committed pass found; what it released, or found
 * without parts, is forgotten. A vif that is not here for want of memory is looked
 * for again.
 */
void pins_learn(struct pins *pins, struct pass *pass);

/* What is known of a vif, or NULL. */
const struct parts *pins_find(const struct pins *pins, struct vif_id id);

#endif
