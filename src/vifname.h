// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vifname.h - the names a vif has in xenstore, in /proc/interrupts and among
 * the kernel threads.
 *
 * Names are matched whole: vif1.1 is not vif1.10, and dom0's own vif0-q0-tx is
 * not the backend's vif0.0-q0-tx.
 */
#ifndef VIFPIN_VIFNAME_H
#define VIFPIN_VIFNAME_H

#include <stdbool.h>
#include <stddef.h>

/* Xen keeps domids from 0x7FF0 up for itself (DOMID_FIRST_RESERVED, xen.h). */
#define DOMID_MAX 0x7FEF
#define DEVID_MAX 65535

/* netback's max_queues is a module parameter; more than this is nobody's intent. */
#define QUEUES_MAX 1024

/* IFNAMSIZ (linux/if.h), with the end. */
#define DEV_NAME_SIZE 16

struct vif_id {
	unsigned int domid;
	unsigned int devid;
};

/* <0, 0, >0 like strcmp: by domid, then devid. */
int vif_id_compare(const struct vif_id *a, const struct vif_id *b);

/*
 * A backend's path: "backend/vif/D/I" as libxl gives it, in which case
 * *backend is -1, or "/local/domain/B/backend/vif/D/I", *backend = B. False,
 * outputs untouched, for anything else.
 */
bool vifname_parse_path(const char *path, struct vif_id *id, int *backend);

/*
 * A path at or below backend/vif, as xenstore watches report it. `depth` tells
 * how far down it points.
 */
enum vif_path { VIF_PATH_OTHER, VIF_PATH_ROOT, VIF_PATH_DOMAIN, VIF_PATH_VIF, VIF_PATH_KEY };
enum vif_path vifname_parse_event(const char *path, struct vif_id *id, const char **key);

/* True for six pairs of hexadecimal digits joined by colons or dashes. */
bool vifname_is_mac(const char *text);

/* Compares two MACs without regard to case and to what joins the pairs. */
bool vifname_same_mac(const char *a, const char *b);

/* True when `name` can be a netdev's name (dev_valid_name, net/core/dev.c). */
bool vifname_is_dev(const char *name);

/* "vifD.I", netback's own name for the netdev. */
void vifname_default_dev(struct vif_id id, char dev[DEV_NAME_SIZE]);

/* True for a name of the form that vifname_default_dev() makes. */
bool vifname_is_default_dev(const char *name);

/* What an interrupt or a thread of a vif is for. */
enum vif_side {
	SIDE_TX,       /* interrupt, guest to host */
	SIDE_RX,       /* interrupt, host to guest */
	SIDE_BOTH,     /* interrupt of a frontend without split event channels */
	SIDE_GUEST_RX, /* thread that carries the rx work */
	SIDE_DEALLOC,  /* thread that frees what the tx work used */
	SIDE_COUNT
};

/*
 * Is this interrupt (by its action's name) one of the netdev `dev`, and which?
 *   <dev>-qN-tx, <dev>-qN-rx, <dev>-qN	multi-queue netback (Linux 3.16 on)
 *   <dev>-tx, <dev>-rx, <dev>		before that; queue 0
 * *queue and *side are set only when true is returned.
 */
bool vifname_match_interrupt(
	const char *dev, const char *action, unsigned int *queue, enum vif_side *side);

/*
 * Is this kernel thread (by its whole name) one of the netdev `dev`, and which?
 *   <dev>-qN-guest-rx, <dev>-qN-dealloc	and before multi-queue without -qN
 * Linux before 5.17 cuts names to 15 characters; a cut name matches nothing.
 */
bool vifname_match_thread(
	const char *dev, const char *comm, unsigned int *queue, enum vif_side *side);

#endif
