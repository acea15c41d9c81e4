// SPDX-License-Identifier: GPL-2.0
/*
 * A program that netfilter sends packets to (NFQUEUE), and that sends them on.
 *
 * nfq [-N NETNS] QUEUE [HOW]
 *
 *	Goes to the background once it listens, and prints its process.  HOW:
 *
 *	accept     at once (default)
 *	whole      at once, and the kernel shall not cut large ones first
 *	reverse    the last of those that came together is the first
 *	rewrite    each is replaced by one with another TOS, TTL and mark
 *	grow       each is replaced by one that has options in its header: four
 *	           bytes more in IPv4, a header for the destination of eight in
 *	           IPv6
 *	hold       keeps them until SIGUSR1, which sends them in the order in
 *	           which they came, and from then on as accept.
 *
 *	Those that it has when it ends the kernel drops.
 */
#define _GNU_SOURCE
#include "tool.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>

#define HELD	4096
#define LARGEST	0xffff
#define MORE	8		/* bytes that a packet may grow by */
#define MARK	0x51

static struct {
	uint32_t	id[HELD];
	unsigned int	num;
} held;

static uint16_t queue;
static int fd;

/* A message under construction */
struct message {
	struct nlmsghdr		head;
	struct nfgenmsg		family;
	uint8_t			data[LARGEST + 256];
};

static struct message message;

static void begin(int type, int flags)
{
	memset(&message, 0, NLMSG_SPACE(sizeof(struct nfgenmsg)));
	message.head.nlmsg_len = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	message.head.nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | type;
	message.head.nlmsg_flags = NLM_F_REQUEST | flags;
	message.family.res_id = htons(queue);
}

static void *room(int type, size_t len)
{
	struct nlattr *a = (void *)((char *)&message +
				    NLMSG_ALIGN(message.head.nlmsg_len));

	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	message.head.nlmsg_len = NLMSG_ALIGN(message.head.nlmsg_len) +
				 NLA_ALIGN(a->nla_len);
	return (char *)a + NLA_HDRLEN;
}

static void put(int type, const void *data, size_t len)
{
	memcpy(room(type, len), data, len);
}

/* What the kernel says to a message that wants an answer. */
static void transmit(const char *what)
{
	struct {
		struct nlmsghdr	head;
		struct nlmsgerr	error;
		char		more[1024];
	} answer;

	if (send(fd, &message, message.head.nlmsg_len, 0) < 0)
		die("%s: %s", what, strerror(errno));
	if (!(message.head.nlmsg_flags & NLM_F_ACK))
		return;
	if (recv(fd, &answer, sizeof(answer), 0) < 0)
		die("%s: %s", what, strerror(errno));
	if (answer.head.nlmsg_type == NLMSG_ERROR && answer.error.error)
		die("%s: %s", what, strerror(-answer.error.error));
}

static void listen_to_queue(bool whole)
{
	struct nfqnl_msg_config_cmd bind = { .command = NFQNL_CFG_CMD_BIND };
	struct nfqnl_msg_config_params params = {
		.copy_range = htonl(LARGEST), .copy_mode = NFQNL_COPY_PACKET,
	};
	uint32_t gso = htonl(NFQA_CFG_F_GSO), many = htonl(HELD);
	int size = 16 << 20;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	begin(NFQNL_MSG_CONFIG, NLM_F_ACK);
	put(NFQA_CFG_CMD, &bind, sizeof(bind));
	transmit("bind");
	begin(NFQNL_MSG_CONFIG, NLM_F_ACK);
	put(NFQA_CFG_PARAMS, &params, sizeof(params));
	put(NFQA_CFG_QUEUE_MAXLEN, &many, sizeof(many));
	if (whole) {
		put(NFQA_CFG_FLAGS, &gso, sizeof(gso));
		put(NFQA_CFG_MASK, &gso, sizeof(gso));
	}
	transmit("parameters");
}

static void begin_verdict(uint32_t id)
{
	struct nfqnl_msg_verdict_hdr verdict = {
		.verdict = htonl(NF_ACCEPT), .id = id,
	};

	begin(NFQNL_MSG_VERDICT, 0);
	put(NFQA_VERDICT_HDR, &verdict, sizeof(verdict));
}

static void accept_it(uint32_t id)
{
	begin_verdict(id);
	transmit("verdict");
}

static void accept_held(bool reverse)
{
	unsigned int i;

	for (i = 0; i < held.num; i++)
		accept_it(held.id[reverse ? held.num - 1 - i : i]);
	held.num = 0;
}

static void hold(uint32_t id)
{
	if (held.num < HELD)
		held.id[held.num++] = id;
}

static void checksum_ipv4(uint8_t *packet)
{
	uint16_t sum;

	memset(packet + 10, 0, sizeof(sum));
	sum = checksum(packet, (packet[0] & 15) * 4);
	memcpy(packet + 10, &sum, sizeof(sum));
}

static void write_length(uint8_t *to, size_t len)
{
	to[0] = len >> 8;
	to[1] = len;
}

static void rewrite(uint8_t *packet)
{
	if (packet[0] >> 4 == 4) {
		packet[1] = 0x20;
		packet[8] -= 3;
		checksum_ipv4(packet);
	} else {
		packet[0] = 0x62;
		packet[7] -= 3;
	}
}

/* Returns the new length. */
static size_t grow(uint8_t *packet, size_t len)
{
	static const uint8_t nops[4] = { 1, 1, 1, 1 };

	if (packet[0] >> 4 == 4) {
		memmove(packet + 24, packet + 20, len - 20);
		memcpy(packet + 20, nops, sizeof(nops));
		packet[0]++;
		len += sizeof(nops);
		write_length(packet + 2, len);
		checksum_ipv4(packet);
		return len;
	}
	memmove(packet + 48, packet + 40, len - 40);
	memcpy(packet + 40, padding_header, sizeof(padding_header));
	packet[40] = packet[6];
	packet[6] = IPPROTO_DSTOPTS;
	len += sizeof(padding_header);
	write_length(packet + 4, len - 40);
	return len;
}

static void replace(uint32_t id, const uint8_t *payload, size_t len, bool larger)
{
	uint32_t mark = htonl(MARK);
	uint8_t packet[LARGEST + MORE];

	memcpy(packet, payload, len);
	if (larger)
		len = grow(packet, len);
	else
		rewrite(packet);
	begin_verdict(id);
	if (!larger)
		put(NFQA_MARK, &mark, sizeof(mark));
	put(NFQA_PAYLOAD, packet, len);
	transmit("verdict");
}

static void packet(const struct nlmsghdr *head, const char *how)
{
	size_t left = head->nlmsg_len - NLMSG_SPACE(sizeof(struct nfgenmsg));
	const char *at = (const char *)head +
			 NLMSG_SPACE(sizeof(struct nfgenmsg));
	const uint8_t *payload = NULL;
	const struct nlattr *a;
	uint32_t id = 0;
	size_t len = 0;

	if (head->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
		return;
	for (; left >= NLA_HDRLEN; left -= NLA_ALIGN(a->nla_len)) {
		a = (const struct nlattr *)at;
		if ((a->nla_type & NLA_TYPE_MASK) == NFQA_PACKET_HDR)
			memcpy(&id, at + NLA_HDRLEN, sizeof(id));
		if ((a->nla_type & NLA_TYPE_MASK) == NFQA_PAYLOAD) {
			payload = (const uint8_t *)at + NLA_HDRLEN;
			len = a->nla_len - NLA_HDRLEN;
		}
		if (left < (size_t)NLA_ALIGN(a->nla_len))
			break;
		at += NLA_ALIGN(a->nla_len);
	}
	if (!strcmp(how, "hold") || !strcmp(how, "reverse"))
		hold(id);
	else if (!strcmp(how, "rewrite"))
		replace(id, payload, len, false);
	else if (!strcmp(how, "grow"))
		replace(id, payload, len, true);
	else
		accept_it(id);
}

static volatile sig_atomic_t released;

static void on_signal(int signal)
{
	(void)signal;
	released = 1;
}

static void __attribute__((noreturn)) serve(const char *how)
{
	static char data[LARGEST + 4096];
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct nlmsghdr *head;
	ssize_t n;

	for (;;) {
		if (released) {
			how = "accept";
			accept_held(false);
		}
		if (poll(&wait, 1, 5) <= 0) {
			if (!strcmp(how, "reverse"))
				accept_held(true);
			continue;
		}
		n = recv(fd, data, sizeof(data), 0);
		for (head = (void *)data; n > 0 && NLMSG_OK(head, n);
		     head = NLMSG_NEXT(head, n))
			packet(head, how);
	}
}

int main(int argc, char **argv)
{
	const char *how;

	enter(&argc, &argv);
	if (argc < 2)
		die("expected a queue");
	queue = atoi(argv[1]);
	how = argc > 2 ? argv[2] : "accept";
	listen_to_queue(!strcmp(how, "whole"));
	signal(SIGUSR1, on_signal);
	go_to_background();
	serve(how);
}
