// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * simulate: how even the work of vifs is on the CPUs, with vifpin and with what there is without
 *it.
 *
 *	simulate [RUNS [SEED]]
 *
 * Prints the tables of docs/benchmarks.md, which says what they show. A run is a host of its own,
 *by a seed of its own, for 13 minutes; all policies get the same hosts and the same
 *traffic.
 */
#include "policies.h"

#include "util.h"

#include <stdio.h>
#include <stdlib.h>

#define RUNS_MAX 101
#define MINUTES  13
#define SETTLED  3 /* minutes, after which figures are taken */

#define MINUTES_MAX 60 /* for what comes to rest by itself */

static const struct {
	const char *name;
	double share[SIDE_COUNT];
} directions[] = {
	{ "50:50", { 0.5, 0.5 } },
	{ "80:20", { 0.8, 0.2 } },
	{ "100:0", { 1, 0 } },
	{ "0:100", { 0, 1 } },
};

/* A table each. */
static const struct load_kind kinds[] = {
	{ .name = "Every queue the same", .traffic = TRAFFIC_ALIKE },
	{ .name = "Uniform, constant", .traffic = TRAFFIC_UNIFORM },
	{ .name = "Uniform, changing", .traffic = TRAFFIC_UNIFORM, .changes = 0.05 },
	{ .name = "Heavy-tailed, constant", .traffic = TRAFFIC_HEAVY },
	{ .name = "Heavy-tailed, changing", .traffic = TRAFFIC_HEAVY, .changes = 0.05 },
};

static const unsigned int cpus[] = { 4, 8, 16, 64 }, vifs[] = { 10, 100, 1000 };

#define ROWS         (ARRAY_SIZE(cpus) * ARRAY_SIZE(vifs))
#define POLICIES_MAX 10

#define NEARLY 1.1

/* --- a run ----------------------------------------------------------------------------------- */

/* Moves: until it has settled, and a minute later on. REST: the minute in which nothing moves any
 * more. */
enum figure { UNEVENNESS, BOUND, MOVES_FIRST, MOVES_LATER, REST, FIGURES };

struct result {
	double v[FIGURES];
};

static bool is_over(const struct policy *policy, const struct load_kind *kind, unsigned int minute,
	unsigned int moved)
{
	if (minute <= SETTLED || kind->changes > 0)
		return minute == MINUTES;
	if (policy->rests)
		return !moved || minute == MINUTES_MAX;
	return !policy->act || policy->once || minute == MINUTES;
}

/* Whatever acts does so every ten seconds; what it has come to is looked at amid each minute. */
static double pass_minute(struct host *host, const struct policy *policy, unsigned int minute)
{
	double unevenness = 0;

	for (unsigned int tick = 1; tick <= TICKS; tick++) {
		if (policy->act)
			policy->act(host, minute * TICKS + tick);
		if (tick == TICKS / 2)
			unevenness = host_unevenness(host, policy->free_threads);
	}
	return unevenness;
}

/* Of constant traffic the first look counts, of changing traffic the mean. */
static struct result run(
	struct host *host, const struct policy *policy, const struct load_kind *kind)
{
	unsigned int looks = 0, before = 0, first = 0, later = 0;
	struct result result = { 0 };

	irqbalance_begin();
	host->moves = 0;
	for (unsigned int minute = 0; !is_over(policy, kind, minute, host->moves - before);
		minute++) {
		double unevenness;

		before = host->moves;
		if (minute == SETTLED)
			first = before;
		if (minute)
			host_change_traffic(host, kind);
		unevenness = pass_minute(host, policy, minute);
		if (minute < MINUTES)
			later = host->moves - first;
		if (host->moves > before)
			result.v[REST] = minute + 1;
		if (minute < SETTLED || (looks && kind->changes == 0))
			continue;
		looks++;
		result.v[UNEVENNESS] += unevenness;
		result.v[BOUND] += host_bound(host);
	}
	result.v[UNEVENNESS] /= looks;
	result.v[BOUND] /= looks;
	result.v[MOVES_FIRST] = first;
	result.v[MOVES_LATER] = 1.0 * later / (MINUTES - SETTLED);
	return result;
}

/* --- all of them ----------------------------------------------------------------------------- */

static struct result samples[ARRAY_SIZE(kinds)][ARRAY_SIZE(directions)][RUNS_MAX];
static struct result results[ARRAY_SIZE(kinds)][ARRAY_SIZE(directions)][ROWS][POLICIES_MAX];

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *v, unsigned int n)
{
	qsort(v, n, sizeof *v, compare);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static double mean(const double *v, unsigned int n)
{
	double sum = 0;

	for (unsigned int i = 0; i < n; i++)
		sum += v[i];
	return sum / n;
}

/* Of moves the mean: where most runs have none, the others count too. */
static struct result median_of(const struct result *of, unsigned int n)
{
	struct result result;

	for (enum figure figure = 0; figure < FIGURES; figure++) {
		double v[RUNS_MAX];

		for (unsigned int i = 0; i < n; i++)
			v[i] = of[i].v[figure];
		result.v[figure] = figure < MOVES_FIRST ? median(v, n) : mean(v, n);
	}
	return result;
}

static void run_all_kinds(size_t row, const struct policy *policy, unsigned int i, uint64_t seed)
{
	static struct host host;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (size_t d = 0; d < ARRAY_SIZE(directions); d++) {
			struct load_kind kind = kinds[k];

			for (enum side side = 0; side < SIDE_COUNT; side++)
				kind.share[side] = directions[d].share[side];
			host_begin(&host, cpus[row / ARRAY_SIZE(vifs)],
				vifs[row % ARRAY_SIZE(vifs)], seed + i, &kind, policy->place);
			samples[k][d][i] = run(&host, policy, &kind);
		}
	}
}

static void simulate(size_t row, size_t p, unsigned int runs, uint64_t seed)
{
	for (unsigned int i = 0; i < runs; i++)
		run_all_kinds(row, &policies[p], i, seed);
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (size_t d = 0; d < ARRAY_SIZE(directions); d++)
			results[k][d][row][p] = median_of(samples[k][d], runs);
	}
}

/* --- tables ---------------------------------------------------------------------------------- */

static void print_head(const char *columns)
{
	size_t n = 0;

	printf("| %s", columns);
	for (; policies[n].name; n++)
		printf(" | %s", policies[n].name);
	printf(" |\n|---");
	for (const char *c = columns; *c; c++)
		n += *c == '|';
	for (size_t i = 0; i < n; i++)
		printf("|---");
	printf("|\n");
}

/* The median of all rows. */
static void print_summary(void)
{
	printf("All sizes of host:\n\n");
	print_head("traffic | tx:rx | best");
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (size_t d = 0; d < ARRAY_SIZE(directions); d++) {
			struct result of_rows[ROWS];

			printf("| %s | %s", kinds[k].name, directions[d].name);
			for (size_t p = 0; policies[p].name; p++) {
				for (size_t row = 0; row < ROWS; row++)
					of_rows[row] = results[k][d][row][p];
				if (!p)
					printf(" | %.2f", median_of(of_rows, ROWS).v[BOUND]);
				printf(" | %.2f", median_of(of_rows, ROWS).v[UNEVENNESS]);
			}
			printf(" |\n");
		}
	}
}

/* What may be expected of who moves by itself while traffic stays as it is. */
static void print_rest(size_t k, size_t p)
{
	double moves = 0, rest = 0;
	unsigned int even = 0, calm = 0;

	for (size_t i = 0; i < ARRAY_SIZE(directions) * ROWS; i++) {
		const double *v = results[k][i / ROWS][i % ROWS][p].v;

		even += v[UNEVENNESS] <= NEARLY * v[BOUND];
		calm += v[MOVES_LATER] <= 1;
		moves = v[MOVES_LATER] > moves ? v[MOVES_LATER] : moves;
		rest = v[REST] > rest ? v[REST] : rest;
	}
	printf("| %s | %s | %u | %u | %.1f | %.0f |\n", kinds[k].name, policies[p].name, even, calm,
		moves, rest);
}

static void print_rests(void)
{
	printf("\nAfter the third minute of constant traffic, of %zu rows:\n\n"
	       "| traffic | policy | within a tenth of the best | at most one move a minute | most "
	       "moves a minute | at rest after minute |\n|---|---|---|---|---|---|\n",
		ARRAY_SIZE(directions) * ROWS);
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (size_t p = 0; policies[p].name; p++) {
			if (kinds[k].changes == 0 && policies[p].rests)
				print_rest(k, p);
		}
	}
}

static void print_row(size_t k, size_t d, size_t row)
{
	const struct result *of = results[k][d][row];

	printf("| %s | %u | %u | %.2f", directions[d].name, cpus[row / ARRAY_SIZE(vifs)],
		vifs[row % ARRAY_SIZE(vifs)], of[0].v[BOUND]);
	for (size_t p = 0; policies[p].name; p++) {
		printf(" | %.2f", of[p].v[UNEVENNESS]);
		if (policies[p].act)
			printf(" (%.0f, %.1f)", of[p].v[MOVES_FIRST], of[p].v[MOVES_LATER]);
	}
	printf(" |\n");
}

static void print_table(size_t k)
{
	printf("\n%s:\n\n", kinds[k].name);
	print_head("tx:rx | CPUs | vifs | best");
	for (size_t d = 0; d < ARRAY_SIZE(directions); d++) {
		for (size_t row = 0; row < ROWS; row++)
			print_row(k, d, row);
	}
}

int main(int argc, char **argv)
{
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 11;
	unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;

	if (!runs || runs > RUNS_MAX) {
		fprintf(stderr, "usage: simulate [RUNS [SEED]]; RUNS from 1 to %d\n", RUNS_MAX);
		return 2;
	}
	for (size_t row = 0; row < ROWS; row++) {
		for (size_t p = 0; policies[p].name; p++)
			simulate(row, p, (unsigned int)runs, seed);
	}
	printf("%lu runs, seeds %lu to %lu.\n\n", runs, seed, seed + runs - 1);
	print_summary();
	print_rests();
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		print_table(k);
	return 0;
}
