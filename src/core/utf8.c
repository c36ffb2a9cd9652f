// SPDX-License-Identifier: GPL-2.0-or-later
#include "utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT 0xfffd

/* The length of a character that begins with this byte; 0 when none does. */
static size_t length_by_lead(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	return lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
}

/*
 * The length in bytes of the first character of `text`, which has `len` bytes, and the character;
 * 0 when it is not UTF-8 (RFC 3629): cut short, overlong, a surrogate, or beyond U+10FFFF.
 */
static size_t read_char(const char *text, size_t len, uint32_t *out)
{
	static const uint32_t first[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)text;
	size_t n = len ? length_by_lead(*p) : 0;
	uint32_t c;

	if (!n || n > len)
		return 0;
	c = n > 1 ? *p & (0x7fu >> n) : *p;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < first[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*out = c;
	return n;
}

void utf8_mask(char *text)
{
	size_t left = strlen(text), n;
	uint32_t c;

	for (; left; text += n, left -= n) {
		n = read_char(text, left, &c);
		if (!n || (c >= 0x80 && c < 0xa0)) {
			*text = '?';
			n = 1;
		}
	}
}

static char *write_escaped(char *to, uint32_t c)
{
	if (c < 0x10000)
		return to + sprintf(to, "\\u%04x", c);
	c -= 0x10000;
	return to + sprintf(to, "\\u%04x\\u%04x", 0xd800 | c >> 10, 0xdc00 | (c & 0x3ff));
}

/* Nearly all text is ASCII, so eight bytes are looked at in a step. */
size_t utf8_ascii_length(const char *text, size_t len)
{
	size_t n = 0;
	uint64_t eight;

	for (; n + sizeof eight <= len; n += sizeof eight) {
		memcpy(&eight, text + n, sizeof eight);
		if (eight & 0x8080808080808080)
			break;
	}
	while (n < len && (unsigned char)text[n] < 0x80)
		n++;
	return n;
}

char *utf8_escape(const char *text, size_t *len)
{
	const char *end = text + *len;
	char *out, *to;

	/* Room that is not written to costs nothing. */
	out = to = malloc(*len * UTF8_ESCAPED_MAX + 1);
	if (!out)
		return NULL;
	while (text < end) {
		size_t n = utf8_ascii_length(text, (size_t)(end - text));
		uint32_t c = REPLACEMENT;

		to = mempcpy(to, text, n);
		text += n;
		if (text == end)
			break;
		n = read_char(text, (size_t)(end - text), &c);
		to = write_escaped(to, c);
		text += n ? n : 1;
	}
	*to = '\0';
	*len = (size_t)(to - out);
	return out;
}
