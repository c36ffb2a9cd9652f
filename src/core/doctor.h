// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * doctor.h - is this host set up so that pins work and last?
 *
 * What is known of a host goes in, a finding for each check comes out. Nothing is read
 * here; doctor_facts.h does that. What could not be read is as if it were not there.
 *
 * A new check takes: what it looks at in struct doctor_facts, the lines of doctor_facts.c
 * that read it, and in the doctor_*.c of its subject a function and a row in the table.
 */
#pragma once

#include "cpuset.h"
#include "err.h"
#include "finding.h"
#include "irqbalance.h"
#include "load.h"
#include "vifname.h"

#include <stdbool.h>
#include <stddef.h>

/* How long a path is that is worth showing, with its end. */
#define SHOWN_PATH_SIZE 128

/* A file that should call vifpin: the hook, irqbalance's policy script. */
struct caller {
	char path[SHOWN_PATH_SIZE]; /* "" where there is none */
	bool is_there;
	bool executable;
	char program[SHOWN_PATH_SIZE]; /* the vifpin it calls, "" when it calls none */
	bool program_works;            /* is there and executable */
};

/*
 * Finds in a script the program of vifpin's that it calls: the first word, outside
 * comments, that is "vifpin" or "irqbalance-policy", or a path that ends so. False, program
 * untouched, when it calls none, or its path does not fit.
 */
bool doctor_find_call(const char *script, char program[SHOWN_PATH_SIZE]);

/* Do these characters end it? */
bool doctor_ends_in(const char *text, const char *end);

/*
 * The value of vif.default.script in the text of xl.conf (xl.conf(5)), "vif-bridge" when
 * it is not set, does not fit, or the text cannot be parsed.
 */
void doctor_default_script(const char *xl_conf, char script[SHOWN_PATH_SIZE]);

/* How many of something vifs have. */
struct vif_count {
	size_t n;
	struct vif_id vif; /* the first that has it */
};

struct cpu_facts {
	struct cpuset online;
	struct cpuset present;
	struct cpuset configured;        /* all bits: "all" */
	struct cpuset own;               /* vifpin's own affinity mask */
	struct cpuset allowed;           /* in all of them */
	struct cpuset initial;           /* /proc/irq/default_smp_affinity */
	struct cpuset isolated;          /* isolcpus= and the like */
	struct cpuset partition;         /* those that no cpuset partition has taken for itself */
	struct vif_count queues;         /* of the vif of the ledger that has the most */
	struct load_spread load, evened; /* of those allowed; what rebalance would make of it */
};

/* Of dom0, by Xen. */
struct vcpu_facts {
	struct err unknown; /* msg "" when Xen tells */
	bool on_a_node;     /* every vCPU stays on one node; so it is where there is one only */
	bool on_a_pcpu;     /* and on one pCPU */
};

struct nic_facts {
	bool avoid;             /* avoid_nic of the configuration */
	struct cpuset cpus;     /* that physical NICs' interrupts are delivered to */
	struct vif_count sides; /* rx sides on one of them that could be elsewhere */
	unsigned int queue;     /* the first of them */
	int cpu;
};

/* Parameters of xen_netback. A number is -1 where the module has no such parameter. */
struct netback_facts {
	bool loaded;
	long max_queues;
	int separate_tx_rx_irq; /* 1, 0 */
	bool grouped;           /* there are threads netback/N, one a CPU, for all vifs */
};

struct hook_facts {
	bool has_scripts;                     /* /etc/xen/scripts */
	bool calls_hooks;                     /* its scripts do */
	struct caller hook;                   /* one in vif-post.d, whatever its name */
	char default_script[SHOWN_PATH_SIZE]; /* xl's */
};

struct watcher_facts {
	struct err failure; /* msg "" when it could be told whether one runs */
	bool runs;          /* only then is the rest of meaning */
	bool until_idle;
	int pid;        /* 0: not known */
	char since[32]; /* local time */
};

struct irqbalance_facts {
	bool runs;
	struct irqbalance_version version; /* all 0: not known */
	bool bans_vif;                     /* struct irqbalance_options */
	struct caller policy;              /* path "" without --policyscript */
	char installed[SHOWN_PATH_SIZE];   /* vifpin's own policy script, "" when there is none */
	bool args_are_set;                 /* IRQBALANCE_ARGS in /etc/default/irqbalance */
};

struct ledger_facts {
	struct err failure; /* msg "" when it can be read */
	bool of_later_version;
	bool is_there;
	bool of_this_boot;
	size_t n_vifs;
	unsigned int n_corrupt; /* files that were moved aside */
};

/* What can be wrong with vifs, in the order in which it is said. */
enum vif_trouble {
	VIFS_UNKNOWN, /* vifs that are in xenstore, not in the ledger */
	VIFS_MOVED,   /* interrupts and threads elsewhere than the ledger says */
	VIFS_PARTIAL, /* vifs of which some of these, or queues, are not there or not pinned */
	VIFS_OUTSIDE, /* sides on CPUs that their vif may not use */
	VIF_TROUBLES
};

struct vif_facts {
	struct vif_count troubles[VIF_TROUBLES];
	struct err failure;  /* msg "" when every vif could be compared with the kernel */
	unsigned long drift; /* interrupts and threads that were put back so far */
};

/* All that is known of a host. */
struct doctor_facts {
	bool systemd;                /* /run/systemd/system, as sd_booted(3) */
	char hypervisor[16];         /* the line of /sys/hypervisor/type, "" without */
	struct err xenstore_failure; /* msg "" when xenstored answered */
	int own_domid;               /* of the domain vifpin runs in, -1: not known */
	struct err config_failure;   /* msg "" when it can be read, or there is none */
	bool config_is_there;
	struct cpu_facts cpus;
	struct vcpu_facts vcpus;
	struct netback_facts netback;
	struct hook_facts hook;
	struct watcher_facts watcher;
	struct irqbalance_facts irqbalance;
	struct ledger_facts ledger;
	struct vif_facts vifs;
	struct nic_facts nics;
};

/*
 * Runs the checks, in the order in which one would fix things, or the one named `only`,
 * and hands `each` what it has come to.
 */
void doctor_examine(const struct doctor_facts *facts, const char *only,
	void (*each)(const struct finding *finding, void *data), void *data);
