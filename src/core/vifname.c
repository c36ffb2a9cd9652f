// SPDX-License-Identifier: GPL-2.0-or-later
#include "vifname.h"

#include "util.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum vif_path vifname_parse_path(const char *p, struct vif_id *id, int *backend, const char **key)
{
	unsigned int domid;

	*backend = -1;
	if (skip_prefix(&p, "/local/domain/")) {
		if (!parse_uint(p, &p, DOMID_MAX, &domid) || !skip_prefix(&p, "/"))
			return VIF_PATH_OTHER;
		*backend = (int)domid;
	}
	if (!skip_prefix(&p, "backend/vif"))
		return VIF_PATH_OTHER;
	if (!*p)
		return VIF_PATH_ROOT;
	if (!skip_prefix(&p, "/") || !parse_uint(p, &p, DOMID_MAX, &id->domid))
		return VIF_PATH_OTHER;
	if (!*p)
		return VIF_PATH_DOMAIN;
	if (!skip_prefix(&p, "/") || !parse_uint(p, &p, DEVID_MAX, &id->devid))
		return VIF_PATH_OTHER;
	if (!*p)
		return VIF_PATH_VIF;
	if (!skip_prefix(&p, "/"))
		return VIF_PATH_OTHER;
	*key = p;
	return VIF_PATH_KEY;
}

bool vifname_is_domid(const char *word)
{
	return *word && !word[strspn(word, "0123456789")];
}

bool vifname_is_called(const char *word, struct vif_id id, const char *dev)
{
	struct vif_id named;
	const char *p;

	if (parse_uint(word, &p, DOMID_MAX, &named.domid) && *p == '.' &&
		parse_uint(p + 1, NULL, DEVID_MAX, &named.devid))
		return vif_id_compare(&named, &id) == 0;
	return strcmp(word, dev) == 0;
}

bool vifname_is_device(const char *word, struct vif_id id, const char *mac, const char *dev)
{
	unsigned int devid;

	if (vifname_same_mac(word, mac))
		return true;
	if (parse_uint(word, NULL, DEVID_MAX, &devid))
		return devid == id.devid;
	return vifname_is_called(word, id, dev);
}

static bool joins_pairs(char c)
{
	return c == ':' || c == '-';
}

bool vifname_same_mac(const char *a, const char *b)
{
	for (int i = 0; i < 17; i++) {
		unsigned char x = (unsigned char)a[i], y = (unsigned char)b[i];
		bool joint = i % 3 == 2;

		if (joint ? !joins_pairs(a[i]) || !joins_pairs(b[i])
			  : !isxdigit(x) || tolower(x) != tolower(y))
			return false;
	}
	return !a[17] && !b[17];
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

bool vifname_is_default_dev(const char *name, struct vif_id *id)
{
	struct vif_id named;

	if (!skip_prefix(&name, "vif") || !parse_uint(name, &name, DOMID_MAX, &named.domid) ||
		!skip_prefix(&name, ".") || !parse_uint(name, NULL, DEVID_MAX, &named.devid))
		return false;
	*id = named;
	return true;
}

/* Reads "-qN" at *p and moves *p past it; without it the queue is 0. */
static bool skip_queue(const char **p, unsigned int *queue)
{
	*queue = 0;
	return !skip_prefix(p, "-q") || parse_uint(*p, p, QUEUES_MAX - 1, queue);
}

static const char *const suffixes[TARGET_KINDS] = {
	[TARGET_TX] = "-tx",
	[TARGET_RX] = "-rx",
	[TARGET_COMBINED] = "",
	[TARGET_GUEST_RX] = "-guest-rx",
	[TARGET_DEALLOC] = "-dealloc",
};

/* Is it the name of a kind from `first` to `last`? */
static bool match(const char *dev, const char *name, enum target_kind first, enum target_kind last,
	unsigned int *queue, enum target_kind *kind)
{
	unsigned int number;

	if (!skip_prefix(&name, dev) || !skip_queue(&name, &number))
		return false;
	for (enum target_kind i = first; i <= last; i++) {
		if (strcmp(name, suffixes[i]) == 0) {
			*queue = number;
			*kind = i;
			return true;
		}
	}
	return false;
}

bool vifname_match_interrupt(
	const char *dev, const char *action, unsigned int *queue, enum target_kind *kind)
{
	return match(dev, action, TARGET_TX, TARGET_COMBINED, queue, kind);
}

bool vifname_match_thread(
	const char *dev, const char *comm, unsigned int *queue, enum target_kind *kind)
{
	return strlen(comm) != COMM_CUT &&
	       match(dev, comm, TARGET_GUEST_RX, TARGET_DEALLOC, queue, kind);
}

bool vifname_match_napi(const char *dev, const char *comm, unsigned int *id)
{
	const char *p = comm;
	unsigned int number;

	if (strlen(comm) == COMM_CUT || !skip_prefix(&p, "napi/") || !skip_prefix(&p, dev) ||
		!skip_prefix(&p, "-") || !parse_uint(p, NULL, UINT_MAX, &number))
		return false;
	*id = number;
	return true;
}

void vifname_of_target(const char *dev, bool numbered, unsigned int queue, enum target_kind kind,
	char name[TARGET_NAME_SIZE])
{
	char number[16] = "";

	if (kind == TARGET_NAPI) {
		snprintf(name, TARGET_NAME_SIZE, "napi/%s of q%u", dev, queue);
		return;
	}
	if (numbered)
		snprintf(number, sizeof number, "-q%u", queue);
	snprintf(name, TARGET_NAME_SIZE, "%s%s%s", dev, number, suffixes[kind]);
}
