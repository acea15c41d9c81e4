// SPDX-License-Identifier: GPL-2.0
/* Packets of the three protocols, and errors that quote them. */
#define _GNU_SOURCE
#include "pages.h"

struct template templates[16];
unsigned int num_templates;

/* As the client has it */
const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
const uint16_t ports[] = { 80, 53, 36 }, ep_ports[] = { 8080, 5353,
							       3600 };

/* Addresses: of the client, the frontend and the endpoint, by family */
static const char *const clients[] = { "10.1.0.2", "fd00:1::2" };
const char *const vips[] = { "10.96.0.10", "fd00:96::10" };
const char *const eps[] = { "10.2.0.1", "fd00:2::1" };

static void put16(uint8_t *b, uint32_t v)
{
	b[0] = v >> 8;
	b[1] = v;
}

static void place(struct template *t, unsigned int at, uint8_t other)
{
	t->place[t->places++] = (struct place) { at, other };
}

/* Gives where the next header is. */
static unsigned int network(struct template *t, unsigned int at, bool v6,
			    const char *src, const char *dst, uint8_t proto,
			    unsigned int len)
{
	uint8_t *b = t->bytes + at;

	if (v6) {
		b[0] = 0x60;
		put16(b + 4, len);
		b[6] = proto;
		b[7] = 64;
		inet_pton(AF_INET6, src, b + 8);
		inet_pton(AF_INET6, dst, b + 24);
		return at + 40;
	}
	b[0] = 0x45;
	put16(b + 2, 20 + len);
	b[8] = 64;
	b[9] = proto;
	inet_pton(AF_INET, src, b + 12);
	inet_pton(AF_INET, dst, b + 16);
	*(uint16_t *)(b + 10) = checksum(b, 20);
	return at + 20;
}

static void transport(struct template *t, unsigned int at, uint8_t proto,
		      uint32_t sport, uint32_t dport)
{
	uint8_t *b = t->bytes + at;

	put16(b, sport);
	put16(b + 2, dport);
	place(t, at + 1, sport ^ 1);
	place(t, at + 3, 0);
	if (proto == IPPROTO_TCP) {
		b[12] = 0x50;
		b[13] = 2;
		place(t, at + 12, 0xf0);
		place(t, at + 13, 0);
	} else if (proto == IPPROTO_UDP) {
		put16(b + 4, 40);
		place(t, at + 5, 0);
	} else {
		b[12] = 1;
		put16(b + 14, 20);
		put16(b + 18, 1);
		place(t, at + 12, 0);
		place(t, at + 15, 0xff);
	}
}

/* From that side of the node; inside of a tunnel there is but one. */
static struct template *begin(bool v6, uint8_t side)
{
	static const uint8_t ethernet[] = {
		2, 0, 0, 0, 0, 0xfe, 2, 0, 0, 0, 0, 2
	};
	struct template *t = &templates[num_templates++];

	memset(t, 0, sizeof(*t));
	memcpy(t->bytes, ethernet, sizeof(ethernet));
	t->bytes[4] = side;
	t->bytes[10] = side;
	put16(t->bytes + 12, v6 ? ETH_P_IPV6 : ETH_P_IP);
	return t;
}

void make_request(bool v6, unsigned int i, bool tunnel)
{
	struct template *t = begin(v6, tunnel ? 0 : 1);
	unsigned int at;

	at = network(t, ETH_HLEN, v6, clients[v6], vips[v6], protos[i], 40);
	transport(t, at, protos[i], 4000, ports[i]);
	t->len = at + 40;
}

static void make_reply(bool v6, unsigned int i)
{
	struct template *t = begin(v6, 0);
	unsigned int at;

	at = network(t, ETH_HLEN, v6, eps[v6], clients[v6], protos[i], 40);
	transport(t, at, protos[i], ep_ports[i], 4000);
	t->len = at + 40;
}

/* With an extension header whose length and successor change */
static void make_extended(unsigned int i)
{
	struct template *t = begin(true, 0);
	unsigned int at;

	at = network(t, ETH_HLEN, true, reverse ? eps[1] : clients[1],
		     reverse ? clients[1] : vips[1], IPPROTO_DSTOPTS, 56);
	t->bytes[at] = protos[i];
	t->bytes[at + 1] = 1;
	t->bytes[at + 2] = 1;
	t->bytes[at + 3] = 4;
	t->bytes[at + 8] = 1;
	t->bytes[at + 9] = 6;
	place(t, at, 58);
	place(t, at, IPPROTO_FRAGMENT);
	place(t, at + 1, 0);
	place(t, at + 1, 0xff);
	if (reverse)
		transport(t, at + 16, protos[i], ep_ports[i], 4000);
	else
		transport(t, at + 16, protos[i], 4000, ports[i]);
	t->len = at + 56;
}

static void sum_icmp(uint8_t *l3, unsigned int l4, unsigned int len, bool v6)
{
	uint32_t sum = 0;
	unsigned int n;

	if (v6) {
		for (n = 8; n < 40; n += 2)
			sum += get16(l3 + n);
		sum += 58 + len;
		sum = (sum & 0xffff) + (sum >> 16);
		put16(l3 + l4 + 2, sum + (sum >> 16));
	}
	*(uint16_t *)(l3 + l4 + 2) = checksum(l3 + l4, len);
}

/* Who gets a packet says that nobody was there for it. */
static void make_error(bool v6, unsigned int i)
{
	struct template *t = begin(v6, 0);
	const char *from = reverse ? eps[v6] : clients[v6];
	const char *to = reverse ? clients[v6] : vips[v6];
	const unsigned int len = 8 + (v6 ? 40 : 20) + 40;
	unsigned int l4, at;

	l4 = network(t, ETH_HLEN, v6, from, to, v6 ? 58 : 1, len);
	t->bytes[l4] = v6 ? 1 : 3;
	t->bytes[l4 + 1] = v6 ? 4 : 3;
	at = network(t, l4 + 8, v6, to, from, protos[i], 40);
	place(t, l4, 0);
	place(t, l4 + 8, v6 ? 0x40 : 0x4f);
	place(t, l4 + 8, v6 ? 0 : 0x46);
	place(t, l4 + 8 + (v6 ? 6 : 9), 0);
	place(t, l4 + 8 + (v6 ? 4 : 2), 0xff);
	place(t, l4 + 8 + (v6 ? 23 : 15), 0);
	if (reverse)
		transport(t, at, protos[i], 4000, ep_ports[i]);
	else
		transport(t, at, protos[i], ports[i], 4000);
	t->len = l4 + len;
	sum_icmp(t->bytes + ETH_HLEN, l4 - ETH_HLEN, len, v6);
}

void make_all(void)
{
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(protos); i++) {
		if (reverse)
			make_reply(i & 1, i / 2);
		else
			make_request(i & 1, i / 2, true);
		make_error(i & 1, i / 2);
	}
	make_extended(0);
	make_extended(1);
}
