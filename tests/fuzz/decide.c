// SPDX-License-Identifier: GPL-2.0-or-later
/* The decision as a whole: each choice of which a host, a ledger and a request are made is a byte.
 */
#include "fuzz.h"

#include "any_story.h"

static void fuzz(const char *text, size_t len)
{
	struct random choices = { .bytes = (const unsigned char *)text, .n_bytes = len };
	static struct draft draft;

	draft_story(&choices, &draft);
	check_any("story", &draft.story);
	if (wrong_rows)
		print_story(&draft.story);
}
