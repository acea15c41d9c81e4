// SPDX-License-Identifier: GPL-2.0
/*
 * The clients of peer, and their questions.
 */
#define _GNU_SOURCE
#include "peer.h"

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

int client_socket(const struct options *o, unsigned int i)
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

int dial(int fd, const struct options *o)
{
	long start = now();

	while (connect(fd, &o->to.any, address_len(&o->to))) {
		/* This is how SO_SNDTIMEO says that time is over. */
		if (errno == EINPROGRESS)
			return -ETIMEDOUT;
		/*
		 * The client's last connection from this port may still be on
		 * its way to its end.
		 */
		if (errno != EADDRNOTAVAIL || now() - start > o->timeout)
			return -errno;
		usleep(1000);
	}
	return 0;
}

int receive_error(ssize_t n)
{
	if (!n)
		return -EPIPE;
	return errno == EAGAIN ? -ETIMEDOUT : -errno;
}

/* Byte by byte: what follows the line is not ours to read. */
int receive_line(int fd, char *line)
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

int ask_udp(int fd, const struct options *o, char *line)
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

int ask(const struct options *o)
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
		usleep(o->pause * 1000);
	}
	return failed && !o->forget;
}
