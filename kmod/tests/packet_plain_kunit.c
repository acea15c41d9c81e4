// SPDX-License-Identifier: GPL-2.0-only
/* Which packets are plain, and that they are read as all others are. */
#include <kunit/test.h>
#include <linux/in.h>

#include "../compat.h"
#include "../packet_plain.c"
#include "wire.h"

#define PAYLOAD	24
#define DOFF	12	/* in a TCP header: data offset, then flags */
#define FLAGS	13
#define TTL	8	/* in the network header, of IPv4 */
#define HOPS	7	/* and of IPv6 */

static const struct wire_shape linear = { .headroom = 64 };
static const u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP };

static struct wire wire;
static struct svcnat_packet plain, parsed;

/* Is it plain?  Then its facts are in plain, and those of the parser too. */
static bool is_plain(struct kunit *test, const struct wire_shape *shape)
{
	struct sk_buff *skb = svcnat_wire_skb(&wire, shape);
	enum svcnat_parsed verdict;
	bool yes, same;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	memset(&plain, 0xee, sizeof(plain));
	yes = svcnat_packet_plain(skb, wire.family, &plain);
	verdict = svcnat_packet_parse(skb, wire.family, &parsed);
	same = svcnat_wire_same(&wire, skb);
	kfree_skb(skb);
	if (yes)
		KUNIT_EXPECT_EQ(test, (int)verdict, (int)SVCNAT_PARSED);
	KUNIT_EXPECT_TRUE(test, same);
	return yes;
}

static bool is_same_tuple(const struct svcnat_tuple *a,
			  const struct svcnat_tuple *b)
{
	return !memcmp(&a->src, &b->src, sizeof(a->src)) &&
	       !memcmp(&a->dst, &b->dst, sizeof(a->dst)) &&
	       a->sport == b->sport && a->dport == b->dport &&
	       a->family == b->family && a->proto == b->proto;
}

static bool is_same(const struct svcnat_packet *a,
		    const struct svcnat_packet *b)
{
	return is_same_tuple(&a->tuple, &b->tuple) && a->l3 == b->l3 &&
	       a->l4 == b->l4 && a->l4_len == b->l4_len &&
	       a->len == b->len && a->tcp == b->tcp &&
	       a->payload == b->payload && a->icmp_type == b->icmp_type &&
	       a->proof == b->proof && a->tag == b->tag;
}

static bool has_only_addresses(unsigned int head)
{
	return !head || head == WIRE_IPV6;
}

static void reads_what_the_parser_reads(struct kunit *test)
{
	struct wire_shape shape = { .headroom = 64 };
	unsigned int n;
	bool yes;

	for (n = 0; n < 2 * WIRE_HEADS; n++) {
		svcnat_wire_make_as(&wire, &svcnat_wire_heads[n / 2],
				    protos[n & 1], n % 3 ? PAYLOAD : 0);
		shape.layout = (n ^ n / 2) & 1 ? WIRE_FRAG : WIRE_LIST;
		for (shape.split = 0; shape.split < wire.len; shape.split++) {
			yes = is_plain(test, &shape);
			KUNIT_ASSERT_EQ_MSG(test, yes,
					    has_only_addresses(n / 2),
					    "head %u split %u", n / 2,
					    shape.split);
			KUNIT_ASSERT_TRUE_MSG(test,
					      !yes || is_same(&plain, &parsed),
					      "head %u split %u", n / 2,
					      shape.split);
		}
	}
}

static void begin(unsigned int n)
{
	svcnat_wire_make_as(&wire, &svcnat_wire_heads[n & 2 ? WIRE_IPV6 : 0],
			    protos[n & 1], PAYLOAD);
}

/* The IPv4 header is summed anew: it is the change that counts. */
static bool is_plain_still(struct kunit *test)
{
	if (wire.family == AF_INET) {
		put_unaligned_be16(0, wire.bytes + 10);
		put_unaligned((__force u16)ip_fast_csum(wire.bytes, 5),
			      (u16 *)(wire.bytes + 10));
	}
	return is_plain(test, &linear);
}

static void nothing_begins_or_ends(struct kunit *test)
{
	unsigned int n, flags;
	bool goes_on;

	for (n = 0; n < 4; n += 2) {
		for (flags = 0; flags < 256; flags++) {
			begin(n);
			wire.bytes[wire.l4 + FLAGS] = flags;
			goes_on = (flags & 0x17) == 0x10;
			KUNIT_EXPECT_EQ_MSG(test, is_plain_still(test),
					    goes_on, "flags %#x", flags);
		}
	}
}

static void the_last_hop_is_not_ours(struct kunit *test)
{
	unsigned int n, left;

	for (n = 0; n < 4; n++) {
		for (left = 0; left < 4; left++) {
			begin(n);
			wire.bytes[n & 2 ? HOPS : TTL] = left;
			KUNIT_EXPECT_EQ(test, is_plain_still(test), left > 1);
		}
	}
}

static void fragments_and_wrong_sums_are_not(struct kunit *test)
{
	unsigned int n, bit;

	for (n = 0; n < 2; n++) {
		for (bit = 0; bit < 14; bit++) {
			begin(n);
			put_unaligned_be16(1 << bit, wire.bytes + 6);
			KUNIT_EXPECT_FALSE_MSG(test, is_plain_still(test),
					       "bit %u", bit);
		}
		begin(n);
		put_unaligned_be16(0x4000, wire.bytes + 6);
		KUNIT_EXPECT_TRUE(test, is_plain_still(test));
		wire.bytes[10] ^= 1;
		KUNIT_EXPECT_FALSE(test, is_plain(test, &linear));
	}
}

static void other_versions_and_protocols_are_not(struct kunit *test)
{
	unsigned int n, i;

	for (n = 0; n < 4; n++) {
		for (i = 0; i < 256; i++) {
			begin(n);
			wire.bytes[n & 2 ? 6 : 9] = i;
			if (i != IPPROTO_TCP && i != IPPROTO_UDP)
				KUNIT_EXPECT_FALSE(test, is_plain_still(test));
		}
		for (i = 0; i < 16; i++) {
			begin(n);
			wire.bytes[0] = (i << 4) | (wire.bytes[0] & 15);
			KUNIT_EXPECT_EQ(test, is_plain_still(test),
					i == (n & 2 ? 6 : 4));
		}
	}
}

/* Of one that is too short for what it says it is, nobody has read more. */
static void refuses_every_truncation(struct kunit *test)
{
	const unsigned int len = 40 + 20;
	unsigned int n, whole;

	for (n = 0; n < 4; n++) {
		begin(n);
		whole = wire.len;
		for (wire.len = 0; wire.len < len && wire.len < whole;
		     wire.len++)
			KUNIT_EXPECT_FALSE(test, is_plain(test, &linear));
	}
}

static void lengths_are_not_believed(struct kunit *test)
{
	unsigned int n, headers, said;

	for (n = 0; n < 4; n++) {
		begin(n);
		headers = svcnat_wire_headers(&wire);
		for (said = 0; said < headers; said++) {
			begin(n);
			put_unaligned_be16(n & 2 ? said - 40 : said,
					   wire.bytes + (n & 2 ? 4 : 2));
			KUNIT_EXPECT_FALSE(test, is_plain_still(test));
		}
	}
	for (said = 0; said < 16; said++) {
		begin(0);
		wire.bytes[wire.l4 + DOFF] = said << 4;
		KUNIT_EXPECT_EQ(test, is_plain_still(test), said >= 5);
	}
}

static void what_fills_the_frame_is_cut_off(struct kunit *test)
{
	struct sk_buff *skb;
	unsigned int n;

	for (n = 0; n < 4; n++) {
		begin(n);
		wire.len += 6;
		skb = svcnat_wire_skb(&wire, &linear);
		wire.len -= 6;
		KUNIT_ASSERT_NOT_NULL(test, skb);
		KUNIT_EXPECT_TRUE(test, svcnat_packet_plain(skb, wire.family,
							    &plain));
		KUNIT_EXPECT_TRUE(test, svcnat_wire_same(&wire, skb));
		KUNIT_EXPECT_EQ(test, plain.len, wire.len);
		kfree_skb(skb);
	}
}

static void begins_at_the_network_header(struct kunit *test)
{
	struct sk_buff *skb;
	unsigned int n;

	for (n = 0; n < 4; n++) {
		begin(n);
		skb = svcnat_wire_skb(&wire, &linear);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		skb_push(skb, 14);
		KUNIT_EXPECT_FALSE(test, svcnat_packet_plain(skb, wire.family,
							     &plain));
		skb_pull(skb, 16);
		KUNIT_EXPECT_FALSE(test, svcnat_packet_plain(skb, wire.family,
							     &plain));
		kfree_skb(skb);
	}
}

static struct kunit_case packet_plain_cases[] = {
	KUNIT_CASE(reads_what_the_parser_reads),
	KUNIT_CASE(nothing_begins_or_ends),
	KUNIT_CASE(the_last_hop_is_not_ours),
	KUNIT_CASE(fragments_and_wrong_sums_are_not),
	KUNIT_CASE(other_versions_and_protocols_are_not),
	KUNIT_CASE(refuses_every_truncation),
	KUNIT_CASE(lengths_are_not_believed),
	KUNIT_CASE(what_fills_the_frame_is_cut_off),
	KUNIT_CASE(begins_at_the_network_header),
	{}
};

static struct kunit_suite packet_plain_suite = {
	.name = "svcnat_packet_plain",
	.test_cases = packet_plain_cases,
};

kunit_test_suite(packet_plain_suite);
