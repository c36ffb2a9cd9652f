// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * worker.h - one thing at a time, done by another thread, for a loop that must not wait for it.
 *
 * While it is being done, what it uses is the other thread's alone.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

struct worker {
	pthread_t thread;
	int done_fd; /* readable once it is done */
	bool busy;
	void (*work)(void *data);
	void *data;
};

/* -errno. */
int worker_init(struct worker *worker);

/* Not to be called while it is busy. */
void worker_free(struct worker *worker);

/* Begins; -errno when it cannot. Not to be called while it is busy. */
int worker_begin(struct worker *worker, void (*work)(void *data), void *data);

/* Waits for the end, which done_fd tells of: what was done can be used from then on. */
void worker_end(struct worker *worker);
