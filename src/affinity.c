// SPDX-License-Identifier: GPL-2.0-or-later
#include "affinity.h"

#include "util.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A list as long as cpuset_format() can make it for any machine there is. */
#define LIST_SIZE 1024

static int gone(const struct part *part, struct err *err)
{
	return err_set(err, ESRCH, "%s is gone", part->name);
}

static int failed(int code, const char *what, const struct part *part, struct err *err)
{
	return err_set(err, code, "cannot %s the CPUs of %s: %s", what, part->name, strerror(code));
}

static bool irq_is_ours(const struct sysroot *root, const struct part *part)
{
	return sysroot_exists(root, PATH_IRQ_ACTION, part->irq, part->name);
}

static int get_irq(
	const struct sysroot *root, const struct part *part, struct cpuset *out, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = sysroot_read(root, &text, NULL, PATH_IRQ_AFFINITY, part->irq);
	if (r == 0)
		r = cpuset_parse_list(text, out);
	if (!irq_is_ours(root, part))
		return gone(part, err);
	return r < 0 ? failed(-r, "read", part, err) : 0;
}

/* A kernel without CONFIG_GENERIC_IRQ_EFFECTIVE_AFF_MASK has no such file. */
bool affinity_effective(const struct sysroot *root, const struct part *part, struct cpuset *out)
{
	_cleanup_free_ char *text = NULL;

	if (part_is_thread(part))
		return false;
	return sysroot_read(root, &text, NULL, PATH_IRQ_EFFECTIVE, part->irq) == 0 &&
	       cpuset_parse_list(text, out) == 0;
}

/* A thread held by its directory: what is read through it is this thread's or fails. */
struct held_thread {
	int dir_fd;
	unsigned long long start;
};

static bool has_started(const char *stat_text, unsigned long long start)
{
	struct pidstat stat;

	return pidstat_parse(stat_text, &stat) == 0 && pidstat_is_kthread(&stat) &&
	       stat.start == start;
}

static bool is_same_thread(const struct held_thread *thread)
{
	_cleanup_free_ char *text = NULL;

	return sysroot_read_at(thread->dir_fd, "stat", &text, NULL) == 0 &&
	       has_started(text, thread->start);
}

static int hold_thread(const struct sysroot *root, const struct part *part, struct held_thread *out,
	struct err *err)
{
	struct held_thread thread = { .start = part->start };

	thread.dir_fd = sysroot_open_pid(root, part->pid);
	if (thread.dir_fd < 0)
		return gone(part, err);
	if (!is_same_thread(&thread)) {
		close(thread.dir_fd);
		return gone(part, err);
	}
	*out = thread;
	return 0;
}

static int call_getaffinity(pid_t pid, struct cpuset *out)
{
	cpu_set_t *mask = CPU_ALLOC(CPUSET_MAX);
	size_t size = CPU_ALLOC_SIZE(CPUSET_MAX);
	int left, r = 0;

	if (!mask)
		return -ENOMEM;
	if (sched_getaffinity(pid, size, mask) < 0) {
		r = -errno;
		goto out;
	}
	cpuset_zero(out);
	left = CPU_COUNT_S(size, mask);
	for (unsigned int cpu = 0; left; cpu++) {
		if (!CPU_ISSET_S(cpu, size, mask))
			continue;
		cpuset_add(out, cpu);
		left--;
	}
out:
	CPU_FREE(mask);
	return r;
}

/*
 * The kernel is asked where it is this machine's, and its record read where not: to
 * write /proc/PID/status costs it ten times as much. It leaves out CPUs that are
 * offline. Whose answer it is tells the start time afterwards.
 */
static int read_allowed(const struct sysroot *root, pid_t pid, struct cpuset *out)
{
	_cleanup_free_ char *text = NULL;
	int r;

	if (root->live)
		return call_getaffinity(pid, out);
	r = sysroot_read(root, &text, NULL, PATH_PID_STATUS, (int)pid);
	return r < 0 ? r : pidstat_parse_allowed(text, out);
}

/* A thread that has the start time now had the PID before too: it need not be held. */
static int get_thread(
	const struct sysroot *root, const struct part *part, struct cpuset *out, struct err *err)
{
	_cleanup_free_ char *stat = NULL;
	int r = read_allowed(root, part->pid, out);

	if (sysroot_read(root, &stat, NULL, PATH_PID_STAT, (int)part->pid) < 0 ||
		!has_started(stat, part->start))
		return gone(part, err);
	return r < 0 ? failed(-r, "read", part, err) : 0;
}

int affinity_get(
	const struct sysroot *root, const struct part *part, struct cpuset *out, struct err *err)
{
	if (part_is_thread(part))
		return get_thread(root, part, out, err);
	return get_irq(root, part, out, err);
}

/* 1 where it is to be, 0 not, -errno. */
static int irq_is_on(const struct sysroot *root, const struct part *part, const struct cpuset *cpus,
	struct err *err)
{
	struct cpuset now;
	int r = get_irq(root, part, &now, err);

	if (r < 0)
		return r;
	if (!cpuset_equal(&now, cpus))
		return 0;
	if (cpuset_single(cpus) < 0 || !affinity_effective(root, part, &now))
		return 1;
	return cpuset_equal(&now, cpus);
}

static int elsewhere(const struct part *part, const struct cpuset *cpus, struct err *err)
{
	char list[LIST_SIZE];

	cpuset_format(cpus, list, sizeof list);
	return err_set(err, EBUSY,
		"%s was put on CPU %s and is elsewhere: a cpuset, or CPU %s is going offline",
		part->name, list, list);
}

static int write_irq(const struct sysroot *root, const struct part *part, const struct cpuset *cpus,
	struct err *err)
{
	char list[LIST_SIZE];
	int r;

	if (cpuset_format(cpus, list, sizeof list) >= sizeof list)
		return failed(E2BIG, "set", part, err);
	r = sysroot_write(root, list, PATH_IRQ_AFFINITY, part->irq);
	if (r < 0)
		return irq_is_ours(root, part) ? failed(-r, "set", part, err) : gone(part, err);
	return 0;
}

static int put_irq(const struct sysroot *root, const struct part *part, const struct cpuset *cpus,
	struct err *err)
{
	int r = irq_is_on(root, part, cpus, err);

	if (r != 0)
		return r < 0 ? r : 0;
	r = write_irq(root, part, cpus, err);
	if (r == 0)
		r = irq_is_on(root, part, cpus, err);
	return r == 0 ? elsewhere(part, cpus, err) : r;
}

static int call_setaffinity(pid_t pid, const struct cpuset *cpus)
{
	cpu_set_t *mask = CPU_ALLOC(CPUSET_MAX);
	size_t size = CPU_ALLOC_SIZE(CPUSET_MAX);
	int r = 0;

	if (!mask)
		return -ENOMEM;
	CPU_ZERO_S(size, mask);
	cpuset_for_each (cpu, cpus)
		CPU_SET_S((size_t)cpu, size, mask);
	if (sched_setaffinity(pid, size, mask) < 0)
		r = -errno;
	CPU_FREE(mask);
	return r;
}

/*
 * A root that is not this machine's has no threads to call the kernel for: its
 * record of them is changed instead.
 */
static int record_setaffinity(const struct sysroot *root, pid_t pid, const struct cpuset *cpus)
{
	static const char key[] = "\nCpus_allowed_list:\t";
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *changed = NULL;
	char list[LIST_SIZE];
	char *line, *rest;
	int r;

	r = sysroot_read(root, &text, NULL, PATH_PID_STATUS, (int)pid);
	if (r < 0)
		return r;
	line = strstr(text, key);
	if (!line || cpuset_format(cpus, list, sizeof list) >= sizeof list)
		return -EINVAL;
	rest = line + strcspn(line + 1, "\n") + 1;
	*line = '\0';
	if (asprintf(&changed, "%s%s%s%s", text, key, list, rest) < 0)
		return -ENOMEM;
	return sysroot_write(root, changed, PATH_PID_STATUS, (int)pid);
}

/*
 * There is no sched_setaffinity() for a held thread: between the check and the
 * call the PID could become another's. The check afterwards tells.
 */
static int put_held(const struct sysroot *root, const struct part *part,
	const struct held_thread *thread, const struct cpuset *cpus, struct err *err)
{
	struct cpuset now;
	int r, set;

	r = read_allowed(root, part->pid, &now);
	if (r == 0 && cpuset_equal(&now, cpus))
		return 0;
	if (root->live)
		set = call_setaffinity(part->pid, cpus);
	else
		set = record_setaffinity(root, part->pid, cpus);
	if (r == 0)
		r = read_allowed(root, part->pid, &now);
	if (!is_same_thread(thread))
		return gone(part, err);
	if (set == -EPERM)
		return err_set(err, EPERM, "cannot set the CPUs of %s: CAP_SYS_NICE is missing",
			part->name);
	if (set < 0)
		return failed(-set, "set", part, err);
	if (r < 0)
		return failed(-r, "read", part, err);
	return cpuset_equal(&now, cpus) ? 1 : elsewhere(part, cpus, err);
}

static int put_thread(const struct sysroot *root, const struct part *part,
	const struct cpuset *cpus, struct err *err)
{
	struct held_thread thread;
	int r;

	r = hold_thread(root, part, &thread, err);
	if (r < 0)
		return r;
	r = put_held(root, part, &thread, cpus, err);
	close(thread.dir_fd);
	return r;
}

int affinity_put(const struct sysroot *root, const struct part *part, const struct cpuset *cpus,
	struct err *err)
{
	if (part_is_thread(part))
		return put_thread(root, part, cpus, err);
	return put_irq(root, part, cpus, err);
}

int affinity_default(
	const struct sysroot *root, const struct part *part, struct cpuset *out, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *online_text = NULL;
	struct cpuset mask, online;
	int r;

	if (part_is_thread(part))
		r = sysroot_read(root, &text, NULL, PATH_KTHREADD_STATUS);
	else
		r = sysroot_read(root, &text, NULL, PATH_IRQ_DEFAULT);
	if (r == 0)
		r = part_is_thread(part) ? pidstat_parse_allowed(text, &mask)
					 : cpuset_parse_mask(text, &mask);
	if (r == 0)
		r = sysroot_read(root, &online_text, NULL, PATH_CPUS_ONLINE);
	if (r == 0)
		r = cpuset_parse_list(online_text, &online);
	if (r < 0)
		return err_set(err, -r, "cannot read the kernel's default CPUs: %s", strerror(-r));
	/* The kernel keeps only online CPUs of what is set, and it is read back. */
	cpuset_and(&mask, &online);
	*out = mask;
	return 0;
}
