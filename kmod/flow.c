// SPDX-License-Identifier: GPL-2.0-only
#include <linux/workqueue.h>

#include "flow.h"
#include "trace.h"

/*
 * A chain holds one key on average once the table has grown to its population;
 * two at most, if all flows have stubs.  The bound is what one packet may cost
 * while it has not.
 */
#define CHAIN_MAX	128
#define CHAIN_LONG	8	/* ask for growth now */

/*
 * Is a key like @like in use, at its stage or at @either?  The stripe is locked.
 * Adds the length of the chains, which have an end because of CHAIN_MAX.
 */
static struct svcnat_key *find_locked(struct svcnat_flows *flows, u32 hash,
				      const struct svcnat_key *like,
				      bool either, unsigned int *len)
{
	struct svcnat_node *head[2], *node;
	struct svcnat_key *key;
	int i;

	svcnat_table_locked(&flows->table, hash, head);
	for (i = 0; i < 2 && head[i]; i++) {
		svcnat_for_each_node_locked(key, node, head[i], node) {
			(*len)++;
			if (svcnat_key_same(key, like) &&
			    (either ||
			     !((key->role ^ like->role) & SVCNAT_ROLE_POST)))
				return key;
		}
	}
	return NULL;
}

/* The keys of a flow: lines by their direction, then stubs by theirs */
struct keys {
	unsigned int		n;
	struct svcnat_key	*key[SVCNAT_TABLE_KEYS];
	u32			hash[SVCNAT_TABLE_KEYS];
};

static void keys_of(const struct svcnat_flows *flows, struct svcnat_flow *flow,
		    struct keys *keys)
{
	unsigned int i;

	keys->n = svcnat_flow_keys(flow);
	for (i = 0; i < keys->n; i++) {
		keys->key[i] = svcnat_flow_key(flow, i);
		keys->hash[i] = svcnat_key_hash(keys->key[i], &flows->key);
	}
}

/*
 * Can a flow with these keys be?  conntrack and the endpoint know no stages:
 * what they see must be nobody's at either.  The request as the client sends it
 * is seen by us alone.
 */
static int check_keys(struct svcnat_flows *flows, const struct keys *keys,
		      unsigned int *len, struct svcnat_hit *hit)
{
	static const int errors[SVCNAT_TABLE_KEYS] = {
		-EEXIST, -EADDRINUSE, -ENOTUNIQ, -ENOTUNIQ,
	};
	struct svcnat_key *const *key = keys->key, *there;
	unsigned int i;

	hit->line = NULL;
	for (i = 0; i < keys->n; i++) {
		there = find_locked(flows, keys->hash[i], key[i], i, len);
		if (!there)
			continue;
		svcnat_key_copy(there, flows->net, hit);
		return errors[i];
	}
	/*
	 * The keys of one stage must differ among themselves: a client that is
	 * its own endpoint may send what it will be answered.
	 */
	if (keys->n > 2 && svcnat_key_same(key[0], key[1]))
		return -EADDRINUSE;
	if (keys->n > 2 && svcnat_key_same(key[2], key[3]))
		return -ENOTUNIQ;
	return *len > CHAIN_MAX ? -EXFULL : 0;
}

/* A direct flow has one account for both. */
static void charge_flow(const struct svcnat_line *line)
{
	svcnat_account_open(line->endpoint);
	svcnat_account_active(line->endpoint, 1);
	if (line->frontend != line->endpoint)
		svcnat_account_open(line->frontend);
}

/* Link @flow, or say why not: if a flow is in the way, @hit is that. */
static int link_flow(struct svcnat_flows *flows, struct svcnat_flow *flow,
		     struct svcnat_hit *hit)
{
	struct svcnat_locked locked __uninitialized;
	unsigned int len = 0, i;
	struct keys keys __uninitialized;
	int err;

	keys_of(flows, flow, &keys);
	svcnat_table_lock(&flows->table, keys.hash, keys.n, &locked);
	err = check_keys(flows, &keys, &len, hit);
	if (!err) {
		charge_flow(svcnat_key_line(keys.key[0]));
		svcnat_flow_revive(flow);
		/* The key by which expiry finds the flow is published last. */
		for (i = keys.n; i--;)
			svcnat_table_link(&flows->table, keys.hash[i],
					  &keys.key[i]->node);
		svcnat_key_copy(keys.key[0], flows->net, hit);
	}
	svcnat_table_unlock(&flows->table, &locked);
	if (len > CHAIN_LONG)
		mod_delayed_work(system_power_efficient_wq, flows->worker, 0);
	return err;
}

/* The flow is ours until it is freed. */
static void trace_end(const struct svcnat_flows *flows,
		      struct svcnat_flow *flow, enum svcnat_stat why)
{
	struct svcnat_tuple tuple;

	if (!trace_svcnat_flow_end_enabled())
		return;
	svcnat_line_tuple(svcnat_flow_line(flow, SVCNAT_REQUEST), &tuple);
	trace_svcnat_flow_end(flows->net, &tuple, why);
}

/* Is there still a reason?  A packet may have passed since it was found. */
static bool is_due(const struct svcnat_flows *flows,
		   const struct svcnat_hit *hit,
		   const u64 word[SVCNAT_DIRECTIONS], enum svcnat_stat why)
{
	struct svcnat_life life;

	svcnat_words_life(word, &life);
	if (why == SVCNAT_STAT_FLOW_EVICTED)
		return svcnat_state_half_open(hit->line->key.proto,
					      life.request, life.reply) ||
		       svcnat_state_closing(life.request, life.reply);
	return why != SVCNAT_STAT_FLOW_EXPIRED ||
	       svcnat_flow_expired(flows, hit, &life);
}

/* End a flow whose stripes are locked, unless it is another one or not due. */
static bool retire(const struct svcnat_flows *flows,
		   const struct svcnat_hit *hit, enum svcnat_stat why)
{
	struct svcnat_line *sibling = svcnat_line_sibling(hit->line);
	struct svcnat_flow *flow = svcnat_line_flow(hit->line);
	u64 word[SVCNAT_DIRECTIONS];

	do {
		word[hit->direction] = atomic64_read(&hit->line->word);
		word[!hit->direction] = atomic64_read(&sibling->word);
		if (svcnat_word_generation(word[SVCNAT_REQUEST]) !=
		    svcnat_word_generation(hit->word) ||
		    !is_due(flows, hit, word, why))
			return false;
	} while (!svcnat_flow_retire(flow, word));
	return true;
}

/**
 * svcnat_flow_kill() - remove a flow
 * @flows: where it is
 * @hit: any of its keys
 * @why: the counter
 *
 * Context: softirqs disabled, RCU read side.
 * Return: false if it was gone already, or what @why says is true no more: it
 * was to expire or to be evicted, and a packet has passed.
 */
bool svcnat_flow_kill(struct svcnat_flows *flows, const struct svcnat_hit *hit,
		      enum svcnat_stat why)
{
	struct svcnat_flow *flow = svcnat_line_flow(hit->line);
	struct svcnat_locked locked __uninitialized;
	struct keys keys __uninitialized;
	unsigned int i;

	/* Right if the generation is still the same under the locks. */
	keys_of(flows, flow, &keys);
	svcnat_table_lock(&flows->table, keys.hash, keys.n, &locked);
	if (!retire(flows, hit, why)) {
		svcnat_table_unlock(&flows->table, &locked);
		return false;
	}
	for (i = 0; i < keys.n; i++)
		svcnat_table_unlink(&flows->table, keys.hash[i],
				    &keys.key[i]->node);
	svcnat_table_unlock(&flows->table, &locked);
	svcnat_account_active(hit->endpoint, -1);
	svcnat_account_close(hit->endpoint);
	if (hit->frontend != hit->endpoint)
		svcnat_account_close(hit->frontend);
	svcnat_stat_inc(flows->stats, why);
	trace_end(flows, flow, why);
	svcnat_flow_free(flow);
	svcnat_quota_give(&flows->quota);
	return true;
}

/**
 * svcnat_flow_lead() - remember where packets of a flow leave
 * @flows: where it is
 * @hit: any of its keys
 * @direction: of the packets
 * @way: number of the way, or 0
 *
 * Nothing happens if the flow is gone.
 *
 * Context: softirqs disabled, RCU read side.
 */
void svcnat_flow_lead(struct svcnat_flows *flows, const struct svcnat_hit *hit,
		      enum svcnat_direction direction, u16 way)
{
	struct svcnat_flow *flow = svcnat_line_flow(hit->line);
	struct svcnat_locked locked __uninitialized;
	u32 hash;

	/* Right if the generation is still the same under the lock. */
	hash = svcnat_key_hash(&flow->request, &flows->key);
	svcnat_table_lock(&flows->table, &hash, 1, &locked);
	if (svcnat_word_generation(atomic64_read(&hit->line->word)) ==
	    svcnat_word_generation(hit->word))
		WRITE_ONCE(svcnat_flow_line(flow, direction)->key.way, way);
	svcnat_table_unlock(&flows->table, &locked);
}

/**
 * svcnat_flow_bury() - remove a flow if it is over
 * @flows: where it is
 * @hit: any of its keys
 *
 * For those whom it is in the way of.  Else it stays until it is found expired,
 * for the last segments of a connection that both sides have closed.
 *
 * Context: softirqs disabled, RCU read side.
 * Return: whether it was over and is gone.
 */
bool svcnat_flow_bury(struct svcnat_flows *flows, const struct svcnat_hit *hit)
{
	struct svcnat_life life;

	svcnat_line_life(hit, &life);
	if (svcnat_flow_expired(flows, hit, &life))
		return svcnat_flow_kill(flows, hit, SVCNAT_STAT_FLOW_EXPIRED);
	return svcnat_state_closing(life.request, life.reply) &&
	       svcnat_flow_kill(flows, hit, SVCNAT_STAT_FLOW_EVICTED);
}

static enum svcnat_layout layout_for(const struct svcnat_flow_spec *spec)
{
	if (spec->tuple.family == AF_INET)
		return spec->masquerade ? SVCNAT_FULL4 : SVCNAT_PLAIN4;
	return spec->masquerade ? SVCNAT_FULL6 : SVCNAT_PLAIN6;
}

static void announce_address(const struct svcnat_flows *flows, u8 family,
			     const union nf_inet_addr *addr)
{
	svcnat_filter_add(flows->filter,
			  svcnat_filter_address(family, addr->ip6),
			  SVCNAT_FILTER_FLOW);
}

/* Packets of the flow are looked up from now on, in both directions. */
static void announce(const struct svcnat_flows *flows,
		     const struct svcnat_flow_spec *spec)
{
	const u8 family = spec->tuple.family;

	announce_address(flows, family, &spec->tuple.dst);
	announce_address(flows, family, &spec->addr);
	if (spec->masquerade)
		announce_address(flows, family, &spec->masq_addr);
}

/*
 * Of two that are each other's endpoints, and have one port for all ends, what
 * one asks looks behind its first stage like what the other answers.  There is
 * another stage for it from now on, and ways lead past that.
 */
static void take_away(struct svcnat_flows *flows,
		      const struct svcnat_flow_spec *spec)
{
	const struct svcnat_tuple *t = &spec->tuple;
	struct svcnat_tuple between __uninitialized;
	struct svcnat_hit other __uninitialized;

	if (!READ_ONCE(flows->ways.slot) || spec->masquerade ||
	    !(svcnat_filter_kinds(flows->filter, t->family, &t->src) &
	      SVCNAT_FILTER_FLOW))
		return;
	between = *t;
	between.dst = spec->addr;
	between.dport = spec->port;
	if (spec->shift)
		between.sport = spec->shift;
	if (svcnat_flow_find(flows, &between, SVCNAT_POST, &other) &&
	    other.direction == SVCNAT_REPLY && !other.second)
		svcnat_flow_lead(flows, &other, SVCNAT_REQUEST, 0);
}

/**
 * svcnat_flow_insert() - make a flow
 * @flows: where
 * @spec: which
 * @hit: its request; with -EEXIST what that packet finds instead
 *
 * Context: softirqs disabled, RCU read side.
 * Return: 0; -EEXIST: another CPU was faster with the same packet, go on with
 * @hit; -EADDRINUSE: what the endpoint would see is another flow's at either
 * stage: its replies could not be told apart; -ENOTUNIQ: masqueraded flows
 * only: what is seen between the two rewrites is another flow's; -ENOSPC:
 * limit; -EXFULL: chains at their bound; -ENOMEM.
 */
int svcnat_flow_insert(struct svcnat_flows *flows,
		       const struct svcnat_flow_spec *spec,
		       struct svcnat_hit *hit)
{
	struct svcnat_flow *flow;
	int err;

	if (!svcnat_quota_take(&flows->quota)) {
		u32 hash = svcnat_tuple_hash(&spec->tuple, &flows->key);

		if (!svcnat_flow_make_room(flows, hash) ||
		    !svcnat_quota_take(&flows->quota))
			return -ENOSPC;
	}
	flow = svcnat_flow_alloc(layout_for(spec));
	if (!flow) {
		svcnat_quota_give(&flows->quota);
		return -ENOMEM;
	}
	svcnat_flow_fill(flow, spec);
	announce(flows, spec);
	err = link_flow(flows, flow, hit);
	if ((err == -EADDRINUSE || err == -ENOTUNIQ) && hit->line &&
	    svcnat_flow_bury(flows, hit))
		err = link_flow(flows, flow, hit);
	if (err) {
		svcnat_flow_free(flow);
		svcnat_quota_give(&flows->quota);
		if (err == -EEXIST)
			svcnat_stat_inc(flows->stats, SVCNAT_STAT_FLOW_RACED);
		return err;
	}
	take_away(flows, spec);
	svcnat_stat_inc(flows->stats, SVCNAT_STAT_FLOW_NEW);
	trace_svcnat_flow_new(flows->net, &spec->tuple, SVCNAT_STAT_FLOW_NEW);
	return 0;
}
