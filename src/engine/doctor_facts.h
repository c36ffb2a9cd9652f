// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * doctor_facts.h - reads from the host what doctor.h judges.
 *
 * Nothing fails: what cannot be read is as if it were not there, and the judgement says
 * what that means. Nothing is changed.
 */
#pragma once

#include "context.h"
#include "doctor.h"
#include "ledger.h"

/*
 * All of it, into *out, which is zero but for the caller's part. The caller has tried to read the
 * configuration into context->config and to connect to xenstored: what came of it is in
 * config_failure, config_is_there and xenstore_failure (msg "" where context->xenstore is
 * connected).
 */
void doctor_facts_read(const struct context *context, struct doctor_facts *out);

/* Only CPUs and NICs, for the check "nics"; the ledger is the caller's. */
void doctor_facts_read_nics(
	const struct context *context, const struct ledger *ledger, struct doctor_facts *out);
