// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "cpuset.h"
#include "util.h"

#include <errno.h>

/* The set that a test spells out: CPU numbers separated by blanks, in any order. */
static struct cpuset set_of(const char *numbers)
{
	struct cpuset set;
	char *end;

	set = (struct cpuset){ 0 };
	for (; *numbers; numbers = end + strspn(end, " "))
		cpuset_add(&set, (unsigned int)strtoul(numbers, &end, 10));
	return set;
}

static void adding(void **state)
{
	struct cpuset set = set_of("0 63 64 8191");

	(void)state;
	cpuset_add(&set, 64);
	cpuset_add(&set, CPUSET_MAX);
	cpuset_add(&set, UINT32_MAX);
	assert_int_equal(cpuset_count(&set), 4);
	for (unsigned int cpu = 0; cpu < CPUSET_MAX + 128; cpu++)
		assert_int_equal(
			cpuset_has(&set, cpu), cpu == 0 || cpu == 63 || cpu == 64 || cpu == 8191);
	assert_false(cpuset_has(&set, UINT32_MAX));

	set = (struct cpuset){ 0 };
	assert_int_equal(cpuset_count(&set), 0);
}

static void walking(void **state)
{
	static const int wanted[] = { 0, 3, 63, 64, 127, 128, 4000, 8191 };
	struct cpuset set = set_of("4000 0 3 63 64 127 128 8191");
	size_t i = 0;

	(void)state;
	cpuset_for_each (cpu, &set) {
		assert_in_range(i, 0, ARRAY_SIZE(wanted) - 1);
		assert_int_equal(cpu, wanted[i]);
		i++;
	}
	assert_int_equal(i, ARRAY_SIZE(wanted));
	assert_int_equal(cpuset_next(&set, 4), 63);
	assert_int_equal(cpuset_next(&set, 64), 64);
	assert_int_equal(cpuset_next(&set, 129), 4000);
	assert_int_equal(cpuset_next(&set, 8191), 8191);
	assert_int_equal(cpuset_next(&set, 8192), -1);
	assert_int_equal(cpuset_next(&set, UINT32_MAX), -1);
	set = set_of("4000");
	assert_int_equal(cpuset_next(&set, 4001), -1);
}

static void single(void **state)
{
	static const struct {
		const char *set;
		int cpu;
	} rows[] = {
		{ "", -1 },
		{ "0", 0 },
		{ "64", 64 },
		{ "8191", 8191 },
		{ "0 1", -1 },
		{ "63 64", -1 },
		{ "0 8191", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cpuset set = set_of(rows[i].set);

		expect_int(rows[i].set, cpuset_single(&set), rows[i].cpu);
	}
}

static void intersecting(void **state)
{
	struct cpuset a = set_of("0 63 64 200");
	struct cpuset b = set_of("63 64 100 8191");
	struct cpuset both = set_of("63 64");
	struct cpuset none = set_of("");

	(void)state;
	assert_false(cpuset_equal(&a, &b));
	cpuset_and(&a, &b);
	assert_true(cpuset_equal(&a, &both));
	cpuset_and(&a, &none);
	assert_true(cpuset_equal(&a, &none));
}

struct text_row {
	const char *text;
	const char *numbers; /* the CPUs it stands for; NULL: -EINVAL */
	const char *back;    /* what cpuset_format() makes of them */
};

static const struct text_row list_rows[] = {
	{ .text = "", .numbers = "", .back = "" },
	{ .text = "\n", .numbers = "", .back = "" },
	{ .text = "0", .numbers = "0", .back = "0" },
	{ .text = "0\n", .numbers = "0", .back = "0" },
	{ .text = "0-3\n", .numbers = "0 1 2 3", .back = "0-3" },
	{ .text = "0-3,5", .numbers = "0 1 2 3 5", .back = "0-3,5" },
	{ .text = "0-1,3-4,6", .numbers = "0 1 3 4 6", .back = "0-1,3-4,6" },
	{ .text = "5,0-3", .numbers = "0 1 2 3 5", .back = "0-3,5" },
	{ .text = "0-2,1-3,2", .numbers = "0 1 2 3", .back = "0-3" },
	{ .text = "3-3", .numbers = "3", .back = "3" },
	{ .text = "62-65,127-128", .numbers = "62 63 64 65 127 128", .back = "62-65,127-128" },
	{ .text = "8191", .numbers = "8191", .back = "8191" },
	{ .text = "8190-8191\n", .numbers = "8190 8191", .back = "8190-8191" },

	{ .text = " " },
	{ .text = "0 " },
	{ .text = " 0" },
	{ .text = "0," },
	{ .text = "0,\n" },
	{ .text = ",0" },
	{ .text = "0,,1" },
	{ .text = "0, 1" },
	{ .text = "0 1" },
	{ .text = "0-" },
	{ .text = "-1" },
	{ .text = "0-1-2" },
	{ .text = "3-1" },
	{ .text = "00" },
	{ .text = "0-03" },
	{ .text = "+1" },
	{ .text = "0-14:2" },
	{ .text = "all" },
	{ .text = "^1" },
	{ .text = "0x1" },
	{ .text = "8192" },
	{ .text = "0-8192" },
	{ .text = "4294967296" },
	{ .text = "18446744073709551616" },
	{ .text = "0\n\n" },
	{ .text = "0\n1" },
	{ .text = "0\r\n" },
};

static const struct text_row mask_rows[] = {
	{ .text = "0", .numbers = "", .back = "" },
	{ .text = "1\n", .numbers = "0", .back = "0" },
	{ .text = "f", .numbers = "0 1 2 3", .back = "0-3" },
	{ .text = "F", .numbers = "0 1 2 3", .back = "0-3" },
	{ .text = "aA", .numbers = "1 3 5 7", .back = "1,3,5,7" },
	{ .text = "0000000f\n", .numbers = "0 1 2 3", .back = "0-3" },
	{ .text = "80000000", .numbers = "31", .back = "31" },
	{ .text = "1,00000000", .numbers = "32", .back = "32" },
	{ .text = "1,00000000,00000000\n", .numbers = "64", .back = "64" },
	{ .text = "80000000,00000001,00000000,80000001",
		.numbers = "0 31 64 127",
		.back = "0,31,64,127" },
	{ .text = "3,00000000,00000000,80000000", .numbers = "31 96 97", .back = "31,96-97" },
	{ .text = "00000000,00000000,00000000,00000000,00000010", .numbers = "4", .back = "4" },

	{ .text = "" },
	{ .text = "\n" },
	{ .text = " f" },
	{ .text = "f " },
	{ .text = ",f" },
	{ .text = "f," },
	{ .text = "f,\n" },
	{ .text = "f,,f" },
	{ .text = "0xf" },
	{ .text = "g" },
	{ .text = "-1" },
	{ .text = "100000000" },
	{ .text = "0,000000001" },
	{ .text = "f\n\n" },
	{ .text = "f\nf" },
	{ .text = "f f" },
};

static void check_text(const struct text_row *row, int r, const struct cpuset *got)
{
	struct cpuset wanted;
	char back[256];

	expect_int(row->text, r, row->numbers ? 0 : -EINVAL);
	if (!row->numbers) {
		expect_true(row->text, is_spoilt(got, sizeof *got));
		return;
	}
	wanted = set_of(row->numbers);
	expect_true(row->text, cpuset_equal(got, &wanted));
	expect_int(row->text, cpuset_format(got, back, sizeof back), strlen(row->back));
	expect_str(row->text, back, row->back);
}

static void kernel_texts(
	const struct text_row *rows, size_t n, int (*parse)(const char *text, struct cpuset *set))
{
	for (size_t i = 0; i < n; i++) {
		struct cpuset got;

		spoil(&got, sizeof got);
		check_text(&rows[i], parse(rows[i].text, &got), &got);
	}
}

static void kernel_lists(void **state)
{
	(void)state;
	kernel_texts(list_rows, ARRAY_SIZE(list_rows), cpuset_parse_list);
}

static void kernel_masks(void **state)
{
	(void)state;
	kernel_texts(mask_rows, ARRAY_SIZE(mask_rows), cpuset_parse_mask);
}

/* As many 32-bit words as a set can hold, and one more in front of them. */
static void widest_mask(void **state)
{
	enum { WORDS = CPUSET_MAX / 32 };
	char text[(WORDS + 1) * 9 + 1] = "";
	struct cpuset got, wanted = set_of("0 8191");

	(void)state;
	for (int i = 0; i <= WORDS; i++)
		strcat(text, i == 1 ? "80000000," : i == WORDS ? "00000001" : "00000000,");
	assert_int_equal(cpuset_parse_mask(text + 9, &got), 0);
	assert_true(cpuset_equal(&got, &wanted));
	assert_int_equal(cpuset_parse_mask(text, &got), 0);
	assert_true(cpuset_equal(&got, &wanted));

	text[7] = '1';
	spoil(&got, sizeof got);
	assert_int_equal(cpuset_parse_mask(text, &got), -EINVAL);
	assert_true(is_spoilt(&got, sizeof got));
}

#define NOT_XL(element)                                                                            \
	"'" element "' is not a CPU, a range of CPUs, 'node:N', 'nodes:N-M' or 'all'"

/* Here "all" stands for 0-3,8. */
static const struct xl_row {
	const char *text;
	const char *list; /* NULL: -EINVAL with this sentence */
	const char *sentence;
} xl_rows[] = {
	{ .text = "all", .list = "0-3,8" },
	{ .text = "0", .list = "0" },
	{ .text = "2-7", .list = "2-7" },
	{ .text = "2-7,^4", .list = "2-3,5-7" },
	{ .text = "^4,2-7", .list = "2-7" },
	{ .text = "all,^0", .list = "1-3,8" },
	{ .text = "^0,all", .list = "0-3,8" },
	{ .text = "0-7,^2-5", .list = "0-1,6-7" },
	{ .text = "0-7,^2-5,3", .list = "0-1,3,6-7" },
	{ .text = "all,^all", .list = "" },
	{ .text = "all,^all,1", .list = "1" },
	{ .text = "^3", .list = "" },
	{ .text = "3,1", .list = "1,3" },
	{ .text = "1,1", .list = "1" },
	{ .text = "  all  ", .list = "0-3,8" },
	{ .text = " 0 ,\t2-3\t, ^2 ", .list = "0,3" },
	{ .text = "8191", .list = "8191" },

	{ .text = "", .sentence = NOT_XL("") },
	{ .text = "  ", .sentence = NOT_XL("") },
	{ .text = "0,", .sentence = NOT_XL("") },
	{ .text = "0,,1", .sentence = NOT_XL("") },
	{ .text = "^", .sentence = NOT_XL("^") },
	{ .text = "^^1", .sentence = NOT_XL("^^1") },
	{ .text = "0 1", .sentence = NOT_XL("0 1") },
	{ .text = "0 - 3", .sentence = NOT_XL("0 - 3") },
	{ .text = "all 1", .sentence = NOT_XL("all 1") },
	{ .text = "^ 3", .sentence = NOT_XL("^ 3") },
	{ .text = "ALL", .sentence = NOT_XL("ALL") },
	{ .text = "allx", .sentence = NOT_XL("allx") },
	{ .text = "all-1", .sentence = NOT_XL("all-1") },
	{ .text = "2-", .sentence = NOT_XL("2-") },
	{ .text = "0, -1", .sentence = NOT_XL("-1") },
	{ .text = "7-2", .sentence = NOT_XL("7-2") },
	{ .text = "1-2-3", .sentence = NOT_XL("1-2-3") },
	{ .text = "01", .sentence = NOT_XL("01") },
	{ .text = "0-3\n", .sentence = NOT_XL("0-3?") },
	{ .text = "0-14:2", .sentence = NOT_XL("0-14:2") },
	{ .text = "0,8192,x", .sentence = NOT_XL("8192") },
	{ .text = "none", .sentence = NOT_XL("none") },
	{ .text = "node:", .sentence = NOT_XL("node:") },
	{ .text = "node:x", .sentence = NOT_XL("node:x") },
	{ .text = "nodes", .sentence = NOT_XL("nodes") },
	{ .text = "node:1-0", .sentence = NOT_XL("node:1-0") },
	{ .text = "node: 0", .sentence = NOT_XL("node: 0") },
	{ .text = "NODE:0", .sentence = NOT_XL("NODE:0") },
	{ .text = "^^node:0", .sentence = NOT_XL("^^node:0") },
	{ .text = "node:3", .sentence = "'node:3': there is no node 3, the last one is 2" },
	{ .text = "0,^nodes:1-7",
		.sentence = "'^nodes:1-7': there is no node 7, the last one is 2" },

	{ .text = "node:0", .list = "0,2" },
	{ .text = "nodes:0", .list = "0,2" },
	{ .text = "node:0-1", .list = "0-3,5" },
	{ .text = "nodes:0-1", .list = "0-3,5" },
	{ .text = "node:2", .list = "" },
	{ .text = "all,^node:1", .list = "0,2,8" },
	{ .text = "node:0,^2", .list = "0" },
	{ .text = "^node:0,node:1", .list = "1,3,5" },
	{ .text = "8 , node:0", .list = "0,2,8" },
	{ .text = "1,^x", .sentence = NOT_XL("^x") },
};

static void xl_lists(void **state)
{
	const struct cpuset nodes[] = { set_of("0 2"), set_of("1 3 5"), set_of("") };
	const struct cpuset_words words = {
		.all = set_of("0 1 2 3 8"), .nodes = nodes, .n_nodes = ARRAY_SIZE(nodes)
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(xl_rows); i++) {
		const struct xl_row *row = &xl_rows[i];
		struct err err = { "" };
		struct cpuset got;
		char list[64] = "";

		spoil(&got, sizeof got);
		expect_int(row->text, cpuset_parse_xl(row->text, &words, &got, &err),
			row->list ? 0 : -EINVAL);
		expect_str(row->text, err.msg, row->list ? "" : row->sentence);
		if (is_spoilt(&got, sizeof got))
			strcpy(list, "untouched");
		else
			cpuset_format(&got, list, sizeof list);
		expect_str(row->text, list, row->list ? row->list : "untouched");
		expect_int(row->text, cpuset_parse_xl(row->text, &words, &got, NULL),
			row->list ? 0 : -EINVAL);
	}
}

/* Where nodes are unknown, an element that is wrong in any case is still reported first. */
static void xl_lists_without_nodes(void **state)
{
	static const struct {
		const char *text;
		int r;
		const char *sentence;
	} rows[] = {
		{ .text = "node:0",
			.r = -ENODATA,
			.sentence = "'node:0' cannot be used: nodes are not known" },
		{ .text = "0-3,^nodes:1-2",
			.r = -ENODATA,
			.sentence = "'^nodes:1-2' cannot be used: nodes are not known" },
		{ .text = "x,node:0", .r = -EINVAL, .sentence = NOT_XL("x") },
	};
	const struct cpuset_words words = { .all = set_of("0 1") };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err err = { "" };
		struct cpuset got;

		spoil(&got, sizeof got);
		expect_int(
			rows[i].text, cpuset_parse_xl(rows[i].text, &words, &got, &err), rows[i].r);
		expect_str(rows[i].text, err.msg, rows[i].sentence);
		expect_true(rows[i].text, is_spoilt(&got, sizeof got));
	}
}

static void format_into_a_short_buffer(void **state)
{
	static const char whole[] = "0-3,5,64-65,8191";
	struct cpuset set = set_of("0 1 2 3 5 64 65 8191");
	char buf[sizeof whole + 2];

	(void)state;
	assert_int_equal(cpuset_format(&set, NULL, 0), sizeof whole - 1);
	for (size_t size = 1; size < sizeof buf; size++) {
		size_t room = size < sizeof whole ? size - 1 : sizeof whole - 1;

		spoil(buf, sizeof buf);
		assert_int_equal(cpuset_format(&set, buf, size), sizeof whole - 1);
		assert_int_equal(strlen(buf), room);
		assert_memory_equal(buf, whole, room);
		assert_true(is_spoilt(buf + size, sizeof buf - size));
	}
}

/* Every set survives being written and read again, even the one with the longest text. */
static void sets_survive_a_round_trip(void **state)
{
	static char text[64 * 1024];
	struct random random = random_start("sets_survive_a_round_trip");

	(void)state;
	for (int round = 0; round < 50; round++) {
		unsigned int every = round ? 1 + random_below(&random, 8) : 2;
		struct cpuset set, back;

		set = (struct cpuset){ 0 };
		for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++) {
			if (round ? !random_below(&random, every) : cpu % every == 0)
				cpuset_add(&set, cpu);
		}
		assert_in_range(cpuset_format(&set, text, sizeof text), 0, sizeof text - 1);
		assert_int_equal(cpuset_parse_list(text, &back), 0);
		assert_true(cpuset_equal(&set, &back));
	}
}

int main(void)
{
	static const struct CMUnitTest cpuset[] = {
		UNIT_TEST(adding),
		UNIT_TEST(walking),
		UNIT_TEST(single),
		UNIT_TEST(intersecting),
		UNIT_TEST(kernel_lists),
		UNIT_TEST(kernel_masks),
		UNIT_TEST(widest_mask),
		UNIT_TEST(xl_lists),
		UNIT_TEST(xl_lists_without_nodes),
		UNIT_TEST(format_into_a_short_buffer),
		UNIT_TEST(sets_survive_a_round_trip),
	};

	return cmocka_run_group_tests(cpuset, NULL, NULL);
}
