// SPDX-License-Identifier: GPL-2.0-only
/* A client uses its port again: whose is the new connection? */
#include "flow_fixture.h"

#define S	SVCNAT_TCP_SYN
#define A	SVCNAT_TCP_ACK
#define F	SVCNAT_TCP_FIN
#define R	SVCNAT_TCP_RST

#define review	svcnat_fixture_review

static void request(struct flow_fixture *fx, const struct svcnat_flow_spec *s,
		    u8 tcp, bool payload)
{
	svcnat_fixture_packet(fx, s, SVCNAT_REQUEST, tcp, payload);
}

static void reply(struct flow_fixture *fx, const struct svcnat_flow_spec *s,
		  u8 tcp, bool payload)
{
	svcnat_fixture_packet(fx, s, SVCNAT_REPLY, tcp, payload);
}

static bool reopen(struct flow_fixture *fx, const struct svcnat_flow_spec *s)
{
	struct svcnat_hit hit;
	bool done;

	local_bh_disable();
	rcu_read_lock();
	done = svcnat_flow_find(&fx->flows, &s->tuple, SVCNAT_PRE, &hit) &&
	       svcnat_flow_reopen(&fx->flows, &hit);
	rcu_read_unlock();
	local_bh_enable();
	return done;
}

static void expect_charged(struct kunit *test,
			   const struct svcnat_account *account, u64 opened,
			   u64 closed)
{
	struct svcnat_sums sums = {};

	svcnat_account_sum(account, &sums);
	KUNIT_EXPECT_EQ(test, sums.opened, opened);
	KUNIT_EXPECT_EQ(test, sums.closed, closed);
}

/* As a connection more, but not as a flow more */
static void a_connection_on_an_old_flow_is_charged(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec, direct;
	struct svcnat_hit hit;

	svcnat_fixture_open(test, 1, IPPROTO_TCP, true, &spec);
	expect_charged(test, spec.endpoint, 1, 0);
	request(fx, &spec, F | A, false);
	reply(fx, &spec, F | A, false);
	KUNIT_EXPECT_TRUE(test, reopen(fx, &spec));
	KUNIT_EXPECT_TRUE(test, reopen(fx, &spec));
	expect_charged(test, spec.endpoint, 3, 2);
	expect_charged(test, spec.frontend, 3, 2);
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), 1);
	/* A direct flow has one account for both. */
	svcnat_fixture_spec(fx, &direct, 2, IPPROTO_TCP);
	direct.endpoint = &fx->flows.direct;
	direct.frontend = &fx->flows.direct;
	KUNIT_ASSERT_EQ(test, svcnat_fixture_insert(fx, &direct, &hit), 0);
	KUNIT_EXPECT_TRUE(test, reopen(fx, &direct));
	fx->direct += 2;
	expect_charged(test, &fx->flows.direct, 2, 1);
}

/* After a client's RST the endpoint has nothing to say, and may be dead. */
static void a_syn_after_a_reset_of_the_client_is_in_doubt(struct kunit *test)
{
	static const u8 flags[] = {
		0, SVCNAT_ACCOUNT_UNREADY, SVCNAT_ACCOUNT_REMOVED,
	};
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		svcnat_fixture_open(test, i * FIXTURE_ENDPOINTS, IPPROTO_TCP,
				    true, &spec);
		spec.endpoint->flags = flags[i];
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, S),
				SVCNAT_REVIEW_KEEP);
		request(fx, &spec, R | A, false);
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, S),
				SVCNAT_REVIEW_RECONSIDER);
		/* Of the client alone, and if nothing but a SYN */
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, S | A),
				SVCNAT_REVIEW_KEEP);
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, A),
				SVCNAT_REVIEW_KEEP);
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 1, S),
				SVCNAT_REVIEW_KEEP);
		/* Retransmitted, when the first went nowhere */
		request(fx, &spec, S, false);
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, S),
				SVCNAT_REVIEW_RECONSIDER);
		/* Who talks was not reset: no doubt is left. */
		svcnat_fixture_packet(fx, &spec, i & 1, A, true);
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, S),
				SVCNAT_REVIEW_KEEP);
		spec.endpoint->flags = 0;
	}
}

/* The client crashed, and whoever has the endpoint's address knows nothing. */
static void an_heir_gets_no_connection(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	unsigned int shape;

	for (shape = 0; shape < FIXTURE_SHAPES; shape++) {
		svcnat_fixture_spec(fx, &spec, 1 + FIXTURE_ENDPOINTS * shape,
				    IPPROTO_TCP);
		svcnat_fixture_shape(&spec, shape);
		svcnat_fixture_begin(test, &spec, true);
		/* Late or twice, it is the endpoint's own. */
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 1, S | A),
				SVCNAT_REVIEW_KEEP);
		spec.endpoint->flags = SVCNAT_ACCOUNT_REMOVED;
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 1, S | A),
				SVCNAT_REVIEW_KEEP);
		request(fx, &spec, S, false);
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 1, S | A),
				SVCNAT_REVIEW_FORGET);
		/* A reset of anybody does not make it the endpoint. */
		request(fx, &spec, R, false);
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 1, S | A),
				SVCNAT_REVIEW_FORGET);
		/* What a living endpoint says to such a SYN */
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 1, A),
				SVCNAT_REVIEW_KEEP);
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 1, R),
				SVCNAT_REVIEW_KEEP);
		/* One that is still there may know better than we do. */
		spec.endpoint->flags = SVCNAT_ACCOUNT_UNREADY;
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 1, S | A),
				SVCNAT_REVIEW_KEEP);
		/* The SYN was forged: the client goes on. */
		spec.endpoint->flags = SVCNAT_ACCOUNT_REMOVED;
		request(fx, &spec, A, false);
		KUNIT_EXPECT_EQ(test, review(fx, &spec, 1, S | A),
				SVCNAT_REVIEW_KEEP);
		spec.endpoint->flags = 0;
	}
}

static struct kunit_case flow_reuse_cases[] = {
	KUNIT_CASE(a_syn_after_a_reset_of_the_client_is_in_doubt),
	KUNIT_CASE(an_heir_gets_no_connection),
	KUNIT_CASE(a_connection_on_an_old_flow_is_charged),
	{}
};

static struct kunit_suite flow_reuse_suite = {
	.name = "svcnat_flow_reuse",
	.suite_init = svcnat_fixture_suite_init,
	.suite_exit = svcnat_fixture_suite_exit,
	.init = svcnat_fixture_init,
	.exit = svcnat_fixture_exit,
	.test_cases = flow_reuse_cases,
};

kunit_test_suite(flow_reuse_suite);
