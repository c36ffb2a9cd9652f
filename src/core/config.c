// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "util.h"
#include "xlconf.h"

#include <errno.h>
#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* What the functions that read a key share. */
struct reading {
	const struct xlconf *conf;
	const struct cpuset_words *words;
};

/* `read` sets what is `offset` bytes from the beginning of the configuration; vifs, all of it. */
struct key {
	const char *name;
	int (*read)(const struct reading *in, const struct key *key, void *out, struct err *err);
	size_t offset;
	long least, most; /* of a number, */
	const char *what; /* and what it is; the word for not "measured" */
};

static int read_cpus(const struct reading *in, const struct key *key, void *out, struct err *err)
{
	const char *text = xlconf_string(in->conf, key->name);

	if (!text)
		return err_set(err, EINVAL, "not a string; write %s = \"0-3\"", key->name);
	return cpuset_parse_xl(text, in->words, out, err);
}

static int read_bool(const struct reading *in, const struct key *key, void *out, struct err *err)
{
	long value;

	if (!xlconf_number(in->conf, key->name, &value) || value < 0 || value > 1)
		return err_set(err, EINVAL, "neither 0 nor 1");
	*(bool *)out = value;
	return 0;
}

static int read_number(const struct reading *in, const struct key *key, void *out, struct err *err)
{
	long value;

	if (!xlconf_number(in->conf, key->name, &value) || value < key->least || value > key->most)
		return err_set(
			err, EINVAL, "not a %s from %ld to %ld", key->what, key->least, key->most);
	*(unsigned int *)out = (unsigned int)value;
	return 0;
}

/* "measured", or what the key has for that it is not. */
static int read_measured(
	const struct reading *in, const struct key *key, void *out, struct err *err)
{
	const char *text = xlconf_string(in->conf, key->name);

	if (!text || (strcmp(text, key->what) != 0 && strcmp(text, "measured") != 0))
		return err_set(err, EINVAL, "neither \"%s\" nor \"measured\"", key->what);
	*(bool *)out = strcmp(text, "measured") == 0;
	return 0;
}

/* --- exceptions --------------------------------------------------------------------------- */

static int set_pattern(char **pattern, const char *value, struct err *err)
{
	if (*pattern)
		return err_set(err, EINVAL, "appears twice");
	if (!*value)
		return err_set(err, EINVAL, "is empty; leave it out to match any");
	*pattern = strdup(value);
	return *pattern ? 0 : err_no_memory(err);
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
		return err_set(err, EINVAL, "appears twice");
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
	return err_set(err, EINVAL, "unknown word; the known ones are domain, mac, cpus and pin");
}

/* The comma before the next WORD=; any other comma belongs to the value. */
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

/* Splits "WORD = VALUE" in place; false when the text has another form. */
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

/* Parses "domain=web*,cpus=4-7", splitting `text`. The caller frees *vif even after a failure. */
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

static int add_vif(const struct reading *in, const char *text, struct config *out, struct err *err)
{
	struct config_vif *vif = array_add(&out->vifs, &out->n_vifs, sizeof *vif);
	_cleanup_free_ char *copy = strdup(text);
	struct err why;
	int r;

	if (!vif || !copy)
		return err_no_memory(err);
	vif->pin = true;
	r = parse_vif(copy, in->words, vif, &why);
	return r < 0 ? err_set(err, -r, "'%s': %s", text, why.msg) : 0;
}

static int read_vifs(const struct reading *in, const struct key *key, void *out, struct err *err)
{
	int n = xlconf_list_length(in->conf, key->name), r = 0;

	if (n < 0)
		return err_set(err, EINVAL, "not a list; write %s = [ \"domain=web*,cpus=4-7\" ]",
			key->name);
	for (int i = 0; r == 0 && i < n; i++) {
		const char *text = xlconf_list_string(in->conf, key->name, i);

		if (!text)
			return err_set(err, EINVAL, "element %d is not a string", i + 1);
		r = add_vif(in, text, out, err);
	}
	return r;
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

/* --- keys --------------------------------------------------------------------------------- */

#define KEY(key, how) .name = #key, .read = how, .offset = offsetof(struct config, key)
#define PERCENT       .least = 1, .most = 100, .what = "percentage"
#define SECONDS(n)    .least = n, .most = 86400, .what = "number of seconds"

static const struct key keys[] = {
	{ KEY(avoid_nic, read_bool) },
	{ KEY(cpus, read_cpus) },
	{ KEY(numa, read_bool) },
	{ .name = "placement",
		.read = read_measured,
		.offset = offsetof(struct config, placement_measured),
		.what = "count" },
	{ KEY(rebalance, read_measured), .what = "off" },
	{ KEY(rebalance_gain, read_number), PERCENT },
	{ KEY(rebalance_interval, read_number), SECONDS(1) },
	{ KEY(rebalance_threshold, read_number), PERCENT },
	{ KEY(verify_interval, read_number), SECONDS(0) },
	{ .name = "vifs", .read = read_vifs },
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
	*out = (struct config){
		.avoid_nic = true,
		.numa = true,
		.rebalance_gain = 10,
		.rebalance_interval = 60,
		.rebalance_threshold = 50,
		.verify_interval = 10,
	};
	memset(&out->cpus, 0xff, sizeof out->cpus);
}

void config_free(struct config *config)
{
	for (size_t i = 0; i < config->n_vifs; i++) {
		free(config->vifs[i].domain);
		free(config->vifs[i].mac);
	}
	free(config->vifs);
	config->vifs = NULL;
	config->n_vifs = 0;
}

/*
 * libxlutil tells neither which keys a text has nor on which line. The text is valid by the
 * time it is scanned, so it is enough to find "NAME =" outside strings, lists and comments.
 */

/* Behind the string, comment or single character at p. */
static const char *skip_token(const char *p)
{
	char c = *p++;

	if (c == '#')
		return p + strcspn(p, "\n");
	if (c != '"' && c != '\'')
		return p;
	while (*p && *p != c && *p != '\n')
		p += p[0] == '\\' && p[1] ? 2 : 1;
	return p + (*p == c);
}

struct assignment {
	const char *begin, *end; /* the key in the text, and behind the = */
	char key[64];
	bool adds; /* += */
};

/* Finds the first assignment from p on; false when there is none left. */
static bool find_assignment(const char *p, struct assignment *out)
{
	int depth = 0;

	while (*p) {
		size_t n = strspn(
			p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		const char *end = p + n + strspn(p + n, " \t");
		bool adds = *end == '+';

		end += adds;
		if (n && depth == 0 && *end == '=') {
			*out = (struct assignment){ .begin = p, .end = end + 1, .adds = adds };
			snprintf(out->key, sizeof out->key, "%.*s", (int)n, p);
			return true;
		}
		depth += (*p == '[') - (*p == ']');
		p = n ? p + n : skip_token(p);
	}
	return false;
}

static unsigned int line_of(const char *text, const char *p)
{
	unsigned int line = 1;

	while (text < p)
		line += *text++ == '\n';
	return line;
}

static bool is_assigned_after(const char *p, const char *key)
{
	struct assignment at;

	while (find_assignment(p, &at)) {
		if (strcmp(at.key, key) == 0)
			return true;
		p = at.end;
	}
	return false;
}

/*
 * `seen` has a flag for each of keys[], because libxlutil would let the last of two
 * assignments win. It only has the result of all of a key's += together, so the value is read
 * at the last of them.
 */
static int read_key(const struct reading *in, const struct assignment *at, bool *seen,
	struct config *out, struct err *err)
{
	const struct key *key = find_key(at->key);

	if (!key)
		return err_set(err, EINVAL, "unknown key; see vifpin.conf(5)");
	if (seen[key - keys] && !at->adds)
		return err_set(err, EINVAL, "appears twice");
	seen[key - keys] = true;
	if (is_assigned_after(at->end, at->key))
		return 0;
	return key->read(in, key, (char *)out + key->offset, err);
}

static int read_keys(const struct reading *in, const char *text, const char *name,
	struct config *out, struct err *err)
{
	bool seen[ARRAY_SIZE(keys)] = { false };
	struct assignment at = { .end = text };
	struct err why;
	int r = 0;

	while (r == 0 && find_assignment(at.end, &at))
		r = read_key(in, &at, seen, out, &why);
	if (r < 0)
		return err_set(
			err, -r, "%s:%u: %s: %s", name, line_of(text, at.begin), at.key, why.msg);
	return 0;
}

/* The length of a value that lacks its quotes, 0 for any other. */
static size_t unquoted(const char *value)
{
	size_t n = strcspn(value, "\n;#\"'[=");

	if (value[n] && !strchr("\n;#", value[n]))
		return 0;
	while (n && strchr(" \t\r", value[n - 1]))
		n--;
	return strspn(value, "0123456789") < n ? n : 0;
}

/* Adds what to write to a syntax error where a list of CPUs lacks its quotes: 2-3 looks right. */
static void say_to_quote(const char *text, const char *name, struct err *err)
{
	const struct err syntax = *err;
	struct assignment at = { .end = text };
	char where[sizeof syntax.msg];

	while (find_assignment(at.end, &at)) {
		const struct key *key = find_key(at.key);
		const char *value = at.end + strspn(at.end, " \t");
		size_t n = unquoted(value);

		snprintf(where, sizeof where, "%s:%u:", name, line_of(text, at.begin));
		if (n && key && key->read == read_cpus &&
			strncmp(syntax.msg, where, strlen(where)) == 0)
			err_set(err, EINVAL, "%s; write %s = \"%.*s\"", syntax.msg, at.key, (int)n,
				value);
	}
}

int config_parse(const char *text, const char *name, const struct cpuset_words *words,
	struct config *out, struct err *err)
{
	struct config config;
	struct xlconf *conf;
	int r = xlconf_parse(text, name, &conf, err);

	if (r < 0 && err)
		say_to_quote(text, name, err);
	if (r < 0)
		return r;
	config_default(&config);
	r = read_keys(&(struct reading){ conf, words }, text, name, &config, err);
	xlconf_free(conf);
	if (r == 0)
		*out = config;
	else
		config_free(&config);
	return r;
}
