// SPDX-License-Identifier: GPL-2.0-only
#include "../evict.c"

#include "flow_fixture.h"

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

static struct kunit_case evict_cases[] = {
	KUNIT_CASE(half_open_flows_make_room),
	KUNIT_CASE(expired_go_first_then_the_oldest_half_open),
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
