// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gcd.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "maglev.h"
#include "schedule.h"

#define LC_MOST	128U	/* endpoints that one draw of lc looks at */

static const struct svcnat_slot *slots(const struct svcnat_endpoints *eps,
				       const struct svcnat_eligible *l)
{
	return eps->slots + l->first;
}

/*
 * The turns of a cycle go to the units of weight not one after the other, but
 * in steps of about the golden section of them: so the turns of an endpoint lie
 * as far apart as they can, at all scales.
 */
static void prepare_turns(const struct svcnat_endpoints *eps,
			  struct svcnat_eligible *l)
{
	u32 i, weight, before = 0;

	l->unit = 0;
	for (i = 0; i < l->num; i++) {
		weight = slots(eps, l)[i].upto - before;
		before += weight;
		l->unit = gcd(weight, l->unit);
	}
	l->turns = l->total / l->unit;
	l->step = max_t(u32, mul_u64_u32_shr(l->turns, 2654435769U, 32), 1);
	while (gcd(l->step, l->turns) != 1)
		l->step++;
}

static int prepare_table(const struct svcnat_endpoints *eps,
			 struct svcnat_eligible *l)
{
	struct svcnat_candidate *candidate;
	u32 i;

	candidate = kvmalloc_array(l->num, sizeof(*candidate),
				   GFP_KERNEL_ACCOUNT);
	if (!candidate)
		return -ENOMEM;
	for (i = 0; i < l->num; i++) {
		const struct svcnat_entry *e;

		e = &eps->entry[slots(eps, l)[i].entry];
		svcnat_maglev_candidate(&candidate[i], &e->addr, e->port,
					e->weight);
	}
	l->maglev = svcnat_maglev_build(candidate, l->num);
	kvfree(candidate);
	return l->maglev ? 0 : -ENOMEM;
}

/**
 * svcnat_schedule_prepare() - how an array shall be drawn from
 * @endpoints: the array, not published yet
 * @scheduler: enum svcnat_scheduler
 *
 * Context: process.
 * Return: 0; or -ENOMEM and the array can only be freed.
 */
int svcnat_schedule_prepare(struct svcnat_endpoints *endpoints, u8 scheduler)
{
	u32 f, list;
	int err = 0;

	endpoints->scheduler = scheduler;
	for (f = 0; f < SVCNAT_FAMILIES; f++) {
		for (list = 0; list < SVCNAT_LISTS; list++) {
			struct svcnat_eligible *l = &endpoints->list[f][list];

			if (!l->num)
				continue;
			if (scheduler == SVCNAT_SCHEDULER_RR)
				prepare_turns(endpoints, l);
			if (scheduler == SVCNAT_SCHEDULER_MAGLEV)
				err = prepare_table(endpoints, l);
			if (err)
				return err;
		}
	}
	return 0;
}

static u32 turn(const struct svcnat_endpoints *eps,
		const struct svcnat_eligible *l, u64 n)
{
	u32 position;

	div_u64_rem(n, l->turns, &position);
	div_u64_rem((u64)position * l->step, l->turns, &position);
	return svcnat_endpoints_weighed(eps, l, position * l->unit);
}

static u32 another_random(u32 random)
{
	return random * 1664525 + 1013904223;
}

/*
 * The fewest flows for its weight.  Of those that are alike one is drawn in
 * proportion to the weights, which are all that tells idle ones apart.
 */
static u32 least(const struct svcnat_endpoints *eps,
		 const struct svcnat_eligible *l, u32 random)
{
	u32 i, num = min(l->num, LC_MOST), slot = 0, best = 0, alike = 0;
	u32 flows = 0, weight = 0;

	if (num < l->num)
		slot = reciprocal_scale(random, l->num);
	for (i = 0; i < num; i++, slot = slot + 1 < l->num ? slot + 1 : 0) {
		const struct svcnat_entry *e;
		u64 mine, theirs;
		u32 active;

		e = &eps->entry[slots(eps, l)[slot].entry];
		/* Less than none: one has ended before it is known to begin. */
		active = max(atomic_read(&e->endpoint->active), 0);
		mine = (u64)active * weight;
		theirs = (u64)flows * e->weight;
		if (alike && mine > theirs)
			continue;
		if (!alike || mine < theirs) {
			flows = active;
			weight = e->weight;
			alike = 0;
		}
		alike += e->weight;
		random = another_random(random);
		if (reciprocal_scale(random, alike) < e->weight)
			best = slot;
	}
	return best;
}

/**
 * svcnat_schedule() - draw
 * @service: whose endpoints
 * @endpoints: its array
 * @list: which list; not empty
 * @tuple: of the packet: client to frontend
 * @random: random bits; 0: take some if they are needed
 *
 * Changes nothing: whose turn it is, another one who asks will hear as well.
 *
 * Context: RCU read side.
 * Return: where the draw went, for svcnat_schedule_at().
 */
u32 svcnat_schedule(const struct svcnat_service *service,
		    const struct svcnat_endpoints *endpoints,
		    enum svcnat_list list, const struct svcnat_tuple *tuple,
		    u32 random)
{
	const unsigned int f = svcnat_family_index(tuple->family);
	const struct svcnat_eligible *l = &endpoints->list[f][list];

	switch (endpoints->scheduler) {
	case SVCNAT_SCHEDULER_RR:
		return turn(endpoints, l,
			    atomic64_read(&service->turn[f][list]));
	case SVCNAT_SCHEDULER_LC:
		return least(endpoints, l, random ?: get_random_u32());
	case SVCNAT_SCHEDULER_MAGLEV:
		return svcnat_maglev_place(l->maglev, tuple,
					   READ_ONCE(service->options.affinity));
	default:
		return svcnat_endpoints_pick(endpoints, tuple->family, list,
					     random ?: get_random_u32());
	}
}

/**
 * svcnat_schedule_take() - the draw is made use of
 * @service: whose endpoints
 * @endpoints: its array
 * @family: whose list
 * @list: which; not empty
 * @where: where svcnat_schedule() went
 *
 * Gives every caller a turn of its own, whoever else draws at the same time.
 *
 * Context: RCU read side.
 * Return: where it goes.
 */
u32 svcnat_schedule_take(struct svcnat_service *service,
			 const struct svcnat_endpoints *endpoints,
			 u8 family, enum svcnat_list list, u32 where)
{
	const unsigned int f = svcnat_family_index(family);

	if (endpoints->scheduler != SVCNAT_SCHEDULER_RR)
		return where;
	return turn(endpoints, &endpoints->list[f][list],
		    atomic64_fetch_inc(&service->turn[f][list]));
}

/**
 * svcnat_schedule_at() - who was drawn
 * @endpoints: the array
 * @family: whose list
 * @list: which; not empty
 * @where: where the draw went
 *
 * Return: the entry.
 */
const struct svcnat_entry *
svcnat_schedule_at(const struct svcnat_endpoints *endpoints, u8 family,
		   enum svcnat_list list, u32 where)
{
	const struct svcnat_maglev *maglev;

	maglev = endpoints->list[svcnat_family_index(family)][list].maglev;
	return svcnat_endpoints_at(endpoints, family, list,
				   maglev ? maglev->owner[where] : where);
}

/**
 * svcnat_schedule_next() - whom else, if not the one that was drawn?
 * @endpoints: the array
 * @family: whose list
 * @list: which; not empty
 * @where: where the draw went
 *
 * Return: where it goes instead; to the same one if there is no other, or none
 * that is found soon.
 */
u32 svcnat_schedule_next(const struct svcnat_endpoints *endpoints, u8 family,
			 enum svcnat_list list, u32 where)
{
	const struct svcnat_maglev *maglev;

	maglev = endpoints->list[svcnat_family_index(family)][list].maglev;
	return maglev ? svcnat_maglev_next(maglev, where) : where + 1;
}
