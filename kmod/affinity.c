// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "affinity.h"

#define TABLE_ORDER	10
#define STRIPES_ORDER	6
#define CHAIN_MAX	64	/* a longer chain takes no new entry */
#define SLICES		16	/* of expiry in a full turn of the table */
#define SLICE_BUDGET	(1 * NSEC_PER_MSEC)

static u32 hash_client(const struct svcnat_affinity *affinity,
		       const struct svcnat_client *client)
{
	if (client->family == AF_INET)
		return jhash_2words((__force u32)client->addr.ip,
				    client->service, affinity->seed);
	return jhash2(client->addr.all, 4, affinity->seed ^ client->service);
}

static u32 hash_node(const struct svcnat_table *table,
		     const struct svcnat_node *node)
{
	const struct svcnat_pin *pin;

	pin = container_of(node, struct svcnat_pin, node);
	return hash_client(container_of(table, struct svcnat_affinity, table),
			   &pin->client);
}

static bool same_client(const struct svcnat_client *a,
			const struct svcnat_client *b)
{
	return a->service == b->service && a->family == b->family &&
	       !memcmp(&a->addr, &b->addr, sizeof(a->addr));
}

static bool over(const struct svcnat_pin *pin, u32 timeout)
{
	return time_after_eq(jiffies, READ_ONCE(pin->stamp) +
			     (unsigned long)timeout * HZ);
}

static struct svcnat_pin *find_in(const struct svcnat_buckets *b, u32 hash,
				  const struct svcnat_client *client)
{
	struct svcnat_node *node;
	struct svcnat_pin *pin;

	svcnat_for_each_node_rcu(pin, node, &b->head[hash & b->mask], node)
		if (same_client(&pin->client, client))
			return pin;
	return NULL;
}

/**
 * svcnat_affinity_find() - where is a client pinned?
 * @affinity: the table; may never have been started
 * @client: whose
 * @timeout: seconds, of the service now
 *
 * Changes nothing.
 *
 * Context: RCU read side.
 * Return: id of the endpoint, or 0.
 */
u32 svcnat_affinity_find(const struct svcnat_affinity *affinity,
			 const struct svcnat_client *client, u32 timeout)
{
	const u32 hash = hash_client(affinity, client);
	struct svcnat_pin *pin;

	/* Pairs with rcu_assign_pointer() in svcnat_table_init(). */
	if (!smp_load_acquire(&affinity->table.cur))
		return 0;
	pin = svcnat_table_search(&affinity->table, hash, b,
				  find_in(b, hash, client));
	return pin && !over(pin, timeout) ? READ_ONCE(pin->endpoint) : 0;
}

static void remove_pin(struct svcnat_affinity *affinity, u32 hash,
		       struct svcnat_pin *pin, enum svcnat_stat why)
{
	svcnat_table_unlink(&affinity->table, hash, &pin->node);
	atomic_dec(&affinity->live);
	svcnat_stat_inc(affinity->stats, why);
	kfree_rcu(pin, rcu);
}

static struct svcnat_pin *find_locked(struct svcnat_affinity *affinity,
				      u32 hash,
				      const struct svcnat_client *client,
				      unsigned int *len)
{
	struct svcnat_node *head[2], *node;
	struct svcnat_pin *pin;
	int i;

	svcnat_table_locked(&affinity->table, hash, head);
	for (i = 0; i < 2 && head[i]; i++) {
		svcnat_for_each_node_locked(pin, node, head[i], node) {
			(*len)++;
			if (same_client(&pin->client, client))
				return pin;
		}
	}
	return NULL;
}

static struct svcnat_pin *new_pin(struct svcnat_affinity *affinity, u32 hash,
				  const struct svcnat_client *client)
{
	struct svcnat_pin *pin;

	if (atomic_inc_return(&affinity->live) > READ_ONCE(affinity->max))
		goto full;
	pin = kmalloc(sizeof(*pin), GFP_ATOMIC | __GFP_NOWARN);
	if (!pin)
		goto full;
	pin->client = *client;
	svcnat_stat_inc(affinity->stats, SVCNAT_STAT_AFFINITY_NEW);
	return pin;

full:
	atomic_dec(&affinity->live);
	return NULL;
}

/**
 * svcnat_affinity_pin() - a client begins a connection
 * @affinity: the table
 * @client: whose
 * @endpoint: id of the endpoint that was picked
 * @stale: id of the endpoint that it was pinned to and cannot use, or 0
 * @timeout: seconds, of the service now
 *
 * Refreshes the timer.  If another CPU has pinned the client meanwhile, that
 * endpoint stands.  Without room the client is not remembered.
 *
 * Context: softirqs disabled.
 * Return: id of the endpoint that the client is pinned to, or @endpoint.
 */
u32 svcnat_affinity_pin(struct svcnat_affinity *affinity,
			const struct svcnat_client *client, u32 endpoint,
			u32 stale, u32 timeout)
{
	const u32 hash = hash_client(affinity, client);
	struct svcnat_locked locked;
	unsigned int len = 0;
	struct svcnat_pin *pin;
	bool fresh = false;

	/* Pairs with rcu_assign_pointer() in svcnat_table_init(). */
	if (!smp_load_acquire(&affinity->table.cur))
		return endpoint;
	svcnat_table_lock(&affinity->table, &hash, 1, &locked);
	pin = find_locked(affinity, hash, client, &len);
	if (!pin && len < CHAIN_MAX) {
		pin = new_pin(affinity, hash, client);
		fresh = pin;
	}
	if (!pin) {
		svcnat_stat_inc(affinity->stats, SVCNAT_STAT_AFFINITY_FULL);
		goto unlock;
	}
	if (fresh || over(pin, timeout) || pin->endpoint == stale)
		WRITE_ONCE(pin->endpoint, endpoint);
	else
		endpoint = pin->endpoint;
	WRITE_ONCE(pin->timeout, timeout);
	WRITE_ONCE(pin->stamp, jiffies);
	if (fresh)
		svcnat_table_link(&affinity->table, hash, &pin->node);
unlock:
	svcnat_table_unlock(&affinity->table, &locked);
	return endpoint;
}

/*
 * Visit a bucket of a table that is not being moved, under its lock.  Its
 * number does for the hash of all that is in it.
 */
static void expire_bucket(struct svcnat_affinity *affinity, u32 slot,
			  svcnat_affinity_timeout timeout, void *arg)
{
	struct svcnat_buckets *b =
		rcu_dereference_protected(affinity->table.cur, 1);
	struct svcnat_node *node;
	struct svcnat_locked locked;
	struct svcnat_pin *pin;

	if (svcnat_chain_empty(&b->head[slot]))
		return;
	local_bh_disable();
	rcu_read_lock();
	svcnat_table_lock(&affinity->table, &slot, 1, &locked);
	/* A removed entry is freed by RCU: its next pointer stays readable. */
	svcnat_for_each_node_rcu(pin, node, &b->head[slot], node) {
		u32 t = timeout(pin->client.service, pin->timeout, arg);

		if (!t)
			remove_pin(affinity, slot, pin,
				   SVCNAT_STAT_AFFINITY_DELETED);
		else if (over(pin, t))
			remove_pin(affinity, slot, pin,
				   SVCNAT_STAT_AFFINITY_EXPIRED);
	}
	svcnat_table_unlock(&affinity->table, &locked);
	rcu_read_unlock();
	local_bh_enable();
}

/**
 * svcnat_affinity_expire() - one slice of the table's upkeep
 * @affinity: the table
 * @timeout: tells the timeout of a service
 * @arg: for @timeout
 *
 * Context: process, the resizer.
 */
void svcnat_affinity_expire(struct svcnat_affinity *affinity,
			    svcnat_affinity_timeout timeout, void *arg)
{
	u64 end = ktime_get_ns() + SLICE_BUDGET;
	struct svcnat_table *table = &affinity->table;
	u32 last, mask;

	if (!table->stripes)
		return;
	if (svcnat_table_wants_resize(table, atomic_read(&affinity->live)) &&
	    !svcnat_table_resize(table, atomic_read(&affinity->live)))
		affinity->cursor = 0;
	while (!svcnat_table_drain(table, 256))
		if (ktime_get_ns() > end)
			return;
	mask = rcu_dereference_protected(table->cur, 1)->mask;
	last = affinity->cursor + max((mask + 1) / SLICES, 1U);
	for (; affinity->cursor < last && affinity->cursor <= mask;
	     affinity->cursor++) {
		if (!(affinity->cursor & 63) && ktime_get_ns() > end)
			return;
		expire_bucket(affinity, affinity->cursor, timeout, arg);
	}
	if (affinity->cursor > mask)
		affinity->cursor = 0;
}

/* For a flush: no time at all for what is meant, for ever for the rest. */
static u32 flush_timeout(u32 service, u32 stored, void *arg)
{
	u32 *which = arg;

	return *which && *which != service ? U32_MAX / HZ / 2 : 0;
}

static u32 settle(struct svcnat_affinity *affinity)
{
	while (!svcnat_table_drain(&affinity->table, 4096))
		cond_resched();
	return rcu_dereference_protected(affinity->table.cur, 1)->mask;
}

/**
 * svcnat_affinity_flush() - forget pinned clients
 * @affinity: the table
 * @service: id of their service, or 0 for all
 *
 * Context: process, the resizer.
 */
void svcnat_affinity_flush(struct svcnat_affinity *affinity, u32 service)
{
	u32 slot, mask;

	if (!affinity->table.stripes)
		return;
	mask = settle(affinity);
	for (slot = 0; slot <= mask; slot++) {
		expire_bucket(affinity, slot, flush_timeout, &service);
		cond_resched();
	}
}

/**
 * svcnat_affinity_walk() - visit all entries
 * @affinity: the table
 * @bucket: where to begin, and where it stopped; begin with 0
 * @skip: entries of that bucket to leave out; begin with 0
 * @visit: called on the RCU read side
 * @arg: for @visit
 *
 * Context: process, the resizer.
 * Return: true when all were visited, false if @visit stopped the walk.
 */
bool svcnat_affinity_walk(struct svcnat_affinity *affinity, u32 *bucket,
			  u32 *skip, svcnat_affinity_visit visit, void *arg)
{
	struct svcnat_buckets *b;
	u32 mask;

	if (!affinity->table.stripes)
		return true;
	mask = settle(affinity);
	b = rcu_dereference_protected(affinity->table.cur, 1);
	for (; *bucket <= mask; (*bucket)++, *skip = 0) {
		struct svcnat_node *node;
		struct svcnat_pin *pin;
		u32 i = 0;

		rcu_read_lock();
		svcnat_for_each_node_rcu(pin, node, &b->head[*bucket], node) {
			if (i++ < *skip)
				continue;
			if (!visit(pin, arg)) {
				rcu_read_unlock();
				return false;
			}
			*skip = i;
		}
		rcu_read_unlock();
		cond_resched();
	}
	return true;
}

/**
 * svcnat_affinity_init() - no clients yet
 * @affinity: zeroed memory
 * @stats: of the netns
 */
void svcnat_affinity_init(struct svcnat_affinity *affinity,
			  struct svcnat_stats __percpu *stats)
{
	affinity->stats = stats;
	affinity->max = SZ_256K;
	affinity->seed = get_random_u32();
}

/**
 * svcnat_affinity_start() - make the table, if there is none
 * @affinity: the table
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int svcnat_affinity_start(struct svcnat_affinity *affinity)
{
	if (affinity->table.stripes)
		return 0;
	return svcnat_table_init(&affinity->table, TABLE_ORDER, STRIPES_ORDER,
				 hash_node);
}

/**
 * svcnat_affinity_exit() - free everything
 * @affinity: without readers and without worker
 *
 * Context: process.
 */
void svcnat_affinity_exit(struct svcnat_affinity *affinity)
{
	svcnat_affinity_flush(affinity, 0);
	svcnat_table_exit(&affinity->table);
}
