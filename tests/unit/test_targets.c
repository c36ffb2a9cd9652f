// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "story.h"
#include "targets.h"
#include "util.h"

static void kinds(void **state)
{
	static const struct {
		enum target_kind kind;
		bool is_thread;
		enum side side;
	} rows[TARGET_KINDS] = {
		{ .kind = TARGET_TX, .side = SIDE_TX },
		{ .kind = TARGET_RX, .side = SIDE_RX },
		{ .kind = TARGET_COMBINED, .side = SIDE_TX },
		{ .kind = TARGET_GUEST_RX, .is_thread = true, .side = SIDE_RX },
		{ .kind = TARGET_DEALLOC, .is_thread = true, .side = SIDE_TX },
		{ .kind = TARGET_NAPI, .is_thread = true, .side = SIDE_TX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct target target = { .kind = rows[i].kind };

		expect_int(kind_name(rows[i].kind), target_is_thread(&target), rows[i].is_thread);
		expect_int(kind_name(rows[i].kind), target_side(&target), rows[i].side);
	}
}

/* --- what is not there -------------------------------------------------------------------- */

/* Targets are written as in story.h; what is missing "KIND NAME", one behind the other. */
static const struct missing_row {
	const char *name, *targets;
	unsigned int n_queues; /* 0: as many as the targets have */
	const char *missing;
	const char *sentence; /* for as many as the targets have; left out: they are complete */
} missing_rows[] = {
	{ .name = "no queue has no target", .targets = "", .missing = "" },
	{ .name = "a whole queue", .targets = "0/1", .missing = "" },
	{ .name = "three whole queues", .targets = "0/1 2/3 0-3/0-3", .missing = "" },
	{ .name = "one interrupt for both directions", .targets = "0/1 combined=0", .missing = "" },
	{ .name = "queues of both kinds", .targets = "0/1 2/3 combined=2", .missing = "" },
	{ .name = "no tx interrupt",
		.targets = "0/1 tx=none",
		.missing = "tx vif1.0-q0-tx",
		.sentence = "there is no interrupt vif1.0-q0-tx" },
	{ .name = "no rx interrupt",
		.targets = "0/1 2/3 rx=none",
		.missing = "rx vif1.0-q1-rx",
		.sentence = "there is no interrupt vif1.0-q1-rx" },
	{ .name = "no guest-rx thread",
		.targets = "0/1 guest-rx=none",
		.missing = "guest-rx vif1.0-q0-guest-rx",
		.sentence = "there is no thread vif1.0-q0-guest-rx" },
	{ .name = "no dealloc thread",
		.targets = "0/1 dealloc=none",
		.missing = "dealloc vif1.0-q0-dealloc",
		.sentence = "there is no thread vif1.0-q0-dealloc" },
	{ .name = "one interrupt for both directions, and no thread",
		.targets = "0/1 combined=0 guest-rx=none dealloc=none",
		.missing = "guest-rx vif1.0-q0-guest-rx dealloc vif1.0-q0-dealloc",
		.sentence = "there is no thread vif1.0-q0-guest-rx" },
	{ .name = "nothing of the first queue: the names are those of split event channels",
		.targets = "0/1 combined=none guest-rx=none dealloc=none 2/3 combined=2",
		.missing = "tx vif1.0-q0-tx rx vif1.0-q0-rx guest-rx vif1.0-q0-guest-rx "
			   "dealloc vif1.0-q0-dealloc",
		.sentence = "there is no interrupt vif1.0-q0-tx" },
	{ .name = "something of two queues: the first queue's come first",
		.targets = "0/1 dealloc=none 2/3 tx=none",
		.missing = "dealloc vif1.0-q0-dealloc tx vif1.0-q1-tx",
		.sentence = "there is no thread vif1.0-q0-dealloc" },
	{ .name = "threads that may be another vif's",
		.targets = "crowded 0/1 guest-rx=none dealloc=none",
		.missing = "guest-rx vif1.0-q0-guest-rx dealloc vif1.0-q0-dealloc",
		.sentence = "thread vif1.0-q0-guest-rx cannot be told from others: the kernel cuts "
			    "their names to vif1.0-q0-guest" },
	{ .name = "an interrupt is missing as well as threads that may be another vif's",
		.targets = "crowded 0/1 rx=none guest-rx=none dealloc=none",
		.missing = "rx vif1.0-q0-rx guest-rx vif1.0-q0-guest-rx dealloc vif1.0-q0-dealloc",
		.sentence = "there is no interrupt vif1.0-q0-rx" },
	{ .name = "threads of NAPI", .targets = "threaded 0/1 napi=0 2/3 napi=2", .missing = "" },
	{ .name = "threads of NAPI that do nothing", .targets = "0/1 napi=0 2/3", .missing = "" },
	{ .name = "one of NAPI's threads is missing",
		.targets = "threaded 0/1 napi=0 2/3",
		.missing = "napi napi/vif1.0 of q1",
		.sentence = "there is no thread napi/vif1.0 of q1" },
	{ .name = "by the longest name that a netdev can have",
		.targets = "dev=averylongname01 0/1 guest-rx=none",
		.missing = "guest-rx averylongname01-q0-guest-rx",
		.sentence = "there is no thread averylongname01-q0-guest-rx" },
	{ .name = "of more queues than there are",
		.targets = "0/1",
		.n_queues = 2,
		.missing = "tx vif1.0-q1-tx rx vif1.0-q1-rx guest-rx vif1.0-q1-guest-rx "
			   "dealloc vif1.0-q1-dealloc" },
	{ .name = "of fewer queues than there are",
		.targets = "0/1 2/3 tx=none",
		.n_queues = 1,
		.missing = "",
		.sentence = "there is no interrupt vif1.0-q1-tx" },
};

static void check_missing(const char *row, const struct targets *targets, unsigned int n_queues,
	const char *dev, const char *wanted)
{
	_cleanup_free_ char *got = NULL;
	struct target missing;
	unsigned int from = 0;
	size_t len;
	FILE *f = open_text(&got, &len);

	while (targets_next_missing(targets, n_queues, dev, &from, &missing)) {
		fprintf(f, " %s %s", kind_name(missing.kind), missing.name);
		expect_true(row, missing.queue < n_queues);
	}
	expect_true(row, !targets_next_missing(targets, n_queues, dev, &from, &missing));
	fclose(f);
	expect_str(row, len ? got + 1 : "", wanted);
}

static void check_complete(
	const char *row, const struct targets *targets, const char *dev, const char *sentence)
{
	struct err err = { "" };

	expect_int(row, targets_complete(targets, dev, &err), !sentence);
	expect_int(row, targets_complete(targets, dev, NULL), !sentence);
	expect_str(row, err.msg, sentence ? sentence : "");
}

static void missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(missing_rows); i++) {
		const struct missing_row *row = &missing_rows[i];
		_cleanup_free_ char *line = strdup(row->targets);
		char dev[DEV_NAME_SIZE] = "vif1.0";
		struct targets targets = { 0 };

		read_targets(line, dev, &targets);
		check_missing(row->name, &targets, row->n_queues ? row->n_queues : targets.n_queues,
			dev, row->missing);
		check_complete(row->name, &targets, dev, row->sentence);
		targets_free(&targets);
		expect_int(row->name, targets.n, 0);
		expect_int(row->name, targets.n_queues, 0);
	}
}

/* The names of the last queue that there can be still fit. */
static void longest_name(void **state)
{
	struct targets none = { 0 };
	unsigned int from = (QUEUES_MAX - 1) * 5 + 2;
	struct target missing;

	(void)state;
	assert_true(targets_next_missing(&none, QUEUES_MAX, "averylongname01", &from, &missing));
	assert_string_equal(missing.name, "averylongname01-q1023-guest-rx");
	assert_int_equal(missing.queue, QUEUES_MAX - 1);
}

int main(void)
{
	static const struct CMUnitTest targets[] = {
		UNIT_TEST(kinds),
		UNIT_TEST(missing),
		UNIT_TEST(longest_name),
	};

	return cmocka_run_group_tests(targets, NULL, NULL);
}
