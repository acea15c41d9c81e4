/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hash table that grows and shrinks while it is read.
 *
 * Readers take no lock: RCU, chains that end in a mark of their own (as those
 * of hlist_nulls do), and a sequence count that tells a reader who found
 * nothing that entries moved meanwhile.  Writers lock the stripe of the entry's
 * hash; the sequence count is the stripe's too, so that a reader waits for no
 * move but of chains that could hold its entry.
 * Chains are linked singly: an entry is one pointer smaller, and coming and
 * going writes to no neighbour but the one before.  The price is to look for
 * that one, in chains of one entry on average.
 * The table has at least as many buckets as stripes and both counts are powers
 * of two, so that one stripe covers an entry in the table it leaves and in the
 * table it goes to.  One resizer at a time: its caller sees to that.
 */
#ifndef _SVCNAT_TABLE_H
#define _SVCNAT_TABLE_H

#include <linux/rcupdate.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>

/* Entries that one operation may link at a time; bounds the locks it holds. */
#define SVCNAT_TABLE_KEYS	4

/**
 * struct svcnat_node - a link of a chain: in every entry, and its head
 * @next: the next entry's; behind the last one the mark of the chain's end
 */
struct svcnat_node {
	struct svcnat_node	*next;
};

/**
 * struct svcnat_buckets - the heads of one size of a table
 * @rcu: frees the heads that were drained
 * @mask: number of heads - 1
 * @mark: of the end of the first chain; differs between all heads there are
 * @head: the chains
 */
struct svcnat_buckets {
	struct rcu_head		rcu;
	u32			mask;
	unsigned long		mark;
	struct svcnat_node	head[];
};

/**
 * struct svcnat_stripe - a part of the chains
 * @lock: of the chains; softirqs disabled
 * @seq: odd while entries of a bucket move
 */
struct svcnat_stripe {
	spinlock_t		lock;	/* of the chains */
	seqcount_spinlock_t	seq;
};

/**
 * struct svcnat_table - the table
 * @cur: where entries are linked
 * @old: where entries still are while they move to @cur, else NULL
 * @stripes_mask: number of @stripes - 1
 * @stripes: by the low bits of the hash
 * @hash: the hash under which an entry was linked
 * @min_order: log2 of the smallest number of buckets
 * @drained: buckets of @old that are empty; the resizer's
 * @resizes: how often the size has changed; written by the resizer
 */
struct svcnat_table {
	struct svcnat_buckets __rcu	*cur;
	struct svcnat_buckets __rcu	*old;
	u32				stripes_mask;
	struct svcnat_stripe		*stripes;
	u32 (*hash)(const struct svcnat_table *table,
		    const struct svcnat_node *node);
	u8				min_order;
	u32				drained;
	u32				resizes;
};

/**
 * struct svcnat_locked - the stripes that svcnat_table_lock() took
 * @n: how many
 * @stripe: which, ascending
 */
struct svcnat_locked {
	unsigned int	n;
	u32		stripe[SVCNAT_TABLE_KEYS];
};

int svcnat_table_init(struct svcnat_table *table, u8 order, u8 stripes_order,
		      u32 (*hash)(const struct svcnat_table *table,
				  const struct svcnat_node *node));
void svcnat_table_exit(struct svcnat_table *table);
void svcnat_table_lock(struct svcnat_table *table, const u32 *hash,
		       unsigned int n, struct svcnat_locked *locked);
void svcnat_table_unlock(struct svcnat_table *table,
			 const struct svcnat_locked *locked);
void svcnat_table_link(struct svcnat_table *table, u32 hash,
		       struct svcnat_node *node);
void svcnat_table_unlink(struct svcnat_table *table, u32 hash,
			 struct svcnat_node *node);
bool svcnat_table_wants_resize(const struct svcnat_table *table, u32 entries);
int svcnat_table_resize(struct svcnat_table *table, u32 entries);
bool svcnat_table_drain(struct svcnat_table *table, unsigned int budget);
void svcnat_table_grow(struct svcnat_table *table, u32 entries);

/**
 * svcnat_table_resizes() - has the size changed meanwhile?
 * @table: which
 *
 * Return: another number if entries may have begun to move since the last call.
 */
static inline u32 svcnat_table_resizes(const struct svcnat_table *table)
{
	return READ_ONCE(table->resizes);
}

/**
 * svcnat_buckets_end() - the mark at the end of a chain
 * @b: heads
 * @slot: which chain
 *
 * Differs between all chains of all sizes, so that a reader that an entry
 * carried into another chain notices at its end.
 *
 * Return: the value for svcnat_node_mark() to be compared with.
 */
static inline unsigned long svcnat_buckets_end(const struct svcnat_buckets *b,
					       u32 slot)
{
	/* A mark is one bit shorter than a pointer. */
	return (b->mark + slot) & (ULONG_MAX >> 1);
}

/**
 * svcnat_node_end() - make the pointer that ends a chain
 * @mark: of the chain: svcnat_buckets_end()
 *
 * Entries are aligned: the lowest bit tells a mark from their address.
 *
 * Return: for the next pointer of the last entry, or of the head.
 */
static inline struct svcnat_node *svcnat_node_end(unsigned long mark)
{
	return (struct svcnat_node *)(mark << 1 | 1);
}

/**
 * svcnat_node_is_end() - is this the end of a chain?
 * @node: a next pointer
 *
 * Return: true if it is a mark, false if it is a node.
 */
static inline bool svcnat_node_is_end(const struct svcnat_node *node)
{
	return (unsigned long)node & 1;
}

/**
 * svcnat_node_mark() - which chain has ended
 * @node: the end of a chain
 *
 * Return: its svcnat_buckets_end(), unless the reader was led into another.
 */
static inline unsigned long svcnat_node_mark(const struct svcnat_node *node)
{
	return (unsigned long)node >> 1;
}

/**
 * svcnat_chain_empty() - is there no entry in a chain?
 * @head: its head; may change meanwhile
 *
 * Return: true if so.
 */
static inline bool svcnat_chain_empty(const struct svcnat_node *head)
{
	return svcnat_node_is_end(READ_ONCE(head->next));
}

/**
 * svcnat_for_each_node_rcu() - go through a chain without a lock
 * @entry: pointer to an entry: the loop's variable
 * @node: struct svcnat_node pointer; behind the loop the end that was met
 * @head: of the chain
 * @member: the struct svcnat_node in an entry
 *
 * An entry that is unlinked keeps its next pointer.  A reader who is on it goes
 * on with the entries that were behind it: those cannot be freed before the
 * reader is done.  Where memory is used again at once (SLAB_TYPESAFE_BY_RCU),
 * the entry or one behind it may be in another chain by then, and the reader is
 * led there; or at the head of this one, and the reader begins anew.  So who
 * has not found what it looks for compares the end that it came to with
 * svcnat_buckets_end(), and begins again if they differ.
 *
 * Context: RCU read side.
 */
#define svcnat_for_each_node_rcu(entry, node, head, member)		\
	for (node = rcu_dereference_raw((head)->next);			\
	     !svcnat_node_is_end(node) &&				\
	     ({ entry = container_of(node, typeof(*(entry)), member);	\
		true; });						\
	     node = rcu_dereference_raw(node->next))

/**
 * svcnat_for_each_node_locked() - go through a chain that nobody changes
 * @entry: pointer to an entry: the loop's variable
 * @node: struct svcnat_node pointer
 * @head: of the chain
 * @member: the struct svcnat_node in an entry
 *
 * Context: the stripe of the chain is locked.
 */
#define svcnat_for_each_node_locked(entry, node, head, member)		\
	for (node = (head)->next;					\
	     !svcnat_node_is_end(node) &&				\
	     ({ entry = container_of(node, typeof(*(entry)), member);	\
		true; });						\
	     node = node->next)

/**
 * svcnat_table_search() - find an entry without a lock
 * @table: where
 * @hash: of the entry
 * @b: name of a struct svcnat_buckets pointer for @expr to use
 * @expr: looks through the chain of the hash in @b, gives a pointer or NULL
 *
 * Context: RCU read side.
 * Return: what @expr found.  NULL means that the entry was in the table at no
 * moment of the search, however entries moved meanwhile.
 */
#define svcnat_table_search(table, hash, b, expr)			\
({									\
	const struct svcnat_table *__t = (table);			\
	const struct svcnat_stripe *__s;				\
	const struct svcnat_buckets *b;					\
	typeof(expr) __found;						\
	unsigned int __seq;						\
									\
	__s = &__t->stripes[(hash) & __t->stripes_mask];		\
	do {								\
		__seq = raw_seqcount_begin(&__s->seq);			\
		b = rcu_dereference(__t->cur);				\
		__found = (expr);					\
		if (__found)						\
			break;						\
		/* Pairs with svcnat_table_resize(): old before cur. */	\
		smp_rmb();						\
		b = rcu_dereference(__t->old);				\
		if (unlikely(b))					\
			__found = (expr);				\
	} while (!__found &&						\
		 unlikely(read_seqcount_retry(&__s->seq, __seq)));	\
	__found;							\
})

/**
 * svcnat_table_locked() - the chains that may hold a hash
 * @table: where; the stripe of @hash is locked
 * @hash: which
 * @head: written: the chain in the heads of now, and that in those which are
 *	being drained or NULL
 */
static inline void svcnat_table_locked(const struct svcnat_table *table,
				       u32 hash, struct svcnat_node *head[2])
{
	const struct svcnat_stripe *s;
	struct svcnat_buckets *b;

	s = &table->stripes[hash & table->stripes_mask];
	lockdep_assert_held(&s->lock);
	/* Pairs with svcnat_table_resize(): old before cur. */
	b = (__force struct svcnat_buckets *)smp_load_acquire(&table->cur);
	head[0] = &b->head[hash & b->mask];
	b = (__force struct svcnat_buckets *)READ_ONCE(table->old);
	head[1] = b ? &b->head[hash & b->mask] : NULL;
}

#endif /* _SVCNAT_TABLE_H */
