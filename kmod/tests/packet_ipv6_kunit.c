// SPDX-License-Identifier: GPL-2.0-only
/* What may be between an IPv6 header and the transport. */
#include <kunit/test.h>
#include <linux/in.h>
#include <net/ipv6.h>

#include "../compat.h"
#include "../packet.h"
#include "wire.h"

#define PAYLOAD	16

#define FIXED	40	/* the IPv6 header */

static struct wire wire;
static struct svcnat_packet packet;

static enum svcnat_parsed verdict_gso(struct kunit *test, u16 gso_size)
{
	static const struct wire_shape linear = { .headroom = 64 };
	enum svcnat_parsed parsed;
	struct sk_buff *skb;

	skb = svcnat_wire_skb(&wire, &linear);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_shinfo(skb)->gso_size = gso_size;
	parsed = svcnat_packet_parse(skb, AF_INET6, &packet);
	kfree_skb(skb);
	return parsed;
}

static enum svcnat_parsed verdict(struct kunit *test)
{
	return verdict_gso(test, 0);
}

static void make(unsigned int num, u8 number)
{
	struct wire_head head = { .family = AF_INET6, .num = num };

	memset(head.chain, number, sizeof(head.chain));
	svcnat_wire_make_as(&wire, &head, IPPROTO_TCP, PAYLOAD);
}

static void walks_eight_headers_at_most(struct kunit *test)
{
	static const u8 numbers[] = {
		NEXTHDR_HOP, NEXTHDR_DEST, NEXTHDR_ROUTING, NEXTHDR_AUTH,
		NEXTHDR_FRAGMENT
	};
	unsigned int i, num;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		for (num = 0; num <= 9; num++) {
			make(num, numbers[i]);
			KUNIT_ASSERT_LE(test, wire.len, WIRE_MAX);
			KUNIT_EXPECT_EQ_MSG(test, (int)verdict(test),
					    num <= 8 ? (int)SVCNAT_PARSED :
						       (int)SVCNAT_PARSED_OTHER,
					    "%u of %u", num, numbers[i]);
			KUNIT_EXPECT_EQ(test, ntohs(packet.tuple.sport),
					num <= 8 ? 40000 : 0);
		}
	}
}

/* Each number in the IPv6 header, and behind an extension header */
static void knows_every_number(struct kunit *test)
{
	unsigned int number, num;

	for (number = 0; number < 512; number++) {
		enum svcnat_parsed right = SVCNAT_PARSED_OTHER;
		u8 proto = number;

		num = number >> 8;
		make(num, NEXTHDR_DEST);
		wire.bytes[num ? FIXED : 6] = proto;
		switch (proto) {
		case IPPROTO_TCP:
		case IPPROTO_UDP:
		case IPPROTO_SCTP:
			right = SVCNAT_PARSED;
			break;
		case NEXTHDR_HOP:
		case NEXTHDR_ROUTING:
		case NEXTHDR_FRAGMENT:
		case NEXTHDR_AUTH:
		case NEXTHDR_DEST:
		case IPPROTO_ICMPV6:
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, (int)verdict(test), (int)right,
				    "number %u", number);
		KUNIT_EXPECT_EQ(test, packet.tuple.proto, proto);
		KUNIT_EXPECT_EQ(test, packet.tuple.family, AF_INET6);
	}
}

static void leaves_packets_on_a_source_route(struct kunit *test)
{
	unsigned int left;

	for (left = 0; left < 256; left++) {
		make(1, NEXTHDR_ROUTING);
		wire.bytes[FIXED + 3] = left;
		KUNIT_EXPECT_EQ(test, (int)verdict(test),
				left ? (int)SVCNAT_PARSED_OTHER :
				       (int)SVCNAT_PARSED);
	}
	/* Of other headers this byte says nothing. */
	make(1, NEXTHDR_DEST);
	wire.bytes[FIXED + 3] = 1;
	KUNIT_EXPECT_EQ(test, (int)verdict(test), (int)SVCNAT_PARSED);
}

static void knows_fragments(struct kunit *test)
{
	unsigned int bit;

	for (bit = 0; bit < 16; bit++) {
		/* Two bits are reserved. */
		bool fragment = bit != 1 && bit != 2;

		make(1, NEXTHDR_FRAGMENT);
		put_unaligned_be16(1 << bit, wire.bytes + FIXED + 2);
		KUNIT_EXPECT_EQ_MSG(test, (int)verdict(test), fragment ?
				    (int)SVCNAT_PARSED_FRAGMENT :
				    (int)SVCNAT_PARSED, "bit %u", bit);
		KUNIT_EXPECT_EQ(test, packet.tuple.family, AF_INET6);
		KUNIT_EXPECT_EQ(test, !packet.tuple.sport, fragment);
		KUNIT_EXPECT_EQ(test, !packet.tuple.dport, fragment);
	}
}

/* A length that goes anywhere but to the transport header */
static void believes_no_length(struct kunit *test)
{
	static const u8 numbers[] = {
		NEXTHDR_HOP, NEXTHDR_DEST, NEXTHDR_ROUTING, NEXTHDR_AUTH
	};
	unsigned int i, len, unit, end;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		unit = numbers[i] == NEXTHDR_AUTH ? 4 : 8;
		for (len = 0; len < 256; len++) {
			make(1, numbers[i]);
			wire.bytes[FIXED + 1] = len;
			wire.bytes[FIXED] = NEXTHDR_NONE;
			end = FIXED + (unit == 4 ? (len + 2) * 4 :
						   (len + 1) * 8);
			KUNIT_EXPECT_EQ_MSG(test, (int)verdict(test),
					    end <= wire.len ?
					    (int)SVCNAT_PARSED_OTHER :
					    (int)SVCNAT_PARSED_BROKEN,
					    "number %u length %u", numbers[i],
					    len);
			wire.bytes[FIXED] = IPPROTO_UDP;
			KUNIT_EXPECT_EQ_MSG(test, (int)verdict(test),
					    end + 8 <= wire.len ?
					    (int)SVCNAT_PARSED :
					    (int)SVCNAT_PARSED_BROKEN,
					    "number %u length %u", numbers[i],
					    len);
		}
	}
}

static void leaves_jumbograms(struct kunit *test)
{
	make(1, NEXTHDR_HOP);
	put_unaligned_be16(0, wire.bytes + 4);
	KUNIT_EXPECT_EQ(test, (int)verdict(test), (int)SVCNAT_PARSED_OTHER);
	/* unless the kernel itself has yet to cut it up */
	KUNIT_EXPECT_EQ(test, (int)verdict_gso(test, 1000), (int)SVCNAT_PARSED);
	KUNIT_EXPECT_EQ(test, packet.l4, FIXED + 8);
	KUNIT_EXPECT_EQ(test, packet.len, wire.len);
}

/* Offsets are kept in 16 bits: what would not fit must not be cut short. */
static void refuses_far_headers(struct kunit *test)
{
	unsigned int front, most = U16_MAX - FIXED;
	enum svcnat_parsed parsed;
	struct sk_buff *skb;

	make(0, 0);
	for (front = most - 1; front <= most + 1; front++) {
		skb = alloc_skb(front + wire.len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		/* Cut short, an offset would find ports and lengths here. */
		memset(skb_put(skb, front), 0xa5, front);
		skb_put_data(skb, wire.bytes, wire.len);
		skb_set_network_header(skb, front);
		parsed = svcnat_packet_parse(skb, AF_INET6, &packet);
		kfree_skb(skb);
		KUNIT_EXPECT_EQ_MSG(test, (int)parsed, front <= most ?
				    (int)SVCNAT_PARSED :
				    (int)SVCNAT_PARSED_BROKEN,
				    "%u in front", front);
	}
}

static struct kunit_case packet_ipv6_cases[] = {
	KUNIT_CASE(walks_eight_headers_at_most),
	KUNIT_CASE(knows_every_number),
	KUNIT_CASE(leaves_packets_on_a_source_route),
	KUNIT_CASE(knows_fragments),
	KUNIT_CASE(believes_no_length),
	KUNIT_CASE(leaves_jumbograms),
	KUNIT_CASE(refuses_far_headers),
	{}
};

static struct kunit_suite packet_ipv6_suite = {
	.name = "svcnat_packet_ipv6",
	.test_cases = packet_ipv6_cases,
};

kunit_test_suite(packet_ipv6_suite);
