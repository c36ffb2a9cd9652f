// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jsontext.h - reads and writes vifpin's JSON texts, with json-c.
 *
 * Everything json-c reads is checked field by field, because json-c itself converts types (5
 * becomes "5"), ignores what follows the end, and lets the last of two equal keys win.
 */
#pragma once

#include "err.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/* For _cleanup_(). */
void jsontext_putp(struct json_object **object);
void jsontext_tokener_freep(struct json_tokener **tokener);

/* --- reading ------------------------------------------------------------------------------- */

/*
 * Parses the whole text as one object. Bytes that are not UTF-8 are read as U+FFFD. -EBADMSG with
 * the reason only, -ENOMEM.
 */
int jsontext_parse(const char *text, size_t len, struct json_object **out, struct err *err);

/* -EBADMSG with the reason when an object of the text has a field twice. */
int jsontext_check_twins(struct json_object *root, const char *text, size_t len, struct err *err);

/* The object that is read. After the first failure nothing more is: its sentence stays, and what
 * is got is 0, "" or NULL. */
struct reader {
	struct json_object *object;
	int r;
	struct err *err;
};

/* A field of the object: a number from min to max; from 0 to max; a string; one of at most size - 1
 * bytes, copied into buf. */
long long reader_number(struct reader *in, const char *key, long long min, long long max);
unsigned int reader_unsigned(struct reader *in, const char *key, unsigned int max);
const char *reader_string(struct reader *in, const char *key);
void reader_text(struct reader *in, const char *key, char *buf, size_t size);

/* Calls `read` for each element of the array `key`, which is the reader's object then. */
void reader_array(struct reader *in, const char *key, size_t max,
	void (*read)(struct reader *in, void *to), void *to);

void reader_no_memory(struct reader *in);

/* The text of a string, which lives as long as that; NULL when there is a NUL in it. */
const char *reader_text_of(struct json_object *string);

/* What a string stands for that begins at `string`, with its quote, and ends within `len`; to be
 * freed. NULL when that is none, or one with a NUL in it, or memory is out. */
char *jsontext_unquote(const char *string, size_t len);

/* --- writing ------------------------------------------------------------------------------- */

/* Adds a value, NULL without memory, to an object, or without a key to an array, which owns it
 * from then on. *ok is false once memory has run out. */
void jsontext_add(struct json_object *to, const char *key, struct json_object *value, bool *ok);
void jsontext_add_number(struct json_object *to, const char *key, long long number, bool *ok);

/* The text in ASCII with a final newline, to be freed; NULL when memory is out. */
char *jsontext_print(struct json_object *root);

/* The text as a string of JSON in ASCII, with its quotes, to be freed; NULL when memory is out. */
char *jsontext_quote(const char *text);
