// SPDX-License-Identifier: GPL-2.0
/*
 * The server of peer.
 */
#define _GNU_SOURCE
#include "peer.h"

#include <sys/epoll.h>

#define TURN		32	/* answers before the next socket has its turn */

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

void serve(char **words)
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
