// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy.h"

#include "store.h"
#include "util.h"
#include "vifname.h"

#include <string.h>

/* The directory of an interrupt has files of its own beside the action's directory. */
static bool is_attribute(const char *name)
{
	static const char *const names[] = { "smp_affinity", "smp_affinity_list", "affinity_hint",
		"effective_affinity", "effective_affinity_list", "node", "spurious" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* Is it an interrupt of netback's own name for a netdev, "vifD.I"? */
static bool has_default_name(const char *action)
{
	char dev[DEV_NAME_SIZE];
	enum vif_side side;
	unsigned int queue;
	const char *dash = strchr(action, '-');
	size_t n = dash ? (size_t)(dash - action) : strlen(action);

	if (n >= sizeof dev)
		return false;
	memcpy(dev, action, n);
	dev[n] = '\0';
	return vifname_is_default_dev(dev) && vifname_match_interrupt(dev, action, &queue, &side);
}

static bool is_in_ledger(const struct sysroot *root, const char *action)
{
	_cleanup_free_ char *text = NULL;

	return store_peek_text(root, &text, NULL) == 0 && ledger_text_has_interrupt(text, action);
}

static int is_vifs(const char *name, void *data)
{
	const struct sysroot *root = data;

	return !is_attribute(name) && (has_default_name(name) || is_in_ledger(root, name));
}

bool policy_bans(const struct sysroot *root, unsigned int irq)
{
	return sysroot_list(root, is_vifs, (void *)root, PATH_IRQ, irq) == 1;
}
