// SPDX-License-Identifier: GPL-2.0-or-later
#include "snapshot.h"

#include "util.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

bool part_is_thread(const struct part *part)
{
	return part->side == SIDE_GUEST_RX || part->side == SIDE_DEALLOC;
}

bool part_is_rx(const struct part *part)
{
	return part->side == SIDE_RX || part->side == SIDE_GUEST_RX;
}

/* Adds the thread `pid` if it is a kernel thread; one that is gone is none. */
static int add_thread(const struct sysroot *root, struct snapshot *snapshot, unsigned long pid)
{
	_cleanup_free_ char *text = NULL;
	struct pidstat stat, *grown;
	int r;

	r = sysroot_read(root, &text, NULL, PATH_PID_STAT, (int)pid);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || pidstat_parse(text, &stat) < 0 || !pidstat_is_kthread(&stat))
		return 0;
	grown = array_grow(snapshot->threads, snapshot->n_threads, sizeof *grown);
	if (!grown)
		return -ENOMEM;
	snapshot->threads = grown;
	grown[snapshot->n_threads++] = stat;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct name *first = a, *second = b;

	return strcmp(first->text, second->text);
}

static int compare_indices(const void *a, const void *b)
{
	const size_t *first = a, *second = b;

	return *first < *second ? -1 : *first > *second;
}

/* The indices of the names that begin with `prefix`, ascending; *out is to be freed. */
static int names_find(const struct names *names, const char *prefix, size_t **out, size_t *n)
{
	size_t low = 0, high = names->n, len = strlen(prefix), end;
	size_t *found;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(names->v[mid].text, prefix) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (end = low; end < names->n && strncmp(names->v[end].text, prefix, len) == 0; end++)
		;
	found = calloc(end - low + 1, sizeof *found);
	if (!found)
		return -ENOMEM;
	for (size_t i = low; i < end; i++)
		found[i - low] = names->v[i].i;
	qsort(found, end - low, sizeof *found, compare_indices);
	*out = found;
	*n = end - low;
	return 0;
}

/* Again after each time that threads were read. */
static int sort_threads(struct snapshot *snapshot)
{
	struct names names = { calloc(snapshot->n_threads + 1, sizeof *names.v),
		snapshot->n_threads };

	if (!names.v)
		return -ENOMEM;
	for (size_t i = 0; i < names.n; i++)
		names.v[i] = (struct name){ snapshot->threads[i].comm, i };
	qsort(names.v, names.n, sizeof *names.v, compare_names);
	free(snapshot->threads_by_name.v);
	snapshot->threads_by_name = names;
	return 0;
}

static int sort_interrupts(struct snapshot *snapshot)
{
	const struct interrupts *all = &snapshot->interrupts;
	struct names names = { calloc(all->n + 1, sizeof *names.v), all->n };

	if (!names.v)
		return -ENOMEM;
	for (size_t i = 0; i < names.n; i++)
		names.v[i] = (struct name){ all->v[i].action, i };
	qsort(names.v, names.n, sizeof *names.v, compare_names);
	free(snapshot->interrupts_by_name.v);
	snapshot->interrupts_by_name = names;
	return 0;
}

struct proc_scan {
	const struct sysroot *root;
	struct snapshot *snapshot;
};

static int scan_name(const char *name, void *data)
{
	struct proc_scan *scan = data;
	unsigned long pid;

	if (!parse_number(name, NULL, INT_MAX, &pid))
		return 0;
	return add_thread(scan->root, scan->snapshot, pid);
}

static int scan_proc(const struct sysroot *root, struct snapshot *snapshot)
{
	struct proc_scan scan = { root, snapshot };
	int r;

	free(snapshot->threads);
	snapshot->threads = NULL;
	snapshot->n_threads = 0;
	snapshot->whole_proc = true;
	r = sysroot_list(root, scan_name, &scan, PATH_PROC);
	return r == 0 && snapshot->many ? sort_threads(snapshot) : r;
}

static int add_pid(struct snapshot *snapshot, unsigned long pid)
{
	pid_t *grown = array_grow(snapshot->pids, snapshot->n_pids, sizeof *grown);

	if (!grown)
		return -ENOMEM;
	snapshot->pids = grown;
	grown[snapshot->n_pids++] = (pid_t)pid;
	return 0;
}

static int list_kthreads(const struct sysroot *root, struct snapshot *snapshot)
{
	_cleanup_free_ char *text = NULL;
	unsigned long pid;
	const char *p;
	int r;

	r = sysroot_read(root, &text, NULL, PATH_KTHREADS);
	if (r == -ENOENT) /* a kernel without CONFIG_PROC_CHILDREN */
		return scan_proc(root, snapshot);
	for (p = text; r == 0 && parse_number(p, &p, INT_MAX, &pid); p += strspn(p, " \n"))
		r = add_pid(snapshot, pid);
	return r;
}

static int need_interrupts(const struct sysroot *root, struct snapshot *snapshot, struct err *err)
{
	int r;

	if (snapshot->has_interrupts)
		return 0;
	r = sysroot_read(root, &snapshot->text, NULL, PATH_INTERRUPTS);
	if (r == 0)
		r = interrupts_parse(snapshot->text, &snapshot->interrupts);
	if (r == 0 && snapshot->many)
		r = sort_interrupts(snapshot);
	if (r < 0) {
		interrupts_free(&snapshot->interrupts);
		free(snapshot->text);
		snapshot->text = NULL;
		return err_set(err, -r, "cannot read /" PATH_INTERRUPTS ": %s", strerror(-r));
	}
	snapshot->has_interrupts = true;
	return 0;
}

static int need_pids(const struct sysroot *root, struct snapshot *snapshot, struct err *err)
{
	int r;

	if (snapshot->has_pids)
		return 0;
	r = list_kthreads(root, snapshot);
	while (r == 0 && snapshot->many && snapshot->n_pids)
		r = add_thread(root, snapshot, (unsigned long)snapshot->pids[--snapshot->n_pids]);
	if (r == 0 && snapshot->many)
		r = sort_threads(snapshot);
	if (r < 0)
		return err_set(err, -r, "cannot list the kernel's threads: %s", strerror(-r));
	snapshot->has_pids = true;
	return 0;
}

void snapshot_free(struct snapshot *snapshot)
{
	interrupts_free(&snapshot->interrupts);
	free(snapshot->pids);
	free(snapshot->threads);
	free(snapshot->interrupts_by_name.v);
	free(snapshot->threads_by_name.v);
	free(snapshot->text);
	*snapshot = (struct snapshot){ .many = snapshot->many };
}

static int add_part(struct parts *parts, const struct part *part, const char *name)
{
	struct part *grown = array_grow(parts->v, parts->n, sizeof *grown);

	if (!grown)
		return -ENOMEM;
	parts->v = grown;
	grown[parts->n] = *part;
	copy_str(grown[parts->n].name, sizeof part->name, name);
	parts->n++;
	return 0;
}

static int add_interrupt(const struct interrupt *interrupt, const char *dev, struct parts *parts)
{
	struct part part = { .irq = interrupt->irq };

	if (!vifname_match_interrupt(dev, interrupt->action, &part.queue, &part.side))
		return 0;
	if (part.queue >= parts->n_queues)
		parts->n_queues = part.queue + 1;
	return add_part(parts, &part, interrupt->action);
}

static int find_sorted_interrupts(
	const struct snapshot *snapshot, const char *dev, struct parts *parts)
{
	_cleanup_free_ size_t *found = NULL;
	size_t n = 0;
	int r;

	r = names_find(&snapshot->interrupts_by_name, dev, &found, &n);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_interrupt(&snapshot->interrupts.v[found[i]], dev, parts);
	return r;
}

static int find_interrupts(const struct snapshot *snapshot, const char *dev, struct parts *parts)
{
	int r = 0;

	if (snapshot->many)
		return find_sorted_interrupts(snapshot, dev, parts);
	for (size_t i = 0; r == 0 && i < snapshot->interrupts.n; i++)
		r = add_interrupt(&snapshot->interrupts.v[i], dev, parts);
	return r;
}

static int add_thread_part(const struct pidstat *stat, const char *dev, struct parts *parts)
{
	struct part part = { .pid = stat->pid, .start = stat->start };

	if (!vifname_match_thread(dev, stat->comm, &part.queue, &part.side))
		return 0;
	if (part.queue >= parts->n_queues) /* the guest is just going or coming */
		return 0;
	return add_part(parts, &part, stat->comm);
}

static int find_sorted_threads(
	const struct snapshot *snapshot, const char *dev, struct parts *parts)
{
	_cleanup_free_ size_t *found = NULL;
	size_t n = 0;
	int r;

	r = names_find(&snapshot->threads_by_name, dev, &found, &n);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_thread_part(&snapshot->threads[found[i]], dev, parts);
	return r;
}

/* Adds the threads from number `from` on that are the vif's. */
static int find_threads(
	const struct snapshot *snapshot, size_t from, const char *dev, struct parts *parts)
{
	int r = 0;

	if (snapshot->many)
		return find_sorted_threads(snapshot, dev, parts);
	for (size_t i = from; r == 0 && i < snapshot->n_threads; i++)
		r = add_thread_part(&snapshot->threads[i], dev, parts);
	return r;
}

static void drop_threads(struct parts *parts)
{
	while (parts->n && part_is_thread(&parts->v[parts->n - 1]))
		parts->n--;
}

/* Reads more of kthreadd's children until the vif has all its threads, or there are none left. */
static int find_kthreads(
	const struct sysroot *root, struct snapshot *snapshot, const char *dev, struct parts *parts)
{
	int r = find_threads(snapshot, 0, dev, parts);

	while (r == 0 && snapshot->n_pids && !parts_complete(parts, dev, NULL)) {
		size_t known = snapshot->n_threads;

		r = add_thread(root, snapshot, (unsigned long)snapshot->pids[--snapshot->n_pids]);
		if (r == 0)
			r = find_threads(snapshot, known, dev, parts);
	}
	return r;
}

static int find_all_threads(const struct sysroot *root, struct snapshot *snapshot, const char *dev,
	struct parts *parts, struct err *err)
{
	int r = need_pids(root, snapshot, err);

	if (r < 0)
		return r;
	r = find_kthreads(root, snapshot, dev, parts);
	if (r == 0 && !snapshot->whole_proc && !parts_complete(parts, dev, NULL)) {
		drop_threads(parts);
		r = scan_proc(root, snapshot);
		if (r == 0)
			r = find_threads(snapshot, 0, dev, parts);
	}
	if (r < 0)
		return err_set(err, -r, "cannot look for the threads of %s: %s", dev, strerror(-r));
	return 0;
}

/* The parts that bear the name `dev`; empty without an interrupt. */
static int find_by_name(const struct sysroot *root, struct snapshot *snapshot, const char *dev,
	struct parts *out, struct err *err)
{
	struct parts parts = { 0 };
	int r = need_interrupts(root, snapshot, err);

	if (r < 0)
		return r;
	if (find_interrupts(snapshot, dev, &parts) < 0)
		r = err_set(err, ENOMEM, "out of memory");
	if (r == 0 && parts.n_queues)
		r = find_all_threads(root, snapshot, dev, &parts, err);
	if (r < 0) {
		parts_free(&parts);
		return r;
	}
	*out = parts;
	return 0;
}

static int first_dev(const char *name, void *data)
{
	return vifname_is_dev(name) && copy_str(data, DEV_NAME_SIZE, name);
}

static bool may_be_ours(const struct sysroot *root, const char *name, const char *current)
{
	if (!*name)
		return false;
	return strcmp(name, current) == 0 || !sysroot_exists(root, PATH_NETDEV, name);
}

int snapshot_find(struct snapshot *snapshot, const struct sysroot *root, struct vif_id id,
	struct vif_names names, char dev[DEV_NAME_SIZE], struct parts *out, struct err *err)
{
	char own[DEV_NAME_SIZE], current[DEV_NAME_SIZE] = "";
	const char *candidates[] = { current, names.recorded, names.vifname, own };

	*out = (struct parts){ 0 };
	vifname_default_dev(id, own);
	sysroot_list(root, first_dev, current, PATH_VIF_NETDEVS, id.domid, id.devid);
	copy_str(dev, DEV_NAME_SIZE, *current ? current : *names.vifname ? names.vifname : own);
	/* Without a netdev there is no queue. */
	for (size_t i = 0; *current && i < ARRAY_SIZE(candidates) && !out->n_queues; i++) {
		int r;

		if (!may_be_ours(root, candidates[i], current))
			continue;
		r = find_by_name(root, snapshot, candidates[i], out, err);
		if (r < 0)
			return r;
		if (out->n_queues)
			copy_str(dev, DEV_NAME_SIZE, candidates[i]);
	}
	return 0;
}

void parts_free(struct parts *parts)
{
	free(parts->v);
	*parts = (struct parts){ 0 };
}

int parts_copy(const struct parts *parts, struct parts *out)
{
	struct parts copy = *parts;

	copy.v = reallocarray(NULL, parts->n + 1, sizeof *copy.v);
	if (!copy.v)
		return -ENOMEM;
	memcpy(copy.v, parts->v, parts->n * sizeof *copy.v);
	*out = copy;
	return 0;
}

/* Which sides a queue has, a bit each. */
static unsigned int sides_of(const struct parts *parts, unsigned int queue)
{
	unsigned int sides = 0;

	for (size_t i = 0; i < parts->n; i++) {
		if (parts->v[i].queue == queue)
			sides |= 1u << parts->v[i].side;
	}
	return sides;
}

bool parts_next_missing(const struct parts *parts, unsigned int n_queues, const char *dev,
	unsigned int *from, struct part *missing)
{
	static const struct {
		unsigned int any; /* one of these is enough */
		enum vif_side side;
		const char *name;
	} needed[] = {
		{ 1u << SIDE_TX | 1u << SIDE_BOTH, SIDE_TX, "tx" },
		{ 1u << SIDE_RX | 1u << SIDE_BOTH, SIDE_RX, "rx" },
		{ 1u << SIDE_GUEST_RX, SIDE_GUEST_RX, "guest-rx" },
		{ 1u << SIDE_DEALLOC, SIDE_DEALLOC, "dealloc" },
	};

	while (*from < n_queues * ARRAY_SIZE(needed)) {
		unsigned int queue = *from / ARRAY_SIZE(needed), i = *from % ARRAY_SIZE(needed);

		++*from;
		if (sides_of(parts, queue) & needed[i].any)
			continue;
		*missing = (struct part){ .side = needed[i].side, .queue = queue };
		snprintf(missing->name, sizeof missing->name, "%s-q%u-%s", dev, queue,
			needed[i].name);
		return true;
	}
	return false;
}

bool parts_complete(const struct parts *parts, const char *dev, struct err *err)
{
	unsigned int from = 0;
	struct part missing;

	if (!parts_next_missing(parts, parts->n_queues, dev, &from, &missing))
		return true;
	err_set(err, ENOENT, "there is no %s %s", part_is_thread(&missing) ? "thread" : "interrupt",
		missing.name);
	return false;
}
