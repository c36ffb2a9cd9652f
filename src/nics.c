// SPDX-License-Identifier: GPL-2.0-or-later
#include "nics.h"

#include "interrupts.h"
#include "util.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define IFF_UP 0x1 /* linux/if.h, ABI */

struct reading {
	const struct sysroot *root;
	struct nics *nics;
	unsigned int irq; /* that is_action() is about */
};

/* A netdev's attribute that is a number, decimal or, as `flags`, hexadecimal; 0 when it
 * cannot be read. */
static unsigned long read_value(const struct sysroot *root, const char *dev, const char *attribute)
{
	_cleanup_free_ char *text = NULL;

	if (sysroot_read(root, &text, NULL, PATH_NETDEV "/%s", dev, attribute) < 0)
		return 0;
	return strtoul(text, NULL, 0);
}

static int add_number(struct nics *nics, unsigned int irq)
{
	unsigned int *grown = array_grow(nics->numbers, nics->n, sizeof *grown);

	if (!grown)
		return -ENOMEM;
	nics->numbers = grown;
	grown[nics->n++] = irq;
	return 0;
}

static int add_msi(const char *name, void *data)
{
	struct reading *in = data;
	unsigned long irq;

	return parse_number(name, NULL, UINT_MAX, &irq) ? add_number(in->nics, (unsigned int)irq)
							: 0;
}

/* The interrupts of one netdev, if it is a physical NIC's. */
static int add_netdev(const char *dev, void *data)
{
	struct reading *in = data;
	unsigned long line;
	int r;

	if (!(read_value(in->root, dev, "flags") & IFF_UP))
		return 0;
	r = sysroot_list(in->root, add_msi, in, PATH_NETDEV "/device/msi_irqs", dev);
	if (r != -ENOENT)
		return r == -ENOMEM ? r : 0;
	/* Only what is no PCI device itself can have one above it: above a PCI device is a
	 * bridge, which has interrupts of its own. */
	line = read_value(in->root, dev, "device/irq");
	if (line)
		return add_number(in->nics, (unsigned int)line);
	if (sysroot_exists(in->root, PATH_NETDEV "/device/irq", dev))
		return 0;
	r = sysroot_list(in->root, add_msi, in, PATH_NETDEV "/device/../msi_irqs", dev);
	return r == -ENOMEM ? r : 0;
}

/* 1 at a directory: the kernel makes one for each action of an interrupt. */
static int is_action(const char *name, void *data)
{
	const struct reading *in = data;

	return sysroot_exists(in->root, PATH_IRQ "/%s/.", in->irq, name);
}

static bool is_requested(const struct sysroot *root, unsigned int irq)
{
	struct reading in = { .root = root, .irq = irq };

	return sysroot_list(root, is_action, &in, PATH_IRQ, irq) == 1;
}

static void add_delivery(const struct sysroot *root, struct nics *nics, unsigned int irq)
{
	_cleanup_free_ char *text = NULL;
	struct cpuset cpus;

	if (!is_requested(root, irq))
		return;
	if (sysroot_read(root, &text, NULL, PATH_IRQ_EFFECTIVE, irq) < 0 &&
		sysroot_read(root, &text, NULL, PATH_IRQ_AFFINITY, irq) < 0)
		return;
	if (cpuset_parse_list(text, &cpus) < 0)
		return;
	cpuset_for_each (cpu, &cpus)
		nics->irqs[cpu]++;
}

static int compare_numbers(const void *a, const void *b)
{
	const unsigned int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Netdevs may share a device, and devices an interrupt. */
static void sort_numbers(struct nics *nics)
{
	size_t kept = 0;

	if (nics->n)
		qsort(nics->numbers, nics->n, sizeof *nics->numbers, compare_numbers);
	for (size_t i = 0; i < nics->n; i++) {
		if (!kept || nics->numbers[kept - 1] != nics->numbers[i])
			nics->numbers[kept++] = nics->numbers[i];
	}
	nics->n = kept;
}

int nics_read(const struct sysroot *root, struct nics **out)
{
	struct nics *nics = calloc(1, sizeof *nics);
	struct reading in = { .root = root, .nics = nics };

	if (!nics)
		return -ENOMEM;
	if (sysroot_list(root, add_netdev, &in, PATH_NETDEVS) == -ENOMEM) {
		nics_free(nics);
		return -ENOMEM;
	}
	sort_numbers(nics);
	for (size_t i = 0; i < nics->n; i++)
		add_delivery(root, nics, nics->numbers[i]);
	*out = nics;
	return 0;
}

void nics_free(struct nics *nics)
{
	if (!nics)
		return;
	free(nics->numbers);
	free(nics);
}

int nics_read_counts(
	const struct sysroot *root, const struct nics *nics, unsigned long long *counts)
{
	_cleanup_free_ char *text = NULL;
	int r;

	memset(counts, 0, CPUSET_MAX * sizeof *counts);
	r = sysroot_read(root, &text, NULL, PATH_INTERRUPTS);
	return r < 0 ? r : interrupts_add_counts(text, nics->numbers, nics->n, counts);
}
