// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/interrupts: what is found, and what is counted. */
#include "fuzz.h"

#include "interrupts.h"
#include "vifname.h"

#include <errno.h>

struct found {
	const char *text;
	size_t len;
	unsigned int irqs[256];
	size_t n;
};

/* The action is a netdev's, by any name that it may have. */
static void check_match(const char *action, size_t len)
{
	_cleanup_free_ char *name = exact_copy(action, len);
	enum target_kind kind = TARGET_KINDS;
	unsigned int queue = 0;
	char dev[DEV_NAME_SIZE];

	snprintf(dev, sizeof dev, "%.*s", (int)strcspn(name, "-"), name);
	if (!vifname_match_interrupt(dev, name, &queue, &kind))
		return;
	expect_true(name, kind < TARGET_GUEST_RX);
	expect_true(name, queue < QUEUES_MAX);
}

static int note(unsigned int irq, const char *action, size_t len, void *data)
{
	struct found *found = data;

	expect_true(
		"within", action > found->text && len && action + len <= found->text + found->len);
	expect_true("on one line", !memchr(action, '\n', len));
	expect_true("no blanks",
		!isblank((unsigned char)action[0]) && !isblank((unsigned char)action[len - 1]));
	check_match(action, len);
	if (found->n < ARRAY_SIZE(found->irqs))
		found->irqs[found->n++] = irq;
	return 0;
}

static int stop(unsigned int irq, const char *action, size_t len, void *data)
{
	(void)irq;
	(void)action;
	(void)len;
	(void)data;
	return 7;
}

static void fuzz(const char *text, size_t len)
{
	static unsigned long long counts[CPUSET_MAX];
	struct found found = { .text = text, .len = len };
	int r = interrupts_parse(text, note, &found);

	expect_int("parsed", r, 0);
	expect_int("stopped", interrupts_parse(text, stop, NULL), found.n ? 7 : 0);
	qsort(found.irqs, found.n, sizeof *found.irqs, compare_uints);
	if (interrupts_add_counts(text, found.irqs, found.n, counts) == 0)
		expect_true("a header", interrupts_has_header(text));
}
