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

/* --- counts ---------------------------------------------------------------------------- */

/* The CPUs of the header's columns, in cpus[CPUSET_MAX]; how many, 0 without a header. */
static size_t parse_header(const char *p, unsigned int *cpus)
{
	unsigned long cpu;
	size_t n = 0;

	for (;;) {
		p += strspn(p, " \t");
		if (n == CPUSET_MAX || strncmp(p, "CPU", 3) != 0 ||
			!parse_number(p + 3, &p, CPUSET_MAX - 1, &cpu))
			return n;
		cpus[n++] = (unsigned int)cpu;
	}
}

/* The counts of one line, in row[CPUSET_MAX]; how many there are. */
static size_t parse_counts(const char *p, unsigned long long *row)
{
	size_t n = 0;

	while (n < CPUSET_MAX) {
		char *end;

		p += strspn(p, " \t");
		if (!isdigit((unsigned char)*p))
			break;
		row[n] = strtoull(p, &end, 10);
		if (!isblank((unsigned char)*end) && *end != '\n')
			break;
		n++;
		p = end;
	}
	return n;
}

static int compare_irqs(const void *a, const void *b)
{
	const unsigned int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool is_counted(const char *line, const unsigned int *irqs, size_t n, const char **behind)
{
	unsigned long number;
	unsigned int irq;

	line += strspn(line, " \t");
	if (!parse_number(line, behind, UINT_MAX, &number) || *(*behind)++ != ':')
		return false;
	irq = (unsigned int)number;
	return n && bsearch(&irq, irqs, n, sizeof irq, compare_irqs);
}

int interrupts_add_counts(
	const char *text, const unsigned int *irqs, size_t n, unsigned long long *counts)
{
	unsigned long long row[CPUSET_MAX];
	unsigned int cpus[CPUSET_MAX];
	size_t n_cpus = parse_header(text, cpus);
	const char *behind;

	if (!n_cpus)
		return -EINVAL;
	while ((text = strchr(text, '\n'))) {
		text++;
		if (!is_counted(text, irqs, n, &behind) || parse_counts(behind, row) != n_cpus)
			continue;
		for (size_t i = 0; i < n_cpus; i++)
			counts[cpus[i]] += row[i];
	}
	return 0;
}
