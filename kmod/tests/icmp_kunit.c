// SPDX-License-Identifier: GPL-2.0-only
/* Errors about connections: which are ours, and what becomes of them. */
#include <linux/icmp.h>
#include <linux/icmpv6.h>

#include "flow_fixture.h"
#include "wire.h"

#include "../icmp.c"

static const struct wire_shape linear = { .headroom = 64 };
static const struct wire_shape paged = { .layout = WIRE_FRAG, .headroom = 64 };

static struct wire quoted, wire;

/**
 * struct report - an error on its way
 * @sn: of the netns: the fixture's flows are its
 * @state: of the hook
 * @p: the error
 * @spec: the flow that it is about
 * @quoted: what it quotes
 */
struct report {
	struct svcnat_net		sn;
	struct nf_hook_state		state;
	struct svcnat_passage		p;
	struct svcnat_flow_spec		spec;
	struct svcnat_tuple		quoted;
};

static struct report *report;

static int report_init(struct kunit *test)
{
	int err = svcnat_fixture_init(test);

	report = kunit_kzalloc(test, sizeof(*report), GFP_KERNEL);
	return err ?: report ? 0 : -ENOMEM;
}

/* Make flow @n of this shape, established. */
static void begin(struct kunit *test, u32 n, u8 proto, unsigned int shape)
{
	struct flow_fixture *fx = test->priv;

	svcnat_fixture_spec(fx, &report->spec, n, proto);
	svcnat_fixture_shape(&report->spec, shape);
	svcnat_fixture_begin(test, &report->spec, true);
	/* To look flows up is all that is done with these. */
	report->sn.flows = fx->flows;
	report->sn.stats = fx->stats;
	report->sn.net = &init_net;
}

/*
 * Make @wire an error about a packet that the answer with key @i would meet on
 * its way; gives the stage of that key.
 */
static enum svcnat_stage make(unsigned int i)
{
	struct svcnat_tuple *q = &report->quoted;
	const struct wire_head *head;
	enum svcnat_stage stage;
	struct svcnat_tuple key;

	stage = svcnat_fixture_key(&report->spec, i, &key);
	svcnat_tuple_reverse(q, &key);
	head = &svcnat_wire_heads[q->family == AF_INET ? 2 : WIRE_IPV6];
	svcnat_wire_make_as(&quoted, head, q->proto, 9);
	svcnat_wire_set_addr(&quoted, 0, &q->src);
	svcnat_wire_set_addr(&quoted, 1, &q->dst);
	svcnat_wire_set_port(&quoted, 0, ntohs(q->sport));
	svcnat_wire_set_port(&quoted, 1, ntohs(q->dport));
	svcnat_wire_sum(&quoted);
	svcnat_wire_make_error(&wire, head, q->family == AF_INET ?
			       ICMP_DEST_UNREACH : ICMPV6_PKT_TOOBIG, &quoted,
			       quoted.len);
	return stage;
}

/* Put @wire to the hook; its buffer is the caller's. */
static unsigned int tell(struct kunit *test, enum svcnat_stage stage,
			 bool changes, struct sk_buff **skb)
{
	struct svcnat_passage *p = &report->p;
	unsigned int verdict = NF_STOP;

	*skb = svcnat_wire_skb(&wire, changes ? &paged : &linear);
	KUNIT_ASSERT_NOT_NULL(test, *skb);
	memset(p, 0, sizeof(*p));
	p->sn = &report->sn;
	p->skb = *skb;
	p->state = &report->state;
	local_bh_disable();
	rcu_read_lock();
	if (svcnat_packet_parse(*skb, wire.family, &p->packet) ==
	    SVCNAT_PARSED_ERROR) {
		/* Behind the back of what was summed up: in its quote. */
		if (changes) {
			svcnat_wire_page(*skb)[p->packet.quote.l4] ^= 1;
			(*skb)->ip_summed = CHECKSUM_UNNECESSARY;
		}
		verdict = svcnat_icmp_error(p, stage);
	}
	rcu_read_unlock();
	local_bh_enable();
	return verdict;
}

/* It passes, and nothing was done to it. */
static void left_alone(struct kunit *test, enum svcnat_stage stage)
{
	struct sk_buff *skb;
	bool same;

	KUNIT_EXPECT_EQ(test, tell(test, stage, false, &skb), NF_ACCEPT);
	same = svcnat_wire_same(&wire, skb);
	kfree_skb(skb);
	KUNIT_EXPECT_TRUE(test, same);
	KUNIT_EXPECT_FALSE(test, report->p.rewritten);
}

static u64 stat(struct kunit *test, enum svcnat_stat id)
{
	return svcnat_fixture_stat(test->priv, id);
}

/* What an answer with key @i becomes, the other way round */
static void rewritten(struct kunit *test, unsigned int i,
		      struct svcnat_tuple *becomes)
{
	struct svcnat_hit hit = {};
	enum svcnat_stage stage;
	struct svcnat_tuple t;

	stage = svcnat_fixture_key(&report->spec, i, &t);
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(test->priv, &t, stage,
						    &hit));
	if (hit.rewrite.side == SVCNAT_SOURCE) {
		t.src = hit.rewrite.addr;
		t.sport = hit.rewrite.port;
		t.dport = hit.rewrite.other_port;
	} else {
		t.dst = hit.rewrite.addr;
		t.dport = hit.rewrite.port;
		t.sport = hit.rewrite.other_port;
	}
	svcnat_tuple_reverse(becomes, &t);
}

/* An error about key @i becomes one about what that key becomes. */
static void is_rewritten(struct kunit *test, unsigned int i)
{
	enum svcnat_stage stage = make(i);
	struct svcnat_tuple becomes;
	struct svcnat_packet again;
	struct sk_buff *skb;
	bool right;

	rewritten(test, i, &becomes);
	KUNIT_EXPECT_EQ(test, tell(test, stage, false, &skb), NF_ACCEPT);
	right = svcnat_packet_parse(skb, wire.family, &again) ==
		SVCNAT_PARSED_ERROR && svcnat_packet_error_sound(skb, &again) &&
		!memcmp(&again.quote.tuple, &becomes,
			offsetofend(struct svcnat_tuple, proto)) &&
		!memcmp(&again.tuple.dst, &becomes.src, sizeof(becomes.src)) &&
		!memcmp(&again.tuple.src, &becomes.dst, sizeof(becomes.dst));
	kfree_skb(skb);
	KUNIT_EXPECT_TRUE_MSG(test, right, "key %u", i);
	KUNIT_EXPECT_TRUE(test, report->p.rewritten);
	KUNIT_EXPECT_FALSE(test, report->p.counted);
}

static void errors_follow_their_flow(struct kunit *test)
{
	unsigned int shape, i;
	u64 told = 0;

	for (shape = 0; shape < FIXTURE_SHAPES; shape++) {
		begin(test, shape, shape & 1 ? IPPROTO_UDP : IPPROTO_TCP,
		      shape);
		for (i = 0; i < (report->spec.masquerade ? 4 : 2); i++) {
			is_rewritten(test, i);
			told++;
			KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_RX), told);
			KUNIT_EXPECT_EQ(test, told,
					stat(test, SVCNAT_STAT_ICMP_ERROR));
		}
	}
	KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_ICMP_ODD), 0);
}

/* They make, refresh and end nothing, and nobody pays for them. */
static void errors_are_no_sign_of_life(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_sums sums = {};
	struct svcnat_hit before, after;
	unsigned int i;

	begin(test, 1, IPPROTO_UDP, FIXTURE_MASQUERADE);
	svcnat_fixture_age(fx, &report->spec, 0x1000);
	for (i = 0; i < 4; i++) {
		svcnat_fixture_find(fx, &report->spec.tuple, SVCNAT_PRE,
				    &before);
		is_rewritten(test, i);
		svcnat_fixture_find(fx, &report->spec.tuple, SVCNAT_PRE,
				    &after);
		KUNIT_EXPECT_EQ(test, before.word, after.word);
		svcnat_fixture_reply(fx, &report->spec, &after);
		KUNIT_EXPECT_EQ(test, svcnat_word_stamp(before.word),
				svcnat_word_stamp(after.word));
	}
	svcnat_account_sum(report->spec.endpoint, &sums);
	svcnat_account_sum(report->spec.frontend, &sums);
	KUNIT_EXPECT_EQ(test, sums.packets[0] + sums.packets[1], 0);
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), 1);
}

/* About nothing that we know, or not there, or not told to who has sent it */
static void other_errors_are_left_alone(struct kunit *test)
{
	union nf_inet_addr addr;
	enum svcnat_stage stage;
	unsigned int ipv6, i;

	for (ipv6 = 0; ipv6 < 2; ipv6++) {
		begin(test, ipv6, IPPROTO_TCP, ipv6 ? FIXTURE_IPV6 : 0);
		for (i = 0; i < 2; i++) {
			stage = make(i);
			left_alone(test, !stage);
			svcnat_wire_get_addr(&wire, 1, &addr);
			addr.ip6[ipv6 ? 3 : 0] ^= htonl(1);
			svcnat_wire_set_addr(&wire, 1, &addr);
			svcnat_wire_sum(&wire);
			left_alone(test, stage);
			stage = make(i);
			wire.bytes[wire.l4 + 8 + quoted.l4 + 1] ^= 1;
			svcnat_wire_sum(&wire);
			left_alone(test, stage);
		}
	}
	KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_RX), 0);
	KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_ICMP_ODD), 0);
	KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_ICMP_ERROR), 0);
}

/* Updated, a wrong checksum would stay wrong; whoever gets it will say so. */
static void damaged_errors_are_left_alone(struct kunit *test)
{
	enum svcnat_stage stage;
	unsigned int ipv6;

	for (ipv6 = 0; ipv6 < 2; ipv6++) {
		begin(test, ipv6, IPPROTO_TCP, ipv6 ? FIXTURE_IPV6 : 0);
		stage = make(1);
		wire.bytes[wire.len - 1] ^= 1;
		left_alone(test, stage);
		KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_ICMP_ODD),
				1 + ipv6);
	}
	KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_RX), 0);
	KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_ICMP_ERROR), 0);
}

static void what_has_changed_is_dropped(struct kunit *test)
{
	enum svcnat_stage stage;
	struct sk_buff *skb;

	begin(test, 1, IPPROTO_UDP, FIXTURE_IPV6);
	stage = make(0);
	KUNIT_EXPECT_EQ(test, tell(test, stage, true, &skb), NF_DROP);
	kfree_skb(skb);
	KUNIT_EXPECT_FALSE(test, report->p.rewritten);
	KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_RX), 1);
	KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_DROP_MEMORY), 1);
	KUNIT_EXPECT_EQ(test, stat(test, SVCNAT_STAT_ICMP_ERROR), 0);
}

static struct kunit_case icmp_cases[] = {
	KUNIT_CASE(errors_follow_their_flow),
	KUNIT_CASE(errors_are_no_sign_of_life),
	KUNIT_CASE(other_errors_are_left_alone),
	KUNIT_CASE(damaged_errors_are_left_alone),
	KUNIT_CASE(what_has_changed_is_dropped),
	{}
};

static struct kunit_suite icmp_suite = {
	.name = "svcnat_icmp",
	.suite_init = svcnat_fixture_suite_init,
	.suite_exit = svcnat_fixture_suite_exit,
	.init = report_init,
	.exit = svcnat_fixture_exit,
	.test_cases = icmp_cases,
};

kunit_test_suite(icmp_suite);
