// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "config.h"
#include "util.h"

#include <errno.h>

#define LIBXL_API_VERSION 0x040800
#include <libxlutil.h>

#define ALL "0-8191"

static int parse_named(const char *text, const char *name, struct config *config, struct err *err)
{
	_cleanup_free_ char *copy = exact_copy(text, strlen(text));
	struct cpuset_words words = { .nodes = NULL };

	memset(&words.all, 0xff, sizeof words.all);
	spoil(config, sizeof *config);
	if (err)
		*err = (struct err){ "" };
	return config_parse(copy, name, &words, config, err);
}

static int parse(const char *text, struct config *config, struct err *err)
{
	return parse_named(text, "t.conf", config, err);
}

/* The configured CPUs as a list, or "untouched". */
static void describe(const struct config *config, char list[32])
{
	if (is_spoilt(config, sizeof *config))
		strcpy(list, "untouched");
	else
		cpuset_format(&config->cpus, list, 32);
}

static void defaults(void **state)
{
	struct config config;
	char list[32];

	(void)state;
	spoil(&config, sizeof config);
	config_default(&config);
	describe(&config, list);
	assert_string_equal(list, ALL);
	assert_int_equal(config.verify_interval, 10);
	assert_false(config.placement_measured);
	assert_false(config.rebalance);
	assert_int_equal(config.rebalance_gain, 10);
	assert_int_equal(config.rebalance_interval, 60);
	assert_int_equal(config.rebalance_threshold, 50);
}

static void accepted_texts(void **state)
{
	static const struct {
		const char *text, *cpus;
	} rows[] = {
		{ "", ALL },
		{ "\n\n", ALL },
		{ ";", ALL },
		{ " \t\n ; ;;\n", ALL },
		{ "# nothing\n", ALL },
		{ " \t# nothing\n\n\t#\n \t", ALL },
		{ "#cpus = \"0\"\n", ALL },
		{ "cpus = \"all\"\n", ALL },
		{ "cpus = \"0-3\"\n", "0-3" },
		{ "cpus = \"0-3\"", "0-3" },
		{ "cpus = '0-3'\n", "0-3" },
		{ "cpus=\"0-3\"\n", "0-3" },
		{ "\tcpus\t=\t\"0-3\"\t\n", "0-3" },
		{ "cpus = 3\n", "3" },
		{ "cpus = 3", "3" },
		{ "cpus = \"2-7,^4\"\n", "2-3,5-7" },
		{ "cpus = \"all,^0\"\n", "1-8191" },
		{ "cpus = \" 0 , 2 \"\n", "0,2" },
		{ "cpus = \"0\\t,2\"\n", "0,2" },
		{ "cpus = \"1\" # \"2\"\n", "1" },
		{ "cpus = 1# cpus = 2\n", "1" },
		{ "# it's\ncpus = \"1\"\n", "1" },
		{ "# cpus = [ \"\ncpus = \"1\"\n", "1" },
		{ "cpus = \"1\";\n", "1" },
		{ ";cpus = \"1\"", "1" },
		{ ";\n;cpus = \"1\";;\n# end\n", "1" },
		{ "cpus = \"0-3\"\ncpus += \",^1\"\n", "0,2-3" },
		{ "cpus += \"1\"\n", "1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config config;
		struct err err;
		char list[32];

		expect_int(rows[i].text, parse(rows[i].text, &config, &err), 0);
		expect_str(rows[i].text, err.msg, "");
		describe(&config, list);
		expect_str(rows[i].text, list, rows[i].cpus);
	}
}

static void intervals(void **state)
{
	static const struct {
		const char *text;
		unsigned int seconds;
		const char *cpus;
	} rows[] = {
		{ .text = "", .seconds = 10, .cpus = ALL },
		{ .text = "cpus = 1", .seconds = 10, .cpus = "1" },
		{ .text = "verify_interval = 0\n", .seconds = 0, .cpus = ALL },
		{ .text = "verify_interval=1", .seconds = 1, .cpus = ALL },
		{ .text = "verify_interval = \"30\"\n", .seconds = 30, .cpus = ALL },
		{ .text = "verify_interval = 0x10\n", .seconds = 16, .cpus = ALL },
		{ .text = "verify_interval = 86400\n", .seconds = 86400, .cpus = ALL },
		{ .text = "verify_interval = 5; cpus = '0-3'", .seconds = 5, .cpus = "0-3" },
		{ .text = "cpus = '0-3'\nverify_interval = 5\n", .seconds = 5, .cpus = "0-3" },
		{ .text = "cpus = \"1\\t\" # \"\n;verify_interval = 5#\n",
			.seconds = 5,
			.cpus = "1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config config;
		struct err err;
		char list[32];

		expect_int(rows[i].text, parse(rows[i].text, &config, &err), 0);
		expect_int(rows[i].text, config.verify_interval, rows[i].seconds);
		describe(&config, list);
		expect_str(rows[i].text, list, rows[i].cpus);
	}
}

static void preferences(void **state)
{
	static const struct {
		const char *text;
		bool avoid_nic, numa;
	} rows[] = {
		{ .text = "", .avoid_nic = true, .numa = true },
		{ .text = "avoid_nic = 0\n", .avoid_nic = false, .numa = true },
		{ .text = "numa = 0\n", .avoid_nic = true, .numa = false },
		{ .text = "numa = \"0\"; avoid_nic = 0x0", .avoid_nic = false, .numa = false },
		{ .text = "avoid_nic = 1\nnuma = 1\n", .avoid_nic = true, .numa = true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config config;
		struct err err;

		expect_int(rows[i].text, parse(rows[i].text, &config, &err), 0);
		expect_int(rows[i].text, config.avoid_nic, rows[i].avoid_nic);
		expect_int(rows[i].text, config.numa, rows[i].numa);
	}
}

static void rebalancing(void **state)
{
	static const struct {
		const char *text;
		bool on;
		unsigned int gain, interval, threshold;
	} rows[] = {
		{ .text = "", .gain = 10, .interval = 60, .threshold = 50 },
		{ .text = "rebalance = \"off\"\n", .gain = 10, .interval = 60, .threshold = 50 },
		{ .text = "rebalance = 'measured'; rebalance_gain = 1",
			.on = true,
			.gain = 1,
			.interval = 60,
			.threshold = 50 },
		{ .text = "rebalance_threshold = 100\nrebalance_interval = \"1\"\n",
			.gain = 10,
			.interval = 1,
			.threshold = 100 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config config;
		struct err err;

		expect_int(rows[i].text, parse(rows[i].text, &config, &err), 0);
		expect_int(rows[i].text, config.rebalance, rows[i].on);
		expect_int(rows[i].text, config.rebalance_gain, rows[i].gain);
		expect_int(rows[i].text, config.rebalance_interval, rows[i].interval);
		expect_int(rows[i].text, config.rebalance_threshold, rows[i].threshold);
	}
}

static void placement(void **state)
{
	struct config config;
	struct err err;

	(void)state;
	assert_int_equal(parse("placement = \"measured\"", &config, &err), 0);
	assert_true(config.placement_measured);
	assert_int_equal(parse("placement = 'count'\nrebalance = 'measured'", &config, &err), 0);
	assert_false(config.placement_measured);
	assert_true(config.rebalance);
}

/* --- exceptions ------------------------------------------------------------------------------ */

static const char exceptions[] =
	"cpus = '0-3'\n"
	"vifs = [ 'domain=web*,cpus=4-7',\n"
	"         'mac=00:16:3e:*:0[12],pin=0',\n"
	"         ' domain = db , mac = 00:16:3E:* , cpus = 1, 3 ,^1 , pin=1 ',\n"
	"         'domain=db', 'domain=*,cpus=all' ]\n";

/* The first exception that matches a vif applies, and no other. */
static void first_matching_exception(void **state)
{
	static const struct {
		const char *domain, *mac;
		long which;
		const char *cpus;
		bool pin;
	} rows[] = {
		{ .domain = "web1",
			.mac = "00:16:3e:00:00:01",
			.which = 0,
			.cpus = "4-7",
			.pin = true },
		{ .domain = "web", .mac = "", .which = 0, .cpus = "4-7", .pin = true },
		{ .domain = "Web1",
			.mac = "00:16:3e:00:00:01",
			.which = 1,
			.cpus = "0-3",
			.pin = false },
		{ .domain = "x",
			.mac = "00:16:3E:00:00:02",
			.which = 1,
			.cpus = "0-3",
			.pin = false },
		{ .domain = "db",
			.mac = "00:16:3e:00:00:03",
			.which = 2,
			.cpus = "3",
			.pin = true },
		{ .domain = "db",
			.mac = "00:17:3e:00:00:03",
			.which = 3,
			.cpus = "0-3",
			.pin = true },
		{ .domain = "db2",
			.mac = "00:16:3e:00:00:03",
			.which = 4,
			.cpus = ALL,
			.pin = true },
		{ .domain = "", .mac = "", .which = 4, .cpus = ALL, .pin = true },
	};
	struct config config;
	struct err err;

	(void)state;
	assert_int_equal(parse(exceptions, &config, &err), 0);
	assert_int_equal(config.n_vifs, 5);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct config_vif *vif =
			config_find_vif(&config, rows[i].domain, rows[i].mac);
		char list[32];

		assert_non_null(vif);
		expect_int(rows[i].domain, vif - config.vifs, rows[i].which);
		expect_int(rows[i].domain, vif->pin, rows[i].pin);
		cpuset_format(config_cpus(&config, vif), list, sizeof list);
		expect_str(rows[i].domain, list, rows[i].cpus);
	}
	config_free(&config);
}

static void no_exception_matches(void **state)
{
	struct config config;
	struct err err;
	char list[32];

	(void)state;
	assert_int_equal(parse("cpus = 2\nvifs = [ \"domain=web*,cpus=4-7\", ]", &config, &err), 0);
	assert_null(config_find_vif(&config, "db", "00:16:3e:00:00:01"));
	cpuset_format(config_cpus(&config, NULL), list, sizeof list);
	assert_string_equal(list, "2");
	config_free(&config);
	assert_int_equal(parse("vifs = []", &config, &err), 0);
	assert_int_equal(config.n_vifs, 0);
	config_free(&config);
}

static void nodes_in_lists(void **state)
{
	struct cpuset nodes[2];
	struct cpuset_words words = { .nodes = nodes, .n_nodes = 2 };
	struct config config;
	struct err err;
	char list[32];

	(void)state;
	memset(&words.all, 0xff, sizeof words.all);
	assert_int_equal(cpuset_parse_list("0-1", &nodes[0]), 0);
	assert_int_equal(cpuset_parse_list("2-3", &nodes[1]), 0);
	assert_int_equal(config_parse("cpus = 'node:1'\nvifs = [ 'domain=*,cpus=all,^node:1' ]\n",
				 "t.conf", &words, &config, &err),
		0);
	cpuset_format(&config.cpus, list, sizeof list);
	assert_string_equal(list, "2-3");
	cpuset_format(&config.vifs[0].cpus, list, sizeof list);
	assert_string_equal(list, "0-1,4-8191");
	config_free(&config);
}

static void nodes_unknown(void **state)
{
	struct config config;
	struct err err;

	(void)state;
	assert_int_equal(parse("\ncpus = '0,node:1'\n", &config, &err), -ENODATA);
	assert_string_equal(
		err.msg, "t.conf:2: cpus: 'node:1' cannot be used: nodes are not known");
	assert_int_equal(parse("vifs = [ 'mac=*,cpus=node:1' ]", &config, &err), -ENODATA);
	assert_string_equal(err.msg,
		"t.conf:1: vifs: 'mac=*,cpus=node:1': cpus: 'node:1' cannot be used: nodes are "
		"not known");
}

#define NOT_CPUS(text) "'" text "' is not a CPU, a range of CPUs, 'node:N', 'nodes:N-M' or 'all'"
#define UNKNOWN        "unknown key; see vifpin.conf(5)"
#define NOT_STRING     "not a string; write cpus = \"0-3\""
#define NOT_LOAD       "neither \"count\" nor \"measured\""
#define NOT_POLICY     "neither \"off\" nor \"measured\""
#define NOT_PERCENT    "not a percentage from 1 to 100"
#define NOT_SECONDS    "not a number of seconds from 0 to 86400"
#define NEAR           "config parsing error near "
#define NOT_BOOL       "neither 0 nor 1"
#define NOT_LIST       "not a list; write vifs = [ \"domain=web*,cpus=4-7\" ]"
#define NOT_WORD(text) "'" text "' is not WORD=VALUE; write \"domain=web*,cpus=4-7\""

static void refused_texts(void **state)
{
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{ "avoid_nic = 2\n", "t.conf:1: avoid_nic: " NOT_BOOL },
		{ "numa = \"yes\"\n", "t.conf:1: numa: " NOT_BOOL },
		{ "numa = \"\"\n", "t.conf:1: numa: " NOT_BOOL },
		{ "numa = []\n", "t.conf:1: numa: " NOT_BOOL },

		{ "vifs = \"domain=web\"\n", "t.conf:1: vifs: " NOT_LIST },
		{ "vifs = 1\n", "t.conf:1: vifs: " NOT_LIST },
		{ "\nvifs = [ [ \"domain=web\" ] ]\n",
			"t.conf:2: vifs: element 1 is not a string" },
		{ "vifs = [ \"domain=web\", [] ]\n", "t.conf:1: vifs: element 2 is not a string" },
		{ "vifs = [ \"\" ]\n", "t.conf:1: vifs: '': " NOT_WORD("") },
		{ "vifs = [ \"web\" ]\n", "t.conf:1: vifs: 'web': " NOT_WORD("web") },
		{ "vifs = [ \"4-7,domain=web\" ]\n",
			"t.conf:1: vifs: '4-7,domain=web': " NOT_WORD("4-7") },
		{ "vifs = [ \"cpus=4-7\" ]\n",
			"t.conf:1: vifs: 'cpus=4-7': names no vif; add domain= or mac=" },
		{ "vifs = [ \"domain=web,cpu=4\" ]\n",
			"t.conf:1: vifs: 'domain=web,cpu=4': cpu: unknown word; the known ones are "
			"domain, mac, "
			"cpus and pin" },
		{ "vifs = [ \"=web\" ]\n", "t.conf:1: vifs: '=web': : unknown word; the known ones "
					   "are domain, mac, cpus and pin" },
		{ "vifs = [ \"domain=web,domain=db\" ]\n",
			"t.conf:1: vifs: 'domain=web,domain=db': domain: appears twice" },
		{ "vifs = [ \"mac=\" ]\n",
			"t.conf:1: vifs: 'mac=': mac: is empty; leave it out to match any" },
		{ "vifs = [ \"domain=web,cpus=1,cpus=2\" ]\n",
			"t.conf:1: vifs: 'domain=web,cpus=1,cpus=2': cpus: appears twice" },
		{ "vifs = [ \"domain=web,cpus=x\" ]\n",
			"t.conf:1: vifs: 'domain=web,cpus=x': cpus: " NOT_CPUS("x") },
		{ "vifs = [ \"domain=web,cpus=1,x\" ]\n",
			"t.conf:1: vifs: 'domain=web,cpus=1,x': cpus: " NOT_CPUS("x") },
		{ "vifs = [ \"domain=web,pin=no\" ]\n",
			"t.conf:1: vifs: 'domain=web,pin=no': pin: 'no' is neither 0 nor 1" },
		{ "vifs = [ \"domain=a\" ]\nvifs = []\n", "t.conf:2: vifs: appears twice" },

		{ "x = 1\n", "t.conf:1: x: " UNKNOWN },
		{ "x += 1\n", "t.conf:1: x: " UNKNOWN },
		{ "x = []\n", "t.conf:1: x: " UNKNOWN },
		{ "x = \"cpus = 1\"", "t.conf:1: x: " UNKNOWN },
		{ "cpu = 1\n", "t.conf:1: cpu: " UNKNOWN },
		{ "cpus2 = 1\n", "t.conf:1: cpus2: " UNKNOWN },
		{ "cpus_2 = 1\n", "t.conf:1: cpus_2: " UNKNOWN },
		{ "cpus = 1\nx = 1\n", "t.conf:2: x: " UNKNOWN },
		{ "cpus = 1; x = 1\n", "t.conf:1: x: " UNKNOWN },
		{ "\n# a\n\n\tx\t=\t1", "t.conf:4: x: " UNKNOWN },
		{ "cpus = \"1\" # y = 1 \" [\nx = 1\n", "t.conf:2: x: " UNKNOWN },
		{ "#'\ncpus = '1'\n#'\nx = 1\n", "t.conf:4: x: " UNKNOWN },
		{ "x = [\n\"1\",\n\n'2', 3\n]\n", "t.conf:1: x: " UNKNOWN },
		{ "x = [ # ]\n\"[\", # y = 2\n\"]\" ]; y = 2\n", "t.conf:1: x: " UNKNOWN },
		{ "x = [ [ 1 ], [ \"y = 1\" ] ]\n", "t.conf:1: x: " UNKNOWN },

		{ "cpus = []\n", "t.conf:1: cpus: " NOT_STRING },
		{ "\ncpus = [ \"0\" ]\n", "t.conf:2: cpus: " NOT_STRING },
		{ "cpus = [\n\"0\",\n\"1\",\n]\nx = 1\n", "t.conf:1: cpus: " NOT_STRING },
		{ "cpus = \"\"\n", "t.conf:1: cpus: " NOT_CPUS("") },
		{ "cpus = \"x\"\n", "t.conf:1: cpus: " NOT_CPUS("x") },
		{ "cpus = \"0,x,y\"\n", "t.conf:1: cpus: " NOT_CPUS("x") },
		{ "cpus = 0x3\n", "t.conf:1: cpus: " NOT_CPUS("0x3") },
		{ "cpus = 8192\n", "t.conf:1: cpus: " NOT_CPUS("8192") },
		{ "cpus = \"# = ;[\"\n", "t.conf:1: cpus: " NOT_CPUS("# = ;[") },
		{ "cpus = '\"'\n", "t.conf:1: cpus: " NOT_CPUS("\"") },
		{ "cpus = \"\\\"x = 1\"; y = 2\n", "t.conf:1: cpus: " NOT_CPUS("\"x = 1") },
		{ "cpus = \"\\\\\"; y = 2\n", "t.conf:1: cpus: " NOT_CPUS("\\") },
		{ "\n\ncpus = \"7-2\"\n", "t.conf:3: cpus: " NOT_CPUS("7-2") },

		{ "verify_interval = \"\"\n", "t.conf:1: verify_interval: " NOT_SECONDS },
		{ "verify_interval = \"x\"\n", "t.conf:1: verify_interval: " NOT_SECONDS },
		{ "verify_interval = \"5 s\"\n", "t.conf:1: verify_interval: " NOT_SECONDS },
		{ "verify_interval = \"-1\"\n", "t.conf:1: verify_interval: " NOT_SECONDS },
		{ "verify_interval = 86401\n", "t.conf:1: verify_interval: " NOT_SECONDS },
		{ "verify_interval = 4294967301\n", "t.conf:1: verify_interval: " NOT_SECONDS },
		{ "verify_interval = 99999999999999999999\n",
			"t.conf:1: verify_interval: " NOT_SECONDS },
		{ "cpus = 1\nverify_interval = [ 5 ]\n",
			"t.conf:2: verify_interval: " NOT_SECONDS },

		{ "placement = 1\n", "t.conf:1: placement: " NOT_LOAD },
		{ "placement = \"off\"\n", "t.conf:1: placement: " NOT_LOAD },
		{ "rebalance = \"count\"\n", "t.conf:1: rebalance: " NOT_POLICY },
		{ "rebalance = 1\n", "t.conf:1: rebalance: " NOT_POLICY },
		{ "rebalance = \"on\"\n", "t.conf:1: rebalance: " NOT_POLICY },
		{ "rebalance = []\n", "t.conf:1: rebalance: " NOT_POLICY },
		{ "rebalance_gain = 0\n", "t.conf:1: rebalance_gain: " NOT_PERCENT },
		{ "rebalance_gain = \"10%\"\n", "t.conf:1: rebalance_gain: " NOT_PERCENT },
		{ "rebalance_threshold = 101\n", "t.conf:1: rebalance_threshold: " NOT_PERCENT },
		{ "rebalance_interval = 0\n",
			"t.conf:1: rebalance_interval: not a number of seconds from 1 to 86400" },

		{ "cpus = 1\ncpus = 1\n", "t.conf:2: cpus: appears twice" },
		{ "verify_interval = 1\nverify_interval = 2\n",
			"t.conf:2: verify_interval: appears twice" },
		{ "cpus = 1; cpus = 2", "t.conf:1: cpus: appears twice" },
		{ "cpus = 1\n# a\n\ncpus = \"x\"\n", "t.conf:4: cpus: appears twice" },

		{ "cpus = \"0", "t.conf:1: " NEAR "`\"0': lexical error" },
		{ "cpus = 1\ncpus = '0\n'\n", "t.conf:2: " NEAR "`'0': lexical error" },
		{ "cpus = 0-3\n", "t.conf:1: " NEAR "`-3': lexical error; write cpus = \"0-3\"" },
		{ "numa = 1\ncpus = all,^0 # but one\n",
			"t.conf:2: " NEAR "`all': syntax error, unexpected IDENT, expecting "
			"STRING or NUMBER or '['; write cpus = \"all,^0\"" },
		{ "cpus = 0, 2 ; numa = 1", "t.conf:1: " NEAR "`,': syntax error, unexpected ',', "
					    "expecting $end; write cpus = \"0, 2\"" },
		{ "numa = yes\ncpus = 0-3\n",
			"t.conf:1: " NEAR "`yes': syntax error, unexpected IDENT, expecting "
			"STRING or NUMBER or '['" },
		{ "\nCpus = 1\n", "t.conf:2: " NEAR "`Cpus': lexical error" },
		{ "# a\n!\n", "t.conf:2: " NEAR "`!': lexical error" },
		{ "# no newline", "t.conf:1: " NEAR "`#': lexical error" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config config;
		struct err err;

		expect_int(rows[i].text, parse(rows[i].text, &config, &err), -EINVAL);
		expect_str(rows[i].text, err.msg, rows[i].sentence);
		expect_true(rows[i].text, is_spoilt(&config, sizeof config));
		expect_int(rows[i].text, parse(rows[i].text, &config, NULL), -EINVAL);
	}
}

/*
 * libxlutil and its bison parser word the rest of these messages, so only the beginning is
 * compared. The line number is theirs as well. It is correct except at the end of a line, where
 * libxlutil 4.17 names the line before; that is not tested. A message is always a single line,
 * whatever the text contains.
 */
static void errors_worded_by_libxlutil(void **state)
{
	static const struct {
		const char *text, *begin;
	} rows[] = {
		{ "= 1\n", "t.conf:1: " NEAR "`=': syntax error" },
		{ "cpus = 1\ncpus 2\n", "t.conf:2: " NEAR "`2': syntax error" },
		{ "cpus = 1 x = 1\n", "t.conf:1: " NEAR "`x': syntax error" },
		{ "\n\ncpus = ]\n= 1\n", "t.conf:3: " NEAR "`]': syntax error" },
		{ "cpus = [ \"1\"", "t.conf:1: " NEAR },
		{ "cpus = \"0\"\r\n", "t.conf:1: " NEAR },
		{ "# it does not end", "t.conf:1: " NEAR "`#': lexical error" },
		{ "# 1\n\r\n", "t.conf:2: " NEAR },
		{ "cpus = \"0\\n1\"\n", "t.conf:1: cpus: '0" },
		{ "cpus = \"\\a\\033[2J\"\n", "t.conf:1: cpus: '" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config config;
		struct err err;

		expect_int(rows[i].text, parse(rows[i].text, &config, &err), -EINVAL);
		expect_true(rows[i].text, is_spoilt(&config, sizeof config));
		for (const char *p = err.msg; *p; p++) {
			if (iscntrl((unsigned char)*p))
				expect_str(rows[i].text, err.msg, "one line");
		}
		err.msg[strlen(rows[i].begin)] = '\0';
		expect_str(rows[i].text, err.msg, rows[i].begin);
	}
}

static void errors_name_the_file(void **state)
{
	struct config config;
	struct err err;

	(void)state;
	assert_int_equal(parse_named("\nx = 1\n", "/etc/xen/vifpin.conf", &config, &err), -EINVAL);
	assert_string_equal(err.msg, "/etc/xen/vifpin.conf:2: x: " UNKNOWN);
	assert_int_equal(parse_named("\n!\n", "/etc/xen/vifpin.conf", &config, &err), -EINVAL);
	assert_string_equal(err.msg, "/etc/xen/vifpin.conf:2: " NEAR "`!': lexical error");
}

/* --- against libxlutil itself ---------------------------------------------------------------- */

/* Appends one of the words, chosen at random. */
static void add_word(struct random *random, char *text, const char *const *words, unsigned int n)
{
	strcat(text, words[random_below(random, n)]);
}

/* A few random statements, most of which libxlutil accepts. No known key appears twice. */
static void make_text(struct random *random, char *text)
{
	static const char *const keys[][2] = { { "cpus", "x" }, { "verify_interval", "x" },
		{ "x", "y1" } };
	static const char *const assign[] = { "=", " = ", "\t=", "+=", " += ", " " };
	static const char *const values[] = { "\"0-3\"", "'2,4'", "5", "0", "0x1f", "\"all,^1\"",
		"\"\\\"y1=1\"", "'#'", "\"x = 1;\"", "[]", "[ \"x = 1\", 2 ]",
		"[\n'a',\n# ]\n\n3,\n]", "[[1],\n[\"]\"]]", "" };
	static const char *const ends[] = { "\n", ";", " ; ", "\n\n", " # x = 1\n", "#\n",
		"\n;\n# [ '\n", "" };
	unsigned int end = 1 + random_below(random, ARRAY_SIZE(keys));

	*text = '\0';
	add_word(random, text, ends, ARRAY_SIZE(ends));
	for (unsigned int i = random_below(random, end + 1); i < end; i++) {
		add_word(random, text, keys[i], random_below(random, 4) ? 1 : 2);
		add_word(random, text, assign, ARRAY_SIZE(assign));
		add_word(random, text, values, ARRAY_SIZE(values));
		add_word(random, text, ends, ARRAY_SIZE(ends));
	}
}

/* The configuration that libxlutil reads; false when the text must be refused. */
static bool wanted_config(const XLU_Config *cfg, struct config *wanted)
{
	static const char *const other_keys[] = { "x", "y1" };
	const struct cpuset_words words = { .all = wanted->cpus };
	const char *text;
	long seconds = 10;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(other_keys); i++) {
		if (xlu_cfg_get_string(cfg, other_keys[i], &text, 1) != ESRCH)
			return false;
	}
	r = xlu_cfg_get_string(cfg, "cpus", &text, 1);
	if (r != ESRCH && (r != 0 || cpuset_parse_xl(text, &words, &wanted->cpus, NULL) < 0))
		return false;
	r = xlu_cfg_get_long(cfg, "verify_interval", &seconds, 1);
	wanted->verify_interval = (unsigned int)seconds;
	return r == 0 || r == ESRCH;
}

static bool ask_libxlutil(FILE *nowhere, const char *text, struct config *wanted)
{
	XLU_Config *cfg = xlu_cfg_init(nowhere, "t.conf");
	bool good;

	assert_non_null(cfg);
	config_default(wanted);
	good = xlu_cfg_readdata(cfg, text, (int)strlen(text)) == 0 && wanted_config(cfg, wanted);
	xlu_cfg_destroy(cfg);
	return good;
}

/* config_parse() accepts exactly what libxlutil accepts, with the same meaning. */
static void same_as_libxlutil(void **state)
{
	struct random random = random_start("same_as_libxlutil");
	unsigned long cases = env_number("CASES", 20000);
	FILE *nowhere = fopen("/dev/null", "we");
	unsigned int accepted = 0;

	(void)state;
	assert_non_null(nowhere);
	for (unsigned long i = 0; i < cases && wrong_rows < 5; i++) {
		struct config config, wanted;
		struct err err;
		char text[512];
		bool good;

		make_text(&random, text);
		good = ask_libxlutil(nowhere, text, &wanted);
		expect_int(text, parse(text, &config, &err), good ? 0 : -EINVAL);
		expect_int(text, strncmp(err.msg, "t.conf:", good ? 0 : 7), 0);
		if (good) {
			expect_true(text, cpuset_equal(&config.cpus, &wanted.cpus));
			expect_int(text, config.verify_interval, wanted.verify_interval);
			accepted++;
		} else {
			expect_true(text, is_spoilt(&config, sizeof config));
		}
	}
	fclose(nowhere);
	assert_in_range(accepted, cases / 20, cases); /* otherwise little was tested */
}

int main(void)
{
	static const struct CMUnitTest config[] = {
		UNIT_TEST(defaults),
		UNIT_TEST(accepted_texts),
		UNIT_TEST(intervals),
		UNIT_TEST(preferences),
		UNIT_TEST(placement),
		UNIT_TEST(rebalancing),
		UNIT_TEST(first_matching_exception),
		UNIT_TEST(no_exception_matches),
		UNIT_TEST(nodes_in_lists),
		UNIT_TEST(nodes_unknown),
		UNIT_TEST(refused_texts),
		UNIT_TEST(errors_worded_by_libxlutil),
		UNIT_TEST(errors_name_the_file),
		UNIT_TEST(same_as_libxlutil),
	};

	return cmocka_run_group_tests(config, NULL, NULL);
}
