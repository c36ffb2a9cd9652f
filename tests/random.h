// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * random.h - random numbers that can be had again: the same on every machine for the same seed
 * (splitmix64).
 */
#ifndef VIFPIN_TESTS_RANDOM_H
#define VIFPIN_TESTS_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t seed, state;
};

/* From 0 to n - 1. */
static inline unsigned int random_below(struct random *random, unsigned int n)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned int)((z ^ z >> 31) % n);
}

#endif
