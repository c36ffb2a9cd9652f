// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * online, offline: called by the hotplug scripts' hook.
 *
 * XENBUS_PATH and type_if name the vif, as libxl passes them to the script: in the environment.
 * They are also taken as KEY=VALUE, so that a logged call can be pasted into a shell.
 */
#include "cmd.h"
#include "log.h"
#include "util.h"
#include "watcher_lock.h"

#include <stdlib.h>
#include <string.h>

/* The last KEY=VALUE, else the environment variable, else NULL. */
static const char *call_variable(char **words, const char *key)
{
	const char *value = NULL;
	size_t n = strlen(key);

	for (; *words; words++) {
		if (strncmp(*words, key, n) == 0 && (*words)[n] == '=')
			value = *words + n + 1;
	}
	return value ? value : getenv(key);
}

struct call {
	const char *path; /* XENBUS_PATH */
	struct vif_id id;
	int backend; /* the backend domain in the path, -1 if it names none */
};

/* Parses the call, and logs it as a command line, wherever its parts came from. */
static enum status get_call(const struct command *command, char **words, struct call *call)
{
	const char *path = call_variable(words, "XENBUS_PATH"), *key;

	for (char **word = words; *word; word++) {
		if (!strchr(*word, '=') || **word == '=')
			return cmd_wrong(command, "'%s' is not KEY=VALUE", *word);
	}
	if (!path || !*path)
		return cmd_wrong(command, "XENBUS_PATH is not set");
	if (vifname_parse_path(path, &call->id, &call->backend, &key) != VIF_PATH_VIF)
		return cmd_wrong(command, "XENBUS_PATH '%s' is not backend/vif/DOMID/DEVID", path);
	call->path = path;
	log_info("vif=%u.%u event=%s call=\"vifpin %s type_if=vif XENBUS_PATH=%s\"", call->id.domid,
		call->id.devid, command->name, command->name, path);
	return STATUS_DONE;
}

/* An absolute path may belong to another backend domain. */
static enum status check_backend(struct context *context, const struct call *call)
{
	unsigned int own = xenstore_own_domid(context->xenstore);

	if (call->backend < 0 || (unsigned int)call->backend == own)
		return STATUS_DONE;
	log_error("online: XENBUS_PATH '%s' belongs to backend domain %d, this is domain %u; "
		  "run vifpin there",
		call->path, call->backend, own);
	return STATUS_USAGE;
}

static int make_request(
	struct context *context, enum request_kind kind, struct vif_id id, struct err *err)
{
	const struct request request = {
		.kind = kind,
		.vifs = &id,
		.n_vifs = 1,
		.sweep = kind == REQUEST_UPDATE,
		.explain = context->dry,
	};
	_cleanup_(reconciled_free) struct reconciled done = { 0 };

	return cmd_reconcile(context, &request, &done, err);
}

/* Vifs that are gone are released even if this one does not exist. */
static int reserve(struct context *context, struct vif_id id, struct err *err)
{
	int there, status = make_request(context, REQUEST_UPDATE, id, err);

	if (status < 0)
		status = cmd_fail(err);
	there = xenstore_has_vif(context->xenstore, id, err);
	if (there == 0)
		return xenstore_no_such_vif(id, err);
	return there < 0 ? there : status;
}

/* To be called after the ledger was written, see watcher_lock.h. */
static int ensure_watcher(const struct cmd_line *line, struct context *context, struct err *err)
{
	const char *file = line->config_file;
	/* The watcher has another working directory. */
	_cleanup_free_ char *root = realpath(line->root_dir, NULL);
	_cleanup_free_ char *config = file ? realpath(file, NULL) : NULL;
	const char *argv[] = { "vifpin", "--root", root ? root : line->root_dir, "watch",
		"--until-idle", file ? "-c" : NULL, config ? config : file, NULL };
	int r = watcher_is_running(&context->root, err);

	if (r == 0)
		r = watcher_start((char *const *)argv, err);
	return r < 0 ? r : STATUS_DONE;
}

/* Whatever comes of the reservation, somebody has to watch: the vif may still connect. */
static int online(const struct cmd_line *line, struct context *context, const struct call *call,
	struct err *err)
{
	int watched, r = context_connect(context, err);

	if (r == 0)
		r = check_backend(context, call);
	if (r > 0)
		return r;
	if (r == 0)
		r = reserve(context, call->id, err);
	if (context->dry)
		return r;
	watched = ensure_watcher(line, context, r < 0 ? NULL : err);
	return r ? r : watched;
}

static int act(struct context *context, const struct cmd_line *line, struct err *err)
{
	const char *type = call_variable(line->all_words, "type_if");
	struct call call = { 0 };
	enum status status;

	/* An HVM guest's vif has a tap device too. */
	if (type && strcmp(type, "vif") != 0)
		return STATUS_DONE;
	log_open(true, line->verbose);
	status = get_call(line->command, line->all_words, &call);
	if (status != STATUS_DONE)
		return status;
	cmd_read_config(line, context, CMD_DEFAULTS);
	if (line->command == &command_online)
		return online(line, context, &call, err);
	/* Uses only the ledger: the vif may already be gone from xenstore. */
	return make_request(context, REQUEST_RELEASE, call.id, err);
}

#define CALL_HELP                                                                                  \
	"These variables come from the environment; a KEY=VALUE argument overrides them:\n"        \
	"  XENBUS_PATH=backend/vif/DOMID/DEVID   the vif\n"                                        \
	"  type_if=vif                           other types, such as tap, are ignored\n"          \
	"Other KEYs are ignored. Messages go to syslog.\n"

const struct command command_online = {
	.name = "online",
	.words = "[KEY=VALUE]...",
	.summary = "reserve CPUs for a new vif",
	.help = "Reserve CPUs for the queues of a new vif. If no watcher is running, start one,\n"
		"which pins the queues when the guest connects.\n"
		"\n" CALL_HELP,
	.decides = true,
	.act = act,
};

const struct command command_offline = {
	.name = "offline",
	.words = "[KEY=VALUE]...",
	.summary = "release the CPUs of a vif",
	.help = "Release the CPUs of a vif that is going away.\n"
		"\n" CALL_HELP,
	.act = act,
};
