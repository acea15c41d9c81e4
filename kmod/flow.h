/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flow table: one entry per connection, its rewrites and its life.
 *
 * An entry has a key for each direction and stage that rewrites it (line.h).
 * A plain flow has two: the request as PRE_ROUTING or LOCAL_OUT sees it (client
 * to frontend: its destination is rewritten) and the reply as POST_ROUTING or
 * LOCAL_IN sees it (endpoint to client: its source is rewritten).  One that is
 * masqueraded has four.
 *
 * A direct flow is a connection to no frontend whose source port is shifted,
 * because its own would clash with that of another flow.
 *
 * Lookups take no lock and no reference.  An established packet writes the line
 * of its own direction at most once a second (the time stamp), and no line that
 * the other direction reads.
 */
#ifndef _SVCNAT_FLOW_H
#define _SVCNAT_FLOW_H

#include "filter.h"
#include "line.h"
#include "packet.h"
#include "quota.h"
#include "table.h"
#include "way.h"

struct delayed_work;

/**
 * struct svcnat_flows - the flows of a netns
 * @net: the netns
 * @table: all keys
 * @filter: addresses are in it by which packets of flows are known
 * @key: of the hash; random
 * @stats: of the netns
 * @worker: is made to run at once when the table should grow, or somebody has
 *	learned a new way
 * @timeout: seconds, by enum svcnat_timeout
 * @quota: limit on flows
 * @direct: what direct flows are charged to, as endpoint and as frontend
 * @ways: where their packets leave, as far as the fast path has learned
 * @cursor: bucket where the next slice of expiry begins; the worker's
 * @fitted: jiffies when the table was last seen to have its right size; the
 *	worker's
 */
struct svcnat_flows {
	const struct net	*net;
	struct svcnat_table	table;
	struct svcnat_filter	*filter;
	hsiphash_key_t		key;
	struct svcnat_stats __percpu *stats;
	struct delayed_work	*worker;
	u32			timeout[SVCNAT_TIMEOUTS];
	struct svcnat_quota	quota;
	struct svcnat_account	direct;
	struct svcnat_ways	ways;
	u32			cursor;
	unsigned long		fitted;
};

/**
 * struct svcnat_flow_view - a flow, for people
 * @tuple: client to frontend
 * @addr: of the endpoint
 * @port: of the endpoint
 * @masquerade: the source that the endpoint sees is not the client's own
 * @snat: what it sees instead: address; the client's if the port is shifted
 * @snat_port: what it sees instead: port
 * @direct: the flow has no frontend and no endpoint
 * @endpoint: what it is charged to; valid for this RCU read side
 * @state: enum svcnat_flow_state
 * @idle: seconds since the last packet
 */
struct svcnat_flow_view {
	struct svcnat_tuple	tuple;
	union nf_inet_addr	addr;
	__be16			port;
	bool			masquerade;
	union nf_inet_addr	snat;
	__be16			snat_port;
	bool			direct;
	struct svcnat_account	*endpoint;
	u8			state;
	u32			idle;
};

/**
 * enum svcnat_review - what to do with a known flow whose packet came
 * @SVCNAT_REVIEW_KEEP: translate
 * @SVCNAT_REVIEW_FORGET: the flow counts no more: as if it was not there
 * @SVCNAT_REVIEW_REOPEN: a new connection on a closing flow
 * @SVCNAT_REVIEW_RECONSIDER: perhaps a new connection: translate, as long as
 *	the endpoint would take new ones
 */
enum svcnat_review {
	SVCNAT_REVIEW_KEEP,
	SVCNAT_REVIEW_FORGET,
	SVCNAT_REVIEW_REOPEN,
	SVCNAT_REVIEW_RECONSIDER,
};

/* flow_find.c: to find one */
bool svcnat_flow_find(const struct svcnat_flows *flows,
		      const struct svcnat_tuple *tuple, enum svcnat_stage stage,
		      struct svcnat_hit *hit);
bool svcnat_flow_find_first(const struct svcnat_flows *flows,
			    const struct svcnat_tuple *tuple,
			    struct svcnat_hit *hit);
bool svcnat_flow_find_between(const struct svcnat_flows *flows,
			      const struct svcnat_tuple *tuple,
			      struct svcnat_hit *hit);
bool svcnat_flow_second(const struct svcnat_flows *flows,
			const struct svcnat_hit *hit,
			struct svcnat_hit *second);

/* flow_cache.c: its memory */
int svcnat_flows_module_init(void);
void svcnat_flows_module_exit(void);
struct svcnat_flow *svcnat_flow_alloc(enum svcnat_layout layout);
void svcnat_flow_free(struct svcnat_flow *flow);

/* flow.c: to make and end one */
int svcnat_flow_insert(struct svcnat_flows *flows,
		       const struct svcnat_flow_spec *spec,
		       struct svcnat_hit *hit);
bool svcnat_flow_kill(struct svcnat_flows *flows, const struct svcnat_hit *hit,
		      enum svcnat_stat why);
bool svcnat_flow_bury(struct svcnat_flows *flows, const struct svcnat_hit *hit);
void svcnat_flow_lead(struct svcnat_flows *flows, const struct svcnat_hit *hit,
		      enum svcnat_direction direction, u16 way);

/* evict.c: who goes when others want the place */
bool svcnat_flow_yield(struct svcnat_flows *flows,
		       const struct svcnat_hit *hit);
bool svcnat_flow_make_room(struct svcnat_flows *flows, u32 hash);

/* flow_life.c: what packets and time make of one */
void svcnat_flow_mark(const struct svcnat_hit *hit,
		      const struct svcnat_packet *packet);
bool svcnat_flow_reset(const struct svcnat_hit *hit);
enum svcnat_review svcnat_flow_review(const struct svcnat_hit *hit,
				      const struct svcnat_packet *packet);
bool svcnat_flow_reopen(struct svcnat_flows *flows, struct svcnat_hit *hit);
bool svcnat_flow_expired(const struct svcnat_flows *flows,
			 const struct svcnat_hit *hit,
			 const struct svcnat_life *life);
bool svcnat_flow_view(const struct svcnat_hit *hit,
		      struct svcnat_flow_view *view);

/* flows.c: all of them */
int svcnat_flows_init(struct svcnat_flows *flows, const struct net *net,
		      struct svcnat_filter *filter,
		      struct svcnat_stats __percpu *stats,
		      struct delayed_work *worker);
void svcnat_flows_exit(struct svcnat_flows *flows);
int svcnat_flows_start(struct svcnat_flows *flows);
u32 svcnat_flows_live(const struct svcnat_flows *flows);
u64 svcnat_flows_direct(const struct svcnat_flows *flows);
bool svcnat_flows_unfit(const struct svcnat_flows *flows);
bool svcnat_flows_expire(struct svcnat_flows *flows);

/**
 * enum svcnat_visit - what a visitor wants next
 * @SVCNAT_VISIT_NEXT: the next flow
 * @SVCNAT_VISIT_STOP: no more; if the walk goes on later, then with this one
 * @SVCNAT_VISIT_EXPIRE: this one removed as expired, then the next
 * @SVCNAT_VISIT_DELETE: this one removed as deleted, then the next
 */
enum svcnat_visit {
	SVCNAT_VISIT_NEXT,
	SVCNAT_VISIT_STOP,
	SVCNAT_VISIT_EXPIRE,
	SVCNAT_VISIT_DELETE,
};

/* Called with a stripe locked: softirqs disabled, RCU read side */
typedef enum svcnat_visit (*svcnat_visitor)(const struct svcnat_flows *flows,
					    const struct svcnat_hit *hit,
					    void *arg);
bool svcnat_flows_walk(struct svcnat_flows *flows, u32 *bucket, u32 *skip,
		       svcnat_visitor visitor, void *arg);

#endif /* _SVCNAT_FLOW_H */
