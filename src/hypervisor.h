// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hypervisor.h - what only Xen knows, by libxenlight, whose only user this is.
 *
 * libxl needs privcmd: outside of Xen, in an unprivileged driver domain and below a
 * --root of another host there is none, and everything here is -ENOTSUP then.
 */
#ifndef VIFPIN_HYPERVISOR_H
#define VIFPIN_HYPERVISOR_H

#include "cpuset.h"
#include "err.h"
#include "sysroot.h"
#include "topology.h"

struct hypervisor;

/* -ENOTSUP with a sentence where libxl cannot be had. */
int hypervisor_open(const struct sysroot *root, struct hypervisor **out, struct err *err);
void hypervisor_close(struct hypervisor *hypervisor);

/* The domid of a name; -ENOENT when there is no such domain. */
int hypervisor_find_domain(struct hypervisor *hypervisor, const char *name, unsigned int *domid);

/*
 * Where dom0's vCPUs are: only dom0 is told anything by libxl. -EIO with a sentence when
 * libxl fails, *out untouched. Free with topology_free().
 */
int hypervisor_read_topology(struct hypervisor *hypervisor, struct topology *out, struct err *err);

/*
 * The nodes that a guest belongs to: its node affinity, or where its vCPUs' hard
 * affinity lies. Empty when that is all of them. -EIO with a sentence.
 */
int hypervisor_domain_nodes(
	struct hypervisor *hypervisor, unsigned int domid, struct cpuset *nodes, struct err *err);

#endif
