// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xenlight.h - what only Xen knows, by libxenlight, whose only user this is, and which is loaded
 * when it is opened first.
 *
 * libxl needs privcmd: outside of Xen, in an unprivileged driver domain and below a
 * --root of another host there is none, and everything here is -ENOTSUP then.
 */
#pragma once

#include "cpuset.h"
#include "err.h"
#include "sysroot.h"
#include "topology.h"

#include <stdbool.h>

struct xenlight;

/* -ENOTSUP with a sentence where libxl cannot be had. Not for two threads at once. */
int xenlight_open(const struct sysroot *root, struct xenlight **out, struct err *err);
void xenlight_close(struct xenlight *xenlight);

/* The domid of a name; -ENOENT when there is no such domain. */
int xenlight_find_domain(struct xenlight *xenlight, const char *name, unsigned int *domid);

/*
 * Where dom0's vCPUs are: only dom0 is told anything by libxl. -EIO with a sentence when
 * libxl fails, *out untouched. Free with topology_free().
 */
int xenlight_read_topology(struct xenlight *xenlight, struct topology *out, struct err *err);

/*
 * The nodes that a guest belongs to: its node affinity, or where its vCPUs' hard
 * affinity lies. Empty when that is all of them. False when libxl fails. To be called after
 * xenlight_read_topology().
 */
bool xenlight_domain_nodes(struct xenlight *xenlight, unsigned int domid, struct cpuset *nodes);
