// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * finding.h - what a check of doctor's has come to.
 */
#ifndef VIFPIN_FINDING_H
#define VIFPIN_FINDING_H

enum health {
	HEALTH_OK,
	HEALTH_WARNING, /* pins work, but not as well or as long as they could */
	HEALTH_PROBLEM, /* pins do not work, or do not last */
};

/* "ok", "warning", "problem". */
const char *health_name(enum health health);

struct finding {
	const char *check; /* its name, a word */
	enum health health;
	char reason[640];
	char mend[256]; /* a command, or what to write where; "" when all is well */
};

/* The reason; nothing mends it so far. */
void finding_say(struct finding *out, enum health health, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What mends it. */
void finding_mend(struct finding *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
