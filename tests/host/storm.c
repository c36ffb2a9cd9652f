// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * storm N PATH KEYS: writes N times to xenstore, to PATH/0 ... PATH/(KEYS-1) in turn, as fast as
 * xenstored takes it: many requests are sent before the first answer is read, which libxenstore
 * cannot do. Each is one event for who watches PATH. xenstored merges events that are alike and
 * wait: hence many keys.
 *
 * The messages are those of xen/include/public/io/xs_wire.h.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xenstore.h>
#include <xenstore_lib.h>

#define BATCH 256

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		err(1, "%s", path);
	return fd;
}

static void send_all(int fd, const char *buf, size_t left)
{
	while (left) {
		ssize_t n = write(fd, buf, left);

		if (n <= 0)
			err(1, "cannot write to xenstored");
		buf += n;
		left -= (size_t)n;
	}
}

static void receive_all(int fd, void *buf, size_t left)
{
	for (char *at = buf; left;) {
		ssize_t n = read(fd, at, left);

		if (n <= 0)
			errx(1, "xenstored has gone");
		at += n;
		left -= (size_t)n;
	}
}

/* The answer is "OK", or the errno's name. */
static void receive_answer(int fd)
{
	struct xsd_sockmsg head;
	char body[64] = "";

	receive_all(fd, &head, sizeof head);
	if (head.len >= sizeof body)
		errx(1, "an answer of %u bytes", head.len);
	receive_all(fd, body, head.len);
	if (head.type != XS_WRITE)
		errx(1, "xenstored says %s", body);
}

/* The request to write "1": path, NUL, value. */
static size_t put_request(char *buf, const char *path, long key)
{
	struct xsd_sockmsg head = { .type = XS_WRITE };
	int n = sprintf(buf + sizeof head, "%s/%ld", path, key);

	buf[sizeof head + (size_t)n + 1] = '1';
	head.len = (unsigned int)n + 2;
	memcpy(buf, &head, sizeof head);
	return sizeof head + head.len;
}

int main(int argc, char **argv)
{
	static char buf[BATCH * 256];
	long n, keys, done = 0;
	int fd;

	if (argc != 4 || strlen(argv[2]) > 200)
		errx(2, "usage: storm N PATH KEYS");
	n = atol(argv[1]);
	keys = atol(argv[3]);
	fd = connect_to(xs_daemon_socket());
	while (done < n) {
		long batch = n - done < BATCH ? n - done : BATCH;
		size_t len = 0;

		for (long i = 0; i < batch; i++)
			len += put_request(buf + len, argv[2], (done + i) % keys);
		send_all(fd, buf, len);
		for (long i = 0; i < batch; i++)
			receive_answer(fd);
		done += batch;
	}
	return 0;
}
