// SPDX-License-Identifier: GPL-2.0
/* Sockets, and what comes from them: nothing is taken on trust. */
#define _GNU_SOURCE
#include "nlfuzz.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK	270
#endif

static uint8_t buffer[1 << 17];

int link_open(void)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)))
		die("socket: %s", strerror(errno));
	set(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
	set(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
	return fd;
}

/* False: the kernel does not even take it. */
bool link_send(int fd, const uint8_t *bytes, unsigned int len)
{
	return send(fd, bytes, len, 0) == (ssize_t)len;
}

static uint64_t hash(uint64_t sum, const uint8_t *data, int len)
{
	while (len-- > 0)
		sum = (sum ^ *data++) * 0x100000001b3ULL;
	return sum;
}

static void take_answer(const struct nlmsghdr *h, struct reply *reply)
{
	const uint8_t *at = NLMSG_DATA(h);
	int left = h->nlmsg_len - NLMSG_HDRLEN, head = sizeof(int);
	struct part part;

	if (h->nlmsg_type == NLMSG_ERROR)
		head = sizeof(struct nlmsgerr);
	if (left < head) {
		wrong("an answer of %d bytes", left);
		return;
	}
	if (reply->answered)
		wrong("a second answer");
	reply->answered = true;
	reply->error = -*(const int *)at;
	if (reply->error < 0 || reply->error > 4095)
		wrong("errno %d", reply->error);
	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	at += head;
	left -= head;
	while (next_part(&at, &left, &part))
		if (part.type == NLMSGERR_ATTR_MSG && part.len > 4 &&
		    !part.data[part.len - 1])
			reply->sentence = true;
	if (left)
		wrong("%d bytes are left of an answer", left);
}

static void take_message(const struct nlmsghdr *h, struct reply *reply,
			 bool dump, message_fn fn, void *arg)
{
	const struct genlmsghdr *genl = NLMSG_DATA(h);
	int len = h->nlmsg_len - NLMSG_HDRLEN;

	if (len < (int)GENL_HDRLEN || (h->nlmsg_type != family_id &&
				  h->nlmsg_type != GENL_ID_CTRL)) {
		wrong("a message of type %u, %d bytes", h->nlmsg_type, len);
		return;
	}
	if (!(h->nlmsg_flags & NLM_F_MULTI) != !dump)
		wrong("a message with flags %#x", h->nlmsg_flags);
	reply->messages++;
	reply->digest = hash(reply->digest, (const uint8_t *)genl, len);
	if (fn)
		fn((const uint8_t *)genl + GENL_HDRLEN, len - GENL_HDRLEN,
		   genl->cmd, arg);
}

/* What is there now; gives the number of bytes. */
int link_receive(int fd, bool dump, struct reply *reply, message_fn fn,
		 void *arg)
{
	int len = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT | MSG_TRUNC);
	struct nlmsghdr *h = (struct nlmsghdr *)buffer;
	int left = len;

	if (len > (int)sizeof(buffer))
		die("a message of %d bytes", len);
	for (; left > 0 && NLMSG_OK(h, (unsigned int)left);
	     h = NLMSG_NEXT(h, left)) {
		if (h->nlmsg_flags & NLM_F_DUMP_INTR)
			reply->interrupted = true;
		if (h->nlmsg_type == NLMSG_ERROR ||
		    h->nlmsg_type == NLMSG_DONE)
			take_answer(h, reply);
		else
			take_message(h, reply, dump, fn, arg);
	}
	if (left > 0)
		wrong("%d bytes are left behind the messages", left);
	return len;
}

/*
 * The kernel answers before send() returns, but a dump goes on with each part
 * that is read.
 */
void link_ask(int fd, const uint8_t *bytes, unsigned int len, bool dump,
	      struct reply *reply, message_fn fn, void *arg)
{
	*reply = (struct reply) { .digest = 0xcbf29ce484222325ULL };
	if (!link_send(fd, bytes, len))
		die("send: %s", strerror(errno));
	do {
		if (link_receive(fd, dump, reply, fn, arg) < 0)
			break;
	} while (true);
}

/* How many have come since it was asked last. */
unsigned int link_events(int fd)
{
	struct nlmsghdr *h = (struct nlmsghdr *)buffer;
	unsigned int events = 0;
	int len;

	while ((len = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)) >= 0) {
		if (len < (int)(NLMSG_HDRLEN + GENL_HDRLEN) ||
		    (int)h->nlmsg_len != len || h->nlmsg_type != family_id)
			wrong("an event of type %u and %d bytes",
			      h->nlmsg_type, len);
		events++;
	}
	/* More than fit. */
	if (errno == ENOBUFS)
		events += 1 + link_events(fd);
	return events;
}
