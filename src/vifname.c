// SPDX-License-Identifier: GPL-2.0-or-later
#include "vifname.h"

#include "util.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

int vif_id_compare(const struct vif_id *a, const struct vif_id *b)
{
	if (a->domid != b->domid)
		return a->domid < b->domid ? -1 : 1;
	if (a->devid != b->devid)
		return a->devid < b->devid ? -1 : 1;
	return 0;
}

/* Moves *p behind `prefix` when the text starts with it. */
static bool skip(const char **p, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(*p, prefix, n) != 0)
		return false;
	*p += n;
	return true;
}

/* Moves *p behind "/local/domain/B/" where there is one; *backend is B or -1. */
static bool skip_domain_path(const char **p, int *backend)
{
	unsigned long number;

	*backend = -1;
	if (!skip(p, "/local/domain/"))
		return **p != '/';
	if (!parse_number(*p, p, DOMID_MAX, &number) || !skip(p, "/"))
		return false;
	*backend = (int)number;
	return true;
}

bool vifname_parse_path(const char *path, struct vif_id *id, int *backend)
{
	unsigned long domid, devid;
	const char *p = path;
	int owner;

	if (!skip_domain_path(&p, &owner) || !skip(&p, "backend/vif/"))
		return false;
	if (!parse_number(p, &p, DOMID_MAX, &domid) || !skip(&p, "/"))
		return false;
	if (!parse_number(p, NULL, DEVID_MAX, &devid))
		return false;
	id->domid = (unsigned int)domid;
	id->devid = (unsigned int)devid;
	*backend = owner;
	return true;
}

enum vif_path vifname_parse_event(const char *path, struct vif_id *id, const char **key)
{
	unsigned long number;
	const char *p = path;
	int owner;

	if (!skip_domain_path(&p, &owner) || !skip(&p, "backend/vif"))
		return VIF_PATH_OTHER;
	if (!*p)
		return VIF_PATH_ROOT;
	if (!skip(&p, "/") || !parse_number(p, &p, DOMID_MAX, &number))
		return VIF_PATH_OTHER;
	id->domid = (unsigned int)number;
	if (!*p)
		return VIF_PATH_DOMAIN;
	if (!skip(&p, "/") || !parse_number(p, &p, DEVID_MAX, &number))
		return VIF_PATH_OTHER;
	id->devid = (unsigned int)number;
	if (!*p)
		return VIF_PATH_VIF;
	if (!skip(&p, "/"))
		return VIF_PATH_OTHER;
	*key = p;
	return VIF_PATH_KEY;
}

bool vifname_is_mac(const char *text)
{
	for (int i = 0; i < 17; i++) {
		unsigned char c = (unsigned char)text[i];

		if (i % 3 == 2 ? c != ':' && c != '-' : !isxdigit(c))
			return false;
	}
	return !text[17];
}

bool vifname_same_mac(const char *a, const char *b)
{
	if (!vifname_is_mac(a) || !vifname_is_mac(b))
		return false;
	for (int i = 0; i < 17; i++) {
		if (i % 3 != 2 && tolower((unsigned char)a[i]) != tolower((unsigned char)b[i]))
			return false;
	}
	return true;
}

bool vifname_is_dev(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= DEV_NAME_SIZE || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		if (c == '/' || c == ':' || isspace(c) || iscntrl(c))
			return false;
	}
	return true;
}

void vifname_default_dev(struct vif_id id, char dev[DEV_NAME_SIZE])
{
	snprintf(dev, DEV_NAME_SIZE, "vif%u.%u", id.domid % (DOMID_MAX + 1),
		id.devid % (DEVID_MAX + 1));
}

bool vifname_is_default_dev(const char *name)
{
	unsigned long number;
	const char *p = name;

	return skip(&p, "vif") && parse_number(p, &p, DOMID_MAX, &number) && skip(&p, ".") &&
	       parse_number(p, NULL, DEVID_MAX, &number);
}

/* Reads "-qN" at *p if it is there; queue 0 when not. */
static bool skip_queue(const char **p, unsigned int *queue)
{
	unsigned long number;

	*queue = 0;
	if (!skip(p, "-q"))
		return true;
	if (!parse_number(*p, p, QUEUES_MAX - 1, &number))
		return false;
	*queue = (unsigned int)number;
	return true;
}

static bool match(const char *dev, const char *name, const char *const suffix[SIDE_COUNT],
	unsigned int *queue, enum vif_side *side)
{
	const char *p = name;
	unsigned int number;

	if (!skip(&p, dev) || !skip_queue(&p, &number))
		return false;
	for (int i = 0; i < SIDE_COUNT; i++) {
		if (suffix[i] && strcmp(p, suffix[i]) == 0) {
			*queue = number;
			*side = (enum vif_side)i;
			return true;
		}
	}
	return false;
}

bool vifname_match_interrupt(
	const char *dev, const char *action, unsigned int *queue, enum vif_side *side)
{
	static const char *const suffix[SIDE_COUNT] = {
		[SIDE_TX] = "-tx",
		[SIDE_RX] = "-rx",
		[SIDE_BOTH] = "",
	};

	return match(dev, action, suffix, queue, side);
}

bool vifname_match_thread(
	const char *dev, const char *comm, unsigned int *queue, enum vif_side *side)
{
	static const char *const suffix[SIDE_COUNT] = {
		[SIDE_GUEST_RX] = "-guest-rx",
		[SIDE_DEALLOC] = "-dealloc",
	};

	return match(dev, comm, suffix, queue, side);
}
