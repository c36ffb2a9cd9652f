// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policies.h - who decides where a simulated host's sides stand: vifpin, and what there is without.
 */
#pragma once

#include "host.h"

#define TICKS 6 /* of ten seconds, in a minute */

struct policy {
	const char *name;
	place_fn *place;   /* a vif comes */
	bool free_threads; /* the scheduler places guest-rx */
	/* Ten seconds have passed, `tick` times; NULL: what stands stays. */
	void (*act)(struct host *host, unsigned int tick);
	bool once;  /* it does nothing after the first minute */
	bool rests; /* nor, with constant traffic, after a minute in which it has done nothing */
};

/* Ends with one without a name. */
extern const struct policy policies[];

/*
 * vifpin's, with the measure of the last minute: once (`rebalance --measured`), and what the
 * watcher does each minute by itself.
 */
void rebalance_measured(struct host *host);
void rebalance_automatically(struct host *host);

/* irqbalance's (irqbalance.c). */
void irqbalance_begin(void);
void irqbalance_scan(struct host *host, unsigned int tick);
