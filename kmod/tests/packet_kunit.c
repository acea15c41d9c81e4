// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>

#include "../compat.h"
#include "../packet.c"
#include "../packet_writable.c"
#include "wire.h"

#define PAYLOAD	24

static const struct wire_shape linear = { .headroom = 64 };
static const u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP };

static struct wire wire;

/* Make a buffer of @wire and parse it; the buffer is the caller's. */
static struct sk_buff *parse_as(const struct wire_shape *shape,
				struct svcnat_packet *packet,
				enum svcnat_parsed *parsed)
{
	struct sk_buff *skb = svcnat_wire_skb(&wire, shape);

	/* Nothing of it may be taken from an earlier packet. */
	memset(packet, 0xee, sizeof(*packet));
	if (skb)
		*parsed = svcnat_packet_parse(skb, wire.family, packet);
	return skb;
}

/* The verdict on @wire alone. */
static enum svcnat_parsed verdict(struct kunit *test,
				  struct svcnat_packet *packet)
{
	enum svcnat_parsed parsed;
	struct sk_buff *skb;

	skb = parse_as(&linear, packet, &parsed);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	kfree_skb(skb);
	return parsed;
}

static bool has_addresses(const struct svcnat_packet *p)
{
	union nf_inet_addr src, dst;

	svcnat_wire_get_addr(&wire, 0, &src);
	svcnat_wire_get_addr(&wire, 1, &dst);
	return p->tuple.family == wire.family &&
	       !memcmp(&p->tuple.src, &src, sizeof(src)) &&
	       !memcmp(&p->tuple.dst, &dst, sizeof(dst));
}

static bool has_all(const struct svcnat_packet *p)
{
	return has_addresses(p) && p->tuple.proto == wire.proto &&
	       p->tuple.sport == htons(40000) && p->tuple.dport == htons(80) &&
	       p->l4 == p->l3 + wire.l4 && p->len == wire.len &&
	       p->l4_len == svcnat_wire_headers(&wire) - wire.l4 &&
	       p->tcp == (wire.proto == IPPROTO_TCP ? SVCNAT_TCP_ACK : 0) &&
	       !p->icmp_type;
}

static void read_split(struct kunit *test, const struct wire_shape *shape)
{
	enum svcnat_parsed parsed = SVCNAT_PARSED_OTHER;
	struct svcnat_packet packet;
	struct sk_buff *skb;
	bool right;

	skb = parse_as(shape, &packet, &parsed);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	right = parsed == SVCNAT_PARSED && has_all(&packet) && packet.payload &&
		svcnat_wire_same(&wire, skb);
	kfree_skb(skb);
	KUNIT_ASSERT_TRUE_MSG(test, right,
			      "proto %u l4 %u family %u layout %d split %u",
			      wire.proto, wire.l4, wire.family, shape->layout,
			      shape->split);
}

static void reads_every_layout(struct kunit *test)
{
	struct wire_shape shape = { .headroom = 64 };
	unsigned int n;

	for (n = 0; n < 2 * WIRE_HEADS; n++) {
		svcnat_wire_make_as(&wire, &svcnat_wire_heads[n / 2],
				    protos[n & 1], PAYLOAD);
		shape.layout = (n ^ n / 2) & 1 ? WIRE_FRAG : WIRE_LIST;
		for (shape.split = 0; shape.split <= svcnat_wire_headers(&wire);
		     shape.split++)
			read_split(test, &shape);
	}
}

/* Whoever calls us earlier may still have a link layer header in the data. */
static void counts_from_the_network_header(struct kunit *test)
{
	struct svcnat_packet packet;
	enum svcnat_parsed parsed;
	struct sk_buff *skb;

	svcnat_wire_make(&wire, IPPROTO_TCP, 7, PAYLOAD);
	skb = svcnat_wire_skb(&wire, &linear);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	memset(skb_push(skb, 14), 0xa5, 14);
	parsed = svcnat_packet_parse(skb, AF_INET, &packet);
	kfree_skb(skb);
	KUNIT_EXPECT_EQ(test, (int)parsed, (int)SVCNAT_PARSED);
	KUNIT_EXPECT_EQ(test, packet.l3, 14);
	KUNIT_EXPECT_EQ(test, packet.l4, 14 + 7 * 4);
	KUNIT_EXPECT_TRUE(test, has_all(&packet));
}

static void refuses_a_header_in_front(struct kunit *test)
{
	struct svcnat_packet packet;
	enum svcnat_parsed parsed;
	struct sk_buff *skb;
	unsigned int i;

	for (i = 0; i < WIRE_HEADS; i++) {
		svcnat_wire_make_as(&wire, &svcnat_wire_heads[i], IPPROTO_UDP,
				    PAYLOAD);
		skb = svcnat_wire_skb(&wire, &linear);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		skb_pull(skb, 8);
		parsed = svcnat_packet_parse(skb, wire.family, &packet);
		kfree_skb(skb);
		KUNIT_EXPECT_EQ(test, (int)parsed, (int)SVCNAT_PARSED_BROKEN);
	}
}

static void cut_off(struct kunit *test, unsigned int cut)
{
	const unsigned int least = wire.family == AF_INET ? 20 : 40;
	struct svcnat_packet packet;
	enum svcnat_parsed parsed;

	wire.len = cut;
	parsed = verdict(test, &packet);
	if (cut >= svcnat_wire_headers(&wire)) {
		KUNIT_ASSERT_EQ(test, (int)parsed, (int)SVCNAT_PARSED);
		KUNIT_ASSERT_TRUE(test, has_all(&packet));
		return;
	}
	KUNIT_ASSERT_EQ_MSG(test, (int)parsed, (int)SVCNAT_PARSED_BROKEN,
			    "family %u proto %u l4 %u cut %u", wire.family,
			    wire.proto, wire.l4, cut);
	KUNIT_ASSERT_EQ(test, has_addresses(&packet), cut >= least);
	KUNIT_ASSERT_EQ(test, !packet.tuple.family, cut < least);
}

static void refuses_every_truncation(struct kunit *test)
{
	unsigned int n, cut;

	for (n = 0; n < 2 * WIRE_HEADS; n++) {
		svcnat_wire_make_as(&wire, &svcnat_wire_heads[n / 2],
				    protos[n & 1], PAYLOAD);
		for (cut = wire.len; cut-- > 0;)
			cut_off(test, cut);
	}
}

static void refuses_bad_lengths(struct kunit *test)
{
	struct svcnat_packet packet;
	unsigned int n;

	for (n = 0; n < 256; n++) {
		bool good = n >> 4 == 4 && (n & 15) == 5;

		svcnat_wire_make(&wire, IPPROTO_UDP, 5, 0);
		wire.bytes[0] = n;
		/* With options there would not be enough left for UDP. */
		KUNIT_EXPECT_EQ_MSG(test, verdict(test, &packet) ==
				    SVCNAT_PARSED, good, "first byte %#x", n);
	}
	/* That goes for every protocol. */
	for (n = 5; n < 16; n++) {
		svcnat_wire_make(&wire, IPPROTO_UDP, 5, 0);
		wire.bytes[0] = 0x40 | n;
		wire.bytes[9] = IPPROTO_GRE;
		KUNIT_EXPECT_EQ(test, (int)verdict(test, &packet),
				n <= 7 ? (int)SVCNAT_PARSED_OTHER :
					 (int)SVCNAT_PARSED_BROKEN);
	}
	for (n = 0; n < 16; n++) {
		svcnat_wire_make(&wire, IPPROTO_TCP, 5, 40);
		wire.bytes[wire.l4 + 12] = n << 4;
		KUNIT_EXPECT_EQ_MSG(test, (int)verdict(test, &packet),
				    n < 5 ? (int)SVCNAT_PARSED_BROKEN :
					    (int)SVCNAT_PARSED,
				    "doff %u", n);
	}
}

static void tells_payload_from_options(struct kunit *test)
{
	struct svcnat_packet packet;
	unsigned int doff, payload;

	for (doff = 5; doff <= 15; doff++) {
		for (payload = 0; payload < 3; payload++) {
			svcnat_wire_make(&wire, IPPROTO_TCP, 6,
					 doff * 4 - 20 + payload);
			wire.bytes[wire.l4 + 12] = doff << 4;
			KUNIT_ASSERT_EQ(test, (int)verdict(test, &packet),
					(int)SVCNAT_PARSED);
			KUNIT_EXPECT_EQ(test, packet.payload, payload > 0);
		}
	}
}

/* What a SYN, ACK asks for is one more than its number. */
static void tells_what_proves(struct kunit *test)
{
	static const u32 some[] = { 0, 1, 0x7fffffff, 0x80000000, U32_MAX };
	struct svcnat_packet packet;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(some); i++) {
		svcnat_wire_make(&wire, IPPROTO_TCP, 6, 8);
		put_unaligned_be32(some[i], wire.bytes + wire.l4 + 4);
		put_unaligned_be32(~some[i], wire.bytes + wire.l4 + 8);
		wire.bytes[wire.l4 + 13] = SVCNAT_TCP_SYN | SVCNAT_TCP_ACK;
		verdict(test, &packet);
		KUNIT_EXPECT_EQ(test, packet.proof, some[i] + 1);
		wire.bytes[wire.l4 + 13] = SVCNAT_TCP_ACK;
		verdict(test, &packet);
		KUNIT_EXPECT_EQ(test, packet.proof, ~some[i]);
	}
	svcnat_wire_make(&wire, IPPROTO_UDP, 6, 8);
	verdict(test, &packet);
	KUNIT_EXPECT_EQ(test, packet.proof, 0);
}

static void knows_fragments(struct kunit *test)
{
	static const struct {
		u16			off;
		enum svcnat_parsed	parsed;
	} cases[] = {
		{ 0x0000, SVCNAT_PARSED },
		{ 0x4000, SVCNAT_PARSED },		/* DF */
		{ 0x8000, SVCNAT_PARSED },		/* reserved */
		{ 0x2000, SVCNAT_PARSED_FRAGMENT },	/* first */
		{ 0x2001, SVCNAT_PARSED_FRAGMENT },
		{ 0x0001, SVCNAT_PARSED_FRAGMENT },	/* last */
		{ 0x1fff, SVCNAT_PARSED_FRAGMENT },
	};
	struct svcnat_packet packet;
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		svcnat_wire_make(&wire, protos[i & 1], 5, 0);
		put_unaligned_be16(cases[i / 2].off, wire.bytes + 6);
		KUNIT_EXPECT_EQ(test, (int)verdict(test, &packet),
				(int)cases[i / 2].parsed);
		KUNIT_EXPECT_TRUE(test, has_addresses(&packet));
		if (cases[i / 2].parsed == SVCNAT_PARSED)
			continue;
		KUNIT_EXPECT_FALSE(test, packet.tuple.sport);
		KUNIT_EXPECT_FALSE(test, packet.tuple.dport);
	}
}

static void leaves_other_protocols(struct kunit *test)
{
	struct svcnat_packet packet;
	enum svcnat_parsed parsed;
	unsigned int proto;

	for (proto = 0; proto < 256; proto++) {
		bool ours = proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
			    proto == IPPROTO_SCTP;

		if (proto == IPPROTO_ICMP)
			continue;

		svcnat_wire_make(&wire, IPPROTO_TCP, 5, 20);
		wire.bytes[9] = proto;
		parsed = verdict(test, &packet);
		KUNIT_EXPECT_EQ(test, (int)parsed, ours ? (int)SVCNAT_PARSED :
							  (int)SVCNAT_PARSED_OTHER);
		KUNIT_EXPECT_EQ(test, packet.tuple.proto, proto);
		KUNIT_EXPECT_TRUE(test, has_addresses(&packet));
	}
}

/* A hook of one family may see the other's, through a broken tunnel. */
static void refuses_the_other_family(struct kunit *test)
{
	struct svcnat_packet packet;
	unsigned int i;

	for (i = 0; i < WIRE_HEADS; i++) {
		svcnat_wire_make_as(&wire, &svcnat_wire_heads[i], IPPROTO_UDP,
				    PAYLOAD);
		wire.family ^= AF_INET ^ AF_INET6;
		KUNIT_EXPECT_EQ(test, (int)verdict(test, &packet),
				(int)SVCNAT_PARSED_BROKEN);
		KUNIT_EXPECT_EQ(test, packet.tuple.family, 0);
	}
}

static void opens_only_with_a_pure_syn(struct kunit *test)
{
	struct svcnat_packet packet;
	unsigned int bits;

	for (bits = 0; bits < 256; bits++) {
		/* ECE and CWR, URG and PSH say nothing. */
		svcnat_wire_make(&wire, IPPROTO_TCP, 5, 0);
		wire.bytes[wire.l4 + 13] = bits;
		KUNIT_ASSERT_EQ(test, (int)verdict(test, &packet),
				(int)SVCNAT_PARSED);
		KUNIT_EXPECT_EQ(test, packet.tcp, bits & 0x17);
		KUNIT_EXPECT_EQ_MSG(test, svcnat_packet_opens(&packet),
				    (bits & 0x17) == 0x02, "bits %#x", bits);
	}
	svcnat_wire_make(&wire, IPPROTO_UDP, 5, 0);
	KUNIT_ASSERT_EQ(test, (int)verdict(test, &packet), (int)SVCNAT_PARSED);
	KUNIT_EXPECT_TRUE(test, svcnat_packet_opens(&packet));
}

static bool makes_private(const struct wire_shape *shape)
{
	enum svcnat_parsed parsed;
	struct svcnat_packet packet;
	struct sk_buff *skb, *clone;
	bool right;

	skb = parse_as(shape, &packet, &parsed);
	if (!skb)
		return false;
	clone = skb_clone(skb, GFP_KERNEL);
	right = clone && svcnat_packet_writable(skb, &packet) &&
		skb_headlen(skb) >= packet.l4 + packet.l4_len &&
		skb->head != clone->head && svcnat_wire_same(&wire, skb) &&
		svcnat_wire_same(&wire, clone);
	kfree_skb(clone);
	kfree_skb(skb);
	return right;
}

static void writable_makes_headers_private(struct kunit *test)
{
	static const u8 heads[] = { 0, 10, WIRE_IPV6, WIRE_CHAIN };
	struct wire_shape shape = { .layout = WIRE_FRAG };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		svcnat_wire_make_as(&wire, &svcnat_wire_heads[heads[i]],
				    IPPROTO_TCP, PAYLOAD);
		for (shape.split = 0; shape.split <= wire.len; shape.split++)
			KUNIT_ASSERT_TRUE_MSG(test, makes_private(&shape),
					      "head %u split %u", heads[i],
					      shape.split);
	}
}

/* As if a pointer had been kept: it must point to memory that is gone. */
static void writable_moves_now_and_then(struct kunit *test)
{
	const bool watched = IS_ENABLED(CONFIG_KASAN) ||
			     IS_ENABLED(CONFIG_DEBUG_NET);
	struct svcnat_packet packet;
	enum svcnat_parsed parsed;
	unsigned int i, moved = 0;
	struct sk_buff *skb;
	const u8 *before;
	bool right = true;

	svcnat_wire_make(&wire, IPPROTO_UDP, 5, 0);
	skb = parse_as(&linear, &packet, &parsed);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	for (i = 0; i < 64; i++) {
		before = skb->head;
		right = right && svcnat_packet_writable(skb, &packet);
		moved += skb->head != before;
	}
	kfree_skb(skb);
	KUNIT_EXPECT_TRUE(test, right);
	KUNIT_EXPECT_EQ(test, moved, watched ? 8 : 0);
}

static void writable_refuses_what_is_not_there(struct kunit *test)
{
	struct svcnat_packet packet;
	enum svcnat_parsed parsed;
	struct sk_buff *skb;
	bool right;

	svcnat_wire_make(&wire, IPPROTO_UDP, 5, 0);
	skb = parse_as(&linear, &packet, &parsed);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	__skb_trim(skb, wire.len - 1);
	right = !svcnat_packet_writable(skb, &packet);
	kfree_skb(skb);
	KUNIT_EXPECT_TRUE(test, right);
}

static struct kunit_case packet_cases[] = {
	KUNIT_CASE(reads_every_layout),
	KUNIT_CASE(counts_from_the_network_header),
	KUNIT_CASE(refuses_a_header_in_front),
	KUNIT_CASE(refuses_every_truncation),
	KUNIT_CASE(refuses_bad_lengths),
	KUNIT_CASE(tells_payload_from_options),
	KUNIT_CASE(tells_what_proves),
	KUNIT_CASE(knows_fragments),
	KUNIT_CASE(leaves_other_protocols),
	KUNIT_CASE(refuses_the_other_family),
	KUNIT_CASE(opens_only_with_a_pure_syn),
	KUNIT_CASE(writable_makes_headers_private),
	KUNIT_CASE(writable_moves_now_and_then),
	KUNIT_CASE(writable_refuses_what_is_not_there),
	{}
};

static struct kunit_suite packet_suite = {
	.name = "svcnat_packet",
	.test_cases = packet_cases,
};

kunit_test_suite(packet_suite);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The svcnat authors");
MODULE_DESCRIPTION("Unit tests of svcnat");
