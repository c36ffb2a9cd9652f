// SPDX-License-Identifier: GPL-2.0-or-later
#include "counters.h"

#include <stdlib.h>

void counters_free(struct counters *counters)
{
	for (size_t i = 0; i < counters->n_vifs; i++)
		free(counters->vifs[i].queues);
	free(counters->vifs);
	free(counters->cpus);
	free(counters->nic_interrupts);
	*counters = (struct counters){ 0 };
}
