// SPDX-License-Identifier: GPL-2.0-or-later
#include "worker.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int worker_init(struct worker *worker)
{
	*worker = (struct worker){ .done_fd = eventfd(0, EFD_CLOEXEC) };
	return worker->done_fd < 0 ? -errno : 0;
}

void worker_free(struct worker *worker)
{
	close(worker->done_fd);
}

static void *run(void *data)
{
	struct worker *worker = data;

	worker->work(worker->data);
	eventfd_write(worker->done_fd, 1);
	return NULL;
}

int worker_begin(struct worker *worker, void (*work)(void *data), void *data)
{
	int code;

	worker->work = work;
	worker->data = data;
	code = pthread_create(&worker->thread, NULL, run, worker);
	worker->busy = code == 0;
	return -code;
}

void worker_end(struct worker *worker)
{
	eventfd_t count;

	pthread_join(worker->thread, NULL);
	eventfd_read(worker->done_fd, &count);
	worker->busy = false;
}
