// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * utf8.h - JSON text in plain ASCII, whatever bytes its strings hold.
 */
#pragma once

#include <stddef.h>

/* The most that a byte becomes when it is escaped: one that is not UTF-8 is written as U+FFFD. */
#define UTF8_ESCAPED_MAX (sizeof "\\ufffd" - 1)

/* How many bytes at the beginning of `text`, which has `len`, are ASCII. */
size_t utf8_ascii_length(const char *text, size_t len);

/* Puts '?' in the place of every byte that is not part of a character in UTF-8, or is part of a
 * control character beyond ASCII (C1), on which a terminal may act. */
void utf8_mask(char *text);

/*
 * Escapes JSON text of *len bytes: each character beyond ASCII becomes "\uXXXX", or two of
 * them (a surrogate pair) beyond U+FFFF, and each byte that is not UTF-8 becomes "\ufffd".
 * Within strings that is the same text; outside of them JSON allows neither. The result ends
 * with a NUL, which *len, set to the new length, does not count. To be freed; NULL when
 * memory is out, *len then untouched.
 */
char *utf8_escape(const char *text, size_t *len);
