/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-CPU counters: of the netns (struct svcnat_stats) and of one frontend or
 * endpoint (struct svcnat_account).  Writers run with softirqs disabled;
 * readers sum over all CPUs.
 */
#ifndef _SVCNAT_STATS_H
#define _SVCNAT_STATS_H

#include <linux/atomic.h>
#include <linux/bottom_half.h>
#include <linux/percpu.h>
#include <linux/prefetch.h>
#include <linux/u64_stats_sync.h>

#include "uapi/svcnat.h"

struct net;

/**
 * struct svcnat_stats - one CPU's counters of a netns
 * @value: by enum svcnat_stat; gauges (..._LIVE and the like) stay zero here
 * @syncp: makes 64-bit reads whole on 32-bit machines
 */
struct svcnat_stats {
	u64_stats_t		value[SVCNAT_STAT_MAX + 1];
	struct u64_stats_sync	syncp;
};

/**
 * svcnat_stat_add() - add to a counter of the netns
 * @stats: the netns' counters
 * @id: which
 * @n: how much
 *
 * Context: softirqs disabled.
 */
static inline void svcnat_stat_add(struct svcnat_stats __percpu *stats,
				   enum svcnat_stat id, u64 n)
{
	struct svcnat_stats *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_add(&s->value[id], n);
	u64_stats_update_end(&s->syncp);
}

/**
 * svcnat_stat_inc() - count one
 * @stats: the netns' counters
 * @id: which
 *
 * Context: softirqs disabled.
 */
static inline void svcnat_stat_inc(struct svcnat_stats __percpu *stats,
				   enum svcnat_stat id)
{
	svcnat_stat_add(stats, id, 1);
}

/**
 * svcnat_stat_sum() - read a counter of the netns
 * @stats: the netns' counters
 * @id: which
 *
 * Return: the sum over all CPUs.
 */
static inline u64 svcnat_stat_sum(struct svcnat_stats __percpu *stats,
				  enum svcnat_stat id)
{
	u64 sum = 0;
	int cpu;

	/* A UP 32-bit reader is only safe from writers it cannot interrupt. */
	local_bh_disable();
	for_each_possible_cpu(cpu) {
		const struct svcnat_stats *s = per_cpu_ptr(stats, cpu);
		unsigned int start;
		u64 v;

		do {
			start = u64_stats_fetch_begin(&s->syncp);
			v = u64_stats_read(&s->value[id]);
		} while (u64_stats_fetch_retry(&s->syncp, start));
		sum += v;
	}
	local_bh_enable();
	return sum;
}

/**
 * enum svcnat_direction - which way a packet of a flow goes
 * @SVCNAT_REQUEST: client to endpoint
 * @SVCNAT_REPLY: endpoint to client
 * @SVCNAT_DIRECTIONS: how many there are
 */
enum svcnat_direction {
	SVCNAT_REQUEST,
	SVCNAT_REPLY,
	SVCNAT_DIRECTIONS
};

/**
 * struct svcnat_counters - one CPU's counters of a frontend or endpoint
 * @opened: flows made
 * @closed: flows ended; @opened - @closed over all CPUs are the flows now
 * @packets: by enum svcnat_direction
 * @bytes: by enum svcnat_direction, network header and up
 * @syncp: makes 64-bit reads whole on 32-bit machines
 * @held: flows begun less flows ended that are not in svcnat_account.active
 *
 * A packet of a flow writes into two of these: each is one cache line.
 */
struct svcnat_counters {
	u64_stats_t		opened;
	u64_stats_t		closed;
	u64_stats_t		packets[SVCNAT_DIRECTIONS];
	u64_stats_t		bytes[SVCNAT_DIRECTIONS];
	struct u64_stats_sync	syncp;
	atomic_t		held;
} __aligned(64);

/* svcnat_account.flags: written under the writer lock, read in the data path */
#define SVCNAT_ACCOUNT_REMOVED	0x1	/* no longer configured */
#define SVCNAT_ACCOUNT_UNREADY	0x2	/* endpoint: state unready */
#define SVCNAT_ACCOUNT_DIRECT	0x4	/* of flows that have neither; for good */
#define SVCNAT_ACCOUNT_RESET	0x8	/* removed, and flows end with it */

/**
 * struct svcnat_account - what a flow knows of its frontend and its endpoint
 * @counters: what the flow's packets are charged to
 * @flags: SVCNAT_ACCOUNT_...
 * @net: the netns it belongs to, and every flow charged to it
 * @active: flows now, where somebody wants to read them cheaply; else NULL
 *
 * Embedded in both.  It outlives all its flows: a removed object is freed only
 * when every flow that was opened on it is closed and a grace period is over.
 */
struct svcnat_account {
	struct svcnat_counters __percpu	*counters;
	u8				flags;
	const struct net		*net;
	atomic_t			*active;
};

/**
 * struct svcnat_sums - the counters of an account, summed
 * @opened: flows made
 * @closed: flows ended
 * @packets: by enum svcnat_direction
 * @bytes: by enum svcnat_direction
 */
struct svcnat_sums {
	u64	opened;
	u64	closed;
	u64	packets[SVCNAT_DIRECTIONS];
	u64	bytes[SVCNAT_DIRECTIONS];
};

/**
 * svcnat_account_init() - make an account
 * @account: zeroed memory
 * @net: the netns it belongs to
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
static inline int svcnat_account_init(struct svcnat_account *account,
				      const struct net *net)
{
	int cpu;

	account->counters = alloc_percpu_gfp(struct svcnat_counters,
					     GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!account->counters)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(account->counters, cpu)->syncp);
	account->net = net;
	return 0;
}

/**
 * svcnat_account_exit() - free an account
 * @account: has no reader left
 */
static inline void svcnat_account_exit(struct svcnat_account *account)
{
	free_percpu(account->counters);
}

/**
 * svcnat_account_prefetch() - there will soon be something to charge
 * @account: to this
 *
 * Context: softirqs disabled.
 */
static inline void svcnat_account_prefetch(const struct svcnat_account *account)
{
	prefetchw(raw_cpu_ptr(account->counters));
}

/**
 * svcnat_account_open() - charge one flow
 * @account: to this
 *
 * Context: softirqs disabled.
 */
static inline void svcnat_account_open(struct svcnat_account *account)
{
	struct svcnat_counters *c = this_cpu_ptr(account->counters);

	u64_stats_update_begin(&c->syncp);
	u64_stats_inc(&c->opened);
	u64_stats_update_end(&c->syncp);
}

/**
 * svcnat_account_close() - a flow charged to the account has ended
 * @account: to this
 *
 * Context: softirqs disabled.
 */
static inline void svcnat_account_close(struct svcnat_account *account)
{
	struct svcnat_counters *c = this_cpu_ptr(account->counters);

	u64_stats_update_begin(&c->syncp);
	u64_stats_inc(&c->closed);
	u64_stats_update_end(&c->syncp);
}

/**
 * svcnat_account_active() - a flow has begun or ended
 * @account: what it is charged to
 * @n: 1 or -1
 *
 * The flows now are svcnat_account.active and what all CPUs hold.  Without
 * anybody who wants to know, no CPU touches what another one writes.
 *
 * Context: softirqs disabled.
 */
static inline void svcnat_account_active(struct svcnat_account *account, int n)
{
	atomic_t *active = READ_ONCE(account->active), *held;

	if (active) {
		atomic_add(n, active);
		return;
	}
	held = &this_cpu_ptr(account->counters)->held;
	atomic_add(n, held);
	/*
	 * Pairs with svcnat_account_share(): either that finds what was added,
	 * or we find that it is under way.
	 */
	smp_mb__after_atomic();
	active = READ_ONCE(account->active);
	if (unlikely(active))
		atomic_add(atomic_xchg(held, 0), active);
}

/**
 * svcnat_account_share() - have the flows of an account counted in one place
 * @account: this
 * @active: where; the same every time, lives as long as the account does
 *
 * It is exact as soon as what runs at the time on other CPUs is through, with
 * the flows that were made before.
 *
 * Context: process, one at a time.
 */
static inline void svcnat_account_share(struct svcnat_account *account,
					atomic_t *active)
{
	int cpu;

	if (account->active)
		return;
	WRITE_ONCE(account->active, active);
	smp_mb();	/* see svcnat_account_active() */
	for_each_possible_cpu(cpu)
		atomic_add(atomic_xchg(&per_cpu_ptr(account->counters,
						    cpu)->held, 0), active);
}

/**
 * svcnat_account_unshare() - nobody wants to read the flows any more
 * @account: of this
 *
 * Context: process, one at a time.
 */
static inline void svcnat_account_unshare(struct svcnat_account *account)
{
	WRITE_ONCE(account->active, NULL);
}

/**
 * svcnat_account_packet() - charge a packet
 * @account: to this
 * @direction: which way it goes
 * @bytes: its length from the network header on
 *
 * Context: softirqs disabled.
 */
static inline void svcnat_account_packet(struct svcnat_account *account,
					 enum svcnat_direction direction,
					 unsigned int bytes)
{
	struct svcnat_counters *c = this_cpu_ptr(account->counters);

	u64_stats_update_begin(&c->syncp);
	u64_stats_inc(&c->packets[direction]);
	u64_stats_add(&c->bytes[direction], bytes);
	u64_stats_update_end(&c->syncp);
}

/**
 * svcnat_account_sum() - read an account
 * @account: this
 * @sums: the counters are added to it
 *
 * @closed is read before @opened on every CPU, so that a reader never sees a
 * flow end that it did not see begin.
 */
static inline void svcnat_account_sum(const struct svcnat_account *account,
				      struct svcnat_sums *sums)
{
	int cpu, i;

	local_bh_disable();
	for_each_possible_cpu(cpu) {
		const struct svcnat_counters *c;
		struct svcnat_sums one;
		unsigned int start;

		c = per_cpu_ptr(account->counters, cpu);
		do {
			start = u64_stats_fetch_begin(&c->syncp);
			one.closed = u64_stats_read(&c->closed);
			for (i = 0; i < SVCNAT_DIRECTIONS; i++) {
				one.packets[i] = u64_stats_read(&c->packets[i]);
				one.bytes[i] = u64_stats_read(&c->bytes[i]);
			}
		} while (u64_stats_fetch_retry(&c->syncp, start));
		sums->closed += one.closed;
		for (i = 0; i < SVCNAT_DIRECTIONS; i++) {
			sums->packets[i] += one.packets[i];
			sums->bytes[i] += one.bytes[i];
		}
	}
	smp_rmb();	/* all of closed, then opened: see above */
	for_each_possible_cpu(cpu) {
		const struct svcnat_counters *c;
		unsigned int start;
		u64 opened;

		c = per_cpu_ptr(account->counters, cpu);
		do {
			start = u64_stats_fetch_begin(&c->syncp);
			opened = u64_stats_read(&c->opened);
		} while (u64_stats_fetch_retry(&c->syncp, start));
		sums->opened += opened;
	}
	local_bh_enable();
}

#endif /* _SVCNAT_STATS_H */
