// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "util.h"
#include "vifname.h"

static void order(void **state)
{
	static const struct {
		const char *row;
		struct vif_id a, b;
		int sign;
	} rows[] = {
		{ "equal", { 1, 2 }, { 1, 2 }, 0 },
		{ "devid decides", { 1, 2 }, { 1, 10 }, -1 },
		{ "domid decides", { 2, 0 }, { 10, 0 }, -1 },
		{ "domid first", { 1, 65535 }, { 2, 0 }, -1 },
		{ "furthest apart", { 0, 0 }, { UINT32_MAX, UINT32_MAX }, -1 },
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
		{ "backend/vif/1/0", 1, 0, -1 },
		{ "backend/vif/0/0", 0, 0, -1 },
		{ "backend/vif/26/13", 26, 13, -1 },
		{ "backend/vif/32751/65535", 32751, 65535, -1 },
		{ "/local/domain/0/backend/vif/1/0", 1, 0, 0 },
		{ "/local/domain/5/backend/vif/1/2", 1, 2, 5 },
		{ "/local/domain/32751/backend/vif/1/0", 1, 0, 32751 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vif_id id = { 99, 99 };
		int backend = 99;

		expect_true(rows[i].path, vifname_parse_path(rows[i].path, &id, &backend));
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
		int backend;

		spoil(&id, sizeof id);
		spoil(&backend, sizeof backend);
		expect_int(rows[i], vifname_parse_path(rows[i], &id, &backend), false);
		expect_true(rows[i], is_spoilt(&id, sizeof id));
		expect_true(rows[i], is_spoilt(&backend, sizeof backend));
	}
}

static void watch_events(void **state)
{
	static const struct {
		const char *path;
		enum vif_path kind;
		int domid, devid; /* -1: not told */
		const char *key;
	} rows[] = {
		{ "backend/vif", VIF_PATH_ROOT, -1, -1, NULL },
		{ "backend/vif/1", VIF_PATH_DOMAIN, 1, -1, NULL },
		{ "backend/vif/1/0", VIF_PATH_VIF, 1, 0, NULL },
		{ "backend/vif/32751/65535", VIF_PATH_VIF, 32751, 65535, NULL },
		{ "backend/vif/1/0/state", VIF_PATH_KEY, 1, 0, "state" },
		{ "backend/vif/10/2/hotplug-status", VIF_PATH_KEY, 10, 2, "hotplug-status" },
		{ "backend/vif/1/0/a/b", VIF_PATH_KEY, 1, 0, "a/b" },
		{ "/local/domain/0/backend/vif", VIF_PATH_ROOT, -1, -1, NULL },
		{ "/local/domain/0/backend/vif/7", VIF_PATH_DOMAIN, 7, -1, NULL },
		{ "/local/domain/0/backend/vif/7/1", VIF_PATH_VIF, 7, 1, NULL },
		{ "/local/domain/0/backend/vif/7/1/state", VIF_PATH_KEY, 7, 1, "state" },

		{ "", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/vbd/1/0/state", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/vif2", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/vif2/1/0", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/vif/", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/vif/x", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/vif/1x", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/vif/01", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/vif/-1", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/vif/32752", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/vif/1/", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/vif/1/x", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/vif/1/0x", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/vif/1/00", VIF_PATH_OTHER, -1, -1, NULL },
		{ "backend/vif/1/65536/state", VIF_PATH_OTHER, -1, -1, NULL },
		{ "/backend/vif/1/0", VIF_PATH_OTHER, -1, -1, NULL },
		{ "/local/domain/0/device/vif/0/state", VIF_PATH_OTHER, -1, -1, NULL },
		{ "/local/domain/x/backend/vif/1/0", VIF_PATH_OTHER, -1, -1, NULL },
		{ "@introduceDomain", VIF_PATH_OTHER, -1, -1, NULL },
		{ "@releaseDomain", VIF_PATH_OTHER, -1, -1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vif_id id = { 99, 99 };
		const char *key = "untouched";

		expect_int(
			rows[i].path, vifname_parse_event(rows[i].path, &id, &key), rows[i].kind);
		if (rows[i].domid >= 0)
			expect_int(rows[i].path, id.domid, rows[i].domid);
		if (rows[i].devid >= 0)
			expect_int(rows[i].path, id.devid, rows[i].devid);
		expect_str(rows[i].path, key, rows[i].key ? rows[i].key : "untouched");
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

static void names_like_default(void **state)
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
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_int(rows[i].name, vifname_is_default_dev(rows[i].name), rows[i].yes);
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

		expect_int(text, vifname_is_mac(text), rows[i].yes);
		expect_int(text, vifname_same_mac(text, text), rows[i].yes);
	}
}

static void same_macs(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "00:16:3e:0a:0b:0c", "00:16:3e:0a:0b:0c", true },
		{ "00:16:3e:0a:0b:0c", "00:16:3E:0A:0B:0C", true },
		{ "00:16:3e:0a:0b:0c", "00-16-3E-0a-0B-0c", true },
		{ "00:16:3e:0a:0b:0c", "00:16:3e:0a:0b:0d", false },
		{ "00:16:3e:0a:0b:0c", "10:16:3e:0a:0b:0c", false },
		{ "00:16:3e:0a:0b:0c", "00:16:3e:0a:0b:0", false },
		{ "00:16:3e:0a:0b:0c", "00:16:3e:0a:0b:0cc", false },
		{ "00:16:3e:0a:0b:0c", "", false },
		{ "", "", false },
		{ "x", "x", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		expect_int(rows[i].b, vifname_same_mac(rows[i].a, rows[i].b), rows[i].same);
		expect_int(rows[i].b, vifname_same_mac(rows[i].b, rows[i].a), rows[i].same);
	}
}

/* A name of an interrupt or a thread and what it says; queue -1: it is not this netdev's. */
struct match_row {
	const char *dev, *name;
	int queue;
	enum vif_side side;
};

static const struct match_row interrupt_rows[] = {
	{ "vif1.0", "vif1.0-q0-tx", 0, SIDE_TX },
	{ "vif1.0", "vif1.0-q0-rx", 0, SIDE_RX },
	{ "vif1.0", "vif1.0-q3-tx", 3, SIDE_TX },
	{ "vif1.0", "vif1.0-q10-rx", 10, SIDE_RX },
	{ "vif1.0", "vif1.0-q1023-rx", 1023, SIDE_RX },
	{ "vif1.0", "vif1.0-q2", 2, SIDE_BOTH },
	{ "vif1.0", "vif1.0-tx", 0, SIDE_TX },
	{ "vif1.0", "vif1.0-rx", 0, SIDE_RX },
	{ "vif1.0", "vif1.0", 0, SIDE_BOTH },
	{ "averylongname0", "averylongname0-q1-tx", 1, SIDE_TX },
	{ "vif32751.65535", "vif32751.65535-q1023-tx", 1023, SIDE_TX },
	{ "123456789012345", "123456789012345-q0-rx", 0, SIDE_RX },
	{ "vif1.1", "vif1.1-q0-tx", 0, SIDE_TX },
	{ "vif1.10", "vif1.10-q0-tx", 0, SIDE_TX },
	{ "vif0.0", "vif0.0-q0-tx", 0, SIDE_TX },
	{ "web-q", "web-q-q1-tx", 1, SIDE_TX },

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
	{ "vif1.0", "vif1.0-q0-guest-rx", 0, SIDE_GUEST_RX },
	{ "vif1.0", "vif1.0-q0-dealloc", 0, SIDE_DEALLOC },
	{ "vif1.0", "vif1.0-q12-guest-rx", 12, SIDE_GUEST_RX },
	{ "vif1.0", "vif1.0-q1023-dealloc", 1023, SIDE_DEALLOC },
	{ "vif1.0", "vif1.0-guest-rx", 0, SIDE_GUEST_RX },
	{ "vif1.0", "vif1.0-dealloc", 0, SIDE_DEALLOC },
	{ "averylongname0", "averylongname0-q3-guest-rx", 3, SIDE_GUEST_RX },
	{ "vif0.0", "vif0.0-dealloc", 0, SIDE_DEALLOC },

	/* cut to 15 characters */
	{ .dev = "vif1.1", .name = "vif1.1-q0-guest", .queue = -1 },
	{ .dev = "vif1.1", .name = "vif1.1-q0-deall", .queue = -1 },
	{ .dev = "vif10.1", .name = "vif10.1-q0-gues", .queue = -1 },
	{ .dev = "vif1000.0", .name = "vif1000.0-q0-de", .queue = -1 },
	{ .dev = "vif32751.65535", .name = "vif32751.65535-", .queue = -1 },
	{ .dev = "averylongname0", .name = "averylongname0-", .queue = -1 },
	{ .dev = "123456789012345", .name = "123456789012345", .queue = -1 },

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

static void matches(const struct match_row *rows, size_t n,
	bool (*match)(const char *dev, const char *name, unsigned int *queue, enum vif_side *side))
{
	for (size_t i = 0; i < n; i++) {
		enum vif_side side = SIDE_COUNT;
		unsigned int queue = 4711;
		bool yes = rows[i].queue >= 0;

		expect_int(rows[i].name, match(rows[i].dev, rows[i].name, &queue, &side), yes);
		expect_int(rows[i].name, queue, yes ? rows[i].queue : 4711);
		expect_int(rows[i].name, side, yes ? rows[i].side : SIDE_COUNT);
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
		UNIT_TEST(order),
		UNIT_TEST(backend_paths),
		UNIT_TEST(other_paths),
		UNIT_TEST(watch_events),
		UNIT_TEST(netdev_names),
		UNIT_TEST(default_names),
		UNIT_TEST(names_like_default),
		UNIT_TEST(macs),
		UNIT_TEST(same_macs),
		UNIT_TEST(interrupt_names),
		UNIT_TEST(thread_names),
	};

	return cmocka_run_group_tests(vifname, NULL, NULL);
}
