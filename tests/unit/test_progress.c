// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "progress.h"
#include "util.h"

static void when_it_shows(void **state)
{
	/* One piece of work after the other, in two parts of 3 and 2 pieces. */
	static const struct {
		const char *row;
		size_t done, all;
		long long now;
		enum progress_act wanted;
	} rows[] = {
		{ "the first piece begins", 0, 3, 1000, PROGRESS_NOTHING },
		{ "just before half a second", 1, 3, 1499, PROGRESS_NOTHING },
		{ "after half a second", 1, 3, 1500, PROGRESS_SHOW },
		{ "too soon", 2, 3, 1599, PROGRESS_NOTHING },
		{ "again", 2, 3, 1600, PROGRESS_SHOW },
		{ "the part is done", 3, 3, 1601, PROGRESS_CLEAR },
		{ "cleared already", 3, 3, 1602, PROGRESS_NOTHING },
		{ "the next part shows at once", 0, 2, 1603, PROGRESS_SHOW },
		{ "and is done", 2, 2, 1604, PROGRESS_CLEAR },
		{ "a part without pieces", 0, 0, 9999, PROGRESS_NOTHING },
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
