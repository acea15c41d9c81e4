// SPDX-License-Identifier: GPL-2.0-only
/* What is odd about a packet must not be lost, nor do harm. */
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/prandom.h>
#include <net/checksum.h>
#include <asm/unaligned.h>

#include "../nat.h"
#include "wire.h"

#define PAYLOAD	23

static const union nf_inet_addr new_addr = { .ip = htonl(0xac1f07fe) };
static const struct wire_shape linear = { .headroom = 64 };
static const u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP };

static struct wire before, after;

static bool rewrite_source(struct sk_buff *skb, struct svcnat_packet *packet,
			   u16 port)
{
	const struct svcnat_rewrite to = {
		.addr = new_addr,
		.port = htons(port),
		.other_port = packet->tuple.dport,
		.side = SVCNAT_SOURCE,
	};

	return svcnat_nat_rewrite(skb, packet, &to);
}

static u16 get_sum(const struct wire *wire)
{
	return get_unaligned_be16(wire->bytes + svcnat_wire_sum_at(wire));
}

static void set_sum(struct wire *wire, u16 sum)
{
	put_unaligned_be16(sum, wire->bytes + svcnat_wire_sum_at(wire));
}

static u16 one_zero(u16 sum)
{
	return sum == 0xffff ? 0 : sum;
}

/* The right packet with its source changed, for @before as it is. */
static void make_after(u16 port)
{
	after = before;
	memcpy(after.bytes + 12, &new_addr.ip, 4);
	put_unaligned_be16(port, after.bytes + after.l4);
	svcnat_wire_sum(&after);
}

/* Send @before through a rewrite of the source; @before is what comes out. */
static bool rewrite(u8 summed, u16 port)
{
	struct svcnat_packet packet;
	struct sk_buff *skb;
	bool done = false;

	skb = svcnat_wire_skb(&before, &linear);
	if (!skb)
		return false;
	skb->ip_summed = summed;
	if (svcnat_packet_parse(skb, AF_INET, &packet) == SVCNAT_PARSED)
		done = rewrite_source(skb, &packet, port) &&
		       skb->ip_summed == summed &&
		       !skb_copy_bits(skb, 0, before.bytes, before.len);
	kfree_skb(skb);
	return done;
}

static void wrong_sums_stay_wrong(struct kunit *test)
{
	struct rnd_state rnd;
	u16 wrong, error;
	unsigned int i;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < 600; i++) {
		u16 port = 1 + prandom_u32_state(&rnd) % 65535;

		svcnat_wire_make(&before, protos[i & 1], 5, PAYLOAD);
		make_after(port);
		wrong = 1 + prandom_u32_state(&rnd) % 65535;
		error = svcnat_wire_add(wrong, ~get_sum(&before));
		set_sum(&before, wrong);
		KUNIT_ASSERT_TRUE(test, rewrite(CHECKSUM_NONE, port));
		KUNIT_ASSERT_EQ(test, one_zero(get_sum(&before)),
				one_zero(svcnat_wire_add(get_sum(&after),
							 error)));
	}
	/* The network header's checksum likewise */
	svcnat_wire_make(&before, IPPROTO_UDP, 5, PAYLOAD);
	make_after(7);
	before.bytes[10] ^= 0x40;
	KUNIT_ASSERT_TRUE(test, rewrite(CHECKSUM_NONE, 7));
	KUNIT_EXPECT_FALSE(test, !memcmp(before.bytes + 10,
					 after.bytes + 10, 2));
}

static void a_sum_of_zero_is_sent_as_ones(struct kunit *test)
{
	static const u8 summed[] = { CHECKSUM_NONE, CHECKSUM_UNNECESSARY };
	unsigned int i;
	u16 port;

	for (i = 0; i < ARRAY_SIZE(summed); i++) {
		svcnat_wire_make(&before, IPPROTO_UDP, 5, PAYLOAD);
		/* With port 0 the checksum is such and such: make that the port. */
		make_after(0);
		port = get_sum(&after);
		make_after(port);
		KUNIT_ASSERT_EQ(test, get_sum(&after), 0xffff);
		KUNIT_ASSERT_TRUE(test, rewrite(summed[i], port));
		KUNIT_EXPECT_EQ(test, memcmp(before.bytes, after.bytes,
					     after.len), 0);
	}
}

static void no_sum_stays_none(struct kunit *test)
{
	unsigned int i;

	for (i = 1; i < 65536; i += 397) {
		svcnat_wire_make(&before, IPPROTO_UDP, 5, PAYLOAD);
		set_sum(&before, 0);
		KUNIT_ASSERT_TRUE(test, rewrite(CHECKSUM_NONE, i));
		KUNIT_ASSERT_EQ(test, get_sum(&before), 0);
	}
}

/* Where a sender can write while we work: may this byte be another one? */
static bool may_change(unsigned int at, u8 by)
{
	if (at == 6 || at == 7)	/* flags may, but no offset of a fragment */
		return !(by & (at == 6 ? 0x1f : 0xff));
	return at && at != 9 && (at < 12 || at >= 20) &&
	       (at < before.l4 || at >= before.l4 + 4);
}

static const char *change_meanwhile(unsigned int at, u8 by)
{
	struct wire_shape shape = { .layout = WIRE_FRAG };
	const char *flaw = NULL;
	struct svcnat_packet packet;
	struct sk_buff *skb;
	bool done;
	u8 *page;

	skb = svcnat_wire_skb(&before, &shape);
	if (!skb)
		return "no memory";
	page = skb_frag_address(&skb_shinfo(skb)->frags[0]);
	if (svcnat_packet_parse(skb, AF_INET, &packet) != SVCNAT_PARSED)
		flaw = "not parsed";
	page[at] ^= by;
	after = before;
	after.bytes[at] ^= by;
	done = rewrite_source(skb, &packet, 7);
	if (done && !may_change(at, by))
		flaw = "another packet was rewritten";
	if (!done && may_change(at, by))
		flaw = "refused for nothing";
	if (!done && !svcnat_wire_same(&after, skb))
		flaw = "refused, yet changed";
	kfree_skb(skb);
	return flaw;
}

static void a_packet_that_changed_is_refused(struct kunit *test)
{
	static const u8 by[] = { 0x01, 0x10, 0x80, 0xff };
	unsigned int at, i, j;
	const char *flaw;

	for (i = 0; i < ARRAY_SIZE(protos); i++) {
		svcnat_wire_make(&before, protos[i], 7, PAYLOAD);
		for (at = 0; at < svcnat_wire_headers(&before); at++) {
			for (j = 0; j < ARRAY_SIZE(by); j++) {
				flaw = change_meanwhile(at, by[j]);
				KUNIT_ASSERT_NULL_MSG(test, flaw,
						      "%s: proto %u byte %u by %#x",
						      flaw, protos[i], at,
						      by[j]);
			}
		}
	}
}

/*
 * A tunnel: what is pending is the checksum of the inner packet, in our
 * payload.  Ours follows the ports as well, unless segmentation will make it.
 */
static bool rewrite_tunnel(bool gso)
{
	struct svcnat_packet packet;
	struct sk_buff *skb;
	bool right;

	skb = svcnat_wire_skb(&before, &linear);
	if (!skb)
		return false;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + before.l4 + 8;
	skb->csum_offset = 6;
	skb->encapsulation = 1;
	if (gso) {
		skb_shinfo(skb)->gso_size = 10;
		skb_shinfo(skb)->gso_type = SKB_GSO_UDP_TUNNEL_CSUM;
	}
	right = svcnat_packet_parse(skb, AF_INET, &packet) == SVCNAT_PARSED &&
		rewrite_source(skb, &packet, 7) &&
		svcnat_wire_same(&after, skb);
	kfree_skb(skb);
	return right;
}

static void tunnels_keep_their_own_sum(struct kunit *test)
{
	svcnat_wire_make(&before, IPPROTO_UDP, 5, PAYLOAD);
	make_after(7);
	KUNIT_EXPECT_TRUE(test, rewrite_tunnel(false));
	set_sum(&before, svcnat_wire_pseudo(&before));
	set_sum(&after, svcnat_wire_pseudo(&after));
	KUNIT_EXPECT_TRUE(test, rewrite_tunnel(true));
	before.no_sum = true;
	svcnat_wire_sum(&before);
	make_after(7);
	KUNIT_EXPECT_TRUE(test, rewrite_tunnel(false));
	KUNIT_EXPECT_TRUE(test, rewrite_tunnel(true));
}

static struct kunit_case nat_odd_cases[] = {
	KUNIT_CASE(wrong_sums_stay_wrong),
	KUNIT_CASE(a_sum_of_zero_is_sent_as_ones),
	KUNIT_CASE(no_sum_stays_none),
	KUNIT_CASE(a_packet_that_changed_is_refused),
	KUNIT_CASE(tunnels_keep_their_own_sum),
	{}
};

static struct kunit_suite nat_odd_suite = {
	.name = "svcnat_nat_odd",
	.test_cases = nat_odd_cases,
};

kunit_test_suite(nat_odd_suite);
