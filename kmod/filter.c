// SPDX-License-Identifier: GPL-2.0-only
#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "filter.h"

#define KINDS	(SVCNAT_FILTER_FRONTEND | SVCNAT_FILTER_FLOW)

/*
 * log2 of the number of hashes.  At the beginning 8 KiB, which leave room for
 * other things in a first-level cache; at most 512 KiB.
 */
#define ORDER_MIN	15
#define ORDER_MAX	21

/* One in so many hashes has a bit: then it is time to grow. */
#define FULL		8

static struct svcnat_filter_bits *make(unsigned int order)
{
	struct svcnat_filter_bits *b;

	b = kvzalloc(sizeof(*b) + (BIT(order) * 2) / BITS_PER_BYTE,
		     GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (b)
		b->shift = 32 - order;
	return b;
}

static unsigned int order_of(const struct svcnat_filter_bits *b)
{
	return 32 - b->shift;
}

/**
 * svcnat_filter_start() - make room for the bits, if there is none
 * @filter: zeroed memory, or started
 *
 * Context: process, one at a time.
 * Return: 0 or -ENOMEM.
 */
int svcnat_filter_start(struct svcnat_filter *filter)
{
	struct svcnat_filter_bits *b;

	if (rcu_access_pointer(filter->cur))
		return 0;
	b = make(ORDER_MIN);
	if (!b)
		return -ENOMEM;
	rcu_assign_pointer(filter->cur, b);
	return 0;
}

/**
 * svcnat_filter_exit() - free the bits
 * @filter: without readers; may never have been started
 *
 * Context: process.
 */
void svcnat_filter_exit(struct svcnat_filter *filter)
{
	struct svcnat_filter_bits *cur, *next;

	cur = rcu_dereference_protected(filter->cur, true);
	next = rcu_dereference_protected(filter->next, true);
	if (next != cur)
		kvfree(next);
	kvfree(cur);
	RCU_INIT_POINTER(filter->cur, NULL);
	RCU_INIT_POINTER(filter->next, NULL);
}

/* Gives false if all was there: others are reading the same cache line. */
static bool set(struct svcnat_filter_bits *b, u32 hash, unsigned int kinds)
{
	const u32 bit = hash >> b->shift << 1;
	bool new = false;

	for (; kinds; kinds &= kinds - 1) {
		unsigned int nr = bit + __ffs(kinds);

		if (!test_bit(nr, b->bits))
			new |= !test_and_set_bit(nr, b->bits);
	}
	return new;
}

/**
 * svcnat_filter_add() - add a hash
 * @filter: started
 * @hash: the hash
 * @kind: what it is of
 *
 * Context: RCU read side.
 */
void svcnat_filter_add(struct svcnat_filter *filter, u32 hash,
		       enum svcnat_filter_kind kind)
{
	struct svcnat_filter_bits *next;

	if (set(rcu_dereference(filter->cur), hash, kind))
		atomic_inc(&filter->added);
	next = rcu_dereference(filter->next);
	if (unlikely(next))
		set(next, hash, kind);
}

/* A hash has one more bit that counts: it may have been either of two. */
static void spread(struct svcnat_filter_bits *to,
		   const struct svcnat_filter_bits *from)
{
	const u32 half = BIT(to->shift);
	unsigned int kinds;
	u32 i, hash;

	for (i = 0; i < BIT(order_of(from)); i++) {
		kinds = READ_ONCE(from->bits[2 * i / BITS_PER_LONG]) >>
			2 * i % BITS_PER_LONG & KINDS;
		if (!kinds)
			continue;
		hash = i << from->shift;
		set(to, hash, kinds);
		set(to, hash + half, kinds);
	}
}

static bool is_full(const struct svcnat_filter *filter,
		    const struct svcnat_filter_bits *b)
{
	return order_of(b) < ORDER_MAX &&
	       atomic_read(&filter->added) > BIT(order_of(b)) / FULL;
}

/**
 * svcnat_filter_grow() - make the set larger, if it is too full
 * @filter: may never have been started
 *
 * Twice as large, which takes three steps with grace periods between them.
 *
 * Context: process, one at a time.
 * Return: false if there is more to do soon.
 */
bool svcnat_filter_grow(struct svcnat_filter *filter)
{
	struct svcnat_filter_bits *cur, *next;

	cur = rcu_dereference_protected(filter->cur, true);
	next = rcu_dereference_protected(filter->next, true);
	if (!next) {
		if (!cur || !is_full(filter, cur))
			return true;
		/* Without memory, the next time. */
		next = make(order_of(cur) + 1);
		if (!next)
			return true;
		rcu_assign_pointer(filter->next, next);
		filter->announced = start_poll_synchronize_rcu();
		return false;
	}
	if (!poll_state_synchronize_rcu(filter->announced))
		return false;
	if (next == cur) {
		RCU_INIT_POINTER(filter->next, NULL);
		return !is_full(filter, cur);
	}
	spread(next, cur);
	/* Who still adds to the smaller one must find this as the next. */
	rcu_assign_pointer(filter->cur, next);
	filter->announced = start_poll_synchronize_rcu();
	kvfree_rcu(cur, rcu);
	return false;
}
