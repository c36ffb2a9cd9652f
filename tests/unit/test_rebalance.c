// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include "rebalance.h"
#include "story.h"
#include "util.h"
#include "work_text.h"

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

/* --- by measured load --------------------------------------------------------------------- */

/*
 * What has been measured is a line a vif: what its sides cost in percent, "?" where that is not
 * known, "1.0 30/? 5/5". What CPUs are busy with, and of that what their sides cost,
 * "CPU:BUSY/SIDES", else what the sides cost. The loads of CPUs are written "CPU:BEFORE>AFTER", and
 * of the most loaded one "BEFORE>AFTER", with "<POSSIBLE" behind where it could be less.
 */
static const struct measured_row {
	const char *name, *config, *nics, *ledger, *work, *cpus;
	unsigned int gain;
	const char *moves; /* left out: none */
	const char *peak, *loads;
} measured_rows[] = {
	{ .name = "nothing is there", .peak = "0>0", .loads = "" },
	{ .name = "nothing is known",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 reserved 0/1",
		.peak = "0>0",
		.loads = "0:0>0 1:0>0" },
	{ .name = "even",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 2/3",
		.work = "1.0 30/30\n2.0 30/30",
		.peak = "30>30",
		.loads = "0:30>30 1:30>30 2:30>30 3:30>30" },
	{ .name = "two hot sides share a CPU",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 2/1\n3.0 g3 pinned 0/3",
		.work = "1.0 5/40\n2.0 5/50\n3.0 0/1",
		.moves = "1.0-q0:0/1>0/3 rx measured load\n",
		.gain = 10,
		.peak = "90>50",
		.loads = "0:5>5 1:90>50 2:5>5 3:1>41" },
	{ .name = "it would not gain enough",
		.config = "cpus = \"0-1\"",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 0/1",
		.work = "1.0 33/27\n2.0 32/28",
		.gain = 10,
		.peak = "65>65<61",
		.loads = "0:65>65 1:55>55" },
	{ .name = "it gains just enough",
		.config = "cpus = \"0-1\"",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 0/1",
		.work = "1.0 40/20\n2.0 40/20",
		.gain = 25,
		.moves = "1.0-q0:0/1>1/0 tx measured load rx measured load\n",
		.peak = "80>60",
		.loads = "0:80>60 1:40>60" },
	{ .name = "a rule is mended whatever it gains",
		.nics = "3",
		.ledger = "1.0 g1 pinned 0/3\n2.0 g2 pinned 0/1",
		.work = "1.0 10/10\n2.0 20/20",
		.gain = 50,
		.moves = "1.0-q0:0/3>0/2 rx takes NIC interrupts\n",
		.peak = "30>30<20",
		.loads = "0:30>30 1:20>20 2:0>10 3:10>0" },
	{ .name = "what a CPU is busy with besides",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 0/2",
		.work = "1.0 30/10\n2.0 40/10",
		.cpus = "0:90/70 3:50/0 1:15/10",
		.gain = 10,
		.moves = "1.0-q0:0/1>1/0 tx measured load rx measured load\n"
			 "2.0-q0:0/2>2/0 tx measured load rx measured load\n",
		.peak = "90>40",
		.loads = "0:90>40 1:15>35 2:10>40" },
	{ .name = "what stands there now was not there when it was measured",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 2/3",
		.work = "1.0 30/30\n2.0 30/30",
		.cpus = "0:60/60 1:30/30 2:0/0 3:30/30",
		.peak = "30>30",
		.loads = "0:30>30 1:30>30 2:30>30 3:30>30" },
	{ .name = "of one that stands there it is not known what it costs",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 0/3",
		.work = "1.0 20/20\n2.0 ?/20",
		.cpus = "0:50/? 1:20/20 3:20/20",
		.moves = "1.0-q0:0/1>2/1 tx measured load\n",
		.peak = "50>30",
		.loads = "0:50>30 1:20>20 2:0>20 3:20>20" },
};

static void expect_loads(const struct measured_row *row, const struct measured_moves *found)
{
	const int percent = WORK_WHOLE / 100;
	struct pen peak = { .len = 0 }, loads = { .len = 0 };

	put_down(&peak, "%lld>%lld", found->before / percent, found->after / percent);
	if (found->possible != found->after)
		put_down(&peak, "<%lld", found->possible / percent);
	expect_str(row->name, peak.text, row->peak);
	for (size_t i = 0; i < found->n_cpus; i++)
		put_down(&loads, "%s%d:%lld>%lld", i ? " " : "", found->cpus[i].cpu,
			found->cpus[i].before / percent, found->cpus[i].after / percent);
	expect_str(row->name, loads.text, row->loads);
}

static void what_moves_by_measure(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(measured_rows); i++) {
		const struct measured_row *row = &measured_rows[i];
		_cleanup_ledger_ struct ledger ledger = { 0 };
		_cleanup_config_ struct config config = { 0 };
		_cleanup_world_ struct world world = { 0 };
		struct measured_moves found;
		struct work work;

		read_config(row->config, &config);
		read_ledger(row->ledger, &ledger);
		read_world(NULL, NULL, &world);
		read_inventory(NULL, NULL, row->nics, &world.inventory);
		read_work(row->work, row->cpus, &work);
		spoil(&found, sizeof found);
		expect_int(row->name,
			rebalance_plan_measured(&world, &config, &ledger, &work, row->gain, &found),
			0);
		expect_moves(row->name, &found.moves, row->moves ? row->moves : "");
		expect_loads(row, &found);
		measured_moves_free(&found);
		work_free(&work);
	}
}

/* What is done at once of a plan for gain 10. */
static const struct limited_row {
	const char *name, *config, *online, *nics, *ledger, *work;
	struct move_limits limits;
	const char *moves; /* left out: none */
} limited_rows[] = {
	{ .name = "nothing to move, and no limit at all",
		.ledger = "1.0 g1 pinned 0/1",
		.work = "1.0 90/90" },
	{ .name = "all of it",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 2/1",
		.work = "1.0 5/40\n2.0 5/50",
		.limits = { .threshold = 90, .gain = 44, .queues = 1 },
		.moves = "1.0-q0:0/1>0/3 rx measured load\n" },
	{ .name = "the most loaded CPU carries less",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 2/1",
		.work = "1.0 5/40\n2.0 5/50",
		.limits = { .threshold = 91, .gain = 1, .queues = 1 } },
	{ .name = "it would be relieved of less",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 2/1",
		.work = "1.0 5/40\n2.0 5/50",
		.limits = { .threshold = 1, .gain = 45, .queues = 1 } },
	{ .name = "what only mends a rule waits for who is told to rebalance",
		.nics = "3",
		.ledger = "1.0 g1 pinned 0/3\n2.0 g2 pinned 2/1",
		.work = "1.0 10/10\n2.0 10/10",
		.limits = { .threshold = 1, .gain = 1, .queues = 9 } },
	{ .name = "the move that evens out the most goes first",
		.config = "cpus = \"0-3\"",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 0/1\n3.0 g3 pinned 0/1",
		.work = "1.0 10/2\n2.0 40/3\n3.0 30/1",
		.limits = { .threshold = 50, .gain = 10, .queues = 1 },
		.moves = "2.0-q0:0/1>2/1 tx measured load\n" },
	{ .name = "of two pairs that change places, one",
		.online = "0-7",
		.ledger = "1.0 g1 pinned 2/0\n2.0 g2 pinned 2/0\n3.0 g3 pinned 3/1\n"
			  "4.0 g4 pinned 3/1\n5.0 g5 pinned 6/4\n6.0 g6 pinned 6/4\n"
			  "7.0 g7 pinned 7/5\n8.0 g8 pinned 7/5",
		.work = "1.0 50/80\n2.0 50/40\n3.0 50/60\n4.0 50/20\n"
			"5.0 50/80\n6.0 50/40\n7.0 50/60\n8.0 50/20",
		.limits = { .threshold = 50, .gain = 10, .queues = 2 },
		.moves = "1.0-q0:2/0>2/1 rx measured load\n"
			 "3.0-q0:3/1>3/0 rx measured load\n" },
	{ .name = "two sides that change places do so together, or not",
		.config = "cpus = \"0-1\"",
		.ledger = "1.0 g1 pinned 0/1\n2.0 g2 pinned 0/1",
		.work = "1.0 40/20\n2.0 40/20",
		.limits = { .threshold = 1, .gain = 10, .queues = 0 } },
};

static void what_moves_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limited_rows); i++) {
		const struct limited_row *row = &limited_rows[i];
		const struct measured_row posed = { .work = row->work };
		_cleanup_ledger_ struct ledger ledger = { 0 };
		_cleanup_config_ struct config config = { 0 };
		_cleanup_world_ struct world world = { 0 };
		struct measured_moves found;
		struct work work;

		read_config(row->config, &config);
		read_ledger(row->ledger, &ledger);
		read_world(NULL, NULL, &world);
		read_inventory(row->online, NULL, row->nics, &world.inventory);
		read_work(posed.work, posed.cpus, &work);
		expect_int(row->name,
			rebalance_plan_measured(&world, &config, &ledger, &work, 10, &found), 0);
		expect_int(row->name, measured_moves_limit(&found, &work, &row->limits), 0);
		expect_moves(row->name, &found.moves, row->moves ? row->moves : "");
		measured_moves_free(&found);
		work_free(&work);
	}
}

/* What costs next to nothing does not leave a CPU that has other work, though that is then no CPU
 * with work of sides any more. */
static void what_is_not_worth_a_move(void **state)
{
	static const struct {
		int share;
		size_t moves;
	} sides[] = {
		{ .share = MOVE_WORTH, .moves = 1 },
		{ .share = MOVE_WORTH - 1, .moves = 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		static const struct measured_row posed = { .work = "1.0 0/0", .cpus = "2:70/1" };
		static const struct move_limits limits = { 50, 10, 9 };
		_cleanup_ledger_ struct ledger ledger = { 0 };
		_cleanup_config_ struct config config = { 0 };
		_cleanup_world_ struct world world = { 0 };
		struct measured_moves found;
		struct work work;

		read_config(NULL, &config);
		read_ledger("1.0 g1 pinned 0/2", &ledger);
		read_world(NULL, NULL, &world);
		read_inventory(NULL, NULL, NULL, &world.inventory);
		read_work(posed.work, posed.cpus, &work);
		work.vifs[0].queues[0].share[SIDE_RX] = sides[i].share;
		assert_int_equal(
			rebalance_plan_measured(&world, &config, &ledger, &work, 10, &found), 0);
		assert_int_equal(found.moves.n, sides[i].moves);
		assert_int_equal(found.after, sides[i].moves ? sides[i].share : found.before);
		assert_int_equal(measured_moves_limit(&found, &work, &limits), 0);
		assert_int_equal(found.moves.n, sides[i].moves);
		measured_moves_free(&found);
		work_free(&work);
	}
}

/* What costs next to nothing by itself is worth it where more leaves the same CPU. */
static void what_leaves_together(void **state)
{
	static const struct move_limits limits = { 50, 10, 1 };
	_cleanup_ledger_ struct ledger ledger = { 0 };
	_cleanup_config_ struct config config = { 0 };
	_cleanup_world_ struct world world = { 0 };
	struct measured_moves found;
	struct work work;

	(void)state;
	read_config(NULL, &config);
	read_ledger("1.0 g1 pinned 0/2\n2.0 g2 pinned 0/2", &ledger);
	read_world(NULL, NULL, &world);
	read_inventory(NULL, NULL, NULL, &world.inventory);
	read_work("1.0 0/0\n2.0 0/0", "2:70/1", &work);
	for (size_t i = 0; i < 2; i++)
		work.vifs[i].queues[0].share[SIDE_RX] = MOVE_WORTH / 2;
	assert_int_equal(rebalance_plan_measured(&world, &config, &ledger, &work, 10, &found), 0);
	assert_int_equal(found.moves.n, 2);
	assert_int_equal(measured_moves_limit(&found, &work, &limits), 0);
	expect_moves("together", &found.moves, "1.0-q0:0/2>0/1 rx measured load\n");
	measured_moves_free(&found);
	work_free(&work);
}

/* By the configuration, and by how many CPUs vifs may use. */
static void limits_of_the_watcher(void **state)
{
	static const struct {
		const char *config, *online, *own;
		struct move_limits limits;
	} wanted[] = {
		{ "", "0", NULL, { 50, 10, 8 } },
		{ "", "0-3", NULL, { 50, 10, 32 } },
		{ "rebalance_threshold = 70; rebalance_gain = 5", "0-15", NULL, { 70, 5, 128 } },
		{ "cpus = \"2-9\"", "0-15", NULL, { 50, 10, 64 } },
		{ "", "0-15", "0-5", { 50, 10, 48 } },
		{ "", "0-255", NULL, { 50, 10, 512 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		_cleanup_config_ struct config config = { 0 };
		_cleanup_world_ struct world world = { 0 };
		struct move_limits limits;

		read_config(wanted[i].config, &config);
		read_world(NULL, NULL, &world);
		read_inventory(wanted[i].online, wanted[i].own, NULL, &world.inventory);
		limits = rebalance_limits(&world, &config);
		assert_int_equal(limits.threshold, wanted[i].limits.threshold);
		assert_int_equal(limits.gain, wanted[i].limits.gain);
		assert_int_equal(limits.queues, wanted[i].limits.queues);
	}
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
		struct vif_entry *entry = ledger_edit(ledger, move->id);

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
		UNIT_TEST(what_moves_by_measure),
		UNIT_TEST(what_moves_at_once),
		UNIT_TEST(what_is_not_worth_a_move),
		UNIT_TEST(what_leaves_together),
		UNIT_TEST(limits_of_the_watcher),
		UNIT_TEST(any_ledger),
	};

	return cmocka_run_group_tests(rebalance, NULL, NULL);
}
