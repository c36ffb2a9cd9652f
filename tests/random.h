// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * random.h - random numbers that can be had again: the same on every machine for the same seed
 * (splitmix64), or for the same bytes, one a number.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t seed, state;
	const unsigned char *bytes; /* instead of a seed; where they end, all numbers are 0 */
	size_t n_bytes;
};

/* From 0 to n - 1. */
static inline unsigned int random_below(struct random *random, unsigned int n)
{
	uint64_t z;

	if (random->bytes) {
		if (!random->n_bytes)
			return 0;
		random->n_bytes--;
		return *random->bytes++ % n;
	}
	z = random->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned int)((z ^ z >> 31) % n);
}
