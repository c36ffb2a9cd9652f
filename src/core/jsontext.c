// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Both json-c and the file get plain ASCII. Where char is signed, json-c 0.18 and later take
 * every byte above 127 for a control character in strict mode, and no version checks that
 * what it writes is UTF-8.
 */
#include "jsontext.h"

#include "utf8.h"
#include "util.h"

#include <errno.h>
#include <json-c/json_visit.h>
#include <stdbool.h>
#include <string.h>

void jsontext_putp(struct json_object **object)
{
	json_object_put(*object);
}

void jsontext_tokener_freep(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

/* --- reading ------------------------------------------------------------------------------- */

/* A field; it must have this type. */
static struct json_object *reader_field(struct reader *in, const char *key, enum json_type type)
{
	struct json_object *field = NULL;

	if (in->r < 0)
		return NULL;
	if (!json_object_object_get_ex(in->object, key, &field))
		in->r = err_set(in->err, EBADMSG, "\"%s\" is missing", key);
	else if (!json_object_is_type(field, type))
		in->r = err_set(
			in->err, EBADMSG, "\"%s\" is not of type %s", key, json_type_to_name(type));
	return in->r < 0 ? NULL : field;
}

long long reader_number(struct reader *in, const char *key, long long min, long long max)
{
	struct json_object *field = reader_field(in, key, json_type_int);
	long long value = json_object_get_int64(field);

	if (!field || (value >= min && value <= max))
		return value;
	in->r = err_set(in->err, EBADMSG, "\"%s\" is not between %lld and %lld", key, min, max);
	return 0;
}

unsigned int reader_unsigned(struct reader *in, const char *key, unsigned int max)
{
	return (unsigned int)reader_number(in, key, 0, max);
}

const char *reader_text_of(struct json_object *string)
{
	const char *text = json_object_get_string(string);

	return strlen(text) == (size_t)json_object_get_string_len(string) ? text : NULL;
}

const char *reader_string(struct reader *in, const char *key)
{
	struct json_object *field = reader_field(in, key, json_type_string);
	const char *text = field ? reader_text_of(field) : "";

	if (!text)
		in->r = err_set(in->err, EBADMSG, "\"%s\" contains a NUL", key);
	return text ? text : "";
}

void reader_text(struct reader *in, const char *key, char *buf, size_t size)
{
	if (!copy_str(buf, size, reader_string(in, key)) && in->r == 0)
		in->r = err_set(in->err, EBADMSG, "\"%s\" is too long", key);
}

void reader_no_memory(struct reader *in)
{
	in->r = err_no_memory(in->err);
}

void reader_array(struct reader *in, const char *key, size_t max,
	void (*read)(struct reader *in, void *to), void *to)
{
	struct json_object *array = reader_field(in, key, json_type_array), *outer = in->object;
	size_t n = array ? json_object_array_length(array) : 0;

	if (n > max)
		in->r = err_set(in->err, EBADMSG, "\"%s\" has more than %zu elements", key, max);
	for (size_t i = 0; in->r == 0 && i < n; i++) {
		in->object = json_object_array_get_idx(array, i);
		if (json_object_is_type(in->object, json_type_object))
			read(in, to);
		else
			in->r = err_set(
				in->err, EBADMSG, "an element of \"%s\" is not an object", key);
	}
	in->object = outer;
}

/* Parses the whole text as one value; *out is NULL for "null". */
static int parse_json(const char *text, size_t len, struct json_object **out, struct err *err)
{
	_cleanup_(jsontext_tokener_freep) struct json_tokener *tokener = json_tokener_new();
	enum json_tokener_error error;
	size_t end;

	if (!tokener)
		return err_no_memory(err);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	*out = json_tokener_parse_ex(tokener, text, (int)len);
	end = json_tokener_get_parse_end(tokener);
	/* A NUL ends `null` or a number. */
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		*out = json_tokener_parse_ex(tokener, "", 1);
	error = json_tokener_get_error(tokener);
	/* They are blanks to json-c 0.15, but not to JSON. */
	if (memchr(text, '\f', len) || memchr(text, '\v', len))
		error = json_tokener_error_parse_unexpected;
	if (error != json_tokener_success)
		return err_set(err, EBADMSG, "it is not JSON: %s", json_tokener_error_desc(error));
	if (end != len)
		return err_set(err, EBADMSG, "there is something after its end");
	return 0;
}

/* Counts the fields in all objects of a value, for json_c_visit(). */
static int count_field(struct json_object *value, int flags, struct json_object *parent,
	const char *key, size_t *index, void *count)
{
	(void)value;
	(void)parent;
	(void)index;
	if (key && !(flags & JSON_C_VISIT_SECOND))
		++*(size_t *)count;
	return JSON_C_VISIT_RETURN_CONTINUE;
}

/* The number of colons outside strings, which in valid JSON is the number of fields. */
static size_t count_colons(const char *text, size_t len)
{
	bool in_string = false;
	size_t count = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\' && in_string)
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (text[i] == ':' && !in_string)
			count++;
	}
	return count;
}

int jsontext_parse(const char *text, size_t len, struct json_object **out, struct err *err)
{
	_cleanup_(jsontext_putp) struct json_object *root = NULL;
	_cleanup_free_ char *ascii = NULL;
	int r;

	if (utf8_ascii_length(text, len) < len) {
		text = ascii = utf8_escape(text, &len);
		if (!ascii)
			return err_no_memory(err);
	}
	r = parse_json(text, len, &root, err);
	if (r == 0 && !json_object_is_type(root, json_type_object))
		r = err_set(err, EBADMSG, "it is not a JSON object");
	if (r < 0)
		return r;
	*out = root;
	root = NULL;
	return 0;
}

int jsontext_check_twins(struct json_object *root, const char *text, size_t len, struct err *err)
{
	size_t fields = 0;

	json_c_visit(root, 0, count_field, &fields);
	if (fields != count_colons(text, len))
		return err_set(err, EBADMSG, "a field appears twice");
	return 0;
}

char *jsontext_unquote(const char *string, size_t len)
{
	_cleanup_(jsontext_tokener_freep) struct json_tokener *tokener = json_tokener_new();
	_cleanup_(jsontext_putp) struct json_object *value = NULL;
	const char *text;

	if (!tokener)
		return NULL;
	value = json_tokener_parse_ex(tokener, string, (int)len);
	text = json_object_is_type(value, json_type_string) ? reader_text_of(value) : NULL;
	return text ? strdup(text) : NULL;
}

/* --- writing ------------------------------------------------------------------------------- */

void jsontext_add(struct json_object *to, const char *key, struct json_object *value, bool *ok)
{
	int r = -1;

	if (to && value)
		r = key ? json_object_object_add(to, key, value) : json_object_array_add(to, value);
	if (r == 0)
		return;
	json_object_put(value);
	*ok = false;
}

void jsontext_add_number(struct json_object *to, const char *key, long long number, bool *ok)
{
	jsontext_add(to, key, json_object_new_int64(number), ok);
}

char *jsontext_print(struct json_object *root)
{
	const char *text;
	char *ascii;
	size_t len;

	/* json-c leaves out what it has no memory for, and does not say so. */
	errno = 0;
	text = json_object_to_json_string_ext(root,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text || errno == ENOMEM)
		return NULL;
	/* With the NUL, in whose place the newline comes. */
	len = strlen(text) + 1;
	ascii = utf8_escape(text, &len);
	if (ascii)
		ascii[len - 1] = '\n';
	return ascii;
}

char *jsontext_quote(const char *text)
{
	_cleanup_(jsontext_putp) struct json_object *string = json_object_new_string(text);
	char *quoted = string ? jsontext_print(string) : NULL;

	if (quoted)
		quoted[strlen(quoted) - 1] = '\0';
	return quoted;
}
