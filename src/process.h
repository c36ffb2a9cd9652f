// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process.h - other processes of this host.
 */
#ifndef VIFPIN_PROCESS_H
#define VIFPIN_PROCESS_H

#include "sysroot.h"

/*
 * The PID of a process of this name (/proc/PID/comm), 0 when there is none. A name is
 * anybody's word: good enough for a hint.
 */
pid_t process_find(const struct sysroot *root, const char *name);

#endif
