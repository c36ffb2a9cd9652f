// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "rebalance.h"
#include "story.h"
#include "util.h"

/*
 * A move is written as in story.h's requests, with why behind it for each side that moves. The load
 * is written "LEAST-MOST", of one CPU. Each row has one best way only.
 */
static const struct rebalance_row {
	const char *name, *config;
	const char *online; /* left out: 0-3 */
	const char *nics;
	const char *ledger, *xenstore;
	const char *moves; /* left out: none */
	const char *before;
	const char *after; /* left out: as before */
} rows[] = {
	{ .name = "nothing is there, and nothing moves", .before = "0-0" },
	{ .name = "nothing is there but a NIC's interrupts, which do not move",
		.nics = "1 1",
		.before = "0-2" },
	{ .name = "all is even",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 2/3",
		.before = "1-1" },
	{ .name = "as even as it can be", .ledger = "1.0 g1 pinned 0/1", .before = "0-1" },
	{ .name = "one CPU carries two sides, another none",
		.config = "vifs = [ \"domain=g1,cpus=0-1\" ]",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 0/2",
		.moves = "2.0-q0:0/2>3/2 tx load\n",
		.before = "0-2",
		.after = "1-1" },
	{ .name = "a NIC's interrupts are load",
		.config = "avoid_nic = 0\ncpus = \"0-2\"\nvifs = [ \"domain=g1,cpus=0-1\" ]",
		.nics = "0 0 1 2",
		.ledger = "1.0 g1 pinned 1/0\n2.0 g2 pinned 0/1",
		.moves = "2.0-q0:0/1>2/1 tx load\n",
		.before = "1-4",
		.after = "2-3" },
	{ .name = "a CPU that the configuration does not allow any more",
		.config = "cpus = \"0-1\"",
		.ledger = "1.0 g1 pinned 0/2",
		.moves = "1.0-q0:0/2>0/1 rx not an allowed CPU\n",
		.before = "0-1",
		.after = "1-1" },
	{ .name = "a CPU that is offline",
		.online = "0-1",
		.ledger = "1.0 g1 pinned 2/0",
		.moves = "1.0-q0:2/0>1/0 tx not an allowed CPU\n",
		.before = "0-1",
		.after = "1-1" },
	{ .name = "both sides on one CPU, of which only tx may leave",
		.config = "cpus = \"0-1\"",
		.nics = "0",
		.ledger = "1.0 g1 pinned 1/1",
		.moves = "1.0-q0:1/1>0/1 tx apart from the other side\n",
		.before = "1-2",
		.after = "1-2" },
	{ .name = "a CPU that takes NICs' interrupts is not for rx",
		.config = "cpus = \"0-2\"",
		.nics = "1",
		.ledger = "1.0 g1 pinned 0/1",
		.moves = "1.0-q0:0/1>0/2 rx takes NIC interrupts\n",
		.before = "0-2",
		.after = "1-1" },
	{ .name = "then the two sides change places, where there is no third CPU",
		.config = "cpus = \"0-1\"",
		.nics = "1",
		.ledger = "1.0 g1 pinned 0/1",
		.moves = "1.0-q0:0/1>1/0 tx direction rx takes NIC interrupts\n",
		.before = "1-2",
		.after = "1-2" },
	{ .name = "a CPU that is not on the guest's node",
		.ledger = "1.0 g1 pinned 1/0",
		.xenstore = "1.0 g1 connected near=1-2",
		.moves = "1.0-q0:1/0>1/2 rx not on the guest's node\n",
		.before = "0-1" },
	{ .name = "nodes play no part",
		.config = "numa = 0",
		.ledger = "1.0 g1 pinned 1/0",
		.xenstore = "1.0 g1 connected near=1-2",
		.before = "0-1" },
	{ .name = "a vif that has no CPU it may use stays where it is",
		.config = "vifs = [ \"domain=g1,cpus=9\" ]",
		.ledger = "1.0 g1 pinned 0/1",
		.before = "0-1" },
	{ .name = "all tx sides on one CPU, all rx sides on the other",
		.config = "cpus = \"0-1\"\nvifs = [ \"domain=g1,cpus=9\" ]",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 0/1",
		.moves = "2.0-q0:0/1>1/0 tx direction rx direction\n",
		.before = "2-2" },
	{ .name = "several move: by vif and queue",
		.config = "cpus = \"0-1\"",
		.ledger = "1.0 g1 pinned 2/1 0/1 0/3\n2.0 g2 pinned 0/1\n2.1 g2 pinned 3/0",
		.moves = "1.0-q0:2/1>1/0 tx not an allowed CPU rx load\n"
			 "1.0-q2:0/3>0/1 rx not an allowed CPU\n"
			 "2.1-q0:3/0>1/0 tx not an allowed CPU\n",
		.before = "3-4",
		.after = "5-5" },
};

static void write_moves(FILE *f, const struct moves *moves)
{
	for (size_t i = 0; i < moves->n; i++) {
		const struct queue_move *move = &moves->v[i];

		fprintf(f, "%u.%u-q%u:%d/%d>%d/%d", move->id.domid, move->id.devid, move->queue,
			move->from.cpu[SIDE_TX], move->from.cpu[SIDE_RX], move->to.cpu[SIDE_TX],
			move->to.cpu[SIDE_RX]);
		for (enum side side = 0; side < SIDE_COUNT; side++) {
			if (move->from.cpu[side] != move->to.cpu[side])
				fprintf(f, " %s %s", side_name(side), move->why[side]);
		}
		fprintf(f, "\n");
	}
}

static void expect_moves(const char *row, const struct moves *moves, const char *wanted)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *f = open_text(&text, &len);

	write_moves(f, moves);
	fclose(f);
	expect_str(row, text, wanted);
}

static void expect_spread(const char *row, const struct load_spread *spread, const char *wanted)
{
	char text[32];

	snprintf(text, sizeof text, "%u-%u", spread->least, spread->most);
	expect_str(row, text, wanted);
}

static void check_row(const struct rebalance_row *row)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };
	_cleanup_config_ struct config config = { 0 };
	_cleanup_world_ struct world world = { 0 };
	struct moves moves;

	read_config(row->config, &config);
	read_ledger(row->ledger, &ledger);
	read_world(row->xenstore, NULL, &world);
	read_inventory(row->online, NULL, row->nics, &world.inventory);
	spoil(&moves, sizeof moves);
	expect_int(row->name, rebalance_plan(&world, &config, &ledger, &moves), 0);
	expect_moves(row->name, &moves, row->moves ? row->moves : "");
	expect_spread(row->name, &moves.before, row->before);
	expect_spread(row->name, &moves.after, row->after ? row->after : row->before);
	moves_free(&moves);
	expect_int(row->name, moves.n, 0);
}

static void what_moves(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
}

/* --- any ledger --------------------------------------------------------------------------- */

static void random_entry(struct random *random, struct ledger *ledger, struct vif_id id)
{
	unsigned int n = random_below(random, 4);
	struct place *places = calloc(n + 1, sizeof *places);
	struct vif_entry *entry;
	char domain[8];

	snprintf(domain, sizeof domain, "g%u", id.domid);
	entry = ledger_enter(ledger, id, domain);
	assert_non_null(entry);
	assert_non_null(places);
	for (unsigned int q = 0; q < n; q++) {
		for (enum side side = 0; side < SIDE_COUNT; side++)
			places[q].cpu[side] = (int)random_below(random, 6);
	}
	ledger_set_places(entry, places, n);
}

static void random_case(
	struct random *random, struct config *config, struct ledger *ledger, struct world *world)
{
	static const char *const configs[] = { "", "cpus = \"0-2\"", "avoid_nic = 0",
		"vifs = [ \"domain=g1,cpus=4-5\" ]", "vifs = [ \"domain=g2,cpus=9\" ]" };
	static const char *const nics[] = { "", "0", "1 1 3", "0 1 2 3 4 5" };
	static const char *const nodes[] = { "", "1.0 g1 connected near=2-3",
		"2.1 g2 connected near=0,5" };

	read_config(configs[random_below(random, ARRAY_SIZE(configs))], config);
	read_world(nodes[random_below(random, ARRAY_SIZE(nodes))], NULL, world);
	read_inventory(
		"0-5", NULL, nics[random_below(random, ARRAY_SIZE(nics))], &world->inventory);
	*ledger = (struct ledger){ 0 };
	for (unsigned int k = random_below(random, 2); k < 6; k += 1 + random_below(random, 3))
		random_entry(random, ledger, (struct vif_id){ 1 + k / 2, k % 2 });
}

/* The load of the CPUs that the configuration allows, told anew. */
static struct load_spread spread_of(
	const struct world *world, const struct config *config, const struct ledger *ledger)
{
	static struct cpu_load load[CPUSET_MAX];
	struct cpuset allowed = inventory_allowed(&world->inventory, &config->cpus);

	memcpy(load, world->inventory.nics, sizeof load);
	for (size_t i = 0; i < ledger->n_vifs; i++)
		load_add(load, ledger->vifs[i].places, ledger->vifs[i].n_queues);
	return load_spread(load, &allowed);
}

/* Each is of a queue that stands where it says, and goes elsewhere; none is there twice. */
static void do_moves(const char *row, const struct moves *moves, struct ledger *ledger)
{
	for (size_t i = 0; i < moves->n; i++) {
		const struct queue_move *move = &moves->v[i], *last = i ? move - 1 : NULL;
		struct vif_entry *entry = ledger_find(ledger, move->id);

		expect_true(row, entry && move->queue < entry->n_queues);
		expect_true(row, place_equal(entry->places[move->queue], move->from));
		expect_true(row, !place_equal(move->from, move->to));
		if (last && vif_id_compare(&last->id, &move->id) == 0)
			expect_true(row, last->queue < move->queue);
		else if (last)
			expect_true(row, vif_id_compare(&last->id, &move->id) < 0);
		entry->places[move->queue] = move->to;
	}
}

/* All of it, as text. */
static void format_spread(const struct load_spread *spread, char *buf, size_t size)
{
	snprintf(buf, size, "%u CPUs, %u-%u, tx %u %u-%u, rx %u %u-%u, nic %u", spread->cpus,
		spread->least, spread->most, spread->sides[SIDE_TX], spread->least_sides[SIDE_TX],
		spread->most_sides[SIDE_TX], spread->sides[SIDE_RX], spread->least_sides[SIDE_RX],
		spread->most_sides[SIDE_RX], spread->nic);
}

static void expect_same_spread(
	const char *row, const struct load_spread *got, const struct load_spread *wanted)
{
	char got_text[128], wanted_text[128];

	format_spread(got, got_text, sizeof got_text);
	format_spread(wanted, wanted_text, sizeof wanted_text);
	expect_str(row, got_text, wanted_text);
}

/* Once they have moved, nothing is left to move; before and after are what they say. */
static void check_case(const char *row, const struct world *world, const struct config *config,
	struct ledger *ledger)
{
	struct load_spread before = spread_of(world, config, ledger), after;
	struct moves moves, again;

	expect_int(row, rebalance_plan(world, config, ledger, &moves), 0);
	do_moves(row, &moves, ledger);
	after = spread_of(world, config, ledger);
	expect_same_spread(row, &moves.before, &before);
	expect_same_spread(row, &moves.after, &after);
	expect_int(row, rebalance_plan(world, config, ledger, &again), 0);
	expect_moves(row, &again, "");
	moves_free(&moves);
	moves_free(&again);
}

static void any_ledger(void **state)
{
	struct random random = random_start("any_ledger");
	unsigned long cases = env_number("CASES", 20000) / 10;

	(void)state;
	for (unsigned long i = 0; i < cases && !wrong_rows; i++) {
		_cleanup_ledger_ struct ledger ledger = { 0 };
		_cleanup_config_ struct config config = { 0 };
		_cleanup_world_ struct world world = { 0 };
		char row[32];

		snprintf(row, sizeof row, "case %lu", i);
		random_case(&random, &config, &ledger, &world);
		check_case(row, &world, &config, &ledger);
	}
}

int main(void)
{
	static const struct CMUnitTest rebalance[] = {
		UNIT_TEST(what_moves),
		UNIT_TEST(any_ledger),
	};

	return cmocka_run_group_tests(rebalance, NULL, NULL);
}
