// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * work_text.h - measured load as short texts.
 *
 * What vifs cost: a line for each, tx/rx of each queue in percent of a CPU, "?" for what is not
 * known.
 *
 *	1.0 30/20 ?/5
 *
 * What CPUs are busy with, in all and for sides:
 *
 *	0:60/50 3:5/?
 *
 * Measured load: in thousandths of a CPU what a CPU is busy with besides, what so many tx sides
 *cost that stand there, and what rx sides do, if there are any.
 *
 *	0:100+400/2 3:0+10/1+20/2
 */
#pragma once

#include "story.h"

#include "measured_load.h"
#include "work.h"

static inline int read_share(const char **text)
{
	if (**text == '?') {
		++*text;
		return WORK_UNKNOWN;
	}
	return (int)read_number(text, 100) * (WORK_WHOLE / 100);
}

static inline void read_queue_work(const char *text, struct vif_work *vif)
{
	struct queue_work *queue = array_grow(vif->queues, vif->n_queues, sizeof *queue);

	assert_non_null(queue);
	vif->queues = queue;
	queue += vif->n_queues++;
	*queue = (struct queue_work){ .interrupts = 0 };
	queue->share[SIDE_TX] = read_share(&text);
	read_char(&text, '/');
	queue->share[SIDE_RX] = read_share(&text);
}

static inline void read_vif_work(char *line, void *data)
{
	struct work *work = data;
	struct vif_work *vif = array_add(&work->vifs, &work->n_vifs, sizeof *vif);
	const char *id = next_word(&line);
	char *word;

	assert_non_null(vif);
	vif->id = read_id(&id);
	while ((word = next_word(&line)))
		read_queue_work(word, vif);
}

static inline void read_cpu_work(const char *text, struct work *work)
{
	for (const char *p = text ? text : ""; *p; p += *p == ' ') {
		unsigned int cpu = read_number(&p, CPUSET_MAX - 1);

		read_char(&p, ':');
		work->cpus[cpu].busy = read_share(&p);
		read_char(&p, '/');
		work->cpus[cpu].sides = read_share(&p);
	}
}

static inline void read_work(const char *vifs, const char *cpus, struct work *out)
{
	*out = (struct work){ .cpus = calloc(CPUSET_MAX, sizeof *out->cpus) };
	assert_non_null(out->cpus);
	read_lines(vifs, read_vif_work, out);
	read_cpu_work(cpus, out);
}

static inline void read_sum(const char **text, enum side side, struct cpu_sum *sum)
{
	read_char(text, '+');
	sum->share[side] = read_number(text, 1000000) * (WORK_WHOLE / 1000LL);
	read_char(text, '/');
	sum->sides[side] = read_number(text, 1000000);
}

/* mean: in thousandths, of both directions. Without a text, nothing is measured. */
static inline void read_measured_load(const char *text, int mean, struct measured_load *out)
{
	mean *= WORK_WHOLE / 1000;
	*out = (struct measured_load){ .mean = { mean, mean } };
	if (!text)
		return;
	assert_int_equal(measured_load_new(out), 0);
	for (const char *p = text; *p; p += *p == ' ') {
		unsigned int cpu = read_number(&p, CPUSET_MAX - 1);

		read_char(&p, ':');
		out->besides[cpu] = (int)read_number(&p, 1000) * (WORK_WHOLE / 1000);
		read_sum(&p, SIDE_TX, &out->sums[cpu]);
		if (*p == '+')
			read_sum(&p, SIDE_RX, &out->sums[cpu]);
	}
}
