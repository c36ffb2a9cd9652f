// SPDX-License-Identifier: GPL-2.0-or-later
#include "xs.h"

#include "util.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xenstore.h>

#define WATCH_PATH "backend/vif"
#define PATH_SIZE  64

/* enum xenbus_state (xen/include/public/io/xenbus.h). */
#define XENBUS_INITIALISING 1
#define XENBUS_CONNECTED    4
#define XENBUS_CLOSED       6

/* More than any guest can have; what xenstore holds beyond is not counted. */
#define VCPUS_MAX 4096

struct xs {
	struct xs_handle *handle;
	int death_fd;
	bool has_timer;
	timer_t timer;         /* runs while xenstored owes an answer */
	unsigned int patience; /* seconds */
};

static void on_timer(union sigval value)
{
	const struct xs_patience *patience = value.sival_ptr;

	patience->late(patience->data);
}

static int make_timer(struct xs *xs, const struct xs_patience *patience)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = on_timer,
		.sigev_value.sival_ptr = (void *)patience,
	};

	if (!patience)
		return 0;
	xs->patience = patience->seconds;
	if (timer_create(CLOCK_MONOTONIC, &event, &xs->timer) < 0)
		return -errno;
	xs->has_timer = true;
	return 0;
}

/* Around every call that waits for xenstored. */
static void set_timer(struct xs *xs, unsigned int seconds)
{
	const struct itimerspec limit = {
		.it_value = { .tv_sec = seconds },
		.it_interval = { .tv_sec = seconds ? 1 : 0 },
	};
	int code = errno;

	if (xs->has_timer)
		timer_settime(xs->timer, 0, &limit, NULL);
	errno = code;
}

static void begin_wait(struct xs *xs)
{
	set_timer(xs, xs->patience);
}

static void end_wait(struct xs *xs)
{
	set_timer(xs, 0);
}

/* A connection that is never used: its end is xenstored's. */
static int open_death_fd(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = xs_daemon_socket();
	int fd;

	if (!path || !copy_str(address.sun_path, sizeof address.sun_path, path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int xs_connect(struct xs **out, const struct xs_patience *patience, struct err *err)
{
	struct xs *xs = calloc(1, sizeof *xs);
	int r;

	if (!xs)
		return err_set(err, ENOMEM, "out of memory");
	xs->death_fd = -1;
	r = make_timer(xs, patience);
	if (r == 0) {
		begin_wait(xs);
		xs->handle = xs_open(0);
		r = xs->handle ? 0 : -errno;
		end_wait(xs);
	}
	if (r < 0) {
		xs_disconnect(xs);
		return err_set(err, -r, "cannot reach xenstored: %s; is it running?", strerror(-r));
	}
	if (patience)
		xs->death_fd = open_death_fd();
	*out = xs;
	return 0;
}

/* In the child: any answer will do. One that cannot connect has not waited. */
static void ask_once(void)
{
	struct xs_handle *handle = xs_open(0);
	unsigned int len;

	if (handle)
		free(xs_read(handle, XBT_NULL, "domid", &len));
	_exit(0);
}

int xs_try(unsigned int seconds, struct err *err)
{
	struct pollfd child = { .events = POLLIN };
	pid_t pid = fork();
	int n;

	if (pid < 0)
		return err_set(err, errno, "cannot ask xenstored: %m");
	if (pid == 0)
		ask_once();
	child.fd = pidfd_open(pid, 0);
	n = child.fd < 0 ? 1 : poll(&child, 1, (int)seconds * 1000);
	if (n == 0)
		kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(child.fd);
	if (n == 0)
		return err_set(
			err, ETIMEDOUT, "xenstored has not answered for %u seconds", seconds);
	return 0;
}

void xs_disconnect(struct xs *xs)
{
	if (!xs)
		return;
	if (xs->handle)
		xs_close(xs->handle);
	if (xs->death_fd >= 0)
		close(xs->death_fd);
	if (xs->has_timer)
		timer_delete(xs->timer);
	free(xs);
}

int xs_death_fd(struct xs *xs)
{
	return xs->death_fd;
}

/* The value, to be freed, or NULL with errno. It ends with a NUL and holds none. */
static char *read_value(struct xs *xs, const char *path)
{
	unsigned int len;
	char *value;

	begin_wait(xs);
	value = xs_read(xs->handle, XBT_NULL, path, &len);
	end_wait(xs);
	if (value && strlen(value) != len) {
		free(value);
		errno = EINVAL;
		return NULL;
	}
	return value;
}

__attribute__((format(printf, 2, 3))) static char *read_key(struct xs *xs, const char *format, ...)
{
	char path[PATH_SIZE + 64];
	va_list ap;

	va_start(ap, format);
	vsnprintf(path, sizeof path, format, ap);
	va_end(ap);
	return read_value(xs, path);
}

static char *read_vif_key(struct xs *xs, struct vif_id id, const char *key)
{
	return read_key(xs, WATCH_PATH "/%u/%u/%s", id.domid, id.devid, key);
}

/* A number from 0 to max; `otherwise` when the value is missing or none. Frees it. */
static unsigned int to_number(char *value, unsigned int max, unsigned int otherwise)
{
	unsigned long number;

	if (!value || !parse_number(value, NULL, max, &number))
		number = otherwise;
	free(value);
	return (unsigned int)number;
}

/* Copies the value, empty when it is missing or does not fit. Frees it. */
static void to_text(char *value, char *buf, size_t size)
{
	copy_str(buf, size, value ? value : "");
	free(value);
}

unsigned int xs_own_domid(struct xs *xs)
{
	return to_number(read_value(xs, "domid"), DOMID_MAX, 0);
}

static char **list_directory(struct xs *xs, const char *path, unsigned int *n)
{
	char **names;

	begin_wait(xs);
	names = xs_directory(xs->handle, XBT_NULL, path, n);
	end_wait(xs);
	if (!names)
		*n = 0;
	return names;
}

int xs_has_vif(struct xs *xs, struct vif_id id, struct err *err)
{
	_cleanup_free_ char **names = NULL;
	char path[PATH_SIZE];
	unsigned int n;

	snprintf(path, sizeof path, WATCH_PATH "/%u/%u", id.domid, id.devid);
	names = list_directory(xs, path, &n);
	if (!names && errno != ENOENT)
		return err_set(err, errno, "cannot read %s in xenstore: %m", path);
	/* Without a key it is the shell of one that is being made or removed. */
	return n > 0;
}

bool xs_has_domain(struct xs *xs, unsigned int domid)
{
	_cleanup_free_ char *name = read_key(xs, "/local/domain/%u/name", domid);

	return name != NULL;
}

/* vCPUs whose `availability` is "online" (libxl: libxl__update_domain_configuration). */
static unsigned int count_vcpus(struct xs *xs, unsigned int domid)
{
	_cleanup_free_ char **names = NULL;
	unsigned int n, count = 0;
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "/local/domain/%u/cpu", domid);
	names = list_directory(xs, path, &n);
	for (unsigned int i = 0; i < n && i < VCPUS_MAX; i++) {
		_cleanup_free_ char *value = NULL;
		unsigned long number;

		if (!parse_number(names[i], NULL, VCPUS_MAX, &number))
			continue;
		value = read_key(xs, "%s/%lu/availability", path, number);
		if (value && strcmp(value, "online") == 0)
			count++;
	}
	return count;
}

/* The UUID is the last part of the path in /local/domain/D/vm: "/vm/UUID". */
static void read_uuid(struct xs *xs, unsigned int domid, char uuid[UUID_SIZE])
{
	_cleanup_free_ char *vm = read_key(xs, "/local/domain/%u/vm", domid);
	const char *slash = vm ? strrchr(vm, '/') : NULL;

	copy_str(uuid, UUID_SIZE, slash ? slash + 1 : "");
}

static int no_such_vif(struct vif_id id, struct err *err)
{
	return err_set(err, ENOENT,
		"vif %u.%u is not in xenstore (no " WATCH_PATH "/%u/%u); "
		"xl network-list shows a domain's vifs",
		id.domid, id.devid, id.domid, id.devid);
}

static int read_vif_keys(struct xs *xs, struct vif_id id, struct xs_vif *out, struct err *err)
{
	struct xs_vif vif = { .id = id };
	unsigned int state = to_number(read_vif_key(xs, id, "state"), XENBUS_CLOSED, 0);

	vif.leaving = to_number(read_vif_key(xs, id, "online"), 1, 1) == 0;
	vif.unprobed = state == XENBUS_INITIALISING;
	vif.connected = state == XENBUS_CONNECTED;
	/* Once it is connected the kernel tells how many queues there are. */
	if (!vif.connected) {
		vif.max_queues =
			to_number(read_vif_key(xs, id, "multi-queue-max-queues"), QUEUES_MAX, 1);
		vif.vcpus = count_vcpus(xs, id.domid);
	}
	to_text(read_vif_key(xs, id, "mac"), vif.mac, sizeof vif.mac);
	to_text(read_vif_key(xs, id, "vifname"), vif.vifname, sizeof vif.vifname);
	read_uuid(xs, id.domid, vif.uuid);
	vif.domain = read_key(xs, "/local/domain/%u/name", id.domid);
	if (!vif.domain)
		vif.domain = strdup("");
	if (!vif.domain)
		return err_set(err, ENOMEM, "out of memory");
	*out = vif;
	return 0;
}

int xs_read_vif(struct xs *xs, struct vif_id id, struct xs_vif *out, struct err *err)
{
	int r = xs_has_vif(xs, id, err);

	if (r <= 0)
		return r < 0 ? r : no_such_vif(id, err);
	r = read_vif_keys(xs, id, out, err);
	if (r < 0)
		return r;
	/* What was missing may be so because all of it went, or xenstored did. */
	r = xs_has_vif(xs, id, err);
	if (r > 0)
		return 0;
	xs_vif_free(out);
	return r < 0 ? r : no_such_vif(id, err);
}

void xs_vif_free(struct xs_vif *vif)
{
	free(vif->domain);
	vif->domain = NULL;
}

struct id_list {
	struct vif_id *v;
	size_t n;
};

static int list_domain_vifs(
	struct xs *xs, unsigned int domid, struct id_list *list, struct err *err)
{
	_cleanup_free_ char **names = NULL;
	char path[PATH_SIZE];
	unsigned int n;

	snprintf(path, sizeof path, WATCH_PATH "/%u", domid);
	names = list_directory(xs, path, &n);
	if (!names && errno != ENOENT)
		return err_set(err, errno, "cannot list the vifs in xenstore: %m");
	for (unsigned int i = 0; i < n; i++) {
		struct vif_id id = { .domid = domid };
		struct vif_id *grown;
		unsigned long devid;

		if (!parse_number(names[i], NULL, DEVID_MAX, &devid))
			continue;
		id.devid = (unsigned int)devid;
		grown = array_grow(list->v, list->n, sizeof *grown);
		if (!grown)
			return err_set(err, ENOMEM, "out of memory");
		list->v = grown;
		grown[list->n++] = id;
	}
	return 0;
}

int xs_list_vifs(struct xs *xs, struct vif_id **ids, size_t *n, struct err *err)
{
	_cleanup_free_ char **names = NULL;
	struct id_list list = { 0 };
	unsigned int n_names;

	names = list_directory(xs, WATCH_PATH, &n_names);
	if (!names && errno != ENOENT)
		return err_set(err, errno, "cannot list the vifs in xenstore: %m");
	for (unsigned int i = 0; i < n_names; i++) {
		unsigned long domid;
		int r;

		if (!parse_number(names[i], NULL, DOMID_MAX, &domid))
			continue;
		r = list_domain_vifs(xs, (unsigned int)domid, &list, err);
		if (r < 0) {
			free(list.v);
			return r;
		}
	}
	*ids = list.v;
	*n = list.n;
	return 0;
}

int xs_find_domain(struct xs *xs, const char *name, unsigned int *domid, struct err *err)
{
	_cleanup_free_ char **names = NULL;
	unsigned int n;

	names = list_directory(xs, "/local/domain", &n);
	for (unsigned int i = 0; i < n; i++) {
		_cleanup_free_ char *value = NULL;
		unsigned long number;

		if (!parse_number(names[i], NULL, DOMID_MAX, &number))
			continue;
		value = read_key(xs, "/local/domain/%lu/name", number);
		if (value && strcmp(value, name) == 0) {
			*domid = (unsigned int)number;
			return 0;
		}
	}
	return err_set(err, ENOENT, "there is no domain %s", name);
}

int xs_watch_vifs(struct xs *xs, struct err *err)
{
	bool done;

	begin_wait(xs);
	done = xs_watch(xs->handle, WATCH_PATH, "vif");
	end_wait(xs);
	if (!done)
		return err_set(err, errno, "cannot watch the vifs in xenstore: %m");
	return 0;
}

int xs_event_fd(struct xs *xs)
{
	return xs_fileno(xs->handle);
}

/* Only these keys tell that something has to be done; all others are passed over. */
static bool is_telling(const char *key)
{
	return strcmp(key, "state") == 0 || strcmp(key, "hotplug-status") == 0 ||
	       strcmp(key, "online") == 0;
}

int xs_next_event(struct xs *xs, enum vif_path *depth, struct vif_id *id, struct err *err)
{
	for (;;) {
		_cleanup_free_ char **event = xs_check_watch(xs->handle);
		const char *key;

		if (!event && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (!event)
			return err_set(err, errno, "lost the connection to xenstored: %m");
		*depth = vifname_parse_event(event[XS_WATCH_PATH], id, &key);
		if (*depth == VIF_PATH_OTHER || (*depth == VIF_PATH_KEY && !is_telling(key)))
			continue;
		return 1;
	}
}
