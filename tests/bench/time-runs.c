// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * time-runs [-c] [-u] N COMMAND [ARG]... [-- COMMAND [ARG]...]...: runs each command N times, in
 *turn, so that a machine whose speed drifts does so for all of them. Prints a line for each:
 *
 *	MEDIAN LEAST RATIO
 *
 * The first two are milliseconds from before the start of the process to after its end, or with -c
 * of CPU time, its children's included; the ratio is the median of those to the last command's run
 * of the same turn. With -u, three more follow: milliseconds of CPU time as a user and in the
 *kernel, medians, and the most memory that was resident, in KB. What the commands print is thrown
 *away; one that does not exit with 0 ends the measurement.
 */
#include <err.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define COMMANDS 16

extern char **environ;

static char **commands[COMMANDS];
static int n_commands, n_runs;
static bool cpu_time;  /* -c */
static bool usage_too; /* -u */

/* What is measured of each run; n_runs of each command. */
enum { TIME, USER, SYSTEM, PEAK, MEASURES };
static double *times[MEASURES];
static posix_spawn_file_actions_t quiet;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double milliseconds(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

/* Into the place of this run. */
static void run(char **argv, int place)
{
	double start = now();
	struct rusage used;
	int r, status;
	pid_t pid;

	r = posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ);
	if (r)
		errx(1, "%s: %s", argv[0], strerror(r));
	if (wait4(pid, &status, 0, &used) != pid || status != 0)
		errx(1, "%s ... ended with status %#x", argv[0], status);
	times[USER][place] = milliseconds(used.ru_utime);
	times[SYSTEM][place] = milliseconds(used.ru_stime);
	times[PEAK][place] = (double)used.ru_maxrss;
	times[TIME][place] = cpu_time ? times[USER][place] + times[SYSTEM][place] : now() - start;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts them. */
static double median(double *v)
{
	qsort(v, (size_t)n_runs, sizeof *v, compare);
	return v[n_runs / 2];
}

static void usage(void)
{
	errx(2, "usage: time-runs [-c] [-u] N COMMAND [ARG]... [-- COMMAND [ARG]...]...");
}

/* Cuts the arguments at each "--". */
static void parse(char **argv)
{
	commands[n_commands++] = argv;
	for (; *argv; argv++) {
		if (strcmp(*argv, "--") != 0)
			continue;
		if (n_commands == COMMANDS)
			errx(2, "more than %d commands", COMMANDS);
		*argv = NULL;
		commands[n_commands++] = argv + 1;
	}
	for (int i = 0; i < n_commands; i++) {
		if (!*commands[i])
			usage();
	}
}

/* The first turn is not counted. */
static void run_all(void)
{
	for (int i = 0; i < n_commands; i++)
		run(commands[i], i * n_runs);
	for (int turn = 0; turn < n_runs; turn++) {
		for (int i = 0; i < n_commands; i++)
			run(commands[i], i * n_runs + turn);
	}
}

/* From the first on: the last one's times have to be in their order until the end. */
static void print_all(double *ratios)
{
	const double *last = times[TIME] + (n_commands - 1) * n_runs;

	for (int i = 0; i < n_commands; i++) {
		double *own = times[TIME] + i * n_runs, ratio, middle;

		for (int turn = 0; turn < n_runs; turn++)
			ratios[turn] = own[turn] / last[turn];
		ratio = median(ratios);
		middle = median(own);
		printf("%.2f %.2f %.2f", middle, own[0], ratio);
		for (int what = USER; usage_too && what < PEAK; what++)
			printf(" %.2f", median(times[what] + i * n_runs));
		if (usage_too) {
			median(times[PEAK] + i * n_runs);
			printf(" %.0f", times[PEAK][i * n_runs + n_runs - 1]);
		}
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	double *ratios;

	for (; argc > 1 && *argv[1] == '-'; argc--, argv++) {
		cpu_time |= strcmp(argv[1], "-c") == 0;
		usage_too |= strcmp(argv[1], "-u") == 0;
	}
	n_runs = argc > 2 ? atoi(argv[1]) : 0;
	if (n_runs < 1)
		usage();
	parse(argv + 2);
	for (int what = 0; what < MEASURES; what++) {
		times[what] = calloc((size_t)n_commands * (size_t)n_runs, sizeof **times);
		if (!times[what])
			errx(1, "out of memory");
	}
	ratios = calloc((size_t)n_runs, sizeof *ratios);
	if (!ratios)
		errx(1, "out of memory");
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	run_all();
	print_all(ratios);
	return 0;
}
