// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy.h"

#include "ledger_file.h"
#include "util.h"
#include "vifname.h"

#include <stdio.h>
#include <string.h>

struct question {
	const struct sysroot *root;
	unsigned int irq;
};

/* Is it an interrupt of netback's own name for a netdev, "vifD.I"? */
static bool has_default_name(const char *action)
{
	char dev[DEV_NAME_SIZE];
	enum target_kind kind;
	unsigned int queue;
	struct vif_id id;

	snprintf(dev, sizeof dev, "%.*s", (int)strcspn(action, "-"), action);
	return vifname_is_default_dev(dev, &id) &&
	       vifname_match_interrupt(dev, action, &queue, &kind);
}

static bool is_in_ledger(const struct sysroot *root, const char *action)
{
	_cleanup_free_ char *text = NULL;

	return ledger_file_peek_text(root, &text, NULL) == 0 &&
	       ledger_text_has_interrupt(text, action);
}

static int is_vifs(const char *name, void *data)
{
	const struct question *asked = data;

	/* Of what an interrupt has, only an action is a directory. */
	return sysroot_exists(asked->root, PATH_IRQ_ACTION "/.", asked->irq, name) &&
	       (has_default_name(name) || is_in_ledger(asked->root, name));
}

bool policy_bans(const struct sysroot *root, unsigned int irq)
{
	struct question question = { root, irq };

	return sysroot_list(root, is_vifs, &question, PATH_IRQ, irq) == 1;
}
