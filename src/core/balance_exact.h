// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * balance_exact.h - the best of all places, for a few sides: those that could be better than what
 * steps have come to are tried, until a number of tries is used up.
 */
#pragma once

#include "balance_search.h"

/* Moves the sides that way, where they are few. It is never worse than before. */
void balance_exactly(struct search *search);
