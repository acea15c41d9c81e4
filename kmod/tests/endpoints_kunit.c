// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <linux/prandom.h>

#include "../endpoints.c"

#define SOME	60

static const u8 families[] = { AF_INET, AF_INET6 };

/**
 * struct herd - endpoints to build arrays from
 * @rnd: fixed seed
 * @num: how many
 * @endpoint: what the entries are entries of
 * @entry: the entries, in no order
 */
struct herd {
	struct rnd_state	rnd;
	u32			num;
	struct svcnat_endpoint	*endpoint;
	struct svcnat_entry	*entry;
};

static struct svcnat_endpoints *build(struct kunit *test, struct herd *herd)
{
	struct svcnat_endpoints *eps;

	eps = svcnat_endpoints_build(herd->entry, herd->num);
	KUNIT_ASSERT_NOT_NULL(test, eps);
	return eps;
}

static void new_entry(struct herd *herd, u8 family, u16 weight, u8 state,
		      u8 place)
{
	u32 i = herd->num++;

	memset(&herd->entry[i], 0, sizeof(herd->entry[i]));
	herd->endpoint[i].id = 1 + prandom_u32_state(&herd->rnd) % 1000 +
			       1000 * ((i * 7919) % 65536);
	herd->entry[i].endpoint = &herd->endpoint[i];
	herd->entry[i].family = family;
	/* Few addresses, so that ports decide; the bytes are out of order. */
	herd->entry[i].addr.all[family == AF_INET ? 0 : i & 3] =
		(__force u32)htonl(0x0a000000 + i % 256);
	herd->entry[i].port = htons(1 + i / 256 * 97);
	herd->entry[i].weight = weight;
	herd->entry[i].state = state;
	herd->entry[i].place = place;
	/* What an earlier array made of it is of no interest. */
	herd->entry[i].lists = U8_MAX;
}

static void random_herd(struct herd *herd, u32 num)
{
	u32 i;

	herd->num = 0;
	for (i = 0; i < num; i++) {
		u32 r = prandom_u32_state(&herd->rnd);

		new_entry(herd, families[r & 1], r & 2 ? r >> 28 : 1,
			  (r >> 8) % 3, (r >> 12) % 3);
	}
}

static int herd_init(struct kunit *test)
{
	struct herd *herd = kunit_kzalloc(test, sizeof(*herd), GFP_KERNEL);

	if (!herd)
		return -ENOMEM;
	herd->endpoint = kvcalloc(SVCNAT_ENDPOINTS_MAX,
				  sizeof(*herd->endpoint), GFP_KERNEL);
	herd->entry = kvcalloc(SVCNAT_ENDPOINTS_MAX, sizeof(*herd->entry),
			       GFP_KERNEL);
	prandom_seed_state(&herd->rnd, 4711);
	test->priv = herd;
	return herd->endpoint && herd->entry ? 0 : -ENOMEM;
}

static void herd_exit(struct kunit *test)
{
	struct herd *herd = test->priv;

	if (!herd)
		return;
	kvfree(herd->entry);
	kvfree(herd->endpoint);
}

/* May the entry be drawn, if the list is made of those in @state? */
static bool fits(const struct svcnat_entry *e, u8 family, int list, u8 state)
{
	bool local = e->place == SVCNAT_PLACE_LOCAL ||
		     e->place == SVCNAT_PLACE_LOCAL_ONLY;
	bool cluster = e->place == SVCNAT_PLACE_REMOTE ||
		       e->place == SVCNAT_PLACE_LOCAL;

	return e->family == family && e->state == state && e->weight > 0 &&
	       (list == SVCNAT_LIST_LOCAL ? local : cluster);
}

static u8 state_in_use(const struct svcnat_endpoints *eps, u8 family, int list)
{
	u32 i;

	for (i = 0; i < eps->num; i++)
		if (fits(&eps->entry[i], family, list, SVCNAT_STATE_READY))
			return SVCNAT_STATE_READY;
	return SVCNAT_STATE_TERMINATING;
}

/* Each list has exactly the entries it should have, each once. */
static void expect_lists(struct kunit *test, const struct svcnat_endpoints *eps)
{
	u32 f, list, i;

	for (f = 0; f < ARRAY_SIZE(families); f++) {
		for (list = 0; list < SVCNAT_LISTS; list++) {
			u8 state = state_in_use(eps, families[f], list);
			u32 n = 0;

			for (i = 0; i < eps->num; i++) {
				const struct svcnat_entry *e = &eps->entry[i];
				bool fit = fits(e, families[f], list, state);

				KUNIT_ASSERT_EQ(test, fit,
						e->family == families[f] &&
						svcnat_entry_in(e, list));
				if (!fit)
					continue;
				/* in the order of the array */
				KUNIT_ASSERT_LT(test, n,
						svcnat_endpoints_count(eps,
								       families[f],
								       list));
				KUNIT_ASSERT_PTR_EQ(test, e,
						    svcnat_endpoints_at(eps,
									families[f],
									list,
									n));
				n++;
			}
			KUNIT_ASSERT_EQ(test, n,
					svcnat_endpoints_count(eps, families[f],
							       list));
		}
	}
}

static void lists_are_those_of_the_states(struct kunit *test)
{
	struct herd *herd = test->priv;
	struct svcnat_endpoints *eps;
	unsigned int round;

	for (round = 0; round < 2 * SOME; round++) {
		random_herd(herd, round % SOME);
		eps = build(test, herd);
		expect_lists(test, eps);
		svcnat_endpoints_free(eps);
	}
}

/* Ready, else terminating: for each list and family by itself. */
static void terminating_ones_serve_as_a_last_resort(struct kunit *test)
{
	struct herd *herd = test->priv;
	struct svcnat_endpoints *eps;

	new_entry(herd, AF_INET, 1, SVCNAT_STATE_READY, SVCNAT_PLACE_REMOTE);
	new_entry(herd, AF_INET, 1, SVCNAT_STATE_TERMINATING,
		  SVCNAT_PLACE_LOCAL);
	new_entry(herd, AF_INET6, 1, SVCNAT_STATE_TERMINATING,
		  SVCNAT_PLACE_REMOTE);
	new_entry(herd, AF_INET6, 0, SVCNAT_STATE_READY, SVCNAT_PLACE_REMOTE);
	eps = build(test, herd);
	KUNIT_ASSERT_EQ(test, 1, svcnat_endpoints_count(eps, AF_INET,
							SVCNAT_LIST_CLUSTER));
	KUNIT_EXPECT_EQ(test, (int)SVCNAT_STATE_READY,
			svcnat_endpoints_at(eps, AF_INET, SVCNAT_LIST_CLUSTER,
					    0)->state);
	KUNIT_ASSERT_EQ(test, 1, svcnat_endpoints_count(eps, AF_INET,
							SVCNAT_LIST_LOCAL));
	KUNIT_EXPECT_EQ(test, (int)SVCNAT_STATE_TERMINATING,
			svcnat_endpoints_at(eps, AF_INET, SVCNAT_LIST_LOCAL,
					    0)->state);
	KUNIT_EXPECT_EQ(test, 1, svcnat_endpoints_count(eps, AF_INET6,
							SVCNAT_LIST_CLUSTER));
	KUNIT_EXPECT_EQ(test, 0, svcnat_endpoints_count(eps, AF_INET6,
							SVCNAT_LIST_LOCAL));
	svcnat_endpoints_free(eps);
}

static void nothing_is_found_in_nothing(struct kunit *test)
{
	struct herd *herd = test->priv;
	struct svcnat_endpoints *eps = NULL;
	union nf_inet_addr addr = {};
	int i;

	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_NULL(test, svcnat_endpoints_find(eps, AF_INET,
							      &addr, 0));
		KUNIT_EXPECT_NULL(test, svcnat_endpoints_find_id(eps, 1));
		KUNIT_EXPECT_EQ(test, 0,
				svcnat_endpoints_count(eps, AF_INET,
						       SVCNAT_LIST_CLUSTER));
		svcnat_endpoints_free(eps);
		if (!i)
			eps = build(test, herd);
	}
}

static void expect_found(struct kunit *test, const struct herd *herd,
			 const struct svcnat_endpoints *eps, u32 i)
{
	const struct svcnat_entry *e = &herd->entry[i], *found;
	union nf_inet_addr other = e->addr;

	found = svcnat_endpoints_find(eps, e->family, &e->addr, e->port);
	KUNIT_ASSERT_NOT_NULL(test, found);
	KUNIT_ASSERT_PTR_EQ(test, found->endpoint, e->endpoint);
	KUNIT_ASSERT_PTR_EQ(test, found,
			    svcnat_endpoints_find_id(eps, e->endpoint->id));
	KUNIT_ASSERT_NULL(test, svcnat_endpoints_find(eps, e->family, &e->addr,
						      0));
	KUNIT_ASSERT_NULL(test, svcnat_endpoints_find(eps, AF_UNSPEC, &e->addr,
						      e->port));
	other.all[3] = ~other.all[3];
	KUNIT_ASSERT_NULL(test, svcnat_endpoints_find(eps, e->family, &other,
						      e->port));
}

static void finds_what_a_linear_search_finds(struct kunit *test)
{
	struct herd *herd = test->priv;
	struct svcnat_endpoints *eps;
	u32 round, i, id;

	for (round = 1; round < SOME; round++) {
		random_herd(herd, round);
		eps = build(test, herd);
		for (i = 1; i < eps->num; i++)
			KUNIT_ASSERT_LT(test,
					svcnat_entry_compare(&eps->entry[i - 1],
							     &eps->entry[i]),
					0);
		for (i = 0; i < round; i++)
			expect_found(test, herd, eps, i);
		for (id = 0; id < 1000; id++) {
			bool there = false;

			for (i = 0; i < round; i++)
				there |= herd->endpoint[i].id == id;
			KUNIT_ASSERT_EQ(test, there,
					!!svcnat_endpoints_find_id(eps, id));
		}
		KUNIT_EXPECT_NULL(test, svcnat_endpoints_find_id(eps, U32_MAX));
		svcnat_endpoints_free(eps);
	}
}

/*
 * Random numbers that are spread evenly draw each endpoint exactly as often as
 * its weight says, but for the one number where two meet.
 */
static void expect_shares(struct kunit *test, const struct svcnat_endpoints *eps,
			  u8 family, int list)
{
	u32 n = svcnat_endpoints_count(eps, family, list);
	u32 i, slot, total = 0, draws, drawn[SOME] = {};
	const u32 per_weight = 20;

	for (i = 0; i < n; i++)
		total += svcnat_endpoints_at(eps, family, list, i)->weight;
	draws = total * per_weight;
	for (i = 0; i < draws; i++) {
		u32 random = div_u64(((u64)i << 32) + 1, draws);

		slot = svcnat_endpoints_pick(eps, family, list, random);
		KUNIT_ASSERT_LT(test, slot, n);
		drawn[slot]++;
	}
	for (i = 0; i < n; i++) {
		u32 share = per_weight *
			    svcnat_endpoints_at(eps, family, list, i)->weight;

		KUNIT_EXPECT_GE(test, drawn[i] + 1, share);
		KUNIT_EXPECT_LE(test, drawn[i], share + 1);
	}
}

static void draws_in_proportion_to_the_weights(struct kunit *test)
{
	struct herd *herd = test->priv;
	struct svcnat_endpoints *eps;
	u32 round, f, list;

	for (round = 1; round < SOME; round++) {
		random_herd(herd, round);
		eps = build(test, herd);
		for (f = 0; f < ARRAY_SIZE(families); f++)
			for (list = 0; list < SVCNAT_LISTS; list++)
				if (svcnat_endpoints_count(eps, families[f],
							   list))
					expect_shares(test, eps, families[f],
						      list);
		svcnat_endpoints_free(eps);
	}
}

static void the_biggest_array_works(struct kunit *test)
{
	static const u32 randoms[] = { 0, 1, 0x7fffffff, 0x80000000, U32_MAX };
	struct herd *herd = test->priv;
	struct svcnat_endpoints *eps;
	u32 i;

	for (i = 0; i < SVCNAT_ENDPOINTS_MAX; i++)
		new_entry(herd, AF_INET, i ? SVCNAT_WEIGHT_MAX : 1,
			  SVCNAT_STATE_READY, SVCNAT_PLACE_LOCAL);
	eps = build(test, herd);
	KUNIT_EXPECT_EQ(test, SVCNAT_ENDPOINTS_MAX,
			svcnat_endpoints_count(eps, AF_INET,
					       SVCNAT_LIST_LOCAL));
	for (i = 0; i < ARRAY_SIZE(randoms); i++) {
		u32 slot, want = mul_u64_u32_shr(randoms[i],
						 SVCNAT_ENDPOINTS_MAX, 32);

		slot = svcnat_endpoints_pick(eps, AF_INET, SVCNAT_LIST_CLUSTER,
					     randoms[i]);
		/* One light one among so many moves it by one. */
		KUNIT_EXPECT_GE(test, slot, want);
		KUNIT_EXPECT_LE(test, slot, want + 1);
	}
	for (i = 0; i < SVCNAT_ENDPOINTS_MAX; i += 1009)
		expect_found(test, herd, eps, i);
	svcnat_endpoints_free(eps);
}

static struct kunit_case endpoints_cases[] = {
	KUNIT_CASE(lists_are_those_of_the_states),
	KUNIT_CASE(terminating_ones_serve_as_a_last_resort),
	KUNIT_CASE(nothing_is_found_in_nothing),
	KUNIT_CASE(finds_what_a_linear_search_finds),
	KUNIT_CASE(draws_in_proportion_to_the_weights),
	KUNIT_CASE(the_biggest_array_works),
	{}
};

static struct kunit_suite endpoints_suite = {
	.name = "svcnat_endpoints",
	.init = herd_init,
	.exit = herd_exit,
	.test_cases = endpoints_cases,
};

kunit_test_suite(endpoints_suite);
