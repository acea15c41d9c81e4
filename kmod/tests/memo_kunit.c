// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <net/net_namespace.h>

#include "../memo.c"
#include "wire.h"

static const struct wire_shape linear = { .headroom = 64 };
static struct wire wire;

/* A packet, and its facts */
static struct sk_buff *make(struct kunit *test, unsigned int head,
			    struct svcnat_packet *packet)
{
	struct sk_buff *skb;

	svcnat_wire_make_as(&wire, &svcnat_wire_heads[head], IPPROTO_TCP, 24);
	skb = svcnat_wire_skb(&wire, &linear);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test,
			(int)svcnat_packet_parse(skb, wire.family, packet),
			(int)SVCNAT_PARSED);
	return skb;
}

static bool is_now(unsigned long then)
{
	return time_in_range(jiffies, then, then);
}

/* Is what was written now found, and does it hold, within one jiffy? */
static bool is_found(const struct sk_buff *skb,
		     const struct svcnat_packet *packet)
{
	unsigned long now;
	bool found;

	do {
		now = jiffies;
		svcnat_memo_write(skb, &init_net, packet, true);
		found = svcnat_memo_holds(skb, &init_net, true);
	} while (!is_now(now));
	return found;
}

static void it_holds_for_what_it_was_written_of(struct kunit *test)
{
	static const unsigned int heads[] = { 0, WIRE_IPV6 };
	bool before, port, addr, after;
	struct svcnat_packet packet;
	struct sk_buff *skb;
	unsigned int i;
	__be16 *ports;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		skb = make(test, heads[i], &packet);
		ports = (__be16 *)(skb->data + packet.l4);
		local_bh_disable();
		before = is_found(skb, &packet);
		ports[1] ^= htons(1);
		port = is_found(skb, &packet);
		ports[1] ^= htons(1);
		skb->data[packet.l4 - 1] ^= 1;
		addr = is_found(skb, &packet);
		skb->data[packet.l4 - 1] ^= 1;
		after = is_found(skb, &packet);
		svcnat_memo_forget(skb);
		local_bh_enable();
		kfree_skb(skb);
		KUNIT_EXPECT_TRUE(test, before && after);
		KUNIT_EXPECT_FALSE(test, port || addr);
	}
}

static void it_says_whether_all_is_done(struct kunit *test)
{
	struct svcnat_packet packet;
	struct sk_buff *skb;
	unsigned long now;
	bool any, done;

	skb = make(test, 0, &packet);
	local_bh_disable();
	do {
		now = jiffies;
		svcnat_memo_write(skb, &init_net, &packet, false);
		any = svcnat_memo_holds(skb, &init_net, false);
		done = svcnat_memo_holds(skb, &init_net, true);
	} while (!is_now(now));
	svcnat_memo_forget(skb);
	local_bh_enable();
	kfree_skb(skb);
	KUNIT_EXPECT_TRUE(test, any);
	KUNIT_EXPECT_FALSE(test, done);
}

static void it_is_of_one_packet_and_one_netns(struct kunit *test)
{
	bool other_net, other_skb, kept, forgotten;
	struct sk_buff *skb, *other;
	struct svcnat_packet packet;

	skb = make(test, 0, &packet);
	other = make(test, 0, &packet);
	local_bh_disable();
	is_found(skb, &packet);
	other_net = svcnat_memo_holds(skb, NULL, false);
	*svcnat_memo_slot(other) = *svcnat_memo_slot(skb);
	svcnat_memo_forget(other);
	other_skb = svcnat_memo_holds(other, &init_net, false);
	kept = svcnat_memo_slot(other)->key;
	svcnat_memo_forget(skb);
	forgotten = !svcnat_memo_slot(skb)->key;
	svcnat_memo_slot(other)->key = 0;
	local_bh_enable();
	kfree_skb(other);
	kfree_skb(skb);
	KUNIT_EXPECT_FALSE(test, other_net || other_skb);
	KUNIT_EXPECT_TRUE(test, kept && forgotten);
}

static void it_is_old_soon(struct kunit *test)
{
	struct svcnat_packet packet;
	struct sk_buff *skb;
	bool old;

	skb = make(test, 0, &packet);
	local_bh_disable();
	is_found(skb, &packet);
	svcnat_memo_slot(skb)->when = jiffies - 2;
	old = svcnat_memo_holds(skb, &init_net, false);
	svcnat_memo_forget(skb);
	local_bh_enable();
	kfree_skb(skb);
	KUNIT_EXPECT_FALSE(test, old);
}

/* Where softirqs run, they may be writing to it. */
static void it_is_for_softirqs(struct kunit *test)
{
	struct svcnat_packet packet;
	struct sk_buff *skb;
	bool found;

	skb = make(test, 0, &packet);
	preempt_disable();
	local_bh_disable();
	is_found(skb, &packet);
	local_bh_enable();
	svcnat_memo_slot(skb)->when = jiffies;
	found = svcnat_memo_holds(skb, &init_net, false);
	svcnat_memo_forget(skb);
	preempt_enable();
	kfree_skb(skb);
	KUNIT_EXPECT_FALSE(test, found);
}

static struct kunit_case memo_cases[] = {
	KUNIT_CASE(it_holds_for_what_it_was_written_of),
	KUNIT_CASE(it_says_whether_all_is_done),
	KUNIT_CASE(it_is_of_one_packet_and_one_netns),
	KUNIT_CASE(it_is_old_soon),
	KUNIT_CASE(it_is_for_softirqs),
	{}
};

static struct kunit_suite memo_suite = {
	.name = "svcnat_memo",
	.test_cases = memo_cases,
};

kunit_test_suite(memo_suite);
