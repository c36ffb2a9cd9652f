// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "util.h"
#include "vifmap.h"

/* Elements of a size that is no power of two. */
struct element {
	struct vif_id id;
	unsigned int value, other, another;
};

struct map {
	struct element *v;
	size_t n;
};

static void mapp(struct map *map)
{
	free(map->v);
}

#define _cleanup_map_ _cleanup_(mapp)

static struct vif_id id_of(const char *text)
{
	return (struct vif_id){ (unsigned int)(text[0] - '0'), (unsigned int)(text[2] - '0') };
}

static struct element *find(const struct map *map, struct vif_id id)
{
	return vifmap_find(map->v, map->n, sizeof *map->v, id);
}

static struct element *add(struct map *map, struct vif_id id)
{
	return vifmap_add(&map->v, &map->n, sizeof *map->v, id);
}

/* Adds a vif for "+D.I" (one digit each), and takes it out for "-D.I"; each has the number of its
 * turn. */
static void play(struct map *map, const char *story)
{
	unsigned int turn = 1;

	for (const char *p = story; *p; p += 4, p += *p == ' ', turn++) {
		struct vif_id id = id_of(p + 1);

		if (*p == '+')
			add(map, id)->value = turn;
		else
			array_remove(map->v, &map->n, sizeof *map->v, find(map, id));
	}
}

static void describe(const struct map *map, char *buf)
{
	*buf = '\0';
	for (size_t i = 0; i < map->n; i++)
		buf += sprintf(buf, "%s%u.%u=%u", i ? " " : "", map->v[i].id.domid,
			map->v[i].id.devid, map->v[i].value);
}

static void stories(void **state)
{
	static const struct {
		const char *story, *map;
	} rows[] = {
		{ .story = "", .map = "" },
		{ .story = "+1.0", .map = "1.0=1" },
		{ .story = "+1.0 +2.0 +3.0", .map = "1.0=1 2.0=2 3.0=3" },
		{ .story = "+3.0 +2.0 +1.0", .map = "1.0=3 2.0=2 3.0=1" },
		{ .story = "+1.1 +2.0 +1.0 +1.2", .map = "1.0=3 1.1=1 1.2=4 2.0=2" },

		/* by domid first */
		{ .story = "+1.9 +2.0 +0.8", .map = "0.8=3 1.9=1 2.0=2" },

		/* one that is there is found */
		{ .story = "+1.0 +2.0 +1.0", .map = "1.0=3 2.0=2" },

		{ .story = "+1.0 -1.0", .map = "" },
		{ .story = "+1.0 +2.0 +3.0 -1.0", .map = "2.0=2 3.0=3" },
		{ .story = "+1.0 +2.0 +3.0 -2.0", .map = "1.0=1 3.0=3" },
		{ .story = "+1.0 +2.0 +3.0 -3.0", .map = "1.0=1 2.0=2" },
		{ .story = "+1.0 +2.0 -1.0 +1.0", .map = "1.0=4 2.0=2" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_map_ struct map map = { 0 };
		char got[256];

		play(&map, rows[i].story);
		describe(&map, got);
		expect_str(rows[i].story, got, rows[i].map);
	}
}

static void finding(void **state)
{
	static const struct {
		const char *id;
		size_t lower_bound;
		bool is_there;
	} rows[] = {
		{ .id = "0.0", .lower_bound = 0 },
		{ .id = "1.0", .lower_bound = 0 },
		{ .id = "1.1", .lower_bound = 0, .is_there = true },
		{ .id = "1.2", .lower_bound = 1 },
		{ .id = "2.0", .lower_bound = 1, .is_there = true },
		{ .id = "2.1", .lower_bound = 2 },
		{ .id = "4.2", .lower_bound = 2 },
		{ .id = "4.3", .lower_bound = 2, .is_there = true },
		{ .id = "4.4", .lower_bound = 3 },
		{ .id = "9.9", .lower_bound = 3 },
	};
	_cleanup_map_ struct map map = { 0 };

	(void)state;
	play(&map, "+4.3 +1.1 +2.0");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vif_id id = id_of(rows[i].id);
		struct element *wanted = rows[i].is_there ? &map.v[rows[i].lower_bound] : NULL;

		expect_int(rows[i].id, vifmap_lower_bound(map.v, map.n, sizeof *map.v, id),
			rows[i].lower_bound);
		expect_true(rows[i].id, find(&map, id) == wanted);
	}
}

static void nothing(void **state)
{
	struct vif_id id = { 1, 0 };

	(void)state;
	assert_int_equal(vifmap_lower_bound(NULL, 0, sizeof(struct element), id), 0);
	assert_null(vifmap_find(NULL, 0, sizeof(struct element), id));
}

/* The memory of one that was taken out is not seen again. */
static void new_is_empty(void **state)
{
	_cleanup_map_ struct map map = { 0 };
	struct vif_id id = { DOMID_MAX, DEVID_MAX };
	struct element *element = add(&map, id);

	(void)state;
	*element = (struct element){ id, 1, 2, 3 };
	array_remove(map.v, &map.n, sizeof *map.v, element);
	assert_int_equal(map.n, 0);
	element = add(&map, id);
	assert_int_equal(vif_id_compare(&element->id, &id), 0);
	assert_int_equal(element->value | element->other | element->another, 0);
}

/* --- against a table of 64 vifs ----------------------------------------------------------- */

static void expect_model(const char *row, const struct map *map, const unsigned int *model)
{
	size_t n = 0;

	for (unsigned int k = 0; k < 64; k++) {
		const struct element *element = find(map, (struct vif_id){ k / 8, k % 8 });

		expect_int(row, element ? element->value : 0, model[k]);
		if (element)
			expect_true(row, element == &map->v[n++]);
	}
	expect_int(row, map->n, n);
}

static void any_order(void **state)
{
	struct random random = random_start("any_order");
	unsigned long cases = env_number("CASES", 20000);
	_cleanup_map_ struct map map = { 0 };
	unsigned int model[64] = { 0 };

	(void)state;
	for (unsigned int i = 1; i <= cases && !wrong_rows; i++) {
		unsigned int k = random_below(&random, 64);
		struct vif_id id = { k / 8, k % 8 };
		char row[32];

		snprintf(row, sizeof row, "step %u", i);
		if (model[k] && random_below(&random, 2)) {
			array_remove(map.v, &map.n, sizeof *map.v, find(&map, id));
			model[k] = 0;
		} else {
			add(&map, id)->value = model[k] = i;
		}
		expect_model(row, &map, model);
	}
}

int main(void)
{
	static const struct CMUnitTest vifmap[] = {
		UNIT_TEST(stories),
		UNIT_TEST(finding),
		UNIT_TEST(nothing),
		UNIT_TEST(new_is_empty),
		UNIT_TEST(any_order),
	};

	return cmocka_run_group_tests(vifmap, NULL, NULL);
}
