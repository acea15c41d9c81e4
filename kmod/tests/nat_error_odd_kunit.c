// SPDX-License-Identifier: GPL-2.0-only
/* What is odd about an ICMP error must not be lost, nor do harm. */
#include <kunit/test.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/prandom.h>

#include "../compat.h"
#include "../nat.h"
#include "wire.h"

#define PAYLOAD	23
#define ICMP	8	/* length of its header */
#define PORT	7

static const struct wire_shape linear = { .headroom = 64 };
static const u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP };
static const u8 heads[] = { 0, 2, WIRE_IPV6, WIRE_CHAIN };

static struct wire quoted, wire, after;

/* Make @to of @quoted. */
static void quote(struct wire *to, unsigned int head)
{
	const struct wire_head *h = &svcnat_wire_heads[head];
	const u8 type = h->family == AF_INET ? ICMP_TIME_EXCEEDED :
					       ICMPV6_TIME_EXCEED;

	svcnat_wire_make_error(to, h, type, &quoted, quoted.len);
}

static void make(unsigned int head, u8 proto)
{
	svcnat_wire_make_as(&quoted, &svcnat_wire_heads[head], proto, PAYLOAD);
	quote(&wire, head);
}

/* Make @quoted what a rewrite of the source makes of it. */
static void change_source(u16 port)
{
	const union nf_inet_addr addr = svcnat_wire_new_addr(quoted.family);

	svcnat_wire_set_addr(&quoted, 0, &addr);
	svcnat_wire_set_port(&quoted, 0, port);
	svcnat_wire_sum(&quoted);
}

static bool rewrite_skb(struct sk_buff *skb, struct svcnat_packet *packet,
			u16 port)
{
	const struct svcnat_rewrite to = {
		.addr = svcnat_wire_new_addr(wire.family),
		.port = htons(port),
		.other_port = packet->quote.tuple.dport,
		.side = SVCNAT_DESTINATION,
	};

	return svcnat_nat_rewrite_error(skb, packet, &to);
}

/* Send @wire through a rewrite; @wire is what comes out. */
static bool rewrite(u16 port)
{
	struct svcnat_packet packet;
	struct sk_buff *skb;
	bool done = false;

	skb = svcnat_wire_skb(&wire, &linear);
	if (!skb)
		return false;
	if (svcnat_packet_parse(skb, wire.family, &packet) ==
	    SVCNAT_PARSED_ERROR)
		done = rewrite_skb(skb, &packet, port) &&
		       !skb_copy_bits(skb, 0, wire.bytes, wire.len);
	kfree_skb(skb);
	return done;
}

static u16 get(const struct wire *w, unsigned int at)
{
	return get_unaligned_be16(w->bytes + at);
}

/* How far is a checksum of @wire off, which should be that of @after? */
static u16 error_at(unsigned int at)
{
	return svcnat_wire_one_zero(svcnat_wire_add(get(&wire, at),
						    ~get(&after, at)));
}

static void wrong_sums_stay_wrong(struct kunit *test)
{
	unsigned int i, head, at[4], n;
	struct rnd_state rnd;
	u16 error;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < 400; i++) {
		head = heads[i / 2 % ARRAY_SIZE(heads)];
		make(head, protos[i & 1]);
		/* ICMP, quoted transport, and headers of IPv4 */
		at[0] = svcnat_wire_sum_at(&wire);
		at[1] = wire.l4 + ICMP + svcnat_wire_sum_at(&quoted);
		at[2] = 10;
		at[3] = wire.l4 + ICMP + 10;
		n = i / 8 % (wire.family == AF_INET ? 4 : 2);
		change_source(PORT);
		quote(&after, head);
		error = 1 + prandom_u32_state(&rnd) % 65534;
		put_unaligned_be16(svcnat_wire_add(get(&wire, at[n]), error),
				   wire.bytes + at[n]);
		/* A quoted 0 of UDP means that there is none. */
		if (n == 1 && !get(&wire, at[n]))
			continue;
		KUNIT_ASSERT_TRUE(test, rewrite(PORT));
		KUNIT_ASSERT_EQ_MSG(test, error_at(at[n]), error,
				    "head %u sum %u", head, n);
	}
}

static void a_quoted_sum_of_zero_is_ones(struct kunit *test)
{
	unsigned int i, head;
	u16 port;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		head = heads[i];
		make(head, IPPROTO_UDP);
		/* With port 0 the checksum is such and such: make that the port. */
		change_source(0);
		port = svcnat_wire_get_sum(&quoted);
		change_source(port);
		KUNIT_ASSERT_EQ(test, svcnat_wire_get_sum(&quoted), 0xffff);
		quote(&after, head);
		KUNIT_ASSERT_TRUE(test, rewrite(port));
		KUNIT_EXPECT_EQ(test, memcmp(wire.bytes, after.bytes,
					     after.len), 0);
	}
}

/*
 * What is pending is not always ours: here it is further back.  The error's
 * own checksum is whole.
 */
static void pending_elsewhere(struct kunit *test)
{
	struct svcnat_packet packet;
	struct sk_buff *skb;
	unsigned int i;
	bool right;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		make(heads[i], IPPROTO_TCP);
		skb = svcnat_wire_skb(&wire, &linear);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		change_source(PORT);
		quote(&after, heads[i]);
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_headroom(skb) + wire.l4 + ICMP +
				  quoted.l4;
		skb->csum_offset = 16;
		right = svcnat_packet_parse(skb, wire.family, &packet) ==
			SVCNAT_PARSED_ERROR &&
			rewrite_skb(skb, &packet, PORT) &&
			svcnat_wire_same(&after, skb);
		kfree_skb(skb);
		KUNIT_EXPECT_TRUE(test, right);
	}
}

/* Where a sender can write while we work: may this byte be another one? */
static bool network_may_change(const struct wire *w, unsigned int at, u8 by)
{
	if (w->family == AF_INET6) {
		if (!at)
			return !(by & 0xf0);
		if (at == 6)
			return w->l4 != 40;
		return at < 8 || at >= 40;
	}
	if (at == 6 || at == 7)
		return !(by & (at == 6 ? 0x1f : 0xff));
	return at && at != 9 && (at < 12 || at >= 20);
}

static bool may_change(unsigned int at, u8 by)
{
	const unsigned int quote_at = wire.l4 + ICMP;

	if (at < wire.l4)
		return network_may_change(&wire, at, by);
	if (at < quote_at)
		return at != wire.l4;
	if (at < quote_at + quoted.l4)
		return network_may_change(&quoted, at - quote_at, by);
	return at >= quote_at + quoted.l4 + 4;
}

static const char *change_meanwhile(unsigned int at, u8 by)
{
	struct wire_shape shape = { .layout = WIRE_FRAG };
	const char *flaw = NULL;
	struct svcnat_packet packet;
	struct sk_buff *skb;
	bool done;
	u8 *page;

	skb = svcnat_wire_skb(&wire, &shape);
	if (!skb)
		return "no memory";
	page = svcnat_wire_page(skb);
	if (svcnat_packet_parse(skb, wire.family, &packet) !=
	    SVCNAT_PARSED_ERROR)
		flaw = "not parsed";
	page[at] ^= by;
	after = wire;
	after.bytes[at] ^= by;
	done = rewrite_skb(skb, &packet, PORT);
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
	unsigned int at, i, j, end;
	const char *flaw;

	for (i = 0; i < 2 * ARRAY_SIZE(heads); i++) {
		make(heads[i / 2], protos[i & 1]);
		end = wire.l4 + ICMP + svcnat_wire_headers(&quoted);
		for (at = 0; at < end; at++) {
			for (j = 0; j < ARRAY_SIZE(by); j++) {
				flaw = change_meanwhile(at, by[j]);
				KUNIT_ASSERT_NULL_MSG(test, flaw,
						      "%s: head %u proto %u byte %u by %#x",
						      flaw, heads[i / 2],
						      quoted.proto, at, by[j]);
			}
		}
	}
}

static struct kunit_case nat_error_odd_cases[] = {
	KUNIT_CASE(wrong_sums_stay_wrong),
	KUNIT_CASE(a_quoted_sum_of_zero_is_ones),
	KUNIT_CASE(pending_elsewhere),
	KUNIT_CASE(a_packet_that_changed_is_refused),
	{}
};

static struct kunit_suite nat_error_odd_suite = {
	.name = "svcnat_nat_error_odd",
	.test_cases = nat_error_odd_cases,
};

kunit_test_suite(nat_error_odd_suite);
