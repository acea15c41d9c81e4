// SPDX-License-Identifier: GPL-2.0-only
/* Connections from addresses that are forged: they must not stay for long. */
#include "flow_fixture.h"

#define S	SVCNAT_TCP_SYN
#define A	SVCNAT_TCP_ACK
#define F	SVCNAT_TCP_FIN
#define R	SVCNAT_TCP_RST

#define state_of	svcnat_fixture_state

static void request(struct flow_fixture *fx, const struct svcnat_flow_spec *s,
		    u8 tcp, bool payload, u32 proof)
{
	fx->proof = proof;
	svcnat_fixture_packet(fx, s, SVCNAT_REQUEST, tcp, payload);
}

static void reply(struct flow_fixture *fx, const struct svcnat_flow_spec *s,
		  u8 tcp, bool payload, u32 proof)
{
	fx->proof = proof;
	svcnat_fixture_packet(fx, s, SVCNAT_REPLY, tcp, payload);
}

/* Whatever the client sends, it has not heard an answer. */
static void guess(struct kunit *test, const struct svcnat_flow_spec *spec,
		  int state)
{
	static const u8 bits[] = { A, 0, F | A, F };
	struct flow_fixture *fx = test->priv;
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(bits); i++) {
		request(fx, spec, bits[i / 2], i & 1, 8);
		KUNIT_EXPECT_EQ(test, state_of(fx, spec), state);
	}
}

static void begin(struct kunit *test, u32 n, u8 proto, unsigned int shape,
		  struct svcnat_flow_spec *spec)
{
	svcnat_fixture_spec(test->priv, spec, n, proto);
	svcnat_fixture_shape(spec, shape);
	svcnat_fixture_begin(test, spec, false);
}

static void who_heard_nothing_opens_nothing(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	u32 i;

	for (i = 0; i < 2 * FIXTURE_SHAPES; i++) {
		begin(test, i, i & 1 ? IPPROTO_SCTP : IPPROTO_TCP, i / 2,
		      &spec);
		/* Not even a number that nobody has told yet */
		request(fx, &spec, A, true, 0);
		guess(test, &spec, SVCNAT_FLOW_SYN_SENT);
		reply(fx, &spec, S | A, false, 7);
		guess(test, &spec, SVCNAT_FLOW_SYN_RECV);
		/* A number, but no acknowledgment */
		request(fx, &spec, 0, true, 7);
		KUNIT_EXPECT_EQ(test, state_of(fx, &spec),
				SVCNAT_FLOW_SYN_RECV);
		request(fx, &spec, A, false, 7);
		KUNIT_EXPECT_EQ(test, state_of(fx, &spec),
				SVCNAT_FLOW_ESTABLISHED);
		request(fx, &spec, F | A, false, 9);
		KUNIT_EXPECT_EQ(test, state_of(fx, &spec),
				SVCNAT_FLOW_CLOSING);
	}
}

/* An endpoint that says "not this one" is not convinced. */
static void the_endpoint_may_vouch(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec tcp, sctp;

	begin(test, 1, IPPROTO_TCP, 0, &tcp);
	begin(test, 2, IPPROTO_SCTP, 0, &sctp);
	reply(fx, &tcp, S | A, false, 7);
	reply(fx, &sctp, S | A, false, 7);
	reply(fx, &tcp, S | A, false, 10);
	reply(fx, &sctp, S | A, false, 10);
	guess(test, &tcp, SVCNAT_FLOW_SYN_RECV);
	guess(test, &sctp, SVCNAT_FLOW_SYN_RECV);
	reply(fx, &tcp, A, false, 3);
	guess(test, &tcp, SVCNAT_FLOW_SYN_RECV);
	reply(fx, &tcp, A, true, 3);
	request(fx, &tcp, A, false, 8);
	KUNIT_EXPECT_EQ(test, state_of(fx, &tcp), SVCNAT_FLOW_ESTABLISHED);
	reply(fx, &sctp, A, false, 3);
	request(fx, &sctp, A, true, 8);
	KUNIT_EXPECT_EQ(test, state_of(fx, &sctp), SVCNAT_FLOW_ESTABLISHED);
}

/* A guess after the endpoint's RST is no sign of life. */
static void a_guess_takes_no_reset_back(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;

	begin(test, 1, IPPROTO_TCP, 0, &spec);
	reply(fx, &spec, S | A, false, 7);
	request(fx, &spec, A, false, 8);
	reply(fx, &spec, R, false, 8);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_CLOSED);
	guess(test, &spec, SVCNAT_FLOW_CLOSED);
}

/* The next connection of the same client has to prove itself as well. */
static void each_connection_is_proven(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit;

	begin(test, 1, IPPROTO_TCP, 0, &spec);
	reply(fx, &spec, S | A, false, 8);
	request(fx, &spec, A, false, 8);
	KUNIT_ASSERT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_ESTABLISHED);
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(fx, &spec.tuple, SVCNAT_PRE,
						    &hit));
	local_bh_disable();
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, svcnat_flow_reopen(&fx->flows, &hit));
	rcu_read_unlock();
	local_bh_enable();
	guess(test, &spec, SVCNAT_FLOW_SYN_SENT);
	reply(fx, &spec, S | A, false, 7);
	guess(test, &spec, SVCNAT_FLOW_SYN_RECV);
	/* And another's in the same memory */
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_kill(fx, &hit));
	begin(test, 2, IPPROTO_TCP, 0, &spec);
	request(fx, &spec, A, false, 7);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_SYN_SENT);
}

static struct kunit_case flow_heard_cases[] = {
	KUNIT_CASE(who_heard_nothing_opens_nothing),
	KUNIT_CASE(the_endpoint_may_vouch),
	KUNIT_CASE(a_guess_takes_no_reset_back),
	KUNIT_CASE(each_connection_is_proven),
	{}
};

static struct kunit_suite flow_heard_suite = {
	.name = "svcnat_flow_heard",
	.suite_init = svcnat_fixture_suite_init,
	.suite_exit = svcnat_fixture_suite_exit,
	.init = svcnat_fixture_init,
	.exit = svcnat_fixture_exit,
	.test_cases = flow_heard_cases,
};

kunit_test_suite(flow_heard_suite);
