// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>

#include "line.h"

static u32 hash_key(const hsiphash_key_t *key, u8 family, u8 proto, u8 stage,
		    __be16 sport, __be16 dport, const __be32 *addr)
{
	u32 ports = (__force u32)sport << 16 | (__force u32)dport;
	u32 rest = family << 16 | proto << 8 | stage;
	u32 words[10];

	if (family == AF_INET)
		return hsiphash_4u32((__force u32)addr[0],
				     (__force u32)addr[1], ports, rest, key);
	memcpy(words, addr, 8 * sizeof(u32));
	words[8] = ports;
	words[9] = rest;
	return hsiphash(words, sizeof(words), key);
}

/**
 * svcnat_line_hash() - hash of a line's key
 * @line: the line
 * @key: random
 *
 * Return: the hash under which it is linked.
 */
u32 svcnat_line_hash(const struct svcnat_line *line, const hsiphash_key_t *key)
{
	return hash_key(key, line->family, line->proto, line->stage,
			line->sport, line->dport, line->addr);
}

/**
 * svcnat_tuple_hash() - hash of the key that a packet looks for
 * @tuple: of the packet
 * @stage: where it is
 * @key: random
 *
 * Return: the hash of the line that it would find.
 */
u32 svcnat_tuple_hash(const struct svcnat_tuple *tuple,
		      enum svcnat_stage stage, const hsiphash_key_t *key)
{
	const unsigned int words = svcnat_addr_words(tuple->family);
	__be32 addr[8];

	memcpy(addr, &tuple->src, words * sizeof(addr[0]));
	memcpy(addr + words, &tuple->dst, words * sizeof(addr[0]));
	return hash_key(key, tuple->family, tuple->proto, stage, tuple->sport,
			tuple->dport, addr);
}

static bool has_key(const struct svcnat_line *line,
		    const struct svcnat_tuple *t, enum svcnat_stage stage)
{
	const unsigned int words = svcnat_addr_words(t->family);

	return READ_ONCE(line->addr[0]) == t->src.ip &&
	       READ_ONCE(line->addr[words]) == t->dst.ip &&
	       READ_ONCE(line->sport) == t->sport &&
	       READ_ONCE(line->dport) == t->dport &&
	       READ_ONCE(line->proto) == t->proto &&
	       READ_ONCE(line->stage) == stage &&
	       READ_ONCE(line->family) == t->family &&
	       (words == 1 ||
		(!memcmp(line->addr, &t->src, sizeof(t->src)) &&
		 !memcmp(line->addr + words, &t->dst, sizeof(t->dst))));
}

/**
 * svcnat_line_same() - have two lines the same key?
 * @a: under the lock of its stripe, or not published
 * @b: likewise
 *
 * Return: true if so.
 */
bool svcnat_line_same(const struct svcnat_line *a, const struct svcnat_line *b)
{
	return a->family == b->family && a->proto == b->proto &&
	       a->stage == b->stage && a->sport == b->sport &&
	       a->dport == b->dport &&
	       !memcmp(a->addr, b->addr,
		       2 * svcnat_addr_words(a->family) * sizeof(__be32));
}

/*
 * Copy the line whose word was read as @word; false if it changed hands, or
 * belongs to another netns.
 */
static bool copy(struct svcnat_line *line, const struct net *net, u64 word,
		 struct svcnat_hit *hit)
{
	const unsigned int words = svcnat_addr_words(READ_ONCE(line->family));

	hit->line = line;
	hit->word = word;
	memset(&hit->addr, 0, sizeof(hit->addr));
	memcpy(&hit->addr, line->addr + 2 * words, words * sizeof(__be32));
	hit->port = READ_ONCE(line->nport);
	hit->direction = READ_ONCE(line->direction);
	hit->endpoint = READ_ONCE(line->endpoint);
	hit->frontend = READ_ONCE(line->frontend);
	/* Pairs with smp_wmb() in svcnat_flow_fill(). */
	smp_rmb();
	return svcnat_word_generation(word) ==
	       svcnat_word_generation(atomic64_read(&line->word)) &&
	       hit->endpoint->net == net;
}

/**
 * svcnat_line_copy() - copy a line, whatever its key is
 * @line: the line
 * @net: the netns that it must be of
 * @hit: the copy
 *
 * Context: RCU read side.
 * Return: false if the line belongs to no flow, or to one of another netns, or
 * changed hands meanwhile.
 */
bool svcnat_line_copy(struct svcnat_line *line, const struct net *net,
		      struct svcnat_hit *hit)
{
	u64 word = atomic64_read_acquire(&line->word);

	return svcnat_word_live(word) && copy(line, net, word, hit);
}

/**
 * svcnat_line_match() - copy a line if it has the key
 * @line: the line
 * @net: the netns that it must be of
 * @tuple: the key
 * @stage: the key
 * @hit: the copy
 *
 * Key and copy are of one flow.
 *
 * Context: RCU read side.
 * Return: false if it has another key, belongs to no flow or to one of another
 * netns, or changed hands.
 */
bool svcnat_line_match(struct svcnat_line *line, const struct net *net,
		       const struct svcnat_tuple *tuple,
		       enum svcnat_stage stage, struct svcnat_hit *hit)
{
	u64 word = atomic64_read_acquire(&line->word);

	return has_key(line, tuple, stage) && svcnat_word_live(word) &&
	       copy(line, net, word, hit);
}

/**
 * svcnat_line_sibling() - the line of the other direction
 * @line: the line
 *
 * Return: the other.
 */
struct svcnat_line *svcnat_line_sibling(struct svcnat_line *line)
{
	return svcnat_flow_line(svcnat_line_flow(line), line->index ^ 1);
}

/**
 * svcnat_line_life() - what both directions have sent
 * @hit: of either line
 * @life: written
 */
void svcnat_line_life(const struct svcnat_hit *hit, struct svcnat_life *life)
{
	u64 other = atomic64_read(&svcnat_line_sibling(hit->line)->word);
	u64 mine = hit->word;

	/* If the flow is dying, so will what the caller makes of this. */
	if (svcnat_word_generation(other) != svcnat_word_generation(mine))
		other = mine;
	if (hit->direction == SVCNAT_REPLY)
		swap(mine, other);
	life->request = svcnat_word_seen(mine);
	life->reply = svcnat_word_seen(other);
	life->stamp = svcnat_word_stamp(mine);
	if ((s32)(svcnat_word_stamp(other) - life->stamp) > 0)
		life->stamp = svcnat_word_stamp(other);
}

/**
 * svcnat_line_update() - change what a direction has sent, and stamp it
 * @line: the line
 * @generation: of the flow that is meant; another one is left alone
 * @set: SVCNAT_SEEN... bits
 * @clear: SVCNAT_SEEN... bits
 *
 * What another CPU changes meanwhile is built upon.
 */
void svcnat_line_update(struct svcnat_line *line, u32 generation, u8 set,
			u8 clear)
{
	u64 old = atomic64_read(&line->word);
	u64 new;

	do {
		if (svcnat_word_generation(old) != generation)
			return;
		new = svcnat_word(generation,
				  (svcnat_word_seen(old) & ~clear) | set,
				  svcnat_stamp_now());
	} while (!atomic64_try_cmpxchg(&line->word, (s64 *)&old, new));
}
