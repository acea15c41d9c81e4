// SPDX-License-Identifier: GPL-2.0-only
/* The CRC of SCTP: it follows, wherever it was. */
#include <kunit/test.h>
#include <linux/crc32c.h>
#include <linux/in.h>
#include <linux/prandom.h>

#include "../compat.h"
#include "../nat.h"
#include "wire.h"

static const u8 heads[] = { 0, 3, WIRE_IPV6, WIRE_CHAIN };

static struct wire before, after;

static u32 crc_in(const struct wire *wire)
{
	return get_unaligned_le32(wire->bytes + wire->l4 + 8);
}

static void set_crc(struct wire *wire, u32 crc)
{
	put_unaligned_le32(crc, wire->bytes + wire->l4 + 8);
}

/* Send @before through a rewrite, like which @after was made. */
static bool rewrite(u8 summed)
{
	const struct wire_shape shape = { .headroom = 64 };
	struct svcnat_rewrite to = { .side = SVCNAT_DESTINATION };
	struct svcnat_packet packet;
	struct sk_buff *skb;
	bool done;

	svcnat_wire_get_addr(&after, 1, &to.addr);
	to.port = htons(svcnat_wire_get_port(&after, 1));
	to.other_port = htons(svcnat_wire_get_port(&after, 0));
	skb = svcnat_wire_skb(&before, &shape);
	if (!skb)
		return false;
	skb->ip_summed = summed;
	done = svcnat_packet_parse(skb, before.family, &packet) ==
		       SVCNAT_PARSED &&
	       svcnat_nat_rewrite(skb, &packet, &to) &&
	       skb->ip_summed == summed &&
	       !skb_copy_bits(skb, 0, before.bytes, before.len);
	kfree_skb(skb);
	return done;
}

static void make(unsigned int head, unsigned int payload, u16 port, u16 other)
{
	union nf_inet_addr addr;

	svcnat_wire_make_as(&before, &svcnat_wire_heads[head], IPPROTO_SCTP,
			    payload);
	after = before;
	addr = svcnat_wire_new_addr(before.family);
	svcnat_wire_set_addr(&after, 1, &addr);
	svcnat_wire_set_port(&after, 0, other);
	svcnat_wire_set_port(&after, 1, port);
	svcnat_wire_sum(&after);
}

/* What newer kernels lack agrees with what older ones have. */
static void zeroes_are_carried_over(struct kunit *test)
{
	static const u8 zeroes[256];
	struct rnd_state rnd;
	unsigned int i, len;
	u32 crc;

	prandom_seed_state(&rnd, 7);
	for (i = 0; i < 1000; i++) {
		crc = prandom_u32_state(&rnd);
		len = i < 256 ? i : prandom_u32_state(&rnd) % 256;
		KUNIT_EXPECT_EQ(test, svcnat_crc32c_zeroes(crc, len),
				crc32c(crc, zeroes, len));
		KUNIT_EXPECT_EQ(test, svcnat_crc32c_shift(crc, len),
				crc32c(crc, zeroes, len));
	}
}

/* The reference of these suites agrees with the kernel's. */
static void the_reference_is_right(struct kunit *test)
{
	unsigned int payload;
	u32 crc;

	for (payload = 4; payload < 64; payload++) {
		make(0, payload, 1, 2);
		crc = crc_in(&before);
		set_crc(&before, 0);
		KUNIT_EXPECT_EQ(test, crc,
				~crc32c(~0, before.bytes + before.l4,
					before.len - before.l4));
	}
}

static void follows_at_every_length(struct kunit *test)
{
	struct rnd_state rnd;
	unsigned int i, len;
	u32 ports;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		for (len = 4; len < 200; len++) {
			ports = prandom_u32_state(&rnd);
			make(heads[i], len, ports, ports >> 16);
			KUNIT_ASSERT_TRUE(test, rewrite(len & 1 ?
							CHECKSUM_NONE :
							CHECKSUM_UNNECESSARY));
			KUNIT_ASSERT_EQ_MSG(test, crc_in(&before),
					    crc_in(&after), "head %u len %u",
					    heads[i], len);
			KUNIT_ASSERT_EQ(test, memcmp(before.bytes, after.bytes,
						     after.len), 0);
		}
	}
}

/* It has no pseudo header. */
static void addresses_are_nothing_to_it(struct kunit *test)
{
	unsigned int i;
	u32 crc;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		make(heads[i], 23, 80, 40000);
		crc = crc_in(&before);
		KUNIT_EXPECT_EQ(test, crc, crc_in(&after));
		KUNIT_ASSERT_TRUE(test, rewrite(CHECKSUM_NONE));
		KUNIT_EXPECT_EQ(test, crc_in(&before), crc);
	}
}

static void wrong_sums_stay_wrong(struct kunit *test)
{
	struct rnd_state rnd;
	unsigned int i;
	u32 error;

	prandom_seed_state(&rnd, 2);
	for (i = 0; i < 400; i++) {
		make(heads[i % ARRAY_SIZE(heads)], 4 + i % 90,
		     prandom_u32_state(&rnd), prandom_u32_state(&rnd));
		error = prandom_u32_state(&rnd);
		set_crc(&before, crc_in(&before) ^ error);
		KUNIT_ASSERT_TRUE(test, rewrite(CHECKSUM_NONE));
		KUNIT_ASSERT_EQ(test, crc_in(&before) ^ crc_in(&after), error);
	}
}

static struct kunit_case nat_sctp_cases[] = {
	KUNIT_CASE(zeroes_are_carried_over),
	KUNIT_CASE(the_reference_is_right),
	KUNIT_CASE(follows_at_every_length),
	KUNIT_CASE(addresses_are_nothing_to_it),
	KUNIT_CASE(wrong_sums_stay_wrong),
	{}
};

static struct kunit_suite nat_sctp_suite = {
	.name = "svcnat_nat_sctp",
	.test_cases = nat_sctp_cases,
};

kunit_test_suite(nat_sctp_suite);
