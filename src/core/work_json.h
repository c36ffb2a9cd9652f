// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * work_json.h - measured load as JSON text: how the watcher hands on what it has measured.
 *
 *	{ "version": 1, "boot_id": "...", "at_ns": N, "ns": N, "interval": SECONDS,
 *	  "vifs": [ { "domid": D, "devid": I, "tx_packets": N, "rx_packets": N, "tx_bytes": N,
 *	              "rx_bytes": N,
 *	              "queues": [ { "queue": 0, "tx": N, "rx": N, "interrupts": N } ] } ],
 *	  "cpus": [ { "cpu": 0, "busy": N, "softirq": N, "nic": N, "sides": N } ] }
 *
 * as in struct work (work.h): shares are in millionths, and -1 where they are not known. CPUs of
 * which nothing is known are left out.
 *
 * What placing a side needs of it (measured_load.h) is a text of its own, since the hook waits for
 * that to be read: one that does not grow with the number of vifs. CPUs without load are left out.
 *
 *	{ "version": 1, "boot_id": "...", "at_ns": N, "interval": SECONDS, "tx_mean": N,
 *	  "rx_mean": N,
 *	  "cpus": [ { "cpu": 0, "besides": N, "tx_sides": NUMBER, "tx_share": N,
 *	              "rx_sides": NUMBER, "rx_share": N } ] }
 *
 * Both are of this version's own use, and no interface.
 */
#pragma once

#include "err.h"
#include "ledger.h"
#include "measured_load.h"
#include "work.h"

#define WORK_VERSION 1
/* Bytes of text, for what LEDGER_TEXT_MAX has room for. */
#define WORK_TEXT_MAX (32 << 20)

/* Zero-initialised it is empty. */
struct work_kept {
	char boot_id[UUID_SIZE];
	unsigned int interval; /* seconds: how often it is written anew */
	struct work work;      /* owned */
};

void work_kept_free(struct work_kept *kept);

/* -ENOTSUP when the text is of another version, -EBADMSG when it is none, with the reason only.
 * *out is set only on success. */
int work_parse(const char *text, size_t len, struct work_kept *out, struct err *err);

/* To be freed; NULL when memory is out. */
char *work_format(const struct work_kept *kept);

/* Zero-initialised it is empty. */
struct load_kept {
	char boot_id[UUID_SIZE];
	int64_t at_ns;             /* CLOCK_MONOTONIC, of the reading */
	unsigned int interval;     /* as above */
	struct measured_load load; /* owned */
};

/* The same for what placing needs. */
void load_kept_free(struct load_kept *kept);
int load_parse(const char *text, size_t len, struct load_kept *out, struct err *err);
char *load_format(const struct load_kept *kept);
