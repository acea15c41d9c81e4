/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Consistent hashing: a table of which every candidate claims places in turn,
 * in an order of its own, as in Google's "Maglev: A Fast and Reliable Software
 * Network Load Balancer".  Nothing is random here: nodes that have the same
 * candidates have the same table, whatever their byte order.
 */
#ifndef _SVCNAT_MAGLEV_H
#define _SVCNAT_MAGLEV_H

#include <linux/rcupdate.h>

#include "tuple.h"

/**
 * struct svcnat_maglev - the table
 * @rcu: frees it
 * @size: number of places
 * @owner: index of the candidate whose place it is
 */
struct svcnat_maglev {
	struct rcu_head	rcu;
	u32		size;
	u16		owner[];
};

/**
 * struct svcnat_candidate - who claims places
 * @at: the place it would like best
 * @skip: how far it is to the next best one
 * @weight: share of the places, not 0
 * @next: whoever has a turn in the same round; svcnat_maglev_build()'s
 * @rest: part of a round that its turns are ahead; svcnat_maglev_build()'s
 */
struct svcnat_candidate {
	u32	at;
	u32	skip;
	u16	weight;
	u16	next;
	u32	rest;
};

void svcnat_maglev_candidate(struct svcnat_candidate *candidate,
			     const union nf_inet_addr *addr, __be16 port,
			     u16 weight);
struct svcnat_maglev *svcnat_maglev_build(struct svcnat_candidate *candidate,
					  u32 num);
void svcnat_maglev_free(struct svcnat_maglev *maglev);
u32 svcnat_maglev_place(const struct svcnat_maglev *maglev,
			const struct svcnat_tuple *tuple, bool client_alone);
u32 svcnat_maglev_next(const struct svcnat_maglev *maglev, u32 place);

#endif /* _SVCNAT_MAGLEV_H */
