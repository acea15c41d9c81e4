// SPDX-License-Identifier: GPL-2.0
/*
 * What a host asks the network about the way to another: is it there, how long
 * a packet may be, which routers are in between.
 *
 * probe [-N NETNS] echo [-n COUNT] [-l BYTES] [-s ADDR] [-h HOPS] [-o] [-t MS]
 *	ADDR
 *
 *	Sends echo requests one after the other and looks at every byte of what
 *	comes back.  Prints "COUNT answered", or what is wrong.
 *
 *	-l BYTES  of data behind the header of ICMP
 *	-h HOPS   the time to live
 *	-o        with options in the header of IPv4, with a hop-by-hop and a
 *		  destination header in IPv6
 *	-f        fire all of them at once, print how many are answered and how
 *		  many milliseconds it took to send them
 *
 * probe [-N NETNS] hops [-T] [-e] [-w] [-b FIRST] [-m MAX] [-t MS] ADDR
 *	PORT
 *
 *	Sends a datagram, or by TCP a SYN, with a time to live of FIRST, 1 by
 *	default, and so on up to MAX or until the other end is reached.  Prints
 *	a line for each, see below.
 *
 * probe [-N NETNS] mtu [-l BYTES] [-e] [-w] [-t MS] ADDR PORT
 *
 *	Sends a datagram that may not be fragmented, until an error says that
 *	it is too long; then the longest that is possible.  Prints a line for
 *	each.
 *
 *	-e  after a datagram that is answered
 *	-w  ADDR and PORT are our own: waits until somebody sends something
 *	    there, to whom the datagrams go as soon as his port is closed;
 *	    prints "ready" first
 *
 * The lines are "answered" or "ERROR FROM ABOUT INFO", as the socket was told:
 * the name of an errno, who says so, about a packet to where, and a number that
 * is the MTU for EMSGSIZE.  Sockets are connected, where they are not of TCP.
 */
#define _GNU_SOURCE
#include "tool.h"

#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>

#define LONGEST	65535
#define AGAIN	400	/* ms after which a packet is taken for lost */

struct options {
	union address	to;
	union address	source;
	unsigned int	count;
	unsigned int	len;
	unsigned int	hops;
	unsigned int	first;
	unsigned int	max;
	int		timeout;
	bool		wait;
	bool		exchange;
	bool		headers;
	bool		tcp;
	bool		fire;
};

/* What became of a packet. */
struct event {
	int		error;		/* 0: an answer */
	uint32_t	info;
	union address	from;
	union address	about;
};

static void set_hops(int fd, bool v6, unsigned int hops)
{
	if (v6)
		set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hops);
	else
		set(fd, IPPROTO_IP, IP_TTL, hops);
}

/* Echo requests. */

static uint8_t byte(unsigned int seq, unsigned int i)
{
	return (i + seq * 7) * 2654435761u >> 13;
}

static void echo_send(int fd, const struct options *o, uint16_t ident,
		      unsigned int seq)
{
	static uint8_t packet[LONGEST];
	struct icmphdr *h = (void *)packet;
	unsigned int i;

	memset(h, 0, sizeof(*h));
	h->type = is_v6(&o->to) ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	h->un.echo.id = ident;
	h->un.echo.sequence = htons(seq);
	for (i = 0; i < o->len; i++)
		packet[sizeof(*h) + i] = byte(seq, i);
	/* On raw sockets the kernel neither makes nor checks that of IPv4. */
	if (!is_v6(&o->to))
		h->checksum = checksum(packet, sizeof(*h) + o->len);
	if (sendto(fd, packet, sizeof(*h) + o->len, 0, &o->to.any,
		   address_len(&o->to)) < 0)
		die("cannot send: %s", strerror(errno));
}

/* Wait for a reply to one of ours; -1: there is none. */
static int echo_receive(int fd, const struct options *o, uint16_t ident,
			long end)
{
	static uint8_t packet[LONGEST + 100];
	const uint8_t type = is_v6(&o->to) ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	union address from = { .any.sa_family = AF_INET };
	socklen_t from_len;
	struct icmphdr *h;
	char text[INET6_ADDRSTRLEN];
	unsigned int i, seq;
	uint8_t *at;
	ssize_t n;
	long left;

	for (;;) {
		left = end - now();
		if (left < 0 || poll(&pollfd, 1, left) <= 0)
			return -1;
		from_len = sizeof(from);
		n = recvfrom(fd, packet, sizeof(packet), 0, &from.any,
			     &from_len);
		if (n < 0)
			die("cannot receive: %s", strerror(errno));
		at = packet;
		if (!is_v6(&o->to)) {
			at += (packet[0] & 15) * 4;
			n -= at - packet;
		}
		h = (struct icmphdr *)at;
		if (n < (ssize_t)sizeof(*h) || h->type != type ||
		    h->un.echo.id != ident)
			continue;
		if (!same_address(&from, &o->to))
			die("answer from %s", address_text(text, &from));
		if (n != (ssize_t)sizeof(*h) + o->len)
			die("answer of %zd bytes", n - sizeof(*h));
		if (h->code)
			die("answer of code %u", h->code);
		if (!is_v6(&o->to) && checksum(at, n))
			die("wrong checksum");
		seq = ntohs(h->un.echo.sequence);
		for (i = 0; i < o->len; i++)
			if (at[sizeof(*h) + i] != byte(seq, i))
				die("byte %u is wrong", i);
		return seq;
	}
}

static int echo(const struct options *o)
{
	bool v6 = is_v6(&o->to);
	uint16_t ident = getpid();
	unsigned int i, answered = 0;
	long start = now(), sent;
	int fd;

	fd = socket(o->to.any.sa_family, SOCK_RAW,
		    v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	set(fd, SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20);
	set_hops(fd, v6, o->hops);
	if (o->headers)
		more_headers(fd, v6);
	/* So that a route alone makes an address ours, as it does in IPv4. */
	if (v6)
		set(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
	if (o->source.any.sa_family &&
	    bind(fd, &o->source.any, address_len(&o->source)))
		die("bind: %s", strerror(errno));
	for (i = 0; i < o->count; i++) {
		echo_send(fd, o, ident, i);
		if (o->fire)
			continue;
		if (echo_receive(fd, o, ident, now() + o->timeout) != (int)i)
			die("%u of %u answered", answered, o->count);
		answered++;
	}
	sent = now();
	while (o->fire && answered < o->count &&
	       echo_receive(fd, o, ident, now() + o->timeout) >= 0)
		answered++;
	/* One that was answered twice */
	if (!o->fire && echo_receive(fd, o, ident, now()) >= 0)
		die("more than %u answered", answered);
	if (o->fire)
		printf("%u %ld\n", answered, sent - start);
	else
		printf("%u answered\n", answered);
	return 0;
}

/* Datagrams and SYNs, and the errors that they bring. */

static bool is_error(const struct cmsghdr *c)
{
	return (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
	       (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
}

/* What the network says; what our own host knows already is in @error alone. */
static bool read_error(int fd, struct event *e)
{
	char control[512], data[64];
	struct iovec part = { .iov_base = data, .iov_len = sizeof(data) };
	struct msghdr message = {
		.msg_name = &e->about, .msg_namelen = sizeof(e->about),
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct sock_extended_err *ee;
	struct cmsghdr *c;

	if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	for (c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		if (!is_error(c))
			continue;
		ee = (struct sock_extended_err *)CMSG_DATA(c);
		e->error = ee->ee_errno;
		e->info = ee->ee_info;
		memset(&e->from, 0, sizeof(e->from));
		if (ee->ee_origin != SO_EE_ORIGIN_LOCAL)
			memcpy(&e->from, SO_EE_OFFENDER(ee),
			       is_v6(&e->about) ? sizeof(e->from.v6) :
						  sizeof(e->from.v4));
		return true;
	}
	return false;
}

static int pending(int fd)
{
	socklen_t len = sizeof(int);
	int error = 0;

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

/* False: nothing happens for that long. */
static bool wait_event(int fd, bool tcp, int ms, struct event *e)
{
	struct pollfd pollfd = { .fd = fd, .events = tcp ? POLLOUT : POLLIN };
	char byte;
	int error;

	memset(e, 0, sizeof(*e));
	if (poll(&pollfd, 1, ms) <= 0)
		return false;
	if (!(pollfd.revents & POLLERR)) {
		if (!tcp)
			recv(fd, &byte, 1, 0);
		return true;
	}
	/* A connected socket is told by its system calls, too. */
	error = pending(fd);
	if (!read_error(fd, e)) {
		e->error = error;
		return error;
	}
	if (error != e->error)
		die("%s pending", error ? strerrorname_np(error) : "nothing");
	return true;
}

static void print_event(const struct event *e)
{
	char from[INET6_ADDRSTRLEN], about[INET6_ADDRSTRLEN];

	if (!e->error)
		printf("answered\n");
	else
		printf("%s %s %s %u %u\n", strerrorname_np(e->error),
		       address_text(from, &e->from),
		       address_text(about, &e->about),
		       ntohs(e->about.v4.sin_port), e->info);
}

/* A socket that hears of errors and does not let its packets be cut. */
static int open_socket(const struct options *o)
{
	bool v6 = is_v6(&o->to);
	int fd;

	fd = socket(o->to.any.sa_family, o->tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (v6) {
		set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
		set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
	} else {
		set(fd, IPPROTO_IP, IP_RECVERR, 1);
		set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	}
	return fd;
}

/* As a server: the other end is whoever asks first. */
static void be_asked(int fd, struct options *o)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	socklen_t len = sizeof(o->to);
	char byte;

	if (bind(fd, &o->to.any, address_len(&o->to)))
		die("bind: %s", strerror(errno));
	printf("ready\n");
	if (poll(&pollfd, 1, o->timeout) <= 0 ||
	    recvfrom(fd, &byte, 1, 0, &o->to.any, &len) < 0)
		die("not asked");
}

/* Send again and again, until something happens. */
static bool persist(int fd, const struct options *o, unsigned int len,
		    struct event *e)
{
	static uint8_t data[LONGEST];
	long end = now() + o->timeout;

	do {
		/* Who is told of an error here sees it in the queue as well. */
		send(fd, data, len, 0);
		if (wait_event(fd, false, AGAIN, e))
			return true;
	} while (now() < end);
	return false;
}

static int connected(struct options *o)
{
	int fd = open_socket(o);
	struct event e;

	if (o->wait)
		be_asked(fd, o);
	if (connect(fd, &o->to.any, address_len(&o->to)))
		die("connect: %s", strerror(errno));
	/* When the port of who asked is closed, nothing that arrives is lost. */
	if (o->wait && (!persist(fd, o, 8, &e) || e.error != ECONNREFUSED))
		die("the port that asked stays open");
	if (o->exchange && (!persist(fd, o, 8, &e) || e.error))
		die("no answer");
	return fd;
}

static int start_tcp(const struct options *o, unsigned int hops)
{
	int fd = open_socket(o);

	set_hops(fd, is_v6(&o->to), hops);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (connect(fd, &o->to.any, address_len(&o->to)) &&
	    errno != EINPROGRESS)
		die("connect: %s", strerror(errno));
	return fd;
}

static int hops(struct options *o)
{
	uint8_t data[8] = { 0 };
	unsigned int hops;
	struct event e;
	int fd = -1;

	if (!o->tcp)
		fd = connected(o);
	for (hops = o->first; hops <= o->max; hops++) {
		if (o->tcp) {
			fd = start_tcp(o, hops);
		} else {
			set_hops(fd, is_v6(&o->to), hops);
			if (send(fd, data, sizeof(data), 0) < 0)
				die("send: %s", strerror(errno));
		}
		if (!wait_event(fd, o->tcp, o->timeout, &e)) {
			printf("silence\n");
			continue;
		}
		print_event(&e);
		if (o->tcp)
			close(fd);
		if (!e.error || e.error == ECONNREFUSED)
			return 0;
	}
	return 1;
}

static unsigned int longest(int fd, bool v6)
{
	socklen_t len = sizeof(int);
	int mtu = 0;

	if (v6)
		getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &len);
	else
		getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &len);
	return mtu - 8 - (v6 ? 40 : 20);
}

static int mtu(struct options *o)
{
	unsigned int len = o->len;
	struct event e;
	int i, fd;

	fd = connected(o);
	for (i = 0; i < 2; i++) {
		if (!persist(fd, o, len, &e))
			die("silence after %u bytes", len);
		print_event(&e);
		if (e.error != EMSGSIZE)
			return 0;
		len = longest(fd, is_v6(&o->to));
	}
	return 1;
}

static void parse_option(struct options *o, int c)
{
	switch (c) {
	case 'n':
		o->count = atoi(optarg);
		break;
	case 'l':
		o->len = atoi(optarg);
		break;
	case 's':
		address_parse(&o->source, optarg);
		break;
	case 'h':
		o->hops = atoi(optarg);
		break;
	case 'b':
		o->first = atoi(optarg);
		break;
	case 'm':
		o->max = atoi(optarg);
		break;
	case 'w':
		o->wait = true;
		break;
	case 't':
		o->timeout = atoi(optarg);
		break;
	case 'e':
		o->exchange = true;
		break;
	case 'o':
		o->headers = true;
		break;
	case 'f':
		o->fire = true;
		break;
	case 'T':
		o->tcp = true;
		break;
	default:
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct options o = {
		.count = 1, .len = 56, .hops = 64, .first = 1,
		.max = 8, .timeout = 5000,
	};
	const char *command;
	int c;

	/* What is wrong is said where an answer is looked for. */
	dup2(STDOUT_FILENO, STDERR_FILENO);
	enter(&argc, &argv);
	if (argc < 2)
		die("expected echo, hops or mtu");
	command = *++argv;
	argc--;
	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((c = getopt(argc, argv, "n:l:s:h:b:m:t:ewofT")) != -1)
		parse_option(&o, c);
	argv += optind;
	if (!*argv)
		die("expected an address");
	address_parse(&o.to, *argv++);
	if (!strcmp(command, "echo"))
		return echo(&o);
	if (*argv)
		o.to.v4.sin_port = htons(atoi(*argv));
	if (!strcmp(command, "hops"))
		return hops(&o);
	if (!strcmp(command, "mtu"))
		return mtu(&o);
	die("unknown word %s", command);
}
