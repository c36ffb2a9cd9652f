// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define LIBXL_API_VERSION 0x040800
#include <libxlutil.h>

#define VERIFY_INTERVAL_MAX 86400

static int read_cpus(const XLU_Config *cfg, const char *key, struct config *out, struct err *err)
{
	struct cpuset all;
	const char *text;

	memset(&all, 0xff, sizeof all);
	if (xlu_cfg_get_string(cfg, key, &text, 1) != 0)
		return err_set(err, EINVAL, "not a string; write %s = \"0-3\"", key);
	return cpuset_parse_xl(text, &all, &out->cpus, err);
}

static int read_verify_interval(
	const XLU_Config *cfg, const char *key, struct config *out, struct err *err)
{
	long seconds;

	if (xlu_cfg_get_long(cfg, key, &seconds, 1) != 0 || seconds < 0 ||
		seconds > VERIFY_INTERVAL_MAX)
		return err_set(
			err, EINVAL, "not a number of seconds from 0 to %d", VERIFY_INTERVAL_MAX);
	out->verify_interval = (unsigned int)seconds;
	return 0;
}

static const struct key {
	const char *name;
	int (*read)(const XLU_Config *cfg, const char *key, struct config *out, struct err *err);
} keys[] = {
	{ "cpus", read_cpus },
	{ "verify_interval", read_verify_interval },
};

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	}
	return NULL;
}

void config_default(struct config *out)
{
	memset(&out->cpus, 0xff, sizeof out->cpus);
	out->verify_interval = 10;
}

/*
 * libxlutil tells neither which keys a text has nor where. Since it has accepted
 * the text by then, finding "NAME =" outside strings, lists and comments is enough.
 */
struct scan {
	const char *p;
	unsigned int line;
};

static void scan_past(struct scan *scan, const char *end)
{
	for (; scan->p < end && *scan->p; scan->p++)
		scan->line += *scan->p == '\n';
}

/* Passes over a string, a comment or one character. */
static void scan_token(struct scan *scan)
{
	const char *end = scan->p + 1;
	char c = *scan->p;

	if (c == '#') {
		end = scan->p + strcspn(scan->p, "\n");
	} else if (c == '"' || c == '\'') {
		while (*end && *end != c && *end != '\n')
			end += end[0] == '\\' && end[1] ? 2 : 1;
		end += *end == c;
	}
	scan_past(scan, end);
}

struct assignment {
	char key[64];
	unsigned int line;
	bool adds; /* += */
};

/* The next assignment; false at the end of the text. */
static bool scan_assignment(struct scan *scan, struct assignment *out)
{
	int depth = 0;

	while (*scan->p) {
		size_t n = strspn(
			scan->p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		const char *behind = scan->p + n + strspn(scan->p + n, " \t");

		if (n && depth == 0 && (*behind == '=' || strncmp(behind, "+=", 2) == 0)) {
			*out = (struct assignment){ .line = scan->line, .adds = *behind == '+' };
			snprintf(out->key, sizeof out->key, "%.*s", (int)n, scan->p);
			scan_past(scan, behind + 1);
			return true;
		}
		depth += (*scan->p == '[') - (*scan->p == ']');
		if (n)
			scan_past(scan, scan->p + n);
		else
			scan_token(scan);
	}
	return false;
}

/* Is the key assigned to again behind `scan`? */
static bool is_there_later(struct scan scan, const char *key)
{
	struct assignment at;

	while (scan_assignment(&scan, &at)) {
		if (strcmp(at.key, key) == 0)
			return true;
	}
	return false;
}

/*
 * `seen` has a flag for each of keys[]: of two assignments libxlutil would let the last
 * win. What it has is what came of all of a key's += too, so it is read at the last.
 */
static int read_key(const XLU_Config *cfg, const struct assignment *at, bool is_last, bool *seen,
	struct config *out, struct err *err)
{
	const struct key *key = find_key(at->key);

	if (!key)
		return err_set(err, EINVAL, "unknown key; see vifpin.conf(5)");
	if (seen[key - keys] && !at->adds)
		return err_set(err, EINVAL, "is there twice");
	seen[key - keys] = true;
	return is_last ? key->read(cfg, at->key, out, err) : 0;
}

static int read_keys(const XLU_Config *cfg, const char *text, const char *name, struct config *out,
	struct err *err)
{
	bool seen[ARRAY_SIZE(keys)] = { false };
	struct scan scan = { text, 1 };
	struct assignment at;

	while (scan_assignment(&scan, &at)) {
		struct err why = { "" };
		int r = read_key(cfg, &at, !is_there_later(scan, at.key), seen, out, &why);

		if (r < 0)
			return err_set(err, -r, "%s:%u: %s: %s", name, at.line, at.key, why.msg);
	}
	return 0;
}

/* libxlutil's report is "NAME:LINE: config parsing error near ...: ...\n", more lines perhaps. */
static int syntax_error(const char *name, char *report, struct err *err)
{
	report[strcspn(report, "\n")] = '\0';
	if (!*report)
		return err_set(err, EINVAL, "%s: cannot be parsed", name);
	return err_set(err, EINVAL, "%s", report);
}

static int parse_with(XLU_Config *cfg, FILE *report_file, char **report, const char *text,
	const char *name, struct config *out, struct err *err)
{
	if (strlen(text) > INT_MAX)
		return err_set(err, EINVAL, "%s: too large", name);
	if (xlu_cfg_readdata(cfg, text, (int)strlen(text)) != 0) {
		fflush(report_file);
		return syntax_error(name, *report, err);
	}
	return read_keys(cfg, text, name, out, err);
}

int config_parse(const char *text, const char *name, struct config *out, struct err *err)
{
	struct config config;
	char *report = NULL;
	size_t report_len;
	FILE *report_file = open_memstream(&report, &report_len);
	XLU_Config *cfg = report_file ? xlu_cfg_init(report_file, name) : NULL;
	int r;

	config_default(&config);
	if (cfg)
		r = parse_with(cfg, report_file, &report, text, name, &config, err);
	else
		r = err_set(err, ENOMEM, "out of memory");
	if (cfg)
		xlu_cfg_destroy(cfg);
	if (report_file)
		fclose(report_file);
	free(report);
	if (r == 0)
		*out = config;
	return r;
}
