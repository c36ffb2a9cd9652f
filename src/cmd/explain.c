// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain.h"

#include "cmd.h"
#include "utf8.h"
#include "util.h"

#include <stdio.h>
#include <string.h>

void explain_vif(struct vif_id id, const char *domain)
{
	_cleanup_free_ char *name = strdup(domain);

	if (name) {
		mask_controls(name);
		utf8_mask(name);
	}
	printf("vif %u.%u", id.domid, id.devid);
	if (*domain)
		printf(" of %s", name ? name : "?");
}

static void print_candidates(const struct plan_step *step)
{
	for (unsigned int i = 0; i < step->n_candidates; i++) {
		const struct plan_candidate *candidate = &step->candidates[i];
		char share[24];

		printf("%s%u(", i ? " " : "", candidate->cpu);
		if (candidate->measured != WORK_UNKNOWN) {
			work_format_share(candidate->measured, share, sizeof share);
			printf("%s%%,", share);
		}
		printf("%u)", load_total(&candidate->load));
	}
}

static void print_rules(const struct plan_step *step)
{
	for (enum rule rule = 0; rule < RULE_COUNT; rule++) {
		bool left = rule == RULE_APART && step->other == CPU_NONE;
		char list[256];

		if (!cpuset_is_empty(&step->taken[rule])) {
			cpuset_format(&step->taken[rule], list, sizeof list);
			printf("; not %s: %s", list,
				left ? "kept for the queue's rx side" : rule_taken(rule));
		}
		if (step->skipped[rule])
			printf("; %s", rule_skipped(rule));
	}
}

static void print_step(const struct plan_step *step)
{
	printf("  q%u %s  CPU %u: %s ", step->queue, side_name(step->side), step->candidates[0].cpu,
		plan_reason_text(step->reason, step->side));
	print_candidates(step);
	print_rules(step);
	putchar('\n');
}

static void print_side(const struct change *change, unsigned int q, enum side side, int cpu)
{
	for (size_t i = 0; i < change->steps.n; i++) {
		const struct plan_step *step = &change->steps.v[i];

		if (step->queue == q && step->side == side) {
			print_step(step);
			return;
		}
	}
	printf("  q%u %s  CPU %d: stays\n", q, side_name(side), cpu);
}

static void print_change(const struct ledger *ledger, const struct change *change)
{
	const struct vif_entry *entry = ledger_find(ledger, change->id);

	if (change->released && !change->left_alone) {
		explain_vif(change->id, change->released);
		puts(": released");
	}
	/* Why a vif cannot be placed is reported on stderr. */
	if (!change->domain || *change->failure.msg)
		return;
	explain_vif(change->id, change->domain);
	if (change->left_alone)
		printf(": left alone, pin=0 in the configuration%s\n",
			change->released ? "; default masks restored" : "");
	else if (entry)
		printf(": %u queue%s\n", entry->n_queues, plural(entry->n_queues));
	for (unsigned int n = 0; entry && n < SIDE_COUNT * entry->n_queues; n++) {
		enum side side = (enum side)(n % SIDE_COUNT);

		print_side(change, n / SIDE_COUNT, side, entry->places[n / SIDE_COUNT].cpu[side]);
	}
}

static bool has_steps(const struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		if (changes->v[i].steps.n)
			return true;
	}
	return false;
}

/* By which load new sides are placed, and how it is written. */
static void print_load(const struct world *world)
{
	char tx[24], rx[24];

	if (!world->measured.sums) {
		puts("2(3) is CPU 2 with a load of 3 (sides and NIC interrupts).");
		return;
	}
	work_format_share(world->measured.mean[SIDE_TX], tx, sizeof tx);
	work_format_share(world->measured.mean[SIDE_RX], rx, sizeof rx);
	printf("2(14.5%%,3) is CPU 2, busy for 14.5 %% of its time as measured, with 3 sides and "
	       "NIC interrupts. A side not measured yet counts as the mean of its direction: "
	       "tx %s %%, rx %s %%.\n",
		tx, rx);
}

void explain_changes(const struct config *config, const struct reconciled *reconciled)
{
	const struct changes *changes = &reconciled->changes;
	const struct world *world = &reconciled->world;
	const char *why = inventory_why_no_nodes(&world->inventory, config);

	fputs("Dry run: nothing is changed. ", stdout);
	print_load(world);
	if (*world->unmeasured.msg)
		printf("Sides are counted, not measured: %s.\n", world->unmeasured.msg);
	if (has_steps(changes) && why)
		printf("NUMA is ignored: %s.\n", why);
	for (size_t i = 0; i < changes->n; i++)
		print_change(&reconciled->ledger, &changes->v[i]);
}

void explain_move(const struct ledger *ledger, const struct queue_move *move)
{
	const struct vif_entry *entry = ledger_find(ledger, move->id);
	const char *between = " ";

	explain_vif(move->id, entry ? entry->domain : "?");
	printf(", queue %u:", move->queue);
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		if (move->from.cpu[side] == move->to.cpu[side])
			continue;
		printf("%s%s from CPU %d to %d (%s)", between, side_name(side),
			move->from.cpu[side], move->to.cpu[side], move->why[side]);
		between = ", ";
	}
	putchar('\n');
}
