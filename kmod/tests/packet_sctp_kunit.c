// SPDX-License-Identifier: GPL-2.0-only
/* What SCTP packets say, and what makes them none. */
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/sctp.h>

#include "../compat.h"
#include "../packet_sctp.c"
#include "wire.h"

#define COMMON	12	/* the header in front of the chunks */
#define INIT	20	/* the least length of one */

#define S	SVCNAT_TCP_SYN
#define A	SVCNAT_TCP_ACK
#define F	SVCNAT_TCP_FIN
#define R	SVCNAT_TCP_RST

static const struct wire_shape linear = { .headroom = 64 };
static const u8 heads[] = { 0, 10, WIRE_IPV6, WIRE_CHAIN };

static struct wire wire;
static struct svcnat_packet packet;

static void begin(unsigned int head)
{
	svcnat_wire_make_as(&wire, &svcnat_wire_heads[head], IPPROTO_SCTP, 0);
	/* There is a verification tag. */
	wire.len = wire.l4 + COMMON;
}

static void add_chunk(u8 type, unsigned int len)
{
	u8 *at = wire.bytes + wire.len;

	memset(at, 0xa5, ALIGN(len, 4));
	at[0] = type;
	put_unaligned_be16(len, at + 2);
	wire.len += ALIGN(len, 4);
}

static void add_init(void)
{
	memset(wire.bytes + wire.l4 + 4, 0, 4);
	add_chunk(SCTP_CID_INIT, INIT);
}

/* The packet must know how long it is. */
static enum svcnat_parsed verdict_as(struct kunit *test,
				     const struct wire_shape *shape)
{
	enum svcnat_parsed parsed;
	struct sk_buff *skb;

	if (wire.family == AF_INET)
		put_unaligned_be16(wire.len, wire.bytes + 2);
	else
		put_unaligned_be16(wire.len - 40, wire.bytes + 4);
	skb = svcnat_wire_skb(&wire, shape);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	parsed = svcnat_packet_parse(skb, wire.family, &packet);
	kfree_skb(skb);
	return parsed;
}

static enum svcnat_parsed verdict(struct kunit *test)
{
	return verdict_as(test, &linear);
}

static u8 bits_of(unsigned int type)
{
	switch (type) {
	case 1:			/* INIT */
		return S;
	case 2:			/* INIT ACK */
		return S | A;
	case 7:			/* SHUTDOWN */
	case 8:			/* SHUTDOWN ACK */
		return F | A;
	case 6:			/* ABORT */
	case 14:		/* SHUTDOWN COMPLETE */
		return R;
	default:
		return A;
	}
}

static void every_chunk_says_what_it_should(struct kunit *test)
{
	unsigned int i, type;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		for (type = 0; type < 256; type++) {
			begin(heads[i]);
			if (type == 1)
				add_init();
			else
				add_chunk(type, 4 + type % 9);
			KUNIT_ASSERT_EQ_MSG(test, (int)verdict(test),
					    (int)SVCNAT_PARSED, "type %u",
					    type);
			KUNIT_EXPECT_EQ_MSG(test, packet.tcp, bits_of(type),
					    "type %u", type);
			KUNIT_EXPECT_EQ_MSG(test, packet.payload,
					    !type || type == 0x40, "type %u",
					    type);
			KUNIT_EXPECT_EQ_MSG(test,
					    svcnat_packet_opens(&packet),
					    type == 1, "type %u", type);
			KUNIT_EXPECT_EQ(test, packet.l4_len, COMMON);
			KUNIT_EXPECT_EQ(test, packet.tuple.sport,
					htons(40000));
			KUNIT_EXPECT_EQ(test, packet.tuple.dport, htons(80));
		}
	}
}

static void an_init_is_alone_and_has_no_tag(struct kunit *test)
{
	unsigned int i, len, more;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		begin(heads[i]);
		add_chunk(SCTP_CID_INIT, INIT);		/* with a tag */
		KUNIT_EXPECT_EQ(test, (int)verdict(test),
				(int)SVCNAT_PARSED_BROKEN);
		begin(heads[i]);
		add_init();
		add_chunk(SCTP_CID_DATA, 20);
		KUNIT_EXPECT_EQ(test, (int)verdict(test),
				(int)SVCNAT_PARSED_BROKEN);
		begin(heads[i]);
		add_chunk(SCTP_CID_SACK, 16);
		add_init();
		KUNIT_EXPECT_EQ(test, (int)verdict(test),
				(int)SVCNAT_PARSED_BROKEN);
		/* Shorter than it can be, or than it says; padded, or not. */
		for (len = 0; len < 40; len++) {
			for (more = 0; more < 8; more++) {
				bool good = len >= INIT &&
					    len <= INIT + more &&
					    INIT + more < ALIGN(len, 4) + 4;

				begin(heads[i]);
				add_init();
				wire.len += more;
				put_unaligned_be16(len, wire.bytes + wire.l4 +
						   COMMON + 2);
				KUNIT_EXPECT_EQ_MSG(test, verdict(test) ==
						    SVCNAT_PARSED, good,
						    "len %u more %u", len,
						    more);
			}
		}
	}
}

static void chunks_add_up(struct kunit *test)
{
	static const struct {
		u8	type[4];
		u8	bits;
		bool	payload;
	} bundle[] = {
		{ { SCTP_CID_COOKIE_ECHO, SCTP_CID_DATA, 9, 9 }, A, true },
		{ { SCTP_CID_COOKIE_ACK, SCTP_CID_SACK, 9, 9 }, A, false },
		{ { SCTP_CID_SACK, SCTP_CID_SHUTDOWN, 9, 9 }, F | A, false },
		{ { SCTP_CID_SACK, SCTP_CID_ERROR, SCTP_CID_ABORT, 9 },
		  R | A, false },
		{ { SCTP_CID_HEARTBEAT, SCTP_CID_SACK, SCTP_CID_ECN_CWR,
		    SCTP_CID_DATA }, A, true },
		/* Nothing that counts comes behind data. */
		{ { SCTP_CID_DATA, SCTP_CID_ABORT, 9, 9 }, A, true },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(bundle); i++) {
		begin(heads[i % ARRAY_SIZE(heads)]);
		for (j = 0; j < ARRAY_SIZE(bundle[i].type); j++)
			add_chunk(bundle[i].type[j], 13 + j);
		KUNIT_EXPECT_EQ(test, (int)verdict(test), (int)SVCNAT_PARSED);
		KUNIT_EXPECT_EQ_MSG(test, packet.tcp, bundle[i].bits, "%u", i);
		KUNIT_EXPECT_EQ_MSG(test, packet.payload, bundle[i].payload,
				    "%u", i);
	}
}

/* The tag that an INIT ACK asks for is in its own header. */
static void the_tag_proves(struct kunit *test)
{
	u8 *at;

	begin(0);
	add_chunk(SCTP_CID_COOKIE_ECHO, 20);
	put_unaligned_be32(0x80000001, wire.bytes + wire.l4 + 4);
	verdict(test);
	KUNIT_EXPECT_EQ(test, ntohl((__force __be32)packet.proof), 0x80000001);
	begin(0);
	add_chunk(SCTP_CID_INIT_ACK, 20);
	at = wire.bytes + wire.l4 + COMMON;
	put_unaligned_be32(0x80000001, wire.bytes + wire.l4 + 4);
	put_unaligned_be32(0x12345678, at + 4);
	verdict(test);
	KUNIT_EXPECT_EQ(test, ntohl((__force __be32)packet.proof), 0x12345678);
}

/* Whoever sends many is not read to the end. */
static void few_chunks_are_looked_at(struct kunit *test)
{
	unsigned int n, i;

	for (n = 0; n < 20; n++) {
		begin(0);
		for (i = 0; i < n; i++)
			add_chunk(SCTP_CID_ERROR, 4);
		add_chunk(SCTP_CID_ABORT, 4);
		KUNIT_EXPECT_EQ(test, (int)verdict(test), (int)SVCNAT_PARSED);
		KUNIT_EXPECT_EQ_MSG(test, packet.tcp,
				    n ? n < CHUNKS ? R | A : A : R, "n %u", n);
	}
}

/* No chunk ends before its header, and the first one is there. */
static void lengths_are_not_believed(struct kunit *test)
{
	unsigned int len;

	for (len = 0; len < 4; len++) {
		begin(0);
		add_chunk(SCTP_CID_SACK, 16);
		put_unaligned_be16(len, wire.bytes + wire.l4 + COMMON + 2);
		KUNIT_EXPECT_EQ(test, (int)verdict(test),
				(int)SVCNAT_PARSED_BROKEN);
		begin(0);
		add_chunk(SCTP_CID_SACK, 16);
		add_chunk(SCTP_CID_ABORT, 4);
		put_unaligned_be16(len, wire.bytes + wire.l4 + COMMON + 18);
		KUNIT_EXPECT_EQ(test, (int)verdict(test), (int)SVCNAT_PARSED);
		KUNIT_EXPECT_EQ(test, packet.tcp, A);
	}
	begin(0);
	add_chunk(SCTP_CID_SACK, 16);
	add_chunk(SCTP_CID_ABORT, 4);
	put_unaligned_be16(0xffff, wire.bytes + wire.l4 + COMMON + 2);
	KUNIT_EXPECT_EQ(test, (int)verdict(test), (int)SVCNAT_PARSED);
	KUNIT_EXPECT_EQ(test, packet.tcp, A);
}

static void refuses_every_truncation(struct kunit *test)
{
	unsigned int i, cut;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		begin(heads[i]);
		add_chunk(SCTP_CID_COOKIE_ACK, 4);
		add_chunk(SCTP_CID_DATA, 20);
		for (cut = wire.len; cut >= wire.l4; cut--) {
			wire.len = cut;
			KUNIT_EXPECT_EQ_MSG(test, verdict(test) ==
					    SVCNAT_PARSED,
					    cut >= wire.l4 + COMMON + 4,
					    "cut %u", cut - wire.l4);
		}
	}
}

static void reads_every_layout(struct kunit *test)
{
	struct wire_shape shape = { .headroom = 64 };
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(heads); i++) {
		begin(heads[i / 2]);
		add_chunk(SCTP_CID_SACK, 16);
		add_chunk(SCTP_CID_SHUTDOWN, 8);
		shape.layout = i & 1 ? WIRE_FRAG : WIRE_LIST;
		for (shape.split = 0; shape.split < wire.len; shape.split++) {
			KUNIT_EXPECT_EQ(test, (int)verdict_as(test, &shape),
					(int)SVCNAT_PARSED);
			KUNIT_EXPECT_EQ(test, packet.tcp, F | A);
		}
	}
}

static struct kunit_case packet_sctp_cases[] = {
	KUNIT_CASE(every_chunk_says_what_it_should),
	KUNIT_CASE(an_init_is_alone_and_has_no_tag),
	KUNIT_CASE(chunks_add_up),
	KUNIT_CASE(the_tag_proves),
	KUNIT_CASE(few_chunks_are_looked_at),
	KUNIT_CASE(lengths_are_not_believed),
	KUNIT_CASE(refuses_every_truncation),
	KUNIT_CASE(reads_every_layout),
	{}
};

static struct kunit_suite packet_sctp_suite = {
	.name = "svcnat_packet_sctp",
	.test_cases = packet_sctp_cases,
};

kunit_test_suite(packet_sctp_suite);
