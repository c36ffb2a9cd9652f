// SPDX-License-Identifier: GPL-2.0-or-later
#include "util.h"

#include <ctype.h>
#include <string.h>

bool parse_number(const char *s, const char **end, unsigned long max, unsigned long *out)
{
	unsigned long value = 0;
	const char *p = s;

	if (!isdigit((unsigned char)*p) || (p[0] == '0' && isdigit((unsigned char)p[1])))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		unsigned long digit = (unsigned long)(*p - '0');

		if (value > (max - digit) / 10 || digit > max)
			return false;
		value = value * 10 + digit;
	}
	if (end)
		*end = p;
	else if (*p)
		return false;
	*out = value;
	return true;
}

bool parse_uint(const char *s, const char **end, unsigned int max, unsigned int *out)
{
	unsigned long value;

	if (!parse_number(s, end, max, &value))
		return false;
	*out = (unsigned int)value;
	return true;
}

bool skip_prefix(const char **p, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(*p, prefix, n) != 0)
		return false;
	*p += n;
	return true;
}

int compare_uints(const void *a, const void *b)
{
	const unsigned int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void *array_grow(void *array, size_t n, size_t size)
{
	/* Full exactly when n is 0 or a power of two. */
	if (n & (n - 1))
		return array;
	return reallocarray(array, n ? n * 2 : 1, size);
}

void *array_add(void *array, size_t *n, size_t size)
{
	void **v = array;
	char *grown = array_grow(*v, *n, size);

	if (!grown)
		return NULL;
	*v = grown;
	return memset(grown + size * (*n)++, 0, size);
}

void array_remove(void *array, size_t *n, size_t size, void *element)
{
	char *end = (char *)array + *n * size, *behind = (char *)element + size;

	--*n;
	memmove(element, behind, (size_t)(end - behind));
}

bool copy_str(char *dst, size_t size, const char *src)
{
	size_t n = strlen(src);

	if (n >= size) {
		dst[0] = '\0';
		return false;
	}
	memcpy(dst, src, n + 1);
	return true;
}

void mask_controls(char *text)
{
	for (; *text; text++) {
		if (iscntrl((unsigned char)*text))
			*text = '?';
	}
}

char *trim_blanks(char *text)
{
	size_t n;

	text += strspn(text, " \t");
	n = strlen(text);
	while (n && strchr(" \t", text[n - 1]))
		text[--n] = '\0';
	return text;
}
