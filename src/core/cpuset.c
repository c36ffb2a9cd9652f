// SPDX-License-Identifier: GPL-2.0-or-later
#include "cpuset.h"

#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

void cpuset_add(struct cpuset *set, unsigned int cpu)
{
	if (cpu < CPUSET_MAX)
		set->bits[cpu / 64] |= UINT64_C(1) << (cpu % 64);
}

bool cpuset_has(const struct cpuset *set, unsigned int cpu)
{
	return cpu < CPUSET_MAX && (set->bits[cpu / 64] >> (cpu % 64) & 1);
}

unsigned int cpuset_count(const struct cpuset *set)
{
	unsigned int count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(set->bits); i++)
		count += (unsigned int)__builtin_popcountll(set->bits[i]);
	return count;
}

bool cpuset_equal(const struct cpuset *a, const struct cpuset *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

void cpuset_and(struct cpuset *set, const struct cpuset *with)
{
	for (size_t i = 0; i < ARRAY_SIZE(set->bits); i++)
		set->bits[i] &= with->bits[i];
}

void cpuset_or(struct cpuset *set, const struct cpuset *with)
{
	for (size_t i = 0; i < ARRAY_SIZE(set->bits); i++)
		set->bits[i] |= with->bits[i];
}

void cpuset_subtract(struct cpuset *set, const struct cpuset *what)
{
	for (size_t i = 0; i < ARRAY_SIZE(set->bits); i++)
		set->bits[i] &= ~what->bits[i];
}

bool cpuset_is_empty(const struct cpuset *set)
{
	static const struct cpuset empty;

	return cpuset_equal(set, &empty);
}

int cpuset_next(const struct cpuset *set, unsigned int from)
{
	size_t i = from / 64;
	uint64_t word;

	if (from >= CPUSET_MAX)
		return -1;
	word = set->bits[i] & (~UINT64_C(0) << (from % 64));
	while (!word) {
		if (++i == ARRAY_SIZE(set->bits))
			return -1;
		word = set->bits[i];
	}
	return (int)(i * 64) + __builtin_ctzll(word);
}

int cpuset_single(const struct cpuset *set)
{
	int cpu = cpuset_next(set, 0);

	return cpu >= 0 && cpuset_next(set, (unsigned int)cpu + 1) < 0 ? cpu : -1;
}

/* Reads "N" or "N-M" at *p and moves *p past it. */
static bool parse_range(const char **p, unsigned int *first, unsigned int *last)
{
	if (!parse_uint(*p, p, CPUSET_MAX - 1, first))
		return false;
	*last = *first;
	if (!skip_prefix(p, "-"))
		return true;
	return parse_uint(*p, p, CPUSET_MAX - 1, last) && *last >= *first;
}

static void add_range(struct cpuset *set, unsigned int first, unsigned int last)
{
	for (unsigned int cpu = first; cpu <= last; cpu++)
		cpuset_add(set, cpu);
}

/* Is there nothing more in a file of the kernel? */
static bool at_end(const char *p)
{
	return !*p || strcmp(p, "\n") == 0;
}

int cpuset_parse_list(const char *text, struct cpuset *set)
{
	struct cpuset out = { 0 };
	unsigned int first, last;

	if (!at_end(text)) {
		do {
			if (!parse_range(&text, &first, &last))
				return -EINVAL;
			add_range(&out, first, last);
		} while (skip_prefix(&text, ","));
	}
	if (!at_end(text))
		return -EINVAL;
	*set = out;
	return 0;
}

/* Shifts the set up by 32 CPUs and stores `word` in the lowest 32; false on overflow. */
static bool mask_push(struct cpuset *set, uint32_t word)
{
	size_t top = ARRAY_SIZE(set->bits) - 1;

	if (set->bits[top] >> 32)
		return false;
	for (size_t i = top; i > 0; i--)
		set->bits[i] = set->bits[i] << 32 | set->bits[i - 1] >> 32;
	set->bits[0] = set->bits[0] << 32 | word;
	return true;
}

int cpuset_parse_mask(const char *text, struct cpuset *set)
{
	struct cpuset out = { 0 };

	do {
		size_t digits = strspn(text, "0123456789abcdefABCDEF");

		if (!digits || digits > 8 || !mask_push(&out, (uint32_t)strtoul(text, NULL, 16)))
			return -EINVAL;
		text += digits;
	} while (skip_prefix(&text, ","));
	if (!at_end(text))
		return -EINVAL;
	*set = out;
	return 0;
}

/* Adds the CPUs of the nodes from first to last. */
static int collect_nodes(const char *element, unsigned int first, unsigned int last,
	const struct cpuset_words *words, struct cpuset *out, struct err *err)
{
	if (!words->nodes)
		return err_set(err, ENODATA, "'%s' cannot be used: nodes are not known", element);
	if (last >= words->n_nodes)
		return err_set(err, EINVAL, "'%s': there is no node %u, the last one is %u",
			element, last, words->n_nodes - 1);
	for (unsigned int node = first; node <= last; node++)
		cpuset_or(out, &words->nodes[node]);
	return 0;
}

/* The CPUs that an element stands for, without regard to a leading "^". */
static int parse_xl_element(
	const char *element, const struct cpuset_words *words, struct cpuset *out, struct err *err)
{
	const char *p = element + (*element == '^');
	unsigned int first, last;
	bool nodes;

	*out = (struct cpuset){ 0 };
	if (strcmp(p, "all") == 0) {
		*out = words->all;
		return 0;
	}
	nodes = skip_prefix(&p, "nodes:") || skip_prefix(&p, "node:");
	if (!parse_range(&p, &first, &last) || *p)
		return err_set(err, EINVAL,
			"'%s' is not a CPU, a range of CPUs, 'node:N', 'nodes:N-M' or 'all'",
			element);
	if (nodes)
		return collect_nodes(element, first, last, words, out, err);
	add_range(out, first, last);
	return 0;
}

int cpuset_parse_xl(
	const char *text, const struct cpuset_words *words, struct cpuset *set, struct err *err)
{
	_cleanup_free_ char *copy = strdup(text);
	struct cpuset out = { 0 }, some;
	char *rest = copy;
	char *element;
	int r;

	if (!copy)
		return err_no_memory(err);
	while ((element = strsep(&rest, ","))) {
		element = trim_blanks(element);
		r = parse_xl_element(element, words, &some, err);
		if (r < 0)
			return r;
		if (*element == '^')
			cpuset_subtract(&out, &some);
		else
			cpuset_or(&out, &some);
	}
	*set = out;
	return 0;
}

size_t cpuset_format(const struct cpuset *set, char *buf, size_t size)
{
	size_t len = 0;
	int first = cpuset_next(set, 0);

	if (size)
		buf[0] = '\0';
	while (first >= 0) {
		int last = first;
		size_t room = len < size ? size - len : 0;
		char to[16] = "";

		while (cpuset_has(set, (unsigned int)last + 1))
			last++;
		if (last > first)
			snprintf(to, sizeof to, "-%d", last);
		len += (size_t)snprintf(
			room ? buf + len : NULL, room, "%s%d%s", len ? "," : "", first, to);
		first = cpuset_next(set, (unsigned int)last + 1);
	}
	return len;
}
