// SPDX-License-Identifier: GPL-2.0-only
/* Flows that have learned ways, and those that take them away. */
#include "flow_fixture.h"

#define WAY	7

static int init(struct kunit *test)
{
	struct flow_fixture *fx;
	int err;

	err = svcnat_fixture_init(test);
	if (err)
		return err;
	fx = test->priv;
	return svcnat_ways_start(&fx->flows.ways);
}

static u16 way_of(struct flow_fixture *fx, const struct svcnat_tuple *tuple,
		  enum svcnat_stage stage)
{
	struct svcnat_hit hit;

	return svcnat_fixture_find(fx, tuple, stage, &hit) ? hit.way : U16_MAX;
}

/* Open @spec, and have both its directions learn a way. */
static void open(struct kunit *test, const struct svcnat_flow_spec *spec)
{
	struct flow_fixture *fx = test->priv;
	unsigned int direction;
	struct svcnat_hit hit;

	KUNIT_ASSERT_EQ(test, svcnat_fixture_insert(fx, spec, &hit), 0);
	local_bh_disable();
	rcu_read_lock();
	for (direction = 0; direction < SVCNAT_DIRECTIONS; direction++)
		svcnat_flow_lead(&fx->flows, &hit, direction, WAY);
	rcu_read_unlock();
	local_bh_enable();
	KUNIT_ASSERT_EQ(test, way_of(fx, &spec->tuple, SVCNAT_PRE), WAY);
}

/* What the endpoint of @there asks of the client of @there. */
static void turn_round(const struct svcnat_flow_spec *there,
		       struct svcnat_flow_spec *back)
{
	*back = *there;
	back->tuple.src = there->addr;
	back->tuple.sport = there->port;
	/* Another frontend */
	back->tuple.dst.ip6[0] ^= htonl(1);
	back->addr = there->tuple.src;
	back->port = there->shift ?: there->tuple.sport;
	back->shift = 0;
}

/*
 * What each of two asks is what the other answers, behind its first stage: it
 * has a second one as soon as there is the other.
 */
static void each_others_endpoints_have_no_way(struct kunit *test)
{
	static const unsigned int shapes[] = {
		0, FIXTURE_IPV6, FIXTURE_SHIFT, FIXTURE_SHIFT | FIXTURE_IPV6,
	};
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec there, back;
	struct svcnat_tuple answer;
	struct svcnat_hit hit;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		svcnat_fixture_spec(fx, &there, 100 + i, IPPROTO_UDP);
		svcnat_fixture_shape(&there, shapes[i]);
		open(test, &there);
		turn_round(&there, &back);
		KUNIT_ASSERT_EQ_MSG(test,
				    svcnat_fixture_insert(fx, &back, &hit), 0,
				    "shape %u", i);
		KUNIT_EXPECT_EQ_MSG(test,
				    way_of(fx, &there.tuple, SVCNAT_PRE), 0,
				    "shape %u", i);
		/* An answer has but one stage. */
		svcnat_fixture_answer(&there, &answer);
		KUNIT_EXPECT_EQ_MSG(test, way_of(fx, &answer, SVCNAT_POST), WAY,
				    "shape %u", i);
	}
}

static void others_keep_theirs(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec there, back;
	struct svcnat_hit hit;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		svcnat_fixture_spec(fx, &there, 200 + i, IPPROTO_UDP);
		open(test, &there);
		turn_round(&there, &back);
		if (i == 0)
			back.tuple.sport ^= htons(1);
		else if (i == 1)
			back.port ^= htons(1);
		else
			back.tuple.proto = IPPROTO_TCP;
		KUNIT_ASSERT_EQ(test, svcnat_fixture_insert(fx, &back, &hit),
				0);
		KUNIT_EXPECT_EQ_MSG(test,
				    way_of(fx, &there.tuple, SVCNAT_PRE), WAY,
				    "%u", i);
	}
}

static bool find_first(struct flow_fixture *fx,
		       const struct svcnat_tuple *tuple, struct svcnat_hit *hit)
{
	bool found;

	local_bh_disable();
	rcu_read_lock();
	found = svcnat_flow_find_first(&fx->flows, tuple, hit);
	rcu_read_unlock();
	local_bh_enable();
	return found;
}

/* All chains the other way round */
static void turn_chains(struct kunit *test, u32 entries)
{
	struct flow_fixture *fx = test->priv;

	KUNIT_ASSERT_EQ(test, svcnat_table_resize(&fx->flows.table, entries),
			0);
	while (!svcnat_table_drain(&fx->flows.table, 64))
		;
}

/*
 * A client that is a frontend as well: what it is answered is at the same time
 * what its endpoint asks it, and that comes first.
 */
static void the_earlier_stage_comes_first(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec there, back;
	struct svcnat_hit hit;
	unsigned int i, turn;

	for (i = 0; i < 4; i++) {
		svcnat_fixture_spec(fx, &there, 300 + i, IPPROTO_UDP);
		svcnat_fixture_shape(&there, i & 1 ? FIXTURE_IPV6 : 0);
		KUNIT_ASSERT_EQ(test, svcnat_fixture_insert(fx, &there, &hit),
				0);
		svcnat_fixture_spec(fx, &back, 400 + i, IPPROTO_UDP);
		svcnat_fixture_shape(&back, i & 1 ? FIXTURE_IPV6 : 0);
		svcnat_fixture_answer(&there, &back.tuple);
		KUNIT_ASSERT_TRUE(test, find_first(fx, &back.tuple, &hit));
		KUNIT_EXPECT_EQ(test, hit.rewrite.side, SVCNAT_SOURCE);
		if (i & 2)
			continue;
		KUNIT_ASSERT_EQ(test, svcnat_fixture_insert(fx, &back, &hit),
				0);
		for (turn = 0; turn < 3; turn++) {
			KUNIT_ASSERT_TRUE(test, find_first(fx, &back.tuple,
							   &hit));
			KUNIT_EXPECT_EQ_MSG(test, hit.rewrite.side,
					    SVCNAT_DESTINATION, "%u, turn %u",
					    i, turn);
			turn_chains(test, turn ? 0 : 4096);
		}
	}
}

static struct kunit_case flow_way_cases[] = {
	KUNIT_CASE(each_others_endpoints_have_no_way),
	KUNIT_CASE(others_keep_theirs),
	KUNIT_CASE(the_earlier_stage_comes_first),
	{}
};

static struct kunit_suite flow_way_suite = {
	.name = "svcnat_flow_way",
	.suite_init = svcnat_fixture_suite_init,
	.suite_exit = svcnat_fixture_suite_exit,
	.init = init,
	.exit = svcnat_fixture_exit,
	.test_cases = flow_way_cases,
};

kunit_test_suite(flow_way_suite);
