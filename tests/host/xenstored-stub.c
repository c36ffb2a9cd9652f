// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xenstored-stub.c - lets the real xenstored run where there is no hypervisor.
 *
 * Preloaded into xenstored (LD_PRELOAD) it answers for what xenstored asks Xen:
 * which domains exist, its event channels, the grant of a guest's ring page, and
 * the two files of /proc/xen. Clients come by the socket, so none of it has to
 * work; it only has to be there. All that a client sees (nodes, watches,
 * transactions, permissions) is xenstored's own.
 *
 * xenstored has to be called with -N (a fork would have to keep what is here) and
 * without -D (no domain init: it would crash at the first write).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define PAGE 4096

/* Handles are opaque to xenstored: any address that is not NULL does. */
static char handle;

/* libxenctrl: every domain that is asked for exists. */

xc_interface *xc_interface_open(
	xentoollog_logger *logger, xentoollog_logger *dombuild_logger, unsigned int flags)
{
	(void)logger;
	(void)dombuild_logger;
	(void)flags;
	return (xc_interface *)&handle;
}

int xc_interface_close(xc_interface *xch)
{
	(void)xch;
	return 0;
}

#ifdef XEN_4_18
int xc_domain_getinfo_single(xc_interface *xch, uint32_t domid, xc_domaininfo_t *info)
{
	(void)xch;
	memset(info, 0, sizeof *info);
	info->domain = (domid_t)domid;
	info->flags = XEN_DOMINF_running;
	return 0;
}
#else
int xc_domain_getinfo(
	xc_interface *xch, uint32_t first_domid, unsigned int max_doms, xc_dominfo_t *info)
{
	(void)xch;
	if (max_doms < 1)
		return 0;
	memset(info, 0, sizeof *info);
	info->domid = first_domid;
	info->running = 1;
	return 1;
}
#endif

/* libxenevtchn: a descriptor that poll() never finds readable. */

xenevtchn_handle *xenevtchn_open(xentoollog_logger *logger, unsigned int flags)
{
	(void)logger;
	(void)flags;
	return (xenevtchn_handle *)&handle;
}

xenevtchn_handle *xenevtchn_fdopen(xentoollog_logger *logger, int fd, unsigned int flags)
{
	(void)fd;
	return xenevtchn_open(logger, flags);
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
	static int fd = -1;

	(void)xce;
	if (fd < 0)
		fd = eventfd(0, EFD_CLOEXEC);
	return fd;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(
	xenevtchn_handle *xce, uint32_t domid, evtchn_port_t remote_port)
{
	(void)xce;
	(void)domid;
	(void)remote_port;
	return 1;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce, unsigned int virq)
{
	(void)xce;
	(void)virq;
	return 2;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
	(void)xce;
	errno = EAGAIN;
	return -1;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce;
	(void)port;
	return 0;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce;
	(void)port;
	return 0;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce;
	(void)port;
	return 0;
}

/* libxengnttab: a mapped grant is a page of zeroes. */

xengnttab_handle *xengnttab_open(xentoollog_logger *logger, unsigned int flags)
{
	(void)logger;
	(void)flags;
	return (xengnttab_handle *)&handle;
}

int xengnttab_close(xengnttab_handle *xgt)
{
	(void)xgt;
	return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr_grants)
{
	(void)xgt;
	(void)nr_grants;
	return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid, uint32_t ref, int prot)
{
	(void)xgt;
	(void)domid;
	(void)ref;
	(void)prot;
	return calloc(1, PAGE);
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
	(void)xgt;
	(void)count;
	free(start_address);
	return 0;
}

/* /proc/xen: dom0's own ring page and its event channel. */

static int open_content(const char *name, const char *content, size_t len)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)len) < 0 || pwrite(fd, content, strlen(content), 0) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int open(const char *path, int flags, ...)
{
	static int (*next)(const char *, int, ...);
	mode_t mode = 0;

	if (strcmp(path, "/proc/xen/xsd_kva") == 0)
		return open_content("xsd_kva", "", PAGE);
	if (strcmp(path, "/proc/xen/xsd_port") == 0)
		return open_content("xsd_port", "1", 1);
	if (flags & (O_CREAT | __O_TMPFILE)) {
		va_list ap;

		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "open");
	return next(path, flags, mode);
}
