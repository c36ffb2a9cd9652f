// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rebuild.h - a ledger again, from what xenstore and the kernel show.
 */
#ifndef VIFPIN_REBUILD_H
#define VIFPIN_REBUILD_H

#include "pass.h"

/*
 * Enters every vif that stands pinned, interrupt and thread of each side on one CPU,
 * at the places it stands on. The others are seen, and placed beside them by the
 * pass_settle() that follows.
 */
int rebuild(struct pass *pass, struct err *err);

#endif
