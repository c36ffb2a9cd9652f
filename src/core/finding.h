// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * finding.h - what a check of doctor's has come to.
 */
#pragma once

enum health {
	HEALTH_OK,
	HEALTH_WARNING, /* pins work, but not as well or as long as they could */
	HEALTH_PROBLEM, /* pins do not work, or do not last */
};

struct finding {
	const char *check; /* its name, a word */
	enum health health;
	char reason[640];
	char fix[256]; /* how to fix it: a command, or what to write where; "" when all is well */
};

/*
 * The finding of a check, but for its name. The format is that of the reason, and where there is
 * a fix, FIX and that of the fix: "%s is not executable" FIX "chmod 755 %s".
 */
struct finding finding_make(enum health health, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define FIX "\n"
