// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config.h - what /etc/xen/vifpin.conf says (vifpin.conf(5) in docs/).
 *
 * The syntax is that of xl.conf (xlconf.h).
 */
#pragma once

#include "cpuset.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>

/* An exception: what holds for some vifs. */
struct config_vif {
	char *domain; /* shell pattern for the domain's name, owned; NULL: any */
	char *mac;    /* the same for the MAC, in any case */
	bool pin;     /* false: the vif is left alone */
	bool has_cpus;
	struct cpuset cpus; /* instead of the configuration's */
};

struct config {
	struct cpuset cpus;      /* that netback work may use */
	bool avoid_nic;          /* keep rx sides off CPUs that take physical NICs' interrupts */
	bool numa;               /* prefer the guest's node where it can be known */
	struct config_vif *vifs; /* in the order of the file, owned */
	size_t n_vifs;
	bool placement_measured; /* new sides go by measured load where it is known, not by number
				  */
	bool rebalance;          /* the watcher moves sides by measured load */
	unsigned int rebalance_gain;      /* but only for at least so many percent, */
	unsigned int rebalance_interval;  /* not more often than in so many seconds, */
	unsigned int rebalance_threshold; /* and where a CPU is busier than so many percent */
	unsigned int verify_interval;     /* seconds between looks for drift, 0: never */
};

/* What holds without a file: all CPUs, both preferences, no exception. */
void config_default(struct config *out);
void config_free(struct config *config);

/*
 * Reads the text of a configuration. `words` says what "all" and "node:N" are in its
 * lists of CPUs. -EINVAL with "NAME:LINE: KEY: why" for a syntax error, an unknown key,
 * a key that appears twice, or a bad value; -ENODATA, likewise, when nodes would have
 * to be known; -ELIBACC where the text cannot be parsed (xlconf.h). *out is set only on success;
 * free with config_free().
 */
int config_parse(const char *text, const char *name, const struct cpuset_words *words,
	struct config *out, struct err *err);

/* The first exception that is for this vif, or NULL. */
const struct config_vif *config_find_vif(
	const struct config *config, const char *domain, const char *mac);

/* The CPUs that the vif may use. */
const struct cpuset *config_cpus(const struct config *config, const struct config_vif *exception);
