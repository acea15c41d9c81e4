// SPDX-License-Identifier: GPL-2.0-only
/* Where a packet finds its flow: at a stage, before them and between them. */
#include "flow.h"

static __always_inline bool addr_is(const __be32 *addr,
				    const union nf_inet_addr *wanted, u8 family)
{
	return READ_ONCE(addr[0]) == wanted->ip &&
	       (family == AF_INET || (READ_ONCE(addr[1]) == wanted->ip6[1] &&
				      READ_ONCE(addr[2]) == wanted->ip6[2] &&
				      READ_ONCE(addr[3]) == wanted->ip6[3]));
}

static __always_inline bool has_key(const struct svcnat_key *key,
				    const struct svcnat_tuple *t,
				    enum svcnat_stage stage)
{
	const bool post = key->role & SVCNAT_ROLE_POST;

	/* The family first: it says where the addresses are. */
	return READ_ONCE(key->sport) == t->sport &&
	       READ_ONCE(key->dport) == t->dport &&
	       READ_ONCE(key->proto) == t->proto &&
	       svcnat_key_family(key) == t->family &&
	       post == (stage == SVCNAT_POST) &&
	       addr_is(svcnat_key_source(key), &t->src, t->family) &&
	       addr_is(svcnat_key_destination(key), &t->dst, t->family);
}

static __always_inline void copy_addr(union nf_inet_addr *to,
				      const __be32 *addr, u8 family)
{
	if (family != AF_INET) {
		svcnat_addr_read(to->ip6, addr, 4);
		return;
	}
	*to = svcnat_addr_ipv4(READ_ONCE(*addr));
}

static __always_inline void copy_rewrite(struct svcnat_rewrite *to,
					 const struct svcnat_key *key,
					 const struct svcnat_line *line)
{
	const struct svcnat_stub *stub;

	to->side = key->role & SVCNAT_ROLE_POST ? SVCNAT_SOURCE :
						  SVCNAT_DESTINATION;
	if (key->role & SVCNAT_ROLE_STUB) {
		stub = container_of(key, struct svcnat_stub, key);
		to->port = READ_ONCE(stub->nport);
		to->other_port = READ_ONCE(stub->mport);
		copy_addr(&to->addr, stub->addr, svcnat_key_family(key));
		return;
	}
	to->port = READ_ONCE(line->nport);
	to->other_port = READ_ONCE(line->mport);
	copy_addr(&to->addr, line->addr + 2 * svcnat_key_words(key),
		  svcnat_key_family(key));
}

/*
 * Copy what a key of @line stands for, whose word was read as @word; false if
 * it changed hands, or belongs to another netns.
 */
static __always_inline bool copy(const struct svcnat_key *key,
				 struct svcnat_line *line,
				 const struct net *net, u64 word,
				 struct svcnat_hit *hit)
{
	hit->line = line;
	hit->word = word;
	hit->direction = key->role & SVCNAT_ROLE_REPLY;
	hit->second = key->role & SVCNAT_ROLE_STUB;
	hit->way = READ_ONCE(line->key.way);
	hit->endpoint = READ_ONCE(line->endpoint);
	hit->frontend = READ_ONCE(line->frontend);
	copy_rewrite(&hit->rewrite, key, line);
	/* Pairs with smp_wmb() in svcnat_flow_fill(). */
	smp_rmb();
	return svcnat_word_generation(word) ==
	       svcnat_word_generation(atomic64_read(&line->word)) &&
	       hit->endpoint->net == net;
}

/**
 * svcnat_key_copy() - copy what a key stands for, whatever the key is
 * @key: the key
 * @net: the netns that it must be of
 * @hit: the copy
 *
 * Context: RCU read side.
 * Return: false if it belongs to no flow, or to one of another netns, or
 * changed hands meanwhile.
 */
bool svcnat_key_copy(struct svcnat_key *key, const struct net *net,
		     struct svcnat_hit *hit)
{
	struct svcnat_line *line = svcnat_key_line(key);
	u64 word = atomic64_read_acquire(&line->word);

	return svcnat_word_live(word) && copy(key, line, net, word, hit);
}

static __always_inline bool match(struct svcnat_key *key, const struct net *net,
				  const struct svcnat_tuple *tuple,
				  enum svcnat_stage stage,
				  struct svcnat_hit *hit)
{
	struct svcnat_line *line = svcnat_key_line(key);
	u64 word = atomic64_read_acquire(&line->word);

	return has_key(key, tuple, stage) && svcnat_word_live(word) &&
	       copy(key, line, net, word, hit);
}

/**
 * svcnat_key_match() - copy what a key stands for if it is the one
 * @key: the key
 * @net: the netns that it must be of
 * @tuple: what it must be
 * @stage: where it must be
 * @hit: the copy
 *
 * Key and copy are of one flow.
 *
 * Context: RCU read side.
 * Return: false if it is another key, belongs to no flow or to one of another
 * netns, or changed hands.
 */
bool svcnat_key_match(struct svcnat_key *key, const struct net *net,
		      const struct svcnat_tuple *tuple,
		      enum svcnat_stage stage, struct svcnat_hit *hit)
{
	return match(key, net, tuple, stage, hit);
}

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
		/* Others mostly differ here. */
		if (READ_ONCE(key->sport) == tuple->sport &&
		    match(key, net, tuple, stage, hit))
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

/* Not where nobody has announced its destination: see svcnat_flow_insert(). */
static bool may_have_earlier(const struct svcnat_flows *flows,
			     const struct svcnat_tuple *tuple)
{
	return svcnat_filter_kinds(flows->filter, tuple->family, &tuple->dst) &
	       SVCNAT_FILTER_FLOW;
}

/* The line that a packet finds first: that of SVCNAT_PRE, else the other. */
static struct svcnat_key *find_line_in(const struct svcnat_buckets *b,
				       const struct svcnat_flows *flows,
				       u32 hash,
				       const struct svcnat_tuple *tuple,
				       struct svcnat_hit *hit)
{
	const u32 slot = hash & b->mask;
	struct svcnat_key *key, *found;
	struct svcnat_node *node;
	struct svcnat_hit later __uninitialized;
	bool post;

again:
	found = NULL;
	svcnat_for_each_node_rcu(key, node, &b->head[slot], node) {
		if (READ_ONCE(key->sport) != tuple->sport ||
		    key->role & SVCNAT_ROLE_STUB)
			continue;
		post = key->role & SVCNAT_ROLE_POST;
		if (!match(key, flows->net, tuple,
			   post ? SVCNAT_POST : SVCNAT_PRE,
			   found ? &later : hit))
			continue;
		if (!post) {
			if (found)
				*hit = later;
			return key;
		}
		if (!may_have_earlier(flows, tuple))
			return key;
		found = key;
	}
	if (svcnat_node_mark(node) != svcnat_buckets_end(b, slot))
		goto again;
	return found;
}

/* While keys move, those of one stage may be found before the others. */
static bool find_by_stage(const struct svcnat_flows *flows,
			  const struct svcnat_tuple *tuple,
			  struct svcnat_hit *hit)
{
	return svcnat_flow_find(flows, tuple, SVCNAT_PRE, hit) ||
	       (svcnat_flow_find(flows, tuple, SVCNAT_POST, hit) &&
		!hit->second);
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
	const struct svcnat_table *table = &flows->table;
	u32 hash, resizes = svcnat_table_resizes(table);

	if (unlikely(rcu_access_pointer(table->old)))
		return find_by_stage(flows, tuple, hit);
	hash = svcnat_tuple_hash(tuple, &flows->key);
	if (!svcnat_table_search(table, hash, b,
				 find_line_in(b, flows, hash, tuple, hit)))
		return false;
	smp_rmb();	/* pairs with svcnat_table_resize() */
	return svcnat_table_resizes(table) == resizes ||
	       find_by_stage(flows, tuple, hit);
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
	struct svcnat_tuple answer __uninitialized;

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
