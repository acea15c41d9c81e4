// SPDX-License-Identifier: GPL-2.0-only
/* The life of a flow: what its packets make of it, and when it ends. */
#include <linux/mm.h>

/* Of the machine */
static unsigned long memory_pages;

#include "../flow_life.c"
#define totalram_pages()	memory_pages
#include "../flows.c"
#undef totalram_pages

#include "flow_fixture.h"

#define S	SVCNAT_TCP_SYN
#define A	SVCNAT_TCP_ACK
#define F	SVCNAT_TCP_FIN
#define R	SVCNAT_TCP_RST

#define state_of	svcnat_fixture_state
#define review		svcnat_fixture_review

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

static void tcp_states_follow_the_segments(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;

	svcnat_fixture_open(test, 1, IPPROTO_TCP, false, &spec);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_SYN_SENT);
	request(fx, &spec, S, false);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_SYN_SENT);
	reply(fx, &spec, S | A, false);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_SYN_RECV);
	request(fx, &spec, A, false);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_ESTABLISHED);
	request(fx, &spec, A, true);
	reply(fx, &spec, A, true);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_ESTABLISHED);
	request(fx, &spec, F | A, false);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_CLOSING);
	/* The other side may go on for long; the closed one acknowledges. */
	reply(fx, &spec, A, true);
	request(fx, &spec, A, false);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_CLOSING);
	reply(fx, &spec, F | A, true);
	request(fx, &spec, A, false);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_CLOSING);
}

static void a_forged_fin_is_taken_back_by_data(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;

	svcnat_fixture_open(test, 1, IPPROTO_TCP, true, &spec);
	request(fx, &spec, F | A, false);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_CLOSING);
	request(fx, &spec, A, true);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_ESTABLISHED);
}

static void a_reset_shortens_and_traffic_restores(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	unsigned int from, back;

	svcnat_fixture_open(test, 1, IPPROTO_TCP, true, &spec);
	for (from = 0; from < 2; from++) {
		for (back = 0; back < 2; back++) {
			svcnat_fixture_packet(fx, &spec, from, R, false);
			KUNIT_EXPECT_EQ(test, state_of(fx, &spec),
					SVCNAT_FLOW_CLOSED);
			svcnat_fixture_packet(fx, &spec, back, A, false);
			KUNIT_EXPECT_EQ(test, state_of(fx, &spec),
					SVCNAT_FLOW_ESTABLISHED);
			/* Both talk, as they do when the reset was forged. */
			svcnat_fixture_packet(fx, &spec, !back, A, true);
			KUNIT_EXPECT_EQ(test, state_of(fx, &spec),
					SVCNAT_FLOW_ESTABLISHED);
		}
	}
}

/*
 * A client that aborts a download resets once more for what was on its way to
 * it when it did.
 */
static void a_second_reset_counts_too(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;

	svcnat_fixture_open(test, 1, IPPROTO_TCP, true, &spec);
	request(fx, &spec, R, false);
	reply(fx, &spec, A, true);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_ESTABLISHED);
	request(fx, &spec, R, false);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_CLOSED);
}

static void udp_states_follow_the_datagrams(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;

	svcnat_fixture_open(test, 1, IPPROTO_UDP, false, &spec);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_UNREPLIED);
	reply(fx, &spec, 0, true);
	reply(fx, &spec, 0, true);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_REPLIED);
	request(fx, &spec, 0, true);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_STREAM);
}

/* Bring a new flow into a state, by packets. */
static void bring_to(struct kunit *test, u32 n, int state,
		     struct svcnat_flow_spec *spec)
{
	bool udp = state >= SVCNAT_FLOW_UNREPLIED;
	struct flow_fixture *fx = test->priv;

	svcnat_fixture_open(test, n, udp ? IPPROTO_UDP : IPPROTO_TCP,
			    false, spec);
	if (state == SVCNAT_FLOW_SYN_SENT || state == SVCNAT_FLOW_UNREPLIED)
		return;
	reply(fx, spec, S | A, false);
	if (state == SVCNAT_FLOW_SYN_RECV || state == SVCNAT_FLOW_REPLIED)
		return;
	request(fx, spec, A, false);
	if (state == SVCNAT_FLOW_CLOSING)
		reply(fx, spec, F | A, false);
	if (state == SVCNAT_FLOW_CLOSED)
		reply(fx, spec, R, false);
}

static void every_state_expires_in_its_time(struct kunit *test)
{
	static const u32 seconds[] = {
		[SVCNAT_FLOW_SYN_SENT] = 120,
		[SVCNAT_FLOW_SYN_RECV] = 120,
		[SVCNAT_FLOW_ESTABLISHED] = 24 * 60 * 60,
		[SVCNAT_FLOW_CLOSING] = 120,
		[SVCNAT_FLOW_CLOSED] = 10,
		[SVCNAT_FLOW_UNREPLIED] = 30,
		[SVCNAT_FLOW_REPLIED] = 30,
		[SVCNAT_FLOW_STREAM] = 120,
	};
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	u32 state, never_before;

	for (state = 0; state < ARRAY_SIZE(seconds); state++) {
		bring_to(test, state, state, &spec);
		KUNIT_ASSERT_EQ(test, state_of(fx, &spec), state);
		/* A stamp may be a step older than the packet it stands for. */
		never_before = DIV_ROUND_UP(seconds[state] * HZ,
					    1 << SVCNAT_STAMP_SHIFT) +
			       SVCNAT_STAMP_STEP;
		/* Time goes on while we look. */
		svcnat_fixture_age(fx, &spec, never_before - 3);
		svcnat_fixture_upkeep(fx);
		KUNIT_EXPECT_EQ_MSG(test, state_of(fx, &spec), state,
				    "state %u expired early", state);
		svcnat_fixture_age(fx, &spec, never_before + 2);
		svcnat_fixture_upkeep(fx);
		KUNIT_EXPECT_EQ_MSG(test, state_of(fx, &spec), -ENOENT,
				    "state %u expired late", state);
	}
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(seconds),
			svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_EXPIRED));
}

/* The very limit, without the clock in between */
static void expiry_is_exact(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit;
	struct svcnat_life life = {};
	u32 limit, now, seconds;
	bool before, after;

	svcnat_fixture_open(test, 1, IPPROTO_UDP, false, &spec);
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(fx, &spec.tuple, SVCNAT_PRE,
						    &hit));
	life.request = SVCNAT_SEEN;
	for (seconds = 1; seconds < SVCNAT_TIMEOUT_MAX; seconds *= 3) {
		fx->flows.timeout[SVCNAT_TIMEOUT_UDP] = seconds;
		limit = (u32)(((u64)seconds * HZ) >> SVCNAT_STAMP_SHIFT) + 1 +
			SVCNAT_STAMP_STEP;
		do {
			now = svcnat_stamp_now();
			life.stamp = now - limit;
			before = svcnat_flow_expired(&fx->flows, &hit, &life);
			life.stamp--;
			after = svcnat_flow_expired(&fx->flows, &hit, &life);
		} while (now != svcnat_stamp_now());
		KUNIT_EXPECT_FALSE(test, before);
		KUNIT_EXPECT_TRUE(test, after);
		/* Another CPU's clock is ahead of ours. */
		life.stamp = now + 5;
		KUNIT_EXPECT_FALSE(test, svcnat_flow_expired(&fx->flows, &hit,
							     &life));
	}
}

/* The traffic of either side alone keeps a flow, and is looked at lazily. */
static void either_side_keeps_a_flow(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit;
	unsigned int i;
	u64 word;

	svcnat_fixture_open(test, 1, IPPROTO_TCP, true, &spec);
	for (i = 0; i < SVCNAT_DIRECTIONS; i++) {
		svcnat_fixture_age(fx, &spec, 0x70000000);
		svcnat_fixture_packet(fx, &spec, i, A, true);
		svcnat_fixture_upkeep(fx);
		KUNIT_EXPECT_EQ(test, state_of(fx, &spec),
				SVCNAT_FLOW_ESTABLISHED);
	}
	do {
		svcnat_fixture_age(fx, &spec, 0);
		KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(fx, &spec.tuple,
							    SVCNAT_PRE, &hit));
		word = atomic64_read(&hit.line->word);
		request(fx, &spec, A, true);
	} while (svcnat_word_stamp(word) != svcnat_stamp_now());
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&hit.line->word), word);
}

static void only_a_closing_flow_is_opened_again(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit;

	svcnat_fixture_open(test, 1, IPPROTO_TCP, true, &spec);
	KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, S), SVCNAT_REVIEW_KEEP);
	request(fx, &spec, F | A, false);
	KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, S), SVCNAT_REVIEW_KEEP);
	reply(fx, &spec, F | A, false);
	KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, S), SVCNAT_REVIEW_REOPEN);
	KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, S | A), SVCNAT_REVIEW_KEEP);
	KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, A), SVCNAT_REVIEW_KEEP);
	KUNIT_EXPECT_EQ(test, review(fx, &spec, 1, S), SVCNAT_REVIEW_KEEP);
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(fx, &spec.tuple, SVCNAT_PRE,
						    &hit));
	local_bh_disable();
	KUNIT_EXPECT_TRUE(test, svcnat_flow_reopen(&fx->flows, &hit));
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_SYN_SENT);
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
	reply(fx, &spec, S | A, false);
	request(fx, &spec, A, false);
	KUNIT_EXPECT_EQ(test, state_of(fx, &spec), SVCNAT_FLOW_ESTABLISHED);
	/* A client's reset could be anybody's; the endpoint's counts. */
	request(fx, &spec, R, false);
	KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, S),
			SVCNAT_REVIEW_RECONSIDER);
	reply(fx, &spec, R, false);
	KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, S), SVCNAT_REVIEW_REOPEN);
}

static void removal_ends_what_is_not_established(struct kunit *test)
{
	static const u8 flags[] = {
		SVCNAT_ACCOUNT_REMOVED, SVCNAT_ACCOUNT_UNREADY,
	};
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec half, full, udp;
	unsigned int i;

	svcnat_fixture_open(test, 0, IPPROTO_TCP, false, &half);
	svcnat_fixture_open(test, 4, IPPROTO_TCP, true, &full);
	svcnat_fixture_open(test, 8, IPPROTO_UDP, true, &udp);
	for (i = 0; i < 4; i++) {
		bool removed = !(i & 1);
		u8 *where = i & 2 ? &fx->frontend.flags :
				    &fx->endpoint[0].flags;

		*where = flags[i & 1];
		KUNIT_EXPECT_EQ(test, review(fx, &half, 0, S),
				SVCNAT_REVIEW_FORGET);
		KUNIT_EXPECT_EQ(test, review(fx, &half, 0, A), removed ?
				SVCNAT_REVIEW_FORGET : SVCNAT_REVIEW_KEEP);
		KUNIT_EXPECT_EQ(test, review(fx, &half, 1, S | A), removed ?
				SVCNAT_REVIEW_FORGET : SVCNAT_REVIEW_KEEP);
		KUNIT_EXPECT_EQ(test, review(fx, &full, 0, A),
				SVCNAT_REVIEW_KEEP);
		KUNIT_EXPECT_EQ(test, review(fx, &full, 1, A),
				SVCNAT_REVIEW_KEEP);
		KUNIT_EXPECT_EQ(test, review(fx, &udp, 0, 0),
				SVCNAT_REVIEW_FORGET);
		KUNIT_EXPECT_EQ(test, review(fx, &udp, 1, 0),
				SVCNAT_REVIEW_KEEP);
		*where = 0;
		KUNIT_EXPECT_EQ(test, review(fx, &udp, 0, 0),
				SVCNAT_REVIEW_KEEP);
	}
}

/* The client has its SYN-ACK: its ACK must not be met by a reset. */
static void removal_spares_what_was_answered(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;

	svcnat_fixture_open(test, 0, IPPROTO_TCP, false, &spec);
	reply(fx, &spec, S | A, false);
	fx->endpoint[0].flags = SVCNAT_ACCOUNT_REMOVED;
	KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, A), SVCNAT_REVIEW_KEEP);
	KUNIT_EXPECT_EQ(test, review(fx, &spec, 1, S | A), SVCNAT_REVIEW_KEEP);
	/* If it was lost, the client asks again, and draws afresh. */
	KUNIT_EXPECT_EQ(test, review(fx, &spec, 0, S), SVCNAT_REVIEW_FORGET);
	fx->endpoint[0].flags = 0;
}

static void a_view_tells_the_flow(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_flow_view view;
	struct svcnat_hit hit;

	svcnat_fixture_open(test, 3, IPPROTO_UDP, false, &spec);
	svcnat_fixture_age(fx, &spec, (20 * HZ) >> SVCNAT_STAMP_SHIFT);
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(fx, &spec.tuple, SVCNAT_PRE,
						    &hit));
	KUNIT_ASSERT_TRUE(test, svcnat_flow_view(&hit, &view));
	KUNIT_EXPECT_EQ(test, 0, memcmp(&view.tuple, &spec.tuple,
					sizeof(spec.tuple)));
	KUNIT_EXPECT_TRUE(test, view.addr.ip == spec.addr.ip);
	KUNIT_EXPECT_TRUE(test, view.port == spec.port);
	KUNIT_EXPECT_PTR_EQ(test, view.endpoint, spec.endpoint);
	KUNIT_EXPECT_GE(test, view.idle, 19);
	KUNIT_EXPECT_LE(test, view.idle, 21);
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_kill(fx, &hit));
	KUNIT_EXPECT_FALSE(test, svcnat_flow_view(&hit, &view));
}

/* Of the memory there is, unless that is very little or very much */
static void the_limit_is_within_reason(struct kunit *test)
{
	memory_pages = 1;
	KUNIT_EXPECT_EQ(test, default_max(), SZ_64K);
	memory_pages = SZ_1G >> PAGE_SHIFT;
	KUNIT_EXPECT_EQ(test, default_max(), SZ_1G / 64 / 144);
	memory_pages = SZ_1G;
	KUNIT_EXPECT_EQ(test, default_max(), SZ_4M);
}

static struct kunit_case flow_life_cases[] = {
	KUNIT_CASE(tcp_states_follow_the_segments),
	KUNIT_CASE(a_forged_fin_is_taken_back_by_data),
	KUNIT_CASE(a_reset_shortens_and_traffic_restores),
	KUNIT_CASE(a_second_reset_counts_too),
	KUNIT_CASE(udp_states_follow_the_datagrams),
	KUNIT_CASE(every_state_expires_in_its_time),
	KUNIT_CASE(expiry_is_exact),
	KUNIT_CASE(either_side_keeps_a_flow),
	KUNIT_CASE(only_a_closing_flow_is_opened_again),
	KUNIT_CASE(removal_ends_what_is_not_established),
	KUNIT_CASE(removal_spares_what_was_answered),
	KUNIT_CASE(a_view_tells_the_flow),
	KUNIT_CASE(the_limit_is_within_reason),
	{}
};

static struct kunit_suite flow_life_suite = {
	.name = "svcnat_flow_life",
	.suite_init = svcnat_fixture_suite_init,
	.suite_exit = svcnat_fixture_suite_exit,
	.init = svcnat_fixture_init,
	.exit = svcnat_fixture_exit,
	.test_cases = flow_life_cases,
};

kunit_test_suite(flow_life_suite);
