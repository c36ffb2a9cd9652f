// SPDX-License-Identifier: GPL-2.0-or-later
#include "xenstore.h"

#include "clock.h"
#include "process.h"
#include "util.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
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

struct xenstore {
	struct xs_handle *handle;
	int death_fd;
	_Atomic int64_t *owed_since; /* the caller's; NULL: nobody looks */
};

/* Around every call that waits for xenstored; errno is what it was. */
static void begin_wait(struct xenstore *xenstore)
{
	if (xenstore->owed_since)
		*xenstore->owed_since = clock_ms();
}

static void end_wait(struct xenstore *xenstore)
{
	if (xenstore->owed_since)
		*xenstore->owed_since = 0;
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

int xenstore_connect(struct xenstore **out, _Atomic int64_t *owed_since, struct err *err)
{
	struct xenstore *xenstore = calloc(1, sizeof *xenstore);
	int code;

	if (!xenstore)
		return err_no_memory(err);
	xenstore->death_fd = -1;
	xenstore->owed_since = owed_since;
	begin_wait(xenstore);
	xenstore->handle = xs_open(0);
	code = errno;
	end_wait(xenstore);
	if (!xenstore->handle) {
		xenstore_disconnect(xenstore);
		return err_set(err, code, "cannot reach xenstored: %m; is it running?");
	}
	if (owed_since)
		xenstore->death_fd = open_death_fd();
	*out = xenstore;
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

int xenstore_try(unsigned int seconds, struct err *err)
{
	struct pollfd child = { .events = POLLIN };
	pid_t pid = fork();
	int n;

	if (pid < 0)
		return err_set(err, errno, "cannot ask xenstored: %m");
	if (pid == 0)
		ask_once();
	child.fd = process_open(pid);
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

void xenstore_disconnect(struct xenstore *xenstore)
{
	if (!xenstore)
		return;
	if (xenstore->handle)
		xs_close(xenstore->handle);
	closep(&xenstore->death_fd);
	free(xenstore);
}

int xenstore_death_fd(struct xenstore *xenstore)
{
	return xenstore->death_fd;
}

/* The value, to be freed, or NULL with errno. It ends with a NUL and holds none. */
__attribute__((format(printf, 2, 3))) static char *read_key(
	struct xenstore *xenstore, const char *format, ...)
{
	char path[PATH_SIZE + 64];
	unsigned int len;
	char *value;
	va_list ap;

	va_start(ap, format);
	vsnprintf(path, sizeof path, format, ap);
	va_end(ap);
	begin_wait(xenstore);
	value = xs_read(xenstore->handle, XBT_NULL, path, &len);
	end_wait(xenstore);
	if (value && strlen(value) != len) {
		free(value);
		errno = EINVAL;
		return NULL;
	}
	return value;
}

static char *read_vif_key(struct xenstore *xenstore, struct vif_id id, const char *key)
{
	return read_key(xenstore, WATCH_PATH "/%u/%u/%s", id.domid, id.devid, key);
}

/* A number from 0 to max; `otherwise` when the value is missing or none. Frees it. */
static unsigned int to_number(char *value, unsigned int max, unsigned int otherwise)
{
	unsigned int number;

	if (!value || !parse_uint(value, NULL, max, &number))
		number = otherwise;
	free(value);
	return number;
}

/* Copies the value, empty when it is missing or does not fit. Frees it. */
static void to_text(char *value, char *buf, size_t size)
{
	copy_str(buf, size, value ? value : "");
	free(value);
}

unsigned int xenstore_own_domid(struct xenstore *xenstore)
{
	return to_number(read_key(xenstore, "domid"), DOMID_MAX, 0);
}

static char **list_directory(struct xenstore *xenstore, const char *path, unsigned int *n)
{
	char **names;

	begin_wait(xenstore);
	names = xs_directory(xenstore->handle, XBT_NULL, path, n);
	end_wait(xenstore);
	if (!names)
		*n = 0;
	return names;
}

int xenstore_has_vif(struct xenstore *xenstore, struct vif_id id, struct err *err)
{
	_cleanup_free_ char **names = NULL;
	char path[PATH_SIZE];
	unsigned int n;

	snprintf(path, sizeof path, WATCH_PATH "/%u/%u", id.domid, id.devid);
	names = list_directory(xenstore, path, &n);
	if (!names && errno != ENOENT)
		return err_set(err, errno, "cannot read %s in xenstore: %m", path);
	/* Without a key it is the shell of one that is being made or removed. */
	return n > 0;
}

bool xenstore_has_domain(struct xenstore *xenstore, unsigned int domid)
{
	_cleanup_free_ char *name = read_key(xenstore, "/local/domain/%u/name", domid);
	_cleanup_free_ char **vifs = NULL;
	char path[PATH_SIZE];
	unsigned int n;

	if (name)
		return true;
	snprintf(path, sizeof path, WATCH_PATH "/%u", domid);
	vifs = list_directory(xenstore, path, &n);
	return vifs && n > 0;
}

/* The names in a directory that are numbers up to max, sorted, to be freed; none where there is no
 * directory. */
static int list_numbers(struct xenstore *xenstore, const char *path, unsigned int max,
	unsigned int **numbers, size_t *n, struct err *err)
{
	_cleanup_free_ char **names = NULL;
	unsigned int n_names, *found;
	bool sorted = true;

	names = list_directory(xenstore, path, &n_names);
	if (!names && errno != ENOENT)
		return err_set(err, errno, "cannot list %s in xenstore: %m", path);
	found = calloc(n_names + 1, sizeof *found);
	if (!found)
		return err_no_memory(err);
	*n = 0;
	for (unsigned int i = 0; i < n_names; i++) {
		if (!parse_uint(names[i], NULL, max, &found[*n]))
			continue;
		sorted = sorted && (!*n || found[*n - 1] < found[*n]);
		++*n;
	}
	/* As they came, they mostly are in order. */
	if (!sorted)
		qsort(found, *n, sizeof *found, compare_uints);
	*numbers = found;
	return 0;
}

/* vCPUs whose `availability` is "online" (libxl: libxl__update_domain_configuration). */
static unsigned int count_vcpus(struct xenstore *xenstore, unsigned int domid)
{
	_cleanup_free_ unsigned int *vcpus = NULL;
	unsigned int count = 0;
	char path[PATH_SIZE];
	size_t n = 0;

	snprintf(path, sizeof path, "/local/domain/%u/cpu", domid);
	list_numbers(xenstore, path, VCPUS_MAX - 1, &vcpus, &n, NULL);
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *value =
			read_key(xenstore, "%s/%u/availability", path, vcpus[i]);

		count += value && strcmp(value, "online") == 0;
	}
	return count;
}

/* The UUID is the last target of the path in /local/domain/D/vm: "/vm/UUID". */
static void read_uuid(struct xenstore *xenstore, unsigned int domid, char uuid[UUID_SIZE])
{
	_cleanup_free_ char *vm = read_key(xenstore, "/local/domain/%u/vm", domid);
	const char *slash = vm ? strrchr(vm, '/') : NULL;

	copy_str(uuid, UUID_SIZE, slash ? slash + 1 : "");
}

int xenstore_no_such_vif(struct vif_id id, struct err *err)
{
	return err_set(err, ENOENT,
		"vif %u.%u is not in xenstore (no " WATCH_PATH "/%u/%u); "
		"xl network-list shows a domain's vifs",
		id.domid, id.devid, id.domid, id.devid);
}

static int read_vif_keys(
	struct xenstore *xenstore, struct vif_id id, struct backend_state *out, struct err *err)
{
	struct backend_state vif = { .id = id };
	unsigned int state = to_number(read_vif_key(xenstore, id, "state"), XENBUS_CLOSED, 0);

	vif.leaving = to_number(read_vif_key(xenstore, id, "online"), 1, 1) == 0;
	vif.unprobed = state == XENBUS_INITIALISING;
	vif.connected = state == XENBUS_CONNECTED;
	/* Once it is connected the kernel tells how many queues there are. */
	if (!vif.connected) {
		vif.max_queues = to_number(
			read_vif_key(xenstore, id, "multi-queue-max-queues"), QUEUES_MAX, 1);
		vif.vcpus = count_vcpus(xenstore, id.domid);
	}
	to_text(read_vif_key(xenstore, id, "mac"), vif.mac, sizeof vif.mac);
	to_text(read_vif_key(xenstore, id, "vifname"), vif.vifname, sizeof vif.vifname);
	read_uuid(xenstore, id.domid, vif.uuid);
	vif.domain = read_key(xenstore, "/local/domain/%u/name", id.domid);
	if (!vif.domain)
		vif.domain = strdup("");
	if (!vif.domain)
		return err_no_memory(err);
	*out = vif;
	return 0;
}

int xenstore_read_backend(
	struct xenstore *xenstore, struct vif_id id, struct backend_state *out, struct err *err)
{
	int r = xenstore_has_vif(xenstore, id, err);

	if (r <= 0)
		return r < 0 ? r : xenstore_no_such_vif(id, err);
	r = read_vif_keys(xenstore, id, out, err);
	if (r < 0)
		return r;
	/* What was missing may be so because all of it went, or xenstored did. */
	r = xenstore_has_vif(xenstore, id, err);
	if (r > 0)
		return 0;
	backend_state_free(out);
	return r < 0 ? r : xenstore_no_such_vif(id, err);
}

void backend_state_free(struct backend_state *vif)
{
	free(vif->domain);
	vif->domain = NULL;
}

int xenstore_list_domains(
	struct xenstore *xenstore, unsigned int **domids, size_t *n, struct err *err)
{
	return list_numbers(xenstore, WATCH_PATH, DOMID_MAX, domids, n, err);
}

/* Adds those of a domain. */
static int add_domain_vifs(struct xenstore *xenstore, unsigned int domid, struct vif_id **ids,
	size_t *n, struct err *err)
{
	_cleanup_free_ unsigned int *devids = NULL;
	char path[PATH_SIZE];
	size_t n_devids = 0;
	int r;

	snprintf(path, sizeof path, WATCH_PATH "/%u", domid);
	r = list_numbers(xenstore, path, DEVID_MAX, &devids, &n_devids, err);
	for (size_t i = 0; i < n_devids; i++) {
		struct vif_id *added = array_add(ids, n, sizeof *added);

		if (!added)
			return err_no_memory(err);
		*added = (struct vif_id){ domid, devids[i] };
	}
	return r;
}

int xenstore_list_vifs(struct xenstore *xenstore, const unsigned int *domid, struct vif_id **ids,
	size_t *n, struct err *err)
{
	_cleanup_free_ unsigned int *listed = NULL;
	size_t n_domids = 1, n_found = 0;
	struct vif_id *found = NULL;
	int r = 0;

	if (!domid) {
		r = xenstore_list_domains(xenstore, &listed, &n_domids, err);
		domid = listed;
	}
	for (size_t i = 0; r == 0 && domid && i < n_domids; i++)
		r = add_domain_vifs(xenstore, domid[i], &found, &n_found, err);
	if (r < 0) {
		free(found);
		return r;
	}
	*ids = found;
	*n = n_found;
	return 0;
}

int xenstore_find_domain(struct xenstore *xenstore, const char *name, unsigned int *domid)
{
	_cleanup_free_ unsigned int *domids = NULL;
	size_t n = 0;

	list_numbers(xenstore, "/local/domain", DOMID_MAX, &domids, &n, NULL);
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *value = read_key(xenstore, "/local/domain/%u/name", domids[i]);

		if (value && strcmp(value, name) == 0) {
			*domid = domids[i];
			return 0;
		}
	}
	return -ENOENT;
}

int xenstore_watch_vifs(struct xenstore *xenstore, struct err *err)
{
	bool done;

	begin_wait(xenstore);
	done = xs_watch(xenstore->handle, WATCH_PATH, "vif");
	end_wait(xenstore);
	if (!done)
		return err_set(err, errno, "cannot watch the vifs in xenstore: %m");
	return 0;
}

int xenstore_event_fd(struct xenstore *xenstore)
{
	return xs_fileno(xenstore->handle);
}

/* Only these keys tell that something has to be done; all others are passed over. */
static bool is_telling(const char *key)
{
	return strcmp(key, "state") == 0 || strcmp(key, "hotplug-status") == 0 ||
	       strcmp(key, "online") == 0;
}

int xenstore_next_event(
	struct xenstore *xenstore, enum vif_path *depth, struct vif_id *id, struct err *err)
{
	for (;;) {
		_cleanup_free_ char **event = xs_check_watch(xenstore->handle);
		const char *key;
		int backend;

		if (!event && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (!event)
			return err_set(err, errno, "lost the connection to xenstored: %m");
		*depth = vifname_parse_path(event[XS_WATCH_PATH], id, &backend, &key);
		if (*depth == VIF_PATH_OTHER || (*depth == VIF_PATH_KEY && !is_telling(key)))
			continue;
		return 1;
	}
}
