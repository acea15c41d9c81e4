// SPDX-License-Identifier: GPL-2.0-only
#include "line.h"

static u32 hash_key(const hsiphash_key_t *secret, u8 family, u8 proto,
		    __be16 sport, __be16 dport, const __be32 *src,
		    const __be32 *dst)
{
	u32 ports = (__force u32)sport << 16 | (__force u32)dport;
	u32 rest = family << 8 | proto;
	u32 words[10];

	if (family == AF_INET)
		return hsiphash_4u32((__force u32)READ_ONCE(*src),
				     (__force u32)READ_ONCE(*dst), ports, rest,
				     secret);
	svcnat_addr_read((__force __be32 *)words, src, 4);
	svcnat_addr_read((__force __be32 *)words + 4, dst, 4);
	words[8] = ports;
	words[9] = rest;
	return hsiphash(words, sizeof(words), secret);
}

/**
 * svcnat_key_hash() - hash of a key of a flow
 * @key: the key
 * @secret: random
 *
 * Of a key that is not held it may be the hash of two flows' mixed: who takes
 * the lock of its stripe and finds the generation that he expects had the right
 * one.
 *
 * Return: the hash under which it is linked, whatever its stage is.
 */
u32 svcnat_key_hash(const struct svcnat_key *key, const hsiphash_key_t *secret)
{
	return hash_key(secret, svcnat_key_family(key), READ_ONCE(key->proto),
			READ_ONCE(key->sport), READ_ONCE(key->dport),
			svcnat_key_source(key), svcnat_key_destination(key));
}

/**
 * svcnat_line_tuple() - the tuple of the packets that look for a line
 * @line: the line
 * @tuple: written
 *
 * What is read may be of two flows, if the line is not held.
 */
void svcnat_line_tuple(const struct svcnat_line *line,
		       struct svcnat_tuple *tuple)
{
	const struct svcnat_key *key = &line->key;
	const unsigned int words = svcnat_key_words(key);

	memset(tuple, 0, sizeof(*tuple));
	tuple->family = svcnat_key_family(key);
	tuple->proto = key->proto;
	tuple->sport = key->sport;
	tuple->dport = key->dport;
	memcpy(&tuple->src, line->addr, words * sizeof(__be32));
	memcpy(&tuple->dst, line->addr + words, words * sizeof(__be32));
}

/**
 * svcnat_tuple_hash() - hash of the key that a packet looks for
 * @tuple: of the packet
 * @secret: random
 *
 * Return: the hash of the keys that it would find.
 */
u32 svcnat_tuple_hash(const struct svcnat_tuple *tuple,
		      const hsiphash_key_t *secret)
{
	return hash_key(secret, tuple->family, tuple->proto, tuple->sport,
			tuple->dport, tuple->src.ip6, tuple->dst.ip6);
}

/**
 * svcnat_key_same() - do two keys agree in all but the stage?
 * @a: under the lock of its stripe, or not published
 * @b: likewise
 *
 * Return: true if so.
 */
bool svcnat_key_same(const struct svcnat_key *a, const struct svcnat_key *b)
{
	const size_t len = svcnat_key_words(a) * sizeof(__be32);

	return a->sport == b->sport && a->dport == b->dport &&
	       a->proto == b->proto &&
	       !((a->role ^ b->role) & SVCNAT_ROLE_IPV6) &&
	       !memcmp(svcnat_key_source(a), svcnat_key_source(b), len) &&
	       !memcmp(svcnat_key_destination(a), svcnat_key_destination(b),
		       len);
}

/**
 * svcnat_words_life() - what both directions have sent
 * @word: of the lines, by direction
 * @life: written
 */
void svcnat_words_life(const u64 word[SVCNAT_DIRECTIONS],
		       struct svcnat_life *life)
{
	u32 stamp = svcnat_word_stamp(word[SVCNAT_REPLY]);

	life->request = svcnat_word_seen(word[SVCNAT_REQUEST]);
	life->reply = svcnat_word_seen(word[SVCNAT_REPLY]);
	life->stamp = svcnat_word_stamp(word[SVCNAT_REQUEST]);
	if ((s32)(stamp - life->stamp) > 0)
		life->stamp = stamp;
}

/**
 * svcnat_line_life() - what both directions have sent
 * @hit: of either line
 * @life: written
 */
void svcnat_line_life(const struct svcnat_hit *hit, struct svcnat_life *life)
{
	u64 other = atomic64_read(&svcnat_line_sibling(hit->line)->word);
	u64 word[SVCNAT_DIRECTIONS];

	/* If the flow is dying, so will what the caller makes of this. */
	if (svcnat_word_generation(other) != svcnat_word_generation(hit->word))
		other = hit->word;
	word[hit->direction] = hit->word;
	word[!hit->direction] = other;
	svcnat_words_life(word, life);
}

/**
 * svcnat_line_update() - change what a direction has sent, and stamp it
 * @line: the line
 * @generation: of the flow that is meant; another one is left alone
 * @set: SVCNAT_SEEN... bits
 * @clear: SVCNAT_SEEN... bits
 *
 * What another CPU changes meanwhile is built upon.
 *
 * Return: those of @set that were not set before.
 */
u8 svcnat_line_update(struct svcnat_line *line, u32 generation, u8 set,
		      u8 clear)
{
	u64 old = atomic64_read(&line->word);
	u64 new;

	do {
		if (svcnat_word_generation(old) != generation)
			return 0;
		new = svcnat_word(generation,
				  (svcnat_word_seen(old) & ~clear) | set,
				  svcnat_stamp_now());
	} while (!atomic64_try_cmpxchg(&line->word, (s64 *)&old, new));
	return set & ~svcnat_word_seen(old);
}
