// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * place.h - the CPUs of one queue.
 *
 * A queue has two sides, as netback names them: tx is guest to host (tx interrupt,
 * dealloc thread), rx is host to guest (rx interrupt, guest-rx thread).
 */
#pragma once

#include <stdbool.h>

#define CPU_NONE (-1)

enum side { SIDE_TX, SIDE_RX, SIDE_COUNT };

struct place {
	int cpu[SIDE_COUNT]; /* CPU_NONE: not placed yet */
};

#define PLACE_NONE ((struct place){ { CPU_NONE, CPU_NONE } })

static inline enum side other_side(enum side side)
{
	return side == SIDE_TX ? SIDE_RX : SIDE_TX;
}

/* "tx", "rx". */
static inline const char *side_name(enum side side)
{
	return side == SIDE_TX ? "tx" : "rx";
}

static inline bool place_equal(struct place a, struct place b)
{
	return a.cpu[SIDE_TX] == b.cpu[SIDE_TX] && a.cpu[SIDE_RX] == b.cpu[SIDE_RX];
}
