// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain.h"

#include "util.h"

#include <stdio.h>

static void print_candidates(const struct plan_step *step)
{
	for (unsigned int i = 0; i < step->n_candidates; i++)
		printf("%s%u(%u)", i ? " " : "", step->candidates[i].cpu, step->candidates[i].load);
}

static void print_taken(const struct cpuset *taken, const char *why)
{
	char list[256];

	if (cpuset_is_empty(taken))
		return;
	cpuset_format(taken, list, sizeof list);
	printf("; not %s: %s", list, why);
}

static void print_narrowings(const struct plan_step *step)
{
	static const char *const skipped[] = {
		[NARROW_APART] = "there is no other CPU",
		[NARROW_NIC] = "all that are left take NIC interrupts",
		[NARROW_NODE] = "none that is left is on the guest's node",
	};

	print_taken(&step->taken[NARROW_APART],
		step->other == CPU_NONE ? "left to the queue's rx side" : "the queue's other side");
	print_taken(&step->taken[NARROW_NIC], "takes NIC interrupts");
	print_taken(&step->taken[NARROW_NODE], "not on the guest's node");
	for (size_t i = 0; i < ARRAY_SIZE(skipped); i++) {
		if (step->skipped[i])
			printf("; %s", skipped[i]);
	}
}

static void print_step(const struct plan_step *step)
{
	static const char *const reasons[] = {
		[REASON_ONLY] = "the only one of",
		[REASON_LOAD] = "the least loaded of",
		[REASON_SPREAD] = "least loaded, and does not hold this vif yet, of",
		[REASON_REMEMBERED] = "least loaded, and stood there before, of",
		[REASON_CORE] = "least loaded, and nothing is on its core, of",
		[REASON_NUMBER] = "least loaded, and the lowest number, of",
	};

	printf("  q%u %s  CPU %u: %s ", step->queue, step->rx ? "rx" : "tx",
		step->candidates[0].cpu, reasons[step->reason]);
	print_candidates(step);
	print_narrowings(step);
	putchar('\n');
}

static const struct plan_step *find_step(const struct outcome *outcome, unsigned int q, bool rx)
{
	for (size_t i = 0; i < outcome->steps.n; i++) {
		const struct plan_step *step = &outcome->steps.v[i];

		if (step->queue == q && step->rx == rx)
			return step;
	}
	return NULL;
}

static void print_side(const struct outcome *outcome, unsigned int q, bool rx, int cpu)
{
	const struct plan_step *step = find_step(outcome, q, rx);

	if (step)
		print_step(step);
	else
		printf("  q%u %s  CPU %d: stays\n", q, rx ? "rx" : "tx", cpu);
}

static void print_outcome(const struct pass *pass, const struct outcome *outcome)
{
	const struct vif_entry *entry = ledger_find(&pass->ledger, outcome->id);

	printf("vif %u.%u of %s: ", outcome->id.domid, outcome->id.devid, outcome->domain);
	if (outcome->alone)
		printf("left alone, by vifs in the configuration%s\n",
			outcome->release ? "; gets the default masks back" : "");
	else if (outcome->release || !entry)
		printf("released\n");
	else
		printf("%u queue%s\n", entry->n_queues, entry->n_queues == 1 ? "" : "s");
	for (unsigned int q = 0; entry && !outcome->release && q < entry->n_queues; q++) {
		print_side(outcome, q, false, entry->places[q].tx_cpu);
		print_side(outcome, q, true, entry->places[q].rx_cpu);
	}
}

static bool has_steps(const struct pass *pass)
{
	for (size_t i = 0; i < pass->n_outcomes; i++) {
		if (pass->outcomes[i].steps.n)
			return true;
	}
	return false;
}

void explain_pass(struct pass *pass)
{
	const char *why = site_why_no_nodes(&pass->site);

	printf("Nothing is changed. CPUs are followed by their load: sides and NIC interrupts.\n");
	if (has_steps(pass) && why)
		printf("NUMA plays no part: %s.\n", why);
	for (size_t i = 0; i < pass->n_outcomes; i++)
		print_outcome(pass, &pass->outcomes[i]);
}

static void print_way(const char *side, int from, int to, enum move_reason why, const char *between)
{
	static const char *const reasons[] = {
		[MOVE_FORBIDDEN] = "not an allowed CPU",
		[MOVE_TOGETHER] = "apart from the other side",
		[MOVE_NIC] = "takes NIC interrupts",
		[MOVE_FAR] = "not on the guest's node",
		[MOVE_LOAD] = "load",
	};

	printf("%s%s from CPU %d to %d (%s)", between, side, from, to, reasons[why]);
}

void explain_move(const struct ledger *ledger, const struct move *move)
{
	const struct vif_entry *entry = ledger_find(ledger, move->id);
	bool tx = move->from.tx_cpu != move->to.tx_cpu;

	printf("vif %u.%u of %s, queue %u:", move->id.domid, move->id.devid,
		entry ? entry->domain : "?", move->queue);
	if (tx)
		print_way("tx", move->from.tx_cpu, move->to.tx_cpu, move->tx_reason, " ");
	if (move->from.rx_cpu != move->to.rx_cpu)
		print_way(
			"rx", move->from.rx_cpu, move->to.rx_cpu, move->rx_reason, tx ? ", " : " ");
	putchar('\n');
}
