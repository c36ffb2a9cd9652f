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

	snapshot->n_threads = 0;
	free(snapshot->threads);
	snapshot->threads = NULL;
	snapshot->whole_proc = true;
	return sysroot_list(root, scan_name, &scan, PATH_PROC);
}

static int scan_kthreads(const struct sysroot *root, struct snapshot *snapshot)
{
	_cleanup_free_ char *text = NULL;
	unsigned long pid;
	const char *p;
	int r;

	r = sysroot_read(root, &text, NULL, PATH_KTHREADS);
	if (r == -ENOENT) /* a kernel without CONFIG_PROC_CHILDREN */
		return scan_proc(root, snapshot);
	if (r < 0)
		return r;
	for (p = text; parse_number(p, &p, INT_MAX, &pid); p += strspn(p, " \n")) {
		r = add_thread(root, snapshot, pid);
		if (r < 0)
			return r;
	}
	return 0;
}

int snapshot_take(const struct sysroot *root, struct snapshot *out, struct err *err)
{
	struct snapshot snapshot = { 0 };
	int r;

	r = sysroot_read(root, &snapshot.text, NULL, PATH_INTERRUPTS);
	if (r == 0)
		r = interrupts_parse(snapshot.text, &snapshot.interrupts);
	if (r < 0) {
		err_set(err, -r, "cannot read /" PATH_INTERRUPTS ": %s", strerror(-r));
		goto fail;
	}
	r = scan_kthreads(root, &snapshot);
	if (r < 0) {
		err_set(err, -r, "cannot list the kernel's threads: %s", strerror(-r));
		goto fail;
	}
	*out = snapshot;
	return 0;
fail:
	snapshot_free(&snapshot);
	return r;
}

void snapshot_free(struct snapshot *snapshot)
{
	interrupts_free(&snapshot->interrupts);
	free(snapshot->threads);
	free(snapshot->text);
	*snapshot = (struct snapshot){ 0 };
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

static int find_interrupts(const struct snapshot *snapshot, const char *dev, struct parts *parts)
{
	for (size_t i = 0; i < snapshot->interrupts.n; i++) {
		const struct interrupt *interrupt = &snapshot->interrupts.v[i];
		struct part part = { .irq = interrupt->irq };

		if (!vifname_match_interrupt(dev, interrupt->action, &part.queue, &part.side))
			continue;
		if (add_part(parts, &part, interrupt->action) < 0)
			return -ENOMEM;
		if (part.queue >= parts->n_queues)
			parts->n_queues = part.queue + 1;
	}
	return 0;
}

static int find_threads(const struct snapshot *snapshot, const char *dev, struct parts *parts)
{
	for (size_t i = 0; i < snapshot->n_threads; i++) {
		const struct pidstat *stat = &snapshot->threads[i];
		struct part part = { .pid = stat->pid, .start = stat->start };

		if (!vifname_match_thread(dev, stat->comm, &part.queue, &part.side))
			continue;
		if (part.queue >= parts->n_queues) /* the guest is just going or coming */
			continue;
		if (add_part(parts, &part, stat->comm) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void drop_threads(struct parts *parts)
{
	while (parts->n && part_is_thread(&parts->v[parts->n - 1]))
		parts->n--;
}

int snapshot_find(const struct sysroot *root, struct snapshot *snapshot, const char *dev,
	struct parts *out, struct err *err)
{
	struct parts parts = { 0 };
	int r;

	r = find_interrupts(snapshot, dev, &parts);
	if (r == 0)
		r = find_threads(snapshot, dev, &parts);
	if (r == 0 && parts.n_queues && !snapshot->whole_proc &&
		!parts_complete(&parts, dev, NULL)) {
		drop_threads(&parts);
		r = scan_proc(root, snapshot);
		if (r == 0)
			r = find_threads(snapshot, dev, &parts);
	}
	if (r < 0) {
		parts_free(&parts);
		return err_set(err, -r, "cannot look for the parts of %s: %s", dev, strerror(-r));
	}
	*out = parts;
	return 0;
}

void parts_free(struct parts *parts)
{
	free(parts->v);
	*parts = (struct parts){ 0 };
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

bool parts_complete(const struct parts *parts, const char *dev, struct err *err)
{
	static const struct {
		unsigned int any; /* one of these is enough */
		const char *name;
	} needed[] = {
		{ 1u << SIDE_TX | 1u << SIDE_BOTH, "interrupt %s-q%u-tx" },
		{ 1u << SIDE_RX | 1u << SIDE_BOTH, "interrupt %s-q%u-rx" },
		{ 1u << SIDE_GUEST_RX, "thread %s-q%u-guest-rx" },
		{ 1u << SIDE_DEALLOC, "thread %s-q%u-dealloc" },
	};

	for (unsigned int q = 0; q < parts->n_queues; q++) {
		unsigned int sides = sides_of(parts, q);

		for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
			char name[64];

			if (sides & needed[i].any)
				continue;
			snprintf(name, sizeof name, needed[i].name, dev, q);
			err_set(err, ENOENT, "there is no %s", name);
			return false;
		}
	}
	return true;
}
