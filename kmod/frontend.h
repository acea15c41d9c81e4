/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The addresses that clients talk to: an exact match on (address, protocol,
 * port), and the set of addresses that have any frontend.  A nodeport has no
 * address, and both families: it is found as (AF_UNSPEC, protocol, port).
 * Readers hold the RCU read side, writers the writer lock of the netns
 * (service.h).
 */
#ifndef _SVCNAT_FRONTEND_H
#define _SVCNAT_FRONTEND_H

#include <linux/list.h>
#include <linux/netfilter.h>
#include <linux/siphash.h>

#include "filter.h"
#include "ranges.h"
#include "stats.h"
#include "table.h"
#include "tuple.h"

struct net;
struct svcnat_service;

/**
 * struct svcnat_frontends - the frontends of a netns
 * @table: by address, protocol and port
 * @vips: by address
 * @filter: their addresses and the ports of nodeports are in it; set before
 *	svcnat_frontends_start()
 * @key: of the hashes; random
 * @num: frontends now, by family; nodeports count in both
 * @draining: removed ones that may still have flows, likewise
 * @num_nodeports: how many of @num are nodeports
 * @num_vips: addresses now
 */
struct svcnat_frontends {
	struct svcnat_table	table;
	struct svcnat_table	vips;
	struct svcnat_filter	*filter;
	hsiphash_key_t		key;
	u32			num[SVCNAT_FAMILIES];
	u32			draining[SVCNAT_FAMILIES];
	u32			num_nodeports;
	u32			num_vips;
};

/**
 * enum svcnat_outcome - what a request did to an object that it named
 * @SVCNAT_OUTCOME_SAME: nothing
 * @SVCNAT_OUTCOME_ADDED: made it
 * @SVCNAT_OUTCOME_CHANGED: changed it
 */
enum svcnat_outcome {
	SVCNAT_OUTCOME_SAME,
	SVCNAT_OUTCOME_ADDED,
	SVCNAT_OUTCOME_CHANGED,
};

/**
 * struct svcnat_frontend_spec - a frontend as somebody asks for it
 * @allow: who may be a client; owned, NULL for everybody
 * @addr: address; unused bytes are zero
 * @port: port, network byte order
 * @family: AF_INET or AF_INET6; AF_UNSPEC for a nodeport
 * @kind: enum svcnat_kind
 * @outcome: enum svcnat_outcome; written by svcnat_service_edit()
 * @origin: attribute that said so, for error messages alone
 */
struct svcnat_frontend_spec {
	struct svcnat_ranges	*allow;
	union nf_inet_addr	addr;
	__be16			port;
	u8			family;
	u8			kind;
	u8			outcome;
	const struct nlattr	*origin;
};

/**
 * struct svcnat_vip - an address that has frontends
 * @node: in svcnat_frontends.vips
 * @rcu: frees it
 * @addr: address; unused bytes are zero
 * @family: AF_INET or AF_INET6
 * @users: its frontends; the writer lock
 * @cluster: how many of them are of kind cluster; written under the writer lock
 */
struct svcnat_vip {
	struct svcnat_node	node;
	struct rcu_head		rcu;
	union nf_inet_addr	addr;
	u8			family;
	u32			users;
	u32			cluster;
};

/**
 * struct svcnat_frontend - a frontend
 * @node: in svcnat_frontends.table
 * @owner: the service
 * @allow: who may be a client; NULL for everybody
 * @addr: address; unused bytes are zero
 * @port: port, network byte order
 * @family: AF_INET or AF_INET6; AF_UNSPEC for a nodeport
 * @proto: protocol
 * @kind: enum svcnat_kind; written under the writer lock
 * @wanted: the change under way keeps it; the writer lock
 * @account: what its flows are charged to
 * @vip: its address; NULL while it is not linked, and for a nodeport
 * @spare: memory for @vip if nobody has that address yet
 * @list: among the frontends of the service, later among all draining ones
 * @kin: among the draining ones of the service
 * @gone: grace period after which no new flow can be made on it
 * @rcu: frees it
 *
 * What packets read comes first, up to the flags of the account: 64 bytes.
 */
struct svcnat_frontend {
	struct svcnat_node	node;
	struct svcnat_service	*owner;
	struct svcnat_ranges __rcu *allow;
	union nf_inet_addr	addr;
	__be16			port;
	u8			family;
	u8			proto;
	u8			kind;
	bool			wanted;
	struct svcnat_account	account;
	struct svcnat_vip	*vip;
	struct svcnat_vip	*spare;
	struct list_head	list;
	struct list_head	kin;
	unsigned long		gone;
	struct rcu_head		rcu;
};

int svcnat_frontends_start(struct svcnat_frontends *frontends);
void svcnat_frontends_exit(struct svcnat_frontends *frontends);
struct svcnat_frontend *
svcnat_frontend_lookup(const struct svcnat_frontends *frontends, u8 family,
		       const union nf_inet_addr *addr, u8 proto, __be16 port);
struct svcnat_frontend *
svcnat_nodeport_lookup(const struct svcnat_frontends *frontends, u8 proto,
		       __be16 port);
const struct svcnat_vip *
svcnat_vip_lookup(const struct svcnat_frontends *frontends, u8 family,
		  const union nf_inet_addr *addr);
struct svcnat_frontend *
svcnat_frontend_alloc(struct svcnat_frontend_spec *spec, u8 proto,
		      struct svcnat_service *owner, const struct net *net);
void svcnat_frontend_free(struct svcnat_frontend *frontend);
void svcnat_frontend_link(struct svcnat_frontends *frontends,
			  struct svcnat_frontend *frontend);
void svcnat_frontend_unlink(struct svcnat_frontends *frontends,
			    struct svcnat_frontend *frontend);
void svcnat_frontend_change(struct svcnat_frontend *frontend,
			    struct svcnat_frontend_spec *spec);

/**
 * svcnat_frontend_families() - whose packets a frontend takes
 * @family: of the frontend
 *
 * Return: bits by svcnat_family_index().
 */
static inline unsigned long svcnat_frontend_families(u8 family)
{
	return family == AF_UNSPEC ? BIT(SVCNAT_FAMILIES) - 1 :
				     BIT(svcnat_family_index(family));
}

/**
 * svcnat_frontends_count() - how many there are
 * @frontends: of the netns
 *
 * Return: the number.
 */
static inline u32
svcnat_frontends_count(const struct svcnat_frontends *frontends)
{
	return frontends->num[0] + frontends->num[1] -
	       frontends->num_nodeports;
}

/**
 * svcnat_frontend_count() - a frontend comes or goes
 * @count: frontends of some kind, by family
 * @family: of the frontend
 * @n: 1 or -1
 */
static inline void svcnat_frontend_count(u32 *count, u8 family, int n)
{
	unsigned long families = svcnat_frontend_families(family);
	unsigned int i;

	for_each_set_bit(i, &families, SVCNAT_FAMILIES)
		count[i] += n;
}

#endif /* _SVCNAT_FRONTEND_H */
