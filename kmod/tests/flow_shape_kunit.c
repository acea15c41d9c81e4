// SPDX-License-Identifier: GPL-2.0-only
/* Flows of all shapes: both families, shifted, masqueraded, direct. */
#include "flow_fixture.h"

#define S	SVCNAT_TCP_SYN
#define A	SVCNAT_TCP_ACK
#define F	SVCNAT_TCP_FIN
#define R	SVCNAT_TCP_RST

#define state_of	svcnat_fixture_state

static void shaped(struct flow_fixture *fx, struct svcnat_flow_spec *spec,
		   u32 n, u8 proto, unsigned int shape)
{
	svcnat_fixture_spec(fx, spec, n, proto);
	svcnat_fixture_shape(spec, shape);
}

static void packets_are_rewritten_both_ways(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	const unsigned int n = 2 * FIXTURE_SHAPES;
	struct svcnat_flow_spec spec;
	unsigned int i;

	for (i = 0; i < 2 * n; i++) {
		shaped(fx, &spec, i % n, i & 8 ? IPPROTO_UDP : IPPROTO_TCP,
		       i % FIXTURE_SHAPES);
		if (i < n) {
			KUNIT_EXPECT_TRUE(test, svcnat_fixture_gone(fx, &spec));
			svcnat_fixture_begin(test, &spec, true);
		}
		KUNIT_EXPECT_TRUE_MSG(test, svcnat_fixture_has(fx, &spec),
				      "flow %u", i);
	}
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), n);
}

/* Found by any of its keys, a flow goes with all of them. */
static void all_keys_go_together(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec, other;
	enum svcnat_stage stage;
	struct svcnat_tuple t;
	struct svcnat_hit hit;
	unsigned int i, ipv6;

	for (i = 0; i < 8; i++) {
		ipv6 = i & 4 ? FIXTURE_IPV6 : 0;
		shaped(fx, &spec, i, IPPROTO_TCP, FIXTURE_MASQUERADE | ipv6);
		shaped(fx, &other, 100 + i, IPPROTO_TCP,
		       FIXTURE_MASQUERADE | ipv6);
		svcnat_fixture_begin(test, &spec, true);
		svcnat_fixture_begin(test, &other, true);
		stage = svcnat_fixture_key(&spec, i & 3, &t);
		KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(fx, &t, stage,
							    &hit));
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_kill(fx, &hit));
		KUNIT_EXPECT_FALSE(test, svcnat_fixture_kill(fx, &hit));
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_gone(fx, &spec));
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &other));
	}
}

/* What one flow left behind in its memory is nobody's. */
static void memory_is_used_again_for_another(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec, next;
	struct svcnat_hit old, now;
	unsigned int shape;
	u32 n, again = 0;

	for (shape = 0; shape < FIXTURE_SHAPES; shape++) {
		shaped(fx, &spec, shape, IPPROTO_UDP, shape);
		svcnat_fixture_begin(test, &spec, true);
		KUNIT_ASSERT_TRUE(test, svcnat_fixture_reply(fx, &spec, &old));
		KUNIT_ASSERT_TRUE(test, svcnat_fixture_kill(fx, &old));
		for (n = 0; n < 300; n++) {
			shaped(fx, &next, 1000 * (shape + 1) + n, IPPROTO_UDP,
			       shape);
			svcnat_fixture_begin(test, &next, true);
			KUNIT_ASSERT_TRUE(test, svcnat_fixture_reply(fx, &next,
								     &now));
			if (now.line == old.line)
				break;
		}
		again += now.line == old.line;
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_gone(fx, &spec));
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &next));
		KUNIT_EXPECT_FALSE(test, svcnat_fixture_kill(fx, &old));
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &next));
	}
	if (!again)
		kunit_skip(test, "no memory was used again");
}

static void packets_of_both_sides_count(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit;
	unsigned int shape;
	u64 word;

	for (shape = 0; shape < FIXTURE_SHAPES; shape++) {
		shaped(fx, &spec, shape, IPPROTO_TCP, shape);
		svcnat_fixture_begin(test, &spec, false);
		KUNIT_EXPECT_EQ(test, state_of(fx, &spec),
				SVCNAT_FLOW_SYN_SENT);
		svcnat_fixture_packet(fx, &spec, SVCNAT_REPLY, S | A, false);
		KUNIT_EXPECT_EQ(test, state_of(fx, &spec),
				SVCNAT_FLOW_SYN_RECV);
		svcnat_fixture_packet(fx, &spec, SVCNAT_REQUEST, A, true);
		KUNIT_EXPECT_EQ(test, state_of(fx, &spec),
				SVCNAT_FLOW_ESTABLISHED);
		svcnat_fixture_packet(fx, &spec, SVCNAT_REPLY, R, false);
		KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_CLOSED);
		svcnat_fixture_packet(fx, &spec, SVCNAT_REQUEST, A, true);
		KUNIT_EXPECT_EQ(test, state_of(fx, &spec),
				SVCNAT_FLOW_ESTABLISHED);
		/* What is written is the packet's own line. */
		KUNIT_ASSERT_TRUE(test, svcnat_fixture_reply(fx, &spec, &hit));
		svcnat_fixture_packet(fx, &spec, SVCNAT_REQUEST, F | A, false);
		word = atomic64_read(&hit.line->word);
		KUNIT_EXPECT_EQ(test, word, hit.word);
	}
}

static void either_side_keeps_a_flow(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	unsigned int shape, i;

	for (shape = 0; shape < FIXTURE_SHAPES; shape++) {
		shaped(fx, &spec, shape, IPPROTO_UDP, shape);
		svcnat_fixture_begin(test, &spec, true);
		for (i = 0; i < SVCNAT_DIRECTIONS; i++) {
			svcnat_fixture_age(fx, &spec, 0x70000000);
			svcnat_fixture_packet(fx, &spec, i, 0, true);
			svcnat_fixture_upkeep(fx);
			KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
		}
		svcnat_fixture_age(fx, &spec, 0x70000000);
		svcnat_fixture_upkeep(fx);
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_gone(fx, &spec));
	}
	KUNIT_EXPECT_EQ(test, svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_EXPIRED),
			FIXTURE_SHAPES);
}

static void a_view_tells_what_the_endpoint_sees(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_flow_view view;
	struct svcnat_tuple answer;
	struct svcnat_hit hit;
	unsigned int shape;

	for (shape = 0; shape < FIXTURE_SHAPES; shape++) {
		shaped(fx, &spec, shape, IPPROTO_TCP, shape);
		svcnat_fixture_begin(test, &spec, true);
		svcnat_fixture_answer(&spec, &answer);
		KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(fx, &spec.tuple,
							    SVCNAT_PRE, &hit));
		KUNIT_ASSERT_TRUE(test, svcnat_flow_view(&hit, &view));
		KUNIT_EXPECT_EQ(test, 0, memcmp(&view.tuple, &spec.tuple,
						sizeof(spec.tuple)));
		KUNIT_EXPECT_EQ(test, 0, memcmp(&view.addr, &spec.addr,
						sizeof(spec.addr)));
		KUNIT_EXPECT_TRUE(test, view.port == spec.port);
		KUNIT_EXPECT_EQ(test, 0, memcmp(&view.snat, &answer.dst,
						sizeof(answer.dst)));
		KUNIT_EXPECT_TRUE(test, view.snat_port == answer.dport);
		KUNIT_EXPECT_EQ(test, view.masquerade,
				!!(shape & ~FIXTURE_IPV6));
		KUNIT_EXPECT_FALSE(test, view.direct);
	}
}

/* More keys than there are buckets, of all kinds in the same chains */
static void shapes_move_together(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	u32 n, i, flaws = 0, made = 800;
	struct svcnat_hit hit;

	for (n = 0; n < made; n++) {
		shaped(fx, &spec, n, IPPROTO_TCP, n % FIXTURE_SHAPES);
		flaws += svcnat_fixture_insert(fx, &spec, &hit) != 0;
	}
	for (i = 0; i < 2; i++) {
		svcnat_table_resize(&fx->flows.table, i ? 0 : 4096);
		do {
			/* Some go on the way. */
			made--;
			shaped(fx, &spec, made, IPPROTO_TCP,
			       made % FIXTURE_SHAPES);
			flaws += !svcnat_fixture_reply(fx, &spec, &hit) ||
				 !svcnat_fixture_kill(fx, &hit) ||
				 !svcnat_fixture_gone(fx, &spec);
			for (n = made % 19; n < made; n += 19) {
				shaped(fx, &spec, n, IPPROTO_TCP,
				       n % FIXTURE_SHAPES);
				flaws += !svcnat_fixture_has(fx, &spec);
			}
		} while (!svcnat_table_drain(&fx->flows.table, 200));
	}
	KUNIT_EXPECT_EQ(test, flaws, 0);
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), made);
}

static int review(struct flow_fixture *fx, const struct svcnat_flow_spec *spec,
		  u8 tcp)
{
	return svcnat_fixture_review(fx, spec, SVCNAT_REQUEST, tcp);
}

/* A connection to no frontend, whose port is shifted */
static void direct(struct kunit *test, u32 n, u8 proto, unsigned int shape,
		   struct svcnat_flow_spec *spec)
{
	struct flow_fixture *fx = test->priv;

	shaped(fx, spec, n, proto, shape | FIXTURE_SHIFT);
	spec->addr = spec->tuple.dst;
	spec->port = spec->tuple.dport;
	spec->endpoint = &fx->flows.direct;
	spec->frontend = &fx->flows.direct;
	svcnat_fixture_begin(test, spec, true);
	fx->direct++;
}

static void direct_flows_are_nothing_unusual(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec tcp, udp;
	struct svcnat_flow_view view;
	struct svcnat_sums sums = {};
	struct svcnat_hit hit;
	unsigned int ipv6;

	for (ipv6 = 0; ipv6 <= FIXTURE_IPV6; ipv6++) {
		direct(test, 1 + ipv6, IPPROTO_TCP, ipv6, &tcp);
		direct(test, 3 + ipv6, IPPROTO_UDP, ipv6, &udp);
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &tcp));
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &udp));
		KUNIT_EXPECT_EQ(test, review(fx, &udp, 0), SVCNAT_REVIEW_KEEP);
		KUNIT_EXPECT_EQ(test, review(fx, &tcp, A), SVCNAT_REVIEW_KEEP);
		KUNIT_EXPECT_EQ(test, review(fx, &tcp, S), SVCNAT_REVIEW_KEEP);
		svcnat_fixture_packet(fx, &tcp, SVCNAT_REQUEST, F | A, false);
		svcnat_fixture_packet(fx, &tcp, SVCNAT_REPLY, F | A, false);
		KUNIT_EXPECT_EQ(test, review(fx, &tcp, A), SVCNAT_REVIEW_KEEP);
		KUNIT_EXPECT_EQ(test, review(fx, &tcp, S),
				SVCNAT_REVIEW_REOPEN);
		KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(fx, &tcp.tuple,
							    SVCNAT_PRE, &hit));
		KUNIT_ASSERT_TRUE(test, svcnat_flow_view(&hit, &view));
		KUNIT_EXPECT_TRUE(test, view.direct && view.masquerade);
		KUNIT_EXPECT_TRUE(test, view.snat_port == tcp.shift);
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_kill(fx, &hit));
	}
	svcnat_account_sum(&fx->flows.direct, &sums);
	KUNIT_EXPECT_EQ(test, sums.opened, 4);
	KUNIT_EXPECT_EQ(test, sums.closed, 2);
}

/* A direct flow that has only begun is kept as well. */
static void half_open_direct_flows_are_kept(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit;

	shaped(fx, &spec, 1, IPPROTO_TCP, FIXTURE_SHIFT);
	spec.endpoint = &fx->flows.direct;
	spec.frontend = &fx->flows.direct;
	KUNIT_ASSERT_EQ(test, svcnat_fixture_insert(fx, &spec, &hit), 0);
	fx->direct++;
	svcnat_fixture_packet(fx, &spec, SVCNAT_REQUEST, S, false);
	KUNIT_EXPECT_EQ(test, review(fx, &spec, S), SVCNAT_REVIEW_KEEP);
	KUNIT_EXPECT_EQ(test, review(fx, &spec, A), SVCNAT_REVIEW_KEEP);
}

static struct kunit_case flow_shape_cases[] = {
	KUNIT_CASE(packets_are_rewritten_both_ways),
	KUNIT_CASE(all_keys_go_together),
	KUNIT_CASE(memory_is_used_again_for_another),
	KUNIT_CASE(packets_of_both_sides_count),
	KUNIT_CASE(either_side_keeps_a_flow),
	KUNIT_CASE(a_view_tells_what_the_endpoint_sees),
	KUNIT_CASE(shapes_move_together),
	KUNIT_CASE(direct_flows_are_nothing_unusual),
	KUNIT_CASE(half_open_direct_flows_are_kept),
	{}
};

static struct kunit_suite flow_shape_suite = {
	.name = "svcnat_flow_shape",
	.suite_init = svcnat_fixture_suite_init,
	.suite_exit = svcnat_fixture_suite_exit,
	.init = svcnat_fixture_init,
	.exit = svcnat_fixture_exit,
	.test_cases = flow_shape_cases,
};

kunit_test_suite(flow_shape_suite);
