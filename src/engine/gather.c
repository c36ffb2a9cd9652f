// SPDX-License-Identifier: GPL-2.0-or-later
#include "gather.h"

#include "affinity.h"
#include "cpu_list.h"
#include "decide.h"
#include "hypervisor.h"
#include "measure.h"
#include "nics.h"
#include "pidstat.h"
#include "util.h"

#include <errno.h>
#include <string.h>

/* --- xenstore ----------------------------------------------------------------------------- */

static int ask(struct context *context, struct world *world, struct vif_id id, struct err *err)
{
	struct world_vif *vif = world_add(world, id);
	int r;

	if (!vif)
		return err_no_memory(err);
	if (vif->presence == BACKEND_PRESENT)
		return 0;
	r = xenstore_read_backend(context->xenstore, id, &vif->backend, err);
	if (r < 0 && r != -ENOENT)
		return r;
	vif->presence = r == 0 ? BACKEND_PRESENT : BACKEND_GONE;
	return 0;
}

/* One that xenstore has, of which it was not asked for more. */
static int add_listed(struct world *world, struct vif_id id, struct err *err)
{
	struct world_vif *vif = world_add(world, id);

	if (!vif)
		return err_no_memory(err);
	if (vif->presence != BACKEND_PRESENT)
		vif->presence = BACKEND_LISTED;
	return 0;
}

int gather_all_backends(struct context *context, struct world *world, struct err *err)
{
	_cleanup_free_ struct vif_id *ids = NULL;
	size_t n;
	int r = xenstore_list_vifs(context->xenstore, NULL, &ids, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_listed(world, ids[i], err);
	world->complete = r == 0;
	for (size_t i = 0; r == 0 && i < world->n_vifs; i++) {
		context_progress(context, "reading vifs in xenstore", i, world->n_vifs);
		r = ask(context, world, world->vifs[i].id, err);
	}
	context_progress(context, "reading vifs in xenstore", world->n_vifs, world->n_vifs);
	return r;
}

int gather_backends(struct context *context, const struct request *request, struct world *world,
	struct err *err)
{
	int r = 0;

	if (request->kind != REQUEST_UPDATE)
		return 0;
	if (request->all)
		return gather_all_backends(context, world, err);
	if (request->sweep)
		r = xenstore_list_domains(
			context->xenstore, &world->domains, &world->n_domains, err);
	for (size_t i = 0; r == 0 && i < request->n_vifs; i++)
		r = ask(context, world, request->vifs[i], err);
	return r;
}

/* Entries of vifs that were not there: xenstore was asked before the ledger was locked, and
 * meanwhile they may have come. */
static int ask_for_gone(
	struct context *context, const struct ledger *ledger, struct world *world, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ledger->n_vifs; i++) {
		struct vif_id id = ledger->vifs[i].id;

		if (!world_is_gone(world, id))
			continue;
		r = xenstore_has_vif(context->xenstore, id, err);
		if (r > 0)
			r = add_listed(world, id, err);
	}
	return r;
}

/* --- the kernel: vifs --------------------------------------------------------------------- */

/* Reads the masks of all of them, if some cannot be read too: the first error is returned. */
static int read_masks(const struct sysroot *root, struct targets *targets, struct err *err)
{
	int first = 0;

	for (size_t i = 0; i < targets->n; i++) {
		int r = affinity_read(root, &targets->v[i], first ? NULL : err);

		first = first ? first : r;
	}
	return first;
}

static int compare(const struct sysroot *root, struct snapshot *snapshot,
	const struct vif_entry *vif, struct targets *targets, struct differences *out,
	struct err *err)
{
	struct vif_names names = { .recorded = vif->dev, .vifname = "" };
	char dev[DEV_NAME_SIZE];
	int r;

	*out = (struct differences){ 0 };
	r = snapshot_find(snapshot, root, vif->id, names, dev, targets, err);
	if (r == 0)
		r = read_masks(root, targets, err);
	if (r == 0 && drift_compare(vif, dev, targets, out) < 0)
		r = err_no_memory(err);
	return r;
}

int gather_differences(const struct sysroot *root, struct snapshot *snapshot,
	const struct vif_entry *vif, struct targets *targets, struct differences *out,
	struct err *err)
{
	int r = compare(root, snapshot, vif, targets, out, err);

	for (int tries = 0; r == -ESRCH && tries < 2; tries++) {
		targets_free(targets);
		snapshot_free(snapshot);
		r = compare(root, snapshot, vif, targets, out, err);
	}
	return r;
}

/*
 * Finds a vif's targets. One whose mask cannot be read is kept without one: it has to be written
 * then, and what keeps it from that is said.
 */
static int look(struct context *context, struct snapshot *snapshot, const struct request *request,
	const struct ledger *ledger, struct world_vif *vif, struct err *err)
{
	const struct vif_entry *entry = ledger_find(ledger, vif->id);
	bool unconnected = vif->presence == BACKEND_PRESENT && !vif->backend.connected;
	struct vif_names names = {
		.recorded = entry ? entry->dev : "",
		.vifname = vif->backend.vifname,
		.waiting = (unconnected || request->kind == REQUEST_REPAIR) &&
			   (!entry || entry->state == VIF_RESERVED),
		.connected = vif->presence == BACKEND_PRESENT && !unconnected,
	};
	int r;

	r = snapshot_find(snapshot, &context->root, vif->id, names, vif->dev, &vif->targets, err);
	if (r < 0)
		return r;
	read_masks(&context->root, &vif->targets, NULL);
	vif->targets.connecting = unconnected;
	vif->looked = true;
	return 0;
}

/*
 * Reads the masks of a vif's targets that are known from before; false if they are not its any
 * more. Of what stands where it should, whose it is need not be asked one by one: netback makes the
 * threads and interrupts of a vif all at once, and ends them all at once. So while the last one is
 * still the vif's, all were.
 */
static bool look_at_known(
	const struct sysroot *root, const struct vif_entry *entry, struct targets *targets)
{
	for (size_t i = 0; i < targets->n; i++) {
		struct target *target = &targets->v[i];

		if (i + 1 < targets->n && target->queue < entry->n_queues &&
			affinity_stands_on(root, target,
				entry->places[target->queue].cpu[target_side(target)]))
			continue;
		if (affinity_read(root, target, NULL) < 0)
			return false;
	}
	return true;
}

/* Does what is known of a vif still stand for all it has? Its masks are read then. */
static bool look_again(
	const struct context *context, const struct vif_entry *entry, struct world_vif *vif)
{
	return look_at_known(&context->root, entry, &vif->targets) &&
	       snapshot_is_threaded(&context->root, vif->id, vif->dev) == vif->targets.threaded;
}

/* What is pinned is looked at by what is known of it, if this is its part; what is only reserved,
 * whether it has come. */
static int look_at_entry(struct context *context, struct snapshot *snapshot,
	const struct request *request, const struct ledger *ledger, struct world_vif *vif,
	bool its_part, struct err *err)
{
	const struct vif_entry *entry = ledger_find(ledger, vif->id);

	if (entry->state == VIF_RESERVED)
		return look(context, snapshot, request, ledger, vif, err);
	if (entry->state != VIF_PINNED || !world_knows_targets(&context->known, vif->id))
		return 0;
	vif->passed_over = !its_part;
	if (its_part) {
		world_take_targets(&context->known, vif);
		vif->looked = look_again(context, entry, vif);
	}
	return 0;
}

/* The numbers of interrupts that others have than the one vif that the request is about, as far as
 * is known; owned. NULL: it is about more, or nothing is known. */
static bool *find_taken(const struct context *context, const struct request *request, bool many)
{
	struct vif_id id;
	bool *taken;

	if (many || !context->known.n_vifs)
		return NULL;
	id = request->n_vifs ? request->vifs[0] : request->moves[0].id;
	taken = calloc(SNAPSHOT_IRQS, sizeof *taken);
	if (taken)
		world_mark_interrupts(&context->known, id, taken, SNAPSHOT_IRQS);
	return taken;
}

static int look_at_all(struct context *context, const struct request *request,
	const struct ledger *ledger, struct world *world, struct err *err)
{
	struct snapshot snapshot = { .many = request->all || world->unreadable ||
					     request->n_vifs + request->n_moves != 1 };
	_cleanup_free_ bool *taken = find_taken(context, request, snapshot.many);
	int r = 0;

	snapshot.taken = taken;
	for (size_t i = 0; r == 0 && i < world->n_vifs; i++) {
		struct world_vif *vif = &world->vifs[i];

		context_progress(context, "placing vifs", i, world->n_vifs);
		if (vif->presence == BACKEND_UNKNOWN && request->kind == REQUEST_REPAIR)
			r = look_at_entry(context, &snapshot, request, ledger, vif,
				!request->parts || i % request->parts == request->part, err);
		else if (vif->presence == BACKEND_UNKNOWN ||
			 (vif->presence == BACKEND_PRESENT && !vif->backend.leaving))
			r = look(context, &snapshot, request, ledger, vif, err);
	}
	context_progress(context, "placing vifs", world->n_vifs, world->n_vifs);
	snapshot_free(&snapshot);
	return r;
}

/* The vifs that a request is about of which xenstore was not asked. */
static int add_requested(const struct request *request, const struct ledger *ledger,
	struct world *world, struct err *err)
{
	bool all_fit = true;

	for (size_t i = 0; request->unpin && i < request->n_vifs; i++)
		all_fit = all_fit && world_add(world, request->vifs[i]);
	for (size_t i = 0; i < request->n_moves; i++)
		all_fit = all_fit && world_add(world, request->moves[i].id);
	for (size_t i = 0; request->kind == REQUEST_REPAIR && i < ledger->n_vifs; i++)
		all_fit = all_fit && world_add(world, ledger->vifs[i].id);
	return all_fit ? 0 : err_no_memory(err);
}

/* --- the kernel: CPUs --------------------------------------------------------------------- */

static int read_online(const struct sysroot *root, struct cpuset *online, struct err *err)
{
	int r = cpu_list_read(root, online, PATH_CPUS_ONLINE);

	return r < 0 ? err_set(err, -r, "cannot read /" PATH_CPUS_ONLINE ": %m") : 0;
}

/* A file that this kernel does not have leaves *out alone. */
static int read_list(
	const struct sysroot *root, struct cpuset *out, const char *path, struct err *err)
{
	int r = cpu_list_read(root, out, "%s", path);

	return r < 0 && r != -ENOENT ? err_set(err, -r, "cannot read /%s: %m", path) : 0;
}

static int read_own(const struct sysroot *root, struct cpuset *own, struct err *err)
{
	_cleanup_free_ char *status = NULL;
	int r = sysroot_read(root, &status, NULL, PATH_OWN_STATUS);

	if (r < 0 && r != -ENOENT)
		return err_set(err, -r, "cannot read /" PATH_OWN_STATUS ": %m");
	if (r < 0 || pidstat_parse_allowed(status, own) < 0)
		memset(own, 0xff, sizeof *own);
	return 0;
}

static int read_nics(
	const struct context *context, const struct ledger *ledger, struct inventory *inventory)
{
	_cleanup_(nics_free) struct nics nics = { 0 };

	inventory->nics = calloc(CPUSET_MAX, sizeof *inventory->nics);
	if (!inventory->nics || nics_read(&context->root, ledger, inventory->nics, &nics) < 0)
		return -ENOMEM;
	if (inventory_needs_counts(inventory, &context->config)) {
		inventory->nic_counts = calloc(CPUSET_MAX, sizeof *inventory->nic_counts);
		if (!inventory->nic_counts)
			return -ENOMEM;
		if (nics_read_counts(&context->root, &nics, inventory->nic_counts) < 0) {
			free(inventory->nic_counts);
			inventory->nic_counts = NULL;
		}
	}
	return 0;
}

/* Opens it, if it can be, for who asks it more; NULL, and topology->unknown, where it cannot. */
static struct hypervisor *read_topology(const struct sysroot *root, struct topology *topology)
{
	struct hypervisor *hypervisor;

	if (hypervisor_open(root, &hypervisor, &topology->unknown) < 0)
		return NULL;
	if (hypervisor_read_topology(hypervisor, topology, &topology->unknown) == 0)
		return hypervisor;
	hypervisor_close(hypervisor);
	return NULL;
}

void gather_topology(const struct sysroot *root, struct topology *topology)
{
	*topology = (struct topology){ 0 };
	hypervisor_close(read_topology(root, topology));
}

/*
 * All but the topology: nodes and cores are a preference, and Xen is asked by the caller. The
 * ledger, or NULL, spares questions about vifs' netdevs (nics.h). What cannot be read now, but
 * could later, is no reason to place a vif for good where it must not be.
 */
static int read_cpus(const struct context *context, const struct ledger *ledger,
	struct inventory *inventory, struct err *err)
{
	const struct sysroot *root = &context->root;
	int r = read_online(root, &inventory->online, err);

	if (r == 0)
		r = read_list(root, &inventory->present, PATH_CPUS_PRESENT, err);
	if (r == 0)
		r = read_list(root, &inventory->rules.isolated, PATH_CPUS_ISOLATED, err);
	if (r == 0)
		r = read_own(root, &inventory->own, err);
	if (r < 0)
		return r;
	if (read_nics(context, ledger, inventory) < 0)
		return err_no_memory(err);
	inventory->complete = true;
	return 0;
}

int gather_inventory(const struct context *context, struct inventory *inventory, struct err *err)
{
	int r = read_cpus(context, NULL, inventory, err);

	if (r == 0)
		gather_topology(&context->root, &inventory->topology);
	return r;
}

static int read_near(struct hypervisor *hypervisor, const struct inventory *inventory,
	struct world_vif *vif, struct err *err)
{
	struct cpuset nodes;

	if (!hypervisor_domain_nodes(hypervisor, vif->id.domid, &nodes))
		return 0;
	vif->near = malloc(sizeof *vif->near);
	if (!vif->near)
		return err_no_memory(err);
	*vif->near = inventory_near(inventory, &nodes);
	return 0;
}

/* May a side of it have to be placed? request NULL: all are asked about. */
static bool may_be_placed(const struct context *context, const struct request *request,
	const struct ledger *ledger, const struct world *world, const struct world_vif *vif)
{
	return !request || decide_may_place(request, &context->config, world, ledger, vif);
}

static int read_inventory(const struct context *context, const struct request *request,
	const struct ledger *ledger, struct world *world, struct err *err)
{
	struct inventory *inventory = &world->inventory;
	struct hypervisor *hypervisor;
	int r = read_cpus(context, ledger, inventory, err);

	if (r < 0)
		return r;
	hypervisor = read_topology(&context->root, &inventory->topology);
	if (hypervisor && !inventory_why_no_nodes(inventory, &context->config)) {
		for (size_t i = 0; r == 0 && i < world->n_vifs; i++) {
			if (may_be_placed(context, request, ledger, world, &world->vifs[i]))
				r = read_near(hypervisor, inventory, &world->vifs[i], err);
		}
	}
	hypervisor_close(hypervisor);
	return r;
}

int gather_rules(const struct context *context, const struct ledger *ledger, struct world *world,
	struct err *err)
{
	for (size_t i = 0; i < ledger->n_vifs; i++) {
		if (!world_add(world, ledger->vifs[i].id))
			return err_no_memory(err);
	}
	return read_inventory(context, NULL, ledger, world, err);
}

/* --- the whole ---------------------------------------------------------------------------- */

/* What has been measured is a preference: without it, sides are placed by their number. */
static void read_measured(const struct context *context, struct world *world)
{
	struct measured_load *load = &world->measured;

	if (!context->config.placement_measured ||
		measure_read_load(context, load, &world->unmeasured) < 0 ||
		!measured_load_is_idle(load))
		return;
	measured_load_free(load);
	err_set(&world->unmeasured, ENODATA, "no side has been measured to cost anything yet");
}

static int read_inventory_if_needed(const struct context *context, const struct request *request,
	const struct ledger *ledger, struct world *world, struct err *err)
{
	for (size_t i = 0; i < world->n_vifs; i++) {
		if (may_be_placed(context, request, ledger, world, &world->vifs[i])) {
			read_measured(context, world);
			return read_inventory(context, request, ledger, world, err);
		}
	}
	return 0;
}

int gather_kernel(struct context *context, const struct request *request,
	const struct ledger *ledger, struct world *world, struct err *err)
{
	int r = read_online(&context->root, &world->inventory.online, err);

	if (r == 0 && request->kind == REQUEST_UPDATE)
		r = ask_for_gone(context, ledger, world, err);
	if (r == 0)
		r = add_requested(request, ledger, world, err);
	if (r == 0)
		r = look_at_all(context, request, ledger, world, err);
	if (r == 0)
		r = read_inventory_if_needed(context, request, ledger, world, err);
	return r;
}
