// SPDX-License-Identifier: GPL-2.0-or-later
#include "affinity.h"

#include "cpu_list.h"
#include "pidstat.h"
#include "util.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

/* A list as long as cpuset_format() can make it for any machine there is. */
#define LIST_SIZE 1024

static int gone(const struct target *target, struct err *err)
{
	return err_set(err, ESRCH, "%s is gone", target->name);
}

static int failed(int code, const char *what, const struct target *target, struct err *err)
{
	return err_set(err, code, "cannot %s the CPUs of %s: %m", what, target->name);
}

static bool irq_is_ours(const struct sysroot *root, const struct target *target)
{
	return sysroot_exists(root, PATH_IRQ_ACTION, target->irq, target->name);
}

/* Is what effective_affinity_list tells where an interrupt was, not where it is going to be? */
static bool moves_later(const struct sysroot *root)
{
	_cleanup_free_ char *text = NULL;
	unsigned int major, minor;
	const char *p;

	return sysroot_read(root, &text, NULL, PATH_OSRELEASE) == 0 &&
	       parse_uint(text, &p, UINT_MAX, &major) && *p == '.' &&
	       parse_uint(p + 1, &p, UINT_MAX, &minor) && (major < 5 || (major == 5 && minor < 11));
}

/* The CPU to which an interrupt with the mask of this one is delivered; CPU_NONE: not known. */
static int read_delivered(const struct sysroot *root, const struct target *target, int cpu)
{
	struct cpuset effective;
	int delivered;

	/* A kernel without CONFIG_GENERIC_IRQ_EFFECTIVE_AFF_MASK does not tell. */
	if (cpu_list_read(root, &effective, PATH_IRQ_EFFECTIVE, target->irq) < 0)
		return CPU_NONE;
	delivered = cpuset_single(&effective);
	return delivered != cpu && moves_later(root) ? CPU_NONE : delivered;
}

static int read_irq(const struct sysroot *root, const struct target *target, struct cpuset *out)
{
	return cpu_list_read(root, out, PATH_IRQ_AFFINITY, target->irq);
}

static int get_irq(const struct sysroot *root, const struct target *target, struct cpuset *out,
	struct err *err)
{
	int r = read_irq(root, target, out);

	if (!irq_is_ours(root, target))
		return gone(target, err);
	return r < 0 ? failed(-r, "read", target, err) : 0;
}

/* Does the PID belong to the thread, and not to a later one? */
static bool is_alive(const struct sysroot *root, const struct target *thread)
{
	_cleanup_free_ char *text = NULL;
	struct pidstat stat;

	return sysroot_read(root, &text, NULL, PATH_PID_STAT, (int)thread->pid) == 0 &&
	       pidstat_parse(text, &stat) == 0 && pidstat_is_kthread(&stat) &&
	       stat.start == thread->start;
}

/* What sched_setaffinity() takes is what a cpuset is: CPU n is bit n, in words of this machine. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ || sizeof(long) == sizeof(uint64_t),
	"words of another size have their bits elsewhere");

/*
 * The kernel is asked where it is this machine's, and its record read where not: to
 * write /proc/PID/status costs it ten times as much. It leaves out CPUs that are
 * offline. Whose answer it is tells the start time afterwards.
 */
static int read_allowed(const struct sysroot *root, pid_t pid, struct cpuset *out)
{
	_cleanup_free_ char *text = NULL;
	cpu_set_t *mask = (cpu_set_t *)out->bits;
	int r;

	if (root->live)
		return sched_getaffinity(pid, sizeof out->bits, mask) < 0 ? -errno : 0;
	r = sysroot_read(root, &text, NULL, PATH_PID_STATUS, (int)pid);
	return r < 0 ? r : pidstat_parse_allowed(text, out);
}

/* A thread that has the start time now had the PID before too: it need not be held. */
static int get_thread(const struct sysroot *root, const struct target *target, struct cpuset *out,
	struct err *err)
{
	int r = read_allowed(root, target->pid, out);

	if (!is_alive(root, target))
		return gone(target, err);
	return r < 0 ? failed(-r, "read", target, err) : 0;
}

static int read_mask(const struct sysroot *root, const struct target *target, struct cpuset *out,
	struct err *err)
{
	return target_is_thread(target) ? get_thread(root, target, out, err)
					: get_irq(root, target, out, err);
}

int affinity_read(const struct sysroot *root, struct target *target, struct err *err)
{
	struct cpuset mask;
	char text[LIST_SIZE], *list = NULL;
	int cpu, r = read_mask(root, target, &mask, err);

	if (r < 0)
		return r;
	cpu = cpuset_single(&mask);
	if (cpu < 0) {
		cpuset_format(&mask, text, sizeof text);
		list = strdup(text);
		if (!list)
			return err_no_memory(err);
	}
	free(target->mask);
	target->mask = list;
	target->cpu = cpu < 0 ? CPU_NONE : cpu;
	target->delivered = CPU_NONE;
	if (cpu >= 0 && !target_is_thread(target))
		target->delivered = read_delivered(root, target, cpu);
	return 0;
}

bool affinity_stands_on(const struct sysroot *root, struct target *target, int cpu)
{
	struct cpuset mask;
	int r = target_is_thread(target) ? read_allowed(root, target->pid, &mask)
					 : read_irq(root, target, &mask);

	if (r < 0 || cpuset_single(&mask) != cpu)
		return false;
	free(target->mask);
	target->mask = NULL;
	target->cpu = cpu;
	target->delivered = CPU_NONE;
	return true;
}

static int elsewhere(const struct target *target, const struct cpuset *cpus, struct err *err)
{
	char list[LIST_SIZE];

	cpuset_format(cpus, list, sizeof list);
	return err_set(err, EBUSY,
		"%s was put on CPU %s and is elsewhere: a cpuset, or CPU %s is going offline",
		target->name, list, list);
}

static int set_irq(
	const struct sysroot *root, const struct target *target, const struct cpuset *cpus)
{
	char list[LIST_SIZE];

	if (cpuset_format(cpus, list, sizeof list) >= sizeof list)
		return -E2BIG;
	/* Since it was found, its number may have become another's. */
	if (!irq_is_ours(root, target))
		return -ESRCH;
	return sysroot_write(root, list, PATH_IRQ_AFFINITY, target->irq);
}

/*
 * A root that is not this machine's has no threads to call the kernel for: its
 * record of them is changed instead.
 */
static int write_allowed(const struct sysroot *root, pid_t pid, const struct cpuset *cpus)
{
	static const char key[] = "\nCpus_allowed_list:\t";
	const cpu_set_t *mask = (const cpu_set_t *)cpus->bits;
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *changed = NULL;
	char list[LIST_SIZE], *line, *rest;
	int r;

	if (root->live)
		return sched_setaffinity(pid, sizeof cpus->bits, mask) < 0 ? -errno : 0;
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
 * call the PID could become another's. The check afterwards, in read_mask(), tells.
 */
static int set_thread(
	const struct sysroot *root, const struct target *target, const struct cpuset *cpus)
{
	return is_alive(root, target) ? write_allowed(root, target->pid, cpus) : -ESRCH;
}

int affinity_set(const struct sysroot *root, const struct target *target, const struct cpuset *cpus,
	struct err *err)
{
	bool thread = target_is_thread(target);
	int set = thread ? set_thread(root, target, cpus) : set_irq(root, target, cpus);
	int r, cpu = cpuset_single(cpus), delivered = CPU_NONE;
	struct cpuset now;

	r = read_mask(root, target, &now, err);

	if (set == -ESRCH || r == -ESRCH)
		return gone(target, err);
	if (set == -EPERM && thread)
		return err_set(err, EPERM, "cannot set the CPUs of %s: CAP_SYS_NICE is missing",
			target->name);
	if (set < 0)
		return failed(-set, "set", target, err);
	if (r < 0)
		return r;
	if (!thread && cpu >= 0)
		delivered = read_delivered(root, target, cpu);
	if (!cpuset_equal(&now, cpus) || (delivered != CPU_NONE && delivered != cpu))
		return elsewhere(target, cpus, err);
	return 0;
}

int affinity_default(const struct sysroot *root, const struct target *target, struct cpuset *out,
	struct err *err)
{
	bool thread = target_is_thread(target);
	_cleanup_free_ char *text = NULL;
	struct cpuset mask, online;
	int r;

	r = sysroot_read(root, &text, NULL, thread ? PATH_KTHREADD_STATUS : PATH_IRQ_DEFAULT);
	if (r == 0)
		r = thread ? pidstat_parse_allowed(text, &mask) : cpuset_parse_mask(text, &mask);
	if (r == 0)
		r = cpu_list_read(root, &online, PATH_CPUS_ONLINE);
	if (r < 0)
		return err_set(err, -r, "cannot read the kernel's default CPUs: %m");
	/* The kernel keeps only online CPUs of what is set, and it is read back. */
	cpuset_and(&mask, &online);
	*out = mask;
	return 0;
}
