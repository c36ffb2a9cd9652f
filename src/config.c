// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define LIBXL_API_VERSION 0x040800
#include <libxlutil.h>

#define VERIFY_INTERVAL_MAX 86400

/* What a key is read from and into. */
struct reading {
	const XLU_Config *cfg;
	const struct cpuset_words *words;
	struct config *out;
};

static int read_cpus(const struct reading *in, const char *key, struct err *err)
{
	const char *text;

	if (xlu_cfg_get_string(in->cfg, key, &text, 1) != 0)
		return err_set(err, EINVAL, "not a string; write %s = \"0-3\"", key);
	return cpuset_parse_xl(text, in->words, &in->out->cpus, err);
}

static int read_bool(const struct reading *in, const char *key, bool *out, struct err *err)
{
	long value;

	if (xlu_cfg_get_long(in->cfg, key, &value, 1) != 0 || value < 0 || value > 1)
		return err_set(err, EINVAL, "neither 0 nor 1");
	*out = value;
	return 0;
}

static int read_avoid_nic(const struct reading *in, const char *key, struct err *err)
{
	return read_bool(in, key, &in->out->avoid_nic, err);
}

static int read_numa(const struct reading *in, const char *key, struct err *err)
{
	return read_bool(in, key, &in->out->numa, err);
}

static int read_verify_interval(const struct reading *in, const char *key, struct err *err)
{
	long seconds;

	if (xlu_cfg_get_long(in->cfg, key, &seconds, 1) != 0 || seconds < 0 ||
		seconds > VERIFY_INTERVAL_MAX)
		return err_set(
			err, EINVAL, "not a number of seconds from 0 to %d", VERIFY_INTERVAL_MAX);
	in->out->verify_interval = (unsigned int)seconds;
	return 0;
}

/* --- exceptions ------------------------------------------------------------------------ */

static void free_vif(struct config_vif *vif)
{
	free(vif->domain);
	free(vif->mac);
}

static int set_pattern(char **pattern, const char *value, struct err *err)
{
	if (*pattern)
		return err_set(err, EINVAL, "is there twice");
	if (!*value)
		return err_set(err, EINVAL, "is empty; leave it out for any");
	*pattern = strdup(value);
	return *pattern ? 0 : err_set(err, ENOMEM, "out of memory");
}

static int set_pin(struct config_vif *vif, const char *value, struct err *err)
{
	if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
		return err_set(err, EINVAL, "'%s' is neither 0 nor 1", value);
	vif->pin = *value == '1';
	return 0;
}

static int set_cpus(struct config_vif *vif, const char *value, const struct cpuset_words *words,
	struct err *err)
{
	if (vif->has_cpus)
		return err_set(err, EINVAL, "is there twice");
	vif->has_cpus = true;
	return cpuset_parse_xl(value, words, &vif->cpus, err);
}

static int set_word(struct config_vif *vif, const char *word, const char *value,
	const struct cpuset_words *words, struct err *err)
{
	if (strcmp(word, "domain") == 0)
		return set_pattern(&vif->domain, value, err);
	if (strcmp(word, "mac") == 0)
		return set_pattern(&vif->mac, value, err);
	if (strcmp(word, "cpus") == 0)
		return set_cpus(vif, value, words, err);
	if (strcmp(word, "pin") == 0)
		return set_pin(vif, value, err);
	return err_set(err, EINVAL, "unknown; known are domain, mac, cpus and pin");
}

/* Where the next WORD= begins: a comma before anything else belongs to the value. */
static char *find_next_word(char *p)
{
	while ((p = strchr(p, ','))) {
		char *word = p + 1 + strspn(p + 1, " \t");
		size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz_");

		if (n && word[n + strspn(word + n, " \t")] == '=')
			return p;
		p++;
	}
	return NULL;
}

/* Cuts "WORD = VALUE" up; false when it is none. */
static bool cut_word(char *text, char **word, char **value)
{
	char *equals = strchr(text, '=');

	if (!equals)
		return false;
	*equals = '\0';
	*word = trim_blanks(text);
	*value = trim_blanks(equals + 1);
	return true;
}

/* "domain=web*,cpus=4-7"; `text` is cut up. On failure *vif may own something. */
static int parse_vif(
	char *text, const struct cpuset_words *words, struct config_vif *vif, struct err *err)
{
	char *next, *word, *value;
	struct err why;
	int r;

	for (; text; text = next) {
		next = find_next_word(text);
		if (next)
			*next++ = '\0';
		if (!cut_word(text, &word, &value))
			return err_set(err, EINVAL,
				"'%s' is not WORD=VALUE; write \"domain=web*,cpus=4-7\"", text);
		r = set_word(vif, word, value, words, &why);
		if (r < 0)
			return err_set(err, -r, "%s: %s", word, why.msg);
	}
	if (!vif->domain && !vif->mac)
		return err_set(err, EINVAL, "names no vif; add domain= or mac=");
	return 0;
}

static int add_vif(const struct reading *in, const char *text, struct err *err)
{
	struct config_vif *grown = array_grow(in->out->vifs, in->out->n_vifs, sizeof *grown);
	_cleanup_free_ char *copy = strdup(text);
	struct config_vif vif = { .pin = true };
	struct err why;
	int r;

	if (grown)
		in->out->vifs = grown;
	if (!grown || !copy)
		return err_set(err, ENOMEM, "out of memory");
	r = parse_vif(copy, in->words, &vif, &why);
	if (r < 0) {
		free_vif(&vif);
		return err_set(err, -r, "'%s': %s", text, why.msg);
	}
	grown[in->out->n_vifs++] = vif;
	return 0;
}

static int read_vifs(const struct reading *in, const char *key, struct err *err)
{
	XLU_ConfigList *list;
	int n;

	if (xlu_cfg_get_list(in->cfg, key, &list, &n, 1) != 0)
		return err_set(
			err, EINVAL, "not a list; write %s = [ \"domain=web*,cpus=4-7\" ]", key);
	for (int i = 0; i < n; i++) {
		const char *text = xlu_cfg_get_listitem(list, i);
		int r;

		if (!text)
			return err_set(err, EINVAL, "element %d is not a string", i + 1);
		r = add_vif(in, text, err);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct config_vif *config_find_vif(
	const struct config *config, const char *domain, const char *mac)
{
	for (size_t i = 0; i < config->n_vifs; i++) {
		const struct config_vif *vif = &config->vifs[i];

		if ((!vif->domain || fnmatch(vif->domain, domain, 0) == 0) &&
			(!vif->mac || fnmatch(vif->mac, mac, FNM_CASEFOLD) == 0))
			return vif;
	}
	return NULL;
}

const struct cpuset *config_cpus(const struct config *config, const struct config_vif *exception)
{
	return exception && exception->has_cpus ? &exception->cpus : &config->cpus;
}

/* --- keys ------------------------------------------------------------------------------ */

static const struct key {
	const char *name;
	int (*read)(const struct reading *in, const char *key, struct err *err);
} keys[] = {
	{ "avoid_nic", read_avoid_nic },
	{ "cpus", read_cpus },
	{ "numa", read_numa },
	{ "vifs", read_vifs },
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
	*out = (struct config){ .avoid_nic = true, .numa = true, .verify_interval = 10 };
	memset(&out->cpus, 0xff, sizeof out->cpus);
}

void config_free(struct config *config)
{
	for (size_t i = 0; i < config->n_vifs; i++)
		free_vif(&config->vifs[i]);
	free(config->vifs);
	config->vifs = NULL;
	config->n_vifs = 0;
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
static int read_key(const struct reading *in, const struct assignment *at, bool is_last, bool *seen,
	struct err *err)
{
	const struct key *key = find_key(at->key);

	if (!key)
		return err_set(err, EINVAL, "unknown key; see vifpin.conf(5)");
	if (seen[key - keys] && !at->adds)
		return err_set(err, EINVAL, "is there twice");
	seen[key - keys] = true;
	return is_last ? key->read(in, at->key, err) : 0;
}

static int read_keys(const struct reading *in, const char *text, const char *name, struct err *err)
{
	bool seen[ARRAY_SIZE(keys)] = { false };
	struct scan scan = { text, 1 };
	struct assignment at;

	while (scan_assignment(&scan, &at)) {
		struct err why = { "" };
		int r = read_key(in, &at, !is_there_later(scan, at.key), seen, &why);

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
	const char *name, const struct reading *in, struct err *err)
{
	if (strlen(text) > INT_MAX)
		return err_set(err, EINVAL, "%s: too large", name);
	if (xlu_cfg_readdata(cfg, text, (int)strlen(text)) != 0) {
		fflush(report_file);
		return syntax_error(name, *report, err);
	}
	return read_keys(in, text, name, err);
}

int config_parse(const char *text, const char *name, const struct cpuset_words *words,
	struct config *out, struct err *err)
{
	struct config config;
	char *report = NULL;
	size_t report_len;
	FILE *report_file = open_memstream(&report, &report_len);
	XLU_Config *cfg = report_file ? xlu_cfg_init(report_file, name) : NULL;
	struct reading in = { cfg, words, &config };
	int r;

	config_default(&config);
	if (cfg)
		r = parse_with(cfg, report_file, &report, text, name, &in, err);
	else
		r = err_set(err, ENOMEM, "out of memory");
	if (cfg)
		xlu_cfg_destroy(cfg);
	if (report_file)
		fclose(report_file);
	free(report);
	if (r == 0)
		*out = config;
	else
		config_free(&config);
	return r;
}
