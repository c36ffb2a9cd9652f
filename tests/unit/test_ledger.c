// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "ledger.h"
#include "util.h"

#include <errno.h>

#define BOOT   "5674e575-86de-43f9-b41b-e3dc3b4f5d49"
#define UUID_A "aaaaaaaa-1111-4222-8333-444444444444"
#define UUID_B "bbbbbbbb-1111-4222-8333-444444444444"

/*
 * A ledger without the blanks that ledger_format() puts in: two vifs of domain 1, what is
 * remembered of a third. The tables below change it.
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

/* From memory that ends with the text: there is no NUL behind it. */
static int parse(const char *text, size_t len, struct ledger *ledger, struct err *err)
{
	_cleanup_free_ char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	*err = (struct err){ "" };
	return ledger_parse(copy, len, ledger, err);
}

/* The text without blanks and newlines outside of strings, as in `base`. */
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

/* `base` with the first `find` replaced. */
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
	assert_int_equal(vif->places[1].tx_cpu, 2);
	assert_int_equal(vif->places[1].rx_cpu, 8191);
	assert_int_equal(vif->drift, 7);
	assert_int_equal(vif->since, SINCE_UNKNOWN);
	assert_int_equal(ledger.vifs[1].state, VIF_RESERVED);
	assert_int_equal(ledger.vifs[1].n_queues, 0);
	assert_int_equal(ledger.n_remembered, 1);
	assert_string_equal(ledger.remembered[0].uuid, UUID_B);
	assert_int_equal(ledger.remembered[0].devid, 3);
	assert_int_equal(ledger.remembered[0].n_queues, 1);
	assert_int_equal(ledger.remembered[0].places[0].rx_cpu, 7);
}

/* What is read is what is written, to the byte. */
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
		const char *back; /* instead of `find`; NULL: as `replace` */
	} rows[] = {
		{ "partial", "\"pinned\"", "\"partial\"", NULL },
		{ "largest vif", "\"domid\":1,\"devid\":10", "\"domid\":32751,\"devid\":65535",
			NULL },
		{ "name with everything", "\"g1\"",
			"\"a \\\"b\\\" \\\\ / \\n \\u0001 \xc3\xa4 {[:,]}\"", NULL },
		{ "name with one quote", "\"g1\"", "\"a\\\":b\"", NULL },
		{ "name with a backslash", "\"g1\"", "\"a:\\\\\"", NULL },
		{ "name without anything", "\"g1\"", "\"\"", NULL },
		{ "no boot", "\"" BOOT "\"", "\"\"", NULL },
		{ "unknown field of the ledger",
			"\"vifs\":", "\"x\":[{\"vifs\":7}],\"vifs\":", "\"vifs\":" },
		{ "unknown field of a vif", "\"domid\":1,", "\"domid\":1,\"numa\":{\"node\":1},",
			"\"domid\":1," },
		{ "unknown field of a queue", "\"queue\":0,", "\"queue\":0,\"irq\":null,",
			"\"queue\":0," },
		{ "unknown field of remembered", "\"devid\":3,", "\"since\":\"\",\"devid\":3,",
			"\"devid\":3," },
		{ "fields in another order", "\"queue\":0,\"tx_cpu\":0,\"rx_cpu\":1",
			"\"rx_cpu\":1,\"queue\":0,\"tx_cpu\":0",
			"\"queue\":0,\"tx_cpu\":0,\"rx_cpu\":1" },
		{ "most drift", "\"drift\":7", "\"drift\":2147483647", NULL },
		{ "first second", "\"drift\":7", "\"drift\":7,\"since\":1", NULL },
		{ "last second", "\"drift\":7", "\"drift\":7,\"since\":253402300799", NULL },
		{ "no drift told", ",\"drift\":7", "", ",\"drift\":0" },
		{ "blanks", "\"version\":1,", " \"version\"\t:\r\n 1 , ", "\"version\":1," },
		{ "blanks behind the end", "}]}]}", "}]}]} \t\r\n\n", "}]}]}" },
		{ "blanks before the begin", "{\"version\"", "\n {\"version\"", "{\"version\"" },
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

#define Q(name) "\"" name "\""

static const struct refused_row {
	const char *find, *replace, *reason;
} refused_rows[] = {
	{ "\"version\":", "\"x\":", Q("version") " is missing" },
	{ "\"boot_id\":", "\"x\":", Q("boot_id") " is missing" },
	{ "\"vifs\":", "\"x\":", Q("vifs") " is missing" },
	{ "\"remembered\":", "\"x\":", Q("remembered") " is missing" },
	{ "\"domid\":", "\"x\":", Q("domid") " is missing" },
	{ "\"devid\":", "\"x\":", Q("devid") " is missing" },
	{ "\"domain\":", "\"x\":", Q("domain") " is missing" },
	{ "\"uuid\":", "\"x\":", Q("uuid") " is missing" },
	{ "\"mac\":", "\"x\":", Q("mac") " is missing" },
	{ "\"dev\":", "\"x\":", Q("dev") " is missing" },
	{ "\"state\":", "\"x\":", Q("state") " is missing" },
	{ "\"queues\":", "\"x\":", Q("queues") " is missing" },
	{ "\"queue\":", "\"x\":", Q("queue") " is missing" },
	{ "\"tx_cpu\":", "\"x\":", Q("tx_cpu") " is missing" },
	{ "\"rx_cpu\":", "\"x\":", Q("rx_cpu") " is missing" },
	{ "\"uuid\":\"b", "\"x\":\"b", Q("uuid") " is missing" },
	{ "\"devid\":3", "\"x\":3", Q("devid") " is missing" },
	{ "\"devid\":3,\"queues\"", "\"devid\":3,\"x\"", Q("queues") " is missing" },
	{ "\"version\"", "\"Version\"", Q("version") " is missing" },

	{ "\"version\":1", "\"version\":\"1\"", Q("version") " is not of type int" },
	{ "\"version\":1", "\"version\":1.0", Q("version") " is not of type int" },
	{ "\"version\":1", "\"version\":null", Q("version") " is not of type int" },
	{ "\"version\":1", "\"version\":true", Q("version") " is not of type int" },
	{ "\"" BOOT "\"", "5", Q("boot_id") " is not of type string" },
	{ "\"" BOOT "\"", "null", Q("boot_id") " is not of type string" },
	{ "\"vifs\":[", "\"vifs\":{},\"x\":[", Q("vifs") " is not of type array" },
	{ "\"vifs\":[", "\"vifs\":\"[]\",\"x\":[", Q("vifs") " is not of type array" },
	{ "\"remembered\":[", "\"remembered\":{},\"x\":[",
		Q("remembered") " is not of type array" },
	{ "\"domid\":1", "\"domid\":\"1\"", Q("domid") " is not of type int" },
	{ "\"domid\":1", "\"domid\":[1]", Q("domid") " is not of type int" },
	{ "\"devid\":0", "\"devid\":false", Q("devid") " is not of type int" },
	{ "\"g1\"", "1", Q("domain") " is not of type string" },
	{ "\"g1\"", "null", Q("domain") " is not of type string" },
	{ "\"" UUID_A "\"", "5", Q("uuid") " is not of type string" },
	{ "\"00:16:3e:00:01:01\"", "{}", Q("mac") " is not of type string" },
	{ "\"vif1.0\"", "1.0", Q("dev") " is not of type string" },
	{ "\"pinned\"", "2", Q("state") " is not of type string" },
	{ "\"queues\":[", "\"queues\":2,\"x\":[", Q("queues") " is not of type array" },
	{ "\"queue\":0", "\"queue\":\"0\"", Q("queue") " is not of type int" },
	{ "\"tx_cpu\":0", "\"tx_cpu\":0.5", Q("tx_cpu") " is not of type int" },
	{ "\"rx_cpu\":1", "\"rx_cpu\":\"1\"", Q("rx_cpu") " is not of type int" },
	{ "\"" UUID_B "\"", "5", Q("uuid") " is not of type string" },
	{ "\"devid\":3", "\"devid\":\"3\"", Q("devid") " is not of type int" },
	{ "\"drift\":7", "\"drift\":\"7\"", Q("drift") " is not of type int" },
	{ "\"drift\":7", "\"drift\":null", Q("drift") " is not of type int" },
	{ "\"vifs\":[", "\"vifs\":[7,", "an element of \"vifs\" is not an object" },
	{ "\"vifs\":[", "\"vifs\":[null,", "an element of \"vifs\" is not an object" },
	{ "\"queues\":[", "\"queues\":[[],", "an element of \"queues\" is not an object" },
	{ "\"remembered\":[", "\"remembered\":[\"x\",",
		"an element of \"remembered\" is not an object" },

	{ "\"version\":1", "\"version\":-1", Q("version") " is not from 0 to 2147483647" },
	{ "\"version\":1", "\"version\":2147483648", Q("version") " is not from 0 to 2147483647" },
	{ "\"version\":1", "\"version\":4294967297", Q("version") " is not from 0 to 2147483647" },
	{ "\"version\":1", "\"version\":18446744073709551617",
		Q("version") " is not from 0 to 2147483647" },
	{ "\"version\":1", "\"version\":0", "has version 0, there is none" },
	{ "\"domid\":1", "\"domid\":-1", Q("domid") " is not from 0 to 32751" },
	{ "\"domid\":1", "\"domid\":32752", Q("domid") " is not from 0 to 32751" },
	{ "\"domid\":1", "\"domid\":4294967297", Q("domid") " is not from 0 to 32751" },
	{ "\"devid\":0", "\"devid\":65536", Q("devid") " is not from 0 to 65535" },
	{ "\"queue\":1", "\"queue\":1024", Q("queue") " is not from 0 to 1023" },
	{ "\"queue\":1", "\"queue\":-1", Q("queue") " is not from 0 to 1023" },
	{ "\"tx_cpu\":0", "\"tx_cpu\":-1", Q("tx_cpu") " is not from 0 to 8191" },
	{ "\"tx_cpu\":0", "\"tx_cpu\":8192", Q("tx_cpu") " is not from 0 to 8191" },
	{ "\"rx_cpu\":1", "\"rx_cpu\":8192", Q("rx_cpu") " is not from 0 to 8191" },
	{ "\"rx_cpu\":1", "\"rx_cpu\":99999999999999999999", Q("rx_cpu") " is not from 0 to 8191" },
	{ "\"devid\":3", "\"devid\":65536", Q("devid") " is not from 0 to 65535" },
	{ "\"tx_cpu\":6", "\"tx_cpu\":-1", Q("tx_cpu") " is not from 0 to 8191" },
	{ "\"drift\":7", "\"drift\":7,\"since\":\"1\"", Q("since") " is not of type int" },
	{ "\"drift\":7", "\"drift\":7,\"since\":0", Q("since") " is not from 1 to 253402300799" },
	{ "\"drift\":7", "\"drift\":7,\"since\":253402300800",
		Q("since") " is not from 1 to 253402300799" },
	{ "\"drift\":7", "\"drift\":-1", Q("drift") " is not from 0 to 2147483647" },
	{ "\"drift\":7", "\"drift\":2147483648", Q("drift") " is not from 0 to 2147483647" },
	{ BOOT, BOOT "0", Q("boot_id") " is too long" },
	{ UUID_A, UUID_A "0", Q("uuid") " is too long" },
	{ UUID_B, UUID_B "0", Q("uuid") " is too long" },
	{ "00:16:3e:00:01:01", "00:16:3e:00:01:011", Q("mac") " is too long" },
	{ "averylongname01", "averylongname012", Q("dev") " is too long" },
	{ "\"vif1.0\"", "\"\"", Q("dev") " is no name of a network device" },
	{ "\"vif1.0\"", "\"..\"", Q("dev") " is no name of a network device" },
	{ "\"vif1.0\"", "\"a/b\"", Q("dev") " is no name of a network device" },
	{ "\"vif1.0\"", "\"a b\"", Q("dev") " is no name of a network device" },
	{ "\"pinned\"", "\"\"", Q("state") " is \"\"" },
	{ "\"pinned\"", "\"Pinned\"", Q("state") " is \"Pinned\"" },
	{ "\"pinned\"", "\"pinned for ever\"", Q("state") " is \"pinned for ever\"" },
	{ "\"pinned\"", "\"pinned for evermore\"", Q("state") " is too long" },
	{ BOOT, "a\\u0000b", Q("boot_id") " has a NUL in it" },
	{ "\"g1\"", "\"g1\\u0000x\"", Q("domain") " has a NUL in it" },
	{ UUID_A, "a\\u0000b", Q("uuid") " has a NUL in it" },
	{ "00:16:3e:00:01:01", "\\u0000", Q("mac") " has a NUL in it" },
	{ "\"vif1.0\"", "\"vif1.0\\u0000\"", Q("dev") " has a NUL in it" },
	{ "\"pinned\"", "\"pinned\\u0000\"", Q("state") " has a NUL in it" },

	{ "\"domid\":1,\"devid\":10", "\"domid\":1,\"devid\":0", "vif 1.0 is there twice" },
	{ "\"queue\":1", "\"queue\":0", Q("queues") " has queue 0 where 1 belongs" },
	{ "\"queue\":0", "\"queue\":1", Q("queues") " has queue 1 where 0 belongs" },
	{ "\"queue\":1", "\"queue\":2", Q("queues") " has queue 2 where 1 belongs" },
	{ "\"version\":1", "\"version\":1,\"version\":1", "a field is there twice" },
	{ "\"vifs\":", "\"vifs\":[],\"vifs\":", "a field is there twice" },
	{ "\"domid\":1", "\"domid\":2,\"domid\":1", "a field is there twice" },
	{ "\"rx_cpu\":1", "\"rx_cpu\":2,\"rx_cpu\":1", "a field is there twice" },
	{ "\"devid\":3", "\"devid\":3,\"devid\":3", "a field is there twice" },
};

#define NOT_JSON "it is not JSON: "

/* What begins with NOT_JSON goes on in json-c's words: only the begin is looked at. */
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
	expect_str(row, "a ledger", "nothing");
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

#define BEHIND "something stands behind its end"

static void behind_the_end(void **state)
{
	static const struct {
		const char *more;
		size_t len;
		const char *reason;
	} rows[] = {
		{ "x", 1, NOT_JSON },
		{ "}", 1, NOT_JSON },
		{ "{}", 2, NOT_JSON },
		{ "\n{}", 3, NOT_JSON },
		{ ",", 1, NOT_JSON },
		{ " 0", 2, NOT_JSON },
		{ "\n#", 2, NOT_JSON },
		{ "\f", 1, NOT_JSON },
		{ "\xa0", 1, NOT_JSON },
		{ "\0", 1, BEHIND },
		{ "\n\0", 2, BEHIND },
		{ "\0\n", 2, BEHIND },
		{ "\0x", 2, BEHIND },
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

/* A ledger that ends early is none, wherever it ends. */
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

/* A hole in a file reads as NULs. */
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

/* Reads the byte behind the text only if it belongs to the text. */
static void nothing_behind_the_text(void **state)
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

/* Any byte, or one that ledgers have. */
static char random_byte(struct random *random)
{
	if (random_below(random, 2))
		return (char)random_below(random, 256);
	return base[random_below(random, sizeof base - 1)];
}

/* Whatever becomes of the bytes: a reason, or a ledger that comes back the same. */
static void damaged(void **state)
{
	struct random random = random_start("damaged");
	unsigned long cases = env_number("CASES", 20000);

	(void)state;
	for (unsigned long i = 0; i < cases && !wrong_rows; i++) {
		_cleanup_ledger_ struct ledger ledger = { 0 };
		char text[sizeof base];
		struct err err;
		int r;

		memcpy(text, base, sizeof base);
		for (unsigned int n = 1 + random_below(&random, 3); n; n--)
			text[random_below(&random, sizeof base - 1)] = random_byte(&random);
		r = parse(text, sizeof base - 1, &ledger, &err);
		expect_true(text, r == 0 || r == -EBADMSG || r == -ENOTSUP);
		expect_int(text, *err.msg != '\0', r != 0);
		if (r == 0) {
			_cleanup_free_ char *back = ledger_format(&ledger);
			_cleanup_ledger_ struct ledger again = { 0 };

			expect_int(text, parse(back, strlen(back), &again, &err), 0);
		}
	}
}

static void too_many(void **state)
{
	static const struct {
		const char *head, *element, *tail;
		unsigned int max;
		const char *reason;
	} rows[] = {
		{ "{\"version\":1,\"boot_id\":\"\",\"vifs\":[{\"domid\":1,\"devid\":0,"
		  "\"domain\":\"\",\"uuid\":\"\",\"mac\":\"\",\"dev\":\"a\",\"state\":\"pinned\","
		  "\"queues\":[",
			"{\"queue\":%u,\"tx_cpu\":0,\"rx_cpu\":1}", "]}],\"remembered\":[]}",
			QUEUES_MAX, "\"queues\" has more than 1024 elements" },
		{ "{\"version\":1,\"boot_id\":\"\",\"vifs\":[],\"remembered\":[",
			"{\"uuid\":\"\",\"devid\":%u,\"queues\":[]}", "]}", REMEMBERED_MAX,
			"\"remembered\" has more than 1024 elements" },
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

static bool is_devid(const struct vif_entry *vif, const void *data)
{
	return vif->id.devid == *(const unsigned int *)data;
}

static void some_vifs(void **state)
{
	static const struct {
		unsigned int devid;
		const char *text;
	} rows[] = {
		{ 10, "{\"vifs\":[{\"domid\":1,\"devid\":10,\"domain\":\"g1\",\"uuid\":\"\","
		      "\"mac\":\"\",\"dev\":\"averylongname01\",\"state\":\"reserved\","
		      "\"queues\":[],\"drift\":0}]}" },
		{ 1, "{\"vifs\":[]}" },
	};
	_cleanup_ledger_ struct ledger ledger;
	_cleanup_free_ char *all = NULL;
	_cleanup_free_ char *squeezed = NULL;
	struct err err;

	(void)state;
	assert_int_equal(parse(base, strlen(base), &ledger, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = ledger_format_vifs(&ledger, is_devid, &rows[i].devid);
		_cleanup_free_ char *got = squeeze(text);

		expect_str("filtered", got, rows[i].text);
		expect_int("filtered", text[strlen(text) - 1], '\n');
	}
	all = ledger_format_vifs(&ledger, NULL, NULL);
	squeezed = squeeze(all);
	/* "vifs" of the ledger, with nothing before and behind */
	squeezed[strlen(squeezed) - 1] = '\0';
	assert_non_null(strstr(base, squeezed + 1));
	assert_non_null(strstr(squeezed, "\"devid\":0,"));
	assert_non_null(strstr(squeezed, "\"devid\":10,"));
}

static void state_names(void **state)
{
	(void)state;
	assert_string_equal(vif_state_name(VIF_RESERVED), "reserved");
	assert_string_equal(vif_state_name(VIF_PARTIAL), "partial");
	assert_string_equal(vif_state_name(VIF_PINNED), "pinned");
}

/* --- entries --------------------------------------------------------------------------------- */

/* Adds a vif with these CPUs: tx and rx of each queue in turn. */
static struct vif_entry *add_vif(struct ledger *ledger, struct vif_id id, const char *uuid,
	unsigned int n_queues, const int *cpus)
{
	struct vif_entry *vif = ledger_add(ledger, id);
	struct place *places = calloc(n_queues + 1, sizeof *places);

	assert_non_null(vif);
	assert_non_null(places);
	assert_true(copy_str(vif->uuid, sizeof vif->uuid, uuid));
	vifname_default_dev(id, vif->dev);
	for (unsigned int q = 0; q < n_queues; q++)
		places[q] = (struct place){ cpus[2 * q], cpus[2 * q + 1] };
	ledger_set_places(vif, places, n_queues);
	return vif;
}

static void added_in_order(void **state)
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
		vif = ledger_add(&ledger, ids[i]);
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

/* Whatever a name may hold, and whatever else there is, in the text that is written. */
static void interrupts_in_the_text(void **state)
{
	static const char *const devs[] = { "web", "we\"b", "we\\b", "\\", "x\\\"",
		"averylongname01" };
	static const char *const others[] = { "we-q0-tx", "webx-q0-tx", "web-q0-rxx", "web1-q0-tx",
		"g1-q0-tx", "domain-q0-tx", "fake-q0-tx", "", "-q0-tx", "averylongname012-q0-tx" };
	_cleanup_ledger_ struct ledger ledger = { 0 };
	_cleanup_free_ char *text = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(devs); i++) {
		struct vif_entry *vif = ledger_add(&ledger, (struct vif_id){ 1, (unsigned int)i });

		assert_non_null(vif);
		assert_true(copy_str(vif->dev, sizeof vif->dev, devs[i]));
		assert_int_equal(ledger_set_domain(vif, "\"dev\": \"fake\""), 0);
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
	expect_int("cut short", ledger_text_has_interrupt("{\"dev\": \"we\\", "we\\"), true);
}

static void domain_and_places(void **state)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };
	struct vif_entry *vif = add_vif(&ledger, (struct vif_id){ 1, 0 }, "", 1, (int[]){ 2, 3 });
	struct place *places = calloc(2, sizeof *places);

	(void)state;
	assert_non_null(places);
	assert_int_equal(ledger_set_domain(vif, "web1"), 0);
	assert_int_equal(ledger_set_domain(vif, "web2"), 0);
	assert_string_equal(vif->domain, "web2");
	assert_int_equal(vif->n_queues, 1);
	assert_int_equal(vif->places[0].rx_cpu, 3);
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

/* With an element before and one behind: CPUs that there are not count nowhere. */
static void loads(void **state)
{
	static const int cpus[] = { 0, 1, 0, 8191, CPU_NONE, 1, CPUSET_MAX, CPU_NONE };
	static unsigned int load[CPUSET_MAX + 2], wanted[CPUSET_MAX + 2];
	_cleanup_ledger_ struct ledger ledger = { 0 };
	struct vif_entry *vif = add_vif(&ledger, (struct vif_id){ 1, 0 }, "", 4, cpus);

	(void)state;
	load[1 + 0] = 5;
	ledger_add_load(vif, load + 1);
	wanted[1 + 0] = 5 + 2;
	wanted[1 + 1] = 2;
	wanted[1 + 8191] = 1;
	assert_memory_equal(load, wanted, sizeof load);
	ledger_set_places(vif, NULL, 0);
	ledger_add_load(vif, load + 1);
	assert_memory_equal(load, wanted, sizeof load);
}

/* --- what is remembered ---------------------------------------------------------------------- */

/* The first tx CPU remembered, -1 when nothing is. */
static int recalled(const struct ledger *ledger, const char *uuid, unsigned int devid)
{
	const struct remembered *old = ledger_recall(ledger, uuid, devid);

	return old && old->n_queues ? old->places[0].tx_cpu : -1;
}

static void released(void **state)
{
	static const struct {
		const char *row, *uuid;
		unsigned int n_queues;
		size_t n_remembered;
	} rows[] = {
		{ "UUID known", UUID_A, 2, 1 },
		{ "UUID not known", "", 2, 0 },
		{ "without queues", UUID_A, 0, 0 },
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
		expect_int(rows[i].row, old ? old->places[1].rx_cpu : 0, known ? 3 : 0);
		expect_true(rows[i].row, !ledger_recall(&ledger, rows[i].uuid, 1));
		expect_true(rows[i].row, !ledger_recall(&ledger, UUID_B, 2));
		expect_true(rows[i].row, !ledger_recall(&ledger, "", 2));
	}
}

static void unknown_vif_is_not_released(void **state)
{
	_cleanup_ledger_ struct ledger ledger;
	struct err err;

	(void)state;
	assert_int_equal(parse(base, strlen(base), &ledger, &err), 0);
	ledger_release(&ledger, (struct vif_id){ 1, 1 });
	ledger_release(&ledger, (struct vif_id){ 2, 0 });
	expect_ledger("unchanged", &ledger, base);
}

/* Releases vifs 1.0, 1.1, ... in this order; each is remembered with its turn as CPU. */
static void release_in_order(struct ledger *ledger, const char *devids)
{
	for (int turn = 0; devids[turn]; turn++) {
		struct vif_id id = { 1, (unsigned int)(devids[turn] - '0') };

		add_vif(ledger, id, UUID_A, 1, (int[]){ turn, turn });
		ledger_release(ledger, id);
	}
}

/* Released again, a vif is remembered once, and as the newest. */
static void remembered_anew(void **state)
{
	static const struct {
		const char *devids, *remembered;
		int cpus[3];
	} rows[] = {
		{ "012", "012", { 0, 1, 2 } },
		{ "0120", "120", { 3, 1, 2 } },
		{ "0121", "021", { 0, 3, 2 } },
		{ "0122", "012", { 0, 1, 3 } },
		{ "012210", "210", { 5, 4, 3 } },
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

/* A ledger that somebody has written can remember nobody's vif. */
static void nobody_is_not_recalled(void **state)
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

	remember_devid(&ledger, 0); /* is the newest now, and nothing is forgotten for it */
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

/* --- any life -------------------------------------------------------------------------------- */

/* The vifs of domains 0 to 7 with devids 0 to 7: which are there. */
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
		assert_int_equal(vif->places[0].tx_cpu, k);
	}
	assert_int_equal(ledger->n_vifs, n);
}

static void replace_by_its_text(struct ledger *ledger)
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
			replace_by_its_text(&ledger);
	}
}

int main(void)
{
	static const struct CMUnitTest ledger[] = {
		UNIT_TEST(empty_ledger),
		UNIT_TEST(fields),
		UNIT_TEST(round_trip),
		UNIT_TEST(accepted),
		UNIT_TEST(refused),
		UNIT_TEST(not_a_ledger),
		UNIT_TEST(later_versions),
		UNIT_TEST(behind_the_end),
		UNIT_TEST(cut_short),
		UNIT_TEST(nul_within),
		UNIT_TEST(nothing_behind_the_text),
		UNIT_TEST(damaged),
		UNIT_TEST(too_many),
		UNIT_TEST(some_vifs),
		UNIT_TEST(state_names),
		UNIT_TEST(added_in_order),
		UNIT_TEST(interrupts_in_the_text),
		UNIT_TEST(domain_and_places),
		UNIT_TEST(cleared),
		UNIT_TEST(loads),
		UNIT_TEST(released),
		UNIT_TEST(unknown_vif_is_not_released),
		UNIT_TEST(remembered_anew),
		UNIT_TEST(nobody_is_not_recalled),
		UNIT_TEST(oldest_is_forgotten),
		UNIT_TEST(same_boot),
		UNIT_TEST(another_boot),
		UNIT_TEST(first_boot),
		UNIT_TEST(vifs_come_and_go),
	};

	return cmocka_run_group_tests(ledger, NULL, NULL);
}
