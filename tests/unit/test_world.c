// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "story.h"
#include "util.h"
#include "world.h"

/* --- rules -------------------------------------------------------------------------------- */

static void expect_set(const char *row, const struct cpuset *set, const char *wanted)
{
	char list[64];

	cpuset_format(set, list, sizeof list);
	expect_str(row, list, wanted);
}

/* What is near a vif's guest is known of vifs of the world only. */
static void rules_of_an_entry(void **state)
{
	static const struct {
		const char *name, *ledger;
		const char *allowed, *near;
	} rows[] = {
		{ .name = "one that is in the world",
			.ledger = "1.0 g1 pinned 0/1",
			.allowed = "0-3",
			.near = "2-3" },
		{ .name = "one whose guest's node is not known",
			.ledger = "2.0 g2 pinned 0/1",
			.allowed = "0-3",
			.near = "" },
		{ .name = "one that is not in the world",
			.ledger = "3.0 g3 pinned 0/1",
			.allowed = "0-3",
			.near = "" },
		{ .name = "the entry's name and MAC find the exception",
			.ledger = "1.0 g9 pinned 0/1 mac=00:16:3e:00:00:02",
			.allowed = "1",
			.near = "2-3" },
	};
	_cleanup_config_ struct config config = { 0 };
	_cleanup_world_ struct world world = { 0 };

	(void)state;
	read_config("vifs = [ \"domain=g9,mac=*:02,cpus=1\" ]", &config);
	read_world("1.0 g1 waiting near=2-3\n2.0 g2 waiting", NULL, &world);
	read_inventory(NULL, NULL, NULL, &world.inventory);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_ledger_ struct ledger ledger = { 0 };
		struct rules rules;

		read_ledger(rows[i].ledger, &ledger);
		rules = world_rules(&world, &config, &ledger.vifs[0]);
		expect_set(rows[i].name, &rules.allowed, rows[i].allowed);
		expect_set(rows[i].name, &rules.near, rows[i].near);
	}
}

/* --- targets that are known from before --------------------------------------------------- */

/* A line a vif: the name that its targets bear, and how many queues it has. */
static char *world_text(const struct world *world)
{
	char *text;
	size_t len;
	FILE *f = open_text(&text, &len);

	for (size_t i = 0; i < world->n_vifs; i++) {
		const struct world_vif *vif = &world->vifs[i];

		fprintf(f, "%u.%u %s queues=%u%s\n", vif->id.domid, vif->id.devid, vif->dev,
			vif->targets.n_queues, vif->targets.connecting ? " connecting" : "");
	}
	fclose(f);
	return text;
}

static void learning(void **state)
{
	static const struct {
		const char *name;
		const char *known;            /* from before, as the kernel had it */
		const char *xenstore, *found; /* now */
		const char *ledger;
		const char *after; /* what is known then */
	} rows[] = {
		{ .name = "nothing was found", .ledger = "1.0 g1 pinned 0/1", .after = "" },
		{ .name = "a vif was found",
			.found = "1.0 0/1 2/3",
			.ledger = "1.0 g1 pinned 0/1 2/3",
			.after = "1.0 vif1.0 queues=2\n" },
		{ .name = "with its name, and that it may have more queues by now",
			.found = "1.0 connecting dev=web0 0/1",
			.ledger = "1.0 g1 pinned 0/1",
			.after = "1.0 web0 queues=1 connecting\n" },
		{ .name = "a vif was found that is not in the ledger",
			.found = "1.0 0/1\n2.0 2/3",
			.ledger = "2.0 g2 pinned 2/3",
			.after = "2.0 vif2.0 queues=1\n" },
		{ .name = "a vif was found that has no queue",
			.found = "1.0",
			.ledger = "1.0 g1 reserved 0/1",
			.after = "" },
		{ .name = "a vif that is known was found with other queues and another name",
			.known = "1.0 0/1",
			.found = "1.0 dev=web0 0/1 2/3",
			.ledger = "1.0 g1 pinned 0/1 2/3",
			.after = "1.0 web0 queues=2\n" },
		{ .name = "a vif that is known has no queue any more",
			.known = "1.0 0/1",
			.found = "1.0",
			.ledger = "1.0 g1 pinned 0/1",
			.after = "" },
		{ .name = "a vif that is known was not looked at",
			.known = "1.0 0/1\n2.0 2/3 0/1",
			.xenstore = "2.0 listed",
			.found = "3.0 0/1",
			.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 2/3\n3.0 g3 pinned 0/1",
			.after = "1.0 vif1.0 queues=1\n2.0 vif2.0 queues=2\n"
				 "3.0 vif3.0 queues=1\n" },
		{ .name = "a vif that is known has left the ledger",
			.known = "1.0 0/1\n2.0 2/3\n3.0 0/1",
			.ledger = "2.0 g2 pinned 2/3",
			.after = "2.0 vif2.0 queues=1\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_ledger_ struct ledger ledger = { 0 };
		_cleanup_world_ struct world known = { 0 };
		_cleanup_world_ struct world found = { 0 };
		_cleanup_free_ char *got = NULL;

		read_ledger(rows[i].ledger, &ledger);
		read_world(NULL, rows[i].known, &known);
		read_world(rows[i].xenstore, rows[i].found, &found);
		world_learn_targets(&known, &found, &ledger);
		got = world_text(&known);
		expect_str(rows[i].name, got, rows[i].after);
	}
}

/* What is known is handed over once. */
static void taking(void **state)
{
	_cleanup_world_ struct world known = { 0 };
	_cleanup_world_ struct world world = { 0 };
	_cleanup_free_ char *got = NULL;

	(void)state;
	read_world(NULL, "1.0 connecting dev=web0 0/1 2/3\n2.0", &known);
	for (unsigned int domid = 1; domid <= 3; domid++)
		assert_non_null(world_add(&world, (struct vif_id){ domid, 0 }));
	assert_true(world_knows_targets(&known, world.vifs[0].id));
	assert_false(world_knows_targets(&known, world.vifs[1].id));
	assert_false(world_knows_targets(&known, world.vifs[2].id));
	world_take_targets(&known, &world.vifs[0]);
	got = world_text(&world);
	assert_string_equal(got, "1.0 web0 queues=2 connecting\n2.0  queues=0\n3.0  queues=0\n");
	assert_int_equal(world.vifs[0].targets.n, 8);
	assert_false(world.vifs[0].looked);
	assert_false(world_knows_targets(&known, world.vifs[0].id));
}

/* The numbers of interrupts that others have: no threads', and none beyond the end. */
static void marking(void **state)
{
	_cleanup_world_ struct world known = { 0 };
	bool taken[8] = { false };

	(void)state;
	read_world(NULL, "1.0 0/1\n2.0 2/3\n3.0 0/1", &known);
	for (size_t i = 0; i < known.n_vifs; i++) {
		struct targets *targets = &known.vifs[i].targets;

		/* 1 and 2, 4 and 5, 7 and 8. */
		for (size_t j = 0, n = 0; j < targets->n; j++) {
			targets->v[j].irq =
				target_is_thread(&targets->v[j]) ? 3 : (unsigned int)(3 * i + ++n);
		}
	}
	world_mark_interrupts(&known, (struct vif_id){ 2, 0 }, taken, ARRAY_SIZE(taken));
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		assert_int_equal(taken[i], i == 1 || i == 2 || i == 7);
}

int main(void)
{
	static const struct CMUnitTest world[] = {
		UNIT_TEST(rules_of_an_entry),
		UNIT_TEST(learning),
		UNIT_TEST(taking),
		UNIT_TEST(marking),
	};

	return cmocka_run_group_tests(world, NULL, NULL);
}
