// SPDX-License-Identifier: GPL-2.0-only
/* The memory of flows: what is where in each kind, and how it is written. */
#include <linux/build_bug.h>
#include <linux/string.h>

#include "line.h"

#define LINE_END(words)	(offsetof(struct svcnat_line, addr) + 12 * (words))
#define OFFER_END(words) (LINE_END(words) + sizeof(u32))
#define STUB_END(words)	(offsetof(struct svcnat_stub, addr) + 4 * (words))

/* Up to here; the cache adds a pointer, and rounds up to SVCNAT_FLOW_ALIGN. */
#define PLAIN4_END	120
#define FULL4_END	176
#define PLAIN6_END	224
#define FULL6_END	304

/* The two directions share no cache line. */
static_assert(SVCNAT_FLOW4_REPLY % SVCNAT_FLOW_ALIGN == 0);
static_assert(SVCNAT_FLOW6_REPLY % SVCNAT_FLOW_ALIGN == 0);
static_assert(OFFER_END(1) <= SVCNAT_FLOW4_REPLY);
static_assert(OFFER_END(4) <= SVCNAT_FLOW6_REPLY);
/* Nothing overlaps, and what follows is aligned. */
static_assert(SVCNAT_FLOW4_REPLY + LINE_END(1) <= PLAIN4_END);
static_assert(SVCNAT_FLOW6_REPLY + LINE_END(4) <= PLAIN6_END);
static_assert(PLAIN4_END <= SVCNAT_FLOW4_STUB && PLAIN6_END <= SVCNAT_FLOW6_STUB);
static_assert(STUB_END(1) <= SVCNAT_FLOW4_STUB_SIZE && SVCNAT_FLOW4_STUB_SIZE % 8 == 0);
static_assert(STUB_END(4) <= SVCNAT_FLOW6_STUB_SIZE && SVCNAT_FLOW6_STUB_SIZE % 8 == 0);
static_assert(SVCNAT_FLOW4_STUB + 2 * SVCNAT_FLOW4_STUB_SIZE <= FULL4_END);
static_assert(SVCNAT_FLOW6_STUB + 2 * SVCNAT_FLOW6_STUB_SIZE <= FULL6_END);
/* What a flow may take. */
static_assert(PLAIN4_END + sizeof(void *) <= 128);
static_assert(FULL4_END + sizeof(void *) <= 192);
static_assert(PLAIN6_END + sizeof(void *) <= 256);
static_assert(FULL6_END + sizeof(void *) <= 320);
static_assert(SVCNAT_FLOW4_STUB % 8 == 0 && SVCNAT_FLOW6_STUB % 8 == 0);
static_assert(SVCNAT_ROLE_REPLY == SVCNAT_REPLY);

static const u16 sizes[SVCNAT_LAYOUTS] = {
	[SVCNAT_PLAIN4]	= PLAIN4_END,
	[SVCNAT_FULL4]	= FULL4_END,
	[SVCNAT_PLAIN6]	= PLAIN6_END,
	[SVCNAT_FULL6]	= FULL6_END,
};

/* What the @i-th key is: request line, reply line, request stub, reply stub */
static u8 role_of(bool ipv6, bool full, unsigned int i)
{
	u8 role = i & 1 ? SVCNAT_ROLE_REPLY : 0;

	if (ipv6)
		role |= SVCNAT_ROLE_IPV6;
	if (full)
		role |= SVCNAT_ROLE_FULL;
	if (i > 1)
		return role | SVCNAT_ROLE_STUB | SVCNAT_ROLE_POST;
	return i && !full ? role | SVCNAT_ROLE_POST : role;
}

/**
 * svcnat_memory_size() - how much memory a flow takes
 * @layout: of which kind
 *
 * Return: bytes.
 */
size_t svcnat_memory_size(enum svcnat_layout layout)
{
	return sizes[layout];
}

/**
 * svcnat_memory_construct() - prepare memory for the flows it will hold
 * @memory: of svcnat_memory_size(), aligned to SVCNAT_FLOW_ALIGN
 * @layout: of these flows
 *
 * For the constructors of the caches: they run once per piece of memory, not
 * per flow.
 */
void svcnat_memory_construct(void *memory, enum svcnat_layout layout)
{
	bool full = layout == SVCNAT_FULL4 || layout == SVCNAT_FULL6;
	unsigned int i;

	memset(memory, 0, sizes[layout]);
	for (i = 0; i < (full ? 4 : 2); i++) {
		u8 role = role_of(layout >= SVCNAT_PLAIN6, full, i);
		struct svcnat_key *key = memory + svcnat_role_offset(role);

		key->role = role;
		if (i < 2)
			atomic64_set(&svcnat_key_line(key)->word,
				     svcnat_word(1, 0, 0));
	}
}

/**
 * svcnat_flow_key() - a key of a flow
 * @flow: the flow
 * @i: which: the lines by their direction, then the stubs by theirs
 *
 * Return: the key.
 */
struct svcnat_key *svcnat_flow_key(struct svcnat_flow *flow, unsigned int i)
{
	const u8 role = flow->request.role;

	return (void *)flow +
	       svcnat_role_offset(role_of(role & SVCNAT_ROLE_IPV6,
					  role & SVCNAT_ROLE_FULL, i));
}

static void fill_ports(struct svcnat_key *key, u8 proto, __be16 sport,
		       __be16 dport)
{
	WRITE_ONCE(key->proto, proto);
	WRITE_ONCE(key->sport, sport);
	WRITE_ONCE(key->dport, dport);
}

static void fill_line(struct svcnat_line *line, const struct svcnat_tuple *key,
		      const struct svcnat_rewrite *to,
		      const struct svcnat_flow_spec *spec)
{
	const unsigned int words = svcnat_key_words(&line->key);

	fill_ports(&line->key, key->proto, key->sport, key->dport);
	WRITE_ONCE(line->key.way, 0);
	WRITE_ONCE(line->nport, to->port);
	WRITE_ONCE(line->mport, to->other_port);
	svcnat_addr_write(line->addr, key->src.ip6, words);
	svcnat_addr_write(line->addr + words, key->dst.ip6, words);
	svcnat_addr_write(line->addr + 2 * words, to->addr.ip6, words);
	WRITE_ONCE(line->endpoint, spec->endpoint);
	WRITE_ONCE(line->frontend, spec->frontend);
}

static void fill_stub(struct svcnat_key *key, const struct svcnat_tuple *t,
		      const struct svcnat_rewrite *to)
{
	struct svcnat_stub *stub = container_of(key, struct svcnat_stub, key);
	const unsigned int words = svcnat_key_words(key);

	fill_ports(key, t->proto, t->sport, t->dport);
	WRITE_ONCE(stub->nport, to->port);
	WRITE_ONCE(stub->mport, to->other_port);
	svcnat_addr_write(stub->addr, to->addr.ip6, words);
}

/**
 * svcnat_flow_fill() - write a flow into memory that is retired
 * @flow: the memory, of the kind that @spec asks for
 * @spec: the flow
 */
void svcnat_flow_fill(struct svcnat_flow *flow,
		      const struct svcnat_flow_spec *spec)
{
	const struct svcnat_tuple *t = &spec->tuple;
	const struct svcnat_rewrite forth = {
		.addr = spec->addr, .port = spec->port,
		.other_port = spec->shift ?: t->sport,
	};
	const struct svcnat_rewrite back = {
		.addr = t->dst, .port = t->dport, .other_port = t->sport,
	};
	const struct svcnat_rewrite hide = {
		.addr = spec->masq_addr, .port = spec->masq_port,
		.other_port = spec->port,
	};
	const struct svcnat_rewrite seek = {
		.addr = t->src, .port = forth.other_port,
		.other_port = spec->port,
	};
	/* What conntrack sees: between the stages, or all the way if plain. */
	struct svcnat_tuple middle = *t, answer;

	middle.dst = spec->addr;
	middle.dport = spec->port;
	middle.sport = forth.other_port;
	svcnat_tuple_reverse(&answer, &middle);
	/* Whoever sees any of this must see that the last flow has ended. */
	smp_wmb();
	fill_line(svcnat_flow_line(flow, SVCNAT_REQUEST), t, &forth, spec);
	if (!spec->masquerade) {
		fill_line(svcnat_flow_line(flow, SVCNAT_REPLY), &answer, &back,
			  spec);
		return;
	}
	fill_stub(svcnat_flow_key(flow, 2), &middle, &hide);
	fill_stub(svcnat_flow_key(flow, 3), &answer, &back);
	answer.dst = spec->masq_addr;
	answer.dport = spec->masq_port;
	fill_line(svcnat_flow_line(flow, SVCNAT_REPLY), &answer, &seek, spec);
}

static u64 next_word(u64 word)
{
	return svcnat_word(svcnat_word_generation(word) + 1, 0,
			   svcnat_stamp_now());
}

/**
 * svcnat_flow_revive() - make readers believe what was filled in
 * @flow: retired and filled
 */
void svcnat_flow_revive(struct svcnat_flow *flow)
{
	struct svcnat_line *request = svcnat_flow_line(flow, SVCNAT_REQUEST);
	u64 word = next_word(atomic64_read(&request->word));

	atomic64_set_release(&request->word, word);
	atomic64_set_release(&svcnat_flow_line(flow, SVCNAT_REPLY)->word, word);
}

static bool change_word(struct svcnat_line *line, s64 from, s64 to)
{
	return atomic64_try_cmpxchg(&line->word, &from, to);
}

/**
 * svcnat_flow_retire() - make readers doubt every copy they are taking
 * @flow: live; the stripes of its keys are locked
 * @word: what its lines said, by direction, when its end was decided
 *
 * Return: false if a packet has passed since.
 */
bool svcnat_flow_retire(struct svcnat_flow *flow,
			const u64 word[SVCNAT_DIRECTIONS])
{
	struct svcnat_line *request = svcnat_flow_line(flow, SVCNAT_REQUEST);
	struct svcnat_line *reply = svcnat_flow_line(flow, SVCNAT_REPLY);
	u64 next = next_word(word[SVCNAT_REQUEST]);

	if (!change_word(reply, word[SVCNAT_REPLY], next))
		return false;
	if (change_word(request, word[SVCNAT_REQUEST], next))
		return true;
	/* Nobody else writes a word of no flow. */
	atomic64_set(&reply->word, word[SVCNAT_REPLY]);
	return false;
}
