// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * doctor.h - is this host set up so that pins work and last?
 *
 * One function a check: what was found goes in, a finding comes out. Nothing is read
 * here; facts.h does that. Texts that go in may be empty but not NULL.
 */
#ifndef VIFPIN_DOCTOR_H
#define VIFPIN_DOCTOR_H

#include "cpuset.h"
#include "err.h"
#include "finding.h"
#include "irqbalance.h"
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
	bool calls_vifpin;
	char program[SHOWN_PATH_SIZE]; /* the vifpin it calls */
	bool program_works;            /* is there and executable */
};

/*
 * Finds in a script the program of vifpin's that it calls: the first word, outside
 * comments, that is "vifpin" or "irqbalance-policy", or a path that ends so. False, program
 * untouched, when it calls none, or its path does not fit.
 */
bool doctor_find_call(const char *script, char program[SHOWN_PATH_SIZE]);

/*
 * The value of vif.default.script in the text of xl.conf (xl.conf(5)), "vif-bridge" when
 * it is not set or does not fit.
 */
void doctor_default_script(const char *xl_conf, char script[SHOWN_PATH_SIZE]);

/* What mends something may depend on this. */
struct tools {
	bool systemd; /* /run/systemd/system, as sd_booted(3) */
};

/* The text of /sys/hypervisor/type. */
void doctor_xen(const char *type, struct finding *out);

/* failure: "" when xenstored answered. */
void doctor_xenstored(const char *failure, struct finding *out);

/* own: the domid of the domain vifpin runs in, -1 when xenstored cannot be asked. */
void doctor_domain(int own, struct finding *out);

/* failure: "" when the configuration can be read; is_there: there is one. */
void doctor_config(const char *failure, bool is_there, struct finding *out);

struct cpu_facts {
	struct cpuset online;
	struct cpuset present;
	struct cpuset configured; /* all bits: "all" */
	struct cpuset own;        /* vifpin's own affinity mask */
	struct cpuset allowed;    /* in all of them */
	struct cpuset initial;    /* /proc/irq/default_smp_affinity */
	struct cpuset isolated;   /* isolcpus= and the like */
	struct cpuset partition;  /* those that no cpuset partition has taken for itself */
	unsigned int most_queues; /* of any vif of the ledger; 0: no vif */
	struct vif_id most_queues_of;
};

/* Where vifs may be placed. */
void doctor_cpus(const struct cpu_facts *facts, struct finding *out);

/* Does somebody keep interrupts or work off CPUs that vifs may use? */
void doctor_affinity(const struct cpu_facts *facts, struct finding *out);

/* Is there a CPU that vifs may use and their threads cannot? */
void doctor_cpuset(const struct cpu_facts *facts, struct finding *out);

/* Of dom0, by libxl. */
struct vcpu_facts {
	struct err unknown; /* msg "" when libxl tells */
	bool on_a_node;     /* every vCPU stays on one node; so it is where there is one only */
	bool on_a_pcpu;     /* and on one pCPU */
};
void doctor_vcpus(const struct vcpu_facts *facts, struct finding *out);

struct nic_facts {
	bool avoid;         /* avoid_nic of the configuration */
	struct cpuset cpus; /* that physical NICs' interrupts are delivered to */
	size_t n_sides;     /* rx sides on one of them that could be elsewhere */
	struct vif_id vif;  /* the first of them */
	unsigned int queue;
	int cpu;
};
void doctor_nics(const struct nic_facts *facts, struct finding *out);

/* Parameters of xen_netback. A number is -1 where the module has no such parameter. */
struct netback_facts {
	bool loaded;
	long max_queues;
	int separate_tx_rx_irq; /* 1, 0 */
	unsigned int n_allowed; /* CPUs that vifs may use */
};
void doctor_netback(const struct netback_facts *facts, struct finding *out);

struct hook_facts {
	bool has_scripts;                     /* /etc/xen/scripts */
	bool calls_hooks;                     /* its scripts do */
	struct caller hook;                   /* path is its name in vif-post.d */
	bool ends_in_hook;                    /* its name does, else the scripts pass over it */
	char default_script[SHOWN_PATH_SIZE]; /* xl's */
};
void doctor_hook(const struct hook_facts *facts, const struct tools *tools, struct finding *out);

struct watcher_facts {
	struct err failure; /* msg "" when it could be told whether one runs */
	bool runs;
	bool until_idle;
	int pid;        /* 0: not known */
	char since[32]; /* local time */
};
void doctor_watcher(
	const struct watcher_facts *facts, const struct tools *tools, struct finding *out);

struct irqbalance_facts {
	bool runs;
	struct irqbalance_version version; /* all 0: not known */
	struct irqbalance_options options; /* of the one that runs */
	struct caller policy;              /* path "" without --policyscript */
	char installed[SHOWN_PATH_SIZE];   /* vifpin's own policy script, "" when there is none */
	bool args_are_set;                 /* IRQBALANCE_ARGS in /etc/default/irqbalance */
};
void doctor_irqbalance(
	const struct irqbalance_facts *facts, const struct tools *tools, struct finding *out);

struct ledger_facts {
	struct err failure; /* msg "" when it can be read */
	bool of_later_version;
	bool is_there;
	bool of_this_boot;
	size_t n_vifs;
	unsigned int n_corrupt; /* files that were moved aside */
};
void doctor_ledger(const struct ledger_facts *facts, struct finding *out);
void doctor_corrupt(const struct ledger_facts *facts, struct finding *out);

struct vif_facts {
	size_t n; /* in the ledger */
	size_t n_partial;
	size_t n_unknown;                        /* in xenstore, not in the ledger */
	size_t n_outside;                        /* sides on CPUs that their vif may not use */
	struct vif_id partial, unknown, outside; /* the first */
	unsigned long drift; /* interrupts and threads that were put back so far */
};
void doctor_vifs(const struct vif_facts *facts, struct finding *out);

#endif
