// SPDX-License-Identifier: GPL-2.0-only
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "maglev.h"

/*
 * Primes, so that every step from place to place comes round to all.  There are
 * two sizes only: another size is another table, in which everybody moves.  The
 * more places there are for each candidate, the fewer move with one that leaves
 * beside its own: of 100 candidates, each with a hundredth of all places, 2 %
 * with 16381 places, 0.7 % with 65521, which are 128 KiB.
 */
#define FEW		1024U
#define SIZE_FEW	65521U
#define SIZE_MANY	1048573U

#define NOBODY		U16_MAX	/* there are at most 65535 candidates */
#define SEARCH		1024U	/* places looked at for another owner */

/* Fixed, and for ever: what they make must be the same on every node. */
static const siphash_key_t candidate_key = {
	.key = { 0x7376636e61742063ULL, 0x616e646964617465ULL },
};

static const siphash_key_t client_key = {
	.key = { 0x7376636e61742d63ULL, 0x6c69656e74732121ULL },
};

/**
 * svcnat_maglev_candidate() - describe a candidate
 * @candidate: written
 * @addr: its address; unused bytes are zero
 * @port: its port, network byte order
 * @weight: its weight, not 0
 */
void svcnat_maglev_candidate(struct svcnat_candidate *candidate,
			     const union nf_inet_addr *addr, __be16 port,
			     u16 weight)
{
	const struct {
		union nf_inet_addr	addr;
		__be16			port;
		u16			zero;
	} __aligned(SIPHASH_ALIGNMENT) name = { .addr = *addr, .port = port };
	u64 hash;

	hash = siphash(&name, offsetofend(typeof(name), zero), &candidate_key);
	memset(candidate, 0, sizeof(*candidate));
	candidate->at = lower_32_bits(hash);
	candidate->skip = upper_32_bits(hash);
	candidate->weight = weight;
}

/**
 * struct auction - a table in the making
 * @maglev: the table
 * @candidate: who claims its places
 * @max: the largest weight: whoever has it has a turn in every round
 * @min: the smallest weight
 * @mask: rounds in @round, less one
 * @round: who has a turn in that round, counted round and round: the first of a
 *	list by svcnat_candidate.next, or NOBODY
 */
struct auction {
	struct svcnat_maglev	*maglev;
	struct svcnat_candidate	*candidate;
	u32			max;
	u32			min;
	u32			mask;
	u16			*round;
};

static void has_turn(struct auction *a, u32 round, u16 who)
{
	a->candidate[who].next = a->round[round & a->mask];
	a->round[round & a->mask] = who;
}

/*
 * Who has the weight w has a turn in every (max / w)th round, for the first
 * time half-way there; but early enough to have a place, however light it is.
 */
static void first_turns(struct auction *a, u32 num, u32 sum)
{
	u32 rounds = div_u64((u64)a->maglev->size * a->max, sum);
	u32 i;

	for (i = num; i--;) {
		struct svcnat_candidate *c = &a->candidate[i];

		c->at %= a->maglev->size;
		c->skip = 1 + c->skip % (a->maglev->size - 1);
		has_turn(a, min(a->max / (2 * c->weight), rounds / 2), i);
	}
}

static void next_turn(struct auction *a, u32 round, u16 who)
{
	struct svcnat_candidate *c = &a->candidate[who];

	round += a->max / c->weight;
	c->rest += a->max % c->weight;
	if (c->rest >= c->weight) {
		c->rest -= c->weight;
		round++;
	}
	has_turn(a, round, who);
}

/* The best place that is still free. */
static void claim(struct auction *a, u16 who)
{
	struct svcnat_candidate *c = &a->candidate[who];
	struct svcnat_maglev *m = a->maglev;

	while (m->owner[c->at] != NOBODY) {
		c->at += c->skip;
		if (c->at >= m->size)
			c->at -= m->size;
	}
	m->owner[c->at] = who;
}

static void hold_auction(struct auction *a)
{
	u32 round, left = a->maglev->size;
	u16 who, next;

	for (round = 0; left; round++) {
		who = a->round[round & a->mask];
		a->round[round & a->mask] = NOBODY;
		for (; who != NOBODY && left; who = next) {
			next = a->candidate[who].next;
			claim(a, who);
			next_turn(a, round, who);
			if (!(--left % 64))
				cond_resched();
		}
	}
}

/**
 * svcnat_maglev_build() - make a table
 * @candidate: who claims its places; in the same order on every node, changed
 * @num: how many, 1 to 65535
 *
 * Who leaves, leaves its own places to the others; only few others move.  Each
 * has as many places as its weight says, give or take one; what so many have too
 * many or too few, all others lack or gain in the shares of their weights.
 *
 * Context: process.
 * Return: the table, or NULL without memory.
 */
struct svcnat_maglev *svcnat_maglev_build(struct svcnat_candidate *candidate,
					  u32 num)
{
	u32 i, rounds, sum = 0, size = num > FEW ? SIZE_MANY : SIZE_FEW;
	struct auction a = { .candidate = candidate, .min = U32_MAX };

	for (i = 0; i < num; i++) {
		a.max = max_t(u32, a.max, candidate[i].weight);
		a.min = min_t(u32, a.min, candidate[i].weight);
		sum += candidate[i].weight;
	}
	/* The longest way from a turn to the next, and the round itself */
	rounds = roundup_pow_of_two(a.max / a.min + 2);
	a.mask = rounds - 1;
	a.round = kvmalloc_array(rounds, sizeof(*a.round), GFP_KERNEL_ACCOUNT);
	if (!a.round)
		return NULL;
	a.maglev = kvmalloc(struct_size(a.maglev, owner, size),
			    GFP_KERNEL_ACCOUNT);
	if (a.maglev) {
		a.maglev->size = size;
		memset(a.maglev->owner, 0xff, size * sizeof(u16));
		memset(a.round, 0xff, rounds * sizeof(u16));
		first_turns(&a, num, sum);
		hold_auction(&a);
	}
	kvfree(a.round);
	return a.maglev;
}

/**
 * svcnat_maglev_free() - free a table after a grace period
 * @maglev: the table, or NULL
 */
void svcnat_maglev_free(struct svcnat_maglev *maglev)
{
	if (maglev)
		kvfree_rcu(maglev, rcu);
}

/**
 * svcnat_maglev_place() - where does a packet's hash lead?
 * @maglev: the table
 * @tuple: of the packet: client to frontend
 * @client_alone: all connections of a client shall lead to one place
 *
 * Return: the place.
 */
u32 svcnat_maglev_place(const struct svcnat_maglev *maglev,
			const struct svcnat_tuple *tuple, bool client_alone)
{
	struct {
		union nf_inet_addr	src;
		union nf_inet_addr	dst;
		__be16			sport;
		__be16			dport;
		u8			proto;
		u8			zero[3];
	} __aligned(SIPHASH_ALIGNMENT) key = { .src = tuple->src };
	u64 hash;

	if (!client_alone) {
		key.dst = tuple->dst;
		key.sport = tuple->sport;
		key.dport = tuple->dport;
		key.proto = tuple->proto;
	}
	hash = siphash(&key, sizeof(key), &client_key);
	return reciprocal_scale(upper_32_bits(hash), maglev->size);
}

/**
 * svcnat_maglev_next() - the next place that somebody else has
 * @maglev: the table
 * @place: where to begin
 *
 * Return: the place; @place if there is none nearby.
 */
u32 svcnat_maglev_next(const struct svcnat_maglev *maglev, u32 place)
{
	u32 i, at = place;

	for (i = 0; i < SEARCH; i++) {
		at = at + 1 < maglev->size ? at + 1 : 0;
		if (maglev->owner[at] != maglev->owner[place])
			return at;
	}
	return place;
}
