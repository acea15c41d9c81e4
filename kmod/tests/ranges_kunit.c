// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <linux/inet.h>
#include <linux/random.h>

#include "../ranges.c"

#define RANGES	40
#define ASKED	2000

static struct svcnat_range range4(const char *addr, u8 prefix)
{
	struct svcnat_range r = { .family = AF_INET, .prefix = prefix };

	r.addr.ip = in_aton(addr);
	return r;
}

/* Few bits differ, so that ranges meet; none are set behind the prefix. */
static struct svcnat_range random_range(void)
{
	u32 bits = get_random_u32();
	struct svcnat_range r = { .family = bits & 1 ? AF_INET : AF_INET6 };

	if (r.family == AF_INET) {
		r.prefix = (bits >> 1) % 33;
		r.addr.ip = htonl(0x0a000000 | (bits >> 8 & 0x30f)) &
			    inet_make_mask(r.prefix);
	} else {
		struct in6_addr addr = {};

		r.prefix = (bits >> 1) % 129;
		addr.s6_addr[0] = 0xfd;
		addr.s6_addr[8] = bits >> 8 & 0xc0;
		addr.s6_addr[15] = bits >> 16 & 0x0f;
		ipv6_addr_prefix(&r.addr.in6, &addr, r.prefix);
	}
	return r;
}

static bool any_contains(const struct svcnat_range *range, u16 num, u8 family,
			 const union nf_inet_addr *addr)
{
	u16 i;

	for (i = 0; i < num; i++)
		if (svcnat_range_contains(&range[i], family, addr))
			return true;
	return false;
}

static void none(struct kunit *test)
{
	union nf_inet_addr addr = {};

	KUNIT_EXPECT_FALSE(test, svcnat_ranges_have(NULL, AF_INET));
	KUNIT_EXPECT_FALSE(test, svcnat_ranges_contain(NULL, AF_INET, &addr));
	KUNIT_EXPECT_TRUE(test, svcnat_ranges_equal(NULL, NULL));
	KUNIT_EXPECT_FALSE(test, svcnat_ranges_equal(NULL, &svcnat_ranges_all));
	svcnat_ranges_free(NULL);
}

static void all(struct kunit *test)
{
	struct svcnat_range r;
	int i;

	for (i = 0; i < 20; i++) {
		r = random_range();
		KUNIT_EXPECT_TRUE(test,
				  svcnat_ranges_contain(&svcnat_ranges_all,
							r.family, &r.addr));
	}
	/* Nobody has allocated it. */
	svcnat_ranges_free(&svcnat_ranges_all);
}

static void edges(struct kunit *test)
{
	static const struct {
		const char	*addr;
		bool		in;
	} asked[] = {
		{ "9.255.255.255", false }, { "10.0.0.0", true },
		{ "10.1.2.3", true }, { "10.255.255.255", true },
		{ "11.0.0.0", false }, { "192.0.2.1", true },
		{ "192.0.2.2", false }, { "0.0.0.0", false },
		{ "255.255.255.255", false },
	};
	struct svcnat_range list[] = {
		range4("192.0.2.1", 32), range4("10.1.0.0", 16),
		range4("10.0.0.0", 8), range4("10.1.2.0", 24),
	};
	struct svcnat_ranges *ranges;
	union nf_inet_addr addr = {};
	int i;

	ranges = svcnat_ranges_build(list, ARRAY_SIZE(list));
	KUNIT_ASSERT_NOT_NULL(test, ranges);
	for (i = 0; i < ARRAY_SIZE(asked); i++) {
		addr.ip = in_aton(asked[i].addr);
		KUNIT_EXPECT_EQ_MSG(test, asked[i].in,
				    svcnat_ranges_contain(ranges, AF_INET,
							  &addr),
				    "%s", asked[i].addr);
	}
	KUNIT_EXPECT_FALSE(test, svcnat_ranges_have(ranges, AF_INET6));
	KUNIT_EXPECT_FALSE(test, svcnat_ranges_contain(ranges, AF_INET6,
						       &addr));
	svcnat_ranges_free(ranges);
}

/* The order and repetitions of what is asked for do not count. */
static void the_same(struct kunit *test)
{
	struct svcnat_range list[] = {
		range4("10.0.0.0", 8), range4("10.1.0.0", 16),
		range4("10.0.0.0", 8),
	};
	struct svcnat_range other[] = {
		range4("10.1.0.0", 16), range4("10.0.0.0", 8),
	};
	struct svcnat_ranges *a, *b;

	a = svcnat_ranges_build(list, ARRAY_SIZE(list));
	b = svcnat_ranges_build(other, ARRAY_SIZE(other));
	KUNIT_ASSERT_TRUE(test, a && b);
	KUNIT_EXPECT_EQ(test, a->num, 2);
	KUNIT_EXPECT_TRUE(test, svcnat_ranges_equal(a, b));
	svcnat_ranges_free(b);
	b = svcnat_ranges_build(other, 1);
	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_EXPECT_FALSE(test, svcnat_ranges_equal(a, b));
	svcnat_ranges_free(a);
	svcnat_ranges_free(b);
}

static void as_the_model(struct kunit *test)
{
	struct svcnat_range *list, asked;
	struct svcnat_ranges *ranges;
	int round, i;
	u16 num;

	list = kunit_kcalloc(test, RANGES, sizeof(*list), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, list);
	for (round = 0; round < 50; round++) {
		num = 1 + get_random_u32() % RANGES;
		for (i = 0; i < num; i++)
			list[i] = random_range();
		ranges = svcnat_ranges_build(list, num);
		KUNIT_ASSERT_NOT_NULL(test, ranges);
		for (i = 0; i < ASKED; i++) {
			asked = random_range();
			KUNIT_ASSERT_EQ(test,
					svcnat_ranges_contain(ranges,
							      asked.family,
							      &asked.addr),
					any_contains(list, num, asked.family,
						     &asked.addr));
		}
		svcnat_ranges_free(ranges);
		cond_resched();
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(none),
	KUNIT_CASE(all),
	KUNIT_CASE(edges),
	KUNIT_CASE(the_same),
	KUNIT_CASE(as_the_model),
	{}
};

static struct kunit_suite suite = {
	.name = "svcnat_ranges",
	.test_cases = cases,
};

kunit_test_suite(suite);
