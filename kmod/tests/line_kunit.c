// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <linux/prandom.h>

#include "../line.c"
#include "../memory.c"

static const hsiphash_key_t key = { { 0x1122334455667788, 0x99aabbcc } };

/* Never looked into: netns are told apart by their address. */
static const struct net *const here = (void *)0x1000;
static const struct net *const elsewhere = (void *)0x2000;

static struct svcnat_account endpoint = { .net = (void *)0x1000 };
static struct svcnat_account frontend = { .net = (void *)0x1000 };

/* Memory of a flow; its lines are aligned in the module as well. */
static struct svcnat_flow *memory(struct kunit *test)
{
	struct svcnat_flow *flow = kunit_kzalloc(test, sizeof(*flow),
						 GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, flow);
	memset(flow, 0xa5, sizeof(*flow));
	svcnat_flow_construct(flow);
	return flow;
}

static struct svcnat_flow_spec some_spec(u32 n)
{
	struct svcnat_flow_spec spec = {
		.tuple.family = AF_INET, .tuple.proto = IPPROTO_TCP,
		.tuple.src.ip = htonl(0xc0000201 + n),
		.tuple.dst.ip = htonl(0x0a60000a),
		.tuple.sport = htons(40000), .tuple.dport = htons(80),
		.addr.ip = htonl(0x0af40001), .port = htons(8080),
		.endpoint = &endpoint, .frontend = &frontend,
	};

	return spec;
}

static struct svcnat_tuple answer_to(const struct svcnat_flow_spec *spec)
{
	struct svcnat_tuple answer;

	svcnat_tuple_reverse(&answer, &spec->tuple);
	answer.src = spec->addr;
	answer.sport = spec->port;
	return answer;
}

/* Constructed, filled, revived */
static struct svcnat_flow *living(struct kunit *test, u32 n)
{
	struct svcnat_flow_spec spec = some_spec(n);
	struct svcnat_flow *flow = memory(test);

	svcnat_flow_fill(flow, &spec);
	svcnat_flow_revive(flow);
	return flow;
}

static u64 word_of(struct svcnat_flow *flow, unsigned int i)
{
	return atomic64_read(&svcnat_flow_line(flow, i)->word);
}

/* Does the line say that it is of a flow with this key? */
static bool is_live(struct svcnat_line *line, const struct svcnat_tuple *tuple,
		    struct svcnat_hit *hit)
{
	return svcnat_line_match(line, here, tuple,
				 line->index ? SVCNAT_POST : SVCNAT_PRE, hit);
}

static void new_memory_is_nobodys(struct kunit *test)
{
	struct svcnat_flow *flow = memory(test);
	struct svcnat_hit hit;
	unsigned int i;

	for (i = 0; i < SVCNAT_LINES; i++) {
		struct svcnat_line *line = svcnat_flow_line(flow, i);

		KUNIT_EXPECT_FALSE(test, svcnat_word_live(word_of(flow, i)));
		KUNIT_EXPECT_FALSE(test, svcnat_line_copy(line, here, &hit));
		KUNIT_EXPECT_EQ(test, line->index, i);
		KUNIT_EXPECT_PTR_EQ(test, svcnat_line_flow(line), flow);
		KUNIT_EXPECT_PTR_EQ(test, svcnat_line_sibling(line),
				    svcnat_flow_line(flow, !i));
	}
}

static void lines_live_from_revival_to_retirement(struct kunit *test)
{
	struct svcnat_flow_spec spec = some_spec(1);
	struct svcnat_flow *flow = memory(test);
	struct svcnat_tuple answer = answer_to(&spec);
	struct svcnat_line *request = svcnat_flow_line(flow, 0);
	struct svcnat_line *reply = svcnat_flow_line(flow, 1);
	struct svcnat_hit hit;
	unsigned int turn;

	for (turn = 0; turn < 3; turn++) {
		svcnat_flow_fill(flow, &spec);
		KUNIT_EXPECT_FALSE(test, is_live(request, &spec.tuple, &hit));
		svcnat_flow_revive(flow);
		KUNIT_EXPECT_TRUE(test, is_live(request, &spec.tuple, &hit));
		KUNIT_EXPECT_TRUE(test, hit.addr.ip == spec.addr.ip);
		KUNIT_EXPECT_TRUE(test, hit.port == spec.port);
		KUNIT_EXPECT_TRUE(test, is_live(reply, &answer, &hit));
		KUNIT_EXPECT_TRUE(test, hit.addr.ip == spec.tuple.dst.ip);
		KUNIT_EXPECT_TRUE(test, hit.port == spec.tuple.dport);
		KUNIT_EXPECT_EQ(test, word_of(flow, 0), word_of(flow, 1));
		svcnat_flow_retire(flow);
		KUNIT_EXPECT_FALSE(test, is_live(request, &spec.tuple, &hit));
		KUNIT_EXPECT_FALSE(test, svcnat_line_copy(reply, here, &hit));
	}
}

static void another_netns_has_no_such_line(struct kunit *test)
{
	struct svcnat_flow *flow = living(test, 1);
	struct svcnat_line *line = svcnat_flow_line(flow, 0);
	struct svcnat_flow_spec spec = some_spec(1);
	struct svcnat_hit hit;

	KUNIT_EXPECT_TRUE(test, svcnat_line_copy(line, here, &hit));
	KUNIT_EXPECT_FALSE(test, svcnat_line_copy(line, elsewhere, &hit));
	KUNIT_EXPECT_FALSE(test, svcnat_line_match(line, elsewhere, &spec.tuple,
						   SVCNAT_PRE, &hit));
}

static void a_lookup_hashes_as_its_line(struct kunit *test)
{
	struct svcnat_flow *flow;
	struct svcnat_tuple answer;
	u32 n, hash, low = 0, high = 0;

	flow = memory(test);
	for (n = 0; n < 256; n++) {
		struct svcnat_flow_spec spec = some_spec(n);

		svcnat_flow_fill(flow, &spec);
		answer = answer_to(&spec);
		hash = svcnat_tuple_hash(&spec.tuple, SVCNAT_PRE, &key);
		KUNIT_EXPECT_EQ(test, hash,
				svcnat_line_hash(svcnat_flow_line(flow, 0),
						 &key));
		KUNIT_EXPECT_EQ(test,
				svcnat_tuple_hash(&answer, SVCNAT_POST, &key),
				svcnat_line_hash(svcnat_flow_line(flow, 1),
						 &key));
		low += hash & 1;
		high += hash >> 31;
	}
	/* A hash worth its name; the input differs in one byte. */
	KUNIT_EXPECT_GT(test, low, 80);
	KUNIT_EXPECT_LT(test, low, 176);
	KUNIT_EXPECT_GT(test, high, 80);
	KUNIT_EXPECT_LT(test, high, 176);
}

static void keys_are_the_same_only_in_all_parts(struct kunit *test)
{
	struct svcnat_line *a = svcnat_flow_line(living(test, 1), 0);
	struct svcnat_line *b = svcnat_flow_line(living(test, 1), 0);

	KUNIT_EXPECT_TRUE(test, svcnat_line_same(a, b));
	b->nport = 0;
	b->addr[2] = 0;
	KUNIT_EXPECT_TRUE(test, svcnat_line_same(a, b));
	b->sport ^= htons(1);
	KUNIT_EXPECT_FALSE(test, svcnat_line_same(a, b));
	b->sport = a->sport;
	b->dport ^= htons(1);
	KUNIT_EXPECT_FALSE(test, svcnat_line_same(a, b));
	b->dport = a->dport;
	b->proto = IPPROTO_UDP;
	KUNIT_EXPECT_FALSE(test, svcnat_line_same(a, b));
	b->proto = a->proto;
	b->stage = SVCNAT_POST;
	KUNIT_EXPECT_FALSE(test, svcnat_line_same(a, b));
	b->stage = a->stage;
	b->addr[0] ^= htonl(1);
	KUNIT_EXPECT_FALSE(test, svcnat_line_same(a, b));
	b->addr[0] = a->addr[0];
	b->addr[1] ^= htonl(1);
	KUNIT_EXPECT_FALSE(test, svcnat_line_same(a, b));
}

static void updates_reach_only_the_flow_that_is_meant(struct kunit *test)
{
	struct svcnat_flow *flow = living(test, 1);
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
	struct svcnat_flow *flow = living(test, 1);
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
	struct svcnat_flow *flow = living(test, 1);
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
				  svcnat_line_copy(svcnat_flow_line(flow, from),
						   here, &hit));
		svcnat_line_life(&hit, &life);
		KUNIT_EXPECT_EQ(test, life.request, 0x05);
		KUNIT_EXPECT_EQ(test, life.reply, 0x1a);
		KUNIT_EXPECT_EQ(test, life.stamp, s[2]);
	}
	/* The other line has become another flow's: not our life */
	atomic64_set(&svcnat_flow_line(flow, 1)->word,
		     svcnat_word(generation + 2, 0x1f, 100));
	KUNIT_ASSERT_TRUE(test, svcnat_line_copy(svcnat_flow_line(flow, 0),
						 here, &hit));
	svcnat_line_life(&hit, &life);
	KUNIT_EXPECT_EQ(test, life.request, 0x05);
	KUNIT_EXPECT_EQ(test, life.reply, 0x05);
}

static struct kunit_case line_cases[] = {
	KUNIT_CASE(new_memory_is_nobodys),
	KUNIT_CASE(lines_live_from_revival_to_retirement),
	KUNIT_CASE(another_netns_has_no_such_line),
	KUNIT_CASE(a_lookup_hashes_as_its_line),
	KUNIT_CASE(keys_are_the_same_only_in_all_parts),
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
