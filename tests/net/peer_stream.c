// SPDX-License-Identifier: GPL-2.0
/*
 * The streams of peer: every byte of them is known.
 */
#define _GNU_SOURCE
#include "peer.h"

#include <poll.h>
#include <signal.h>

#define RECORD		64	/* bytes that a stream sends at a time */
#define TICK		20	/* ms between two records */
#define SILENCE		1000	/* ms without an answer before the next one */

struct stream {
	int		fd;	/* -1: it has ended */
	char		line[LINE];
	bool		udp;
	uint64_t	first;	/* where in the pattern it began */
	uint64_t	sent;
	uint64_t	seen;
	uint64_t	last;	/* when all up to here was seen, it may end */
	long		heard;
	long		asked;
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
	s->asked = now();
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
	/* It may have been stopped for a while. */
	if (s->seen == s->sent)
		s->heard = now();
	/*
	 * Who has nothing more to say does not learn that the other side is
	 * gone.  A datagram that was lost would not come again, though.
	 */
	if (s->seen == s->sent || (!s->udp && now() - s->asked > SILENCE))
		err = stream_send(s, RECORD);
	if (now() - s->heard > o->timeout)
		err = -ETIMEDOUT;
	if (err)
		stream_end(s, err);
}

/* What arrived while we could not run has not been heard of yet. */
static void excuse(struct stream *streams, unsigned int count, long since)
{
	const long gap = now() - since;
	unsigned int i;

	for (i = 0; gap > SILENCE && i < count; i++)
		streams[i].heard += gap;
}

int stream(struct options *o, char **targets, unsigned int n)
{
	const unsigned int count = o->count * n;
	struct stream *streams = calloc(count, sizeof(*streams));
	struct pollfd *fds = calloc(count, sizeof(*fds));
	unsigned int i, live = count, ok = 0;
	long next = 0, last;
	int err;

	signal(SIGTERM, stop);
	for (i = 0; i < count; i++) {
		if (!(i % o->count))
			address_port_parse(&o->to,
					   targets[i / o->count]);
		stream_open(&streams[i], o);
	}
	last = now();
	while (live) {
		bool tick = now() >= next;

		excuse(streams, count, last);
		last = now();
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

int bulk(const struct options *o, uint64_t total)
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
