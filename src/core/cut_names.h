// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cut_names.h - which thread of a vif is which, where the kernel has cut their names.
 *
 * Linux before 5.17 leaves COMM_CUT characters: vif12.0-q0-gues still tells queue and role, but
 * averylongname0- is the name of all threads of that vif, and averylongnam-q1 could be of queue 1
 * or 10, of either role. What bears one name is told apart by the order in which it was made:
 * netback connects one queue after the other, and makes the guest-rx thread of a queue before its
 * dealloc thread (xenvif_connect_data(), drivers/net/xen-netback/interface.c; in Linux 4.4, 4.9,
 * 5.10 and 5.15 alike). A frontend that connects again gets all of them anew. That PIDs begin again
 * at some time does no harm: the start time comes first, and within one tick of it PIDs that are
 * far apart count the other way round.
 *
 * Nothing else tells: /proc/PID/stack names the role, but only to whoever has CAP_SYS_ADMIN, which
 * the watcher has not, and what one vifpin sees another must see.
 */
#pragma once

#include "targets.h"

/*
 * Adds to `targets`, which have the vif's interrupts, its threads among `threads`, which are kernel
 * threads with names of COMM_CUT characters. They are sorted by the order in which they were made.
 *
 * The order tells which is which if there are as many of a name as the vif should have. Fewer are
 * the vif's, but some or all may be taken for others: they are added as `unsure`, in their order.
 * Of more, some are another vif's: none is added, and `targets` are `crowded`. -ENOMEM.
 */
int cut_names_match(struct targets *threads, const char *dev, struct targets *targets);
