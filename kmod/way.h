/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways: where packets leave, by what their predecessors were told.
 *
 * A way is a route and the device by which the packets that take it come.  Many
 * flows share one.  A flow's line knows its way by a number (svcnat_key.way),
 * because there is no more room.  So a number must not be used again while any
 * line has it: whoever looks after flows takes dead numbers out of lines, and
 * says when he has been through all of them.  Ways that no line has leave then.
 */
#ifndef _SVCNAT_WAY_H
#define _SVCNAT_WAY_H

#include <linux/spinlock.h>
#include <linux/types.h>

struct dst_entry;
struct net_device;

/* Pairs of a device and a route; 16 bits number them. */
#define SVCNAT_WAYS	4096

/**
 * struct svcnat_way - a way
 * @dst: the route, with a reference
 * @cookie: for dst_check()
 * @iif: the device by which packets come
 * @rcu: frees it
 */
struct svcnat_way {
	struct dst_entry	*dst;
	u32			cookie;
	int			iif;
	struct rcu_head		rcu;
};

/**
 * struct svcnat_ways_slot - the place of a way
 * @way: the way, or NULL
 * @turn: in which it was last seen in a line, or has left
 * @used: there was one
 */
struct svcnat_ways_slot {
	struct svcnat_way __rcu	*way;
	u32			turn;
	bool			used;
};

/**
 * struct svcnat_ways - the ways of a netns
 * @slot: SVCNAT_WAYS, or NULL before the first use; a way's number is its place
 *	and one
 * @lock: of what is in the slots
 * @turn: how often all lines were looked through
 * @grace: whoever may have seen what went before this turn has gone
 * @fresh: there are new ones since the owner cleared this
 */
struct svcnat_ways {
	struct svcnat_ways_slot	*slot;
	spinlock_t		lock;	/* of the slots' contents */
	u32			turn;
	unsigned long		grace;
	bool			fresh;
};

void svcnat_ways_init(struct svcnat_ways *ways);
int svcnat_ways_start(struct svcnat_ways *ways);
void svcnat_ways_exit(struct svcnat_ways *ways);
u16 svcnat_ways_number(struct svcnat_ways *ways, struct dst_entry *dst,
		       u32 cookie, int iif);
struct svcnat_way *svcnat_ways_find(const struct svcnat_ways *ways, u16 number);
bool svcnat_ways_keep(const struct svcnat_ways *ways, u16 number);
int svcnat_ways_iif(const struct svcnat_ways *ways, u16 number);
void svcnat_ways_drop(struct svcnat_ways *ways, u16 number);
void svcnat_ways_drop_dev(struct svcnat_ways *ways,
			  const struct net_device *dev);
void svcnat_ways_turned(struct svcnat_ways *ways);

#endif /* _SVCNAT_WAY_H */
