// SPDX-License-Identifier: GPL-2.0-only
/* Where a packet finds its flow: at a stage, before them and between them. */
#include "flow.h"

static struct svcnat_key *find_in(const struct svcnat_buckets *b,
				  const struct net *net, u32 hash,
				  const struct svcnat_tuple *tuple,
				  enum svcnat_stage stage,
				  struct svcnat_hit *hit)
{
	const u32 slot = hash & b->mask;
	struct svcnat_node *node;
	struct svcnat_key *key;

again:
	svcnat_for_each_node_rcu(key, node, &b->head[slot], node) {
		if (svcnat_key_match(key, net, tuple, stage, hit))
			return key;
	}
	if (svcnat_node_mark(node) != svcnat_buckets_end(b, slot))
		goto again;
	return NULL;
}

/**
 * svcnat_flow_find() - look a packet up
 * @flows: where
 * @tuple: of the packet as it is now
 * @stage: where the packet is
 * @hit: what was found
 *
 * Context: RCU read side; no lock, no reference.
 * Return: whether there is such a flow.
 */
bool svcnat_flow_find(const struct svcnat_flows *flows,
		      const struct svcnat_tuple *tuple, enum svcnat_stage stage,
		      struct svcnat_hit *hit)
{
	u32 hash = svcnat_tuple_hash(tuple, &flows->key);

	return svcnat_table_search(&flows->table, hash, b,
				   find_in(b, flows->net, hash, tuple, stage,
					   hit));
}

/**
 * svcnat_flow_find_first() - look a packet up that has passed no stage yet
 * @flows: where
 * @tuple: of the packet as it came
 * @hit: what was found: its first stage, whichever that is
 *
 * As the stages would find it, one after the other.
 *
 * Context: RCU read side; no lock, no reference.
 * Return: whether there is such a flow.
 */
bool svcnat_flow_find_first(const struct svcnat_flows *flows,
			    const struct svcnat_tuple *tuple,
			    struct svcnat_hit *hit)
{
	u32 hash = svcnat_tuple_hash(tuple, &flows->key);

	return svcnat_table_search(&flows->table, hash, b,
				   find_in(b, flows->net, hash, tuple,
					   SVCNAT_PRE, hit)) ||
	       (svcnat_table_search(&flows->table, hash, b,
				    find_in(b, flows->net, hash, tuple,
					    SVCNAT_POST, hit)) && !hit->second);
}

/**
 * svcnat_flow_find_between() - look a packet up between its two stages
 * @flows: where
 * @tuple: of the packet as conntrack sees it: from the client to the endpoint,
 *	or back
 * @hit: what was found; its direction may be the other one
 *
 * Context: RCU read side; no lock, no reference.
 * Return: whether there is such a flow.
 */
bool svcnat_flow_find_between(const struct svcnat_flows *flows,
			      const struct svcnat_tuple *tuple,
			      struct svcnat_hit *hit)
{
	struct svcnat_tuple answer;

	if (svcnat_flow_find(flows, tuple, SVCNAT_POST, hit))
		return true;
	svcnat_tuple_reverse(&answer, tuple);
	return svcnat_flow_find(flows, &answer, SVCNAT_POST, hit);
}

/**
 * svcnat_flow_second() - what its second stage would make of a packet
 * @flows: where the flow is
 * @hit: of the first stage
 * @second: written if there is one
 *
 * Context: RCU read side.
 * Return: false if the flow has changed hands.
 */
bool svcnat_flow_second(const struct svcnat_flows *flows,
			const struct svcnat_hit *hit, struct svcnat_hit *second)
{
	struct svcnat_flow *flow = svcnat_line_flow(hit->line);
	struct svcnat_key *stub = svcnat_flow_key(flow, 2 + hit->direction);

	return svcnat_key_copy(stub, flows->net, second) &&
	       svcnat_word_generation(second->word) ==
	       svcnat_word_generation(hit->word);
}
