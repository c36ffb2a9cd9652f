// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A libxenctrl that tells of a machine with two nodes, as a dom0 of two vCPUs and more would be
 * told, without a hypervisor: put in the place of the real one (common.bash, stand_in).
 *
 * CPU N of dom0 is pinned to pCPU N, and even pCPUs are on node 0, odd ones on node 1, two of each
 * to a core of its own. Guest 1 is on node 1 by its node affinity, guest 2 on node 0 by the
 * affinity of its two vCPUs, and guest 3 anywhere. Nobody is told of guest 4.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xenctrl.h>

#define CPUS  64
#define NODES 2

static int no_interface;

xc_interface *xc_interface_open(
	xentoollog_logger *log, xentoollog_logger *dombuild_log, unsigned int flags)
{
	(void)log;
	(void)dombuild_log;
	(void)flags;
	return (xc_interface *)&no_interface;
}

int xc_interface_close(xc_interface *xch)
{
	(void)xch;
	return 0;
}

int xc_cputopoinfo(xc_interface *xch, unsigned *max_cpus, xc_cputopo_t *cputopo)
{
	(void)xch;
	for (unsigned int i = 0; cputopo && i < CPUS && i < *max_cpus; i++)
		cputopo[i] =
			(xc_cputopo_t){ .core = i / 4, .socket = i % NODES, .node = i % NODES };
	*max_cpus = CPUS;
	return 0;
}

static unsigned int vcpus_of(uint32_t domid)
{
	return domid == 0 ? CPUS : domid < 4 ? 2 : 0;
}

int xc_vcpu_getinfo(xc_interface *xch, uint32_t domid, uint32_t vcpu, xc_vcpuinfo_t *info)
{
	(void)xch;
	if (vcpu >= vcpus_of(domid)) {
		errno = EINVAL;
		return -1;
	}
	*info = (xc_vcpuinfo_t){ .vcpu = vcpu, .online = 1, .cpu = vcpu };
	return 0;
}

int xc_get_cpumap_size(xc_interface *xch)
{
	(void)xch;
	return CPUS / 8;
}

int xc_get_nodemap_size(xc_interface *xch)
{
	(void)xch;
	return 1;
}

xc_cpumap_t xc_cpumap_alloc(xc_interface *xch)
{
	return calloc(1, (size_t)xc_get_cpumap_size(xch));
}

xc_nodemap_t xc_nodemap_alloc(xc_interface *xch)
{
	return calloc(1, (size_t)xc_get_nodemap_size(xch));
}

int xc_vcpu_getaffinity(xc_interface *xch, uint32_t domid, int vcpu, xc_cpumap_t hard,
	xc_cpumap_t soft, uint32_t flags)
{
	if (soft || flags != XEN_VCPUAFFINITY_HARD) {
		errno = EINVAL;
		return -1;
	}
	memset(hard, domid == 2 ? 0x55 : 0xff, (size_t)xc_get_cpumap_size(xch));
	if (domid == 0) {
		memset(hard, 0, (size_t)xc_get_cpumap_size(xch));
		hard[vcpu / 8] = (uint8_t)(1 << vcpu % 8);
	}
	return 0;
}

int xc_domain_node_getaffinity(xc_interface *xch, uint32_t domid, xc_nodemap_t nodemap)
{
	(void)xch;
	if (!vcpus_of(domid)) {
		errno = ESRCH;
		return -1;
	}
	*nodemap = domid == 1 ? 2 : 3;
	return 0;
}
