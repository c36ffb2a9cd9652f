// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz.h - what the fuzzers share.
 *
 * A fuzzer is a file that defines fuzz(): it gives a parser the bytes, and holds what comes of them
 * against what the parser's header promises, with unit.h's expect_*(). Of each that is wrong, and
 * of what the sanitizers find, run keeps the bytes.
 */
#pragma once

#include "unit.h"

#include "util.h"

/* `len` bytes, in memory of their own, and a NUL behind them. */
static void fuzz(const char *text, size_t len);

/* libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_free_ char *text = exact_copy((const char *)bytes, len);

	fuzz(text, len);
	if (!wrong_rows)
		return 0;
	fflush(stdout);
	abort();
}
