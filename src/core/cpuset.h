// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cpuset.h - a set of CPUs and the texts it has in the kernel and in xl.
 *
 * A plain value: copied by assignment, compared with cpuset_equal(), no memory
 * to free. CPU numbers are those of the domain vifpin runs in.
 */
#pragma once

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Linux x86 can be built for 8192 (CONFIG_MAXSMP). */
#define CPUSET_MAX 8192

struct cpuset {
	uint64_t bits[CPUSET_MAX / 64];
};

void cpuset_add(struct cpuset *set, unsigned int cpu);
bool cpuset_has(const struct cpuset *set, unsigned int cpu);
unsigned int cpuset_count(const struct cpuset *set);
bool cpuset_equal(const struct cpuset *a, const struct cpuset *b);
bool cpuset_is_empty(const struct cpuset *set);
void cpuset_and(struct cpuset *set, const struct cpuset *with);
void cpuset_or(struct cpuset *set, const struct cpuset *with);
void cpuset_subtract(struct cpuset *set, const struct cpuset *what);

/* The lowest CPU of the set that is >= from, or -1 when there is none. */
int cpuset_next(const struct cpuset *set, unsigned int from);

/* The CPU of a set that has exactly one, else -1. */
int cpuset_single(const struct cpuset *set);

#define cpuset_for_each(cpu, set)                                                                  \
	for (int cpu = cpuset_next(set, 0); cpu >= 0; cpu = cpuset_next(set, (unsigned int)cpu + 1))

/*
 * The kernel's list form, as in smp_affinity_list, Cpus_allowed_list and
 * /sys/devices/system/cpu/online: "0-3,5", ended by NUL or one newline; the
 * empty text is the empty set. -EINVAL for anything else, *set untouched.
 */
int cpuset_parse_list(const char *text, struct cpuset *set);

/*
 * The kernel's mask form, as in /proc/irq/default_smp_affinity: hexadecimal
 * words of 32 bits, most significant first, separated by commas. -EINVAL for
 * anything else, *set untouched.
 */
int cpuset_parse_mask(const char *text, struct cpuset *set);

/* What the words of xl's lists stand for. */
struct cpuset_words {
	struct cpuset all;
	const struct cpuset *nodes; /* the CPUs of each node, NULL: not known */
	unsigned int n_nodes;
};

/*
 * xl's list form (xl.cfg(5), cpus=): "all", "N", "N-M", "node:N", "nodes:N-M", each
 * perhaps with "^" before it to take away, joined by commas and read from left to
 * right; blanks around an element do not count. On failure *set is untouched:
 * -EINVAL with a sentence that names the element, -ENODATA with one when it is right
 * but for a node while nodes are not known.
 */
int cpuset_parse_xl(
	const char *text, const struct cpuset_words *words, struct cpuset *set, struct err *err);

/*
 * Writes the set in the kernel's list form with plain ranges (a stride such as
 * 0-14:2 is refused by smp_affinity_list), "" for the empty set. Returns the
 * length without the end; like snprintf, a length >= size means it was cut.
 */
size_t cpuset_format(const struct cpuset *set, char *buf, size_t size);
