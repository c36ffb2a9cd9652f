// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "plan.h"
#include "util.h"
#include "work_text.h"

#include <errno.h>

#define MAX_QUEUES 16

/* A host, with all that plan_vif() wants to know of it. */
struct host {
	struct rules rules;
	const int *cores;
	unsigned int n_cores;
	struct cpu_load load[CPUSET_MAX];
	const struct measured_load *measured; /* NULL: the number of sides counts */
};

static struct plan_input input_of(struct host *host)
{
	return (struct plan_input){
		.rules = &host->rules,
		.cores = host->cores,
		.n_cores = host->n_cores,
		.load = host->load,
		.measured = host->measured,
	};
}

/*
 * Places are written "TX/RX TX/RX ...", with "-" for CPU_NONE. Interrupts of NICs are written
 * as a list of CPUs, one for each. A text that a row leaves out is empty.
 */
static const char *text_of(const char *text)
{
	return text ? text : "";
}

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

	for (const char *p = text_of(text); *p; p += *p == ' ') {
		assert_in_range(n, 0, MAX_QUEUES - 1);
		places[n].cpu[SIDE_TX] = read_side(&p);
		assert_int_equal(*p++, '/');
		places[n++].cpu[SIDE_RX] = read_side(&p);
	}
	return n;
}

static size_t write_side(char *buf, int cpu)
{
	return (size_t)(cpu == CPU_NONE ? sprintf(buf, "-") : sprintf(buf, "%d", cpu));
}

static void format_places(const struct place *places, unsigned int n, char *buf)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned int q = 0; q < n; q++) {
		len += (size_t)sprintf(buf + len, "%s", q ? " " : "");
		len += write_side(buf + len, places[q].cpu[SIDE_TX]);
		len += (size_t)sprintf(buf + len, "/");
		len += write_side(buf + len, places[q].cpu[SIDE_RX]);
	}
}

static void read_list(const char *list, struct cpuset *set)
{
	assert_int_equal(cpuset_parse_list(text_of(list), set), 0);
}

static void read_host(const char *allowed, const char *load, struct host *host)
{
	memset(host, 0, sizeof *host);
	read_list(allowed, &host->rules.allowed);
	for (const char *p = text_of(load); *p; p += *p == ' ')
		host->load[read_side(&p)].nic++;
}

/* --- the rules, one by one ------------------------------------------------------------------- */

static const struct plan_row {
	const char *name, *allowed;
	const char *load;   /* of NIC interrupts */
	const char *others; /* places of other vifs */
	const char *places, *remembered;
	const char *wanted; /* left out: the places as they are */
	int error;
} plan_rows[] = {
	{ .name = "an empty host",
		.allowed = "0-3",
		.places = "-/- -/- -/- -/-",
		.wanted = "0/1 2/3 1/0 3/2" },
	{ .name = "one queue", .allowed = "0-3", .places = "-/-", .wanted = "0/1" },
	{ .name = "no queue", .allowed = "0-3" },
	{ .name = "one CPU", .allowed = "5", .places = "-/- -/- -/-", .wanted = "5/5 5/5 5/5" },
	{ .name = "two CPUs", .allowed = "0-1", .places = "-/- -/- -/-", .wanted = "0/1 1/0 0/1" },
	{ .name = "three CPUs",
		.allowed = "0-2",
		.places = "-/- -/- -/-",
		.wanted = "0/1 2/0 1/2" },
	{ .name = "five CPUs",
		.allowed = "0-4",
		.places = "-/- -/- -/- -/-",
		.wanted = "0/1 2/3 4/0 1/2" },
	{ .name = "numbers with gaps",
		.allowed = "3,7,64,8191",
		.places = "-/- -/- -/-",
		.wanted = "3/7 64/8191 7/3" },
	{ .name = "more CPUs than sides",
		.allowed = "0-255",
		.places = "-/- -/-",
		.wanted = "0/1 2/3" },

	{ .name = "the second vif",
		.allowed = "0-3",
		.load = "0 1 2 3 0 1",
		.places = "-/- -/-",
		.wanted = "2/3 0/1" },
	{ .name = "least loaded first",
		.allowed = "0-3",
		.load = "0 0 1 1 2 3 3",
		.places = "-/-",
		.wanted = "2/0" },
	{ .name = "least loaded of all, not of the low",
		.allowed = "0-3",
		.load = "0 0 0 1 1 1 2 2 2",
		.places = "-/- -/-",
		.wanted = "3/0 3/1" },
	{ .name = "load of a CPU that is not allowed",
		.allowed = "1-2",
		.load = "1",
		.places = "-/-",
		.wanted = "2/1" },
	{ .name = "load weighs more than the own CPU",
		.allowed = "0-3",
		.load = "0 2 2 2 3 3 3",
		.places = "1/0 -/-",
		.wanted = "1/0 1/0" },
	{ .name = "a CPU without this vif between equals",
		.allowed = "0-3",
		.load = "2 3",
		.places = "0/1 -/-",
		.wanted = "0/1 2/3" },
	{ .name = "also when a later queue holds it",
		.allowed = "0-3",
		.load = "2 3",
		.places = "-/- 0/1",
		.wanted = "2/3 0/1" },
	{ .name = "all equals hold this vif",
		.allowed = "0-1",
		.places = "0/1 -/-",
		.wanted = "0/1 1/0" },

	{ .name = "fewer sides of the same direction between equals",
		.allowed = "0-3",
		.others = "0/1 2/3",
		.places = "-/-",
		.wanted = "1/0" },
	{ .name = "load goes before direction",
		.allowed = "0-3",
		.load = "1 3",
		.others = "0/1 2/3",
		.places = "-/-",
		.wanted = "0/2" },
	{ .name = "direction goes before a CPU without this vif",
		.allowed = "0-3",
		.others = "2/- 3/-",
		.places = "0/1 -/-",
		.wanted = "0/1 1/2" },
	{ .name = "direction goes before the remembered CPU",
		.allowed = "0-3",
		.others = "0/1 2/3",
		.places = "-/-",
		.remembered = "0/2",
		.wanted = "1/2" },
	{ .name = "NIC interrupts have no direction",
		.allowed = "0-3",
		.load = "1 3",
		.others = "0/- 2/-",
		.places = "-/-",
		.wanted = "1/0" },

	{ .name = "sides apart, against the load",
		.allowed = "0-1",
		.load = "0 0 0 0",
		.places = "1/-",
		.wanted = "1/0" },
	{ .name = "only tx is missing",
		.allowed = "0-1",
		.load = "0 0 0 0",
		.places = "-/1",
		.wanted = "0/1" },
	{ .name = "other side on a CPU not allowed",
		.allowed = "2-3",
		.places = "0/-",
		.wanted = "0/2" },
	{ .name = "other side on a CPU not allowed, one CPU",
		.allowed = "2",
		.places = "0/- -/0",
		.wanted = "0/2 2/0" },
	{ .name = "other side on the only CPU",
		.allowed = "2",
		.places = "2/- -/2",
		.wanted = "2/2 2/2" },

	{ .name = "placed stays",
		.allowed = "0-3",
		.load = "0 0 0",
		.places = "0/1 2/3",
		.remembered = "3/2 1/0" },
	{ .name = "placed badly stays",
		.allowed = "0-3",
		.places = "0/0 0/0 -/-",
		.wanted = "0/0 0/0 1/2" },
	{ .name = "placed on CPUs not allowed stays",
		.allowed = "0-1",
		.places = "6/7 -/-",
		.wanted = "6/7 0/1" },
	{ .name = "placed whole needs no CPU", .places = "6/7 6/7" },
	{ .name = "nothing needs no CPU" },
	{ .name = "no CPU", .places = "-/-", .error = -ENODEV },
	{ .name = "no CPU for one side", .places = "0/1 2/-", .error = -ENODEV },

	{ .name = "remembered",
		.allowed = "0-3",
		.places = "-/- -/-",
		.remembered = "3/2 1/0",
		.wanted = "3/2 1/0" },
	{ .name = "remembered, one queue fewer",
		.allowed = "0-3",
		.places = "-/- -/-",
		.remembered = "3/2",
		.wanted = "3/2 0/1" },
	{ .name = "remembered, one queue more",
		.allowed = "0-3",
		.places = "-/-",
		.remembered = "3/2 1/0",
		.wanted = "3/2" },
	{ .name = "remembered CPU carries more",
		.allowed = "0-3",
		.load = "3",
		.places = "-/-",
		.remembered = "3/2",
		.wanted = "0/2" },
	{ .name = "remembered CPU carries as much as the others",
		.allowed = "0-3",
		.load = "0 1 2 3",
		.places = "-/-",
		.remembered = "3/2",
		.wanted = "3/2" },
	{ .name = "remembered CPU is not allowed",
		.allowed = "0-1",
		.places = "-/-",
		.remembered = "3/2",
		.wanted = "0/1" },
	{ .name = "remembered only rx",
		.allowed = "0-3",
		.places = "-/-",
		.remembered = "-/3",
		.wanted = "0/3" },
	{ .name = "remembered only tx",
		.allowed = "0-3",
		.places = "-/-",
		.remembered = "3/-",
		.wanted = "3/0" },
	{ .name = "remembered both on one CPU",
		.allowed = "0-3",
		.places = "-/-",
		.remembered = "2/2",
		.wanted = "2/0" },
	{ .name = "remembered tx is where rx is",
		.allowed = "0-3",
		.places = "-/2",
		.remembered = "2/3",
		.wanted = "0/2" },
	{ .name = "remembered CPU holds this vif",
		.allowed = "0-3",
		.places = "-/- -/-",
		.remembered = "3/2 3/2",
		.wanted = "3/2 0/1" },
	{ .name = "remembered for another queue",
		.allowed = "0-3",
		.places = "0/1 -/-",
		.remembered = "2/3 3/2",
		.wanted = "0/1 3/2" },
	{ .name = "remembered from a larger host",
		.allowed = "0-1",
		.places = "-/- -/-",
		.remembered = "4/5 1/0",
		.wanted = "0/1 1/0" },
};

static void check_row(const struct plan_row *row)
{
	static struct host host, wanted_host;
	const char *wanted = row->wanted ? row->wanted : text_of(row->places);
	struct place places[MAX_QUEUES], remembered[MAX_QUEUES], more[MAX_QUEUES];
	unsigned int n_remembered = read_places(row->remembered, remembered);
	unsigned int n = read_places(row->places, places);
	struct plan_input input = input_of(&host);
	char got[256];

	read_host(row->allowed, row->load, &host);
	load_add(host.load, more, read_places(row->others, more));
	wanted_host = host;
	load_add(host.load, places, n);
	load_add(wanted_host.load, more, read_places(wanted, more));

	expect_int(
		row->name, plan_vif(&input, places, n, remembered, n_remembered, NULL), row->error);
	format_places(places, n, got);
	expect_str(row->name, got, wanted);
	expect_int(row->name, memcmp(&host, &wanted_host, sizeof host), 0);
}

static void rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plan_rows); i++)
		check_row(&plan_rows[i]);
}

/* --- what -N tells --------------------------------------------------------------------------- */

/*
 * Steps are written "tx 0 least 0(0) 1(2)" for each side placed, or "0(120,0)" with the measured
 * load in thousandths of a CPU, with "-LIST" behind it for what each rule took away (a: apart, n:
 * NIC, f: far) and "!" for one that was skipped.
 */
static const struct steps_row {
	const char *name, *allowed, *load, *others, *nic_busy, *near;
	const char *cores;    /* of CPUs 0, 1, ...: a digit each */
	const char *measured; /* left out: the number of sides counts */
	int mean, rx_mean;    /* in thousandths of a CPU; rx_mean left out: the same */
	const char *places, *remembered;
	const char *wanted;
} steps_rows[] = {
	{ .name = "apart",
		.allowed = "0-2",
		.places = "-/-",
		.wanted = "tx 0 number 0(0) 1(0) 2(0); rx 1 number 1(0) 2(0) a-0" },
	{ .name = "apart skipped",
		.allowed = "3",
		.places = "-/-",
		.wanted = "tx 3 only 3(0); rx 3 only 3(1) a!" },
	{ .name = "NIC",
		.allowed = "0-2",
		.load = "1 2",
		.nic_busy = "0",
		.places = "-/-",
		.wanted = "tx 0 load 0(0) 1(1) 2(1); rx 1 number 1(1) 2(1) a-0" },
	{ .name = "NIC takes a CPU",
		.allowed = "0-3",
		.load = "0 2 3",
		.nic_busy = "0",
		.places = "-/-",
		.wanted = "tx 1 load 1(0) 0(1) 2(1) 3(1); rx 2 number 2(1) 3(1) a-1 n-0" },
	{ .name = "NIC skipped",
		.allowed = "0-1",
		.load = "0 1",
		.nic_busy = "0-1",
		.places = "-/-",
		.wanted = "tx 0 number 0(1) 1(1); rx 1 only 1(1) a-0 n!" },
	{ .name = "the last CPU without NIC is left to rx",
		.allowed = "0-1",
		.load = "0",
		.nic_busy = "0",
		.places = "-/-",
		.wanted = "tx 0 only 0(1) a-1; rx 1 only 1(0) a-0" },
	{ .name = "apart goes before NIC",
		.allowed = "0-1",
		.load = "0",
		.nic_busy = "0",
		.places = "1/-",
		.wanted = "rx 0 only 0(1) a-1 n!" },
	{ .name = "node",
		.allowed = "0-3",
		.load = "0 0 1 1",
		.near = "0-1",
		.places = "-/-",
		.wanted = "tx 0 number 0(2) 1(2) f-2-3; rx 1 only 1(2) a-0 f-2-3" },
	{ .name = "node skipped",
		.allowed = "0-1",
		.near = "2-3",
		.places = "-/-",
		.wanted = "tx 0 number 0(0) 1(0) f!; rx 1 only 1(0) a-0 f!" },
	{ .name = "apart goes before node",
		.allowed = "0-2",
		.near = "1",
		.places = "-/-",
		.wanted = "tx 1 only 1(0) f-0,2; rx 0 number 0(0) 2(0) a-1 f!" },
	{ .name = "NIC goes before node",
		.allowed = "0-3",
		.load = "1",
		.nic_busy = "0-1",
		.near = "0-1",
		.places = "-/-",
		.wanted = "tx 0 load 0(0) 1(1) f-2-3; rx 2 number 2(0) 3(0) a-0 n-1 f!" },
	{ .name = "all at once",
		.allowed = "0-7",
		.load = "0 4 4",
		.nic_busy = "0",
		.near = "0-3",
		.places = "-/-",
		.wanted = "tx 1 number 1(0) 2(0) 3(0) 0(1) f-4-7; rx 2 number 2(0) 3(0) a-1 n-0 "
			  "f-4-7" },
	{ .name = "does not hold this vif",
		.allowed = "0-3",
		.load = "2 3",
		.places = "0/1 -/-",
		.wanted = "tx 2 number 2(1) 3(1) 1(1) 0(1); rx 3 spread 3(1) 0(1) 1(1) a-2" },
	{ .name = "fewer sides of the same direction",
		.allowed = "0-1",
		.others = "0/1",
		.places = "-/-",
		.wanted = "tx 1 direction 1(1) 0(1); rx 0 only 0(1) a-1" },
	{ .name = "fewer rx sides, against all else but load",
		.allowed = "0-3",
		.others = "-/2 -/3",
		.load = "1",
		.cores = "0123",
		.places = "0/-",
		.remembered = "-/3",
		.wanted = "rx 1 direction 1(1) 3(1) 2(1) a-0" },
	{ .name = "remembered",
		.allowed = "0-3",
		.places = "-/-",
		.remembered = "2/0",
		.wanted =
			"tx 2 remembered 2(0) 0(0) 1(0) 3(0); rx 0 remembered 0(0) 1(0) 3(0) a-2" },
	{ .name = "an idle core",
		.allowed = "0-3",
		.cores = "0011",
		.places = "-/-",
		.wanted = "tx 0 number 0(0) 1(0) 2(0) 3(0); rx 2 number 2(0) 3(0) 1(0) a-0" },
	{ .name = "an idle core decides",
		.allowed = "0-2",
		.cores = "001",
		.places = "-/-",
		.wanted = "tx 0 number 0(0) 1(0) 2(0); rx 2 core 2(0) 1(0) a-0" },
	{ .name = "remembered goes before an idle core",
		.allowed = "0-3",
		.cores = "0011",
		.places = "-/-",
		.remembered = "0/1",
		.wanted =
			"tx 0 remembered 0(0) 1(0) 2(0) 3(0); rx 1 remembered 1(0) 2(0) 3(0) a-0" },
	{ .name = "by measure, whatever stands there",
		.allowed = "0-2",
		.others = "0/0 0/0 1/2",
		.measured = "0:0+20/2+20/2 1:0+300/1 2:200+0/0+0/1",
		.mean = 85,
		.places = "-/-",
		.wanted = "tx 0 measured 0(40,4) 2(200,1) 1(300,1); "
			  "rx 2 measured 2(200,1) 1(300,1) a-0" },
	{ .name = "what a CPU is busy with besides counts, and NICs do by that",
		.allowed = "0-1",
		.load = "0 0 0",
		.measured = "0:20+0/0 1:50+0/0",
		.mean = 10,
		.places = "-/-",
		.wanted = "tx 0 measured 0(20,3) 1(50,0); rx 1 only 1(50,0) a-0" },
	{ .name = "a hundredth of a CPU is no difference: the number decides",
		.allowed = "0-2",
		.others = "0/0 1/-",
		.measured = "0:0+50/1+50/1 1:0+110/1 2:0+111/0",
		.mean = 70,
		.places = "-/-",
		.wanted = "tx 1 sides 1(110,1) 0(100,2) 2(111,0); "
			  "rx 0 measured 0(100,2) 2(111,0) a-1" },
	{ .name = "and so does the direction, and the rest",
		.allowed = "0-3",
		.others = "0/1 2/-",
		.measured = "0:10+0/1 1:0+0/0+9/1 2:5+0/1 3:5+0/0",
		.mean = 5,
		.places = "-/-",
		.remembered = "3/0",
		.wanted = "tx 3 sides 3(5,0) 1(9,1) 0(10,1) 2(5,1); "
			  "rx 0 remembered 0(10,1) 2(5,1) 1(9,1) a-3" },
	{ .name = "each that is placed counts as the mean: a burst is spread",
		.allowed = "0-3",
		.measured = "0:0+0/0 1:30+0/0 2:65+0/0 3:115+0/0",
		.mean = 50,
		.places = "-/- -/- -/-",
		.wanted = "tx 0 measured 0(0,0) 1(30,0) 2(65,0) 3(115,0); "
			  "rx 1 measured 1(30,0) 2(65,0) 3(115,0) a-0; "
			  "tx 0 measured 0(50,1) 2(65,0) 1(80,1) 3(115,0); "
			  "rx 2 measured 2(65,0) 1(80,1) 3(115,0) a-0; "
			  "tx 1 measured 1(80,1) 0(100,2) 3(115,0) 2(115,1); "
			  "rx 0 measured 0(100,2) 3(115,0) 2(115,1) a-1" },
	{ .name = "each counts as the mean of its direction",
		.allowed = "0-2",
		.measured = "0:0+0/0 1:40+0/0 2:70+0/0",
		.mean = 50,
		.rx_mean = 20,
		.places = "-/- -/-",
		.wanted = "tx 0 measured 0(0,0) 1(40,0) 2(70,0); "
			  "tx 1 direction 1(40,0) 0(50,1) 2(70,0); "
			  "rx 2 measured 2(70,0) 1(90,1) a-0; "
			  "rx 0 measured 0(50,1) 2(90,1) a-1" },
	{ .name = "the side that costs more goes first",
		.allowed = "0-2",
		.measured = "0:0+0/0 1:40+0/0 2:70+0/0",
		.mean = 20,
		.rx_mean = 50,
		.places = "-/-",
		.wanted = "rx 0 measured 0(0,0) 1(40,0) 2(70,0); "
			  "tx 1 measured 1(40,0) 2(70,0) a-0" },
	{ .name = "where traffic goes one way, the number of its sides goes first",
		.allowed = "0-2",
		.others = "0/- -/1 -/1 2/-",
		.measured = "0:5+0/1 1:0+0/0+9/2 2:1+0/1",
		.mean = 90,
		.rx_mean = 40,
		.places = "-/-",
		.wanted = "tx 1 direction 1(9,2) 0(5,1) 2(1,1); "
			  "rx 0 number 0(5,1) 2(1,1) a-1" },
	{ .name = "twice as much is not one way yet",
		.allowed = "0-2",
		.others = "0/- -/1 -/1 2/-",
		.measured = "0:5+0/1 1:0+0/0+9/2 2:1+0/1",
		.mean = 80,
		.rx_mean = 40,
		.places = "-/-",
		.wanted = "tx 0 number 0(5,1) 2(1,1) 1(9,2); rx 2 sides 2(1,1) 1(9,2) a-0" },
	{ .name = "one that has come since counts as the mean, one that has gone as those there",
		.allowed = "0-2",
		.others = "0/- 0/- 0/1 2/-",
		.measured = "0:0+100/2 1:0+0/0+400/4 2:0+200/1",
		.mean = 20,
		.places = "-/-",
		.wanted = "tx 1 measured 1(100,1) 0(120,3) 2(200,1); "
			  "rx 0 measured 0(120,3) 2(200,1) a-1" },
	{ .name = "all that have cost something have gone",
		.allowed = "0-1",
		.measured = "0:5+900/9 1:0+0/0",
		.mean = 20,
		.places = "-/-",
		.wanted = "tx 0 number 0(5,0) 1(0,0); rx 1 only 1(0,0) a-0" },
	{ .name = "a CPU that nothing has been measured of is idle",
		.allowed = "0,7",
		.measured = "0:20+0/0",
		.mean = 20,
		.places = "-/-",
		.wanted = "tx 7 measured 7(0,0) 0(20,0); rx 0 only 0(20,0) a-7" },
	{ .name = "rules go before what is measured",
		.allowed = "0-2",
		.nic_busy = "0",
		.near = "0,2",
		.measured = "0:0+0/0 1:100+0/0 2:500+0/0",
		.mean = 20,
		.places = "-/-",
		.wanted = "tx 0 measured 0(0,0) 2(500,0) f-1; rx 2 only 2(500,0) a-0 f-1" },
	{ .name = "load goes before an idle core",
		.allowed = "0-3",
		.load = "2",
		.cores = "0011",
		.places = "0/-",
		.wanted = "rx 1 number 1(0) 3(0) 2(1) a-0" },
};

static void write_step(const struct plan_step *step, char *buf)
{
	static const char *const reasons[REASON_COUNT] = {
		[REASON_ONLY] = "only",
		[REASON_MEASURED] = "measured",
		[REASON_LOAD] = "load",
		[REASON_SIDES] = "sides",
		[REASON_DIRECTION] = "direction",
		[REASON_SPREAD] = "spread",
		[REASON_REMEMBERED] = "remembered",
		[REASON_CORE] = "core",
		[REASON_NUMBER] = "number",
	};
	static const char letters[RULE_COUNT] = {
		[RULE_ALLOWED] = '?', /* is never seen */
		[RULE_APART] = 'a',
		[RULE_NIC] = 'n',
		[RULE_ISOLATED] = 'i',
		[RULE_NODE] = 'f',
	};
	const char *between = *buf ? "; " : "";
	char list[64];

	buf += strlen(buf);
	buf += sprintf(buf, "%s%s %u %s", between, side_name(step->side), step->candidates[0].cpu,
		reasons[step->reason]);
	for (unsigned int i = 0; i < step->n_candidates; i++) {
		const struct plan_candidate *candidate = &step->candidates[i];

		buf += sprintf(buf, " %u(", candidate->cpu);
		if (candidate->measured != WORK_UNKNOWN)
			buf += sprintf(buf, "%lld,", candidate->measured / (WORK_WHOLE / 1000));
		buf += sprintf(buf, "%u)", load_total(&candidate->load));
	}
	for (enum rule rule = 0; rule < RULE_COUNT; rule++) {
		if (cpuset_format(&step->taken[rule], list, sizeof list))
			buf += sprintf(buf, " %c-%s", letters[rule], list);
		if (step->skipped[rule])
			buf += sprintf(buf, " %c!", letters[rule]);
	}
}

static void read_rules(const struct steps_row *row, int *cores, struct host *host)
{
	const char *text = text_of(row->cores);

	read_host(row->allowed, row->load, host);
	read_list(row->nic_busy, &host->rules.nic_busy);
	read_list(row->near, &host->rules.near);
	host->n_cores = (unsigned int)strlen(text);
	host->cores = *text ? cores : NULL;
	for (unsigned int i = 0; i < host->n_cores; i++)
		cores[i] = text[i] - '0';
}

static void check_steps(const struct steps_row *row)
{
	static struct host host;
	struct place places[MAX_QUEUES], remembered[MAX_QUEUES], others[MAX_QUEUES];
	unsigned int n_remembered = read_places(row->remembered, remembered);
	unsigned int n = read_places(row->places, places);
	struct plan_steps steps = { 0 };
	struct measured_load measured;
	struct plan_input input;
	char got[512] = "";
	int cores[8];

	read_rules(row, cores, &host);
	load_add(host.load, others, read_places(row->others, others));
	load_add(host.load, places, n);
	input = input_of(&host);
	read_measured_load(row->measured, row->mean, &measured);
	if (row->rx_mean)
		measured.mean[SIDE_RX] = row->rx_mean * (WORK_WHOLE / 1000);
	if (row->measured)
		input.measured = &measured;
	expect_int(row->name, plan_vif(&input, places, n, remembered, n_remembered, &steps), 0);
	measured_load_free(&measured);
	for (size_t i = 0; i < steps.n; i++)
		write_step(&steps.v[i], got);
	expect_str(row->name, got, row->wanted);
	plan_steps_free(&steps);
}

static void narrowings_and_reasons(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps_rows); i++)
		check_steps(&steps_rows[i]);
}

static void every_reason_has_its_words(void **state)
{
	static const char *const texts[REASON_COUNT][SIDE_COUNT] = {
		[REASON_ONLY] = { "the only one of", "the only one of" },
		[REASON_MEASURED] = { "the least loaded, as measured, of",
			"the least loaded, as measured, of" },
		[REASON_LOAD] = { "the least loaded of", "the least loaded of" },
		[REASON_SIDES] = { "least loaded, and fewer sides and NIC interrupts, of",
			"least loaded, and fewer sides and NIC interrupts, of" },
		[REASON_DIRECTION] = { "least loaded, and fewer tx sides, of",
			"least loaded, and fewer rx sides, of" },
		[REASON_SPREAD] = { "least loaded, and does not hold this vif yet, of",
			"least loaded, and does not hold this vif yet, of" },
		[REASON_REMEMBERED] = { "least loaded, and this side's CPU before, of",
			"least loaded, and this side's CPU before, of" },
		[REASON_CORE] = { "least loaded, and nothing is on its core, of",
			"least loaded, and nothing is on its core, of" },
		[REASON_NUMBER] = { "least loaded, and the lowest number, of",
			"least loaded, and the lowest number, of" },
	};

	(void)state;
	for (enum plan_reason reason = 0; reason < REASON_COUNT; reason++) {
		for (enum side side = 0; side < SIDE_COUNT; side++)
			assert_string_equal(plan_reason_text(reason, side), texts[reason][side]);
	}
}

/* --- every rule ------------------------------------------------------------------------------ */

/*
 * A host on which a side of a vif would break the rule on CPU 0 and on no other. There must be
 * one for every rule.
 */
static const struct filter_row {
	const char *allowed, *nic_busy, *isolated, *near, *places;
} filter_rows[RULE_COUNT] = {
	[RULE_ALLOWED] = { .allowed = "1-2", .places = "3/-" },
	[RULE_APART] = { .allowed = "0-2", .places = "0/-" },
	[RULE_NIC] = { .allowed = "0-2", .nic_busy = "0", .places = "3/-" },
	[RULE_ISOLATED] = { .allowed = "0-2", .isolated = "0", .places = "3/-" },
	[RULE_NODE] = { .allowed = "0-2", .near = "1-2", .places = "3/-" },
};

/* CPU 0 carries least, and is taken only where nothing else is left. */
static void check_filter(enum rule rule, const char *name, bool only_cpu)
{
	static struct host host;
	const struct filter_row *row = &filter_rows[rule];
	struct plan_input input = input_of(&host);
	struct plan_steps steps = { 0 };
	struct place place;

	read_host(only_cpu ? "0" : row->allowed, "1 2", &host);
	read_list(row->nic_busy, &host.rules.nic_busy);
	read_list(row->isolated, &host.rules.isolated);
	read_list(row->near, &host.rules.near);
	read_places(row->places, &place);
	expect_int(name, plan_vif(&input, &place, 1, NULL, 0, &steps), 0);
	expect_int(name, place.cpu[SIDE_RX], only_cpu ? 0 : 1);
	expect_int(name, steps.n, 1);
	expect_int(name, cpuset_has(&steps.v[0].taken[rule], 0), !only_cpu && rule != RULE_ALLOWED);
	expect_int(name, steps.v[0].skipped[rule], only_cpu && rule != RULE_ALLOWED);
	plan_steps_free(&steps);
}

static void every_rule_filters(void **state)
{
	(void)state;
	for (enum rule rule = 0; rule < RULE_COUNT; rule++) {
		char name[32];

		snprintf(name, sizeof name, "rule %d", (int)rule);
		assert_non_null(filter_rows[rule].places);
		check_filter(rule, name, false);
		check_filter(rule, name, true);
	}
}

/* --- a vif's life ---------------------------------------------------------------------------- */

static void plan_anew(struct host *host, struct place *places, unsigned int n, const char *wanted)
{
	struct plan_input input = input_of(host);
	char got[256];

	assert_int_equal(plan_vif(&input, places, n, NULL, 0, NULL), 0);
	format_places(places, n, got);
	assert_string_equal(got, wanted);
}

/* A vif comes with four queues, shrinks to two, and grows again when others have come. */
static void trim_and_grow(void **state)
{
	static struct host host;
	struct place a[MAX_QUEUES], b[MAX_QUEUES], c[MAX_QUEUES];

	(void)state;
	read_host("0-3", "", &host);
	plan_anew(&host, a, read_places("-/- -/- -/- -/-", a), "0/1 2/3 1/0 3/2");
	load_remove(host.load, a + 2, 2);
	plan_anew(&host, a, 2, "0/1 2/3");
	plan_anew(&host, b, read_places("-/-", b), "1/0");
	read_places("-/- -/-", a + 2);
	plan_anew(&host, a, 4, "0/1 2/3 3/2 0/1");
	plan_anew(&host, c, read_places("-/-", c), "2/3");
}

/* Created, destroyed and created again, a guest has the same CPUs. */
static void same_again(void **state)
{
	static struct host host;
	struct place a[MAX_QUEUES], b[MAX_QUEUES], again[MAX_QUEUES];
	struct plan_input input = input_of(&host);
	char got[256];

	(void)state;
	read_host("0-3", "", &host);
	plan_anew(&host, a, read_places("-/-", a), "0/1");
	plan_anew(&host, b, read_places("-/-", b), "2/3");
	load_remove(host.load, a, 1);
	load_remove(host.load, b, 1);
	read_places("-/-", again);
	assert_int_equal(plan_vif(&input, again, 1, b, 1, NULL), 0);
	format_places(again, 1, got);
	assert_string_equal(got, "2/3");
}

/* --- any host -------------------------------------------------------------------------------- */

#define MAX_CPUS 256

/* So many CPUs of any numbers: close together, or all over. */
static void random_allowed(struct random *random, unsigned int n, struct cpuset *allowed)
{
	unsigned int span = random_below(random, 2) ? n + random_below(random, n + 1) : CPUSET_MAX;
	unsigned int first = random_below(random, CPUSET_MAX - span + 1);

	*allowed = (struct cpuset){ 0 };
	while (cpuset_count(allowed) < n)
		cpuset_add(allowed, first + random_below(random, span));
}

static unsigned int random_cpu_count(struct random *random)
{
	return 1 + random_below(random, random_below(random, 8) ? 12 : MAX_CPUS);
}

static void expect_even(const char *row, const struct cpu_load *load, const struct cpuset *cpus)
{
	struct load_spread spread = load_spread(load, cpus);

	expect_true(row, spread.most - spread.least <= 1);
	for (enum side side = 0; side < SIDE_COUNT; side++)
		expect_true(row, spread.most_sides[side] - spread.least_sides[side] <= 1);
}

static void expect_apart(
	const char *row, const struct rules *rules, const struct place *places, unsigned int n)
{
	bool one_cpu = cpuset_count(&rules->allowed) == 1;

	for (unsigned int q = 0; q < n; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++)
			expect_true(row,
				cpuset_has(&rules->allowed, (unsigned int)places[q].cpu[side]));
		expect_int(row, places[q].cpu[SIDE_TX] == places[q].cpu[SIDE_RX], one_cpu);
	}
}

static void unplaced(struct place *places, unsigned int n)
{
	for (unsigned int q = 0; q < n; q++)
		places[q] = PLACE_NONE;
}

/* A vif comes, perhaps with what is remembered of another time. */
static void let_vif_come(struct random *random, const char *row, struct host *host)
{
	unsigned int n = 1 + random_below(random, 8);
	struct plan_input input = input_of(host);
	struct place places[8], remembered[8];

	unplaced(places, n);
	for (unsigned int q = 0; q < n; q++)
		remembered[q] = (struct place){ { (int)random_below(random, CPUSET_MAX),
			cpuset_next(&host->rules.allowed, random_below(random, CPUSET_MAX)) } };
	expect_int(row,
		plan_vif(&input, places, n, remembered, random_below(random, 2) ? n : 0, NULL), 0);
	expect_apart(row, &host->rules, places, n);
	expect_even(row, host->load, &host->rules.allowed);
}

/*
 * However many vifs come to an empty host, no CPU carries more than one side more than another,
 * nor more than one tx side or rx side more. A million vifs, on hosts of 1 to 256 CPUs.
 */
static void arrivals_stay_even(void **state)
{
	struct random random = random_start("arrivals_stay_even");
	unsigned long cases = env_number("CASES", 1000000);
	unsigned int left = 0, cpus = 0;
	static struct host host;
	struct cpuset counts;

	(void)state;
	counts = (struct cpuset){ 0 };
	for (unsigned long i = 0; i < cases && !wrong_rows; i++) {
		char row[64];

		if (!left--) {
			left = random_below(&random, 40);
			cpus = random_cpu_count(&random);
			cpuset_add(&counts, cpus);
			memset(&host, 0, sizeof host);
			random_allowed(&random, cpus, &host.rules.allowed);
		}
		snprintf(row, sizeof row, "case %lu, %u CPUs", i, cpus);
		let_vif_come(&random, row, &host);
	}
	if (cases >= 1000000 && !wrong_rows)
		expect_int("numbers of CPUs", cpuset_count(&counts), MAX_CPUS);
}

/*
 * What each vif adds to a host where nothing else is measured is the mean, and nothing else keeps
 * its CPUs busy: by measure they stay as even as by number.
 */
static void arrivals_stay_even_by_measure(void **state)
{
	struct random random = random_start("arrivals_stay_even_by_measure");
	static struct host host;

	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		struct measured_load measured;
		char row[64];

		memset(&host, 0, sizeof host);
		random_allowed(&random, random_cpu_count(&random), &host.rules.allowed);
		read_measured_load("", 1 + (int)random_below(&random, 100), &measured);
		host.measured = &measured;
		snprintf(row, sizeof row, "host %u, mean %d", i, measured.mean[SIDE_TX]);
		for (unsigned int vifs = 0; vifs < 40; vifs++)
			let_vif_come(&random, row, &host);
		measured_load_free(&measured);
	}
}

static void let_vif_come_to_seed_host(struct random *random, const char *row,
	const struct plan_input *input, const struct cpuset *others)
{
	unsigned int n = 1 + random_below(random, 8);
	struct place places[8];

	unplaced(places, n);
	expect_int(row, plan_vif(input, places, n, NULL, 0, NULL), 0);
	expect_apart(row, input->rules, places, n);
	for (unsigned int q = 0; q < n; q++)
		expect_true(row, cpuset_has(others, (unsigned int)places[q].cpu[SIDE_RX]));
	expect_even(row, input->load, others);
}

/*
 * The first seed's host (seed-hosts): 8 CPUs, a physical NIC's interrupts on 2 of them. No rx side
 * goes there, and the others' loads are even to one side.
 */
static void seed_host(void **state)
{
	struct random random = random_start("seed_host");
	unsigned long cases = env_number("CASES", 20000) / 2;
	static struct host host;
	struct plan_input input = input_of(&host);

	(void)state;
	for (unsigned long i = 0; i < cases && !wrong_rows; i++) {
		unsigned int vifs = 1 + random_below(&random, 20);
		struct cpuset others;
		char row[64];

		snprintf(row, sizeof row, "sequence %lu", i);
		read_host("0-7", "2 5", &host);
		read_list("2,5", &host.rules.nic_busy);
		read_list("0-1,3-4,6-7", &others);
		while (vifs--)
			let_vif_come_to_seed_host(&random, row, &input, &others);
	}
}

/* --- against the rules of plan.h, written down as filters ------------------------------------ */

/* Keeps of the candidates those that `keep` wants, unless that leaves none. */
static void filter_candidates(struct cpuset *candidates, const struct cpuset *keep)
{
	struct cpuset left = *candidates;

	cpuset_and(&left, keep);
	if (cpuset_count(&left))
		*candidates = left;
}

static void take(struct cpuset *set, unsigned int cpu)
{
	struct cpuset one;

	one = (struct cpuset){ 0 };
	cpuset_add(&one, cpu);
	cpuset_subtract(set, &one);
}

static struct cpuset all_but(int cpu)
{
	struct cpuset set;

	memset(&set, 0xff, sizeof set);
	if (cpu != CPU_NONE)
		take(&set, (unsigned int)cpu);
	return set;
}

static struct cpuset without_vif(const struct place *places, unsigned int n)
{
	struct cpuset set = all_but(CPU_NONE);

	for (unsigned int q = 0; q < n; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			if (places[q].cpu[side] != CPU_NONE)
				take(&set, (unsigned int)places[q].cpu[side]);
		}
	}
	return set;
}

/* The candidates that carry least, of all or, unless it is SIDE_COUNT, of one direction. */
static struct cpuset least_loaded(
	const struct host *host, const struct cpuset *candidates, enum side side)
{
	unsigned int least = UINT32_MAX;
	struct cpuset set;

	set = (struct cpuset){ 0 };
	cpuset_for_each (cpu, candidates) {
		const struct cpu_load *all = &host->load[cpu];
		unsigned int load = side == SIDE_COUNT ? load_total(all) : all->sides[side];

		if (load < least) {
			least = load;
			set = (struct cpuset){ 0 };
		}
		if (load == least)
			cpuset_add(&set, (unsigned int)cpu);
	}
	return set;
}

static struct cpuset without(const struct cpuset *what)
{
	struct cpuset set = all_but(CPU_NONE);

	cpuset_for_each (cpu, what)
		take(&set, (unsigned int)cpu);
	return set;
}

/* What the queue's other side takes away, or would have to have. */
static struct cpuset left_by_other(const struct host *host, enum side side, int other)
{
	struct cpuset quiet = host->rules.allowed, keep = without(&host->rules.nic_busy);

	if (other != CPU_NONE || side == SIDE_RX || !cpuset_count(&host->rules.nic_busy))
		return all_but(other);
	cpuset_and(&quiet, &keep);
	return all_but(cpuset_single(&quiet));
}

static struct cpuset on_idle_cores(const struct host *host)
{
	struct cpuset set = host->rules.allowed;

	cpuset_for_each (cpu, &host->rules.allowed) {
		int core = (unsigned int)cpu < host->n_cores ? host->cores[cpu] : -1;
		bool used = load_total(&host->load[cpu]);

		for (unsigned int i = 0; core >= 0 && i < host->n_cores; i++)
			used |= host->cores[i] == core && load_total(&host->load[i]);
		if (used)
			take(&set, (unsigned int)cpu);
	}
	return set;
}

static int rule_side(const struct host *host, enum side side, int other,
	const struct cpuset *without_own, int remembered)
{
	struct cpuset candidates = host->rules.allowed;
	struct cpuset keep = left_by_other(host, side, other);

	filter_candidates(&candidates, &keep);
	keep = without(&host->rules.nic_busy);
	if (side == SIDE_RX)
		filter_candidates(&candidates, &keep);
	filter_candidates(&candidates, &host->rules.near);
	keep = least_loaded(host, &candidates, SIDE_COUNT);
	filter_candidates(&candidates, &keep);
	keep = least_loaded(host, &candidates, side);
	filter_candidates(&candidates, &keep);
	filter_candidates(&candidates, without_own);
	if (remembered != CPU_NONE && cpuset_has(&candidates, (unsigned int)remembered))
		return remembered;
	if (host->cores) {
		keep = on_idle_cores(host);
		filter_candidates(&candidates, &keep);
	}
	return cpuset_next(&candidates, 0);
}

static void rule_vif(struct host *host, struct place *places, unsigned int n,
	const struct place *remembered, unsigned int n_remembered)
{
	for (unsigned int i = 0; i < SIDE_COUNT * n; i++) {
		unsigned int q = i / SIDE_COUNT;
		enum side side = i % SIDE_COUNT;
		struct place old = q < n_remembered ? remembered[q] : PLACE_NONE;
		struct cpuset others = without_vif(places, n);

		if (places[q].cpu[side] != CPU_NONE)
			continue;
		places[q].cpu[side] = rule_side(
			host, side, places[q].cpu[other_side(side)], &others, old.cpu[side]);
		host->load[places[q].cpu[side]].sides[side]++;
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
		for (enum side side = 0; side < SIDE_COUNT; side++)
			places[q].cpu[side] = random_side(random, allowed);
	}
	return n;
}

/* Loads are small, so that there are many equals. */
static void random_host(struct random *random, unsigned int cpus, struct host *host)
{
	unsigned int max = 1 + random_below(random, 4);

	memset(host, 0, sizeof *host);
	random_allowed(random, cpus, &host->rules.allowed);
	cpuset_for_each (cpu, &host->rules.allowed) {
		host->load[cpu].nic = random_below(random, max);
		for (enum side side = 0; side < SIDE_COUNT; side++)
			host->load[cpu].sides[side] = random_below(random, 2);
	}
}

/* About a third of the allowed CPUs, often none. */
static void random_third(struct random *random, const struct cpuset *allowed, struct cpuset *set)
{
	*set = (struct cpuset){ 0 };
	if (random_below(random, 2))
		return;
	cpuset_for_each (cpu, allowed) {
		if (!random_below(random, 3))
			cpuset_add(set, (unsigned int)cpu);
	}
}

/* NICs, nodes and cores, each on some hosts only. */
static void random_rules(struct random *random, struct host *host)
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

static void follow_the_rules(struct random *random, const char *row, struct host *host)
{
	static struct host wanted_host;
	struct place places[8], wanted[8], remembered[8];
	struct plan_input input = input_of(host);
	unsigned int n, n_remembered;
	char got[128], text[128];

	n = random_places(random, &host->rules.allowed, places);
	n_remembered = random_places(random, &host->rules.allowed, remembered);
	load_add(host->load, places, n);
	memcpy(wanted, places, sizeof wanted);
	wanted_host = *host;
	rule_vif(&wanted_host, wanted, n, remembered, n_remembered);

	expect_int(row, plan_vif(&input, places, n, remembered, n_remembered, NULL), 0);
	format_places(places, n, got);
	format_places(wanted, n, text);
	expect_str(row, got, text);
	expect_int(row, memcmp(host, &wanted_host, sizeof *host), 0);
}

static void follows_the_rules(void **state)
{
	struct random random = random_start("follows_the_rules");
	unsigned long cases = env_number("CASES", 20000);
	static struct host host;

	(void)state;
	for (unsigned long i = 0; i < cases && !wrong_rows; i++) {
		unsigned int cpus = random_cpu_count(&random);
		char row[64];

		snprintf(row, sizeof row, "case %lu, %u CPUs", i, cpus);
		random_host(&random, cpus, &host);
		random_rules(&random, &host);
		follow_the_rules(&random, row, &host);
	}
}

int main(void)
{
	static const struct CMUnitTest plan[] = {
		UNIT_TEST(rules),
		UNIT_TEST(narrowings_and_reasons),
		UNIT_TEST(every_reason_has_its_words),
		UNIT_TEST(every_rule_filters),
		UNIT_TEST(trim_and_grow),
		UNIT_TEST(same_again),
		UNIT_TEST(arrivals_stay_even),
		UNIT_TEST(arrivals_stay_even_by_measure),
		UNIT_TEST(seed_host),
		UNIT_TEST(follows_the_rules),
	};

	return cmocka_run_group_tests(plan, NULL, NULL);
}
