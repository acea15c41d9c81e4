// SPDX-License-Identifier: GPL-2.0-only
/* Answers of our own: to whom, how many, and what an echo reply looks like. */
#include <kunit/test.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/net_namespace.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_reject.h>
#include <net/route.h>

#include "../compat.h"
#include "wire.h"

#define HOPS	77	/* what a route to the client says */
#define MASTER	9	/* of the device that the request came by */

/* What leaves the node, and the route that it took */
static struct sent {
	unsigned int	resets[2];
	unsigned int	unreachable[2];
	int		code;
	int		hook;
	struct sk_buff	*echo;
	bool		no_route;
	struct flowi4	fl4;
	struct flowi6	fl6;
	int		routes;
	struct rt6_info	rt6;
} sent;

static void send_reset(unsigned int family, int hook)
{
	sent.resets[family]++;
	sent.hook = hook;
}

static void send_unreachable(unsigned int family, int code, int hook)
{
	sent.unreachable[family]++;
	sent.code = code;
	sent.hook = hook;
}

static struct rtable *route4(const struct flowi4 *fl4)
{
	sent.fl4 = *fl4;
	if (sent.no_route)
		return ERR_PTR(-ENETUNREACH);
	sent.routes++;
	return (struct rtable *)&sent.rt6;
}

static struct dst_entry *route6(const struct flowi6 *fl6)
{
	sent.fl6 = *fl6;
	sent.rt6.dst.error = sent.no_route ? -ENETUNREACH : 0;
	sent.routes++;
	return &sent.rt6.dst;
}

#define nf_send_reset(net, sk, skb, hook)	send_reset(0, hook)
#define nf_send_reset6(net, sk, skb, hook)	send_reset(1, hook)
#define nf_send_unreach(skb, code, hook)	send_unreachable(0, code, hook)
#define nf_send_unreach6(net, skb, code, hook)	send_unreachable(1, code, hook)
#define ip_route_output_key(net, fl4)		route4(fl4)
#define ip6_route_output(net, sk, fl6)		route6(fl6)
#define dst_release(dst)			((void)(dst), (void)sent.routes--)
#define skb_dst_set(skb, dst)			((void)(dst), (void)sent.routes--)
#define l3mdev_master_ifindex_rcu(dev)		((void)(dev), MASTER)
#define dst_mtu(dst)				((void)(dst), 1500U)
#define ip4_dst_hoplimit(dst)			HOPS
#define ip6_dst_hoplimit(dst)			HOPS
#define ip_local_out(net, sk, skb)		(sent.echo = (skb))
#define ip6_local_out(net, sk, skb)		(sent.echo = (skb))
#include "../reject.c"

static const struct wire_shape linear = { .headroom = 64 };
static const u8 heads[] = { 0, 4, WIRE_IPV6, WIRE_CHAIN };

static struct svcnat_reject reject;
static struct wire wire, right;

static int reject_init(struct kunit *test)
{
	memset(&sent, 0, sizeof(sent));
	svcnat_reject_init(&reject);
	return 0;
}

/* So many, until the clock ticks: then there would be more. */
static unsigned int takes(struct svcnat_bucket *bucket, u32 tokens,
			  unsigned long age)
{
	unsigned int i, n;
	unsigned long now;

	do {
		now = jiffies;
		bucket->tokens = tokens;
		bucket->stamp = now - age;
		for (i = 0, n = 0; i < 3 * BURST; i++)
			n += take(bucket);
	} while (time_after(jiffies, now));
	return n;
}

static void a_bucket_fills_with_time(struct kunit *test)
{
	struct svcnat_bucket *bucket = &reject.opening;

	KUNIT_EXPECT_EQ(test, bucket->tokens, BURST);
	KUNIT_EXPECT_EQ(test, takes(bucket, BURST, 0), BURST);
	KUNIT_EXPECT_EQ(test, takes(bucket, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, takes(bucket, 7, 1), 7 + RATE / HZ);
	KUNIT_EXPECT_EQ(test, takes(bucket, 0, 2), 2 * RATE / HZ);
	/* No more than at once, however long nobody asked */
	KUNIT_EXPECT_EQ(test, takes(bucket, 1, HZ), BURST);
	KUNIT_EXPECT_EQ(test, takes(bucket, 0, 100 * HZ), BURST);
	KUNIT_EXPECT_EQ(test, takes(bucket, 0, ULONG_MAX / 2), BURST);
	if (BITS_PER_LONG == 64)	/* what 32 bits cannot hold */
		KUNIT_EXPECT_EQ(test, BURST,
				takes(bucket, 0, DIV_ROUND_UP(1ULL << 32,
							      RATE / HZ)));
	/* Somebody else is at it: that one may have the answer. */
	if (!IS_ENABLED(CONFIG_SMP))
		return;
	bucket->tokens = BURST;
	spin_lock(&bucket->lock);
	KUNIT_EXPECT_FALSE(test, take(bucket));
	spin_unlock(&bucket->lock);
	KUNIT_EXPECT_TRUE(test, take(bucket));
}

static void make(unsigned int head, u8 proto, u8 tcp)
{
	svcnat_wire_make_as(&wire, &svcnat_wire_heads[head], proto, 10);
	if (proto == IPPROTO_TCP)
		wire.bytes[wire.l4 + 13] = tcp;
}

/* Send @wire to be refused at this hook; gives whether that was allowed. */
static bool refuse(struct kunit *test, unsigned int hook, u8 pkt_type)
{
	const struct nf_hook_state state = { .hook = hook, .net = &init_net };
	struct svcnat_packet packet;
	struct sk_buff *skb;
	bool done;

	skb = svcnat_wire_skb(&wire, &linear);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb->pkt_type = pkt_type;
	svcnat_packet_parse(skb, wire.family, &packet);
	local_bh_disable();
	done = svcnat_reject_send(&reject, skb, &packet, &state);
	local_bh_enable();
	kfree_skb(skb);
	return done;
}

static unsigned int answers(void)
{
	return sent.resets[0] + sent.resets[1] + sent.unreachable[0] +
	       sent.unreachable[1];
}

static void the_answer_is_that_of_the_protocol(struct kunit *test)
{
	static const int hooks[] = { NF_INET_PRE_ROUTING, NF_INET_LOCAL_OUT };
	unsigned int i, f;

	for (i = 0; i < 2 * ARRAY_SIZE(heads); i++) {
		const int hook = hooks[i & 1];

		f = svcnat_wire_heads[heads[i / 2]].family != AF_INET;
		reject_init(test);
		make(heads[i / 2], IPPROTO_TCP, SVCNAT_TCP_SYN);
		KUNIT_EXPECT_TRUE(test, refuse(test, hook, PACKET_HOST));
		KUNIT_EXPECT_EQ(test, sent.resets[f], 1);
		KUNIT_EXPECT_EQ(test, answers(), 1);
		KUNIT_EXPECT_EQ(test, sent.hook, hook);
		make(heads[i / 2], IPPROTO_UDP, 0);
		KUNIT_EXPECT_TRUE(test, refuse(test, hook, PACKET_HOST));
		KUNIT_EXPECT_EQ(test, sent.unreachable[f], 1);
		KUNIT_EXPECT_EQ(test, answers(), 2);
		KUNIT_EXPECT_EQ(test, sent.code, f ? ICMPV6_PORT_UNREACH :
						     ICMP_PORT_UNREACH);
		KUNIT_EXPECT_EQ(test, sent.hook, hook);
	}
}

static void from_nobody(struct kunit *test, unsigned int head)
{
	static const u8 sources[][4] = { { 0, 0, 0, 0 }, { 127, 1, 2, 3 } };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		make(head, IPPROTO_UDP, 0);
		if (wire.family != AF_INET)
			return;
		memcpy(wire.bytes + 12, sources[i], sizeof(sources[i]));
		KUNIT_EXPECT_TRUE(test, refuse(test, NF_INET_PRE_ROUTING,
					       PACKET_HOST));
	}
}

static void some_get_no_answer(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		reject_init(test);
		reject.opening.tokens = 0;
		make(heads[i], IPPROTO_TCP, SVCNAT_TCP_RST);
		KUNIT_EXPECT_TRUE(test, refuse(test, NF_INET_PRE_ROUTING,
					       PACKET_HOST));
		make(heads[i], IPPROTO_TCP, SVCNAT_TCP_RST | SVCNAT_TCP_ACK);
		KUNIT_EXPECT_TRUE(test, refuse(test, NF_INET_LOCAL_OUT,
					       PACKET_HOST));
		make(heads[i], IPPROTO_UDP, 0);
		KUNIT_EXPECT_TRUE(test, refuse(test, NF_INET_PRE_ROUTING,
					       PACKET_BROADCAST));
		KUNIT_EXPECT_TRUE(test, refuse(test, NF_INET_PRE_ROUTING,
					       PACKET_MULTICAST));
		KUNIT_EXPECT_TRUE(test, refuse(test, NF_INET_PRE_ROUTING,
					       PACKET_OTHERHOST));
		from_nobody(test, heads[i]);
		KUNIT_EXPECT_EQ(test, answers(), 0);
		/* What the node sends has no type yet. */
		reject_init(test);
		KUNIT_EXPECT_TRUE(test, refuse(test, NF_INET_LOCAL_OUT,
					       PACKET_OUTGOING));
		KUNIT_EXPECT_EQ(test, answers(), 1);
	}
}

/* A flood of strays leaves those who begin something their answers. */
static void limits_are_apart(struct kunit *test)
{
	static const struct {
		u8	proto;
		u8	tcp;
		bool	opens;
	} cases[] = {
		{ IPPROTO_TCP, SVCNAT_TCP_SYN, true },
		{ IPPROTO_TCP, SVCNAT_TCP_ACK, false },
		{ IPPROTO_TCP, SVCNAT_TCP_SYN | SVCNAT_TCP_ACK, false },
		{ IPPROTO_UDP, 0, true },
	};
	unsigned int i, which;
	unsigned long now;
	bool done;

	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		which = i & 1;
		make(0, cases[i / 2].proto, cases[i / 2].tcp);
		do {
			reject_init(test);
			now = jiffies;
			(which ? &reject.opening : &reject.stray)->tokens = 0;
			reject.opening.stamp = now;
			reject.stray.stamp = now;
			reject.echo.tokens = 0;
			done = refuse(test, NF_INET_PRE_ROUTING, PACKET_HOST);
		} while (time_after(jiffies, now));
		KUNIT_EXPECT_EQ(test, done, which != cases[i / 2].opens);
		KUNIT_EXPECT_EQ(test, answers(), done);
	}
}

/* An echo request with its checksum off by so much, and the right reply to it */
static void make_echo(unsigned int head, u16 error)
{
	const struct wire_head *h = &svcnat_wire_heads[head];
	union nf_inet_addr src, dst;

	svcnat_wire_make_as(&right, h, IPPROTO_UDP, 33);
	svcnat_wire_make_error(&wire, h, h->family == AF_INET ? ICMP_ECHO :
			       ICMPV6_ECHO_REQUEST, &right, right.len);
	wire.bytes[wire.l4 + 1] = 0;
	if (h->family == AF_INET)
		put_unaligned_be16(0x4000, wire.bytes + 6);
	svcnat_wire_sum(&wire);
	right = wire;
	svcnat_wire_get_addr(&wire, 0, &src);
	svcnat_wire_get_addr(&wire, 1, &dst);
	svcnat_wire_set_addr(&right, 0, &dst);
	svcnat_wire_set_addr(&right, 1, &src);
	right.bytes[wire.l4] = h->family == AF_INET ? ICMP_ECHOREPLY :
						      ICMPV6_ECHO_REPLY;
	right.bytes[h->family == AF_INET ? 8 : 7] = HOPS;
	if (h->family == AF_INET)
		put_unaligned_be16(0, right.bytes + 6);
	svcnat_wire_sum(&right);
	svcnat_wire_set_sum(&right, svcnat_wire_add(svcnat_wire_get_sum(&right),
						    error));
	svcnat_wire_set_sum(&wire, svcnat_wire_add(svcnat_wire_get_sum(&wire),
						   error));
}

/* Whoever sends it completes the header of IPv4. */
static bool is_right(const struct sk_buff *skb)
{
	static struct wire got;

	got = right;
	if (skb->len != right.len || skb->ip_summed != CHECKSUM_NONE ||
	    skb_copy_bits(skb, 0, got.bytes, got.len))
		return false;
	if (right.family == AF_INET)
		memcpy(got.bytes + 10, right.bytes + 10, 2);
	return !memcmp(got.bytes, right.bytes, right.len);
}

/* Send @wire to be answered; gives what was wrong, or NULL. */
static const char *echo_type(unsigned int hook, u8 summed, bool allowed,
			     u8 pkt_type, u16 gso_size)
{
	const struct nf_hook_state state = {
		.hook = hook, .net = &init_net,
		.in = hook == NF_INET_LOCAL_OUT ? NULL : (void *)&sent,
	};
	struct wire_shape shape = { .layout = WIRE_FRAG, .split = 40 };
	const char *flaw = NULL;
	struct svcnat_packet packet;
	struct sk_buff *skb;

	if (summed == CHECKSUM_PARTIAL)
		svcnat_wire_set_sum(&wire, svcnat_wire_pseudo(&wire));
	skb = svcnat_wire_skb(&wire, &shape);
	if (!skb)
		return "no memory";
	skb->ip_summed = summed;
	skb->pkt_type = pkt_type;
	skb->mark = 0x99;
	if (summed == CHECKSUM_PARTIAL) {
		skb->csum_start = skb_headroom(skb) + wire.l4;
		skb->csum_offset = 2;
	}
	skb_shinfo(skb)->gso_size = gso_size;
	sent.echo = NULL;
	if (svcnat_packet_parse(skb, wire.family, &packet) !=
	    SVCNAT_PARSED_ECHO)
		flaw = "not parsed";
	local_bh_disable();
	if (svcnat_reject_echo(&reject, skb, &packet, &state) != allowed)
		flaw = "allowed or not";
	local_bh_enable();
	if (!svcnat_wire_same(&wire, skb) || skb->ip_summed != summed)
		flaw = "the request has changed";
	else if (sent.routes)
		flaw = "a route is held";
	else if (sent.echo && !is_right(sent.echo))
		flaw = "a wrong reply";
	kfree_skb(sent.echo);
	kfree_skb(skb);
	return flaw;
}

static const char *echo(unsigned int hook, u8 summed, bool allowed)
{
	return echo_type(hook, summed, allowed, PACKET_HOST, 0);
}

static void echoes_go_back(struct kunit *test)
{
	static const u8 summed[] = {
		CHECKSUM_NONE, CHECKSUM_UNNECESSARY, CHECKSUM_COMPLETE,
		CHECKSUM_PARTIAL,
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		for (j = 0; j < ARRAY_SIZE(summed); j++) {
			union nf_inet_addr src, dst;

			reject_init(test);
			/* A wrong one stays wrong, unless it is yet to be made. */
			make_echo(heads[i], j == 0 ? 0x0100 : 0);
			KUNIT_EXPECT_NULL(test, echo(NF_INET_PRE_ROUTING,
						     summed[j], true));
			KUNIT_EXPECT_NOT_NULL(test, sent.echo);
			svcnat_wire_get_addr(&right, 0, &src);
			svcnat_wire_get_addr(&right, 1, &dst);
			if (wire.family == AF_INET) {
				KUNIT_EXPECT_TRUE(test, sent.fl4.saddr == src.ip &&
						  sent.fl4.daddr == dst.ip);
				KUNIT_EXPECT_EQ(test, sent.fl4.flowi4_mark, 0x99);
				KUNIT_EXPECT_EQ(test, sent.fl4.flowi4_oif, MASTER);
				KUNIT_EXPECT_TRUE(test, sent.fl4.flowi4_flags &
						  FLOWI_FLAG_ANYSRC);
				continue;
			}
			KUNIT_EXPECT_EQ(test, 0, memcmp(&sent.fl6.saddr, &src,
							sizeof(src)));
			KUNIT_EXPECT_EQ(test, 0, memcmp(&sent.fl6.daddr, &dst,
							sizeof(dst)));
			KUNIT_EXPECT_EQ(test, sent.fl6.flowi6_mark, 0x99);
			KUNIT_EXPECT_EQ(test, sent.fl6.flowi6_oif, MASTER);
		}
	}
}

static void some_echoes_do_not(struct kunit *test)
{
	unsigned long now;
	const char *flaw;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		reject_init(test);
		make_echo(heads[i], 0);
		sent.no_route = true;
		KUNIT_EXPECT_NULL(test, echo(NF_INET_PRE_ROUTING, 0, true));
		KUNIT_EXPECT_NULL(test, sent.echo);
		sent.no_route = false;
		KUNIT_EXPECT_NULL(test, echo_type(NF_INET_PRE_ROUTING, 0, true,
						  PACKET_BROADCAST, 0));
		KUNIT_EXPECT_NULL(test, sent.echo);
		/* A device would warn of it: nobody segments ICMP. */
		make_echo(heads[i], 0);
		reject.echo.tokens = 1000;
		KUNIT_EXPECT_NULL(test, echo_type(NF_INET_PRE_ROUTING,
						  CHECKSUM_PARTIAL, true,
						  PACKET_HOST, 8));
		KUNIT_EXPECT_NULL(test, sent.echo);
		KUNIT_EXPECT_EQ(test, reject.echo.tokens, 1000);
		make_echo(heads[i], 0);
		/* Of the limit of echoes, and of no other */
		do {
			now = jiffies;
			reject.echo.tokens = 0;
			reject.echo.stamp = now;
			flaw = echo(NF_INET_LOCAL_OUT, 0, false);
		} while (time_after(jiffies, now));
		KUNIT_EXPECT_NULL(test, flaw);
		KUNIT_EXPECT_NULL(test, sent.echo);
		reject.opening.tokens = 0;
		reject.stray.tokens = 0;
		reject.echo.tokens = 1;
		KUNIT_EXPECT_NULL(test, echo(NF_INET_LOCAL_OUT, 0, true));
		KUNIT_EXPECT_NOT_NULL(test, sent.echo);
		KUNIT_EXPECT_EQ(test, sent.fl4.flowi4_oif, 0);
		KUNIT_EXPECT_EQ(test, sent.fl6.flowi6_oif, 0);
	}
}

static struct kunit_case reject_cases[] = {
	KUNIT_CASE(a_bucket_fills_with_time),
	KUNIT_CASE(the_answer_is_that_of_the_protocol),
	KUNIT_CASE(some_get_no_answer),
	KUNIT_CASE(limits_are_apart),
	KUNIT_CASE(echoes_go_back),
	KUNIT_CASE(some_echoes_do_not),
	{}
};

static struct kunit_suite reject_suite = {
	.name = "svcnat_reject",
	.init = reject_init,
	.test_cases = reject_cases,
};

kunit_test_suite(reject_suite);
