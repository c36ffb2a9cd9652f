// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "interrupts.h"
#include "util.h"
#include "vifname.h"

#include <errno.h>

#define CENTOS6 "centos6-domu.interrupts"
#define CENTOS7 "centos7-domu.interrupts"
#define FEDORA  "fedora26-domu.interrupts"
#define DOM0_48 "fedora26-dom0-xen4.8-linux4.13.interrupts"
#define DOM0_61 "debian12-dom0-xen4.17-linux6.1.interrupts"

/* Writes "IRQ ACTION" for each interrupt, separated by "; ". */
static int describe(unsigned int irq, const char *action, size_t len, void *data)
{
	struct pen *got = data;

	put_down(got, "%s%u %.*s", got->len ? "; " : "", irq, (int)len, action);
	return 0;
}

/* Writes what is in `text`, in pieces: each line by itself. */
static void parse_lines(const char *text, struct pen *got)
{
	for (size_t len; *text; text += len) {
		_cleanup_free_ char *line = NULL;

		len = strcspn(text, "\n");
		len += text[len] == '\n';
		line = exact_copy(text, len);
		assert_int_equal(interrupts_parse(line, describe, got), 0);
	}
}

/* Expects exactly these interrupts in `text`, as a whole and in pieces; NULL: it has no header. */
static void check_table(const char *row, const char *text, const char *wanted)
{
	_cleanup_free_ char *copy = exact_copy(text, strlen(text));
	struct pen got = { .len = 0 }, pieces = { .len = 0 };

	expect_int(row, interrupts_has_header(copy), wanted != NULL);
	expect_int(row, interrupts_parse(copy, describe, &got), 0);
	if (wanted)
		expect_str(row, got.text, wanted);
	parse_lines(text, &pieces);
	expect_str(row, pieces.text, got.text);
}

static void recorded_tables(void **state)
{
	static const struct {
		const char *file, *interrupts;
	} rows[] = {
		{ CENTOS6,
			"272 eth1; 273 eth0; 274 blkif; 275 blkif; 276 hvc_console; 277 xenbus" },
		{ CENTOS7, "30 xenbus; 31 hvc_console; "
			   "32 eth0-q0-tx; 33 eth0-q0-rx; 34 eth0-q1-tx; 35 eth0-q1-rx; "
			   "36 eth1-q0-tx; 37 eth1-q0-rx; 38 eth1-q1-tx; 39 eth1-q1-rx; "
			   "40 blkif; 41 blkif" },
		{ FEDORA, "12 xenbus; 13 hvc_console; 14 blkif; 15 blkif; 16 blkif; 17 blkif; "
			  "18 eth0-q0-tx; 19 eth0-q0-rx; 20 eth0-q1-tx; 21 eth0-q1-rx" },
		{ DOM0_48, "241 vif26.0-q0-tx; 242 vif26.0-q0-rx; "
			   "243 vif26.0-q1-tx; 244 vif26.0-q1-rx; "
			   "245 vif26.1-q0-tx; 246 vif26.1-q0-rx; "
			   "247 vif26.1-q1-tx; 248 vif26.1-q1-rx" },
		{ DOM0_61, "48 xenbus; 63 evtchn:oxenstored; 64 evtchn:oxenstored; "
			   "65 evtchn:oxenstored; 66 evtchn:xenconsoled; "
			   "67 vif1.0-q0-tx; 68 vif1.0-q0-rx; 69 vif1.0-q1-tx; 70 vif1.0-q1-rx; "
			   "71 vif1.0-q2-tx; 72 vif1.0-q2-rx; 73 vif1.0-q3-tx; 74 vif1.0-q3-rx; "
			   "75 averylongname0-q0-tx; 76 averylongname0-q0-rx; "
			   "77 averylongname0-q1-tx; 78 averylongname0-q1-rx; "
			   "79 averylongname0-q2-tx; 80 averylongname0-q2-rx; "
			   "81 averylongname0-q3-tx; 82 averylongname0-q3-rx" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = read_data(rows[i].file);

		check_table(rows[i].file, text, rows[i].interrupts);
	}
}

struct vif_text {
	const char *dev;
	struct pen pen;
};

/* Writes "IRQ qQUEUE KIND" for each interrupt of a netdev, separated by "; ". */
static int describe_vif(unsigned int irq, const char *action, size_t len, void *data)
{
	static const char *const kind_name[TARGET_KINDS] = { "tx", "rx", "both", "guest-rx",
		"dealloc", "napi" };
	_cleanup_free_ char *name = exact_copy(action, len);
	struct vif_text *got = data;
	enum target_kind kind;
	unsigned int queue;

	if (vifname_match_interrupt(got->dev, name, &queue, &kind))
		put_down(&got->pen, "%s%u q%u %s", got->pen.len ? "; " : "", irq, queue,
			kind_name[kind]);
	return 0;
}

static void check_vif(const char *row, const char *text, const char *dev, const char *wanted)
{
	struct vif_text got = { .dev = dev };

	assert_int_equal(interrupts_parse(text, describe_vif, &got), 0);
	expect_str(row, got.pen.text, wanted);
}

static void recorded_vifs(void **state)
{
	static const struct {
		const char *file, *dev, *interrupts;
	} rows[] = {
		{ .file = DOM0_48,
			.dev = "vif26.0",
			.interrupts = "241 q0 tx; 242 q0 rx; 243 q1 tx; 244 q1 rx" },
		{ .file = DOM0_48,
			.dev = "vif26.1",
			.interrupts = "245 q0 tx; 246 q0 rx; 247 q1 tx; 248 q1 rx" },
		{ .file = DOM0_48, .dev = "vif2.0", .interrupts = "" },
		{ .file = DOM0_48, .dev = "vif6.0", .interrupts = "" },
		{ .file = DOM0_48, .dev = "vif26", .interrupts = "" },
		{ .file = DOM0_61,
			.dev = "vif1.0",
			.interrupts = "67 q0 tx; 68 q0 rx; 69 q1 tx; 70 q1 rx; "
				      "71 q2 tx; 72 q2 rx; 73 q3 tx; 74 q3 rx" },
		{ .file = DOM0_61,
			.dev = "averylongname0",
			.interrupts = "75 q0 tx; 76 q0 rx; 77 q1 tx; 78 q1 rx; "
				      "79 q2 tx; 80 q2 rx; 81 q3 tx; 82 q3 rx" },
		{ .file = DOM0_61, .dev = "vif1.1", .interrupts = "" },
		{ .file = DOM0_61, .dev = "averylongname", .interrupts = "" },
		{ .file = DOM0_61, .dev = "verylongname0", .interrupts = "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = read_data(rows[i].file);

		check_vif(rows[i].dev, text, rows[i].dev, rows[i].interrupts);
	}
}

static int stop(unsigned int irq, const char *action, size_t len, void *data)
{
	unsigned int *count = data;

	(void)action;
	(void)len;
	++*count;
	return irq == 68 ? 5 : 0;
}

static void stopped(void **state)
{
	_cleanup_free_ char *text = read_data(DOM0_61);
	unsigned int count = 0;

	(void)state;
	assert_int_equal(interrupts_parse(text, stop, &count), 5);
	assert_int_equal(count, 7);
}

/* No interrupt of a guest belongs to a vif, whatever its domid and devid. */
static void guests_have_no_vifs(void **state)
{
	static const char *const files[] = { CENTOS6, CENTOS7, FEDORA };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *text = read_data(files[i]);

		for (unsigned int n = 0; n < 1000; n++) {
			struct vif_id id = { n / 10, n % 10 };
			char dev[DEV_NAME_SIZE];

			vifname_default_dev(id, dev);
			check_vif(files[i], text, dev, "");
		}
	}
}

#define HEADER "           CPU0       CPU1       \n"

static void small_tables(void **state)
{
	static const struct {
		const char *row, *text, *interrupts;
	} rows[] = {
		{ .row = "empty", .text = "" },
		{ .row = "empty line", .text = "\n" },
		{ .row = "no header",
			.text = " 72:   1   2  xen-dyn    -event     vif1.0-q0-tx\n" },
		{ .row = "something before the header", .text = "\n" HEADER },
		{ .row = "lower case", .text = " cpu0 cpu1\n" },
		{ .row = "header only", .text = HEADER, .interrupts = "" },
		{ .row = "header only, no newline", .text = "           CPU0", .interrupts = "" },
		{ .row = "one CPU",
			.text = "           CPU0       \n 16:  7  xen-dyn    -event  "
				"vif1.0-q0-tx\n",
			.interrupts = "16 vif1.0-q0-tx" },
		{ .row = "no trailing newline",
			.text = HEADER " 72:   1   2  xen-dyn    -event     vif1.0-q0-tx",
			.interrupts = "72 vif1.0-q0-tx" },
		{ .row = "blanks after the action",
			.text = HEADER " 72: 1 2  xen-dyn  -event  vif1.0-q0-tx \t\n",
			.interrupts = "72 vif1.0-q0-tx" },
		{ .row = "tabs",
			.text = HEADER "\t72:\t1\t2\txen-dyn\t-event\tvif1.0-q0-tx\n",
			.interrupts = "72 vif1.0-q0-tx" },
		{ .row = "an action of several words",
			.text = HEADER "72: 1 2 xen-dyn -event evtchn:a b  c\n",
			.interrupts = "72 evtchn:a b  c" },
		{ .row = "empty lines between others",
			.text = HEADER "\n 72: 1 2 xen-dyn -event a\n\n73: 1 2 xen-dyn -event b",
			.interrupts = "72 a; 73 b" },
		{ .row = "a CPU comes online between two lines",
			.text = HEADER "1: 5 6 xen-dyn -event a\n2: 5 6 7 xen-dyn -event b\n",
			.interrupts = "1 a; 2 b" },
		{ .row = "a CPU goes offline between two lines",
			.text = HEADER "1: 5 6 xen-dyn -event a\n2: 5 xen-dyn -event b\n",
			.interrupts = "1 a; 2 b" },
		{ .row = "no counts at all",
			.text = HEADER "1: xen-dyn -event a\n",
			.interrupts = "1 a" },
		{ .row = "counts that fill their columns",
			.text = HEADER "1:4294967295 4294967295 xen-dyn -event a\n",
			.interrupts = "1 a" },
		{ .row = "largest number",
			.text = HEADER "4294967295: 1 2 xen-dyn -event a\n",
			.interrupts = "4294967295 a" },
		{ .row = "number too large",
			.text = HEADER "4294967296: 1 2 xen-dyn -event a\n",
			.interrupts = "" },
		{ .row = "old kernel",
			.text = HEADER "1: 5 6 xen-dyn-event     vif1.0-q0-tx\n",
			.interrupts = "1 vif1.0-q0-tx" },
		{ .row = "old kernel, late EOI",
			.text = HEADER "1: 5 6 xen-dyn-lateeoi-event  vif1.0-q0-tx\n",
			.interrupts = "1 vif1.0-q0-tx" },
		{ .row = "late EOI",
			.text = HEADER "1: 5 6 xen-dyn-lateeoi    -event     vif1.0-q0-tx\n",
			.interrupts = "1 vif1.0-q0-tx" },
		/* CONFIG_GENERIC_IRQ_SHOW_LEVEL, which arm and arm64 select, adds a column. */
		{ .row = "arm",
			.text = HEADER "1: 5 6   xen-dyn     Edge    -event     vif1.0-q0-tx\n",
			.interrupts = "1 vif1.0-q0-tx" },
		{ .row = "arm, late EOI",
			.text = HEADER "1: 5 6   xen-dyn-lateeoi     Edge    -event     xenbus\n",
			.interrupts = "1 xenbus" },
		{ .row = "other types",
			.text = HEADER "1: 5 6 xen-dyn    -virq  mce\n2: 5 6 xen-dyn-virq  mce\n",
			.interrupts = "" },
		{ .row = "other chips",
			.text = HEADER
			"1: 5 6 xen-percpu    -virq  timer0\n2: 5 6 xen-pirq    -msi-x  eth0-q0\n"
			"3: 5 6 xen-percpu -event a\n4: 5 6 xenfb -event b\n"
			"5: 5 6 IO-APIC 2-edge xen-dyn -event\n6: 5 6 mpxen-dyn -event a\n"
			"7: 5 6 7xen-dyn -event a\n",
			.interrupts = "" },
		{ .row = "other types that look similar",
			.text = HEADER "1: 5 6 xen-dyn -events a\n2: 5 6 xen-dyn event a\n",
			.interrupts = "" },
		{ .row = "no action",
			.text = HEADER "1: 5 6 xen-dyn    -event\n2: 5 6 xen-dyn    -event     \n"
				       "3: 5 6 xen-dyn-event\n4: 5 6 xen-dyn-event  \n",
			.interrupts = "" },
		{ .row = "summary lines",
			.text = HEADER "NMI: 0 0   Non-maskable interrupts\nERR:          0\n"
				       "12x: 5 6 xen-dyn -event a\n-1: 5 6 xen-dyn -event a\n",
			.interrupts = "" },
		{ .row = "no colon", .text = HEADER "12 5 6 xen-dyn -event a\n", .interrupts = "" },
		{ .row = "carriage return",
			.text = HEADER "1: 5 6 xen-dyn -event a\r\n",
			.interrupts = "1 a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_table(rows[i].row, rows[i].text, rows[i].interrupts);
}

/* A line cut short counts once its action has begun; the lines before it always count. */
static void text_cut_short(void **state)
{
	static const char text[] =
		HEADER " 71:          0          9   xen-dyn    -event     a\n"
		       " 72:       1400    3457479   xen-dyn-lateeoi    -event     vif1.0";
	size_t first_end = strlen(HEADER) + strcspn(text + strlen(HEADER), "\n");
	size_t action = strlen(text) - strlen("vif1.0");

	(void)state;
	for (size_t len = first_end; len <= strlen(text); len++) {
		_cleanup_free_ char *cut = exact_copy(text, len);
		char wanted[64];

		snprintf(wanted, sizeof wanted, "71 a%s%s", len > action ? "; 72 " : "",
			len > action ? cut + action : "");
		check_table(cut, cut, wanted);
	}
}

/* 4096 CPUs make a longer line than anybody would reserve a buffer for. */
static void many_columns(void **state)
{
	enum { CPUS = 4096 };
	_cleanup_free_ char *text = malloc(CPUS * 32);
	size_t len = 0;

	(void)state;
	assert_non_null(text);
	for (int cpu = 0; cpu < CPUS; cpu++)
		len += (size_t)sprintf(text + len, " CPU%d", cpu);
	len += (size_t)sprintf(text + len, "\n 300:");
	for (int cpu = 0; cpu < CPUS; cpu++)
		len += (size_t)sprintf(text + len, " %10u", UINT32_MAX - (unsigned int)cpu);
	sprintf(text + len, "  xen-dyn    -event     vif3.0-q0-tx\n");
	check_table("many columns", text, "300 vif3.0-q0-tx");
}

/* Each column belongs to the CPU that the header names; `wanted` has the sums of CPUs 0 to 5. */
static void add_counts(void **state)
{
	static const struct {
		const char *row, *text, *irqs, *wanted;
	} rows[] = {
		{ .row = "one interrupt",
			.text = "   CPU0   CPU1\n 5:  7  8  x  eth0\n",
			.irqs = "5",
			.wanted = "7 8 0 0 0 0" },
		{ .row = "gaps in the header",
			.text = "  CPU1 CPU4 \n 5: 7 8 PCI-MSI eth0\n",
			.irqs = "5",
			.wanted = "0 7 0 0 8 0" },
		{ .row = "two of three interrupts",
			.text = "CPU0 CPU1\n5: 1 2 a\n 16: 4 8 b\n17: 16 32 c\n",
			.irqs = "5 17",
			.wanted = "17 34 0 0 0 0" },
		{ .row = "none of them",
			.text = "CPU0\n 5: 7 eth0\n",
			.irqs = "4 6",
			.wanted = "0 0 0 0 0 0" },
		{ .row = "none asked for",
			.text = "CPU0\n 5: 7 eth0\n",
			.irqs = "",
			.wanted = "0 0 0 0 0 0" },
		{ .row = "one count too few",
			.text = "CPU0 CPU1\n5: 7 eth0\n6: 1 2 b\n",
			.irqs = "5 6",
			.wanted = "1 2 0 0 0 0" },
		{ .row = "one count too many",
			.text = "CPU0\n5: 7 8 eth0\n6: 1 b\n",
			.irqs = "5 6",
			.wanted = "1 0 0 0 0 0" },
		{ .row = "actions that begin with digits",
			.text = "CPU0\n5: 7 8250 x\n6: 1 2x\n",
			.irqs = "5 6",
			.wanted = "1 0 0 0 0 0" },
		{ .row = "summary lines",
			.text = "CPU0\nNMI: 9 \nERR: 9\n 5: 7\n",
			.irqs = "5",
			.wanted = "7 0 0 0 0 0" },
		{ .row = "largest count",
			.text = "CPU0\n5: 18446744073709551615 x\n",
			.irqs = "5",
			.wanted = "18446744073709551615 0 0 0 0 0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		static unsigned long long counts[CPUSET_MAX];
		unsigned int irqs[4];
		char got[128] = "";
		size_t n = 0;

		for (const char *p = rows[i].irqs; *p; p += strspn(p, " "))
			irqs[n++] = (unsigned int)strtoul(p, (char **)&p, 10);
		memset(counts, 0, sizeof counts);
		expect_int(rows[i].row, interrupts_add_counts(rows[i].text, irqs, n, counts), 0);
		for (int cpu = 0; cpu < 6; cpu++)
			sprintf(got + strlen(got), "%s%llu", cpu ? " " : "", counts[cpu]);
		expect_str(rows[i].row, got, rows[i].wanted);
	}
	expect_int("no header", interrupts_add_counts("5: 7 x\n", NULL, 0, NULL), -EINVAL);
	expect_int("empty", interrupts_add_counts("", NULL, 0, NULL), -EINVAL);
}

static void per_cpu_counts(void **state)
{
	static const struct {
		const char *text;
		int r;
		unsigned long long sum;
		const char *counts; /* of CPUs 0 to 3, which had 1000 */
	} rows[] = {
		{ "7\n", 0, 7, "1007 1000 1000 1000" },
		{ "7,0,5\n", 0, 12, "1007 1000 1005 1000" },
		{ "4294967295,4294967295\n", 0, 8589934590, "4294968295 4294968295 1000 1000" },
		{ "", -EINVAL, 0, "1000 1000 1000 1000" },
		{ "\n", -EINVAL, 0, "1000 1000 1000 1000" },
		{ "7", -EINVAL, 0, "1000 1000 1000 1000" },
		{ "7,5", -EINVAL, 0, "1000 1000 1000 1000" },
		{ "7,\n", -EINVAL, 0, "1000 1000 1000 1000" },
		{ "7,,5\n", -EINVAL, 0, "1000 1000 1000 1000" },
		{ "7 5\n", -EINVAL, 0, "1000 1000 1000 1000" },
		{ "7\n5\n", -EINVAL, 0, "1000 1000 1000 1000" },
		{ "-7\n", -EINVAL, 0, "1000 1000 1000 1000" },
		{ "4294967296\n", -EINVAL, 0, "1000 1000 1000 1000" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		static unsigned long long counts[CPUSET_MAX];
		unsigned long long sum;
		struct pen pen = { 0 };

		for (int cpu = 0; cpu < 4; cpu++)
			counts[cpu] = 1000;
		spoil(&sum, sizeof sum);
		expect_int(rows[i].text, interrupts_add_per_cpu(rows[i].text, counts), rows[i].r);
		expect_int(rows[i].text, interrupts_sum_per_cpu(rows[i].text, &sum), rows[i].r);
		if (rows[i].r == 0)
			expect_int(rows[i].text, sum, rows[i].sum);
		else
			expect_true(rows[i].text, is_spoilt(&sum, sizeof sum));
		for (int cpu = 0; cpu < 4; cpu++)
			put_down(&pen, "%s%llu", cpu ? " " : "", counts[cpu]);
		expect_str(rows[i].text, pen.text, rows[i].counts);
	}
}

/* There is no CPU behind the last that can be. */
static void too_many_per_cpu_counts(void **state)
{
	static unsigned long long counts[CPUSET_MAX];
	static char text[2 * (CPUSET_MAX + 1) + 1];

	(void)state;
	for (int cpu = 0; cpu <= CPUSET_MAX; cpu++)
		memcpy(text + 2 * cpu, "1,", 2);
	text[2 * CPUSET_MAX + 1] = '\n';
	assert_int_equal(interrupts_add_per_cpu(text, counts), -EINVAL);
	memcpy(text + 2 * CPUSET_MAX - 1, "\n", 2);
	assert_int_equal(interrupts_add_per_cpu(text, counts), 0);
	assert_int_equal(counts[CPUSET_MAX - 1], 1);
}

int main(void)
{
	static const struct CMUnitTest interrupts[] = {
		UNIT_TEST(per_cpu_counts),
		UNIT_TEST(too_many_per_cpu_counts),
		UNIT_TEST(add_counts),
		UNIT_TEST(recorded_tables),
		UNIT_TEST(recorded_vifs),
		UNIT_TEST(stopped),
		UNIT_TEST(guests_have_no_vifs),
		UNIT_TEST(small_tables),
		UNIT_TEST(text_cut_short),
		UNIT_TEST(many_columns),
	};

	return cmocka_run_group_tests(interrupts, NULL, NULL);
}
