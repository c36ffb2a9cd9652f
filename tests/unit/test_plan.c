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

/* Vifs come to an empty host, some with what is remembered of another time. */
static void let_vifs_come(struct random *random, const char *row, struct plan_host *host)
{
	unsigned int vifs = 1 + random_below(random, 20);
	unsigned int sides = 0, sum = 0;

	for (unsigned int i = 0; i < vifs; i++) {
		unsigned int n = 1 + random_below(random, 8);
		struct place places[8], remembered[8];

		unplaced(places, n);
		for (unsigned int q = 0; q < n; q++)
			remembered[q] = (struct place){ (int)random_below(random, CPUSET_MAX),
				cpuset_next(
					&host->rules.allowed, random_below(random, CPUSET_MAX)) };
		expect_int(row,
			plan_vif(
				host, places, n, remembered, random_below(random, 2) ? n : 0, NULL),
			0);
		expect_apart(row, host, places, n);
		expect_even(row, host);
		sides += 2 * n;
	}
	for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++)
		sum += host->load[cpu];
	expect_int(row, sum, sides);
}

/* However many come to an empty host, no CPU carries more than one side more than another. */
static void arrivals_stay_even(void **state)
{
	struct random random = random_start("arrivals_stay_even");
	unsigned long cases = env_number("CASES", 20000);
	static struct plan_host host;

	(void)state;
	for (unsigned long i = 0; i < cases && !wrong_rows; i++) {
		unsigned int cpus = random_cpu_count(&random);
		char row[64];

		snprintf(row, sizeof row, "case %lu, %u CPUs", i, cpus);
		memset(&host, 0, sizeof host);
		random_allowed(&random, cpus, &host.rules.allowed);
		let_vifs_come(&random, row, &host);
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

static void rule_side(struct plan_host *host, const struct place *places, unsigned int n, int *side,
	int other, int remembered)
{
	struct cpuset candidates = host->rules.allowed;
	struct cpuset keep = all_but(other);

	if (*side != CPU_NONE)
		return;
	narrow(&candidates, &keep);
	keep = least_loaded(host, &candidates);
	narrow(&candidates, &keep);
	keep = without_vif(places, n);
	narrow(&candidates, &keep);
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
		rule_side(host, places, n, &place->tx_cpu, place->rx_cpu, old.tx_cpu);
		rule_side(host, places, n, &place->rx_cpu, place->tx_cpu, old.rx_cpu);
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
		UNIT_TEST(trim_and_grow),
		UNIT_TEST(same_again),
		UNIT_TEST(arrivals_stay_even),
		UNIT_TEST(follows_the_rules),
	};

	return cmocka_run_group_tests(plan, NULL, NULL);
}
