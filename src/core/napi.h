// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * napi.h - which thread of NAPI carries which queue's tx work.
 *
 * A netdev whose `threaded` is 1 has a thread for each NAPI, and a vif has a NAPI for each queue.
 * The thread's name tells the NAPI's ID, and the lowest is queue 0's (vifname_match_napi()). It is
 * made when `threaded` is switched on, or with the queue. Switched off, it may stay, and does
 * nothing.
 */
#pragma once

#include "targets.h"

/*
 * Adds to `targets`, which have the vif's interrupts, those of `threads` that are NAPI's by the
 * netdev's name `dev`. `threads` may have any others; they are sorted anew.
 *
 * Fewer than the queues are added as `unsure`, in their order. Of more some are those of another
 * netdev, which has had the name before or since: none is added. -ENOMEM.
 */
int napi_match(struct targets *threads, const char *dev, struct targets *targets);
