// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "pending.h"
#include "util.h"

static void pending_clearp(struct pending *pending)
{
	pending_clear(pending);
}

#define _cleanup_pending_ _cleanup_(pending_clearp)

static struct vif_id id_of(const char *text)
{
	return (struct vif_id){ (unsigned int)(text[0] - '0'), (unsigned int)(text[2] - '0') };
}

/*
 * Plays a story and returns its clock: "+D.I" marks a vif (one digit each), "+*" marks all,
 * "@T" sets the clock, "?D.I" says that a vif could not be placed, "!" that everything due has
 * been looked at. news gets a 'y' or an 'n' for each "?D.I"; NULL: there is none.
 */
static int64_t play(struct pending *pending, const char *story, char *news)
{
	int64_t now = 0;

	for (const char *p = story; *p; p += strcspn(p, " "), p += strspn(p, " ")) {
		if (*p == '@')
			now = strtol(p + 1, NULL, 10);
		else if (*p == '!')
			pending_done(pending, now);
		else if (*p == '?')
			*news++ = pending_retry(pending, id_of(p + 1), now) ? 'y' : 'n';
		else if (p[1] == '*')
			pending_mark_all(pending);
		else
			pending_mark(pending, id_of(p + 1));
	}
	if (news)
		*news = '\0';
	return now;
}

/* The vifs that are due, in the order in which pending_next_due() returns them. */
static void describe_due(const struct pending *pending, int64_t now, char *buf)
{
	struct vif_id from = { 0, 0 }, id;
	size_t len = 0;

	buf[0] = '\0';
	while (pending_next_due(pending, now, from, &id)) {
		len += (size_t)sprintf(buf + len, "%s%u.%u", len ? " " : "", id.domid, id.devid);
		from = (struct vif_id){ id.domid, id.devid + 1 };
	}
}

static void stories(void **state)
{
	static const struct {
		const char *story, *due;
		int wait;
	} rows[] = {
		{ .story = "", .due = "", .wait = -1 },
		{ .story = "@5000", .due = "", .wait = -1 },
		{ .story = "@7 +1.0", .due = "1.0", .wait = 0 },
		{ .story = "@7 +1.0 +1.0", .due = "1.0", .wait = 0 },
		{ .story = "@7 +2.0 +1.2 +1.1 +3.0", .due = "1.1 1.2 2.0 3.0", .wait = 0 },
		{ .story = "@7 +*", .due = "", .wait = 0 },
		{ .story = "@7 +* +1.0", .due = "1.0", .wait = 0 },
		{ .story = "@7 !", .due = "", .wait = -1 },
		{ .story = "@7 +1.0 !", .due = "", .wait = -1 },
		{ .story = "@7 +* !", .due = "", .wait = -1 },
		{ .story = "@7 +1.0 +* !", .due = "", .wait = -1 },

		/* marked again during its pause */
		{ .story = "@7 +1.0 ! +1.0", .due = "", .wait = 1000 },
		{ .story = "@7 +1.0 ! @207 +1.0", .due = "", .wait = 800 },
		{ .story = "@7 +1.0 ! @207 +1.0 @1006", .due = "", .wait = 1 },
		{ .story = "@7 +1.0 ! @207 +1.0 @1007", .due = "1.0", .wait = 0 },
		{ .story = "@7 +1.0 ! @207 +1.0 @9999", .due = "1.0", .wait = 0 },
		{ .story = "@7 +1.0 ! @1006 +1.0", .due = "", .wait = 1 },
		{ .story = "@7 +1.0 ! @1007 +1.0", .due = "1.0", .wait = 0 },
		{ .story = "@7 +1.0 ! @9999 +1.0", .due = "1.0", .wait = 0 },
		{ .story = "@7 +1.0 ! +1.0 @107 +1.0 @207 +1.0", .due = "", .wait = 800 },
		{ .story = "@7 +1.0 ! +1.0 @1007 !", .due = "", .wait = -1 },
		{ .story = "@7 +1.0 ! +1.0 @1007 ! +1.0", .due = "", .wait = 1000 },

		/* looking at others neither loses it nor makes it wait longer */
		{ .story = "@7 +1.0 ! +1.0 @500 +2.0", .due = "2.0", .wait = 0 },
		{ .story = "@7 +1.0 ! +1.0 @500 +2.0 !", .due = "", .wait = 507 },
		{ .story = "@7 +1.0 ! +1.0 @500 +2.0 ! +2.0", .due = "", .wait = 507 },
		{ .story = "@7 +1.0 ! +1.0 @500 +2.0 ! +2.0 @1007", .due = "1.0", .wait = 0 },
		{ .story = "@7 +1.0 ! +1.0 @500 +2.0 ! +2.0 @1007 !", .due = "", .wait = 493 },
		{ .story = "@7 +1.0 ! +1.0 @500 ! ! !", .due = "", .wait = 507 },

		/* marking all ends every pause, and looking at all starts new ones */
		{ .story = "@7 +1.0 ! +1.0 @500 +*", .due = "", .wait = 0 },
		{ .story = "@7 +1.0 ! +1.0 @500 +* !", .due = "", .wait = -1 },
		{ .story = "@7 +1.0 ! +1.0 @500 +* ! +1.0", .due = "", .wait = 1000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_pending_ struct pending pending = { 0 };
		int64_t now = play(&pending, rows[i].story, NULL);
		char due[64];

		describe_due(&pending, now, due);
		expect_str(rows[i].story, due, rows[i].due);
		expect_int(rows[i].story, pending_wait(&pending, now), rows[i].wait);
	}
}

/* A vif that could not be placed is tried again, and is news once. */
static void retries(void **state)
{
	static const struct {
		const char *story, *due;
		int wait;
		const char *news;
	} rows[] = {
		{ .story = "@7 +1.0 ?1.0", .due = "", .wait = 4000, .news = "y" },
		{ .story = "@7 +1.0 ?1.0 !", .due = "", .wait = 4000, .news = "y" },
		{ .story = "@7 +1.0 ?1.0 ! @4006", .due = "", .wait = 1, .news = "y" },
		{ .story = "@7 +1.0 ?1.0 ! @4007", .due = "1.0", .wait = 0, .news = "y" },
		{ .story = "@7 +1.0 ?1.0 ! ! !", .due = "", .wait = 4000, .news = "y" },

		/* it fails again */
		{ .story = "@7 +1.0 ?1.0 ! @4007 ?1.0", .due = "", .wait = 4000, .news = "yn" },
		{ .story = "@7 +1.0 ?1.0 ! @4007 ?1.0 !", .due = "", .wait = 4000, .news = "yn" },
		{ .story = "@7 +1.0 ?1.0 ! @4007 ?1.0 ! @8007 ?1.0 ! @8008",
			.due = "",
			.wait = 3999,
			.news = "ynn" },

		/* it succeeds, and that is the end of it */
		{ .story = "@7 +1.0 ?1.0 ! @4007 !", .due = "", .wait = -1, .news = "y" },
		{ .story = "@7 +1.0 ?1.0 ! @4007 ! +1.0", .due = "", .wait = 1000, .news = "y" },
		{ .story = "@7 +1.0 ?1.0 ! @4007 ! @9000 +1.0 ?1.0 !",
			.due = "",
			.wait = 4000,
			.news = "yy" },
		{ .story = "@7 +1.0 ?1.0 ! @4007 ! @4100 +1.0 @5007 ?1.0 !",
			.due = "",
			.wait = 4000,
			.news = "yy" },

		/* an event makes it no sooner */
		{ .story = "@7 +1.0 ?1.0 ! @107 +1.0", .due = "", .wait = 3900, .news = "y" },
		{ .story = "@7 +1.0 ?1.0 ! @107 +1.0 !", .due = "", .wait = 3900, .news = "y" },

		/* the others go on */
		{ .story = "@7 +1.0 +2.0 ?1.0 !", .due = "", .wait = 4000, .news = "y" },
		{ .story = "@7 +1.0 +2.0 ?1.0 ! +2.0", .due = "", .wait = 1000, .news = "y" },
		{ .story = "@7 +1.0 ?1.0 ! @507 +2.0", .due = "2.0", .wait = 0, .news = "y" },
		{ .story = "@7 +1.0 ?1.0 ! @507 +2.0 !", .due = "", .wait = 3500, .news = "y" },
		{ .story = "@7 +1.0 +2.0 ?1.0 ?2.0 !", .due = "", .wait = 4000, .news = "yy" },
		{ .story = "@7 +1.0 +2.0 ?1.0 ?2.0 ! @4007",
			.due = "1.0 2.0",
			.wait = 0,
			.news = "yy" },

		/* all are looked at: it is one of them */
		{ .story = "@7 +1.0 ?1.0 ! @107 +*", .due = "", .wait = 0, .news = "y" },
		{ .story = "@7 +1.0 ?1.0 ! @107 +* !", .due = "", .wait = -1, .news = "y" },
		{ .story = "@7 +1.0 ?1.0 ! @107 +* ?1.0 !", .due = "", .wait = 4000, .news = "yn" },
		{ .story = "@7 +1.0 ?1.0 ! @107 +* ! @9000 +1.0 ?1.0 !",
			.due = "",
			.wait = 4000,
			.news = "yy" },
		{ .story = "@7 +* ?1.0 !", .due = "", .wait = 4000, .news = "y" },
		{ .story = "@7 +* ?1.0 ! @4007", .due = "1.0", .wait = 0, .news = "y" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_pending_ struct pending pending = { 0 };
		char due[64], news[8];
		int64_t now = play(&pending, rows[i].story, news);

		describe_due(&pending, now, due);
		expect_str(rows[i].story, due, rows[i].due);
		expect_int(rows[i].story, pending_wait(&pending, now), rows[i].wait);
		expect_str(rows[i].story, news, rows[i].news);
	}
}

static void next_from(void **state)
{
	static const struct {
		struct vif_id from;
		const char *next;
	} rows[] = {
		{ { 0, 0 }, "1.1" },
		{ { 1, 1 }, "1.1" },
		{ { 1, 2 }, "3.0" }, /* 2.0 is in its pause */
		{ { 3, 0 }, "3.0" },
		{ { 3, 1 }, "none" },
		{ { DOMID_MAX, DEVID_MAX }, "none" },
	};
	_cleanup_pending_ struct pending pending = { 0 };
	int64_t now = play(&pending, "@7 +2.0 ! +2.0 +3.0 +1.1", NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vif_id id = { 99, 99 };
		char got[16] = "none";

		if (pending_next_due(&pending, now, rows[i].from, &id))
			snprintf(got, sizeof got, "%u.%u", id.domid, id.devid);
		expect_str(rows[i].next, got, rows[i].next);
	}
}

/* Vifs come and go for months: items that are no longer needed must not pile up. */
static void nothing_piles_up(void **state)
{
	_cleanup_pending_ struct pending pending = { 0 };

	(void)state;
	for (unsigned int domid = 0; domid < 5000; domid++) {
		int64_t now = (int64_t)domid * 100;

		pending_mark(&pending, (struct vif_id){ domid, 0 });
		pending_done(&pending, now);
		assert_in_range(pending.n, 0, PENDING_PAUSE_MS / 100);
	}
	pending_done(&pending, 1000 * 1000);
	assert_int_equal(pending.n, 0);
	pending_mark_all(&pending);
	pending_clear(&pending);
	assert_int_equal(pending_wait(&pending, 0), -1);
	pending_clear(&pending);
}

/* --- against a simple model ------------------------------------------------------------------- */

struct model {
	bool marked[64], failed[64], retrying[64], all;
	int64_t not_before[64];
};

static bool model_due(const struct model *model, unsigned int k, int64_t now)
{
	return model->marked[k] && model->not_before[k] <= now;
}

static void model_done(struct model *model, int64_t now)
{
	for (unsigned int k = 0; k < 64; k++) {
		if (!model->retrying[k] && model->marked[k] &&
			(model->all || model_due(model, k, now))) {
			model->marked[k] = model->failed[k] = false;
			model->not_before[k] = now + PENDING_PAUSE_MS;
		}
		model->retrying[k] = false;
	}
	model->all = false;
}

/* Only one that is looked at can fail. */
static void retry(
	const char *row, struct pending *pending, struct model *model, unsigned int k, int64_t now)
{
	if (!model->all && !model_due(model, k, now))
		return;
	expect_int(row, pending_retry(pending, (struct vif_id){ k / 8, k % 8 }, now),
		!model->failed[k]);
	model->marked[k] = model->failed[k] = model->retrying[k] = true;
	model->not_before[k] = now + PENDING_RETRY_MS;
}

static void expect_model(
	const char *row, const struct pending *pending, const struct model *model, int64_t now)
{
	struct vif_id from = { 0, 0 }, id;
	int64_t wait = model->all ? 0 : -1;

	for (unsigned int k = 0; k < 64; k++) {
		int64_t left = model->not_before[k] > now ? model->not_before[k] - now : 0;

		if (model->marked[k] && (wait < 0 || left < wait))
			wait = left;
		if (!model_due(model, k, now))
			continue;
		expect_true(row, pending_next_due(pending, now, from, &id));
		expect_int(row, id.domid * 8 + id.devid, k);
		from = (struct vif_id){ id.domid, id.devid + 1 };
	}
	expect_true(row, !pending_next_due(pending, now, from, &id));
	expect_int(row, pending_wait(pending, now), wait);
}

static void random_events(void **state)
{
	struct random random = random_start("random_events");
	unsigned long cases = env_number("CASES", 20000);
	_cleanup_pending_ struct pending pending = { 0 };
	struct model model = { 0 };
	int64_t now = 0;

	(void)state;
	for (unsigned long i = 0; i < cases && !wrong_rows; i++) {
		unsigned int k = random_below(&random, 64);
		char row[32];

		snprintf(row, sizeof row, "step %lu", i);
		now += random_below(&random, 100);
		if (random_below(&random, 4)) {
			pending_mark(&pending, (struct vif_id){ k / 8, k % 8 });
			model.marked[k] = true;
		} else if (random_below(&random, 2)) {
			retry(row, &pending, &model, k, now);
		} else if (random_below(&random, 8)) {
			pending_done(&pending, now);
			model_done(&model, now);
		} else {
			pending_mark_all(&pending);
			model.all = true;
		}
		expect_model(row, &pending, &model, now);
	}
}

int main(void)
{
	static const struct CMUnitTest pending[] = {
		UNIT_TEST(stories),
		UNIT_TEST(retries),
		UNIT_TEST(next_from),
		UNIT_TEST(nothing_piles_up),
		UNIT_TEST(random_events),
	};

	return cmocka_run_group_tests(pending, NULL, NULL);
}
