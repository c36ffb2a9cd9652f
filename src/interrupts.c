// SPDX-License-Identifier: GPL-2.0-or-later
#include "interrupts.h"

#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

static char *skip_blanks(char *p)
{
	return p + strspn(p, " \t");
}

/* Behind the counts: tokens of digits only, each followed by a blank. */
static char *skip_counts(char *p)
{
	for (;;) {
		size_t digits;

		p = skip_blanks(p);
		digits = strspn(p, "0123456789");
		if (!digits || !isblank((unsigned char)p[digits]))
			return p;
		p += digits;
	}
}

/* Moves *p behind `word` and the blanks after it, if that is what comes. */
static bool skip_word(char **p, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*p, word, n) != 0 || !isblank((unsigned char)(*p)[n]))
		return false;
	*p = skip_blanks(*p + n);
	return true;
}

/* The action behind "xen-dyn...-event", or NULL for any other kind of interrupt. */
static char *event_action(char *p)
{
	size_t chip = strcspn(p, " \t");

	if (strncmp(p, "xen-dyn", 7) != 0)
		return NULL;
	if (chip > 6 && strncmp(p + chip - 6, "-event", 6) == 0)
		return skip_blanks(p + chip);
	p = skip_blanks(p + chip);
	if (!skip_word(&p, "Edge"))
		skip_word(&p, "Level");
	return skip_word(&p, "-event") ? p : NULL;
}

static bool parse_line(char *line, struct interrupt *out)
{
	const char *colon;
	unsigned long irq;
	char *action, *end;

	line = skip_blanks(line);
	if (!parse_number(line, &colon, UINT_MAX, &irq) || *colon != ':')
		return false;
	action = event_action(skip_counts(line + (colon + 1 - line)));
	if (!action)
		return false;
	end = action + strlen(action);
	while (end > action && isspace((unsigned char)end[-1]))
		*--end = '\0';
	if (!*action)
		return false;
	out->irq = (unsigned int)irq;
	out->action = action;
	return true;
}

int interrupts_parse(char *text, struct interrupts *out)
{
	struct interrupts found = { 0 };
	char *header = strsep(&text, "\n");
	char *line;

	if (strncmp(skip_blanks(header), "CPU", 3) != 0)
		return -EINVAL;
	while ((line = strsep(&text, "\n"))) {
		struct interrupt one;
		struct interrupt *grown;

		if (!parse_line(line, &one))
			continue;
		grown = array_grow(found.v, found.n, sizeof one);
		if (!grown) {
			interrupts_free(&found);
			return -ENOMEM;
		}
		found.v = grown;
		found.v[found.n++] = one;
	}
	*out = found;
	return 0;
}

void interrupts_free(struct interrupts *interrupts)
{
	free(interrupts->v);
	*interrupts = (struct interrupts){ 0 };
}
