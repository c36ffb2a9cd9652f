// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pin, unpin: by hand, with xl's words for domains and devices.
 */
#include "cmd.h"
#include "domains.h"
#include "util.h"

#include <errno.h>

/* The vifs a person means: one, or all of the domain. */
struct target {
	unsigned int domid;
	struct vif_id *ids; /* owned */
	size_t n;
};

static int find_all(struct host *host, unsigned int domid, struct target *target, struct err *err)
{
	struct vif_id *ids;
	size_t n, kept = 0;
	int r;

	r = xs_list_vifs(host->xs, &ids, &n, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (ids[i].domid == domid)
			ids[kept++] = ids[i];
	}
	*target = (struct target){ domid, ids, kept };
	return 0;
}

static int find_one(
	struct host *host, unsigned int domid, char **argv, struct target *target, struct err *err)
{
	struct vif_id *id = malloc(sizeof *id);
	int r;

	if (!id)
		return err_set(err, ENOMEM, "out of memory");
	r = domains_find_vif(host->xs, domid, argv[1], argv[2], id, err);
	if (r < 0) {
		free(id);
		return r;
	}
	*target = (struct target){ domid, id, 1 };
	return 0;
}

static enum status find_target(struct host *host, int argc, char **argv, struct target *target)
{
	unsigned int domid;
	struct err err;
	int r;

	r = host_connect(host, &err);
	if (r == 0)
		r = domains_find(&host->root, host->xs, argv[1], &domid, &err);
	if (r == 0 && argc > 2)
		r = find_one(host, domid, argv, target, &err);
	else if (r == 0)
		r = find_all(host, domid, target, &err);
	return r < 0 ? cmd_fail(&err) : STATUS_DONE;
}

static enum status run_pass(struct host *host, const struct target *target, bool unpin)
{
	enum status status;
	struct pass pass;
	struct err err;
	int r = 0;

	pass_init(&pass, host);
	for (size_t i = 0; r == 0 && !unpin && i < target->n; i++)
		r = pass_see(&pass, target->ids[i], &err);
	if (r == 0)
		r = pass_begin(&pass, &err);
	for (size_t i = 0; r == 0 && unpin && i < target->n; i++)
		r = pass_release(&pass, target->ids[i], true, &err);
	if (r == 0 && !unpin)
		r = pass_settle(&pass, &err);
	if (r == 0)
		r = cmd_commit(&pass, &err);
	status = r < 0 ? cmd_fail(&err) : cmd_check(&pass);
	pass_end(&pass);
	return status;
}

static enum status run(
	const struct global *global, struct host *host, int argc, char **argv, bool unpin)
{
	struct target target;
	enum status status;

	if (argc < 2 || argc > 3)
		return cmd_usage("usage: vifpin %s DOMAIN [DEVID|MAC]", argv[0]);
	status = cmd_read_config(global, host, false);
	if (status == STATUS_DONE)
		status = find_target(host, argc, argv, &target);
	if (status != STATUS_DONE)
		return status;
	status = run_pass(host, &target, unpin);
	free(target.ids);
	return status;
}

enum status cmd_pin(const struct global *global, struct host *host, int argc, char **argv)
{
	return run(global, host, argc, argv, false);
}

enum status cmd_unpin(const struct global *global, struct host *host, int argc, char **argv)
{
	return run(global, host, argc, argv, true);
}
