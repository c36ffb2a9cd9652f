/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * traffic - packets for make bench-xen.
 *
 *   traffic outside LOCAL REMOTE DIR   on the machine around the emulator: it sends and receives
 * the frames of the cable that the host's NIC is on, as qemu's "-netdev socket,udp=" has them.
 * DIR/order says what, in one line: SERIAL RATE FLOWS MAC[,MAC]... RTT-MAC RATE packets a second in
 * all, to the MACs in turn: one that is named three times gets three parts. RTT-MAC gets a request
 * each millisecond, "-" for none. When the line changes, DIR/told.SERIAL has what came of the one
 * before: "SENT RECEIVED REQUESTS", and a line for each reply with its round trip in microseconds.
 *   traffic flood MAC RATE FLOWS       in a guest: out of its eth0
 *   traffic echo                       in a guest: sends requests back
 *
 * A flow is a UDP port: a vif of several queues takes the queue by it. No packet is for an address
 * that anybody has.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_packet.h>

#define FRAME   60
#define BATCH   64
#define MACS    16
#define REPLIES 100000
#define REQUEST 0x88b5 /* an Ethernet type for local experiments */
#define MS      1000000LL
#define SECOND  1000000000LL

struct frame {
	uint8_t bytes[FRAME];
};

struct flood {
	uint8_t macs[MACS][6];
	int n_macs;
	long rate, flows;
	long long sent, since; /* so many since then, in ns */
};

static const uint8_t outside_mac[6] = { 0x52, 0x54, 0, 0, 0, 0x99 };

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static bool parse_mac(const char *text, uint8_t *mac)
{
	return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", mac, mac + 1, mac + 2, mac + 3,
		       mac + 4, mac + 5) == 6;
}

static uint16_t ip_checksum(const uint8_t *header)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)(header[i] << 8 | header[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* A UDP packet of this flow, without checksum of its own, from 10.0.9.200 to 10.0.9.250. */
static void make_frame(struct frame *frame, const uint8_t *to, const uint8_t *from, long flow)
{
	static const uint8_t ip[20] = { 0x45, 0, 0, FRAME - 14, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 9,
		200, 10, 0, 9, 250 };
	uint8_t *bytes = frame->bytes;
	uint16_t sum;

	memset(bytes, 0, FRAME);
	memcpy(bytes, to, 6);
	memcpy(bytes + 6, from, 6);
	bytes[12] = 0x08;
	memcpy(bytes + 14, ip, sizeof(ip));
	sum = htons(ip_checksum(bytes + 14));
	memcpy(bytes + 24, &sum, 2);
	bytes[34] = 0x40;
	bytes[35] = (uint8_t)flow;
	bytes[37] = 9;
	bytes[39] = FRAME - 34;
}

static bool parse_macs(struct flood *flood, char *text)
{
	flood->n_macs = 0;
	for (char *mac = strtok(text, ","); mac; mac = strtok(NULL, ","))
		if (flood->n_macs == MACS || !parse_mac(mac, flood->macs[flood->n_macs++]))
			return false;
	return true;
}

/* Sends what is due by now. What could not be sent in 20 ms is left out: nothing is made up for in
 * a burst. */
static void send_due(struct flood *flood, int fd, const uint8_t *from)
{
	static struct frame frames[BATCH];
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH];
	long long due = (now() - flood->since) * flood->rate / SECOND;
	int n, done;

	if (due - flood->sent > flood->rate / 50 + BATCH)
		flood->since += (due - flood->sent) * SECOND / (flood->rate ? flood->rate : 1);
	for (n = 0; n < BATCH && flood->sent + n < due && flood->n_macs; n++) {
		long long i = flood->sent + n;

		make_frame(&frames[n], flood->macs[i % flood->n_macs], from,
			(long)(i / flood->n_macs % flood->flows));
		parts[n] = (struct iovec){ frames[n].bytes, FRAME };
		messages[n].msg_hdr = (struct msghdr){ .msg_iov = &parts[n], .msg_iovlen = 1 };
	}
	done = n ? sendmmsg(fd, messages, (unsigned)n, MSG_DONTWAIT) : 0;
	if (done > 0)
		flood->sent += done;
}

/* --- in a guest -------------------------------------------------------------------------- */

static int open_eth0(uint16_t protocol, uint8_t *mac)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	struct ifreq request = { .ifr_name = "eth0" };
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol) };

	if (fd < 0)
		die("packet socket");
	if (ioctl(fd, SIOCGIFHWADDR, &request))
		die("eth0");
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	address.sll_ifindex = (int)if_nametoindex("eth0");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		die("bind");
	return fd;
}

static int echo(void)
{
	uint8_t mac[6], frame[FRAME];
	int fd = open_eth0(REQUEST, mac);

	for (;;) {
		ssize_t size = recv(fd, frame, sizeof(frame), 0);

		if (size < 14)
			continue;
		memcpy(frame, frame + 6, 6);
		memcpy(frame + 6, mac, 6);
		if (send(fd, frame, (size_t)size, 0) < 0 && errno != ENOBUFS)
			die("send");
	}
}

static int flood_out(char **argv)
{
	struct flood flood = { .rate = atol(argv[1]), .flows = atol(argv[2]), .since = now() };
	uint8_t mac[6];
	int fd = open_eth0(0, mac);

	if (!parse_macs(&flood, argv[0]) || flood.rate <= 0 || flood.flows <= 0)
		return 2;
	for (;;) {
		send_due(&flood, fd, mac);
		nanosleep(&(struct timespec){ .tv_nsec = MS }, NULL);
	}
}

/* --- around the emulator ----------------------------------------------------------------- */

struct outside {
	const char *dir;
	int fd;
	char line[512], serial[32];
	struct flood flood;
	uint8_t rtt_mac[6];
	bool asks;
	uint32_t requests, n_replies;
	long long next_request, received, ran, waited;
	uint32_t replies[REPLIES];
};

static void read_word(const char *path, char *word, size_t size)
{
	FILE *file = fopen(path, "r");

	if (!file)
		return;
	if (fgets(word, (int)size, file))
		word[strcspn(word, "\n")] = 0;
	fclose(file);
}

/* So far, in ms; 0 where there is no emulator. */
static void emulator_times(const char *dir, long long *ran, long long *waited)
{
	char path[600], pid[32] = "";
	glob_t threads;

	*ran = *waited = 0;
	snprintf(path, sizeof(path), "%s/emulator", dir);
	read_word(path, pid, sizeof(pid));
	snprintf(path, sizeof(path), "/proc/%s/task/*/schedstat", pid);
	if (!*pid || glob(path, 0, NULL, &threads))
		return;
	for (size_t i = 0; i < threads.gl_pathc; i++) {
		FILE *file = fopen(threads.gl_pathv[i], "r");
		long long run, wait;

		if (file && fscanf(file, "%lld %lld", &run, &wait) == 2) {
			*ran += run / MS;
			*waited += wait / MS;
		}
		if (file)
			fclose(file);
	}
	globfree(&threads);
}

/* What came of the order before. It is there as a whole or not at all. */
static void tell(const struct outside *o)
{
	char path[512], made[512];
	long long ran, waited;
	FILE *file;

	emulator_times(o->dir, &ran, &waited);
	snprintf(path, sizeof(path), "%s/told.%s", o->dir, o->serial);
	snprintf(made, sizeof(made), "%s/telling", o->dir);
	file = fopen(made, "w");
	if (!file)
		die(made);
	fprintf(file, "%lld %lld %u %lld %lld\n", o->flood.sent, o->received, o->requests,
		ran - o->ran, waited - o->waited);
	for (uint32_t i = 0; i < o->n_replies; i++)
		fprintf(file, "%u\n", o->replies[i]);
	if (fclose(file) || rename(made, path))
		die(path);
}

static void obey(struct outside *o, const char *line)
{
	char macs[400], rtt[32];

	if (*o->serial)
		tell(o);
	snprintf(o->line, sizeof(o->line), "%s", line);
	o->flood = (struct flood){ .since = now() };
	o->requests = o->n_replies = 0;
	o->received = 0;
	emulator_times(o->dir, &o->ran, &o->waited);
	o->next_request = now();
	if (sscanf(line, "%31s %ld %ld %399s %31s", o->serial, &o->flood.rate, &o->flood.flows,
		    macs, rtt) != 5 ||
		o->flood.flows <= 0 || (o->flood.rate && !parse_macs(&o->flood, macs))) {
		fprintf(stderr, "traffic: this is no order: %s", line);
		exit(1);
	}
	o->asks = parse_mac(rtt, o->rtt_mac);
}

/* A line without its end is still being written. */
static void look_for_order(struct outside *o)
{
	char path[512], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/order", o->dir);
	file = fopen(path, "r");
	if (!file)
		return;
	if (fgets(line, sizeof(line), file) && strchr(line, '\n') && strcmp(line, o->line))
		obey(o, line);
	fclose(file);
}

/* With the time in it, and the order that it is of. */
static void ask(struct outside *o)
{
	uint8_t frame[FRAME] = { 0 };
	long long sent = now();

	if (!o->asks || sent < o->next_request)
		return;
	memcpy(frame, o->rtt_mac, 6);
	memcpy(frame + 6, outside_mac, 6);
	frame[12] = REQUEST >> 8;
	frame[13] = REQUEST & 0xff;
	memcpy(frame + 14, &sent, sizeof(sent));
	snprintf((char *)frame + 22, 32, "%s", o->serial);
	if (send(o->fd, frame, sizeof(frame), MSG_DONTWAIT) == sizeof(frame))
		o->requests++;
	o->next_request += MS;
	if (o->next_request < sent)
		o->next_request = sent;
}

static void take(struct outside *o, const uint8_t *frame, ssize_t size)
{
	long long sent;

	if (size < 54 || memcmp(frame, outside_mac, 6))
		return;
	if (frame[12] != REQUEST >> 8 || frame[13] != (REQUEST & 0xff)) {
		o->received++;
		return;
	}
	memcpy(&sent, frame + 14, sizeof(sent));
	if (!strncmp((const char *)frame + 22, o->serial, 31) && o->n_replies < REPLIES)
		o->replies[o->n_replies++] = (uint32_t)((now() - sent) / 1000);
}

static int open_cable(int local, int remote)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)local),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		die("local port");
	address.sin_port = htons((uint16_t)remote);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		die("remote port");
	return fd;
}

static _Noreturn void outside(char **argv)
{
	static struct outside o;
	long long next_look = 0;

	o.fd = open_cable(atoi(argv[0]), atoi(argv[1]));
	o.dir = argv[2];
	for (;;) {
		struct pollfd cable = { .fd = o.fd, .events = POLLIN };
		uint8_t frame[2048];
		ssize_t size;

		if (now() >= next_look) {
			look_for_order(&o);
			next_look = now() + 20 * MS;
		}
		send_due(&o.flood, o.fd, outside_mac);
		ask(&o);
		ppoll(&cable, 1,
			&(struct timespec){ .tv_nsec = o.asks || o.flood.rate ? MS / 2 : 20 * MS },
			NULL);
		for (int i = 0;
			i < BATCH && (size = recv(o.fd, frame, sizeof(frame), MSG_DONTWAIT)) >= 0;
			i++)
			take(&o, frame, size);
	}
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "outside"))
		outside(argv + 2);
	if (argc == 5 && !strcmp(argv[1], "flood"))
		return flood_out(argv + 2);
	if (argc == 2 && !strcmp(argv[1], "echo"))
		return echo();
	fprintf(stderr, "usage: traffic outside LOCAL REMOTE DIR | flood MAC RATE FLOWS | echo\n");
	return 2;
}
