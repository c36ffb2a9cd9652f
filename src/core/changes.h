// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * changes.h - what has been decided, one change a vif, as data: -N prints it, apply.h does it,
 * tests compare it.
 */
#pragma once

#include "err.h"
#include "plan.h"
#include "request.h"
#include "targets.h"
#include "vifname.h"

#include <stdbool.h>
#include <stddef.h>

/* A mask to be written: the target is to stand on this CPU alone. */
struct mask_write {
	struct target *target; /* the world's */
	unsigned int cpu;
};

/* What has moved of a vif since it was pinned. */
struct drift_note {
	unsigned int count;           /* targets; 0: nothing */
	char first[TARGET_NAME_SIZE]; /* the first one's name */
	bool is_thread;               /* the first one */
	unsigned int cpu;             /* where the first one should have been */
	char is[64];                  /* and where it was: CPUs as a list, cut if there are many */
};

/* Of a vif that was looked at; it may come to nothing. */
struct change {
	struct vif_id id;
	bool requested;  /* the request is about this vif, alone or among all */
	char *released;  /* the domain whose entry has left the ledger, owned; NULL: none has */
	char *domain;    /* of the vif that is, or would be, in the ledger now, owned; NULL: none */
	bool left_alone; /* the configuration says pin=0 */
	bool placed;     /* the entry is new, or its places are others than before */
	struct queue_move *moved; /* the moves of REQUEST_MOVE that are made, owned */
	size_t n_moved;
	struct plan_steps steps;   /* with request.explain: how new sides were placed */
	struct targets *unpin;     /* the world's: they get the default masks back; NULL: none do */
	bool connected;            /* there are queues */
	struct mask_write *writes; /* owned */
	size_t n_writes;
	struct err missing;      /* the first target that is not there; "" when all are */
	struct drift_note drift; /* by REQUEST_REPAIR */
	struct err failure;      /* why the vif could not be placed; "" when it was */
};

/* Zero-initialised it is empty. */
struct changes {
	struct change *v; /* sorted by id, owned */
	size_t n;
	struct vif_id *again; /* REPAIR: vifs that only REQUEST_UPDATE can bring in line, owned */
	size_t n_again;
};

void changes_free(struct changes *changes);
