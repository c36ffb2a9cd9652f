// SPDX-License-Identifier: GPL-2.0-or-later
#include "xlconf.h"

#include "library.h"
#include "util.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIBXL_API_VERSION 0x040800
#include <libxlutil.h>

/* What is used of it. */
#define FUNCTIONS(X)                                                                               \
	X(xlu_cfg_init)                                                                            \
	X(xlu_cfg_destroy)                                                                         \
	X(xlu_cfg_readdata)                                                                        \
	X(xlu_cfg_get_string)                                                                      \
	X(xlu_cfg_get_long)                                                                        \
	X(xlu_cfg_get_list)                                                                        \
	X(xlu_cfg_get_listitem)

static struct {
	FUNCTIONS(LIBRARY_MEMBER)
} xlu;
static const char *const names[] = { FUNCTIONS(LIBRARY_NAME) };

struct xlconf {
	XLU_Config *cfg;   /* NULL where the text says nothing */
	FILE *report_file; /* has to outlive cfg */
	char *report;
	size_t report_len;
};

/* libxlutil's report is "NAME:LINE: config parsing error near ...: ...\n", more lines perhaps. */
static int syntax_error(struct xlconf *conf, const char *name, struct err *err)
{
	fflush(conf->report_file);
	conf->report[strcspn(conf->report, "\n")] = '\0';
	if (!*conf->report)
		return err_set(err, EINVAL, "%s: cannot be parsed", name);
	return err_set(err, EINVAL, "%s", conf->report);
}

static int load(const char *name, struct err *err)
{
	struct err why;
	int r = library_load(XLUTIL_LIBRARY, names, ARRAY_SIZE(names), &xlu, &why);

	return r < 0 ? err_set(err, -r,
			       "%s: cannot be parsed without libxlutil: %s; install that of the "
			       "Xen that vifpin is built for",
			       name, why.msg)
		     : 0;
}

static int parse(struct xlconf *conf, const char *text, const char *name, struct err *err)
{
	size_t len = strlen(text);
	int r = load(name, err);

	if (r < 0)
		return r;
	conf->report_file = open_memstream(&conf->report, &conf->report_len);
	if (conf->report_file)
		conf->cfg = xlu.xlu_cfg_init(conf->report_file, name);
	if (!conf->cfg)
		return err_no_memory(err);
	if (len > INT_MAX)
		return err_set(err, EINVAL, "%s: too large", name);
	if (xlu.xlu_cfg_readdata(conf->cfg, text, (int)len) != 0)
		return syntax_error(conf, name, err);
	return 0;
}

/* Only blanks and comments, as a configuration is installed. A last line that is a comment and does
 * not end is an error for libxlutil. */
static bool says_nothing(const char *text)
{
	text += strspn(text, " \t\n");
	while (*text == '#') {
		text += strcspn(text, "\n");
		if (!*text)
			return false;
		text += strspn(text, " \t\n");
	}
	return !*text;
}

int xlconf_parse(const char *text, const char *name, struct xlconf **out, struct err *err)
{
	struct xlconf *conf = calloc(1, sizeof *conf);
	int r = 0;

	if (!conf)
		return err_no_memory(err);
	if (!says_nothing(text))
		r = parse(conf, text, name, err);
	if (r == 0)
		*out = conf;
	else
		xlconf_free(conf);
	return r;
}

void xlconf_free(struct xlconf *conf)
{
	if (!conf)
		return;
	if (conf->cfg)
		xlu.xlu_cfg_destroy(conf->cfg);
	if (conf->report_file)
		fclose(conf->report_file);
	free(conf->report);
	free(conf);
}

const char *xlconf_string(const struct xlconf *conf, const char *key)
{
	const char *value;

	if (!conf->cfg || xlu.xlu_cfg_get_string(conf->cfg, key, &value, 1) != 0)
		return NULL;
	return value;
}

bool xlconf_number(const struct xlconf *conf, const char *key, long *out)
{
	return conf->cfg && xlu.xlu_cfg_get_long(conf->cfg, key, out, 1) == 0;
}

int xlconf_list_length(const struct xlconf *conf, const char *key)
{
	XLU_ConfigList *list;
	int n;

	if (!conf->cfg || xlu.xlu_cfg_get_list(conf->cfg, key, &list, &n, 1) != 0)
		return -1;
	return n;
}

const char *xlconf_list_string(const struct xlconf *conf, const char *key, int i)
{
	XLU_ConfigList *list;

	if (!conf->cfg || xlu.xlu_cfg_get_list(conf->cfg, key, &list, NULL, 1) != 0)
		return NULL;
	return xlu.xlu_cfg_get_listitem(list, i);
}
