// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hypervisor.h - what only Xen knows: where CPUs and guests are. By libxenctrl, whose only user
 * this is, and which is loaded when it is opened first. libxenlight knows the same, from
 * libxenctrl, and takes three times as long to load.
 *
 * It needs privcmd: outside of Xen, in an unprivileged driver domain and below a
 * --root of another host there is none, and everything here is -ENOTSUP then.
 */
#pragma once

#include "cpuset.h"
#include "err.h"
#include "sysroot.h"
#include "topology.h"

#include <stdbool.h>

struct hypervisor;

/* -ENOTSUP with a sentence where it cannot be asked. Not for two threads at once. */
int hypervisor_open(const struct sysroot *root, struct hypervisor **out, struct err *err);
void hypervisor_close(struct hypervisor *hypervisor);

/*
 * Where dom0's vCPUs are: only dom0 is told anything. -EIO with a sentence when Xen does not tell
 * even that, *out untouched. Free with topology_free().
 */
int hypervisor_read_topology(struct hypervisor *hypervisor, struct topology *out, struct err *err);

/*
 * The nodes that a guest belongs to: its node affinity, or where its vCPUs' hard
 * affinity lies. Empty when that is all of them. False when Xen does not tell. To be called after
 * hypervisor_read_topology().
 */
bool hypervisor_domain_nodes(
	struct hypervisor *hypervisor, unsigned int domid, struct cpuset *nodes);
