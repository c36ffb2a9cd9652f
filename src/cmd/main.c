// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd.h"
#include "log.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Turns the exit status into a failure if some output could not be written. */
static int flush(int status)
{
	/* stdio does not keep the errno of a failed write. Another write fails the same way. */
	if (ferror(stdout))
		putchar('\n');
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno == 0)
		errno = EIO;
	fprintf(stderr, "vifpin: write error: %s\n", strerror(errno));
	return STATUS_FAILED;
}

/* The root is open. */
static enum status carry_out(struct context *context, const struct cmd_line *line)
{
	enum config_use config = line->command->config;
	struct err err;
	int r;

	if (config == CONFIG_SHOWN)
		cmd_read_config(line, context, CMD_DEFAULTS);
	else if (config == CONFIG_OBEYED && cmd_read_config(line, context, NULL) != STATUS_DONE)
		return STATUS_FAILED;
	r = line->command->act(context, line, &err);
	return r < 0 ? cmd_fail(&err) : (enum status)r;
}

static enum status run(const struct cmd_line *line)
{
	struct context context = { .dry = line->dry };
	enum status status;
	struct err err;

	log_open(false, line->verbose);
	config_default(&context.config);
	if (sysroot_open(line->root_dir, &context.root, &err) < 0)
		return cmd_fail(&err);
	status = carry_out(&context, line);
	context_free(&context);
	sysroot_close(&context.root);
	return status;
}

/* A ledger's JSON is many thousands of small pieces. They are merged as soon as they are freed, so
 * that what is allocated next, a table's cells for example, is not scattered among them. */
static void merge_freed_memory(void)
{
#ifdef M_MXFAST
	mallopt(M_MXFAST, 0);
#endif
}

int main(int argc, char **argv)
{
	struct cmd_line line;
	enum status status;

	merge_freed_memory();
	sysroot_open_standard();
	/* Writing to a closed pipe is to fail with EPIPE; children are waited for, whatever the
	 * caller does with its own. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	status = cmd_line_read(argc, argv, &line);
	if (status == STATUS_DONE && !line.answered)
		status = run(&line);
	table_free(line.table);
	return flush(status);
}
