// SPDX-License-Identifier: GPL-2.0
/*
 * Is what leaves what came?  But for addresses, ports, checksums and hops all
 * bytes are the same.  If a sum over all that a checksum covers, itself
 * included, stays the same, then a right checksum stays right and a wrong one
 * equally wrong.
 */
#define _GNU_SOURCE
#include "tapfuzz.h"

static uint8_t wanted[MAX_PACKET + 1];

static bool rewrites(const struct forecast *f)
{
	return f->fate == FATE_REQUEST || f->fate == FATE_REPLY;
}

static bool rewrites_quote(const struct forecast *f)
{
	return f->fate == FATE_ERROR_IN || f->fate == FATE_ERROR_OUT;
}

static void put_end(const struct forecast *f, uint8_t *l3, uint8_t *l4,
		    uint8_t family, bool source)
{
	const unsigned int len = addr_len(family);

	memcpy(l3 + addr_at(family) + (source ? 0 : len), f->addr, len);
	if (l4)
		memcpy(l4 + (source ? 0 : 2), f->port, 2);
}

/* What shall leave, but for its checksums */
void check_expected(const struct trial *t, const struct forecast *f,
		    uint8_t *to)
{
	const struct judgement *j = &f->j;

	memcpy(to, t->whole, f->len);
	to[is_ipv4(t->family) ? 8 : 7]--;
	if (rewrites(f))
		put_end(f, to, to + j->l4, t->family, f->to_source);
	if (!rewrites_quote(f))
		return;
	put_end(f, to + j->q_l3, to + j->q_l4, t->family, !f->to_source);
	if (f->outer)
		put_end(f, to, NULL, t->family, f->to_source);
}

bool check_addrs(const struct trial *t, const struct forecast *f,
		 const uint8_t *out)
{
	const unsigned int at = addr_at(t->family);
	uint8_t head[40];

	memcpy(head, t->whole, is_ipv4(t->family) ? 20 : 40);
	if (rewrites(f) || (rewrites_quote(f) && f->outer))
		put_end(f, head, NULL, t->family, f->to_source);
	return !memcmp(head + at, out + at, 2 * addr_len(t->family));
}

/* Does the device write a checksum there? */
static bool covers(unsigned int at, unsigned int len)
{
	const struct vnet *v = &pieces[0].vnet;
	const unsigned int sum = v->csum_start + v->csum_offset - ETH_LEN;

	return sum + 2 > at && sum < at + len;
}

/* It writes one where nobody will know the packet by any more. */
bool check_is_blurred(const struct trial *t, const struct forecast *f)
{
	return is_odd_pending(t, f) && covers(0, 40);
}

/* Is it the very packet?  IPv4 has a number for that, IPv6 a label. */
bool check_is_it(const struct trial *t, const struct forecast *f,
		 const uint8_t *out, unsigned int len)
{
	const uint8_t *in = t->whole;

	if (f->arrival == ARRIVES_NEVER || f->fate == FATE_UNKNOWN)
		return false;
	if (is_ipv4(t->family))
		return len >= 20 && out[0] >> 4 == 4 && in[9] == out[9] &&
		       !memcmp(in + 4, out + 4, 2) && check_addrs(t, f, out);
	return len >= 40 && in[6] == out[6] && !memcmp(in, out, 4) &&
	       check_addrs(t, f, out);
}

static void check_sum(const char *of, uint32_t in, uint32_t out)
{
	if (in % 65535 != out % 65535)
		wrong("the sum of %s was %#x and is %#x", of, in % 65535,
		      out % 65535);
}

/* The one at @at may be another one: it was looked at. */
static void allow(const uint8_t *out, unsigned int at, unsigned int len)
{
	memcpy(wanted + at, out + at, len);
}

/* Sums over a header of IPv4, its own checksum included */
static void check_header(const uint8_t *in, const uint8_t *out,
			 unsigned int at, const char *of)
{
	const unsigned int ihl = 4 * (in[at] & 15);

	check_sum(of, sum_of(in + at, ihl), sum_of(out + at, ihl));
	allow(out, at + 10, 2);
}

/* How a CRC over @len bytes changes with the first four of them */
static void check_crc(const uint8_t *in, const uint8_t *out, unsigned int len)
{
	static uint8_t zero[MAX_PACKET + 1];
	uint8_t change[4];
	uint32_t crc, was, is;
	unsigned int i;

	for (i = 0; i < 4; i++)
		change[i] = in[i] ^ out[i];
	crc = crc32c(change, 4, 0);
	crc = crc32c(zero, len - 4, crc);
	memcpy(&was, in + 8, 4);
	memcpy(&is, out + 8, 4);
	if ((was ^ is) != crc)
		wrong("the CRC was %#x and is %#x", was, is);
}

/* Checksum of a packet that is not ICMP about ours */
static void check_transport(const struct trial *t, const struct forecast *f,
			    const uint8_t *out)
{
	const uint8_t *in = t->whole, proto = f->j.tuple.proto;
	const unsigned int l4 = f->j.l4, len = f->len - l4;
	const int at = sum_offset(proto);
	uint32_t before, after;

	if (proto == IPPROTO_SCTP && rewrites(f)) {
		check_crc(in + l4, out + l4, len);
		allow(out, l4 + 8, 4);
	}
	if (at < 0 || len < (unsigned int)at + 2)
		return;
	if (is_pending(t, f)) {
		before = sum_minus(sum_pseudo(in, t->family, proto, len),
				   get16(in + l4 + at));
		after = sum_of(out + l4, len) +
			sum_pseudo(out, t->family, proto, len);
		check_sum("what was pending", before, after);
		allow(out, l4 + at, 2);
		return;
	}
	if (!rewrites(f))
		return;
	if (proto == IPPROTO_UDP && !get16(in + l4 + 6)) {
		if (get16(out + l4 + 6))
			wrong("UDP had no checksum, and has one");
		return;
	}
	if (proto == IPPROTO_UDP && !get16(out + l4 + 6))
		wrong("UDP had a checksum, and has none");
	check_sum("the transport", sum_of(in + l4, len) +
		  sum_addrs(in, t->family), sum_of(out + l4, len) +
		  sum_addrs(out, t->family));
	allow(out, l4 + at, 2);
}

static void check_quoted_transport(const struct trial *t,
				   const struct forecast *f,
				   const uint8_t *out)
{
	const uint8_t *in = t->whole, proto = f->j.quoted.proto;
	const unsigned int l3 = f->j.q_l3, l4 = f->j.q_l4;
	const int at = sum_offset(proto);
	uint32_t before, after;

	if (proto == IPPROTO_SCTP) {
		if (f->j.q_l4_len < 12 || f->j.q_len < 12)
			return;
		check_crc(in + l4, out + l4, f->j.q_len);
		allow(out, l4 + 8, 4);
		return;
	}
	if (f->j.q_l4_len < (unsigned int)at + 2)
		return;
	if (proto == IPPROTO_UDP && !get16(in + l4 + at))
		return;
	before = sum_addrs(in + l3, t->family) + sum_of(in + l4, 4) +
		 get16(in + l4 + at);
	after = sum_addrs(out + l3, t->family) + sum_of(out + l4, 4) +
		get16(out + l4 + at);
	check_sum("a quoted transport", before, after);
	if (proto == IPPROTO_UDP && !get16(out + l4 + at))
		wrong("a quoted checksum of UDP is gone");
	allow(out, l4 + at, 2);
}

static void check_error(const struct trial *t, const struct forecast *f,
			const uint8_t *out)
{
	const uint8_t *in = t->whole;
	const unsigned int l4 = f->j.l4, len = f->len - l4;
	const bool v4 = is_ipv4(t->family);

	if (v4)
		check_header(in, out, f->j.q_l3, "a quoted header");
	check_quoted_transport(t, f, out);
	if (is_pending(t, f)) {
		check_transport(t, f, out);
		return;
	}
	check_sum("the message", sum_of(in + l4, len) +
		  (v4 ? 0 : sum_addrs(in, t->family)), sum_of(out + l4, len) +
		  (v4 ? 0 : sum_addrs(out, t->family)));
	allow(out, l4 + 2, 2);
}

/*
 * The device writes a checksum where none belongs: as if it had not.  False: it
 * has written over what else would be looked at.
 */
static bool undo_odd_sum(const struct trial *t, const struct forecast *f,
			 uint8_t *out)
{
	const struct vnet *v = &pieces[0].vnet;
	const unsigned int at = v->csum_start + v->csum_offset - ETH_LEN;
	/* Its options too: who forwards it may have written them, and summed up. */
	const unsigned int room = is_ipv4(t->family) ? 4 * (t->whole[0] & 15) :
						       40;

	if (!is_odd_pending(t, f))
		return true;
	/* It sums up from there on; what it covers may have moved it. */
	if (v->csum_start < ETH_LEN || at + 2 > f->len)
		return false;
	memcpy(out + at, t->whole + at, 2);
	return !covers(0, room) &&
	       !covers(f->j.l4, f->j.l4_len ? f->j.l4_len : 20) &&
	       !(f->j.parsed == JUDGE_ERROR &&
		 covers(f->j.q_l3, f->j.q_l4 + 20 - f->j.q_l3)) &&
	       v->csum_start != ETH_LEN + f->j.l4;
}

void check_same(const struct trial *t, const struct forecast *f, uint8_t *out,
		unsigned int len)
{
	const bool v4 = is_ipv4(t->family);
	unsigned int i;

	if (len != f->len)
		wrong("%u bytes came, and %u leave", f->len, len);
	check_expected(t, f, wanted);
	if (!undo_odd_sum(t, f, out))
		return;
	if (v4) {
		if (sum_of(out, 4 * (out[0] & 15)))
			wrong("the header checksum is wrong");
		allow(out, 10, 2);
		/* Who forwards it may have written into its options. */
		if ((out[0] & 15) > 5)
			allow(out, 20, 4 * (out[0] & 15) - 20);
	}
	if (rewrites_quote(f))
		check_error(t, f, out);
	else
		check_transport(t, f, out);
	for (i = 0; i < len; i++)
		if (wanted[i] != out[i])
			wrong("byte %u is %#x instead of %#x", i, out[i],
			      wanted[i]);
}

static bool is_tuple(const struct judge_tuple *a, const struct judge_tuple *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* An echo is as right or wrong as what it answers. */
static void check_echo(const struct trial *t, const struct forecast *f,
		       const uint8_t *out, unsigned int len, unsigned int l4)
{
	const uint8_t proto = icmp_of(t->family);
	const unsigned int room = f->len - f->j.l4;
	const uint8_t *in = t->whole;
	uint32_t before;

	before = sum_pseudo(in, t->family, proto, room);
	if (is_pending(t, f))
		before = sum_minus(before, get16(in + f->j.l4 + 2));
	else
		before += sum_of(in + f->j.l4, room);
	check_sum("an echo", before, sum_of(out + l4, len - l4) +
		  sum_pseudo(out, t->family, proto, len - l4));
}

/*
 * What the node says itself, to who sent the packet: its checksums are right,
 * and what it quotes is what was sent.
 */
void check_answer(const struct trial *t, const struct forecast *f,
		  const uint8_t *out, unsigned int len, bool *about_flow)
{
	const unsigned int size = addr_len(t->family), at = addr_at(t->family);
	struct judgement j;

	if (len < (is_ipv4(t->family) ? 20U : 40U))
		wrong("%u bytes leave", len);
	if (memcmp(out + at + size, t->whole + at, size))
		wrong("a packet leaves that is neither what came nor an answer");
	/* What the device wrote into an echo may have been one of its headers. */
	if (f->fate == FATE_ECHO && is_odd_pending(t, f))
		return;
	judge(out, len, t->family, false, len, &j);
	if (j.parsed == JUDGE_BROKEN || j.parsed == JUDGE_FRAGMENT)
		wrong("an answer that is broken");
	if (f->fate == FATE_ECHO && j.parsed == JUDGE_OTHER)
		check_echo(t, f, out, len, j.l4);
	else if (!sum_is_right(out, len, t->family, j.l4, j.tuple.proto))
		wrong("an answer with a wrong checksum");
	if (j.parsed != JUDGE_ERROR || f->j.parsed != JUDGE_PORTS ||
	    !f->j.tuple.family)
		return;
	if (!is_tuple(&j.quoted, &f->j.tuple))
		wrong("an answer that quotes what nobody has sent");
	*about_flow = f->fate == FATE_REQUEST;
}
