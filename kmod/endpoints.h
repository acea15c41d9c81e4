/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The endpoints of a service: an immutable array, replaced as a whole.  Which
 * of them may be drawn is computed when the array is built.  No lock: a reader
 * holds the RCU read side, a builder owns what it builds.
 */
#ifndef _SVCNAT_ENDPOINTS_H
#define _SVCNAT_ENDPOINTS_H

#include <linux/list.h>
#include <linux/netfilter.h>
#include <linux/prefetch.h>
#include <linux/rcupdate.h>

#include "stats.h"
#include "tuple.h"

struct svcnat_maglev;
struct svcnat_service;

/**
 * enum svcnat_list - the lists that a connection may draw from
 * @SVCNAT_LIST_CLUSTER: ready endpoints; if there are none, terminating ones
 * @SVCNAT_LIST_LOCAL: the same among those on this node
 * @SVCNAT_LISTS: how many there are
 */
enum svcnat_list {
	SVCNAT_LIST_CLUSTER,
	SVCNAT_LIST_LOCAL,
	SVCNAT_LISTS
};

/**
 * struct svcnat_endpoint - what stays of an endpoint while arrays come and go
 * @account: what its flows are charged to
 * @id: stable, unique in its service, never 0
 * @owner: the service
 * @drain: among removed endpoints that still have flows
 * @active: for svcnat_account_share(); away from what every packet reads
 * @gone: grace period after which no new flow can be made on it
 * @rcu: frees it
 * @addr: as in its entry
 * @port: as in its entry, network byte order
 * @family: as in its entry
 */
struct svcnat_endpoint {
	struct svcnat_account	account;
	u32			id;
	struct svcnat_service	*owner;
	struct list_head	drain;
	atomic_t		active ____cacheline_aligned_in_smp;
	unsigned long		gone;
	struct rcu_head		rcu;
	union nf_inet_addr	addr;
	__be16			port;
	u8			family;
};

/**
 * struct svcnat_entry - an endpoint in an array
 * @endpoint: what it is an entry of
 * @addr: address; unused bytes are zero
 * @port: port, network byte order
 * @weight: share of new connections, 0 to 65535
 * @family: AF_INET or AF_INET6
 * @state: enum svcnat_state
 * @place: enum svcnat_place
 * @lists: bit by enum svcnat_list: where it can be drawn; the builder's
 */
struct svcnat_entry {
	struct svcnat_endpoint	*endpoint;
	union nf_inet_addr	addr;
	__be16			port;
	u16			weight;
	u8			family;
	u8			state;
	u8			place;
	u8			lists;
};

/**
 * struct svcnat_slot - a place in an eligible list
 * @upto: sum of the weights up to and with this one
 * @entry: index of the entry
 */
struct svcnat_slot {
	u32	upto;
	u32	entry;
};

/**
 * struct svcnat_eligible - an eligible list
 * @first: index of its first slot
 * @num: how many slots it has
 * @total: sum of the weights
 * @even: all weights are the same
 * @unit: greatest common divisor of the weights; schedule.c's, as all below
 * @turns: of a cycle of rr: @total / @unit
 * @step: from one of these to the next: has no divisor in common with @turns
 * @maglev: the table of maglev, or NULL
 */
struct svcnat_eligible {
	u32			first;
	u32			num;
	u32			total;
	bool			even;
	u32			unit;
	u32			turns;
	u32			step;
	struct svcnat_maglev	*maglev;
};

/**
 * struct svcnat_endpoints - the array
 * @rcu: frees it
 * @num: number of entries
 * @scheduler: enum svcnat_scheduler: how it is drawn from
 * @list: by family and enum svcnat_list
 * @slots: of all lists, behind the entries
 * @by_id: indices of the entries, by ascending endpoint id
 * @entry: the entries, ascending by family, address, port
 */
struct svcnat_endpoints {
	struct rcu_head		rcu;
	u32			num;
	u8			scheduler;
	struct svcnat_eligible	list[SVCNAT_FAMILIES][SVCNAT_LISTS];
	struct svcnat_slot	*slots;
	u32			*by_id;
	struct svcnat_entry	entry[];
};

int svcnat_entry_compare(const void *a, const void *b);
struct svcnat_endpoints *
svcnat_endpoints_build(const struct svcnat_entry *entry, u32 num);
void svcnat_endpoints_free(struct svcnat_endpoints *endpoints);
const struct svcnat_entry *
svcnat_endpoints_find(const struct svcnat_endpoints *endpoints, u8 family,
		      const union nf_inet_addr *addr, __be16 port);
const struct svcnat_entry *
svcnat_endpoints_find_id(const struct svcnat_endpoints *endpoints, u32 id);
u32 svcnat_endpoints_weighed(const struct svcnat_endpoints *endpoints,
			     const struct svcnat_eligible *list, u32 position);
u32 svcnat_endpoints_pick(const struct svcnat_endpoints *endpoints, u8 family,
			  enum svcnat_list list, u32 random);
const struct svcnat_entry *
svcnat_endpoints_at(const struct svcnat_endpoints *endpoints, u8 family,
		    enum svcnat_list list, u32 slot);
u32 svcnat_endpoints_count(const struct svcnat_endpoints *endpoints, u8 family,
			   enum svcnat_list list);

/**
 * svcnat_endpoints_prefetch() - one of them will be drawn
 * @endpoints: the array
 *
 * What is behind the list is read one after the other, each led by the one
 * before.  So fetch what a small array has all at once; of a large one, its
 * beginning, which is as good as any.
 */
static inline void
svcnat_endpoints_prefetch(const struct svcnat_endpoints *endpoints)
{
	const void *at = endpoints;
	unsigned int i;

	for (i = 2; i < 7; i++)
		prefetch(at + 64 * i);
}

/**
 * svcnat_entry_in() - can an entry be drawn from a list?
 * @entry: the entry
 * @list: the list of its family
 *
 * Return: true if so.
 */
static inline bool svcnat_entry_in(const struct svcnat_entry *entry,
				   enum svcnat_list list)
{
	return entry->lists & BIT(list);
}

#endif /* _SVCNAT_ENDPOINTS_H */
