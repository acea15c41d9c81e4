// SPDX-License-Identifier: GPL-2.0
/*
 * Both ends of the connections that the tests make: small, because a program
 * takes seconds to start on a debug kernel.
 *
 * peer [-N NETNS] serve PORT[/close|/nocheck]...
 *
 *	Goes to the background once every PORT listens, TCP and UDP, on all
 *	addresses, and prints its process.  A TCP client is sent one line,
 *	"ENDPOINT CLIENT": the two ends of the connection as seen here, and then
 *	everything it sends.  A datagram comes back with that line in front.
 *	/close: TCP ends behind the line.  /nocheck: answers have no UDP
 *	checksum.
 *
 * peer [-N NETNS] ask [OPTION]... ADDR:PORT
 *
 *	Asks such a server, and prints a line for each question: "ENDPOINT
 *	CLIENT MILLISECONDS" or "ERROR - MILLISECONDS".  Exit status 0 if all
 *	were answered.
 *
 *	-n COUNT   questions, one after the other, each a new connection
 *	-u         by UDP, from a connected socket; -U: an unconnected one
 *	-s ADDR    from this address; -i: and the ones above it in turn
 *	-p PORT    from this port
 *	-l BYTES   size of a datagram
 *	-z         datagrams without checksum
 *	-e         TCP: let the server end the connection
 *	-r         TCP: end it with a RST
 *	-f         fire and forget: do not wait for an answer, print nothing
 *	-t MS      how long to wait for each answer
 *
 * peer [-N NETNS] stream [-n COUNT] [-s ADDR] [-t MS] ADDR:PORT
 *
 *	Talks on COUNT connections until SIGTERM and checks every byte that
 *	comes back.  Prints "ENDPOINT CLIENT open BYTES", when it ends ok: one
 *	more record was answered on SIGTERM, or an error.
 *
 * peer [-N NETNS] bulk [-s ADDR] [-t MS] BYTES ADDR:PORT
 *
 *	Sends as much as it can, up to BYTES, on one connection, and prints as
 *	stream does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RECORD		64	/* bytes that a stream sends at a time */
#define TICK		20	/* ms between two records */
#define LINE		64	/* more than the longest "ENDPOINT CLIENT" */
#define DATAGRAM	65535

struct options {
	struct sockaddr_in	to;
	struct in_addr		source;
	uint16_t		port;
	unsigned int		count;
	unsigned int		len;
	int			timeout;
	bool			udp;
	bool			unconnected;
	bool			increment;
	bool			nocheck;
	bool			reset;
	bool			wait_end;
	bool			forget;
};

static void die(const char *format, ...)
{
	va_list args;

	fputs("peer: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void enable(int fd, int level, int option)
{
	int one = 1;

	if (setsockopt(fd, level, option, &one, sizeof(one)))
		die("setsockopt %d %d: %s", level, option, strerror(errno));
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

static size_t introduce(char *line, const struct sockaddr_in *endpoint,
			const struct sockaddr_in *client)
{
	char a[INET_ADDRSTRLEN], b[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &endpoint->sin_addr, a, sizeof(a));
	inet_ntop(AF_INET, &client->sin_addr, b, sizeof(b));
	return snprintf(line, LINE, "%s:%u %s:%u\n", a,
			ntohs(endpoint->sin_port), b, ntohs(client->sin_port));
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

static void watch(int epoll, struct conn *c)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = c,
	};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event))
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

static void serve_port(int epoll, const char *word, int type)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	const char *slash = strchr(word, '/');
	struct conn *c;
	int fd;

	at.sin_port = htons(atoi(word));
	fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	enable(fd, SOL_SOCKET, SO_REUSEADDR);
	if (type == SOCK_DGRAM)
		enable(fd, IPPROTO_IP, IP_PKTINFO);
	if (type == SOCK_DGRAM && slash && !strcmp(slash, "/nocheck"))
		enable(fd, SOL_SOCKET, SO_NO_CHECK);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    (type == SOCK_STREAM && listen(fd, 4096)))
		die("cannot listen on %s: %s", word, strerror(errno));
	c = conn_new(fd);
	c->listens = type == SOCK_STREAM;
	c->datagrams = type == SOCK_DGRAM;
	c->close = slash && !strcmp(slash, "/close");
	watch(epoll, c);
}

static void accept_all(int epoll, const struct conn *listener)
{
	struct sockaddr_in client, endpoint;
	struct conn *c;
	socklen_t len;
	int fd;

	for (;;) {
		len = sizeof(client);
		fd = accept4(listener->fd, (struct sockaddr *)&client, &len,
			     SOCK_NONBLOCK);
		if (fd < 0 && errno == EAGAIN)
			return;
		if (fd < 0)
			continue;
		len = sizeof(endpoint);
		getsockname(fd, (struct sockaddr *)&endpoint, &len);
		c = conn_new(fd);
		c->close = listener->close;
		c->end = introduce((char *)c->data, &endpoint, &client);
		watch(epoll, c);
	}
}

/* Send back what was received; false when the connection is over. */
static bool echo(struct conn *c)
{
	ssize_t n;

	for (;;) {
		while (c->begin < c->end) {
			n = send(c->fd, c->data + c->begin, c->end - c->begin,
				 MSG_NOSIGNAL);
			if (n < 0)
				return errno == EAGAIN;
			c->begin += n;
		}
		if (c->close)
			return false;
		n = recv(c->fd, c->data, sizeof(c->data), 0);
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		c->begin = 0;
		c->end = n;
	}
}

static void answer_datagrams(struct conn *c)
{
	union {
		struct cmsghdr	align;
		char		room[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control;
	struct sockaddr_in client, endpoint;
	char line[LINE];
	struct iovec part[2] = { { .iov_base = line } };
	struct in_pktinfo *info;
	struct msghdr message;
	socklen_t len;
	ssize_t n;

	len = sizeof(endpoint);
	getsockname(c->fd, (struct sockaddr *)&endpoint, &len);
	for (;;) {
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
			return;
		if (n < 0)	/* an ICMP error for an earlier answer */
			continue;
		info = (void *)CMSG_DATA(CMSG_FIRSTHDR(&message));
		endpoint.sin_addr = info->ipi_addr;
		info->ipi_spec_dst = info->ipi_addr;
		info->ipi_ifindex = 0;
		part[0].iov_len = introduce(line, &endpoint, &client);
		part[1].iov_len = n;
		message.msg_iov = part;
		message.msg_iovlen = 2;
		sendmsg(c->fd, &message, 0);
	}
}

/* Prints the process that remains. */
static void go_to_background(void)
{
	pid_t child = fork();

	if (child < 0)
		die("fork: %s", strerror(errno));
	if (child) {
		printf("%d\n", child);
		exit(0);
	}
	setsid();
	if (!freopen("/dev/null", "w", stdout))
		exit(2);
	dup2(fileno(stdout), 2);
}

static __attribute__((noreturn)) void serve(char **words)
{
	struct epoll_event event;
	int epoll = epoll_create1(0);
	struct conn *c;

	if (!*words)
		die("serve needs a port");
	for (; *words; words++) {
		serve_port(epoll, *words, SOCK_STREAM);
		serve_port(epoll, *words, SOCK_DGRAM);
	}
	go_to_background();
	for (;;) {
		if (epoll_wait(epoll, &event, 1, -1) != 1)
			continue;
		c = event.data.ptr;
		if (c->listens) {
			accept_all(epoll, c);
		} else if (c->datagrams) {
			answer_datagrams(c);
		} else if (!echo(c)) {
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
	struct sockaddr_in from = {
		.sin_family = AF_INET, .sin_port = htons(o->port),
		.sin_addr = o->source,
	};
	struct linger reset = { .l_onoff = 1 };
	int fd, err;

	fd = socket(AF_INET, o->udp ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (!o->udp)
		enable(fd, SOL_SOCKET, SO_REUSEADDR);
	if (o->nocheck)
		enable(fd, SOL_SOCKET, SO_NO_CHECK);
	if (o->reset)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (o->increment)
		from.sin_addr.s_addr = htonl(ntohl(o->source.s_addr) + i);
	if ((o->port || o->source.s_addr) &&
	    bind(fd, (struct sockaddr *)&from, sizeof(from))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int dial(int fd, const struct options *o)
{
	if (!connect(fd, (struct sockaddr *)&o->to, sizeof(o->to)))
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
	struct sockaddr_in from;
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
		   (struct sockaddr *)&o->to : NULL,
		   o->unconnected ? sizeof(o->to) : 0);
	if (n < 0)
		return -errno;
	memset(data, 0, sizeof(data));
	n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &len);
	if (n < 0)
		return receive_error(n);
	if (from.sin_addr.s_addr != o->to.sin_addr.s_addr ||
	    from.sin_port != o->to.sin_port)
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
	union {
		struct cmsghdr	head;
		char		room[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control = { .head = {
		.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO,
		.cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)),
	} };
	struct in_pktinfo *info = (void *)CMSG_DATA(&control.head);
	struct options any = *o;
	uint8_t data[DATAGRAM];
	struct iovec part = { .iov_base = data, .iov_len = o->len };
	struct msghdr message = {
		.msg_name = &any.to, .msg_namelen = sizeof(any.to),
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	unsigned int i;
	int fd;

	any.source.s_addr = 0;
	any.increment = false;
	fd = client_socket(&any, 0);
	if (fd < 0)
		die("socket: %s", strerror(-fd));
	memset(info, 0, sizeof(*info));
	pattern(data, 0, o->len);
	for (i = 0; i < o->count; i++) {
		info->ipi_spec_dst = o->source;
		if (o->increment)
			info->ipi_spec_dst.s_addr =
				htonl(ntohl(o->source.s_addr) + i);
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
	       (unsigned long long)s->seen);
	close(s->fd);
	s->fd = -1;
}

static void stream_open(struct stream *s, const struct options *o)
{
	int err;

	s->fd = client_socket(o, 0);
	if (s->fd < 0)
		die("socket: %s", strerror(-s->fd));
	err = dial(s->fd, o);
	if (!err)
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
	uint8_t data[DATAGRAM];
	ssize_t n;

	for (;;) {
		n = recv(s->fd, data, sizeof(data), 0);
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return receive_error(n);
		if (s->seen + n > s->sent || !is_pattern(data, s->seen, n))
			return -EBADMSG;
		s->seen += n;
		s->heard = now();
	}
}

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
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

static int stream(const struct options *o)
{
	struct stream *streams = calloc(o->count, sizeof(*streams));
	struct pollfd *fds = calloc(o->count, sizeof(*fds));
	unsigned int i, live = o->count, ok = 0;
	long next = 0;
	int err;

	signal(SIGTERM, stop);
	for (i = 0; i < o->count; i++)
		stream_open(&streams[i], o);
	while (live) {
		bool tick = now() >= next;

		if (tick)
			next = now() + TICK;
		for (i = 0, live = 0; i < o->count; i++) {
			struct stream *s = &streams[i];

			if (s->fd >= 0 && tick)
				stream_tick(s, o);
			fds[i].fd = s->fd;
			fds[i].events = POLLIN;
			live += s->fd >= 0;
		}
		if (!live || poll(fds, o->count, TICK) <= 0)
			continue;
		for (i = 0; i < o->count; i++) {
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
	return ok != o->count;
}

static int bulk(const struct options *o, uint64_t total)
{
	struct stream s = { .last = total };
	int err = 0;

	stream_open(&s, o);
	while (!err && s.seen < total) {
		struct pollfd fd = { .fd = s.fd, .events = POLLIN };
		uint64_t left = total - s.sent;

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

static void enter(const char *netns)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static void parse_target(struct options *o, char *word)
{
	char *colon = word ? strchr(word, ':') : NULL;

	if (!colon)
		die("expected ADDR:PORT");
	*colon = 0;
	o->to.sin_family = AF_INET;
	o->to.sin_port = htons(atoi(colon + 1));
	if (inet_pton(AF_INET, word, &o->to.sin_addr) != 1)
		die("%s is no address", word);
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
	case 's':
		if (inet_pton(AF_INET, optarg, &o->source) != 1)
			die("%s is no address", optarg);
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
	int c;

	if (argc > 2 && !strcmp(argv[1], "-N")) {
		enter(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc < 2)
		die("expected serve, ask, stream or bulk");
	command = *++argv;
	argc--;
	setvbuf(stdout, NULL, _IOLBF, 0);
	setrlimit(RLIMIT_NOFILE, &files);
	if (!strcmp(command, "serve"))
		serve(argv + 1);
	while ((c = getopt(argc, argv, "n:uUs:ip:l:zerft:")) != -1)
		parse_option(&o, c);
	argv += optind;
	if (!strcmp(command, "bulk")) {
		if (!*argv)
			die("expected BYTES");
		parse_target(&o, argv[1]);
		return bulk(&o, strtoull(*argv, NULL, 10));
	}
	parse_target(&o, *argv);
	if (!strcmp(command, "stream"))
		return stream(&o);
	if (!strcmp(command, "ask"))
		return ask(&o);
	die("unknown word %s", command);
}
