// SPDX-License-Identifier: GPL-2.0-or-later
#include "nics.h"

#include "cpu_list.h"
#include "interrupts.h"
#include "util.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define IFF_UP 0x1 /* linux/if.h, ABI */

struct reading {
	const struct sysroot *root;
	const struct ledger *ledger;
	struct nics nics;
	unsigned int irq; /* that is_action() is about */
};

/* A netdev's attribute that is a number, decimal or, as `flags`, hexadecimal; 0 when it
 * cannot be read. */
static unsigned long long read_value(
	const struct sysroot *root, const char *dev, const char *attribute)
{
	_cleanup_free_ char *text = NULL;

	if (sysroot_read(root, &text, NULL, PATH_NETDEV "/%s", dev, attribute) < 0)
		return 0;
	return strtoull(text, NULL, 0);
}

static int add_irq(struct nics *nics, unsigned int irq)
{
	unsigned int *added = array_add(&nics->irqs, &nics->n, sizeof *added);

	if (!added)
		return -ENOMEM;
	*added = irq;
	return 0;
}

static int add_msi(const char *name, void *data)
{
	struct reading *in = data;
	unsigned int irq;

	return parse_uint(name, NULL, UINT_MAX, &irq) ? add_irq(&in->nics, irq) : 0;
}

/* The interrupts of a netdev's device; -ENOMEM. */
static int add_irqs(struct reading *in, const char *dev)
{
	unsigned long long line;
	int r;

	r = sysroot_list(in->root, add_msi, in, PATH_NETDEV "/device/msi_irqs", dev);
	if (r != -ENOENT)
		return r == -ENOMEM ? r : 0;
	/* Only what is no PCI device itself can have one above it: above a PCI device is a
	 * bridge, which has interrupts of its own. */
	line = read_value(in->root, dev, "device/irq");
	if (line)
		return add_irq(&in->nics, (unsigned int)line);
	if (sysroot_exists(in->root, PATH_NETDEV "/device/irq", dev))
		return 0;
	r = sysroot_list(in->root, add_msi, in, PATH_NETDEV "/device/../msi_irqs", dev);
	return r == -ENOMEM ? r : 0;
}

static int add_dev(struct nics *nics, const char *dev)
{
	char(*added)[DEV_NAME_SIZE] = array_add(&nics->devs, &nics->n_devs, sizeof *added);

	if (!added)
		return -ENOMEM;
	copy_str(*added, sizeof *added, dev);
	return 0;
}

/* Is it a vif's, by the ledger alone? */
static bool is_known_vif(const struct ledger *ledger, const char *dev)
{
	const struct vif_entry *vif;
	struct vif_id id;

	if (!ledger || !vifname_is_default_dev(dev, &id))
		return false;
	vif = ledger_find(ledger, id);
	return vif && vif->state != VIF_RESERVED && strcmp(vif->dev, dev) == 0;
}

/* One netdev, if it is a physical NIC's. */
static int add_netdev(const char *dev, void *data)
{
	struct reading *in = data;
	size_t before = in->nics.n;
	int r;

	/* Of a device on Xen's bus, as every vif is, it is a virtual one's. */
	if (is_known_vif(in->ledger, dev) ||
		sysroot_exists(in->root, PATH_NETDEV "/device/nodename", dev))
		return 0;
	if (!(read_value(in->root, dev, "flags") & IFF_UP))
		return 0;
	r = add_irqs(in, dev);
	if (r == 0 && in->nics.n > before)
		r = add_dev(&in->nics, dev);
	return r;
}

/* 1 at a directory: the kernel makes one for each action of an interrupt. */
static int is_action(const char *name, void *data)
{
	const struct reading *in = data;

	return sysroot_exists(in->root, PATH_IRQ_ACTION "/.", in->irq, name);
}

static void add_delivery(struct reading *in, unsigned int irq, struct cpu_load *loads)
{
	struct cpuset cpus;

	in->irq = irq;
	if (sysroot_list(in->root, is_action, in, PATH_IRQ, irq) != 1)
		return;
	if (cpu_list_read(in->root, &cpus, PATH_IRQ_EFFECTIVE, irq) < 0 &&
		cpu_list_read(in->root, &cpus, PATH_IRQ_AFFINITY, irq) < 0)
		return;
	cpuset_for_each (cpu, &cpus)
		loads[cpu].nic++;
}

/* Netdevs may share a device, and devices an interrupt. */
static void sort_irqs(struct nics *nics)
{
	size_t kept = 0;

	if (nics->n)
		qsort(nics->irqs, nics->n, sizeof *nics->irqs, compare_uints);
	for (size_t i = 0; i < nics->n; i++) {
		if (!kept || nics->irqs[kept - 1] != nics->irqs[i])
			nics->irqs[kept++] = nics->irqs[i];
	}
	nics->n = kept;
}

int nics_read(const struct sysroot *root, const struct ledger *ledger, struct cpu_load *loads,
	struct nics *out)
{
	struct reading in = { .root = root, .ledger = ledger };

	if (sysroot_list(root, add_netdev, &in, PATH_NETDEVS) == -ENOMEM) {
		nics_free(&in.nics);
		return -ENOMEM;
	}
	sort_irqs(&in.nics);
	for (size_t i = 0; loads && i < in.nics.n; i++)
		add_delivery(&in, in.nics.irqs[i], loads);
	*out = in.nics;
	return 0;
}

void nics_free(struct nics *nics)
{
	free(nics->irqs);
	free(nics->devs);
}

/* False when one of them cannot be read so. */
static bool add_per_cpu(
	const struct sysroot *root, const struct nics *nics, unsigned long long *counts)
{
	for (size_t i = 0; i < nics->n; i++) {
		_cleanup_free_ char *text = NULL;

		if (sysroot_read(root, &text, NULL, PATH_IRQ_PER_CPU, nics->irqs[i]) < 0 ||
			interrupts_add_per_cpu(text, counts) < 0)
			return false;
	}
	return true;
}

int nics_read_counts(
	const struct sysroot *root, const struct nics *nics, unsigned long long *counts)
{
	_cleanup_free_ char *text = NULL;
	int r;

	memset(counts, 0, CPUSET_MAX * sizeof *counts);
	if (add_per_cpu(root, nics, counts))
		return 0;
	memset(counts, 0, CPUSET_MAX * sizeof *counts);
	r = sysroot_read(root, &text, NULL, PATH_INTERRUPTS);
	return r < 0 ? r : interrupts_add_counts(text, nics->irqs, nics->n, counts);
}

unsigned long long nics_read_packets(const struct sysroot *root, const struct nics *nics)
{
	unsigned long long packets = 0;

	for (size_t i = 0; i < nics->n_devs; i++)
		packets += read_value(root, nics->devs[i], "statistics/rx_packets") +
			   read_value(root, nics->devs[i], "statistics/tx_packets");
	return packets;
}
