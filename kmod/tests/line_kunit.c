// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <linux/prandom.h>

#include "../line.c"
#include "../memory.c"

#include "flow_fixture.h"

static const hsiphash_key_t secret = { { 0x55667788, 0x99aabbcc } };

/* Never looked into: netns are told apart by their address. */
static const struct net *const here = (void *)0x1000;
static const struct net *const elsewhere = (void *)0x2000;

static struct svcnat_account endpoint = { .net = (void *)0x1000 };
static struct svcnat_account frontend = { .net = (void *)0x1000 };

static enum svcnat_layout layout_of(unsigned int shape)
{
	return (shape & FIXTURE_IPV6 ? SVCNAT_PLAIN6 : SVCNAT_PLAIN4) +
	       !!(shape & FIXTURE_MASQUERADE);
}

/* Memory of a flow; it is aligned to cache lines in the module as well. */
static struct svcnat_flow *memory(struct kunit *test, unsigned int shape)
{
	const size_t size = svcnat_memory_size(layout_of(shape));
	struct svcnat_flow *flow = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, flow);
	memset(flow, 0xa5, size);
	svcnat_memory_construct(flow, layout_of(shape));
	return flow;
}

static struct svcnat_flow_spec some_spec(u32 n, unsigned int shape)
{
	struct svcnat_flow_spec spec = {
		.tuple.family = AF_INET, .tuple.proto = IPPROTO_TCP,
		.tuple.src.ip = htonl(0xc0000201 + n),
		.tuple.dst.ip = htonl(0x0a60000a),
		.tuple.sport = htons(40000), .tuple.dport = htons(80),
		.addr.ip = htonl(0x0af40001), .port = htons(8080),
		.endpoint = &endpoint, .frontend = &frontend,
	};

	svcnat_fixture_shape(&spec, shape);
	return spec;
}

/* Constructed, filled, revived */
static struct svcnat_flow *living(struct kunit *test, u32 n, unsigned int shape)
{
	struct svcnat_flow_spec spec = some_spec(n, shape);
	struct svcnat_flow *flow = memory(test, shape);

	svcnat_flow_fill(flow, &spec);
	svcnat_flow_revive(flow);
	return flow;
}

static u64 word_of(struct svcnat_flow *flow, unsigned int i)
{
	return atomic64_read(&svcnat_flow_line(flow, i)->word);
}

static bool retire(struct svcnat_flow *flow)
{
	const u64 word[] = { word_of(flow, 0), word_of(flow, 1) };

	return svcnat_flow_retire(flow, word);
}

static bool copy_line(struct svcnat_flow *flow, unsigned int i,
		      struct svcnat_hit *hit)
{
	return svcnat_key_copy(svcnat_flow_key(flow, i), here, hit);
}

/* Does a packet of the flow find the key? */
static bool matches(struct svcnat_flow *flow, unsigned int i,
		    const struct svcnat_flow_spec *spec, struct svcnat_hit *hit)
{
	enum svcnat_stage stage;
	struct svcnat_tuple t;

	stage = svcnat_fixture_key(spec, i, &t);
	return svcnat_key_match(svcnat_flow_key(flow, i), here, &t, stage, hit);
}

static void new_memory_is_nobodys(struct kunit *test)
{
	unsigned int shape, i;
	struct svcnat_hit hit;

	for (shape = 0; shape < FIXTURE_SHAPES; shape++) {
		struct svcnat_flow *flow = memory(test, shape);
		unsigned int keys = shape & FIXTURE_MASQUERADE ? 4 : 2;

		KUNIT_EXPECT_EQ(test, svcnat_flow_keys(flow), keys);
		KUNIT_EXPECT_EQ(test, (int)svcnat_flow_layout(flow),
				(int)layout_of(shape));
		for (i = 0; i < keys; i++)
			KUNIT_EXPECT_FALSE(test, copy_line(flow, i, &hit));
		for (i = 0; i < SVCNAT_DIRECTIONS; i++)
			KUNIT_EXPECT_FALSE(test,
					   svcnat_word_live(word_of(flow, i)));
	}
}

static size_t offset_of(struct svcnat_flow *flow, const void *part)
{
	return part - (void *)flow;
}

/* Every key leads to its flow and lines, which lie where they should. */
static void each_key_knows_its_place(struct kunit *test)
{
	unsigned int shape, i;

	for (shape = 0; shape < FIXTURE_SHAPES; shape++) {
		struct svcnat_flow *flow = memory(test, shape);
		struct svcnat_line *line[] = {
			svcnat_flow_line(flow, SVCNAT_REQUEST),
			svcnat_flow_line(flow, SVCNAT_REPLY),
		};
		size_t words = shape & FIXTURE_IPV6 ? 4 : 1;

		for (i = 0; i < svcnat_flow_keys(flow); i++) {
			struct svcnat_key *k = svcnat_flow_key(flow, i);

			KUNIT_EXPECT_PTR_EQ(test, svcnat_key_flow(k), flow);
			KUNIT_EXPECT_PTR_EQ(test, svcnat_key_line(k),
					    line[i & 1]);
			KUNIT_EXPECT_EQ(test, offset_of(flow, k) % 8, 0);
		}
		KUNIT_EXPECT_PTR_EQ(test, &line[0]->key, &flow->request);
		KUNIT_EXPECT_PTR_EQ(test, svcnat_line_sibling(line[0]),
				    line[1]);
		KUNIT_EXPECT_PTR_EQ(test, svcnat_line_sibling(line[1]),
				    line[0]);
		/* In cache lines of their own */
		KUNIT_EXPECT_EQ(test, offset_of(flow, line[1]) % 64, 0);
		KUNIT_EXPECT_LE(test, offset_of(flow, line[0]->addr + 3 * words),
				offset_of(flow, line[1]));
		KUNIT_EXPECT_LE(test, offset_of(flow, line[1]->addr + 3 * words),
				svcnat_memory_size(layout_of(shape)));
	}
}

static void keys_live_from_revival_to_retirement(struct kunit *test)
{
	unsigned int shape, turn, i;
	struct svcnat_hit hit;

	for (shape = 0; shape < FIXTURE_SHAPES; shape++) {
		struct svcnat_flow *flow = memory(test, shape);

		for (turn = 0; turn < 3; turn++) {
			struct svcnat_flow_spec spec = some_spec(turn, shape);

			svcnat_flow_fill(flow, &spec);
			for (i = 0; i < svcnat_flow_keys(flow); i++)
				KUNIT_EXPECT_FALSE(test, matches(flow, i, &spec,
								 &hit));
			svcnat_flow_revive(flow);
			KUNIT_EXPECT_EQ(test, word_of(flow, 0),
					word_of(flow, 1));
			for (i = 0; i < svcnat_flow_keys(flow); i++) {
				KUNIT_EXPECT_TRUE(test, matches(flow, i, &spec,
								&hit));
				KUNIT_EXPECT_EQ(test, hit.direction, i & 1);
				KUNIT_EXPECT_EQ(test, hit.second, i > 1);
			}
			KUNIT_EXPECT_TRUE(test, retire(flow));
			for (i = 0; i < svcnat_flow_keys(flow); i++)
				KUNIT_EXPECT_FALSE(test, matches(flow, i, &spec,
								 &hit));
		}
	}
}

/* The flow in it may be another by the time that a hit is used. */
static void the_next_generation_is_another_flow(struct kunit *test)
{
	struct svcnat_flow_spec old = some_spec(1, FIXTURE_MASQUERADE);
	struct svcnat_flow_spec new = some_spec(2, FIXTURE_MASQUERADE);
	struct svcnat_flow *flow = living(test, 1, FIXTURE_MASQUERADE);
	struct svcnat_hit hit, now;
	unsigned int i;

	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_TRUE(test, matches(flow, i, &old, &hit));
	KUNIT_EXPECT_TRUE(test, retire(flow));
	svcnat_flow_fill(flow, &new);
	svcnat_flow_revive(flow);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_FALSE(test, matches(flow, i, &old, &now));
		KUNIT_EXPECT_TRUE(test, matches(flow, i, &new, &now));
		KUNIT_EXPECT_EQ(test, svcnat_word_generation(now.word),
				svcnat_word_generation(hit.word) + 2);
	}
	svcnat_line_update(hit.line, svcnat_word_generation(hit.word), 0xff, 0);
	KUNIT_EXPECT_EQ(test, svcnat_word_seen(word_of(flow, 1)), 0);
}

/* A packet that passes in the last moment saves its flow, and is not lost. */
static void who_is_refreshed_does_not_retire(struct kunit *test)
{
	unsigned int shape, i;

	for (shape = 0; shape < FIXTURE_SHAPES; shape++) {
		struct svcnat_flow *flow = living(test, 1, shape);
		struct svcnat_hit hit;

		for (i = 0; i < SVCNAT_DIRECTIONS; i++) {
			u64 word[] = { word_of(flow, 0), word_of(flow, 1) };
			u32 generation = svcnat_word_generation(word[i]), now;

			svcnat_line_update(svcnat_flow_line(flow, i),
					   generation, SVCNAT_SEEN, 0);
			KUNIT_EXPECT_FALSE(test,
					   svcnat_flow_retire(flow, word));
			KUNIT_EXPECT_EQ(test, word_of(flow, !i), word[!i]);
			now = svcnat_word_generation(word_of(flow, i));
			KUNIT_EXPECT_EQ(test, now, generation);
			now = svcnat_word_seen(word_of(flow, i));
			KUNIT_EXPECT_EQ(test, now, SVCNAT_SEEN);
			KUNIT_EXPECT_TRUE(test, copy_line(flow, 0, &hit));
			KUNIT_EXPECT_TRUE(test, copy_line(flow, 1, &hit));
		}
		KUNIT_EXPECT_TRUE(test, retire(flow));
		KUNIT_EXPECT_FALSE(test, copy_line(flow, 0, &hit));
		KUNIT_EXPECT_FALSE(test, copy_line(flow, 1, &hit));
	}
}

static void another_netns_has_no_such_key(struct kunit *test)
{
	struct svcnat_flow_spec spec = some_spec(1, FIXTURE_MASQUERADE);
	struct svcnat_flow *flow = living(test, 1, FIXTURE_MASQUERADE);
	enum svcnat_stage stage;
	struct svcnat_tuple t;
	struct svcnat_hit hit;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct svcnat_key *k = svcnat_flow_key(flow, i);

		stage = svcnat_fixture_key(&spec, i, &t);
		KUNIT_EXPECT_TRUE(test, svcnat_key_copy(k, here, &hit));
		KUNIT_EXPECT_FALSE(test, svcnat_key_copy(k, elsewhere, &hit));
		KUNIT_EXPECT_FALSE(test, svcnat_key_match(k, elsewhere, &t,
							  stage, &hit));
	}
}

/* Any bit of the tuple, and the stage, tell a key from others. */
static void every_part_of_a_key_counts(struct kunit *test)
{
	const unsigned int bits = 8 * offsetofend(struct svcnat_tuple, proto);
	unsigned int shape, i, bit, flaws = 0;
	struct svcnat_hit hit;

	for (shape = 0; shape < FIXTURE_SHAPES; shape++) {
		struct svcnat_flow_spec spec = some_spec(9, shape);
		struct svcnat_flow *flow = living(test, 9, shape);

		for (i = 0; i < svcnat_flow_keys(flow); i++) {
			struct svcnat_key *k = svcnat_flow_key(flow, i);
			enum svcnat_stage stage;
			struct svcnat_tuple t;

			stage = svcnat_fixture_key(&spec, i, &t);
			flaws += svcnat_key_match(k, here, &t, !stage, &hit);
			for (bit = 0; bit < bits; bit++) {
				/* Addresses are in the first word for IPv4. */
				if (!(shape & FIXTURE_IPV6) && bit < 256 &&
				    bit % 128 >= 32)
					continue;
				((u8 *)&t)[bit / 8] ^= BIT(bit % 8);
				flaws += svcnat_key_match(k, here, &t, stage,
							  &hit);
				((u8 *)&t)[bit / 8] ^= BIT(bit % 8);
			}
			flaws += !svcnat_key_match(k, here, &t, stage, &hit);
		}
	}
	KUNIT_EXPECT_EQ(test, flaws, 0);
}

static void a_lookup_hashes_as_its_key(struct kunit *test)
{
	unsigned int shape, i, flaws = 0;
	struct svcnat_tuple t;
	u32 n, hash;

	for (shape = 0; shape < FIXTURE_SHAPES; shape++) {
		struct svcnat_flow *flow = memory(test, shape);
		u32 low = 0, high = 0;

		for (n = 0; n < 256; n++) {
			struct svcnat_flow_spec spec = some_spec(n, shape);

			svcnat_flow_fill(flow, &spec);
			for (i = 0; i < svcnat_flow_keys(flow); i++) {
				svcnat_fixture_key(&spec, i, &t);
				hash = svcnat_tuple_hash(&t, &secret);
				flaws += svcnat_key_hash(svcnat_flow_key(flow, i),
							 &secret) != hash;
			}
			svcnat_fixture_key(&spec, 0, &t);
			hash = svcnat_tuple_hash(&t, &secret);
			low += hash & 1;
			high += hash >> 31;
		}
		/* A hash worth its name; the input differs in one byte. */
		KUNIT_EXPECT_GT(test, low, 80);
		KUNIT_EXPECT_LT(test, low, 176);
		KUNIT_EXPECT_GT(test, high, 80);
		KUNIT_EXPECT_LT(test, high, 176);
	}
	KUNIT_EXPECT_EQ(test, flaws, 0);
}

/* A plain flow's line and a full flow's stub may say the same. */
static void keys_are_the_same_in_all_but_the_stage(struct kunit *test)
{
	struct svcnat_flow *plain, *full, *other;
	unsigned int ipv6;

	for (ipv6 = 0; ipv6 <= FIXTURE_IPV6; ipv6++) {
		plain = living(test, 1, ipv6);
		full = living(test, 1, ipv6 | FIXTURE_MASQUERADE);
		other = living(test, 1, ipv6 ^ FIXTURE_IPV6);
		KUNIT_EXPECT_TRUE(test, svcnat_key_same(svcnat_flow_key(plain, 1),
							svcnat_flow_key(full, 3)));
		KUNIT_EXPECT_FALSE(test,
				   svcnat_key_same(svcnat_flow_key(plain, 1),
						   svcnat_flow_key(full, 1)));
		KUNIT_EXPECT_TRUE(test, svcnat_key_same(svcnat_flow_key(plain, 0),
							svcnat_flow_key(full, 0)));
		KUNIT_EXPECT_FALSE(test,
				   svcnat_key_same(svcnat_flow_key(plain, 0),
						   svcnat_flow_key(other, 0)));
	}
}

static void only_the_same_keys_are(struct kunit *test)
{
	struct svcnat_line *a = svcnat_flow_line(living(test, 1, 0), 0);
	struct svcnat_line *b = svcnat_flow_line(living(test, 1, 0), 0);
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, svcnat_key_same(&a->key, &b->key));
	b->nport = 0;
	b->mport = 0;
	b->addr[2] = 0;
	KUNIT_EXPECT_TRUE(test, svcnat_key_same(&a->key, &b->key));
	b->key.sport ^= htons(1);
	KUNIT_EXPECT_FALSE(test, svcnat_key_same(&a->key, &b->key));
	b->key.sport = a->key.sport;
	b->key.dport ^= htons(1);
	KUNIT_EXPECT_FALSE(test, svcnat_key_same(&a->key, &b->key));
	b->key.dport = a->key.dport;
	b->key.proto = IPPROTO_UDP;
	KUNIT_EXPECT_FALSE(test, svcnat_key_same(&a->key, &b->key));
	b->key.proto = a->key.proto;
	b->addr[0] ^= htonl(1);
	KUNIT_EXPECT_FALSE(test, svcnat_key_same(&a->key, &b->key));
	b->addr[0] = a->addr[0];
	b->addr[1] ^= htonl(1);
	KUNIT_EXPECT_FALSE(test, svcnat_key_same(&a->key, &b->key));
	/* An IPv6 flow whose addresses begin like those of the other */
	b = svcnat_flow_line(living(test, 1, FIXTURE_IPV6), 0);
	b->addr[0] = a->addr[0];
	b->addr[4] = a->addr[1];
	KUNIT_EXPECT_FALSE(test, svcnat_key_same(&a->key, &b->key));
	b = svcnat_flow_line(living(test, 1, FIXTURE_IPV6), 0);
	a = svcnat_flow_line(living(test, 1, FIXTURE_IPV6), 0);
	for (i = 0; i < 8; i++) {
		KUNIT_EXPECT_TRUE(test, svcnat_key_same(&a->key, &b->key));
		b->addr[i] ^= htonl(1);
		KUNIT_EXPECT_FALSE(test, svcnat_key_same(&a->key, &b->key));
		b->addr[i] = a->addr[i];
	}
}

static void updates_reach_only_the_flow_that_is_meant(struct kunit *test)
{
	struct svcnat_flow *flow = living(test, 1, 0);
	struct svcnat_line *line = svcnat_flow_line(flow, 0);
	u32 generation = svcnat_word_generation(word_of(flow, 0));
	u64 word = word_of(flow, 0);

	svcnat_line_update(line, generation + 2, 0xff, 0);
	svcnat_line_update(line, generation - 1, 0xff, 0);
	KUNIT_EXPECT_EQ(test, word_of(flow, 0), word);
	svcnat_line_update(line, generation, 0x0f, 0);
	KUNIT_EXPECT_EQ(test, svcnat_word_seen(word_of(flow, 0)), 0x0f);
	svcnat_line_update(line, generation, 0x10, 0x03);
	KUNIT_EXPECT_EQ(test, svcnat_word_seen(word_of(flow, 0)), 0x1c);
	/* What is set wins. */
	svcnat_line_update(line, generation, 0x01, 0xff);
	KUNIT_EXPECT_EQ(test, svcnat_word_seen(word_of(flow, 0)), 0x01);
	KUNIT_EXPECT_EQ(test, svcnat_word_generation(word_of(flow, 0)),
			generation);
	KUNIT_EXPECT_EQ(test, svcnat_word_seen(word_of(flow, 1)), 0);
}

static void an_update_is_a_sign_of_life(struct kunit *test)
{
	struct svcnat_flow *flow = living(test, 1, 0);
	struct svcnat_line *line = svcnat_flow_line(flow, 0);
	u32 generation = svcnat_word_generation(word_of(flow, 0));

	atomic64_set(&line->word, svcnat_word(generation, 0x05, 7));
	svcnat_line_update(line, generation, 0, 0);
	KUNIT_EXPECT_LE(test, svcnat_stamp_now() -
			svcnat_word_stamp(word_of(flow, 0)), 1);
	KUNIT_EXPECT_EQ(test, svcnat_word_seen(word_of(flow, 0)), 0x05);
}

/* Life is the same from whichever line it is asked for. */
static void life_is_that_of_both_directions(struct kunit *test)
{
	static const u32 stamps[][3] = {
		{ 5, 9, 9 }, { 9, 5, 9 }, { 7, 7, 7 },
		{ 3, U32_MAX - 3, 3 }, { U32_MAX - 3, 3, 3 },
	};
	struct svcnat_flow *flow = living(test, 1, 0);
	u32 generation = svcnat_word_generation(word_of(flow, 0));
	struct svcnat_life life;
	struct svcnat_hit hit;
	unsigned int i, from;

	for (i = 0; i < 2 * ARRAY_SIZE(stamps); i++) {
		const u32 *s = stamps[i / 2];

		from = i & 1;
		atomic64_set(&svcnat_flow_line(flow, 0)->word,
			     svcnat_word(generation, 0x05, s[0]));
		atomic64_set(&svcnat_flow_line(flow, 1)->word,
			     svcnat_word(generation, 0x1a, s[1]));
		KUNIT_ASSERT_TRUE(test,
				  copy_line(flow, from, &hit));
		svcnat_line_life(&hit, &life);
		KUNIT_EXPECT_EQ(test, life.request, 0x05);
		KUNIT_EXPECT_EQ(test, life.reply, 0x1a);
		KUNIT_EXPECT_EQ(test, life.stamp, s[2]);
	}
	/* The other line has become another flow's: not our life */
	atomic64_set(&svcnat_flow_line(flow, 1)->word,
		     svcnat_word(generation + 2, 0x1f, 100));
	KUNIT_ASSERT_TRUE(test, copy_line(flow, 0, &hit));
	svcnat_line_life(&hit, &life);
	KUNIT_EXPECT_EQ(test, life.request, 0x05);
	KUNIT_EXPECT_EQ(test, life.reply, 0x05);
}

static struct kunit_case line_cases[] = {
	KUNIT_CASE(new_memory_is_nobodys),
	KUNIT_CASE(each_key_knows_its_place),
	KUNIT_CASE(keys_live_from_revival_to_retirement),
	KUNIT_CASE(the_next_generation_is_another_flow),
	KUNIT_CASE(who_is_refreshed_does_not_retire),
	KUNIT_CASE(another_netns_has_no_such_key),
	KUNIT_CASE(every_part_of_a_key_counts),
	KUNIT_CASE(a_lookup_hashes_as_its_key),
	KUNIT_CASE(keys_are_the_same_in_all_but_the_stage),
	KUNIT_CASE(only_the_same_keys_are),
	KUNIT_CASE(updates_reach_only_the_flow_that_is_meant),
	KUNIT_CASE(an_update_is_a_sign_of_life),
	KUNIT_CASE(life_is_that_of_both_directions),
	{}
};

static struct kunit_suite line_suite = {
	.name = "svcnat_line",
	.test_cases = line_cases,
};

kunit_test_suite(line_suite);
