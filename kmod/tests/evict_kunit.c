// SPDX-License-Identifier: GPL-2.0-only
#include "../evict.c"

#include "flow_fixture.h"

#define kill	svcnat_fixture_end

static void half_open_flows_make_room(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	u32 n;

	svcnat_quota_set(&fx->flows.quota, 16);
	for (n = 0; n < 8; n++)
		svcnat_fixture_open(test, n, IPPROTO_UDP, true, &spec);
	for (; n < 116; n++)
		svcnat_fixture_open(test, n, IPPROTO_UDP, false, &spec);
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), 16);
	KUNIT_EXPECT_EQ(test, svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_EVICTED),
			100);
	for (n = 0; n < 8; n++) {
		svcnat_fixture_spec(fx, &spec, n, IPPROTO_UDP);
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
	}
}

static void expired_go_first_then_the_oldest_half_open(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec[4], more;
	u32 n[6], i;

	for (i = 0; i < 6; i++)
		n[i] = i ? svcnat_fixture_neighbour(fx, n[0],
							n[i - 1] + 1) : 1;
	svcnat_quota_set(&fx->flows.quota, 4);
	svcnat_fixture_open(test, n[0], IPPROTO_TCP, true, &spec[0]);
	for (i = 1; i < 4; i++)
		svcnat_fixture_open(test, n[i], IPPROTO_TCP, i == 3, &spec[i]);
	svcnat_fixture_age(fx, &spec[1], 1);
	svcnat_fixture_age(fx, &spec[2], 5);
	svcnat_fixture_age(fx, &spec[3], 0x7fffffff);
	svcnat_fixture_open(test, n[4], IPPROTO_TCP, true, &more);
	KUNIT_EXPECT_FALSE(test, svcnat_fixture_has(fx, &spec[3]));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec[2]));
	svcnat_fixture_open(test, n[5], IPPROTO_TCP, true, &more);
	KUNIT_EXPECT_FALSE(test, svcnat_fixture_has(fx, &spec[2]));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec[1]));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec[0]));
	KUNIT_EXPECT_EQ(test, 1,
			svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_EXPIRED));
	KUNIT_EXPECT_EQ(test, 1,
			svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_EVICTED));
}

/* It was chosen when it was half-open, and was answered before it went. */
static void who_was_answered_is_not_evicted(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit;

	svcnat_fixture_open(test, 1, IPPROTO_UDP, false, &spec);
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(fx, &spec.tuple, SVCNAT_PRE,
						    &hit));
	svcnat_fixture_packet(fx, &spec, SVCNAT_REPLY, 0, true);
	KUNIT_EXPECT_FALSE(test, kill(fx, &hit, SVCNAT_STAT_FLOW_EVICTED));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
	/* The client's ACK, and told by the line of the replies */
	svcnat_fixture_open(test, 2, IPPROTO_TCP, false, &spec);
	svcnat_fixture_packet(fx, &spec, SVCNAT_REPLY,
			      SVCNAT_TCP_SYN | SVCNAT_TCP_ACK, false);
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_reply(fx, &spec, &hit));
	svcnat_fixture_packet(fx, &spec, SVCNAT_REQUEST, SVCNAT_TCP_ACK, false);
	KUNIT_EXPECT_FALSE(test, kill(fx, &hit, SVCNAT_STAT_FLOW_EVICTED));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
	/* Any other reason holds. */
	KUNIT_EXPECT_TRUE(test, kill(fx, &hit, SVCNAT_STAT_FLOW_DELETED));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_gone(fx, &spec));
	KUNIT_EXPECT_EQ(test, svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_EVICTED),
			0);
}

/* Its time was over when it was looked at, and not when it was to go. */
static void who_was_refreshed_does_not_expire(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit;
	unsigned int from;

	svcnat_fixture_open(test, 1, IPPROTO_TCP, true, &spec);
	for (from = 0; from < SVCNAT_DIRECTIONS; from++) {
		svcnat_fixture_age(fx, &spec, 0x70000000);
		KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(fx, &spec.tuple,
							    SVCNAT_PRE, &hit));
		svcnat_fixture_packet(fx, &spec, from, SVCNAT_TCP_ACK, true);
		KUNIT_EXPECT_FALSE(test, kill(fx, &hit,
					      SVCNAT_STAT_FLOW_EXPIRED));
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
	}
	svcnat_fixture_age(fx, &spec, 0x70000000);
	KUNIT_EXPECT_TRUE(test, kill(fx, &hit, SVCNAT_STAT_FLOW_EXPIRED));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_gone(fx, &spec));
}

/* Where others want its port, who has waited in vain goes. */
static void who_waits_in_vain_gives_way(struct kunit *test)
{
	const u32 second = HZ >> SVCNAT_STAMP_SHIFT;
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit;
	unsigned int i;
	bool gone;

	for (i = 0; i < 8; i++) {
		svcnat_fixture_open(test, i, i & 1 ? IPPROTO_TCP : IPPROTO_UDP,
				    i & 2, &spec);
		svcnat_fixture_age(fx, &spec, (i & 4 ? 4 : 2) * second + 1);
		KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(fx, &spec.tuple,
							    SVCNAT_PRE, &hit));
		local_bh_disable();
		rcu_read_lock();
		gone = svcnat_flow_yield(&fx->flows, &hit);
		rcu_read_unlock();
		local_bh_enable();
		KUNIT_EXPECT_EQ_MSG(test, gone, i >= 4 && !(i & 2), "%u", i);
		KUNIT_EXPECT_EQ(test, svcnat_fixture_gone(fx, &spec), gone);
	}
	KUNIT_EXPECT_EQ(test, svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_EVICTED),
			2);
}

/* One packet looks at so many flows near its own, and no more. */
static void a_search_has_an_end(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec, last;
	struct svcnat_hit hit;
	u32 i, n = 0;

	/* From the start: CPUs keep nothing back of so little. */
	svcnat_quota_set(&fx->flows.quota, EVICT_FLOWS + 1);
	/* The first could go.  It is the last of its chain. */
	for (i = 0; i <= EVICT_FLOWS; i++) {
		n = svcnat_fixture_neighbour(fx, 1, n + 1);
		svcnat_fixture_open(test, n, IPPROTO_TCP, i, &last);
	}
	svcnat_fixture_spec(fx, &spec, svcnat_fixture_neighbour(fx, 1, n + 1),
			    IPPROTO_TCP);
	KUNIT_EXPECT_EQ(test, svcnat_fixture_insert(fx, &spec, &hit), -ENOSPC);
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_reply(fx, &last, &hit));
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_kill(fx, &hit));
	svcnat_quota_set(&fx->flows.quota, EVICT_FLOWS);
	KUNIT_EXPECT_EQ(test, svcnat_fixture_insert(fx, &spec, &hit), 0);
	KUNIT_EXPECT_EQ(test, svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_EVICTED),
			1);
}

static struct kunit_case evict_cases[] = {
	KUNIT_CASE(half_open_flows_make_room),
	KUNIT_CASE(expired_go_first_then_the_oldest_half_open),
	KUNIT_CASE(who_was_answered_is_not_evicted),
	KUNIT_CASE(who_was_refreshed_does_not_expire),
	KUNIT_CASE(who_waits_in_vain_gives_way),
	KUNIT_CASE(a_search_has_an_end),
	{}
};

static struct kunit_suite evict_suite = {
	.name = "svcnat_evict",
	.suite_init = svcnat_fixture_suite_init,
	.suite_exit = svcnat_fixture_suite_exit,
	.init = svcnat_fixture_init,
	.exit = svcnat_fixture_exit,
	.test_cases = evict_cases,
};

kunit_test_suite(evict_suite);
