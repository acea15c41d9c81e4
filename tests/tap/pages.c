// SPDX-License-Identifier: GPL-2.0
/*
 * A sender who rewrites its packets while they are under way.
 *
 * usage: pages [-r] [-s SEED] [-t SECONDS] CLIENT-NETNS EP-NETNS
 *
 * What is spliced into a UDP socket stays in the pages of who does so.  Here it
 * is a packet in VXLAN: behind the tunnel's end, in the node, nothing but the
 * network header of that packet is the kernel's own when it comes to the hooks.
 * Meanwhile another thread, on another CPU, writes to ports, types, lengths,
 * next headers and what errors quote.  What comes to the endpoint must be of one
 * piece: addresses and ports that were rewritten belong together.  With -r it
 * is the endpoint that does so, and the client that looks.
 *
 * Not all kernels leave them where they are: the udp_sendpage() of 6.1.192 asks
 * for that with a flag that its udp_sendmsg() does not know.  Then nothing can
 * change, and the exit status is 4.  (The rings of packet sockets are no way
 * either: skb_orphan_frags() copies what is in them, as with MSG_ZEROCOPY.)
 *
 * Expects the services of pages.sh, and the topology of tests/lib.
 */
#define _GNU_SOURCE
#include "pages.h"

#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include <linux/if_packet.h>

#define VXLAN_LEN	8

static uint8_t *page;
static volatile unsigned int under_way;		/* index of a template */
static volatile bool over;
bool reverse;
static unsigned long sent, seen, errors_seen;
static uint64_t state;

static uint32_t below(uint32_t limit)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1dULL >> 32) % limit;
}

static void enter_netns(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static int packet_socket(const char *ns)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
	};
	int fd;

	enter_netns(ns);
	at.sll_ifindex = if_nametoindex("eth0");
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die("packet socket: %s", strerror(errno));
	return fd;
}

/* In the netns where we are.  Nobody shall sum up what changes. */
static int open_tunnel(void)
{
	static const uint8_t header[VXLAN_LEN] = { 8, 0, 0, 0, 0, 0, 7, 0 };
	struct sockaddr_in node = {
		.sin_family = AF_INET, .sin_port = htons(4789),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, reverse ? "10.2.0.254" : "10.1.0.1",
		  &node.sin_addr);
	set(fd, SOL_SOCKET, SO_NO_CHECK, 1);
	if (connect(fd, (struct sockaddr *)&node, sizeof(node)))
		die("connect: %s", strerror(errno));
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	memcpy(page, header, sizeof(header));
	return fd;
}

/* @len bytes of the page, which stay there until they are copied */
static void splice_page(const int *pipe, int fd, unsigned int len)
{
	struct iovec v = { page, len };

	if (vmsplice(pipe[1], &v, 1, 0) != (ssize_t)len)
		die("vmsplice: %s", strerror(errno));
	if (splice(pipe[0], NULL, fd, NULL, len, 0) != (ssize_t)len)
		die("splice: %s", strerror(errno));
}

/* Does what is under way change when the page does? */
static bool is_shared(const int *pipe)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(at);
	uint8_t got[VXLAN_LEN];

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    getsockname(fd, (struct sockaddr *)&at, &len) ||
	    connect(fd, (struct sockaddr *)&at, sizeof(at)))
		die("to oneself: %s", strerror(errno));
	splice_page(pipe, fd, sizeof(got));
	page[0] ^= 1;
	if (recv(fd, got, sizeof(got), 0) != sizeof(got))
		die("from oneself: %s", strerror(errno));
	page[0] ^= 1;
	close(fd);
	return got[0] != page[0];
}

/* Or the one would wait for the other. */
static void stay_on(unsigned int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("CPU %u: %s", cpu, strerror(errno));
}

/* There and back again, so that what was parsed is mostly what is sent. */
static void *rewriter(void *unused)
{
	uint64_t r = 88172645463325252ULL;
	const struct template *t;
	volatile uint8_t *b;
	unsigned int i;
	uint8_t was;

	(void)unused;
	stay_on(1);
	while (!over) {
		r ^= r << 13;
		r ^= r >> 7;
		r ^= r << 17;
		t = &templates[under_way];
		i = r % t->places;
		b = page + VXLAN_LEN + t->place[i].at;
		was = t->bytes[t->place[i].at];
		*b = t->place[i].other ? t->place[i].other : r >> 32;
		for (i = (r >> 40) % 200; i; i--)
			;
		*b = was;
	}
	return NULL;
}

/* All of its way through the node is gone when it is sent. */
static void send_one(const int *pipe, int fd)
{
	const unsigned int i = below(num_templates);
	const struct template *t = &templates[i];

	under_way = i;
	memcpy(page + VXLAN_LEN, t->bytes, t->len);
	splice_page(pipe, fd, VXLAN_LEN + t->len);
	sent++;
}

static void wrong(const uint8_t *b, unsigned int len, const char *what)
{
	unsigned int i;

	printf("# %s:\n#", what);
	for (i = 0; i < len && i < 300; i++)
		printf("%s%02x", i % 4 ? "" : " ", b[i]);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

/* The port that belongs to the address that was written */
static uint32_t port_of(uint8_t proto)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(protos); i++)
		if (protos[i] == proto)
			return reverse ? ports[i] : ep_ports[i];
	return 0;
}

/* Is that address the source or the destination? */
static bool has_address(const uint8_t *l3, bool v6, bool source)
{
	const char *text = reverse ? vips[v6] : eps[v6];
	const unsigned int len = v6 ? 16 : 4;
	uint8_t address[16];

	inet_pton(v6 ? AF_INET6 : AF_INET, text, address);
	return !memcmp(l3 + (v6 ? 8 : 12) + (source ? 0 : len), address, len);
}

/* The packet that an error quotes was rewritten as well, the other way round. */
static void check_quote(const uint8_t *b, unsigned int len, unsigned int at,
			bool v6)
{
	const uint8_t *q = b + at;
	const unsigned int l4 = v6 ? 40 : 4 * (q[0] & 15);

	if (at + l4 + 8 > len || (v6 && !port_of(q[6])))
		return;
	errors_seen++;
	if (!has_address(q, v6, !reverse))
		wrong(b, len, "an error was rewritten, and not its quote");
	if (port_of(q[v6 ? 6 : 9]) != get16(q + l4 + (reverse ? 2 : 0)))
		wrong(b, len, "an error that quotes another port");
}

/* What has that address has its port. */
static void check(const uint8_t *b, unsigned int len)
{
	const bool v6 = get16(b + 12) == ETH_P_IPV6;
	const uint8_t *l3 = b + ETH_HLEN;
	unsigned int l4 = ETH_HLEN + (v6 ? 40 : 4 * (l3[0] & 15));
	uint8_t proto = v6 ? l3[6] : l3[9];

	if (len < ETH_HLEN + 40 || (!v6 && get16(b + 12) != ETH_P_IP) ||
	    (v6 ? l3[7] : l3[8]) != 63 || len < l4 + 8)
		return;
	if (!v6 && checksum(l3, 4 * (l3[0] & 15)))
		wrong(b, len, "a wrong header checksum");
	if (!has_address(l3, v6, reverse))
		return;
	seen++;
	if (proto == (v6 ? 58 : 1))
		check_quote(b, len, l4 + 8, v6);
	else if (port_of(proto) &&
		 get16(b + l4 + (reverse ? 0 : 2)) != port_of(proto))
		wrong(b, len, "a rewritten address with another port");
}

static void receive(int fd)
{
	static uint8_t buffer[65536];
	struct sockaddr_ll from;
	socklen_t from_len;
	ssize_t len;

	for (;;) {
		from_len = sizeof(from);
		len = recvfrom(fd, buffer, sizeof(buffer), MSG_DONTWAIT,
			       (struct sockaddr *)&from, &from_len);
		if (len < 0)
			return;
		if (from.sll_pkttype == PACKET_HOST)
			check(buffer, len);
	}
}

/* From a socket, so that there are connections */
static void open_all(int fd)
{
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(protos); i++) {
		num_templates = 0;
		make_request(i & 1, i / 2, false);
		if (send(fd, templates[0].bytes, templates[0].len, 0) < 0)
			die("send: %s", strerror(errno));
	}
	num_templates = 0;
}

int main(int argc, char **argv)
{
	int opt, fd[2], to, tunnel, way[2];
	long limit = 10000, end;
	pthread_t thread;

	state = now();
	while ((opt = getopt(argc, argv, "rs:t:")) != -1) {
		if (opt == 'r')
			reverse = true;
		else if (opt == 's')
			state = strtoull(optarg, NULL, 10);
		else if (opt == 't')
			limit = 1000 * strtol(optarg, NULL, 10);
		else
			return 2;
	}
	if (argc - optind != 2)
		die("expected two netns");
	printf("# seed %llu\n", (unsigned long long)state);
	state = state * 0x9e3779b97f4a7c15ULL + 1;
	fd[0] = packet_socket(argv[optind]);
	fd[1] = packet_socket(argv[optind + 1]);
	open_all(fd[0]);
	to = fd[!reverse];
	set(to, SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24);
	enter_netns(argv[optind + reverse]);
	tunnel = open_tunnel();
	make_all();
	if (pipe(way))
		die("no pipe");
	if (!is_shared(way)) {
		printf("# this kernel copies what is spliced\n");
		return 4;
	}
	stay_on(0);
	if (pthread_create(&thread, NULL, rewriter, NULL))
		die("no thread");
	for (end = now() + limit; now() < end;) {
		send_one(way, tunnel);
		receive(to);
	}
	over = true;
	pthread_join(thread, NULL);
	printf("# %lu packets sent, %lu came through, %lu of them errors\n",
	       sent, seen, errors_seen);
	if (!seen || !errors_seen)
		die("not enough has come");
	return 0;
}
