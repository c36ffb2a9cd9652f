// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xlconf.h - a text in the syntax of xl.conf(5) and xl.cfg(5).
 *
 * The only user of libxlutil, which is loaded for a text that says something: the hook's call waits
 * for no library that it has no use for. Of two assignments to a key the last one holds, and keys
 * are found by their names only: libxlutil tells neither which there are nor where.
 */
#pragma once

#include "err.h"

#include <stdbool.h>

struct xlconf;

/*
 * Parses a text that is called `name` in sentences. -EINVAL with "NAME:LINE: why" (NAME
 * alone where libxlutil knows no line), -ELIBACC where libxlutil cannot be loaded, or -ENOMEM
 * with a sentence, *out untouched; else free with xlconf_free(). Not for two threads at once.
 */
int xlconf_parse(const char *text, const char *name, struct xlconf **out, struct err *err);
void xlconf_free(struct xlconf *conf);

/* A string, or NULL when the key is not there or is a list. Lives as long as conf. */
const char *xlconf_string(const struct xlconf *conf, const char *key);

/* False, *out untouched, when the key is not there or is not a number. */
bool xlconf_number(const struct xlconf *conf, const char *key, long *out);

/* How many elements a list has, -1 when the key is not there or is not a list. */
int xlconf_list_length(const struct xlconf *conf, const char *key);

/* An element that is a string, else NULL. Lives as long as conf. */
const char *xlconf_list_string(const struct xlconf *conf, const char *key, int i);
