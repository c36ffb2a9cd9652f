// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * online, offline: what the hotplug scripts' hook calls.
 *
 * The vif is named as libxl names it to the script: XENBUS_PATH and type_if, from
 * the environment or as KEY=VALUE, so that a logged call can be pasted back.
 */
#include "cmd.h"
#include "log.h"
#include "util.h"
#include "watcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A variable of the call: the last KEY=VALUE, else the environment's; NULL without. */
static const char *call_variable(int argc, char **argv, const char *key)
{
	size_t n = strlen(key);

	for (int i = argc - 1; i > 0; i--) {
		if (strncmp(argv[i], key, n) == 0 && argv[i][n] == '=')
			return argv[i] + n + 1;
	}
	return getenv(key);
}

/* A word that is no KEY=VALUE, or NULL. */
static const char *stray_word(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strchr(argv[i], '=') || argv[i][0] == '=')
			return argv[i];
	}
	return NULL;
}

/* False for what is not a vif's call: the tap of an HVM guest. */
static bool is_vif_call(int argc, char **argv)
{
	const char *type = call_variable(argc, argv, "type_if");

	return !type || strcmp(type, "vif") == 0;
}

/* In the form in which it can be typed again, whatever came from where. */
static void log_call(const char *command, struct vif_id id, const char *path)
{
	log_info("vif=%u.%u event=%s call=\"vifpin %s type_if=vif XENBUS_PATH=%s\"", id.domid,
		id.devid, command, command, path);
}

static enum status get_vif(int argc, char **argv, struct vif_id *id, int *backend)
{
	const char *path = call_variable(argc, argv, "XENBUS_PATH");
	const char *stray = stray_word(argc, argv);

	if (stray)
		return cmd_usage(
			"%s: '%s' is not KEY=VALUE; give XENBUS_PATH=backend/vif/DOMID/DEVID",
			argv[0], stray);
	if (!path || !*path)
		return cmd_usage("%s: XENBUS_PATH is not set; give it as "
				 "XENBUS_PATH=backend/vif/DOMID/DEVID",
			argv[0]);
	if (!vifname_parse_path(path, id, backend))
		return cmd_usage("%s: XENBUS_PATH '%s' names no vif; "
				 "expected backend/vif/DOMID/DEVID",
			argv[0], path);
	log_call(argv[0], *id, path);
	return STATUS_DONE;
}

/* An absolute path may be one of another backend domain, whose vifs are not here. */
static enum status check_backend(struct host *host, int argc, char **argv, int backend)
{
	unsigned int own;

	if (backend < 0)
		return STATUS_DONE;
	own = xs_own_domid(host->xs);
	if ((unsigned int)backend == own)
		return STATUS_DONE;
	return cmd_usage("%s: XENBUS_PATH '%s' is of backend domain %d, this is domain %u; "
			 "run vifpin there",
		argv[0], call_variable(argc, argv, "XENBUS_PATH"), backend, own);
}

static enum status reserve(struct host *host, struct vif_id id)
{
	struct err err, not_there = { "" };
	enum status status;
	struct pass pass;
	int r;

	pass_init(&pass, host);
	r = pass_list(&pass, &err);
	if (r == 0)
		r = pass_see(&pass, id, &not_there);
	/* The others that have gone are released even if this one is not there. */
	if (r == -ENOENT)
		r = 0;
	if (r == 0)
		r = pass_begin(&pass, &err);
	if (r == 0)
		r = pass_settle(&pass, &err);
	if (r == 0)
		r = cmd_commit(&pass, &err);
	status = r < 0 ? cmd_fail(&err) : STATUS_DONE;
	pass_end(&pass);
	return *not_there.msg ? cmd_fail(&not_there) : status;
}

/* After the commit; watcher.h says why. */
static enum status ensure_watcher(const struct global *global, struct host *host)
{
	/* The watcher runs in another directory. */
	_cleanup_free_ char *root = realpath(global->root_dir, NULL);
	_cleanup_free_ char *config = NULL;
	const char *argv[8] = { "vifpin", "--root", root ? root : global->root_dir };
	size_t n = 3;
	struct err err;
	int r;

	if (global->config_file) {
		config = realpath(global->config_file, NULL);
		argv[n++] = "-c";
		argv[n++] = config ? config : global->config_file;
	}
	argv[n++] = "watch";
	argv[n] = "--until-idle";
	r = watcher_is_running(&host->root, &err);
	if (r == 0)
		r = watcher_start((char *const *)argv, &err);
	return r < 0 ? cmd_fail(&err) : STATUS_DONE;
}

static enum status run_online(const struct global *global, struct host *host, int argc, char **argv)
{
	enum status status;
	struct vif_id id;
	struct err err;
	int backend;

	if (!is_vif_call(argc, argv))
		return STATUS_DONE;
	cmd_log_as_daemon(global);
	status = get_vif(argc, argv, &id, &backend);
	if (status == STATUS_DONE)
		status = cmd_read_config(global, host, true);
	if (status != STATUS_DONE)
		return status;
	if (host_connect(host, &err) < 0)
		return cmd_fail(&err);
	status = check_backend(host, argc, argv, backend);
	if (status == STATUS_DONE)
		status = reserve(host, id);
	if (status != STATUS_DONE || global->dry)
		return status;
	return ensure_watcher(global, host);
}

/* From the ledger alone: at this time xenstore may have lost the vif already. */
static enum status run_offline(
	const struct global *global, struct host *host, int argc, char **argv)
{
	enum status status;
	struct pass pass;
	struct vif_id id;
	struct err err;
	int backend;

	if (!is_vif_call(argc, argv))
		return STATUS_DONE;
	cmd_log_as_daemon(global);
	status = get_vif(argc, argv, &id, &backend);
	if (status == STATUS_DONE)
		status = cmd_read_config(global, host, true);
	if (status != STATUS_DONE)
		return status;
	pass_init(&pass, host);
	if (pass_begin(&pass, &err) < 0 || pass_release(&pass, id, false, &err) < 0 ||
		cmd_commit(&pass, &err) < 0)
		status = cmd_fail(&err);
	pass_end(&pass);
	return status;
}

#define CALL_HELP                                                                                  \
	"The call is in the environment, or given as KEY=VALUE, which wins:\n"                     \
	"  XENBUS_PATH=backend/vif/DOMID/DEVID   which vif\n"                                      \
	"  type_if=vif                           others, such as tap, are passed over\n"           \
	"Other KEYs do not matter. Logs to syslog.\n"

const struct command command_online = {
	.name = "online",
	.words = "[KEY=VALUE]...",
	.summary = "reserve CPUs for the vif that XENBUS_PATH names",
	.help = "Reserve CPUs for the queues that a vif is going to have, and start a watcher\n"
		"where none runs, which pins them once they are there.\n"
		"\n" CALL_HELP,
	.decides = true,
	.run = run_online,
};

const struct command command_offline = {
	.name = "offline",
	.words = "[KEY=VALUE]...",
	.summary = "give its CPUs back",
	.help = "Release the CPUs of a vif that goes.\n"
		"\n" CALL_HELP,
	.run = run_offline,
};
