// SPDX-License-Identifier: GPL-2.0-only
#include <linux/atomic.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "table.h"

/* Above this the heads alone would be larger than kvmalloc() gives. */
#define ORDER_MAX	27

static struct svcnat_buckets *alloc_buckets(u8 order)
{
	static atomic_long_t marks = ATOMIC_LONG_INIT(0);
	struct svcnat_buckets *b;
	u32 i, n = 1U << order;

	b = kvmalloc(struct_size(b, head, n), GFP_KERNEL_ACCOUNT);
	if (!b)
		return NULL;
	b->mask = n - 1;
	/*
	 * Entries of another netns may be where a reader comes to: its marks
	 * differ.  With 32 bits the ranges overlap after a while, by chance.
	 */
	b->mark = atomic_long_add_return(1L << ORDER_MAX, &marks);
	for (i = 0; i < n; i++)
		b->head[i].next = svcnat_node_end(svcnat_buckets_end(b, i));
	return b;
}

/**
 * svcnat_table_init() - make an empty table
 * @table: zeroed memory
 * @order: log2 of the number of buckets that it starts with and keeps at least
 * @stripes_order: log2 of the number of locks, not above @order
 * @hash: gives the hash under which a linked entry was linked
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int svcnat_table_init(struct svcnat_table *table, u8 order, u8 stripes_order,
		      u32 (*hash)(const struct svcnat_table *table,
				  const struct svcnat_node *node))
{
	struct svcnat_buckets *b;
	u32 i, n = 1U << stripes_order;

	table->stripes = kcalloc(n, sizeof(*table->stripes),
				 GFP_KERNEL_ACCOUNT);
	if (!table->stripes)
		return -ENOMEM;
	b = alloc_buckets(order);
	if (!b) {
		kfree(table->stripes);
		table->stripes = NULL;
		return -ENOMEM;
	}
	for (i = 0; i < n; i++) {
		struct svcnat_stripe *s = &table->stripes[i];

		spin_lock_init(&s->lock);
		seqcount_spinlock_init(&s->seq, &s->lock);
	}
	table->stripes_mask = n - 1;
	table->min_order = order;
	table->hash = hash;
	RCU_INIT_POINTER(table->old, NULL);
	/* Who sees this sees all the rest: svcnat_affinity_find() asks. */
	rcu_assign_pointer(table->cur, b);
	return 0;
}

/**
 * svcnat_table_exit() - free a table
 * @table: empty, without readers; may never have been made
 */
void svcnat_table_exit(struct svcnat_table *table)
{
	kvfree(rcu_dereference_protected(table->old, 1));
	kvfree(rcu_dereference_protected(table->cur, 1));
	kfree(table->stripes);
	memset(table, 0, sizeof(*table));
}

/**
 * svcnat_table_lock() - lock the chains of some hashes
 * @table: where
 * @hash: the hashes
 * @n: how many, at most SVCNAT_TABLE_KEYS
 * @locked: for svcnat_table_unlock()
 *
 * Each stripe once and in ascending order, whatever the hashes are.
 *
 * Context: softirqs disabled.
 */
void svcnat_table_lock(struct svcnat_table *table, const u32 *hash,
		       unsigned int n, struct svcnat_locked *locked)
{
	unsigned int i, j;

	locked->n = 0;
	for (i = 0; i < n; i++) {
		u32 s = hash[i] & table->stripes_mask;

		for (j = 0; j < locked->n && locked->stripe[j] < s; j++)
			;
		if (j < locked->n && locked->stripe[j] == s)
			continue;
		memmove(&locked->stripe[j + 1], &locked->stripe[j],
			(locked->n - j) * sizeof(locked->stripe[0]));
		locked->stripe[j] = s;
		locked->n++;
	}
	for (i = 0; i < locked->n; i++) {
		spinlock_t *lock = &table->stripes[locked->stripe[i]].lock;

		spin_lock_nested(lock, i);
		__release(lock);	/* sparse cannot count them */
	}
}

/**
 * svcnat_table_unlock() - undo svcnat_table_lock()
 * @table: where
 * @locked: what was locked
 */
void svcnat_table_unlock(struct svcnat_table *table,
			 const struct svcnat_locked *locked)
{
	unsigned int i = locked->n;

	while (i--) {
		spinlock_t *lock = &table->stripes[locked->stripe[i]].lock;

		__acquire(lock);
		spin_unlock(lock);
	}
}

/* Readers may be on @node from a chain that it was in before. */
static void push(struct svcnat_node *head, struct svcnat_node *node)
{
	WRITE_ONCE(node->next, head->next);
	/* Who finds the entry finds it whole. */
	smp_store_release(&head->next, node);
}

/* Readers may be on @node, and need its next pointer as it is. */
static bool cut(struct svcnat_node *head, struct svcnat_node *node)
{
	struct svcnat_node *prev = head;

	while (prev->next != node) {
		prev = prev->next;
		if (svcnat_node_is_end(prev))
			return false;
	}
	/* What was behind @node has been published before: no barrier. */
	WRITE_ONCE(prev->next, node->next);
	return true;
}

/**
 * svcnat_table_link() - add an entry
 * @table: where; the stripe of @hash is locked
 * @hash: of the entry
 * @node: of the entry, in no table
 */
void svcnat_table_link(struct svcnat_table *table, u32 hash,
		       struct svcnat_node *node)
{
	struct svcnat_node *head[2];

	svcnat_table_locked(table, hash, head);
	push(head[0], node);
}

/**
 * svcnat_table_unlink() - remove an entry
 * @table: where; the stripe of @hash is locked
 * @hash: of the entry
 * @node: of the entry, in @table.  Readers may still be on it: it may be freed
 *	after a grace period, or reused as the same type at once
 */
void svcnat_table_unlink(struct svcnat_table *table, u32 hash,
			 struct svcnat_node *node)
{
	struct svcnat_node *head[2];

	svcnat_table_locked(table, hash, head);
	WARN_ON_ONCE(!cut(head[0], node) && !(head[1] && cut(head[1], node)));
}

static u8 wanted_order(const struct svcnat_table *table, u32 entries)
{
	u8 order = table->min_order;

	if (entries > 1U << order)
		order = min_t(u8, ilog2(roundup_pow_of_two(entries)),
			      ORDER_MAX);
	return order;
}

/* The resizer's own view: nobody else changes the pointers. */
static struct svcnat_buckets *own(struct svcnat_buckets __rcu *b)
{
	return rcu_dereference_protected(b, 1);
}

/**
 * svcnat_table_wants_resize() - is the size wrong for the population?
 * @table: which
 * @entries: how many it holds
 *
 * Grows at one entry a bucket.  Shrinks only at a sixteenth, so that a table
 * does not follow every wave.
 *
 * Context: the one resizer.
 * Return: whether svcnat_table_resize() should be called.
 */
bool svcnat_table_wants_resize(const struct svcnat_table *table, u32 entries)
{
	u8 order, wanted = wanted_order(table, entries);

	if (own(table->old))
		return false;
	order = ilog2(own(table->cur)->mask + 1);
	return wanted > order || wanted + 3 < order ||
	       (wanted < order && !entries);
}

/**
 * svcnat_table_resize() - begin to move to a size fit for the population
 * @table: which; no move is under way
 * @entries: how many it holds
 *
 * Context: process, the one resizer; svcnat_table_drain() until it is true.
 * Return: 0 or -ENOMEM, then nothing has changed.
 */
int svcnat_table_resize(struct svcnat_table *table, u32 entries)
{
	struct svcnat_buckets *new, *cur = own(table->cur);

	new = alloc_buckets(wanted_order(table, entries));
	if (!new)
		return -ENOMEM;
	table->drained = 0;
	WRITE_ONCE(table->resizes, table->resizes + 1);
	/*
	 * A reader that sees neither or both of these is right, one that sees
	 * only the first searches one table twice.
	 */
	rcu_assign_pointer(table->old, cur);
	rcu_assign_pointer(table->cur, new);
	return 0;
}

static unsigned int drain_bucket(struct svcnat_table *table,
				 struct svcnat_buckets *from, u32 slot)
{
	struct svcnat_buckets *to = own(table->cur);
	struct svcnat_node *head = &from->head[slot], *node;
	struct svcnat_stripe *s;
	unsigned int moved = 0;

	/* One bucket has one stripe in either table: see table.h. */
	s = &table->stripes[slot & table->stripes_mask];
	spin_lock_bh(&s->lock);
	if (svcnat_chain_empty(head))
		goto unlock;
	write_seqcount_begin(&s->seq);
	while (!svcnat_chain_empty(head)) {
		node = head->next;
		WRITE_ONCE(head->next, node->next);
		push(&to->head[table->hash(table, node) & to->mask], node);
		moved++;
	}
	write_seqcount_end(&s->seq);
unlock:
	spin_unlock_bh(&s->lock);
	return moved;
}

/**
 * svcnat_table_drain() - move some entries
 * @table: which
 * @budget: stop after about so many buckets and entries
 *
 * Context: process, the one resizer.
 * Return: true when no move is under way any more.
 */
bool svcnat_table_drain(struct svcnat_table *table, unsigned int budget)
{
	struct svcnat_buckets *old = own(table->old);
	unsigned int spent = 0;

	if (!old)
		return true;
	while (table->drained <= old->mask) {
		if (spent >= budget)
			return false;
		spent += 1 + drain_bucket(table, old, table->drained);
		table->drained++;
	}
	/*
	 * Pairs with smp_rmb() in read_seqcount_retry(), after a reader has
	 * looked at old in svcnat_table_search(): who sees NULL sees that the
	 * last entries have moved.  rcu_assign_pointer() of NULL is no release.
	 */
	smp_store_release(&table->old, RCU_INITIALIZER(NULL));
	kvfree_rcu(old, rcu);
	return true;
}

/**
 * svcnat_table_grow() - resize in one go
 * @table: which
 * @entries: how many it holds
 *
 * For tables that only a caller in process context changes.  Without memory
 * the table stays as it is: chains grow longer, nothing is lost.
 *
 * Context: process, the one resizer.
 */
void svcnat_table_grow(struct svcnat_table *table, u32 entries)
{
	if (!svcnat_table_wants_resize(table, entries) ||
	    svcnat_table_resize(table, entries))
		return;
	while (!svcnat_table_drain(table, 4096))
		cond_resched();
}
