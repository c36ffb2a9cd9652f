// SPDX-License-Identifier: GPL-2.0-or-later
#include "doctor.h"

#include "sysroot.h"
#include "util.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Paths only: nothing is read here. */
#define CONF            "/" PATH_CONFIG
#define HOOK_DIR        "/" PATH_HOOKS
#define IRQBALANCE_ARGS "/" PATH_IRQBALANCE_ARGS
#define INSTALL         "make install prefix=/usr"

/* --- scripts ----------------------------------------------------------------------------- */

/* Is the word this name, or an absolute path that ends so? */
static bool ends_in_name(const char *word, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len >= n && strncmp(word + len - n, name, n) == 0 &&
	       (len == n || (word[0] == '/' && word[len - n - 1] == '/'));
}

/* irqbalance-policy is vifpin's too, a program for that one question. */
static bool is_vifpin(const char *word, size_t len)
{
	return ends_in_name(word, len, "vifpin") || ends_in_name(word, len, "irqbalance-policy");
}

/* The first such word of a line. */
static const char *find_in_line(const char *line, size_t len, size_t *word_len)
{
	const char *end = line + len;

	while (line < end && *line != '#') {
		size_t n = 0;

		while (line + n < end && !isspace((unsigned char)line[n]))
			n++;
		if (is_vifpin(line, n)) {
			*word_len = n;
			return line;
		}
		line += n ? n : 1;
	}
	return NULL;
}

bool doctor_find_call(const char *script, char program[SHOWN_PATH_SIZE])
{
	while (*script) {
		size_t line_len = strcspn(script, "\n"), len;
		const char *word = find_in_line(script, line_len, &len);

		if (word && len < SHOWN_PATH_SIZE) {
			memcpy(program, word, len);
			program[len] = '\0';
			return true;
		}
		script += line_len + (script[line_len] == '\n');
	}
	return false;
}

/* The text between quotes behind KEY=, or NULL. */
static const char *quoted_value(const char *line, const char *key, size_t *len)
{
	size_t n = strlen(key);
	char quote;

	line += strspn(line, " \t");
	if (strncmp(line, key, n) != 0)
		return NULL;
	line += n + strspn(line + n, " \t");
	if (*line++ != '=')
		return NULL;
	line += strspn(line, " \t");
	quote = *line;
	if (quote != '"' && quote != '\'')
		return NULL;
	*len = strcspn(line + 1, quote == '"' ? "\"\n" : "'\n");
	return line + 1;
}

void doctor_default_script(const char *xl_conf, char script[SHOWN_PATH_SIZE])
{
	snprintf(script, SHOWN_PATH_SIZE, "vif-bridge");
	for (const char *line = xl_conf; line; line = strchr(line, '\n')) {
		const char *value;
		size_t len;

		line += *line == '\n';
		value = quoted_value(line, "vif.default.script", &len);
		if (value && len < SHOWN_PATH_SIZE)
			snprintf(script, SHOWN_PATH_SIZE, "%.*s", (int)len, value);
	}
}

/* --- the host ---------------------------------------------------------------------------- */

void doctor_xen(const char *type, struct finding *out)
{
	out->check = "xen";
	if (strcmp(type, "xen\n") == 0 || strcmp(type, "xen") == 0) {
		finding_say(out, HEALTH_OK, "this is a domain of a Xen host");
		return;
	}
	finding_say(out, HEALTH_PROBLEM, "this is no domain of a Xen host: /" PATH_HYPERVISOR " %s",
		*type ? "says something else" : "is not there");
	finding_mend(out, "boot it under Xen");
}

void doctor_xenstored(const char *failure, struct finding *out)
{
	out->check = "xenstored";
	if (!*failure) {
		finding_say(out, HEALTH_OK, "xenstored answers");
		return;
	}
	finding_say(out, HEALTH_PROBLEM, "%s", failure);
	finding_mend(out, "systemctl start xenstored (Debian: xen)");
}

void doctor_domain(int own, struct finding *out)
{
	out->check = "domain";
	if (own < 0)
		finding_say(out, HEALTH_WARNING, "not known: xenstored does not answer");
	else if (own == 0)
		finding_say(out, HEALTH_OK, "this is domain 0");
	else
		finding_say(out, HEALTH_OK, "this is domain %d, a driver domain", own);
}

void doctor_config(const char *failure, bool is_there, struct finding *out)
{
	out->check = "config";
	if (*failure) {
		finding_say(out, HEALTH_PROBLEM, "%s; hook and watcher use the defaults", failure);
		finding_mend(out, "correct that line; man vifpin.conf");
	} else if (is_there) {
		finding_say(out, HEALTH_OK, "the configuration can be read");
	} else {
		finding_say(out, HEALTH_OK, "there is no " CONF ": the defaults hold");
	}
}

/* --- what calls vifpin ------------------------------------------------------------------- */

static void mend_with_service(const struct tools *tools, struct finding *out)
{
	if (tools->systemd)
		finding_mend(out, "systemctl enable --now vifpin");
	else
		finding_mend(out, "have the init system start: vifpin watch");
}

/* What keeps a script from calling vifpin; false when nothing does. */
static bool caller_fails(const struct caller *caller, struct finding *out)
{
	if (!caller->is_there) {
		finding_say(out, HEALTH_PROBLEM, "%s is not there", caller->path);
		finding_mend(out, INSTALL);
	} else if (!caller->executable) {
		finding_say(out, HEALTH_PROBLEM, "%s is not executable, so it is not run",
			caller->path);
		finding_mend(out, "chmod 755 %s", caller->path);
	} else if (caller->calls_vifpin && !caller->program_works) {
		finding_say(out, HEALTH_PROBLEM, "%s calls %s, which cannot be run", caller->path,
			caller->program);
		finding_mend(out, INSTALL);
	} else {
		return false;
	}
	return true;
}

static bool calls_no_hooks(const char *script)
{
	const char *slash = strrchr(script, '/');

	return strcmp(slash ? slash + 1 : script, "vif-openvswitch") == 0;
}

void doctor_hook(const struct hook_facts *facts, const struct tools *tools, struct finding *out)
{
	const struct caller *hook = &facts->hook;

	out->check = "hook";
	if (!facts->has_scripts || !facts->calls_hooks) {
		finding_say(out, HEALTH_WARNING, "%s: only the watcher sees vifs come",
			facts->has_scripts ? "the scripts in /" PATH_SCRIPTS " call no hooks"
					   : "there is no /" PATH_SCRIPTS);
		mend_with_service(tools, out);
	} else if (!*hook->path) {
		finding_say(out, HEALTH_PROBLEM, "no *.hook in " HOOK_DIR " calls vifpin");
		finding_mend(out, INSTALL);
	} else if (!facts->ends_in_hook) {
		finding_say(out, HEALTH_PROBLEM,
			"the scripts pass over %s: its name must end in .hook", hook->path);
		finding_mend(out, "mv %s " HOOK_DIR "/50-vifpin.hook", hook->path);
	} else if (caller_fails(hook, out)) {
		return;
	} else if (calls_no_hooks(facts->default_script)) {
		finding_say(out, HEALTH_WARNING,
			"%s, xl's default, calls no hooks: only the watcher sees "
			"vifs come",
			facts->default_script);
		mend_with_service(tools, out);
	} else {
		finding_say(out, HEALTH_OK, "%s calls %s", hook->path, hook->program);
	}
}

void doctor_watcher(
	const struct watcher_facts *facts, const struct tools *tools, struct finding *out)
{
	char who[48] = "a watcher";

	out->check = "watcher";
	if (facts->pid)
		snprintf(who, sizeof who, "watcher %d", facts->pid);
	if (*facts->failure.msg) {
		finding_say(out, HEALTH_PROBLEM, "%s", facts->failure.msg);
	} else if (!facts->runs) {
		finding_say(out, HEALTH_WARNING,
			"no watcher runs: what connects, or is moved, before a hook starts one is "
			"not pinned");
	} else if (facts->until_idle) {
		finding_say(out, HEALTH_WARNING,
			"%s runs since %s; a hook has started it: it ends with the last vif, or "
			"with the session",
			who, facts->since);
	} else {
		finding_say(out, HEALTH_OK, "%s runs since %s", who, facts->since);
		return;
	}
	mend_with_service(tools, out);
}

/* --- irqbalance -------------------------------------------------------------------------- */

static void mend_irqbalance(
	const struct irqbalance_facts *facts, const struct tools *tools, struct finding *out)
{
	const char *policy = facts->installed;

	if (!*policy)
		finding_mend(out, INSTALL ", then vifpin doctor again");
	else if (!tools->systemd)
		finding_mend(out, "irqbalance --policyscript=%s", policy);
	else if (facts->args_are_set)
		finding_mend(out,
			"add --policyscript=%s to IRQBALANCE_ARGS in " IRQBALANCE_ARGS
			"; systemctl restart irqbalance",
			policy);
	else
		finding_mend(out, "systemctl daemon-reload; systemctl restart irqbalance");
}

/* "irqbalance 1.9.2" */
static void name_irqbalance(const struct irqbalance_version *version, char *buf, size_t size)
{
	if (version->major || version->minor)
		snprintf(buf, size, "irqbalance %u.%u.%u", version->major, version->minor,
			version->patch);
	else
		snprintf(buf, size, "irqbalance");
}

void doctor_irqbalance(
	const struct irqbalance_facts *facts, const struct tools *tools, struct finding *out)
{
	char name[48];

	out->check = "irqbalance";
	name_irqbalance(&facts->version, name, sizeof name);
	if (!facts->runs) {
		finding_say(out, HEALTH_OK, "irqbalance does not run");
		return;
	}
	if (*facts->policy.path && caller_fails(&facts->policy, out))
		return;
	if (facts->policy.calls_vifpin) {
		finding_say(out, HEALTH_OK, "%s asks vifpin, by %s", name, facts->policy.path);
		return;
	}
	if (facts->options.bans_vif)
		finding_say(out, HEALTH_WARNING,
			"%s bans vifs by name (--banmod), and so moves those that are renamed",
			name);
	else if (*facts->policy.path)
		finding_say(out, HEALTH_WARNING, "%s asks %s, which does not ask vifpin", name,
			facts->policy.path);
	else
		finding_say(out, HEALTH_PROBLEM,
			"%s %s the interrupts of vifs, and does not ask vifpin", name,
			irqbalance_widens(&facts->version) ? "widens the masks of" : "moves");
	mend_irqbalance(facts, tools, out);
}

/* --- what vifpin knows ------------------------------------------------------------------- */

void doctor_ledger(const struct ledger_facts *facts, struct finding *out)
{
	out->check = "ledger";
	if (facts->of_later_version) {
		finding_say(out, HEALTH_PROBLEM, "the ledger %s: nothing is pinned",
			facts->failure.msg);
		finding_mend(out, "upgrade vifpin, or move /" PATH_LEDGER_DIR "/ledger.json away");
	} else if (*facts->failure.msg) {
		finding_say(
			out, HEALTH_PROBLEM, "the ledger cannot be read: %s", facts->failure.msg);
		finding_mend(out, "vifpin reconcile");
	} else if (!facts->is_there) {
		finding_say(out, HEALTH_OK, "there is none yet: no vif has come");
	} else if (!facts->of_this_boot) {
		finding_say(out, HEALTH_WARNING,
			"the ledger is of another boot: nothing is pinned yet");
		finding_mend(out, "vifpin reconcile");
	} else {
		finding_say(out, HEALTH_OK, "the ledger is of this boot and has %zu vif%s",
			facts->n_vifs, facts->n_vifs == 1 ? "" : "s");
	}
}

void doctor_corrupt(const struct ledger_facts *facts, struct finding *out)
{
	out->check = "corrupt";
	if (!facts->n_corrupt) {
		finding_say(out, HEALTH_OK, "no ledger had to be moved aside");
		return;
	}
	finding_say(out, HEALTH_WARNING, "%u ledger%s could not be read and %s moved aside",
		facts->n_corrupt, facts->n_corrupt == 1 ? "" : "s",
		facts->n_corrupt == 1 ? "was" : "were");
	finding_mend(out, "rm /" PATH_LEDGER_DIR "/ledger.json.corrupt-*");
}

void doctor_vifs(const struct vif_facts *facts, struct finding *out)
{
	out->check = "vifs";
	if (facts->n_unknown) {
		finding_say(out, HEALTH_PROBLEM, "vif %u.%u is not in the ledger%s",
			facts->unknown.domid, facts->unknown.devid,
			facts->n_unknown > 1 ? ", and others are not" : "");
		finding_mend(out, "vifpin reconcile");
	} else if (facts->n_partial) {
		finding_say(out, HEALTH_WARNING,
			"%zu of %zu vifs pinned in part only, vif %u.%u first", facts->n_partial,
			facts->n, facts->partial.domid, facts->partial.devid);
		finding_mend(out, "vifpin verify");
	} else if (facts->n_outside) {
		finding_say(out, HEALTH_WARNING,
			"%zu side%s on CPUs that vifs may not use, of vif %u.%u first",
			facts->n_outside, facts->n_outside == 1 ? "" : "s", facts->outside.domid,
			facts->outside.devid);
		finding_mend(out, "vifpin rebalance");
	} else if (facts->drift) {
		finding_say(out, HEALTH_OK,
			"all are pinned or reserved; moved and put back so far: %lu", facts->drift);
	} else {
		finding_say(
			out, HEALTH_OK, "all are pinned or reserved, and nothing has moved them");
	}
}
