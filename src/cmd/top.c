// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * top: shows, again and again, what vifs or queues cost and what fills the CPUs. Changes nothing.
 *
 * On a terminal it has keys, as irqtop and xentop have; with -b it prints.
 */
#include "top.h"
#include "clock.h"
#include "cmd.h"
#include "log.h"
#include "measure.h"
#include "screen.h"
#include "top_tables.h"
#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BATCH, DELAY, ITERATIONS, JSON, QUEUES };

#define DELAY_DEFAULT_MS 3000
#define DELAY_MIN_MS     100
#define DELAY_MAX_S      86400
#define ITERATIONS_MAX   1000000000

struct view {
	bool json;
	unsigned int delay_ms;
	unsigned int left; /* samples to show; 0: no end */
	bool queues, cpus_only, help;
	enum top_order order;
};

/* The last reading, and the work since the one before. */
struct sample {
	struct ledger ledger;
	struct counters counters;
	struct work work; /* empty at first */
};

static void sample_free(struct sample *sample)
{
	ledger_clear(&sample->ledger);
	counters_free(&sample->counters);
	work_free(&sample->work);
}

/* --- options ------------------------------------------------------------------------------ */

/* Seconds and their fraction: "3", "0.5", ".25"; what is behind the third digit does not count. */
static bool parse_delay(const char *text, unsigned int *ms)
{
	unsigned int seconds = 0, fraction = 0, digit = 1000;

	if (*text != '.' && !parse_uint(text, &text, DELAY_MAX_S, &seconds))
		return false;
	if (*text == '.' && !isdigit((unsigned char)*++text))
		return false;
	for (; isdigit((unsigned char)*text); text++)
		fraction += (unsigned int)(*text - '0') * (digit /= 10);
	*ms = seconds * 1000 + fraction;
	return !*text && *ms >= DELAY_MIN_MS && *ms <= DELAY_MAX_S * 1000;
}

static enum status read_options(const struct cmd_line *line, struct view *view)
{
	const char *delay = line->values[DELAY], *iterations = line->values[ITERATIONS];
	bool batch = line->given[BATCH] || line->given[JSON];

	*view = (struct view){ .json = line->given[JSON],
		.delay_ms = DELAY_DEFAULT_MS,
		.queues = line->given[QUEUES] };
	if (delay && !parse_delay(delay, &view->delay_ms))
		return cmd_wrong(line->command,
			"--delay must be a number of seconds from 0.1 to %d, not '%s'", DELAY_MAX_S,
			delay);
	if (iterations &&
		(!parse_uint(iterations, NULL, ITERATIONS_MAX, &view->left) || !view->left))
		return cmd_wrong(line->command,
			"--iterations must be a number from 1 to %d, not '%s'", ITERATIONS_MAX,
			iterations);
	for (int fd = STDIN_FILENO; !batch && fd <= STDOUT_FILENO; fd++) {
		if (isatty(fd))
			continue;
		log_error("top: standard %s is not a terminal; use -b",
			fd == STDIN_FILENO ? "input" : "output");
		return STATUS_USAGE;
	}
	return STATUS_DONE;
}

/* --- reading ------------------------------------------------------------------------------ */

static int read_now(struct context *context, struct sample *now, struct err *err)
{
	int r = reconcile_peek(&context->root, &now->ledger, err);

	return r < 0 ? r : measure_read(context, &now->ledger, &now->counters, err);
}

static void replace(struct sample *sample, struct sample *now)
{
	struct sample old = *sample;

	*sample = *now;
	*now = old;
}

/* Reads again; two readings at the same time are one. */
static int take_sample(struct context *context, struct sample *sample, struct err *err)
{
	_cleanup_(sample_free) struct sample now = { 0 };
	int r = read_now(context, &now, err);

	if (r < 0)
		return r;
	if (sample->counters.cpus)
		r = work_between(&sample->counters, &now.counters, &now.work);
	if (r == -ENOMEM)
		return err_no_memory(err);
	if (r == 0)
		replace(sample, &now);
	return 0;
}

/* --- what is shown ------------------------------------------------------------------------ */

static int list(
	const struct view *view, const struct sample *sample, struct top *top, struct err *err)
{
	int r = top_list(
		&sample->ledger, &sample->counters, &sample->work, view->queues, view->order, top);

	return r < 0 ? err_no_memory(err) : 0;
}

static struct tm local_now(void)
{
	time_t now = time(NULL);
	struct tm local = { 0 };

	localtime_r(&now, &local);
	return local;
}

static const char *const orders[] = {
	[TOP_BY_SHARE] = "share",
	[TOP_BY_PACKETS] = "packets",
	[TOP_BY_VIF] = "vif",
};

/* "vifpin top - 18:03:12, 2 vifs, 8 queues, interval 3.0 s, by share". */
static void format_head(const struct view *view, const struct sample *sample, const struct top *top,
	char *buf, size_t size)
{
	struct tm local = local_now();
	char time[16], interval[32] = "-";

	strftime(time, sizeof time, "%T", &local);
	if (sample->work.cpus)
		snprintf(interval, sizeof interval, "%.1f s", (double)sample->work.ns / 1e9);
	snprintf(buf, size, "vifpin top - %s, %zu vif%s, %zu queue%s, interval %s, by %s", time,
		top->n_vifs, plural(top->n_vifs), top->n_queues, plural(top->n_queues), interval,
		orders[view->order]);
}

static const struct table_look people = { .form = TABLE_PEOPLE };

/* --- batch -------------------------------------------------------------------------------- */

static int print_people(const struct view *view, const struct sample *sample, const struct top *top,
	struct err *err)
{
	char head[128];
	int r;

	format_head(view, sample, top, head, sizeof head);
	printf("%s\n\n", head);
	r = top_print_cpus(top, &people, err);
	if (r < 0)
		return r;
	putchar('\n');
	r = top_print_rows(top, view->queues, &people, err);
	if (r == 0 && view->left != 1)
		putchar('\n');
	return r;
}

static int print_json(const struct view *view, const struct sample *sample, const struct top *top,
	struct err *err)
{
	static const struct table_look json = { .form = TABLE_JSON };
	struct tm local = local_now();
	char date[32], zone[8];
	int r;

	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &local);
	strftime(zone, sizeof zone, "%z", &local);
	printf("{\"time\": \"%s%.3s:%s\", \"interval\": %.3f, ", date, zone, zone + 3,
		(double)sample->work.ns / 1e9);
	r = top_print_cpus(top, &json, err);
	if (r < 0)
		return r;
	printf(", ");
	r = top_print_rows(top, view->queues, &json, err);
	puts("}");
	return r;
}

static int print(const struct view *view, const struct sample *sample, struct err *err)
{
	_cleanup_(top_free) struct top top = { 0 };
	int r = list(view, sample, &top, err);

	if (r < 0)
		return r;
	return view->json ? print_json(view, sample, &top, err)
			  : print_people(view, sample, &top, err);
}

static void sleep_ms(unsigned int ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* Does whoever reads go on? One that has read enough, as head(1), is told nothing; any other
 * failure main() reports. */
static bool goes_on(int *status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	*status = STATUS_FAILED;
	if (errno == EPIPE) {
		__fpurge(stdout);
		clearerr(stdout);
	}
	return false;
}

static int run_batch(
	struct context *context, struct view *view, struct sample *sample, struct err *err)
{
	int status = STATUS_DONE, r = take_sample(context, sample, err);

	while (r == 0) {
		sleep_ms(view->delay_ms);
		r = take_sample(context, sample, err);
		if (r == 0)
			r = print(view, sample, err);
		if (!goes_on(&status) || view->left == 1)
			break;
		view->left -= view->left > 0;
	}
	return r < 0 ? r : status;
}

/* --- screen ------------------------------------------------------------------------------- */

static const char keys[] =
	"q quit  s sort  v vifs/queues  c CPUs only  h help  any other key: refresh now";

/* Puts the lines of the text from *line on, `n` at most, the first of them in reverse. */
static void put_table(const char *text, size_t n, size_t *line)
{
	for (enum screen_look look = SCREEN_REVERSE; n && *text; n--, look = SCREEN_PLAIN) {
		size_t len = strcspn(text, "\n");

		screen_put((*line)++, text, len, look);
		text += len + (text[len] == '\n');
	}
}

/* Each table has as many lines as it needs, or its part of those that there are. */
static int put_tables(
	const struct view *view, const struct top *top, size_t *line, size_t end, struct err *err)
{
	_cleanup_free_ char *cpus = NULL, *rows = NULL;
	size_t frame = view->cpus_only ? 1 : 3; /* headings, and a blank line between */
	size_t left = end > *line + frame ? end - *line - frame : 0;
	size_t n = top_split(left, top->n_cpus, view->cpus_only ? 0 : top->n_rows);
	int r = top_format_cpus(top, n, screen_columns(), &cpus, err);

	if (r == 0 && !view->cpus_only)
		r = top_format_rows(top, view->queues, left - n, screen_columns(), &rows, err);
	if (r < 0)
		return r;
	put_table(cpus, n + 1, line);
	if (view->cpus_only)
		return 0;
	screen_put((*line)++, "", 0, SCREEN_PLAIN);
	put_table(rows, left - n + 1, line);
	return 0;
}

static int draw(const struct view *view, const struct sample *sample, struct err *err)
{
	_cleanup_(top_free) struct top top = { 0 };
	size_t line = 0, end = screen_lines() - (view->help ? 1 : 0);
	char head[128];
	int r = list(view, sample, &top, err);

	if (r < 0)
		return r;
	format_head(view, sample, &top, head, sizeof head);
	screen_put(line++, head, strlen(head), SCREEN_BOLD);
	screen_put(line++, "", 0, SCREEN_PLAIN);
	r = put_tables(view, &top, &line, end, err);
	for (; line < end; line++)
		screen_put(line, "", 0, SCREEN_PLAIN);
	if (view->help)
		screen_put(end, keys, strlen(keys), SCREEN_REVERSE);
	screen_show();
	return r;
}

enum after_key { SHOW_AGAIN, READ_AGAIN, END };

static enum after_key take_key(struct view *view, int key)
{
	switch (key) {
	case SCREEN_ENDED:
	case 'q':
	case 'Q':
		return END;
	case SCREEN_RESIZED:
		return SHOW_AGAIN;
	case 's':
	case 'S':
		view->order = (view->order + 1) % ARRAY_SIZE(orders);
		return SHOW_AGAIN;
	case 't':
	case 'T':
	case 'v':
	case 'V':
		view->queues = !view->queues;
		return SHOW_AGAIN;
	case 'c':
	case 'C':
		view->cpus_only = !view->cpus_only;
		return SHOW_AGAIN;
	case 'h':
	case 'H':
	case '?':
		view->help = !view->help;
		return SHOW_AGAIN;
	default: /* SCREEN_TIMEOUT, or another key */
		return READ_AGAIN;
	}
}

/* Shows the sample, and does what keys say, until it is time for the next one. */
static int show(
	struct view *view, const struct sample *sample, enum after_key *after, struct err *err)
{
	int64_t until = clock_ms() + view->delay_ms;
	int r;

	do {
		int64_t left = until - clock_ms();

		r = draw(view, sample, err);
		*after = r < 0 ? END : take_key(view, screen_wait(left > 0 ? (int)left : 0));
	} while (*after == SHOW_AGAIN);
	return r;
}

static int run_screen(
	struct context *context, struct view *view, struct sample *sample, struct err *err)
{
	enum after_key after = READ_AGAIN;
	int r = take_sample(context, sample, err);

	if (r == 0)
		r = screen_open(err);
	if (r < 0)
		return r;
	while (r == 0 && after != END) {
		r = show(view, sample, &after, err);
		if (sample->work.cpus && view->left && --view->left == 0)
			break;
		if (r == 0 && after == READ_AGAIN)
			r = take_sample(context, sample, err);
	}
	screen_close();
	return r;
}

/* ------------------------------------------------------------------------------------------ */

static int act(struct context *context, const struct cmd_line *line, struct err *err)
{
	_cleanup_(sample_free) struct sample sample = { 0 };
	struct view view;
	enum status status = read_options(line, &view);

	if (status != STATUS_DONE)
		return status;
	return line->given[BATCH] || view.json ? run_batch(context, &view, &sample, err)
					       : run_screen(context, &view, &sample, err);
}

const struct command command_top = {
	.name = "top",
	.words = "",
	.summary = "show what vifs cost and what fills CPUs, live",
	.help = "Show what each vif or queue costs, and what fills each CPU, the most loaded\n"
		"first, again and again. Shares are in percent of one CPU. Keys:\n"
		"  q       quit\n"
		"  s       sort by share, packets or vif\n"
		"  t, v    show vifs or queues\n"
		"  c       show only CPUs, or both tables\n"
		"  h, ?    show the keys in the last line\n"
		"  others  refresh now\n",
	.options = {
		[BATCH] = { "batch", .letter = 'b', .help = "print, without a screen and keys" },
		[DELAY] = { "delay", "SECONDS", "seconds between samples (default 3)", 'd' },
		[ITERATIONS] = { "iterations", "N", "exit after N samples", 'n' },
		[JSON] = { "json", .letter = 'J',
			.help = "print one line of JSON for each sample; implies -b" },
		[QUEUES] = { "queues", .letter = 'q', .help = "show queues instead of vifs at first" },
	},
	.act = act,
};
