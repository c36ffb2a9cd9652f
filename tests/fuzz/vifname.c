// SPDX-License-Identifier: GPL-2.0-or-later
/* Paths in xenstore, and names of netdevs, interrupts and threads: "NETDEV\nTEXT" or "TEXT". */
#include "fuzz.h"

#include "vifname.h"

static void check_path(const char *text)
{
	struct vif_id id;
	const char *key = NULL;
	int backend;
	enum vif_path kind = vifname_parse_path(text, &id, &backend, &key);
	char again[64];

	if (kind == VIF_PATH_KEY)
		expect_true(text, key > text && key[-1] == '/');
	if (kind != VIF_PATH_VIF)
		return;
	expect_true(text, id.domid <= DOMID_MAX && id.devid <= DEVID_MAX);
	if (backend >= 0)
		snprintf(again, sizeof again, "/local/domain/%d/backend/vif/%u/%u", backend,
			id.domid, id.devid);
	else
		snprintf(again, sizeof again, "backend/vif/%u/%u", id.domid, id.devid);
	expect_str(text, again, text);
}

static void check_mac(const char *text)
{
	if (vifname_same_mac(text, text))
		expect_int(text, strlen(text), 17);
}

/* Only a whole name is a netdev's, and its default name is one that it can have. */
static void check_dev(const char *text)
{
	struct vif_id id;
	bool is_default = vifname_is_default_dev(text, &id);

	if (is_default && strlen(text) < DEV_NAME_SIZE)
		expect_true(text, vifname_is_dev(text));
	if (vifname_is_dev(text))
		expect_true(text, *text && strlen(text) < DEV_NAME_SIZE && !strpbrk(text, "/: \n"));
}

/* What matches is made of the netdev's name, the queue and the role. */
static void check_made_of(
	const char *dev, const char *name, unsigned int queue, enum target_kind kind)
{
	static const char *const roles[TARGET_KINDS] = { "-tx", "-rx", "", "-guest-rx", "-dealloc",
		"" };
	char with[128], without[128];

	expect_true(name, queue < QUEUES_MAX && kind < TARGET_NAPI);
	snprintf(with, sizeof with, "%s-q%u%s", dev, queue, roles[kind]);
	snprintf(without, sizeof without, "%s%s", dev, roles[kind]);
	/* A thread's name of this length may have been cut. */
	expect_true(name, kind < TARGET_GUEST_RX || strlen(name) != COMM_CUT);
	expect_true(name, strcmp(name, with) == 0 || (!queue && strcmp(name, without) == 0));
}

static void check_napi(const char *dev, const char *name)
{
	char made[128];
	unsigned int id;

	if (!vifname_match_napi(dev, name, &id))
		return;
	snprintf(made, sizeof made, "napi/%s-%u", dev, id);
	expect_true(name, strcmp(name, made) == 0 && strlen(name) != COMM_CUT);
}

static void check_match(const char *dev, const char *name)
{
	enum target_kind kind = TARGET_KINDS;
	unsigned int queue = QUEUES_MAX;

	if (vifname_match_interrupt(dev, name, &queue, &kind)) {
		expect_true(name, kind < TARGET_GUEST_RX);
		check_made_of(dev, name, queue, kind);
	}
	if (vifname_match_thread(dev, name, &queue, &kind)) {
		expect_true(name, kind >= TARGET_GUEST_RX);
		check_made_of(dev, name, queue, kind);
	}
	check_napi(dev, name);
}

static void fuzz(const char *text, size_t len)
{
	const char *end = strchr(text, '\n');

	(void)len;
	check_path(text);
	check_mac(text);
	check_dev(text);
	if (end && end - text < DEV_NAME_SIZE) {
		char dev[DEV_NAME_SIZE];

		snprintf(dev, sizeof dev, "%.*s", (int)(end - text), text);
		check_match(dev, end + 1);
	}
}
