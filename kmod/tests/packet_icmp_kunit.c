// SPDX-License-Identifier: GPL-2.0-only
/* What ICMP and ICMPv6 messages are, and what errors quote. */
#include <kunit/test.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <net/ipv6.h>

#include "../compat.h"
#include "../packet.h"
#include "wire.h"

#define PAYLOAD	24
#define ICMP	8	/* length of its header */

static const struct wire_shape linear = { .headroom = 64 };
static const u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };

static struct wire quoted, wire;
static struct svcnat_packet packet;

static struct sk_buff *parse_as(const struct wire_shape *shape,
				enum svcnat_parsed *parsed)
{
	struct sk_buff *skb = svcnat_wire_skb(&wire, shape);

	/* Nothing of it may be taken from an earlier packet. */
	memset(&packet, 0xee, sizeof(packet));
	if (skb)
		*parsed = svcnat_packet_parse(skb, wire.family, &packet);
	return skb;
}

static enum svcnat_parsed verdict(struct kunit *test)
{
	enum svcnat_parsed parsed;
	struct sk_buff *skb;

	skb = parse_as(&linear, &parsed);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	kfree_skb(skb);
	return parsed;
}

static u8 dest_unreach(u8 family)
{
	return family == AF_INET ? ICMP_DEST_UNREACH : ICMPV6_DEST_UNREACH;
}

/* An error about a packet of @inner and @proto, @kept of which are quoted. */
static void make(unsigned int outer, unsigned int inner, u8 proto,
		 unsigned int kept)
{
	const struct wire_head *heads = svcnat_wire_heads;

	svcnat_wire_make_as(&quoted, &heads[inner], proto, PAYLOAD);
	svcnat_wire_make_error(&wire, &heads[outer],
			       dest_unreach(heads[outer].family), &quoted,
			       min(kept, quoted.len));
}

static bool has_addresses(const struct wire *w, const struct svcnat_tuple *t)
{
	union nf_inet_addr src, dst;

	svcnat_wire_get_addr(w, 0, &src);
	svcnat_wire_get_addr(w, 1, &dst);
	return t->family == w->family && t->proto == w->proto &&
	       !memcmp(&t->src, &src, sizeof(src)) &&
	       !memcmp(&t->dst, &dst, sizeof(dst));
}

static bool has_message(u8 type)
{
	return has_addresses(&wire, &packet.tuple) && !packet.tuple.sport &&
	       !packet.tuple.dport && packet.icmp_type == type &&
	       packet.l4 == packet.l3 + wire.l4 && packet.l4_len == ICMP &&
	       packet.len == wire.len && !packet.tcp && !packet.payload;
}

static bool has_quote(unsigned int kept)
{
	const struct svcnat_quote *q = &packet.quote;
	const unsigned int there = min(kept, quoted.len) - quoted.l4;
	const unsigned int most = svcnat_wire_headers(&quoted) - quoted.l4;

	return has_addresses(&quoted, &q->tuple) &&
	       q->tuple.sport == htons(40000) && q->tuple.dport == htons(80) &&
	       q->l3 == packet.l4 + ICMP && q->l4 == q->l3 + quoted.l4 &&
	       q->l4_len == min(there, most) &&
	       q->len == quoted.len - quoted.l4;
}

/* Every pair of network headers of one family */
static bool same_family(unsigned int outer, unsigned int inner)
{
	return svcnat_wire_heads[outer].family ==
	       svcnat_wire_heads[inner].family;
}

static void quote_cut_off(struct kunit *test, unsigned int outer,
			  unsigned int inner, u8 proto)
{
	enum svcnat_parsed right, parsed;
	unsigned int kept;

	for (kept = 0; kept <= 124; kept++) {
		make(outer, inner, proto, kept);
		right = kept < quoted.l4 + 8 ? SVCNAT_PARSED_ODD :
					       SVCNAT_PARSED_ERROR;
		parsed = verdict(test);
		KUNIT_ASSERT_EQ_MSG(test, (int)parsed, (int)right,
				    "outer %u inner %u proto %u kept %u", outer,
				    inner, proto, kept);
		KUNIT_ASSERT_TRUE(test, has_message(wire.bytes[wire.l4]));
		if (right == SVCNAT_PARSED_ERROR)
			KUNIT_ASSERT_TRUE_MSG(test, has_quote(kept),
					      "outer %u inner %u kept %u",
					      outer, inner, kept);
		else
			KUNIT_ASSERT_EQ(test, packet.quote.l4_len, 0);
	}
}

static void reads_what_there_is_of_a_quote(struct kunit *test)
{
	unsigned int outer, inner, turn = 0;

	for (outer = 0; outer < WIRE_HEADS; outer++) {
		for (inner = 0; inner < WIRE_HEADS; inner++) {
			if (!same_family(outer, inner))
				continue;
			quote_cut_off(test, outer, inner,
				      protos[turn++ % ARRAY_SIZE(protos)]);
		}
	}
}

static void reads_every_layout(struct kunit *test)
{
	static const u8 heads[] = { 0, 10, WIRE_IPV6, WIRE_CHAIN };
	struct wire_shape shape = { .headroom = 64 };
	enum svcnat_parsed parsed;
	struct sk_buff *skb;
	unsigned int i;
	bool right;

	for (i = 0; i < 2 * ARRAY_SIZE(heads); i++) {
		make(heads[i / 2], heads[i / 2], protos[i % ARRAY_SIZE(protos)],
		     WIRE_MAX);
		shape.layout = i & 1 ? WIRE_FRAG : WIRE_LIST;
		for (shape.split = 0; shape.split <= wire.len; shape.split++) {
			skb = parse_as(&shape, &parsed);
			KUNIT_ASSERT_NOT_NULL(test, skb);
			right = parsed == SVCNAT_PARSED_ERROR &&
				has_quote(WIRE_MAX) &&
				svcnat_wire_same(&wire, skb);
			kfree_skb(skb);
			KUNIT_ASSERT_TRUE_MSG(test, right, "%u split %u", i,
					      shape.split);
		}
	}
}

static enum svcnat_parsed type_is(u8 family, u8 type)
{
	if (type == (family == AF_INET ? ICMP_ECHO : ICMPV6_ECHO_REQUEST))
		return SVCNAT_PARSED_ECHO;
	if (family == AF_INET6)
		return type < 128 ? SVCNAT_PARSED_ERROR : SVCNAT_PARSED_OTHER;
	return type == 3 || type == 4 || type == 11 || type == 12 ?
	       SVCNAT_PARSED_ERROR : SVCNAT_PARSED_OTHER;
}

static void knows_every_type(struct kunit *test)
{
	static const u8 outers[] = { 0, 7, WIRE_IPV6, WIRE_CHAIN };
	unsigned int i, type;

	for (i = 0; i < ARRAY_SIZE(outers); i++) {
		for (type = 0; type < 256; type++) {
			make(outers[i], outers[i], IPPROTO_UDP, 128);
			wire.bytes[wire.l4] = type;
			KUNIT_EXPECT_EQ_MSG(test, (int)verdict(test),
					    (int)type_is(wire.family, type),
					    "outer %u type %u", outers[i],
					    type);
			KUNIT_EXPECT_TRUE(test, has_message(type));
			KUNIT_EXPECT_EQ(test, !packet.quote.l4_len,
					type_is(wire.family, type) !=
					SVCNAT_PARSED_ERROR);
		}
	}
}

/* The message itself is cut off, or a fragment, or of the other family. */
static void refuses_half_a_message(struct kunit *test)
{
	unsigned int i, cut;

	for (i = 0; i < WIRE_HEADS; i++) {
		make(i, i, IPPROTO_TCP, 128);
		for (cut = wire.l4 + ICMP; cut-- > 0;) {
			wire.len = cut;
			KUNIT_EXPECT_EQ(test, (int)verdict(test),
					(int)SVCNAT_PARSED_BROKEN);
		}
	}
	make(0, 0, IPPROTO_TCP, 128);
	for (i = 0; i < 2; i++) {
		put_unaligned_be16(i ? 0x2000 : 0x0001, wire.bytes + 6);
		KUNIT_EXPECT_EQ(test, (int)verdict(test),
				(int)SVCNAT_PARSED_FRAGMENT);
	}
	make(0, 0, IPPROTO_TCP, 128);
	wire.bytes[9] = IPPROTO_ICMPV6;
	KUNIT_EXPECT_EQ(test, (int)verdict(test), (int)SVCNAT_PARSED_OTHER);
	make(WIRE_IPV6, WIRE_IPV6, IPPROTO_TCP, 128);
	wire.bytes[6] = IPPROTO_ICMP;
	KUNIT_EXPECT_EQ(test, (int)verdict(test), (int)SVCNAT_PARSED_OTHER);
}

/* Make a message of @quoted, which was changed. */
static enum svcnat_parsed quote_again(struct kunit *test, unsigned int outer)
{
	const struct wire_head *head = &svcnat_wire_heads[outer];

	svcnat_wire_make_error(&wire, head, dest_unreach(head->family), &quoted,
			       quoted.len);
	return verdict(test);
}

static void later_fragments_are_odd(struct kunit *test)
{
	unsigned int bit, head;
	bool later;

	for (bit = 0; bit < 16; bit++) {
		make(0, 0, protos[bit & 1], 0);
		put_unaligned_be16(1 << bit, quoted.bytes + 6);
		later = bit < 13;
		KUNIT_EXPECT_EQ_MSG(test, (int)quote_again(test, 0), later ?
				    (int)SVCNAT_PARSED_ODD :
				    (int)SVCNAT_PARSED_ERROR, "bit %u", bit);
	}
	head = WIRE_ATOMIC;
	for (bit = 0; bit < 16; bit++) {
		make(head, head, protos[bit & 1], 0);
		put_unaligned_be16(1 << bit, quoted.bytes + 40 + 2);
		later = bit > 2;
		KUNIT_EXPECT_EQ_MSG(test, (int)quote_again(test, head), later ?
				    (int)SVCNAT_PARSED_ODD :
				    (int)SVCNAT_PARSED_ERROR, "bit %u", bit);
	}
}

/* Errors about errors or echoes, and about what has no ports */
static void other_quotes_are_odd(struct kunit *test)
{
	static const u8 heads[] = { 0, WIRE_IPV6 };
	unsigned int i, proto;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		for (proto = 0; proto < 256; proto++) {
			bool good = proto == IPPROTO_TCP ||
				    proto == IPPROTO_UDP ||
				    proto == IPPROTO_SCTP;

			make(heads[i], heads[i], IPPROTO_TCP, 0);
			quoted.bytes[i ? 6 : 9] = proto;
			/* Its own bytes as headers of IPv6 are left to others. */
			if (i && (proto == NEXTHDR_HOP ||
				  proto == NEXTHDR_ROUTING ||
				  proto == NEXTHDR_FRAGMENT ||
				  proto == NEXTHDR_AUTH ||
				  proto == NEXTHDR_DEST))
				continue;
			KUNIT_EXPECT_EQ_MSG(test,
					    (int)quote_again(test, heads[i]),
					    good ? (int)SVCNAT_PARSED_ERROR :
						   (int)SVCNAT_PARSED_ODD,
					    "head %u proto %u", heads[i],
					    proto);
		}
	}
}

static void broken_quotes_are_odd(struct kunit *test)
{
	static const u8 heads[] = { 0, WIRE_IPV6 };
	unsigned int i, n;
	bool good;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		for (n = 0; n < 256; n++) {
			make(heads[i], heads[i], IPPROTO_UDP, 0);
			quoted.bytes[0] = n;
			/* payload, as if it were the transport, is enough */
			good = i ? n >> 4 == 6 :
				   n >> 4 == 4 && (n & 15) >= 5 &&
				   (n & 15) * 4 + 8 <= quoted.len;
			KUNIT_EXPECT_EQ_MSG(test,
					    (int)quote_again(test, heads[i]),
					    good ? (int)SVCNAT_PARSED_ERROR :
						   (int)SVCNAT_PARSED_ODD,
					    "head %u first byte %#x", heads[i],
					    n);
		}
	}
	/* What is quoted of a source route shows a stop on the way. */
	make(14, 14, IPPROTO_UDP, 0);
	quoted.bytes[43] = 1;
	KUNIT_EXPECT_EQ(test, (int)quote_again(test, 14),
			(int)SVCNAT_PARSED_ODD);
	/* It may be longer than it says: the kernel's own are (BIG TCP). */
	make(12, 12, IPPROTO_UDP, 0);
	put_unaligned_be16(0, quoted.bytes + 4);
	KUNIT_EXPECT_EQ(test, (int)quote_again(test, 12),
			(int)SVCNAT_PARSED_ERROR);
}

static bool sound(const struct wire_shape *shape, u8 summed)
{
	enum svcnat_parsed parsed = SVCNAT_PARSED_ODD;
	struct sk_buff *skb;
	bool right;

	skb = parse_as(shape, &parsed);
	if (!skb)
		return false;
	skb->ip_summed = summed;
	skb->csum = (__force __wsum)0x1234;
	right = parsed == SVCNAT_PARSED_ERROR &&
		svcnat_packet_error_sound(skb, &packet);
	/* It was only looked at. */
	if (skb->ip_summed != summed ||
	    skb->csum != (__force __wsum)0x1234 ||
	    !svcnat_wire_same(&wire, skb))
		right = !right;
	kfree_skb(skb);
	return right;
}

static void tells_sound_from_damaged(struct kunit *test)
{
	struct wire_shape shape = { .layout = WIRE_FRAG };
	unsigned int i, at;

	for (i = 0; i < WIRE_HEADS; i++) {
		make(i, i, protos[i & 1], 200);
		shape.split = i * 7;
		KUNIT_EXPECT_TRUE(test, sound(&shape, CHECKSUM_NONE));
		KUNIT_EXPECT_TRUE(test, sound(&shape, CHECKSUM_COMPLETE));
		/* behind the headers, and the checksum itself */
		for (at = 1; at < wire.len - wire.l4; at += at < 9 ? 1 : 29) {
			if (at >= 8 && at < 8 + quoted.l4 + 8)
				continue;
			wire.bytes[wire.l4 + at] ^= 0x10;
			KUNIT_EXPECT_FALSE(test, sound(&shape, CHECKSUM_NONE));
			KUNIT_EXPECT_FALSE(test,
					   sound(&shape, CHECKSUM_COMPLETE));
			KUNIT_EXPECT_TRUE(test,
					  sound(&shape, CHECKSUM_UNNECESSARY));
			KUNIT_EXPECT_TRUE(test,
					  sound(&shape, CHECKSUM_PARTIAL));
			wire.bytes[wire.l4 + at] ^= 0x10;
		}
	}
	/* The addresses belong to it in IPv6, and only there. */
	for (i = 0; i < WIRE_HEADS; i++) {
		make(i, i, IPPROTO_UDP, 200);
		wire.bytes[wire.family == AF_INET ? 12 : 9] ^= 1;
		KUNIT_EXPECT_EQ(test, sound(&linear, CHECKSUM_NONE),
				wire.family == AF_INET);
	}
}

static struct kunit_case packet_icmp_cases[] = {
	KUNIT_CASE(reads_what_there_is_of_a_quote),
	KUNIT_CASE(reads_every_layout),
	KUNIT_CASE(knows_every_type),
	KUNIT_CASE(refuses_half_a_message),
	KUNIT_CASE(later_fragments_are_odd),
	KUNIT_CASE(other_quotes_are_odd),
	KUNIT_CASE(broken_quotes_are_odd),
	KUNIT_CASE(tells_sound_from_damaged),
	{}
};

static struct kunit_suite packet_icmp_suite = {
	.name = "svcnat_packet_icmp",
	.test_cases = packet_icmp_cases,
};

kunit_test_suite(packet_icmp_suite);
