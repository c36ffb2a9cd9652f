// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ledger_lines.h - the ledger's text in the form that vifpin gives it: a line for each vif.
 *
 * It is JSON like any other, and ledger_parse() reads all that is. But json-c takes 10 to 20 us
 * for a vif of eight queues, and each guest's creation waits for all of them: ledger_format()
 * writes the lines without it, and who finds just these lines can read them without it too.
 */
#pragma once

#include "ledger.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What is read is, byte for byte, what ledger_write() makes of the ledger that it is read as, with
 * nothing escaped but in names of domains. Anything else, a ledger or not, is for
 * ledger_parse_json() to read, and to find words for.
 */
bool ledger_lines_parse(const char *text, size_t len, struct ledger *out);

/* The same of a text that comes in pieces. Zero-initialised it has read nothing. */
struct ledger_lines {
	struct ledger ledger;                                              /* so far, owned */
	enum { LINES_HEAD, LINES_VIFS, LINES_REMEMBERED, LINES_END } part; /* what comes next */
	bool comma;      /* behind the line before */
	unsigned int at; /* how much has been read */
};

/* Reads the whole lines in a piece of text; the rest, behind *used, is to come again with what
 * follows. False when it is none of ledger_write()'s, or memory is out. */
bool ledger_lines_read(struct ledger_lines *lines, const char *text, size_t len, size_t *used);

/* At the end of the text: hands over what was read. False, *out untouched, when more must follow.
 */
bool ledger_lines_end(struct ledger_lines *lines, struct ledger *out);
void ledger_lines_clear(struct ledger_lines *lines);

/*
 * Where the text goes, piece by piece: what is made anew, and what stands in the text that the
 * ledger was read from, n bytes from `at` on. Of a large ledger that is nearly all, and to make it
 * again takes longer than to copy it.
 */
struct ledger_output {
	int (*write)(const char *text, size_t n, void *data);
	int (*copy)(size_t at, size_t n, void *data); /* NULL: all is made anew */
	void *data;
};

/* Writes the ledger, until one of these returns other than 0, which is then returned; -ENOMEM.
 * ledger_format() has it as one text. */
int ledger_write(const struct ledger *ledger, const struct ledger_output *output);
