// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass.h"

#include "affinity.h"
#include "util.h"

#include <errno.h>
#include <string.h>

int host_connect(struct host *host, struct err *err)
{
	return host->xs ? 0 : xs_connect(&host->xs, err);
}

static int no_memory(struct err *err)
{
	return err_set(err, ENOMEM, "out of memory");
}

/* Reads a file that holds a CPU list. */
static int read_cpus(const struct sysroot *root, const char *path, struct cpuset *out)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = sysroot_read(root, &text, NULL, "%s", path);
	return r < 0 ? r : cpuset_parse_list(text, out);
}

static int read_online(const struct sysroot *root, struct cpuset *out, struct err *err)
{
	int r = read_cpus(root, PATH_CPUS_ONLINE, out);

	if (r < 0)
		return err_set(err, -r, "cannot read /" PATH_CPUS_ONLINE ": %s", strerror(-r));
	return 0;
}

/* The CPUs vifpin itself may run on: who limits it means to limit what it does. */
static void limit_to_own(const struct sysroot *root, struct cpuset *cpus)
{
	_cleanup_free_ char *status = NULL;
	struct cpuset own;

	if (sysroot_read(root, &status, NULL, PATH_OWN_STATUS) == 0 &&
		pidstat_parse_allowed(status, &own) == 0)
		cpuset_and(cpus, &own);
}

/* Sides on CPUs that are offline have to be placed anew; true when there is one. */
static bool displace(struct place *places, unsigned int n, const struct cpuset *online)
{
	bool any = false;

	for (unsigned int q = 0; q < n; q++) {
		int *sides[] = { &places[q].tx_cpu, &places[q].rx_cpu };

		for (int i = 0; i < 2; i++) {
			if (*sides[i] != CPU_NONE && cpuset_has(online, (unsigned int)*sides[i]))
				continue;
			*sides[i] = CPU_NONE;
			any = true;
		}
	}
	return any;
}

/* What the host has, with the load of all vifs but `entry`, whose sides are `places`. */
static int describe_host(struct pass *pass, const struct vif_entry *entry,
	const struct place *places, unsigned int n, struct plan_host *plan, struct err *err)
{
	struct vif_entry now = { .places = (struct place *)places, .n_queues = n };
	int r;

	r = read_online(&pass->host->root, &plan->allowed, err);
	if (r < 0)
		return r;
	cpuset_and(&plan->allowed, &pass->host->config.cpus);
	limit_to_own(&pass->host->root, &plan->allowed);
	for (size_t i = 0; i < pass->ledger.n_vifs; i++) {
		const struct vif_entry *vif = &pass->ledger.vifs[i];

		ledger_add_load(vif == entry ? &now : vif, plan->load);
	}
	return 0;
}

static int plan(struct pass *pass, const struct vif_entry *entry, struct place *places,
	unsigned int n, struct err *err)
{
	_cleanup_free_ struct plan_host *host = calloc(1, sizeof *host);
	const struct remembered *old;
	int r;

	if (!host)
		return no_memory(err);
	r = describe_host(pass, entry, places, n, host, err);
	if (r < 0)
		return r;
	old = ledger_recall(&pass->ledger, entry->uuid, entry->id.devid);
	r = plan_vif(host, places, n, old ? old->places : NULL, old ? old->n_queues : 0);
	if (r < 0)
		return err_set(err, -r,
			"no CPU is left for vif %u.%u: none is online, in cpus of /" PATH_CONFIG
			" and in vifpin's own affinity mask",
			entry->id.domid, entry->id.devid);
	return 0;
}

static int take_snapshot(struct pass *pass, struct err *err)
{
	int r;

	if (pass->has_snapshot)
		return 0;
	r = snapshot_take(&pass->host->root, &pass->snapshot, err);
	pass->has_snapshot = r == 0;
	return r;
}

static int first_dev(const char *name, void *data)
{
	return vifname_is_dev(name) && copy_str(data, DEV_NAME_SIZE, name);
}

/*
 * Interrupts and threads bear the name that the netdev had when the frontend
 * connected, which may no longer be its name. A name that is another netdev's
 * now is not taken for ours.
 */
static bool may_be_ours(const struct sysroot *root, const char *name, const char *current)
{
	if (!*name)
		return false;
	return strcmp(name, current) == 0 || !sysroot_exists(root, PATH_NETDEV, name);
}

/*
 * Finds the vif's parts and the name they bear. Without a netdev there are none;
 * dev is then the name it is going to have.
 */
static int find_parts(struct pass *pass, struct vif_id id, const char *known, const char *vifname,
	char dev[DEV_NAME_SIZE], struct parts *parts, struct err *err)
{
	const struct sysroot *root = &pass->host->root;
	char own[DEV_NAME_SIZE], current[DEV_NAME_SIZE] = "";
	const char *names[] = { current, known, vifname, own };
	int r;

	*parts = (struct parts){ 0 };
	vifname_default_dev(id, own);
	sysroot_list(root, first_dev, current, PATH_VIF_NETDEVS, id.domid, id.devid);
	copy_str(dev, DEV_NAME_SIZE, *current ? current : *vifname ? vifname : own);
	if (!*current)
		return 0;
	r = take_snapshot(pass, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(names) && !parts->n_queues; i++) {
		if (!may_be_ours(root, names[i], current))
			continue;
		parts_free(parts);
		r = snapshot_find(root, &pass->snapshot, names[i], parts, err);
		if (r < 0)
			return r;
		if (parts->n_queues)
			copy_str(dev, DEV_NAME_SIZE, names[i]);
	}
	return 0;
}

/* min(what the backend offers, what the guest can use); product.md, "Life of a vif". */
static unsigned int expected_queues(const struct xs_vif *vif)
{
	unsigned int n = vif->max_queues;

	if (vif->vcpus && vif->vcpus < n)
		n = vif->vcpus;
	return n ? n : 1;
}

static struct outcome *add_outcome(struct pass *pass, struct vif_id id, const char *domain)
{
	struct outcome *grown;
	char *copy;

	grown = array_grow(pass->outcomes, pass->n_outcomes, sizeof *grown);
	if (!grown)
		return NULL;
	pass->outcomes = grown;
	copy = strdup(domain);
	if (!copy)
		return NULL;
	grown += pass->n_outcomes++;
	*grown = (struct outcome){ .id = id, .domain = copy };
	return grown;
}

/* Takes the entry out of the ledger and notes it. */
static int drop(struct pass *pass, struct vif_id id, struct err *err)
{
	struct vif_entry *entry = ledger_find(&pass->ledger, id);
	struct outcome *outcome;

	if (!entry)
		return 0;
	outcome = add_outcome(pass, id, entry->domain);
	if (!outcome)
		return no_memory(err);
	outcome->release = true;
	ledger_release(&pass->ledger, id);
	return 0;
}

/* Domids are used again: an entry with another UUID is of a domain that is gone. */
static int drop_stale(struct pass *pass, const struct xs_vif *vif, struct err *err)
{
	struct vif_entry *entry = ledger_find(&pass->ledger, vif->id);

	if (!entry || !*entry->uuid || !*vif->uuid || strcmp(entry->uuid, vif->uuid) == 0)
		return 0;
	return drop(pass, vif->id, err);
}

/* The vif's entry with what xenstore says of it; a new one when there is none. */
static struct vif_entry *describe(struct pass *pass, const struct xs_vif *vif, const char *dev)
{
	struct vif_entry *entry = ledger_find(&pass->ledger, vif->id);

	if (!entry)
		entry = ledger_add(&pass->ledger, vif->id);
	if (!entry || ledger_set_domain(entry, vif->domain) < 0)
		return NULL;
	copy_str(entry->uuid, sizeof entry->uuid, vif->uuid);
	copy_str(entry->mac, sizeof entry->mac, vif->mac);
	copy_str(entry->dev, sizeof entry->dev, dev);
	return entry;
}

/*
 * Makes the entry fit: as many queues as there are or will be, each placed. What
 * is placed stays; on failure everything does.
 */
static int fit(
	struct pass *pass, struct vif_entry *entry, unsigned int n, bool *changed, struct err *err)
{
	_cleanup_free_ struct place *places = calloc(n, sizeof *places);
	struct cpuset online;
	bool moved;
	int r;

	if (!places)
		return no_memory(err);
	for (unsigned int q = 0; q < n; q++)
		places[q] = q < entry->n_queues ? entry->places[q]
						: (struct place){ CPU_NONE, CPU_NONE };
	r = read_online(&pass->host->root, &online, err);
	if (r < 0)
		return r;
	moved = displace(places, n, &online);
	if (moved)
		r = plan(pass, entry, places, n, err);
	if (r < 0)
		return r;
	*changed = moved || n != entry->n_queues;
	ledger_set_places(entry, places, n);
	places = NULL;
	return 0;
}

static int decide(struct pass *pass, const struct xs_vif *vif, struct err *err)
{
	struct vif_entry *entry = ledger_find(&pass->ledger, vif->id);
	bool known = entry && entry->n_queues;
	char dev[DEV_NAME_SIZE];
	struct outcome *outcome;
	unsigned int n_queues;
	struct parts parts;
	bool changed = false;
	int r;

	r = find_parts(pass, vif->id, entry ? entry->dev : "", vif->vifname, dev, &parts, err);
	if (r < 0)
		return r;
	outcome = add_outcome(pass, vif->id, vif->domain);
	if (!outcome) {
		parts_free(&parts);
		return no_memory(err);
	}
	outcome->parts = parts;
	entry = describe(pass, vif, dev);
	if (!entry)
		return no_memory(err);
	n_queues = known ? entry->n_queues : expected_queues(vif);
	if (parts.n_queues)
		n_queues = parts.n_queues;
	r = fit(pass, entry, n_queues, &changed, err);
	if (r < 0) {
		if (!known)
			ledger_release(&pass->ledger, vif->id);
		return r;
	}
	outcome->changed = changed || !known;
	return 0;
}

int pass_vif(struct pass *pass, struct vif_id id, struct err *err)
{
	struct xs_vif vif;
	int r;

	r = xs_read_vif(pass->host->xs, id, &vif, err);
	if (r == -ENOENT)
		drop(pass, id, NULL);
	if (r < 0)
		return r;
	r = drop_stale(pass, &vif, err);
	if (r == 0 && !vif.leaving)
		r = decide(pass, &vif, err);
	xs_vif_free(&vif);
	return r;
}

int pass_drop_gone(struct pass *pass, struct err *err)
{
	size_t i = 0;

	while (i < pass->ledger.n_vifs) {
		struct vif_id id = pass->ledger.vifs[i].id;
		int r = xs_has_vif(pass->host->xs, id, err);

		if (r > 0)
			i++;
		else if (r == 0)
			r = drop(pass, id, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int pass_all(struct pass *pass, struct err *err)
{
	_cleanup_free_ struct vif_id *ids = NULL;
	size_t n;
	int r;

	r = pass_drop_gone(pass, err);
	if (r == 0)
		r = xs_list_vifs(pass->host->xs, &ids, &n, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		int one = pass_vif(pass, ids[i], err);

		if (one < 0 && one != -ENOENT)
			r = one;
	}
	return r;
}

int pass_release(struct pass *pass, struct vif_id id, bool unpin, struct err *err)
{
	struct vif_entry *entry = ledger_find(&pass->ledger, id);
	struct parts parts = { 0 };
	char dev[DEV_NAME_SIZE];
	int r;

	if (!entry)
		return 0;
	if (unpin) {
		r = find_parts(pass, id, entry->dev, "", dev, &parts, err);
		if (r < 0)
			return r;
	}
	r = drop(pass, id, err);
	if (r < 0)
		parts_free(&parts);
	else
		pass->outcomes[pass->n_outcomes - 1].parts = parts;
	return r;
}

/* The CPU that a part has now, when it has just one; else CPU_NONE. */
static int single_cpu(const struct sysroot *root, const struct parts *parts, unsigned int queue,
	enum vif_side side)
{
	struct cpuset mask;

	for (size_t i = 0; i < parts->n; i++) {
		if (parts->v[i].queue == queue && parts->v[i].side == side)
			return affinity_get(root, &parts->v[i], &mask, NULL) < 0
				       ? CPU_NONE
				       : cpuset_single(&mask);
	}
	return CPU_NONE;
}

/*
 * Places that look like vifpin's work: the interrupt and the thread of a side on
 * one CPU. False unless every side of every queue does.
 */
static bool adopt_places(
	const struct sysroot *root, const struct parts *parts, struct place *places)
{
	for (unsigned int q = 0; q < parts->n_queues; q++) {
		int tx = single_cpu(root, parts, q, SIDE_TX);
		int rx = single_cpu(root, parts, q, SIDE_RX);

		if (tx == CPU_NONE || single_cpu(root, parts, q, SIDE_DEALLOC) != tx)
			return false;
		if (rx == CPU_NONE || single_cpu(root, parts, q, SIDE_GUEST_RX) != rx)
			return false;
		places[q] = (struct place){ tx, rx };
	}
	return parts->n_queues > 0;
}

static int adopt_parts(struct pass *pass, const struct xs_vif *vif, struct err *err)
{
	struct place *places = NULL;
	struct parts parts;
	char dev[DEV_NAME_SIZE];
	struct vif_entry *entry;
	int r;

	r = find_parts(pass, vif->id, "", vif->vifname, dev, &parts, err);
	if (r < 0)
		return r;
	places = calloc(parts.n_queues + 1, sizeof *places);
	if (places && adopt_places(&pass->host->root, &parts, places)) {
		entry = describe(pass, vif, dev);
		if (entry)
			ledger_set_places(entry, places, parts.n_queues);
		r = entry ? 0 : no_memory(err);
		places = entry ? NULL : places;
	}
	free(places);
	parts_free(&parts);
	return r;
}

static int adopt(struct pass *pass, struct vif_id id, struct err *err)
{
	struct xs_vif vif;
	int r;

	r = xs_read_vif(pass->host->xs, id, &vif, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = adopt_parts(pass, &vif, err);
	xs_vif_free(&vif);
	return r;
}

/* What stands is taken over first, then the others are placed beside it. */
static int rebuild(struct pass *pass, struct err *err)
{
	_cleanup_free_ struct vif_id *ids = NULL;
	size_t n;
	int r;

	r = xs_list_vifs(pass->host->xs, &ids, &n, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = adopt(pass, ids[i], err);
	return r < 0 ? r : pass_all(pass, err);
}

static int set_aside(struct pass *pass, const struct err *reason, struct err *err)
{
	char name[64];
	int r;

	r = store_set_aside(&pass->store, name, sizeof name, err);
	if (r < 0)
		return r;
	err_set(&pass->rebuilt, EBADMSG,
		"ledger " LEDGER_PATH " cannot be read (%s); moved aside as %s and rebuilt",
		reason->msg, name);
	return 0;
}

static int load(struct pass *pass, const char *boot_id, struct err *err)
{
	struct err reason = { "" };
	int r;

	r = store_load(&pass->store, &pass->ledger, &reason);
	if (r == -ENOTSUP)
		return err_set(err, ENOTSUP,
			"ledger " LEDGER_PATH " %s; nothing is pinned until vifpin is upgraded "
			"or the file moved away",
			reason.msg);
	if (r < 0 && r != -EBADMSG)
		return err_set(err, -r, "%s", reason.msg);
	ledger_enter_boot(&pass->ledger, boot_id);
	if (r == 0)
		return 0;
	/* Without xenstore there is nothing to rebuild from: leave it where it is. */
	r = host_connect(pass->host, err);
	if (r == 0)
		r = set_aside(pass, &reason, err);
	return r < 0 ? r : rebuild(pass, err);
}

static int read_boot_id(const struct sysroot *root, char boot_id[UUID_SIZE], struct err *err)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = sysroot_read(root, &text, NULL, PATH_BOOT_ID);
	if (r == 0) {
		text[strcspn(text, "\n")] = '\0';
		if (!copy_str(boot_id, UUID_SIZE, text) || !*text)
			r = -EINVAL;
	}
	if (r < 0)
		return err_set(err, -r, "cannot read /" PATH_BOOT_ID ": %s", strerror(-r));
	return 0;
}

int pass_begin(struct pass *pass, struct host *host, struct err *err)
{
	char boot_id[UUID_SIZE];
	int r;

	*pass = (struct pass){ .host = host, .store = { .dir_fd = -1, .lock_fd = -1 } };
	r = read_boot_id(&host->root, boot_id, err);
	if (r == 0)
		r = store_open(&host->root, &pass->store, err);
	if (r == 0)
		r = load(pass, boot_id, err);
	if (r < 0)
		pass_end(pass);
	return r;
}

/* Puts one part on its CPU if it is not there; counts it in *written. */
static int pin_part(const struct sysroot *root, const struct part *part, const struct cpuset *cpus,
	unsigned int *written, struct err *err)
{
	int r = affinity_is(root, part, cpus, err);

	if (r != 0)
		return r < 0 ? r : 0;
	r = affinity_set(root, part, cpus, err);
	if (r == 0)
		++*written;
	return r;
}

/* Pins all parts of a vif; true when every one that belongs there is. */
static bool pin_parts(const struct sysroot *root, const struct vif_entry *entry,
	const struct parts *parts, unsigned int *written, struct err *why)
{
	bool all = parts_complete(parts, entry->dev, why);

	for (size_t i = 0; i < parts->n; i++) {
		const struct part *part = &parts->v[i];
		const struct place *at = &entry->places[part->queue];
		struct cpuset cpus;

		cpuset_zero(&cpus);
		cpuset_add(&cpus, (unsigned int)(part_is_rx(part) ? at->rx_cpu : at->tx_cpu));
		if (pin_part(root, part, &cpus, written, all ? why : NULL) < 0)
			all = false;
	}
	return all;
}

static void apply_pins(struct pass *pass, struct outcome *outcome)
{
	static const enum event events[] = {
		[VIF_RESERVED] = EVENT_RESERVED,
		[VIF_PARTIAL] = EVENT_PARTIAL,
		[VIF_PINNED] = EVENT_PINNED,
	};
	struct vif_entry *entry = ledger_find(&pass->ledger, outcome->id);
	enum vif_state state = VIF_RESERVED;
	unsigned int written = 0;

	if (!entry) /* decided twice, and released the second time */
		return;
	if (outcome->parts.n_queues == entry->n_queues)
		state = pin_parts(
				&pass->host->root, entry, &outcome->parts, &written, &outcome->why)
				? VIF_PINNED
				: VIF_PARTIAL;
	if (outcome->changed || written || state != entry->state)
		outcome->event = events[state];
	entry->state = state;
}

static void apply_release(struct pass *pass, struct outcome *outcome)
{
	const struct sysroot *root = &pass->host->root;
	unsigned int written = 0;

	outcome->event = EVENT_RELEASED;
	for (size_t i = 0; i < outcome->parts.n; i++) {
		const struct part *part = &outcome->parts.v[i];
		struct cpuset cpus;

		if (affinity_default(root, part, &cpus, &outcome->why) == 0)
			pin_part(root, part, &cpus, &written, &outcome->why);
	}
}

int pass_commit(struct pass *pass, struct err *err)
{
	int r = store_commit(&pass->store, &pass->ledger, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < pass->n_outcomes; i++) {
		struct outcome *outcome = &pass->outcomes[i];

		if (outcome->release)
			apply_release(pass, outcome);
		else
			apply_pins(pass, outcome);
	}
	return store_commit(&pass->store, &pass->ledger, err);
}

void pass_end(struct pass *pass)
{
	for (size_t i = 0; i < pass->n_outcomes; i++) {
		parts_free(&pass->outcomes[i].parts);
		free(pass->outcomes[i].domain);
	}
	free(pass->outcomes);
	snapshot_free(&pass->snapshot);
	ledger_clear(&pass->ledger);
	store_close(&pass->store);
	*pass = (struct pass){ .store = { .dir_fd = -1, .lock_fd = -1 } };
}
