// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "progress.h"
#include "util.h"

static void when_it_shows(void **state)
{
	/* One step after another, of work in two parts with 3 and 2 pieces. */
	static const struct {
		const char *row;
		size_t done, all;
		long long now;
		enum progress_act wanted;
	} rows[] = {
		{ .row = "first piece begins",
			.done = 0,
			.all = 3,
			.now = 1000,
			.wanted = PROGRESS_NOTHING },
		{ .row = "just before half a second",
			.done = 1,
			.all = 3,
			.now = 1499,
			.wanted = PROGRESS_NOTHING },
		{ .row = "after half a second",
			.done = 1,
			.all = 3,
			.now = 1500,
			.wanted = PROGRESS_SHOW },
		{ .row = "too soon", .done = 2, .all = 3, .now = 1599, .wanted = PROGRESS_NOTHING },
		{ .row = "shown again", .done = 2, .all = 3, .now = 1600, .wanted = PROGRESS_SHOW },
		{ .row = "first part done",
			.done = 3,
			.all = 3,
			.now = 1601,
			.wanted = PROGRESS_CLEAR },
		{ .row = "cleared already",
			.done = 3,
			.all = 3,
			.now = 1602,
			.wanted = PROGRESS_NOTHING },
		{ .row = "next part shown at once",
			.done = 0,
			.all = 2,
			.now = 1603,
			.wanted = PROGRESS_SHOW },
		{ .row = "second part done",
			.done = 2,
			.all = 2,
			.now = 1604,
			.wanted = PROGRESS_CLEAR },
		{ .row = "part without pieces",
			.done = 0,
			.all = 0,
			.now = 9999,
			.wanted = PROGRESS_NOTHING },
	};
	struct progress progress = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_int(rows[i].row,
			progress_step(&progress, rows[i].done, rows[i].all, rows[i].now),
			rows[i].wanted);
}

static void short_work_shows_nothing(void **state)
{
	struct progress progress = { 0 };

	(void)state;
	for (size_t done = 0; done <= 1000; done++)
		assert_int_equal(progress_step(&progress, done, 1000, 77 + (long long)done / 3),
			PROGRESS_NOTHING);
}

int main(void)
{
	static const struct CMUnitTest progress[] = {
		UNIT_TEST(when_it_shows),
		UNIT_TEST(short_work_shows_nothing),
	};

	return cmocka_run_group_tests(progress, NULL, NULL);
}
