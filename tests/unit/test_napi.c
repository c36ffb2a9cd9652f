// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "napi.h"
#include "thread_text.h"
#include "util.h"

/*
 * Threads are written as thread_text.h has them. What comes out is "PID=qN" of each thread that is
 * the vif's, in the targets' order, or "PID?qN" if that is a guess.
 */
static const struct row {
	const char *name, *dev;
	unsigned int n_queues;
	const char *threads, *result;
} rows[] = {
	{ .name = "no thread", .dev = "vif1.0", .n_queues = 2, .threads = "", .result = "" },
	{ .name = "no queue", .dev = "vif1.0", .threads = "500:napi/vif1.0-8194", .result = "" },
	{ .name = "the lowest ID is queue 0's, whichever thread was made first",
		.dev = "vif1.0",
		.n_queues = 3,
		.threads = "502:napi/vif1.0-8195 500:napi/vif1.0-8196 501:napi/vif1.0-8194",
		.result = "501=q0 502=q1 500=q2" },
	{ .name = "IDs are numbers",
		.dev = "vif1.0",
		.n_queues = 2,
		.threads = "501:napi/vif1.0-10000 500:napi/vif1.0-9999",
		.result = "500=q0 501=q1" },
	{ .name = "the longest name",
		.dev = "averylongname01",
		.n_queues = 1,
		.threads = "500:napi/averylongname01-4294967295",
		.result = "500=q0" },
	{ .name = "other threads, of this vif and of others",
		.dev = "vif1.1",
		.n_queues = 1,
		.threads = "490:vif1.1-q0-guest-rx 491:napi/vif1.10-8194 492:napi/vif1.1-8200 "
			   "493:napi/eth0-8193 494:napi/vif1.1-q0-8193",
		.result = "492=q0" },
	{ .name = "one is missing: which?",
		.dev = "vif1.0",
		.n_queues = 3,
		.threads = "500:napi/vif1.0-8194 501:napi/vif1.0-8196",
		.result = "500?q0 501?q1" },
	{ .name = "one too many: another netdev's may be among them",
		.dev = "vif1.0",
		.n_queues = 1,
		.threads = "500:napi/vif1.0-8194 501:napi/vif1.0-8196",
		.result = "" },
	{ .name = "a name that may have been cut is none",
		.dev = "vif1.0",
		.n_queues = 1,
		.threads = "500:napi/vif1.0-819",
		.result = "" },
};

static void matching(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct targets threads = { 0 }, targets = { .n_queues = rows[i].n_queues };
		struct pen pen = { 0 };

		read_threads(rows[i].threads, &threads);
		expect_int(rows[i].name, napi_match(&threads, rows[i].dev, &targets), 0);
		for (size_t j = 0; j < targets.n; j++) {
			const struct target *t = &targets.v[j];

			put_down(&pen, "%s%d%sq%u", pen.len ? " " : "", (int)t->pid,
				t->unsure ? "?" : "=", t->queue);
			expect_int(rows[i].name, t->kind, TARGET_NAPI);
			expect_int(rows[i].name, strncmp(t->name, "napi/", 5), 0);
		}
		expect_str(rows[i].name, pen.text, rows[i].result);
		targets_free(&threads);
		targets_free(&targets);
	}
}

int main(void)
{
	static const struct CMUnitTest napi[] = {
		UNIT_TEST(matching),
	};

	return cmocka_run_group_tests(napi, NULL, NULL);
}
