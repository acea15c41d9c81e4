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
		return hsiphash_4u32((__force u32)*src, (__force u32)*dst,
				     ports, rest, secret);
	memcpy(words, src, 4 * sizeof(u32));
	memcpy(words + 4, dst, 4 * sizeof(u32));
	words[8] = ports;
	words[9] = rest;
	return hsiphash(words, sizeof(words), secret);
}

/* The addresses of a key; a stub borrows those of the line. */
static const __be32 *source(const struct svcnat_key *key)
{
	return svcnat_key_line(key)->addr;
}

static const __be32 *destination(const struct svcnat_key *key)
{
	const unsigned int i = key->role & SVCNAT_ROLE_STUB ? 2 : 1;

	return svcnat_key_line(key)->addr + i * svcnat_key_words(key);
}

/**
 * svcnat_key_hash() - hash of a key of a flow
 * @key: the key
 * @secret: random
 *
 * Return: the hash under which it is linked, whatever its stage is.
 */
u32 svcnat_key_hash(const struct svcnat_key *key, const hsiphash_key_t *secret)
{
	return hash_key(secret, svcnat_key_family(key), key->proto, key->sport,
			key->dport, source(key), destination(key));
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

static bool addr_is(const __be32 *addr, const union nf_inet_addr *wanted,
		    u8 family)
{
	return READ_ONCE(*addr) == wanted->ip &&
	       (family == AF_INET || !memcmp(addr, wanted, sizeof(*wanted)));
}

static bool has_key(const struct svcnat_key *key, const struct svcnat_tuple *t,
		    enum svcnat_stage stage)
{
	const bool post = key->role & SVCNAT_ROLE_POST;

	/* The family first: it says where the addresses are. */
	return READ_ONCE(key->sport) == t->sport &&
	       READ_ONCE(key->dport) == t->dport &&
	       READ_ONCE(key->proto) == t->proto &&
	       svcnat_key_family(key) == t->family &&
	       post == (stage == SVCNAT_POST) &&
	       addr_is(source(key), &t->src, t->family) &&
	       addr_is(destination(key), &t->dst, t->family);
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
	       !memcmp(source(a), source(b), len) &&
	       !memcmp(destination(a), destination(b), len);
}

static void copy_addr(union nf_inet_addr *to, const __be32 *addr, u8 family)
{
	if (family != AF_INET) {
		memcpy(to, addr, sizeof(*to));
		return;
	}
	memset(to, 0, sizeof(*to));
	to->ip = READ_ONCE(*addr);
}

static void copy_rewrite(struct svcnat_rewrite *to,
			 const struct svcnat_key *key,
			 const struct svcnat_line *line)
{
	const struct svcnat_stub *stub;

	to->side = key->role & SVCNAT_ROLE_POST ? SVCNAT_SOURCE :
						  SVCNAT_DESTINATION;
	if (key->role & SVCNAT_ROLE_STUB) {
		stub = container_of(key, struct svcnat_stub, key);
		to->port = READ_ONCE(stub->nport);
		to->other_port = READ_ONCE(stub->mport);
		copy_addr(&to->addr, stub->addr, svcnat_key_family(key));
		return;
	}
	to->port = READ_ONCE(line->nport);
	to->other_port = READ_ONCE(line->mport);
	copy_addr(&to->addr, line->addr + 2 * svcnat_key_words(key),
		  svcnat_key_family(key));
}

/*
 * Copy what a key of @line stands for, whose word was read as @word; false if
 * it changed hands, or belongs to another netns.
 */
static bool copy(const struct svcnat_key *key, struct svcnat_line *line,
		 const struct net *net, u64 word, struct svcnat_hit *hit)
{
	hit->line = line;
	hit->word = word;
	hit->direction = key->role & SVCNAT_ROLE_REPLY;
	hit->second = key->role & SVCNAT_ROLE_STUB;
	hit->way = READ_ONCE(line->key.way);
	hit->endpoint = READ_ONCE(line->endpoint);
	hit->frontend = READ_ONCE(line->frontend);
	copy_rewrite(&hit->rewrite, key, line);
	/* Pairs with smp_wmb() in svcnat_flow_fill(). */
	smp_rmb();
	return svcnat_word_generation(word) ==
	       svcnat_word_generation(atomic64_read(&line->word)) &&
	       hit->endpoint->net == net;
}

/**
 * svcnat_key_copy() - copy what a key stands for, whatever the key is
 * @key: the key
 * @net: the netns that it must be of
 * @hit: the copy
 *
 * Context: RCU read side.
 * Return: false if it belongs to no flow, or to one of another netns, or
 * changed hands meanwhile.
 */
bool svcnat_key_copy(struct svcnat_key *key, const struct net *net,
		     struct svcnat_hit *hit)
{
	struct svcnat_line *line = svcnat_key_line(key);
	u64 word = atomic64_read_acquire(&line->word);

	return svcnat_word_live(word) && copy(key, line, net, word, hit);
}

/**
 * svcnat_key_match() - copy what a key stands for if it is the one
 * @key: the key
 * @net: the netns that it must be of
 * @tuple: what it must be
 * @stage: where it must be
 * @hit: the copy
 *
 * Key and copy are of one flow.
 *
 * Context: RCU read side.
 * Return: false if it is another key, belongs to no flow or to one of another
 * netns, or changed hands.
 */
bool svcnat_key_match(struct svcnat_key *key, const struct net *net,
		      const struct svcnat_tuple *tuple,
		      enum svcnat_stage stage, struct svcnat_hit *hit)
{
	struct svcnat_line *line;
	u64 word;

	/* Others mostly differ here: no need to fetch the line of a stub. */
	if (READ_ONCE(key->sport) != tuple->sport)
		return false;
	line = svcnat_key_line(key);
	word = atomic64_read_acquire(&line->word);
	return has_key(key, tuple, stage) && svcnat_word_live(word) &&
	       copy(key, line, net, word, hit);
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
