// SPDX-License-Identifier: GPL-2.0-or-later
#include "work_json.h"

#include "cpuset.h"
#include "jsontext.h"
#include "util.h"
#include "vifmap.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* A day, that is the longest verify_interval, times as many turns as a ledger can have queues. */
#define INTERVAL_MAX 100000000

void work_kept_free(struct work_kept *kept)
{
	work_free(&kept->work);
	*kept = (struct work_kept){ 0 };
}

/* --- reading ------------------------------------------------------------------------------- */

static int get_share(struct reader *in, const char *key)
{
	return (int)reader_number(in, key, WORK_UNKNOWN, WORK_WHOLE);
}

struct queues {
	struct queue_work *v;
	size_t n;
};

static void read_queue(struct reader *in, void *to)
{
	struct queues *queues = to;
	unsigned int number = reader_unsigned(in, "queue", QUEUES_MAX - 1);
	struct queue_work *queue;

	if (in->r == 0 && number != queues->n)
		in->r = err_set(in->err, EBADMSG, "\"queues\" has queue %u where %zu belongs",
			number, queues->n);
	queue = array_add(&queues->v, &queues->n, sizeof *queue);
	if (!queue) {
		reader_no_memory(in);
		return;
	}
	queue->share[SIDE_TX] = get_share(in, "tx");
	queue->share[SIDE_RX] = get_share(in, "rx");
	queue->interrupts = reader_unsigned(in, "interrupts", UINT_MAX);
}

static void read_vif_fields(struct reader *in, struct vif_work *vif)
{
	struct queues queues = { 0 };

	vif->packets[SIDE_TX] = reader_unsigned(in, "tx_packets", UINT_MAX);
	vif->packets[SIDE_RX] = reader_unsigned(in, "rx_packets", UINT_MAX);
	vif->bytes[SIDE_TX] = (unsigned long long)reader_number(in, "tx_bytes", 0, LLONG_MAX);
	vif->bytes[SIDE_RX] = (unsigned long long)reader_number(in, "rx_bytes", 0, LLONG_MAX);
	reader_array(in, "queues", QUEUES_MAX, read_queue, &queues);
	vif->queues = queues.v;
	vif->n_queues = (unsigned int)queues.n;
}

static void read_vif(struct reader *in, void *to)
{
	struct work *work = to;
	struct vif_work *vif;
	struct vif_id id;

	id.domid = reader_unsigned(in, "domid", DOMID_MAX);
	id.devid = reader_unsigned(in, "devid", DEVID_MAX);
	if (in->r == 0 && work_find(work, id))
		in->r = err_set(in->err, EBADMSG, "vif %u.%u appears twice", id.domid, id.devid);
	if (in->r < 0)
		return;
	vif = vifmap_add(&work->vifs, &work->n_vifs, sizeof *vif, id);
	if (vif)
		read_vif_fields(in, vif);
	else
		reader_no_memory(in);
}

static void read_cpu(struct reader *in, void *to)
{
	struct work *work = to;
	struct cpu_work *cpu = &work->cpus[reader_unsigned(in, "cpu", CPUSET_MAX - 1)];

	cpu->busy = get_share(in, "busy");
	cpu->softirq = get_share(in, "softirq");
	cpu->nic = get_share(in, "nic");
	cpu->sides = get_share(in, "sides");
}

static void read_work(struct reader *in, struct work *work)
{
	work->at_ns = reader_number(in, "at_ns", 0, INT64_MAX);
	work->ns = reader_number(in, "ns", 1, INT64_MAX);
	work->cpus = malloc(CPUSET_MAX * sizeof *work->cpus);
	if (!work->cpus) {
		reader_no_memory(in);
		return;
	}
	for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++)
		work->cpus[cpu] =
			(struct cpu_work){ WORK_UNKNOWN, WORK_UNKNOWN, WORK_UNKNOWN, WORK_UNKNOWN };
	reader_array(in, "vifs", SIZE_MAX, read_vif, work);
	reader_array(in, "cpus", CPUSET_MAX, read_cpu, work);
}

/* What both texts begin with. */
static void read_head(struct reader *in, char *boot_id, unsigned int *interval)
{
	unsigned int version = reader_unsigned(in, "version", INT_MAX);

	if (in->r == 0 && version != WORK_VERSION)
		in->r = err_set(in->err, ENOTSUP, "has version %u, this vifpin knows %d", version,
			WORK_VERSION);
	reader_text(in, "boot_id", boot_id, UUID_SIZE);
	*interval = (unsigned int)reader_number(in, "interval", 1, INTERVAL_MAX);
}

int work_parse(const char *text, size_t len, struct work_kept *out, struct err *err)
{
	_cleanup_(jsontext_putp) struct json_object *root = NULL;
	struct work_kept kept = { 0 };
	struct reader in = { .err = err };

	if (len > WORK_TEXT_MAX)
		return err_set(err, EBADMSG, "it is too large");
	in.r = jsontext_parse(text, len, &root, err);
	in.object = root;
	read_head(&in, kept.boot_id, &kept.interval);
	read_work(&in, &kept.work);
	if (in.r == 0)
		in.r = jsontext_check_twins(root, text, len, err);
	if (in.r < 0)
		work_kept_free(&kept);
	else
		*out = kept;
	return in.r;
}

/* --- writing ------------------------------------------------------------------------------- */

static void add_queues(struct json_object *to, const struct vif_work *vif, bool *ok)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int q = 0; q < vif->n_queues; q++) {
		struct json_object *object = json_object_new_object();

		jsontext_add_number(object, "queue", q, ok);
		jsontext_add_number(object, "tx", vif->queues[q].share[SIDE_TX], ok);
		jsontext_add_number(object, "rx", vif->queues[q].share[SIDE_RX], ok);
		jsontext_add_number(object, "interrupts", vif->queues[q].interrupts, ok);
		jsontext_add(array, NULL, object, ok);
	}
	jsontext_add(to, "queues", array, ok);
}

static void add_vifs(struct json_object *to, const struct work *work, bool *ok)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < work->n_vifs; i++) {
		const struct vif_work *vif = &work->vifs[i];
		struct json_object *object = json_object_new_object();

		jsontext_add_number(object, "domid", vif->id.domid, ok);
		jsontext_add_number(object, "devid", vif->id.devid, ok);
		jsontext_add_number(object, "tx_packets", vif->packets[SIDE_TX], ok);
		jsontext_add_number(object, "rx_packets", vif->packets[SIDE_RX], ok);
		jsontext_add_number(object, "tx_bytes", (long long)vif->bytes[SIDE_TX], ok);
		jsontext_add_number(object, "rx_bytes", (long long)vif->bytes[SIDE_RX], ok);
		add_queues(object, vif, ok);
		jsontext_add(array, NULL, object, ok);
	}
	jsontext_add(to, "vifs", array, ok);
}

static void add_cpus(struct json_object *to, const struct work *work, bool *ok)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int cpu = 0; work->cpus && cpu < CPUSET_MAX; cpu++) {
		const struct cpu_work *of = &work->cpus[cpu];
		struct json_object *object;

		if (of->busy == WORK_UNKNOWN)
			continue;
		object = json_object_new_object();
		jsontext_add_number(object, "cpu", cpu, ok);
		jsontext_add_number(object, "busy", of->busy, ok);
		jsontext_add_number(object, "softirq", of->softirq, ok);
		jsontext_add_number(object, "nic", of->nic, ok);
		jsontext_add_number(object, "sides", of->sides, ok);
		jsontext_add(array, NULL, object, ok);
	}
	jsontext_add(to, "cpus", array, ok);
}

static void add_head(struct json_object *root, const char *boot_id, int64_t at_ns,
	unsigned int interval, bool *ok)
{
	jsontext_add_number(root, "version", WORK_VERSION, ok);
	jsontext_add(root, "boot_id", json_object_new_string(boot_id), ok);
	jsontext_add_number(root, "at_ns", at_ns, ok);
	jsontext_add_number(root, "interval", interval, ok);
}

char *work_format(const struct work_kept *kept)
{
	_cleanup_(jsontext_putp) struct json_object *root = json_object_new_object();
	bool ok = true;

	add_head(root, kept->boot_id, kept->work.at_ns, kept->interval, &ok);
	jsontext_add_number(root, "ns", kept->work.ns, &ok);
	add_vifs(root, &kept->work, &ok);
	add_cpus(root, &kept->work, &ok);
	return ok ? jsontext_print(root) : NULL;
}

/* --- what placing needs -------------------------------------------------------------------- */

void load_kept_free(struct load_kept *kept)
{
	measured_load_free(&kept->load);
	*kept = (struct load_kept){ 0 };
}

static const struct {
	const char *mean, *sides, *share;
} load_keys[SIDE_COUNT] = {
	[SIDE_TX] = { "tx_mean", "tx_sides", "tx_share" },
	[SIDE_RX] = { "rx_mean", "rx_sides", "rx_share" },
};

static void read_sum(struct reader *in, void *to)
{
	struct measured_load *load = to;
	unsigned int cpu = reader_unsigned(in, "cpu", CPUSET_MAX - 1);
	struct cpu_sum *sum = &load->sums[cpu];

	load->besides[cpu] = (int)reader_number(in, "besides", 0, WORK_WHOLE);
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		sum->sides[side] = reader_unsigned(in, load_keys[side].sides, INT_MAX);
		sum->share[side] = reader_number(
			in, load_keys[side].share, 0, sum->sides[side] * (long long)WORK_WHOLE);
	}
}

int load_parse(const char *text, size_t len, struct load_kept *out, struct err *err)
{
	_cleanup_(jsontext_putp) struct json_object *root = NULL;
	struct load_kept kept = { 0 };
	struct reader in = { .err = err };

	if (len > WORK_TEXT_MAX)
		return err_set(err, EBADMSG, "it is too large");
	in.r = jsontext_parse(text, len, &root, err);
	in.object = root;
	read_head(&in, kept.boot_id, &kept.interval);
	kept.at_ns = reader_number(&in, "at_ns", 0, INT64_MAX);
	for (enum side side = 0; side < SIDE_COUNT; side++)
		kept.load.mean[side] = (int)reader_number(&in, load_keys[side].mean, 0, WORK_WHOLE);
	if (measured_load_new(&kept.load) < 0)
		reader_no_memory(&in);
	reader_array(&in, "cpus", CPUSET_MAX, read_sum, &kept.load);
	if (in.r == 0)
		in.r = jsontext_check_twins(root, text, len, err);
	if (in.r < 0)
		load_kept_free(&kept);
	else
		*out = kept;
	return in.r;
}

char *load_format(const struct load_kept *kept)
{
	_cleanup_(jsontext_putp) struct json_object *root = json_object_new_object();
	struct json_object *array = json_object_new_array();
	const struct measured_load *load = &kept->load;
	bool ok = true;

	add_head(root, kept->boot_id, kept->at_ns, kept->interval, &ok);
	for (enum side side = 0; side < SIDE_COUNT; side++)
		jsontext_add_number(root, load_keys[side].mean, load->mean[side], &ok);
	for (unsigned int cpu = 0; load->sums && cpu < CPUSET_MAX; cpu++) {
		const struct cpu_sum *sum = &load->sums[cpu];
		struct json_object *object;

		if (!load->besides[cpu] && !cpu_sum_sides(sum))
			continue;
		object = json_object_new_object();
		jsontext_add_number(object, "cpu", cpu, &ok);
		jsontext_add_number(object, "besides", load->besides[cpu], &ok);
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			jsontext_add_number(object, load_keys[side].sides, sum->sides[side], &ok);
			jsontext_add_number(object, load_keys[side].share, sum->share[side], &ok);
		}
		jsontext_add(array, NULL, object, &ok);
	}
	jsontext_add(root, "cpus", array, &ok);
	return ok ? jsontext_print(root) : NULL;
}
