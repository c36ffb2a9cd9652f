// SPDX-License-Identifier: GPL-2.0-or-later
#include "hypervisor.h"

#include "library.h"
#include "util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <xenctrl.h>
#include <xentoollog.h>

/* What is used of it, and of what it loads. The same in Xen 4.14 to 4.20. */
#define FUNCTIONS(X)                                                                               \
	X(xc_interface_open)                                                                       \
	X(xc_interface_close)                                                                      \
	X(xc_cputopoinfo)                                                                          \
	X(xc_vcpu_getinfo)                                                                         \
	X(xc_vcpu_getaffinity)                                                                     \
	X(xc_get_cpumap_size)                                                                      \
	X(xc_cpumap_alloc)                                                                         \
	X(xc_domain_node_getaffinity)                                                              \
	X(xc_get_nodemap_size)                                                                     \
	X(xc_nodemap_alloc)                                                                        \
	X(xtl_createlogger_stdiostream)                                                            \
	X(xtl_logger_destroy)

static struct {
	FUNCTIONS(LIBRARY_MEMBER)
} xc;
static const char *const names[] = { FUNCTIONS(LIBRARY_NAME) };

struct hypervisor {
	xentoollog_logger *log;
	xc_interface *interface;
	struct pcpu *pcpus; /* NULL until hypervisor_read_topology() */
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
	if (library_load(XENCTRL_LIBRARY, names, ARRAY_SIZE(names), &xc, &why) < 0)
		return err_set(err, ENOTSUP,
			"libxenctrl cannot be loaded: %s; install that of the Xen that vifpin is "
			"built for",
			why.msg);
	return 0;
}

int hypervisor_open(const struct sysroot *root, struct hypervisor **out, struct err *err)
{
	struct hypervisor *new;
	int r = load(root, err);

	if (r < 0)
		return r;
	new = calloc(1, sizeof *new);
	if (!new)
		return err_no_memory(err);
	/* It says on its own that there is no hypervisor; here that is no error. */
	new->log = (xentoollog_logger *)xc.xtl_createlogger_stdiostream(stderr, XTL_NUM_LEVELS, 0);
	if (new->log)
		new->interface = xc.xc_interface_open(new->log, NULL, 0);
	if (!new->interface) {
		hypervisor_close(new);
		return err_set(err, ENOTSUP, "Xen cannot be asked here");
	}
	*out = new;
	return 0;
}

void hypervisor_close(struct hypervisor *hypervisor)
{
	if (!hypervisor)
		return;
	if (hypervisor->interface)
		xc.xc_interface_close(hypervisor->interface);
	if (hypervisor->log)
		xc.xtl_logger_destroy(hypervisor->log);
	free(hypervisor->pcpus);
	free(hypervisor);
}

/* A core's number is unique in its socket only. */
static int read_pcpus(struct hypervisor *hypervisor, struct err *err)
{
	_cleanup_free_ xc_cputopo_t *v = NULL;
	unsigned int n = 0;

	/* Without room for them it says how many there are. */
	if (xc.xc_cputopoinfo(hypervisor->interface, &n, NULL) < 0)
		return err_set(err, EIO, "Xen does not report the CPUs of this machine");
	v = calloc((size_t)n + 1, sizeof *v);
	hypervisor->pcpus = calloc((size_t)n + 1, sizeof *hypervisor->pcpus);
	if (!v || !hypervisor->pcpus)
		return err_no_memory(err);
	if (xc.xc_cputopoinfo(hypervisor->interface, &n, v) < 0)
		return err_set(err, EIO, "Xen does not report the CPUs of this machine");
	for (unsigned int i = 0; i < n; i++) {
		bool there = v[i].core != XEN_INVALID_CORE_ID;

		hypervisor->pcpus[i].core = there ? (int)(v[i].socket << 16 | v[i].core) : -1;
		hypervisor->pcpus[i].node = there ? (int)v[i].node : -1;
	}
	hypervisor->n_pcpus = n;
	return 0;
}

/* Of Xen's bitmaps, which have a bit for each pCPU or node. */
static void copy_bitmap(const uint8_t *map, int bytes, struct cpuset *to)
{
	*to = (struct cpuset){ 0 };
	for (int i = 0; i < bytes * 8; i++) {
		if (map[i / 8] >> i % 8 & 1)
			cpuset_add(to, (unsigned int)i);
	}
}

/* The hard affinity of a vCPU, empty for one that is offline. 1, or 0 where the domain has no such
 * vCPU; -EIO. */
static int read_vcpu(struct hypervisor *hypervisor, unsigned int domid, unsigned int vcpu,
	xc_cpumap_t map, struct cpuset *out)
{
	xc_interface *interface = hypervisor->interface;
	xc_vcpuinfo_t info;

	if (xc.xc_vcpu_getinfo(interface, domid, vcpu, &info) < 0)
		return vcpu && (errno == EINVAL || errno == ESRCH) ? 0 : -EIO;
	if (!info.online)
		return 1;
	if (xc.xc_vcpu_getaffinity(interface, domid, (int)vcpu, map, NULL, XEN_VCPUAFFINITY_HARD) <
		0)
		return -EIO;
	copy_bitmap(map, xc.xc_get_cpumap_size(interface), out);
	return 1;
}

/* Those of all its vCPUs; *out is to be freed. */
static int read_affinity(struct hypervisor *hypervisor, unsigned int domid, struct cpuset **out,
	size_t *n_out, struct err *err)
{
	_cleanup_free_ uint8_t *map = xc.xc_cpumap_alloc(hypervisor->interface);
	struct cpuset *cpus = NULL, *next;
	size_t n = 0;
	int r;

	do {
		next = map ? array_add(&cpus, &n, sizeof *cpus) : NULL;
		r = next ? read_vcpu(hypervisor, domid, (unsigned int)n - 1, map, next) : -ENOMEM;
	} while (r > 0);
	if (r < 0) {
		free(cpus);
		return r == -ENOMEM ? err_no_memory(err)
				    : err_set(err, EIO,
					      "Xen does not report the vCPUs of domain %u", domid);
	}
	*out = cpus;
	*n_out = n - 1;
	return 0;
}

int hypervisor_read_topology(struct hypervisor *hypervisor, struct topology *out, struct err *err)
{
	_cleanup_free_ struct cpuset *vcpus = NULL;
	size_t n = 0;
	int r;

	r = read_pcpus(hypervisor, err);
	if (r == 0)
		r = read_affinity(hypervisor, 0, &vcpus, &n, err);
	if (r < 0)
		return r;
	r = topology_compute(hypervisor->pcpus, hypervisor->n_pcpus, vcpus, (unsigned int)n, out);
	return r < 0 ? err_no_memory(err) : 0;
}

/* Where the vCPUs' hard affinity lies. */
static bool nodes_by_vcpus(struct hypervisor *hypervisor, unsigned int domid, struct cpuset *nodes)
{
	_cleanup_free_ struct cpuset *vcpus = NULL;
	struct cpuset all = { 0 };
	size_t n = 0;

	if (read_affinity(hypervisor, domid, &vcpus, &n, NULL) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		cpuset_or(&all, &vcpus[i]);
	topology_nodes_of(hypervisor->pcpus, hypervisor->n_pcpus, &all, nodes);
	return true;
}

bool hypervisor_domain_nodes(
	struct hypervisor *hypervisor, unsigned int domid, struct cpuset *nodes)
{
	_cleanup_free_ uint8_t *map = xc.xc_nodemap_alloc(hypervisor->interface);

	if (!map || xc.xc_domain_node_getaffinity(hypervisor->interface, domid, map) < 0)
		return false;
	copy_bitmap(map, xc.xc_get_nodemap_size(hypervisor->interface), nodes);
	if (cpuset_count(nodes) < topology_count_nodes(hypervisor->pcpus, hypervisor->n_pcpus))
		return true;
	return nodes_by_vcpus(hypervisor, domid, nodes);
}
