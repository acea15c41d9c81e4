// SPDX-License-Identifier: GPL-2.0-only
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <net/dst.h>

#include "way.h"

/* Places looked at for one way: no more would be found in a full table. */
#define WAY_TRIES	16

/* A line may have got a number during the turn in which the way left, or came. */
#define WAY_TURNS	2

/**
 * svcnat_ways_init() - no ways yet
 * @ways: zeroed memory
 */
void svcnat_ways_init(struct svcnat_ways *ways)
{
	spin_lock_init(&ways->lock);
}

/**
 * svcnat_ways_start() - make room for ways, if there is none
 * @ways: which
 *
 * Context: process, one caller at a time.
 * Return: 0 or -ENOMEM.
 */
int svcnat_ways_start(struct svcnat_ways *ways)
{
	struct svcnat_ways_slot *slot;

	if (ways->slot)
		return 0;
	slot = kvcalloc(SVCNAT_WAYS, sizeof(*slot), GFP_KERNEL_ACCOUNT);
	if (!slot)
		return -ENOMEM;
	ways->grace = start_poll_synchronize_rcu();
	smp_store_release(&ways->slot, slot);	/* pairs with slot_of() */
	return 0;
}

/* The place that a number names; NULL before svcnat_ways_start(). */
static struct svcnat_ways_slot *slot_of(const struct svcnat_ways *ways,
					u16 number)
{
	struct svcnat_ways_slot *slot;

	slot = smp_load_acquire(&ways->slot);	/* see svcnat_ways_start() */
	return slot ? &slot[number - 1] : NULL;
}

static void free_way(struct rcu_head *rcu)
{
	struct svcnat_way *way = container_of(rcu, struct svcnat_way, rcu);

	dst_release(way->dst);
	kfree(way);
}

static struct svcnat_way *own(struct svcnat_ways *ways,
			      const struct svcnat_ways_slot *slot)
{
	return rcu_dereference_protected(slot->way,
					 lockdep_is_held(&ways->lock));
}

static void leave(struct svcnat_ways *ways, struct svcnat_ways_slot *slot)
{
	struct svcnat_way *way = own(ways, slot);

	if (!way)
		return;
	RCU_INIT_POINTER(slot->way, NULL);
	WRITE_ONCE(slot->turn, ways->turn);
	call_rcu(&way->rcu, free_way);
}

/**
 * svcnat_ways_exit() - free everything
 * @ways: without users
 *
 * Context: process.
 */
void svcnat_ways_exit(struct svcnat_ways *ways)
{
	svcnat_ways_drop_dev(ways, NULL);
	kvfree(ways->slot);
	ways->slot = NULL;
}

/* Whoever keeps a way holds no lock: see svcnat_ways_keep(). */
static u32 turns_since(const struct svcnat_ways *ways,
		       const struct svcnat_ways_slot *slot)
{
	return ways->turn - READ_ONCE(slot->turn);
}

static bool may_be_used(const struct svcnat_ways *ways,
			const struct svcnat_ways_slot *slot)
{
	return !slot->used || turns_since(ways, slot) > WAY_TURNS;
}

/* The place of a way that is there, or for it; NULL if there is none. */
static struct svcnat_ways_slot *place(struct svcnat_ways *ways,
				      const struct dst_entry *dst, int iif)
{
	struct svcnat_ways_slot *slot, *found = NULL;
	u32 hash = hash_ptr(dst, 32) ^ hash_32(iif, 32);
	struct svcnat_way *way;
	unsigned int i;

	for (i = 0; i < WAY_TRIES; i++) {
		slot = &ways->slot[(hash + i) % SVCNAT_WAYS];
		way = own(ways, slot);
		if (way && way->dst == dst && way->iif == iif)
			return slot;
		if (!way && !found && may_be_used(ways, slot))
			found = slot;
	}
	return found;
}

static struct svcnat_way *new_way(struct dst_entry *dst, u32 cookie, int iif)
{
	struct svcnat_way *way;

	way = kmalloc(sizeof(*way), GFP_ATOMIC | __GFP_NOWARN);
	if (!way)
		return NULL;
	if (!dst_hold_safe(dst)) {
		kfree(way);
		return NULL;
	}
	way->dst = dst;
	way->cookie = cookie;
	way->iif = iif;
	return way;
}

/**
 * svcnat_ways_number() - the number of a way, which may be a new one
 * @ways: started
 * @dst: the route
 * @cookie: for dst_check()
 * @iif: the device by which packets come
 *
 * Context: softirqs disabled, RCU read side.
 * Return: the number, or 0 if there is no room.
 */
u16 svcnat_ways_number(struct svcnat_ways *ways, struct dst_entry *dst,
		       u32 cookie, int iif)
{
	struct svcnat_ways_slot *slot;
	struct svcnat_way *way;
	u16 number = 0;

	if (!slot_of(ways, 1))
		return 0;
	spin_lock(&ways->lock);
	slot = place(ways, dst, iif);
	if (!slot)
		goto unlock;
	way = own(ways, slot);
	if (way && way->cookie != cookie) {
		/* The same route has become another one. */
		leave(ways, slot);
		goto unlock;
	}
	if (!way) {
		way = new_way(dst, cookie, iif);
		if (!way)
			goto unlock;
		slot->used = true;
		WRITE_ONCE(slot->turn, ways->turn);
		rcu_assign_pointer(slot->way, way);
		WRITE_ONCE(ways->fresh, true);
	}
	number = slot - ways->slot + 1;
unlock:
	spin_unlock(&ways->lock);
	return number;
}

/**
 * svcnat_ways_find() - the way with a number
 * @ways: started
 * @number: of svcnat_ways_number()
 *
 * Context: RCU read side.
 * Return: the way, or NULL if it has left.
 */
struct svcnat_way *svcnat_ways_find(const struct svcnat_ways *ways, u16 number)
{
	struct svcnat_ways_slot *slot = slot_of(ways, number);

	return slot ? rcu_dereference(slot->way) : NULL;
}

/**
 * svcnat_ways_keep() - a line has this number
 * @ways: started
 * @number: of svcnat_ways_number()
 *
 * Context: RCU read side; whoever calls svcnat_ways_turned().
 * Return: false if the way has left: the line must forget it.
 */
bool svcnat_ways_keep(const struct svcnat_ways *ways, u16 number)
{
	struct svcnat_ways_slot *slot = slot_of(ways, number);

	if (!slot || !rcu_access_pointer(slot->way))
		return false;
	/* If it leaves now, it does so in this turn. */
	WRITE_ONCE(slot->turn, ways->turn);
	return true;
}

/**
 * svcnat_ways_iif() - where the way with a number begins
 * @ways: started
 * @number: of svcnat_ways_number()
 *
 * Return: the index of the device, or 0 if the way has left.
 */
int svcnat_ways_iif(const struct svcnat_ways *ways, u16 number)
{
	const struct svcnat_way *way;
	int iif;

	rcu_read_lock();
	way = svcnat_ways_find(ways, number);
	iif = way ? way->iif : 0;
	rcu_read_unlock();
	return iif;
}

/**
 * svcnat_ways_drop() - a way is no more
 * @ways: started
 * @number: of the way
 *
 * Context: softirqs disabled.
 */
void svcnat_ways_drop(struct svcnat_ways *ways, u16 number)
{
	spin_lock(&ways->lock);
	leave(ways, slot_of(ways, number));
	spin_unlock(&ways->lock);
}

/**
 * svcnat_ways_drop_dev() - no way by a device is any more
 * @ways: which
 * @dev: the device by which packets come or go; NULL: all of them
 *
 * Context: process or softirqs disabled.
 */
void svcnat_ways_drop_dev(struct svcnat_ways *ways,
			  const struct net_device *dev)
{
	struct svcnat_way *way;
	unsigned int i;

	if (!READ_ONCE(ways->slot))
		return;
	spin_lock_bh(&ways->lock);
	for (i = 0; i < SVCNAT_WAYS; i++) {
		way = own(ways, &ways->slot[i]);
		if (way && (!dev || way->dst->dev == dev ||
			    way->iif == dev->ifindex))
			leave(ways, &ways->slot[i]);
	}
	spin_unlock_bh(&ways->lock);
}

/**
 * svcnat_ways_turned() - all lines have been looked through
 * @ways: which
 *
 * Those with the number of a way that had left before have lost it.  Routes
 * that are no more leave now, if no packet has found that out.
 *
 * Context: process, one caller at a time.
 */
void svcnat_ways_turned(struct svcnat_ways *ways)
{
	struct svcnat_ways_slot *slot;
	struct svcnat_way *way;
	unsigned int i;

	if (!ways->slot || !poll_state_synchronize_rcu(ways->grace))
		return;
	spin_lock_bh(&ways->lock);
	ways->turn++;
	for (i = 0; i < SVCNAT_WAYS; i++) {
		slot = &ways->slot[i];
		way = own(ways, slot);
		if (way && (turns_since(ways, slot) > WAY_TURNS ||
			    !dst_check(way->dst, way->cookie)))
			leave(ways, slot);
	}
	spin_unlock_bh(&ways->lock);
	ways->grace = start_poll_synchronize_rcu();
}
