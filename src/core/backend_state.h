// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * backend_state.h - what xenstore says of a vif and its domain.
 *
 * All of it stands in the vif's backend directory and in /local/domain/D, which a guest cannot
 * write. Texts that are not in xenstore are empty.
 */
#pragma once

#include "ledger.h"
#include "vifname.h"

#include <stdbool.h>

struct backend_state {
	struct vif_id id;
	bool leaving;            /* the toolstack takes it away: key `online` is 0 */
	bool unprobed;           /* state 1: netback has yet to say what it offers */
	bool connected;          /* state 4; the next two are then not read, and 0 */
	unsigned int max_queues; /* the backend's multi-queue-max-queues, 1 without */
	unsigned int vcpus;      /* the guest's online vCPUs, 0 when not known */
	char mac[MAC_SIZE];
	char vifname[DEV_NAME_SIZE];
	char uuid[UUID_SIZE];
	char *domain; /* the domain's name, owned */
};
