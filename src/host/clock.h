// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * clock.h - how much time has passed.
 */
#pragma once

#include <stdint.h>

/* Milliseconds of a clock that only goes up, and stands while the machine sleeps
 * (CLOCK_MONOTONIC). Only differences mean something. */
int64_t clock_ms(void);

/* The same in nanoseconds. */
int64_t clock_ns(void);
