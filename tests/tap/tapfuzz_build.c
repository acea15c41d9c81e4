// SPDX-License-Identifier: GPL-2.0
/* Packets, layer by layer; where each header begins is remembered. */
#define _GNU_SOURCE
#include "tapfuzz.h"

#include <netinet/tcp.h>

static uint16_t next_id;

void ends_reverse(struct ends *to, const struct ends *from)
{
	*to = *from;
	memcpy(to->src, from->dst, 16);
	memcpy(to->dst, from->src, 16);
	to->sport = from->dport;
	to->dport = from->sport;
}

void build_mark(struct builder *p)
{
	if (p->marks < ARRAY_SIZE(p->mark))
		p->mark[p->marks++] = p->len;
}

void build_zero(struct builder *p, unsigned int len)
{
	memset(p->b + p->len, 0, len);
	p->len += len;
}

void build_random(struct builder *p, unsigned int len)
{
	uint32_t word = 0;
	unsigned int i;

	for (i = 0; i < len; i++) {
		if (i % 64 == 0)
			word = below(~0U);
		p->b[p->len + i] = word >> i % 4 * 8;
	}
	p->len += len;
}

static uint8_t some_ttl(void)
{
	return chance(24) ? 1 + below(2) : 64;
}

/* Whoever forwards them takes them: see ip_options_compile(). */
static void ipv4_options(struct builder *p)
{
	static const uint8_t alert[] = { 148, 4, 0, 0 };
	static const uint8_t route[] = { 7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t strange[] = { 30, 8, 1, 2, 3, 4, 5, 6 };
	unsigned int i, words = 1 + below(10);
	uint8_t *o = p->b + p->len;

	memset(o, 1, 4 * words);
	i = below(4);
	if (i == 0)
		memcpy(o, alert, sizeof(alert));
	else if (i == 1 && words >= 3)
		memcpy(o, route, sizeof(route));
	else if (i == 2 && words >= 2)
		memcpy(o, strange, sizeof(strange));
	p->len += 4 * words;
}

static void ipv4(struct builder *p, const struct ends *e, bool plain)
{
	uint8_t *b = p->b + p->len;

	build_zero(p, 20);
	b[1] = below(4) << 2;
	put16(b + 4, next_id++ & 0x7fff);
	if (chance(3))
		b[6] = 0x40;
	if (p->fragment && chance(4))
		b[6] = 0x20;
	b[8] = some_ttl();
	b[9] = e->proto;
	memcpy(b + 12, e->src, 4);
	memcpy(b + 16, e->dst, 4);
	if (!plain && chance(4))
		ipv4_options(p);
	b[0] = 0x40 | (p->len - p->l3) / 4;
}

/* @at: where the number of what comes next stands */
static unsigned int extension(struct builder *p, unsigned int at,
			      uint8_t number)
{
	uint8_t *b = p->b + p->len;
	const unsigned int units = below(3);

	p->b[at] = number;
	at = p->len;
	build_mark(p);
	if (number == IPPROTO_FRAGMENT) {
		build_zero(p, 8);
		b[3] = below(2);
		put32(b + 4, below(~0U));
	} else if (number == IPPROTO_AH) {
		build_zero(p, 24);
		b[1] = 4;
	} else if (number == IPPROTO_ROUTING) {
		build_zero(p, 8 * (1 + 2 * units));
		b[1] = 2 * units;
		b[2] = chance(2) ? 4 : 253;
	} else {
		build_zero(p, 8 * (1 + units));
		b[1] = units;
		b[2] = 1;
		b[3] = 4;
		/* An option that nobody knows and all skip; padding is short. */
		if (units) {
			b[8] = 0x1e;
			b[9] = 8 * units - 2;
		}
	}
	return at;
}

static void ipv6(struct builder *p, const struct ends *e, bool plain)
{
	static const uint8_t numbers[] = { IPPROTO_DSTOPTS, IPPROTO_ROUTING,
					   IPPROTO_AH, IPPROTO_DSTOPTS };
	uint8_t *b = p->b + p->len;
	unsigned int at = p->l3 + 6, n;

	build_zero(p, 40);
	put32(b, 0x60000000 | below(1 << 20));
	b[7] = some_ttl();
	memcpy(b + 8, e->src, 16);
	memcpy(b + 24, e->dst, 16);
	if (!plain && chance(8))
		at = extension(p, at, IPPROTO_HOPOPTS);
	for (n = plain || !chance(4) ? 0 : 1 + below(3); n; n--)
		at = extension(p, at, numbers[below(ARRAY_SIZE(numbers))]);
	if (p->fragment && chance(4))
		at = extension(p, at, IPPROTO_FRAGMENT);
	p->b[at] = e->proto;
}

void build_network(struct builder *p, const struct ends *e, bool plain)
{
	p->l3 = p->len;
	build_mark(p);
	if (is_ipv4(e->family))
		ipv4(p, e, plain);
	else
		ipv6(p, e, plain);
	p->l4 = p->len;
	build_mark(p);
}

static void tcp(struct builder *p, const struct ends *e, bool opens,
		unsigned int payload)
{
	static const uint8_t flags[] = { TH_ACK, TH_ACK, TH_ACK | TH_PUSH,
					 TH_FIN | TH_ACK, TH_RST,
					 TH_RST | TH_ACK, TH_SYN | TH_ACK };
	uint8_t *b = p->b + p->len;
	unsigned int words = chance(2) ? below(11) : 0;

	build_zero(p, 20 + 4 * words);
	put16(b, e->sport);
	put16(b + 2, e->dport);
	put32(b + 4, below(~0U));
	put32(b + 8, below(~0U));
	b[12] = (5 + words) << 4;
	b[13] = opens ? TH_SYN : flags[payload > MTU ? below(3) :
						       below(sizeof(flags))];
	put16(b + 14, 1000);
	memset(b + 20, 1, 4 * words);
	build_mark(p);
	p->payload = p->len;
	build_random(p, opens ? 0 : payload);
}

static void udp(struct builder *p, const struct ends *e, unsigned int payload)
{
	uint8_t *b = p->b + p->len;

	build_zero(p, 8);
	put16(b, e->sport);
	put16(b + 2, e->dport);
	put16(b + 4, 8 + payload);
	build_mark(p);
	build_random(p, payload);
}

static void chunk(struct builder *p, uint8_t type, unsigned int len)
{
	uint8_t *b = p->b + p->len;

	build_mark(p);
	build_zero(p, 4);
	b[0] = type;
	put16(b + 2, len);
	build_random(p, (len + 3) / 4 * 4 - 4);
}

static void sctp(struct builder *p, const struct ends *e, bool opens,
		 unsigned int payload)
{
	static const uint8_t types[] = { 2, 3, 4, 6, 7, 8, 10, 11, 14 };
	uint8_t *b = p->b + p->len;
	unsigned int n;

	build_zero(p, 12);
	put16(b, e->sport);
	put16(b + 2, e->dport);
	if (opens) {
		chunk(p, 1, 20 + below(3) * 8);
		return;
	}
	put32(b + 4, 1 + below(1 << 30));
	for (n = below(3); n; n--)
		chunk(p, types[below(sizeof(types))], 20);
	chunk(p, 0, 17 + payload);
}

void build_transport(struct builder *p, const struct ends *e, bool opens,
		     unsigned int payload)
{
	switch (e->proto) {
	case IPPROTO_TCP:
		tcp(p, e, opens, payload);
		break;
	case IPPROTO_UDP:
		udp(p, e, payload);
		break;
	case IPPROTO_SCTP:
		sctp(p, e, opens, payload);
		break;
	default:
		build_random(p, 8 + payload);
	}
}

uint8_t build_proto(const struct builder *p, uint8_t family)
{
	const uint8_t *b = p->b + p->l3;
	unsigned int at = 40;
	uint8_t next = b[6];

	if (is_ipv4(family))
		return b[9];
	while (p->l3 + at < p->l4) {
		unsigned int len = next == IPPROTO_AH ? 4 * (b[at + 1] + 2) :
				   8 * (b[at + 1] + 1);

		if (next == IPPROTO_FRAGMENT)
			len = 8;
		next = b[at];
		at += len;
	}
	return next;
}

/* Lengths and checksums */
void build_finish(struct builder *p, uint8_t family)
{
	uint8_t *b = p->b + p->l3;

	if (is_ipv4(family)) {
		put16(b + 2, p->len - p->l3);
		sum_ipv4(b);
	} else {
		put16(b + 4, p->len - p->l3 - 40);
	}
	sum_transport(b, family, p->l4 - p->l3, p->len - p->l4,
		      build_proto(p, family));
}
