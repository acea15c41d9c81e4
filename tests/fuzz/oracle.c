// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sums are told modulo 65535: that is what one's complement leaves of them.  If
 * a sum over all that a checksum covers, itself included, stays the same, then
 * a right checksum stays right and a wrong one equally wrong.
 */
#include "shim.h"

#include "oracle.h"

#define MODULUS	65535

/* From an even offset on */
static u32 sum(const u8 *b, u32 len)
{
	u64 s = 0;
	u32 i;

	for (i = 0; i < len; i++)
		s += b[i] << (i & 1 ? 0 : 8);
	return s % MODULUS;
}

static u32 field(const u8 *b)
{
	return (b[0] << 8 | b[1]) % MODULUS;
}

static u32 minus(u32 a, u32 b)
{
	return (a + MODULUS - b) % MODULUS;
}

/* A sum as the kernel keeps it: bytes swapped */
static u32 kernel_sum(__wsum csum)
{
	u32 s = csum % MODULUS;

	return ((s & 0xff) << 8 | s >> 8) % MODULUS;
}

/* Both addresses: all that changes of a pseudo header */
static u32 addrs(const u8 *b, u8 family, u32 l3)
{
	return family == AF_INET ? sum(b + l3 + 12, 8) : sum(b + l3 + 8, 32);
}

static void allow(struct oracle *o, u32 at, u32 len)
{
	while (len--)
		o->may[at++] = true;
}

/* An address is what it shall be, or what it was. */
static void check_addr(struct oracle *o, u8 family, u32 l3, u8 side, bool new)
{
	const u32 len = family == AF_INET ? 4 : 16;
	const u32 at = l3 + (family == AF_INET ? 12 : 8) +
		       (side == SVCNAT_SOURCE ? 0 : len);

	if (!new)
		return;
	fuzz_check(!memcmp(o->after + at, &o->to.addr, len), "address");
	allow(o, at, len);
	if (family != AF_INET)
		return;
	allow(o, l3 + 10, 2);
}

static void check_ip_sum(struct oracle *o, u8 family, u32 l3, u32 l4)
{
	if (family == AF_INET)
		fuzz_check(sum(o->before + l3, l4 - l3) ==
			   sum(o->after + l3, l4 - l3), "header checksum");
}

static void check_ports(struct oracle *o, u32 l4, u8 side)
{
	const u32 own = side == SVCNAT_SOURCE ? 0 : 2;

	fuzz_check(!memcmp(o->after + l4 + own, &o->to.port, 2), "port");
	fuzz_check(!memcmp(o->after + l4 + 2 - own, &o->to.other_port, 2),
		   "other port");
	allow(o, l4, 4);
}

/* A CRC that covers the ports and @len - 4 bytes that stay */
static u32 crc_of(const u8 *ports, u32 len)
{
	static u8 all[1 << 17];

	memset(all, 0, len);
	memcpy(all, ports, min(len, 4U));
	return __crc32c_le(0, all, len);
}

static void check_crc(struct oracle *o, u32 l4, u32 len)
{
	u32 before, after, change;

	memcpy(&before, o->before + l4 + 8, 4);
	memcpy(&after, o->after + l4 + 8, 4);
	change = crc_of(o->before + l4, len) ^ crc_of(o->after + l4, len);
	fuzz_check((before ^ after) == change, "CRC");
	allow(o, l4 + 8, 4);
}

/*
 * The whole sum of a transport header at @l4, at offset @at: of the addresses
 * at @l3, and of the ports; the rest stays.
 */
static void check_sum(struct oracle *o, u8 family, u32 l3, u32 l4, u32 at)
{
	u32 before, after;

	before = addrs(o->before, family, l3) + sum(o->before + l4, 4) +
		 field(o->before + l4 + at);
	after = addrs(o->after, family, l3) + sum(o->after + l4, 4) +
		field(o->after + l4 + at);
	fuzz_check(before % MODULUS == after % MODULUS, "checksum at %u",
		   l4 + at);
	allow(o, l4 + at, 2);
}

/* A sum of the pseudo header alone, or no more of it than that */
static void check_pseudo(struct oracle *o, u8 family, u32 l3, u32 at)
{
	fuzz_check(minus(field(o->before + at), addrs(o->before, family, l3)) ==
		   minus(field(o->after + at), addrs(o->after, family, l3)),
		   "pending checksum");
	allow(o, at, 2);
}

static bool is_zero(const u8 *b)
{
	return !b[0] && !b[1];
}

/* What UDP says by its checksum stays: none, or some */
static void check_udp_none(const struct oracle *o, u32 at)
{
	fuzz_check(is_zero(o->before + at) == is_zero(o->after + at),
		   "UDP checksum");
}

static void check_transport(struct oracle *o)
{
	const struct svcnat_packet *p = &o->packet;
	const u8 family = p->tuple.family;
	u32 at;

	if (p->tuple.proto == IPPROTO_SCTP) {
		if (!o->pending)
			check_crc(o, p->l4, o->len - p->l4);
		return;
	}
	at = p->tuple.proto == IPPROTO_TCP ? 16 : 6;
	if (p->tuple.proto == IPPROTO_UDP && !o->pending) {
		check_udp_none(o, p->l4 + at);
		if (is_zero(o->before + p->l4 + at))
			return;
	}
	if (o->pending || o->segmented)
		check_pseudo(o, family, p->l3, p->l4 + at);
	else
		check_sum(o, family, p->l3, p->l4, at);
}

static void check_rest(const struct oracle *o)
{
	u32 i;

	for (i = 0; i < o->len; i++)
		fuzz_check(o->may[i] || o->before[i] == o->after[i],
			   "byte %u was written", i);
}

static void check_complete(const struct oracle *o)
{
	const u32 l3 = o->packet.l3;
	u32 by;

	if (o->ip_summed != CHECKSUM_COMPLETE) {
		fuzz_check(o->csum_before == o->csum_after, "csum");
		return;
	}
	by = minus(kernel_sum(o->csum_after), kernel_sum(o->csum_before));
	fuzz_check(by == minus(sum(o->after + l3, o->len - l3),
			       sum(o->before + l3, o->len - l3)),
		   "sum of the whole");
}

/* Headers that others may have written to still say what was parsed. */
static void check_parsed(const struct oracle *o, const struct svcnat_tuple *t,
			 u32 l3, u32 l4)
{
	const u32 len = t->family == AF_INET ? 4 : 16;
	const u8 *b = o->before + l3;
	const u8 *src = b + (len == 4 ? 12 : 8);

	if (t->family == AF_INET)
		fuzz_check(b[0] == (0x40 | (l4 - l3) / 4) && b[9] == t->proto &&
			   !((b[6] << 8 | b[7]) & 0x1fff), "IPv4 header");
	else
		fuzz_check(b[0] >> 4 == 6 &&
			   (l3 + 40 != l4 || b[6] == t->proto), "IPv6 header");
	fuzz_check(!memcmp(src, &t->src, len) &&
		   !memcmp(src + len, &t->dst, len), "addresses");
	fuzz_check(t->proto == 1 || t->proto == 58 ||
		   (!memcmp(o->before + l4, &t->sport, 2) &&
		    !memcmp(o->before + l4 + 2, &t->dport, 2)), "ports");
}

/* svcnat_nat_rewrite() */
void oracle_check(struct oracle *o)
{
	const struct svcnat_packet *p = &o->packet;

	check_parsed(o, &p->tuple, p->l3, p->l4);
	check_addr(o, p->tuple.family, p->l3, o->to.side, true);
	check_ip_sum(o, p->tuple.family, p->l3, p->l4);
	check_ports(o, p->l4, o->to.side);
	check_transport(o);
	check_complete(o);
	check_rest(o);
}

static void check_quoted_transport(struct oracle *o)
{
	const struct svcnat_quote *q = &o->packet.quote;
	const u8 family = q->tuple.family;

	switch (q->tuple.proto) {
	case IPPROTO_SCTP:
		if (q->l4_len >= 12 && q->len >= 12)
			check_crc(o, q->l4, q->len);
		return;
	case IPPROTO_TCP:
		if (q->l4_len >= 18)
			check_sum(o, family, q->l3, q->l4, 16);
		return;
	}
	check_udp_none(o, q->l4 + 6);
	if (!is_zero(o->before + q->l4 + 6))
		check_sum(o, family, q->l3, q->l4, 6);
}

static void check_message(struct oracle *o)
{
	const struct svcnat_packet *p = &o->packet;
	const u8 family = p->tuple.family;
	u32 before, after;

	allow(o, p->l4 + 2, 2);
	if (o->pending && family == AF_INET6) {
		check_pseudo(o, family, p->l3, p->l4 + 2);
		return;
	}
	if (o->pending) {
		fuzz_check(field(o->before + p->l4 + 2) ==
			   field(o->after + p->l4 + 2), "pending checksum");
		return;
	}
	before = sum(o->before + p->l4, o->len - p->l4);
	after = sum(o->after + p->l4, o->len - p->l4);
	if (family == AF_INET6) {
		before += addrs(o->before, family, p->l3);
		after += addrs(o->after, family, p->l3);
	}
	fuzz_check(before % MODULUS == after % MODULUS, "ICMP checksum");
}

/* Does the error come from where the quoted packet was sent to? */
static bool from_there(const struct svcnat_packet *p)
{
	return !memcmp(&p->tuple.src, &p->quote.tuple.dst, 16);
}

/* svcnat_nat_rewrite_error() */
void oracle_check_error(struct oracle *o)
{
	const struct svcnat_packet *p = &o->packet;
	const struct svcnat_quote *q = &p->quote;
	const u8 side = o->to.side;

	check_parsed(o, &p->tuple, p->l3, p->l4);
	check_parsed(o, &q->tuple, q->l3, q->l4);
	check_addr(o, p->tuple.family, p->l3, side,
		   side == SVCNAT_DESTINATION || from_there(p));
	check_ip_sum(o, p->tuple.family, p->l3, p->l4);
	check_addr(o, q->tuple.family, q->l3, !side, true);
	check_ip_sum(o, q->tuple.family, q->l3, q->l4);
	check_ports(o, q->l4, !side);
	check_quoted_transport(o);
	check_message(o);
	check_complete(o);
	check_rest(o);
}

static void check_shorter(struct oracle *o)
{
	const struct svcnat_packet *p = &o->packet;
	const u8 *b = o->after + p->l3;
	u32 says;

	if (p->tuple.family == AF_INET) {
		says = b[2] << 8 | b[3];
		fuzz_check(!sum(b, p->l4 - p->l3), "header checksum");
		allow(o, p->l3 + 2, 2);
		allow(o, p->l3 + 10, 2);
	} else {
		says = 40 + (b[4] << 8 | b[5]);
		allow(o, p->l3 + 4, 2);
	}
	fuzz_check(says == o->len - p->l3, "length %u", says);
}

static void check_rst(struct oracle *o)
{
	const struct svcnat_packet *p = &o->packet;
	const u8 *b = o->after + p->l4;
	const u8 *was = o->before + p->l4;
	u32 all;

	fuzz_check(o->len == p->l4 + 20U, "%u bytes", o->len);
	fuzz_check(b[12] >> 4 == 5, "header length");
	/* URG, PSH and FIN go, RST comes. */
	fuzz_check(b[13] == ((was[13] & ~0x29) | 0x04), "%#x", b[13]);
	fuzz_check(is_zero(b + 18), "urgent pointer");
	all = addrs(o->after, p->tuple.family, p->l3) + 6 + 20 + sum(b, 20);
	fuzz_check(!(all % MODULUS), "TCP checksum");
	allow(o, p->l4 + 12, 2);
	allow(o, p->l4 + 16, 4);
	o->may[p->l4 + 12] = (b[12] & 15) == (was[12] & 15);
}

static void check_abort_chunk(struct oracle *o)
{
	static const u8 chunk[] = { 6, 0, 0, 4 };
	const u32 l4 = o->packet.l4;
	u8 all[16];
	u32 crc;

	fuzz_check(o->len == l4 + 16, "%u bytes", o->len);
	fuzz_check(!memcmp(o->after + l4 + 12, chunk, 4), "chunk");
	memcpy(all, o->after + l4, 16);
	memset(all + 8, 0, 4);
	crc = ~__crc32c_le(~0U, all, 16);
	fuzz_check(!memcmp(o->after + l4 + 8, &crc, 4), "CRC");
	allow(o, l4 + 8, 8);
}

/* svcnat_nat_abort(); @before may be longer than @len */
void oracle_check_abort(struct oracle *o)
{
	check_parsed(o, &o->packet.tuple, o->packet.l3, o->packet.l4);
	check_shorter(o);
	if (o->packet.tuple.proto == IPPROTO_TCP)
		check_rst(o);
	else
		check_abort_chunk(o);
	check_rest(o);
}

/* svcnat_packet_error_sound(), where somebody has to look */
bool oracle_sound(const u8 *bytes, u32 len, const struct svcnat_packet *p)
{
	u32 all = sum(bytes + p->l4, len - p->l4);

	if (p->tuple.family == AF_INET6)
		all += addrs(bytes, AF_INET6, p->l3) + 58 + (len - p->l4);
	return !(all % MODULUS);
}

/* The reverse has been done: only zeroes may be of the other kind. */
void oracle_check_back(const struct oracle *o, const u8 *back)
{
	u32 i, at;

	for (i = 0; i < o->len; i++) {
		if (o->before[i] == back[i])
			continue;
		/* The word of a checksum lies evenly behind the header. */
		at = i - ((i - o->packet.l3) & 1);
		fuzz_check(o->may[at] && o->may[at + 1] &&
			   field(o->before + at) == field(back + at),
			   "byte %u is not back", i);
	}
}
