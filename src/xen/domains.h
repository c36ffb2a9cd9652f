// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * domains.h - the vifs that a person means by DOMAIN [DEVID|MAC], by what xenstore says.
 *
 * Names of other domains are hidden from a driver domain: there, only domids and vifs are found.
 */
#pragma once

#include "err.h"
#include "ledger.h"
#include "xenstore.h"

#include <stddef.h>

/*
 * As with xl, a `domain` of digits is a domid, anything else a name. If no domain has the name, it
 * is that of a vif, as vifname_is_called() has it. `device` (NULL: all) is as vifname_is_device()
 * has it. The ledger tells the names of the netdevs that are in it.
 *
 * *out is to be freed; a domain may have no vif. -ENOENT and -ENODEV with xl's own sentences, when
 * there is no such domain or device.
 */
int domains_find_vifs(struct xenstore *xenstore, const struct ledger *ledger, const char *domain,
	const char *device, struct vif_id **out, size_t *n_out, struct err *err);
