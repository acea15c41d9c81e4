// SPDX-License-Identifier: GPL-2.0-only
/*
 * A parser written from packet.h and the RFCs, byte by byte and without haste,
 * to be compared with the one of the module.
 */
#include "shim.h"

#include "model.h"

static u32 be16(const u8 *b)
{
	return b[0] << 8 | b[1];
}

static u32 be32(const u8 *b)
{
	return be16(b) << 16 | be16(b + 2);
}

static void take_addr(union nf_inet_addr *to, const u8 *from, u32 len)
{
	memset(to, 0, sizeof(*to));
	memcpy(to, from, len);
}

static bool known(u8 family, u8 proto)
{
	if (proto == 6 || proto == 17 || proto == 132)
		return true;
	return proto == (family == AF_INET ? 1 : 58);
}

static enum svcnat_parsed ipv4(const struct model *m, u32 at, bool quoted,
			       struct svcnat_tuple *t, u32 *l4, u32 *end)
{
	const u8 *b = m->b + at;
	u32 ihl;

	if (at + 20 > m->len || b[0] >> 4 != 4 || (b[0] & 15) < 5)
		return SVCNAT_PARSED_BROKEN;
	ihl = 4 * (b[0] & 15);
	t->family = AF_INET;
	t->proto = b[9];
	take_addr(&t->src, b + 12, 4);
	take_addr(&t->dst, b + 16, 4);
	*l4 = at + ihl;
	*end = at + be16(b + 2);
	if (*l4 > m->len)
		return SVCNAT_PARSED_BROKEN;
	if (!known(AF_INET, b[9]))
		return SVCNAT_PARSED_OTHER;
	/* a later fragment; or the first, which has more after it */
	if (be16(b + 6) & 0x1fff || (!quoted && b[6] & 0x20))
		return SVCNAT_PARSED_FRAGMENT;
	return SVCNAT_PARSED;
}

static enum svcnat_parsed ipv6(const struct model *m, u32 at, bool quoted,
			       struct svcnat_tuple *t, u32 *l4, u32 *end)
{
	const u8 *b = m->b + at;
	u32 extensions = 0, len;
	u8 next;

	if (at + 40 > m->len || b[0] >> 4 != 6)
		return SVCNAT_PARSED_BROKEN;
	t->family = AF_INET6;
	take_addr(&t->src, b + 8, 16);
	take_addr(&t->dst, b + 24, 16);
	*end = at + 40 + be16(b + 4);
	next = b[6];
	t->proto = next;
	if (!quoted && !m->gso && !be16(b + 4) && !next)
		return SVCNAT_PARSED_OTHER;
	for (at += 40; ; at += len) {
		b = m->b + at;
		*l4 = at;
		t->proto = next;
		if (at > m->len)
			return SVCNAT_PARSED_BROKEN;
		if (next != 0 && next != 43 && next != 44 && next != 51 &&
		    next != 60)
			break;
		if (++extensions > 8)
			return SVCNAT_PARSED_OTHER;
		if (at + 8 > m->len)
			return SVCNAT_PARSED_BROKEN;
		len = next == 44 ? 8 : next == 51 ? 4 * (b[1] + 2) :
						    8 * (b[1] + 1);
		if (at + len > m->len)
			return SVCNAT_PARSED_BROKEN;
		if (next == 43 && b[3])
			return SVCNAT_PARSED_OTHER;
		if (next == 44 && (be16(b + 2) & 0xfff8 ||
				   (!quoted && b[3] & 1)))
			return SVCNAT_PARSED_FRAGMENT;
		next = b[0];
	}
	return known(AF_INET6, next) ? SVCNAT_PARSED : SVCNAT_PARSED_OTHER;
}

static enum svcnat_parsed network(const struct model *m, u32 at, u8 family,
				  bool quoted, struct svcnat_tuple *t, u32 *l4,
				  u32 *end)
{
	enum svcnat_parsed parsed;

	memset(t, 0, sizeof(*t));
	parsed = family == AF_INET ? ipv4(m, at, quoted, t, l4, end) :
				     ipv6(m, at, quoted, t, l4, end);
	if (parsed == SVCNAT_PARSED && *l4 > 65535)
		return SVCNAT_PARSED_BROKEN;
	return parsed;
}

static void take_ports(struct svcnat_tuple *t, const u8 *b)
{
	memcpy(&t->sport, b, 2);
	memcpy(&t->dport, b + 2, 2);
}

static enum svcnat_parsed tcp(const struct model *m, struct svcnat_packet *p)
{
	const u8 *b = m->b + p->l4;

	if (p->l4 + 20U > m->len || b[12] >> 4 < 5)
		return SVCNAT_PARSED_BROKEN;
	take_ports(&p->tuple, b);
	p->tcp = b[13] & 0x17;
	p->l4_len = 20;
	p->payload = m->len > p->l4 + 4U * (b[12] >> 4);
	p->proof = b[13] & 2 ? be32(b + 4) + 1 : be32(b + 8);
	return SVCNAT_PARSED;
}

static u8 chunk_says(u8 type)
{
	switch (type) {
	case 1:
		return 0x02;
	case 2:
		return 0x12;
	case 7:
	case 8:
		return 0x11;
	case 6:
	case 14:
		return 0x04;
	}
	return 0x10;
}

/* An INIT is alone, has no tag in front, and is all there. */
static bool good_init(const struct model *m, u32 l4, u32 at, u32 len, u32 n)
{
	static const u8 none[4];

	return !n && !memcmp(m->b + l4 + 4, none, 4) && len >= 20 &&
	       at + len <= m->len && at + (len + 3) / 4 * 4 + 4 > m->len;
}

static enum svcnat_parsed sctp(const struct model *m, struct svcnat_packet *p)
{
	u32 at = p->l4 + 12, n, len;

	if (at > m->len)
		return SVCNAT_PARSED_BROKEN;
	take_ports(&p->tuple, m->b + p->l4);
	p->l4_len = 12;
	memcpy(&p->tag, m->b + p->l4 + 4, 4);
	memcpy(&p->proof, m->b + p->l4 + 4, 4);
	for (n = 0; n < 8 && !p->payload && at + 4 <= m->len; n++) {
		const u8 *b = m->b + at;

		len = be16(b + 2);
		if (len < 4)
			break;
		if (b[0] == 1) {
			if (!good_init(m, p->l4, at, len, n))
				return SVCNAT_PARSED_BROKEN;
			memcpy(&p->tag, b + 4, 4);
		}
		if (b[0] == 2) {
			p->proof = 0;
			if (at + 20 <= m->len)
				memcpy(&p->proof, b + 4, 4);
		}
		p->tcp |= chunk_says(b[0]);
		p->payload = b[0] == 0 || b[0] == 64;
		at += (len + 3) / 4 * 4;
	}
	return n ? SVCNAT_PARSED : SVCNAT_PARSED_BROKEN;
}

static bool quote(const struct model *m, struct svcnat_packet *p)
{
	struct svcnat_quote *q = &p->quote;
	u32 l4, end, most;

	q->l3 = p->l4 + 8;
	if (network(m, p->l4 + 8, p->tuple.family, true, &q->tuple, &l4,
		    &end) != SVCNAT_PARSED)
		return false;
	if (q->tuple.proto == 1 || q->tuple.proto == 58 || l4 + 8 > m->len)
		return false;
	q->l4 = l4;
	take_ports(&q->tuple, m->b + l4);
	most = q->tuple.proto == 6 ? 20 : q->tuple.proto == 132 ? 12 : 8;
	q->l4_len = min(most, m->len - l4);
	q->len = end > l4 ? end - l4 : 0;
	return true;
}

static enum svcnat_parsed icmp(const struct model *m, struct svcnat_packet *p)
{
	const u8 *b = m->b + p->l4;
	bool error;

	if (p->l4 + 8U > m->len)
		return SVCNAT_PARSED_BROKEN;
	p->icmp_type = b[0];
	p->l4_len = 8;
	if (b[0] == (p->tuple.family == AF_INET ? 8 : 128))
		return SVCNAT_PARSED_ECHO;
	/* Unreachable, quench, time exceeded, parameter problem: not redirect */
	error = p->tuple.family == AF_INET ? b[0] == 3 || b[0] == 4 ||
		b[0] == 11 || b[0] == 12 : b[0] < 128;
	if (!error)
		return SVCNAT_PARSED_OTHER;
	if (quote(m, p))
		return SVCNAT_PARSED_ERROR;
	p->quote.l4_len = 0;
	return SVCNAT_PARSED_ODD;
}

/**
 * model_parse() - what svcnat_packet_parse() should say
 * @m: the packet
 * @l3: its network header
 * @family: of the hook
 * @p: written
 *
 * Return: what it should return.
 */
enum svcnat_parsed model_parse(const struct model *m, int l3, u8 family,
			       struct svcnat_packet *p)
{
	enum svcnat_parsed parsed;
	u32 l4 = 0, end = 0;

	memset(p, 0, sizeof(*p));
	if (l3 < 0 || l3 > 65535)
		return SVCNAT_PARSED_BROKEN;
	p->l3 = l3;
	p->len = m->len - l3;
	parsed = network(m, l3, family, false, &p->tuple, &l4, &end);
	if (parsed != SVCNAT_PARSED)
		return parsed;
	p->l4 = l4;
	switch (p->tuple.proto) {
	case 6:
		return tcp(m, p);
	case 132:
		return sctp(m, p);
	case 1:
	case 58:
		return icmp(m, p);
	}
	if (l4 + 8 > m->len)
		return SVCNAT_PARSED_BROKEN;
	take_ports(&p->tuple, m->b + l4);
	p->l4_len = 8;
	p->payload = true;
	return SVCNAT_PARSED;
}
