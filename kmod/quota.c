// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/workqueue.h>

#include "quota.h"

#define BATCH	64

/* Is there so much room that every CPU may keep two batches of it? */
static bool plenty(const struct svcnat_quota *quota)
{
	int cpus = num_possible_cpus();

	return atomic_read(&quota->room) / (2 * BATCH) > cpus;
}

static void flush(struct svcnat_quota *quota, int *spare)
{
	int n = *spare;

	WRITE_ONCE(*spare, 0);
	atomic_add(n, &quota->room);
}

/**
 * svcnat_quota_init() - set a limit
 * @quota: what is limited; nothing is taken yet
 * @max: the limit, at most INT_MAX
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int svcnat_quota_init(struct svcnat_quota *quota, u32 max)
{
	quota->spare = alloc_percpu_gfp(int, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!quota->spare)
		return -ENOMEM;
	quota->max = max;
	atomic_set(&quota->room, max);
	return 0;
}

/**
 * svcnat_quota_exit() - free a limit
 * @quota: without users
 */
void svcnat_quota_exit(struct svcnat_quota *quota)
{
	free_percpu(quota->spare);
	quota->spare = NULL;
}

static long flush_here(void *arg)
{
	struct svcnat_quota *quota = arg;

	local_bh_disable();
	flush(quota, this_cpu_ptr(quota->spare));
	local_bh_enable();
	return 0;
}

/**
 * svcnat_quota_set() - change the limit
 * @quota: which
 * @max: new limit, at most INT_MAX; if more is taken, nothing more can be
 *	until enough was given back
 *
 * What CPUs keep back may be more than all of the new limit.  One that is
 * offline keeps it until it is back.
 *
 * Context: process, one caller at a time.
 */
void svcnat_quota_set(struct svcnat_quota *quota, u32 max)
{
	int cpu;

	atomic_add((int)max - quota->max, &quota->room);
	quota->max = max;
	cpus_read_lock();
	for_each_online_cpu(cpu)
		work_on_cpu(cpu, flush_here, quota);
	cpus_read_unlock();
}

/**
 * svcnat_quota_take() - ask for one more
 * @quota: of this
 *
 * Context: softirqs disabled.
 * Return: whether it was granted.
 */
bool svcnat_quota_take(struct svcnat_quota *quota)
{
	int *spare = this_cpu_ptr(quota->spare);
	int batch, room;

	if (*spare > 0 && plenty(quota)) {
		WRITE_ONCE(*spare, *spare - 1);
		return true;
	}
	if (*spare > 0) {
		/* Scarce: what we keep back is missing elsewhere. */
		flush(quota, spare);
	}
	batch = plenty(quota) ? BATCH : 1;
	room = atomic_read(&quota->room);
	do {
		if (room < batch)
			return false;
	} while (!atomic_try_cmpxchg(&quota->room, &room, room - batch));
	WRITE_ONCE(*spare, batch - 1);
	return true;
}

/**
 * svcnat_quota_give() - return one
 * @quota: to this
 *
 * Context: softirqs disabled.
 */
void svcnat_quota_give(struct svcnat_quota *quota)
{
	int *spare = this_cpu_ptr(quota->spare);

	WRITE_ONCE(*spare, *spare + 1);
	if (*spare < 2 * BATCH && plenty(quota))
		return;
	flush(quota, spare);
}

/**
 * svcnat_quota_used() - how many are taken
 * @quota: of this
 *
 * Return: the number; exact when nobody takes or gives meanwhile.
 */
u32 svcnat_quota_used(const struct svcnat_quota *quota)
{
	int cpu, used = quota->max - atomic_read(&quota->room);

	for_each_possible_cpu(cpu)
		used -= READ_ONCE(*per_cpu_ptr(quota->spare, cpu));
	return max(used, 0);
}
