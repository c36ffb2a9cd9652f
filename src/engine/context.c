// SPDX-License-Identifier: GPL-2.0-or-later
#include "context.h"

void context_free(struct context *context)
{
	xenstore_disconnect(context->xenstore);
	config_free(&context->config);
	world_free(&context->known);
}

int context_connect(struct context *context, struct err *err)
{
	if (context->xenstore)
		return 0;
	return xenstore_connect(&context->xenstore, context->owed_since, err);
}

void context_progress(const struct context *context, const char *doing, size_t done, size_t all)
{
	if (context->progress)
		context->progress(doing, done, all);
}
