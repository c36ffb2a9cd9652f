// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * facts.h - reads from the host what doctor.h judges.
 *
 * Nothing fails: what cannot be read is as if it were not there, and the judgement says
 * what that means. Nothing is changed.
 */
#ifndef VIFPIN_FACTS_H
#define VIFPIN_FACTS_H

#include "config.h"
#include "doctor.h"
#include "ledger.h"
#include "site.h"
#include "sysroot.h"
#include "xs.h"

void facts_tools(const struct sysroot *root, struct tools *out);

/* The text of /sys/hypervisor/type, "" when it cannot be read. */
void facts_hypervisor(const struct sysroot *root, char type[16]);

/* site: of the configuration that is looked at. The vif of most queues is the ledger's. */
void facts_cpus(struct site *site, const struct ledger *ledger, struct cpu_facts *out);
void facts_vcpus(struct site *site, struct vcpu_facts *out);
void facts_nics(struct site *site, const struct ledger *ledger, struct nic_facts *out);

/* n_allowed is left alone. */
void facts_netback(const struct sysroot *root, struct netback_facts *out);

void facts_hook(const struct sysroot *root, struct hook_facts *out);
void facts_watcher(const struct sysroot *root, struct watcher_facts *out);

/* out->options does not outlive the call but for bans_vif. */
void facts_irqbalance(const struct sysroot *root, struct irqbalance_facts *out);

/* Reads the ledger too, to be freed with ledger_clear(); empty when it cannot be read. */
void facts_ledger(const struct sysroot *root, struct ledger *ledger, struct ledger_facts *out);

/* xs may be NULL: then what is in xenstore is not known. */
void facts_vifs(
	struct site *site, const struct ledger *ledger, struct xs *xs, struct vif_facts *out);

#endif
