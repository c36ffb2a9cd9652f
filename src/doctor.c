// SPDX-License-Identifier: GPL-2.0-or-later
#include "doctor.h"

#include "sysroot.h"
#include "util.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Paths only: nothing is read here. */
#define CONF            "/" PATH_CONFIG
#define HOOK_DIR        "/" PATH_HOOKS
#define NETBACK_PARAM   "/" PATH_NETBACK_PARAM
#define IRQBALANCE_ARGS "/" PATH_IRQBALANCE_ARGS
#define INSTALL         "make install prefix=/usr"

const char *health_name(enum health health)
{
	static const char *const names[] = {
		[HEALTH_OK] = "ok",
		[HEALTH_WARNING] = "warning",
		[HEALTH_PROBLEM] = "problem",
	};

	return names[health];
}

__attribute__((format(printf, 3, 4))) static void say(
	struct finding *out, enum health health, const char *format, ...)
{
	va_list ap;

	out->health = health;
	out->mend[0] = '\0';
	va_start(ap, format);
	vsnprintf(out->reason, sizeof out->reason, format, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3))) static void mend(struct finding *out, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(out->mend, sizeof out->mend, format, ap);
	va_end(ap);
}

/* A set as people read it, cut where it is very long. */
struct cpus_text {
	char s[96];
};

static struct cpus_text show(const struct cpuset *set)
{
	struct cpus_text text;

	cpuset_format(set, text.s, sizeof text.s);
	return text;
}

/* "CPU 2", "CPUs 2-3". */
static const char *cpu_word(const struct cpuset *set)
{
	return cpuset_single(set) >= 0 ? "CPU" : "CPUs";
}

/* The CPUs of `set` that are not in `but`. */
static struct cpuset without(const struct cpuset *set, const struct cpuset *but)
{
	struct cpuset left = *set;

	cpuset_subtract(&left, but);
	return left;
}

/* --- scripts ----------------------------------------------------------------------------- */

/* Is the word this name, or an absolute path that ends so? */
static bool ends_in_name(const char *word, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len >= n && strncmp(word + len - n, name, n) == 0 &&
	       (len == n || (word[0] == '/' && word[len - n - 1] == '/'));
}

/* irqbalance-policy is vifpin's too, a program for that one question. */
static bool is_vifpin(const char *word, size_t len)
{
	return ends_in_name(word, len, "vifpin") || ends_in_name(word, len, "irqbalance-policy");
}

/* The first such word of a line. */
static const char *find_in_line(const char *line, size_t len, size_t *word_len)
{
	const char *end = line + len;

	while (line < end && *line != '#') {
		size_t n = 0;

		while (line + n < end && !isspace((unsigned char)line[n]))
			n++;
		if (is_vifpin(line, n)) {
			*word_len = n;
			return line;
		}
		line += n ? n : 1;
	}
	return NULL;
}

bool doctor_find_call(const char *script, char program[SHOWN_PATH_SIZE])
{
	while (*script) {
		size_t line_len = strcspn(script, "\n"), len;
		const char *word = find_in_line(script, line_len, &len);

		if (word && len < SHOWN_PATH_SIZE) {
			memcpy(program, word, len);
			program[len] = '\0';
			return true;
		}
		script += line_len + (script[line_len] == '\n');
	}
	return false;
}

/* The text between quotes behind KEY=, or NULL. */
static const char *quoted_value(const char *line, const char *key, size_t *len)
{
	size_t n = strlen(key);
	char quote;

	line += strspn(line, " \t");
	if (strncmp(line, key, n) != 0)
		return NULL;
	line += n + strspn(line + n, " \t");
	if (*line++ != '=')
		return NULL;
	line += strspn(line, " \t");
	quote = *line;
	if (quote != '"' && quote != '\'')
		return NULL;
	*len = strcspn(line + 1, quote == '"' ? "\"\n" : "'\n");
	return line + 1;
}

void doctor_default_script(const char *xl_conf, char script[SHOWN_PATH_SIZE])
{
	snprintf(script, SHOWN_PATH_SIZE, "vif-bridge");
	for (const char *line = xl_conf; line; line = strchr(line, '\n')) {
		const char *value;
		size_t len;

		line += *line == '\n';
		value = quoted_value(line, "vif.default.script", &len);
		if (value && len < SHOWN_PATH_SIZE)
			snprintf(script, SHOWN_PATH_SIZE, "%.*s", (int)len, value);
	}
}

/* --- the host ---------------------------------------------------------------------------- */

void doctor_xen(const char *type, struct finding *out)
{
	out->check = "xen";
	if (strcmp(type, "xen\n") == 0 || strcmp(type, "xen") == 0) {
		say(out, HEALTH_OK, "this is a domain of a Xen host");
		return;
	}
	say(out, HEALTH_PROBLEM, "this is no domain of a Xen host: /" PATH_HYPERVISOR " %s",
		*type ? "says something else" : "is not there");
	mend(out, "boot it under Xen");
}

void doctor_xenstored(const char *failure, struct finding *out)
{
	out->check = "xenstored";
	if (!*failure) {
		say(out, HEALTH_OK, "xenstored answers");
		return;
	}
	say(out, HEALTH_PROBLEM, "%s", failure);
	mend(out, "systemctl start xenstored (Debian: xen)");
}

void doctor_domain(int own, struct finding *out)
{
	out->check = "domain";
	if (own < 0)
		say(out, HEALTH_WARNING, "not known: xenstored does not answer");
	else if (own == 0)
		say(out, HEALTH_OK, "this is domain 0");
	else
		say(out, HEALTH_OK, "this is domain %d, a driver domain", own);
}

void doctor_config(const char *failure, bool is_there, struct finding *out)
{
	out->check = "config";
	if (*failure) {
		say(out, HEALTH_PROBLEM, "%s; hook and watcher use the defaults", failure);
		mend(out, "correct that line; man vifpin.conf");
	} else if (is_there) {
		say(out, HEALTH_OK, "the configuration can be read");
	} else {
		say(out, HEALTH_OK, "there is no " CONF ": the defaults hold");
	}
}

/* --- CPUs -------------------------------------------------------------------------------- */

static void mend_with_cpus(struct finding *out, const struct cpuset *cpus)
{
	if (cpuset_is_empty(cpus))
		mend(out, "cpus = \"all\" in " CONF);
	else
		mend(out, "cpus = \"%s\" in " CONF, show(cpus).s);
}

/* True when there is nothing, or too little, to place vifs on. */
static bool too_few_cpus(const struct cpu_facts *facts, struct finding *out)
{
	if (cpuset_is_empty(&facts->allowed)) {
		say(out, HEALTH_PROBLEM,
			"no CPU is online, in cpus of " CONF " and in vifpin's own affinity mask");
	} else if (cpuset_single(&facts->allowed) >= 0 && cpuset_single(&facts->online) < 0) {
		say(out, HEALTH_WARNING,
			"vifs may use CPU %s only: both sides of each queue are there",
			show(&facts->allowed).s);
	} else {
		return false;
	}
	mend(out, "cpus = \"all\" in " CONF);
	return true;
}

static bool cpus_are_missing(const struct cpu_facts *facts, struct finding *out)
{
	struct cpuset wanted = facts->configured, missing;

	cpuset_and(&wanted, &facts->present);
	missing = without(&wanted, &facts->online);
	if (!cpuset_is_empty(&missing)) {
		int first = cpuset_next(&missing, 0);

		say(out, HEALTH_WARNING, "%s %s of cpus %s offline", cpu_word(&missing),
			show(&missing).s, cpuset_single(&missing) >= 0 ? "is" : "are");
		mend(out, "echo 1 >/" PATH_CPU_ONLINE, first);
		return true;
	}
	cpuset_and(&wanted, &facts->online);
	missing = without(&wanted, &facts->own);
	if (cpuset_is_empty(&missing))
		return false;
	say(out, HEALTH_WARNING, "vifpin's own affinity mask is without %s %s", cpu_word(&missing),
		show(&missing).s);
	mend(out, "taskset -cp %s $$", show(&wanted).s);
	return true;
}

void doctor_cpus(const struct cpu_facts *facts, struct finding *out)
{
	unsigned int n = cpuset_count(&facts->allowed);
	struct cpuset left = without(&facts->online, &facts->allowed);

	out->check = "cpus";
	if (too_few_cpus(facts, out) || cpus_are_missing(facts, out))
		return;
	if (facts->most_queues > n && !cpuset_is_empty(&left)) {
		say(out, HEALTH_WARNING, "vif %u.%u has %u queues, and vifs may use CPUs %s only",
			facts->most_queues_of.domid, facts->most_queues_of.devid,
			facts->most_queues, show(&facts->allowed).s);
		mend(out, "cpus = \"all\" in " CONF ", or fewer vcpus for the guest");
	} else if (cpuset_is_empty(&left)) {
		say(out, HEALTH_OK, "vifs may use %s %s, all that are online",
			cpu_word(&facts->allowed), show(&facts->allowed).s);
	} else {
		say(out, HEALTH_OK, "vifs may use CPUs %s of %s", show(&facts->allowed).s,
			show(&facts->online).s);
	}
}

void doctor_affinity(const struct cpu_facts *facts, struct finding *out)
{
	struct cpuset kept = without(&facts->allowed, &facts->initial);
	struct cpuset isolated = facts->allowed, rest;

	out->check = "affinity";
	cpuset_and(&isolated, &facts->isolated);
	if (!cpuset_is_empty(&kept)) {
		say(out, HEALTH_WARNING,
			"default_smp_affinity keeps new interrupts off %s %s, which vifs may use",
			cpu_word(&kept), show(&kept).s);
		rest = without(&facts->allowed, &kept);
	} else if (!cpuset_is_empty(&isolated)) {
		say(out, HEALTH_WARNING, "%s %s, which vifs may use, %s isolated from other work",
			cpu_word(&isolated), show(&isolated).s,
			cpuset_single(&isolated) >= 0 ? "is" : "are");
		rest = without(&facts->allowed, &isolated);
	} else {
		say(out, HEALTH_OK, "nobody keeps interrupts off the CPUs that vifs may use");
		return;
	}
	mend_with_cpus(out, &rest);
}

void doctor_cpuset(const struct cpu_facts *facts, struct finding *out)
{
	struct cpuset taken = without(&facts->allowed, &facts->partition);
	struct cpuset rest;

	out->check = "cpuset";
	if (cpuset_is_empty(&taken)) {
		say(out, HEALTH_OK, "no cpuset takes CPUs that vifs may use");
		return;
	}
	say(out, HEALTH_PROBLEM,
		"%s %s, which vifs may use, %s in a cpuset partition: "
		"their threads cannot run there",
		cpu_word(&taken), show(&taken).s, cpuset_single(&taken) >= 0 ? "is" : "are");
	rest = without(&facts->allowed, &taken);
	mend_with_cpus(out, &rest);
}

void doctor_vcpus(const struct vcpu_facts *facts, struct finding *out)
{
	out->check = "vcpus";
	if (*facts->unknown.msg) {
		say(out, HEALTH_OK, "not known where CPUs run: %s", facts->unknown.msg);
	} else if (!facts->on_a_node) {
		say(out, HEALTH_WARNING,
			"dom0's vCPUs are not pinned: Xen moves them, and nodes play no part");
		mend(out, "dom0_vcpus_pin on Xen's command line, or xl vcpu-pin");
	} else if (!facts->on_a_pcpu) {
		say(out, HEALTH_WARNING,
			"dom0's vCPUs are not pinned: Xen moves them, with what is pinned to them");
		mend(out, "dom0_vcpus_pin on Xen's command line, or xl vcpu-pin");
	} else {
		say(out, HEALTH_OK, "every vCPU of dom0 is pinned to a pCPU");
	}
}

void doctor_nics(const struct nic_facts *facts, struct finding *out)
{
	out->check = "nics";
	if (cpuset_is_empty(&facts->cpus)) {
		say(out, HEALTH_OK, "no physical NIC that is up has interrupts");
	} else if (!facts->avoid) {
		say(out, HEALTH_OK,
			"rx sides may be on CPUs that take NICs' interrupts: avoid_nic "
			"is 0");
	} else if (facts->n_sides) {
		say(out, HEALTH_WARNING,
			"%zu rx side%s on CPUs that take NICs' interrupts, queue %u of vif %u.%u "
			"on "
			"CPU %d first",
			facts->n_sides, facts->n_sides == 1 ? "" : "s", facts->queue,
			facts->vif.domid, facts->vif.devid, facts->cpu);
		mend(out, "vifpin rebalance");
	} else {
		say(out, HEALTH_OK, "NICs' interrupts go to %s %s; no rx side has to be there",
			cpu_word(&facts->cpus), show(&facts->cpus).s);
	}
}

void doctor_netback(const struct netback_facts *facts, struct finding *out)
{
	long max = facts->max_queues;

	out->check = "netback";
	if (!facts->loaded) {
		say(out, HEALTH_WARNING, "xen_netback is not loaded: no guest can have a vif");
		mend(out, "modprobe xen-netback");
	} else if (max < 0) {
		say(out, HEALTH_WARNING,
			"this xen_netback gives a vif one queue (Linux before 3.16)");
		mend(out, "upgrade the kernel");
	} else if (facts->separate_tx_rx_irq == 0) {
		say(out, HEALTH_WARNING,
			"separate_tx_rx_irq is off: tx and rx of a queue share an "
			"interrupt and its CPU");
		mend(out, "echo Y >" NETBACK_PARAM, "separate_tx_rx_irq");
	} else if (facts->n_allowed && (unsigned long)max > facts->n_allowed) {
		say(out, HEALTH_WARNING,
			"max_queues is %ld, and vifs may use %u CPUs: queues of a vif share them",
			max, facts->n_allowed);
		mend(out, "echo %u >" NETBACK_PARAM, facts->n_allowed, "max_queues");
	} else if (max == 1 && facts->n_allowed > 1) {
		say(out, HEALTH_WARNING, "max_queues is 1: no vif can use more than two CPUs");
		mend(out, "echo %u >" NETBACK_PARAM, facts->n_allowed, "max_queues");
	} else {
		say(out, HEALTH_OK, "max_queues is %ld, tx and rx have interrupts of their own",
			max);
	}
}

/* --- what calls vifpin ------------------------------------------------------------------- */

static void mend_with_service(const struct tools *tools, struct finding *out)
{
	if (tools->systemd)
		mend(out, "systemctl enable --now vifpin");
	else
		mend(out, "have the init system start: vifpin watch");
}

/* What keeps a script from calling vifpin; false when nothing does. */
static bool caller_fails(const struct caller *caller, struct finding *out)
{
	if (!caller->is_there) {
		say(out, HEALTH_PROBLEM, "%s is not there", caller->path);
		mend(out, INSTALL);
	} else if (!caller->executable) {
		say(out, HEALTH_PROBLEM, "%s is not executable, so it is not run", caller->path);
		mend(out, "chmod 755 %s", caller->path);
	} else if (caller->calls_vifpin && !caller->program_works) {
		say(out, HEALTH_PROBLEM, "%s calls %s, which cannot be run", caller->path,
			caller->program);
		mend(out, INSTALL);
	} else {
		return false;
	}
	return true;
}

static bool calls_no_hooks(const char *script)
{
	const char *slash = strrchr(script, '/');

	return strcmp(slash ? slash + 1 : script, "vif-openvswitch") == 0;
}

void doctor_hook(const struct hook_facts *facts, const struct tools *tools, struct finding *out)
{
	const struct caller *hook = &facts->hook;

	out->check = "hook";
	if (!facts->has_scripts || !facts->calls_hooks) {
		say(out, HEALTH_WARNING, "%s: only the watcher sees vifs come",
			facts->has_scripts ? "the scripts in /" PATH_SCRIPTS " call no hooks"
					   : "there is no /" PATH_SCRIPTS);
		mend_with_service(tools, out);
	} else if (!*hook->path) {
		say(out, HEALTH_PROBLEM, "no *.hook in " HOOK_DIR " calls vifpin");
		mend(out, INSTALL);
	} else if (!facts->ends_in_hook) {
		say(out, HEALTH_PROBLEM, "the scripts pass over %s: its name must end in .hook",
			hook->path);
		mend(out, "mv %s " HOOK_DIR "/50-vifpin.hook", hook->path);
	} else if (caller_fails(hook, out)) {
		return;
	} else if (calls_no_hooks(facts->default_script)) {
		say(out, HEALTH_WARNING,
			"%s, xl's default, calls no hooks: only the watcher sees "
			"vifs come",
			facts->default_script);
		mend_with_service(tools, out);
	} else {
		say(out, HEALTH_OK, "%s calls %s", hook->path, hook->program);
	}
}

void doctor_watcher(
	const struct watcher_facts *facts, const struct tools *tools, struct finding *out)
{
	char who[48] = "a watcher";

	out->check = "watcher";
	if (facts->pid)
		snprintf(who, sizeof who, "watcher %d", facts->pid);
	if (*facts->failure.msg) {
		say(out, HEALTH_PROBLEM, "%s", facts->failure.msg);
	} else if (!facts->runs) {
		say(out, HEALTH_WARNING,
			"no watcher runs: what connects, or is moved, before a hook starts one is "
			"not pinned");
	} else if (facts->until_idle) {
		say(out, HEALTH_WARNING,
			"%s runs since %s; a hook has started it: it ends with the last vif, or "
			"with the session",
			who, facts->since);
	} else {
		say(out, HEALTH_OK, "%s runs since %s", who, facts->since);
		return;
	}
	mend_with_service(tools, out);
}

/* --- irqbalance -------------------------------------------------------------------------- */

static void mend_irqbalance(
	const struct irqbalance_facts *facts, const struct tools *tools, struct finding *out)
{
	const char *policy = facts->installed;

	if (!*policy)
		mend(out, INSTALL ", then vifpin doctor again");
	else if (!tools->systemd)
		mend(out, "irqbalance --policyscript=%s", policy);
	else if (facts->args_are_set)
		mend(out,
			"add --policyscript=%s to IRQBALANCE_ARGS in " IRQBALANCE_ARGS
			"; systemctl restart irqbalance",
			policy);
	else
		mend(out, "systemctl daemon-reload; systemctl restart irqbalance");
}

/* "irqbalance 1.9.2" */
static void name_irqbalance(const struct irqbalance_version *version, char *buf, size_t size)
{
	if (version->major || version->minor)
		snprintf(buf, size, "irqbalance %u.%u.%u", version->major, version->minor,
			version->patch);
	else
		snprintf(buf, size, "irqbalance");
}

void doctor_irqbalance(
	const struct irqbalance_facts *facts, const struct tools *tools, struct finding *out)
{
	char name[48];

	out->check = "irqbalance";
	name_irqbalance(&facts->version, name, sizeof name);
	if (!facts->runs) {
		say(out, HEALTH_OK, "irqbalance does not run");
		return;
	}
	if (*facts->policy.path && caller_fails(&facts->policy, out))
		return;
	if (facts->policy.calls_vifpin) {
		say(out, HEALTH_OK, "%s asks vifpin, by %s", name, facts->policy.path);
		return;
	}
	if (facts->options.bans_vif)
		say(out, HEALTH_WARNING,
			"%s bans vifs by name (--banmod), and so moves those that are renamed",
			name);
	else if (*facts->policy.path)
		say(out, HEALTH_WARNING, "%s asks %s, which does not ask vifpin", name,
			facts->policy.path);
	else
		say(out, HEALTH_PROBLEM, "%s %s the interrupts of vifs, and does not ask vifpin",
			name, irqbalance_widens(&facts->version) ? "widens the masks of" : "moves");
	mend_irqbalance(facts, tools, out);
}

/* --- what vifpin knows ------------------------------------------------------------------- */

void doctor_ledger(const struct ledger_facts *facts, struct finding *out)
{
	out->check = "ledger";
	if (facts->of_later_version) {
		say(out, HEALTH_PROBLEM, "the ledger %s: nothing is pinned", facts->failure.msg);
		mend(out, "upgrade vifpin, or move /" PATH_LEDGER_DIR "/ledger.json away");
	} else if (*facts->failure.msg) {
		say(out, HEALTH_PROBLEM, "the ledger cannot be read: %s", facts->failure.msg);
		mend(out, "vifpin reconcile");
	} else if (!facts->is_there) {
		say(out, HEALTH_OK, "there is none yet: no vif has come");
	} else if (!facts->of_this_boot) {
		say(out, HEALTH_WARNING, "the ledger is of another boot: nothing is pinned yet");
		mend(out, "vifpin reconcile");
	} else {
		say(out, HEALTH_OK, "the ledger is of this boot and has %zu vif%s", facts->n_vifs,
			facts->n_vifs == 1 ? "" : "s");
	}
}

void doctor_corrupt(const struct ledger_facts *facts, struct finding *out)
{
	out->check = "corrupt";
	if (!facts->n_corrupt) {
		say(out, HEALTH_OK, "no ledger had to be moved aside");
		return;
	}
	say(out, HEALTH_WARNING, "%u ledger%s could not be read and %s moved aside",
		facts->n_corrupt, facts->n_corrupt == 1 ? "" : "s",
		facts->n_corrupt == 1 ? "was" : "were");
	mend(out, "rm /" PATH_LEDGER_DIR "/ledger.json.corrupt-*");
}

void doctor_vifs(const struct vif_facts *facts, struct finding *out)
{
	out->check = "vifs";
	if (facts->n_unknown) {
		say(out, HEALTH_PROBLEM, "vif %u.%u is not in the ledger%s", facts->unknown.domid,
			facts->unknown.devid, facts->n_unknown > 1 ? ", and others are not" : "");
		mend(out, "vifpin reconcile");
	} else if (facts->n_partial) {
		say(out, HEALTH_WARNING, "%zu of %zu vifs pinned in part only, vif %u.%u first",
			facts->n_partial, facts->n, facts->partial.domid, facts->partial.devid);
		mend(out, "vifpin verify");
	} else if (facts->n_outside) {
		say(out, HEALTH_WARNING,
			"%zu side%s on CPUs that vifs may not use, of vif %u.%u first",
			facts->n_outside, facts->n_outside == 1 ? "" : "s", facts->outside.domid,
			facts->outside.devid);
		mend(out, "vifpin rebalance");
	} else if (facts->drift) {
		say(out, HEALTH_OK, "all are pinned or reserved; moved and put back so far: %lu",
			facts->drift);
	} else {
		say(out, HEALTH_OK, "all are pinned or reserved, and nothing has moved them");
	}
}
