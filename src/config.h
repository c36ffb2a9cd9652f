// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config.h - what /etc/xen/vifpin.conf says (vifpin.conf(5) in docs/).
 *
 * The syntax is that of xl.conf and is read with libxlutil.
 */
#ifndef VIFPIN_CONFIG_H
#define VIFPIN_CONFIG_H

#include "cpuset.h"
#include "err.h"

struct config {
	struct cpuset cpus;           /* that netback work may use */
	unsigned int verify_interval; /* seconds between looks for drift, 0: never */
};

/* What holds without a file: all CPUs. */
void config_default(struct config *out);

/*
 * Reads the text of a configuration. -EINVAL with "NAME:LINE: KEY: why" for a
 * syntax error, an unknown key, a key that is there twice, or a bad value; *out is
 * set only on success.
 */
int config_parse(const char *text, const char *name, struct config *out, struct err *err);

#endif
