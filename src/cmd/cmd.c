// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd.h"

#include "explain.h"
#include "gather.h"
#include "log.h"
#include "measure.h"
#include "util.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum status cmd_fail(const struct err *err)
{
	log_error("%s", err->msg);
	return STATUS_FAILED;
}

enum status cmd_wrong(const struct command *command, const char *format, ...)
{
	char sentence[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(sentence, sizeof sentence, format, ap);
	va_end(ap);
	if (command)
		log_error("%s: %s; see 'vifpin %s --help'", command->name, sentence, command->name);
	else
		log_error("%s; see 'vifpin --help'", sentence);
	return STATUS_USAGE;
}

/* Asks Xen for the nodes only if the configuration names any. */
static int parse_config(struct context *context, const char *text, const char *name,
	struct config *config, struct err *err)
{
	struct cpuset_words words = { .nodes = NULL };
	struct topology topology;
	int r;

	memset(&words.all, 0xff, sizeof words.all);
	r = config_parse(text, name, &words, config, err);
	if (r != -ENODATA)
		return r;
	gather_topology(&context->root, &topology);
	if (topology.n_nodes) {
		words.nodes = topology.nodes;
		words.n_nodes = topology.n_nodes;
	}
	r = config_parse(text, name, &words, config, err);
	if (r == -ENODATA) {
		struct err why = *err;

		err_set(err, ENODATA, "%s: %s", why.msg, topology.unknown.msg);
	}
	topology_free(&topology);
	return r;
}

int cmd_load_config(const struct cmd_line *line, struct context *context, struct err *err)
{
	const char *name = line->config_file ? line->config_file : "/" PATH_CONFIG;
	_cleanup_free_ char *text = NULL;
	struct config config;
	int r;

	config_default(&config);
	r = line->config_file ? sysroot_read_own(name, &text)
			      : sysroot_read(&context->root, &text, NULL, PATH_CONFIG);
	if (r < 0 && (r != -ENOENT || line->config_file))
		return err_set(err, -r, "cannot read %s: %m", name);
	r = text ? parse_config(context, text, name, &config, err) : 0;
	if (r < 0)
		return r;
	config_free(&context->config);
	context->config = config;
	return 0;
}

enum status cmd_read_config(
	const struct cmd_line *line, struct context *context, const char *instead)
{
	struct err err;

	if (cmd_load_config(line, context, &err) == 0)
		return STATUS_DONE;
	log_error("%s%s%s", err.msg, instead ? "; " : "", instead ? instead : "");
	return STATUS_FAILED;
}

int cmd_list_cpus(const struct context *context, const struct ledger *ledger, struct cpus *out,
	struct err *err)
{
	_cleanup_(inventory_free) struct inventory inventory = { 0 };
	int r = gather_inventory(context, &inventory, err);

	if (r == 0 && cpus_list(&inventory, &context->config, ledger, out) < 0)
		r = err_no_memory(err);
	return r;
}

void cmd_read_work(const struct context *context, const struct cmd_line *line, struct work *out)
{
	struct err err;

	*out = (struct work){ 0 };
	if (measure_read_kept(context, out, &err) < 0)
		log_info("%s: no measured load: %s", line->command->name, err.msg);
}

void cmd_set_share(struct table *table, size_t column, int share)
{
	char text[24];

	work_format_share(share, text, sizeof text);
	if (share == WORK_UNKNOWN)
		table_set_unknown(table, column);
	else
		table_set(table, column, "%s", text);
}

/* "0,2,0,2": the CPU of one side of each queue. */
static void format_side(const struct vif_entry *entry, enum side side, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned int q = 0; q < entry->n_queues && len < size; q++) {
		int n = snprintf(
			buf + len, size - len, "%s%d", q ? "," : "", entry->places[q].cpu[side]);

		len += n > 0 ? (size_t)n : 0;
	}
}

static void log_places(
	const struct change *change, const struct result *result, const struct vif_entry *entry)
{
	static const char *const names[] = {
		[EVENT_RESERVED] = "reserved",
		[EVENT_PINNED] = "pinned",
		[EVENT_PARTIAL] = "partial",
	};
	bool partial = result->event == EVENT_PARTIAL;
	char tx[256], rx[256];

	format_side(entry, SIDE_TX, tx, sizeof tx);
	format_side(entry, SIDE_RX, rx, sizeof rx);
	log_info("vif=%u.%u domain=%s event=%s queues=%u tx=%s rx=%s%s%s%s", change->id.domid,
		change->id.devid, entry->domain, names[result->event], entry->n_queues, tx, rx,
		partial ? " reason=\"" : "", partial ? result->why.msg : "", partial ? "\"" : "");
}

/* Why it has moved: of the sides that have, both where they differ. */
static void format_why(const struct queue_move *move, char *buf, size_t size)
{
	bool moved[SIDE_COUNT];

	for (enum side side = 0; side < SIDE_COUNT; side++)
		moved[side] = move->from.cpu[side] != move->to.cpu[side];
	if (!moved[SIDE_TX] || !moved[SIDE_RX] ||
		strcmp(move->why[SIDE_TX], move->why[SIDE_RX]) == 0)
		snprintf(buf, size, "%s", move->why[moved[SIDE_TX] ? SIDE_TX : SIDE_RX]);
	else
		snprintf(buf, size, "%s, %s", move->why[SIDE_TX], move->why[SIDE_RX]);
}

static void log_moved(const struct change *change, const struct vif_entry *entry)
{
	for (size_t i = 0; i < change->n_moved; i++) {
		const struct queue_move *move = &change->moved[i];
		char why[96];

		format_why(move, why, sizeof why);
		log_info("vif=%u.%u domain=%s event=moved queue=%u tx=%d rx=%d from=%d/%d "
			 "why=\"%s\"",
			change->id.domid, change->id.devid, entry->domain, move->queue,
			move->to.cpu[SIDE_TX], move->to.cpu[SIDE_RX], move->from.cpu[SIDE_TX],
			move->from.cpu[SIDE_RX], why);
	}
}

static void log_result(const struct reconciled *reconciled, size_t i)
{
	const struct change *change = &reconciled->changes.v[i];
	const struct result *result = &reconciled->results[i];
	const struct vif_entry *entry = ledger_find(&reconciled->ledger, change->id);

	if (change->released)
		log_info("vif=%u.%u domain=%s event=released", change->id.domid, change->id.devid,
			change->released);
	if (!entry || result->event == EVENT_NONE)
		return;
	if (result->event == EVENT_MOVED)
		log_moved(change, entry);
	else
		log_places(change, result, entry);
}

void cmd_log(const struct reconciled *reconciled)
{
	if (*reconciled->set_aside.msg)
		log_error("%s", reconciled->set_aside.msg);
	for (size_t i = 0; reconciled->results && i < reconciled->changes.n; i++)
		log_result(reconciled, i);
}

static enum status check(const struct reconciled *reconciled)
{
	enum status status = STATUS_DONE;

	for (size_t i = 0; i < reconciled->changes.n; i++) {
		const struct change *change = &reconciled->changes.v[i];
		const struct result *result = reconciled->results ? &reconciled->results[i] : NULL;

		if (*change->failure.msg)
			log_error("%s", change->failure.msg);
		else if (result && *result->why.msg)
			log_error("vif %u.%u: %s", change->id.domid, change->id.devid,
				result->why.msg);
		else
			continue;
		status = STATUS_FAILED;
	}
	return status;
}

int cmd_reconcile(struct context *context, const struct request *request, struct reconciled *out,
	struct err *err)
{
	int r = reconcile(context, request, out, err);

	cmd_log(out);
	if (r < 0)
		return r;
	if (context->dry)
		explain_changes(&context->config, out);
	return check(out);
}

void cmd_print_summary(const struct reconciled *done, FILE *file)
{
	size_t states[] = { [VIF_RESERVED] = 0, [VIF_PARTIAL] = 0, [VIF_PINNED] = 0 };
	size_t vifs = 0, changed = 0, released = 0;

	for (size_t i = 0; i < done->changes.n; i++) {
		const struct change *change = &done->changes.v[i];
		const struct vif_entry *entry = ledger_find(&done->ledger, change->id);

		if (!change->requested)
			continue;
		changed += done->results[i].event != EVENT_NONE;
		released += done->results[i].event == EVENT_RELEASED;
		vifs += entry != NULL;
		if (entry)
			states[entry->state]++;
	}
	fprintf(file,
		"%zu vif%s: %zu pinned, %zu partial, %zu reserved; %zu changed, %zu released\n",
		vifs, plural(vifs), states[VIF_PINNED], states[VIF_PARTIAL], states[VIF_RESERVED],
		changed - released, released);
}

static bool is_in_domain(const struct vif_entry *vif, const char *domain)
{
	unsigned int domid;

	if (vifname_is_domid(domain))
		return parse_uint(domain, NULL, DOMID_MAX, &domid) && vif->id.domid == domid;
	return strcmp(vif->domain, domain) == 0;
}

static bool is_called(const struct vif_entry *vif, const char *name)
{
	return vifname_is_called(name, vif->id, vif->dev);
}

static bool is_device(const struct vif_entry *vif, const char *device)
{
	return vifname_is_device(device, vif->id, vif->mac, vif->dev);
}

static int keep_selected(
	struct ledger *ledger, const char *domain, const char *device, struct err *err)
{
	bool any = ledger_keep(ledger, is_in_domain, domain) ||
		   (!vifname_is_domid(domain) && ledger_keep(ledger, is_called, domain));

	if (!any)
		return err_set(err, ENOENT,
			"domain '%s' has no vif in the ledger; see 'vifpin list'", domain);
	if (device && !ledger_keep(ledger, is_device, device))
		return err_set(err, ENOENT,
			"domain '%s' has no vif '%s' in the ledger; see 'vifpin list -o +MAC %s'",
			domain, device, domain);
	return 0;
}

int cmd_read_ledger(const struct context *context, const struct cmd_line *line, struct ledger *out,
	struct err *err)
{
	const char *domain = line->words[0];
	int r = reconcile_peek(&context->root, out, err);

	return r < 0 || !domain ? r : keep_selected(out, domain, line->words[1], err);
}
