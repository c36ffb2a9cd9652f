// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "ledger.h"
#include "util.h"

#include <errno.h>

#define BOOT   "5674e575-86de-43f9-b41b-e3dc3b4f5d49"
#define UUID_A "aaaaaaaa-1111-4222-8333-444444444444"
#define UUID_B "bbbbbbbb-1111-4222-8333-444444444444"

/*
 * A ledger without the blanks that ledger_format() inserts: two vifs of domain 1, and the
 * remembered places of a third. The tables below modify it.
 */
static const char base[] =
	"{\"version\":1,\"boot_id\":\"" BOOT "\",\"vifs\":["
	"{\"domid\":1,\"devid\":0,\"domain\":\"g1\",\"uuid\":\"" UUID_A "\","
	"\"mac\":\"00:16:3e:00:01:01\",\"dev\":\"vif1.0\",\"state\":\"pinned\",\"queues\":["
	"{\"queue\":0,\"tx_cpu\":0,\"rx_cpu\":1},{\"queue\":1,\"tx_cpu\":2,\"rx_cpu\":8191}],"
	"\"drift\":7},"
	"{\"domid\":1,\"devid\":10,\"domain\":\"g1\",\"uuid\":\"\",\"mac\":\"\","
	"\"dev\":\"averylongname01\",\"state\":\"reserved\",\"queues\":[],\"drift\":0}],"
	"\"remembered\":[{\"uuid\":\"" UUID_B "\",\"devid\":3,\"queues\":["
	"{\"queue\":0,\"tx_cpu\":6,\"rx_cpu\":7}]}]}";

static void ledger_clearp(struct ledger *ledger)
{
	ledger_clear(ledger);
}

#define _cleanup_ledger_ _cleanup_(ledger_clearp)

/* Parses a copy in memory that ends with the text, without a NUL after it. */
static int parse(const char *text, size_t len, struct ledger *ledger, struct err *err)
{
	_cleanup_free_ char *copy = bare_copy(text, len);

	*err = (struct err){ "" };
	return ledger_parse(copy, len, ledger, err);
}

/* The text without blanks and newlines outside strings, like `base`. */
static char *squeeze(const char *text)
{
	char *out = malloc(strlen(text) + 1);
	bool in_string = false;
	char *p = out;

	assert_non_null(out);
	for (; *text; text++) {
		if (!in_string && isspace((unsigned char)*text))
			continue;
		if (*text == '"')
			in_string = !in_string;
		*p++ = *text;
		if (*text == '\\')
			*p++ = *++text;
	}
	*p = '\0';
	return out;
}

/* `base` with the first occurrence of `find` replaced. */
static char *with(const char *find, const char *replace)
{
	const char *at = strstr(base, find);
	char *out;

	if (!at)
		fail_msg("the ledger has no %s", find);
	assert_true(
		asprintf(&out, "%.*s%s%s", (int)(at - base), base, replace, at + strlen(find)) > 0);
	return out;
}

static void expect_ledger(const char *row, const struct ledger *ledger, const char *wanted)
{
	_cleanup_free_ char *text = ledger_format(ledger);
	_cleanup_free_ char *got = text ? squeeze(text) : NULL;

	expect_str(row, got, wanted);
}

/* --- reading and writing --------------------------------------------------------------------- */

static void empty_ledger(void **state)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };
	_cleanup_free_ char *text = ledger_format(&ledger);

	(void)state;
	assert_non_null(text);
	assert_int_equal(text[strlen(text) - 1], '\n');
	expect_ledger(
		"empty", &ledger, "{\"version\":1,\"boot_id\":\"\",\"vifs\":[],\"remembered\":[]}");
}

static void fields(void **state)
{
	_cleanup_ledger_ struct ledger ledger;
	const struct vif_entry *vif;
	struct err err;

	(void)state;
	assert_int_equal(parse(base, strlen(base), &ledger, &err), 0);
	assert_string_equal(err.msg, "");
	assert_string_equal(ledger.boot_id, BOOT);
	assert_int_equal(ledger.n_vifs, 2);
	vif = &ledger.vifs[0];
	assert_int_equal(vif->id.domid, 1);
	assert_int_equal(vif->id.devid, 0);
	assert_string_equal(vif->domain, "g1");
	assert_string_equal(vif->uuid, UUID_A);
	assert_string_equal(vif->mac, "00:16:3e:00:01:01");
	assert_string_equal(vif->dev, "vif1.0");
	assert_int_equal(vif->state, VIF_PINNED);
	assert_int_equal(vif->n_queues, 2);
	assert_int_equal(vif->places[1].cpu[SIDE_TX], 2);
	assert_int_equal(vif->places[1].cpu[SIDE_RX], 8191);
	assert_int_equal(vif->drift, 7);
	assert_int_equal(vif->since, SINCE_UNKNOWN);
	assert_int_equal(ledger.vifs[1].state, VIF_RESERVED);
	assert_int_equal(ledger.vifs[1].n_queues, 0);
	assert_int_equal(ledger.n_remembered, 1);
	assert_string_equal(ledger.remembered[0].uuid, UUID_B);
	assert_int_equal(ledger.remembered[0].devid, 3);
	assert_int_equal(ledger.remembered[0].n_queues, 1);
	assert_int_equal(ledger.remembered[0].places[0].cpu[SIDE_RX], 7);
}

/* Writing what was read gives the same text, byte by byte. */
static void round_trip(void **state)
{
	_cleanup_ledger_ struct ledger first, second;
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *again = NULL;
	struct err err;

	(void)state;
	assert_int_equal(parse(base, strlen(base), &first, &err), 0);
	expect_ledger("base", &first, base);
	text = ledger_format(&first);
	assert_int_equal(parse(text, strlen(text), &second, &err), 0);
	again = ledger_format(&second);
	assert_string_equal(text, again);
}

static void accepted(void **state)
{
	static const struct {
		const char *row, *find, *replace;
		const char *back; /* what is written in place of `find`; NULL: `replace` */
	} rows[] = {
		{ .row = "partial", .find = "\"pinned\"", .replace = "\"partial\"" },
		{ .row = "largest vif",
			.find = "\"domid\":1,\"devid\":10",
			.replace = "\"domid\":32751,\"devid\":65535" },
		{ .row = "name with special characters",
			.find = "\"g1\"",
			.replace = "\"a \\\"b\\\" \\\\ / \\n \\u0001 \xc3\xa4 {[:,]}\"",
			.back = "\"a \\\"b\\\" \\\\ / \\n \\u0001 \\u00e4 {[:,]}\"" },
		{ .row = "name with one quote", .find = "\"g1\"", .replace = "\"a\\\":b\"" },
		{ .row = "name with a backslash", .find = "\"g1\"", .replace = "\"a:\\\\\"" },
		{ .row = "empty name", .find = "\"g1\"", .replace = "\"\"" },
		{ .row = "no boot ID", .find = "\"" BOOT "\"", .replace = "\"\"" },
		{ .row = "unknown field of the ledger",
			.find = "\"vifs\":",
			.replace = "\"x\":[{\"vifs\":7}],\"vifs\":",
			.back = "\"vifs\":" },
		{ .row = "unknown field of a vif",
			.find = "\"domid\":1,",
			.replace = "\"domid\":1,\"numa\":{\"node\":1},",
			.back = "\"domid\":1," },
		{ .row = "unknown field of a queue",
			.find = "\"queue\":0,",
			.replace = "\"queue\":0,\"irq\":null,",
			.back = "\"queue\":0," },
		{ .row = "unknown field of a remembered vif",
			.find = "\"devid\":3,",
			.replace = "\"since\":\"\",\"devid\":3,",
			.back = "\"devid\":3," },
		{ .row = "fields in another order",
			.find = "\"queue\":0,\"tx_cpu\":0,\"rx_cpu\":1",
			.replace = "\"rx_cpu\":1,\"queue\":0,\"tx_cpu\":0",
			.back = "\"queue\":0,\"tx_cpu\":0,\"rx_cpu\":1" },
		{ .row = "largest drift",
			.find = "\"drift\":7",
			.replace = "\"drift\":2147483647" },
		{ .row = "earliest since",
			.find = "\"drift\":7",
			.replace = "\"drift\":7,\"since\":1" },
		{ .row = "latest since",
			.find = "\"drift\":7",
			.replace = "\"drift\":7,\"since\":253402300799" },
		{ .row = "no drift",
			.find = ",\"drift\":7",
			.replace = "",
			.back = ",\"drift\":0" },
		{ .row = "blanks",
			.find = "\"version\":1,",
			.replace = " \"version\"\t:\r\n 1 , ",
			.back = "\"version\":1," },
		{ .row = "blanks after the end",
			.find = "}]}]}",
			.replace = "}]}]} \t\r\n\n",
			.back = "}]}]}" },
		{ .row = "blanks before the beginning",
			.find = "{\"version\"",
			.replace = "\n {\"version\"",
			.back = "{\"version\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *back = rows[i].back ? rows[i].back : rows[i].replace;
		_cleanup_free_ char *text = with(rows[i].find, rows[i].replace);
		_cleanup_free_ char *wanted = with(rows[i].find, back);
		_cleanup_ledger_ struct ledger ledger = { 0 };
		struct err err;

		expect_int(rows[i].row, parse(text, strlen(text), &ledger, &err), 0);
		expect_str(rows[i].row, err.msg, "");
		expect_ledger(rows[i].row, &ledger, wanted);
	}
}

/* U+FFFD, the replacement for a byte that is not UTF-8. */
#define FFFD "\xef\xbf\xbd"

/* Names are written in ASCII, and read both escaped and as earlier versions wrote them. */
static void names_beyond_ascii(void **state)
{
	static const struct {
		const char *row, *domain;
		const char *json; /* the name in the text */
		const char *back; /* the name when it is read; NULL: as before */
	} rows[] = {
		{ .row = "two bytes",
			.domain = "b\xc3\xbc"
				  "cher",
			.json = "b\\u00fccher" },
		{ .row = "three bytes", .domain = "5 \xe2\x82\xac", .json = "5 \\u20ac" },
		{ .row = "four bytes", .domain = "\xf0\x9f\x98\x80!", .json = "\\ud83d\\ude00!" },
		{ .row = "first of two bytes", .domain = "\xc2\x80", .json = "\\u0080" },
		{ .row = "last of two bytes", .domain = "\xdf\xbf", .json = "\\u07ff" },
		{ .row = "first of three bytes", .domain = "\xe0\xa0\x80", .json = "\\u0800" },
		{ .row = "last of three bytes", .domain = "\xef\xbf\xbf", .json = "\\uffff" },
		{ .row = "first of four bytes",
			.domain = "\xf0\x90\x80\x80",
			.json = "\\ud800\\udc00" },
		{ .row = "last of four bytes",
			.domain = "\xf4\x8f\xbf\xbf",
			.json = "\\udbff\\udfff" },
		{ .row = "before the surrogates", .domain = "\xed\x9f\xbf", .json = "\\ud7ff" },
		{ .row = "after the surrogates", .domain = "\xee\x80\x80", .json = "\\ue000" },
		{ .row = "U+FFFD itself", .domain = FFFD, .json = "\\ufffd" },

		{ .row = "byte that is never used",
			.domain = "a\xff",
			.json = "a\\ufffd",
			.back = "a" FFFD },
		{ .row = "Latin-1",
			.domain = "b\xfc"
				  "cher",
			.json = "b\\ufffdcher",
			.back = "b" FFFD "cher" },
		{ .row = "continuation alone",
			.domain = "\x80z",
			.json = "\\ufffdz",
			.back = FFFD "z" },
		{ .row = "one of two bytes", .domain = "\xc3", .json = "\\ufffd", .back = FFFD },
		{ .row = "two of three bytes",
			.domain = "\xe2\x82",
			.json = "\\ufffd\\ufffd",
			.back = FFFD FFFD },
		{ .row = "three of four bytes, then ASCII",
			.domain = "\xf0\x9f\x98z",
			.json = "\\ufffd\\ufffd\\ufffdz",
			.back = FFFD FFFD FFFD "z" },
		{ .row = "cut short before another",
			.domain = "\xe2\x82\xc3\xbc",
			.json = "\\ufffd\\ufffd\\u00fc",
			.back = FFFD FFFD "\xc3\xbc" },
		{ .row = "overlong, two bytes",
			.domain = "\xc1\xbf",
			.json = "\\ufffd\\ufffd",
			.back = FFFD FFFD },
		{ .row = "overlong, three bytes",
			.domain = "\xe0\x9f\xbf",
			.json = "\\ufffd\\ufffd\\ufffd",
			.back = FFFD FFFD FFFD },
		{ .row = "overlong, four bytes",
			.domain = "\xf0\x8f\xbf\xbf",
			.json = "\\ufffd\\ufffd\\ufffd\\ufffd",
			.back = FFFD FFFD FFFD FFFD },
		{ .row = "surrogate",
			.domain = "\xed\xa0\x80",
			.json = "\\ufffd\\ufffd\\ufffd",
			.back = FFFD FFFD FFFD },
		{ .row = "beyond Unicode",
			.domain = "\xf4\x90\x80\x80",
			.json = "\\ufffd\\ufffd\\ufffd\\ufffd",
			.back = FFFD FFFD FFFD FFFD },
		{ .row = "five bytes",
			.domain = "\xf8\x88\x80\x80\x80",
			.json = "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd",
			.back = FFFD FFFD FFFD FFFD FFFD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *back = rows[i].back ? rows[i].back : rows[i].domain;
		const char *texts[] = { rows[i].json, rows[i].domain };

		for (size_t k = 0; k < ARRAY_SIZE(texts); k++) {
			_cleanup_free_ char *text = with("g1", texts[k]);
			_cleanup_free_ char *wanted = with("g1", rows[i].json);
			_cleanup_ledger_ struct ledger ledger = { 0 };
			struct err err;

			expect_int(rows[i].row, parse(text, strlen(text), &ledger, &err), 0);
			expect_str(rows[i].row, err.msg, "");
			expect_str(rows[i].row, ledger.n_vifs ? ledger.vifs[0].domain : "", back);
			expect_ledger(rows[i].row, &ledger, wanted);
			if (ledger.n_vifs)
				ledger_enter(&ledger, ledger.vifs[0].id, rows[i].domain);
			expect_ledger(rows[i].row, &ledger, wanted);
		}
	}
}

/* A name that is not UTF-8 must not become too long for its field, or the ledger is lost. */
static void limited_fields_beyond_ascii(void **state)
{
	static const struct {
		const char *row, *dev, *back;
	} rows[] = {
		{ .row = "UTF-8",
			.dev = "12345678901\xf0\x9f\x98\x80",
			.back = "12345678901\xf0\x9f\x98\x80" },
		{ .row = "Latin-1",
			.dev = "b\xfc"
			       "cher",
			.back = "b?cher" },
		{ .row = "cut short", .dev = "1234567890123\xe2\x82", .back = "1234567890123??" },
		{ .row = "nothing else",
			.dev = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
			.back = "???????????????" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_ledger_ struct ledger ledger = { 0 }, again = { 0 };
		struct vif_entry *vif = ledger_enter(&ledger, (struct vif_id){ 1, 0 }, "");
		_cleanup_free_ char *text = NULL;
		struct err err;

		assert_non_null(vif);
		assert_true(copy_str(vif->dev, sizeof vif->dev, rows[i].dev));
		memset(vif->mac, 0xff, sizeof vif->mac - 1);
		memset(vif->uuid, 0xff, sizeof vif->uuid - 1);
		text = ledger_format(&ledger);
		assert_non_null(text);
		expect_int(rows[i].row, parse(text, strlen(text), &again, &err), 0);
		expect_str(rows[i].row, err.msg, "");
		expect_str(rows[i].row, again.n_vifs ? again.vifs[0].dev : "", rows[i].back);
	}
}

#define Q(name) "\"" name "\""

static const struct refused_row {
	const char *find, *replace, *reason;
} refused_rows[] = {
	{ .find = "\"version\":", .replace = "\"x\":", .reason = Q("version") " is missing" },
	{ .find = "\"boot_id\":", .replace = "\"x\":", .reason = Q("boot_id") " is missing" },
	{ .find = "\"vifs\":", .replace = "\"x\":", .reason = Q("vifs") " is missing" },
	{ .find = "\"remembered\":", .replace = "\"x\":", .reason = Q("remembered") " is missing" },
	{ .find = "\"domid\":", .replace = "\"x\":", .reason = Q("domid") " is missing" },
	{ .find = "\"devid\":", .replace = "\"x\":", .reason = Q("devid") " is missing" },
	{ .find = "\"domain\":", .replace = "\"x\":", .reason = Q("domain") " is missing" },
	{ .find = "\"uuid\":", .replace = "\"x\":", .reason = Q("uuid") " is missing" },
	{ .find = "\"mac\":", .replace = "\"x\":", .reason = Q("mac") " is missing" },
	{ .find = "\"dev\":", .replace = "\"x\":", .reason = Q("dev") " is missing" },
	{ .find = "\"state\":", .replace = "\"x\":", .reason = Q("state") " is missing" },
	{ .find = "\"queues\":", .replace = "\"x\":", .reason = Q("queues") " is missing" },
	{ .find = "\"queue\":", .replace = "\"x\":", .reason = Q("queue") " is missing" },
	{ .find = "\"tx_cpu\":", .replace = "\"x\":", .reason = Q("tx_cpu") " is missing" },
	{ .find = "\"rx_cpu\":", .replace = "\"x\":", .reason = Q("rx_cpu") " is missing" },
	{ .find = "\"uuid\":\"b", .replace = "\"x\":\"b", .reason = Q("uuid") " is missing" },
	{ .find = "\"devid\":3", .replace = "\"x\":3", .reason = Q("devid") " is missing" },
	{ .find = "\"devid\":3,\"queues\"",
		.replace = "\"devid\":3,\"x\"",
		.reason = Q("queues") " is missing" },
	{ .find = "\"version\"", .replace = "\"Version\"", .reason = Q("version") " is missing" },

	{ .find = "\"version\":1",
		.replace = "\"version\":\"1\"",
		.reason = Q("version") " is not of type int" },
	{ .find = "\"version\":1",
		.replace = "\"version\":1.0",
		.reason = Q("version") " is not of type int" },
	{ .find = "\"version\":1",
		.replace = "\"version\":null",
		.reason = Q("version") " is not of type int" },
	{ .find = "\"version\":1",
		.replace = "\"version\":true",
		.reason = Q("version") " is not of type int" },
	{ .find = "\"" BOOT "\"", .replace = "5", .reason = Q("boot_id") " is not of type string" },
	{ .find = "\"" BOOT "\"",
		.replace = "null",
		.reason = Q("boot_id") " is not of type string" },
	{ .find = "\"vifs\":[",
		.replace = "\"vifs\":{},\"x\":[",
		.reason = Q("vifs") " is not of type array" },
	{ .find = "\"vifs\":[",
		.replace = "\"vifs\":\"[]\",\"x\":[",
		.reason = Q("vifs") " is not of type array" },
	{ .find = "\"remembered\":[",
		.replace = "\"remembered\":{},\"x\":[",
		.reason = Q("remembered") " is not of type array" },
	{ .find = "\"domid\":1",
		.replace = "\"domid\":\"1\"",
		.reason = Q("domid") " is not of type int" },
	{ .find = "\"domid\":1",
		.replace = "\"domid\":[1]",
		.reason = Q("domid") " is not of type int" },
	{ .find = "\"devid\":0",
		.replace = "\"devid\":false",
		.reason = Q("devid") " is not of type int" },
	{ .find = "\"g1\"", .replace = "1", .reason = Q("domain") " is not of type string" },
	{ .find = "\"g1\"", .replace = "null", .reason = Q("domain") " is not of type string" },
	{ .find = "\"" UUID_A "\"", .replace = "5", .reason = Q("uuid") " is not of type string" },
	{ .find = "\"00:16:3e:00:01:01\"",
		.replace = "{}",
		.reason = Q("mac") " is not of type string" },
	{ .find = "\"vif1.0\"", .replace = "1.0", .reason = Q("dev") " is not of type string" },
	{ .find = "\"pinned\"", .replace = "2", .reason = Q("state") " is not of type string" },
	{ .find = "\"queues\":[",
		.replace = "\"queues\":2,\"x\":[",
		.reason = Q("queues") " is not of type array" },
	{ .find = "\"queue\":0",
		.replace = "\"queue\":\"0\"",
		.reason = Q("queue") " is not of type int" },
	{ .find = "\"tx_cpu\":0",
		.replace = "\"tx_cpu\":0.5",
		.reason = Q("tx_cpu") " is not of type int" },
	{ .find = "\"rx_cpu\":1",
		.replace = "\"rx_cpu\":\"1\"",
		.reason = Q("rx_cpu") " is not of type int" },
	{ .find = "\"" UUID_B "\"", .replace = "5", .reason = Q("uuid") " is not of type string" },
	{ .find = "\"devid\":3",
		.replace = "\"devid\":\"3\"",
		.reason = Q("devid") " is not of type int" },
	{ .find = "\"drift\":7",
		.replace = "\"drift\":\"7\"",
		.reason = Q("drift") " is not of type int" },
	{ .find = "\"drift\":7",
		.replace = "\"drift\":null",
		.reason = Q("drift") " is not of type int" },
	{ .find = "\"vifs\":[",
		.replace = "\"vifs\":[7,",
		.reason = "an element of \"vifs\" is not an object" },
	{ .find = "\"vifs\":[",
		.replace = "\"vifs\":[null,",
		.reason = "an element of \"vifs\" is not an object" },
	{ .find = "\"queues\":[",
		.replace = "\"queues\":[[],",
		.reason = "an element of \"queues\" is not an object" },
	{ .find = "\"remembered\":[",
		.replace = "\"remembered\":[\"x\",",
		.reason = "an element of \"remembered\" is not an object" },

	{ .find = "\"version\":1",
		.replace = "\"version\":-1",
		.reason = Q("version") " is not between 0 and 2147483647" },
	{ .find = "\"version\":1",
		.replace = "\"version\":2147483648",
		.reason = Q("version") " is not between 0 and 2147483647" },
	{ .find = "\"version\":1",
		.replace = "\"version\":4294967297",
		.reason = Q("version") " is not between 0 and 2147483647" },
	{ .find = "\"version\":1",
		.replace = "\"version\":0",
		.reason = "has version 0, which does not exist" },
	{ .find = "\"domid\":1",
		.replace = "\"domid\":-1",
		.reason = Q("domid") " is not between 0 and 32751" },
	{ .find = "\"domid\":1",
		.replace = "\"domid\":32752",
		.reason = Q("domid") " is not between 0 and 32751" },
	{ .find = "\"domid\":1",
		.replace = "\"domid\":4294967297",
		.reason = Q("domid") " is not between 0 and 32751" },
	{ .find = "\"devid\":0",
		.replace = "\"devid\":65536",
		.reason = Q("devid") " is not between 0 and 65535" },
	{ .find = "\"queue\":1",
		.replace = "\"queue\":1024",
		.reason = Q("queue") " is not between 0 and 1023" },
	{ .find = "\"queue\":1",
		.replace = "\"queue\":-1",
		.reason = Q("queue") " is not between 0 and 1023" },
	{ .find = "\"tx_cpu\":0",
		.replace = "\"tx_cpu\":-1",
		.reason = Q("tx_cpu") " is not between 0 and 8191" },
	{ .find = "\"tx_cpu\":0",
		.replace = "\"tx_cpu\":8192",
		.reason = Q("tx_cpu") " is not between 0 and 8191" },
	{ .find = "\"rx_cpu\":1",
		.replace = "\"rx_cpu\":8192",
		.reason = Q("rx_cpu") " is not between 0 and 8191" },
	{ .find = "\"devid\":3",
		.replace = "\"devid\":65536",
		.reason = Q("devid") " is not between 0 and 65535" },
	{ .find = "\"tx_cpu\":6",
		.replace = "\"tx_cpu\":-1",
		.reason = Q("tx_cpu") " is not between 0 and 8191" },
	{ .find = "\"drift\":7",
		.replace = "\"drift\":7,\"since\":\"1\"",
		.reason = Q("since") " is not of type int" },
	{ .find = "\"drift\":7",
		.replace = "\"drift\":7,\"since\":0",
		.reason = Q("since") " is not between 1 and 253402300799" },
	{ .find = "\"drift\":7",
		.replace = "\"drift\":7,\"since\":253402300800",
		.reason = Q("since") " is not between 1 and 253402300799" },
	{ .find = "\"drift\":7",
		.replace = "\"drift\":-1",
		.reason = Q("drift") " is not between 0 and 2147483647" },
	{ .find = "\"drift\":7",
		.replace = "\"drift\":2147483648",
		.reason = Q("drift") " is not between 0 and 2147483647" },
	{ .find = BOOT, .replace = BOOT "0", .reason = Q("boot_id") " is too long" },
	{ .find = UUID_A, .replace = UUID_A "0", .reason = Q("uuid") " is too long" },
	{ .find = UUID_B, .replace = UUID_B "0", .reason = Q("uuid") " is too long" },
	{ .find = "00:16:3e:00:01:01",
		.replace = "00:16:3e:00:01:011",
		.reason = Q("mac") " is too long" },
	{ .find = "averylongname01",
		.replace = "averylongname012",
		.reason = Q("dev") " is too long" },
	{ .find = "\"vif1.0\"",
		.replace = "\"\"",
		.reason = Q("dev") " is not a valid network device name" },
	{ .find = "\"vif1.0\"",
		.replace = "\"..\"",
		.reason = Q("dev") " is not a valid network device name" },
	{ .find = "\"vif1.0\"",
		.replace = "\"a/b\"",
		.reason = Q("dev") " is not a valid network device name" },
	{ .find = "\"vif1.0\"",
		.replace = "\"a b\"",
		.reason = Q("dev") " is not a valid network device name" },
	{ .find = "\"pinned\"", .replace = "\"\"", .reason = Q("state") " cannot be \"\"" },
	{ .find = "\"pinned\"",
		.replace = "\"Pinned\"",
		.reason = Q("state") " cannot be \"Pinned\"" },
	{ .find = "\"pinned\"",
		.replace = "\"pinned for ever\"",
		.reason = Q("state") " cannot be \"pinned for ever\"" },
	{ .find = "\"pinned\"",
		.replace = "\"pinned for evermore\"",
		.reason = Q("state") " is too long" },
	{ .find = BOOT, .replace = "a\\u0000b", .reason = Q("boot_id") " contains a NUL" },
	{ .find = "\"g1\"", .replace = "\"g1\\u0000x\"", .reason = Q("domain") " contains a NUL" },
	{ .find = UUID_A, .replace = "a\\u0000b", .reason = Q("uuid") " contains a NUL" },
	{ .find = "00:16:3e:00:01:01", .replace = "\\u0000", .reason = Q("mac") " contains a NUL" },
	{ .find = "\"vif1.0\"",
		.replace = "\"vif1.0\\u0000\"",
		.reason = Q("dev") " contains a NUL" },
	{ .find = "\"pinned\"",
		.replace = "\"pinned\\u0000\"",
		.reason = Q("state") " contains a NUL" },

	{ .find = "\"domid\":1,\"devid\":10",
		.replace = "\"domid\":1,\"devid\":0",
		.reason = "vif 1.0 appears twice" },
	{ .find = "\"queue\":1",
		.replace = "\"queue\":0",
		.reason = Q("queues") " has queue 0 where 1 belongs" },
	{ .find = "\"queue\":0",
		.replace = "\"queue\":1",
		.reason = Q("queues") " has queue 1 where 0 belongs" },
	{ .find = "\"queue\":1",
		.replace = "\"queue\":2",
		.reason = Q("queues") " has queue 2 where 1 belongs" },
	{ .find = "\"version\":1",
		.replace = "\"version\":1,\"version\":1",
		.reason = "a field appears twice" },
	{ .find = "\"vifs\":",
		.replace = "\"vifs\":[],\"vifs\":",
		.reason = "a field appears twice" },
	{ .find = "\"domid\":1",
		.replace = "\"domid\":2,\"domid\":1",
		.reason = "a field appears twice" },
	{ .find = "\"rx_cpu\":1",
		.replace = "\"rx_cpu\":2,\"rx_cpu\":1",
		.reason = "a field appears twice" },
	{ .find = "\"devid\":3",
		.replace = "\"devid\":3,\"devid\":3",
		.reason = "a field appears twice" },
};

#define NOT_JSON "it is not JSON: "

/* json-c words the rest of a reason that begins with NOT_JSON: only the beginning is compared. */
static void check_refused(const char *row, const char *text, size_t len, int r, const char *reason)
{
	struct ledger ledger;
	struct err err;

	spoil(&ledger, sizeof ledger);
	expect_int(row, parse(text, len, &ledger, &err), r);
	if (strcmp(reason, NOT_JSON) == 0 && strlen(err.msg) > strlen(NOT_JSON))
		err.msg[strlen(NOT_JSON)] = '\0';
	expect_str(row, err.msg, reason);
	if (is_spoilt(&ledger, sizeof ledger))
		return;
	expect_str(row, "a ledger", "untouched");
	ledger_clear(&ledger);
}

static void refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused_rows); i++) {
		const struct refused_row *row = &refused_rows[i];
		_cleanup_free_ char *text = with(row->find, row->replace);

		check_refused(row->replace, text, strlen(text), -EBADMSG, row->reason);
	}
}

/* Clamped by json-c before 0.18, and no JSON to later ones. */
static void number_beyond_64_bits(void **state)
{
	static const struct {
		const char *find, *replace;
	} rows[] = {
		{ "\"version\":1", "\"version\":18446744073709551617" },
		{ "\"rx_cpu\":1", "\"rx_cpu\":99999999999999999999" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = with(rows[i].find, rows[i].replace);
		_cleanup_ledger_ struct ledger ledger = { 0 };
		struct err err;

		expect_int(rows[i].replace, parse(text, strlen(text), &ledger, &err), -EBADMSG);
		expect_true(rows[i].replace,
			strstr(err.msg, "is not between 0 and") || strstr(err.msg, NOT_JSON));
	}
}

static void not_a_ledger(void **state)
{
	static const struct {
		const char *text, *reason;
	} rows[] = {
		{ "", NOT_JSON },
		{ " \n", NOT_JSON },
		{ "{", NOT_JSON },
		{ "{\"version\":1", NOT_JSON },
		{ "}", NOT_JSON },
		{ "nonsense", NOT_JSON },
		{ "# comment\n{}", NOT_JSON },
		{ "{\"version\":01}", NOT_JSON },
		{ "{\"version\":+1}", NOT_JSON },
		{ "{\"version\":1,}", NOT_JSON },
		{ "{\"version\" 1}", NOT_JSON },
		{ "{version:1}", NOT_JSON },
		{ "\xef\xbb\xbf{\"version\":1}", NOT_JSON },
		{ "\"\xe2\x82", NOT_JSON },
		{ "\xf0\x9f\x98", NOT_JSON },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", NOT_JSON },
		{ "{}", Q("version") " is missing" },
		{ "[]", "it is not a JSON object" },
		{ "null", "it is not a JSON object" },
		{ "true", "it is not a JSON object" },
		{ "1 ", "it is not a JSON object" },
		{ "\"{}\"", "it is not a JSON object" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_refused(
			rows[i].text, rows[i].text, strlen(rows[i].text), -EBADMSG, rows[i].reason);
}

static void later_versions(void **state)
{
	static const struct {
		const char *text, *reason;
	} rows[] = {
		{ "{\"version\":2}", "has version 2, this vifpin knows 1" },
		{ "{\"vifs\":7,\"version\":10}", "has version 10, this vifpin knows 1" },
		{ "{\"version\":2147483647,\"boot_id\":[]}\n",
			"has version 2147483647, this vifpin knows 1" },
	};
	_cleanup_free_ char *text = with("\"version\":1", "\"version\":2");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_refused(
			rows[i].text, rows[i].text, strlen(rows[i].text), -ENOTSUP, rows[i].reason);
	check_refused("as version 1", text, strlen(text), -ENOTSUP, rows[0].reason);
}

#define AFTER "there is something after its end"

static void text_after_the_end(void **state)
{
	static const struct {
		const char *more;
		size_t len;
		const char *reason;
	} rows[] = {
		{ .more = "x", .len = 1, .reason = NOT_JSON },
		{ .more = "}", .len = 1, .reason = NOT_JSON },
		{ .more = "{}", .len = 2, .reason = NOT_JSON },
		{ .more = "\n{}", .len = 3, .reason = NOT_JSON },
		{ .more = ",", .len = 1, .reason = NOT_JSON },
		{ .more = " 0", .len = 2, .reason = NOT_JSON },
		{ .more = "\n#", .len = 2, .reason = NOT_JSON },
		{ .more = "\f", .len = 1, .reason = NOT_JSON },
		{ .more = "\xa0", .len = 1, .reason = NOT_JSON },
		{ .more = "\0", .len = 1, .reason = AFTER },
		{ .more = "\n\0", .len = 2, .reason = AFTER },
		{ .more = "\0\n", .len = 2, .reason = AFTER },
		{ .more = "\0x", .len = 2, .reason = AFTER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[sizeof base + 4];

		memcpy(text, base, strlen(base));
		memcpy(text + strlen(base), rows[i].more, rows[i].len);
		check_refused(
			rows[i].more, text, strlen(base) + rows[i].len, -EBADMSG, rows[i].reason);
	}
}

/* A ledger that is cut short is never accepted, wherever it ends. */
static void cut_short(void **state)
{
	_cleanup_ledger_ struct ledger ledger;
	_cleanup_free_ char *text = NULL;
	struct err err;

	(void)state;
	assert_int_equal(parse(base, strlen(base), &ledger, &err), 0);
	text = ledger_format(&ledger);
	assert_non_null(text);
	for (size_t len = 0; len < strlen(text) - 1; len++) {
		char row[32];

		snprintf(row, sizeof row, "%zu bytes", len);
		check_refused(row, text, len, -EBADMSG, NOT_JSON);
	}
}

/* A hole in a file reads as NUL bytes. */
static void nul_within(void **state)
{
	(void)state;
	for (size_t i = 0; i < strlen(base); i++) {
		_cleanup_free_ char *text = exact_copy(base, strlen(base));
		char row[32];

		snprintf(row, sizeof row, "NUL at %zu", i);
		text[i] = '\0';
		check_refused(row, text, strlen(base), -EBADMSG, NOT_JSON);
	}
}

/* The byte after the text does not count. */
static void stops_at_the_length(void **state)
{
	static const char *const behind[] = { "x", "}", "1", "\xff" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(behind); i++) {
		_cleanup_ledger_ struct ledger ledger = { 0 };
		char text[sizeof base + 1];
		struct err err = { "" };

		snprintf(text, sizeof text, "%s%s", base, behind[i]);
		expect_int(behind[i], ledger_parse(text, strlen(base), &ledger, &err), 0);
		expect_str(behind[i], err.msg, "");
	}
}

static void too_many(void **state)
{
	static const struct {
		const char *head, *element, *tail;
		unsigned int max;
		const char *reason;
	} rows[] = {
		{ .head = "{\"version\":1,\"boot_id\":\"\",\"vifs\":[{\"domid\":1,\"devid\":0,"
			  "\"domain\":\"\",\"uuid\":\"\",\"mac\":\"\",\"dev\":\"a\",\"state\":"
			  "\"pinned\","
			  "\"queues\":[",
			.element = "{\"queue\":%u,\"tx_cpu\":0,\"rx_cpu\":1}",
			.tail = "]}],\"remembered\":[]}",
			.max = QUEUES_MAX,
			.reason = "\"queues\" has more than 1024 elements" },
		{ .head = "{\"version\":1,\"boot_id\":\"\",\"vifs\":[],\"remembered\":[",
			.element = "{\"uuid\":\"\",\"devid\":%u,\"queues\":[]}",
			.tail = "]}",
			.max = REMEMBERED_MAX,
			.reason = "\"remembered\" has more than 1024 elements" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned int n = rows[i].max; n <= rows[i].max + 1; n++) {
			_cleanup_ledger_ struct ledger ledger = { 0 };
			_cleanup_free_ char *text = malloc(128 * 1024);
			size_t len = (size_t)sprintf(text, "%s", rows[i].head);
			struct err err;

			for (unsigned int k = 0; k < n; k++) {
				len += (size_t)sprintf(text + len, "%s", k ? "," : "");
				len += (size_t)sprintf(text + len, rows[i].element, k);
			}
			len += (size_t)sprintf(text + len, "%s", rows[i].tail);
			expect_int(rows[i].element, parse(text, len, &ledger, &err),
				n == rows[i].max ? 0 : -EBADMSG);
			expect_str(
				rows[i].element, err.msg, n == rows[i].max ? "" : rows[i].reason);
		}
	}
}

/* The ledger's "vifs" and nothing else. */
static void vifs_alone(void **state)
{
	_cleanup_ledger_ struct ledger ledger;
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *squeezed = NULL;
	struct err err;

	(void)state;
	assert_int_equal(parse(base, strlen(base), &ledger, &err), 0);
	text = ledger_format_vifs(&ledger);
	expect_int("vifs", text[strlen(text) - 1], '\n');
	squeezed = squeeze(text);
	squeezed[strlen(squeezed) - 1] = '\0';
	assert_non_null(strstr(base, squeezed + 1));
	assert_non_null(strstr(squeezed, "\"devid\":0,"));
	assert_non_null(strstr(squeezed, "\"devid\":10,"));
}

static bool is_wanted(const struct vif_entry *vif, const char *domids)
{
	return strchr(domids, (int)('0' + vif->id.domid));
}

static void kept(void **state)
{
	static const struct {
		const char *wanted, *left;
	} rows[] = {
		{ "1", "1" },
		{ "4", "4" },
		{ "24", "24" },
		{ "134", "134" },
		{ "1234", "1234" },
		{ "", "1234" },
		{ "5", "1234" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_ledger_ struct ledger ledger = { 0 };
		bool any = strchr("1234", rows[i].wanted[0]) && rows[i].wanted[0];
		char left[8] = "";

		for (unsigned int domid = 1; domid <= 4; domid++) {
			struct vif_entry *vif =
				ledger_enter(&ledger, (struct vif_id){ domid, 0 }, "g");

			copy_str(vif->uuid, sizeof vif->uuid, UUID_A);
			ledger_set_places(vif, calloc(1, sizeof *vif->places), 1);
		}
		expect_int(rows[i].wanted, ledger_keep(&ledger, is_wanted, rows[i].wanted), any);
		for (size_t k = 0; k < ledger.n_vifs; k++)
			left[k] = (char)('0' + ledger.vifs[k].id.domid);
		expect_str(rows[i].wanted, left, rows[i].left);
		expect_int(rows[i].wanted, (long long)ledger.n_remembered, 0);
	}
}

static void state_names(void **state)
{
	(void)state;
	assert_string_equal(vif_state_name(VIF_RESERVED), "reserved");
	assert_string_equal(vif_state_name(VIF_PARTIAL), "partial");
	assert_string_equal(vif_state_name(VIF_PINNED), "pinned");
}

/* --- entries --------------------------------------------------------------------------------- */

/* Adds a vif; cpus[] has the tx and rx CPU of each queue in turn. */
static struct vif_entry *add_vif(struct ledger *ledger, struct vif_id id, const char *uuid,
	unsigned int n_queues, const int *cpus)
{
	struct vif_entry *vif = ledger_enter(ledger, id, "");
	struct place *places = calloc(n_queues + 1, sizeof *places);

	assert_non_null(vif);
	assert_non_null(places);
	assert_true(copy_str(vif->uuid, sizeof vif->uuid, uuid));
	vifname_default_dev(id, vif->dev);
	for (unsigned int q = 0; q < n_queues; q++)
		places[q] = (struct place){ { cpus[2 * q], cpus[2 * q + 1] } };
	ledger_set_places(vif, places, n_queues);
	return vif;
}

static void sorted_by_id(void **state)
{
	static const struct vif_id ids[] = { { 5, 1 }, { 1, 10 }, { 1, 2 }, { 32751, 0 },
		{ 0, 65535 }, { 5, 0 }, { 10, 0 }, { 2, 0 }, { 1, 0 } };
	static const struct vif_id sorted[] = { { 0, 65535 }, { 1, 0 }, { 1, 2 }, { 1, 10 },
		{ 2, 0 }, { 5, 0 }, { 5, 1 }, { 10, 0 }, { 32751, 0 } };
	_cleanup_ledger_ struct ledger ledger = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		const struct vif_entry *vif;

		assert_null(ledger_find(&ledger, ids[i]));
		vif = ledger_enter(&ledger, ids[i], "");
		assert_ptr_equal(vif, ledger_find(&ledger, ids[i]));
		assert_int_equal(vif_id_compare(&vif->id, &ids[i]), 0);
		assert_string_equal(vif->domain, "");
		assert_string_equal(vif->uuid, "");
		assert_string_equal(vif->mac, "");
		assert_int_equal(vif->state, VIF_RESERVED);
		assert_int_equal(vif->n_queues, 0);
		assert_int_equal(vif->drift, 0);
		assert_int_equal(vif->since, SINCE_NEW);
	}
	assert_int_equal(ledger.n_vifs, ARRAY_SIZE(sorted));
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
		assert_int_equal(vif_id_compare(&ledger.vifs[i].id, &sorted[i]), 0);
	assert_null(ledger_find(&ledger, (struct vif_id){ 1, 1 }));
	assert_null(ledger_find(&ledger, (struct vif_id){ 32751, 1 }));
}

/* Finds any name a netdev can have in the text that ledger_format() writes. */
static void interrupts_in_own_text(void **state)
{
	static const char *const devs[] = { "web", "we\"b", "we\\b", "\\", "x\\\"", "b\xc3\xbcro",
		"\xf0\x9f\x98\x80", "averylongname01" };
	static const char *const others[] = { "we-q0-tx", "webx-q0-tx", "web-q0-rxx", "web1-q0-tx",
		"g1-q0-tx", "domain-q0-tx", "fake-q0-tx", "", "-q0-tx", "averylongname012-q0-tx" };
	_cleanup_ledger_ struct ledger ledger = { 0 };
	_cleanup_free_ char *text = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(devs); i++) {
		struct vif_id id = { 1, (unsigned int)i };
		struct vif_entry *vif = ledger_enter(&ledger, id, "\"dev\": \"fake\"");

		assert_non_null(vif);
		assert_true(copy_str(vif->dev, sizeof vif->dev, devs[i]));
	}
	text = ledger_format(&ledger);
	for (size_t i = 0; i < ARRAY_SIZE(devs); i++) {
		char action[64];

		snprintf(action, sizeof action, "%s-q0-tx", devs[i]);
		expect_int(action, ledger_text_has_interrupt(text, action), true);
		expect_int(devs[i], ledger_text_has_interrupt(text, devs[i]), true);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		expect_int(others[i], ledger_text_has_interrupt(text, others[i]), false);
	expect_int("no ledger", ledger_text_has_interrupt("", "web"), false);
}

/* Finds it in whatever way another program has formatted the ledger, and nothing else. */
static void interrupts_in_reformatted_text(void **state)
{
	static const struct {
		const char *row, *text;
		const char *dev; /* the netdev to look for; NULL: web */
		bool found;
	} rows[] = {
		{ .row = "jq -c, json.dumps(separators=(',', ':'))",
			.text = "{\"vifs\":[{\"domid\":1,\"dev\":\"web\",\"queues\":[]}]}\n",
			.found = true },
		{ .row = "jq --tab",
			.text = "{\n\t\"vifs\": [\n\t\t{\n\t\t\t\"domid\": 1,\n"
				"\t\t\t\"dev\": \"web\",\n\t\t\t\"queues\": []\n\t\t}\n\t]\n}\n",
			.found = true },
		{ .row = "json.dumps()",
			.text = "{\"vifs\": [{\"domid\": 1, \"dev\": \"web\", \"queues\": []}]}",
			.found = true },
		{ .row = "json.dumps(indent=1)",
			.text = "{\n \"vifs\": [\n  {\n   \"dev\": \"web\"\n  }\n ]\n}",
			.found = true },
		{ .row = "blanks wherever JSON allows them",
			.text = "{\"vifs\":[{ \"dev\" \t\r\n:\n\r\t \"web\" } ] }",
			.found = true },
		{ .row = "the last of several",
			.text = "[{\"dev\":\"vif1.0\"},{\"dev\":\"web2\"},{\"dev\":\"web\"}]",
			.found = true },
		{ .row = "after a string that ends in a backslash",
			.text = "{\"domain\":\"\\\\\",\"dev\":\"web\"}",
			.found = true },
		{ .row = "other names",
			.text = "{\"vifs\":[{\"dev\":\"web2\"},{\"dev\":\"we\"}]}" },

		{ .row = "every escape",
			.text = "{\"dev\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
			.dev = "\"\\/\b\f\n\r\t",
			.found = true },
		{ .row = "escaped ASCII", .text = "{\"dev\":\"w\\u0065b\"}", .found = true },
		{ .row = "two bytes",
			.text = "{\"dev\":\"b\xc3\xbc\"}",
			.dev = "b\xc3\xbc",
			.found = true },
		{ .row = "two bytes, escaped",
			.text = "{\"dev\":\"b\\u00fC\"}",
			.dev = "b\xc3\xbc",
			.found = true },
		{ .row = "three bytes, escaped",
			.text = "{\"dev\":\"\\u20aC1\"}",
			.dev = "\xe2\x82\xac"
			       "1",
			.found = true },
		{ .row = "four bytes, escaped",
			.text = "{\"dev\":\"\\ud83d\\uDE001\"}",
			.dev = "\xf0\x9f\x98\x80"
			       "1",
			.found = true },
		{ .row = "longest name",
			.text = "{\"dev\":\"12345678901\\ud83d\\ude00\"}",
			.dev = "12345678901\xf0\x9f\x98\x80",
			.found = true },
		{ .row = "name too long for a netdev",
			.text = "{\"dev\":\"123456789012\\ud83d\\ude00\"}",
			.dev = "123456789012\xf0\x9f\x98\x80" },

		{ .row = "inside a string", .text = "{\"domain\":\"\\\"dev\\\":\\\"web\\\"\"}" },
		{ .row = "at the end of a key", .text = "{\"x\\\"dev\":\"web\"}" },
		{ .row = "longer key, same end", .text = "{\"mydev\":\"web\"}" },
		{ .row = "longer key, same beginning", .text = "{\"dev2\":\"web\"}" },
		{ .row = "key in capitals", .text = "{\"DEV\":\"web\"}" },
		{ .row = "array element", .text = "[\"dev\",\"web\"]" },
		{ .row = "value of another key", .text = "{\"domain\":\"dev\",\"web\":\"web\"}" },
		{ .row = "not a string", .text = "{\"dev\":[\"web\"]}" },
		{ .row = "empty name", .text = "{\"dev\":\"\"}", .dev = "" },

		/* not JSON */
		{ .row = "empty text", .text = "" },
		{ .row = "ends after the key", .text = "{\"dev\"" },
		{ .row = "ends after the colon", .text = "{\"dev\":" },
		{ .row = "ends in the name", .text = "{\"dev\":\"web" },
		{ .row = "ends in an escape", .text = "{\"dev\":\"we\\", .dev = "we\\" },
		{ .row = "ends in a \\u escape", .text = "{\"dev\":\"we\\u006" },
		{ .row = "ends in a surrogate pair", .text = "{\"dev\":\"we\\ud83d\\u" },
		{ .row = "unknown escape", .text = "{\"dev\":\"\\web\"}" },
		{ .row = "NUL", .text = "{\"dev\":\"web\\u0000x\"}" },
		{ .row = "high surrogate alone",
			.text = "{\"dev\":\"\\ud83dx\"}",
			.dev = "\xed\xa0\xbdx" },
		{ .row = "low surrogate alone",
			.text = "{\"dev\":\"\\ude00\"}",
			.dev = "\xed\xb8\x80" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = exact_copy(rows[i].text, strlen(rows[i].text));
		char action[64];

		snprintf(action, sizeof action, "%s-q0-tx", rows[i].dev ? rows[i].dev : "web");
		expect_int(rows[i].row, ledger_text_has_interrupt(text, action), rows[i].found);
	}
}

static void domain_and_places(void **state)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };
	struct vif_entry *vif = add_vif(&ledger, (struct vif_id){ 1, 0 }, "", 1, (int[]){ 2, 3 });
	struct place *places = calloc(2, sizeof *places);

	(void)state;
	assert_non_null(places);
	vif->since = 7;
	assert_ptr_equal(ledger_enter(&ledger, vif->id, "web1"), vif);
	assert_ptr_equal(ledger_enter(&ledger, vif->id, "web2"), vif);
	assert_int_equal(ledger.n_vifs, 1);
	assert_int_equal(vif->since, 7);
	assert_string_equal(vif->domain, "web2");
	assert_int_equal(vif->n_queues, 1);
	assert_int_equal(vif->places[0].cpu[SIDE_RX], 3);
	ledger_set_places(vif, places, 2);
	assert_ptr_equal(vif->places, places);
	assert_int_equal(vif->n_queues, 2);
	ledger_set_places(vif, NULL, 0);
	assert_int_equal(vif->n_queues, 0);
	assert_null(vif->places);
}

static void cleared(void **state)
{
	static const struct ledger empty;
	struct ledger ledger;
	struct err err;

	(void)state;
	assert_int_equal(parse(base, strlen(base), &ledger, &err), 0);
	ledger_clear(&ledger);
	assert_memory_equal(&ledger, &empty, sizeof empty);
	ledger_clear(&ledger);
}

/* --- what is remembered ---------------------------------------------------------------------- */

/* The remembered tx CPU of queue 0, -1 when nothing is remembered. */
static int recalled(const struct ledger *ledger, const char *uuid, unsigned int devid)
{
	const struct remembered *old = ledger_recall(ledger, uuid, devid);

	return old && old->n_queues ? old->places[0].cpu[SIDE_TX] : -1;
}

static void released(void **state)
{
	static const struct {
		const char *row, *uuid;
		unsigned int n_queues;
		size_t n_remembered;
	} rows[] = {
		{ .row = "UUID known", .uuid = UUID_A, .n_queues = 2, .n_remembered = 1 },
		{ .row = "UUID unknown", .uuid = "", .n_queues = 2, .n_remembered = 0 },
		{ .row = "no queues", .uuid = UUID_A, .n_queues = 0, .n_remembered = 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_ledger_ struct ledger ledger = { 0 };
		bool known = rows[i].n_remembered;
		const struct remembered *old;

		add_vif(&ledger, (struct vif_id){ 1, 0 }, UUID_B, 1, (int[]){ 8, 9 });
		add_vif(&ledger, (struct vif_id){ 7, 2 }, rows[i].uuid, rows[i].n_queues,
			(int[]){ 0, 1, 2, 3 });
		add_vif(&ledger, (struct vif_id){ 9, 0 }, UUID_B, 1, (int[]){ 8, 9 });
		ledger_release(&ledger, (struct vif_id){ 7, 2 });
		expect_int(rows[i].row, ledger.n_vifs, 2);
		expect_int(rows[i].row, ledger.vifs[0].id.domid, 1);
		expect_int(rows[i].row, ledger.vifs[1].id.domid, 9);
		expect_int(rows[i].row, ledger.n_remembered, rows[i].n_remembered);
		old = ledger_recall(&ledger, rows[i].uuid, 2);
		expect_int(rows[i].row, old != NULL, known);
		expect_int(rows[i].row, old ? old->n_queues : 0, known ? 2 : 0);
		expect_int(rows[i].row, old ? old->places[1].cpu[SIDE_RX] : 0, known ? 3 : 0);
		expect_true(rows[i].row, !ledger_recall(&ledger, rows[i].uuid, 1));
		expect_true(rows[i].row, !ledger_recall(&ledger, UUID_B, 2));
		expect_true(rows[i].row, !ledger_recall(&ledger, "", 2));
	}
}

static void releasing_an_unknown_vif(void **state)
{
	_cleanup_ledger_ struct ledger ledger;
	struct err err;

	(void)state;
	assert_int_equal(parse(base, strlen(base), &ledger, &err), 0);
	ledger_release(&ledger, (struct vif_id){ 1, 1 });
	ledger_release(&ledger, (struct vif_id){ 2, 0 });
	expect_ledger("unchanged", &ledger, base);
}

/* Releases these vifs of domain 1 in order. The CPU each had is the number of its turn. */
static void release_in_order(struct ledger *ledger, const char *devids)
{
	for (int turn = 0; devids[turn]; turn++) {
		struct vif_id id = { 1, (unsigned int)(devids[turn] - '0') };

		add_vif(ledger, id, UUID_A, 1, (int[]){ turn, turn });
		ledger_release(ledger, id);
	}
}

/* A vif that is released again is remembered only once, as the newest. */
static void released_again(void **state)
{
	static const struct {
		const char *devids, *remembered;
		int cpus[3];
	} rows[] = {
		{ .devids = "012", .remembered = "012", .cpus = { 0, 1, 2 } },
		{ .devids = "0120", .remembered = "120", .cpus = { 3, 1, 2 } },
		{ .devids = "0121", .remembered = "021", .cpus = { 0, 3, 2 } },
		{ .devids = "0122", .remembered = "012", .cpus = { 0, 1, 3 } },
		{ .devids = "012210", .remembered = "210", .cpus = { 5, 4, 3 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_ledger_ struct ledger ledger = { 0 };
		char got[8] = "";

		release_in_order(&ledger, rows[i].devids);
		for (size_t k = 0; k < ledger.n_remembered && k < sizeof got - 1; k++)
			got[k] = (char)('0' + ledger.remembered[k].devid);
		expect_str(rows[i].devids, got, rows[i].remembered);
		for (unsigned int devid = 0; devid < 3; devid++)
			expect_int(rows[i].devids, recalled(&ledger, UUID_A, devid),
				rows[i].cpus[devid]);
	}
}

/* A ledger written by hand can remember a vif without a UUID. */
static void no_recall_without_uuid(void **state)
{
	_cleanup_free_ char *text = with(UUID_B, "");
	_cleanup_ledger_ struct ledger ledger;
	struct err err;

	(void)state;
	assert_int_equal(parse(text, strlen(text), &ledger, &err), 0);
	assert_int_equal(ledger.n_remembered, 1);
	assert_null(ledger_recall(&ledger, "", 3));
}

static void remember_devid(struct ledger *ledger, unsigned int devid)
{
	struct vif_id id = { 1, devid };

	add_vif(ledger, id, UUID_A, 1, (int[]){ (int)devid, 0 });
	ledger_release(ledger, id);
}

static void oldest_is_forgotten(void **state)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };

	(void)state;
	for (unsigned int devid = 0; devid < REMEMBERED_MAX; devid++)
		remember_devid(&ledger, devid);
	assert_int_equal(ledger.n_remembered, REMEMBERED_MAX);
	assert_int_equal(recalled(&ledger, UUID_A, 0), 0);

	remember_devid(&ledger, 0); /* becomes the newest, and nothing is forgotten */
	assert_int_equal(ledger.n_remembered, REMEMBERED_MAX);
	assert_int_equal(recalled(&ledger, UUID_A, 1), 1);

	remember_devid(&ledger, 5000);
	assert_int_equal(ledger.n_remembered, REMEMBERED_MAX);
	assert_int_equal(recalled(&ledger, UUID_A, 1), -1);
	assert_int_equal(recalled(&ledger, UUID_A, 0), 0);
	assert_int_equal(recalled(&ledger, UUID_A, 2), 2);
	assert_int_equal(recalled(&ledger, UUID_A, 5000), 5000);
	assert_int_equal(ledger.remembered[0].devid, 2);
	assert_int_equal(ledger.remembered[REMEMBERED_MAX - 1].devid, 5000);
}

static void same_boot(void **state)
{
	_cleanup_ledger_ struct ledger ledger;
	struct err err;

	(void)state;
	assert_int_equal(parse(base, strlen(base), &ledger, &err), 0);
	ledger_enter_boot(&ledger, BOOT);
	expect_ledger("unchanged", &ledger, base);
}

static void another_boot(void **state)
{
	static const char boot[] = "00000000-1111-4222-8333-444444444444";
	_cleanup_ledger_ struct ledger ledger;
	struct err err;

	(void)state;
	assert_int_equal(parse(base, strlen(base), &ledger, &err), 0);
	ledger_enter_boot(&ledger, boot);
	assert_string_equal(ledger.boot_id, boot);
	assert_int_equal(ledger.n_vifs, 0);
	assert_int_equal(ledger.n_remembered, 2); /* vif 1.10 has no UUID */
	assert_int_equal(recalled(&ledger, UUID_B, 3), 6);
	assert_int_equal(recalled(&ledger, UUID_A, 0), 0);
	ledger_enter_boot(&ledger, boot);
	assert_int_equal(ledger.n_remembered, 2);
}

static void first_boot(void **state)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };

	(void)state;
	ledger_enter_boot(&ledger, BOOT);
	assert_string_equal(ledger.boot_id, BOOT);
	assert_int_equal(ledger.n_vifs, 0);
	assert_int_equal(ledger.n_remembered, 0);
}

/* --- random histories
 * -------------------------------------------------------------------------------- */

/* there[] says which vifs of domains 0 to 7 with devids 0 to 7 exist. */
static void check_vifs(const struct ledger *ledger, const bool there[64])
{
	size_t n = 0;

	for (unsigned int k = 0; k < 64; k++) {
		struct vif_id id = { k / 8, k % 8 };
		const struct vif_entry *vif = ledger_find(ledger, id);

		assert_int_equal(vif != NULL, there[k]);
		if (!vif)
			continue;
		assert_ptr_equal(vif, &ledger->vifs[n++]);
		assert_int_equal(vif->places[0].cpu[SIDE_TX], k);
	}
	assert_int_equal(ledger->n_vifs, n);
}

static void write_and_read_again(struct ledger *ledger)
{
	_cleanup_free_ char *text = ledger_format(ledger);
	_cleanup_free_ char *again = NULL;
	struct ledger read;
	struct err err;

	assert_int_equal(parse(text, strlen(text), &read, &err), 0);
	again = ledger_format(&read);
	assert_string_equal(text, again);
	ledger_clear(ledger);
	*ledger = read;
}

static void vifs_come_and_go(void **state)
{
	struct random random = random_start("vifs_come_and_go");
	_cleanup_ledger_ struct ledger ledger = { 0 };
	bool there[64] = { false };

	(void)state;
	for (int i = 0; i < 2000; i++) {
		unsigned int k = random_below(&random, 64);
		struct vif_id id = { k / 8, k % 8 };
		int cpus[] = { (int)k, 1, 2, 3, 4, 5 };

		if (there[k])
			ledger_release(&ledger, id);
		else
			add_vif(&ledger, id, random_below(&random, 2) ? UUID_A : "",
				1 + random_below(&random, 3), cpus);
		there[k] = !there[k];
		check_vifs(&ledger, there);
		if (!random_below(&random, 16))
			write_and_read_again(&ledger);
	}
}

int main(void)
{
	static const struct CMUnitTest ledger[] = {
		UNIT_TEST(empty_ledger),
		UNIT_TEST(fields),
		UNIT_TEST(round_trip),
		UNIT_TEST(accepted),
		UNIT_TEST(names_beyond_ascii),
		UNIT_TEST(limited_fields_beyond_ascii),
		UNIT_TEST(refused),
		UNIT_TEST(number_beyond_64_bits),
		UNIT_TEST(not_a_ledger),
		UNIT_TEST(later_versions),
		UNIT_TEST(text_after_the_end),
		UNIT_TEST(cut_short),
		UNIT_TEST(nul_within),
		UNIT_TEST(stops_at_the_length),
		UNIT_TEST(too_many),
		UNIT_TEST(vifs_alone),
		UNIT_TEST(kept),
		UNIT_TEST(state_names),
		UNIT_TEST(sorted_by_id),
		UNIT_TEST(interrupts_in_own_text),
		UNIT_TEST(interrupts_in_reformatted_text),
		UNIT_TEST(domain_and_places),
		UNIT_TEST(cleared),
		UNIT_TEST(released),
		UNIT_TEST(releasing_an_unknown_vif),
		UNIT_TEST(released_again),
		UNIT_TEST(no_recall_without_uuid),
		UNIT_TEST(oldest_is_forgotten),
		UNIT_TEST(same_boot),
		UNIT_TEST(another_boot),
		UNIT_TEST(first_boot),
		UNIT_TEST(vifs_come_and_go),
	};

	return cmocka_run_group_tests(ledger, NULL, NULL);
}
