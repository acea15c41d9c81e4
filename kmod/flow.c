// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "flow.h"

/*
 * A chain holds one entry on average once the table has grown to its
 * population.  The bound is what one packet may cost while it has not.
 */
#define CHAIN_MAX	128
#define CHAIN_LONG	8	/* ask for growth now */

static struct kmem_cache *flow_cache __read_mostly;

static struct svcnat_line *find_in(const struct svcnat_buckets *b,
				   const struct net *net, u32 hash,
				   const struct svcnat_tuple *tuple,
				   enum svcnat_stage stage,
				   struct svcnat_hit *hit)
{
	const u32 slot = hash & b->mask;
	struct svcnat_node *node;
	struct svcnat_line *line;

again:
	svcnat_for_each_node_rcu(line, node, &b->head[slot], node) {
		if (svcnat_line_match(line, net, tuple, stage, hit))
			return line;
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
	u32 hash = svcnat_tuple_hash(tuple, stage, &flows->key);

	return svcnat_table_search(&flows->table, hash, b,
				   find_in(b, flows->net, hash, tuple, stage,
					   hit));
}

/*
 * Is @key in use?  The stripe is locked.  Gives the length of the chains, which
 * have an end because of CHAIN_MAX.
 */
static struct svcnat_line *find_locked(struct svcnat_flows *flows, u32 hash,
				       const struct svcnat_line *key,
				       unsigned int *len)
{
	struct svcnat_node *head[2], *node;
	struct svcnat_line *line;
	int i;

	svcnat_table_locked(&flows->table, hash, head);
	for (i = 0; i < 2 && head[i]; i++) {
		svcnat_for_each_node_locked(line, node, head[i], node) {
			(*len)++;
			if (svcnat_line_same(line, key))
				return line;
		}
	}
	return NULL;
}

/* Link @flow, or say why not; with -EEXIST @hit is the flow that is there. */
static int link_flow(struct svcnat_flows *flows, struct svcnat_flow *flow,
		     struct svcnat_hit *hit)
{
	struct svcnat_line *request = svcnat_flow_line(flow, SVCNAT_REQUEST);
	struct svcnat_line *reply = svcnat_flow_line(flow, SVCNAT_REPLY);
	u32 hash[SVCNAT_LINES] = {
		svcnat_line_hash(request, &flows->key),
		svcnat_line_hash(reply, &flows->key),
	};
	struct svcnat_locked locked;
	struct svcnat_line *there;
	unsigned int len = 0;
	int err = 0;

	svcnat_table_lock(&flows->table, hash, SVCNAT_LINES, &locked);
	there = find_locked(flows, hash[SVCNAT_REQUEST], request, &len);
	if (there) {
		svcnat_line_copy(there, flows->net, hit);
		err = -EEXIST;
	} else if (find_locked(flows, hash[SVCNAT_REPLY], reply, &len)) {
		err = -EADDRINUSE;
	} else if (len > CHAIN_MAX) {
		err = -EXFULL;
	} else {
		svcnat_account_open(request->endpoint);
		svcnat_account_open(request->frontend);
		svcnat_flow_revive(flow);
		/* The key by which expiry finds the flow is published last. */
		svcnat_table_link(&flows->table, hash[SVCNAT_REPLY],
				  &reply->node);
		svcnat_table_link(&flows->table, hash[SVCNAT_REQUEST],
				  &request->node);
		svcnat_line_copy(request, flows->net, hit);
	}
	svcnat_table_unlock(&flows->table, &locked);
	if (len > CHAIN_LONG)
		mod_delayed_work(system_power_efficient_wq, flows->worker, 0);
	return err;
}

/**
 * svcnat_flow_kill() - remove a flow
 * @flows: where it is
 * @hit: any of its lines
 * @why: the counter
 *
 * Context: softirqs disabled, RCU read side.
 * Return: false if it was gone already.
 */
bool svcnat_flow_kill(struct svcnat_flows *flows, const struct svcnat_hit *hit,
		      enum svcnat_stat why)
{
	u32 generation = svcnat_word_generation(hit->word);
	struct svcnat_flow *flow = svcnat_line_flow(hit->line);
	struct svcnat_locked locked;
	u32 hash[SVCNAT_LINES];
	unsigned int i;

	/* Right if the generation is still the same under the locks. */
	for (i = 0; i < SVCNAT_LINES; i++)
		hash[i] = svcnat_line_hash(svcnat_flow_line(flow, i),
					   &flows->key);
	svcnat_table_lock(&flows->table, hash, SVCNAT_LINES, &locked);
	if (svcnat_word_generation(atomic64_read(&hit->line->word)) !=
	    generation) {
		svcnat_table_unlock(&flows->table, &locked);
		return false;
	}
	svcnat_flow_retire(flow);
	for (i = 0; i < SVCNAT_LINES; i++)
		svcnat_table_unlink(&flows->table, hash[i],
				    &svcnat_flow_line(flow, i)->node);
	svcnat_table_unlock(&flows->table, &locked);
	svcnat_account_close(hit->endpoint);
	svcnat_account_close(hit->frontend);
	svcnat_stat_inc(flows->stats, why);
	kmem_cache_free(flow_cache, flow);
	svcnat_quota_give(&flows->quota);
	return true;
}

/**
 * svcnat_flow_insert() - make a flow
 * @flows: where
 * @spec: which
 * @hit: its request; with -EEXIST that of the flow which is there
 *
 * Context: softirqs disabled, RCU read side.
 * Return: 0; -EEXIST: another CPU was faster with the same packet, go on with
 * @hit; -EADDRINUSE: with this endpoint the replies could not be told from
 * those of another flow; -ENOSPC: limit; -EXFULL: chains at their bound;
 * -ENOMEM.
 */
int svcnat_flow_insert(struct svcnat_flows *flows,
		       const struct svcnat_flow_spec *spec,
		       struct svcnat_hit *hit)
{
	struct svcnat_flow *flow;
	int err;

	if (!svcnat_quota_take(&flows->quota)) {
		u32 hash = svcnat_tuple_hash(&spec->tuple, SVCNAT_PRE,
					     &flows->key);

		if (!svcnat_flow_make_room(flows, hash) ||
		    !svcnat_quota_take(&flows->quota))
			return -ENOSPC;
	}
	flow = kmem_cache_alloc(flow_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!flow) {
		svcnat_quota_give(&flows->quota);
		return -ENOMEM;
	}
	svcnat_flow_fill(flow, spec);
	err = link_flow(flows, flow, hit);
	if (err) {
		kmem_cache_free(flow_cache, flow);
		svcnat_quota_give(&flows->quota);
		if (err == -EEXIST)
			svcnat_stat_inc(flows->stats, SVCNAT_STAT_FLOW_RACED);
		return err;
	}
	svcnat_stat_inc(flows->stats, SVCNAT_STAT_FLOW_NEW);
	return 0;
}

/**
 * svcnat_flows_module_init() - make the cache that all netns share
 *
 * Return: 0 or -ENOMEM.
 */
int svcnat_flows_module_init(void)
{
	flow_cache = kmem_cache_create("svcnat_flow",
				       sizeof(struct svcnat_flow),
				       SVCNAT_LINE_SIZE,
				       SLAB_HWCACHE_ALIGN |
				       SLAB_TYPESAFE_BY_RCU,
				       svcnat_flow_construct);
	return flow_cache ? 0 : -ENOMEM;
}

/**
 * svcnat_flows_module_exit() - free the cache
 *
 * All flows are freed; the cache waits for their last readers by itself.
 */
void svcnat_flows_module_exit(void)
{
	kmem_cache_destroy(flow_cache);
}
