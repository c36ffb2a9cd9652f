// SPDX-License-Identifier: GPL-2.0-or-later
#include "work.h"

#include "cpuset.h"
#include "util.h"
#include "vifmap.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_S 1e9

static const struct cpu_work unknown_cpu = { WORK_UNKNOWN, WORK_UNKNOWN, WORK_UNKNOWN,
	WORK_UNKNOWN };
static const struct queue_work unknown_queue = { .share = { WORK_UNKNOWN, WORK_UNKNOWN } };

void work_free(struct work *work)
{
	for (size_t i = 0; i < work->n_vifs; i++)
		free(work->vifs[i].queues);
	free(work->vifs);
	free(work->cpus);
	*work = (struct work){ 0 };
}

const struct vif_work *work_find(const struct work *work, struct vif_id id)
{
	return vifmap_find(work->vifs, work->n_vifs, sizeof *work->vifs, id);
}

int work_share(const struct work *work, struct vif_id id, unsigned int queue, enum side side)
{
	const struct vif_work *vif = work_find(work, id);

	return vif && queue < vif->n_queues ? vif->queues[queue].share[side] : WORK_UNKNOWN;
}

void work_format_share(long long share, char *buf, size_t size)
{
	/* In tenths. */
	long long rounded = (share + WORK_WHOLE / 2000) / (WORK_WHOLE / 1000);

	snprintf(buf, size, "%lld.%lld", rounded / 10, rounded % 10);
}

/* --- between two readings ----------------------------------------------------------------- */

/* What weighs on a CPU: all tx sides and NICs that share its softirq. */
struct scale {
	double all, nic;
	bool unknown; /* something does of which it is not known how much */
};

struct between {
	const struct counters *before, *after;
	double ns;
	struct scale *scales; /* [CPUSET_MAX], owned */
};

/* A vif in both readings, or in one of them. */
struct pair {
	const struct vif_counters *before, *after;
	bool comparable;  /* in both, with the same number of queues */
	bool has_packets; /* which it has sent in between: */
	double packets;
	double interrupts; /* of tx, of all queues; 0: not known of each, or there were none */
};

/* False when it has fallen. */
static bool grown(unsigned long long before, unsigned long long after, double *by)
{
	if (after < before)
		return false;
	*by = (double)(after - before);
	return true;
}

static bool interrupts_grown(
	const struct queue_counters *before, const struct queue_counters *after, double *by)
{
	return before->has_interrupts && after->has_interrupts && before->irq == after->irq &&
	       grown(before->interrupts, after->interrupts, by);
}

static double sum_interrupts(const struct vif_counters *before, const struct vif_counters *after)
{
	double sum = 0, by;

	for (unsigned int q = 0; q < after->n_queues; q++) {
		if (!interrupts_grown(&before->queues[q], &after->queues[q], &by))
			return 0;
		sum += by;
	}
	return sum;
}

static struct pair pair_of(const struct vif_counters *before, const struct vif_counters *after)
{
	struct pair pair = { .before = before, .after = after };

	pair.comparable = before && after && before->n_queues == after->n_queues;
	if (!pair.comparable)
		return pair;
	pair.has_packets = before->has_traffic && after->has_traffic &&
			   grown(before->packets[SIDE_TX], after->packets[SIDE_TX], &pair.packets);
	pair.interrupts = sum_interrupts(before, after);
	return pair;
}

/* Is a thread of its own NAPI's at both times, for which softirq does nothing? */
static bool is_threaded(const struct pair *pair, unsigned int q)
{
	return pair->before->queues[q].napi.known && pair->after->queues[q].napi.known;
}

/* How much a queue's tx side weighs on its CPU; false when that is not known. */
static bool weigh(const struct pair *pair, unsigned int q, double *weight)
{
	double by = 0;

	if (!pair->comparable || !pair->has_packets ||
		!place_equal(pair->before->queues[q].place, pair->after->queues[q].place) ||
		pair->before->queues[q].napi.known != pair->after->queues[q].napi.known)
		return false;
	if (is_threaded(pair, q)) {
		*weight = 0;
		return true;
	}
	if (pair->interrupts > 0) {
		interrupts_grown(&pair->before->queues[q], &pair->after->queues[q], &by);
		*weight = pair->packets * (by / pair->interrupts);
	} else {
		*weight = pair->packets / pair->after->n_queues;
	}
	return true;
}

static void mark_unknown(struct between *in, const struct vif_counters *vif)
{
	for (unsigned int q = 0; vif && q < vif->n_queues; q++) {
		int cpu = vif->queues[q].place.cpu[SIDE_TX];

		if (cpu != CPU_NONE)
			in->scales[cpu].unknown = true;
	}
}

static void mark_moved(struct between *in, const struct pair *pair, unsigned int q)
{
	const struct vif_counters *readings[] = { pair->before, pair->after };

	for (size_t i = 0; i < ARRAY_SIZE(readings); i++) {
		int cpu = readings[i]->queues[q].place.cpu[SIDE_TX];

		if (cpu != CPU_NONE)
			in->scales[cpu].unknown = true;
	}
}

static void put_on_scales(struct between *in, const struct pair *pair)
{
	double weight;

	if (!pair->comparable) {
		mark_unknown(in, pair->before);
		mark_unknown(in, pair->after);
		return;
	}
	for (unsigned int q = 0; q < pair->after->n_queues; q++) {
		int cpu = pair->after->queues[q].place.cpu[SIDE_TX];

		if (!weigh(pair, q, &weight))
			mark_moved(in, pair, q);
		else if (cpu != CPU_NONE)
			in->scales[cpu].all += weight;
	}
}

static const struct vif_counters *find_vif(const struct counters *counters, struct vif_id id)
{
	return vifmap_find(counters->vifs, counters->n_vifs, sizeof *counters->vifs, id);
}

static void weigh_vifs(struct between *in)
{
	for (size_t i = 0; i < in->after->n_vifs; i++) {
		const struct vif_counters *after = &in->after->vifs[i];
		struct pair pair = pair_of(find_vif(in->before, after->id), after);

		put_on_scales(in, &pair);
	}
	for (size_t i = 0; i < in->before->n_vifs; i++) {
		const struct vif_counters *before = &in->before->vifs[i];

		if (!find_vif(in->after, before->id))
			mark_unknown(in, before);
	}
}

static unsigned long long nic_count(const struct counters *counters, unsigned int cpu)
{
	return counters->nic_interrupts ? counters->nic_interrupts[cpu] : 0;
}

/* How the NICs' interrupts have come to each CPU in between: *all is their number. False when one
 * has fallen. */
static bool sum_nics(const struct between *in, double *all)
{
	double by;

	*all = 0;
	for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++) {
		if (!grown(nic_count(in->before, cpu), nic_count(in->after, cpu), &by))
			return false;
		*all += by;
	}
	return true;
}

/* A NIC under load may be polled all the time, and interrupt nobody: then what has come since boot
 * tells where it is. */
static double nic_share(const struct between *in, unsigned int cpu, double all, double since_boot)
{
	double now = (double)nic_count(in->after, cpu);

	if (all > 0)
		return (now - (double)nic_count(in->before, cpu)) / all;
	return since_boot > 0 ? now / since_boot : 0;
}

static void weigh_nics(struct between *in)
{
	double packets = 0, all, since_boot = 0;
	bool known = in->before->nics == in->after->nics &&
		     grown(in->before->nic_packets, in->after->nic_packets, &packets) &&
		     sum_nics(in, &all);

	for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++)
		since_boot += (double)nic_count(in->after, cpu);
	for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++) {
		struct scale *scale = &in->scales[cpu];

		if (known) {
			scale->nic = packets * nic_share(in, cpu, all, since_boot);
			scale->all += scale->nic;
		} else if (nic_count(in->before, cpu) || nic_count(in->after, cpu)) {
			scale->unknown = true;
		}
	}
}

/* Ticks are coarser than what is measured with them: a whole CPU is the most there is. */
static int to_share(double share)
{
	return share < 1 ? (int)(share * WORK_WHOLE + 0.5) : WORK_WHOLE;
}

/* A part of two shares that are known. */
static int apportion(int softirq, double weight, double all)
{
	return all > 0 ? to_share(weight / all * softirq / WORK_WHOLE) : 0;
}

static struct cpu_work between_cpu(const struct between *in, unsigned int cpu)
{
	const struct cpu_counters *before = &in->before->cpus[cpu], *after = &in->after->cpus[cpu];
	const struct scale *scale = &in->scales[cpu];
	struct cpu_work work = unknown_cpu;
	double busy, softirq;

	if (!before->known || !after->known || !grown(before->busy, after->busy, &busy) ||
		!grown(before->softirq, after->softirq, &softirq))
		return unknown_cpu;
	work.busy = to_share(busy / in->ns);
	work.softirq = to_share(softirq / in->ns);
	work.sides = 0;
	if (!scale->unknown)
		work.nic = apportion(work.softirq, scale->nic, scale->all);
	return work;
}

/* 0 for a rate that is not known. */
static unsigned int rate(
	const struct between *in, unsigned long long before, unsigned long long after)
{
	double by, a_second = grown(before, after, &by) ? by * NS_PER_S / in->ns : 0;

	return a_second < UINT_MAX ? (unsigned int)(a_second + 0.5) : UINT_MAX;
}

static int thread_share(const struct between *in, const struct thread_counter *before,
	const struct thread_counter *after)
{
	double by;

	if (!before->known || !after->known || before->pid != after->pid ||
		before->start != after->start || !grown(before->ns, after->ns, &by))
		return WORK_UNKNOWN;
	return to_share(by / in->ns);
}

/* What NAPI does for a queue's tx side: its thread's, or what is apportioned of softirq. */
static int napi_share(
	const struct between *in, const struct work *out, const struct pair *pair, unsigned int q)
{
	int cpu = pair->after->queues[q].place.cpu[SIDE_TX];
	double weight;

	if (is_threaded(pair, q))
		return thread_share(
			in, &pair->before->queues[q].napi, &pair->after->queues[q].napi);
	if (cpu == CPU_NONE || in->scales[cpu].unknown || out->cpus[cpu].softirq == WORK_UNKNOWN ||
		!weigh(pair, q, &weight))
		return WORK_UNKNOWN;
	return apportion(out->cpus[cpu].softirq, weight, in->scales[cpu].all);
}

static int min(int a, int b)
{
	return a < b ? a : b;
}

static int max(int a, int b)
{
	return a > b ? a : b;
}

static struct queue_work between_queue(
	const struct between *in, const struct work *out, const struct pair *pair, unsigned int q)
{
	const struct queue_counters *before = &pair->before->queues[q];
	const struct queue_counters *after = &pair->after->queues[q];
	struct queue_work work = unknown_queue;
	int napi, dealloc;
	double by;

	if (interrupts_grown(before, after, &by))
		work.interrupts = rate(in, before->interrupts, after->interrupts);
	if (!place_equal(before->place, after->place))
		return work;
	work.share[SIDE_RX] = thread_share(in, &before->threads[SIDE_RX], &after->threads[SIDE_RX]);
	dealloc = thread_share(in, &before->threads[SIDE_TX], &after->threads[SIDE_TX]);
	napi = napi_share(in, out, pair, q);
	if (dealloc != WORK_UNKNOWN && napi != WORK_UNKNOWN)
		work.share[SIDE_TX] = min(dealloc + napi, WORK_WHOLE);
	return work;
}

/* Adds what a queue's sides cost to what those of their CPUs do. */
static void add_sides(struct work *out, const struct queue_work *work, struct place place)
{
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		struct cpu_work *cpu =
			place.cpu[side] == CPU_NONE ? NULL : &out->cpus[place.cpu[side]];

		if (!cpu || cpu->sides == WORK_UNKNOWN)
			continue;
		if (work->share[side] == WORK_UNKNOWN)
			cpu->sides = WORK_UNKNOWN;
		else
			cpu->sides = min(cpu->sides + work->share[side], WORK_WHOLE);
	}
}

static void between_vif(
	const struct between *in, struct work *out, const struct pair *pair, struct vif_work *work)
{
	const struct vif_counters *before = pair->before, *after = pair->after;

	for (enum side side = 0; side < SIDE_COUNT; side++) {
		if (!pair->comparable || !before->has_traffic || !after->has_traffic)
			break;
		work->packets[side] = rate(in, before->packets[side], after->packets[side]);
		if (after->bytes[side] > before->bytes[side])
			work->bytes[side] = (unsigned long long)((double)(after->bytes[side] -
									  before->bytes[side]) *
								 NS_PER_S / in->ns);
	}
	for (unsigned int q = 0; q < after->n_queues; q++) {
		work->queues[q] =
			pair->comparable ? between_queue(in, out, pair, q) : unknown_queue;
		add_sides(out, &work->queues[q], after->queues[q].place);
	}
}

/* A vif without figures, behind those there are. */
static struct vif_work *add_vif(struct work *out, struct vif_id id, unsigned int n_queues)
{
	struct queue_work *queues = calloc(n_queues ? n_queues : 1, sizeof *queues);
	struct vif_work *vif = queues ? array_add(&out->vifs, &out->n_vifs, sizeof *vif) : NULL;

	if (!vif) {
		free(queues);
		return NULL;
	}
	vif->id = id;
	vif->queues = queues;
	vif->n_queues = n_queues;
	return vif;
}

static int fill(const struct between *in, struct work *out)
{
	for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++)
		out->cpus[cpu] = between_cpu(in, cpu);
	for (size_t i = 0; i < in->after->n_vifs; i++) {
		const struct vif_counters *after = &in->after->vifs[i];
		struct pair pair = pair_of(find_vif(in->before, after->id), after);
		struct vif_work *vif = add_vif(out, after->id, after->n_queues);

		if (!vif)
			return -ENOMEM;
		between_vif(in, out, &pair, vif);
	}
	for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++)
		out->cpus[cpu].busy = max(out->cpus[cpu].busy, out->cpus[cpu].sides);
	return 0;
}

int work_between(const struct counters *before, const struct counters *after, struct work *out)
{
	struct between in = { .before = before, .after = after };
	struct work work = { .at_ns = after->at_ns, .ns = after->at_ns - before->at_ns };
	int r = -ENOMEM;

	if (work.ns <= 0)
		return -EINVAL;
	in.ns = (double)work.ns;
	in.scales = calloc(CPUSET_MAX, sizeof *in.scales);
	work.cpus = calloc(CPUSET_MAX, sizeof *work.cpus);
	if (in.scales && work.cpus) {
		weigh_vifs(&in);
		weigh_nics(&in);
		r = fill(&in, &work);
	}
	free(in.scales);
	if (r == 0)
		*out = work;
	else
		work_free(&work);
	return r;
}

/* --- smoothing ---------------------------------------------------------------------------- */

/* *to is the newer one. */
static void mix_share(int *to, int old, double old_counts)
{
	if (*to == WORK_UNKNOWN)
		*to = old;
	else if (old != WORK_UNKNOWN)
		*to = (int)(old * old_counts + *to * (1 - old_counts) + 0.5);
}

static double mean(double new, double old, double old_counts)
{
	return old * old_counts + new *(1 - old_counts) + 0.5;
}

static void mix_rate(unsigned int *to, unsigned int old, double old_counts)
{
	*to = (unsigned int)mean(*to, old, old_counts);
}

/* Is no share of it known? Then its rates are not either. */
static bool is_unknown(const struct vif_work *vif)
{
	for (unsigned int q = 0; q < vif->n_queues; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			if (vif->queues[q].share[side] != WORK_UNKNOWN)
				return false;
		}
	}
	return true;
}

static void mix_queue(
	struct queue_work *to, const struct queue_work *old, double rates_count, double old_counts)
{
	mix_rate(&to->interrupts, old->interrupts, rates_count);
	for (enum side side = 0; side < SIDE_COUNT; side++)
		mix_share(&to->share[side], old->share[side], old_counts);
}

static void mix_vif(struct vif_work *to, const struct vif_work *old, double old_counts)
{
	double rates_count = is_unknown(old) ? 0 : is_unknown(to) ? 1 : old_counts;

	for (enum side side = 0; side < SIDE_COUNT; side++) {
		mix_rate(&to->packets[side], old->packets[side], rates_count);
		to->bytes[side] = (unsigned long long)mean(
			(double)to->bytes[side], (double)old->bytes[side], rates_count);
	}
	for (unsigned int q = 0; q < to->n_queues && q < old->n_queues; q++)
		mix_queue(&to->queues[q], &old->queues[q], rates_count, old_counts);
}

/*
 * A CPU that is offline now has nothing, whatever it had. Where one of its sides is not known this
 * time, since it has just come for instance, what the CPU does besides is taken to have stayed: it
 * is the difference of two smoothed figures, which must be of the same time.
 */
static void mix_cpu(struct cpu_work *to, const struct cpu_work *old, double old_counts)
{
	if (to->busy == WORK_UNKNOWN)
		return;
	if (to->sides == WORK_UNKNOWN && old->sides != WORK_UNKNOWN) {
		int besides = old->busy > old->sides ? old->busy - old->sides : 0;

		to->sides = to->busy > besides ? to->busy - besides : 0;
	}
	mix_share(&to->busy, old->busy, old_counts);
	mix_share(&to->softirq, old->softirq, old_counts);
	mix_share(&to->nic, old->nic, old_counts);
	mix_share(&to->sides, old->sides, old_counts);
	to->busy = max(to->busy, to->sides);
}

static int copy(const struct work *from, struct work *to)
{
	*to = (struct work){ .at_ns = from->at_ns, .ns = from->ns };
	if (!from->cpus)
		return 0;
	to->cpus = malloc(CPUSET_MAX * sizeof *to->cpus);
	if (!to->cpus)
		return -ENOMEM;
	memcpy(to->cpus, from->cpus, CPUSET_MAX * sizeof *to->cpus);
	for (size_t i = 0; i < from->n_vifs; i++) {
		const struct vif_work *vif = &from->vifs[i];
		struct vif_work *added = add_vif(to, vif->id, vif->n_queues);
		struct queue_work *queues = added ? added->queues : NULL;

		if (!added)
			return -ENOMEM;
		if (vif->n_queues)
			memcpy(queues, vif->queues, vif->n_queues * sizeof *queues);
		*added = *vif;
		added->queues = queues;
	}
	return 0;
}

/* The kept one becomes part of the newer one. */
static void mix(struct work *to, const struct work *old, int64_t as_ns)
{
	double old_counts = (double)as_ns / (double)(as_ns + to->ns);

	for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++)
		mix_cpu(&to->cpus[cpu], &old->cpus[cpu], old_counts);
	for (size_t i = 0; i < to->n_vifs; i++) {
		const struct vif_work *vif = work_find(old, to->vifs[i].id);

		if (vif)
			mix_vif(&to->vifs[i], vif, old_counts);
	}
	to->ns += old->ns;
}

int work_smooth(struct work *kept, const struct work *newer, int64_t as_ns)
{
	struct work work;
	int r = copy(newer, &work);

	if (r == 0 && kept->cpus && work.cpus)
		mix(&work, kept, as_ns);
	if (r == 0) {
		work_free(kept);
		*kept = work;
	} else {
		work_free(&work);
	}
	return r;
}
