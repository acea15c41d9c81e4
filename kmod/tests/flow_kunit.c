// SPDX-License-Identifier: GPL-2.0-only
#define CACHE_NAME(name)	"svcnat_kunit_" name
#include "../flow.c"
#include "../flow_cache.c"
#include "../flow_find.c"

#include "flow_fixture.h"

static void a_flow_has_two_keys(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_tuple answer, t;
	struct svcnat_hit hit;

	svcnat_fixture_open(test, 1, IPPROTO_TCP, false, &spec);
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
	svcnat_fixture_answer(&spec, &answer);
	KUNIT_EXPECT_FALSE(test, svcnat_fixture_find(fx, &spec.tuple,
						     SVCNAT_POST, &hit));
	KUNIT_EXPECT_FALSE(test, svcnat_fixture_find(fx, &answer, SVCNAT_PRE,
						     &hit));
	svcnat_tuple_reverse(&t, &spec.tuple);
	KUNIT_EXPECT_FALSE(test, svcnat_fixture_find(fx, &t, SVCNAT_PRE, &hit));
	KUNIT_EXPECT_FALSE(test, svcnat_fixture_find(fx, &t, SVCNAT_POST,
						     &hit));
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), 1);
}

/* A tuple that differs in anything is another one. */
static void every_part_of_a_key_counts(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_tuple t;
	struct svcnat_hit hit;
	unsigned int i;

	svcnat_fixture_open(test, 1, IPPROTO_TCP, false, &spec);
	for (i = 0; i < 32; i++) {
		t = spec.tuple;
		t.src.ip ^= htonl(BIT(i));
		KUNIT_EXPECT_FALSE(test, svcnat_fixture_find(fx, &t, SVCNAT_PRE,
							     &hit));
		t = spec.tuple;
		t.dst.ip ^= htonl(BIT(i));
		KUNIT_EXPECT_FALSE(test, svcnat_fixture_find(fx, &t, SVCNAT_PRE,
							     &hit));
		t = spec.tuple;
		if (i < 16)
			t.sport ^= htons(BIT(i));
		else
			t.dport ^= htons(BIT(i - 16));
		KUNIT_EXPECT_FALSE(test, svcnat_fixture_find(fx, &t, SVCNAT_PRE,
							     &hit));
	}
	t = spec.tuple;
	t.proto = IPPROTO_UDP;
	KUNIT_EXPECT_FALSE(test, svcnat_fixture_find(fx, &t, SVCNAT_PRE, &hit));
	t = spec.tuple;
	t.family = AF_INET6;
	KUNIT_EXPECT_FALSE(test, svcnat_fixture_find(fx, &t, SVCNAT_PRE, &hit));
}

/* Whoever chooses a part of it freely cannot choose the chain by the rest. */
static void every_part_goes_into_the_hash(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	const hsiphash_key_t *key = &fx->flows.key;
	struct svcnat_flow_spec spec;
	unsigned int ipv6, bits, i;
	struct svcnat_tuple t;
	u32 hash;

	for (ipv6 = 0; ipv6 <= FIXTURE_IPV6; ipv6++) {
		svcnat_fixture_spec(fx, &spec, 1, IPPROTO_TCP);
		svcnat_fixture_shape(&spec, ipv6);
		hash = svcnat_tuple_hash(&spec.tuple, key);
		bits = ipv6 ? 128 : 32;
		for (i = 0; i < 2 * bits + 32; i++) {
			t = spec.tuple;
			if (i < bits)
				t.src.ip6[i / 32] ^= htonl(BIT(i % 32));
			else if (i < 2 * bits)
				t.dst.ip6[(i - bits) / 32] ^=
					htonl(BIT(i % 32));
			else if (i < 2 * bits + 16)
				t.sport ^= htons(BIT(i % 16));
			else
				t.dport ^= htons(BIT(i % 16));
			KUNIT_EXPECT_NE(test, svcnat_tuple_hash(&t, key), hash);
		}
		t = spec.tuple;
		t.proto = IPPROTO_UDP;
		KUNIT_EXPECT_NE(test, svcnat_tuple_hash(&t, key), hash);
		t = spec.tuple;
		swap(t.sport, t.dport);
		KUNIT_EXPECT_NE(test, svcnat_tuple_hash(&t, key), hash);
	}
}

static void the_second_of_two_gets_the_first_ones_flow(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec, other;
	struct svcnat_hit hit;

	svcnat_fixture_open(test, 4, IPPROTO_UDP, false, &spec);
	other = spec;
	other.addr.ip = htonl(0x0af40003);
	other.endpoint = &fx->endpoint[2];
	KUNIT_EXPECT_EQ(test, svcnat_fixture_insert(fx, &other, &hit), -EEXIST);
	KUNIT_EXPECT_TRUE(test, hit.rewrite.addr.ip == spec.addr.ip);
	KUNIT_EXPECT_PTR_EQ(test, hit.endpoint, spec.endpoint);
	KUNIT_EXPECT_EQ(test, (int)hit.direction, (int)SVCNAT_REQUEST);
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), 1);
	KUNIT_EXPECT_EQ(test, svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_RACED),
			1);
}

/* Two frontends, one endpoint, one client port: the answers would be equal. */
static void answers_must_differ(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec, other;
	struct svcnat_hit hit;

	svcnat_fixture_open(test, 4, IPPROTO_TCP, true, &spec);
	other = spec;
	other.tuple.dst.ip = htonl(0x0a60000b);
	KUNIT_EXPECT_EQ(test, svcnat_fixture_insert(fx, &other, &hit),
			-EADDRINUSE);
	KUNIT_EXPECT_FALSE(test, svcnat_fixture_has(fx, &other));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), 1);
	/* With another endpoint they do differ. */
	other.addr.ip = htonl(0x0af40002);
	KUNIT_EXPECT_EQ(test, svcnat_fixture_insert(fx, &other, &hit), 0);
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &other));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
}

static void a_killed_flow_is_gone(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec, other;
	struct svcnat_tuple answer;
	struct svcnat_hit hit;

	svcnat_fixture_open(test, 1, IPPROTO_TCP, true, &spec);
	svcnat_fixture_open(test, 2, IPPROTO_TCP, true, &other);
	svcnat_fixture_answer(&spec, &answer);
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(fx, &answer, SVCNAT_POST,
						    &hit));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_kill(fx, &hit));
	KUNIT_EXPECT_FALSE(test, svcnat_fixture_kill(fx, &hit));
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), 1);
	KUNIT_EXPECT_FALSE(test, svcnat_fixture_find(fx, &answer, SVCNAT_POST,
						     &hit));
	KUNIT_EXPECT_FALSE(test, svcnat_fixture_find(fx, &spec.tuple,
						     SVCNAT_PRE, &hit));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &other));
}

/* Memory of one flow becomes another's: what was meant for the one is lost. */
static void a_stale_hit_does_nothing(struct kunit *test)
{
	struct svcnat_packet rst = { .tcp = SVCNAT_TCP_RST };
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec, next;
	struct svcnat_hit old, now = {};
	bool reopened;
	u64 word;
	u32 n;

	rst.tuple.proto = IPPROTO_TCP;
	svcnat_fixture_open(test, 1, IPPROTO_TCP, true, &spec);
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_find(fx, &spec.tuple, SVCNAT_PRE,
						    &old));
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_kill(fx, &old));
	for (n = 2; n < 2000 && now.line != old.line; n++) {
		svcnat_fixture_open(test, n, IPPROTO_TCP, true, &next);
		KUNIT_ASSERT_TRUE(test,
				  svcnat_fixture_find(fx, &next.tuple,
						      SVCNAT_PRE, &now));
	}
	if (now.line != old.line) {
		kunit_skip(test, "the memory was not used again");
		return;
	}
	word = atomic64_read(&now.line->word);
	KUNIT_EXPECT_NE(test, svcnat_word_generation(old.word),
			svcnat_word_generation(word));
	local_bh_disable();
	svcnat_flow_mark(&old, &rst);
	reopened = svcnat_flow_reopen(&fx->flows, &old);
	local_bh_enable();
	KUNIT_EXPECT_FALSE(test, reopened);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&now.line->word), word);
	KUNIT_EXPECT_FALSE(test, svcnat_fixture_kill(fx, &old));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &next));
}

/* Both directions may be ended at the same time. */
static void a_flow_is_reset_once(struct kunit *test)
{
	struct svcnat_hit hit[SVCNAT_DIRECTIONS];
	struct flow_fixture *fx = test->priv;
	struct svcnat_tuple answer;
	struct svcnat_flow_spec spec;
	int first, i;

	for (first = 0; first < SVCNAT_DIRECTIONS; first++) {
		svcnat_fixture_open(test, first, IPPROTO_TCP, true, &spec);
		svcnat_fixture_answer(&spec, &answer);
		KUNIT_ASSERT_TRUE(test,
				  svcnat_fixture_find(fx, &spec.tuple,
						      SVCNAT_PRE,
						      &hit[SVCNAT_REQUEST]));
		KUNIT_ASSERT_TRUE(test,
				  svcnat_fixture_find(fx, &answer, SVCNAT_POST,
						      &hit[SVCNAT_REPLY]));
		for (i = 0; i < SVCNAT_DIRECTIONS; i++)
			KUNIT_EXPECT_EQ(test,
					svcnat_flow_reset(&hit[i ^ first]),
					i == 0);
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_kill(fx, &hit[0]));
		KUNIT_EXPECT_FALSE(test, svcnat_flow_reset(&hit[1]));
	}
}

static void the_limit_holds(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit;
	u32 n;

	svcnat_quota_set(&fx->flows.quota, 100);
	for (n = 0; n < 100; n++)
		svcnat_fixture_open(test, n, IPPROTO_TCP, true, &spec);
	for (; n < 300; n++) {
		svcnat_fixture_spec(fx, &spec, n, IPPROTO_TCP);
		KUNIT_EXPECT_EQ(test, svcnat_fixture_insert(fx, &spec, &hit),
				-ENOSPC);
	}
	/* No established flow had to go. */
	for (n = 0; n < 100; n++) {
		svcnat_fixture_spec(fx, &spec, n, IPPROTO_TCP);
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
	}
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), 100);
}

static void long_chains_ask_for_growth_and_end(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit;
	u32 n = 1, count = 0;
	int err;

	do {
		svcnat_fixture_spec(fx, &spec, n, IPPROTO_TCP);
		err = svcnat_fixture_insert(fx, &spec, &hit);
		count += !err;
		if (count == CHAIN_LONG - 1)
			KUNIT_EXPECT_FALSE(test,
					   delayed_work_pending(&fx->worker) ||
					   atomic_read(&fx->woken));
		n = svcnat_fixture_neighbour(fx, 1, n + 1);
	} while (!err && count < 2 * CHAIN_MAX);
	flush_delayed_work(&fx->worker);
	KUNIT_EXPECT_EQ(test, err, -EXFULL);
	KUNIT_EXPECT_GT(test, atomic_read(&fx->woken), 0);
	/* The chain of the answer counts too. */
	KUNIT_EXPECT_GE(test, count, CHAIN_MAX / 2);
	KUNIT_EXPECT_LE(test, count, CHAIN_MAX + 1);
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), count);
}

/* With the pointer that the cache keeps for itself: nothing is wasted. */
static void flows_take_what_they_may(struct kunit *test)
{
	static const size_t most[SVCNAT_LAYOUTS] = {
		[SVCNAT_PLAIN4] = 128, [SVCNAT_FULL4] = 192,
		[SVCNAT_PLAIN6] = 256, [SVCNAT_FULL6] = 320,
	};
	unsigned int i;

	for (i = 0; i < SVCNAT_LAYOUTS; i++)
		KUNIT_EXPECT_EQ(test, most[i],
				ALIGN(kmem_cache_size(cache[i]) +
				      sizeof(void *), SVCNAT_FLOW_ALIGN));
}

static struct kunit_case flow_cases[] = {
	KUNIT_CASE(a_flow_has_two_keys),
	KUNIT_CASE(every_part_of_a_key_counts),
	KUNIT_CASE(every_part_goes_into_the_hash),
	KUNIT_CASE(the_second_of_two_gets_the_first_ones_flow),
	KUNIT_CASE(answers_must_differ),
	KUNIT_CASE(a_killed_flow_is_gone),
	KUNIT_CASE(a_stale_hit_does_nothing),
	KUNIT_CASE(a_flow_is_reset_once),
	KUNIT_CASE(the_limit_holds),
	KUNIT_CASE(long_chains_ask_for_growth_and_end),
	KUNIT_CASE(flows_take_what_they_may),
	{}
};

static struct kunit_suite flow_suite = {
	.name = "svcnat_flow",
	.suite_init = svcnat_fixture_suite_init,
	.suite_exit = svcnat_fixture_suite_exit,
	.init = svcnat_fixture_init,
	.exit = svcnat_fixture_exit,
	.test_cases = flow_cases,
};

kunit_test_suite(flow_suite);
