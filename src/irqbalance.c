// SPDX-License-Identifier: GPL-2.0-or-later
#include "irqbalance.h"

#include "util.h"

#include <limits.h>
#include <string.h>

/* Short options that take a value (parse_command_line, irqbalance.c). */
static const char short_with_value[] = "ipscmlteh";

/* Long ones that no other begins like, up to here. */
struct option_word {
	const char *name;
	size_t shortest;
	char letter;
};

static const struct option_word words[] = {
	{ "--policyscript", sizeof "--pol" - 1, 'l' },
	{ "--banmod", sizeof "--banm" - 1, 'm' },
};

static char long_option(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (len >= words[i].shortest && len <= strlen(words[i].name) &&
			strncmp(word, words[i].name, len) == 0)
			return words[i].letter;
	}
	return '\0';
}

static void note(struct irqbalance_options *options, char letter, const char *value)
{
	if (letter == 'l')
		options->policy = value;
	else if (letter == 'm' && *value && strstr("vif", value))
		options->bans_vif = true;
}

/*
 * An option with its value: "--policyscript=X", "--policyscript X", "-lX", "-l X". Returns
 * the letter, or 0; *value is "" when it is the next word.
 */
static char read_option(const char *word, const char **value)
{
	if (word[0] != '-' || !word[1])
		return '\0';
	if (word[1] == '-') {
		size_t len = strcspn(word, "=");

		*value = word[len] ? word + len + 1 : "";
		return long_option(word, len);
	}
	/* Letters without a value may stand before: -fl X. */
	for (const char *p = word + 1; *p; p++) {
		if (strchr(short_with_value, *p)) {
			*value = p + 1;
			return *p;
		}
	}
	return '\0';
}

void irqbalance_read_options(const char *cmdline, size_t len, struct irqbalance_options *out)
{
	const char *end = cmdline + len;
	const char *value;
	char letter = '\0';

	*out = (struct irqbalance_options){ .program = cmdline };
	for (const char *p = cmdline + strlen(cmdline) + 1; p < end; p += strlen(p) + 1) {
		if (letter) {
			note(out, letter, p);
			letter = '\0';
			continue;
		}
		letter = read_option(p, &value);
		if (letter && *value) {
			note(out, letter, value);
			letter = '\0';
		}
	}
}

static bool read_number(const char **p, char behind, unsigned int *out)
{
	unsigned long number;

	if (!parse_number(*p, p, INT_MAX, &number))
		return false;
	if (behind && *(*p)++ != behind)
		return false;
	*out = (unsigned int)number;
	return true;
}

bool irqbalance_find_version(const char *program, size_t len, struct irqbalance_version *out)
{
	static const char before[] = "irqbalance version ";
	struct irqbalance_version version = { 0 };
	const char *p = memmem(program, len, before, sizeof before - 1);

	if (!p)
		return false;
	p += sizeof before - 1;
	if (!read_number(&p, '.', &version.major) || !read_number(&p, '\0', &version.minor))
		return false;
	/* 1.9 is 1.9.0. */
	if (*p == '.' && (p++, !read_number(&p, '\0', &version.patch)))
		return false;
	*out = version;
	return true;
}

bool irqbalance_widens(const struct irqbalance_version *version)
{
	return version->major == 1 && version->minor == 9 && version->patch <= 5;
}
