// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * site.h - what this host has for placing a vif: CPUs, physical NICs' interrupts,
 * nodes and cores. Each is read when it is first needed, and then kept: a site is for
 * one pass.
 */
#ifndef VIFPIN_SITE_H
#define VIFPIN_SITE_H

#include "config.h"
#include "err.h"
#include "hypervisor.h"
#include "ledger.h"
#include "nics.h"
#include "plan.h"
#include "sysroot.h"
#include "topology.h"

#include <stdbool.h>

struct site {
	const struct sysroot *root;
	const struct config *config;
	bool has_online, has_rest;
	struct cpuset online;
	struct cpuset own; /* vifpin's affinity: who limits it means to limit what it does */
	struct nics *nics;
	struct hypervisor *hypervisor; /* NULL where nodes are not known */
	struct topology topology;
};

void site_init(struct site *site, const struct sysroot *root, const struct config *config);
void site_free(struct site *site);

/* The CPUs that are online. -errno with a sentence. */
int site_online(struct site *site, const struct cpuset **out, struct err *err);

/* Why guests' nodes play no part, or NULL when they do. */
const char *site_why_no_nodes(struct site *site);

/* The topology, and the interrupts of NICs. -ENOMEM with a sentence. */
int site_read(struct site *site, struct err *err);

/* Where the sides of this vif, whose domain and MAC are known, may and should be.
 * -errno with a sentence. */
int site_rules(
	struct site *site, const struct vif_entry *vif, struct plan_rules *out, struct err *err);

/* The physical NICs' interrupts on each CPU, [CPUSET_MAX]; after site_read(). */
const unsigned int *site_nic_load(const struct site *site);

/* All that plan_vif() wants to know, but for the load of vifs. *out is to be freed.
 * -errno with a sentence. */
int site_for_vif(
	struct site *site, const struct vif_entry *vif, struct plan_host **out, struct err *err);

/* config.h's words for this host; they hold as long as the site. */
struct cpuset_words site_words(const struct site *site);

#endif
