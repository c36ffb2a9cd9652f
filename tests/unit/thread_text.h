// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * thread_text.h - kernel threads as a text: "PID:NAME" or, with their start time, "PID@START:NAME",
 * in the order in which they are read.
 */
#pragma once

#include "story.h"
#include "targets.h"
#include "util.h"

static inline void read_threads(const char *text, struct targets *out)
{
	_cleanup_free_ char *line = strdup(text);
	char *rest = line, *word;

	while ((word = next_word(&rest))) {
		struct target *added = array_add(&out->v, &out->n, sizeof *added);
		const char *p = word;
		unsigned long start = 77;

		assert_non_null(added);
		added->pid = (pid_t)read_number(&p, INT_MAX);
		if (*p == '@' && !parse_number(p + 1, &p, ULONG_MAX, &start))
			fail_msg("'%s' has no start time", word);
		read_char(&p, ':');
		added->start = start;
		read_text(added->name, sizeof added->name, p);
	}
}
