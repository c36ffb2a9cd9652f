// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nics.h - on which CPUs the interrupts of physical NICs are delivered, and what they have done.
 *
 * A physical NIC is a netdev that is up and whose device has interrupts: MSI, listed
 * in device/msi_irqs, or one line, in device/irq. A virtio NIC's are its parent's, the
 * PCI device (Documentation/ABI/testing/sysfs-bus-pci). Veths, bridges, bonds, VLANs,
 * vifs and a guest's own Xen NICs have none there.
 */
#pragma once

#include "ledger.h"
#include "load.h"
#include "sysroot.h"
#include "vifname.h"

#include <stddef.h>

struct nics {
	unsigned int *irqs; /* their interrupts, sorted, owned */
	size_t n;
	char (*devs)[DEV_NAME_SIZE]; /* their netdevs, owned */
	size_t n_devs;
};

/*
 * Finds them. Of a netdev that bears the name which netback gives the netdev of a vif, vifD.I, the
 * kernel is not asked where the ledger (NULL: none) has that very vif under this name, connected:
 * this saves a system call or two for each vif of the host. What else could have the name is a NIC
 * that root has called so after the vif's netdev went, and before its entry does. Its interrupts
 * would not count until then.
 *
 * Adds to loads[CPUSET_MAX], unless it is NULL, how many interrupts are delivered to each CPU, by
 * effective_affinity_list; one that nobody has requested is delivered nowhere. What cannot be read,
 * of a NIC that goes meanwhile for instance, is left out. -ENOMEM. Free with nics_free().
 */
int nics_read(const struct sysroot *root, const struct ledger *ledger, struct cpu_load *loads,
	struct nics *out);
void nics_free(struct nics *nics);

/* How often each CPU has taken them, in counts[CPUSET_MAX], by their per_cpu_count; by
 * /proc/interrupts where the kernel has no such files (before Linux 4.10). -errno. */
int nics_read_counts(
	const struct sysroot *root, const struct nics *nics, unsigned long long *counts);

/* How many packets they have had, in both directions together. */
unsigned long long nics_read_packets(const struct sysroot *root, const struct nics *nics);
