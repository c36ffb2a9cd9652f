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
#define BETWEEN      ",\n"
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

/* What stands in a string as it is, without an escape. A text's end and a line's end do not. */
static const bool plain[256] = {
	[' ' ... '"' - 1] = true,
	['"' + 1 ... '\\' - 1] = true,
	['\\' + 1 ... 0x7f] = true,
};

static inline const char *skip_plain(const char *p)
{
	while (plain[(unsigned char)*p])
		p++;
	return p;
}

/* --- reading ------------------------------------------------------------------------------- */

/* What is left of it: whole lines. Where one ends, numbers and strings do. */
struct text {
	const char *p, *end;
};

__attribute__((always_inline)) static inline bool skip_word(
	struct text *in, const char *word, size_t n)
{
	if ((size_t)(in->end - in->p) < n || memcmp(in->p, word, n) != 0)
		return false;
	in->p += n;
	return true;
}

/* Inlined, the comparison of a word whose length is known is an instruction or two. */
#define skip(in, word) skip_word(in, word, sizeof(word) - 1)

static inline unsigned int digit(char c)
{
	return (unsigned int)(unsigned char)c - '0';
}

/* Up to 10^18. Behind "0" there is no other digit: what follows it would not be what is expected.
 */
static inline bool read_number(struct text *in, unsigned long long max, unsigned long long *out)
{
	const char *p = in->p;
	unsigned long long value = digit(*p);

	if (value > 9)
		return false;
	while (digit(*++p) <= 9 && value && value <= max)
		value = 10 * value + digit(*p);
	in->p = p;
	*out = value;
	return value <= max;
}

static inline bool read_unsigned(struct text *in, unsigned int max, unsigned int *out)
{
	unsigned long long value;

	if (!read_number(in, max, &value))
		return false;
	*out = (unsigned int)value;
	return true;
}

/* A string that has no need of escapes; *text points at its *n bytes. */
static bool read_string(struct text *in, const char **text, size_t *n)
{
	if (!skip(in, "\""))
		return false;
	*text = in->p;
	in->p = skip_plain(in->p);
	*n = (size_t)(in->p - *text);
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

/* When it was entered, if that is known. */
static bool read_since(struct text *in, long long *since)
{
	unsigned long long value;

	*since = SINCE_UNKNOWN;
	if (!skip(in, LINE_SINCE))
		return true;
	if (!read_number(in, SINCE_MAX, &value) || !value)
		return false;
	*since = (long long)value;
	return true;
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

/* Up to QUEUES_MAX of them, and the bracket behind them; false, or how many there are. */
static bool read_places(struct text *text, struct place *places, unsigned int *n)
{
	struct text in = *text; /* in registers, for nine tenths of a ledger are read here */

	*n = 0;
	do {
		if (*n == QUEUES_MAX || !read_queue(&in, *n, &places[*n]))
			return false;
		++*n;
	} while (skip(&in, ","));
	*text = in;
	return skip(text, "]");
}

/* What follows the bracket, with the one at the end. */
static bool read_queues(struct text *in, struct place **places, unsigned int *n)
{
	struct place found[QUEUES_MAX];
	unsigned int n_found;

	if (skip(in, "]"))
		return true;
	if (!read_places(in, found, &n_found))
		return false;
	*places = malloc(n_found * sizeof **places);
	if (!*places)
		return false;
	memcpy(*places, found, n_found * sizeof **places);
	*n = n_found;
	return true;
}

static bool read_vif(struct text *in, struct vif_entry *vif)
{
	return skip(in, LINE_DOMID) && read_unsigned(in, DOMID_MAX, &vif->id.domid) &&
	       skip(in, LINE_DEVID) && read_unsigned(in, DEVID_MAX, &vif->id.devid) &&
	       skip(in, LINE_DOMAIN) && read_domain(in, &vif->domain) && skip(in, LINE_UUID) &&
	       read_limited(in, vif->uuid, sizeof vif->uuid) && skip(in, LINE_MAC) &&
	       read_limited(in, vif->mac, sizeof vif->mac) && skip(in, LINE_DEV) &&
	       read_limited(in, vif->dev, sizeof vif->dev) && vifname_is_dev(vif->dev) &&
	       skip(in, LINE_STATE) && read_state(in, &vif->state) && skip(in, LINE_QUEUES) &&
	       read_queues(in, &vif->places, &vif->n_queues) && skip(in, LINE_DRIFT) &&
	       read_unsigned(in, INT_MAX, &vif->drift) && read_since(in, &vif->since) &&
	       skip(in, "}");
}

/* The next vif; in order, none is twice. Where its line is, the caller knows. */
static struct ledger_line *read_next_vif(struct text *in, struct ledger *ledger)
{
	struct vif_entry *vif = array_add(&ledger->vifs, &ledger->n_vifs, sizeof *vif);

	if (!vif || !read_vif(in, vif) ||
		(ledger->n_vifs > 1 && vif_id_compare(&vif[-1].id, &vif->id) >= 0))
		return NULL;
	return &vif->line;
}

static bool read_remembered(struct text *in, struct remembered *old)
{
	return skip(in, LINE_OLD) && read_limited(in, old->uuid, sizeof old->uuid) &&
	       skip(in, LINE_DEVID) && read_unsigned(in, DEVID_MAX, &old->devid) &&
	       skip(in, LINE_QUEUES) && read_queues(in, &old->places, &old->n_queues) &&
	       skip(in, "}");
}

static struct ledger_line *read_next_remembered(struct text *in, struct ledger *ledger)
{
	struct remembered *old = array_add(&ledger->remembered, &ledger->n_remembered, sizeof *old);

	if (!old || ledger->n_remembered > REMEMBERED_MAX || !read_remembered(in, old))
		return NULL;
	return &old->line;
}

static bool read_head(struct text *in, char boot_id[UUID_SIZE])
{
	return skip(in, HEAD) && read_limited(in, boot_id, UUID_SIZE) && skip(in, VIFS "\n");
}

/* An element of an array and what is behind it. */
static bool read_element(struct ledger_lines *lines, struct text *in, size_t before,
	struct ledger_line *(*read)(struct text *in, struct ledger *ledger))
{
	const char *begin = in->p;
	struct ledger_line *line;

	if (before && !lines->comma)
		return false;
	line = read(in, &lines->ledger);
	if (!line)
		return false;
	line->len = (unsigned int)(in->p - begin);
	line->at = lines->at - (unsigned int)(in->end - begin);
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
	lines->at += (unsigned int)*used;
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
	char *to;                /* within `text` */
	char *text;              /* with room for a piece and a line */
	bool no_memory;          /* it has run out: the text is good for nothing */
	struct ledger_line copy; /* what is to be copied behind it */
	const struct ledger_output *output;
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
	const char *end = skip_plain(text);

	if (*end)
		return false;
	put(out, "\"");
	put_bytes(out, text, (size_t)(end - text));
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
	return out->output->write(out->text, n, out->output->data);
}

/* Hands on what has been written, and copies what is to be behind it. */
static int copy(struct writer *out)
{
	struct ledger_line lines = out->copy;
	int r;

	if (!lines.len)
		return 0;
	out->copy = (struct ledger_line){ 0 };
	r = hand_on(out, 1);
	return r ? r : out->output->copy(lines.at, lines.len, out->output->data);
}

/* Does this line stand behind what is to be copied already, as it is to be written? */
static bool follows(const struct ledger_line *line, const struct ledger_line *before)
{
	return before->len && line->at == before->at + before->len + strlen(BETWEEN);
}

/*
 * Puts what is between a line and the one before it, which in an array's first is nothing. True
 * when that is all that has to be done, since the line is going to be copied.
 */
static bool put_old_line(struct writer *out, const struct ledger_line *line, bool first, int *r)
{
	bool old = out->output->copy && line->len;

	if (old && follows(line, &out->copy)) {
		out->copy.len = line->at + line->len - out->copy.at;
		return true;
	}
	*r = copy(out);
	if (!first)
		put(out, BETWEEN);
	if (old)
		out->copy = *line;
	return old;
}

/* Ends an array. */
static int put_end(struct writer *out, bool empty)
{
	int r = copy(out);

	if (!empty)
		put(out, "\n");
	return r;
}

static int put_vifs(struct writer *out, const struct ledger *ledger)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ledger->n_vifs; i++) {
		if (put_old_line(out, &ledger->vifs[i].line, i == 0, &r) || r)
			continue;
		put_vif(out, &ledger->vifs[i]);
		r = hand_on(out, PIECE);
	}
	return r ? r : put_end(out, !ledger->n_vifs);
}

static int put_all_remembered(struct writer *out, const struct ledger *ledger)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ledger->n_remembered; i++) {
		if (put_old_line(out, &ledger->remembered[i].line, i == 0, &r) || r)
			continue;
		put_remembered(out, &ledger->remembered[i]);
		r = hand_on(out, PIECE);
	}
	return r ? r : put_end(out, !ledger->n_remembered);
}

static int put_all(struct writer *out, const struct ledger *ledger)
{
	int r;

	put(out, HEAD);
	put_string(out, ledger->boot_id);
	put(out, VIFS "\n");
	r = put_vifs(out, ledger);
	if (r)
		return r;
	put(out, REMEMBERED "\n");
	r = put_all_remembered(out, ledger);
	put(out, TAIL "\n");
	return r ? r : hand_on(out, 1);
}

int ledger_write(const struct ledger *ledger, const struct ledger_output *output)
{
	_cleanup_free_ char *text = malloc(PIECE + TEXT_ROOM + longest_line(ledger));
	struct writer out = { .to = text, .text = text, .output = output };

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
	const struct ledger_output output = { .write = append, .data = &whole };

	if (ledger_write(ledger, &output) == 0)
		return whole.text;
	free(whole.text);
	return NULL;
}
