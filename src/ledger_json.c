// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ledger's JSON text: what json-c reads is checked field by field, since
 * json-c itself converts (5 becomes "5"), drops what stands behind the end, and
 * lets the last of two equal keys win.
 */
#include "ledger.h"

#include "util.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
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

/* Frees a half-read ledger at the end of the scope. */
static void ledger_clearp(struct ledger *ledger)
{
	ledger_clear(ledger);
}

/* The field of an object, which must be of this type. */
static int get_field(struct json_object *object, const char *key, enum json_type type,
	struct json_object **out, struct err *err)
{
	struct json_object *field;

	if (!json_object_object_get_ex(object, key, &field))
		return err_set(err, EBADMSG, "\"%s\" is missing", key);
	if (!json_object_is_type(field, type))
		return err_set(
			err, EBADMSG, "\"%s\" is not of type %s", key, json_type_to_name(type));
	*out = field;
	return 0;
}

static int get_number(struct json_object *object, const char *key, unsigned int max,
	unsigned int *out, struct err *err)
{
	struct json_object *field;
	int64_t value;
	int r;

	r = get_field(object, key, json_type_int, &field, err);
	if (r < 0)
		return r;
	value = json_object_get_int64(field);
	if (value < 0 || value > max)
		return err_set(err, EBADMSG, "\"%s\" is not from 0 to %u", key, max);
	*out = (unsigned int)value;
	return 0;
}

/* A string, which lives as long as the object. */
static int get_string(
	struct json_object *object, const char *key, const char **out, struct err *err)
{
	struct json_object *field;
	const char *text;
	int r;

	r = get_field(object, key, json_type_string, &field, err);
	if (r < 0)
		return r;
	text = json_object_get_string(field);
	if (strlen(text) != (size_t)json_object_get_string_len(field))
		return err_set(err, EBADMSG, "\"%s\" has a NUL in it", key);
	*out = text;
	return 0;
}

/* A string of at most size - 1 bytes. */
static int get_text(
	struct json_object *object, const char *key, char *buf, size_t size, struct err *err)
{
	const char *text;
	int r = get_string(object, key, &text, err);

	if (r < 0)
		return r;
	if (!copy_str(buf, size, text))
		return err_set(err, EBADMSG, "\"%s\" is too long", key);
	return 0;
}

static int parse_place(
	struct json_object *object, unsigned int expected, struct place *place, struct err *err)
{
	unsigned int queue, tx, rx;
	int r;

	if (!json_object_is_type(object, json_type_object))
		return err_set(err, EBADMSG, "an element of \"queues\" is not an object");
	r = get_number(object, "queue", QUEUES_MAX - 1, &queue, err);
	if (r < 0)
		return r;
	if (queue != expected)
		return err_set(
			err, EBADMSG, "\"queues\" has queue %u where %u belongs", queue, expected);
	r = get_number(object, "tx_cpu", CPUSET_MAX - 1, &tx, err);
	if (r < 0)
		return r;
	r = get_number(object, "rx_cpu", CPUSET_MAX - 1, &rx, err);
	if (r < 0)
		return r;
	*place = (struct place){ (int)tx, (int)rx };
	return 0;
}

/* Reads "queues"; *places is to be freed, also on failure. */
static int parse_places(
	struct json_object *object, struct place **places, unsigned int *n, struct err *err)
{
	struct json_object *queues;
	size_t count;
	int r;

	r = get_field(object, "queues", json_type_array, &queues, err);
	if (r < 0)
		return r;
	count = json_object_array_length(queues);
	if (count > QUEUES_MAX)
		return err_set(err, EBADMSG, "\"queues\" has more than %d elements", QUEUES_MAX);
	*places = calloc(count + 1, sizeof **places);
	if (!*places)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t q = 0; q < count; q++) {
		struct json_object *element = json_object_array_get_idx(queues, q);

		r = parse_place(element, (unsigned int)q, &(*places)[q], err);
		if (r < 0)
			return r;
	}
	*n = (unsigned int)count;
	return 0;
}

static int parse_state(struct json_object *object, enum vif_state *state, struct err *err)
{
	static const enum vif_state states[] = { VIF_RESERVED, VIF_PARTIAL, VIF_PINNED };
	char name[16];
	int r;

	r = get_text(object, "state", name, sizeof name, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (strcmp(name, vif_state_name(states[i])) == 0) {
			*state = states[i];
			return 0;
		}
	}
	return err_set(err, EBADMSG, "\"state\" is \"%s\"", name);
}

/* What came later than version 1 began: a ledger without it is as good. */
static int parse_later_fields(struct json_object *object, struct vif_entry *vif, struct err *err)
{
	struct json_object *field;
	int64_t since;
	int r = 0;

	if (json_object_object_get_ex(object, "drift", NULL))
		r = get_number(object, "drift", INT_MAX, &vif->drift, err);
	vif->since = SINCE_UNKNOWN;
	if (r < 0 || !json_object_object_get_ex(object, "since", NULL))
		return r;
	r = get_field(object, "since", json_type_int, &field, err);
	if (r < 0)
		return r;
	since = json_object_get_int64(field);
	if (since < 1 || since > SINCE_MAX)
		return err_set(
			err, EBADMSG, "\"since\" is not from 1 to %lld", (long long)SINCE_MAX);
	vif->since = since;
	return 0;
}

static int parse_vif_fields(struct json_object *object, struct vif_entry *vif, struct err *err)
{
	const char *domain;
	int r;

	r = get_string(object, "domain", &domain, err);
	if (r < 0)
		return r;
	if (ledger_set_domain(vif, domain) < 0)
		return err_set(err, ENOMEM, "out of memory");
	r = get_text(object, "uuid", vif->uuid, sizeof vif->uuid, err);
	if (r < 0)
		return r;
	r = get_text(object, "mac", vif->mac, sizeof vif->mac, err);
	if (r < 0)
		return r;
	r = get_text(object, "dev", vif->dev, sizeof vif->dev, err);
	if (r < 0)
		return r;
	if (!vifname_is_dev(vif->dev))
		return err_set(err, EBADMSG, "\"dev\" is no name of a network device");
	r = parse_state(object, &vif->state, err);
	if (r < 0)
		return r;
	r = parse_later_fields(object, vif, err);
	if (r < 0)
		return r;
	return parse_places(object, &vif->places, &vif->n_queues, err);
}

static int parse_vif(struct json_object *object, struct ledger *ledger, struct err *err)
{
	struct vif_entry *vif;
	struct vif_id id;
	int r;

	if (!json_object_is_type(object, json_type_object))
		return err_set(err, EBADMSG, "an element of \"vifs\" is not an object");
	r = get_number(object, "domid", DOMID_MAX, &id.domid, err);
	if (r < 0)
		return r;
	r = get_number(object, "devid", DEVID_MAX, &id.devid, err);
	if (r < 0)
		return r;
	if (ledger_find(ledger, id))
		return err_set(err, EBADMSG, "vif %u.%u is there twice", id.domid, id.devid);
	vif = ledger_add(ledger, id);
	if (!vif)
		return err_set(err, ENOMEM, "out of memory");
	return parse_vif_fields(object, vif, err);
}

static int parse_remembered(struct json_object *object, struct ledger *ledger, struct err *err)
{
	struct remembered *grown, *old;
	int r;

	if (!json_object_is_type(object, json_type_object))
		return err_set(err, EBADMSG, "an element of \"remembered\" is not an object");
	grown = array_grow(ledger->remembered, ledger->n_remembered, sizeof *grown);
	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	ledger->remembered = grown;
	old = &grown[ledger->n_remembered++];
	*old = (struct remembered){ 0 };
	r = get_text(object, "uuid", old->uuid, sizeof old->uuid, err);
	if (r < 0)
		return r;
	r = get_number(object, "devid", DEVID_MAX, &old->devid, err);
	if (r < 0)
		return r;
	return parse_places(object, &old->places, &old->n_queues, err);
}

/* Hands each element of the array `key` to `parse`. */
static int parse_array(struct json_object *root, const char *key, size_t max,
	int (*parse)(struct json_object *, struct ledger *, struct err *), struct ledger *ledger,
	struct err *err)
{
	struct json_object *array;
	int r;

	r = get_field(root, key, json_type_array, &array, err);
	if (r < 0)
		return r;
	if (json_object_array_length(array) > max)
		return err_set(err, EBADMSG, "\"%s\" has more than %zu elements", key, max);
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		r = parse(json_object_array_get_idx(array, i), ledger, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_root(struct json_object *root, struct ledger *ledger, struct err *err)
{
	unsigned int version;
	int r;

	if (!json_object_is_type(root, json_type_object))
		return err_set(err, EBADMSG, "it is not a JSON object");
	r = get_number(root, "version", INT_MAX, &version, err);
	if (r < 0)
		return r;
	if (version == 0)
		return err_set(err, EBADMSG, "has version 0, there is none");
	if (version > LEDGER_VERSION)
		return err_set(err, ENOTSUP, "has version %u, this vifpin knows %d", version,
			LEDGER_VERSION);
	r = get_text(root, "boot_id", ledger->boot_id, sizeof ledger->boot_id, err);
	if (r < 0)
		return r;
	r = parse_array(root, "vifs", SIZE_MAX, parse_vif, ledger, err);
	if (r < 0)
		return r;
	return parse_array(root, "remembered", REMEMBERED_MAX, parse_remembered, ledger, err);
}

/* All of the text as one value, which is NULL for "null". */
static int parse_json(const char *text, size_t len, struct json_object **out, struct err *err)
{
	_cleanup_(tokener_freep) struct json_tokener *tokener = json_tokener_new();
	_cleanup_(json_putp) struct json_object *root = NULL;
	size_t end = len;

	if (!tokener)
		return err_set(err, ENOMEM, "out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(tokener, text, (int)len);
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		root = json_tokener_parse_ex(tokener, "", 1); /* the end, for `null` and the like */
	else
		end = json_tokener_get_parse_end(tokener);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		return err_set(err, EBADMSG, "it is not JSON: %s",
			json_tokener_error_desc(json_tokener_get_error(tokener)));
	for (; end < len; end++) {
		if (!memchr(" \t\r\n", text[end], 4))
			return err_set(err, EBADMSG, "something stands behind its end");
	}
	*out = json_object_get(root);
	return 0;
}

/* Fields of all objects in a value. */
static size_t count_fields(struct json_object *value)
{
	size_t count = 0;

	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			count += count_fields(json_object_array_get_idx(value, i));
	} else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach (value, key, field) {
			(void)key;
			count += 1 + count_fields(field);
		}
	}
	return count;
}

/* In a text that is JSON, every colon outside a string is a field's. */
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
	_cleanup_(ledger_clearp) struct ledger ledger = { 0 };
	int r;

	if (len >= INT_MAX)
		return err_set(err, EBADMSG, "it is too large");
	r = parse_json(text, len, &root, err);
	if (r == 0)
		r = parse_root(root, &ledger, err);
	if (r < 0)
		return r;
	if (count_fields(root) != count_colons(text, len))
		return err_set(err, EBADMSG, "a field is there twice");
	*out = ledger;
	ledger = (struct ledger){ 0 };
	return 0;
}

/*
 * Finds the next "dev" from *p on; false when there is none. Of all that a string may
 * have to have a backslash put before it, a netdev's name can hold only '"' and the
 * backslash. In another string the quotes before and behind dev would have one too.
 */
static bool next_dev(const char **p, char dev[DEV_NAME_SIZE])
{
	static const char field[] = "\"dev\": \"";
	const char *at = strstr(*p, field);
	size_t n = 0;

	if (!at)
		return false;
	for (at += sizeof field - 1; *at && *at != '"'; at++) {
		at += at[0] == '\\' && at[1];
		if (n < DEV_NAME_SIZE - 1)
			dev[n++] = *at;
	}
	dev[n] = '\0';
	*p = at;
	return true;
}

bool ledger_text_has_interrupt(const char *text, const char *action)
{
	char dev[DEV_NAME_SIZE];
	enum vif_side side;
	unsigned int queue;

	while (next_dev(&text, dev)) {
		if (*dev && vifname_match_interrupt(dev, action, &queue, &side))
			return true;
	}
	return false;
}

/* Adds a field; takes over `value`. False when memory is out (value == NULL). */
static bool add(struct json_object *object, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(object, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static bool append(struct json_object *array, struct json_object *value)
{
	if (value && json_object_array_add(array, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static struct json_object *format_place(unsigned int queue, const struct place *place)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();

	if (!object || !add(object, "queue", json_object_new_int((int)queue)) ||
		!add(object, "tx_cpu", json_object_new_int(place->tx_cpu)) ||
		!add(object, "rx_cpu", json_object_new_int(place->rx_cpu)))
		return NULL;
	return json_object_get(object);
}

static struct json_object *format_places(const struct place *places, unsigned int n)
{
	_cleanup_(json_putp) struct json_object *array = json_object_new_array();

	for (unsigned int q = 0; array && q < n; q++) {
		if (!append(array, format_place(q, &places[q])))
			return NULL;
	}
	return json_object_get(array);
}

static struct json_object *format_vif(const struct vif_entry *vif)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();

	if (!object || !add(object, "domid", json_object_new_int((int)vif->id.domid)) ||
		!add(object, "devid", json_object_new_int((int)vif->id.devid)) ||
		!add(object, "domain", json_object_new_string(vif->domain)) ||
		!add(object, "uuid", json_object_new_string(vif->uuid)) ||
		!add(object, "mac", json_object_new_string(vif->mac)) ||
		!add(object, "dev", json_object_new_string(vif->dev)) ||
		!add(object, "state", json_object_new_string(vif_state_name(vif->state))) ||
		!add(object, "queues", format_places(vif->places, vif->n_queues)) ||
		!add(object, "drift", json_object_new_int((int)vif->drift)))
		return NULL;
	if (vif->since > 0 && !add(object, "since", json_object_new_int64(vif->since)))
		return NULL;
	return json_object_get(object);
}

static struct json_object *format_remembered(const struct remembered *old)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();

	if (!object || !add(object, "uuid", json_object_new_string(old->uuid)) ||
		!add(object, "devid", json_object_new_int((int)old->devid)) ||
		!add(object, "queues", format_places(old->places, old->n_queues)))
		return NULL;
	return json_object_get(object);
}

static struct json_object *format_vifs(const struct ledger *ledger,
	bool (*wanted)(const struct vif_entry *vif, const void *data), const void *data)
{
	_cleanup_(json_putp) struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < ledger->n_vifs; i++) {
		if (wanted && !wanted(&ledger->vifs[i], data))
			continue;
		if (!append(array, format_vif(&ledger->vifs[i])))
			return NULL;
	}
	return json_object_get(array);
}

static struct json_object *format_all_remembered(const struct ledger *ledger)
{
	_cleanup_(json_putp) struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < ledger->n_remembered; i++) {
		if (!append(array, format_remembered(&ledger->remembered[i])))
			return NULL;
	}
	return json_object_get(array);
}

/* The text with a final newline, to be freed. */
static char *to_text(struct json_object *root)
{
	const char *text = json_object_to_json_string_ext(root,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
	size_t len;
	char *copy;

	if (!text)
		return NULL;
	len = strlen(text);
	copy = malloc(len + 2);
	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	memcpy(copy + len, "\n", 2);
	return copy;
}

char *ledger_format(const struct ledger *ledger)
{
	_cleanup_(json_putp) struct json_object *root = json_object_new_object();

	if (!root || !add(root, "version", json_object_new_int(LEDGER_VERSION)) ||
		!add(root, "boot_id", json_object_new_string(ledger->boot_id)) ||
		!add(root, "vifs", format_vifs(ledger, NULL, NULL)) ||
		!add(root, "remembered", format_all_remembered(ledger)))
		return NULL;
	return to_text(root);
}

char *ledger_format_vifs(const struct ledger *ledger,
	bool (*wanted)(const struct vif_entry *vif, const void *data), const void *data)
{
	_cleanup_(json_putp) struct json_object *root = json_object_new_object();

	if (!root || !add(root, "vifs", format_vifs(ledger, wanted, data)))
		return NULL;
	return to_text(root);
}
