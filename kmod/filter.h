/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A set of addresses that may say yes for too many: two bits for each hash.  A
 * packet of whose addresses none is in it is nobody's here, and that is found
 * out without a key, a chain or a lock, in few bytes that stay in the cache.
 *
 * What was added stays until the set is freed: a bit may stand for others, too.
 * It grows with what is added, but what was there before takes as large a part
 * of it as it did.  With 300 000 addresses nearly half of all others are taken
 * for one of them, and their packets are looked up as if there were no set.
 *
 * Anybody adds at any time under the RCU read side, before that which he
 * announces is published.
 */
#ifndef _SVCNAT_FILTER_H
#define _SVCNAT_FILTER_H

#include <linux/bitops.h>
#include <linux/hash.h>
#include <linux/rcupdate.h>

#include "tuple.h"

/**
 * enum svcnat_filter_kind - what an address is
 * @SVCNAT_FILTER_FRONTEND: that of a frontend, or the port of a nodeport
 * @SVCNAT_FILTER_FLOW: that of the endpoint of a flow, or what a packet of a
 *	flow has for its destination at SVCNAT_PRE
 */
enum svcnat_filter_kind {
	SVCNAT_FILTER_FRONTEND	= 1,
	SVCNAT_FILTER_FLOW	= 2,
};

/**
 * struct svcnat_filter_bits - one size of the set
 * @rcu: frees it
 * @shift: 32 - log2 of the number of hashes
 * @bits: those of enum svcnat_filter_kind for each hash
 */
struct svcnat_filter_bits {
	struct rcu_head	rcu;
	u32		shift;
	unsigned long	bits[];
};

/**
 * struct svcnat_filter - the set
 * @cur: what readers read; NULL until svcnat_filter_start()
 * @next: what will be, twice as large, or has just become, @cur: it is added to
 *	as well; else NULL
 * @added: how many hashes have a bit, about
 * @announced: grace period after which everybody adds to @next
 */
struct svcnat_filter {
	struct svcnat_filter_bits __rcu	*cur;
	struct svcnat_filter_bits __rcu	*next;
	atomic_t			added;
	unsigned long			announced;
};

int svcnat_filter_start(struct svcnat_filter *filter);
void svcnat_filter_exit(struct svcnat_filter *filter);
void svcnat_filter_add(struct svcnat_filter *filter, u32 hash,
		       enum svcnat_filter_kind kind);
bool svcnat_filter_grow(struct svcnat_filter *filter);

/**
 * svcnat_filter_address() - the hash of an address
 * @family: AF_INET or AF_INET6
 * @addr: the address, network order; four words if it is IPv6
 *
 * Who finds two addresses of one hash has their packets looked up, as all would
 * be without the set: no secret is needed.
 *
 * Return: the hash; the upper bits are the better ones.
 */
static inline u32 svcnat_filter_address(u8 family, const __be32 *addr)
{
	const u32 *a = (__force const u32 *)addr;
	u64 both;

	if (family == AF_INET)
		return *a * GOLDEN_RATIO_32;
	both = ((u64)a[0] << 32 | a[1]) * GOLDEN_RATIO_64 +
	       ((u64)a[2] << 32 | a[3]);
	return (both * GOLDEN_RATIO_64) >> 32;
}

/**
 * svcnat_filter_port() - the hash of a port, whatever the address
 * @port: the port
 *
 * Return: the hash.
 */
static inline u32 svcnat_filter_port(__be16 port)
{
	return ((__force u16)port + 1) * GOLDEN_RATIO_32;
}

/**
 * svcnat_filter_get() - what is in the set under a hash
 * @filter: started
 * @hash: the hash
 *
 * Context: RCU read side.
 * Return: bits of enum svcnat_filter_kind; 0 if nothing of it was added ever.
 */
static inline unsigned int svcnat_filter_get(const struct svcnat_filter *filter,
					     u32 hash)
{
	const struct svcnat_filter_bits *b = rcu_dereference(filter->cur);
	const u32 bit = hash >> b->shift << 1;

	return READ_ONCE(b->bits[bit / BITS_PER_LONG]) >> bit % BITS_PER_LONG &
	       (SVCNAT_FILTER_FRONTEND | SVCNAT_FILTER_FLOW);
}

/**
 * svcnat_filter_kinds() - what an address may be
 * @filter: started
 * @family: AF_INET or AF_INET6
 * @addr: the address
 *
 * Context: RCU read side.
 * Return: as svcnat_filter_get().
 */
static inline unsigned int
svcnat_filter_kinds(const struct svcnat_filter *filter, u8 family,
		    const union nf_inet_addr *addr)
{
	return svcnat_filter_get(filter,
				 svcnat_filter_address(family, addr->ip6));
}

#endif /* _SVCNAT_FILTER_H */
