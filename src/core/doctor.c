// SPDX-License-Identifier: GPL-2.0-or-later
#include "doctor_checks.h"

#include "util.h"

#include <string.h>

/* What others rest on comes first. */
static const struct doctor_check *const subjects[] = {
	doctor_host_checks,
	doctor_cpu_checks,
	doctor_caller_checks,
	doctor_ledger_checks,
};

void doctor_examine(const struct doctor_facts *facts, const char *only,
	void (*each)(const struct finding *finding, void *data), void *data)
{
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++) {
		for (const struct doctor_check *check = subjects[i]; check->name; check++) {
			struct finding finding;

			if (only && strcmp(check->name, only) != 0)
				continue;
			finding = check->look(facts);
			finding.check = check->name;
			each(&finding, data);
		}
	}
}
