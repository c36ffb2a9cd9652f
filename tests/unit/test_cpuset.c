// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "cpuset.h"
#include "util.h"

#include <errno.h>

/* Reads a set as a test writes it: numbers with blanks between them, in any order. */
static struct cpuset set_of(const char *numbers)
{
	struct cpuset set;
	char *end;

	cpuset_zero(&set);
	for (; *numbers; numbers = end + strspn(end, " "))
		cpuset_add(&set, (unsigned int)strtoul(numbers, &end, 10));
	return set;
}

static void members(void **state)
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

	cpuset_remove(&set, 63);
	cpuset_remove(&set, 63);
	cpuset_remove(&set, CPUSET_MAX);
	cpuset_remove(&set, 8191);
	assert_int_equal(cpuset_count(&set), 2);
	assert_false(cpuset_has(&set, 63));
	cpuset_zero(&set);
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
	cpuset_remove(&set, 8191);
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

static void comparing(void **state)
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

/* A text, what it means (NULL: -EINVAL), and how it is written back. */
struct text_row {
	const char *text, *numbers, *back;
};

static const struct text_row list_rows[] = {
	{ "", "", "" },
	{ "\n", "", "" },
	{ "0", "0", "0" },
	{ "0\n", "0", "0" },
	{ "0-3\n", "0 1 2 3", "0-3" },
	{ "0-3,5", "0 1 2 3 5", "0-3,5" },
	{ "0-1,3-4,6", "0 1 3 4 6", "0-1,3-4,6" },
	{ "5,0-3", "0 1 2 3 5", "0-3,5" },
	{ "0-2,1-3,2", "0 1 2 3", "0-3" },
	{ "3-3", "3", "3" },
	{ "62-65,127-128", "62 63 64 65 127 128", "62-65,127-128" },
	{ "8191", "8191", "8191" },
	{ "8190-8191\n", "8190 8191", "8190-8191" },

	{ " ", NULL, NULL },
	{ "0 ", NULL, NULL },
	{ " 0", NULL, NULL },
	{ "0,", NULL, NULL },
	{ "0,\n", NULL, NULL },
	{ ",0", NULL, NULL },
	{ "0,,1", NULL, NULL },
	{ "0, 1", NULL, NULL },
	{ "0 1", NULL, NULL },
	{ "0-", NULL, NULL },
	{ "-1", NULL, NULL },
	{ "0-1-2", NULL, NULL },
	{ "3-1", NULL, NULL },
	{ "00", NULL, NULL },
	{ "0-03", NULL, NULL },
	{ "+1", NULL, NULL },
	{ "0-14:2", NULL, NULL },
	{ "all", NULL, NULL },
	{ "^1", NULL, NULL },
	{ "0x1", NULL, NULL },
	{ "8192", NULL, NULL },
	{ "0-8192", NULL, NULL },
	{ "4294967296", NULL, NULL },
	{ "18446744073709551616", NULL, NULL },
	{ "0\n\n", NULL, NULL },
	{ "0\n1", NULL, NULL },
	{ "0\r\n", NULL, NULL },
};

static const struct text_row mask_rows[] = {
	{ "0", "", "" },
	{ "1\n", "0", "0" },
	{ "f", "0 1 2 3", "0-3" },
	{ "F", "0 1 2 3", "0-3" },
	{ "aA", "1 3 5 7", "1,3,5,7" },
	{ "0000000f\n", "0 1 2 3", "0-3" },
	{ "80000000", "31", "31" },
	{ "1,00000000", "32", "32" },
	{ "1,00000000,00000000\n", "64", "64" },
	{ "80000000,00000001,00000000,80000001", "0 31 64 127", "0,31,64,127" },
	{ "3,00000000,00000000,80000000", "31 96 97", "31,96-97" },
	{ "00000000,00000000,00000000,00000000,00000010", "4", "4" },

	{ "", NULL, NULL },
	{ "\n", NULL, NULL },
	{ " f", NULL, NULL },
	{ "f ", NULL, NULL },
	{ ",f", NULL, NULL },
	{ "f,", NULL, NULL },
	{ "f,\n", NULL, NULL },
	{ "f,,f", NULL, NULL },
	{ "0xf", NULL, NULL },
	{ "g", NULL, NULL },
	{ "-1", NULL, NULL },
	{ "100000000", NULL, NULL },
	{ "0,000000001", NULL, NULL },
	{ "f\n\n", NULL, NULL },
	{ "f\nf", NULL, NULL },
	{ "f f", NULL, NULL },
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

/* As many 32-bit words as a set can hold, and one more in front. */
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

/* "all" is 0-3,8 here. */
static const struct xl_row {
	const char *text, *list, *sentence;
} xl_rows[] = {
	{ "all", "0-3,8", NULL },
	{ "0", "0", NULL },
	{ "2-7", "2-7", NULL },
	{ "2-7,^4", "2-3,5-7", NULL },
	{ "^4,2-7", "2-7", NULL },
	{ "all,^0", "1-3,8", NULL },
	{ "^0,all", "0-3,8", NULL },
	{ "0-7,^2-5", "0-1,6-7", NULL },
	{ "0-7,^2-5,3", "0-1,3,6-7", NULL },
	{ "all,^all", "", NULL },
	{ "all,^all,1", "1", NULL },
	{ "^3", "", NULL },
	{ "3,1", "1,3", NULL },
	{ "1,1", "1", NULL },
	{ "  all  ", "0-3,8", NULL },
	{ " 0 ,\t2-3\t, ^2 ", "0,3", NULL },
	{ "8191", "8191", NULL },

	{ "", NULL, NOT_XL("") },
	{ "  ", NULL, NOT_XL("") },
	{ "0,", NULL, NOT_XL("") },
	{ "0,,1", NULL, NOT_XL("") },
	{ "^", NULL, NOT_XL("^") },
	{ "^^1", NULL, NOT_XL("^^1") },
	{ "0 1", NULL, NOT_XL("0 1") },
	{ "0 - 3", NULL, NOT_XL("0 - 3") },
	{ "all 1", NULL, NOT_XL("all 1") },
	{ "^ 3", NULL, NOT_XL("^ 3") },
	{ "ALL", NULL, NOT_XL("ALL") },
	{ "allx", NULL, NOT_XL("allx") },
	{ "all-1", NULL, NOT_XL("all-1") },
	{ "2-", NULL, NOT_XL("2-") },
	{ "0, -1", NULL, NOT_XL("-1") },
	{ "7-2", NULL, NOT_XL("7-2") },
	{ "1-2-3", NULL, NOT_XL("1-2-3") },
	{ "01", NULL, NOT_XL("01") },
	{ "0-3\n", NULL, NOT_XL("0-3?") },
	{ "0-14:2", NULL, NOT_XL("0-14:2") },
	{ "0,8192,x", NULL, NOT_XL("8192") },
	{ "none", NULL, NOT_XL("none") },
	{ "node:", NULL, NOT_XL("node:") },
	{ "node:x", NULL, NOT_XL("node:x") },
	{ "nodes", NULL, NOT_XL("nodes") },
	{ "node:1-0", NULL, NOT_XL("node:1-0") },
	{ "node: 0", NULL, NOT_XL("node: 0") },
	{ "NODE:0", NULL, NOT_XL("NODE:0") },
	{ "^^node:0", NULL, NOT_XL("^^node:0") },
	{ "node:3", NULL, "'node:3': there is no node 3, the last one is 2" },
	{ "0,^nodes:1-7", NULL, "'^nodes:1-7': there is no node 7, the last one is 2" },

	{ "node:0", "0,2", NULL },
	{ "nodes:0", "0,2", NULL },
	{ "node:0-1", "0-3,5", NULL },
	{ "nodes:0-1", "0-3,5", NULL },
	{ "node:2", "", NULL },
	{ "all,^node:1", "0,2,8", NULL },
	{ "node:0,^2", "0", NULL },
	{ "^node:0,node:1", "1,3,5", NULL },
	{ "8 , node:0", "0,2,8", NULL },
	{ "1,^x", NULL, NOT_XL("^x") },
};

static void xl_lists(void **state)
{
	const struct cpuset nodes[] = { set_of("0 2"), set_of("1 3 5"), set_of("") };
	const struct cpuset_words words = { set_of("0 1 2 3 8"), nodes, ARRAY_SIZE(nodes) };

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

/* Nodes are not known: what is wrong anyway is said before that. */
static void xl_lists_without_nodes(void **state)
{
	static const struct {
		const char *text;
		int r;
		const char *sentence;
	} rows[] = {
		{ "node:0", -ENODATA, "'node:0' cannot be used: nodes are not known" },
		{ "0-3,^nodes:1-2", -ENODATA, "'^nodes:1-2' cannot be used: nodes are not known" },
		{ "x,node:0", -EINVAL, NOT_XL("x") },
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

static void format_is_cut(void **state)
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

/* No set is written in a way that is read otherwise, the longest text included. */
static void sets_come_back(void **state)
{
	static char text[64 * 1024];
	struct random random = random_start("sets_come_back");

	(void)state;
	for (int round = 0; round < 50; round++) {
		unsigned int every = round ? 1 + random_below(&random, 8) : 2;
		struct cpuset set, back;

		cpuset_zero(&set);
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
		UNIT_TEST(members),
		UNIT_TEST(walking),
		UNIT_TEST(single),
		UNIT_TEST(comparing),
		UNIT_TEST(kernel_lists),
		UNIT_TEST(kernel_masks),
		UNIT_TEST(widest_mask),
		UNIT_TEST(xl_lists),
		UNIT_TEST(xl_lists_without_nodes),
		UNIT_TEST(format_is_cut),
		UNIT_TEST(sets_come_back),
	};

	return cmocka_run_group_tests(cpuset, NULL, NULL);
}
