/* SPDX-License-Identifier: GPL-2.0-only */
/* A hard limit on a population that many CPUs change at once. */
#ifndef _SVCNAT_QUOTA_H
#define _SVCNAT_QUOTA_H

#include <linux/atomic.h>
#include <linux/percpu.h>

/**
 * struct svcnat_quota - the limit
 * @max: the limit; changed under a lock of the caller
 * @room: what may still be taken; negative after the limit was lowered
 * @spare: per CPU: taken from @room, not used yet
 *
 * A CPU takes and returns room in batches while there is plenty, one by one
 * when it is scarce.  The population never exceeds @max; room that other CPUs
 * keep in @spare may make it end a little earlier.
 */
struct svcnat_quota {
	int		max;
	atomic_t	room;
	int __percpu	*spare;
};

int svcnat_quota_init(struct svcnat_quota *quota, u32 max);
void svcnat_quota_exit(struct svcnat_quota *quota);
void svcnat_quota_set(struct svcnat_quota *quota, u32 max);
bool svcnat_quota_take(struct svcnat_quota *quota);
void svcnat_quota_give(struct svcnat_quota *quota);
u32 svcnat_quota_used(const struct svcnat_quota *quota);

#endif /* _SVCNAT_QUOTA_H */
