// SPDX-License-Identifier: GPL-2.0-or-later
#include "doctor_facts.h"

#include "cpu_list.h"
#include "drift.h"
#include "gather.h"
#include "ledger_file.h"
#include "process.h"
#include "rebalance.h"
#include "util.h"
#include "watcher_lock.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static long read_netback_param(const struct sysroot *root, const char *name)
{
	_cleanup_free_ char *text = NULL;
	unsigned long number;

	if (sysroot_read(root, &text, NULL, PATH_NETBACK_PARAM, name) < 0)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	if (strcmp(text, "Y") == 0 || strcmp(text, "N") == 0)
		return *text == 'Y';
	return parse_number(text, NULL, INT_MAX, &number) ? (long)number : -1;
}

static void read_netback(const struct sysroot *root, struct netback_facts *out)
{
	out->loaded = sysroot_exists(root, PATH_NETBACK);
	out->max_queues = read_netback_param(root, "max_queues");
	out->separate_tx_rx_irq = (int)read_netback_param(root, "separate_tx_rx_irq");
	out->grouped = process_find(root, "netback/0") > 0;
}

/* --- scripts ------------------------------------------------------------------------------ */

static bool program_works(const struct sysroot *root, const char *program)
{
	static const char *const dirs[] = { PATH_PROGRAM_DIRS };
	char path[SHOWN_PATH_SIZE + 32];

	if (program[0] == '/')
		return sysroot_is_executable(root, program + 1);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof path, "%s/%s", dirs[i], program);
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
	if (sysroot_read(root, &text, NULL, "%s", path + 1) == 0 &&
		doctor_find_call(text, out->program))
		out->program_works = program_works(root, out->program);
}

/* Looks in a directory for a script that calls vifpin: for one that is run because of how its name
 * ends, or else for any. */
struct search {
	const struct sysroot *root;
	const char *dir, *end;
	struct caller *found; /* stays as it is when there is none */
};

static int look_at_script(const char *name, void *data)
{
	const struct search *search = data;
	char path[PATH_MAX];
	struct caller caller;

	snprintf(path, sizeof path, "%s/%s", search->dir, name);
	read_caller(search->root, path, &caller);
	if (!*caller.program)
		return 0;
	*search->found = caller;
	return caller.executable && doctor_ends_in(name, search->end);
}

static void read_hook(const struct sysroot *root, struct hook_facts *out)
{
	struct search search = { root, "/" PATH_HOOKS, ".hook", &out->hook };
	_cleanup_free_ char *common = NULL;
	_cleanup_free_ char *xl_config = NULL;

	out->has_scripts = sysroot_exists(root, PATH_SCRIPTS);
	if (sysroot_read(root, &common, NULL, PATH_SCRIPTS_COMMON) == 0)
		out->calls_hooks = strstr(common, "call_hooks") != NULL;
	sysroot_list(root, look_at_script, &search, PATH_HOOKS);
	sysroot_read(root, &xl_config, NULL, PATH_XL_CONFIG);
	doctor_default_script(xl_config ? xl_config : "", out->default_script);
}

static void read_watcher(const struct sysroot *root, struct watcher_facts *out)
{
	struct watcher watcher = { 0 };
	struct tm since;

	out->runs = watcher_find(root, &watcher, &out->failure) == 1;
	out->until_idle = watcher.until_idle;
	out->pid = (int)watcher.pid;
	localtime_r(&watcher.since, &since);
	strftime(out->since, sizeof out->since, "%Y-%m-%d %H:%M:%S", &since);
}

/* In a directory of scripts one that asks vifpin is enough. */
static void read_policy(const struct sysroot *root, const char *path, struct caller *out)
{
	struct search search = { root, path, "", out };
	int r = sysroot_list(root, look_at_script, &search, "%s", path + 1);

	if (*out->path)
		return;
	read_caller(root, path, out);
	/* A directory of others' scripts is run, as far as that goes. */
	out->executable = out->executable || r == 0;
	/* vifpin's own is no script but the program itself. */
	if (doctor_ends_in(path, "/vifpin/irqbalance-policy"))
		out->program_works = copy_str(out->program, sizeof out->program, out->path);
}

static bool args_are_set(const struct sysroot *root)
{
	static const char line[] = "\nIRQBALANCE_ARGS=";
	_cleanup_free_ char *text = NULL;
	const char *p;

	if (sysroot_read(root, &text, NULL, PATH_IRQBALANCE_ARGS) < 0)
		return false;
	p = text;
	return skip_prefix(&p, line + 1) || strstr(text, line);
}

static void read_irqbalance(const struct sysroot *root, struct irqbalance_facts *out)
{
	static const char *const policies[] = { PATH_POLICIES };
	pid_t pid = process_find(root, "irqbalance");
	_cleanup_free_ char *cmdline = NULL;
	_cleanup_free_ char *program = NULL;
	struct irqbalance_options options;
	size_t len;

	out->runs = pid != 0;
	out->args_are_set = args_are_set(root);
	for (size_t i = 0; i < ARRAY_SIZE(policies) && !*out->installed; i++) {
		if (sysroot_exists(root, "%s", policies[i]))
			snprintf(out->installed, sizeof out->installed, "/%s", policies[i]);
	}
	if (!pid || sysroot_read(root, &cmdline, &len, PATH_PID_CMDLINE, (int)pid) < 0)
		return;
	irqbalance_read_options(cmdline, len, &options);
	out->bans_vif = options.bans_vif;
	if (options.policy && options.policy[0] == '/')
		read_policy(root, options.policy, &out->policy);
	if (options.program[0] != '/')
		options.program = "/" PATH_IRQBALANCE;
	if (sysroot_read(root, &program, &len, "%s", options.program + 1) == 0)
		irqbalance_find_version(program, len, &out->version);
}

/* --- CPUs, and the sides on them --------------------------------------------------------- */

/* What cannot be read takes no CPU away. */
static void read_cpus(
	const struct context *context, const struct inventory *inventory, struct cpu_facts *out)
{
	const struct sysroot *root = &context->root;
	_cleanup_free_ char *initial = NULL;

	out->configured = context->config.cpus;
	out->online = inventory->online;
	out->present = inventory->online;
	cpu_list_read(root, &out->present, PATH_CPUS_PRESENT);
	out->own = inventory->own;
	out->allowed = inventory_allowed(inventory, &context->config.cpus);
	memset(&out->initial, 0xff, sizeof out->initial);
	if (sysroot_read(root, &initial, NULL, PATH_IRQ_DEFAULT) == 0)
		cpuset_parse_mask(initial, &out->initial);
	memset(&out->partition, 0xff, sizeof out->partition);
	cpu_list_read(root, &out->partition, PATH_CPUSET_ROOT);
	cpu_list_read(root, &out->isolated, PATH_CPUS_ISOLATED);
}

/* Xen tells of each CPU, also where nodes cannot be used; one that is offline is nowhere. */
static void read_vcpus(const struct inventory *inventory, struct vcpu_facts *out)
{
	const struct topology *topology = &inventory->topology;

	if (!topology->n_cpus)
		out->unknown = topology->unknown;
	out->on_a_node = topology->pinned;
	out->on_a_pcpu = true;
	for (unsigned int cpu = 0; cpu < topology->n_cpus; cpu++) {
		if (topology->pcpus[cpu] < 0 && cpuset_has(&inventory->online, cpu))
			out->on_a_pcpu = false;
	}
}

static void count(struct vif_count *out, struct vif_id vif)
{
	if (!out->n++)
		out->vif = vif;
}

/* NIC-busy CPUs are never all that a vif may use (rules.h): an rx side on one could be elsewhere.
 */
static void find_misplaced(const struct world *world, const struct config *config,
	const struct vif_entry *vif, struct doctor_facts *out)
{
	struct rules rules = world_rules(world, config, vif);
	struct nic_facts *nics = &out->nics;

	for (unsigned int n = 0; n < SIDE_COUNT * vif->n_queues; n++) {
		enum side side = (enum side)(n % SIDE_COUNT);
		int cpu = vif->places[n / SIDE_COUNT].cpu[side];

		if (rule_is_broken(RULE_ALLOWED, &rules, side, cpu, CPU_NONE))
			count(&out->vifs.troubles[VIFS_OUTSIDE], vif->id);
		if (!rule_is_broken(RULE_NIC, &rules, side, cpu, CPU_NONE))
			continue;
		if (!nics->sides.n) {
			nics->queue = n / SIDE_COUNT;
			nics->cpu = cpu;
		}
		count(&nics->sides, vif->id);
	}
}

static void read_evenness(const struct world *world, const struct config *config,
	const struct ledger *ledger, struct cpu_facts *out)
{
	struct moves moves;

	if (rebalance_plan(world, config, ledger, &moves) < 0)
		return;
	out->load = moves.before;
	out->evened = moves.after;
	moves_free(&moves);
}

static void read_inventory(const struct context *context, const struct ledger *ledger, bool evened,
	struct doctor_facts *out)
{
	struct world world = { 0 };
	const struct inventory *inventory = &world.inventory;

	gather_rules(context, ledger, &world, NULL);
	read_cpus(context, inventory, &out->cpus);
	read_vcpus(inventory, &out->vcpus);
	out->nics.avoid = context->config.avoid_nic;
	for (unsigned int cpu = 0; inventory->complete && cpu < CPUSET_MAX; cpu++) {
		if (inventory->nics[cpu].nic)
			cpuset_add(&out->nics.cpus, cpu);
	}
	for (size_t i = 0; inventory->complete && i < ledger->n_vifs; i++)
		find_misplaced(&world, &context->config, &ledger->vifs[i], out);
	if (inventory->complete && evened)
		read_evenness(&world, &context->config, ledger, &out->cpus);
	world_free(&world);
}

/* --- what vifpin knows -------------------------------------------------------------------- */

/* Leaves the ledger as it is when it cannot be read. */
static void read_ledger(const struct sysroot *root, struct ledger *ledger, struct ledger_facts *out)
{
	char boot_id[UUID_SIZE] = "";
	int r = ledger_file_peek(root, ledger, &out->failure);

	ledger_file_boot_id(root, boot_id, NULL);
	out->of_later_version = r == -ENOTSUP;
	out->is_there = sysroot_exists(root, "%s", LEDGER_PATH + 1);
	out->of_this_boot = strcmp(boot_id, ledger->boot_id) == 0;
	out->n_vifs = ledger->n_vifs;
	out->n_corrupt = ledger_file_count_corrupt(root);
}

/* Vifs that are in xenstore, and that the configuration wants to be in the ledger. */
static void find_missing(
	const struct context *context, const struct ledger *ledger, struct vif_facts *out)
{
	struct xenstore *xenstore = context->xenstore;
	_cleanup_free_ struct vif_id *ids = NULL;
	const struct config_vif *exception;
	struct backend_state vif;
	size_t n = 0;

	if (xenstore)
		xenstore_list_vifs(xenstore, NULL, &ids, &n, NULL);
	for (size_t i = 0; i < n; i++) {
		if (ledger_find(ledger, ids[i]) ||
			xenstore_read_backend(xenstore, ids[i], &vif, NULL) < 0)
			continue;
		exception = config_find_vif(&context->config, vif.domain, vif.mac);
		if (!vif.unprobed && !vif.leaving && (!exception || exception->pin))
			count(&out->troubles[VIFS_UNKNOWN], ids[i]);
		backend_state_free(&vif);
	}
}

/* As verify does. */
static void compare(const struct sysroot *root, struct snapshot *snapshot,
	const struct vif_entry *vif, struct vif_facts *out)
{
	bool partial = vif->state == VIF_PARTIAL;
	struct differences all;
	struct targets targets;

	gather_differences(root, snapshot, vif, &targets, &all, &out->failure);
	for (size_t i = 0; i < all.n; i++) {
		if (difference_is_mask(&all.v[i]))
			count(&out->troubles[VIFS_MOVED], vif->id);
		else
			partial = true;
	}
	if (partial)
		count(&out->troubles[VIFS_PARTIAL], vif->id);
	differences_free(&all);
	targets_free(&targets);
}

static void read_vifs(
	const struct sysroot *root, const struct ledger *ledger, struct doctor_facts *out)
{
	struct snapshot snapshot = { .many = true };

	for (size_t i = 0; i < ledger->n_vifs; i++) {
		const struct vif_entry *vif = &ledger->vifs[i];

		compare(root, &snapshot, vif, &out->vifs);
		out->vifs.drift += vif->drift;
		if (vif->n_queues > out->cpus.queues.n)
			out->cpus.queues = (struct vif_count){ vif->n_queues, vif->id };
	}
	snapshot_free(&snapshot);
}

/* --- all of it ---------------------------------------------------------------------------- */

void doctor_facts_read(const struct context *context, struct doctor_facts *out)
{
	const struct sysroot *root = &context->root;
	_cleanup_free_ char *hypervisor = NULL;
	struct ledger ledger = { 0 };

	out->own_domid = context->xenstore ? (int)xenstore_own_domid(context->xenstore) : -1;
	out->systemd = sysroot_exists(root, PATH_SYSTEMD);
	if (sysroot_read(root, &hypervisor, NULL, PATH_HYPERVISOR) == 0)
		snprintf(out->hypervisor, sizeof out->hypervisor, "%.*s",
			(int)strcspn(hypervisor, "\n"), hypervisor);
	read_netback(root, &out->netback);
	read_hook(root, &out->hook);
	read_watcher(root, &out->watcher);
	read_irqbalance(root, &out->irqbalance);
	read_ledger(root, &ledger, &out->ledger);
	read_inventory(context, &ledger, true, out);
	find_missing(context, &ledger, &out->vifs);
	read_vifs(root, &ledger, out);
	ledger_clear(&ledger);
}

void doctor_facts_read_nics(
	const struct context *context, const struct ledger *ledger, struct doctor_facts *out)
{
	*out = (struct doctor_facts){ .own_domid = -1 };
	read_inventory(context, ledger, false, out);
}
