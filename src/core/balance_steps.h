// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * balance_steps.h - steps that relieve the most loaded CPU.
 *
 * A step moves a side of it to another CPU, or there in the place of a side that goes on to a third
 * one, or comes back in exchange. It is made when every CPU that it touches then carries less than
 * the most loaded one did, so the loads, sorted from the highest, always fall, and the search ends.
 * Of all such steps the one is made that leaves the least on these CPUs.
 */
#pragma once

#include "balance_search.h"

/* One step; false when there is none, none is needed, or search->looks are used up. */
bool balance_step(struct search *search);
