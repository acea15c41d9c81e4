// SPDX-License-Identifier: GPL-2.0-only
/* The population of flows: its limits, its upkeep, and showing it. */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "flow.h"

#define TABLE_ORDER	10
#define STRIPES_ORDER	8

/* A slice of expiry: a full turn takes SLICES of them, each within BUDGET. */
#define SLICES		16
#define SLICE_BUDGET	(2 * NSEC_PER_MSEC)
#define DRAIN_BUDGET	8192

/*
 * Whoever was busy will be again, and new flows cost twice as much while the
 * table grows anew.
 */
#define KEEP_TABLE	(5 * 60 * HZ)

static u32 hash_node(const struct svcnat_table *table,
		     const struct svcnat_node *node)
{
	const struct svcnat_flows *flows;

	flows = container_of(table, struct svcnat_flows, table);
	return svcnat_key_hash(container_of(node, struct svcnat_key, node),
			       &flows->key);
}

/**
 * svcnat_flows_live() - how many flows there are
 * @flows: where
 *
 * Return: the number; exact when none is made or removed meanwhile.
 */
u32 svcnat_flows_live(const struct svcnat_flows *flows)
{
	return svcnat_quota_used(&flows->quota);
}

/**
 * svcnat_flows_direct() - how many flows are of no service
 * @flows: where
 *
 * Return: the number.
 */
u64 svcnat_flows_direct(const struct svcnat_flows *flows)
{
	struct svcnat_sums sums = {};

	svcnat_account_sum(&flows->direct, &sums);
	return sums.opened - sums.closed;
}

/*
 * Show the flows of a bucket, by their request, until the visitor wants
 * anything else but the next.  Under the lock the chain is what it is: nobody
 * goes, nobody changes hands.
 */
static enum svcnat_visit visit_chain(struct svcnat_flows *flows, u32 slot,
				     u32 *skip, struct svcnat_hit *hit,
				     svcnat_visitor visitor, void *arg)
{
	enum svcnat_visit want = SVCNAT_VISIT_NEXT;
	struct svcnat_node *head[2], *node;
	struct svcnat_locked locked;
	struct svcnat_key *key;
	u32 i = 0;

	svcnat_table_lock(&flows->table, &slot, 1, &locked);
	svcnat_table_locked(&flows->table, slot, head);
	svcnat_for_each_node_locked(key, node, head[0], node) {
		if (key->role & (SVCNAT_ROLE_REPLY | SVCNAT_ROLE_STUB) ||
		    i++ < *skip || !svcnat_key_copy(key, flows->net, hit))
			continue;
		want = visitor(flows, hit, arg);
		if (want != SVCNAT_VISIT_NEXT)
			break;
		*skip = i;
	}
	svcnat_table_unlock(&flows->table, &locked);
	return want;
}

static bool visit_bucket(struct svcnat_flows *flows,
			 const struct svcnat_buckets *b, u32 slot, u32 *skip,
			 svcnat_visitor visitor, void *arg)
{
	enum svcnat_visit want = SVCNAT_VISIT_NEXT;
	struct svcnat_hit hit;

	if (svcnat_chain_empty(&b->head[slot]))
		return true;
	local_bh_disable();
	rcu_read_lock();
	do {
		want = visit_chain(flows, slot, skip, &hit, visitor, arg);
		if (want == SVCNAT_VISIT_EXPIRE)
			svcnat_flow_kill(flows, &hit, SVCNAT_STAT_FLOW_EXPIRED);
		else if (want == SVCNAT_VISIT_DELETE)
			svcnat_flow_kill(flows, &hit, SVCNAT_STAT_FLOW_DELETED);
		/* Places have shifted: whoever removes can look again. */
		if (want != SVCNAT_VISIT_STOP)
			*skip = 0;
	} while (want == SVCNAT_VISIT_EXPIRE || want == SVCNAT_VISIT_DELETE);
	rcu_read_unlock();
	local_bh_enable();
	return want != SVCNAT_VISIT_STOP;
}

/**
 * svcnat_flows_walk() - visit all flows
 * @flows: where
 * @bucket: where to begin, and where it stopped; begin with 0
 * @skip: flows of that bucket to leave out; begin with 0
 * @visitor: is shown each; one that removes may be shown others again
 * @arg: for @visitor
 *
 * Flows that come or go meanwhile may be missed or not.
 *
 * Context: process, the resizer.
 * Return: true when all were visited, false if @visitor stopped the walk.
 */
bool svcnat_flows_walk(struct svcnat_flows *flows, u32 *bucket, u32 *skip,
		       svcnat_visitor visitor, void *arg)
{
	const struct svcnat_buckets *b;

	if (!flows->table.stripes)
		return true;
	while (!svcnat_table_drain(&flows->table, DRAIN_BUDGET))
		cond_resched();
	b = rcu_dereference_protected(flows->table.cur, 1);
	for (; *bucket <= b->mask; (*bucket)++) {
		if (!visit_bucket(flows, b, *bucket, skip, visitor, arg))
			return false;
		cond_resched();
	}
	return true;
}

/* Take the number of a way that has left out of a line. */
static void forget_way(const struct svcnat_ways *ways, struct svcnat_line *line)
{
	if (line->key.way && !svcnat_ways_keep(ways, line->key.way))
		WRITE_ONCE(line->key.way, 0);
}

static enum svcnat_visit expire_one(const struct svcnat_flows *flows,
				    const struct svcnat_hit *hit, void *arg)
{
	struct svcnat_life life;

	forget_way(&flows->ways, hit->line);
	forget_way(&flows->ways, svcnat_line_sibling(hit->line));

	svcnat_line_life(hit, &life);
	return svcnat_flow_expired(flows, hit, &life) ? SVCNAT_VISIT_EXPIRE :
							SVCNAT_VISIT_NEXT;
}

/* Has it been too large for so long that it will hardly be needed soon? */
static bool may_shrink(const struct svcnat_flows *flows)
{
	return time_after_eq(jiffies, flows->fitted + KEEP_TABLE);
}

/* Stubs are not counted: see flow.c for what that makes of chains. */
static u32 num_keys(const struct svcnat_flows *flows)
{
	return svcnat_flows_live(flows) * 2;
}

static void fit_table(struct svcnat_flows *flows)
{
	u32 keys = num_keys(flows);
	const struct svcnat_buckets *b;

	if (!svcnat_table_wants_resize(&flows->table, keys)) {
		flows->fitted = jiffies;
		return;
	}
	b = rcu_dereference_protected(flows->table.cur, 1);
	if (keys <= b->mask && !may_shrink(flows))
		return;
	if (!svcnat_table_resize(&flows->table, keys))
		flows->cursor = 0;
}

/**
 * svcnat_flows_unfit() - will the table be given another size?
 * @flows: the flows
 *
 * Then svcnat_flows_expire() must be called until it is not, even if there are
 * none.
 *
 * Context: process, the resizer.
 * Return: true if so.
 */
bool svcnat_flows_unfit(const struct svcnat_flows *flows)
{
	return flows->table.stripes &&
	       (rcu_access_pointer(flows->table.old) ||
		svcnat_table_wants_resize(&flows->table, num_keys(flows)));
}

/**
 * svcnat_flows_expire() - one slice of the table's upkeep
 * @flows: the flows
 *
 * Moves flows if the table is being resized, else looks for expired ones.
 * Bounded in time; SLICES calls see every flow unless time runs out.
 *
 * Context: process, the resizer.
 * Return: true if the slice was done, false if it should go on soon.
 */
bool svcnat_flows_expire(struct svcnat_flows *flows)
{
	u64 end = ktime_get_ns() + SLICE_BUDGET;
	const struct svcnat_buckets *b;
	u32 last, skip;

	fit_table(flows);
	while (!svcnat_table_drain(&flows->table, 256))
		if (ktime_get_ns() > end)
			return false;
	b = rcu_dereference_protected(flows->table.cur, 1);
	last = flows->cursor + max((b->mask + 1) / SLICES, 1U);
	for (; flows->cursor < last && flows->cursor <= b->mask;
	     flows->cursor++) {
		if (!(flows->cursor & 63) && ktime_get_ns() > end)
			return false;
		skip = 0;
		visit_bucket(flows, b, flows->cursor, &skip, expire_one, NULL);
	}
	if (flows->cursor > b->mask) {
		flows->cursor = 0;
		svcnat_ways_turned(&flows->ways);
	}
	return true;
}

static u32 default_max(void)
{
	/*
	 * One sixty-fourth of memory, within reason.  A plain IPv4 flow takes
	 * 128 bytes and two heads.
	 */
	u64 max = div_u64((u64)totalram_pages() << PAGE_SHIFT, 64 * 144);

	return clamp_t(u64, max, SZ_64K, SZ_4M);
}

/**
 * svcnat_flows_init() - no flows yet
 * @flows: zeroed memory
 * @net: the netns
 * @filter: of the netns
 * @stats: of the netns
 * @worker: calls svcnat_flows_expire(); is woken when the table should grow, or
 *	somebody has learned a new way
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int svcnat_flows_init(struct svcnat_flows *flows, const struct net *net,
		      struct svcnat_filter *filter,
		      struct svcnat_stats __percpu *stats,
		      struct delayed_work *worker)
{
	int err;

	flows->net = net;
	flows->filter = filter;
	flows->stats = stats;
	flows->worker = worker;
	flows->fitted = jiffies;
	svcnat_ways_init(&flows->ways);
	flows->timeout[SVCNAT_TIMEOUT_TCP_ESTABLISHED] = 24 * 60 * 60;
	flows->timeout[SVCNAT_TIMEOUT_TCP_TRANSITORY] = 120;
	flows->timeout[SVCNAT_TIMEOUT_TCP_CLOSING] = 10;
	flows->timeout[SVCNAT_TIMEOUT_UDP] = 30;
	flows->timeout[SVCNAT_TIMEOUT_UDP_STREAM] = 120;
	flows->timeout[SVCNAT_TIMEOUT_SCTP] = 24 * 60 * 60;
	get_random_bytes(&flows->key, sizeof(flows->key));
	err = svcnat_account_init(&flows->direct, net);
	if (err)
		return err;
	flows->direct.flags = SVCNAT_ACCOUNT_DIRECT;
	err = svcnat_quota_init(&flows->quota, default_max());
	if (err)
		svcnat_account_exit(&flows->direct);
	return err;
}

/**
 * svcnat_flows_start() - make the table, if there is none
 * @flows: the flows
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int svcnat_flows_start(struct svcnat_flows *flows)
{
	int err;

	if (flows->table.stripes)
		return 0;
	err = svcnat_filter_start(flows->filter);
	if (err)
		return err;
	return svcnat_table_init(&flows->table, TABLE_ORDER, STRIPES_ORDER,
				 hash_node);
}

static enum svcnat_visit delete_one(const struct svcnat_flows *flows,
				    const struct svcnat_hit *hit, void *arg)
{
	return SVCNAT_VISIT_DELETE;
}

/**
 * svcnat_flows_exit() - free everything
 * @flows: without hooks and without worker; may never have been started
 *
 * Context: process.
 */
void svcnat_flows_exit(struct svcnat_flows *flows)
{
	u32 bucket = 0, skip = 0;

	svcnat_flows_walk(flows, &bucket, &skip, delete_one, NULL);
	/*
	 * A reader of another netns whom memory of ours led here may be about
	 * to ask an account whose it is.
	 */
	if (flows->table.stripes)
		synchronize_rcu();
	svcnat_ways_exit(&flows->ways);
	svcnat_table_exit(&flows->table);
	svcnat_quota_exit(&flows->quota);
	svcnat_account_exit(&flows->direct);
}
