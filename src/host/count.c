// SPDX-License-Identifier: GPL-2.0-or-later
#include "count.h"

#include "clock.h"
#include "interrupts.h"
#include "nics.h"
#include "pidstat.h"
#include "procstat.h"
#include "util.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S 1000000000ull

static unsigned int ticks_per_second(void)
{
	long ticks = sysconf(_SC_CLK_TCK);

	return ticks > 0 ? (unsigned int)ticks : 100;
}

/* --- CPUs and NICs ------------------------------------------------------------------------- */

/* FNV-1a. */
static uint64_t hash(uint64_t sum, const void *data, size_t len)
{
	for (const unsigned char *p = data; len; len--)
		sum = (sum ^ *p++) * UINT64_C(0x100000001b3);
	return sum;
}

static uint64_t identify(const struct nics *nics)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < nics->n; i++)
		sum = hash(sum, &nics->irqs[i], sizeof nics->irqs[i]);
	for (size_t i = 0; i < nics->n_devs; i++)
		sum = hash(sum, nics->devs[i], strlen(nics->devs[i]) + 1);
	return sum;
}

static int count_nics(const struct sysroot *root, struct counters *out)
{
	_cleanup_(nics_free) struct nics nics = { 0 };

	if (nics_read(root, NULL, NULL, &nics) < 0)
		return -ENOMEM;
	out->nics = identify(&nics);
	out->nic_packets = nics_read_packets(root, &nics);
	/* Without these NICs weigh nothing, as where there are none. */
	nics_read_counts(root, &nics, out->nic_interrupts);
	return 0;
}

int count_cpus(const struct sysroot *root, struct counters *out)
{
	_cleanup_free_ char *text = NULL;
	int r;

	out->cpus = calloc(CPUSET_MAX, sizeof *out->cpus);
	out->nic_interrupts = calloc(CPUSET_MAX, sizeof *out->nic_interrupts);
	if (!out->cpus || !out->nic_interrupts)
		return -ENOMEM;
	out->at_ns = clock_ns();
	r = sysroot_read(root, &text, NULL, PATH_PROC_STAT);
	if (r == 0)
		r = procstat_parse(text, ticks_per_second(), out->cpus);
	return r < 0 ? r : count_nics(root, out);
}

/* --- vifs --------------------------------------------------------------------------------- */

/*
 * The thread is asked after its time: who has the start time now had the PID before too. Without
 * schedstat (CONFIG_SCHED_INFO), ticks are all there is.
 */
static bool count_thread(
	const struct sysroot *root, const struct target *target, struct thread_counter *out)
{
	_cleanup_free_ char *schedstat = NULL, *text = NULL;
	struct pidstat stat;
	unsigned long long ns;
	int r = sysroot_read(root, &schedstat, NULL, PATH_PID_SCHEDSTAT, (int)target->pid);

	if (r == 0)
		r = pidstat_parse_schedstat(schedstat, &ns);
	if (sysroot_read(root, &text, NULL, PATH_PID_STAT, (int)target->pid) < 0 ||
		pidstat_parse(text, &stat) < 0 || !pidstat_is_kthread(&stat) ||
		stat.start != target->start)
		return false;
	if (r < 0 && __builtin_mul_overflow(stat.ticks, NS_PER_S / ticks_per_second(), &ns))
		return true;
	*out = (struct thread_counter){ true, target->pid, target->start, ns };
	return true;
}

static bool count_irq(
	const struct sysroot *root, const struct target *target, struct queue_counters *out)
{
	_cleanup_free_ char *text = NULL;
	unsigned long long interrupts;
	int r = sysroot_read(root, &text, NULL, PATH_IRQ_PER_CPU, target->irq);

	if (r == 0)
		r = interrupts_sum_per_cpu(text, &interrupts);
	if (!sysroot_exists(root, PATH_IRQ_ACTION, target->irq, target->name))
		return false;
	out->irq = target->irq;
	out->has_interrupts = r == 0;
	if (r == 0)
		out->interrupts = interrupts;
	return true;
}

static bool count_target(
	const struct sysroot *root, const struct target *target, struct vif_counters *vif)
{
	struct queue_counters *queue;

	/* What is measured of one that is unsure may be another queue's. */
	if (target->queue >= vif->n_queues || target->unsure)
		return true;
	queue = &vif->queues[target->queue];
	if (target->kind == TARGET_NAPI)
		return count_thread(root, target, &queue->napi);
	if (target_is_thread(target))
		return count_thread(root, target, &queue->threads[target_side(target)]);
	/* The rx interrupt tells nothing that is asked. */
	return target->kind == TARGET_RX || count_irq(root, target, queue);
}

static bool read_statistic(const struct sysroot *root, const struct vif_counters *vif,
	const char *name, unsigned long long *out)
{
	_cleanup_free_ char *text = NULL;
	unsigned long value;
	const char *end;

	if (sysroot_read(root, &text, NULL, PATH_VIF_NETDEVS "/%s/statistics/%s", vif->id.domid,
		    vif->id.devid, vif->dev, name) < 0 ||
		!parse_number(text, &end, ULONG_MAX, &value) || strcmp(end, "\n") != 0)
		return false;
	*out = value;
	return true;
}

/* What the netdev receives is what the guest has sent: tx. */
static bool count_traffic(const struct sysroot *root, struct vif_counters *vif)
{
	return read_statistic(root, vif, "rx_packets", &vif->packets[SIDE_TX]) &&
	       read_statistic(root, vif, "tx_packets", &vif->packets[SIDE_RX]) &&
	       read_statistic(root, vif, "rx_bytes", &vif->bytes[SIDE_TX]) &&
	       read_statistic(root, vif, "tx_bytes", &vif->bytes[SIDE_RX]);
}

static int take_name(const char *name, void *data)
{
	return vifname_is_dev(name) && copy_str(data, DEV_NAME_SIZE, name);
}

bool count_vif(const struct sysroot *root, const struct targets *targets, struct vif_counters *vif)
{
	bool all = true;

	for (size_t i = 0; i < targets->n; i++)
		all &= count_target(root, &targets->v[i], vif);
	vif->has_traffic = count_traffic(root, vif);
	/* It may have been renamed. */
	if (!vif->has_traffic && sysroot_list(root, take_name, vif->dev, PATH_VIF_NETDEVS,
					 vif->id.domid, vif->id.devid) > 0)
		vif->has_traffic = count_traffic(root, vif);
	return all;
}
