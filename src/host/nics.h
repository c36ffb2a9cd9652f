// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nics.h - on which CPUs the interrupts of physical NICs are delivered.
 *
 * A physical NIC is a netdev that is up and whose device has interrupts: MSI, listed
 * in device/msi_irqs, or one line, in device/irq. A virtio NIC's are its parent's, the
 * PCI device (Documentation/ABI/testing/sysfs-bus-pci). Veths, bridges, bonds, VLANs,
 * vifs and a guest's own Xen NICs have none there.
 */
#pragma once

#include "load.h"
#include "sysroot.h"

#include <stddef.h>

/* Their interrupts. */
struct nics {
	unsigned int *irqs; /* sorted, owned */
	size_t n;
};

/*
 * Adds to loads[CPUSET_MAX] how many interrupts are delivered to each CPU, by
 * effective_affinity_list; one that nobody has requested is delivered nowhere. What cannot be read,
 * of a NIC that goes meanwhile for instance, is left out. -ENOMEM. Free with nics_free().
 */
int nics_read(const struct sysroot *root, struct cpu_load *loads, struct nics *out);
void nics_free(struct nics *nics);

/* How often each CPU has taken them, in counts[CPUSET_MAX], by /proc/interrupts. -errno. */
int nics_read_counts(
	const struct sysroot *root, const struct nics *nics, unsigned long long *counts);
