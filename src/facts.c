// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts.h"

#include "process.h"
#include "store.h"
#include "util.h"
#include "watcher.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Where `make install` may have put the policy script. */
static const char *const policies[] = {
	"usr/lib/vifpin/irqbalance-policy",
	"usr/local/lib/vifpin/irqbalance-policy",
};

/* Where a program is looked for that is called without a path. */
static const char *const program_dirs[] = { "usr/local/sbin", "usr/sbin", "sbin" };

void facts_tools(const struct sysroot *root, struct tools *out)
{
	out->systemd = sysroot_exists(root, PATH_SYSTEMD);
}

void facts_hypervisor(const struct sysroot *root, char type[16])
{
	_cleanup_free_ char *text = NULL;

	type[0] = '\0';
	if (sysroot_read(root, &text, NULL, PATH_HYPERVISOR) == 0)
		snprintf(type, 16, "%s", text);
}

/* --- CPUs -------------------------------------------------------------------------------- */

static void fill(struct cpuset *set)
{
	memset(set, 0xff, sizeof *set);
}

/* Reads a set by `parse`; false, *out untouched, when there is none to read. */
static bool read_set(const struct sysroot *root, const char *path,
	int (*parse)(const char *text, struct cpuset *set), struct cpuset *out)
{
	_cleanup_free_ char *text = NULL;

	return sysroot_read(root, &text, NULL, "%s", path) == 0 && parse(text, out) == 0;
}

static void find_most_queues(const struct ledger *ledger, struct cpu_facts *out)
{
	for (size_t i = 0; i < ledger->n_vifs; i++) {
		if (ledger->vifs[i].n_queues <= out->most_queues)
			continue;
		out->most_queues = ledger->vifs[i].n_queues;
		out->most_queues_of = ledger->vifs[i].id;
	}
}

void facts_cpus(struct site *site, const struct ledger *ledger, struct cpu_facts *out)
{
	const struct sysroot *root = site->root;
	const struct cpuset *online;

	*out = (struct cpu_facts){ .configured = site->config->cpus };
	if (site_online(site, &online, NULL) == 0)
		out->online = *online;
	out->present = out->online;
	read_set(root, PATH_CPUS_PRESENT, cpuset_parse_list, &out->present);
	fill(&out->own);
	if (site_read(site, NULL) == 0)
		out->own = site->own;
	fill(&out->initial);
	read_set(root, PATH_IRQ_DEFAULT, cpuset_parse_mask, &out->initial);
	read_set(root, PATH_CPUS_ISOLATED, cpuset_parse_list, &out->isolated);
	fill(&out->partition);
	read_set(root, PATH_CPUSET_ROOT, cpuset_parse_list, &out->partition);
	out->allowed = out->configured;
	cpuset_and(&out->allowed, &out->online);
	cpuset_and(&out->allowed, &out->own);
	find_most_queues(ledger, out);
}

void facts_vcpus(struct site *site, struct vcpu_facts *out)
{
	const struct topology *topology = &site->topology;

	*out = (struct vcpu_facts){ .on_a_pcpu = true };
	if (site_read(site, &out->unknown) < 0)
		return;
	if (!site->hypervisor)
		out->unknown = topology->unknown;
	out->on_a_node = topology->pinned;
	for (unsigned int cpu = 0; cpu < topology->n_cpus; cpu++)
		out->on_a_pcpu = out->on_a_pcpu && topology->pcpus[cpu] >= 0;
}

/* Those of a vif's rx sides that stand on NIC-busy CPUs and could be elsewhere. */
static void add_busy_sides(
	const struct vif_entry *vif, const struct plan_rules *rules, struct nic_facts *out)
{
	struct cpuset others = rules->allowed;

	cpuset_subtract(&others, &rules->nic_busy);
	for (unsigned int q = 0; !cpuset_is_empty(&others) && q < vif->n_queues; q++) {
		int cpu = vif->places[q].rx_cpu;

		if (!cpuset_has(&rules->nic_busy, (unsigned int)cpu) || out->n_sides++)
			continue;
		out->vif = vif->id;
		out->queue = q;
		out->cpu = cpu;
	}
}

void facts_nics(struct site *site, const struct ledger *ledger, struct nic_facts *out)
{
	struct plan_rules rules;

	*out = (struct nic_facts){ .avoid = site->config->avoid_nic };
	if (site_read(site, NULL) < 0)
		return;
	for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++) {
		if (site->nics->irqs[cpu])
			cpuset_add(&out->cpus, cpu);
	}
	for (size_t i = 0; i < ledger->n_vifs; i++) {
		if (site_rules(site, &ledger->vifs[i], &rules, NULL) == 0)
			add_busy_sides(&ledger->vifs[i], &rules, out);
	}
}

static long read_netback_param(const struct sysroot *root, const char *name)
{
	_cleanup_free_ char *text = NULL;
	unsigned long number;

	if (sysroot_read(root, &text, NULL, PATH_NETBACK_PARAM, name) < 0)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	if (strcmp(text, "Y") == 0)
		return 1;
	if (strcmp(text, "N") == 0)
		return 0;
	return parse_number(text, NULL, INT_MAX, &number) ? (long)number : -1;
}

void facts_netback(const struct sysroot *root, struct netback_facts *out)
{
	out->loaded = sysroot_exists(root, PATH_NETBACK);
	out->max_queues = read_netback_param(root, "max_queues");
	out->separate_tx_rx_irq = (int)read_netback_param(root, "separate_tx_rx_irq");
}

/* --- scripts ----------------------------------------------------------------------------- */

static bool program_works(const struct sysroot *root, const char *program)
{
	char path[SHOWN_PATH_SIZE + 32];

	if (program[0] == '/')
		return sysroot_is_executable(root, program + 1);
	for (size_t i = 0; i < ARRAY_SIZE(program_dirs); i++) {
		snprintf(path, sizeof path, "%s/%s", program_dirs[i], program);
		if (sysroot_is_executable(root, path))
			return true;
	}
	return false;
}

/* path: absolute, on the host. */
static void read_caller(const struct sysroot *root, const char *path, struct caller *out)
{
	_cleanup_free_ char *text = NULL;

	*out = (struct caller){ 0 };
	snprintf(out->path, sizeof out->path, "%s", path);
	out->is_there = sysroot_exists(root, "%s", path + 1);
	out->executable = sysroot_is_executable(root, path + 1);
	if (sysroot_read(root, &text, NULL, "%s", path + 1) < 0)
		return;
	out->calls_vifpin = doctor_find_call(text, out->program);
	if (out->calls_vifpin)
		out->program_works = program_works(root, out->program);
}

static bool ends_in_hook(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".hook") == 0;
}

struct hook_search {
	const struct sysroot *root;
	struct hook_facts *facts;
};

/* Of several files that call vifpin, one that the scripts do source. */
static int look_at_hook(const char *name, void *data)
{
	struct hook_search *search = data;
	struct hook_facts *facts = search->facts;
	char path[NAME_MAX + 64];
	struct caller caller;

	snprintf(path, sizeof path, "/" PATH_HOOKS "/%s", name);
	read_caller(search->root, path, &caller);
	if (!caller.calls_vifpin)
		return 0;
	facts->hook = caller;
	facts->ends_in_hook = ends_in_hook(name);
	return facts->ends_in_hook && caller.executable;
}

void facts_hook(const struct sysroot *root, struct hook_facts *out)
{
	_cleanup_free_ char *common = NULL;
	_cleanup_free_ char *xl_config = NULL;
	struct hook_search search = { root, out };

	*out = (struct hook_facts){ .has_scripts = sysroot_exists(root, PATH_SCRIPTS) };
	if (sysroot_read(root, &common, NULL, PATH_SCRIPTS_COMMON) == 0)
		out->calls_hooks = strstr(common, "call_hooks") != NULL;
	sysroot_list(root, look_at_hook, &search, PATH_HOOKS);
	sysroot_read(root, &xl_config, NULL, PATH_XL_CONFIG);
	doctor_default_script(xl_config ? xl_config : "", out->default_script);
}

void facts_watcher(const struct sysroot *root, struct watcher_facts *out)
{
	struct watcher watcher;
	struct tm since;

	*out = (struct watcher_facts){ .pid = 0 };
	out->runs = watcher_find(root, &watcher, &out->failure) == 1;
	if (!out->runs)
		return;
	out->until_idle = watcher.until_idle;
	out->pid = (int)watcher.pid;
	localtime_r(&watcher.since, &since);
	strftime(out->since, sizeof out->since, "%Y-%m-%d %H:%M:%S", &since);
}

/* --- irqbalance -------------------------------------------------------------------------- */

static void read_version(
	const struct sysroot *root, const char *program, struct irqbalance_version *out)
{
	_cleanup_free_ char *bytes = NULL;
	size_t len;

	if (program[0] != '/')
		program = "/usr/sbin/irqbalance";
	if (sysroot_read(root, &bytes, &len, "%s", program + 1) == 0)
		irqbalance_find_version(bytes, len, out);
}

struct policy_search {
	const struct sysroot *root;
	const char *dir;
	struct caller *found;
};

/* In a directory of scripts one that asks vifpin is enough. */
static int look_at_policy(const char *name, void *data)
{
	struct policy_search *search = data;
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", search->dir, name);
	read_caller(search->root, path, search->found);
	return search->found->calls_vifpin;
}

/* vifpin's own is no script but the program itself. */
static bool is_own_policy(const char *path)
{
	static const char end[] = "/vifpin/irqbalance-policy";
	size_t len = strlen(path), n = sizeof end - 1;

	return len >= n && strcmp(path + len - n, end) == 0;
}

static void read_policy(const struct sysroot *root, const char *path, struct caller *out)
{
	struct policy_search search = { root, path, out };
	int r;

	if (path[0] != '/')
		return;
	r = sysroot_list(root, look_at_policy, &search, "%s", path + 1);
	if (r == 1)
		return;
	read_caller(root, path, out);
	/* A directory of others' scripts is run, as far as that goes. */
	out->executable = out->executable || r == 0;
	if (is_own_policy(path))
		out->calls_vifpin = out->program_works = true;
}

static bool args_are_set(const struct sysroot *root)
{
	_cleanup_free_ char *text = NULL;

	if (sysroot_read(root, &text, NULL, PATH_IRQBALANCE_ARGS) < 0)
		return false;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "IRQBALANCE_ARGS=", 16) == 0)
			return true;
	}
	return false;
}

void facts_irqbalance(const struct sysroot *root, struct irqbalance_facts *out)
{
	_cleanup_free_ char *cmdline = NULL;
	pid_t pid = process_find(root, "irqbalance");
	size_t len;

	*out = (struct irqbalance_facts){ .runs = pid != 0, .args_are_set = args_are_set(root) };
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		if (sysroot_exists(root, "%s", policies[i]) && !*out->installed)
			snprintf(out->installed, sizeof out->installed, "/%s", policies[i]);
	}
	if (!pid || sysroot_read(root, &cmdline, &len, PATH_PID_CMDLINE, (int)pid) < 0)
		return;
	irqbalance_read_options(cmdline, len, &out->options);
	read_version(root, out->options.program, &out->version);
	if (out->options.policy)
		read_policy(root, out->options.policy, &out->policy);
	out->options.program = NULL;
	out->options.policy = NULL;
}

/* --- what vifpin knows ------------------------------------------------------------------- */

static bool is_of_this_boot(const struct sysroot *root, const struct ledger *ledger)
{
	_cleanup_free_ char *boot_id = NULL;

	if (sysroot_read(root, &boot_id, NULL, PATH_BOOT_ID) < 0)
		return false;
	boot_id[strcspn(boot_id, "\n")] = '\0';
	return strcmp(boot_id, ledger->boot_id) == 0;
}

void facts_ledger(const struct sysroot *root, struct ledger *ledger, struct ledger_facts *out)
{
	int r;

	*out = (struct ledger_facts){ 0 };
	*ledger = (struct ledger){ 0 };
	out->n_corrupt = store_count_corrupt(root);
	out->is_there = sysroot_exists(root, "%s", LEDGER_PATH + 1);
	r = store_peek(root, ledger, &out->failure);
	out->of_later_version = r == -ENOTSUP;
	if (r == 0)
		out->of_this_boot = is_of_this_boot(root, ledger);
	out->n_vifs = ledger->n_vifs;
}

/* One that is in xenstore, and has to be in the ledger. */
static bool is_missing(
	const struct config *config, const struct ledger *ledger, struct xs *xs, struct vif_id id)
{
	const struct config_vif *exception;
	struct xs_vif vif;
	bool wanted;

	if (ledger_find(ledger, id) || xs_read_vif(xs, id, &vif, NULL) < 0)
		return false;
	exception = config_find_vif(config, vif.domain, vif.mac);
	wanted = !vif.unprobed && !vif.leaving && (!exception || exception->pin);
	xs_vif_free(&vif);
	return wanted;
}

/* Of a vif that is in the ledger. */
static void add_vif(struct site *site, const struct vif_entry *vif, struct vif_facts *out)
{
	struct plan_rules rules;

	out->drift += vif->drift;
	if (vif->state == VIF_PARTIAL && !out->n_partial++)
		out->partial = vif->id;
	if (site_rules(site, vif, &rules, NULL) < 0)
		return;
	for (unsigned int q = 0; q < vif->n_queues; q++) {
		int sides[] = { vif->places[q].tx_cpu, vif->places[q].rx_cpu };

		for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
			if (!cpuset_has(&rules.allowed, (unsigned int)sides[i]) &&
				!out->n_outside++)
				out->outside = vif->id;
		}
	}
}

void facts_vifs(
	struct site *site, const struct ledger *ledger, struct xs *xs, struct vif_facts *out)
{
	_cleanup_free_ struct vif_id *ids = NULL;
	size_t n = 0;

	*out = (struct vif_facts){ .n = ledger->n_vifs };
	for (size_t i = 0; i < ledger->n_vifs; i++)
		add_vif(site, &ledger->vifs[i], out);
	if (!xs || xs_list_vifs(xs, &ids, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		if (is_missing(site->config, ledger, xs, ids[i]) && !out->n_unknown++)
			out->unknown = ids[i];
	}
}
