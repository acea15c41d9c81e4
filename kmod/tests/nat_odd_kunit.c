// SPDX-License-Identifier: GPL-2.0-only
/* What is odd about a packet must not be lost, nor do harm. */
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/prandom.h>

#include "../compat.h"
#include "../nat.h"
#include "wire.h"

#define PAYLOAD	23

static const struct wire_shape linear = { .headroom = 64 };
static const u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP };
static const u8 heads[] = { 0, 2, WIRE_IPV6, WIRE_CHAIN };

static struct wire before, after;

static bool rewrite_source(struct sk_buff *skb, struct svcnat_packet *packet,
			   u16 port)
{
	const struct svcnat_rewrite to = {
		.addr = svcnat_wire_new_addr(packet->tuple.family),
		.port = htons(port),
		.other_port = packet->tuple.dport,
		.side = SVCNAT_SOURCE,
	};

	return svcnat_nat_rewrite(skb, packet, &to);
}

/* The right packet with its source changed, for @before as it is. */
static void make_after(u16 port)
{
	const union nf_inet_addr addr = svcnat_wire_new_addr(before.family);

	after = before;
	svcnat_wire_set_addr(&after, 0, &addr);
	svcnat_wire_set_port(&after, 0, port);
	svcnat_wire_sum(&after);
}

static void make_before(unsigned int head, u8 proto)
{
	svcnat_wire_make_as(&before, &svcnat_wire_heads[head], proto, PAYLOAD);
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
	if (svcnat_packet_parse(skb, before.family, &packet) == SVCNAT_PARSED)
		done = rewrite_source(skb, &packet, port) &&
		       skb->ip_summed == summed &&
		       !skb_copy_bits(skb, 0, before.bytes, before.len);
	kfree_skb(skb);
	return done;
}

/* How far is the checksum of @wire off, if that of @right is? */
static u16 error_of(const struct wire *wire, const struct wire *right)
{
	u16 sum = svcnat_wire_get_sum(wire);

	sum = svcnat_wire_add(sum, ~svcnat_wire_get_sum(right));
	return svcnat_wire_one_zero(sum);
}

static void wrong_sums_stay_wrong(struct kunit *test)
{
	struct rnd_state rnd;
	struct wire right;
	unsigned int i;
	u16 port, error;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < 600; i++) {
		port = 1 + prandom_u32_state(&rnd) % 65535;
		make_before(heads[i / 2 % ARRAY_SIZE(heads)], protos[i & 1]);
		make_after(port);
		right = before;
		svcnat_wire_set_sum(&before,
				    1 + prandom_u32_state(&rnd) % 65535);
		error = error_of(&before, &right);
		KUNIT_ASSERT_TRUE(test, rewrite(CHECKSUM_NONE, port));
		KUNIT_ASSERT_EQ(test, error_of(&before, &after), error);
	}
	/* The network header's checksum likewise */
	make_before(0, IPPROTO_UDP);
	make_after(7);
	before.bytes[11] ^= 0x40;
	error = before.bytes[11] & 0x40 ? 0x40 : (u16)~0x40;
	KUNIT_ASSERT_TRUE(test, rewrite(CHECKSUM_NONE, 7));
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(before.bytes + 10),
			svcnat_wire_add(get_unaligned_be16(after.bytes + 10),
					error));
}

static void a_sum_of_zero_is_sent_as_ones(struct kunit *test)
{
	static const u8 summed[] = { CHECKSUM_NONE, CHECKSUM_UNNECESSARY };
	unsigned int i;
	u16 port;

	for (i = 0; i < ARRAY_SIZE(heads) * ARRAY_SIZE(summed); i++) {
		make_before(heads[i / 2], IPPROTO_UDP);
		/* With port 0 the checksum is such and such: make that the port. */
		make_after(0);
		port = svcnat_wire_get_sum(&after);
		make_after(port);
		KUNIT_ASSERT_EQ(test, svcnat_wire_get_sum(&after), 0xffff);
		KUNIT_ASSERT_TRUE(test, rewrite(summed[i & 1], port));
		KUNIT_EXPECT_EQ(test, memcmp(before.bytes, after.bytes,
					     after.len), 0);
	}
}

/* Of TCP it means nothing but itself. */
static void a_sum_of_zero_is_good_for_tcp(struct kunit *test)
{
	unsigned int i;
	u16 port;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		make_before(heads[i], IPPROTO_TCP);
		make_after(0);
		port = svcnat_wire_get_sum(&after);
		make_after(port);
		KUNIT_ASSERT_EQ(test, svcnat_wire_get_sum(&after), 0);
		KUNIT_ASSERT_TRUE(test, rewrite(CHECKSUM_NONE, port));
		KUNIT_EXPECT_EQ(test, memcmp(before.bytes, after.bytes,
					     after.len), 0);
	}
}

static void no_sum_stays_none(struct kunit *test)
{
	unsigned int i;

	for (i = 1; i < 65536; i += 397) {
		make_before(heads[i % ARRAY_SIZE(heads)], IPPROTO_UDP);
		svcnat_wire_set_sum(&before, 0);
		KUNIT_ASSERT_TRUE(test, rewrite(CHECKSUM_NONE, i));
		KUNIT_ASSERT_EQ(test, svcnat_wire_get_sum(&before), 0);
	}
}

/*
 * Whoever leaves the sum to the device may start it from anything (virtio):
 * pending, a 0 is not the absence of a checksum.
 */
static void a_pending_sum_may_be_zero(struct kunit *test)
{
	struct svcnat_packet packet;
	struct sk_buff *skb;
	unsigned int i;
	bool right;
	u16 sum;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		make_before(heads[i], IPPROTO_UDP);
		make_after(7);
		svcnat_wire_set_sum(&before, 0);
		sum = svcnat_wire_add(svcnat_wire_pseudo(&after),
				      ~svcnat_wire_pseudo(&before));
		svcnat_wire_set_sum(&after, sum);
		skb = svcnat_wire_skb(&before, &linear);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_headroom(skb) + before.l4;
		skb->csum_offset = 6;
		right = svcnat_packet_parse(skb, before.family, &packet) ==
			SVCNAT_PARSED && rewrite_source(skb, &packet, 7) &&
			svcnat_wire_same(&after, skb);
		kfree_skb(skb);
		KUNIT_EXPECT_TRUE(test, right);
	}
}

/* Where a sender can write while we work: may this byte be another one? */
static bool may_change_ipv4(unsigned int at, u8 by)
{
	if (at == 6 || at == 7)	/* flags may, but no offset of a fragment */
		return !(by & (at == 6 ? 0x1f : 0xff));
	return at && at != 9 && (at < 12 || at >= 20);
}

static bool may_change_ipv6(unsigned int at, u8 by)
{
	if (!at)		/* version and half of the traffic class */
		return !(by & 0xf0);
	if (at == 6)		/* the next header, if that is ours */
		return before.l4 != 40;
	return at < 8 || at >= 40;
}

static bool may_change(unsigned int at, u8 by)
{
	if (at >= before.l4)
		return at >= before.l4 + 4;
	return before.family == AF_INET ? may_change_ipv4(at, by) :
					  may_change_ipv6(at, by);
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
	page = svcnat_wire_page(skb);
	if (svcnat_packet_parse(skb, before.family, &packet) != SVCNAT_PARSED)
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
	static const u8 by[] = { 0x01, 0x10, 0x60, 0x80, 0xff };
	unsigned int at, i, j;
	const char *flaw;

	for (i = 0; i < 2 * ARRAY_SIZE(heads); i++) {
		make_before(heads[i / 2], protos[i & 1]);
		for (at = 0; at < svcnat_wire_headers(&before); at++) {
			for (j = 0; j < ARRAY_SIZE(by); j++) {
				flaw = change_meanwhile(at, by[j]);
				KUNIT_ASSERT_NULL_MSG(test, flaw,
						      "%s: head %u proto %u byte %u by %#x",
						      flaw, heads[i / 2],
						      before.proto, at, by[j]);
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
	right = svcnat_packet_parse(skb, before.family, &packet) == SVCNAT_PARSED &&
		rewrite_source(skb, &packet, 7) &&
		svcnat_wire_same(&after, skb);
	kfree_skb(skb);
	return right;
}

static void tunnels_keep_their_own_sum(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		make_before(heads[i], IPPROTO_UDP);
		make_after(7);
		KUNIT_EXPECT_TRUE(test, rewrite_tunnel(false));
		svcnat_wire_set_sum(&before, svcnat_wire_pseudo(&before));
		svcnat_wire_set_sum(&after, svcnat_wire_pseudo(&after));
		KUNIT_EXPECT_TRUE(test, rewrite_tunnel(true));
		before.no_sum = true;
		svcnat_wire_sum(&before);
		make_after(7);
		KUNIT_EXPECT_TRUE(test, rewrite_tunnel(false));
		KUNIT_EXPECT_TRUE(test, rewrite_tunnel(true));
	}
}

static struct kunit_case nat_odd_cases[] = {
	KUNIT_CASE(wrong_sums_stay_wrong),
	KUNIT_CASE(a_sum_of_zero_is_sent_as_ones),
	KUNIT_CASE(a_sum_of_zero_is_good_for_tcp),
	KUNIT_CASE(no_sum_stays_none),
	KUNIT_CASE(a_pending_sum_may_be_zero),
	KUNIT_CASE(a_packet_that_changed_is_refused),
	KUNIT_CASE(tunnels_keep_their_own_sum),
	{}
};

static struct kunit_suite nat_odd_suite = {
	.name = "svcnat_nat_odd",
	.test_cases = nat_odd_cases,
};

kunit_test_suite(nat_odd_suite);
