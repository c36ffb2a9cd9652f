// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * place.h - give an entry of the ledger its places: what plan.h decides, asked with
 * what this host has.
 */
#ifndef VIFPIN_PLACE_H
#define VIFPIN_PLACE_H

#include "err.h"
#include "ledger.h"
#include "site.h"

#include <stdbool.h>

/*
 * Makes the entry, which is one of the ledger's, have n places, each on a CPU that
 * is online. What stands on such a CPU stays; more are planned, on the CPUs that are
 * online, in the configuration's cpus for this vif and in vifpin's own affinity mask;
 * the highest queues go. *changed tells whether anything did; `steps`, unless it is
 * NULL, gets how each new side was placed. -errno with a sentence, -ENODEV when no CPU
 * is left; the entry is then as it was.
 */
int place_fit(struct site *site, const struct ledger *ledger, struct vif_entry *entry,
	unsigned int n, struct plan_steps *steps, bool *changed, struct err *err);

#endif
