// SPDX-License-Identifier: GPL-2.0-or-later
#include "interrupts.h"

#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

/* Mostly for a few characters, where strspn() costs more than it skips. */
static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* Moves *p behind "NUMBER:" at the beginning of a line. */
static bool skip_irq(const char **p, unsigned int *irq)
{
	*p = skip_blanks(*p);
	return parse_uint(*p, p, UINT_MAX, irq) && skip_prefix(p, ":");
}

/* Behind the counts: tokens of digits only, each followed by a blank. On a large host they are
 * nearly all of the text. */
static const char *skip_counts(const char *p)
{
	const char *behind = p + strspn(p, " \t0123456789");

	/* What begins with digits and goes on with others is no count. */
	while (behind > p && !isblank((unsigned char)behind[-1]))
		behind--;
	return behind;
}

/* Moves *p behind `word` and the blanks after it, if that is what comes. */
static bool skip_word(const char **p, const char *word)
{
	const char *behind = *p;

	if (!skip_prefix(&behind, word) || !isblank((unsigned char)*behind))
		return false;
	*p = skip_blanks(behind);
	return true;
}

/* The action behind "xen-dyn...-event", or NULL for any other kind of interrupt. */
static const char *event_action(const char *p)
{
	size_t chip = strcspn(p, " \t\n");
	const char *behind = skip_blanks(p + chip);

	if (strncmp(p, "xen-dyn", 7) != 0)
		return NULL;
	if (chip > 6 && strncmp(p + chip - 6, "-event", 6) == 0)
		return behind;
	if (!skip_word(&behind, "Edge"))
		skip_word(&behind, "Level");
	return skip_word(&behind, "-event") ? behind : NULL;
}

/* The action's length, without blanks at the end of the line. */
static size_t action_length(const char *action)
{
	size_t len = strcspn(action, "\n");

	while (len && isspace((unsigned char)action[len - 1]))
		len--;
	return len;
}

bool interrupts_has_header(const char *text)
{
	return strncmp(skip_blanks(text), "CPU", 3) == 0;
}

static const char *next_line(const char *p)
{
	p = strchr(p, '\n');
	return p ? p + 1 : NULL;
}

int interrupts_parse(const char *text,
	int (*each)(unsigned int irq, const char *action, size_t len, void *data), void *data)
{
	int r = 0;

	for (; r == 0 && text; text = next_line(text)) {
		const char *action;
		unsigned int irq;
		size_t len;

		if (!skip_irq(&text, &irq))
			continue;
		text = skip_counts(text);
		action = event_action(text);
		len = action ? action_length(action) : 0;
		if (len)
			r = each(irq, action, len, data);
	}
	return r;
}

/* --- counts ------------------------------------------------------------------------------- */

/* The CPUs of the header's columns, in cpus[CPUSET_MAX]; how many, 0 without a header. */
static size_t parse_header(const char *p, unsigned int *cpus)
{
	size_t n = 0;

	for (p = skip_blanks(p); n < CPUSET_MAX && skip_prefix(&p, "CPU"); p = skip_blanks(p)) {
		if (!parse_uint(p, &p, CPUSET_MAX - 1, &cpus[n]))
			break;
		n++;
	}
	return n;
}

/* The counts of one line, in row[CPUSET_MAX]; how many there are. */
static size_t parse_counts(const char *p, unsigned long long *row)
{
	size_t n = 0;

	while (n < CPUSET_MAX) {
		char *end;

		p = skip_blanks(p);
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

int interrupts_add_counts(
	const char *text, const unsigned int *irqs, size_t n, unsigned long long *counts)
{
	unsigned long long row[CPUSET_MAX];
	unsigned int cpus[CPUSET_MAX], irq;
	size_t n_cpus = parse_header(text, cpus);

	if (!n_cpus)
		return -EINVAL;
	while (n && (text = strchr(text, '\n'))) {
		const char *p = ++text;

		if (!skip_irq(&p, &irq) || !bsearch(&irq, irqs, n, sizeof irq, compare_uints) ||
			parse_counts(p, row) != n_cpus)
			continue;
		for (size_t i = 0; i < n_cpus; i++)
			counts[cpus[i]] += row[i];
	}
	return 0;
}

/* Adds to counts[CPUSET_MAX] unless that is NULL, and to *sum. False for what is no such text. */
static bool walk_per_cpu(const char *p, unsigned long long *counts, unsigned long long *sum)
{
	for (size_t cpu = 0; cpu < CPUSET_MAX; cpu++) {
		unsigned int count;

		if (!parse_uint(p, &p, UINT_MAX, &count))
			return false;
		*sum += count;
		if (counts)
			counts[cpu] += count;
		if (*p == '\n')
			return p[1] == '\0';
		if (*p++ != ',')
			return false;
	}
	return false;
}

int interrupts_sum_per_cpu(const char *text, unsigned long long *sum)
{
	unsigned long long all = 0;

	if (!walk_per_cpu(text, NULL, &all))
		return -EINVAL;
	*sum = all;
	return 0;
}

int interrupts_add_per_cpu(const char *text, unsigned long long *counts)
{
	unsigned long long all = 0;

	/* Once over it before anything is added. */
	if (!walk_per_cpu(text, NULL, &all))
		return -EINVAL;
	walk_per_cpu(text, counts, &all);
	return 0;
}
