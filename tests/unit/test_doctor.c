// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "doctor.h"
#include "util.h"

static void keep(const struct finding *finding, void *data)
{
	*(struct finding *)data = *finding;
}

/* wanted: "ok: reason" or "problem: reason -> fix"; it is the row's name too. */
static void expect_finding(const struct doctor_facts *facts, const char *check, const char *wanted)
{
	static const char *const states[] = { "ok", "warning", "problem" };
	struct finding finding = { .check = "none" };
	char text[1024];

	doctor_examine(facts, check, keep, &finding);
	snprintf(text, sizeof text, "%s: %s%s%s", states[finding.health], finding.reason,
		*finding.fix ? " -> " : "", finding.fix);
	expect_str(wanted, finding.check, check);
	expect_str(wanted, text, wanted);
}

#define NAMES_SIZE 256

static void add_name(const struct finding *finding, void *data)
{
	char *names = data;
	size_t len = strlen(names);

	expect_true(finding->check, *finding->reason);
	snprintf(names + len, NAMES_SIZE - len, "%s ", finding->check);
}

/* Of a host of which nothing is known. */
static void which_checks(void **state)
{
	static const struct {
		const char *name;
		const char *only;
		const char *wanted;
	} rows[] = {
		{
			.name = "all",
			.wanted = "xen xenstored domain netback config configured cpus affinity "
				  "cpuset vcpus directions hook watcher irqbalance ledger corrupt "
				  "vifs nics ",
		},
		{
			.name = "one",
			.only = "cpuset",
			.wanted = "cpuset ",
		},
		{
			.name = "none of that name",
			.only = "cpusets",
			.wanted = "",
		},
	};
	const struct doctor_facts facts = { .own_domid = -1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char names[NAMES_SIZE] = "";

		doctor_examine(&facts, rows[i].only, add_name, names);
		expect_str(rows[i].name, names, rows[i].wanted);
	}
}

static void calls(void **state)
{
	static const struct {
		const char *script;
		const char *program; /* NULL: none */
	} rows[] = {
		{ .script = "exec /usr/sbin/vifpin irqbalance-policy \"$@\"\n",
			.program = "/usr/sbin/vifpin" },
		{ .script = "# vifpin\n\ttimeout 5 /opt/vifpin online", .program = "/opt/vifpin" },
		{ .script = "vifpin online || :\n", .program = "vifpin" },
		{ .script = "/a/vifpin online; /b/vifpin offline\n", .program = "/a/vifpin" },
		{ .script = "exec /usr/lib/vifpin/irqbalance-policy \"$@\"\n",
			.program = "/usr/lib/vifpin/irqbalance-policy" },
		{ .script = "# /usr/sbin/vifpin\n" },
		{ .script = "cat /usr/share/vifpin.txt myvifpin x/vifpin\n" },
		{ .script = "echo hello # vifpin\n" },
		{ .script = "" },
		{ .script = "\n\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char program[SHOWN_PATH_SIZE] = "-";

		expect_int(rows[i].script, doctor_find_call(rows[i].script, program),
			rows[i].program != NULL);
		expect_str(rows[i].script, program, rows[i].program ? rows[i].program : "-");
	}
}

static void call_of_a_path_too_long(void **state)
{
	char script[SHOWN_PATH_SIZE + 16];
	char program[SHOWN_PATH_SIZE] = "-";

	(void)state;
	snprintf(script, sizeof script, "/%0*d/vifpin\n", SHOWN_PATH_SIZE - 8, 0);
	assert_false(doctor_find_call(script, program));
	assert_string_equal(program, "-");
	snprintf(script, sizeof script, "/%0*d/vifpin\n", SHOWN_PATH_SIZE - 9, 0);
	assert_true(doctor_find_call(script, program));
}

static void default_scripts(void **state)
{
	static const struct {
		const char *xl_conf, *script;
	} rows[] = {
		{ .xl_conf = "", .script = "vif-bridge" },
		{ .xl_conf = "#vif.default.script=\"vif-route\"\n", .script = "vif-bridge" },
		{ .xl_conf = "vif.default.script=\"vif-route\"\n", .script = "vif-route" },
		{ .xl_conf = "a=1\n vif.default.script = 'vif-nat'", .script = "vif-nat" },
		{ .xl_conf = "vif.default.script=\"a\"\n"
			     "vif.default.script=\"/b/vif-openvswitch\"\n",
			.script = "/b/vif-openvswitch" },
		{ .xl_conf = "vif.default.scripts=\"x\"\n", .script = "vif-bridge" },
		{ .xl_conf = "vif.default.script=x\n", .script = "vif-bridge" },
		{ .xl_conf = "vif.default.script=", .script = "vif-bridge" },
		{ .xl_conf = "vif.default.script=\"vif-route\"\na b\n", .script = "vif-bridge" },
		{ .xl_conf = "vif.default.script=[\"vif-route\"]\n", .script = "vif-bridge" },
		{ .xl_conf = "vif.default.script=\"vif-\\\"route\"\n", .script = "vif-\"route" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char script[SHOWN_PATH_SIZE];

		doctor_default_script(rows[i].xl_conf, script);
		expect_str(rows[i].xl_conf, script, rows[i].script);
	}
}

static struct cpuset cpus(const char *list)
{
	struct cpuset set;

	assert_int_equal(cpuset_parse_list(list, &set), 0);
	return set;
}

static struct cpuset all_or(const char *list)
{
	struct cpuset set;

	if (list)
		return cpus(list);
	memset(&set, 0xff, sizeof set);
	return set;
}

static void cpus_of_the_configuration(void **state)
{
	static const struct {
		const char *configured; /* NULL: all */
		const char *wanted;
	} rows[] = {
		{
			.wanted = "ok: cpus names only CPUs that this host has",
		},
		{
			.configured = "0-3",
			.wanted = "ok: cpus names only CPUs that this host has",
		},
		{
			/* "all,^0" */
			.configured = "1-8191",
			.wanted = "ok: cpus names only CPUs that this host has",
		},
		{
			.configured = "0-9",
			.wanted = "warning: cpus names CPUs 4-9, which this host does not have -> "
				  "cpus = \"0-3\" in /etc/xen/vifpin.conf",
		},
		{
			.configured = "2,4",
			.wanted = "warning: cpus names CPU 4, which this host does not have -> "
				  "cpus = \"2\" in /etc/xen/vifpin.conf",
		},
		{
			.configured = "4-8190",
			.wanted = "warning: cpus names CPUs 4-8190, which this host does not have "
				  "-> cpus = \"all\" in /etc/xen/vifpin.conf",
		},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct doctor_facts facts = {
			.cpus = {
				.online = cpus("0-1"),
				.present = cpus("0-3"),
				.configured = all_or(rows[i].configured),
			},
		};

		expect_finding(&facts, "configured", rows[i].wanted);
	}
}

static void where_vifs_may_be(void **state)
{
	static const struct {
		const char *online, *present;
		const char *configured, *own; /* NULL: all */
		unsigned int queues;
		const char *wanted;
	} rows[] = {
		{
			.online = "0-3",
			.present = "0-3",
			.queues = 4,
			.wanted = "ok: vifs may use all online CPUs: 0-3",
		},
		{
			.online = "0",
			.present = "0",
			.queues = 1,
			.wanted = "ok: vifs may use all online CPUs: 0",
		},
		{
			.online = "0-3",
			.present = "0-3",
			.configured = "2-3",
			.queues = 2,
			.wanted = "ok: vifs may use CPUs 2-3; CPUs 0-3 are online",
		},
		{
			.online = "0-3",
			.present = "0-3",
			.configured = "0-9",
			.queues = 2,
			.wanted = "ok: vifs may use all online CPUs: 0-3",
		},
		{
			.online = "0-3",
			.present = "0-3",
			.configured = "2-3",
			.queues = 3,
			.wanted = "warning: vif 7.1 has 3 queues, but vifs may use only CPUs 2-3 "
				  "-> cpus = \"all\" in /etc/xen/vifpin.conf, or fewer vcpus for "
				  "the guest",
		},
		{
			.online = "0-3",
			.present = "0-3",
			.queues = 9,
			.wanted = "ok: vifs may use all online CPUs: 0-3",
		},
		{
			.online = "0-3",
			.present = "0-3",
			.configured = "2",
			.queues = 1,
			.wanted = "warning: vifs may use only CPU 2, so both sides of every queue "
				  "share it -> cpus = \"all\" in /etc/xen/vifpin.conf",
		},
		{
			.online = "0-3",
			.present = "0-3",
			.configured = "4-7",
			.queues = 1,
			.wanted = "problem: no CPU is left for vifs: none of those online is in "
				  "both cpus of /etc/xen/vifpin.conf and vifpin's own affinity "
				  "mask -> cpus = \"all\" in /etc/xen/vifpin.conf",
		},
		{
			.online = "0-1",
			.present = "0-3",
			.queues = 1,
			.wanted = "warning: cpus includes offline CPUs 2-3 -> echo 1 "
				  ">/sys/devices/system/cpu/cpu2/online",
		},
		{
			.online = "0-2",
			.present = "0-3",
			.configured = "1-3",
			.queues = 1,
			.wanted = "warning: cpus includes offline CPU 3 -> echo 1 "
				  ">/sys/devices/system/cpu/cpu3/online",
		},
		{
			.online = "0-2",
			.present = "0-3",
			.configured = "0-1",
			.queues = 1,
			.wanted = "ok: vifs may use CPUs 0-1; CPUs 0-2 are online",
		},
		{
			.online = "0-3",
			.present = "0-3",
			.configured = "1-3",
			.own = "0-2",
			.queues = 1,
			.wanted = "warning: vifpin's own affinity mask lacks CPU 3 -> taskset -cp "
				  "1-3 $$",
		},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct doctor_facts facts = {
			.cpus = {
				.online = cpus(rows[i].online),
				.present = cpus(rows[i].present),
				.configured = all_or(rows[i].configured),
				.own = all_or(rows[i].own),
				.queues = { rows[i].queues, { .domid = 7, .devid = 1 } },
			},
		};

		facts.cpus.allowed = facts.cpus.online;
		cpuset_and(&facts.cpus.allowed, &facts.cpus.configured);
		cpuset_and(&facts.cpus.allowed, &facts.cpus.own);
		expect_finding(&facts, "cpus", rows[i].wanted);
	}
}

static void what_is_in_the_way(void **state)
{
	static const struct {
		const char *initial, *partition; /* NULL: all */
		const char *isolated;
		const char *affinity, *cpuset; /* what is wanted */
	} rows[] = {
		{
			.isolated = "",
			.affinity =
				"ok: nothing keeps new interrupts off the CPUs that vifs may use",
			.cpuset = "ok: no cpuset partition takes CPUs away from vifs",
		},
		{
			.initial = "0-1",
			.isolated = "3",
			.partition = "0-3",
			.affinity =
				"warning: default_smp_affinity keeps new interrupts off CPUs 2-3, "
				"which vifs may use -> cpus = \"1\" in /etc/xen/vifpin.conf",
			.cpuset = "ok: no cpuset partition takes CPUs away from vifs",
		},
		{
			.initial = "0",
			.isolated = "",
			.partition = "0,2-3",
			.affinity =
				"warning: default_smp_affinity keeps new interrupts off CPUs 1-3, "
				"which vifs may use -> cpus = \"all\" in /etc/xen/vifpin.conf",
			.cpuset = "problem: a cpuset partition keeps the threads of vifs off CPU "
				  "1, which vifs may use -> cpus = \"2-3\" in /etc/xen/vifpin.conf",
		},
		{
			.isolated = "0,3",
			.partition = "0-1",
			.affinity = "warning: vifs may use isolated CPU 3 (isolcpus) -> cpus = "
				    "\"1-2\" in /etc/xen/vifpin.conf",
			.cpuset = "problem: a cpuset partition keeps the threads of vifs off CPUs "
				  "2-3, which vifs may use -> cpus = \"1\" in /etc/xen/vifpin.conf",
		},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct doctor_facts facts = {
			.cpus = {
				.allowed = cpus("1-3"),
				.initial = all_or(rows[i].initial),
				.isolated = cpus(rows[i].isolated),
				.partition = all_or(rows[i].partition),
			},
		};

		expect_finding(&facts, "affinity", rows[i].affinity);
		expect_finding(&facts, "cpuset", rows[i].cpuset);
	}
}

static void vcpus(void **state)
{
	static const struct {
		struct vcpu_facts facts;
		const char *wanted;
	} rows[] = {
		{
			.facts = { .on_a_node = true, .on_a_pcpu = true },
			.wanted = "ok: every vCPU of dom0 is pinned to a pCPU",
		},
		{
			.facts = { .on_a_node = true },
			.wanted = "warning: dom0's vCPUs are not pinned: Xen moves them, together "
				  "with what is pinned to them -> dom0_vcpus_pin on Xen's command "
				  "line, or xl vcpu-pin",
		},
		{
			.facts = { .on_a_node = false },
			.wanted = "warning: dom0's vCPUs are not pinned: Xen moves them, so NUMA "
				  "nodes are ignored -> dom0_vcpus_pin on Xen's command line, or "
				  "xl vcpu-pin",
		},
		{
			.facts = { .unknown = { "libxl is not available here" },
				.on_a_pcpu = true },
			.wanted = "ok: where dom0's vCPUs run is unknown: libxl is not available "
				  "here",
		},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct doctor_facts facts = { .vcpus = rows[i].facts };

		expect_finding(&facts, "vcpus", rows[i].wanted);
	}
}

static void directions(void **state)
{
	static const struct {
		struct load_spread load, evened;
		const char *wanted;
	} rows[] = {
		{ .wanted = "ok: tx sides of CPUs differ by 0, rx sides by 0" },
		{ .load = { .most_sides = { 1, 1 } },
			.evened = { .most_sides = { 0, 0 } },
			.wanted = "ok: tx sides of CPUs differ by 1, rx sides by 1" },
		{ .load = { .most_sides = { 2, 3 } },
			.evened = { .most_sides = { 2, 4 } },
			.wanted = "ok: tx sides of CPUs differ by 2, rx sides by 3" },
		{ .load = { .least_sides = { 1, 0 }, .most_sides = { 5, 6 } },
			.evened = { .least_sides = { 2, 3 }, .most_sides = { 3, 3 } },
			.wanted = "warning: CPUs have 1 to 5 tx sides, and could have 2 to 3 -> "
				  "vifpin rebalance" },
		{ .load = { .most_sides = { 2, 6 } },
			.evened = { .least_sides = { 0, 3 }, .most_sides = { 2, 3 } },
			.wanted = "warning: CPUs have 0 to 6 rx sides, and could have 3 to 3 -> "
				  "vifpin rebalance" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct doctor_facts facts = {
			.cpus = { .load = rows[i].load, .evened = rows[i].evened },
		};

		expect_finding(&facts, "directions", rows[i].wanted);
	}
}

static void netback(void **state)
{
	static const struct {
		const char *allowed;
		struct netback_facts facts;
		const char *wanted;
	} rows[] = {
		{
			.allowed = "0-3",
			.facts = { .loaded = true, .max_queues = 4, .separate_tx_rx_irq = 1 },
			.wanted = "ok: max_queues is 4, and tx and rx have separate interrupts",
		},
		{
			.allowed = "0-3",
			.facts = { .loaded = true, .max_queues = 2, .separate_tx_rx_irq = 1 },
			.wanted = "ok: max_queues is 2, and tx and rx have separate interrupts",
		},
		{
			.allowed = "0",
			.facts = { .loaded = true, .max_queues = 1, .separate_tx_rx_irq = 1 },
			.wanted = "ok: max_queues is 1, and tx and rx have separate interrupts",
		},
		{
			.allowed = "0-3",
			.facts = { .loaded = true, .max_queues = 1, .separate_tx_rx_irq = 1 },
			.wanted = "warning: max_queues is 1: no vif can use more than two CPUs -> "
				  "echo 4 >/sys/module/xen_netback/parameters/max_queues",
		},
		{
			.allowed = "0-1",
			.facts = { .loaded = true, .max_queues = 8, .separate_tx_rx_irq = 1 },
			.wanted = "warning: max_queues is 8, but vifs may use only 2 CPUs: queues "
				  "of a vif share CPUs -> echo 2 "
				  ">/sys/module/xen_netback/parameters/max_queues",
		},
		{
			.allowed = "",
			.facts = { .loaded = true, .max_queues = 8, .separate_tx_rx_irq = 1 },
			.wanted = "ok: max_queues is 8, and tx and rx have separate interrupts",
		},
		{
			.allowed = "0-3",
			.facts = { .loaded = true, .max_queues = 4, .separate_tx_rx_irq = 0 },
			.wanted = "warning: separate_tx_rx_irq is off: tx and rx of a queue share "
				  "one interrupt, and thus its CPU -> echo Y "
				  ">/sys/module/xen_netback/parameters/separate_tx_rx_irq",
		},
		{
			.allowed = "0-3",
			.facts = { .loaded = true, .max_queues = -1, .grouped = true },
			.wanted =
				"warning: threads netback/N, one for each CPU, serve all vifs and "
				"cannot be moved (Linux before 3.12): only interrupts are pinned "
				"-> upgrade the kernel",
		},
		{
			.allowed = "0-3",
			.facts = { .loaded = true, .max_queues = -1, .separate_tx_rx_irq = 1 },
			.wanted = "warning: this xen_netback supports only one queue per vif "
				  "(Linux before 3.16) -> upgrade the kernel",
		},
		{
			.allowed = "0-3",
			.facts = { .max_queues = -1, .separate_tx_rx_irq = -1 },
			.wanted = "warning: xen_netback is not loaded: no guest can have a vif -> "
				  "modprobe xen-netback",
		},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct doctor_facts facts = {
			.netback = rows[i].facts,
			.cpus = { .allowed = cpus(rows[i].allowed) },
		};

		expect_finding(&facts, "netback", rows[i].wanted);
	}
}

#define POLICY  "/usr/lib/vifpin/irqbalance-policy"
#define RESTART "systemctl daemon-reload; systemctl restart irqbalance"
#define ADD_POLICY                                                                                 \
	"add --policyscript=" POLICY                                                               \
	" to IRQBALANCE_ARGS in /etc/default/irqbalance; systemctl restart irqbalance"
#define OUR_POLICY .path = POLICY, .is_there = true, .program = "/usr/sbin/vifpin"

static void irqbalance(void **state)
{
	static const struct {
		struct irqbalance_facts facts;
		bool systemd;
		const char *wanted;
	} rows[] = {
		{
			.facts.version = { 1, 9, 2 },
			.facts.installed = POLICY,
			.systemd = true,
			.wanted = "problem: irqbalance 1.9.2 widens the masks of vif interrupts "
				  "without asking vifpin -> " RESTART,
		},
		{
			.facts.version = { 1, 9, 6 },
			.facts.installed = POLICY,
			.facts.args_are_set = true,
			.systemd = true,
			.wanted = "problem: irqbalance 1.9.6 moves vif interrupts without asking "
				  "vifpin -> " ADD_POLICY,
		},
		{
			.facts.installed = POLICY,
			.facts.args_are_set = true,
			.wanted = "problem: irqbalance moves vif interrupts without asking vifpin "
				  "-> irqbalance --policyscript=" POLICY,
		},
		{
			.facts.version = { 1, 9, 2 },
			.systemd = true,
			.wanted = "problem: irqbalance 1.9.2 widens the masks of vif interrupts "
				  "without asking vifpin -> make install prefix=/usr, then vifpin "
				  "doctor again",
		},
		{
			.facts.version = { 1, 9, 2 },
			.facts.bans_vif = true,
			.facts.installed = POLICY,
			.systemd = true,
			.wanted = "warning: irqbalance 1.9.2 bans vifs by name (--banmod), so it "
				  "still moves renamed ones -> " RESTART,
		},
		{
			.facts.version = { 1, 9, 2 },
			.facts.policy = { OUR_POLICY, .executable = true, .program_works = true },
			.facts.installed = POLICY,
			.systemd = true,
			.wanted = "ok: irqbalance 1.9.2 asks vifpin, through " POLICY,
		},
		{
			.facts.version = { 1, 9, 0 },
			.facts.bans_vif = true,
			.facts.policy = { OUR_POLICY, .executable = true, .program_works = true },
			.facts.installed = POLICY,
			.systemd = true,
			.wanted = "ok: irqbalance 1.9.0 asks vifpin, through " POLICY,
		},
		{
			.facts.version = { 1, 9, 2 },
			.facts.policy = { OUR_POLICY, .executable = true },
			.facts.installed = POLICY,
			.systemd = true,
			.wanted = "problem: " POLICY
				  " calls /usr/sbin/vifpin, which cannot be run -> "
				  "make install prefix=/usr",
		},
		{
			.facts.version = { 1, 9, 2 },
			.facts.policy = { OUR_POLICY, .program_works = true },
			.facts.installed = POLICY,
			.systemd = true,
			.wanted = "problem: " POLICY
				  " is not executable, so it is not run -> chmod 755 " POLICY,
		},
		{
			.facts.version = { 1, 9, 2 },
			.facts.policy = { .path = "/p" },
			.facts.installed = POLICY,
			.systemd = true,
			.wanted = "problem: /p does not exist -> make install prefix=/usr",
		},
		{
			.facts.version = { 1, 9, 2 },
			.facts.policy = { .path = "/p", .is_there = true, .executable = true },
			.facts.installed = POLICY,
			.facts.args_are_set = true,
			.systemd = true,
			.wanted = "warning: irqbalance 1.9.2 asks /p, which does not ask vifpin "
				  "-> " ADD_POLICY,
		},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct doctor_facts facts = {
			.systemd = rows[i].systemd,
			.irqbalance = rows[i].facts,
		};

		facts.irqbalance.runs = true;
		expect_finding(&facts, "irqbalance", rows[i].wanted);
		facts.irqbalance.runs = false;
		expect_finding(&facts, "irqbalance", "ok: irqbalance is not running");
	}
}

#define VERIFY "vifpin verify shows them; vifpin reconcile puts them back"

static void vifs(void **state)
{
	static const struct {
		const char *wanted;
		struct vif_facts facts;
	} rows[] = {
		{ "ok: all vifs in the ledger are in place; the watcher has put back 0 pins so far",
			.facts.drift = 0 },
		{ "ok: all vifs in the ledger are in place; the watcher has put back 1 pin so far",
			.facts.drift = 1 },
		{ "problem: 1 vif is not in the ledger (vif 7.1) -> vifpin reconcile",
			.facts.troubles[VIFS_UNKNOWN] = { 1, { 7, 1 } },
			.facts.troubles[VIFS_MOVED] = { 2, { 6, 0 } } },
		{ "problem: 3 vifs are not in the ledger (vif 7.1 first) -> vifpin reconcile",
			.facts.troubles[VIFS_UNKNOWN] = { 3, { 7, 1 } } },
		{ "problem: 1 interrupt or thread is not where the ledger says (vif 6.0) "
		  "-> " VERIFY,
			.facts.troubles[VIFS_MOVED] = { 1, { 6, 0 } }, .facts.drift = 9 },
		{ "problem: 4 interrupts and threads are not where the ledger says (vif 6.0 first) "
		  "-> " VERIFY,
			.facts.troubles[VIFS_MOVED] = { 4, { 6, 0 } },
			.facts.troubles[VIFS_PARTIAL] = { 1, { 5, 0 } } },
		{ "warning: 2 vifs are only partly pinned (vif 5.0 first) -> vifpin verify",
			.facts.troubles[VIFS_PARTIAL] = { 2, { 5, 0 } },
			.facts.failure = { "vif1.0-q0-rx is gone" } },
		{ "warning: 2 sides are on CPUs that their vifs may not use (vif 4.0 first) -> "
		  "vifpin rebalance",
			.facts.troubles[VIFS_OUTSIDE] = { 2, { 4, 0 } } },
		{ "warning: not every vif could be compared with the ledger: vif1.0-q0-rx is gone "
		  "-> vifpin verify",
			.facts.failure = { "vif1.0-q0-rx is gone" }, .facts.drift = 9 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct doctor_facts facts = { .vifs = rows[i].facts };

		expect_finding(&facts, "vifs", rows[i].wanted);
	}
}

int main(void)
{
	static const struct CMUnitTest doctor[] = {
		UNIT_TEST(which_checks),
		UNIT_TEST(calls),
		UNIT_TEST(call_of_a_path_too_long),
		UNIT_TEST(default_scripts),
		UNIT_TEST(cpus_of_the_configuration),
		UNIT_TEST(where_vifs_may_be),
		UNIT_TEST(what_is_in_the_way),
		UNIT_TEST(vcpus),
		UNIT_TEST(directions),
		UNIT_TEST(netback),
		UNIT_TEST(irqbalance),
		UNIT_TEST(vifs),
	};

	return cmocka_run_group_tests(doctor, NULL, NULL);
}
