// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "cpuset.h"
#include "util.h"
#include "work.h"
#include "work_json.h"

#include <errno.h>
#include <limits.h>

#define MAX_CPUS 4
#define MS       1000000ull
#define SECOND   (1000 * MS)

/*
 * A reading, in words:
 *	cN:BUSY/SOFTIRQ	CPU N is online, in ms
 *	NP		the NICs have had P packets; they are not N0, which is left out
 *	nN:I		of which CPU N has taken I interrupts
 *	nicsX		they are the NICs named X, 0 to 9
 *	vD.I:P		a vif, whose guest has sent P packets; ?: that is not known. Its queues:
 *	qT/R		where its sides stand, - for nowhere
 *	dMS, gMS, tMS	for how long its dealloc, guest-rx and NAPI's threads have run; with
 *			@PID those of that PID, with ! of another start time
 *	iI		how many tx interrupts have come; with @IRQ of that one
 */
static int number_at(const char **p)
{
	if (**p == '-' && ++*p)
		return CPU_NONE;
	return (int)strtol(*p, (char **)p, 10);
}

static struct queue_counters *last_queue(struct counters *counters)
{
	struct vif_counters *vif = &counters->vifs[counters->n_vifs - 1];

	return &vif->queues[vif->n_queues - 1];
}

static void add_vif(struct counters *counters, const char *p)
{
	struct vif_counters *vif = array_add(&counters->vifs, &counters->n_vifs, sizeof *vif);

	assert_non_null(vif);
	vif->id.domid = (unsigned int)strtoul(p, (char **)&p, 10);
	vif->id.devid = (unsigned int)strtoul(p + 1, (char **)&p, 10);
	vif->has_traffic = p[1] != '?';
	if (vif->has_traffic)
		vif->packets[SIDE_TX] = strtoull(p + 1, NULL, 10);
	vif->packets[SIDE_RX] = 2 * vif->packets[SIDE_TX];
	vif->bytes[SIDE_TX] = 100 * vif->packets[SIDE_TX];
}

static void add_queue(struct counters *counters, const char *p)
{
	struct vif_counters *vif = &counters->vifs[counters->n_vifs - 1];
	size_t n = vif->n_queues;
	struct queue_counters *queue = array_add(&vif->queues, &n, sizeof *queue);

	assert_non_null(queue);
	vif->n_queues = (unsigned int)n;
	queue->place.cpu[SIDE_TX] = number_at(&p);
	p++;
	queue->place.cpu[SIDE_RX] = number_at(&p);
}

static struct thread_counter thread(const char *p)
{
	struct thread_counter thread = { .known = true, .pid = 1, .start = 1 };

	thread.ns = strtoull(p, (char **)&p, 10) * MS;
	if (*p == '@')
		thread.pid = (pid_t)strtol(p + 1, NULL, 10);
	if (*p == '!')
		thread.start = 2;
	return thread;
}

static void set_interrupts(struct queue_counters *queue, const char *p)
{
	queue->has_interrupts = true;
	queue->interrupts = strtoull(p, (char **)&p, 10);
	queue->irq = *p == '@' ? (unsigned int)strtoul(p + 1, NULL, 10) : 1;
}

static void set_cpu(struct counters *counters, const char *p)
{
	struct cpu_counters *cpu = &counters->cpus[strtoul(p, (char **)&p, 10)];

	cpu->known = true;
	cpu->busy = strtoull(p + 1, (char **)&p, 10) * MS;
	cpu->softirq = strtoull(p + 1, (char **)&p, 10) * MS;
}

static void set_nic(struct counters *counters, const char *p)
{
	unsigned long cpu;

	if (skip_prefix(&p, "ics")) {
		counters->nics = strtoull(p, NULL, 10);
		return;
	}
	cpu = strtoul(p, (char **)&p, 10);
	counters->nic_interrupts[cpu] = strtoull(p + 1, NULL, 10);
}

static void add_word(struct counters *counters, const char *word)
{
	switch (*word++) {
	case 'c':
		set_cpu(counters, word);
		break;
	case 'N':
		counters->nic_packets = strtoull(word, NULL, 10);
		break;
	case 'n':
		set_nic(counters, word);
		break;
	case 'v':
		add_vif(counters, word);
		break;
	case 'q':
		add_queue(counters, word);
		break;
	case 'd':
		last_queue(counters)->threads[SIDE_TX] = thread(word);
		break;
	case 'g':
		last_queue(counters)->threads[SIDE_RX] = thread(word);
		break;
	case 't':
		last_queue(counters)->napi = thread(word);
		break;
	case 'i':
		set_interrupts(last_queue(counters), word);
		break;
	default:
		fail_msg("no such word: %s", word - 1);
	}
}

static struct counters reading(const char *text, int64_t at_ns)
{
	_cleanup_free_ char *copy = exact_copy(text, strlen(text));
	struct counters counters = { .at_ns = at_ns };
	char *rest = copy, *word;

	counters.cpus = calloc(CPUSET_MAX, sizeof *counters.cpus);
	counters.nic_interrupts = calloc(CPUSET_MAX, sizeof *counters.nic_interrupts);
	assert_true(counters.cpus && counters.nic_interrupts);
	while ((word = strsep(&rest, " "))) {
		if (*word)
			add_word(&counters, word);
	}
	return counters;
}

static void put_share(struct pen *pen, const char *before, int share)
{
	if (share == WORK_UNKNOWN)
		put_down(pen, "%s-", before);
	else
		put_down(pen, "%s%d", before, share);
}

/* "D.I TX/RX..." of each vif's queues. */
static void put_vifs(struct pen *pen, const struct work *work)
{
	for (size_t i = 0; i < work->n_vifs; i++) {
		const struct vif_work *vif = &work->vifs[i];

		put_down(pen, "%s%u.%u", i ? " " : "", vif->id.domid, vif->id.devid);
		for (unsigned int q = 0; q < vif->n_queues; q++) {
			put_share(pen, " ", work_share(work, vif->id, q, SIDE_TX));
			put_share(pen, "/", work_share(work, vif->id, q, SIDE_RX));
		}
	}
}

/* "N=BUSY/SOFTIRQ/NIC/SIDES" of each CPU of which something is known. */
static void put_cpus(struct pen *pen, const struct work *work)
{
	for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++) {
		const struct cpu_work *of = &work->cpus[cpu];

		if (of->busy == WORK_UNKNOWN && of->softirq == WORK_UNKNOWN &&
			of->nic == WORK_UNKNOWN && of->sides == WORK_UNKNOWN)
			continue;
		put_down(pen, "%s%u=", pen->len ? " " : "", cpu);
		put_share(pen, "", of->busy);
		put_share(pen, "/", of->softirq);
		put_share(pen, "/", of->nic);
		put_share(pen, "/", of->sides);
	}
}

static int between(const char *before, const char *after, int64_t ns, struct work *out)
{
	_cleanup_(counters_free) struct counters first = reading(before, SECOND);
	_cleanup_(counters_free) struct counters second = reading(after, (int64_t)SECOND + ns);

	return work_between(&first, &second, out);
}

/* In a second 1 ms is a share of 1000. */
static const struct row {
	const char *row, *before, *after, *vifs, *cpus;
} rows[] = {
	{ .row = "nothing", .before = "", .after = "", .vifs = "", .cpus = "" },
	{ .row = "one vif: rx is guest-rx, tx is dealloc and softirq",
		.before = "c0:0/0 c1:0/0 v1.0:0 q0/1 d0 g0 i0",
		.after = "c0:300/200 c1:70/0 v1.0:9 q0/1 d50 g60 i5",
		.vifs = "1.0 250000/60000",
		.cpus = "0=300000/200000/0/250000 1=70000/0/0/60000" },
	{ .row = "only what is new counts",
		.before = "c0:5000/3000 c1:100/50 v1.0:1000 q0/1 d400 g4000 i77",
		.after = "c0:5300/3200 c1:170/50 v1.0:1009 q0/1 d450 g4060 i82",
		.vifs = "1.0 250000/60000",
		.cpus = "0=300000/200000/0/250000 1=70000/0/0/60000" },
	{ .row = "NAPI's thread is measured, and softirq is the others'",
		.before = "c0:0/0 v1.0:0 q0/1 d0 g0 t0 v2.0:0 q0/1 d0 g0",
		.after = "c0:700/400 v1.0:300 q0/1 d50 g0 t200 v2.0:100 q0/1 d0 g0",
		.vifs = "1.0 250000/0 2.0 400000/0",
		.cpus = "0=700000/400000/0/650000" },
	{ .row = "NAPI's thread has come: all tx there is unknown, as when a queue has",
		.before = "c0:0/0 v1.0:0 q0/1 d0 g0 v2.0:0 q0/1 d0 g0",
		.after = "c0:700/400 v1.0:300 q0/1 d50 g0 t200 v2.0:100 q0/1 d0 g0",
		.vifs = "1.0 -/0 2.0 -/0",
		.cpus = "0=700000/400000/-/-" },
	{ .row = "NAPI's thread is another one",
		.before = "c0:0/0 v1.0:0 q0/1 d0 g0 t0 v2.0:0 q0/1 d0 g0",
		.after = "c0:700/400 v1.0:300 q0/1 d50 g0 t200@2 v2.0:100 q0/1 d0 g0",
		.vifs = "1.0 -/0 2.0 400000/0",
		.cpus = "0=700000/400000/0/-" },
	{ .row = "softirq goes by packets",
		.before = "c0:0/0 v1.0:0 q0/1 d0 g0 v2.0:0 q0/1 d0 g0",
		.after = "c0:400/400 v1.0:300 q0/1 d0 g0 v2.0:100 q0/1 d0 g0",
		.vifs = "1.0 300000/0 2.0 100000/0",
		.cpus = "0=400000/400000/0/400000" },
	{ .row = "a vif's packets go by its queues' interrupts",
		.before = "c0:0/0 c1:0/0 v1.0:0 q0/3 d0 i100 q0/3 d0 i7 q1/3 d0 i0",
		.after = "c0:400/400 c1:100/100 v1.0:1000 q0/3 d0 i400 q0/3 d0 i107 q1/3 d0 i600",
		.vifs = "1.0 300000/- 100000/- 100000/-",
		.cpus = "0=400000/400000/0/400000 1=100000/100000/0/100000" },
	{ .row = "by packets and interrupts: 1.0 has 100 there, 2.0 has 300",
		.before = "c0:0/0 c1:0/0 v1.0:0 q0/3 d0 i0 q1/3 d0 i0 v2.0:0 q0/3 d0 i0",
		.after = "c0:400/400 c1:50/50 v1.0:1000 q0/3 d0 i1 q1/3 d0 i9 v2.0:300 q0/3 d0 i5",
		.vifs = "1.0 100000/- 50000/- 2.0 300000/-",
		.cpus = "0=400000/400000/0/400000 1=50000/50000/0/50000" },
	{ .row = "evenly where a queue's interrupts are not known",
		.before = "c0:0/0 c1:0/0 v1.0:0 q0/3 d0 i0 q1/3 d0 v2.0:0 q0/3 d0 i0",
		.after = "c0:400/400 c1:100/100 v1.0:200 q0/3 d0 i9 q1/3 d0 v2.0:300 q0/3 d0 i1",
		.vifs = "1.0 100000/- 100000/- 2.0 300000/-",
		.cpus = "0=400000/400000/0/400000 1=100000/100000/0/100000" },
	{ .row = "evenly where an interrupt is another one",
		.before = "c0:0/0 c1:0/0 v1.0:0 q0/3 d0 i0@5 q1/3 d0 i0",
		.after = "c0:100/100 c1:100/100 v1.0:200 q0/3 d0 i9@6 q1/3 d0 i1",
		.vifs = "1.0 100000/- 100000/-",
		.cpus = "0=100000/100000/0/100000 1=100000/100000/0/100000" },
	{ .row = "evenly where no interrupt has come: it is polled",
		.before = "c0:0/0 v1.0:0 q0/3 d0 i5 q0/3 d0 i6",
		.after = "c0:100/100 v1.0:200 q0/3 d0 i5 q0/3 d0 i6",
		.vifs = "1.0 50000/- 50000/-",
		.cpus = "0=100000/100000/0/100000" },
	{ .row = "NICs weigh too: 300 packets on CPU 0, 100 on CPU 1",
		.before = "c0:0/0 c1:0/0 N0 n0:5 n1:5 v1.0:0 q0/2 d0",
		.after = "c0:400/400 c1:90/80 N400 n0:35 n1:15 v1.0:100 q0/2 d0",
		.vifs = "1.0 100000/-",
		.cpus = "0=400000/400000/300000/100000 1=90000/80000/80000/0" },
	{ .row = "a NIC that is polled is where its interrupts came before",
		.before = "c0:0/0 c1:0/0 N0 n0:75 n1:25 v1.0:0 q0/2 d0",
		.after = "c0:400/400 c1:90/80 N400 n0:75 n1:25 v1.0:100 q0/2 d0",
		.vifs = "1.0 100000/-",
		.cpus = "0=400000/400000/300000/100000 1=90000/80000/80000/0" },
	{ .row = "NICs that have fallen: unknown where they have interrupts",
		.before = "c0:0/0 c1:0/0 N9 n0:5 v1.0:0 q0/2 d0 v2.0:0 q1/2 d0",
		.after = "c0:400/400 c1:90/80 N8 n0:9 v1.0:100 q0/2 d0 v2.0:10 q1/2 d0",
		.vifs = "1.0 -/- 2.0 80000/-",
		.cpus = "0=400000/400000/-/- 1=90000/80000/0/80000" },
	{ .row = "NICs' interrupts have fallen",
		.before = "c0:0/0 c1:0/0 N0 n0:5 n1:7 v1.0:0 q0/2 d0",
		.after = "c0:400/400 c1:90/80 N8 n0:4 n1:8 v1.0:100 q0/2 d0",
		.vifs = "1.0 -/-",
		.cpus = "0=400000/400000/-/- 1=90000/80000/-/0" },
	{ .row = "other NICs",
		.before = "c0:0/0 nics1 N0 n0:5 v1.0:0 q0/2 d0",
		.after = "c0:400/400 nics2 N8 n0:9 v1.0:100 q0/2 d0",
		.vifs = "1.0 -/-",
		.cpus = "0=400000/400000/-/-" },
	{ .row = "nothing weighs: softirq is other work's",
		.before = "c0:0/0 v1.0:7 q0/1 d0 g0 i3",
		.after = "c0:400/400 v1.0:7 q0/1 d30 g0 i3",
		.vifs = "1.0 30000/0",
		.cpus = "0=400000/400000/0/30000" },
	{ .row = "thread of another PID",
		.before = "c0:0/0 v1.0:0 q0/1 d0@5 g0@6",
		.after = "c0:10/10 v1.0:7 q0/1 d30@7 g40@8",
		.vifs = "1.0 -/-",
		.cpus = "0=10000/10000/0/-" },
	{ .row = "thread of another start time",
		.before = "c0:0/0 c1:0/0 v1.0:0 q0/1 d0 g0",
		.after = "c0:10/10 c1:0/0 v1.0:7 q0/1 d30 g40!",
		.vifs = "1.0 40000/-",
		.cpus = "0=40000/10000/0/40000 1=0/0/0/-" },
	{ .row = "thread that was not read once: its share alone is unknown",
		.before = "c0:0/0 v1.0:0 q0/1 g0 v2.0:0 q0/1 d0 g9",
		.after = "c0:100/100 v1.0:50 q0/1 d3 g40 v2.0:50 q0/1 d0 g9",
		.vifs = "1.0 -/40000 2.0 50000/0",
		.cpus = "0=100000/100000/0/-" },
	{ .row = "thread's time has fallen",
		.before = "c0:0/0 v1.0:0 q0/1 d9 g9",
		.after = "c0:100/100 v1.0:50 q0/1 d8 g10",
		.vifs = "1.0 -/1000",
		.cpus = "0=100000/100000/0/-" },
	{ .row = "packets have fallen: others on its CPU would get its share",
		.before = "c0:0/0 c1:0/0 v1.0:60 q0/1 d0 g0 v2.0:0 q0/1 d0 g0 v3.0:0 q1/0 d0 g0",
		.after = "c0:90/90 c1:70/70 v1.0:50 q0/1 d0 g1 v2.0:9 q0/1 d0 g1 v3.0:9 q1/0 d0 g1",
		.vifs = "1.0 -/1000 2.0 -/1000 3.0 70000/1000",
		.cpus = "0=90000/90000/-/- 1=72000/70000/0/72000" },
	{ .row = "packets that are not known, of one",
		.before = "c0:0/0 v1.0:? q0/1 d0 g0 v2.0:0 q0/1 d0 g0",
		.after = "c0:90/90 v1.0:? q0/1 d0 g1 v2.0:9 q0/1 d0 g1",
		.vifs = "1.0 -/1000 2.0 -/1000",
		.cpus = "0=90000/90000/-/-" },
	{ .row = "queue that has moved: unknown where it was and where it is",
		.before =
			"c0:0/0 c1:0/0 c2:0/0 v1.0:0 q0/3 d0 g0 v2.0:0 q0/3 d0 g0 v3.0:0 q1/3 d0 g0"
			" v4.0:0 q2/3 d0 g0",
		.after =
			"c0:9/9 c1:9/9 c2:9/9 v1.0:9 q1/3 d1 g1 v2.0:9 q0/3 d1 g1 v3.0:9 q1/3 d1 g1"
			" v4.0:9 q2/3 d1 g1",
		.vifs = "1.0 -/- 2.0 -/1000 3.0 -/1000 4.0 10000/1000",
		.cpus = "0=9000/9000/-/- 1=9000/9000/-/- 2=10000/9000/0/10000" },
	{ .row = "CPU that goes offline",
		.before = "c0:0/0 c1:0/0 v1.0:0 q0/1 d0 g0 v2.0:0 q1/0 d0 g0",
		.after = "c0:9/9 v1.0:9 q0/1 d1 g1 v2.0:9 q1/0 d1 g1",
		.vifs = "1.0 10000/1000 2.0 -/1000",
		.cpus = "0=11000/9000/0/11000" },
	{ .row = "CPU that comes online",
		.before = "c0:0/0 v1.0:0 q1/0 d0 g0",
		.after = "c0:9/9 c1:900/900 v1.0:9 q1/0 d1 g1",
		.vifs = "1.0 -/1000",
		.cpus = "0=9000/9000/0/1000" },
	{ .row = "CPU whose times have fallen",
		.before = "c0:9/2 c1:9/2 v1.0:0 q0/1 d0 g0",
		.after = "c0:10/1 c1:8/3 v1.0:9 q0/1 d1 g1",
		.vifs = "1.0 -/1000",
		.cpus = "" },
	{ .row = "vif that is gone: others on its CPU would get its share",
		.before = "c0:0/0 v1.0:0 q0/1 d0 g0 v2.0:0 q0/1 d0 g0",
		.after = "c0:9/9 v2.0:9 q0/1 d1 g1",
		.vifs = "2.0 -/1000",
		.cpus = "0=9000/9000/-/-" },
	{ .row = "vif that has come",
		.before = "c0:0/0 v2.0:0 q0/1 d0 g0",
		.after = "c0:9/9 v1.0:5 q0/1 d9 g9 v2.0:9 q0/1 d1 g1",
		.vifs = "1.0 -/- 2.0 -/1000",
		.cpus = "0=9000/9000/-/-" },
	{ .row = "another number of queues",
		.before = "c0:0/0 c1:0/0 v1.0:0 q0/1 d0 g0",
		.after = "c0:9/9 c1:9/0 v1.0:5 q0/1 d1 g1 q0/1 d1 g1",
		.vifs = "1.0 -/- -/-",
		.cpus = "0=9000/9000/-/- 1=9000/0/0/-" },
	{ .row = "queue that stands nowhere",
		.before = "c0:0/0 v1.0:0 q-/- d0 g0",
		.after = "c0:9/9 v1.0:5 q-/- d1 g1",
		.vifs = "1.0 -/1000",
		.cpus = "0=9000/9000/0/0" },
	{ .row = "no more than a whole CPU",
		.before = "c0:0/0 c1:0/0 v1.0:0 q0/0 d0 g0",
		.after = "c0:1010/1020 c1:2000/0 v1.0:5 q0/0 d900 g1001",
		.vifs = "1.0 1000000/1000000",
		.cpus = "0=1000000/1000000/0/1000000 1=1000000/0/0/0" },
	{ .row = "the largest counts",
		.before = "c0:0/0 v1.0:0 q0/1 d0 i0 q0/1 d0 i0 v2.0:0 q0/1 d0 i0",
		.after = "c0:500/500 v1.0:18446744073709551615 q0/1 d0 i18446744073709551615"
			 " q0/1 d0 i18446744073709551615 v2.0:18446744073709551615 q0/1 d0 i1",
		.vifs = "1.0 125000/- 125000/- 2.0 250000/-",
		.cpus = "0=500000/500000/0/500000" },
};

static void between_two_readings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(work_free) struct work work = { 0 };
		struct pen vifs = { 0 }, cpus = { 0 };

		expect_int(rows[i].row, between(rows[i].before, rows[i].after, SECOND, &work), 0);
		expect_int(rows[i].row, work.at_ns, 2 * SECOND);
		expect_int(rows[i].row, work.ns, SECOND);
		put_vifs(&vifs, &work);
		put_cpus(&cpus, &work);
		expect_str(rows[i].row, vifs.text, rows[i].vifs);
		expect_str(rows[i].row, cpus.text, rows[i].cpus);
	}
}

static void no_time_has_passed(void **state)
{
	struct work work;

	(void)state;
	spoil(&work, sizeof work);
	assert_int_equal(between("", "", 0, &work), -EINVAL);
	assert_int_equal(between("", "", -5, &work), -EINVAL);
	assert_true(is_spoilt(&work, sizeof work));
}

static void rates_are_a_second(void **state)
{
	_cleanup_(work_free) struct work work = { 0 };
	const struct vif_work *vif;

	(void)state;
	assert_int_equal(between("c0:0/0 v1.0:10 q0/1 d0 g0 i7 v2.0:9 q0/1 i9",
				 "c0:0/0 v1.0:31 q0/1 d0 g0 i47 v2.0:8 q0/1 i8", 4 * SECOND, &work),
		0);
	vif = work_find(&work, (struct vif_id){ 1, 0 });
	assert_non_null(vif);
	assert_int_equal(vif->packets[SIDE_TX], 5);
	assert_int_equal(vif->packets[SIDE_RX], 11);
	assert_int_equal(vif->bytes[SIDE_TX], 525);
	assert_int_equal(vif->queues[0].interrupts, 10);
	vif = work_find(&work, (struct vif_id){ 2, 0 });
	assert_non_null(vif);
	assert_int_equal(vif->packets[SIDE_TX], 0);
	assert_int_equal(vif->bytes[SIDE_TX], 0);
	assert_int_equal(vif->queues[0].interrupts, 0);
}

static void what_is_not_there_is_unknown(void **state)
{
	_cleanup_(work_free) struct work work = { 0 };
	struct vif_id id = { 1, 0 }, other = { 1, 1 };

	(void)state;
	assert_int_equal(work_share(&work, id, 0, SIDE_TX), WORK_UNKNOWN);
	assert_int_equal(between("v1.0:0 q0/1 g0", "v1.0:0 q0/1 g5", SECOND, &work), 0);
	assert_int_equal(work_share(&work, id, 0, SIDE_RX), 5000);
	assert_int_equal(work_share(&work, id, 1, SIDE_RX), WORK_UNKNOWN);
	assert_int_equal(work_share(&work, other, 0, SIDE_RX), WORK_UNKNOWN);
	assert_null(work_find(&work, other));
}

/* --- smoothing ---------------------------------------------------------------------------------
 */

#define START "c0:0/0 c1:0/0 v1.0:0 q0/1 d0 g0 i0"

/* Each second's counters, from START; what is kept counts as a second; what is kept in the end. */
static const struct smooth_row {
	const char *row;
	const char *seconds[4]; /* each begins anew at `from`, or START */
	const char *from;
	const char *vifs, *cpus;
	unsigned int packets;
} smooth_rows[] = {
	{ .row = "the first is taken as it is",
		.seconds = { "c0:300/200 c1:0/0 v1.0:100 q0/1 d50 g60 i8" },
		.vifs = "1.0 250000/60000",
		.cpus = "0=300000/200000/0/250000 1=60000/0/0/60000",
		.packets = 100 },
	{ .row = "half of each",
		.seconds = { "c0:400/200 c1:0/0 v1.0:100 q0/1 d0 g100 i8",
			"c0:200/0 c1:0/0 v1.0:50 q0/1 d0 g20 i8" },
		.vifs = "1.0 100000/60000",
		.cpus = "0=300000/100000/0/100000 1=60000/0/0/60000",
		.packets = 75 },
	{ .row = "a quarter of the oldest",
		.seconds = { "c0:400/0 c1:0/0 v1.0:400 q0/1 d400 g400",
			"c0:0/0 c1:0/0 v1.0:0 q0/1 d0 g0", "c0:0/0 c1:0/0 v1.0:0 q0/1 d0 g0" },
		.vifs = "1.0 100000/100000",
		.cpus = "0=100000/0/0/100000 1=100000/0/0/100000",
		.packets = 100 },
	{ .row = "what is unknown in the newer one stays, but for a CPU that is offline",
		.seconds = { "c0:300/200 c1:5/0 v1.0:100 q0/1 d50 g60 i8",
			"c0:300/200 v1.0:? q0/1 d50@9 g60@9" },
		.vifs = "1.0 250000/60000",
		.cpus = "0=300000/200000/0/250000",
		.packets = 100 },
	{ .row = "what was unknown is taken from the newer one",
		.seconds = { "v1.0:? q0/1", "c0:300/200 c1:5/0 v1.0:100 q0/1 d50 g60 i8" },
		.vifs = "1.0 250000/60000",
		.cpus = "0=300000/200000/0/250000 1=60000/0/0/60000",
		.packets = 100 },
	{ .row = "what a CPU does besides stays where it is not known what its sides cost",
		.seconds = { "c0:400/0 c1:0/0 v1.0:0 q0/1 d300 g0",
			"c0:200/0 c1:0/0 v1.0:0 q0/1 d9@9 g0" },
		.vifs = "1.0 300000/0",
		.cpus = "0=300000/0/0/200000 1=0/0/0/0" },
	{ .row = "it is all that it did, where it did less than that before",
		.seconds = { "c0:400/0 c1:0/0 v1.0:0 q0/1 d200 g0",
			"c0:100/0 c1:0/0 v1.0:0 q0/1 d9@9 g0" },
		.vifs = "1.0 200000/0",
		.cpus = "0=250000/0/0/100000 1=0/0/0/0" },
	{ .row = "vifs that are gone are forgotten, and those that come are kept",
		.seconds = { "c0:0/0 v1.0:100 q0/1 d50 g60", "c0:0/0 v2.0:100 q0/1 d0 g0" },
		.vifs = "2.0 -/-",
		.cpus = "0=25000/0/0/25000" },
};

static void the_past_counts_less_and_less(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(smooth_rows); i++) {
		const struct smooth_row *row = &smooth_rows[i];
		_cleanup_(work_free) struct work kept = { 0 };
		struct pen vifs = { 0 }, cpus = { 0 };
		int seconds = 0;

		for (; seconds < 4 && row->seconds[seconds]; seconds++) {
			_cleanup_(work_free) struct work newer = { 0 };

			expect_int(
				row->row, between(START, row->seconds[seconds], SECOND, &newer), 0);
			expect_int(row->row, work_smooth(&kept, &newer, SECOND), 0);
		}
		put_vifs(&vifs, &kept);
		put_cpus(&cpus, &kept);
		expect_str(row->row, vifs.text, row->vifs);
		expect_str(row->row, cpus.text, row->cpus);
		expect_int(row->row, kept.vifs[0].packets[SIDE_TX], row->packets);
		expect_int(row->row, kept.ns, seconds * (int64_t)SECOND);
		expect_int(row->row, kept.at_ns, 2 * SECOND);
	}
}

/* --- the watcher's file --------------------------------------------------------------------------
 */

static void written_and_read_again(void **state)
{
	_cleanup_(work_kept_free) struct work_kept kept = { .boot_id = "5674e575", .interval = 10 };
	_cleanup_(work_kept_free) struct work_kept again = { 0 };
	_cleanup_free_ char *text = NULL, *second = NULL;
	struct pen vifs = { 0 }, cpus = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(between("c0:0/0 c3:0/0 v1.0:0 q0/1 d0 g0 i0 q3/3 v2.7:0 q3/0 g0",
				 "c0:300/200 c3:9/5 v1.0:9 q0/1 d50 g60 i5 q3/3 v2.7:? q3/0 g5",
				 SECOND, &kept.work),
		0);
	text = work_format(&kept);
	assert_non_null(text);
	assert_int_equal(work_parse(text, strlen(text), &again, &err), 0);
	second = work_format(&again);
	assert_string_equal(second, text);
	assert_string_equal(again.boot_id, "5674e575");
	assert_int_equal(again.interval, 10);
	assert_int_equal(again.work.at_ns, 2 * SECOND);
	put_vifs(&vifs, &again.work);
	put_cpus(&cpus, &again.work);
	assert_string_equal(vifs.text, "1.0 250000/60000 -/- 2.7 -/5000");
	assert_string_equal(cpus.text, "0=300000/200000/0/255000 3=9000/5000/-/-");
}

#define HEAD  "{\"version\":1,\"boot_id\":\"a\",\"at_ns\":5,\"ns\":1,\"interval\":10,"
#define QUEUE "{\"queue\":0,\"tx\":1,\"rx\":-1,\"interrupts\":0}"
#define VIF(queues)                                                                                \
	"{\"domid\":1,\"devid\":0,\"tx_packets\":0,\"rx_packets\":0,\"tx_bytes\":0,\"rx_bytes\":"  \
	"0,"                                                                                       \
	"\"queues\":[" queues "]}"
#define CPU "{\"cpu\":3,\"busy\":1,\"softirq\":1,\"nic\":-1,\"sides\":1}"

static void texts_of_the_file(void **state)
{
	static const struct {
		const char *text, *why; /* NULL: it is one */
		int r;
	} texts[] = {
		{ HEAD "\"vifs\":[" VIF(QUEUE) "],\"cpus\":[" CPU "]}", NULL, 0 },
		{ HEAD "\"vifs\":[],\"cpus\":[],\"new\":true}", NULL, 0 },
		{ "", "it is not JSON: unexpected end of data", -EBADMSG },
		{ "[]", "it is not a JSON object", -EBADMSG },
		{ "{}", "\"version\" is missing", -EBADMSG },
		{ "{\"version\":2}", "has version 2, this vifpin knows 1", -ENOTSUP },
		{ "{\"version\":0}", "has version 0, this vifpin knows 1", -ENOTSUP },
		{ HEAD "\"cpus\":[]}", "\"vifs\" is missing", -EBADMSG },
		{ HEAD "\"vifs\":[]}", "\"cpus\" is missing", -EBADMSG },
		{ HEAD "\"vifs\":[],\"cpus\":[]} x", "it is not JSON: unexpected character",
			-EBADMSG },
		{ HEAD "\"vifs\":[],\"cpus\":[],\"cpus\":[]}", "a field appears twice", -EBADMSG },
		{ HEAD "\"vifs\":[" VIF("") "," VIF("") "],\"cpus\":[]}", "vif 1.0 appears twice",
			-EBADMSG },
		{ HEAD "\"vifs\":[" VIF(QUEUE "," QUEUE) "],\"cpus\":[]}",
			"\"queues\" has queue 0 where 1 belongs", -EBADMSG },
		{ HEAD "\"vifs\":[{}],\"cpus\":[]}", "\"domid\" is missing", -EBADMSG },
		{ HEAD "\"vifs\":[],\"cpus\":[{\"cpu\":8192}]}",
			"\"cpu\" is not between 0 and 8191", -EBADMSG },
		{ HEAD "\"vifs\":[],\"cpus\":[{\"cpu\":0,\"busy\":1000001}]}",
			"\"busy\" is not between -1 and 1000000", -EBADMSG },
		{ "{\"version\":1,\"boot_id\":\"a\",\"interval\":0}",
			"\"interval\" is not between 1 and 100000000", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct work_kept kept;
		struct err err = { "" };

		spoil(&kept, sizeof kept);
		expect_int(texts[i].text,
			work_parse(texts[i].text, strlen(texts[i].text), &kept, &err), texts[i].r);
		expect_str(texts[i].text, err.msg, texts[i].why ? texts[i].why : "");
		if (texts[i].r == 0)
			work_kept_free(&kept);
		else
			expect_true(texts[i].text, is_spoilt(&kept, sizeof kept));
	}
}

/* --- what placing needs of it --------------------------------------------------------------- */

static void load_written_and_read_again(void **state)
{
	static const char wanted[] =
		"{\"version\":1,\"boot_id\":\"5674e575\",\"at_ns\":7,\"interval\":10,"
		"\"tx_mean\":12,\"rx_mean\":34,\"cpus\":[{\"cpu\":0,\"besides\":5,"
		"\"tx_sides\":0,\"tx_share\":0,\"rx_sides\":0,\"rx_share\":0},"
		"{\"cpu\":8191,\"besides\":0,\"tx_sides\":3,\"tx_share\":3000000,"
		"\"rx_sides\":1,\"rx_share\":7}]}";
	_cleanup_(load_kept_free) struct load_kept kept = { 0 };
	_cleanup_free_ char *text = NULL;
	struct pen got = { .len = 0 };
	struct err err;

	(void)state;
	assert_int_equal(load_parse(wanted, strlen(wanted), &kept, &err), 0);
	assert_string_equal(kept.boot_id, "5674e575");
	assert_int_equal(kept.at_ns, 7);
	assert_int_equal(kept.interval, 10);
	assert_int_equal(kept.load.mean[SIDE_TX], 12);
	assert_int_equal(kept.load.mean[SIDE_RX], 34);
	assert_int_equal(kept.load.besides[0], 5);
	assert_int_equal(kept.load.sums[8191].sides[SIDE_TX], 3);
	assert_int_equal(kept.load.sums[8191].share[SIDE_TX], 3000000);
	assert_int_equal(kept.load.sums[8191].sides[SIDE_RX], 1);
	assert_int_equal(kept.load.sums[8191].share[SIDE_RX], 7);
	text = load_format(&kept);
	assert_non_null(text);
	for (const char *p = text; *p; p++) {
		if (!strchr(" \n", *p))
			put_down(&got, "%c", *p);
	}
	assert_string_equal(got.text, wanted);
}

#define LOAD_HEAD "{\"version\":1,\"boot_id\":\"a\",\"at_ns\":5,\"interval\":10,"
#define MEANS     "\"tx_mean\":0,\"rx_mean\":0"

static void texts_of_load(void **state)
{
	static const struct {
		const char *text, *why; /* NULL: it is one */
		int r;
	} texts[] = {
		{ LOAD_HEAD MEANS ",\"cpus\":[],\"new\":true}", NULL, 0 },
		{ "", "it is not JSON: unexpected end of data", -EBADMSG },
		{ "{\"version\":2}", "has version 2, this vifpin knows 1", -ENOTSUP },
		{ LOAD_HEAD "\"tx_mean\":0,\"cpus\":[]}", "\"rx_mean\" is missing", -EBADMSG },
		{ LOAD_HEAD MEANS "}", "\"cpus\" is missing", -EBADMSG },
		{ LOAD_HEAD "\"tx_mean\":-1,\"cpus\":[]}",
			"\"tx_mean\" is not between 0 and 1000000", -EBADMSG },
		{ LOAD_HEAD MEANS ",\"cpus\":[],\"tx_mean\":0}", "a field appears twice",
			-EBADMSG },
		{ LOAD_HEAD MEANS ",\"cpus\":[{\"cpu\":8192}]}",
			"\"cpu\" is not between 0 and 8191", -EBADMSG },
		{ LOAD_HEAD MEANS ",\"cpus\":[{\"cpu\":0,\"tx_sides\":2,\"besides\":-1}]}",
			"\"besides\" is not between 0 and 1000000", -EBADMSG },
		{ LOAD_HEAD MEANS ",\"cpus\":[{\"cpu\":0,\"tx_sides\":2,\"besides\":0,"
				  "\"tx_share\":2000001}]}",
			"\"tx_share\" is not between 0 and 2000000", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct load_kept kept;
		struct err err = { "" };

		spoil(&kept, sizeof kept);
		expect_int(texts[i].text,
			load_parse(texts[i].text, strlen(texts[i].text), &kept, &err), texts[i].r);
		expect_str(texts[i].text, err.msg, texts[i].why ? texts[i].why : "");
		if (texts[i].r == 0)
			load_kept_free(&kept);
		else
			expect_true(texts[i].text, is_spoilt(&kept, sizeof kept));
	}
}

int main(void)
{
	static const struct CMUnitTest work[] = {
		UNIT_TEST(between_two_readings),
		UNIT_TEST(no_time_has_passed),
		UNIT_TEST(rates_are_a_second),
		UNIT_TEST(what_is_not_there_is_unknown),
		UNIT_TEST(the_past_counts_less_and_less),
		UNIT_TEST(written_and_read_again),
		UNIT_TEST(texts_of_the_file),
		UNIT_TEST(load_written_and_read_again),
		UNIT_TEST(texts_of_load),
	};

	return cmocka_run_group_tests(work, NULL, NULL);
}
