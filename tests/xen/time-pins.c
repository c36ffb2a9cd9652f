// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * time-pins [-a] D.I:DEV:QUEUES... -- COMMAND [ARG]...: runs COMMAND, waits until the backend of
 * each vif D.I reaches state 4 (anew, if it is there already), and from then on until the kernel
 * shows all its queues on one CPU each. Prints for each "DEV SECONDS": the time between the two.
 * With -a it looks at the queues only when all are connected, for that costs those it looks at, and
 * prints "all SECONDS": from the last one's state 4 until all were right. Ends with COMMAND's
 * status when that fails.
 *
 * Never less than it was: it runs from the last look that found the backend not connected to the
 * end of the look that found everything right. A compiled program, because a shell's looks take a
 * second each under emulation, and take that from those it looks at.
 *
 * Right is: QUEUES queues, each with two interrupts and two threads; smp_affinity_list and
 * effective_affinity_list of an interrupt the same one CPU (the former alone before Linux 5.11,
 * where an interrupt moves when it comes the next time), Cpus_allowed_list of a thread one CPU;
 * dealloc with the tx interrupt, guest-rx with the rx interrupt. Which CPU is for the caller to
 * check, against the ledger. Where the kernel cuts the names of threads to 15 characters, their
 * stacks tell what they are for, and the order of their PIDs, which rise here, the queue.
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_LIMIT 480 /* seconds until all are connected */
#define PIN_LIMIT     30  /* seconds after that */
#define LOOK_US       20000
#define LOOK_ALL_US   50000
#define VIFS          64
#define QUEUES        16
#define COMM_CUT      15 /* that long is a thread's name before Linux 5.17 */

enum part { TX, RX, DEALLOC, GUEST_RX, PARTS };
static const char *const part_names[PARTS] = { "tx", "rx", "dealloc", "guest-rx" };

static struct vif {
	char dev[32];
	char state[128];
	int queues;
	int number[QUEUES][PARTS]; /* interrupt or PID; 0: not found yet */
	int n_cut[PARTS];          /* threads with cut names */
	double before, connected, right;
} vifs[VIFS];
static int n_vifs;
static bool all_at_once; /* -a */
static bool moves_later; /* Linux before 5.11 */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The first line of a file that begins with `key`, without it; false when there is none. */
static bool read_line(const char *path, const char *key, char *buf, int size)
{
	FILE *file = fopen(path, "r");
	bool found = false;

	while (file && !found && fgets(buf, size, file)) {
		buf[strcspn(buf, "\n")] = '\0';
		found = strncmp(buf, key, strlen(key)) == 0;
	}
	if (file)
		fclose(file);
	if (found)
		memmove(buf, buf + strlen(key), strlen(buf + strlen(key)) + 1);
	return found;
}

/* The CPU in a list that is just one, else -1. */
static int one_cpu(const char *list)
{
	return *list && !list[strspn(list, "0123456789")] ? atoi(list) : -1;
}

/* Notes the number of an interrupt or thread if its name, DEV-qN-PART, is that of a vif's part. */
static void note(const char *name, int number, enum part first, enum part last)
{
	for (struct vif *vif = vifs; vif < vifs + n_vifs; vif++) {
		size_t n = strlen(vif->dev);
		char *end;
		long q;

		if (strncmp(name, vif->dev, n) != 0 || strncmp(name + n, "-q", 2) != 0)
			continue;
		q = strtol(name + n + 2, &end, 10);
		if (q < 0 || q >= vif->queues || *end != '-')
			continue;
		for (enum part part = first; part <= last; part++) {
			if (strcmp(end + 1, part_names[part]) == 0)
				vif->number[q][part] = number;
		}
	}
}

static void find_interrupts(void)
{
	FILE *file = fopen("/proc/interrupts", "r");
	char line[4096];

	while (file && fgets(line, sizeof line, file)) {
		char *name;

		line[strcspn(line, "\n")] = '\0';
		name = strrchr(line, ' ');
		if (name && isdigit((unsigned char)line[strspn(line, " ")]))
			note(name + 1, atoi(line), TX, RX);
	}
	if (file)
		fclose(file);
}

/* DEALLOC or GUEST_RX, by the functions that the thread is in; PARTS for one that just runs. */
static enum part part_of(int pid)
{
	enum part part = PARTS;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stack", pid);
	file = fopen(path, "r");
	while (file && part == PARTS && fgets(line, sizeof line, file)) {
		if (strstr(line, "xenvif_dealloc_kthread"))
			part = DEALLOC;
		else if (strstr(line, "xenvif_kthread_guest_rx"))
			part = GUEST_RX;
	}
	if (file)
		fclose(file);
	return part;
}

/* The same of a name that may be cut. PIDs come in their order. */
static void note_cut(const char *comm, int pid)
{
	for (struct vif *vif = vifs; vif < vifs + n_vifs; vif++) {
		char begin[40];
		enum part part;

		snprintf(begin, sizeof begin, "%.15s-q", vif->dev);
		if (strlen(comm) != COMM_CUT || strncmp(comm, begin, strnlen(begin, COMM_CUT)) != 0)
			continue;
		part = part_of(pid);
		if (part < PARTS && vif->n_cut[part] < vif->queues)
			vif->number[vif->n_cut[part]++][part] = pid;
	}
}

static void find_threads(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char path[300], comm[64];

	for (struct vif *vif = vifs; vif < vifs + n_vifs; vif++)
		memset(vif->n_cut, 0, sizeof vif->n_cut);
	while (dir && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof path, "/proc/%s/comm", entry->d_name);
		if (!read_line(path, "", comm, sizeof comm))
			continue;
		note(comm, atoi(entry->d_name), DEALLOC, GUEST_RX);
		note_cut(comm, atoi(entry->d_name));
	}
	if (dir)
		closedir(dir);
}

static bool has_all(const struct vif *vif)
{
	for (int q = 0; q < vif->queues; q++) {
		for (int part = 0; part < PARTS; part++) {
			if (!vif->number[q][part])
				return false;
		}
	}
	return true;
}

/* The CPU on which a part stands, -1 when that is not one CPU. */
static int cpu_of(int number, enum part part)
{
	char path[128], smp[256], effective[256];

	if (part == DEALLOC || part == GUEST_RX) {
		snprintf(path, sizeof path, "/proc/%d/status", number);
		return read_line(path, "Cpus_allowed_list:\t", smp, sizeof smp) ? one_cpu(smp) : -1;
	}
	snprintf(path, sizeof path, "/proc/irq/%d/smp_affinity_list", number);
	if (!read_line(path, "", smp, sizeof smp))
		return -1;
	if (moves_later)
		return one_cpu(smp);
	snprintf(path, sizeof path, "/proc/irq/%d/effective_affinity_list", number);
	if (!read_line(path, "", effective, sizeof effective) || strcmp(smp, effective) != 0)
		return -1;
	return one_cpu(smp);
}

static bool is_right(const struct vif *vif)
{
	for (int q = 0; q < vif->queues; q++) {
		int tx = cpu_of(vif->number[q][TX], TX);
		int rx = cpu_of(vif->number[q][RX], RX);

		if (tx < 0 || cpu_of(vif->number[q][DEALLOC], DEALLOC) != tx)
			return false;
		if (rx < 0 || cpu_of(vif->number[q][GUEST_RX], GUEST_RX) != rx)
			return false;
	}
	return true;
}

/* Connected counts once it has been seen otherwise. */
static void look_at_state(struct vif *vif)
{
	double at = now();
	char state[64];

	if (!read_line(vif->state, "", state, sizeof state) || strcmp(state, "Connected") != 0)
		vif->before = at;
	else if (vif->before > 0)
		vif->connected = vif->before;
}

static void find_parts(void)
{
	for (struct vif *vif = vifs; vif < vifs + n_vifs; vif++) {
		if (vif->connected > 0 && vif->right <= 0 && !has_all(vif)) {
			find_interrupts();
			find_threads();
			return;
		}
	}
}

static void look_at_pins(struct vif *vif)
{
	if (has_all(vif) && is_right(vif))
		vif->right = now();
	else if (!all_at_once)
		memset(vif->number, 0, sizeof vif->number); /* an old connection's, perhaps */
}

static const struct vif *not_connected(void)
{
	for (const struct vif *vif = vifs; vif < vifs + n_vifs; vif++) {
		if (vif->connected <= 0)
			return vif;
	}
	return NULL;
}

static void check_limits(double start, double *all_connected)
{
	const struct vif *waiting = not_connected();

	if (waiting && now() - start > CONNECT_LIMIT)
		errx(1, "waited %d s for state 4 of %s", CONNECT_LIMIT, waiting->dev);
	if (waiting)
		return;
	if (*all_connected <= 0)
		*all_connected = now();
	for (struct vif *vif = vifs; vif < vifs + n_vifs; vif++) {
		if (vif->right <= 0 && now() - *all_connected > PIN_LIMIT)
			errx(1, "waited %d s for the pins of %s", PIN_LIMIT, vif->dev);
	}
}

/* Ends with the exit status of a command that has failed. True once it has ended. */
static bool command_ended(pid_t pid, int options)
{
	int status;
	pid_t ended = waitpid(pid, &status, options);

	if (ended < 0)
		err(1, "waitpid");
	if (ended == pid && status != 0)
		errx(WIFEXITED(status) ? WEXITSTATUS(status) : 1, "the command failed");
	return ended == pid;
}

static void follow(pid_t pid)
{
	double start = now(), all_connected = 0;
	bool ended = false;
	int left = n_vifs;

	while (left) {
		bool look = !all_at_once || !not_connected();

		left = 0;
		if (look)
			find_parts();
		for (struct vif *vif = vifs; vif < vifs + n_vifs; vif++) {
			if (vif->connected <= 0)
				look_at_state(vif);
			else if (look && vif->right <= 0)
				look_at_pins(vif);
			left += vif->right <= 0;
		}
		check_limits(start, &all_connected);
		ended = ended || command_ended(pid, WNOHANG);
		usleep(all_at_once ? LOOK_ALL_US : LOOK_US);
	}
	if (!ended)
		command_ended(pid, 0);
}

static void parse_vif(const char *arg)
{
	struct vif *vif = &vifs[n_vifs++];
	int domid, devid;

	if (sscanf(arg, "%d.%d:%31[^:]:%d", &domid, &devid, vif->dev, &vif->queues) != 4 ||
		vif->queues < 1 || vif->queues > QUEUES)
		errx(2, "'%s' is not D.I:DEV:QUEUES", arg);
	snprintf(vif->state, sizeof vif->state, "/sys/bus/xen-backend/devices/vif-%d-%d/state",
		domid, devid);
}

static void print_each(void)
{
	for (struct vif *vif = vifs; vif < vifs + n_vifs; vif++)
		printf("%s %.3f\n", vif->dev, vif->right - vif->connected);
}

static void print_all(void)
{
	double connected = 0, right = 0;

	for (struct vif *vif = vifs; vif < vifs + n_vifs; vif++) {
		connected = vif->connected > connected ? vif->connected : connected;
		right = vif->right > right ? vif->right : right;
	}
	printf("all %.3f\n", right - connected);
}

static void read_release(void)
{
	struct utsname uts;
	int major, minor;

	if (uname(&uts) < 0 || sscanf(uts.release, "%d.%d", &major, &minor) != 2)
		err(1, "uname");
	moves_later = major < 5 || (major == 5 && minor < 11);
}

int main(int argc, char **argv)
{
	pid_t pid;
	int i;

	all_at_once = argc > 1 && strcmp(argv[1], "-a") == 0;
	for (i = all_at_once ? 2 : 1; i < argc && strcmp(argv[i], "--") != 0 && n_vifs < VIFS; i++)
		parse_vif(argv[i]);
	if (!n_vifs || i + 1 >= argc || strcmp(argv[i], "--") != 0)
		errx(2, "usage: time-pins [-a] D.I:DEV:QUEUES... -- COMMAND [ARG]...");
	read_release();
	for (struct vif *vif = vifs; vif < vifs + n_vifs; vif++)
		look_at_state(vif);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		dup2(2, 1); /* stdout is for the figures */
		execvp(argv[i + 1], argv + i + 1);
		err(127, "%s", argv[i + 1]);
	}
	follow(pid);
	if (all_at_once)
		print_all();
	else
		print_each();
	return 0;
}
