// SPDX-License-Identifier: GPL-2.0-or-later
/* The ledger. */
#include "fuzz.h"

#include "any_ledger.h"

static void fuzz(const char *text, size_t len)
{
	check_any_ledger("ledger", text, len);
}
