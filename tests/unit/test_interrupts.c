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

/* Writes "IRQ ACTION" for each, joined by "; ". */
static void describe(const struct interrupts *found, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < found->n && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%u %s", i ? "; " : "",
			found->v[i].irq, found->v[i].action);
	assert_in_range(len, 0, size - 1);
}

/* Parses `text`, expects exactly these interrupts (NULL: -EINVAL). */
static void check_table(const char *row, const char *text, const char *wanted)
{
	_cleanup_free_ char *copy = exact_copy(text, strlen(text));
	struct interrupts found;
	char got[2048];

	spoil(&found, sizeof found);
	expect_int(row, interrupts_parse(copy, &found), wanted ? 0 : -EINVAL);
	if (is_spoilt(&found, sizeof found)) {
		expect_str(row, "untouched", wanted ? wanted : "untouched");
		return;
	}
	describe(&found, got, sizeof got);
	expect_str(row, got, wanted ? wanted : "untouched");
	interrupts_free(&found);
	expect_true(row, !found.v && !found.n);
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

/* Writes "IRQ qQUEUE SIDE" for each interrupt of `dev`, joined by "; ". */
static void describe_vif(const struct interrupts *found, const char *dev, char *buf, size_t size)
{
	static const char *const side_name[SIDE_COUNT] = { "tx", "rx", "both", "guest-rx",
		"dealloc" };
	unsigned int queue;
	enum vif_side side;
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < found->n && len < size; i++) {
		if (vifname_match_interrupt(dev, found->v[i].action, &queue, &side))
			len += (size_t)snprintf(buf + len, size - len, "%s%u q%u %s",
				len ? "; " : "", found->v[i].irq, queue, side_name[side]);
	}
	assert_in_range(len, 0, size - 1);
}

static void recorded_vifs(void **state)
{
	static const struct {
		const char *file, *dev, *interrupts;
	} rows[] = {
		{ DOM0_48, "vif26.0", "241 q0 tx; 242 q0 rx; 243 q1 tx; 244 q1 rx" },
		{ DOM0_48, "vif26.1", "245 q0 tx; 246 q0 rx; 247 q1 tx; 248 q1 rx" },
		{ DOM0_48, "vif2.0", "" },
		{ DOM0_48, "vif6.0", "" },
		{ DOM0_48, "vif26", "" },
		{ DOM0_61, "vif1.0",
			"67 q0 tx; 68 q0 rx; 69 q1 tx; 70 q1 rx; "
			"71 q2 tx; 72 q2 rx; 73 q3 tx; 74 q3 rx" },
		{ DOM0_61, "averylongname0",
			"75 q0 tx; 76 q0 rx; 77 q1 tx; 78 q1 rx; "
			"79 q2 tx; 80 q2 rx; 81 q3 tx; 82 q3 rx" },
		{ DOM0_61, "vif1.1", "" },
		{ DOM0_61, "averylongname", "" },
		{ DOM0_61, "verylongname0", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = read_data(rows[i].file);
		struct interrupts found;
		char got[256];

		assert_int_equal(interrupts_parse(text, &found), 0);
		describe_vif(&found, rows[i].dev, got, sizeof got);
		expect_str(rows[i].dev, got, rows[i].interrupts);
		interrupts_free(&found);
	}
}

/* What a guest has is no vif's, whatever domid and devid. */
static void guests_have_no_vif(void **state)
{
	static const char *const files[] = { CENTOS6, CENTOS7, FEDORA };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *text = read_data(files[i]);
		struct interrupts found;

		assert_int_equal(interrupts_parse(text, &found), 0);
		for (unsigned int n = 0; n < 1000; n++) {
			struct vif_id id = { n / 10, n % 10 };
			char dev[DEV_NAME_SIZE];
			char got[256];

			vifname_default_dev(id, dev);
			describe_vif(&found, dev, got, sizeof got);
			expect_str(files[i], got, "");
		}
		interrupts_free(&found);
	}
}

#define HEADER "           CPU0       CPU1       \n"

static void small_tables(void **state)
{
	static const struct {
		const char *row, *text, *interrupts;
	} rows[] = {
		{ "empty", "", NULL },
		{ "empty line", "\n", NULL },
		{ "no header", " 72:   1   2  xen-dyn    -event     vif1.0-q0-tx\n", NULL },
		{ "not the header first", "\n" HEADER, NULL },
		{ "lower case", " cpu0 cpu1\n", NULL },
		{ "header only", HEADER, "" },
		{ "header only, no newline", "           CPU0", "" },
		{ "one CPU", "           CPU0       \n 16:  7  xen-dyn    -event  vif1.0-q0-tx\n",
			"16 vif1.0-q0-tx" },
		{ "no trailing newline", HEADER " 72:   1   2  xen-dyn    -event     vif1.0-q0-tx",
			"72 vif1.0-q0-tx" },
		{ "blanks behind the action", HEADER " 72: 1 2  xen-dyn  -event  vif1.0-q0-tx \t\n",
			"72 vif1.0-q0-tx" },
		{ "tabs", HEADER "\t72:\t1\t2\txen-dyn\t-event\tvif1.0-q0-tx\n",
			"72 vif1.0-q0-tx" },
		{ "an action of several words", HEADER "72: 1 2 xen-dyn -event evtchn:a b  c\n",
			"72 evtchn:a b  c" },
		{ "empty line within",
			HEADER "\n 72: 1 2 xen-dyn -event a\n\n73: 1 2 xen-dyn -event b",
			"72 a; 73 b" },
		{ "a CPU comes between two lines",
			HEADER "1: 5 6 xen-dyn -event a\n2: 5 6 7 xen-dyn -event b\n", "1 a; 2 b" },
		{ "a CPU goes between two lines",
			HEADER "1: 5 6 xen-dyn -event a\n2: 5 xen-dyn -event b\n", "1 a; 2 b" },
		{ "all counts gone", HEADER "1: xen-dyn -event a\n", "1 a" },
		{ "counts that touch", HEADER "1:4294967295 4294967295 xen-dyn -event a\n", "1 a" },
		{ "largest number", HEADER "4294967295: 1 2 xen-dyn -event a\n", "4294967295 a" },
		{ "too large a number", HEADER "4294967296: 1 2 xen-dyn -event a\n", "" },
		{ "old kernel", HEADER "1: 5 6 xen-dyn-event     vif1.0-q0-tx\n",
			"1 vif1.0-q0-tx" },
		{ "old kernel, late EOI", HEADER "1: 5 6 xen-dyn-lateeoi-event  vif1.0-q0-tx\n",
			"1 vif1.0-q0-tx" },
		{ "late EOI", HEADER "1: 5 6 xen-dyn-lateeoi    -event     vif1.0-q0-tx\n",
			"1 vif1.0-q0-tx" },
		/* CONFIG_GENERIC_IRQ_SHOW_LEVEL, which arm and arm64 select, adds a column. */
		{ "arm", HEADER "1: 5 6   xen-dyn     Edge    -event     vif1.0-q0-tx\n",
			"1 vif1.0-q0-tx" },
		{ "arm, late EOI",
			HEADER "1: 5 6   xen-dyn-lateeoi     Edge    -event     xenbus\n",
			"1 xenbus" },
		{ "other types", HEADER "1: 5 6 xen-dyn    -virq  mce\n2: 5 6 xen-dyn-virq  mce\n",
			"" },
		{ "other chips",
			HEADER
			"1: 5 6 xen-percpu    -virq  timer0\n2: 5 6 xen-pirq    -msi-x  eth0-q0\n"
			"3: 5 6 xen-percpu -event a\n4: 5 6 xenfb -event b\n"
			"5: 5 6 IO-APIC 2-edge xen-dyn -event\n6: 5 6 mpxen-dyn -event a\n"
			"7: 5 6 7xen-dyn -event a\n",
			"" },
		{ "other types that look alike",
			HEADER "1: 5 6 xen-dyn -events a\n2: 5 6 xen-dyn event a\n", "" },
		{ "no action",
			HEADER "1: 5 6 xen-dyn    -event\n2: 5 6 xen-dyn    -event     \n"
			       "3: 5 6 xen-dyn-event\n4: 5 6 xen-dyn-event  \n",
			"" },
		{ "summary lines",
			HEADER "NMI: 0 0   Non-maskable interrupts\nERR:          0\n"
			       "12x: 5 6 xen-dyn -event a\n-1: 5 6 xen-dyn -event a\n",
			"" },
		{ "no colon", HEADER "12 5 6 xen-dyn -event a\n", "" },
		{ "carriage return", HEADER "1: 5 6 xen-dyn -event a\r\n", "1 a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_table(rows[i].row, rows[i].text, rows[i].interrupts);
}

/* Cut anywhere, a line is taken only from its action on; lines before it always are. */
static void cut_in_a_line(void **state)
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

/* 4096 CPUs, more columns than any line of text one would think of. */
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

/* Counts are those of the CPUs in the header, which has gaps; sums of CPUs 0 to 5. */
static void add_counts(void **state)
{
	static const struct {
		const char *row, *text, *irqs, *wanted;
	} rows[] = {
		{ "one", "   CPU0   CPU1\n 5:  7  8  x  eth0\n", "5", "7 8 0 0 0 0" },
		{ "gaps", "  CPU1 CPU4 \n 5: 7 8 PCI-MSI eth0\n", "5", "0 7 0 0 8 0" },
		{ "two of three", "CPU0 CPU1\n5: 1 2 a\n 16: 4 8 b\n17: 16 32 c\n", "5 17",
			"17 34 0 0 0 0" },
		{ "none of them", "CPU0\n 5: 7 eth0\n", "4 6", "0 0 0 0 0 0" },
		{ "none asked for", "CPU0\n 5: 7 eth0\n", "", "0 0 0 0 0 0" },
		{ "one count too few", "CPU0 CPU1\n5: 7 eth0\n6: 1 2 b\n", "5 6", "1 2 0 0 0 0" },
		{ "one count too many", "CPU0\n5: 7 8 eth0\n6: 1 b\n", "5 6", "1 0 0 0 0 0" },
		{ "words that begin with digits", "CPU0\n5: 7 8250 x\n6: 1 2x\n", "5 6",
			"1 0 0 0 0 0" },
		{ "sums", "CPU0\nNMI: 9 \nERR: 9\n 5: 7\n", "5", "7 0 0 0 0 0" },
		{ "large", "CPU0\n5: 18446744073709551615 x\n", "5",
			"18446744073709551615 0 0 0 0 0" },
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

int main(void)
{
	static const struct CMUnitTest interrupts[] = {
		UNIT_TEST(add_counts),
		UNIT_TEST(recorded_tables),
		UNIT_TEST(recorded_vifs),
		UNIT_TEST(guests_have_no_vif),
		UNIT_TEST(small_tables),
		UNIT_TEST(cut_in_a_line),
		UNIT_TEST(many_columns),
	};

	return cmocka_run_group_tests(interrupts, NULL, NULL);
}
