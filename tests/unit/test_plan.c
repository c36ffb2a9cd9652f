// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "plan.h"
#include "util.h"

#include <errno.h>

#define MAX_QUEUES 16

/*
 * Places are written "TX/RX TX/RX ...", with "-" for CPU_NONE; loads as a list of CPUs, one
 * for each side that stands there.
 */
static int read_side(const char **p)
{
	unsigned long cpu = 0;

	if (**p == '-') {
		++*p;
		return CPU_NONE;
	}
	assert_true(parse_number(*p, p, CPUSET_MAX - 1, &cpu));
	return (int)cpu;
}

static unsigned int read_places(const char *text, struct place *places)
{
	unsigned int n = 0;

	for (const char *p = text; *p; p += *p == ' ') {
		assert_in_range(n, 0, MAX_QUEUES - 1);
		places[n].tx_cpu = read_side(&p);
		assert_int_equal(*p++, '/');
		places[n++].rx_cpu = read_side(&p);
	}
	return n;
}

static size_t write_side(char *buf, int cpu)
{
	return (size_t)(cpu == CPU_NONE ? sprintf(buf, "-") : sprintf(buf, "%d", cpu));
}

static void write_places(const struct place *places, unsigned int n, char *buf)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned int q = 0; q < n; q++) {
		len += (size_t)sprintf(buf + len, "%s", q ? " " : "");
		len += write_side(buf + len, places[q].tx_cpu);
		len += (size_t)sprintf(buf + len, "/");
		len += write_side(buf + len, places[q].rx_cpu);
	}
}

static void add_load(unsigned int *load, const struct place *places, unsigned int n)
{
	for (unsigned int q = 0; q < n; q++) {
		if (places[q].tx_cpu != CPU_NONE)
			load[places[q].tx_cpu]++;
		if (places[q].rx_cpu != CPU_NONE)
			load[places[q].rx_cpu]++;
	}
}

static void read_host(const char *allowed, const char *load, struct plan_host *host)
{
	memset(host, 0, sizeof *host);
	assert_int_equal(cpuset_parse_list(allowed, &host->rules.allowed), 0);
	for (const char *p = load; *p; p += *p == ' ')
		host->load[read_side(&p)]++;
}

/* --- the rules, one by one ------------------------------------------------------------------- */

static const struct plan_row {
	const char *row, *allowed, *load; /* load: of other vifs */
	const char *places, *remembered;
	const char *wanted; /* NULL: -ENODEV */
} plan_rows[] = {
	{ "an empty host", "0-3", "", "-/- -/- -/- -/-", "", "0/1 2/3 0/1 2/3" },
	{ "one queue", "0-3", "", "-/-", "", "0/1" },
	{ "no queue", "0-3", "", "", "", "" },
	{ "one CPU", "5", "", "-/- -/- -/-", "", "5/5 5/5 5/5" },
	{ "two CPUs", "0-1", "", "-/- -/- -/-", "", "0/1 0/1 0/1" },
	{ "three CPUs", "0-2", "", "-/- -/- -/-", "", "0/1 2/0 1/2" },
	{ "five CPUs", "0-4", "", "-/- -/- -/- -/-", "", "0/1 2/3 4/0 1/2" },
	{ "numbers with gaps", "3,7,64,8191", "", "-/- -/- -/-", "", "3/7 64/8191 3/7" },
	{ "more CPUs than sides", "0-255", "", "-/- -/-", "", "0/1 2/3" },

	{ "the second vif", "0-3", "0 1 2 3 0 1", "-/- -/-", "", "2/3 0/1" },
	{ "least loaded first", "0-3", "0 0 1 1 2 3 3", "-/-", "", "2/0" },
	{ "least loaded of all, not of the low", "0-3", "0 0 0 1 1 1 2 2 2", "-/- -/-", "",
		"3/0 3/1" },
	{ "load of a CPU that is not allowed", "1-2", "1", "-/-", "", "2/1" },
	{ "load weighs more than the own CPU", "0-3", "0 2 2 2 3 3 3", "1/0 -/-", "", "1/0 1/0" },
	{ "a CPU without this vif between equals", "0-3", "2 3", "0/1 -/-", "", "0/1 2/3" },
	{ "also when a later queue holds it", "0-3", "2 3", "-/- 0/1", "", "2/3 0/1" },
	{ "all equals hold this vif", "0-1", "", "0/1 -/-", "", "0/1 0/1" },

	{ "sides apart, against the load", "0-1", "0 0 0 0", "1/-", "", "1/0" },
	{ "only tx is missing", "0-1", "0 0 0 0", "-/1", "", "0/1" },
	{ "other side on a CPU not allowed", "2-3", "", "0/-", "", "0/2" },
	{ "other side on a CPU not allowed, one CPU", "2", "", "0/- -/0", "", "0/2 2/0" },
	{ "other side on the only CPU", "2", "", "2/- -/2", "", "2/2 2/2" },

	{ "placed stays", "0-3", "0 0 0", "0/1 2/3", "3/2 1/0", "0/1 2/3" },
	{ "placed badly stays", "0-3", "", "0/0 0/0 -/-", "", "0/0 0/0 1/2" },
	{ "placed on CPUs not allowed stays", "0-1", "", "6/7 -/-", "", "6/7 0/1" },
	{ "placed whole needs no CPU", "", "", "6/7 6/7", "", "6/7 6/7" },
	{ "nothing needs no CPU", "", "", "", "", "" },
	{ "no CPU", "", "", "-/-", "", NULL },
	{ "no CPU for one side", "", "", "0/1 2/-", "", NULL },

	{ "remembered", "0-3", "", "-/- -/-", "3/2 1/0", "3/2 1/0" },
	{ "remembered, one queue fewer", "0-3", "", "-/- -/-", "3/2", "3/2 0/1" },
	{ "remembered, one queue more", "0-3", "", "-/-", "3/2 1/0", "3/2" },
	{ "remembered CPU carries more", "0-3", "3", "-/-", "3/2", "0/2" },
	{ "remembered CPU carries as much as the others", "0-3", "0 1 2 3", "-/-", "3/2", "3/2" },
	{ "remembered CPU is not allowed", "0-1", "", "-/-", "3/2", "0/1" },
	{ "remembered only rx", "0-3", "", "-/-", "-/3", "0/3" },
	{ "remembered only tx", "0-3", "", "-/-", "3/-", "3/0" },
	{ "remembered both on one CPU", "0-3", "", "-/-", "2/2", "2/0" },
	{ "remembered tx is where rx is", "0-3", "", "-/2", "2/3", "0/2" },
	{ "remembered CPU holds this vif", "0-3", "", "-/- -/-", "3/2 3/2", "3/2 0/1" },
	{ "remembered for another queue", "0-3", "", "0/1 -/-", "2/3 3/2", "0/1 3/2" },
	{ "remembered from a larger host", "0-1", "", "-/- -/-", "4/5 0/1", "0/1 0/1" },
};

static void rules(void **state)
{
	static struct plan_host host, wanted_host;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plan_rows); i++) {
		const struct plan_row *row = &plan_rows[i];
		const char *wanted = row->wanted ? row->wanted : row->places;
		struct place places[MAX_QUEUES], remembered[MAX_QUEUES], after[MAX_QUEUES];
		unsigned int n_remembered = read_places(row->remembered, remembered);
		unsigned int n = read_places(row->places, places);
		char got[256];

		read_host(row->allowed, row->load, &host);
		wanted_host = host;
		add_load(host.load, places, n);
		add_load(wanted_host.load, after, read_places(wanted, after));

		expect_int(row->row, plan_vif(&host, places, n, remembered, n_remembered, NULL),
			row->wanted ? 0 : -ENODEV);
		write_places(places, n, got);
		expect_str(row->row, got, wanted);
		expect_int(row->row, memcmp(&host, &wanted_host, sizeof host), 0);
	}
}

/* --- what -N tells --------------------------------------------------------------------------- */

/*
 * Steps are written "tx 0 least 0(0) 1(2)" for each side placed, with "-LIST" behind it for what
 * each narrowing took away (a: apart, n: NIC, f: far) and "!" for one that was skipped.
 */
static const struct steps_row {
	const char *row, *allowed, *load, *nic_busy, *near;
	const char *cores; /* of CPUs 0, 1, ...: a digit each */
	const char *places, *remembered;
	const char *wanted;
} steps_rows[] = {
	{ "apart", "0-2", "", "", "", "", "-/-", "",
		"tx 0 number 0(0) 1(0) 2(0); rx 1 number 1(0) 2(0) a-0" },
	{ "apart skipped", "3", "", "", "", "", "-/-", "", "tx 3 only 3(0); rx 3 only 3(1) a!" },
	{ "NIC", "0-2", "1 2", "0", "", "", "-/-", "",
		"tx 0 load 0(0) 1(1) 2(1); rx 1 number 1(1) 2(1) a-0" },
	{ "NIC takes a CPU", "0-3", "0 2 3", "0", "", "", "-/-", "",
		"tx 1 load 1(0) 0(1) 2(1) 3(1); rx 2 number 2(1) 3(1) a-1 n-0" },
	{ "NIC skipped", "0-1", "0 1", "0-1", "", "", "-/-", "",
		"tx 0 number 0(1) 1(1); rx 1 only 1(1) a-0 n!" },
	{ "the last CPU without NIC is left to rx", "0-1", "0", "0", "", "", "-/-", "",
		"tx 0 only 0(1) a-1; rx 1 only 1(0) a-0" },
	{ "apart goes before NIC", "0-1", "0", "0", "", "", "1/-", "", "rx 0 only 0(1) a-1 n!" },
	{ "node", "0-3", "0 0 1 1", "", "0-1", "", "-/-", "",
		"tx 0 number 0(2) 1(2) f-2-3; rx 1 only 1(2) a-0 f-2-3" },
	{ "node skipped", "0-1", "", "", "2-3", "", "-/-", "",
		"tx 0 number 0(0) 1(0) f!; rx 1 only 1(0) a-0 f!" },
	{ "apart goes before node", "0-2", "", "", "1", "", "-/-", "",
		"tx 1 only 1(0) f-0,2; rx 0 number 0(0) 2(0) a-1 f!" },
	{ "NIC goes before node", "0-3", "1", "0-1", "0-1", "", "-/-", "",
		"tx 0 load 0(0) 1(1) f-2-3; rx 2 number 2(0) 3(0) a-0 n-1 f!" },
	{ "all at once", "0-7", "0 4 4", "0", "0-3", "", "-/-", "",
		"tx 1 number 1(0) 2(0) 3(0) 0(1) f-4-7; rx 2 number 2(0) 3(0) a-1 n-0 f-4-7" },
	{ "does not hold this vif", "0-3", "2 3", "", "", "", "0/1 -/-", "",
		"tx 2 number 2(1) 3(1) 0(1) 1(1); rx 3 spread 3(1) 0(1) 1(1) a-2" },
	{ "remembered", "0-3", "", "", "", "", "-/-", "2/0",
		"tx 2 remembered 2(0) 0(0) 1(0) 3(0); rx 0 remembered 0(0) 1(0) 3(0) a-2" },
	{ "an idle core", "0-3", "", "", "", "0011", "-/-", "",
		"tx 0 number 0(0) 1(0) 2(0) 3(0); rx 2 number 2(0) 3(0) 1(0) a-0" },
	{ "an idle core decides", "0-2", "", "", "", "001", "-/-", "",
		"tx 0 number 0(0) 1(0) 2(0); rx 2 core 2(0) 1(0) a-0" },
	{ "remembered goes before an idle core", "0-3", "", "", "", "0011", "-/-", "0/1",
		"tx 0 remembered 0(0) 1(0) 2(0) 3(0); rx 1 remembered 1(0) 2(0) 3(0) a-0" },
	{ "load goes before an idle core", "0-3", "2", "", "", "0011", "0/-", "",
		"rx 1 number 1(0) 3(0) 2(1) a-0" },
};

static void write_step(const struct plan_step *step, char *buf)
{
	static const char *const reasons[] = { [REASON_ONLY] = "only",
		[REASON_LOAD] = "load",
		[REASON_SPREAD] = "spread",
		[REASON_REMEMBERED] = "remembered",
		[REASON_CORE] = "core",
		[REASON_NUMBER] = "number" };
	const char *between = *buf ? "; " : "";
	char list[64];

	buf += strlen(buf);
	buf += sprintf(buf, "%s%s %u %s", between, step->rx ? "rx" : "tx", step->candidates[0].cpu,
		reasons[step->reason]);
	for (unsigned int i = 0; i < step->n_candidates; i++)
		buf += sprintf(buf, " %u(%u)", step->candidates[i].cpu, step->candidates[i].load);
	for (int i = 0; i < N_NARROWINGS; i++) {
		if (cpuset_format(&step->taken[i], list, sizeof list))
			buf += sprintf(buf, " %c-%s", "anf"[i], list);
		if (step->skipped[i])
			buf += sprintf(buf, " %c!", "anf"[i]);
	}
}

static void read_rules(const struct steps_row *row, int *cores, struct plan_host *host)
{
	read_host(row->allowed, row->load, host);
	assert_int_equal(cpuset_parse_list(row->nic_busy, &host->rules.nic_busy), 0);
	assert_int_equal(cpuset_parse_list(row->near, &host->rules.near), 0);
	host->n_cores = (unsigned int)strlen(row->cores);
	host->cores = *row->cores ? cores : NULL;
	for (unsigned int i = 0; i < host->n_cores; i++)
		cores[i] = row->cores[i] - '0';
}

static void narrowings_and_reasons(void **state)
{
	static struct plan_host host;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps_rows); i++) {
		const struct steps_row *row = &steps_rows[i];
		struct place places[MAX_QUEUES], remembered[MAX_QUEUES];
		unsigned int n_remembered = read_places(row->remembered, remembered);
		unsigned int n = read_places(row->places, places);
		struct plan_steps steps = { 0 };
		char got[512] = "";
		int cores[8];

		read_rules(row, cores, &host);
		add_load(host.load, places, n);
		expect_int(
			row->row, plan_vif(&host, places, n, remembered, n_remembered, &steps), 0);
		for (size_t j = 0; j < steps.n; j++)
			write_step(&steps.v[j], got);
		expect_str(row->row, got, row->wanted);
		plan_steps_free(&steps);
	}
}

/* --- NIC-busy CPUs ---------------------------------------------------------------------------- */

static void nic_busy(void **state)
{
	static const struct {
		const char *row, *allowed;
		unsigned int irqs[4];
		unsigned long long counts[4];
		const char *busy, *busy_without_counts;
	} rows[] = {
		{ "no NIC", "0-3", { 0 }, { 9, 0, 0, 0 }, "", "" },
		{ "one CPU", "0-3", { 0, 1, 0, 0 }, { 0 }, "1", "1" },
		{ "delivered goes before counted", "0-3", { 0, 1, 0, 0 }, { 9, 0, 0, 0 }, "1",
			"1" },
		{ "three CPUs", "0-3", { 2, 1, 0, 4 }, { 0 }, "0-1,3", "0-1,3" },
		{ "all, even", "0-3", { 1, 1, 1, 1 }, { 5, 5, 5, 5 }, "", "" },
		{ "all, nothing has come", "0-3", { 1, 1, 1, 1 }, { 0 }, "", "" },
		{ "all, twice the mean", "0-3", { 1, 1, 1, 1 }, { 8, 4, 4, 0 }, "", "" },
		{ "all, more than twice the mean", "0-3", { 1, 1, 1, 1 }, { 9, 4, 3, 0 }, "0", "" },
		{ "all of those allowed", "1-2", { 0, 1, 1, 0 }, { 90, 1, 0, 0 }, "", "" },
		{ "others are not allowed", "0-1", { 0, 0, 1, 1 }, { 0 }, "", "" },
		{ "no CPU", "", { 1, 1, 1, 1 }, { 1, 2, 3, 4 }, "", "" },
	};
	static unsigned int irqs[CPUSET_MAX];
	static unsigned long long counts[CPUSET_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cpuset allowed, busy;
		char list[64];

		assert_int_equal(cpuset_parse_list(rows[i].allowed, &allowed), 0);
		memcpy(irqs, rows[i].irqs, sizeof rows[i].irqs);
		memcpy(counts, rows[i].counts, sizeof rows[i].counts);
		plan_nic_busy(&allowed, irqs, counts, &busy);
		cpuset_format(&busy, list, sizeof list);
		expect_str(rows[i].row, list, rows[i].busy);
		plan_nic_busy(&allowed, irqs, NULL, &busy);
		cpuset_format(&busy, list, sizeof list);
		expect_str(rows[i].row, list, rows[i].busy_without_counts);
	}
}

/* --- a vif's life ---------------------------------------------------------------------------- */

static void take_off(struct plan_host *host, const struct place *places, unsigned int n)
{
	for (unsigned int q = 0; q < n; q++) {
		host->load[places[q].tx_cpu]--;
		host->load[places[q].rx_cpu]--;
	}
}

static void plan_anew(
	struct plan_host *host, struct place *places, unsigned int n, const char *wanted)
{
	char got[256];

	assert_int_equal(plan_vif(host, places, n, NULL, 0, NULL), 0);
	write_places(places, n, got);
	assert_string_equal(got, wanted);
}

/* A vif comes with four queues, shrinks to two, and grows again when others have come. */
static void trim_and_grow(void **state)
{
	static struct plan_host host;
	struct place a[MAX_QUEUES], b[MAX_QUEUES], c[MAX_QUEUES];

	(void)state;
	read_host("0-3", "", &host);
	plan_anew(&host, a, read_places("-/- -/- -/- -/-", a), "0/1 2/3 0/1 2/3");
	take_off(&host, a + 2, 2);
	plan_anew(&host, a, 2, "0/1 2/3");
	plan_anew(&host, b, read_places("-/-", b), "0/1");
	read_places("-/- -/-", a + 2);
	plan_anew(&host, a, 4, "0/1 2/3 2/3 0/1");
	plan_anew(&host, c, read_places("-/-", c), "2/3");
}

/* Created, destroyed and created again, a guest has the same CPUs. */
static void same_again(void **state)
{
	static struct plan_host host;
	struct place a[MAX_QUEUES], b[MAX_QUEUES], again[MAX_QUEUES];
	char got[256];

	(void)state;
	read_host("0-3", "", &host);
	plan_anew(&host, a, read_places("-/-", a), "0/1");
	plan_anew(&host, b, read_places("-/-", b), "2/3");
	take_off(&host, a, 1);
	take_off(&host, b, 1);
	read_places("-/-", again);
	assert_int_equal(plan_vif(&host, again, 1, b, 1, NULL), 0);
	write_places(again, 1, got);
	assert_string_equal(got, "2/3");
}

/* --- any host -------------------------------------------------------------------------------- */

#define MAX_CPUS 256

/* So many CPUs of any numbers: close together, or all over. */
static void random_allowed(struct random *random, unsigned int n, struct cpuset *allowed)
{
	unsigned int span = random_below(random, 2) ? n + random_below(random, n + 1) : CPUSET_MAX;
	unsigned int first = random_below(random, CPUSET_MAX - span + 1);

	cpuset_zero(allowed);
	while (cpuset_count(allowed) < n)
		cpuset_add(allowed, first + random_below(random, span));
}

static unsigned int random_cpu_count(struct random *random)
{
	return 1 + random_below(random, random_below(random, 8) ? 12 : MAX_CPUS);
}

static void expect_even(const char *row, const struct plan_host *host)
{
	unsigned int low = UINT32_MAX, high = 0;

	cpuset_for_each (cpu, &host->rules.allowed) {
		low = host->load[cpu] < low ? host->load[cpu] : low;
		high = host->load[cpu] > high ? host->load[cpu] : high;
	}
	expect_true(row, high - low <= 1);
}

static void expect_apart(
	const char *row, const struct plan_host *host, const struct place *places, unsigned int n)
{
	bool one_cpu = cpuset_count(&host->rules.allowed) == 1;

	for (unsigned int q = 0; q < n; q++) {
		expect_true(row, cpuset_has(&host->rules.allowed, (unsigned int)places[q].tx_cpu));
		expect_true(row, cpuset_has(&host->rules.allowed, (unsigned int)places[q].rx_cpu));
		expect_int(row, places[q].tx_cpu == places[q].rx_cpu, one_cpu);
	}
}

static void unplaced(struct place *places, unsigned int n)
{
	for (unsigned int q = 0; q < n; q++)
		places[q] = (struct place){ CPU_NONE, CPU_NONE };
}

/* A vif comes, perhaps with what is remembered of another time. */
static void let_vif_come(struct random *random, const char *row, struct plan_host *host)
{
	unsigned int n = 1 + random_below(random, 8);
	struct place places[8], remembered[8];

	unplaced(places, n);
	for (unsigned int q = 0; q < n; q++)
		remembered[q] = (struct place){ (int)random_below(random, CPUSET_MAX),
			cpuset_next(&host->rules.allowed, random_below(random, CPUSET_MAX)) };
	expect_int(row,
		plan_vif(host, places, n, remembered, random_below(random, 2) ? n : 0, NULL), 0);
	expect_apart(row, host, places, n);
	expect_even(row, host);
}

/*
 * However many vifs come to an empty host, no CPU carries more than one side more than another.
 * A million vifs, on hosts of 1 to 256 CPUs.
 */
static void arrivals_stay_even(void **state)
{
	struct random random = random_start("arrivals_stay_even");
	unsigned long cases = env_number("CASES", 1000000);
	static struct plan_host host;
	unsigned int left = 0, cpus = 0;

	(void)state;
	for (unsigned long i = 0; i < cases && !wrong_rows; i++) {
		char row[64];

		if (!left--) {
			left = random_below(&random, 40);
			cpus = random_cpu_count(&random);
			memset(&host, 0, sizeof host);
			random_allowed(&random, cpus, &host.rules.allowed);
		}
		snprintf(row, sizeof row, "case %lu, %u CPUs", i, cpus);
		let_vif_come(&random, row, &host);
	}
}

/*
 * The first seed's host (seed-hosts): 8 CPUs, a physical NIC's interrupts on 2 of them. No rx side
 * goes there, and the others' loads are even to one side.
 */
static void seed_host(void **state)
{
	struct random random = random_start("seed_host");
	unsigned long cases = env_number("CASES", 20000) / 2;
	static struct plan_host host, others;

	(void)state;
	for (unsigned long i = 0; i < cases && !wrong_rows; i++) {
		unsigned int vifs = 1 + random_below(&random, 20);
		char row[64];

		snprintf(row, sizeof row, "sequence %lu", i);
		read_host("0-7", "2 5", &host);
		host.rules.nic_busy = host.rules.allowed;
		assert_int_equal(cpuset_parse_list("2,5", &host.rules.nic_busy), 0);
		while (vifs--) {
			unsigned int n = 1 + random_below(&random, 8);
			struct place places[8];

			unplaced(places, n);
			expect_int(row, plan_vif(&host, places, n, NULL, 0, NULL), 0);
			expect_apart(row, &host, places, n);
			for (unsigned int q = 0; q < n; q++)
				expect_true(row, places[q].rx_cpu != 2 && places[q].rx_cpu != 5);
			others = host;
			assert_int_equal(
				cpuset_parse_list("0-1,3-4,6-7", &others.rules.allowed), 0);
			expect_even(row, &others);
		}
	}
}

/* --- against the rules of plan.h, written down as filters ------------------------------------ */

/* Keeps of the candidates those that `keep` wants, unless that leaves none. */
static void narrow(struct cpuset *candidates, const struct cpuset *keep)
{
	struct cpuset left = *candidates;

	cpuset_and(&left, keep);
	if (cpuset_count(&left))
		*candidates = left;
}

static struct cpuset all_but(int cpu)
{
	struct cpuset set;

	memset(&set, 0xff, sizeof set);
	if (cpu != CPU_NONE)
		cpuset_remove(&set, (unsigned int)cpu);
	return set;
}

static struct cpuset without_vif(const struct place *places, unsigned int n)
{
	struct cpuset set = all_but(CPU_NONE);

	for (unsigned int q = 0; q < n; q++) {
		if (places[q].tx_cpu != CPU_NONE)
			cpuset_remove(&set, (unsigned int)places[q].tx_cpu);
		if (places[q].rx_cpu != CPU_NONE)
			cpuset_remove(&set, (unsigned int)places[q].rx_cpu);
	}
	return set;
}

static struct cpuset least_loaded(const struct plan_host *host, const struct cpuset *candidates)
{
	unsigned int least = UINT32_MAX;
	struct cpuset set;

	cpuset_zero(&set);
	cpuset_for_each (cpu, candidates) {
		if (host->load[cpu] < least) {
			least = host->load[cpu];
			cpuset_zero(&set);
		}
		if (host->load[cpu] == least)
			cpuset_add(&set, (unsigned int)cpu);
	}
	return set;
}

static struct cpuset without(const struct cpuset *what)
{
	struct cpuset set = all_but(CPU_NONE);

	cpuset_for_each (cpu, what)
		cpuset_remove(&set, (unsigned int)cpu);
	return set;
}

/* What the queue's other side takes away, or would have to have. */
static struct cpuset left_by_other(const struct plan_host *host, bool rx, int other)
{
	struct cpuset quiet = host->rules.allowed, keep = without(&host->rules.nic_busy);

	if (other != CPU_NONE || rx || !cpuset_count(&host->rules.nic_busy))
		return all_but(other);
	cpuset_and(&quiet, &keep);
	return all_but(cpuset_single(&quiet));
}

static struct cpuset on_idle_cores(const struct plan_host *host)
{
	struct cpuset set = host->rules.allowed;

	cpuset_for_each (cpu, &host->rules.allowed) {
		int core = (unsigned int)cpu < host->n_cores ? host->cores[cpu] : -1;
		bool used = host->load[cpu];

		for (unsigned int i = 0; core >= 0 && i < host->n_cores; i++)
			used |= host->cores[i] == core && host->load[i];
		if (used)
			cpuset_remove(&set, (unsigned int)cpu);
	}
	return set;
}

static void rule_side(struct plan_host *host, const struct place *places, unsigned int n, int *side,
	bool rx, int other, int remembered)
{
	struct cpuset candidates = host->rules.allowed;
	struct cpuset keep = left_by_other(host, rx, other);

	if (*side != CPU_NONE)
		return;
	narrow(&candidates, &keep);
	keep = without(&host->rules.nic_busy);
	if (rx)
		narrow(&candidates, &keep);
	narrow(&candidates, &host->rules.near);
	keep = least_loaded(host, &candidates);
	narrow(&candidates, &keep);
	keep = without_vif(places, n);
	narrow(&candidates, &keep);
	if (remembered != CPU_NONE && cpuset_has(&candidates, (unsigned int)remembered)) {
		cpuset_zero(&keep);
		cpuset_add(&keep, (unsigned int)remembered);
		narrow(&candidates, &keep);
	}
	if (host->cores) {
		keep = on_idle_cores(host);
		narrow(&candidates, &keep);
	}
	if (remembered != CPU_NONE && cpuset_has(&candidates, (unsigned int)remembered))
		*side = remembered;
	else
		*side = cpuset_next(&candidates, 0);
	host->load[*side]++;
}

static void rule_vif(struct plan_host *host, struct place *places, unsigned int n,
	const struct place *remembered, unsigned int n_remembered)
{
	for (unsigned int q = 0; q < n; q++) {
		struct place old = { CPU_NONE, CPU_NONE };
		struct place *place = &places[q];

		if (q < n_remembered)
			old = remembered[q];
		rule_side(host, places, n, &place->tx_cpu, false, place->rx_cpu, old.tx_cpu);
		rule_side(host, places, n, &place->rx_cpu, true, place->tx_cpu, old.rx_cpu);
	}
}

/* A side somewhere on the allowed CPUs, rarely beside them, or nowhere. */
static int random_side(struct random *random, const struct cpuset *allowed)
{
	switch (random_below(random, 8)) {
	case 0:
		return (int)random_below(random, CPUSET_MAX);
	case 1:
	case 2:
	case 3:
		return cpuset_next(allowed, random_below(random, CPUSET_MAX));
	default:
		return CPU_NONE;
	}
}

static unsigned int random_places(
	struct random *random, const struct cpuset *allowed, struct place *places)
{
	unsigned int n = random_below(random, 9);

	for (unsigned int q = 0; q < n; q++) {
		places[q].tx_cpu = random_side(random, allowed);
		places[q].rx_cpu = random_side(random, allowed);
	}
	return n;
}

/* Loads are from 0 to 3, so that there are many equals. */
static void random_host(struct random *random, unsigned int cpus, struct plan_host *host)
{
	unsigned int max = 1 + random_below(random, 4);

	memset(host, 0, sizeof *host);
	random_allowed(random, cpus, &host->rules.allowed);
	cpuset_for_each (cpu, &host->rules.allowed)
		host->load[cpu] = random_below(random, max);
}

/* About a third of the allowed CPUs, often none. */
static void random_third(struct random *random, const struct cpuset *allowed, struct cpuset *set)
{
	cpuset_zero(set);
	if (random_below(random, 2))
		return;
	cpuset_for_each (cpu, allowed) {
		if (!random_below(random, 3))
			cpuset_add(set, (unsigned int)cpu);
	}
}

/* NICs, nodes and cores, each on some hosts only. */
static void random_rules(struct random *random, struct plan_host *host)
{
	static int cores[CPUSET_MAX];

	random_third(random, &host->rules.allowed, &host->rules.nic_busy);
	random_third(random, &host->rules.allowed, &host->rules.near);
	if (random_below(random, 4))
		return;
	host->cores = cores;
	host->n_cores = 2 + random_below(random, 40);
	for (unsigned int cpu = 0; cpu < host->n_cores; cpu++)
		cores[cpu] = (int)random_below(random, host->n_cores / 2) - 1;
}

static void follows_the_rules(void **state)
{
	struct random random = random_start("follows_the_rules");
	unsigned long cases = env_number("CASES", 20000);
	static struct plan_host host, wanted_host;

	(void)state;
	for (unsigned long i = 0; i < cases && !wrong_rows; i++) {
		unsigned int cpus = random_cpu_count(&random), n, n_remembered;
		struct place places[8], wanted[8], remembered[8];
		char row[64], got[128], text[128];

		snprintf(row, sizeof row, "case %lu, %u CPUs", i, cpus);
		random_host(&random, cpus, &host);
		random_rules(&random, &host);
		n = random_places(&random, &host.rules.allowed, places);
		n_remembered = random_places(&random, &host.rules.allowed, remembered);
		add_load(host.load, places, n);
		memcpy(wanted, places, sizeof wanted);
		wanted_host = host;
		rule_vif(&wanted_host, wanted, n, remembered, n_remembered);

		expect_int(row, plan_vif(&host, places, n, remembered, n_remembered, NULL), 0);
		write_places(places, n, got);
		write_places(wanted, n, text);
		expect_str(row, got, text);
		expect_int(row, memcmp(&host, &wanted_host, sizeof host), 0);
	}
}

int main(void)
{
	static const struct CMUnitTest plan[] = {
		UNIT_TEST(rules),
		UNIT_TEST(narrowings_and_reasons),
		UNIT_TEST(nic_busy),
		UNIT_TEST(trim_and_grow),
		UNIT_TEST(same_again),
		UNIT_TEST(arrivals_stay_even),
		UNIT_TEST(seed_host),
		UNIT_TEST(follows_the_rules),
	};

	return cmocka_run_group_tests(plan, NULL, NULL);
}
