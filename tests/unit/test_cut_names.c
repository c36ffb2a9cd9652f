// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "cut_names.h"
#include "pidstat.h"
#include "thread_text.h"
#include "util.h"

/*
 * Threads are written as thread_text.h has them. What comes out is "PID=NAME" of each thread that
 * is the vif's, in the targets' order, with its kind if that is a guess: "PID?NAME qN-KIND"; and
 * "crowded" in front.
 */
static const struct row {
	const char *name, *dev;
	unsigned int n_queues;
	bool unnumbered;
	const char *threads, *result;
} rows[] = {
	{ .name = "no thread", .dev = "vif12.0", .n_queues = 2, .threads = "", .result = "" },
	{ .name = "no queue",
		.dev = "vif12.0",
		.n_queues = 0,
		.threads = "500:vif12.0-q0-gues",
		.result = "" },
	{ .name = "names that tell queue and role need no order",
		.dev = "vif12.0",
		.n_queues = 2,
		.threads = "503:vif12.0-q0-gues 502:vif12.0-q0-deal 500:vif12.0-q1-deal "
			   "501:vif12.0-q1-gues",
		.result = "503=vif12.0-q0-guest-rx 502=vif12.0-q0-dealloc "
			  "501=vif12.0-q1-guest-rx 500=vif12.0-q1-dealloc" },
	{ .name = "one letter of the role is left",
		.dev = "vif12345.0",
		.n_queues = 1,
		.threads = "500:vif12345.0-q0-d 501:vif12345.0-q0-g",
		.result = "501=vif12345.0-q0-guest-rx 500=vif12345.0-q0-dealloc" },
	{ .name = "no role is left: guest-rx was made first",
		.dev = "vif1234.10",
		.n_queues = 2,
		.threads = "500:vif1234.10-q0-g 501:vif1234.10-q0-d 502:vif1234.10-q1-g "
			   "503:vif1234.10-q1-d",
		.result = "500=vif1234.10-q0-guest-rx 501=vif1234.10-q0-dealloc "
			  "502=vif1234.10-q1-guest-rx 503=vif1234.10-q1-dealloc" },
	{ .name = "the dash before the role is left",
		.dev = "vif12345.10",
		.n_queues = 2,
		.threads = "503:vif12345.10-q1- 502:vif12345.10-q1- 501:vif12345.10-q0- "
			   "500:vif12345.10-q0-",
		.result = "500=vif12345.10-q0-guest-rx 501=vif12345.10-q0-dealloc "
			  "502=vif12345.10-q1-guest-rx 503=vif12345.10-q1-dealloc" },
	{ .name = "the queue's number is cut: 1 or 10",
		.dev = "averylongnam",
		.n_queues = 11,
		.threads = "500:averylongnam-q0 501:averylongnam-q0 502:averylongnam-q1 "
			   "503:averylongnam-q1 504:averylongnam-q2 505:averylongnam-q2 "
			   "506:averylongnam-q3 507:averylongnam-q3 508:averylongnam-q4 "
			   "509:averylongnam-q4 510:averylongnam-q5 511:averylongnam-q5 "
			   "512:averylongnam-q6 513:averylongnam-q6 514:averylongnam-q7 "
			   "515:averylongnam-q7 516:averylongnam-q8 517:averylongnam-q8 "
			   "518:averylongnam-q9 519:averylongnam-q9 520:averylongnam-q1 "
			   "521:averylongnam-q1",
		.result = "500=averylongnam-q0-guest-rx 501=averylongnam-q0-dealloc "
			  "502=averylongnam-q1-guest-rx 503=averylongnam-q1-dealloc "
			  "520=averylongnam-q10-guest-rx 521=averylongnam-q10-dealloc "
			  "504=averylongnam-q2-guest-rx 505=averylongnam-q2-dealloc "
			  "506=averylongnam-q3-guest-rx 507=averylongnam-q3-dealloc "
			  "508=averylongnam-q4-guest-rx 509=averylongnam-q4-dealloc "
			  "510=averylongnam-q5-guest-rx 511=averylongnam-q5-dealloc "
			  "512=averylongnam-q6-guest-rx 513=averylongnam-q6-dealloc "
			  "514=averylongnam-q7-guest-rx 515=averylongnam-q7-dealloc "
			  "516=averylongnam-q8-guest-rx 517=averylongnam-q8-dealloc "
			  "518=averylongnam-q9-guest-rx 519=averylongnam-q9-dealloc" },
	{ .name = "all threads of the vif have one name",
		.dev = "averylongname0",
		.n_queues = 2,
		.threads = "490:averylongname0- 491:averylongname0- 492:averylongname0- "
			   "493:averylongname0-",
		.result = "490=averylongname0-q0-guest-rx 491=averylongname0-q0-dealloc "
			  "492=averylongname0-q1-guest-rx 493=averylongname0-q1-dealloc" },
	{ .name = "and it is the netdev's",
		.dev = "123456789012345",
		.n_queues = 1,
		.threads = "491:123456789012345 490:123456789012345",
		.result = "490=123456789012345-q0-guest-rx 491=123456789012345-q0-dealloc" },
	{ .name = "the longest that a vif is called by itself",
		.dev = "vif32751.65535",
		.n_queues = 1,
		.threads = "490:vif32751.65535- 491:vif32751.65535-",
		.result = "490=vif32751.65535-q0-guest-rx 491=vif32751.65535-q0-dealloc" },
	{ .name = "a name that is not cut, but might have been",
		.dev = "abcd",
		.n_queues = 1,
		.threads = "491:abcd-q0-dealloc 490:abcd-q0-guest-r",
		.result = "490=abcd-q0-guest-rx 491=abcd-q0-dealloc" },
	{ .name = "only what is cut is looked for here",
		.dev = "abc",
		.n_queues = 1,
		.threads = "490:abc-q0-guest-rx",
		.result = "490=abc-q0-guest-rx" },
	{ .name = "netback before it had queues",
		.dev = "vif12.0",
		.n_queues = 1,
		.unnumbered = true,
		.threads = "490:vif12.0-guest-r",
		.result = "490=vif12.0-guest-rx" },
	{ .name = "netback before it had queues, and a long name",
		.dev = "averylongname0",
		.n_queues = 1,
		.unnumbered = true,
		.threads = "490:averylongname0- 491:averylongname0-",
		.result = "490=averylongname0-guest-rx 491=averylongname0-dealloc" },

	{ .name = "PIDs began again: the start time tells",
		.dev = "averylongname0",
		.n_queues = 2,
		.threads = "300@78:averylongname0- 301@79:averylongname0- "
			   "32766@77:averylongname0- 32767@77:averylongname0-",
		.result = "32766=averylongname0-q0-guest-rx 32767=averylongname0-q0-dealloc "
			  "300=averylongname0-q1-guest-rx 301=averylongname0-q1-dealloc" },
	{ .name = "PIDs began again within one tick",
		.dev = "averylongname0",
		.n_queues = 2,
		.threads = "300:averylongname0- 301:averylongname0- 302:averylongname0- "
			   "32767:averylongname0-",
		.result = "32767=averylongname0-q0-guest-rx 300=averylongname0-q0-dealloc "
			  "301=averylongname0-q1-guest-rx 302=averylongname0-q1-dealloc" },
	{ .name = "and from where they go up to by default on large hosts",
		.dev = "averylongname0",
		.n_queues = 1,
		.threads = "300:averylongname0- 4194303:averylongname0-",
		.result = "4194303=averylongname0-q0-guest-rx 300=averylongname0-q0-dealloc" },
	{ .name = "a start time later by far more than a number of 32 bits",
		.dev = "averylongname0",
		.n_queues = 1,
		.threads = "490@9000000000:averylongname0- 491@1:averylongname0-",
		.result = "491=averylongname0-q0-guest-rx 490=averylongname0-q0-dealloc" },

	{ .name = "one is missing: the others are the vif's, but which?",
		.dev = "averylongname0",
		.n_queues = 2,
		.threads = "490:averylongname0- 491:averylongname0- 493:averylongname0-",
		.result = "490?averylongname0- q0-guest-rx 491?averylongname0- q0-dealloc "
			  "493?averylongname0- q1-guest-rx" },
	{ .name = "one is missing of one queue: the other queue is known",
		.dev = "vif12345.10",
		.n_queues = 2,
		.threads = "500:vif12345.10-q0- 502:vif12345.10-q1- 503:vif12345.10-q1-",
		.result = "500?vif12345.10-q0- q0-guest-rx 502=vif12345.10-q1-guest-rx "
			  "503=vif12345.10-q1-dealloc" },
	{ .name = "one of a name of its own is missing: no other can be it",
		.dev = "vif12.0",
		.n_queues = 1,
		.threads = "501:vif12.0-q0-deal",
		.result = "501=vif12.0-q0-dealloc" },
	{ .name = "one too many: another vif's may be among them",
		.dev = "averylongname0",
		.n_queues = 1,
		.threads = "490:averylongname0- 491:averylongname0- 600:averylongname0-",
		.result = "crowded" },
	{ .name = "a vif that is called as another's thread is",
		.dev = "vif1.0",
		.n_queues = 2,
		.threads = "490:vif1.0-q0-guest 491:vif1.0-q0-deall 492:vif1.0-q1-guest "
			   "493:vif1.0-q1-deall 494:vif1.0-q1-guest 495:vif1.0-q1-guest",
		.result = "crowded 490=vif1.0-q0-guest-rx 491=vif1.0-q0-dealloc "
			  "493=vif1.0-q1-dealloc" },
	{ .name = "and that one",
		.dev = "vif1.0-q1-guest",
		.n_queues = 1,
		.threads = "492:vif1.0-q1-guest 494:vif1.0-q1-guest 495:vif1.0-q1-guest",
		.result = "crowded" },
	{ .name = "a frontend that connects with more queues than have interrupts yet",
		.dev = "averylongname0",
		.n_queues = 1,
		.threads = "490:averylongname0- 491:averylongname0- 492:averylongname0-",
		.result = "crowded" },
	{ .name = "threads of other vifs that begin in the same way",
		.dev = "vif1.1",
		.n_queues = 1,
		.threads = "490:vif1.10-q0-gues 491:vif1.1-q0-deall 492:vif1.1-q1-guest "
			   "493:vif1.1-q0-guess 494:vif1.11-q0-gues 495:vif1.1-q0-guest",
		.result = "495=vif1.1-q0-guest-rx 491=vif1.1-q0-dealloc" },
};

/* A tx interrupt for each queue. */
static void add_interrupts(const struct row *row, struct targets *targets)
{
	for (unsigned int q = 0; q < row->n_queues; q++) {
		struct target *added = array_add(&targets->v, &targets->n, sizeof *added);

		assert_non_null(added);
		*added = (struct target){ .kind = TARGET_TX, .queue = q, .irq = 50 + q };
		vifname_of_target(row->dev, !row->unnumbered, q, TARGET_TX, added->name);
	}
	targets->n_queues = row->n_queues;
}

static void write_result(const struct targets *targets, size_t from, FILE *f)
{
	if (targets->crowded)
		fprintf(f, " crowded");
	for (size_t i = from; i < targets->n; i++) {
		const struct target *t = &targets->v[i];

		fprintf(f, " %d%c%s", (int)t->pid, t->unsure ? '?' : '=', t->name);
		if (t->unsure)
			fprintf(f, " q%u-%s", t->queue, kind_name(t->kind));
	}
}

static void matching(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct targets threads = { 0 }, targets = { 0 };
		_cleanup_free_ char *got = NULL;
		size_t len;
		FILE *f = open_text(&got, &len);

		add_interrupts(&rows[i], &targets);
		read_threads(rows[i].threads, &threads);
		expect_int(rows[i].name, cut_names_match(&threads, rows[i].dev, &targets), 0);
		expect_int(rows[i].name, targets.n_queues, rows[i].n_queues);
		write_result(&targets, rows[i].n_queues, f);
		fclose(f);
		expect_str(rows[i].name, len ? got + 1 : "", rows[i].result);
		targets_free(&threads);
		targets_free(&targets);
	}
}

/* --- a recorded host ----------------------------------------------------------------------- */

#define HOST "debian11-dom0-xen4.14-linux5.10"

static void read_recorded(struct targets *out)
{
	_cleanup_free_ char *text = read_data(HOST ".threads");
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")) && *line) {
		struct target *added = array_add(&out->v, &out->n, sizeof *added);
		struct pidstat stat;

		assert_non_null(added);
		assert_int_equal(pidstat_parse(line, &stat), 0);
		assert_true(pidstat_is_kthread(&stat));
		added->pid = stat.pid;
		added->start = stat.start;
		read_text(added->name, sizeof added->name, stat.comm);
	}
}

/* What the thread's stack says that it is for. */
static enum target_kind recorded_kind(const char *stacks, pid_t pid)
{
	char line[64];

	snprintf(line, sizeof line, "%d xenvif_kthread_guest_rx\n", (int)pid);
	if (strstr(stacks, line))
		return TARGET_GUEST_RX;
	snprintf(line, sizeof line, "%d xenvif_dealloc_kthread\n", (int)pid);
	assert_non_null(strstr(stacks, line));
	return TARGET_DEALLOC;
}

/* Other threads were made in between: not all PIDs follow each other. */
static void recorded_threads(void **state)
{
	static const struct {
		const char *dev, *result;
	} vifs[] = {
		{ "vif1.0", "445=vif1.0-q0-guest-rx 446=vif1.0-q0-dealloc "
			    "447=vif1.0-q1-guest-rx 448=vif1.0-q1-dealloc "
			    "449=vif1.0-q2-guest-rx 450=vif1.0-q2-dealloc "
			    "453=vif1.0-q3-guest-rx 454=vif1.0-q3-dealloc" },
		{ "averylongname0",
			"455=averylongname0-q0-guest-rx 456=averylongname0-q0-dealloc "
			"457=averylongname0-q1-guest-rx 458=averylongname0-q1-dealloc "
			"459=averylongname0-q2-guest-rx 461=averylongname0-q2-dealloc "
			"462=averylongname0-q3-guest-rx 463=averylongname0-q3-dealloc" },
	};
	_cleanup_free_ char *stacks = read_data(HOST ".stacks");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vifs); i++) {
		struct row row = { .dev = vifs[i].dev, .n_queues = 4 };
		struct targets threads = { 0 }, targets = { 0 };
		_cleanup_free_ char *got = NULL;
		size_t len;
		FILE *f = open_text(&got, &len);

		read_recorded(&threads);
		expect_int(row.dev, threads.n, 16);
		add_interrupts(&row, &targets);
		expect_int(row.dev, cut_names_match(&threads, row.dev, &targets), 0);
		write_result(&targets, 4, f);
		fclose(f);
		expect_str(row.dev, got + 1, vifs[i].result);
		for (size_t j = 4; j < targets.n; j++)
			expect_int(row.dev, targets.v[j].kind,
				recorded_kind(stacks, targets.v[j].pid));
		targets_free(&threads);
		targets_free(&targets);
	}
}

/* A queue's name tells its queue, or the order does: whatever the length of the netdev's name. */
static void every_length(void **state)
{
	static const char letters[] = "abcdefghijklmno";

	(void)state;
	for (int len = 1; len < DEV_NAME_SIZE; len++) {
		struct row row = { .n_queues = 12 };
		struct targets threads = { 0 }, targets = { 0 };
		char dev[DEV_NAME_SIZE], name[TARGET_NAME_SIZE];

		snprintf(dev, sizeof dev, "%.*s", len, letters);
		row.dev = dev;
		add_interrupts(&row, &targets);
		/* The last one comes first. */
		for (int i = 23; i >= 0; i--) {
			enum target_kind kind = i % 2 ? TARGET_DEALLOC : TARGET_GUEST_RX;
			struct target *added;

			vifname_of_target(dev, true, (unsigned int)i / 2, kind, name);
			if (strlen(name) < COMM_CUT)
				continue;
			added = array_add(&threads.v, &threads.n, sizeof *added);
			assert_non_null(added);
			added->pid = 500 + i;
			name[COMM_CUT] = '\0';
			read_text(added->name, sizeof added->name, name);
		}
		expect_int(dev, cut_names_match(&threads, dev, &targets), 0);
		expect_int(dev, targets.n - 12, threads.n);
		for (size_t i = 12; i < targets.n; i++) {
			const struct target *t = &targets.v[i];
			bool dealloc = t->kind == TARGET_DEALLOC;

			expect_int(dev, t->pid, 500 + 2 * t->queue + dealloc);
			vifname_of_target(dev, true, t->queue, t->kind, name);
			expect_str(dev, t->name, name);
			expect_true(dev, !t->unsure);
		}
		targets_free(&threads);
		targets_free(&targets);
	}
}

int main(void)
{
	static const struct CMUnitTest cut_names[] = {
		UNIT_TEST(matching),
		UNIT_TEST(every_length),
		UNIT_TEST(recorded_threads),
	};

	return cmocka_run_group_tests(cut_names, NULL, NULL);
}
