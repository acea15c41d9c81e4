/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of peer have in common; see peer.c for what it does.  Included
 * first, behind _GNU_SOURCE, as tool.h.
 */
#ifndef _TESTS_PEER_H
#define _TESTS_PEER_H

#include "tool.h"

#define UDP_NO_CHECK6_TX 101	/* of linux/udp.h */
#define UDP_NO_CHECK6_RX 102
#define LINE		128	/* more than the longest "ENDPOINT CLIENT" */
#define DATAGRAM	65535

struct options {
	union address		to;
	union address		source;
	const char		*device;
	uint16_t		port;
	unsigned int		count;
	unsigned int		len;
	int			timeout;
	int			pause;
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

static inline void enable(int fd, int level, int option)
{
	set(fd, level, option, 1);
}

/* Sends datagrams without checksum, and takes them. */
static inline void no_checksums(int fd, int family)
{
	if (family == AF_INET) {
		enable(fd, SOL_SOCKET, SO_NO_CHECK);
		return;
	}
	enable(fd, IPPROTO_UDP, UDP_NO_CHECK6_TX);
	enable(fd, IPPROTO_UDP, UDP_NO_CHECK6_RX);
}

/* What is at @offset of every stream: no period that a packet size divides. */
static inline void pattern(uint8_t *to, uint64_t offset, size_t len)
{
	for (; len; len--, offset++)
		*to++ = offset * 2654435761u >> 13;
}

static inline bool is_pattern(const uint8_t *data, uint64_t offset, size_t len)
{
	for (; len; len--, offset++)
		if (*data++ != (uint8_t)(offset * 2654435761u >> 13))
			return false;
	return true;
}

static inline void address_port_parse(union address *a, char *word)
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

/* Room for the local address of a datagram, of either family. */
union control {
	struct cmsghdr	head;
	char		room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* Make it say that a datagram leaves from @a.  Returns the length. */
static inline size_t control_set(union control *c, union address *a)
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

/* The words behind "serve": never returns. */
void serve(char **words) __attribute__((noreturn));

/*
 * A client's socket, for question @i; a connection; a line, without what
 * follows it; a question and its answer.  An errno is returned negative.
 */
int client_socket(const struct options *o, unsigned int i);
int dial(int fd, const struct options *o);
int receive_error(ssize_t n);
int receive_line(int fd, char *line);
int ask_udp(int fd, const struct options *o, char *line);

/* Each returns the exit status. */
int ask(const struct options *o);
int stream(struct options *o, char **targets, unsigned int n);
int bulk(const struct options *o, uint64_t total);

#endif
