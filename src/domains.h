// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * domains.h - the domain and vif that a person means.
 *
 * Where there is no hypervisor to ask (driver domains, a --root of another host)
 * xenstore's names serve.
 */
#ifndef VIFPIN_DOMAINS_H
#define VIFPIN_DOMAINS_H

#include "err.h"
#include "sysroot.h"
#include "xs.h"

/*
 * xl's rule: a word of digits is a domid, anything else a name. -ENOENT, with
 * xl's own sentence, when there is no such domain.
 */
int domains_find(const struct sysroot *root, struct xs *xs, const char *word, unsigned int *domid,
	struct err *err);

/*
 * The domain's vif that `word` names: a devid, or a MAC (anything with a colon or
 * of six pairs joined by dashes, in either case). -ENODEV when it has none such.
 */
int domains_find_vif(struct xs *xs, unsigned int domid, const char *domain, const char *word,
	struct vif_id *out, struct err *err);

#endif
