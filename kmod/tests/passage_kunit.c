// SPDX-License-Identifier: GPL-2.0-only
/* What a packet of a flow goes through at a hook. */
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "../compat.h"
#include "../ipsec.h"
#include "flow_fixture.h"
#include "wire.h"

/* The routes that packets of the node's own are given anew, and policies */
static struct routes {
	unsigned int	asked[2];
	int		err;
	unsigned int	policies;
	int		policy;
} routes;

#define ip_route_me_harder(net, sk, skb, type) \
	(routes.asked[0]++, routes.err)
#define ip6_route_me_harder(net, sk, skb)	(routes.asked[1]++, routes.err)
/* There are no policies: the real ones would ask the packet's device. */
#define xfrm4_policy_check(sk, dir, skb)	true
#define xfrm6_policy_check(sk, dir, skb)	true
#define svcnat_ipsec_ask(skb, state)	(routes.policies++, routes.policy)
#include "../passage.c"

static const struct wire_shape linear = { .headroom = 64 };
static const struct wire_shape paged = { .layout = WIRE_FRAG, .headroom = 64 };

static struct wire wire;

/**
 * struct walk - a packet on its way
 * @sn: of the netns: the fixture's flows are its
 * @state: of the hook
 * @p: the packet
 * @spec: its flow
 */
struct walk {
	struct svcnat_net		sn;
	struct nf_hook_state		state;
	struct svcnat_passage		p;
	struct svcnat_flow_spec		spec;
};

static struct walk *walk;

static int walk_init(struct kunit *test)
{
	int err = svcnat_fixture_init(test);
	struct flow_fixture *fx = test->priv;

	memset(&routes, 0, sizeof(routes));
	walk = kunit_kzalloc(test, sizeof(*walk), GFP_KERNEL);
	if (err || !walk)
		return err ?: -ENOMEM;
	/* The same bits as those of the fixture's flows */
	walk->sn.filter = fx->filter;
	return 0;
}

/* Make flow @n of this shape, established. */
static void begin(struct kunit *test, u32 n, u8 proto, unsigned int shape)
{
	struct flow_fixture *fx = test->priv;

	svcnat_fixture_spec(fx, &walk->spec, n, proto);
	svcnat_fixture_shape(&walk->spec, shape);
	svcnat_fixture_begin(test, &walk->spec, true);
	/* To look flows up is all that is done with these. */
	walk->sn.flows = fx->flows;
	walk->sn.stats = fx->stats;
	walk->sn.net = &init_net;
}

static void set_tuple(struct wire *w, const struct svcnat_tuple *t)
{
	svcnat_wire_set_addr(w, 0, &t->src);
	svcnat_wire_set_addr(w, 1, &t->dst);
	svcnat_wire_set_port(w, 0, ntohs(t->sport));
	svcnat_wire_set_port(w, 1, ntohs(t->dport));
	svcnat_wire_sum(w);
}

/* Put a packet to the hook; its buffer is the caller's. */
static struct sk_buff *arrive_as(const struct wire_shape *shape,
				 unsigned int hook)
{
	struct sk_buff *skb = svcnat_wire_skb(&wire, shape);

	memset(&walk->p, 0, sizeof(walk->p));
	walk->state.hook = hook;
	walk->state.pf = wire.family;
	walk->state.net = &init_net;
	walk->p.sn = &walk->sn;
	walk->p.skb = skb;
	walk->p.state = &walk->state;
	return skb;
}

static struct sk_buff *arrive(unsigned int hook)
{
	return arrive_as(&linear, hook);
}

static bool parse(enum svcnat_parsed wanted)
{
	return svcnat_packet_parse(walk->p.skb, wire.family,
				   &walk->p.packet) == wanted;
}

static u64 stat(struct kunit *test, enum svcnat_stat id)
{
	return svcnat_fixture_stat(test->priv, id);
}

static u64 packets(const struct svcnat_account *account, unsigned int direction,
		   u64 *bytes)
{
	struct svcnat_sums sums = {};

	svcnat_account_sum(account, &sums);
	*bytes += sums.bytes[direction];
	return sums.packets[direction];
}

/* Let the packet that has @t here pass; gives the verdict. */
static unsigned int pass(struct kunit *test, const struct svcnat_tuple *t,
			 enum svcnat_stage stage, bool changes)
{
	const struct wire_head *head = &svcnat_wire_heads[t->family == AF_INET ?
							  1 : WIRE_IPV6];
	unsigned int verdict = NF_STOP;
	struct svcnat_hit hit;
	struct sk_buff *skb;

	svcnat_wire_make_as(&wire, head, t->proto, 11);
	set_tuple(&wire, t);
	skb = arrive_as(changes ? &paged : &linear, NF_INET_FORWARD);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	local_bh_disable();
	rcu_read_lock();
	if (parse(SVCNAT_PARSED) &&
	    svcnat_flow_find(&walk->sn.flows, t, stage, &hit)) {
		/* Its sender wrote to it after we had read it. */
		if (changes)
			svcnat_wire_page(skb)[walk->p.packet.l4] ^= 0x80;
		verdict = svcnat_passage_translate(&walk->p, &hit);
	}
	rcu_read_unlock();
	local_bh_enable();
	kfree_skb(skb);
	return verdict;
}

/* Once, where it first meets the flow, whatever the number of rewrites is */
static void packets_are_charged_once(struct kunit *test)
{
	struct svcnat_tuple at, half;
	u64 bytes, rx = 0, len = 0, sent[2] = {};
	unsigned int shape, i;

	for (shape = 0; shape < FIXTURE_SHAPES; shape++) {
		begin(test, 4 * shape, IPPROTO_TCP, shape);
		for (i = 0; i < 2; i++) {
			enum svcnat_stage stage;

			if (i)
				stage = svcnat_fixture_key(&walk->spec, 1, &at);
			else
				stage = svcnat_fixture_key(&walk->spec, 0, &at);
			KUNIT_EXPECT_EQ(test, pass(test, &at, stage, false),
					NF_ACCEPT);
			KUNIT_EXPECT_TRUE(test, walk->p.rewritten);
			KUNIT_EXPECT_FALSE(test, walk->p.counted);
			half = walk->p.packet.tuple;
			len += wire.len;
			if (walk->spec.masquerade) {
				KUNIT_EXPECT_EQ(test, NF_ACCEPT,
						pass(test, &half, SVCNAT_POST,
						     false));
				KUNIT_EXPECT_TRUE(test, walk->p.rewritten &&
						  walk->p.counted);
			}
			KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_RX), ++rx);
			sent[i]++;
			bytes = 0;
			KUNIT_EXPECT_EQ(test, sent[i],
					packets(walk->spec.endpoint, i, &bytes));
			KUNIT_EXPECT_EQ(test, sent[i],
					packets(walk->spec.frontend, i, &bytes));
			packets(walk->spec.frontend, !i, &bytes);
			packets(walk->spec.endpoint, !i, &bytes);
			KUNIT_EXPECT_EQ(test, bytes, 2 * len);
		}
	}
}

/* A direct flow has one account for both. */
static void direct_packets_are_charged_once(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	u64 bytes = 0;

	svcnat_fixture_spec(fx, &walk->spec, 1, IPPROTO_UDP);
	svcnat_fixture_shape(&walk->spec, FIXTURE_SHIFT);
	walk->spec.endpoint = &fx->flows.direct;
	walk->spec.frontend = &fx->flows.direct;
	svcnat_fixture_begin(test, &walk->spec, false);
	fx->direct++;
	walk->sn.flows = fx->flows;
	walk->sn.stats = fx->stats;
	KUNIT_EXPECT_EQ(test, pass(test, &walk->spec.tuple, SVCNAT_PRE, false),
			NF_ACCEPT);
	KUNIT_EXPECT_EQ(test, packets(&fx->flows.direct, 0, &bytes), 1);
	KUNIT_EXPECT_EQ(test, bytes, wire.len);
}

/* Each packet is a sign of life, at its first rewrite. */
static void packets_are_signs_of_life(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_view view;
	enum svcnat_stage stage;
	struct svcnat_tuple at;
	struct svcnat_hit hit;
	unsigned int i;

	begin(test, 3, IPPROTO_UDP, FIXTURE_MASQUERADE);
	for (i = 0; i < 4; i++) {
		stage = svcnat_fixture_key(&walk->spec, i, &at);
		svcnat_fixture_age(fx, &walk->spec, 0x1000000);
		pass(test, &at, stage, false);
		KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(fx,
							    &walk->spec.tuple,
							    SVCNAT_PRE, &hit));
		KUNIT_ASSERT_TRUE(test, svcnat_flow_view(&hit, &view));
		KUNIT_EXPECT_EQ(test, view.idle < 1000, i < 2);
	}
}

/* What is no more what it was is dropped, counted, and not charged. */
static void what_has_changed_is_dropped(struct kunit *test)
{
	enum svcnat_stage stage;
	struct svcnat_tuple at;
	u64 bytes = 0;
	unsigned int i;

	begin(test, 0, IPPROTO_TCP, FIXTURE_MASQUERADE);
	for (i = 0; i < 4; i++) {
		stage = svcnat_fixture_key(&walk->spec, i, &at);
		KUNIT_EXPECT_EQ(test, pass(test, &at, stage, true), NF_DROP);
		KUNIT_EXPECT_FALSE(test, walk->p.rewritten);
		KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_RX), i + 1);
		KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_DROP_MEMORY),
				i + 1);
		KUNIT_EXPECT_EQ(test, packets(walk->spec.endpoint, i & 1,
					      &bytes), 0);
	}
}

/* As at the hooks. */
static unsigned int settle(void)
{
	unsigned int verdict;

	local_bh_disable();
	rcu_read_lock();
	verdict = svcnat_passage_settle(&walk->p);
	rcu_read_unlock();
	local_bh_enable();
	return verdict;
}

static void node_packets_are_routed_again(struct kunit *test)
{
	static const u8 heads[] = { 0, WIRE_IPV6 };
	struct flow_fixture *fx = test->priv;
	unsigned int i, hook, verdict;
	u64 translated = 0;

	walk->sn.stats = fx->stats;
	walk->sn.net = &init_net;
	for (i = 0; i < 2 * NF_INET_NUMHOOKS; i++) {
		bool ipv6 = i & 1, out;

		hook = i / 2;
		out = hook == NF_INET_LOCAL_OUT;
		svcnat_wire_make_as(&wire, &svcnat_wire_heads[heads[ipv6]],
				    IPPROTO_TCP, 0);
		KUNIT_ASSERT_NOT_NULL(test, arrive(hook));
		walk->p.counted = hook == NF_INET_FORWARD;
		memset(&routes, 0, sizeof(routes));
		KUNIT_EXPECT_EQ(test, settle(), NF_ACCEPT);
		KUNIT_EXPECT_EQ(test, routes.asked[ipv6], out);
		KUNIT_EXPECT_EQ(test, routes.asked[!ipv6], 0);
		KUNIT_EXPECT_EQ(test, routes.policies,
				hook == NF_INET_POST_ROUTING);
		translated += hook != NF_INET_FORWARD;
		KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_TRANSLATED),
				translated);
		if (out) {
			routes.err = -EHOSTUNREACH;
			verdict = settle();
			KUNIT_EXPECT_EQ(test, verdict & NF_VERDICT_MASK,
					NF_DROP);
			KUNIT_EXPECT_EQ(test, -NF_DROP_GETERR((int)verdict),
					EHOSTUNREACH);
			KUNIT_EXPECT_EQ(test, 1 + ipv6,
					stat(test, SVCNAT_STAT_DROP_ROUTE));
		}
		if (routes.policies) {
			routes.policy = -EPERM;
			walk->p.counted = ipv6;
			verdict = settle();
			KUNIT_EXPECT_EQ(test, -NF_DROP_GETERR((int)verdict),
					EPERM);
			KUNIT_EXPECT_EQ(test, 1 + ipv6,
					stat(test, SVCNAT_STAT_DROP_POLICY));
			/* Else it was counted where it came in. */
			KUNIT_EXPECT_EQ(test, ipv6,
					stat(test, SVCNAT_STAT_RX));
		}
		kfree_skb(walk->p.skb);
	}
	KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_TRANSLATED), translated);
}

static unsigned int orphaned;

static void count_orphan(struct sk_buff *skb)
{
	orphaned++;
}

/* Early demux has found a socket by the old source. */
static void wrong_sockets_are_left(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct tcp_sock *sk;
	unsigned int hook, transparent;
	bool leaves;

	sk = kunit_kzalloc(test, sizeof(*sk), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sk);
	((struct sock *)sk)->sk_state = TCP_ESTABLISHED;
	walk->sn.stats = fx->stats;
	svcnat_wire_make(&wire, IPPROTO_TCP, 5, 0);
	for (hook = 0; hook < NF_INET_NUMHOOKS; hook++) {
		for (transparent = 0; transparent < 2; transparent++) {
			struct sk_buff *skb = arrive(hook);

			KUNIT_ASSERT_NOT_NULL(test, skb);
			((struct inet_sock *)sk)->transparent = transparent;
			skb->sk = (struct sock *)sk;
			skb->destructor = count_orphan;
			orphaned = 0;
			settle();
			leaves = hook == NF_INET_LOCAL_IN && !transparent;
			KUNIT_EXPECT_EQ(test, orphaned, leaves);
			KUNIT_EXPECT_EQ(test, !skb->sk, leaves);
			kfree_skb(skb);
		}
	}
}

static struct kunit_case passage_cases[] = {
	KUNIT_CASE(packets_are_charged_once),
	KUNIT_CASE(direct_packets_are_charged_once),
	KUNIT_CASE(packets_are_signs_of_life),
	KUNIT_CASE(what_has_changed_is_dropped),
	KUNIT_CASE(node_packets_are_routed_again),
	KUNIT_CASE(wrong_sockets_are_left),
	{}
};

static struct kunit_suite passage_suite = {
	.name = "svcnat_passage",
	.suite_init = svcnat_fixture_suite_init,
	.suite_exit = svcnat_fixture_suite_exit,
	.init = walk_init,
	.exit = svcnat_fixture_exit,
	.test_cases = passage_cases,
};

kunit_test_suite(passage_suite);
