// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decide.h - what is to be done: a request, the world as it is and the ledger go in, changes and
 * the ledger as it is to be come out.
 *
 * All that vifpin does to ledger and kernel is decided here, and nowhere else. Everything is
 * decided by what is there, not by what was announced: a hook call or an event only says which vif
 * to look at.
 */
#pragma once

#include "changes.h"
#include "config.h"
#include "err.h"
#include "ledger.h"
#include "request.h"
#include "world.h"

#include <stdbool.h>

/*
 * May a side of this vif have to be placed? Then decide() wants the whole inventory, and what is
 * near the vif's guest. `vif` has been looked at; world->inventory.online is known. Says yes in
 * doubt.
 */
bool decide_may_place(const struct request *request, const struct config *config,
	const struct world *world, const struct ledger *ledger, const struct world_vif *vif);

/*
 * Decides, and changes the ledger in memory accordingly. Changes point into the world, whose
 * targets are not to be moved meanwhile. A vif that cannot be placed keeps no other from being
 * decided: its change has a failure. -ENOMEM with a sentence; ledger and changes are then good for
 * nothing. Free *out with changes_free().
 *
 * UPDATE: an entry whose vif is gone is released; so is one of another domain that had the same
 * domid. A vif that the toolstack is taking away, or that netback has not probed yet, gets no new
 * entry; one that the configuration leaves alone loses the one it has. All others have as many
 * places as they have queues, or as many as they are expected to have: min(what the backend offers,
 * the guest's vCPUs). One that connects with fewer than that is placed as one of so many: the first
 * places of vifs with many queues may all be the same. Where the ledger could not be read
 * (world->unreadable) this is done for every vif there is, and one whose targets all stand pinned
 * is entered at the places where it stands.
 */
int decide(const struct request *request, const struct config *config, const struct world *world,
	struct ledger *ledger, struct changes *out, struct err *err);
