// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * util.h - what C lacks: owned values, strict numbers, growing arrays.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A variable that frees what it holds at the end of its scope. */
#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _cleanup_free_ _cleanup_(freep)

static inline void freep(void *p)
{
	free(*(void **)p);
}

/*
 * A number as people and the kernel write it: decimal digits only (no sign, no
 * space, no leading zero but "0" itself), from 0 to max. `*end` is set to the
 * first character behind it; with end == NULL nothing may follow. Returns false,
 * outputs untouched, when the text is anything else.
 */
bool parse_number(const char *s, const char **end, unsigned long max, unsigned long *out);
bool parse_uint(const char *s, const char **end, unsigned int max, unsigned int *out);

/* Moves *p past `prefix` if the text begins with it. */
bool skip_prefix(const char **p, const char *prefix);

/* Compares two unsigned ints, for qsort() and bsearch(). */
int compare_uints(const void *a, const void *b);

/*
 * Makes room for one more element of an array that grows by doubling: returns
 * the array (perhaps moved) with space for n + 1 elements of `size` bytes, or
 * NULL with the old one untouched when memory is out.
 */
void *array_grow(void *array, size_t n, size_t size);

/*
 * A new element, all zeroes, behind the *n elements of such an array, which are then one more.
 * NULL, with nothing changed, when memory is out. `array` is the address of the array's pointer,
 * which may move.
 */
void *array_add(void *array, size_t *n, size_t size);

/* Takes an element out of an array; what it owns is the caller's to free before. */
void array_remove(void *array, size_t *n, size_t size, void *element);

/* Copies src with its end into dst when it fits; false, dst empty, when not. */
bool copy_str(char *dst, size_t size, const char *src);

/* Puts '?' in the place of every control character, so that the text is one line on a terminal
 * and one record of a log. */
void mask_controls(char *text);

/* Takes blanks off both ends, the end's in place; returns where the text begins. */
char *trim_blanks(char *text);
