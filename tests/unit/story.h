// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * story.h - ledgers, worlds, requests and changes as short texts, so that a row of a table reads
 * like the rule it tests.
 *
 * A ledger: a line for each entry and each remembered vif.
 *	1.0 g1 pinned 0/1 2/3	vif 1.0 of domain g1: a tx and an rx CPU for each of two queues
 *	1.0 g1 new 0/1		the same, reserved, and not yet in the ledger's file
 *	remembered g1.0 0/1	by UUID and devid
 * drift=, dev=, mac= and uuid= follow where they are not the default: a domain's UUID is its
 * name, and "uuid=" is an unknown one.
 *
 * xenstore: a line for each vif.
 *	1.0 g1 waiting queues=4 vcpus=2		state 2; what the backend offers, the guest's vCPUs
 *	1.0 g1 connected			state 4
 *	1.0 g1 unprobed				state 1
 *	1.0 g1 leaving				the toolstack is removing it
 *	1.0 listed				it exists; xenstore was asked no more
 *	1.0 gone
 *	no others				there are no vifs but these
 *	domains 1 2				there are no vifs of other domains
 * uuid=, mac=, vifname= and near=CPUS (those near the guest) may follow.
 *
 * The kernel: a line for each vif that was looked at. One that is present and not leaving always
 * was; without a line it has no queues.
 *	1.0 0/1 2/3		two queues, each target where such a place puts it
 *	1.0 0-3/0-3		one queue, whose masks have several CPUs
 *	1.0 0/1 rx=2		the same as 0/1, but the rx interrupt is on CPU 2
 *	1.0 0/1 tx=0>2		its tx interrupt is delivered to CPU 2
 *	1.0 0/1 tx=?		the mask of its tx interrupt could not be read
 *	1.0 0/1 dealloc=none	it has no dealloc thread
 *	1.0 0/1 combined=0	it has one interrupt for both directions
 *	1.0 0/1 unsure		what its threads are is a guess, by their cut names
 *	1.0 passed-over		it is known, but was not looked at this time
 * Before the queues may stand dev=NAME, the name that the targets bear, "crowded" for threads that
 * cannot be told from another vif's, and, where xenstore was not asked, "connecting" for targets
 * that were found before state 4.
 *
 * A request: "update" and vifs, "all" or "sweep"; "release" or "unpin" and vifs; "repair"; "move"
 * and "1.0-q0:0/1>2/1" for each queue. "explain" may follow.
 *
 * Changes: a line for each. "q0=0/1" stands for every target of queue 0, and "also" marks a vif
 * that the request is not about.
 *	1.0 g1: placed, connected, write q0=0/1 q1-rx=3
 *	also 2.0: released g2
 *	again 3.0 4.0
 */
#pragma once

#include "unit.h"

#include "changes.h"
#include "config.h"
#include "inventory.h"
#include "ledger.h"
#include "request.h"
#include "targets.h"
#include "util.h"
#include "vifmap.h"
#include "world.h"

#include <limits.h>

#define STORY_MAX 32 /* queues of a vif, and vifs or moves of a request */

static inline void configp(struct config *config)
{
	config_free(config);
}

static inline void ledgerp(struct ledger *ledger)
{
	ledger_clear(ledger);
}

static inline void worldp(struct world *world)
{
	world_free(world);
}

static inline void changesp(struct changes *changes)
{
	changes_free(changes);
}

#define _cleanup_config_  _cleanup_(configp)
#define _cleanup_ledger_  _cleanup_(ledgerp)
#define _cleanup_world_   _cleanup_(worldp)
#define _cleanup_changes_ _cleanup_(changesp)

/* --- words -------------------------------------------------------------------------------- */

/* The next word of a line that is cut up; NULL at its end. */
static inline char *next_word(char **rest)
{
	char *word;

	do
		word = strsep(rest, " ");
	while (word && !*word);
	return word;
}

/* Behind "key=", or NULL for another word. */
static inline const char *value_of(const char *word, const char *key)
{
	size_t n = strlen(key);

	return strncmp(word, key, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

static inline unsigned int read_number(const char **p, unsigned long max)
{
	unsigned long number = 0;

	if (!parse_number(*p, p, max, &number))
		fail_msg("'%s' does not begin with a number up to %lu", *p, max);
	return (unsigned int)number;
}

static inline void read_char(const char **p, char wanted)
{
	if (**p != wanted)
		fail_msg("'%s' does not begin with %c", *p, wanted);
	++*p;
}

static inline struct vif_id read_id(const char **p)
{
	struct vif_id id = { .domid = read_number(p, DOMID_MAX) };

	read_char(p, '.');
	id.devid = read_number(p, DEVID_MAX);
	return id;
}

static inline struct place read_place(const char **p)
{
	struct place place = PLACE_NONE;

	place.cpu[SIDE_TX] = (int)read_number(p, CPUSET_MAX - 1);
	read_char(p, '/');
	place.cpu[SIDE_RX] = (int)read_number(p, CPUSET_MAX - 1);
	return place;
}

static inline void read_set(const char *list, struct cpuset *set)
{
	if (cpuset_parse_list(list, set) < 0)
		fail_msg("'%s' is no list of CPUs", list);
}

static inline void read_text(char *to, size_t size, const char *text)
{
	if (!copy_str(to, size, text))
		fail_msg("'%s' is too long", text);
}

/* Calls read(line, data) for each line; no text is no line. */
static inline void read_lines(const char *text, void (*read)(char *line, void *data), void *data)
{
	_cleanup_free_ char *copy = strdup(text ? text : "");
	char *rest = copy, *line;

	assert_non_null(copy);
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			read(line, data);
	}
}

/* --- ledgers ------------------------------------------------------------------------------ */

static inline void add_place(const char *word, struct place **places, unsigned int *n)
{
	struct place *grown = array_grow(*places, *n, sizeof *grown);

	assert_non_null(grown);
	*places = grown;
	grown[(*n)++] = read_place(&word);
}

static inline void read_remembered(char *line, struct ledger *ledger)
{
	struct remembered *grown =
		array_grow(ledger->remembered, ledger->n_remembered, sizeof *grown);
	char *word = next_word(&line), *dot = strrchr(word, '.');
	const char *devid = dot + 1;
	struct remembered *old;

	assert_non_null(grown);
	ledger->remembered = grown;
	old = &grown[ledger->n_remembered++];
	*old = (struct remembered){ .devid = read_number(&devid, DEVID_MAX) };
	*dot = '\0';
	read_text(old->uuid, sizeof old->uuid, word);
	while ((word = next_word(&line)))
		add_place(word, &old->places, &old->n_queues);
}

static inline void read_state(const char *word, struct vif_entry *entry)
{
	bool is_new = strcmp(word, "new") == 0;
	enum vif_state state = VIF_RESERVED;

	while (!is_new && strcmp(word, vif_state_name(state)) != 0) {
		if (state == VIF_PINNED)
			fail_msg("'%s' is no state of an entry", word);
		state++;
	}
	entry->state = state;
	entry->since = is_new ? SINCE_NEW : 1;
}

static inline void read_entry_word(const char *word, struct vif_entry *entry)
{
	const char *value;

	if ((value = value_of(word, "uuid")))
		read_text(entry->uuid, sizeof entry->uuid, value);
	else if ((value = value_of(word, "mac")))
		read_text(entry->mac, sizeof entry->mac, value);
	else if ((value = value_of(word, "dev")))
		read_text(entry->dev, sizeof entry->dev, value);
	else if ((value = value_of(word, "drift")))
		entry->drift = read_number(&value, INT_MAX);
	else
		add_place(word, &entry->places, &entry->n_queues);
}

static inline void read_entry(char *line, void *data)
{
	struct ledger *ledger = data;
	const char *id = next_word(&line);
	struct vif_entry *entry;
	struct vif_id vif;
	char *word;

	if (strcmp(id, "remembered") == 0) {
		read_remembered(line, ledger);
		return;
	}
	vif = read_id(&id);
	word = next_word(&line);
	entry = ledger_enter(ledger, vif, word);
	assert_non_null(entry);
	read_text(entry->uuid, sizeof entry->uuid, word);
	vifname_default_dev(entry->id, entry->dev);
	read_state(next_word(&line), entry);
	while ((word = next_word(&line)))
		read_entry_word(word, entry);
}

static inline void read_ledger(const char *text, struct ledger *out)
{
	*out = (struct ledger){ .boot_id = "this boot" };
	read_lines(text, read_entry, out);
}

static inline void write_places(FILE *f, const struct place *places, unsigned int n)
{
	for (unsigned int q = 0; q < n; q++)
		fprintf(f, " %d/%d", places[q].cpu[SIDE_TX], places[q].cpu[SIDE_RX]);
}

static inline void write_entry(FILE *f, const struct vif_entry *entry)
{
	bool is_new = entry->since == SINCE_NEW && entry->state == VIF_RESERVED;
	char dev[DEV_NAME_SIZE];

	fprintf(f, "%u.%u %s %s", entry->id.domid, entry->id.devid, entry->domain,
		is_new ? "new" : vif_state_name(entry->state));
	write_places(f, entry->places, entry->n_queues);
	vifname_default_dev(entry->id, dev);
	if (strcmp(entry->dev, dev) != 0)
		fprintf(f, " dev=%s", entry->dev);
	if (*entry->mac)
		fprintf(f, " mac=%s", entry->mac);
	if (strcmp(entry->uuid, entry->domain) != 0)
		fprintf(f, " uuid=%s", entry->uuid);
	if (entry->drift)
		fprintf(f, " drift=%u", entry->drift);
	fprintf(f, "\n");
}

/* A stream into *text, which is to be freed once the stream is closed. */
static inline FILE *open_text(char **text, size_t *len)
{
	FILE *f = open_memstream(text, len);

	assert_non_null(f);
	return f;
}

/* To be freed. */
static inline char *ledger_text(const struct ledger *ledger)
{
	char *text;
	size_t len;
	FILE *f = open_text(&text, &len);

	for (size_t i = 0; i < ledger->n_vifs; i++)
		write_entry(f, &ledger->vifs[i]);
	for (size_t i = 0; i < ledger->n_remembered; i++) {
		const struct remembered *old = &ledger->remembered[i];

		fprintf(f, "remembered %s.%u", old->uuid, old->devid);
		write_places(f, old->places, old->n_queues);
		fprintf(f, "\n");
	}
	fclose(f);
	return text;
}

/* --- xenstore ----------------------------------------------------------------------------- */

static inline void read_backend_state(const char *word, struct backend_state *backend)
{
	backend->unprobed = strcmp(word, "unprobed") == 0;
	backend->leaving = strcmp(word, "leaving") == 0;
	backend->connected = strcmp(word, "connected") == 0;
	if (!backend->unprobed && !backend->leaving && !backend->connected &&
		strcmp(word, "waiting") != 0)
		fail_msg("'%s' is no state of a backend", word);
	/* What is not read of one that is connected. */
	backend->max_queues = !backend->connected;
}

static inline void read_backend_word(const char *word, struct world_vif *vif)
{
	struct backend_state *backend = &vif->backend;
	const char *value;

	if ((value = value_of(word, "queues")) && !backend->connected)
		backend->max_queues = read_number(&value, QUEUES_MAX);
	else if ((value = value_of(word, "vcpus")) && !backend->connected)
		backend->vcpus = read_number(&value, QUEUES_MAX);
	else if ((value = value_of(word, "uuid")))
		read_text(backend->uuid, sizeof backend->uuid, value);
	else if ((value = value_of(word, "mac")))
		read_text(backend->mac, sizeof backend->mac, value);
	else if ((value = value_of(word, "vifname")))
		read_text(backend->vifname, sizeof backend->vifname, value);
	else if ((value = value_of(word, "near")) && (vif->near = malloc(sizeof *vif->near)))
		read_set(value, vif->near);
	else
		fail_msg("'%s' is nothing that xenstore says", word);
}

static inline void read_domains(char *line, struct world *world)
{
	const char *word;

	world->domains = calloc(STORY_MAX, sizeof *world->domains);
	assert_non_null(world->domains);
	while ((word = next_word(&line)))
		assert_true(parse_uint(word, NULL, DOMID_MAX, &world->domains[world->n_domains++]));
}

static inline void read_backend(char *line, void *data)
{
	struct world *world = data;
	struct world_vif *vif;
	const char *id;
	char *word;

	if (strcmp(line, "no others") == 0) {
		world->complete = true;
		return;
	}
	if (strncmp(line, "domains", 7) == 0) {
		read_domains(line + 7, world);
		return;
	}
	id = next_word(&line);
	vif = world_add(world, read_id(&id));
	word = next_word(&line);
	assert_non_null(vif);
	vif->presence = strcmp(word, "gone") == 0     ? BACKEND_GONE
			: strcmp(word, "listed") == 0 ? BACKEND_LISTED
						      : BACKEND_PRESENT;
	if (vif->presence != BACKEND_PRESENT)
		return;
	vif->backend.id = vif->id;
	vif->backend.domain = strdup(word);
	read_text(vif->backend.uuid, sizeof vif->backend.uuid, word);
	read_backend_state(next_word(&line), &vif->backend);
	while ((word = next_word(&line)))
		read_backend_word(word, vif);
}

/* --- the kernel --------------------------------------------------------------------------- */

/* Where the targets of a queue stand; NULL: there is none of this kind. */
struct queue_text {
	const char *where[TARGET_KINDS];
	bool unsure;
};

static inline const char *kind_name(enum target_kind kind)
{
	static const char *const names[TARGET_KINDS] = {
		[TARGET_TX] = "tx",
		[TARGET_RX] = "rx",
		[TARGET_COMBINED] = "combined",
		[TARGET_GUEST_RX] = "guest-rx",
		[TARGET_DEALLOC] = "dealloc",
		[TARGET_NAPI] = "napi",
	};

	return names[kind];
}

static inline struct queue_text read_queue(char *word)
{
	const char *tx = strsep(&word, "/"), *rx = word;

	return (struct queue_text){
		.where = {
			[TARGET_TX] = tx,
			[TARGET_RX] = rx,
			[TARGET_GUEST_RX] = rx,
			[TARGET_DEALLOC] = tx,
		},
	};
}

static inline void read_target_word(const char *word, struct queue_text *queue)
{
	enum target_kind kind = 0;
	const char *value;

	while (!(value = value_of(word, kind_name(kind)))) {
		if (++kind == TARGET_KINDS)
			fail_msg("'%s' is no target", word);
	}
	if (kind == TARGET_COMBINED)
		queue->where[TARGET_TX] = queue->where[TARGET_RX] = NULL;
	queue->where[kind] = strcmp(value, "none") == 0 ? NULL : value;
}

/* "0", "0-3", "0>2", "0>" (it is not known to which CPU it is delivered), "?". */
static inline void read_where(const char *where, struct target *target)
{
	_cleanup_free_ char *list = strndup(where, strcspn(where, ">"));
	const char *delivered = strchr(where, '>');
	struct cpuset set;

	assert_non_null(list);
	if (strcmp(where, "?") == 0)
		return;
	read_set(list, &set);
	target->cpu = cpuset_single(&set);
	if (target->cpu == CPU_NONE) {
		target->mask = list;
		list = NULL;
	} else if (!delivered) {
		target->delivered = target_is_thread(target) ? CPU_NONE : target->cpu;
	} else if (*++delivered) {
		target->delivered = (int)read_number(&delivered, CPUSET_MAX - 1);
	}
}

static inline void add_target(struct targets *targets, const char *dev, unsigned int queue,
	enum target_kind kind, const char *where)
{
	struct target *grown = array_grow(targets->v, targets->n, sizeof *grown);
	struct target *target;
	bool combined = kind == TARGET_COMBINED;

	assert_non_null(grown);
	targets->v = grown;
	target = &grown[targets->n];
	*target = (struct target){
		.kind = kind, .queue = queue, .cpu = CPU_NONE, .delivered = CPU_NONE
	};
	if (target_is_thread(target))
		target->pid = 1000 + (pid_t)targets->n;
	else
		target->irq = 100 + (unsigned int)targets->n;
	snprintf(target->name, sizeof target->name, "%s-q%u%s%s", dev, queue, combined ? "" : "-",
		combined ? "" : kind_name(kind));
	read_where(where, target);
	targets->n++;
}

/* As snapshot_find() does: interrupts first, then threads of those queues that have interrupts. */
static inline void add_targets(const struct queue_text *queues, unsigned int n, const char *dev,
	bool threads, struct targets *targets)
{
	for (unsigned int q = 0; q < n; q++) {
		for (enum target_kind kind = 0; kind < TARGET_KINDS; kind++) {
			if (!queues[q].where[kind] || threads != (kind >= TARGET_GUEST_RX) ||
				(threads && q >= targets->n_queues))
				continue;
			add_target(targets, dev, q, kind, queues[q].where[kind]);
			targets->v[targets->n - 1].unsure = threads && queues[q].unsure;
			if (!threads)
				targets->n_queues = q + 1;
		}
	}
}

/* What stands behind the vif in a line; the name that the targets bear goes to dev. */
static inline void read_targets(char *line, char dev[DEV_NAME_SIZE], struct targets *out)
{
	struct queue_text queues[STORY_MAX];
	unsigned int n = 0;
	char *word;

	while ((word = next_word(&line))) {
		if (strcmp(word, "connecting") == 0)
			out->connecting = true;
		else if (strcmp(word, "crowded") == 0)
			out->crowded = true;
		else if (strcmp(word, "threaded") == 0)
			out->threaded = true;
		else if (strcmp(word, "unsure") == 0 && n)
			queues[n - 1].unsure = true;
		else if (value_of(word, "dev"))
			read_text(dev, DEV_NAME_SIZE, value_of(word, "dev"));
		else if (strchr(word, '/') && n < STORY_MAX)
			queues[n++] = read_queue(word);
		else if (n)
			read_target_word(word, &queues[n - 1]);
		else
			fail_msg("'%s' is not behind a queue", word);
	}
	add_targets(queues, n, dev, false, out);
	add_targets(queues, n, dev, true, out);
}

static inline void look(struct world_vif *vif)
{
	vif->looked = true;
	vif->targets.connecting = vif->presence == BACKEND_PRESENT && !vif->backend.connected;
	if (*vif->backend.vifname)
		read_text(vif->dev, sizeof vif->dev, vif->backend.vifname);
	else
		vifname_default_dev(vif->id, vif->dev);
}

static inline void read_kernel(char *line, void *data)
{
	const char *id = next_word(&line);
	struct world_vif *vif = world_add(data, read_id(&id));

	assert_non_null(vif);
	if (line && strcmp(line, "passed-over") == 0) {
		vif->passed_over = true;
		return;
	}
	look(vif);
	read_targets(line, vif->dev, &vif->targets);
}

static inline void read_world(const char *xenstore, const char *kernel, struct world *out)
{
	*out = (struct world){ 0 };
	read_lines(xenstore, read_backend, out);
	for (size_t i = 0; i < out->n_vifs; i++) {
		struct world_vif *vif = &out->vifs[i];

		if (vif->presence == BACKEND_PRESENT && !vif->backend.leaving)
			look(vif);
	}
	read_lines(kernel, read_kernel, out);
}

/* --- the host ----------------------------------------------------------------------------- */

/* online: left out, 0-3. own: vifpin's affinity; left out, all. nics: "0 0 1", the CPU of each
 * interrupt of a physical NIC. */
static inline void read_inventory(
	const char *online, const char *own, const char *nics, struct inventory *out)
{
	*out = (struct inventory){ .complete = true };
	read_set(online ? online : "0-3", &out->online);
	if (own)
		read_set(own, &out->own);
	else
		memset(&out->own, 0xff, sizeof out->own);
	out->nics = calloc(CPUSET_MAX, sizeof *out->nics);
	assert_non_null(out->nics);
	for (const char *p = nics ? nics : ""; *p; p += *p == ' ')
		out->nics[read_number(&p, CPUSET_MAX - 1)].nic++;
}

static inline void read_config(const char *text, struct config *out)
{
	struct cpuset_words words = { 0 };
	struct err err;

	memset(&words.all, 0xff, sizeof words.all);
	if (config_parse(text ? text : "", "vifpin.conf", &words, out, &err) < 0)
		fail_msg("%s", err.msg);
}

/* --- requests ----------------------------------------------------------------------------- */

/* What the request points to is beside it: it must not be copied. */
struct story_request {
	struct request request;
	struct vif_id vifs[STORY_MAX];
	struct queue_move moves[STORY_MAX];
};

static inline void read_kind(const char *word, struct request *request)
{
	static const struct {
		const char *word;
		enum request_kind kind;
		bool unpin;
	} kinds[] = {
		{ .word = "update", .kind = REQUEST_UPDATE },
		{ .word = "release", .kind = REQUEST_RELEASE },
		{ .word = "unpin", .kind = REQUEST_RELEASE, .unpin = true },
		{ .word = "repair", .kind = REQUEST_REPAIR },
		{ .word = "move", .kind = REQUEST_MOVE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(word, kinds[i].word) == 0) {
			request->kind = kinds[i].kind;
			request->unpin = kinds[i].unpin;
			return;
		}
	}
	fail_msg("'%s' is no request", word);
}

/* A vif, or for REQUEST_MOVE "1.0-q0:0/1>2/1". */
static inline void read_request_vif(const char *word, struct story_request *out)
{
	struct request *request = &out->request;
	struct vif_id id = read_id(&word);
	struct queue_move *move;

	if (request->kind != REQUEST_MOVE) {
		assert_in_range(request->n_vifs, 0, STORY_MAX - 1);
		out->vifs[request->n_vifs++] = id;
		return;
	}
	assert_in_range(request->n_moves, 0, STORY_MAX - 1);
	move = &out->moves[request->n_moves++];
	move->id = id;
	read_char(&word, '-');
	read_char(&word, 'q');
	move->queue = read_number(&word, QUEUES_MAX);
	read_char(&word, ':');
	move->from = read_place(&word);
	read_char(&word, '>');
	move->to = read_place(&word);
}

static inline void read_request(const char *text, struct story_request *out)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *word;

	assert_non_null(copy);
	*out = (struct story_request){ .request = { .vifs = out->vifs, .moves = out->moves } };
	read_kind(next_word(&rest), &out->request);
	while ((word = next_word(&rest))) {
		if (strcmp(word, "all") == 0)
			out->request.all = true;
		else if (strcmp(word, "sweep") == 0)
			out->request.sweep = true;
		else if (strcmp(word, "explain") == 0)
			out->request.explain = true;
		else
			read_request_vif(word, out);
	}
}

/* --- changes ------------------------------------------------------------------------------ */

/* The vif's change, or NULL. */
static inline const struct change *find_change(const struct changes *changes, struct vif_id id)
{
	return vifmap_find(changes->v, changes->n, sizeof *changes->v, id);
}

/* True when the masks of all of a queue's targets are to be written; where each side is to be. */
static inline bool is_whole_queue(const struct change *change, const struct targets *targets,
	unsigned int queue, struct place *place)
{
	size_t written = 0, all = 0;

	*place = PLACE_NONE;
	for (size_t i = 0; i < change->n_writes; i++) {
		const struct mask_write *mask = &change->writes[i];

		if (mask->target->queue != queue)
			continue;
		place->cpu[target_side(mask->target)] = (int)mask->cpu;
		written++;
	}
	for (size_t i = 0; i < targets->n; i++)
		all += targets->v[i].queue == queue;
	return written == all && place->cpu[SIDE_TX] != CPU_NONE && place->cpu[SIDE_RX] != CPU_NONE;
}

static inline void write_queue(
	FILE *f, const struct change *change, const struct world_vif *vif, unsigned int queue)
{
	struct place place;

	if (is_whole_queue(change, &vif->targets, queue, &place)) {
		fprintf(f, " q%u=%d/%d", queue, place.cpu[SIDE_TX], place.cpu[SIDE_RX]);
		return;
	}
	for (size_t i = 0; i < change->n_writes; i++) {
		const struct mask_write *mask = &change->writes[i];

		if (mask->target->queue == queue)
			fprintf(f, " %s=%u", mask->target->name + strlen(vif->dev) + 1, mask->cpu);
	}
}

static inline void write_masks(FILE *f, const struct change *change, const struct world_vif *vif)
{
	if (!change->n_writes)
		return;
	fprintf(f, ", write");
	for (unsigned int q = 0; q < vif->targets.n_queues; q++)
		write_queue(f, change, vif, q);
}

static inline void write_drift(FILE *f, const struct drift_note *drift)
{
	if (drift->count)
		fprintf(f, ", %u moved, first %s %s off %u", drift->count,
			drift->is_thread ? "thread" : "interrupt", drift->first, drift->cpu);
}

/* What was decided, each with ", " before it. */
static inline void write_decided(FILE *f, const struct change *change, const struct world_vif *vif)
{
	if (change->released)
		fprintf(f, ", released %s", change->released);
	if (change->left_alone)
		fprintf(f, ", left alone");
	if (change->unpin)
		fprintf(f, ", unpin");
	if (change->placed)
		fprintf(f, ", placed");
	if (change->n_moved)
		fprintf(f, ", moved");
	for (size_t i = 0; i < change->n_moved; i++)
		fprintf(f, " q%u", change->moved[i].queue);
	if (change->steps.n)
		fprintf(f, ", %zu steps", change->steps.n);
	if (change->connected)
		fprintf(f, ", connected");
	write_drift(f, &change->drift);
	write_masks(f, change, vif);
	if (*change->missing.msg)
		fprintf(f, ", %s", change->missing.msg);
	if (*change->failure.msg)
		fprintf(f, ", %s", change->failure.msg);
}

static inline void write_change(FILE *f, const struct change *change, const struct world *world)
{
	_cleanup_free_ char *decided = NULL;
	size_t len;
	FILE *items = open_text(&decided, &len);

	write_decided(items, change, world_find(world, change->id));
	fclose(items);
	fprintf(f, "%s%u.%u", change->requested ? "" : "also ", change->id.domid, change->id.devid);
	if (change->domain)
		fprintf(f, " %s", change->domain);
	fprintf(f, ": %s\n", len ? decided + strlen(", ") : "nothing");
}

/* To be freed. */
static inline char *changes_text(const struct changes *changes, const struct world *world)
{
	char *text;
	size_t len;
	FILE *f = open_text(&text, &len);

	for (size_t i = 0; i < changes->n; i++)
		write_change(f, &changes->v[i], world);
	for (size_t i = 0; i < changes->n_again; i++)
		fprintf(f, "%s %u.%u", i ? "" : "again", changes->again[i].domid,
			changes->again[i].devid);
	if (changes->n_again)
		fprintf(f, "\n");
	fclose(f);
	return text;
}
