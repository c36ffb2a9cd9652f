// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ledger's JSON text. Everything json-c reads is checked field by field, because json-c
 * itself converts types (5 becomes "5"), ignores what follows the end, and lets the last of
 * two equal keys win.
 *
 * Both json-c and the file get plain ASCII. Where char is signed, json-c 0.18 and later take
 * every byte above 127 for a control character in strict mode, and no version checks that
 * what it writes is UTF-8.
 */
#include "ledger.h"

#include "utf8.h"
#include "util.h"

#include <errno.h>
#include <json-c/json.h>
#include <json-c/json_visit.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static void json_putp(struct json_object **object)
{
	json_object_put(*object);
}

static void tokener_freep(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

/* The object that is read. After the first failure nothing more is: its sentence stays, and what
 * is got is 0, "" or NULL. */
struct reader {
	struct json_object *object;
	int r;
	struct err *err;
};

/* A field; it must have this type. */
static struct json_object *get_field(struct reader *in, const char *key, enum json_type type)
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

static long long get_number(struct reader *in, const char *key, long long min, long long max)
{
	struct json_object *field = get_field(in, key, json_type_int);
	long long value = json_object_get_int64(field);

	if (!field || (value >= min && value <= max))
		return value;
	in->r = err_set(in->err, EBADMSG, "\"%s\" is not between %lld and %lld", key, min, max);
	return 0;
}

static unsigned int get_unsigned(struct reader *in, const char *key, unsigned int max)
{
	return (unsigned int)get_number(in, key, 0, max);
}

/* The text of a string, which lives as long as that; NULL when there is a NUL in it. */
static const char *text_of(struct json_object *string)
{
	const char *text = json_object_get_string(string);

	return strlen(text) == (size_t)json_object_get_string_len(string) ? text : NULL;
}

static const char *get_string(struct reader *in, const char *key)
{
	struct json_object *field = get_field(in, key, json_type_string);
	const char *text = field ? text_of(field) : "";

	if (!text)
		in->r = err_set(in->err, EBADMSG, "\"%s\" contains a NUL", key);
	return text ? text : "";
}

/* A string of at most size - 1 bytes, copied into buf. */
static void get_text(struct reader *in, const char *key, char *buf, size_t size)
{
	if (!copy_str(buf, size, get_string(in, key)) && in->r == 0)
		in->r = err_set(in->err, EBADMSG, "\"%s\" is too long", key);
}

static void no_memory(struct reader *in)
{
	in->r = err_no_memory(in->err);
}

/* Calls `read` for each element of the array `key`, which is the reader's object then. */
static void read_array(struct reader *in, const char *key, size_t max,
	void (*read)(struct reader *in, void *to), void *to)
{
	struct json_object *array = get_field(in, key, json_type_array), *outer = in->object;
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

struct queues {
	struct place *places;
	size_t n;
};

static void read_queue(struct reader *in, void *to)
{
	struct queues *queues = to;
	unsigned int number = get_unsigned(in, "queue", QUEUES_MAX - 1);
	struct place *place;

	if (in->r == 0 && number != queues->n)
		in->r = err_set(in->err, EBADMSG, "\"queues\" has queue %u where %zu belongs",
			number, queues->n);
	place = array_add(&queues->places, &queues->n, sizeof *place);
	if (!place) {
		no_memory(in);
		return;
	}
	place->cpu[SIDE_TX] = (int)get_unsigned(in, "tx_cpu", CPUSET_MAX - 1);
	place->cpu[SIDE_RX] = (int)get_unsigned(in, "rx_cpu", CPUSET_MAX - 1);
}

/* The caller frees *places, even after a failure. */
static void read_queues(struct reader *in, struct place **places, unsigned int *n)
{
	struct queues queues = { 0 };

	read_array(in, "queues", QUEUES_MAX, read_queue, &queues);
	*places = queues.places;
	*n = (unsigned int)queues.n;
}

static enum vif_state get_state(struct reader *in)
{
	char name[16];

	get_text(in, "state", name, sizeof name);
	for (enum vif_state state = VIF_RESERVED; state <= VIF_PINNED; state++) {
		if (strcmp(name, vif_state_name(state)) == 0)
			return state;
	}
	if (in->r == 0)
		in->r = err_set(in->err, EBADMSG, "\"state\" cannot be \"%s\"", name);
	return VIF_RESERVED;
}

static void read_vif_fields(struct reader *in, struct vif_entry *vif)
{
	get_text(in, "uuid", vif->uuid, sizeof vif->uuid);
	get_text(in, "mac", vif->mac, sizeof vif->mac);
	get_text(in, "dev", vif->dev, sizeof vif->dev);
	if (in->r == 0 && !vifname_is_dev(vif->dev))
		in->r = err_set(in->err, EBADMSG, "\"dev\" is not a valid network device name");
	vif->state = get_state(in);
	/* Fields added to version 1 later on: a ledger without them is just as valid. */
	if (json_object_object_get_ex(in->object, "drift", NULL))
		vif->drift = get_unsigned(in, "drift", INT_MAX);
	vif->since = SINCE_UNKNOWN;
	if (json_object_object_get_ex(in->object, "since", NULL))
		vif->since = get_number(in, "since", 1, SINCE_MAX);
	read_queues(in, &vif->places, &vif->n_queues);
}

static void read_vif(struct reader *in, void *to)
{
	struct ledger *ledger = to;
	struct vif_entry *vif;
	struct vif_id id;

	id.domid = get_unsigned(in, "domid", DOMID_MAX);
	id.devid = get_unsigned(in, "devid", DEVID_MAX);
	if (in->r == 0 && ledger_find(ledger, id))
		in->r = err_set(in->err, EBADMSG, "vif %u.%u appears twice", id.domid, id.devid);
	if (in->r < 0)
		return;
	vif = ledger_enter(ledger, id, get_string(in, "domain"));
	if (vif)
		read_vif_fields(in, vif);
	else
		no_memory(in);
}

static void read_remembered(struct reader *in, void *to)
{
	struct ledger *ledger = to;
	struct remembered *old = array_add(&ledger->remembered, &ledger->n_remembered, sizeof *old);

	if (!old) {
		no_memory(in);
		return;
	}
	get_text(in, "uuid", old->uuid, sizeof old->uuid);
	old->devid = get_unsigned(in, "devid", DEVID_MAX);
	read_queues(in, &old->places, &old->n_queues);
}

static void read_ledger(struct reader *in, struct ledger *ledger)
{
	unsigned int version = get_unsigned(in, "version", INT_MAX);

	if (in->r == 0 && version == 0)
		in->r = err_set(in->err, EBADMSG, "has version 0, which does not exist");
	if (version > LEDGER_VERSION)
		in->r = err_set(in->err, ENOTSUP, "has version %u, this vifpin knows %d", version,
			LEDGER_VERSION);
	get_text(in, "boot_id", ledger->boot_id, sizeof ledger->boot_id);
	read_array(in, "vifs", SIZE_MAX, read_vif, ledger);
	read_array(in, "remembered", REMEMBERED_MAX, read_remembered, ledger);
}

/* Parses the whole text as one value; *out is NULL for "null". */
static int parse_json(const char *text, size_t len, struct json_object **out, struct err *err)
{
	_cleanup_(tokener_freep) struct json_tokener *tokener = json_tokener_new();
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

int ledger_parse(const char *text, size_t len, struct ledger *out, struct err *err)
{
	_cleanup_(json_putp) struct json_object *root = NULL;
	_cleanup_(ledger_clear) struct ledger ledger = { 0 };
	_cleanup_free_ char *ascii = NULL;
	struct reader in = { .err = err };
	size_t fields = 0;

	if (len > LEDGER_TEXT_MAX)
		return err_set(err, EBADMSG, "it is too large");
	if (utf8_ascii_length(text, len) < len) {
		text = ascii = utf8_escape(text, &len);
		if (!ascii)
			return err_no_memory(err);
	}
	in.r = parse_json(text, len, &root, err);
	in.object = root;
	if (in.r == 0 && !json_object_is_type(root, json_type_object))
		in.r = err_set(err, EBADMSG, "it is not a JSON object");
	read_ledger(&in, &ledger);
	json_c_visit(root, 0, count_field, &fields);
	if (in.r == 0 && fields != count_colons(text, len))
		in.r = err_set(err, EBADMSG, "a field appears twice");
	if (in.r < 0)
		return in.r;
	*out = ledger;
	ledger = (struct ledger){ 0 };
	return 0;
}

/* Adds a value, NULL without memory, to an object, or without a key to an array, which owns it
 * from then on. *ok is false once memory has run out. */
static void add(struct json_object *to, const char *key, struct json_object *value, bool *ok)
{
	int r = -1;

	if (to && value)
		r = key ? json_object_object_add(to, key, value) : json_object_array_add(to, value);
	if (r == 0)
		return;
	json_object_put(value);
	*ok = false;
}

static void add_number(struct json_object *to, const char *key, long long number, bool *ok)
{
	add(to, key, json_object_new_int64(number), ok);
}

/*
 * A string for a field of limited size. Bytes that are not UTF-8 become "?": U+FFFD takes three
 * bytes, with which the field might be too long to be read again.
 */
static void add_limited(struct json_object *to, const char *key, const char *text, bool *ok)
{
	char copy[UUID_SIZE]; /* the longest of them */

	copy_str(copy, sizeof copy, text);
	utf8_mask(copy);
	add(to, key, json_object_new_string(copy), ok);
}

/* The queues as an array of JSON, a line for each, to be freed. */
static char *format_queues(const struct place *places, unsigned int n)
{
	static const char end[] = "\n      ]", line[] = "%s\n        { \"queue\": %u, "
							"\"tx_cpu\": %d, \"rx_cpu\": %d }";
	char *text = malloc(sizeof "[" + sizeof end + n * (sizeof line + 3 * sizeof "-2147483648"));
	char *to = text;

	if (!text)
		return NULL;
	*to++ = '[';
	for (unsigned int q = 0; q < n; q++)
		to += sprintf(
			to, line, q ? "," : "", q, places[q].cpu[SIDE_TX], places[q].cpu[SIDE_RX]);
	sprintf(to, "%s", n ? end : "]");
	return text;
}

/* Nine tenths of a ledger are its queues: objects for each and their numbers would take most of the
 * time. json-c prints the text of a number as it is given, and this is one to it. */
static void add_queues(struct json_object *to, const struct place *places, unsigned int n, bool *ok)
{
	_cleanup_free_ char *text = format_queues(places, n);

	add(to, "queues", text ? json_object_new_double_s(0, text) : NULL, ok);
}

static struct json_object *format_vif(const struct vif_entry *vif, bool *ok)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "domid", vif->id.domid, ok);
	add_number(object, "devid", vif->id.devid, ok);
	add(object, "domain", json_object_new_string(vif->domain), ok);
	add_limited(object, "uuid", vif->uuid, ok);
	add_limited(object, "mac", vif->mac, ok);
	add_limited(object, "dev", vif->dev, ok);
	add(object, "state", json_object_new_string(vif_state_name(vif->state)), ok);
	add_queues(object, vif->places, vif->n_queues, ok);
	add_number(object, "drift", vif->drift, ok);
	if (vif->since > 0)
		add_number(object, "since", vif->since, ok);
	return object;
}

static void add_vifs(struct json_object *to, const struct ledger *ledger, bool *ok)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < ledger->n_vifs; i++)
		add(array, NULL, format_vif(&ledger->vifs[i], ok), ok);
	add(to, "vifs", array, ok);
}

static void add_remembered(struct json_object *to, const struct ledger *ledger, bool *ok)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < ledger->n_remembered; i++) {
		const struct remembered *old = &ledger->remembered[i];
		struct json_object *object = json_object_new_object();

		add_limited(object, "uuid", old->uuid, ok);
		add_number(object, "devid", old->devid, ok);
		add_queues(object, old->places, old->n_queues, ok);
		add(array, NULL, object, ok);
	}
	add(to, "remembered", array, ok);
}

/* The text in ASCII with a final newline, to be freed. */
static char *to_text(struct json_object *root)
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

char *ledger_format(const struct ledger *ledger)
{
	_cleanup_(json_putp) struct json_object *root = json_object_new_object();
	bool ok = true;

	add_number(root, "version", LEDGER_VERSION, &ok);
	add(root, "boot_id", json_object_new_string(ledger->boot_id), &ok);
	add_vifs(root, ledger, &ok);
	add_remembered(root, ledger, &ok);
	return ok ? to_text(root) : NULL;
}

char *ledger_format_vifs(const struct ledger *ledger)
{
	_cleanup_(json_putp) struct json_object *root = json_object_new_object();
	bool ok = true;

	add_vifs(root, ledger, &ok);
	return ok ? to_text(root) : NULL;
}

/* --- the one question of irqbalance's policy ------------------------------------------------- */

/* The text that a string of JSON stands for; false when it does not fit. */
static bool unescape(const char *string, char dev[DEV_NAME_SIZE])
{
	_cleanup_(tokener_freep) struct json_tokener *tokener = json_tokener_new();
	_cleanup_(json_putp) struct json_object *value = NULL;
	size_t len = strnlen(string, sizeof "\"\"" + UTF8_ESCAPED_MAX * DEV_NAME_SIZE);
	const char *text;

	if (tokener)
		value = json_tokener_parse_ex(tokener, string, (int)len);
	text = value ? text_of(value) : NULL;
	return text && copy_str(dev, DEV_NAME_SIZE, text);
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* Reads the value after a key; false unless it is a string that fits a netdev's name. */
static bool read_dev(const char *p, char dev[DEV_NAME_SIZE])
{
	size_t len;

	p = skip_blanks(p);
	if (*p != ':')
		return false;
	p = skip_blanks(p + 1);
	if (*p != '"')
		return false;
	len = strcspn(p + 1, "\"\\");
	if (p[1 + len] != '"' || len >= DEV_NAME_SIZE)
		return unescape(p, dev);
	memcpy(dev, p + 1, len);
	dev[len] = '\0';
	return true;
}

/*
 * It is asked for every interrupt, and the answer is wanted within a millisecond: so only the
 * "dev" fields are read, however the text is formatted.
 *
 * A quote inside a string has a backslash before it, and a quote that ends a string has no letter
 * after it. So unless there is a backslash, "dev" is a whole string and not part of another one.
 * Stepping through all strings instead takes ten times as long.
 */
bool ledger_text_has_interrupt(const char *text, const char *action)
{
	static const char key[] = "\"dev\"";
	char dev[DEV_NAME_SIZE];
	enum target_kind kind;
	unsigned int queue;

	for (const char *p = text; (p = strstr(p, key)); p += sizeof key - 1) {
		if (p > text && p[-1] == '\\')
			continue;
		if (read_dev(p + sizeof key - 1, dev) && *dev &&
			vifname_match_interrupt(dev, action, &queue, &kind))
			return true;
	}
	return false;
}
