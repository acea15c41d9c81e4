// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>

#include "../state.c"

#define SEEN_ALL	0xff

static struct svcnat_packet made_of(u8 proto, u8 bits, bool payload)
{
	struct svcnat_packet packet = {
		.tuple.proto = proto, .tcp = bits, .payload = payload,
	};

	return packet;
}

/* What a TCP segment says, bit by bit */
static u8 tcp_model(u8 seen, u8 bits, bool payload)
{
	bool rst = bits & SVCNAT_TCP_RST;
	bool syn = !rst && bits & SVCNAT_TCP_SYN;
	bool talk = !rst && !syn;
	bool fin = talk && bits & SVCNAT_TCP_FIN;
	u8 after = SVCNAT_SEEN | (seen & SVCNAT_SEEN_MORE);
	bool offer = syn && bits & SVCNAT_TCP_ACK;

	if (offer || seen & SVCNAT_SEEN_OFFER) {
		after |= SVCNAT_SEEN_OFFER;
		if (!rst && payload)
			after |= SVCNAT_SEEN_MORE;
	}
	if (talk || seen & SVCNAT_SEEN_ACK)
		after |= SVCNAT_SEEN_ACK;
	if (rst || (syn && seen & SVCNAT_SEEN_RST))
		after |= SVCNAT_SEEN_RST;
	if (rst || (syn && seen & SVCNAT_SEEN_OWN_RST))
		after |= SVCNAT_SEEN_OWN_RST;
	if (!talk && seen & SVCNAT_SEEN_SYN)
		after |= SVCNAT_SEEN_SYN;
	if (syn && !(bits & (SVCNAT_TCP_ACK | SVCNAT_TCP_FIN)) &&
	    seen & SVCNAT_SEEN_ACK)
		after |= SVCNAT_SEEN_SYN;
	if (fin || (seen & SVCNAT_SEEN_FIN && !(talk && payload)))
		after |= SVCNAT_SEEN_FIN;
	return after;
}

static void every_bit_counts(struct kunit *test, u8 proto)
{
	unsigned int seen, bits, payload;

	for (seen = 0; seen <= SEEN_ALL; seen++) {
		for (bits = 0; bits < 32; bits++) {
			for (payload = 0; payload < 2; payload++) {
				struct svcnat_packet p =
					made_of(proto, bits, payload);

				KUNIT_EXPECT_EQ_MSG(test,
						    svcnat_state_after(seen, &p),
						    tcp_model(seen, bits,
							      payload),
						    "seen %#x bits %#x payload %u",
						    seen, bits, payload);
				if (svcnat_state_stays(seen, &p))
					KUNIT_EXPECT_EQ(test, seen,
							tcp_model(seen, bits,
								  payload));
			}
		}
	}
}

static void every_segment_says_what_it_should(struct kunit *test)
{
	every_bit_counts(test, IPPROTO_TCP);
	every_bit_counts(test, IPPROTO_SCTP);
}

static void most_packets_say_nothing_new(struct kunit *test)
{
	const u8 request = SVCNAT_SEEN | SVCNAT_SEEN_ACK;
	const u8 reply = request | SVCNAT_SEEN_OFFER | SVCNAT_SEEN_MORE;
	const u8 udp = SVCNAT_SEEN | SVCNAT_SEEN_MORE;
	struct svcnat_packet p = made_of(IPPROTO_TCP, SVCNAT_TCP_ACK, true);
	struct svcnat_packet q = made_of(IPPROTO_UDP, 0, true);
	unsigned int seen;

	KUNIT_EXPECT_TRUE(test, svcnat_state_stays(request, &p));
	KUNIT_EXPECT_TRUE(test, svcnat_state_stays(reply, &p));
	KUNIT_EXPECT_TRUE(test, svcnat_state_stays(udp, &q));
	for (seen = 0; seen <= SEEN_ALL; seen++)
		if (svcnat_state_stays(seen, &q))
			KUNIT_EXPECT_EQ(test, seen,
					svcnat_state_after(seen, &q));
}

static void a_second_datagram_makes_a_stream(struct kunit *test)
{
	struct svcnat_packet udp = { .tuple.proto = IPPROTO_UDP };
	u8 q = 0, r = 0;

	q = svcnat_state_after(q, &udp);
	KUNIT_EXPECT_EQ(test, (int)svcnat_state_of(IPPROTO_UDP, q, r),
			(int)SVCNAT_FLOW_UNREPLIED);
	KUNIT_EXPECT_TRUE(test, svcnat_state_half_open(IPPROTO_UDP, q, r));
	q = svcnat_state_after(q, &udp);
	KUNIT_EXPECT_EQ(test, (int)svcnat_state_of(IPPROTO_UDP, q, r),
			(int)SVCNAT_FLOW_UNREPLIED);
	r = svcnat_state_after(r, &udp);
	KUNIT_EXPECT_EQ(test, (int)svcnat_state_of(IPPROTO_UDP, q, r),
			(int)SVCNAT_FLOW_STREAM);
	KUNIT_EXPECT_FALSE(test, svcnat_state_half_open(IPPROTO_UDP, q, r));
	/* However often the endpoint answers, one question is no stream. */
	q = svcnat_state_after(0, &udp);
	r = svcnat_state_after(r, &udp);
	KUNIT_EXPECT_EQ(test, (int)svcnat_state_of(IPPROTO_UDP, q, r),
			(int)SVCNAT_FLOW_REPLIED);
}

static enum svcnat_flow_state tcp_state_model(u8 q, u8 r)
{
	bool closed = q & SVCNAT_SEEN_RST && r & SVCNAT_SEEN_RST;
	bool closing = q & SVCNAT_SEEN_FIN || r & SVCNAT_SEEN_FIN;

	if (closed)
		return SVCNAT_FLOW_CLOSED;
	if (closing)
		return SVCNAT_FLOW_CLOSING;
	if (r & SVCNAT_SEEN && q & SVCNAT_SEEN_ACK)
		return SVCNAT_FLOW_ESTABLISHED;
	return r & SVCNAT_SEEN ? SVCNAT_FLOW_SYN_RECV : SVCNAT_FLOW_SYN_SENT;
}

static void every_pair_has_its_state(struct kunit *test)
{
	unsigned int q, r;

	for (q = 0; q <= SEEN_ALL; q++) {
		for (r = 0; r <= SEEN_ALL; r++) {
			u8 both = q & r;

			KUNIT_EXPECT_EQ(test,
					(int)svcnat_state_of(IPPROTO_TCP, q, r),
					(int)tcp_state_model(q, r));
			KUNIT_EXPECT_EQ(test,
					(int)svcnat_state_of(IPPROTO_SCTP, q,
							     r),
					(int)tcp_state_model(q, r));
			KUNIT_EXPECT_EQ(test,
					svcnat_state_half_open(IPPROTO_SCTP, q,
							       r),
					svcnat_state_half_open(IPPROTO_TCP, q,
							       r));
			KUNIT_EXPECT_EQ(test,
					svcnat_state_half_open(IPPROTO_TCP, q,
							       r),
					!(r & SVCNAT_SEEN) ||
					!(q & SVCNAT_SEEN_ACK));
			/* The endpoint must have agreed. */
			KUNIT_EXPECT_EQ(test, svcnat_state_closing(q, r),
					(both & SVCNAT_SEEN_RST &&
					 r & SVCNAT_SEEN_OWN_RST) ||
					both & SVCNAT_SEEN_FIN);
			/* Nobody has spoken since, but the client did it. */
			KUNIT_EXPECT_EQ(test, svcnat_state_aborted(q, r),
					both & SVCNAT_SEEN_RST &&
					q & SVCNAT_SEEN_OWN_RST);
		}
	}
}

/* A client has heard what it can repeat, or what the endpoint says it has. */
static void who_has_heard_is_believed(struct kunit *test)
{
	unsigned int r, bits, right;

	for (r = 0; r <= SEEN_ALL; r++) {
		for (bits = 0; bits < 32; bits++) {
			for (right = 0; right < 2; right++) {
				struct svcnat_packet p =
					made_of(IPPROTO_TCP, bits, false);
				bool proven = right && r & SVCNAT_SEEN_OFFER &&
					      bits & SVCNAT_TCP_ACK;

				p.proof = 6 + right;
				KUNIT_EXPECT_EQ(test,
						svcnat_state_heard(r, 7, &p),
						proven ||
						r & SVCNAT_SEEN_MORE);
				p.tuple.proto = IPPROTO_SCTP;
				KUNIT_EXPECT_EQ(test,
						svcnat_state_heard(r, 7, &p),
						proven || r & SVCNAT_SEEN_ACK);
			}
		}
	}
}

static void every_state_has_its_timeout(struct kunit *test)
{
	static const u8 timeout[] = {
		[SVCNAT_FLOW_SYN_SENT] = SVCNAT_TIMEOUT_TCP_TRANSITORY,
		[SVCNAT_FLOW_SYN_RECV] = SVCNAT_TIMEOUT_TCP_TRANSITORY,
		[SVCNAT_FLOW_ESTABLISHED] = SVCNAT_TIMEOUT_TCP_ESTABLISHED,
		[SVCNAT_FLOW_CLOSING] = SVCNAT_TIMEOUT_TCP_TRANSITORY,
		[SVCNAT_FLOW_CLOSED] = SVCNAT_TIMEOUT_TCP_CLOSING,
		[SVCNAT_FLOW_UNREPLIED] = SVCNAT_TIMEOUT_UDP,
		[SVCNAT_FLOW_REPLIED] = SVCNAT_TIMEOUT_UDP,
		[SVCNAT_FLOW_STREAM] = SVCNAT_TIMEOUT_UDP_STREAM,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(timeout); i++)
		KUNIT_EXPECT_EQ(test,
				(int)svcnat_state_timeout(IPPROTO_TCP, i),
				(int)timeout[i]);
	/* SCTP has one of its own. */
	for (i = 0; i <= SVCNAT_FLOW_CLOSED; i++)
		KUNIT_EXPECT_EQ(test,
				(int)svcnat_state_timeout(IPPROTO_SCTP, i),
				i == SVCNAT_FLOW_ESTABLISHED ?
				(int)SVCNAT_TIMEOUT_SCTP : (int)timeout[i]);
}

static void a_word_keeps_its_parts(struct kunit *test)
{
	static const u32 some[] = { 0, 1, 0x7fffff, 0x800000, 0xffffff };
	static const u32 stamps[] = { 0, 1, 0x7fffffff, 0x80000000, U32_MAX };
	unsigned int g, s, seen;
	u64 word;

	for (g = 0; g < ARRAY_SIZE(some); g++) {
		for (s = 0; s < ARRAY_SIZE(stamps); s++) {
			for (seen = 0; seen < 256; seen += 15) {
				word = svcnat_word(some[g], seen, stamps[s]);
				KUNIT_EXPECT_EQ(test, some[g],
						svcnat_word_generation(word));
				KUNIT_EXPECT_EQ(test, seen,
						svcnat_word_seen(word));
				KUNIT_EXPECT_EQ(test, stamps[s],
						svcnat_word_stamp(word));
				KUNIT_EXPECT_EQ(test, svcnat_word_live(word),
						!(some[g] & 1));
			}
		}
	}
	/* The generation wraps within its bits, and stays odd or even. */
	word = svcnat_word(0xffffff + 1, 0, 0);
	KUNIT_EXPECT_EQ(test, word, 0);
}

static void a_stamp_is_a_time(struct kunit *test)
{
	u32 minute = (60 * HZ) >> SVCNAT_STAMP_SHIFT;

	KUNIT_EXPECT_EQ(test, svcnat_stamp_seconds(0), 0);
	KUNIT_EXPECT_GE(test, svcnat_stamp_seconds(minute), 59);
	KUNIT_EXPECT_LE(test, svcnat_stamp_seconds(minute), 60);
	KUNIT_EXPECT_GT(test, (int)SVCNAT_STAMP_STEP, 0);
	KUNIT_EXPECT_LE(test, svcnat_stamp_seconds(SVCNAT_STAMP_STEP), 1);
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE(every_segment_says_what_it_should),
	KUNIT_CASE(most_packets_say_nothing_new),
	KUNIT_CASE(a_second_datagram_makes_a_stream),
	KUNIT_CASE(every_pair_has_its_state),
	KUNIT_CASE(who_has_heard_is_believed),
	KUNIT_CASE(every_state_has_its_timeout),
	KUNIT_CASE(a_word_keeps_its_parts),
	KUNIT_CASE(a_stamp_is_a_time),
	{}
};

static struct kunit_suite state_suite = {
	.name = "svcnat_state",
	.test_cases = state_cases,
};

kunit_test_suite(state_suite);
