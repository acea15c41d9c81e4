/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which endpoint a client is pinned to.  Consulted for new connections only.
 *
 * A lookup takes no lock and may miss an entry that is being moved; pinning
 * settles that under the lock, and which of two CPUs was first.
 */
#ifndef _SVCNAT_AFFINITY_H
#define _SVCNAT_AFFINITY_H

#include <linux/netfilter.h>

#include "stats.h"
#include "table.h"

/**
 * struct svcnat_affinity - the pinned clients of a netns
 * @table: the entries
 * @seed: of the hash; random
 * @stats: of the netns
 * @max: limit on entries
 * @live: entries now
 * @cursor: bucket where the next slice of expiry begins; the worker's
 */
struct svcnat_affinity {
	struct svcnat_table	table;
	u32			seed;
	struct svcnat_stats __percpu *stats;
	u32			max;
	atomic_t		live;
	u32			cursor;
};

/**
 * struct svcnat_client - whose pin is meant
 * @service: id of the service
 * @family: AF_INET or AF_INET6
 * @addr: the client's whole address; unused bytes are zero
 */
struct svcnat_client {
	u32			service;
	u8			family;
	union nf_inet_addr	addr;
};

/**
 * struct svcnat_pin - an entry
 * @node: in the table
 * @rcu: frees it
 * @client: whose
 * @endpoint: id of the endpoint in the service
 * @timeout: seconds: the service's when it was last used, for the time that
 *	affinity is switched off
 * @stamp: jiffies when it was last used
 */
struct svcnat_pin {
	struct svcnat_node	node;
	struct rcu_head		rcu;
	struct svcnat_client	client;
	u32			endpoint;
	u32			timeout;
	unsigned long		stamp;
};

/**
 * typedef svcnat_affinity_timeout - the timeout of a service now
 * @service: its id
 * @stored: the timeout in the entry, for a service that has affinity off
 * @arg: of the caller
 *
 * Return: seconds; 0 if there is no such service.
 */
typedef u32 (*svcnat_affinity_timeout)(u32 service, u32 stored, void *arg);

void svcnat_affinity_init(struct svcnat_affinity *affinity,
			  struct svcnat_stats __percpu *stats);
int svcnat_affinity_start(struct svcnat_affinity *affinity);
void svcnat_affinity_exit(struct svcnat_affinity *affinity);
u32 svcnat_affinity_find(const struct svcnat_affinity *affinity,
			 const struct svcnat_client *client, u32 timeout);
u32 svcnat_affinity_pin(struct svcnat_affinity *affinity,
			const struct svcnat_client *client, u32 endpoint,
			u32 stale, u32 timeout);
void svcnat_affinity_expire(struct svcnat_affinity *affinity,
			    svcnat_affinity_timeout timeout, void *arg);
void svcnat_affinity_flush(struct svcnat_affinity *affinity, u32 service);

/* What svcnat_affinity_walk() calls; false: stop, and come back to this one */
typedef bool (*svcnat_affinity_visit)(const struct svcnat_pin *pin, void *arg);
bool svcnat_affinity_walk(struct svcnat_affinity *affinity, u32 *bucket,
			  u32 *skip, svcnat_affinity_visit visit, void *arg);

#endif /* _SVCNAT_AFFINITY_H */
