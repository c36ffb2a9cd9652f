// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "agenda.h"
#include "util.h"

static void agenda_clearp(struct agenda *agenda)
{
	agenda_clear(agenda);
}

#define _cleanup_agenda_ _cleanup_(agenda_clearp)

/*
 * A story: "+D.I" marks a vif, "+*" marks all, "@T" sets the clock, "!" says that all that was
 * due has been looked at. Vifs have one digit each.
 */
static int64_t tell(struct agenda *agenda, const char *story)
{
	int64_t now = 0;

	for (const char *p = story; *p; p += strcspn(p, " "), p += strspn(p, " ")) {
		if (*p == '@')
			now = strtol(p + 1, NULL, 10);
		else if (*p == '!')
			agenda_done(agenda, now);
		else if (p[1] == '*')
			agenda_mark_all(agenda);
		else
			agenda_mark(agenda, (struct vif_id){ (unsigned int)(p[1] - '0'),
						    (unsigned int)(p[3] - '0') });
	}
	return now;
}

/* The vifs that are due, in the order in which they are handed out. */
static void describe_due(const struct agenda *agenda, int64_t now, char *buf)
{
	struct vif_id from = { 0, 0 }, id;
	size_t len = 0;

	buf[0] = '\0';
	while (agenda_next_due(agenda, now, from, &id)) {
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
		{ "", "", -1 },
		{ "@5000", "", -1 },
		{ "@7 +1.0", "1.0", 0 },
		{ "@7 +1.0 +1.0", "1.0", 0 },
		{ "@7 +2.0 +1.2 +1.1 +3.0", "1.1 1.2 2.0 3.0", 0 },
		{ "@7 +*", "", 0 },
		{ "@7 +* +1.0", "1.0", 0 },
		{ "@7 !", "", -1 },
		{ "@7 +1.0 !", "", -1 },
		{ "@7 +* !", "", -1 },
		{ "@7 +1.0 +* !", "", -1 },

		/* marked again while it pauses */
		{ "@7 +1.0 ! +1.0", "", 1000 },
		{ "@7 +1.0 ! @207 +1.0", "", 800 },
		{ "@7 +1.0 ! @207 +1.0 @1006", "", 1 },
		{ "@7 +1.0 ! @207 +1.0 @1007", "1.0", 0 },
		{ "@7 +1.0 ! @207 +1.0 @9999", "1.0", 0 },
		{ "@7 +1.0 ! @1006 +1.0", "", 1 },
		{ "@7 +1.0 ! @1007 +1.0", "1.0", 0 },
		{ "@7 +1.0 ! @9999 +1.0", "1.0", 0 },
		{ "@7 +1.0 ! +1.0 @107 +1.0 @207 +1.0", "", 800 },
		{ "@7 +1.0 ! +1.0 @1007 !", "", -1 },
		{ "@7 +1.0 ! +1.0 @1007 ! +1.0", "", 1000 },

		/* looking at others does not lose it, nor make it wait longer */
		{ "@7 +1.0 ! +1.0 @500 +2.0", "2.0", 0 },
		{ "@7 +1.0 ! +1.0 @500 +2.0 !", "", 507 },
		{ "@7 +1.0 ! +1.0 @500 +2.0 ! +2.0", "", 507 },
		{ "@7 +1.0 ! +1.0 @500 +2.0 ! +2.0 @1007", "1.0", 0 },
		{ "@7 +1.0 ! +1.0 @500 +2.0 ! +2.0 @1007 !", "", 493 },
		{ "@7 +1.0 ! +1.0 @500 ! ! !", "", 507 },

		/* all does not wait for pauses, and the pauses begin anew */
		{ "@7 +1.0 ! +1.0 @500 +*", "", 0 },
		{ "@7 +1.0 ! +1.0 @500 +* !", "", -1 },
		{ "@7 +1.0 ! +1.0 @500 +* ! +1.0", "", 1000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_agenda_ struct agenda agenda = { 0 };
		int64_t now = tell(&agenda, rows[i].story);
		char due[64];

		describe_due(&agenda, now, due);
		expect_str(rows[i].story, due, rows[i].due);
		expect_int(rows[i].story, agenda_wait(&agenda, now), rows[i].wait);
		expect_int(rows[i].story, agenda_is_due(&agenda, now), rows[i].wait == 0);
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
		{ { 1, 2 }, "3.0" }, /* 2.0 pauses */
		{ { 3, 0 }, "3.0" },
		{ { 3, 1 }, "none" },
		{ { DOMID_MAX, DEVID_MAX }, "none" },
	};
	_cleanup_agenda_ struct agenda agenda = { 0 };
	int64_t now = tell(&agenda, "@7 +2.0 ! +2.0 +3.0 +1.1");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vif_id id = { 99, 99 };
		char got[16] = "none";

		if (agenda_next_due(&agenda, now, rows[i].from, &id))
			snprintf(got, sizeof got, "%u.%u", id.domid, id.devid);
		expect_str(rows[i].next, got, rows[i].next);
	}
}

/* What has nothing to say any more is forgotten: vifs come and go for months. */
static void nothing_is_left(void **state)
{
	_cleanup_agenda_ struct agenda agenda = { 0 };

	(void)state;
	for (unsigned int domid = 0; domid < 5000; domid++) {
		int64_t now = (int64_t)domid * 100;

		agenda_mark(&agenda, (struct vif_id){ domid, 0 });
		agenda_done(&agenda, now);
		assert_in_range(agenda.n, 0, AGENDA_PAUSE_MS / 100);
	}
	agenda_done(&agenda, 1000 * 1000);
	assert_int_equal(agenda.n, 0);
	agenda_mark_all(&agenda);
	agenda_clear(&agenda);
	assert_int_equal(agenda_wait(&agenda, 0), -1);
	agenda_clear(&agenda);
}

/* --- against a table of 64 vifs -------------------------------------------------------------- */

struct model {
	bool marked[64], all;
	int64_t not_before[64];
};

static bool model_due(const struct model *model, unsigned int k, int64_t now)
{
	return model->marked[k] && model->not_before[k] <= now;
}

static void model_done(struct model *model, int64_t now)
{
	for (unsigned int k = 0; k < 64; k++) {
		if (model->marked[k] && (model->all || model_due(model, k, now))) {
			model->marked[k] = false;
			model->not_before[k] = now + AGENDA_PAUSE_MS;
		}
	}
	model->all = false;
}

static void expect_model(
	const char *row, const struct agenda *agenda, const struct model *model, int64_t now)
{
	struct vif_id from = { 0, 0 }, id;
	int64_t wait = model->all ? 0 : -1;

	for (unsigned int k = 0; k < 64; k++) {
		int64_t left = model->not_before[k] > now ? model->not_before[k] - now : 0;

		if (model->marked[k] && (wait < 0 || left < wait))
			wait = left;
		if (!model_due(model, k, now))
			continue;
		expect_true(row, agenda_next_due(agenda, now, from, &id));
		expect_int(row, id.domid * 8 + id.devid, k);
		from = (struct vif_id){ id.domid, id.devid + 1 };
	}
	expect_true(row, !agenda_next_due(agenda, now, from, &id));
	expect_int(row, agenda_wait(agenda, now), wait);
}

static void any_events(void **state)
{
	struct random random = random_start("any_events");
	unsigned long cases = env_number("CASES", 20000);
	_cleanup_agenda_ struct agenda agenda = { 0 };
	struct model model = { 0 };
	int64_t now = 0;

	(void)state;
	for (unsigned long i = 0; i < cases && !wrong_rows; i++) {
		unsigned int k = random_below(&random, 64);
		char row[32];

		snprintf(row, sizeof row, "step %lu", i);
		now += random_below(&random, 100);
		if (random_below(&random, 4)) {
			agenda_mark(&agenda, (struct vif_id){ k / 8, k % 8 });
			model.marked[k] = true;
		} else if (random_below(&random, 8)) {
			agenda_done(&agenda, now);
			model_done(&model, now);
		} else {
			agenda_mark_all(&agenda);
			model.all = true;
		}
		expect_model(row, &agenda, &model, now);
	}
}

int main(void)
{
	static const struct CMUnitTest agenda[] = {
		UNIT_TEST(stories),
		UNIT_TEST(next_from),
		UNIT_TEST(nothing_is_left),
		UNIT_TEST(any_events),
	};

	return cmocka_run_group_tests(agenda, NULL, NULL);
}
