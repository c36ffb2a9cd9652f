// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vifname.h - the names a vif has in xenstore, in /proc/interrupts and among
 * the kernel threads.
 *
 * Names are matched whole: vif1.1 is not vif1.10, and dom0's own vif0-q0-tx is
 * not the backend's vif0.0-q0-tx.
 */
#pragma once

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
static inline int vif_id_compare(const struct vif_id *a, const struct vif_id *b)
{
	if (a->domid != b->domid)
		return a->domid < b->domid ? -1 : 1;
	return (a->devid > b->devid) - (a->devid < b->devid);
}

/*
 * How far down a path points that is at or below "backend/vif", as libxl and xenstore's watches
 * give it, or at or below "/local/domain/B/backend/vif". *backend is B, -1 without it. Behind that
 * come D/I/KEY: set is only what the path has, and *key points into it. For VIF_PATH_OTHER the
 * outputs say nothing, but *key is untouched.
 */
enum vif_path { VIF_PATH_OTHER, VIF_PATH_ROOT, VIF_PATH_DOMAIN, VIF_PATH_VIF, VIF_PATH_KEY };
enum vif_path vifname_parse_path(
	const char *path, struct vif_id *id, int *backend, const char **key);

/* Compares two MACs, six pairs of hexadecimal digits joined by colons or dashes, without regard to
 * case and to what joins the pairs. False for what is none. */
bool vifname_same_mac(const char *a, const char *b);

/* xl's rule: a word of digits is a domid, whether there is such a domain or not; any other is a
 * name. */
bool vifname_is_domid(const char *word);

/*
 * Does a person's word name this vif as `vifpin list` prints it: by its number, "D.I", or, where
 * the word has another form, by its netdev's name?
 */
bool vifname_is_called(const char *word, struct vif_id id, const char *dev);

/* Does it name this vif among those of its domain: by its devid, by its MAC, or as above? */
bool vifname_is_device(const char *word, struct vif_id id, const char *mac, const char *dev);

/* True when `name` can be a netdev's name (dev_valid_name, net/core/dev.c). */
bool vifname_is_dev(const char *name);

/* "vifD.I", netback's own name for the netdev. */
void vifname_default_dev(struct vif_id id, char dev[DEV_NAME_SIZE]);

/* Is it a name that vifname_default_dev() makes, and of which vif? *id is set only when it is. */
bool vifname_is_default_dev(const char *name, struct vif_id *id);

/* What an interrupt or a thread of a vif is for. */
enum target_kind {
	TARGET_TX,       /* interrupt, guest to host */
	TARGET_RX,       /* interrupt, host to guest */
	TARGET_COMBINED, /* interrupt of a frontend without split event channels */
	TARGET_GUEST_RX, /* thread that carries the rx work */
	TARGET_DEALLOC,  /* thread that frees what the tx work used */
	TARGET_NAPI,     /* thread that carries the tx work, where the netdev's NAPI is threaded */
	TARGET_KINDS
};

/*
 * Is this interrupt (by its action's name) one of the netdev `dev`, and which?
 *   <dev>-qN-tx, <dev>-qN-rx, <dev>-qN	multi-queue netback (Linux 3.16 on)
 *   <dev>-tx, <dev>-rx, <dev>		before that; queue 0
 * *queue and *kind are set only when true is returned.
 */
bool vifname_match_interrupt(
	const char *dev, const char *action, unsigned int *queue, enum target_kind *kind);

/* TASK_COMM_LEN without the end (linux/sched.h): Linux before 5.17 (d6986ce24fc0) cuts the name of
 * a kernel thread to that many characters. */
#define COMM_CUT 15

/*
 * Is this kernel thread (by its whole name) one of the netdev `dev`, and which?
 *   <dev>-qN-guest-rx, <dev>-qN-dealloc	and before multi-queue without -qN
 * A name of COMM_CUT characters matches nothing: it may have been cut, see cut_names.h.
 */
bool vifname_match_thread(
	const char *dev, const char *comm, unsigned int *queue, enum target_kind *kind);

/*
 * Is this kernel thread one of NAPI's for the netdev that was called `dev` when the thread was
 * made, napi/<dev>-ID (Linux 5.12 on)? Its name tells no queue, but the NAPI's *id, which is set
 * only when true is returned. IDs rise in the order in which NAPIs are added (napi_hash_add(),
 * net/core/dev.c), which netback does queue after queue (xenvif_connect_data()). As above, a name
 * of COMM_CUT characters matches nothing.
 */
bool vifname_match_napi(const char *dev, const char *comm, unsigned int *id);

/* Room for any of these names, with the end. */
#define TARGET_NAME_SIZE 64

/* The whole name that the interrupt or thread has; before multi-queue, not `numbered`.
 * That of TARGET_NAPI has an ID: what stands for it is "napi/<dev> of qN". */
void vifname_of_target(const char *dev, bool numbered, unsigned int queue, enum target_kind kind,
	char name[TARGET_NAME_SIZE]);
