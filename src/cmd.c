// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd.h"

#include "explain.h"
#include "log.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum status cmd_fail(const struct err *err)
{
	log_error("%s", err->msg);
	return STATUS_FAILED;
}

enum status cmd_usage(const char *format, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	log_error("%s", line);
	return STATUS_USAGE;
}

static int read_config_text(const struct global *global, const struct host *host, char **text)
{
	if (global->config_file)
		return sysroot_read_at(AT_FDCWD, global->config_file, text, NULL);
	return sysroot_read(&host->root, text, NULL, PATH_CONFIG);
}

/* Only Xen knows nodes: it is asked when the text has some. */
static int parse_config(struct host *host, const char *text, const char *name,
	struct config *config, struct err *err)
{
	struct cpuset_words words;
	struct site site;
	struct err why;
	int r;

	site_init(&site, &host->root, &host->config);
	words = site_words(&site);
	r = config_parse(text, name, &words, config, err);
	if (r == -ENODATA && site_read(&site, &why) == 0) {
		words = site_words(&site);
		r = config_parse(text, name, &words, config, &why);
		if (r == -ENODATA)
			err_set(err, ENODATA, "%s: %s", why.msg, site.topology.unknown.msg);
		else if (r < 0)
			*err = why;
	}
	site_free(&site);
	return r;
}

int cmd_load_config(const struct global *global, struct host *host, struct err *err)
{
	const char *name = global->config_file ? global->config_file : "/" PATH_CONFIG;
	_cleanup_free_ char *text = NULL;
	struct config config;
	int r;

	config_default(&config);
	r = read_config_text(global, host, &text);
	if (r < 0 && (r != -ENOENT || global->config_file))
		return err_set(err, -r, "cannot read %s: %s", name, strerror(-r));
	r = text ? parse_config(host, text, name, &config, err) : 0;
	if (r < 0)
		return r;
	config_free(&host->config);
	host->config = config;
	return 0;
}

enum status cmd_read_config(const struct global *global, struct host *host, bool tolerant)
{
	struct err err;

	if (cmd_load_config(global, host, &err) == 0)
		return STATUS_DONE;
	log_error("%s", err.msg);
	return tolerant ? STATUS_DONE : STATUS_FAILED;
}

void cmd_log_as_daemon(const struct global *global)
{
	log_open(LOG_TO_PERSON | LOG_TO_SYSLOG, global->verbose);
}

/* "0,2,0,2": the CPUs of one side, queue by queue. */
static void format_side(const struct vif_entry *entry, bool rx, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned int q = 0; q < entry->n_queues && len < size; q++) {
		int cpu = rx ? entry->places[q].rx_cpu : entry->places[q].tx_cpu;
		int n = snprintf(buf + len, size - len, "%s%d", q ? "," : "", cpu);

		len += n > 0 ? (size_t)n : 0;
	}
}

static void log_places(const struct outcome *outcome, const struct vif_entry *entry)
{
	static const char *const names[] = {
		[EVENT_RESERVED] = "reserved",
		[EVENT_PINNED] = "pinned",
		[EVENT_PARTIAL] = "partial",
	};
	bool partial = outcome->event == EVENT_PARTIAL;
	char tx[256], rx[256];

	format_side(entry, false, tx, sizeof tx);
	format_side(entry, true, rx, sizeof rx);
	log_info("vif=%u.%u domain=%s event=%s queues=%u tx=%s rx=%s%s%s%s", outcome->id.domid,
		outcome->id.devid, outcome->domain, names[outcome->event], entry->n_queues, tx, rx,
		partial ? " reason=\"" : "", partial ? outcome->why.msg : "", partial ? "\"" : "");
}

static void log_outcome(const struct pass *pass, const struct outcome *outcome)
{
	const struct vif_entry *entry = ledger_find(&pass->ledger, outcome->id);

	if (outcome->event == EVENT_RELEASED)
		log_info("vif=%u.%u domain=%s event=released", outcome->id.domid, outcome->id.devid,
			outcome->domain);
	else if (outcome->event == EVENT_MOVED && entry)
		log_info("vif=%u.%u domain=%s event=moved queue=%u tx=%d rx=%d", outcome->id.domid,
			outcome->id.devid, outcome->domain, outcome->queue,
			entry->places[outcome->queue].tx_cpu, entry->places[outcome->queue].rx_cpu);
	else if (outcome->event != EVENT_NONE && entry)
		log_places(outcome, entry);
}

void cmd_log_pass(const struct pass *pass)
{
	if (*pass->rebuilt.msg)
		log_error("%s", pass->rebuilt.msg);
	for (size_t i = 0; i < pass->n_outcomes; i++)
		log_outcome(pass, &pass->outcomes[i]);
}

int cmd_commit(struct pass *pass, struct err *err)
{
	int r;

	if (pass->dry) {
		explain_pass(pass);
		return 0;
	}
	r = pass_commit(pass, err);
	pass_unlock(pass);
	cmd_log_pass(pass);
	return r;
}

enum status cmd_check(const struct pass *pass)
{
	enum status status = STATUS_DONE;

	for (size_t i = 0; i < pass->n_outcomes; i++) {
		const struct outcome *outcome = &pass->outcomes[i];

		if (!*outcome->why.msg)
			continue;
		log_error("vif %u.%u: %s", outcome->id.domid, outcome->id.devid, outcome->why.msg);
		status = STATUS_FAILED;
	}
	return status;
}

static bool is_device(const struct vif_entry *vif, const char *device)
{
	unsigned long devid;

	if (vifname_is_mac(device))
		return vifname_same_mac(vif->mac, device);
	return parse_number(device, NULL, DEVID_MAX, &devid) && vif->id.devid == devid;
}

bool cmd_selects(const struct vif_entry *vif, const char *domain, const char *device)
{
	unsigned long domid;

	if (!domain)
		return true;
	if (device && !is_device(vif, device))
		return false;
	if (*domain && !domain[strspn(domain, "0123456789")])
		return parse_number(domain, NULL, DOMID_MAX, &domid) && vif->id.domid == domid;
	return strcmp(vif->domain, domain) == 0;
}

static bool selects_any(const struct ledger *ledger, const char *domain, const char *device)
{
	for (size_t i = 0; i < ledger->n_vifs; i++) {
		if (cmd_selects(&ledger->vifs[i], domain, device))
			return true;
	}
	return false;
}

int cmd_check_selection(
	const struct ledger *ledger, const char *domain, const char *device, struct err *err)
{
	if (!domain || selects_any(ledger, domain, device))
		return 0;
	if (!device || !selects_any(ledger, domain, NULL))
		return err_set(err, ENOENT,
			"domain '%s' has no vif in the ledger; vifpin list shows which have",
			domain);
	return err_set(err, ENOENT,
		"domain '%s' has no vif '%s' in the ledger; vifpin list -o +MAC %s shows which it "
		"has",
		domain, device, domain);
}
