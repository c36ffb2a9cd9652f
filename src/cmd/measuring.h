// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * measuring.h - measures what sides cost while somebody waits for it.
 */
#pragma once

#include "context.h"
#include "err.h"
#include "work.h"

#define MEASURING_MAX_S 3600

/*
 * Takes two readings that many seconds apart. Nothing is locked meanwhile, a terminal shows how far
 * it is, and SIGINT, SIGTERM and SIGHUP end the process as ever. -errno with a sentence; free *out
 * with work_free().
 */
int cmd_measure(struct context *context, unsigned int seconds, struct work *out, struct err *err);
