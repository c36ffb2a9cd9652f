// SPDX-License-Identifier: GPL-2.0-or-later
#include "snapshot.h"

#include "cut_names.h"
#include "interrupts.h"
#include "napi.h"
#include "pidstat.h"
#include "util.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* So many numbers are tried before all interrupts are read. */
#define TRIES_MAX 4096

/* --- what the kernel has ----------------------------------------------------------------- */

static int add_target(struct targets *targets, const struct target *target)
{
	struct target *added = array_add(&targets->v, &targets->n, sizeof *added);

	if (!added)
		return -ENOMEM;
	*added = *target;
	return 0;
}

static int add_interrupt(unsigned int irq, const char *action, size_t len, void *data)
{
	struct target target = { .irq = irq, .cpu = CPU_NONE, .delivered = CPU_NONE };

	if (len >= sizeof target.name) /* no vif's */
		return 0;
	memcpy(target.name, action, len);
	return add_target(data, &target);
}

/* Adds the thread `pid` if it is a kernel thread; one that is gone is none. */
static int add_thread(struct snapshot *snapshot, unsigned int pid)
{
	struct target target = { .cpu = CPU_NONE, .delivered = CPU_NONE };
	_cleanup_free_ char *text = NULL;
	struct pidstat stat;
	int r;

	r = sysroot_read(snapshot->root, &text, NULL, PATH_PID_STAT, (int)pid);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || pidstat_parse(text, &stat) < 0 || !pidstat_is_kthread(&stat))
		return 0;
	target.pid = stat.pid;
	target.start = stat.start;
	copy_str(target.name, sizeof target.name, stat.comm);
	return add_target(&snapshot->threads, &target);
}

static int compare_names(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void sort_if_many(const struct snapshot *snapshot, struct targets *targets)
{
	if (snapshot->many && targets->n)
		qsort(targets->v, targets->n, sizeof *targets->v, compare_names);
}

static int scan_name(const char *name, void *snapshot)
{
	unsigned int pid;

	return parse_uint(name, NULL, INT_MAX, &pid) ? add_thread(snapshot, pid) : 0;
}

static int scan_proc(struct snapshot *snapshot)
{
	int r;

	targets_free(&snapshot->threads);
	snapshot->whole_proc = true;
	r = sysroot_list(snapshot->root, scan_name, snapshot, PATH_PROC);
	sort_if_many(snapshot, &snapshot->threads);
	return r;
}

/* Adds the last child that is left. */
static int add_youngest(struct snapshot *snapshot)
{
	unsigned int pid;
	char *word;

	while (snapshot->left && strchr(" \n", snapshot->children[snapshot->left - 1]))
		snapshot->left--;
	snapshot->children[snapshot->left] = '\0';
	word = memrchr(snapshot->children, ' ', snapshot->left);
	word = word ? word + 1 : snapshot->children;
	snapshot->left = (size_t)(word - snapshot->children);
	return parse_uint(word, NULL, INT_MAX, &pid) ? add_thread(snapshot, pid) : 0;
}

static int take_interrupts(const char *lines, void *data)
{
	struct snapshot *snapshot = data;

	if (!snapshot->has_interrupts && !interrupts_has_header(lines))
		return -EINVAL;
	snapshot->has_interrupts = true;
	return interrupts_parse(lines, add_interrupt, &snapshot->interrupts);
}

static int need_interrupts(struct snapshot *snapshot, struct err *err)
{
	int r;

	if (snapshot->has_interrupts)
		return 0;
	r = sysroot_read_lines(snapshot->root, take_interrupts, snapshot, PATH_INTERRUPTS);
	if (r == 0 && !snapshot->has_interrupts)
		r = -EINVAL;
	if (r < 0) {
		snapshot->has_interrupts = false;
		targets_free(&snapshot->interrupts);
		return err_set(err, -r, "cannot read /" PATH_INTERRUPTS ": %m");
	}
	sort_if_many(snapshot, &snapshot->interrupts);
	return 0;
}

static int need_children(struct snapshot *snapshot)
{
	int r;

	if (snapshot->has_children)
		return 0;
	free(snapshot->children);
	snapshot->children = NULL;
	snapshot->left = 0;
	r = sysroot_read(snapshot->root, &snapshot->children, &snapshot->left, PATH_KTHREADS);
	/* A kernel without CONFIG_PROC_CHILDREN. */
	if (r == -ENOENT)
		r = scan_proc(snapshot);
	while (r == 0 && snapshot->many && snapshot->left)
		r = add_youngest(snapshot);
	sort_if_many(snapshot, &snapshot->threads);
	snapshot->has_children = r == 0;
	return r;
}

void snapshot_free(struct snapshot *snapshot)
{
	targets_free(&snapshot->interrupts);
	targets_free(&snapshot->threads);
	free(snapshot->children);
	*snapshot = (struct snapshot){ .taken = snapshot->taken, .many = snapshot->many };
}

/* --- what a vif has ------------------------------------------------------------------------ */

/* Is it one of the vif whose netdev is `dev`? Its kind and queue are then set. */
static bool is_of(struct target *target, const char *dev)
{
	if (target->pid)
		return vifname_match_thread(dev, target->name, &target->queue, &target->kind);
	return vifname_match_interrupt(dev, target->name, &target->queue, &target->kind);
}

/* Interrupts by number; of threads, most often, the youngest first. */
static int compare_numbers(const void *a, const void *b)
{
	const struct target *x = a, *y = b;
	int r = compare_uints(&x->irq, &y->irq);

	return r ? r : (y->pid > x->pid) - (y->pid < x->pid);
}

/* The first whose name does not come before `dev`. */
static size_t lower_bound(const struct targets *sorted, const char *dev)
{
	size_t low = 0, high = sorted->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(sorted->v[mid].name, dev) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The next from *i on whose name begins with `dev`, NULL when there is none left. */
static const struct target *next_of(
	const struct snapshot *snapshot, const struct targets *all, size_t *i, const char *dev)
{
	size_t len = strlen(dev);

	while (*i < all->n) {
		const struct target *target = &all->v[(*i)++];

		if (strncmp(target->name, dev, len) == 0)
			return target;
		if (snapshot->many) /* they are sorted */
			break;
	}
	return NULL;
}

/* Adds those of `all`, interrupts or threads, that are the vif's by their whole names; the first to
 * look at is `from`. */
static int find(const struct snapshot *snapshot, const struct targets *all, size_t from,
	const char *dev, struct targets *targets)
{
	size_t before = targets->n, i = snapshot->many ? lower_bound(all, dev) : from;
	const struct target *next;
	int r = 0;

	while (r == 0 && (next = next_of(snapshot, all, &i, dev))) {
		struct target target = *next;

		if (!is_of(&target, dev))
			continue;
		if (!target.pid && target.queue >= targets->n_queues)
			targets->n_queues = target.queue + 1;
		if (target.queue < targets->n_queues) /* else the guest is just going or coming */
			r = add_target(targets, &target);
	}
	if (targets->n > before)
		qsort(targets->v + before, targets->n - before, sizeof *targets->v,
			compare_numbers);
	return r;
}

static int count_rx(const char *name, void *n)
{
	*(unsigned int *)n += strncmp(name, "rx-", 3) == 0;
	return 0;
}

/* How many queues a vif's netdev has, 0: not known. */
static unsigned int count_queues(const struct sysroot *root, struct vif_id id, const char *dev)
{
	unsigned int n = 0;
	int r = sysroot_list(
		root, count_rx, &n, PATH_VIF_NETDEVS "/%s/queues", id.domid, id.devid, dev);

	return r == 0 && n <= QUEUES_MAX ? n : 0;
}

/* The interrupts of a netdev in the order in which netback makes them. */
static struct target nth_interrupt(const char *dev, size_t i)
{
	struct target target = {
		.kind = i % 2 ? TARGET_RX : TARGET_TX,
		.queue = (unsigned int)(i / 2),
		.cpu = CPU_NONE,
		.delivered = CPU_NONE,
	};

	vifname_of_target(dev, true, target.queue, target.kind, target.name);
	return target;
}

/* Looks for the interrupts of so many queues by number (snapshot.h): 1 when it has found them, 0,
 * and adds none, when not all. -ENOMEM. */
static int find_by_number(const struct snapshot *snapshot, const char *dev, unsigned int n_queues,
	struct targets *targets)
{
	size_t all = 2 * (size_t)n_queues;
	unsigned int tries = 0;
	int r = 0;

	for (unsigned int irq = 1; r == 0 && targets->n < all && irq < SNAPSHOT_IRQS; irq++) {
		struct target next;

		if (snapshot->taken[irq])
			continue;
		if (tries++ == TRIES_MAX)
			break;
		next = nth_interrupt(dev, targets->n);
		next.irq = irq;
		if (sysroot_exists(snapshot->root, PATH_IRQ_ACTION, irq, next.name))
			r = add_target(targets, &next);
	}
	if (r == 0 && targets->n == all) {
		targets->n_queues = n_queues;
		return 1;
	}
	targets->n = 0;
	return r;
}

/* Adds, of all threads that were read, those that are the vif's by their cut names. */
static int find_cut(const struct snapshot *snapshot, const char *dev, struct targets *targets)
{
	const struct targets *all = &snapshot->threads;
	_cleanup_(targets_free) struct targets threads = { 0 };
	size_t i = snapshot->many ? lower_bound(all, dev) : 0;
	const struct target *next;
	int r = 0;

	while (r == 0 && (next = next_of(snapshot, all, &i, dev))) {
		if (strlen(next->name) == COMM_CUT)
			r = add_target(&threads, next);
	}
	return r == 0 ? cut_names_match(&threads, dev, targets) : r;
}

/* Reads kthreadd's children until the vif has every thread. Of those whose names may be cut, all
 * have to be known. */
static int find_children(struct snapshot *snapshot, const char *dev, struct targets *targets)
{
	struct targets *threads = &snapshot->threads;
	int r = need_children(snapshot);

	if (r == 0)
		r = find(snapshot, threads, 0, dev, targets);
	while (r == 0 && snapshot->left && !targets_complete(targets, dev, NULL)) {
		size_t known = threads->n;

		r = add_youngest(snapshot);
		if (r == 0)
			r = find(snapshot, threads, known, dev, targets);
	}
	if (r == 0 && !targets_complete(targets, dev, NULL))
		r = find_cut(snapshot, dev, targets);
	return r;
}

/* ... and all of /proc where one is missing then. */
static int find_threads(struct snapshot *snapshot, const char *dev, struct targets *targets)
{
	size_t n_interrupts = targets->n;
	int r = find_children(snapshot, dev, targets);

	if (r < 0 || snapshot->whole_proc || targets_complete(targets, dev, NULL))
		return r;
	targets->n = n_interrupts;
	targets->crowded = false;
	r = scan_proc(snapshot);
	return r == 0 ? find_children(snapshot, dev, targets) : r;
}

/* Adds NAPI's threads, of all that were read. */
static int find_napi_in(const struct snapshot *snapshot, const char *dev, struct targets *targets)
{
	_cleanup_(targets_free) struct targets threads = { 0 };
	char prefix[sizeof "napi/" + DEV_NAME_SIZE];
	const struct target *next;
	size_t i;
	int r = 0;

	snprintf(prefix, sizeof prefix, "napi/%s", dev);
	i = snapshot->many ? lower_bound(&snapshot->threads, prefix) : 0;
	while (r == 0 && (next = next_of(snapshot, &snapshot->threads, &i, prefix)))
		r = add_target(&threads, next);
	return r == 0 ? napi_match(&threads, dev, targets) : r;
}

/* ... by the name that the vif's other targets bear, and by that of now. */
static int find_napi_by_names(const struct snapshot *snapshot, const char *dev, const char *current,
	struct targets *targets)
{
	size_t before = targets->n;
	int r = find_napi_in(snapshot, dev, targets);

	if (r == 0 && targets->n == before && strcmp(dev, current) != 0)
		r = find_napi_in(snapshot, current, targets);
	return r;
}

static int find_napi(
	struct snapshot *snapshot, const char *dev, const char *current, struct targets *targets)
{
	size_t before = targets->n;
	int r = need_children(snapshot);

	while (r == 0 && snapshot->left)
		r = add_youngest(snapshot);
	if (r == 0)
		r = find_napi_by_names(snapshot, dev, current, targets);
	if (r < 0 || targets->n == before + targets->n_queues || snapshot->whole_proc)
		return r;
	targets->n = before;
	r = scan_proc(snapshot);
	return r == 0 ? find_napi_by_names(snapshot, dev, current, targets) : r;
}

/* The targets that bear the name `dev`; empty without an interrupt. n_queues 0: not known, so they
 * are not looked for by number. */
static int find_by_name(struct snapshot *snapshot, const char *dev, unsigned int n_queues,
	struct targets *out, struct err *err)
{
	bool by_number = n_queues && !snapshot->has_interrupts;
	int r = by_number ? find_by_number(snapshot, dev, n_queues, out) : 0;

	if (r == 0) {
		r = need_interrupts(snapshot, err);
		if (r < 0)
			return r;
		r = find(snapshot, &snapshot->interrupts, 0, dev, out);
	}
	if (r >= 0 && out->n_queues)
		r = find_threads(snapshot, dev, out);
	if (r == 0)
		return 0;
	targets_free(out);
	return err_set(err, -r, "cannot look for the interrupts and threads of %s: %m", dev);
}

static int first_dev(const char *name, void *data)
{
	return vifname_is_dev(name) && copy_str(data, DEV_NAME_SIZE, name);
}

/* The netdev's name of now, "" where there is none. */
static int read_dev(
	const struct sysroot *root, struct vif_id id, char dev[DEV_NAME_SIZE], struct err *err)
{
	int r = sysroot_list(root, first_dev, dev, PATH_VIF_NETDEVS, id.domid, id.devid);

	if (r >= 0 || r == -ENOENT)
		return 0;
	return err_set(err, -r, "cannot read /" PATH_VIF_NETDEVS ": %m", id.domid, id.devid);
}

static bool may_be_ours(const struct sysroot *root, const char *name, const char *current)
{
	if (!*name)
		return false;
	return strcmp(name, current) == 0 || !sysroot_exists(root, PATH_NETDEV, name);
}

/* False if that is not told, as of a netdev that is down. */
static bool has_no_carrier(const struct sysroot *root, struct vif_id id, const char *dev)
{
	_cleanup_free_ char *text = NULL;
	int r = sysroot_read(
		root, &text, NULL, PATH_VIF_NETDEVS "/%s/carrier", id.domid, id.devid, dev);

	return r == 0 && *text == '0';
}

/* -errno if it has no such netdev, or the kernel (before 5.12) no threads of NAPI. */
static int read_threaded(
	const struct sysroot *root, struct vif_id id, const char *dev, bool *threaded)
{
	_cleanup_free_ char *text = NULL;
	int r = sysroot_read(
		root, &text, NULL, PATH_VIF_NETDEVS "/%s/threaded", id.domid, id.devid, dev);

	if (r == 0)
		*threaded = *text != '0';
	return r;
}

bool snapshot_is_threaded(const struct sysroot *root, struct vif_id id, const char *dev)
{
	char current[DEV_NAME_SIZE] = "";
	bool threaded = false;

	if (read_threaded(root, id, dev, &threaded) < 0 && read_dev(root, id, current, NULL) == 0 &&
		*current && strcmp(current, dev) != 0)
		read_threaded(root, id, current, &threaded);
	return threaded;
}

/* Adds the threads that carry the tx work, where threads do. */
static int add_napi(struct snapshot *snapshot, struct vif_id id, const char *dev,
	const char *current, struct targets *out, struct err *err)
{
	int r;

	if (!out->n_queues || !snapshot_is_threaded(snapshot->root, id, current))
		return 0;
	r = find_napi(snapshot, dev, current, out);
	out->threaded = true;
	if (r == 0)
		return 0;
	targets_free(out);
	return err_set(err, -r, "cannot look for the threads of %s: %m", dev);
}

int snapshot_find(struct snapshot *snapshot, const struct sysroot *root, struct vif_id id,
	struct vif_names names, char dev[DEV_NAME_SIZE], struct targets *out, struct err *err)
{
	char own[DEV_NAME_SIZE], current[DEV_NAME_SIZE] = "";
	const char *candidates[] = { current, names.recorded, names.vifname, own };
	unsigned int n_queues = 0;
	int r = read_dev(root, id, current, err);

	snapshot->root = root;
	*out = (struct targets){ 0 };
	if (r < 0)
		return r;
	vifname_default_dev(id, own);
	copy_str(dev, DEV_NAME_SIZE, *current ? current : *names.vifname ? names.vifname : own);
	if (names.waiting && *current && has_no_carrier(root, id, current))
		return 0;
	if (snapshot->taken && names.connected && *current)
		n_queues = count_queues(root, id, current);
	/* Without a netdev there is no queue. */
	for (size_t i = 0; *current && i < ARRAY_SIZE(candidates) && !out->n_queues; i++) {
		if (!may_be_ours(root, candidates[i], current))
			continue;
		r = find_by_name(snapshot, candidates[i], n_queues, out, err);
		if (r < 0)
			return r;
		if (out->n_queues)
			copy_str(dev, DEV_NAME_SIZE, candidates[i]);
	}
	return add_napi(snapshot, id, dev, current, out, err);
}
