// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * doctor_checks.h - what the files with doctor's checks share. Nobody else includes it.
 */
#pragma once

#include "doctor.h"
#include "paths.h"

/* Only to be shown: nothing is read here. */
#define CONF "/" PATH_CONFIG

struct doctor_check {
	const char *name; /* one word */
	struct finding (*look)(const struct doctor_facts *facts);
};

/* A table for each subject, in the order of doctor_examine(); a row without a name ends it. */
extern const struct doctor_check doctor_host_checks[], doctor_cpu_checks[], doctor_caller_checks[],
	doctor_ledger_checks[];

/* What a check returns, as of finding_make(). */
#define ok(...)      finding_make(HEALTH_OK, __VA_ARGS__)
#define warning(...) finding_make(HEALTH_WARNING, __VA_ARGS__)
#define problem(...) finding_make(HEALTH_PROBLEM, __VA_ARGS__)

static inline const char *plural(size_t n, const char *one, const char *more)
{
	return n == 1 ? one : more;
}

/* A set as people read it, cut where it is very long. */
struct cpus_text {
	char s[104];
};

/* "CPU 2", "CPUs 2-3" */
struct cpus_text doctor_name_cpus(const struct cpuset *set);
