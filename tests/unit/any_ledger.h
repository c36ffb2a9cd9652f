// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * any_ledger.h - what must hold whatever bytes are read as a ledger.
 */
#pragma once

#include "any_story.h"

#include "ledger_lines.h"

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

/* The same in pieces that end anywhere: three bytes more each time, and what was not used again. */
static inline void check_pieces(const char *row, const char *text, size_t len)
{
	_cleanup_(ledger_lines_clear) struct ledger_lines lines = { 0 };
	_cleanup_free_ char *again = NULL;
	_cleanup_ledger_ struct ledger ledger = { 0 };
	size_t from = 0, used;

	for (size_t to = 0; to < len;) {
		to = to + 3 < len ? to + 3 : len;
		expect_true(row, ledger_lines_read(&lines, text + from, to - from, &used));
		from += used;
		expect_int(row, lines.part == LINES_END, from == len);
	}
	expect_true(row, ledger_lines_end(&lines, &ledger));
	again = ledger_format(&ledger);
	expect_str(row, again, text);
}

/* What is written of a ledger that was read from `old`. */
struct copied {
	const char *old;
	char *text;
	size_t len, copied;
};

static inline int write_copied(const char *piece, size_t n, void *data)
{
	struct copied *to = data;

	to->text = realloc(to->text, to->len + n + 1);
	assert_non_null(to->text);
	memcpy(to->text + to->len, piece, n);
	to->len += n;
	to->text[to->len] = '\0';
	return 0;
}

static inline int copy_copied(size_t at, size_t n, void *data)
{
	struct copied *to = data;

	assert_true(n > 0 && at + n <= strlen(to->old));
	to->copied += n;
	return write_copied(to->old + at, n, to);
}

/* To copy lines is to write them; how much of the text is copied. */
static inline size_t check_copied(const char *row, const struct ledger *ledger, const char *old)
{
	struct copied to = { .old = old };
	const struct ledger_output output = { write_copied, copy_copied, &to };
	_cleanup_free_ char *wanted = ledger_format(ledger);

	expect_int(row, ledger_write(ledger, &output), 0);
	expect_str(row, to.text, wanted);
	free(to.text);
	return to.copied;
}

/* The same of a ledger that changes in all the ways in which one does, in its first vif, in the one
 * behind it, and so on. */
static inline void check_copies(const char *row, const char *text, const struct ledger *read)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };
	struct vif_id last = { 0 };

	check_copied(row, read, text);
	expect_true(row, ledger_lines_parse(text, strlen(text), &ledger));
	for (size_t i = 0; i < ledger.n_vifs; i++) {
		struct vif_id id = ledger.vifs[i].id;

		if (i % 3 == 0)
			ledger_edit(&ledger, id)->drift ^= 1;
		else if (i % 3 == 1)
			ledger_release(&ledger, id);
		else
			assert_non_null(ledger_enter(&ledger, id, "another"));
		check_copied(row, &ledger, text);
		last = id;
	}
	last.devid ^= 1;
	assert_non_null(ledger_enter(&ledger, last, "new"));
	check_copied(row, &ledger, text);
	ledger_enter_boot(&ledger, "another boot");
	check_copied(row, &ledger, text);
}

/* What is read as lines is just what is written, and json-c reads the same. */
static inline void check_readers(const char *row, const char *text, size_t len)
{
	_cleanup_free_ char *copy = bare_copy(text, len);
	_cleanup_free_ char *by_lines = NULL;
	_cleanup_free_ char *by_json = NULL;
	_cleanup_ledger_ struct ledger lines = { 0 }, json = { 0 };
	struct err err = { "" };

	if (!ledger_lines_parse(copy, len, &lines)) {
		expect_int(row, (long long)lines.n_vifs, 0);
		return;
	}
	by_lines = ledger_format(&lines);
	expect_true(row, strlen(by_lines) == len && memcmp(by_lines, text, len) == 0);
	expect_int(row, ledger_parse_json(copy, len, &json, &err), 0);
	expect_str(row, err.msg, "");
	by_json = ledger_format(&json);
	expect_str(row, by_json, by_lines);
	check_copies(row, by_lines, &lines);
	check_pieces(row, by_lines, len);
}

static inline bool is_plain_field(const char *field)
{
	for (; *field; field++) {
		if ((unsigned char)*field < ' ' || (unsigned char)*field > 0x7f || *field == '"' ||
			*field == '\\')
			return false;
	}
	return true;
}

/* Only in names of domains may lines have something that is escaped. */
static inline bool has_plain_fields(const struct ledger *ledger)
{
	bool plain = is_plain_field(ledger->boot_id);

	for (size_t i = 0; i < ledger->n_vifs; i++)
		plain = plain && is_plain_field(ledger->vifs[i].uuid) &&
			is_plain_field(ledger->vifs[i].mac) && is_plain_field(ledger->vifs[i].dev);
	for (size_t i = 0; i < ledger->n_remembered; i++)
		plain = plain && is_plain_field(ledger->remembered[i].uuid);
	return plain;
}

/* Written and read again it is the same. */
static inline void check_round_trip(const char *row, const struct ledger *ledger)
{
	_cleanup_free_ char *text = ledger_format(ledger);
	_cleanup_free_ char *second = NULL;
	_cleanup_ledger_ struct ledger again = { 0 }, lines = { 0 };
	struct err err = { "" };

	expect_int(row, ledger_parse(text, strlen(text), &again, &err), 0);
	expect_str(row, err.msg, "");
	check_readers(row, text, strlen(text));
	if (has_plain_fields(ledger))
		expect_true(row, ledger_lines_parse(text, strlen(text), &lines));
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
	check_readers(row, text, len);
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
