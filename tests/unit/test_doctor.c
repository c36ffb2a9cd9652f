// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "doctor.h"
#include "util.h"

/* "ok: reason" or "problem: reason -> mend". */
static void expect_finding(const char *row, const struct finding *finding, const char *wanted)
{
	char text[1024];

	snprintf(text, sizeof text, "%s: %s%s%s", health_name(finding->health), finding->reason,
		*finding->mend ? " -> " : "", finding->mend);
	expect_str(row, text, wanted);
}

static void calls(void **state)
{
	static const struct {
		const char *script;
		const char *program; /* NULL: none */
	} rows[] = {
		{ "exec /usr/sbin/vifpin irqbalance-policy \"$@\"\n", "/usr/sbin/vifpin" },
		{ "# vifpin\n\ttimeout 5 /opt/vifpin online", "/opt/vifpin" },
		{ "vifpin online || :\n", "vifpin" },
		{ "/a/vifpin online; /b/vifpin offline\n", "/a/vifpin" },
		{ "exec /usr/lib/vifpin/irqbalance-policy \"$@\"\n",
			"/usr/lib/vifpin/irqbalance-policy" },
		{ "# /usr/sbin/vifpin\n", NULL },
		{ "cat /usr/share/vifpin.txt myvifpin x/vifpin\n", NULL },
		{ "echo hello # vifpin\n", NULL },
		{ "", NULL },
		{ "\n\n", NULL },
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
		{ "", "vif-bridge" },
		{ "#vif.default.script=\"vif-route\"\n", "vif-bridge" },
		{ "vif.default.script=\"vif-route\"\n", "vif-route" },
		{ "a=1\n vif.default.script = 'vif-nat'", "vif-nat" },
		{ "vif.default.script=\"a\"\nvif.default.script=\"/b/vif-openvswitch\"\n",
			"/b/vif-openvswitch" },
		{ "vif.default.scripts=\"x\"\n", "vif-bridge" },
		{ "vif.default.script=x\n", "vif-bridge" },
		{ "vif.default.script=", "vif-bridge" },
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

static void where_vifs_may_be(void **state)
{
	static const struct {
		const char *online, *present;
		const char *configured, *own; /* NULL: all */
		unsigned int queues;
		const char *wanted;
	} rows[] = {
		{ "0-3", "0-3", NULL, NULL, 4, "ok: vifs may use CPUs 0-3, all that are online" },
		{ "0", "0", NULL, NULL, 1, "ok: vifs may use CPU 0, all that are online" },
		{ "0-3", "0-3", "2-3", NULL, 2, "ok: vifs may use CPUs 2-3 of 0-3" },
		{ "0-3", "0-3", "0-9", NULL, 2, "ok: vifs may use CPUs 0-3, all that are online" },
		{ "0-3", "0-3", "2-3", NULL, 3,
			"warning: vif 7.1 has 3 queues, and vifs may use CPUs 2-3 only -> "
			"cpus = \"all\" in /etc/xen/vifpin.conf, or fewer vcpus for the guest" },
		{ "0-3", "0-3", NULL, NULL, 9, "ok: vifs may use CPUs 0-3, all that are online" },
		{ "0-3", "0-3", "2", NULL, 1,
			"warning: vifs may use CPU 2 only: both sides of each queue are there -> "
			"cpus = \"all\" in /etc/xen/vifpin.conf" },
		{ "0-3", "0-3", "4-7", NULL, 1,
			"problem: no CPU is online, in cpus of /etc/xen/vifpin.conf and in "
			"vifpin's "
			"own affinity mask -> cpus = \"all\" in /etc/xen/vifpin.conf" },
		{ "0-1", "0-3", NULL, NULL, 1,
			"warning: CPUs 2-3 of cpus are offline -> "
			"echo 1 >/sys/devices/system/cpu/cpu2/online" },
		{ "0-2", "0-3", "1-3", NULL, 1,
			"warning: CPU 3 of cpus is offline -> "
			"echo 1 >/sys/devices/system/cpu/cpu3/online" },
		{ "0-2", "0-3", "0-1", NULL, 1, "ok: vifs may use CPUs 0-1 of 0-2" },
		{ "0-3", "0-3", "1-3", "0-2", 1,
			"warning: vifpin's own affinity mask is without CPU 3 -> "
			"taskset -cp 1-3 $$" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cpu_facts facts = {
			.online = cpus(rows[i].online),
			.present = cpus(rows[i].present),
			.configured = all_or(rows[i].configured),
			.own = all_or(rows[i].own),
			.most_queues = rows[i].queues,
			.most_queues_of = { 7, 1 },
		};
		struct finding finding;

		facts.allowed = facts.online;
		cpuset_and(&facts.allowed, &facts.configured);
		cpuset_and(&facts.allowed, &facts.own);
		doctor_cpus(&facts, &finding);
		expect_finding(rows[i].wanted, &finding, rows[i].wanted);
	}
}

static void what_is_in_the_way(void **state)
{
	static const struct {
		const char *initial, *isolated, *partition;
		const char *affinity, *cpuset;
	} rows[] = {
		{ NULL, "", NULL, "ok: nobody keeps interrupts off the CPUs that vifs may use",
			"ok: no cpuset takes CPUs that vifs may use" },
		{ "0-1", "3", "0-3",
			"warning: default_smp_affinity keeps new interrupts off CPUs 2-3, which "
			"vifs may use -> cpus = \"1\" in /etc/xen/vifpin.conf",
			"ok: no cpuset takes CPUs that vifs may use" },
		{ "0", "", "0,2-3",
			"warning: default_smp_affinity keeps new interrupts off CPUs 1-3, which "
			"vifs may use -> cpus = \"all\" in /etc/xen/vifpin.conf",
			"problem: CPU 1, which vifs may use, is in a cpuset partition: their "
			"threads cannot run there -> cpus = \"2-3\" in /etc/xen/vifpin.conf" },
		{ NULL, "0,3", "0-1",
			"warning: CPU 3, which vifs may use, is isolated from other work -> "
			"cpus = \"1-2\" in /etc/xen/vifpin.conf",
			"problem: CPUs 2-3, which vifs may use, are in a cpuset partition: their "
			"threads cannot run there -> cpus = \"1\" in /etc/xen/vifpin.conf" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cpu_facts facts = {
			.allowed = cpus("1-3"),
			.initial = all_or(rows[i].initial),
			.isolated = cpus(rows[i].isolated),
			.partition = all_or(rows[i].partition),
		};
		struct finding finding;

		doctor_affinity(&facts, &finding);
		expect_finding(rows[i].affinity, &finding, rows[i].affinity);
		doctor_cpuset(&facts, &finding);
		expect_finding(rows[i].cpuset, &finding, rows[i].cpuset);
	}
}

static void vcpus(void **state)
{
	static const struct {
		struct vcpu_facts facts;
		const char *wanted;
	} rows[] = {
		{ { { "" }, true, true }, "ok: every vCPU of dom0 is pinned to a pCPU" },
		{ { { "" }, true, false },
			"warning: dom0's vCPUs are not pinned: Xen moves them, with what is pinned "
			"to them -> dom0_vcpus_pin on Xen's command line, or xl vcpu-pin" },
		{ { { "" }, false, false },
			"warning: dom0's vCPUs are not pinned: Xen moves them, and nodes play no "
			"part -> dom0_vcpus_pin on Xen's command line, or xl vcpu-pin" },
		{ { { "libxl cannot be had here" }, false, true },
			"ok: not known where CPUs run: libxl cannot be had here" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct finding finding;

		doctor_vcpus(&rows[i].facts, &finding);
		expect_finding(rows[i].wanted, &finding, rows[i].wanted);
	}
}

static void netback(void **state)
{
	static const struct {
		struct netback_facts facts;
		const char *wanted;
	} rows[] = {
		{ { true, 4, 1, 4 },
			"ok: max_queues is 4, tx and rx have interrupts of their own" },
		{ { true, 2, 1, 4 },
			"ok: max_queues is 2, tx and rx have interrupts of their own" },
		{ { true, 1, 1, 1 },
			"ok: max_queues is 1, tx and rx have interrupts of their own" },
		{ { true, 1, 1, 4 },
			"warning: max_queues is 1: no vif can use more than two CPUs -> "
			"echo 4 >/sys/module/xen_netback/parameters/max_queues" },
		{ { true, 8, 1, 2 },
			"warning: max_queues is 8, and vifs may use 2 CPUs: queues of a vif share "
			"them -> echo 2 >/sys/module/xen_netback/parameters/max_queues" },
		{ { true, 8, 1, 0 },
			"ok: max_queues is 8, tx and rx have interrupts of their own" },
		{ { true, 4, 0, 4 },
			"warning: separate_tx_rx_irq is off: tx and rx of a queue share an "
			"interrupt and its CPU -> "
			"echo Y >/sys/module/xen_netback/parameters/separate_tx_rx_irq" },
		{ { true, -1, 1, 4 },
			"warning: this xen_netback gives a vif one queue (Linux before 3.16) -> "
			"upgrade the kernel" },
		{ { false, -1, -1, 4 },
			"warning: xen_netback is not loaded: no guest can have a vif -> "
			"modprobe xen-netback" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct finding finding;

		doctor_netback(&rows[i].facts, &finding);
		expect_finding(rows[i].wanted, &finding, rows[i].wanted);
	}
}

#define POLICY "/usr/lib/vifpin/irqbalance-policy"

static void irqbalance(void **state)
{
	static const struct irqbalance_version v190 = { 1, 9, 0 }, v192 = { 1, 9, 2 },
					       v196 = { 1, 9, 6 }, unknown = { 0 };
	static const struct {
		struct irqbalance_version version;
		bool bans_vif;
		struct caller policy;
		const char *installed;
		bool args_are_set, systemd;
		const char *wanted;
	} rows[] = {
		{ v192, false, { .path = "" }, POLICY, false, true,
			"problem: irqbalance 1.9.2 widens the masks of the interrupts of vifs, and "
			"does not ask vifpin -> systemctl daemon-reload; systemctl restart "
			"irqbalance" },
		{ v196, false, { .path = "" }, POLICY, true, true,
			"problem: irqbalance 1.9.6 moves the interrupts of vifs, and does not ask "
			"vifpin -> add --policyscript=" POLICY " to IRQBALANCE_ARGS in "
			"/etc/default/irqbalance; systemctl restart irqbalance" },
		{ unknown, false, { .path = "" }, POLICY, true, false,
			"problem: irqbalance moves the interrupts of vifs, and does not ask vifpin "
			"-> irqbalance --policyscript=" POLICY },
		{ v192, false, { .path = "" }, "", false, true,
			"problem: irqbalance 1.9.2 widens the masks of the interrupts of vifs, and "
			"does not ask vifpin -> make install prefix=/usr, then vifpin doctor "
			"again" },
		{ v192, true, { .path = "" }, POLICY, false, true,
			"warning: irqbalance 1.9.2 bans vifs by name (--banmod), and so moves "
			"those "
			"that are renamed -> systemctl daemon-reload; systemctl restart "
			"irqbalance" },
		{ v192, false, { POLICY, true, true, true, "/usr/sbin/vifpin", true }, POLICY,
			false, true, "ok: irqbalance 1.9.2 asks vifpin, by " POLICY },
		{ v190, true, { POLICY, true, true, true, "/usr/sbin/vifpin", true }, POLICY, false,
			true, "ok: irqbalance 1.9.0 asks vifpin, by " POLICY },
		{ v192, false, { POLICY, true, true, true, "/usr/sbin/vifpin", false }, POLICY,
			false, true,
			"problem: " POLICY " calls /usr/sbin/vifpin, which cannot be run -> "
			"make install prefix=/usr" },
		{ v192, false, { POLICY, true, false, true, "/usr/sbin/vifpin", true }, POLICY,
			false, true,
			"problem: " POLICY " is not executable, so it is not run -> "
			"chmod 755 " POLICY },
		{ v192, false, { .path = "/p" }, POLICY, false, true,
			"problem: /p is not there -> make install prefix=/usr" },
		{ v192, false, { .path = "/p", .is_there = true, .executable = true }, POLICY, true,
			true,
			"warning: irqbalance 1.9.2 asks /p, which does not ask vifpin -> "
			"add --policyscript=" POLICY " to IRQBALANCE_ARGS in "
			"/etc/default/irqbalance; systemctl restart irqbalance" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct irqbalance_facts facts = {
			.runs = true,
			.version = rows[i].version,
			.options = { .bans_vif = rows[i].bans_vif },
			.policy = rows[i].policy,
			.args_are_set = rows[i].args_are_set,
		};
		const struct tools tools = { rows[i].systemd };
		struct finding finding;

		snprintf(facts.installed, sizeof facts.installed, "%s", rows[i].installed);
		doctor_irqbalance(&facts, &tools, &finding);
		expect_finding(rows[i].wanted, &finding, rows[i].wanted);
		facts.runs = false;
		doctor_irqbalance(&facts, &tools, &finding);
		expect_finding(rows[i].wanted, &finding, "ok: irqbalance does not run");
	}
}

int main(void)
{
	static const struct CMUnitTest doctor[] = {
		UNIT_TEST(calls),
		UNIT_TEST(call_of_a_path_too_long),
		UNIT_TEST(default_scripts),
		UNIT_TEST(where_vifs_may_be),
		UNIT_TEST(what_is_in_the_way),
		UNIT_TEST(vcpus),
		UNIT_TEST(netback),
		UNIT_TEST(irqbalance),
	};

	return cmocka_run_group_tests(doctor, NULL, NULL);
}
