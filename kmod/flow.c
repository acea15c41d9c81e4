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

/* What one packet may look through for a flow that can go. */
#define EVICT_BUCKETS	1024U
#define EVICT_FLOWS	64

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

/**
 * svcnat_flow_mark() - a packet of a flow has passed
 * @hit: from the lookup
 * @packet: its facts
 *
 * Writes only what changes: in an established flow the stamp, once a second.
 */
void svcnat_flow_mark(const struct svcnat_hit *hit,
		      const struct svcnat_packet *packet)
{
	u32 generation = svcnat_word_generation(hit->word);
	u8 seen = svcnat_word_seen(hit->word);
	u8 after = svcnat_state_after(seen, packet);
	u32 age = svcnat_stamp_now() - svcnat_word_stamp(hit->word);

	/* Told to both sides, so that traffic of either can take it back. */
	if (packet->tcp & SVCNAT_TCP_RST)
		svcnat_line_update(svcnat_line_sibling(hit->line), generation,
				   SVCNAT_SEEN_RST, 0);
	if (after == seen && age < SVCNAT_STAMP_STEP)
		return;
	svcnat_line_update(hit->line, generation, after & ~seen, seen & ~after);
}

/**
 * svcnat_flow_review() - does a flow still count for this packet?
 * @hit: from the lookup
 * @packet: its facts
 *
 * Called when something is out of the ordinary: the endpoint or the frontend
 * is removed or unready, or the packet is a SYN.
 *
 * Return: what to do.
 */
enum svcnat_review svcnat_flow_review(const struct svcnat_hit *hit,
				      const struct svcnat_packet *packet)
{
	u8 flags = READ_ONCE(hit->endpoint->flags) |
		   READ_ONCE(hit->frontend->flags);
	const u8 proto = packet->tuple.proto;
	struct svcnat_life life;
	bool opens;

	if (proto == IPPROTO_UDP)
		return flags && hit->direction == SVCNAT_REQUEST ?
		       SVCNAT_REVIEW_FORGET : SVCNAT_REVIEW_KEEP;
	svcnat_line_life(hit, &life);
	opens = hit->direction == SVCNAT_REQUEST && svcnat_packet_opens(packet);
	/*
	 * An unready endpoint may still answer what it has; a SYN is nothing.
	 * Nor is a SYN that a removed one never answered.  But once an answer
	 * was let through, the client may take itself to be connected, with
	 * that very workload: its ACK is under way.
	 */
	if (flags && opens &&
	    svcnat_state_half_open(proto, life.request, life.reply))
		return SVCNAT_REVIEW_FORGET;
	if (flags & SVCNAT_ACCOUNT_REMOVED && !(life.reply & SVCNAT_SEEN))
		return SVCNAT_REVIEW_FORGET;
	if (opens && svcnat_state_closing(life.request, life.reply))
		return SVCNAT_REVIEW_REOPEN;
	return SVCNAT_REVIEW_KEEP;
}

/**
 * svcnat_flow_reopen() - a flow's tuple begins a new connection
 * @flows: where it is
 * @hit: the request's
 *
 * Context: softirqs disabled.
 * Return: false if the flow is gone.
 */
bool svcnat_flow_reopen(struct svcnat_flows *flows, struct svcnat_hit *hit)
{
	u32 generation = svcnat_word_generation(hit->word);
	u64 word;

	svcnat_line_update(svcnat_line_sibling(hit->line), generation, 0, 0xff);
	svcnat_line_update(hit->line, generation, SVCNAT_SEEN,
			   0xff & ~SVCNAT_SEEN);
	word = atomic64_read(&hit->line->word);
	if (svcnat_word_generation(word) != generation)
		return false;
	hit->word = word;
	svcnat_stat_inc(flows->stats, SVCNAT_STAT_FLOW_REUSED);
	return true;
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

static u32 timeout_stamps(const struct svcnat_flows *flows, u8 proto,
			  const struct svcnat_life *life)
{
	enum svcnat_flow_state state;
	u32 seconds;

	state = svcnat_state_of(proto, life->request, life->reply);
	seconds = READ_ONCE(flows->timeout[svcnat_state_timeout(state)]);
	/* Never early: round up, and a stamp may lag behind by a step. */
	return (((u64)seconds * HZ) >> SVCNAT_STAMP_SHIFT) + 1 +
	       SVCNAT_STAMP_STEP;
}

/**
 * svcnat_flow_expired() - is a flow's time over?
 * @flows: where it is
 * @hit: any of its lines
 * @life: from svcnat_line_life()
 *
 * Return: true if so.
 */
bool svcnat_flow_expired(const struct svcnat_flows *flows,
			 const struct svcnat_hit *hit,
			 const struct svcnat_life *life)
{
	u8 proto = READ_ONCE(hit->line->proto);
	s32 age = svcnat_stamp_now() - life->stamp;

	return age > 0 && age > (s32)timeout_stamps(flows, proto, life);
}

/* What make_room() has seen so far. */
struct search {
	struct svcnat_hit	victim;
	u32			age;
	unsigned int		looked;
};

/* Look at a flow; true if it was expired, and is gone. */
static bool look_at(struct svcnat_flows *flows, const struct svcnat_hit *hit,
		    struct search *search)
{
	u8 proto = READ_ONCE(hit->line->proto);
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
	struct svcnat_line *line;
	struct svcnat_hit hit;

	for (i = 0; i < most; i++) {
		svcnat_for_each_node_rcu(line, node,
					 &b->head[(hash + i) & b->mask],
					 node) {
			if (++search->looked > EVICT_FLOWS)
				return false;
			if (svcnat_line_copy(line, flows->net, &hit) &&
			    look_at(flows, &hit, search))
				return true;
		}
	}
	return false;
}

/*
 * Free one place near @hash: an expired flow, else the oldest half-open one.
 * Best effort: where a line changes hands under us we may be led astray, but
 * only flows of this netns are touched.
 */
static bool make_room(struct svcnat_flows *flows, u32 hash)
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

		if (!make_room(flows, hash) ||
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
