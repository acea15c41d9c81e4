// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <linux/ktime.h>
#include <linux/prandom.h>

#include "../maglev.c"
#include "../uapi/svcnat.h"

#define MOST		U16_MAX
/* Emulated, and under KASAN; KCSAN lets others catch up all the time. */
#define BUILD_MS	(IS_ENABLED(CONFIG_KCSAN) ? 120000 : 30000)

/**
 * struct crowd - candidates
 * @rnd: fixed seed
 * @candidate: room for the most there can be
 */
struct crowd {
	struct rnd_state	rnd;
	struct svcnat_candidate	*candidate;
};

static int crowd_init(struct kunit *test)
{
	struct crowd *crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);

	if (!crowd)
		return -ENOMEM;
	crowd->candidate = kvcalloc(MOST, sizeof(*crowd->candidate),
				    GFP_KERNEL);
	prandom_seed_state(&crowd->rnd, 4711);
	test->priv = crowd;
	return crowd->candidate ? 0 : -ENOMEM;
}

static void crowd_exit(struct kunit *test)
{
	struct crowd *crowd = test->priv;

	if (crowd)
		kvfree(crowd->candidate);
}

static void name_candidate(struct svcnat_candidate *candidate, u32 name,
			   u16 weight)
{
	union nf_inet_addr addr = { .ip = htonl(0x0af40000 + name / 2) };

	svcnat_maglev_candidate(candidate, &addr, htons(8080 + name % 2),
				weight);
}

static struct svcnat_maglev *build(struct kunit *test, u32 num)
{
	struct crowd *crowd = test->priv;
	struct svcnat_maglev *maglev;

	maglev = svcnat_maglev_build(crowd->candidate, num);
	KUNIT_ASSERT_NOT_NULL(test, maglev);
	return maglev;
}

/* The table of @num candidates of weight 1 without the one called @without. */
static struct svcnat_maglev *build_without(struct kunit *test, u32 num,
					   u32 without)
{
	struct crowd *crowd = test->priv;
	u32 i, n = 0;

	for (i = 0; i < num; i++)
		if (i != without)
			name_candidate(&crowd->candidate[n++], i, 1);
	return build(test, n);
}

static u32 *count_places(struct kunit *test, const struct svcnat_maglev *maglev,
			 u32 num)
{
	u32 *count = kvcalloc(num, sizeof(*count), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, count);
	for (i = 0; i < maglev->size; i++) {
		KUNIT_ASSERT_LT(test, (u32)maglev->owner[i], num);
		count[maglev->owner[i]]++;
	}
	return count;
}

/* Everybody has a place, and a share by weight, give or take one place. */
static void expect_shares(struct kunit *test, u32 num)
{
	struct crowd *crowd = test->priv;
	struct svcnat_maglev *maglev = build(test, num);
	u32 *count = count_places(test, maglev, num), i;
	u64 sum = 0, share;

	for (i = 0; i < num; i++)
		sum += crowd->candidate[i].weight;
	for (i = 0; i < num; i++) {
		share = (u64)maglev->size * crowd->candidate[i].weight;
		KUNIT_EXPECT_GT(test, count[i], 0);
		KUNIT_EXPECT_LE(test, count[i] * sum, share + 3 * sum / 2);
		KUNIT_EXPECT_GE(test, count[i] * sum + 3 * sum / 2, share);
	}
	kvfree(count);
	kvfree(maglev);
}

static void places_by_weight(struct kunit *test)
{
	static const u32 nums[] = { 1, 2, 3, 10, 100, 300 };
	struct crowd *crowd = test->priv;
	u32 i, j, weight;

	for (i = 0; i < ARRAY_SIZE(nums); i++) {
		for (j = 0; j < nums[i]; j++)
			name_candidate(&crowd->candidate[j], j, 1);
		expect_shares(test, nums[i]);
		for (j = 0; j < nums[i]; j++) {
			weight = 1 + prandom_u32_state(&crowd->rnd) % 20;
			name_candidate(&crowd->candidate[j], j, weight);
		}
		expect_shares(test, nums[i]);
	}
}

/* A light one beside the heaviest has a place, and no more. */
static void the_lightest_has_a_place(struct kunit *test)
{
	static const u32 nums[] = { 2, 30, FEW };
	struct crowd *crowd = test->priv;
	struct svcnat_maglev *maglev;
	u32 i, j, *count;

	for (i = 0; i < ARRAY_SIZE(nums); i++) {
		for (j = 0; j < nums[i]; j++)
			name_candidate(&crowd->candidate[j], j,
				       j ? 1 : SVCNAT_WEIGHT_MAX);
		maglev = build(test, nums[i]);
		count = count_places(test, maglev, nums[i]);
		for (j = 1; j < nums[i]; j++)
			KUNIT_EXPECT_EQ(test, count[j], 1);
		kvfree(count);
		kvfree(maglev);
	}
}

/* Places that changed hands though neither before nor after @left's */
static u32 moved(const struct svcnat_maglev *with,
		 const struct svcnat_maglev *without, u32 left)
{
	u32 i, n = 0;

	for (i = 0; i < with->size; i++) {
		u32 after = without->owner[i];

		after += after >= left;
		n += with->owner[i] != left && with->owner[i] != after;
	}
	return n;
}

static void few_others_move(struct kunit *test)
{
	/* places beside those of who left, in a thousand of all */
	static const struct {
		u32	num;
		u32	most;
	} cases[] = { { 3, 1 }, { 10, 8 }, { 100, 8 } };
	struct svcnat_maglev *with, *without;
	u32 i, j, n, worst;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		with = build_without(test, cases[i].num, U32_MAX);
		worst = 0;
		for (j = 0; j < cases[i].num; j += 1 + cases[i].num / 10) {
			without = build_without(test, cases[i].num, j);
			n = moved(with, without, j);
			worst = max(worst, n);
			kvfree(without);
		}
		kunit_info(test, "%u: at worst %u of %u move\n", cases[i].num,
			   worst, with->size);
		KUNIT_EXPECT_LE(test, worst * 1000, cases[i].most * with->size);
		kvfree(with);
	}
}

static void who_comes_back_has_the_same_places(struct kunit *test)
{
	struct svcnat_maglev *before, *without, *after;

	before = build_without(test, 100, U32_MAX);
	without = build_without(test, 100, 42);
	after = build_without(test, 100, U32_MAX);
	KUNIT_EXPECT_NE(test, 0, memcmp(before->owner, without->owner,
					before->size * sizeof(u16)));
	KUNIT_EXPECT_EQ(test, 0, memcmp(before->owner, after->owner,
					before->size * sizeof(u16)));
	kvfree(after);
	kvfree(without);
	kvfree(before);
}

static void the_most_there_can_be(struct kunit *test)
{
	struct crowd *crowd = test->priv;
	u32 kind, i;

	for (kind = 0; kind < 3; kind++) {
		struct svcnat_maglev *maglev;
		u64 began, took;
		u16 weight = 1;

		for (i = 0; i < MOST; i++) {
			if (kind == 1)
				weight = i ? 1 : SVCNAT_WEIGHT_MAX;
			else if (kind == 2)
				weight = 1 + prandom_u32_state(&crowd->rnd) %
					     SVCNAT_WEIGHT_MAX;
			name_candidate(&crowd->candidate[i], i, weight);
		}
		began = ktime_get_ns();
		maglev = build(test, MOST);
		took = div_u64(ktime_get_ns() - began, NSEC_PER_MSEC);
		KUNIT_EXPECT_EQ(test, maglev->size, SIZE_MANY);
		kvfree(count_places(test, maglev, MOST));
		kunit_info(test, "%u ms\n", (u32)took);
		KUNIT_EXPECT_LT(test, took, BUILD_MS);
		kvfree(maglev);
	}
}

static void the_next_place_is_somebody_elses(struct kunit *test)
{
	struct svcnat_maglev *maglev = build_without(test, 5, U32_MAX);
	u32 i, next;

	for (i = 0; i < maglev->size; i += 17) {
		next = svcnat_maglev_next(maglev, i);
		KUNIT_ASSERT_LT(test, next, maglev->size);
		KUNIT_EXPECT_NE(test, maglev->owner[next], maglev->owner[i]);
	}
	next = svcnat_maglev_next(maglev, maglev->size - 1);
	KUNIT_ASSERT_LT(test, next, maglev->size);
	KUNIT_EXPECT_NE(test, maglev->owner[next],
			maglev->owner[maglev->size - 1]);
	kvfree(maglev);
	maglev = build_without(test, 1, U32_MAX);
	KUNIT_EXPECT_EQ(test, 7, svcnat_maglev_next(maglev, 7));
	kvfree(maglev);
}

static u32 ask(const struct svcnat_maglev *maglev, u32 client, u16 port,
	       bool alone)
{
	const struct svcnat_tuple tuple = {
		.src.ip = htonl(client), .sport = htons(port),
		.dst.ip = htonl(0x0a60000a), .dport = htons(80),
		.family = AF_INET, .proto = IPPROTO_TCP,
	};

	return svcnat_maglev_place(maglev, &tuple, alone);
}

static void connections_spread_and_clients_stay(struct kunit *test)
{
	enum { N = 10, ASKED = 10000 };
	struct svcnat_maglev *maglev = build_without(test, N, U32_MAX);
	u32 i, by_port[N] = {}, by_client[N] = {};

	for (i = 0; i < ASKED; i++) {
		by_port[maglev->owner[ask(maglev, 1, i, false)]]++;
		by_client[maglev->owner[ask(maglev, i, 1, true)]]++;
		KUNIT_ASSERT_EQ(test, ask(maglev, i, 1, true),
				ask(maglev, i, 2, true));
	}
	/* five standard deviations */
	for (i = 0; i < N; i++) {
		KUNIT_EXPECT_LE(test, abs((int)by_port[i] - ASKED / N), 150);
		KUNIT_EXPECT_LE(test, abs((int)by_client[i] - ASKED / N), 150);
	}
	kvfree(maglev);
}

/* A node with another version or byte order must come to the same. */
static void places_are_the_same_for_ever(struct kunit *test)
{
	struct svcnat_maglev *maglev = build_without(test, 7, U32_MAX);
	static const u16 owner[] = {
		0, 2, 3, 0, 3, 6, 5, 6, 6, 3, 2, 2, 5, 3, 4, 4,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(owner); i++)
		KUNIT_EXPECT_EQ(test, maglev->owner[i], owner[i]);
	KUNIT_EXPECT_EQ(test, ask(maglev, 0x0a000001, 4000, false), 5040);
	KUNIT_EXPECT_EQ(test, ask(maglev, 0x0a000001, 4001, false), 34828);
	KUNIT_EXPECT_EQ(test, ask(maglev, 0x0a000001, 4000, true), 26797);
	kvfree(maglev);
}

static struct kunit_case maglev_cases[] = {
	KUNIT_CASE(places_by_weight),
	KUNIT_CASE(the_lightest_has_a_place),
	KUNIT_CASE(few_others_move),
	KUNIT_CASE(who_comes_back_has_the_same_places),
	KUNIT_CASE(the_most_there_can_be),
	KUNIT_CASE(the_next_place_is_somebody_elses),
	KUNIT_CASE(connections_spread_and_clients_stay),
	KUNIT_CASE(places_are_the_same_for_ever),
	{}
};

static struct kunit_suite maglev_suite = {
	.name = "svcnat_maglev",
	.init = crowd_init,
	.exit = crowd_exit,
	.test_cases = maglev_cases,
};

kunit_test_suite(maglev_suite);
