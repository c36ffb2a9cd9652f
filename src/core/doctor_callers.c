// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What calls vifpin, or should: the hook, the watcher's service, irqbalance; and what is read
 * in scripts and in xl.conf to tell.
 */
#include "doctor_checks.h"

#include "util.h"
#include "xlconf.h"

#include <stdio.h>
#include <string.h>

#define INSTALL "make install prefix=/usr"

/* --- what scripts say -------------------------------------------------------------------- */

/* irqbalance-policy is vifpin's too, a program for that one question. */
static bool is_vifpin(const char *word)
{
	const char *name = *word == '/' ? strrchr(word, '/') + 1 : word;

	return strcmp(name, "vifpin") == 0 || strcmp(name, "irqbalance-policy") == 0;
}

bool doctor_ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && strcmp(text + len - n, end) == 0;
}

bool doctor_find_call(const char *script, char program[SHOWN_PATH_SIZE])
{
	char word[SHOWN_PATH_SIZE];

	while (*script) {
		size_t len = strcspn(script, *script == '#' ? "\n" : " \t\n\v\f\r");

		snprintf(word, sizeof word, "%.*s", (int)len, script);
		if (len < sizeof word && is_vifpin(word))
			return copy_str(program, SHOWN_PATH_SIZE, word);
		script += len ? len : 1;
	}
	return false;
}

void doctor_default_script(const char *xl_conf, char script[SHOWN_PATH_SIZE])
{
	const char *value = NULL;
	struct xlconf *conf = NULL;

	if (xlconf_parse(xl_conf, "xl.conf", &conf, NULL) == 0)
		value = xlconf_string(conf, "vif.default.script");
	if (!value || !copy_str(script, SHOWN_PATH_SIZE, value))
		copy_str(script, SHOWN_PATH_SIZE, "vif-bridge");
	xlconf_free(conf);
}

/* --- the checks -------------------------------------------------------------------------- */

/* How to have a watcher that stays. */
static const char *start_service(const struct doctor_facts *facts)
{
	return facts->systemd ? "systemctl enable --now vifpin"
			      : "have the init system start: vifpin watch";
}

/* A problem where something keeps the script from calling vifpin; ok too when it does not try. */
static struct finding check_caller(const struct caller *caller)
{
	if (!caller->is_there)
		return problem("%s does not exist" FIX INSTALL, caller->path);
	if (!caller->executable)
		return problem("%s is not executable, so it is not run" FIX "chmod 755 %s",
			caller->path, caller->path);
	if (*caller->program && !caller->program_works)
		return problem("%s calls %s, which cannot be run" FIX INSTALL, caller->path,
			caller->program);
	return ok("%s calls %s", caller->path, caller->program);
}

static struct finding check_hook(const struct doctor_facts *facts)
{
	const struct hook_facts *scripts = &facts->hook;
	const char *hook = scripts->hook.path, *script = scripts->default_script;
	struct finding finding = check_caller(&scripts->hook);

	if (!scripts->has_scripts || !scripts->calls_hooks)
		return warning("%s: only the watcher notices new vifs" FIX "%s",
			scripts->has_scripts ? "the scripts in /" PATH_SCRIPTS " do not call hooks"
					     : "there is no /" PATH_SCRIPTS,
			start_service(facts));
	if (!*hook)
		return problem("no *.hook in /" PATH_HOOKS " calls vifpin" FIX INSTALL);
	if (!doctor_ends_in(hook, ".hook"))
		return problem("the scripts ignore %s: its name must end in .hook" FIX
			       "mv %s /" PATH_HOOKS "/50-vifpin.hook",
			hook, hook);
	if (finding.health == HEALTH_OK && (strcmp(script, "vif-openvswitch") == 0 ||
						   doctor_ends_in(script, "/vif-openvswitch")))
		return warning("%s, xl's default script, does not call hooks: only the watcher "
			       "notices new vifs" FIX
			       "vif.default.script=\"vif-openvswitch-vifpin\" in "
			       "/" PATH_XL_CONFIG,
			script);
	return finding;
}

static struct finding check_watcher(const struct doctor_facts *facts)
{
	const struct watcher_facts *watcher = &facts->watcher;
	char who[48] = "the watcher";

	if (watcher->pid)
		snprintf(who, sizeof who, "the watcher (process %d)", watcher->pid);
	if (*watcher->failure.msg)
		return problem("%s" FIX "%s", watcher->failure.msg, start_service(facts));
	if (!watcher->runs)
		return warning("no watcher is running: what connects or gets moved is not pinned "
			       "until a hook starts one" FIX "%s",
			start_service(facts));
	if (watcher->until_idle)
		return warning("%s has been running since %s; a hook started it, so it ends with "
			       "the last vif or with the session" FIX "%s",
			who, watcher->since, start_service(facts));
	return ok("%s has been running since %s", who, watcher->since);
}

/* How to have irqbalance ask vifpin. */
static void give_policy(const struct doctor_facts *facts, char *fix, size_t size)
{
	const char *policy = facts->irqbalance.installed;

	if (!*policy)
		snprintf(fix, size, INSTALL ", then vifpin doctor again");
	else if (!facts->systemd)
		snprintf(fix, size, "irqbalance --policyscript=%s", policy);
	else if (facts->irqbalance.args_are_set)
		snprintf(fix, size,
			"add --policyscript=%s to IRQBALANCE_ARGS in /" PATH_IRQBALANCE_ARGS
			"; systemctl restart irqbalance",
			policy);
	else
		snprintf(fix, size, "systemctl daemon-reload; systemctl restart irqbalance");
}

static struct finding check_irqbalance(const struct doctor_facts *facts)
{
	const struct irqbalance_facts *irqbalance = &facts->irqbalance;
	const struct irqbalance_version *version = &irqbalance->version;
	struct finding finding = check_caller(&irqbalance->policy);
	const char *policy = irqbalance->policy.path;
	char name[48] = "irqbalance", fix[256];

	if (!irqbalance->runs)
		return ok("irqbalance is not running");
	if (*policy && finding.health != HEALTH_OK)
		return finding;
	if (version->major || version->minor)
		snprintf(name, sizeof name, "irqbalance %u.%u.%u", version->major, version->minor,
			version->patch);
	if (*irqbalance->policy.program)
		return ok("%s asks vifpin, through %s", name, policy);
	give_policy(facts, fix, sizeof fix);
	if (irqbalance->bans_vif)
		return warning("%s bans vifs by name (--banmod), so it still moves renamed "
			       "ones" FIX "%s",
			name, fix);
	if (*policy)
		return warning("%s asks %s, which does not ask vifpin" FIX "%s", name, policy, fix);
	return problem("%s %s vif interrupts without asking vifpin" FIX "%s", name,
		irqbalance_widens(version) ? "widens the masks of" : "moves", fix);
}

const struct doctor_check doctor_caller_checks[] = {
	{ "hook", check_hook },
	{ "watcher", check_watcher },
	{ "irqbalance", check_irqbalance },
	{ .name = NULL },
};
