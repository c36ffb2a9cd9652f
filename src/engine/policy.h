// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policy.h - which interrupts irqbalance has to leave alone.
 *
 * irqbalance asks about each interrupt within the tick in which it appears, when the
 * watcher may not have pinned it yet. So every vif's interrupt is banned: by its name
 * where that is netback's own, by the ledger where the vif was renamed, also while it
 * is only reserved.
 */
#pragma once

#include "sysroot.h"

#include <stdbool.h>

/* False also for an interrupt that is gone by now, and where the ledger cannot be read. */
bool policy_bans(const struct sysroot *root, unsigned int irq);
