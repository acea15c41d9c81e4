// SPDX-License-Identifier: GPL-2.0
/*
 * Both ends of the connections that the tests make: small, because a program
 * takes seconds to start on a debug kernel.
 *
 * peer [-N NETNS] serve PORT[/close|/nocheck]... ADDR:PORT/sctp[/close]...
 *
 *	Goes to the background once every PORT listens, TCP and UDP, on all
 *	addresses of both families, and prints its process.  A TCP client is sent one line,
 *	"ENDPOINT CLIENT": the two ends of the connection as seen here, and then
 *	everything it sends.  A datagram comes back with that line in front.
 *	/close: TCP ends behind the line.  /nocheck: answers have no UDP
 *	checksum.  /sctp: on that address alone, which is the only one that
 *	associations then have at this end: no NAT sees the others.
 *
 *	An address of IPv6 stands in brackets, here and below.
 *
 * peer [-N NETNS] ask [OPTION]... ADDR:PORT...
 *
 *	Asks such servers one after the other, and prints a line for each
 *	question: "ENDPOINT CLIENT MILLISECONDS" or "ERROR - MILLISECONDS".
 *	Exit status 0 if all were answered.
 *
 *	-n COUNT   questions to each one, all of them new connections
 *	-u         by UDP, from a connected socket; -U: an unconnected one
 *	-S         by SCTP, as by TCP; needs -s where there are more addresses
 *	-s ADDR    from this address; -i: and the ones above it in turn
 *	-p PORT    from this port
 *	-d DEVICE  bound to this device
 *	-x         with options in the header of IPv4, with a hop-by-hop and a
 *	           destination header in IPv6
 *	-l BYTES   size of a datagram
 *	-z         datagrams without checksum
 *	-e         TCP: let the server end the connection
 *	-r         TCP: end it with a RST; SCTP: with an ABORT
 *	-f         fire and forget: do not wait for an answer, print nothing
 *	-t MS      how long to wait for each answer
 *
 * peer [-N NETNS] stream [-n COUNT] [-u|-S] [-s ADDR] [-p PORT] [-d DEVICE] [-t MS]
 *		ADDR:PORT...
 *
 *	Talks on COUNT connections to each until SIGTERM and checks every byte
 *	that comes back, and with UDP that it is from the endpoint of the first
 *	answer.  Prints "ENDPOINT CLIENT open BYTES", when it ends ok: one
 *	more record was answered on SIGTERM, or an error.
 *
 * peer [-N NETNS] bulk [-S] [-s ADDR] [-t MS] BYTES ADDR:PORT
 *
 *	Sends as much as it can, up to BYTES, on one connection, and prints as
 *	stream does.
 */
#define _GNU_SOURCE
#include "tool.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#define UDP_NO_CHECK6_TX 101	/* of linux/udp.h */
#define UDP_NO_CHECK6_RX 102
#define RECORD		64	/* bytes that a stream sends at a time */
#define TICK		20	/* ms between two records */
#define LINE		128	/* more than the longest "ENDPOINT CLIENT" */
#define DATAGRAM	65535
#define TURN		32	/* answers before the next socket has its turn */

struct options {
	union address		to;
	union address		source;
	const char		*device;
	uint16_t		port;
	unsigned int		count;
	unsigned int		len;
	int			timeout;
	bool			udp;
	bool			sctp;
	bool			unconnected;
	bool			increment;
	bool			nocheck;
	bool			reset;
	bool			wait_end;
	bool			forget;
	bool			headers;
};

static void enable(int fd, int level, int option)
{
	set(fd, level, option, 1);
}

/* Sends datagrams without checksum, and takes them. */
static void no_checksums(int fd, int family)
{
	if (family == AF_INET) {
		enable(fd, SOL_SOCKET, SO_NO_CHECK);
		return;
	}
	enable(fd, IPPROTO_UDP, UDP_NO_CHECK6_TX);
	enable(fd, IPPROTO_UDP, UDP_NO_CHECK6_RX);
}

/* What is at @offset of every stream: no period that a packet size divides. */
static void pattern(uint8_t *to, uint64_t offset, size_t len)
{
	for (; len; len--, offset++)
		*to++ = offset * 2654435761u >> 13;
}

static bool is_pattern(const uint8_t *data, uint64_t offset, size_t len)
{
	for (; len; len--, offset++)
		if (*data++ != (uint8_t)(offset * 2654435761u >> 13))
			return false;
	return true;
}

static bool address_is(const union address *a, const union address *b)
{
	return same_address(a, b) && a->v4.sin_port == b->v4.sin_port;
}

/* The last 32 bits are a number. */
static void address_add(union address *a, uint32_t n)
{
	uint8_t *bytes;
	size_t len;
	uint32_t last;

	bytes = address_bytes(a, &len);
	memcpy(&last, bytes + len - 4, 4);
	last = htonl(ntohl(last) + n);
	memcpy(bytes + len - 4, &last, 4);
}

static const char *address_print(char *to, const union address *a)
{
	char text[INET6_ADDRSTRLEN];

	snprintf(to, LINE / 2, is_v6(a) ? "[%s]:%u" : "%s:%u",
		 address_text(text, a), ntohs(a->v4.sin_port));
	return to;
}

static size_t introduce(char *line, union address *endpoint,
			union address *client)
{
	char a[LINE / 2], b[LINE / 2];

	return snprintf(line, LINE, "%s %s\n", address_print(a, endpoint),
			address_print(b, client));
}

/* Room for the local address of a datagram, of either family. */
union control {
	struct cmsghdr	head;
	char		room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* Make it say that a datagram leaves from @a.  Returns the length. */
static size_t control_set(union control *c, union address *a)
{
	struct in6_pktinfo *v6 = (void *)CMSG_DATA(&c->head);
	struct in_pktinfo *v4 = (void *)v6;

	memset(c, 0, sizeof(*c));
	if (is_v6(a)) {
		c->head.cmsg_level = IPPROTO_IPV6;
		c->head.cmsg_type = IPV6_PKTINFO;
		c->head.cmsg_len = CMSG_LEN(sizeof(*v6));
		v6->ipi6_addr = a->v6.sin6_addr;
		return CMSG_SPACE(sizeof(*v6));
	}
	c->head.cmsg_level = IPPROTO_IP;
	c->head.cmsg_type = IP_PKTINFO;
	c->head.cmsg_len = CMSG_LEN(sizeof(*v4));
	v4->ipi_spec_dst = a->v4.sin_addr;
	return CMSG_SPACE(sizeof(*v4));
}

/* Where a datagram was sent to. */
static void control_get(const union control *c, union address *a)
{
	const struct in6_pktinfo *v6 = (void *)CMSG_DATA(&c->head);
	const struct in_pktinfo *v4 = (void *)v6;

	if (is_v6(a))
		a->v6.sin6_addr = v6->ipi6_addr;
	else
		a->v4.sin_addr = v4->ipi_addr;
}

/* The server. */

struct conn {
	int	fd;
	bool	listens;
	bool	datagrams;
	bool	close;
	size_t	begin;
	size_t	end;
	uint8_t	data[DATAGRAM];
};

/* What is left to do for a socket. */
enum next {
	NOTHING,		/* until it is ready again */
	MORE,
	OVER,
};

/* How: EPOLL_CTL_MOD lets it wait for its turn behind the others. */
static void watch(int epoll, struct conn *c, int how)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = c,
	};

	if (epoll_ctl(epoll, how, c->fd, &event))
		die("epoll_ctl: %s", strerror(errno));
}

static struct conn *conn_new(int fd)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		die("out of memory");
	c->fd = fd;
	return c;
}

static void serve_port(int epoll, const char *word, int family, int type)
{
	union address at = { .any.sa_family = family };
	const char *slash = strchr(word, '/');
	bool datagrams = type == SOCK_DGRAM;
	struct conn *c;
	int fd;

	at.v4.sin_port = htons(atoi(word));
	fd = socket(family, type | SOCK_NONBLOCK, 0);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	enable(fd, SOL_SOCKET, SO_REUSEADDR);
	if (family == AF_INET6)
		enable(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	if (datagrams && family == AF_INET6)
		enable(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
	else if (datagrams)
		enable(fd, IPPROTO_IP, IP_PKTINFO);
	if (datagrams && slash && !strcmp(slash, "/nocheck"))
		no_checksums(fd, family);
	if (bind(fd, &at.any, address_len(&at)) ||
	    (!datagrams && listen(fd, 4096)))
		die("cannot listen on %s: %s", word, strerror(errno));
	c = conn_new(fd);
	c->listens = !datagrams;
	c->datagrams = datagrams;
	c->close = slash && !strcmp(slash, "/close");
	watch(epoll, c, EPOLL_CTL_ADD);
}

static void address_port_parse(union address *a, char *word)
{
	char *colon = word ? strrchr(word, ':') : NULL;

	if (!colon)
		die("expected ADDR:PORT");
	*colon = 0;
	if (*word == '[' && colon[-1] == ']') {
		colon[-1] = 0;
		word++;
	}
	address_parse(a, word);
	a->v4.sin_port = htons(atoi(colon + 1));
}

static void serve_sctp(int epoll, char *word)
{
	char *slash = strchr(word, '/');
	union address at = { 0 };
	struct conn *c;
	int fd;

	*slash = 0;
	address_port_parse(&at, word);
	fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK,
		    IPPROTO_SCTP);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (bind(fd, &at.any, address_len(&at)) || listen(fd, 4096))
		die("cannot listen on %s: %s", word, strerror(errno));
	c = conn_new(fd);
	c->listens = true;
	c->close = !strcmp(slash + 1, "sctp/close");
	watch(epoll, c, EPOLL_CTL_ADD);
}

static enum next accept_some(int epoll, const struct conn *listener)
{
	union address client, endpoint;
	struct conn *c;
	socklen_t len;
	int fd, i;

	for (i = 0; i < TURN; i++) {
		len = sizeof(client);
		fd = accept4(listener->fd, &client.any, &len, SOCK_NONBLOCK);
		if (fd < 0 && errno == EAGAIN)
			return NOTHING;
		if (fd < 0)
			continue;
		len = sizeof(endpoint);
		getsockname(fd, &endpoint.any, &len);
		c = conn_new(fd);
		c->close = listener->close;
		c->end = introduce((char *)c->data, &endpoint, &client);
		watch(epoll, c, EPOLL_CTL_ADD);
	}
	return MORE;
}

/* Send back what was received. */
static enum next echo(struct conn *c)
{
	ssize_t n;
	int i;

	for (i = 0; i < TURN; i++) {
		while (c->begin < c->end) {
			n = send(c->fd, c->data + c->begin, c->end - c->begin,
				 MSG_NOSIGNAL);
			if (n < 0)
				return errno == EAGAIN ? NOTHING : OVER;
			c->begin += n;
		}
		if (c->close)
			return OVER;
		n = recv(c->fd, c->data, sizeof(c->data), 0);
		if (n <= 0)
			return n < 0 && errno == EAGAIN ? NOTHING : OVER;
		c->begin = 0;
		c->end = n;
	}
	return MORE;
}

static enum next answer_datagrams(struct conn *c)
{
	union address client, endpoint;
	union control control;
	char line[LINE];
	struct iovec part[2] = { { .iov_base = line } };
	struct msghdr message;
	socklen_t len;
	ssize_t n;
	int i;

	len = sizeof(endpoint);
	getsockname(c->fd, &endpoint.any, &len);
	for (i = 0; i < TURN; i++) {
		part[1].iov_base = c->data;
		part[1].iov_len = sizeof(c->data);
		message = (struct msghdr) {
			.msg_name = &client, .msg_namelen = sizeof(client),
			.msg_iov = part + 1, .msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};
		n = recvmsg(c->fd, &message, 0);
		if (n < 0 && errno == EAGAIN)
			return NOTHING;
		if (n < 0)	/* an ICMP error for an earlier answer */
			continue;
		control_get(&control, &endpoint);
		message.msg_controllen = control_set(&control, &endpoint);
		part[0].iov_len = introduce(line, &endpoint, &client);
		part[1].iov_len = n;
		message.msg_iov = part;
		message.msg_iovlen = 2;
		sendmsg(c->fd, &message, 0);
	}
	return MORE;
}

static __attribute__((noreturn)) void serve(char **words)
{
	struct epoll_event event;
	int epoll = epoll_create1(0);
	enum next next;
	struct conn *c;

	if (!*words)
		die("serve needs a port");
	for (; *words; words++) {
		if (strstr(*words, "/sctp")) {
			serve_sctp(epoll, *words);
			continue;
		}
		serve_port(epoll, *words, AF_INET, SOCK_STREAM);
		serve_port(epoll, *words, AF_INET, SOCK_DGRAM);
		serve_port(epoll, *words, AF_INET6, SOCK_STREAM);
		serve_port(epoll, *words, AF_INET6, SOCK_DGRAM);
	}
	go_to_background();
	for (;;) {
		if (epoll_wait(epoll, &event, 1, -1) != 1)
			continue;
		c = event.data.ptr;
		if (c->listens)
			next = accept_some(epoll, c);
		else if (c->datagrams)
			next = answer_datagrams(c);
		else
			next = echo(c);
		if (next == MORE) {
			watch(epoll, c, EPOLL_CTL_MOD);
		} else if (next == OVER) {
			close(c->fd);
			free(c);
		}
	}
}

/* The clients. */

/* A socket for question @i.  An errno is returned negative, here and below. */
static int client_socket(const struct options *o, unsigned int i)
{
	struct timeval wait = {
		.tv_sec = o->timeout / 1000,
		.tv_usec = o->timeout % 1000 * 1000,
	};
	bool bound = o->port || o->source.any.sa_family;
	int family = o->to.any.sa_family;
	union address from = o->source;
	struct linger reset = { .l_onoff = 1 };
	int fd, err;

	from.any.sa_family = family;
	from.v4.sin_port = htons(o->port);
	if (o->increment)
		address_add(&from, i);
	fd = socket(family, o->udp ? SOCK_DGRAM : SOCK_STREAM,
		    o->sctp ? IPPROTO_SCTP : 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (!o->udp || o->port)
		enable(fd, SOL_SOCKET, SO_REUSEADDR);
	if (o->nocheck)
		no_checksums(fd, family);
	if (o->headers)
		more_headers(fd, family == AF_INET6);
	/* So that a route alone makes an address ours, as it does in IPv4. */
	if (family == AF_INET6)
		enable(fd, IPPROTO_IPV6, IPV6_FREEBIND);
	if (o->sctp && family == AF_INET6)
		enable(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	if (o->device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, o->device,
				    strlen(o->device)))
		die("%s: %s", o->device, strerror(errno));
	if (o->reset)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (bound && bind(fd, &from.any, address_len(&from))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int dial(int fd, const struct options *o)
{
	if (!connect(fd, &o->to.any, address_len(&o->to)))
		return 0;
	/* This is how SO_SNDTIMEO says that time is over. */
	return errno == EINPROGRESS ? -ETIMEDOUT : -errno;
}

static int receive_error(ssize_t n)
{
	if (!n)
		return -EPIPE;
	return errno == EAGAIN ? -ETIMEDOUT : -errno;
}

/* Byte by byte: what follows the line is not ours to read. */
static int receive_line(int fd, char *line)
{
	size_t len;
	ssize_t n;

	for (len = 0; len < LINE - 1; len++) {
		n = recv(fd, line + len, 1, 0);
		if (n != 1)
			return receive_error(n);
		if (line[len] == '\n') {
			line[len] = 0;
			return 0;
		}
	}
	return -EBADMSG;
}

static int ask_tcp(int fd, const struct options *o, char *line)
{
	ssize_t n;
	char c;
	int err;

	if (o->forget)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	err = dial(fd, o);
	if (err || o->forget)
		return err;
	err = receive_line(fd, line);
	if (err || !o->wait_end)
		return err;
	n = recv(fd, &c, 1, 0);
	if (n > 0)
		return -EBADMSG;
	return n ? receive_error(n) : 0;
}

static int ask_udp(int fd, const struct options *o, char *line)
{
	static uint8_t data[DATAGRAM];
	union address from, to = o->to;
	socklen_t len = sizeof(from);
	uint8_t *end;
	ssize_t n;
	int err;

	if (!o->unconnected) {
		err = dial(fd, o);
		if (err)
			return err;
	}
	pattern(data, 0, o->len);
	n = sendto(fd, data, o->len, 0, o->unconnected ?
		   &to.any : NULL, o->unconnected ? address_len(&to) : 0);
	if (n < 0)
		return -errno;
	memset(data, 0, sizeof(data));
	n = recvfrom(fd, data, sizeof(data), 0, &from.any, &len);
	if (n < 0)
		return receive_error(n);
	if (!address_is(&from, &to))
		return -EREMCHG;
	end = memchr(data, '\n', n);
	if (!end || end - data >= LINE || data + n != end + 1 + o->len ||
	    !is_pattern(end + 1, 0, o->len))
		return -EBADMSG;
	*end = 0;
	strcpy(line, (char *)data);
	return 0;
}

/* Many datagrams from one socket: the answers are of no interest. */
static int forget_udp(const struct options *o)
{
	union control control;
	struct options any = *o;
	union address from;
	uint8_t data[DATAGRAM];
	struct iovec part = { .iov_base = data, .iov_len = o->len };
	struct msghdr message = {
		.msg_name = &any.to, .msg_namelen = address_len(&any.to),
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
	};
	unsigned int i;
	int fd;

	any.source.any.sa_family = 0;
	any.increment = false;
	fd = client_socket(&any, 0);
	if (fd < 0)
		die("socket: %s", strerror(-fd));
	pattern(data, 0, o->len);
	for (i = 0; i < o->count; i++) {
		from = o->source;
		from.any.sa_family = o->to.any.sa_family;
		if (o->increment)
			address_add(&from, i);
		message.msg_controllen = control_set(&control, &from);
		sendmsg(fd, &message, 0);
	}
	close(fd);
	return 0;
}

static int ask(const struct options *o)
{
	bool failed = false;
	unsigned int i;

	if (o->udp && o->forget)
		return forget_udp(o);
	for (i = 0; i < o->count; i++) {
		long start = now();
		char line[LINE];
		int fd, err;

		fd = client_socket(o, i);
		err = fd;
		if (fd >= 0) {
			err = o->udp ? ask_udp(fd, o, line) :
				       ask_tcp(fd, o, line);
			close(fd);
		}
		failed |= err < 0;
		if (o->forget)
			continue;
		if (err < 0)
			printf("%s - %ld\n", strerrorname_np(-err),
			       now() - start);
		else
			printf("%s %ld\n", line, now() - start);
	}
	return failed && !o->forget;
}

struct stream {
	int		fd;	/* -1: it has ended */
	char		line[LINE];
	bool		udp;
	uint64_t	first;	/* where in the pattern it began */
	uint64_t	sent;
	uint64_t	seen;
	uint64_t	last;	/* when all up to here was seen, it may end */
	long		heard;
};

static void stream_end(struct stream *s, int err)
{
	if (s->fd < 0)
		return;
	printf("%s %s %llu\n", s->line, err ? strerrorname_np(-err) : "ok",
	       (unsigned long long)(s->seen - s->first));
	close(s->fd);
	s->fd = -1;
}

static void stream_open(struct stream *s, const struct options *o)
{
	int err;

	s->fd = client_socket(o, 0);
	if (s->fd < 0)
		die("socket: %s", strerror(-s->fd));
	/* What is meant for another stream is not in the pattern here. */
	s->first = (uint64_t)getpid() << 32 | (uint64_t)s->fd << 24;
	s->sent = s->first;
	s->seen = s->first;
	s->udp = o->udp;
	err = o->udp ? ask_udp(s->fd, o, s->line) : dial(s->fd, o);
	if (!err && !o->udp)
		err = receive_line(s->fd, s->line);
	if (err)
		die("no stream: %s", strerrorname_np(-err));
	fcntl(s->fd, F_SETFL, O_NONBLOCK);
	s->heard = now();
	printf("%s open 0\n", s->line);
}

static int stream_send(struct stream *s, size_t len)
{
	uint8_t data[DATAGRAM];
	ssize_t n;

	pattern(data, s->sent, len);
	n = send(s->fd, data, len, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	s->sent += n;
	return 0;
}

static int stream_receive(struct stream *s)
{
	uint8_t data[DATAGRAM], *at;
	size_t line = s->udp ? strlen(s->line) : 0;
	ssize_t n;

	for (;;) {
		n = recv(s->fd, data, sizeof(data), 0);
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return receive_error(n);
		at = data;
		if (s->udp) {
			if ((size_t)n < line + 1 ||
			    memcmp(data, s->line, line) || data[line] != '\n')
				return -EREMCHG;
			at += line + 1;
			n -= line + 1;
		}
		if (s->seen + n > s->sent || !is_pattern(at, s->seen, n))
			return -EBADMSG;
		s->seen += n;
		s->heard = now();
	}
}

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void stream_tick(struct stream *s, const struct options *o)
{
	int err = 0;

	/* Each has one more record to go, after the signal. */
	if (stopped && !s->last)
		s->last = s->sent + RECORD;
	if (s->seen == s->sent)
		err = stream_send(s, RECORD);
	else if (now() - s->heard > o->timeout)
		err = -ETIMEDOUT;
	if (err)
		stream_end(s, err);
}

static int stream(struct options *o, char **targets, unsigned int n)
{
	const unsigned int count = o->count * n;
	struct stream *streams = calloc(count, sizeof(*streams));
	struct pollfd *fds = calloc(count, sizeof(*fds));
	unsigned int i, live = count, ok = 0;
	long next = 0;
	int err;

	signal(SIGTERM, stop);
	for (i = 0; i < count; i++) {
		if (!(i % o->count))
			address_port_parse(&o->to,
					   targets[i / o->count]);
		stream_open(&streams[i], o);
	}
	while (live) {
		bool tick = now() >= next;

		if (tick)
			next = now() + TICK;
		for (i = 0, live = 0; i < count; i++) {
			struct stream *s = &streams[i];

			if (s->fd >= 0 && tick)
				stream_tick(s, o);
			fds[i].fd = s->fd;
			fds[i].events = POLLIN;
			live += s->fd >= 0;
		}
		if (!live || poll(fds, count, TICK) <= 0)
			continue;
		for (i = 0; i < count; i++) {
			struct stream *s = &streams[i];

			if (s->fd < 0 || !fds[i].revents)
				continue;
			err = stream_receive(s);
			if (!err && (!s->last || s->seen < s->last))
				continue;
			ok += !err;
			stream_end(s, err);
		}
	}
	return ok != count;
}

static int bulk(const struct options *o, uint64_t total)
{
	struct stream s = { 0 };
	int err = 0;

	stream_open(&s, o);
	s.last = s.first + total;
	while (!err && s.seen < s.last) {
		struct pollfd fd = { .fd = s.fd, .events = POLLIN };
		uint64_t left = s.last - s.sent;

		if (left)
			fd.events |= POLLOUT;
		if (poll(&fd, 1, o->timeout) <= 0)
			err = -ETIMEDOUT;
		if (fd.revents & POLLOUT)
			err = stream_send(&s, left < DATAGRAM ? left : DATAGRAM);
		if (!err && fd.revents & ~POLLOUT)
			err = stream_receive(&s);
	}
	stream_end(&s, err);
	return err != 0;
}

static void parse_option(struct options *o, int c)
{
	switch (c) {
	case 'n':
		o->count = atoi(optarg);
		break;
	case 'U':
		o->unconnected = true;
		/* fallthrough */
	case 'u':
		o->udp = true;
		break;
	case 'S':
		o->sctp = true;
		break;
	case 's':
		address_parse(&o->source, optarg);
		break;
	case 'd':
		o->device = optarg;
		break;
	case 'x':
		o->headers = true;
		break;
	case 'i':
		o->increment = true;
		break;
	case 'p':
		o->port = atoi(optarg);
		break;
	case 'l':
		o->len = atoi(optarg);
		break;
	case 'z':
		o->nocheck = true;
		break;
	case 'e':
		o->wait_end = true;
		break;
	case 'r':
		o->reset = true;
		break;
	case 'f':
		o->forget = true;
		break;
	case 't':
		o->timeout = atoi(optarg);
		break;
	default:
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	struct options o = { .count = 1, .len = 8, .timeout = 10000 };
	const char *command;
	int c, failed = 0;

	enter(&argc, &argv);
	if (argc < 2)
		die("expected serve, ask, stream or bulk");
	command = *++argv;
	argc--;
	setvbuf(stdout, NULL, _IOLBF, 0);
	setrlimit(RLIMIT_NOFILE, &files);
	if (!strcmp(command, "serve"))
		serve(argv + 1);
	while ((c = getopt(argc, argv, "n:uUSs:id:p:l:xzerft:")) != -1)
		parse_option(&o, c);
	argv += optind;
	if (!strcmp(command, "bulk")) {
		if (!*argv)
			die("expected BYTES");
		address_port_parse(&o.to, argv[1]);
		return bulk(&o, strtoull(*argv, NULL, 10));
	}
	if (!strcmp(command, "stream") && *argv)
		return stream(&o, argv, argc - optind);
	if (strcmp(command, "ask") || !*argv)
		die("unknown word %s, or no ADDR:PORT", command);
	for (; *argv; argv++) {
		address_port_parse(&o.to, *argv);
		failed |= ask(&o);
	}
	return failed;
}
