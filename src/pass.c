// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass.h"

#include "affinity.h"
#include "place.h"
#include "rebuild.h"
#include "util.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

int host_connect(struct host *host, struct err *err)
{
	return host->xs ? 0 : xs_connect(&host->xs, NULL, err);
}

static int no_memory(struct err *err)
{
	return err_set(err, ENOMEM, "out of memory");
}

void pass_init(struct pass *pass, struct host *host)
{
	*pass = (struct pass){
		.host = host,
		.dry = host->dry,
		.store = { .dir_fd = -1, .lock_fd = -1 },
	};
	site_init(&pass->site, &host->root, &host->config);
}

void pass_end(struct pass *pass)
{
	for (size_t i = 0; i < pass->n_sights; i++)
		xs_vif_free(&pass->sights[i].vif);
	for (size_t i = 0; i < pass->n_outcomes; i++) {
		parts_free(&pass->outcomes[i].parts);
		plan_steps_free(&pass->outcomes[i].steps);
		free(pass->outcomes[i].domain);
	}
	free(pass->sights);
	free(pass->listed);
	free(pass->outcomes);
	snapshot_free(&pass->snapshot);
	site_free(&pass->site);
	ledger_clear(&pass->ledger);
	pass_unlock(pass);
	pass_init(pass, pass->host);
}

void pass_unlock(struct pass *pass)
{
	store_close(&pass->store);
}

/* --- asking xenstore ----------------------------------------------------------------- */

int pass_see(struct pass *pass, struct vif_id id, struct err *err)
{
	struct sight *grown = array_grow(pass->sights, pass->n_sights, sizeof *grown);
	struct sight sight = { .vif = { .id = id } };
	int r;

	if (!grown)
		return no_memory(err);
	pass->sights = grown;
	r = xs_read_vif(pass->host->xs, id, &sight.vif, err);
	if (r < 0 && r != -ENOENT)
		return r;
	sight.present = r == 0;
	grown[pass->n_sights++] = sight;
	return r;
}

static int compare_ids(const void *a, const void *b)
{
	return vif_id_compare(a, b);
}

int pass_list(struct pass *pass, struct err *err)
{
	struct vif_id *ids;
	size_t n;
	int r;

	r = xs_list_vifs(pass->host->xs, &ids, &n, err);
	if (r < 0)
		return r;
	if (n)
		qsort(ids, n, sizeof *ids, compare_ids);
	free(pass->listed);
	pass->listed = ids;
	pass->n_listed = n;
	pass->has_list = true;
	return 0;
}

static void tell(const struct pass *pass, const char *doing, size_t done, size_t all)
{
	if (pass->host->progress)
		pass->host->progress(doing, done, all);
}

int pass_see_all(struct pass *pass, struct err *err)
{
	int r = pass_list(pass, err);

	pass->snapshot.many = true;
	for (size_t i = 0; r == 0 && i < pass->n_listed; i++) {
		tell(pass, "reading vifs in xenstore", i, pass->n_listed);
		r = pass_see(pass, pass->listed[i], err);
		if (r == -ENOENT)
			r = 0;
	}
	tell(pass, "reading vifs in xenstore", pass->n_listed, pass->n_listed);
	return r;
}

/* --- reading the ledger ---------------------------------------------------------------- */

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

static int refuse_later_version(const struct err *reason, struct err *err)
{
	return err_set(err, ENOTSUP,
		"ledger " LEDGER_PATH " %s; nothing is pinned until vifpin is upgraded "
		"or the file moved away",
		reason->msg);
}

int pass_peek(const struct sysroot *root, struct ledger *ledger, struct err *err)
{
	struct err reason = { "" };
	int r = store_peek(root, ledger, &reason);

	if (r == -ENOTSUP)
		return refuse_later_version(&reason, err);
	if (r == -EBADMSG)
		return err_set(err, EBADMSG,
			"ledger " LEDGER_PATH " cannot be read (%s); the next online, pin or "
			"watch moves it aside and rebuilds it",
			reason.msg);
	if (r < 0)
		return err_set(err, -r, "cannot read " LEDGER_PATH ": %s", reason.msg);
	return 0;
}

static int load(struct pass *pass, const char *boot_id, struct err *err)
{
	struct err reason = { "" };
	int r;

	r = store_load(&pass->store, &pass->ledger, &reason);
	if (r == -ENOTSUP)
		return refuse_later_version(&reason, err);
	if (r < 0 && r != -EBADMSG)
		return err_set(err, -r, "%s", reason.msg);
	ledger_enter_boot(&pass->ledger, boot_id);
	if (r == 0)
		return 0;
	/* Without xenstore there is nothing to rebuild from: leave it where it is. */
	r = host_connect(pass->host, err);
	if (r == 0)
		r = set_aside(pass, &reason, err);
	if (r == 0)
		r = rebuild(pass, err);
	return r < 0 ? r : pass_settle(pass, err);
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

int pass_begin(struct pass *pass, struct err *err)
{
	char boot_id[UUID_SIZE];
	int r;

	r = read_boot_id(&pass->host->root, boot_id, err);
	if (r == 0 && pass->dry) {
		r = pass_peek(&pass->host->root, &pass->ledger, err);
		if (r == 0)
			ledger_enter_boot(&pass->ledger, boot_id);
		return r;
	}
	if (r == 0)
		r = store_open(&pass->host->root, &pass->store, err);
	return r < 0 ? r : load(pass, boot_id, err);
}

/* --- deciding -------------------------------------------------------------------------- */

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

/* Xenstore was asked before the lock was taken: meanwhile the vif may have come. */
static int drop_if_gone(struct pass *pass, struct vif_id id, struct err *err)
{
	int r = xs_has_vif(pass->host->xs, id, err);

	return r == 0 ? drop(pass, id, err) : r < 0 ? r : 0;
}

/* Domids are used again: an entry with another UUID is of a domain that is gone. */
static int drop_stale(struct pass *pass, const struct xs_vif *vif, struct err *err)
{
	struct vif_entry *entry = ledger_find(&pass->ledger, vif->id);

	if (!entry || !*entry->uuid || !*vif->uuid || strcmp(entry->uuid, vif->uuid) == 0)
		return 0;
	return drop(pass, vif->id, err);
}

struct vif_entry *pass_describe(struct pass *pass, const struct xs_vif *vif, const char *dev)
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

/* min(what the backend offers, what the guest can use); product.md, "Life of a vif". */
static unsigned int expected_queues(const struct xs_vif *vif)
{
	unsigned int n = vif->max_queues;

	if (vif->vcpus && vif->vcpus < n)
		n = vif->vcpus;
	return n ? n : 1;
}

/* As many queues as there are; before there is one, as many as there will be. */
static unsigned int wanted_queues(
	const struct vif_entry *entry, const struct xs_vif *vif, const struct parts *parts)
{
	if (parts->n_queues)
		return parts->n_queues;
	return entry->n_queues ? entry->n_queues : expected_queues(vif);
}

/* The entry is filled in, or made, and placed; on failure a new one is not made. */
static int enter(struct pass *pass, const struct xs_vif *vif, const char *dev,
	struct outcome *outcome, struct err *err)
{
	struct vif_entry *entry = pass_describe(pass, vif, dev);
	bool changed;
	bool is_new;
	int r;

	if (!entry)
		return no_memory(err);
	is_new = entry->n_queues == 0;
	r = place_fit(&pass->site, &pass->ledger, entry, wanted_queues(entry, vif, &outcome->parts),
		pass->dry ? &outcome->steps : NULL, &changed, err);
	if (r < 0) {
		if (is_new)
			ledger_release(&pass->ledger, vif->id);
		return r;
	}
	outcome->changed = changed;
	return 0;
}

/* The configuration says pin=0: what vifpin has done to the vif is undone. */
static int leave_alone(struct pass *pass, const struct xs_vif *vif, struct err *err)
{
	struct outcome *outcome;
	int r;

	if (ledger_find(&pass->ledger, vif->id)) {
		r = pass_release(pass, vif->id, true, err);
		if (r < 0)
			return r;
		outcome = &pass->outcomes[pass->n_outcomes - 1];
	} else {
		outcome = add_outcome(pass, vif->id, vif->domain);
		if (!outcome)
			return no_memory(err);
	}
	outcome->alone = true;
	return 0;
}

static bool is_left_alone(const struct pass *pass, const struct xs_vif *vif)
{
	const struct config_vif *exception =
		config_find_vif(&pass->host->config, vif->domain, vif->mac);

	return exception && !exception->pin;
}

static int settle_vif(struct pass *pass, const struct xs_vif *vif, struct err *err)
{
	struct vif_entry *entry;
	struct vif_names names;
	char dev[DEV_NAME_SIZE];
	struct outcome *outcome;
	struct parts parts;
	int r;

	r = drop_stale(pass, vif, err);
	if (r < 0 || vif->leaving)
		return r;
	if (is_left_alone(pass, vif))
		return leave_alone(pass, vif, err);
	entry = ledger_find(&pass->ledger, vif->id);
	/* How many queues there will be is not known yet. */
	if (!entry && vif->unprobed)
		return 0;
	names = (struct vif_names){ entry ? entry->dev : "", vif->vifname };
	r = snapshot_find(&pass->snapshot, &pass->host->root, vif->id, names, dev, &parts, err);
	if (r < 0)
		return r;
	outcome = add_outcome(pass, vif->id, vif->domain);
	if (!outcome) {
		parts_free(&parts);
		return no_memory(err);
	}
	parts.connecting = !vif->connected;
	outcome->parts = parts;
	return enter(pass, vif, dev, outcome, err);
}

static bool is_listed(const struct pass *pass, struct vif_id id)
{
	return pass->n_listed && bsearch(&id, pass->listed, pass->n_listed, sizeof id, compare_ids);
}

static int drop_unlisted(struct pass *pass, struct err *err)
{
	int r = 0;

	/* From the end, since entries go. */
	for (size_t i = pass->ledger.n_vifs; r == 0 && i-- > 0;) {
		if (!is_listed(pass, pass->ledger.vifs[i].id))
			r = drop_if_gone(pass, pass->ledger.vifs[i].id, err);
	}
	return r;
}

int pass_settle(struct pass *pass, struct err *err)
{
	int r = pass->has_list ? drop_unlisted(pass, err) : 0;

	for (size_t i = 0; i < pass->n_sights; i++) {
		const struct sight *sight = &pass->sights[i];
		struct err one;
		int r_one;

		tell(pass, "placing vifs", i, pass->n_sights);
		if (sight->present)
			r_one = settle_vif(pass, &sight->vif, &one);
		else
			r_one = drop_if_gone(pass, sight->vif.id, &one);
		if (r_one < 0) {
			r = r_one;
			if (err)
				*err = one;
		}
	}
	tell(pass, "placing vifs", pass->n_sights, pass->n_sights);
	return r;
}

int pass_release(struct pass *pass, struct vif_id id, bool unpin, struct err *err)
{
	struct vif_entry *entry = ledger_find(&pass->ledger, id);
	struct parts parts = { 0 };
	int r = 0;

	if (!entry)
		return 0;
	if (unpin) {
		struct vif_names names = { entry->dev, "" };
		char dev[DEV_NAME_SIZE];

		r = snapshot_find(&pass->snapshot, &pass->host->root, id, names, dev, &parts, err);
	}
	if (r == 0)
		r = drop(pass, id, err);
	if (r < 0)
		parts_free(&parts);
	else
		pass->outcomes[pass->n_outcomes - 1].parts = parts;
	return r;
}

int pass_repin(struct pass *pass, struct vif_id id, const struct parts *parts,
	const struct drift_note *drift, struct err *err)
{
	struct vif_entry *entry = ledger_find(&pass->ledger, id);
	struct outcome *outcome;

	if (!entry)
		return 0;
	outcome = add_outcome(pass, id, entry->domain);
	if (!outcome || parts_copy(parts, &outcome->parts) < 0)
		return no_memory(err);
	outcome->drift = *drift;
	/* Saturates where the ledger's text does. */
	if (drift->count < INT_MAX - entry->drift)
		entry->drift += drift->count;
	return place_fit(
		&pass->site, &pass->ledger, entry, entry->n_queues, NULL, &outcome->changed, err);
}

int pass_move(struct pass *pass, struct vif_id id, unsigned int queue, struct place from,
	struct place to, struct err *err)
{
	struct vif_entry *entry = ledger_find(&pass->ledger, id);
	char dev[DEV_NAME_SIZE];
	struct outcome *outcome;
	int r;

	if (!entry || queue >= entry->n_queues || entry->places[queue].tx_cpu != from.tx_cpu ||
		entry->places[queue].rx_cpu != from.rx_cpu)
		return 0;
	outcome = add_outcome(pass, id, entry->domain);
	if (!outcome)
		return no_memory(err);
	r = snapshot_find(&pass->snapshot, &pass->host->root, id,
		(struct vif_names){ entry->dev, "" }, dev, &outcome->parts, err);
	if (r < 0)
		return r;
	outcome->changed = outcome->move = true;
	outcome->queue = queue;
	entry->places[queue] = to;
	return 1;
}

/* --- doing ----------------------------------------------------------------------------- */

/* Pins all parts of a vif; true when every one that belongs there is. */
static bool pin_parts(const struct sysroot *root, const struct vif_entry *entry,
	const struct parts *parts, unsigned int *written, struct err *why)
{
	bool all = parts_complete(parts, entry->dev, why);

	for (size_t i = 0; i < parts->n; i++) {
		const struct part *part = &parts->v[i];
		const struct place *at = &entry->places[part->queue];
		struct cpuset cpus;
		int r;

		cpuset_zero(&cpus);
		cpuset_add(&cpus, (unsigned int)(part_is_rx(part) ? at->rx_cpu : at->tx_cpu));
		r = affinity_put(root, part, &cpus, all ? why : NULL);
		if (r < 0)
			all = false;
		else
			*written += (unsigned int)r;
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

	/* Decided twice, and released or made to fit something else the second time. */
	if (!entry || (outcome->parts.n_queues && outcome->parts.n_queues != entry->n_queues))
		return;
	if (outcome->parts.n_queues)
		state = pin_parts(
				&pass->host->root, entry, &outcome->parts, &written, &outcome->why)
				? VIF_PINNED
				: VIF_PARTIAL;
	if (outcome->changed || written || state != entry->state)
		outcome->event =
			outcome->move && state != VIF_PARTIAL ? EVENT_MOVED : events[state];
	entry->state = state;
}

static void apply_release(struct pass *pass, struct outcome *outcome)
{
	const struct sysroot *root = &pass->host->root;

	outcome->event = EVENT_RELEASED;
	for (size_t i = 0; i < outcome->parts.n; i++) {
		const struct part *part = &outcome->parts.v[i];
		struct cpuset cpus;

		if (affinity_default(root, part, &cpus, &outcome->why) == 0)
			affinity_put(root, part, &cpus, &outcome->why);
	}
}

int pass_commit(struct pass *pass, struct err *err)
{
	int r = store_commit(&pass->store, &pass->ledger, err);

	if (r < 0)
		return r;
	for (; pass->n_committed < pass->n_outcomes; pass->n_committed++) {
		struct outcome *outcome = &pass->outcomes[pass->n_committed];

		tell(pass, "pinning vifs", pass->n_committed, pass->n_outcomes);
		if (outcome->release)
			apply_release(pass, outcome);
		else
			apply_pins(pass, outcome);
	}
	tell(pass, "pinning vifs", pass->n_committed, pass->n_outcomes);
	return store_commit(&pass->store, &pass->ledger, err);
}
