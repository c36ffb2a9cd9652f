// SPDX-License-Identifier: GPL-2.0-or-later
#include "changes.h"

#include "util.h"

void changes_free(struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		struct change *change = &changes->v[i];

		free(change->released);
		free(change->domain);
		free(change->moved);
		free(change->writes);
		plan_steps_free(&change->steps);
	}
	free(changes->v);
	free(changes->again);
	*changes = (struct changes){ 0 };
}
