// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "util.h"
#include "vifname.h"

/* Is it the vif 1.2 with the netdev `dev` and the MAC 00:16:3e:00:01:02? */
static void words_of_people(void **state)
{
	static const struct {
		const char *word, *dev;
		bool called, device;
	} rows[] = {
		{ "1.2", "vif1.2", true, true },
		{ "vif1.2", "vif1.2", true, true },
		{ "1.2", "web", true, true },
		{ "web", "web", true, true },
		{ "vif1.2", "web", false, false },
		{ "1.20", "vif1.2", false, false },
		{ "01.2", "vif1.2", false, false },
		{ "1.", "vif1.2", false, false },
		{ "1.2.", "1.2.", true, true },
		{ "3.4", "3.4", false, false },
		{ "vif1.20", "vif1.2", false, false },
		{ "", "vif1.2", false, false },
		{ "2", "vif1.2", false, true },
		{ "02", "vif1.2", false, false },
		{ "3", "3", true, false },
		{ "00:16:3e:00:01:02", "vif1.2", false, true },
		{ "00-16-3E-00-01-02", "vif1.2", false, true },
		{ "00:16:3e:00:01:03", "vif1.2", false, false },
	};
	const struct vif_id id = { 1, 2 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		expect_int(rows[i].word, vifname_is_called(rows[i].word, id, rows[i].dev),
			rows[i].called);
		expect_int(rows[i].word,
			vifname_is_device(rows[i].word, id, "00:16:3e:00:01:02", rows[i].dev),
			rows[i].device);
	}
}

static void order(void **state)
{
	static const struct {
		const char *row;
		struct vif_id a, b;
		int sign;
	} rows[] = {
		{ .row = "equal", .a = { 1, 2 }, .b = { 1, 2 }, .sign = 0 },
		{ .row = "devid decides", .a = { 1, 2 }, .b = { 1, 10 }, .sign = -1 },
		{ .row = "domid decides", .a = { 2, 0 }, .b = { 10, 0 }, .sign = -1 },
		{ .row = "domid before devid", .a = { 1, 65535 }, .b = { 2, 0 }, .sign = -1 },
		{ .row = "furthest apart",
			.a = { 0, 0 },
			.b = { UINT32_MAX, UINT32_MAX },
			.sign = -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int there = vif_id_compare(&rows[i].a, &rows[i].b);
		int back = vif_id_compare(&rows[i].b, &rows[i].a);

		expect_int(rows[i].row, (there > 0) - (there < 0), rows[i].sign);
		expect_int(rows[i].row, (back > 0) - (back < 0), -rows[i].sign);
	}
}

static void backend_paths(void **state)
{
	static const struct {
		const char *path;
		int domid, devid, backend;
	} rows[] = {
		{ .path = "backend/vif/1/0", .domid = 1, .devid = 0, .backend = -1 },
		{ .path = "backend/vif/0/0", .domid = 0, .devid = 0, .backend = -1 },
		{ .path = "backend/vif/26/13", .domid = 26, .devid = 13, .backend = -1 },
		{ .path = "backend/vif/32751/65535",
			.domid = 32751,
			.devid = 65535,
			.backend = -1 },
		{ .path = "/local/domain/0/backend/vif/1/0", .domid = 1, .devid = 0, .backend = 0 },
		{ .path = "/local/domain/5/backend/vif/1/2", .domid = 1, .devid = 2, .backend = 5 },
		{ .path = "/local/domain/32751/backend/vif/1/0",
			.domid = 1,
			.devid = 0,
			.backend = 32751 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vif_id id = { 99, 99 };
		const char *key = "untouched";
		int backend = 99;

		expect_int(rows[i].path, vifname_parse_path(rows[i].path, &id, &backend, &key),
			VIF_PATH_VIF);
		expect_str(rows[i].path, key, "untouched");
		expect_int(rows[i].path, id.domid, rows[i].domid);
		expect_int(rows[i].path, id.devid, rows[i].devid);
		expect_int(rows[i].path, backend, rows[i].backend);
	}
}

static void other_paths(void **state)
{
	static const char *const rows[] = {
		"",
		"/",
		"x",
		"backend",
		"backend/vif",
		"backend/vif/",
		"backend/vif/1",
		"backend/vif/1/",
		"backend/vif//0",
		"backend/vif/1//0",
		"backend//vif/1/0",
		"backend/vif/1/0/",
		"backend/vif/1/0/state",
		"backend/vif/1/0 ",
		" backend/vif/1/0",
		"backend/vif/1/0\n",
		"backend/vif/1 /0",
		"backend/vif/1/ 0",
		"/backend/vif/1/0",
		"./backend/vif/1/0",
		"backend/../backend/vif/1/0",
		"Backend/vif/1/0",
		"backend/VIF/1/0",
		"backend/vbd/1/0",
		"backend/vif2/1/0",
		"xbackend/vif/1/0",
		"frontend/vif/1/0",
		"device/vif/0",
		"backend/vif/-1/0",
		"backend/vif/1/-1",
		"backend/vif/+1/0",
		"backend/vif/1/+0",
		"backend/vif/01/0",
		"backend/vif/1/00",
		"backend/vif/0x1/0",
		"backend/vif/1/0x0",
		"backend/vif/1a/0",
		"backend/vif/1/0a",
		"backend/vif/a/0",
		"backend/vif/1/a",
		"backend/vif/1.0",
		"backend/vif/vif1.0",
		"backend/vif/1/0,backend/vif/2/0",
		"backend/vif/32752/0",
		"backend/vif/65536/0",
		"backend/vif/1/65536",
		"backend/vif/4294967296/0",
		"backend/vif/4294967297/0",
		"backend/vif/1/4294967296",
		"backend/vif/18446744073709551616/0",
		"backend/vif/1/18446744073709551617",
		"backend/vif/99999999999999999999999999999999/0",
		"local/domain/0/backend/vif/1/0",
		"/local/domain/backend/vif/1/0",
		"/local/domain//backend/vif/1/0",
		"/local/domain/00/backend/vif/1/0",
		"/local/domain/-1/backend/vif/1/0",
		"/local/domain/32752/backend/vif/1/0",
		"/local/domain/0x0/backend/vif/1/0",
		"/local/domain/0//backend/vif/1/0",
		"/local/domain/0/device/vif/0",
		"/local/domain/0/local/domain/0/backend/vif/1/0",
		"/local/domain/0",
		"/local/domain/0/",
		"//local/domain/0/backend/vif/1/0",
		"/local/domain/0/backend/vif/1/0/state",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vif_id id;
		const char *key;
		int backend;

		expect_true(
			rows[i], vifname_parse_path(rows[i], &id, &backend, &key) != VIF_PATH_VIF);
	}
}

static void watch_events(void **state)
{
	static const struct {
		const char *path;
		enum vif_path kind;
		int domid, devid; /* -1: left alone */
		const char *key;  /* NULL: left alone */
	} rows[] = {
		{ .path = "backend/vif", .kind = VIF_PATH_ROOT, .domid = -1, .devid = -1 },
		{ .path = "backend/vif/1", .kind = VIF_PATH_DOMAIN, .domid = 1, .devid = -1 },
		{ .path = "backend/vif/1/0", .kind = VIF_PATH_VIF, .domid = 1, .devid = 0 },
		{ .path = "backend/vif/32751/65535",
			.kind = VIF_PATH_VIF,
			.domid = 32751,
			.devid = 65535 },
		{ .path = "backend/vif/1/0/state",
			.kind = VIF_PATH_KEY,
			.domid = 1,
			.devid = 0,
			.key = "state" },
		{ .path = "backend/vif/10/2/hotplug-status",
			.kind = VIF_PATH_KEY,
			.domid = 10,
			.devid = 2,
			.key = "hotplug-status" },
		{ .path = "backend/vif/1/0/a/b",
			.kind = VIF_PATH_KEY,
			.domid = 1,
			.devid = 0,
			.key = "a/b" },
		{ .path = "/local/domain/0/backend/vif",
			.kind = VIF_PATH_ROOT,
			.domid = -1,
			.devid = -1 },
		{ .path = "/local/domain/0/backend/vif/7",
			.kind = VIF_PATH_DOMAIN,
			.domid = 7,
			.devid = -1 },
		{ .path = "/local/domain/0/backend/vif/7/1",
			.kind = VIF_PATH_VIF,
			.domid = 7,
			.devid = 1 },
		{ .path = "/local/domain/0/backend/vif/7/1/state",
			.kind = VIF_PATH_KEY,
			.domid = 7,
			.devid = 1,
			.key = "state" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vif_id id = { 99, 99 };
		const char *key = "untouched";
		int backend;

		expect_int(rows[i].path, vifname_parse_path(rows[i].path, &id, &backend, &key),
			rows[i].kind);
		if (rows[i].domid >= 0)
			expect_int(rows[i].path, id.domid, rows[i].domid);
		if (rows[i].devid >= 0)
			expect_int(rows[i].path, id.devid, rows[i].devid);
		expect_str(rows[i].path, key, rows[i].key ? rows[i].key : "untouched");
	}
}

static void other_watch_events(void **state)
{
	static const char *const rows[] = {
		"",
		"backend",
		"backend/",
		"backend/vbd/1/0/state",
		"backend/vif2",
		"backend/vif2/1/0",
		"backend/vif/",
		"backend/vif/x",
		"backend/vif/1x",
		"backend/vif/01",
		"backend/vif/-1",
		"backend/vif/32752",
		"backend/vif/1/",
		"backend/vif/1/x",
		"backend/vif/1/0x",
		"backend/vif/1/00",
		"backend/vif/1/65536/state",
		"/backend/vif/1/0",
		"/local/domain/0/device/vif/0/state",
		"/local/domain/x/backend/vif/1/0",
		"@introduceDomain",
		"@releaseDomain",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *key = "untouched";
		struct vif_id id;
		int backend;

		expect_int(
			rows[i], vifname_parse_path(rows[i], &id, &backend, &key), VIF_PATH_OTHER);
		expect_str(rows[i], key, "untouched");
	}
}

static void netdev_names(void **state)
{
	static const struct {
		const char *name;
		bool valid;
	} rows[] = {
		{ "vif1.0", true },
		{ "averylongname0", true },
		{ "123456789012345", true },
		{ "1234567890123456", false },
		{ "a", true },
		{ "...", true },
		{ "-q0-tx", true },
		{ "n\xc3\xa4h", true },
		{ "", false },
		{ ".", false },
		{ "..", false },
		{ "a/b", false },
		{ "/", false },
		{ "../../x", false },
		{ "eth0:1", false },
		{ "a b", false },
		{ " a", false },
		{ "a\t", false },
		{ "a\n", false },
		{ "a\v", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_int(rows[i].name, vifname_is_dev(rows[i].name), rows[i].valid);
}

static void default_names(void **state)
{
	static const struct {
		struct vif_id id;
		const char *dev;
	} rows[] = {
		{ { 0, 0 }, "vif0.0" },
		{ { 1, 10 }, "vif1.10" },
		{ { 26, 1 }, "vif26.1" },
		{ { 32751, 65535 }, "vif32751.65535" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char dev[DEV_NAME_SIZE];

		vifname_default_dev(rows[i].id, dev);
		expect_str(rows[i].dev, dev, rows[i].dev);
		expect_true(rows[i].dev, vifname_is_dev(dev));
	}
}

static void default_name_forms(void **state)
{
	static const struct {
		const char *name;
		bool yes;
	} rows[] = {
		{ "vif0.0", true },
		{ "vif1.10", true },
		{ "vif32751.65535", true },
		{ "", false },
		{ "vif", false },
		{ "vif1", false },
		{ "vif1.", false },
		{ "vif.1", false },
		{ "vif0", false },
		{ "vif1.0 ", false },
		{ " vif1.0", false },
		{ "vif 1.0", false },
		{ "vif1.0.0", false },
		{ "vif1-0", false },
		{ "vif1.0-emu", false },
		{ "vif01.0", false },
		{ "vif1.00", false },
		{ "vif-1.0", false },
		{ "vif1.x", false },
		{ "vif32752.0", false },
		{ "vif1.65536", false },
		{ "VIF1.0", false },
		{ "xvif1.0", false },
		{ "tap1.0", false },
		{ "eth0", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vif_id id, spoilt;
		char name[DEV_NAME_SIZE];

		spoil(&id, sizeof id);
		spoilt = id;
		expect_int(rows[i].name, vifname_is_default_dev(rows[i].name, &id), rows[i].yes);
		if (rows[i].yes)
			vifname_default_dev(id, name);
		else
			expect_int(rows[i].name, vif_id_compare(&id, &spoilt), 0);
		expect_str(rows[i].name, rows[i].yes ? name : rows[i].name, rows[i].name);
	}
}

static void macs(void **state)
{
	static const struct {
		const char *text;
		bool yes;
	} rows[] = {
		{ "00:16:3e:00:01:02", true },
		{ "00-16-3E-00-01-02", true },
		{ "aA:Bb:cC:Dd:eE:fF", true },
		{ "", false },
		{ "0", false },
		{ "7", false },
		{ "00:16:3e", false },
		{ "00:16:3e:00:01", false },
		{ "00:16:3e:00:01:", false },
		{ "00:16:3e:00:01:0", false },
		{ "00:16:3e:00:01:023", false },
		{ "00:16:3e:00:01:02 ", false },
		{ " 00:16:3e:00:01:02", false },
		{ "00:16:3e:00:01:02:03", false },
		{ "00:16:3e:00:01:0g", false },
		{ "0:16:3e:00:01:02", false },
		{ "0:016:3e:00:01:02", false },
		{ "00.16.3e.00.01.02", false },
		{ "00163e000102", false },
		{ "00::16:3e:00:01:2", false },
		{ ":::::::::::::::::", false },
		{ "-----------------", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = exact_copy(rows[i].text, strlen(rows[i].text));

		expect_int(text, vifname_same_mac(text, text), rows[i].yes);
	}
}

static void same_macs(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ .a = "00:16:3e:0a:0b:0c", .b = "00:16:3e:0a:0b:0c", .same = true },
		{ .a = "00:16:3e:0a:0b:0c", .b = "00:16:3E:0A:0B:0C", .same = true },
		{ .a = "00:16:3e:0a:0b:0c", .b = "00-16-3E-0a-0B-0c", .same = true },
		{ .a = "00:16:3e:0a:0b:0c", .b = "00:16:3e:0a:0b:0d", .same = false },
		{ .a = "00:16:3e:0a:0b:0c", .b = "10:16:3e:0a:0b:0c", .same = false },
		{ .a = "00:16:3e:0a:0b:0c", .b = "00:16:3e:0a:0b:0", .same = false },
		{ .a = "00:16:3e:0a:0b:0c", .b = "00:16:3e:0a:0b:0cc", .same = false },
		{ .a = "00:16:3e:0a:0b:0c", .b = "", .same = false },
		{ .a = "", .b = "", .same = false },
		{ .a = "x", .b = "x", .same = false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		expect_int(rows[i].b, vifname_same_mac(rows[i].a, rows[i].b), rows[i].same);
		expect_int(rows[i].b, vifname_same_mac(rows[i].b, rows[i].a), rows[i].same);
	}
}

/* The name of an interrupt or thread, and what it tells about the netdev `dev`. */
struct match_row {
	const char *dev, *name;
	int queue; /* -1: it belongs to another netdev */
	enum target_kind kind;
};

static const struct match_row interrupt_rows[] = {
	{ .dev = "vif1.0", .name = "vif1.0-q0-tx", .queue = 0, .kind = TARGET_TX },
	{ .dev = "vif1.0", .name = "vif1.0-q0-rx", .queue = 0, .kind = TARGET_RX },
	{ .dev = "vif1.0", .name = "vif1.0-q3-tx", .queue = 3, .kind = TARGET_TX },
	{ .dev = "vif1.0", .name = "vif1.0-q10-rx", .queue = 10, .kind = TARGET_RX },
	{ .dev = "vif1.0", .name = "vif1.0-q1023-rx", .queue = 1023, .kind = TARGET_RX },
	{ .dev = "vif1.0", .name = "vif1.0-q2", .queue = 2, .kind = TARGET_COMBINED },
	{ .dev = "vif1.0", .name = "vif1.0-tx", .queue = 0, .kind = TARGET_TX },
	{ .dev = "vif1.0", .name = "vif1.0-rx", .queue = 0, .kind = TARGET_RX },
	{ .dev = "vif1.0", .name = "vif1.0", .queue = 0, .kind = TARGET_COMBINED },
	{ .dev = "averylongname0", .name = "averylongname0-q1-tx", .queue = 1, .kind = TARGET_TX },
	{ .dev = "vif32751.65535",
		.name = "vif32751.65535-q1023-tx",
		.queue = 1023,
		.kind = TARGET_TX },
	{ .dev = "123456789012345",
		.name = "123456789012345-q0-rx",
		.queue = 0,
		.kind = TARGET_RX },
	{ .dev = "vif1.1", .name = "vif1.1-q0-tx", .queue = 0, .kind = TARGET_TX },
	{ .dev = "vif1.10", .name = "vif1.10-q0-tx", .queue = 0, .kind = TARGET_TX },
	{ .dev = "vif0.0", .name = "vif0.0-q0-tx", .queue = 0, .kind = TARGET_TX },
	{ .dev = "web-q", .name = "web-q-q1-tx", .queue = 1, .kind = TARGET_TX },

	{ .dev = "vif1.1", .name = "vif1.10-q0-tx", .queue = -1 },
	{ .dev = "vif1.10", .name = "vif1.1-q0-tx", .queue = -1 },
	{ .dev = "vif1.1", .name = "vif1.10", .queue = -1 },
	{ .dev = "vif1.1", .name = "vif11.1-q0-tx", .queue = -1 },
	{ .dev = "vif1.1", .name = "xvif1.1-q0-tx", .queue = -1 },
	{ .dev = "vif0.0", .name = "vif0-q0-tx", .queue = -1 },
	{ .dev = "vif0", .name = "vif0.0-q0-tx", .queue = -1 },
	{ .dev = "vif1.0", .name = "eth0-q0-tx", .queue = -1 },
	{ .dev = "vif1.0", .name = "xen-netback-ctrl", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-ctrl", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q0-guest-rx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-guest-rx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q0-dealloc", .queue = -1 },
	{ .dev = "vif1.0", .name = "", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q-tx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q0-", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q0-t", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q0-txx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q0-tx ", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q0tx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q00-tx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q01-tx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q-1-tx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q1024-tx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q4294967296-tx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q0x0-tx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q0-q0-tx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q0-TX", .queue = -1 },
	{ .dev = "VIF1.0", .name = "vif1.0-q0-tx", .queue = -1 },
};

static const struct match_row thread_rows[] = {
	{ .dev = "vif1.0", .name = "vif1.0-q0-guest-rx", .queue = 0, .kind = TARGET_GUEST_RX },
	{ .dev = "vif1.0", .name = "vif1.0-q0-dealloc", .queue = 0, .kind = TARGET_DEALLOC },
	{ .dev = "vif1.0", .name = "vif1.0-q12-guest-rx", .queue = 12, .kind = TARGET_GUEST_RX },
	{ .dev = "vif1.0", .name = "vif1.0-q1023-dealloc", .queue = 1023, .kind = TARGET_DEALLOC },
	{ .dev = "vif.0", .name = "vif.0-guest-rx", .queue = 0, .kind = TARGET_GUEST_RX },
	{ .dev = "vif1.0", .name = "vif1.0-dealloc", .queue = 0, .kind = TARGET_DEALLOC },
	{ .dev = "averylongname0",
		.name = "averylongname0-q3-guest-rx",
		.queue = 3,
		.kind = TARGET_GUEST_RX },
	{ .dev = "vif0.0", .name = "vif0.0-dealloc", .queue = 0, .kind = TARGET_DEALLOC },

	{ .dev = "a", .name = "a-q12-guest-rx", .queue = 12, .kind = TARGET_GUEST_RX },
	{ .dev = "a", .name = "a-q1000-dealloc", .queue = -1 }, /* whole, or it may have been cut */
	{ .dev = "vif1.0", .name = "vif1.0-guest-rx", .queue = -1 },
	{ .dev = "vif1.1", .name = "vif1.1-q0-guest", .queue = -1 },
	{ .dev = "vif1.1", .name = "vif1.1-q0-gues", .queue = -1 },

	{ .dev = "vif1.1", .name = "vif1.10-q0-guest-rx", .queue = -1 },
	{ .dev = "vif1.10", .name = "vif1.1-q0-dealloc", .queue = -1 },
	{ .dev = "vif0.0", .name = "vif0-q0-guest-rx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q0", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q0-tx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q0-rx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-rx", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q00-dealloc", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q1024-dealloc", .queue = -1 },
	{ .dev = "vif1.0", .name = "vif1.0-q0-dealloc\n", .queue = -1 },
	{ .dev = "vif1.0", .name = " vif1.0-q0-dealloc", .queue = -1 },
	{ .dev = "vif1.0", .name = "napi/vif1.0-8194", .queue = -1 },
	{ .dev = "vif1.0", .name = "netback/0", .queue = -1 },
	{ .dev = "vif1.0", .name = "", .queue = -1 },
};

/* -1: it is none. */
static void napi_names(void **state)
{
	static const struct {
		const char *dev, *name;
		long long id;
	} napi_rows[] = {
		{ "vif1.0", "napi/vif1.0-8194", 8194 },
		{ "averylongname01", "napi/averylongname01-4294967295", 4294967295 },
		{ "a-1", "napi/a-1-8194", 8194 },
		{ "a", "napi/a-1-8194", -1 },
		{ "vif1.0", "napi/vif1.0-81940", 81940 },
		{ "vif1.0", "napi/vif1.0-819", -1 }, /* whole, or it may have been cut */
		{ "vif1.0", "napi/vif1.0-0", 0 },
		{ "vif1.0", "napi/vif1.0-4294967296", -1 },
		{ "vif1.0", "napi/vif1.0-08194", -1 },
		{ "vif1.0", "napi/vif1.0-", -1 },
		{ "vif1.0", "napi/vif1.0", -1 },
		{ "vif1.0", "napi/vif1.0-8194 ", -1 },
		{ "vif1.1", "napi/vif1.10-8194", -1 },
		{ "vif1.0", "vif1.0-8194", -1 },
		{ "vif1.0", "vif1.0-q0-guest-rx", -1 },
		{ "vif1.0", "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(napi_rows); i++) {
		unsigned int id = 4711;
		bool yes = napi_rows[i].id >= 0;

		expect_int(napi_rows[i].name,
			vifname_match_napi(napi_rows[i].dev, napi_rows[i].name, &id), yes);
		expect_int(napi_rows[i].name, id, yes ? napi_rows[i].id : 4711);
	}
}

static void matches(const struct match_row *rows, size_t n,
	bool (*match)(
		const char *dev, const char *name, unsigned int *queue, enum target_kind *kind))
{
	for (size_t i = 0; i < n; i++) {
		enum target_kind kind = TARGET_KINDS;
		unsigned int queue = 4711;
		bool yes = rows[i].queue >= 0;

		expect_int(rows[i].name, match(rows[i].dev, rows[i].name, &queue, &kind), yes);
		expect_int(rows[i].name, queue, yes ? rows[i].queue : 4711);
		expect_int(rows[i].name, kind, yes ? rows[i].kind : TARGET_KINDS);
	}
}

/* What matches is what is made of the queue and the kind. */
static void names_are_made(void **state)
{
	static const struct {
		const char *dev;
		bool numbered;
		unsigned int queue;
		enum target_kind kind;
		const char *name;
	} rows[] = {
		{ "vif1.0", true, 0, TARGET_TX, "vif1.0-q0-tx" },
		{ "vif1.0", true, 12, TARGET_RX, "vif1.0-q12-rx" },
		{ "vif1.0", true, 3, TARGET_COMBINED, "vif1.0-q3" },
		{ "vif1.0", true, 0, TARGET_GUEST_RX, "vif1.0-q0-guest-rx" },
		{ "123456789012345", true, 1023, TARGET_DEALLOC, "123456789012345-q1023-dealloc" },
		{ "vif1.0", false, 0, TARGET_TX, "vif1.0-tx" },
		{ "vif1.0", false, 0, TARGET_COMBINED, "vif1.0" },
		{ "vif12.0", false, 0, TARGET_GUEST_RX, "vif12.0-guest-rx" },
		{ "vif1.0", true, 2, TARGET_NAPI, "napi/vif1.0 of q2" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[TARGET_NAME_SIZE];

		vifname_of_target(rows[i].dev, rows[i].numbered, rows[i].queue, rows[i].kind, name);
		expect_str(rows[i].name, name, rows[i].name);
	}
}

static void interrupt_names(void **state)
{
	(void)state;
	matches(interrupt_rows, ARRAY_SIZE(interrupt_rows), vifname_match_interrupt);
}

static void thread_names(void **state)
{
	(void)state;
	matches(thread_rows, ARRAY_SIZE(thread_rows), vifname_match_thread);
}

int main(void)
{
	static const struct CMUnitTest vifname[] = {
		UNIT_TEST(words_of_people),
		UNIT_TEST(order),
		UNIT_TEST(backend_paths),
		UNIT_TEST(other_paths),
		UNIT_TEST(watch_events),
		UNIT_TEST(other_watch_events),
		UNIT_TEST(netdev_names),
		UNIT_TEST(default_names),
		UNIT_TEST(default_name_forms),
		UNIT_TEST(macs),
		UNIT_TEST(same_macs),
		UNIT_TEST(interrupt_names),
		UNIT_TEST(thread_names),
		UNIT_TEST(names_are_made),
		UNIT_TEST(napi_names),
	};

	return cmocka_run_group_tests(vifname, NULL, NULL);
}
