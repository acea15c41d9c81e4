/* SPDX-License-Identifier: GPL-2.0-only */
/* The services of a netns, and the one writer lock. */
#ifndef _SVCNAT_SERVICE_H
#define _SVCNAT_SERVICE_H

#include <linux/mutex.h>
#include <linux/xarray.h>

#include "affinity.h"
#include "endpoints.h"
#include "frontend.h"

struct net;

/**
 * enum svcnat_zone - lists of addresses that mean something on this node
 * @SVCNAT_ZONE_PODS: who is a pod
 * @SVCNAT_ZONE_SERVICES: what is dropped if it is no frontend's
 * @SVCNAT_ZONE_NODEPORTS: which of the node's own addresses serve nodeports
 * @SVCNAT_ZONES: how many there are
 */
enum svcnat_zone {
	SVCNAT_ZONE_PODS,
	SVCNAT_ZONE_SERVICES,
	SVCNAT_ZONE_NODEPORTS,
	SVCNAT_ZONES
};

/**
 * struct svcnat_services - the services of a netns
 * @lock: the writer lock: protects everything here that no other comment
 *	claims, and makes its holder the resizer of all tables of the netns
 * @net: the netns
 * @stats: its counters
 * @ids: services by id
 * @next_id: ids are not used again until the counter wraps
 * @names: services by name
 * @key: of the hash of @names; random
 * @frontends: the frontends
 * @affinity: the pinned clients
 * @zone: by enum svcnat_zone
 * @masquerade_all: every client of a cluster frontend is masqueraded; written
 *	under the writer lock
 * @draining: removed endpoints that may still have flows, oldest change first
 * @draining_frontends: removed frontends, likewise
 * @num: services now
 * @num_endpoints: endpoints now
 * @num_draining: length of both lists
 * @num_reset: how many of them end their flows; written under the writer lock
 * @max: limit on services
 * @max_endpoints: limit on endpoints of a service
 * @generation: changes with every change; never 0
 */
struct svcnat_services {
	struct mutex		lock;	/* the writer lock: see above */
	struct net		*net;
	struct svcnat_stats __percpu *stats;
	struct xarray		ids;
	u32			next_id;
	struct svcnat_table	names;
	hsiphash_key_t		key;
	struct svcnat_frontends	frontends;
	struct svcnat_affinity	affinity;
	struct svcnat_ranges __rcu *zone[SVCNAT_ZONES];
	bool			masquerade_all;
	struct list_head	draining;
	struct list_head	draining_frontends;
	u32			num;
	u32			num_endpoints;
	u32			num_draining;
	u32			num_reset;
	u32			max;
	u32			max_endpoints;
	u32			generation;
};

/**
 * struct svcnat_options - what a service can be asked to be, new or not
 * @affinity: seconds, 0 is off
 * @scheduler: enum svcnat_scheduler
 * @internal_policy: enum svcnat_policy, for cluster frontends
 * @external_policy: enum svcnat_policy, for all others
 * @on_removal: enum svcnat_on_removal
 *
 * Zero is the default of all.
 */
struct svcnat_options {
	u32	affinity;
	u8	scheduler;
	u8	internal_policy;
	u8	external_policy;
	u8	on_removal;
};

/**
 * struct svcnat_service - a service
 * @endpoints: its endpoints; NULL if it never had any, or was removed
 * @id: in svcnat_services.ids
 * @options: written under the writer lock
 * @proto: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @refs: frontends and endpoints that point here, draining ones included, and
 *	the tables
 * @node: in svcnat_services.names
 * @frontends: its frontends
 * @num_frontends: how many
 * @generation: svcnat_services.generation when it changed last
 * @draining: its removed frontends that may still have flows, by kin
 * @next_endpoint: last endpoint id that was given out
 * @retired: counters of frontends that are no more
 * @turn: draws of rr so far, by family and enum svcnat_list; written by every
 *	one of them, so nothing beside it is read by packets
 * @rcu: frees it
 * @name: its identity
 */
struct svcnat_service {
	struct svcnat_endpoints __rcu	*endpoints;
	u32				id;
	struct svcnat_options		options;
	u8				proto;
	u32				refs;
	struct svcnat_node		node;
	struct list_head		frontends;
	u32				num_frontends;
	u32				generation;
	struct list_head		draining;
	u32				next_endpoint;
	struct svcnat_sums		retired;
	atomic64_t			turn[SVCNAT_FAMILIES][SVCNAT_LISTS]
						____cacheline_aligned_in_smp;
	struct rcu_head			rcu;
	char				name[SVCNAT_NAME_MAX + 1];
};

void svcnat_services_init(struct svcnat_services *services, struct net *net,
			  struct svcnat_filter *filter,
			  struct svcnat_stats __percpu *stats);
int svcnat_services_start(struct svcnat_services *services);
void svcnat_services_exit(struct svcnat_services *services);

struct svcnat_service *svcnat_service_find(struct svcnat_services *services,
					   const char *name);
struct svcnat_service *svcnat_service_by_id(struct svcnat_services *services,
					    u32 id);
u32 svcnat_service_timeout(u32 id, u32 stored, void *services);
struct svcnat_service *svcnat_service_alloc(struct svcnat_services *services,
					    const char *name);
void svcnat_service_forget(struct svcnat_services *services,
			   struct svcnat_service *service);
void svcnat_service_link(struct svcnat_services *services,
			 struct svcnat_service *service);
void svcnat_service_unlink(struct svcnat_services *services,
			   struct svcnat_service *service);
void svcnat_service_put(struct svcnat_service *service);
void svcnat_service_sums(struct svcnat_services *services,
			 struct svcnat_service *service,
			 struct svcnat_sums *sums);

#endif /* _SVCNAT_SERVICE_H */
