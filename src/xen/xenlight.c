// SPDX-License-Identifier: GPL-2.0-or-later
#include "xenlight.h"

#include "library.h"
#include "util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Accepted by the headers of Xen 4.14 to 4.20. */
#define LIBXL_API_VERSION 0x040800
#include <libxl.h>
#include <libxl_utils.h>
#include <xentoollog.h>

/* What is used of it, and of what it loads. */
#define FUNCTIONS(X)                                                                               \
	X(libxl_ctx_alloc)                                                                         \
	X(libxl_ctx_free)                                                                          \
	X(libxl_name_to_domid)                                                                     \
	X(libxl_get_cpu_topology)                                                                  \
	X(libxl_cputopology_list_free)                                                             \
	X(libxl_list_vcpu)                                                                         \
	X(libxl_vcpuinfo_list_free)                                                                \
	X(libxl_bitmap_init)                                                                       \
	X(libxl_bitmap_dispose)                                                                    \
	X(libxl_bitmap_test)                                                                       \
	X(libxl_node_bitmap_alloc)                                                                 \
	X(libxl_domain_get_nodeaffinity)                                                           \
	X(xtl_createlogger_stdiostream)                                                            \
	X(xtl_logger_destroy)

static struct {
	FUNCTIONS(LIBRARY_MEMBER)
} xl;
static const char *const names[] = { FUNCTIONS(LIBRARY_NAME) };

struct xenlight {
	xentoollog_logger *log;
	libxl_ctx *ctx;
	struct pcpu *pcpus; /* NULL until xenlight_read_topology() */
	unsigned int n_pcpus;
};

/* Without /proc/xen there is no telling. */
static bool is_other_domain(const struct sysroot *root)
{
	_cleanup_free_ char *text = NULL;

	return sysroot_read(root, &text, NULL, PATH_CAPABILITIES) == 0 &&
	       !strstr(text, "control_d");
}

static int load(const struct sysroot *root, struct err *err)
{
	struct err why;

	if (!root->live)
		return err_set(err, ENOTSUP, "with --root, Xen cannot be asked");
	if (is_other_domain(root))
		return err_set(err, ENOTSUP, "only dom0 is told by Xen");
	if (library_load(XENLIGHT_LIBRARY, names, ARRAY_SIZE(names), &xl, &why) < 0)
		return err_set(err, ENOTSUP,
			"libxl cannot be loaded: %s; install that of the Xen that vifpin is built "
			"for",
			why.msg);
	return 0;
}

int xenlight_open(const struct sysroot *root, struct xenlight **out, struct err *err)
{
	struct xenlight *new;
	int r = load(root, err);

	if (r < 0)
		return r;
	new = calloc(1, sizeof *new);
	if (!new)
		return err_no_memory(err);
	/* libxl says on its own that there is no xenlight; here that is no error. */
	new->log = (xentoollog_logger *)xl.xtl_createlogger_stdiostream(stderr, XTL_NUM_LEVELS, 0);
	if (!new->log || xl.libxl_ctx_alloc(&new->ctx, LIBXL_VERSION, 0, new->log) != 0) {
		xenlight_close(new);
		return err_set(err, ENOTSUP, "libxl is not available here");
	}
	*out = new;
	return 0;
}

void xenlight_close(struct xenlight *xenlight)
{
	if (!xenlight)
		return;
	if (xenlight->ctx)
		xl.libxl_ctx_free(xenlight->ctx);
	if (xenlight->log)
		xl.xtl_logger_destroy(xenlight->log);
	free(xenlight->pcpus);
	free(xenlight);
}

int xenlight_find_domain(struct xenlight *xenlight, const char *name, unsigned int *domid)
{
	uint32_t found;

	if (xl.libxl_name_to_domid(xenlight->ctx, name, &found) != 0)
		return -ENOENT;
	*domid = found;
	return 0;
}

/* A core's number is unique in its socket only. */
static int read_pcpus(struct xenlight *xenlight, struct err *err)
{
	int n;
	libxl_cputopology *v = xl.libxl_get_cpu_topology(xenlight->ctx, &n);

	if (!v)
		return err_set(err, EIO, "libxl does not report the CPUs of this machine");
	xenlight->pcpus = calloc((size_t)n + 1, sizeof *xenlight->pcpus);
	for (int i = 0; xenlight->pcpus && i < n; i++) {
		bool there = v[i].core != LIBXL_CPUTOPOLOGY_INVALID_ENTRY;

		xenlight->pcpus[i].core = there ? (int)(v[i].socket << 16 | v[i].core) : -1;
		xenlight->pcpus[i].node = there ? (int)v[i].node : -1;
	}
	xl.libxl_cputopology_list_free(v, n);
	if (!xenlight->pcpus)
		return err_no_memory(err);
	xenlight->n_pcpus = (unsigned int)n;
	return 0;
}

static void copy_bitmap(libxl_bitmap *from, struct cpuset *to)
{
	*to = (struct cpuset){ 0 };
	for (uint32_t i = 0; i < from->size * 8; i++) {
		if (xl.libxl_bitmap_test(from, (int)i))
			cpuset_add(to, i);
	}
}

/* The hard affinity of each vCPU, empty for one that is offline; *out is to be freed. */
static int read_affinity(struct xenlight *xenlight, unsigned int domid, struct cpuset **out,
	unsigned int *n_out, struct err *err)
{
	struct cpuset *cpus;
	int n, n_pcpus;
	libxl_vcpuinfo *v = xl.libxl_list_vcpu(xenlight->ctx, domid, &n, &n_pcpus);

	if (!v)
		return err_set(err, EIO, "libxl does not report the vCPUs of domain %u", domid);
	cpus = calloc((size_t)n + 1, sizeof *cpus);
	for (int i = 0; cpus && i < n; i++) {
		if (v[i].online && v[i].vcpuid < (uint32_t)n)
			copy_bitmap(&v[i].cpumap, &cpus[v[i].vcpuid]);
	}
	xl.libxl_vcpuinfo_list_free(v, n);
	if (!cpus)
		return err_no_memory(err);
	*out = cpus;
	*n_out = (unsigned int)n;
	return 0;
}

int xenlight_read_topology(struct xenlight *xenlight, struct topology *out, struct err *err)
{
	_cleanup_free_ struct cpuset *vcpus = NULL;
	unsigned int n = 0;
	int r;

	r = read_pcpus(xenlight, err);
	if (r == 0)
		r = read_affinity(xenlight, 0, &vcpus, &n, err);
	if (r < 0)
		return r;
	r = topology_compute(xenlight->pcpus, xenlight->n_pcpus, vcpus, n, out);
	return r < 0 ? err_no_memory(err) : 0;
}

/* Where the vCPUs' hard affinity lies. */
static bool nodes_by_vcpus(struct xenlight *xenlight, unsigned int domid, struct cpuset *nodes)
{
	_cleanup_free_ struct cpuset *vcpus = NULL;
	struct cpuset all = { 0 };
	unsigned int n = 0;

	if (read_affinity(xenlight, domid, &vcpus, &n, NULL) < 0)
		return false;
	for (unsigned int i = 0; i < n; i++)
		cpuset_or(&all, &vcpus[i]);
	topology_nodes_of(xenlight->pcpus, xenlight->n_pcpus, &all, nodes);
	return true;
}

bool xenlight_domain_nodes(struct xenlight *xenlight, unsigned int domid, struct cpuset *nodes)
{
	libxl_bitmap map;
	bool told;

	xl.libxl_bitmap_init(&map);
	told = xl.libxl_node_bitmap_alloc(xenlight->ctx, &map, 0) == 0 &&
	       xl.libxl_domain_get_nodeaffinity(xenlight->ctx, domid, &map) == 0;
	if (told)
		copy_bitmap(&map, nodes);
	xl.libxl_bitmap_dispose(&map);
	if (!told || cpuset_count(nodes) < topology_count_nodes(xenlight->pcpus, xenlight->n_pcpus))
		return told;
	return nodes_by_vcpus(xenlight, domid, nodes);
}
