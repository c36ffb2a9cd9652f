// SPDX-License-Identifier: GPL-2.0-or-later
/* The ledger's JSON text, in any form, with json-c. */
#include "ledger.h"

#include "jsontext.h"
#include "ledger_lines.h"
#include "utf8.h"
#include "util.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct queues {
	struct place *places;
	size_t n;
};

static void read_queue(struct reader *in, void *to)
{
	struct queues *queues = to;
	unsigned int number = reader_unsigned(in, "queue", QUEUES_MAX - 1);
	struct place *place;

	if (in->r == 0 && number != queues->n)
		in->r = err_set(in->err, EBADMSG, "\"queues\" has queue %u where %zu belongs",
			number, queues->n);
	place = array_add(&queues->places, &queues->n, sizeof *place);
	if (!place) {
		reader_no_memory(in);
		return;
	}
	place->cpu[SIDE_TX] = (int)reader_unsigned(in, "tx_cpu", CPUSET_MAX - 1);
	place->cpu[SIDE_RX] = (int)reader_unsigned(in, "rx_cpu", CPUSET_MAX - 1);
}

/* The caller frees *places, even after a failure. */
static void read_queues(struct reader *in, struct place **places, unsigned int *n)
{
	struct queues queues = { 0 };

	reader_array(in, "queues", QUEUES_MAX, read_queue, &queues);
	*places = queues.places;
	*n = (unsigned int)queues.n;
}

static enum vif_state get_state(struct reader *in)
{
	char name[16];

	reader_text(in, "state", name, sizeof name);
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
	reader_text(in, "uuid", vif->uuid, sizeof vif->uuid);
	reader_text(in, "mac", vif->mac, sizeof vif->mac);
	reader_text(in, "dev", vif->dev, sizeof vif->dev);
	if (in->r == 0 && !vifname_is_dev(vif->dev))
		in->r = err_set(in->err, EBADMSG, "\"dev\" is not a valid network device name");
	vif->state = get_state(in);
	/* Fields added to version 1 later on: a ledger without them is just as valid. */
	if (json_object_object_get_ex(in->object, "drift", NULL))
		vif->drift = reader_unsigned(in, "drift", INT_MAX);
	vif->since = SINCE_UNKNOWN;
	if (json_object_object_get_ex(in->object, "since", NULL))
		vif->since = reader_number(in, "since", 1, SINCE_MAX);
	read_queues(in, &vif->places, &vif->n_queues);
}

static void read_vif(struct reader *in, void *to)
{
	struct ledger *ledger = to;
	struct vif_entry *vif;
	struct vif_id id;

	id.domid = reader_unsigned(in, "domid", DOMID_MAX);
	id.devid = reader_unsigned(in, "devid", DEVID_MAX);
	if (in->r == 0 && ledger_find(ledger, id))
		in->r = err_set(in->err, EBADMSG, "vif %u.%u appears twice", id.domid, id.devid);
	if (in->r < 0)
		return;
	vif = ledger_enter(ledger, id, reader_string(in, "domain"));
	if (vif)
		read_vif_fields(in, vif);
	else
		reader_no_memory(in);
}

static void read_remembered(struct reader *in, void *to)
{
	struct ledger *ledger = to;
	struct remembered *old = array_add(&ledger->remembered, &ledger->n_remembered, sizeof *old);

	if (!old) {
		reader_no_memory(in);
		return;
	}
	reader_text(in, "uuid", old->uuid, sizeof old->uuid);
	old->devid = reader_unsigned(in, "devid", DEVID_MAX);
	read_queues(in, &old->places, &old->n_queues);
}

static void read_ledger(struct reader *in, struct ledger *ledger)
{
	unsigned int version = reader_unsigned(in, "version", INT_MAX);

	if (in->r == 0 && version == 0)
		in->r = err_set(in->err, EBADMSG, "has version 0, which does not exist");
	if (version > LEDGER_VERSION)
		in->r = err_set(in->err, ENOTSUP, "has version %u, this vifpin knows %d", version,
			LEDGER_VERSION);
	reader_text(in, "boot_id", ledger->boot_id, sizeof ledger->boot_id);
	reader_array(in, "vifs", SIZE_MAX, read_vif, ledger);
	reader_array(in, "remembered", REMEMBERED_MAX, read_remembered, ledger);
}

int ledger_parse_json(const char *text, size_t len, struct ledger *out, struct err *err)
{
	_cleanup_(jsontext_putp) struct json_object *root = NULL;
	_cleanup_(ledger_clear) struct ledger ledger = { 0 };
	struct reader in = { .err = err };

	in.r = jsontext_parse(text, len, &root, err);
	in.object = root;
	read_ledger(&in, &ledger);
	if (in.r == 0)
		in.r = jsontext_check_twins(root, text, len, err);
	if (in.r < 0)
		return in.r;
	*out = ledger;
	ledger = (struct ledger){ 0 };
	return 0;
}

int ledger_parse(const char *text, size_t len, struct ledger *out, struct err *err)
{
	if (len > LEDGER_TEXT_MAX)
		return err_set(err, EBADMSG, "it is too large");
	if (ledger_lines_parse(text, len, out))
		return 0;
	return ledger_parse_json(text, len, out, err);
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
	jsontext_add(to, key, json_object_new_string(copy), ok);
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

	jsontext_add(to, "queues", text ? json_object_new_double_s(0, text) : NULL, ok);
}

static struct json_object *format_vif(const struct vif_entry *vif, bool *ok)
{
	struct json_object *object = json_object_new_object();

	jsontext_add_number(object, "domid", vif->id.domid, ok);
	jsontext_add_number(object, "devid", vif->id.devid, ok);
	jsontext_add(object, "domain", json_object_new_string(vif->domain), ok);
	add_limited(object, "uuid", vif->uuid, ok);
	add_limited(object, "mac", vif->mac, ok);
	add_limited(object, "dev", vif->dev, ok);
	jsontext_add(object, "state", json_object_new_string(vif_state_name(vif->state)), ok);
	add_queues(object, vif->places, vif->n_queues, ok);
	jsontext_add_number(object, "drift", vif->drift, ok);
	if (vif->since > 0)
		jsontext_add_number(object, "since", vif->since, ok);
	return object;
}

static void add_vifs(struct json_object *to, const struct ledger *ledger, bool *ok)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < ledger->n_vifs; i++)
		jsontext_add(array, NULL, format_vif(&ledger->vifs[i], ok), ok);
	jsontext_add(to, "vifs", array, ok);
}

char *ledger_format_vifs(const struct ledger *ledger)
{
	_cleanup_(jsontext_putp) struct json_object *root = json_object_new_object();
	bool ok = true;

	add_vifs(root, ledger, &ok);
	return ok ? jsontext_print(root) : NULL;
}

/* --- the one question of irqbalance's policy ------------------------------------------------- */

/* The text that a string of JSON stands for; false when it does not fit. */
static bool unescape(const char *string, char dev[DEV_NAME_SIZE])
{
	_cleanup_free_ char *text = jsontext_unquote(
		string, strnlen(string, sizeof "\"\"" + UTF8_ESCAPED_MAX * DEV_NAME_SIZE));

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
