// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger_lines.h"

#include "jsontext.h"
#include "utf8.h"
#include "util.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* The words between the values: the reader expects what the writer writes. */
#define HEAD         "{\"version\":1,\"boot_id\":"
#define VIFS         ",\"vifs\":["
#define REMEMBERED   "],\"remembered\":["
#define TAIL         "]}"
#define LINE_DOMID   "{\"domid\":"
#define LINE_DEVID   ",\"devid\":"
#define LINE_DOMAIN  ",\"domain\":"
#define LINE_UUID    ",\"uuid\":"
#define LINE_MAC     ",\"mac\":"
#define LINE_DEV     ",\"dev\":"
#define LINE_STATE   ",\"state\":"
#define LINE_QUEUES  ",\"queues\":["
#define LINE_DRIFT   ",\"drift\":"
#define LINE_SINCE   ",\"since\":"
#define LINE_OLD     "{\"uuid\":"
#define QUEUE        "{\"queue\":"
#define QUEUE_TX_CPU ",\"tx_cpu\":"
#define QUEUE_RX_CPU ",\"rx_cpu\":"

_Static_assert(LEDGER_VERSION == 1, "HEAD has the version");

/* As is, without an escape, in a string. */
static bool is_plain(char c)
{
	return (unsigned char)c >= ' ' && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/* --- reading ------------------------------------------------------------------------------- */

struct text {
	const char *p, *end; /* what is left of it */
};

static inline bool skip_word(struct text *in, const char *word, size_t n)
{
	if ((size_t)(in->end - in->p) < n || memcmp(in->p, word, n) != 0)
		return false;
	in->p += n;
	return true;
}

/* Inlined, the comparison of a word whose length is known is an instruction or two. */
#define skip(in, word) skip_word(in, word, sizeof(word) - 1)

static inline bool read_number(struct text *in, long long min, long long max, long long *out)
{
	const char *p = in->p;
	long long value = 0;

	while (p < in->end && *p >= '0' && *p <= '9' && value <= max)
		value = 10 * value + (*p++ - '0');
	if (p == in->p || (*in->p == '0' && p > in->p + 1) || value < min || value > max)
		return false;
	in->p = p;
	*out = value;
	return true;
}

static inline bool read_unsigned(struct text *in, unsigned int max, unsigned int *out)
{
	long long value;

	if (!read_number(in, 0, max, &value))
		return false;
	*out = (unsigned int)value;
	return true;
}

/* A string that has no need of escapes; *text points at its *n bytes. */
static bool read_string(struct text *in, const char **text, size_t *n)
{
	const char *begin = in->p + 1, *p = begin;

	if (!skip(in, "\""))
		return false;
	while (p < in->end && is_plain(*p))
		p++;
	in->p = p;
	*text = begin;
	*n = (size_t)(p - begin);
	return skip(in, "\"");
}

/* The same for a field of limited size. */
static bool read_limited(struct text *in, char *field, size_t size)
{
	const char *text;
	size_t n;

	if (!read_string(in, &text, &n) || n >= size)
		return false;
	memcpy(field, text, n);
	field[n] = '\0';
	return true;
}

/* A string with escapes, by json-c, to be freed; it must be written just so again. */
static char *read_escaped(struct text *in)
{
	const char *begin = in->p++;
	_cleanup_free_ char *quoted = NULL;
	char *text;
	size_t n;

	while (in->p < in->end && *in->p != '"')
		in->p += *in->p == '\\' ? 2 : 1;
	if (in->p >= in->end)
		return NULL;
	n = (size_t)(++in->p - begin);
	text = jsontext_unquote(begin, n);
	quoted = text ? jsontext_quote(text) : NULL;
	if (quoted && strlen(quoted) == n && memcmp(quoted, begin, n) == 0)
		return text;
	free(text);
	return NULL;
}

static bool read_domain(struct text *in, char **domain)
{
	struct text before = *in;
	const char *text;
	size_t n;

	if (read_string(in, &text, &n)) {
		*domain = strndup(text, n);
		return *domain;
	}
	*in = before;
	*domain = *in->p == '"' ? read_escaped(in) : NULL;
	return *domain;
}

static bool read_state(struct text *in, enum vif_state *state)
{
	*state = VIF_PINNED;
	if (skip(in, "\"pinned\""))
		return true;
	*state = VIF_RESERVED;
	if (skip(in, "\"reserved\""))
		return true;
	*state = VIF_PARTIAL;
	return skip(in, "\"partial\"");
}

static inline bool read_queue(struct text *in, unsigned int number, struct place *place)
{
	unsigned int queue, tx, rx;

	if (!skip(in, QUEUE) || !read_unsigned(in, QUEUES_MAX - 1, &queue) || queue != number ||
		!skip(in, QUEUE_TX_CPU) || !read_unsigned(in, CPUSET_MAX - 1, &tx) ||
		!skip(in, QUEUE_RX_CPU) || !read_unsigned(in, CPUSET_MAX - 1, &rx) ||
		!skip(in, "}"))
		return false;
	place->cpu[SIDE_TX] = (int)tx;
	place->cpu[SIDE_RX] = (int)rx;
	return true;
}

/* What follows the bracket, with the one at the end. */
static bool read_queues(struct text *in, struct place **places, unsigned int *n)
{
	struct place found[QUEUES_MAX];
	unsigned int n_found = 0;

	while (!skip(in, "]")) {
		if (n_found == QUEUES_MAX || (n_found && !skip(in, ",")) ||
			!read_queue(in, n_found, &found[n_found]))
			return false;
		n_found++;
	}
	if (!n_found)
		return true;
	*places = malloc(n_found * sizeof **places);
	if (!*places)
		return false;
	memcpy(*places, found, n_found * sizeof **places);
	*n = n_found;
	return true;
}

static bool read_vif(struct text *in, struct vif_entry *vif)
{
	vif->since = SINCE_UNKNOWN;
	return skip(in, LINE_DOMID) && read_unsigned(in, DOMID_MAX, &vif->id.domid) &&
	       skip(in, LINE_DEVID) && read_unsigned(in, DEVID_MAX, &vif->id.devid) &&
	       skip(in, LINE_DOMAIN) && read_domain(in, &vif->domain) && skip(in, LINE_UUID) &&
	       read_limited(in, vif->uuid, sizeof vif->uuid) && skip(in, LINE_MAC) &&
	       read_limited(in, vif->mac, sizeof vif->mac) && skip(in, LINE_DEV) &&
	       read_limited(in, vif->dev, sizeof vif->dev) && vifname_is_dev(vif->dev) &&
	       skip(in, LINE_STATE) && read_state(in, &vif->state) && skip(in, LINE_QUEUES) &&
	       read_queues(in, &vif->places, &vif->n_queues) && skip(in, LINE_DRIFT) &&
	       read_unsigned(in, INT_MAX, &vif->drift) &&
	       (!skip(in, LINE_SINCE) || read_number(in, 1, SINCE_MAX, &vif->since)) &&
	       skip(in, "}");
}

/* The next vif; in order, none is twice. */
static bool read_next_vif(struct text *in, struct ledger *ledger)
{
	struct vif_entry *vif = array_add(&ledger->vifs, &ledger->n_vifs, sizeof *vif);

	return vif && read_vif(in, vif) &&
	       (ledger->n_vifs == 1 || vif_id_compare(&vif[-1].id, &vif->id) < 0);
}

static bool read_next_remembered(struct text *in, struct ledger *ledger)
{
	struct remembered *old = array_add(&ledger->remembered, &ledger->n_remembered, sizeof *old);

	return old && ledger->n_remembered <= REMEMBERED_MAX && skip(in, LINE_OLD) &&
	       read_limited(in, old->uuid, sizeof old->uuid) && skip(in, LINE_DEVID) &&
	       read_unsigned(in, DEVID_MAX, &old->devid) && skip(in, LINE_QUEUES) &&
	       read_queues(in, &old->places, &old->n_queues) && skip(in, "}");
}

static bool read_head(struct text *in, char boot_id[UUID_SIZE])
{
	return skip(in, HEAD) && read_limited(in, boot_id, UUID_SIZE) && skip(in, VIFS "\n");
}

/* An element of an array and what is behind it. */
static bool read_element(struct ledger_lines *lines, struct text *in, size_t before,
	bool (*read)(struct text *in, struct ledger *ledger))
{
	if ((before && !lines->comma) || !read(in, &lines->ledger))
		return false;
	lines->comma = skip(in, ",");
	return skip(in, "\n");
}

static bool read_line(struct ledger_lines *lines, struct text *in)
{
	struct ledger *ledger = &lines->ledger;

	if (lines->part == LINES_HEAD && read_head(in, ledger->boot_id))
		lines->part = LINES_VIFS;
	else if (lines->part == LINES_VIFS && !lines->comma && skip(in, REMEMBERED "\n"))
		lines->part = LINES_REMEMBERED;
	else if (lines->part == LINES_VIFS)
		return read_element(lines, in, ledger->n_vifs, read_next_vif);
	else if (lines->part == LINES_REMEMBERED && !lines->comma && skip(in, TAIL "\n"))
		lines->part = LINES_END;
	else if (lines->part == LINES_REMEMBERED)
		return read_element(lines, in, ledger->n_remembered, read_next_remembered);
	else
		return false;
	return true;
}

bool ledger_lines_read(struct ledger_lines *lines, const char *text, size_t len, size_t *used)
{
	const char *newline = memrchr(text, '\n', len);
	struct text in = { text, newline ? newline + 1 : text };

	*used = (size_t)(in.end - text);
	while (in.p < in.end) {
		if (!read_line(lines, &in))
			return false;
	}
	return true;
}

bool ledger_lines_end(struct ledger_lines *lines, struct ledger *out)
{
	if (lines->part != LINES_END)
		return false;
	*out = lines->ledger;
	*lines = (struct ledger_lines){ 0 };
	return true;
}

void ledger_lines_clear(struct ledger_lines *lines)
{
	ledger_clear(&lines->ledger);
	*lines = (struct ledger_lines){ 0 };
}

bool ledger_lines_parse(const char *text, size_t len, struct ledger *out)
{
	_cleanup_(ledger_lines_clear) struct ledger_lines lines = { 0 };
	size_t used;

	return ledger_lines_read(&lines, text, len, &used) && used == len &&
	       ledger_lines_end(&lines, out);
}

/* --- writing ------------------------------------------------------------------------------- */

/* What is written never ends before its room does. */
#define NUMBER     "-9223372036854775808"
#define QUEUE_ROOM sizeof("," QUEUE NUMBER QUEUE_TX_CPU NUMBER QUEUE_RX_CPU NUMBER "}")
#define LINE_ROOM                                                                                  \
	(sizeof(LINE_DOMID NUMBER LINE_DEVID NUMBER LINE_DOMAIN                                    \
		 "\"\"" LINE_UUID "\"\"" LINE_MAC "\"\"" LINE_DEV "\"\"" LINE_STATE                \
		 "\"reserved\"" LINE_QUEUES "]" LINE_DRIFT NUMBER LINE_SINCE NUMBER "},\n") +      \
		UTF8_ESCAPED_MAX * (UUID_SIZE + MAC_SIZE + DEV_NAME_SIZE))

/* The lines around them. */
#define TEXT_ROOM                                                                                  \
	(sizeof(HEAD "\"\"" VIFS "\n" REMEMBERED "\n" TAIL "\n") + UTF8_ESCAPED_MAX * UUID_SIZE)

/* How much is handed on at a time, at least: less is more calls, and more is more memory, whose
 * pages take longer to get than to fill. */
#define PIECE ((size_t)32 << 10)

struct writer {
	char *to;       /* within `text` */
	char *text;     /* with room for a piece and a line */
	bool no_memory; /* it has run out: the text is good for nothing */
	ledger_piece_function *each;
	void *data;
};

static inline void put_bytes(struct writer *out, const char *bytes, size_t n)
{
	out->to = mempcpy(out->to, bytes, n);
}

#define put(out, word) put_bytes(out, word, sizeof(word) - 1)

static inline void put_number(struct writer *out, long long number)
{
	unsigned long long n = (unsigned long long)(number < 0 ? -number : number), rest = n;
	size_t width = 1;

	if (number < 0)
		put(out, "-");
	while ((rest /= 10))
		width++;
	for (size_t i = width; i-- > 0; n /= 10)
		out->to[i] = (char)('0' + n % 10);
	out->to += width;
}

/* As json-c writes it. */
static void put_escaped(struct writer *out, const char *text)
{
	_cleanup_free_ char *quoted = jsontext_quote(text);

	if (quoted)
		put_bytes(out, quoted, strlen(quoted));
	else
		out->no_memory = true;
}

/* False, with nothing written, when there is something to escape in it. */
static bool put_plain(struct writer *out, const char *text)
{
	size_t n = 0;

	while (is_plain(text[n]))
		n++;
	if (text[n])
		return false;
	put(out, "\"");
	put_bytes(out, text, n);
	put(out, "\"");
	return true;
}

static void put_string(struct writer *out, const char *text)
{
	if (!put_plain(out, text))
		put_escaped(out, text);
}

/*
 * A string for a field of limited size. Bytes that are not UTF-8 become "?": U+FFFD takes three
 * bytes, with which the field might be too long to be read again.
 */
static void put_limited(struct writer *out, const char *text)
{
	char copy[UUID_SIZE]; /* the longest of them */

	if (put_plain(out, text))
		return;
	copy_str(copy, sizeof copy, text);
	utf8_mask(copy);
	put_string(out, copy);
}

static void put_queues(struct writer *out, const struct place *places, unsigned int n)
{
	put(out, LINE_QUEUES);
	for (unsigned int q = 0; q < n; q++) {
		if (q)
			put(out, ",");
		put(out, QUEUE);
		put_number(out, q);
		put(out, QUEUE_TX_CPU);
		put_number(out, places[q].cpu[SIDE_TX]);
		put(out, QUEUE_RX_CPU);
		put_number(out, places[q].cpu[SIDE_RX]);
		put(out, "}");
	}
	put(out, "]");
}

static void put_state(struct writer *out, enum vif_state state)
{
	const char *name = vif_state_name(state);

	put(out, LINE_STATE "\"");
	put_bytes(out, name, strlen(name));
	put(out, "\"");
}

static void put_vif(struct writer *out, const struct vif_entry *vif)
{
	put(out, LINE_DOMID);
	put_number(out, vif->id.domid);
	put(out, LINE_DEVID);
	put_number(out, vif->id.devid);
	put(out, LINE_DOMAIN);
	put_string(out, vif->domain);
	put(out, LINE_UUID);
	put_limited(out, vif->uuid);
	put(out, LINE_MAC);
	put_limited(out, vif->mac);
	put(out, LINE_DEV);
	put_limited(out, vif->dev);
	put_state(out, vif->state);
	put_queues(out, vif->places, vif->n_queues);
	put(out, LINE_DRIFT);
	put_number(out, vif->drift);
	if (vif->since > 0) {
		put(out, LINE_SINCE);
		put_number(out, vif->since);
	}
	put(out, "}");
}

static void put_remembered(struct writer *out, const struct remembered *old)
{
	put(out, LINE_OLD);
	put_limited(out, old->uuid);
	put(out, LINE_DEVID);
	put_number(out, old->devid);
	put_queues(out, old->places, old->n_queues);
	put(out, "}");
}

static void put_end(struct writer *out, bool comma)
{
	if (comma)
		put(out, ",");
	put(out, "\n");
}

static size_t longest_line(const struct ledger *ledger)
{
	size_t longest = LINE_ROOM;

	for (size_t i = 0; i < ledger->n_vifs; i++) {
		const struct vif_entry *vif = &ledger->vifs[i];
		size_t room = LINE_ROOM + UTF8_ESCAPED_MAX * strlen(vif->domain) +
			      vif->n_queues * QUEUE_ROOM;

		longest = room > longest ? room : longest;
	}
	for (size_t i = 0; i < ledger->n_remembered; i++) {
		size_t room = LINE_ROOM + ledger->remembered[i].n_queues * QUEUE_ROOM;

		longest = room > longest ? room : longest;
	}
	return longest;
}

/* Hands on what has been written, if that is so much; an error ends it all. */
static int hand_on(struct writer *out, size_t least)
{
	size_t n = (size_t)(out->to - out->text);

	if (out->no_memory)
		return -ENOMEM;
	if (n < least)
		return 0;
	out->to = out->text;
	return out->each(out->text, n, out->data);
}

static int put_all(struct writer *out, const struct ledger *ledger)
{
	int r = 0;

	put(out, HEAD);
	put_string(out, ledger->boot_id);
	put(out, VIFS "\n");
	for (size_t i = 0; r == 0 && i < ledger->n_vifs; i++) {
		put_vif(out, &ledger->vifs[i]);
		put_end(out, i + 1 < ledger->n_vifs);
		r = hand_on(out, PIECE);
	}
	put(out, REMEMBERED "\n");
	for (size_t i = 0; r == 0 && i < ledger->n_remembered; i++) {
		put_remembered(out, &ledger->remembered[i]);
		put_end(out, i + 1 < ledger->n_remembered);
		r = hand_on(out, PIECE);
	}
	put(out, TAIL "\n");
	return r ? r : hand_on(out, 1);
}

int ledger_write(const struct ledger *ledger, ledger_piece_function *each, void *data)
{
	_cleanup_free_ char *text = malloc(PIECE + TEXT_ROOM + longest_line(ledger));
	struct writer out = { .to = text, .text = text, .each = each, .data = data };

	return text ? put_all(&out, ledger) : -ENOMEM;
}

/* The pieces, one behind the other. */
struct whole {
	char *text;
	size_t len;
};

static int append(const char *piece, size_t n, void *data)
{
	struct whole *whole = data;
	char *grown = realloc(whole->text, whole->len + n + 1);

	if (!grown)
		return -ENOMEM;
	whole->text = grown;
	memcpy(grown + whole->len, piece, n);
	whole->len += n;
	grown[whole->len] = '\0';
	return 0;
}

char *ledger_format(const struct ledger *ledger)
{
	struct whole whole = { 0 };

	if (ledger_write(ledger, append, &whole) == 0)
		return whole.text;
	free(whole.text);
	return NULL;
}
