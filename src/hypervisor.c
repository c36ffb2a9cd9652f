// SPDX-License-Identifier: GPL-2.0-or-later
#include "hypervisor.h"

#include "util.h"

#include <errno.h>
#include <stdio.h>

/* Accepted by the headers of Xen 4.14 to 4.20. */
#define LIBXL_API_VERSION 0x040800
#include <libxl.h>
#include <libxl_utils.h>
#include <xentoollog.h>

struct hypervisor {
	xentoollog_logger *log;
	libxl_ctx *ctx;
	struct pcpu *pcpus; /* NULL until read_pcpus() */
	unsigned int n_pcpus;
};

int hypervisor_open(const struct sysroot *root, struct hypervisor **out, struct err *err)
{
	struct hypervisor *new;

	if (!root->live)
		return err_set(err, ENOTSUP, "libxl is not asked about another host");
	new = calloc(1, sizeof *new);
	if (!new)
		return err_set(err, ENOMEM, "out of memory");
	/* libxl says on its own that there is no hypervisor; here that is no error. */
	new->log = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_NUM_LEVELS, 0);
	if (!new->log || libxl_ctx_alloc(&new->ctx, LIBXL_VERSION, 0, new->log) != 0) {
		hypervisor_close(new);
		return err_set(err, ENOTSUP, "libxl cannot be had here");
	}
	*out = new;
	return 0;
}

void hypervisor_close(struct hypervisor *hypervisor)
{
	if (!hypervisor)
		return;
	if (hypervisor->ctx)
		libxl_ctx_free(hypervisor->ctx);
	if (hypervisor->log)
		xtl_logger_destroy(hypervisor->log);
	free(hypervisor->pcpus);
	free(hypervisor);
}

int hypervisor_find_domain(struct hypervisor *hypervisor, const char *name, unsigned int *domid)
{
	uint32_t found;

	if (libxl_name_to_domid(hypervisor->ctx, name, &found) != 0)
		return -ENOENT;
	*domid = found;
	return 0;
}

/* A core's number is unique in its socket only. */
static int read_pcpus(struct hypervisor *hypervisor, struct err *err)
{
	libxl_cputopology *v;
	int n;

	if (hypervisor->pcpus)
		return 0;
	v = libxl_get_cpu_topology(hypervisor->ctx, &n);
	if (!v)
		return err_set(err, EIO, "libxl does not tell the CPUs of this machine");
	hypervisor->pcpus = calloc((size_t)n + 1, sizeof *hypervisor->pcpus);
	for (int i = 0; hypervisor->pcpus && i < n; i++) {
		bool there = v[i].core != LIBXL_CPUTOPOLOGY_INVALID_ENTRY;

		hypervisor->pcpus[i].core = there ? (int)(v[i].socket << 16 | v[i].core) : -1;
		hypervisor->pcpus[i].node = there ? (int)v[i].node : -1;
	}
	libxl_cputopology_list_free(v, n);
	if (!hypervisor->pcpus)
		return err_set(err, ENOMEM, "out of memory");
	hypervisor->n_pcpus = (unsigned int)n;
	return 0;
}

static void copy_bitmap(libxl_bitmap *from, struct cpuset *to)
{
	int i;

	cpuset_zero(to);
	libxl_for_each_set_bit(i, *from) cpuset_add(to, (unsigned int)i);
}

/* The hard affinity of each vCPU, empty for one that is offline; *out is to be freed. */
static int read_affinity(struct hypervisor *hypervisor, unsigned int domid, struct cpuset **out,
	unsigned int *n_out, struct err *err)
{
	struct cpuset *cpus;
	int n, n_pcpus;
	libxl_vcpuinfo *v = libxl_list_vcpu(hypervisor->ctx, domid, &n, &n_pcpus);

	if (!v)
		return err_set(err, EIO, "libxl does not tell the vCPUs of domain %u", domid);
	cpus = calloc((size_t)n + 1, sizeof *cpus);
	for (int i = 0; cpus && i < n; i++) {
		if (v[i].online && v[i].vcpuid < (uint32_t)n)
			copy_bitmap(&v[i].cpumap, &cpus[v[i].vcpuid]);
	}
	libxl_vcpuinfo_list_free(v, n);
	if (!cpus)
		return err_set(err, ENOMEM, "out of memory");
	*out = cpus;
	*n_out = (unsigned int)n;
	return 0;
}

int hypervisor_read_topology(struct hypervisor *hypervisor, struct topology *out, struct err *err)
{
	_cleanup_free_ struct cpuset *vcpus = NULL;
	unsigned int n;
	int r;

	r = read_pcpus(hypervisor, err);
	if (r == 0)
		r = read_affinity(hypervisor, 0, &vcpus, &n, err);
	if (r < 0)
		return r;
	r = topology_compute(hypervisor->pcpus, hypervisor->n_pcpus, vcpus, n, out);
	return r < 0 ? err_set(err, -r, "out of memory") : 0;
}

/* Where the vCPUs' hard affinity lies. */
static int nodes_by_vcpus(
	struct hypervisor *hypervisor, unsigned int domid, struct cpuset *nodes, struct err *err)
{
	_cleanup_free_ struct cpuset *vcpus = NULL;
	struct cpuset all;
	unsigned int n;
	int r;

	r = read_affinity(hypervisor, domid, &vcpus, &n, err);
	if (r < 0)
		return r;
	cpuset_zero(&all);
	for (unsigned int i = 0; i < n; i++)
		cpuset_or(&all, &vcpus[i]);
	topology_nodes_of(hypervisor->pcpus, hypervisor->n_pcpus, &all, nodes);
	return 0;
}

int hypervisor_domain_nodes(
	struct hypervisor *hypervisor, unsigned int domid, struct cpuset *nodes, struct err *err)
{
	libxl_bitmap map;
	int r;

	r = read_pcpus(hypervisor, err);
	if (r < 0)
		return r;
	libxl_bitmap_init(&map);
	if (libxl_node_bitmap_alloc(hypervisor->ctx, &map, 0) != 0 ||
		libxl_domain_get_nodeaffinity(hypervisor->ctx, domid, &map) != 0) {
		libxl_bitmap_dispose(&map);
		return err_set(err, EIO, "libxl does not tell the nodes of domain %u", domid);
	}
	copy_bitmap(&map, nodes);
	libxl_bitmap_dispose(&map);
	if (cpuset_count(nodes) < topology_count_nodes(hypervisor->pcpus, hypervisor->n_pcpus))
		return 0;
	return nodes_by_vcpus(hypervisor, domid, nodes, err);
}
