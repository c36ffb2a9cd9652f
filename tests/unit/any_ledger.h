// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * any_ledger.h - what must hold whatever bytes are read as a ledger.
 */
#pragma once

#include "any_story.h"

#include <errno.h>

/* What is refused leaves no trace, and a reason of one line. */
static inline void check_refusal(
	const char *row, int r, const struct ledger *ledger, const struct err *err)
{
	expect_true(row, r == -EBADMSG || r == -ENOTSUP);
	expect_true(row, is_spoilt(ledger, sizeof *ledger));
	expect_true(row, *err->msg);
	for (const char *p = err->msg; *p; p++)
		expect_true(row, !iscntrl((unsigned char)*p));
}

static inline void check_places(const char *row, const struct place *places, unsigned int n)
{
	expect_true(row, n <= QUEUES_MAX);
	for (unsigned int i = 0; i < SIDE_COUNT * n; i++) {
		int cpu = places[i / SIDE_COUNT].cpu[i % SIDE_COUNT];

		expect_true(row, cpu >= 0 && cpu < CPUSET_MAX);
	}
}

/* Each vif is there once, and every number is one that can be. */
static inline void check_entries(const char *row, const struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->n_vifs; i++) {
		const struct vif_entry *vif = &ledger->vifs[i];

		if (i)
			expect_true(row, vif_id_compare(&vif[-1].id, &vif->id) < 0);
		expect_true(row, vif->id.domid <= DOMID_MAX && vif->id.devid <= DEVID_MAX);
		expect_true(row, vif->domain && vifname_is_dev(vif->dev));
		expect_true(row, vif->state >= VIF_RESERVED && vif->state <= VIF_PINNED);
		expect_true(row, vif->since >= SINCE_UNKNOWN && vif->since <= SINCE_MAX);
		check_places(row, vif->places, vif->n_queues);
	}
	expect_true(row, ledger->n_remembered <= REMEMBERED_MAX);
	for (size_t i = 0; i < ledger->n_remembered; i++) {
		expect_true(row, ledger->remembered[i].devid <= DEVID_MAX);
		check_places(row, ledger->remembered[i].places, ledger->remembered[i].n_queues);
	}
}

/* irqbalance's policy finds the interrupts of every vif, and none of others. */
static inline void check_interrupts(const char *row, const struct ledger *ledger, const char *text)
{
	for (size_t i = 0; i < ledger->n_vifs; i++) {
		char action[DEV_NAME_SIZE + sizeof "-q0-tx"];

		snprintf(action, sizeof action, "%s-q0-tx", ledger->vifs[i].dev);
		expect_true(row, ledger_text_has_interrupt(text, action));
	}
	expect_true(row, !ledger_text_has_interrupt(text, "a/b-q0-tx"));
}

/* Written and read again it is the same. */
static inline void check_round_trip(const char *row, const struct ledger *ledger)
{
	_cleanup_free_ char *text = ledger_format(ledger);
	_cleanup_free_ char *second = NULL;
	_cleanup_ledger_ struct ledger again = { 0 };
	struct err err = { "" };

	expect_int(row, ledger_parse(text, strlen(text), &again, &err), 0);
	expect_str(row, err.msg, "");
	second = ledger_format(&again);
	expect_str(row, second, text);
	check_interrupts(row, ledger, text);
}

/*
 * A host of four CPUs, whose vifs are those of the recorded ledger, finds it: the decision is as
 * right as with any other ledger.
 */
static inline void check_decision(
	const char *row, const char *request, const char *text, size_t len)
{
	const struct story story = {
		.xenstore = "2.0 g2 connected\n3.0 g3 connected\n4.0 g4 waiting queues=1\n"
			    "5.0 g5 waiting queues=2\nno others",
		.kernel = "2.0 2/3\n3.0 0-3/0-3 3/2",
		.request = request,
	};
	_cleanup_scene_ struct scene before = { 0 };
	_cleanup_scene_ struct scene after = { 0 };
	_cleanup_changes_ struct changes changes = { 0 };

	read_scene(&story, &before);
	read_scene(&story, &after);
	expect_int(row, ledger_parse(text, len, &before.ledger, NULL), 0);
	expect_int(row, ledger_parse(text, len, &after.ledger, NULL), 0);
	decide_on(row, &after, &changes);
	check_decided(row, &before, &after, &changes);
	check_settled(row, &after, &changes);
}

/* Is it a ledger? There is a NUL behind the bytes. */
static inline bool check_any_ledger(const char *row, const char *text, size_t len)
{
	_cleanup_free_ char *copy = bare_copy(text, len);
	struct ledger ledger;
	struct err err = { "" };
	int r;

	spoil(&ledger, sizeof ledger);
	r = ledger_parse(copy, len, &ledger, &err);
	ledger_text_has_interrupt(text, "vif1.0-q0-tx");
	if (r < 0) {
		check_refusal(row, r, &ledger, &err);
		return false;
	}
	expect_int(row, r, 0);
	expect_str(row, err.msg, "");
	check_entries(row, &ledger);
	check_round_trip(row, &ledger);
	check_decision(row, "update all", text, len);
	ledger_enter_boot(&ledger, "another boot");
	expect_int(row, ledger.n_vifs, 0);
	check_round_trip(row, &ledger);
	ledger_clear(&ledger);
	return true;
}
