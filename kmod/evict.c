// SPDX-License-Identifier: GPL-2.0-only
/* Flows under pressure: who goes when one more is wanted. */
#include "flow.h"

/* What one packet may look through for a flow that can go. */
#define EVICT_BUCKETS	1024U
#define EVICT_FLOWS	64

/*
 * Seconds for an answer, of which a handshake takes two.  Who loses a SYN sends
 * it again after one, and then after two more (RFC 6298).
 */
#define YIELD_AFTER	3

/* What svcnat_flow_make_room() has seen so far. */
struct search {
	struct svcnat_hit	victim;
	u32			age;
	unsigned int		looked;
};

/* Look at a flow; true if it was expired, and is gone. */
static bool look_at(struct svcnat_flows *flows, const struct svcnat_hit *hit,
		    struct search *search)
{
	u8 proto = READ_ONCE(hit->line->key.proto);
	struct svcnat_life life;
	u32 age;

	svcnat_line_life(hit, &life);
	if (svcnat_flow_expired(flows, hit, &life) &&
	    svcnat_flow_kill(flows, hit, SVCNAT_STAT_FLOW_EXPIRED))
		return true;
	age = svcnat_stamp_now() - life.stamp;
	if (!svcnat_state_half_open(proto, life.request, life.reply) ||
	    (search->victim.line && age <= search->age))
		return false;
	search->victim = *hit;
	search->age = age;
	return false;
}

static bool look_through(struct svcnat_flows *flows,
			 const struct svcnat_buckets *b, u32 hash,
			 struct search *search)
{
	unsigned int i, most = min(EVICT_BUCKETS, b->mask + 1);
	struct svcnat_node *node;
	struct svcnat_key *key;
	struct svcnat_hit hit;

	for (i = 0; i < most; i++) {
		svcnat_for_each_node_rcu(key, node,
					 &b->head[(hash + i) & b->mask],
					 node) {
			if (++search->looked > EVICT_FLOWS)
				return false;
			if (svcnat_key_copy(key, flows->net, &hit) &&
			    look_at(flows, &hit, search))
				return true;
		}
	}
	return false;
}

/**
 * svcnat_flow_yield() - remove a flow that nobody has answered
 * @flows: where it is
 * @hit: any of its keys
 *
 * For those who want what it has; those that have hardly begun are spared.
 *
 * Context: softirqs disabled, RCU read side.
 * Return: whether it is gone.
 */
bool svcnat_flow_yield(struct svcnat_flows *flows, const struct svcnat_hit *hit)
{
	u8 proto = READ_ONCE(hit->line->key.proto);
	struct svcnat_life life;

	svcnat_line_life(hit, &life);
	return svcnat_state_half_open(proto, life.request, life.reply) &&
	       svcnat_stamp_seconds(svcnat_stamp_now() - life.stamp) >=
		       YIELD_AFTER &&
	       svcnat_flow_kill(flows, hit, SVCNAT_STAT_FLOW_EVICTED);
}

/**
 * svcnat_flow_make_room() - free one place
 * @flows: where
 * @hash: near which: that of the flow that wants it
 *
 * An expired flow goes, else the oldest half-open one.  Best effort: where a
 * key changes hands under us we may be led astray, but only flows of this netns
 * are touched.
 *
 * Context: softirqs disabled, RCU read side.
 * Return: false if there was none that could go.
 */
bool svcnat_flow_make_room(struct svcnat_flows *flows, u32 hash)
{
	const struct svcnat_buckets *old = rcu_dereference(flows->table.old);
	struct search search = {};

	if (look_through(flows, rcu_dereference(flows->table.cur), hash,
			 &search) ||
	    (old && look_through(flows, old, hash, &search)))
		return true;
	return search.victim.line &&
	       svcnat_flow_kill(flows, &search.victim,
				SVCNAT_STAT_FLOW_EVICTED);
}
