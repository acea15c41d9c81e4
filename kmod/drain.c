// SPDX-License-Identifier: GPL-2.0-only
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "drain.h"

#define REAP_BUDGET	1024	/* of each kind, looked at in one call */
#define REAP_SLICE	64	/* of these at a stretch: each has many CPUs */

/* The account is removed: its flows follow what the service says now. */
static void remove_account(struct svcnat_services *services,
			   const struct svcnat_service *owner,
			   struct svcnat_account *account)
{
	u8 flags = SVCNAT_ACCOUNT_REMOVED;

	if (owner->options.on_removal == SVCNAT_ON_REMOVAL_RESET) {
		flags |= SVCNAT_ACCOUNT_RESET;
		WRITE_ONCE(services->num_reset, services->num_reset + 1);
	}
	WRITE_ONCE(account->flags, flags);
	services->num_draining++;
}

static void forget_account(struct svcnat_services *services,
			   const struct svcnat_account *account)
{
	if (account->flags & SVCNAT_ACCOUNT_RESET)
		WRITE_ONCE(services->num_reset, services->num_reset - 1);
	services->num_draining--;
}

/**
 * svcnat_drain_endpoint() - an endpoint is removed
 * @services: of the netns
 * @endpoint: in no published array any more
 *
 * Context: process, the writer lock.
 */
void svcnat_drain_endpoint(struct svcnat_services *services,
			   struct svcnat_endpoint *endpoint)
{
	remove_account(services, endpoint->owner, &endpoint->account);
	endpoint->gone = start_poll_synchronize_rcu();
	list_move_tail(&endpoint->drain, &services->draining);
	services->num_endpoints--;
}

/**
 * svcnat_drain_frontend() - a frontend is removed
 * @services: of the netns
 * @frontend: linked
 *
 * Context: process, the writer lock.
 */
void svcnat_drain_frontend(struct svcnat_services *services,
			   struct svcnat_frontend *frontend)
{
	svcnat_frontend_unlink(&services->frontends, frontend);
	remove_account(services, frontend->owner, &frontend->account);
	frontend->gone = start_poll_synchronize_rcu();
	list_move_tail(&frontend->list, &services->draining_frontends);
	list_add_tail(&frontend->kin, &frontend->owner->draining);
	frontend->owner->num_frontends--;
	svcnat_frontend_count(services->frontends.draining, frontend->family,
			      1);
}

static bool drained(const struct svcnat_account *account, unsigned long gone,
		    struct svcnat_sums *sums)
{
	memset(sums, 0, sizeof(*sums));
	if (!poll_state_synchronize_rcu(gone))
		return false;
	svcnat_account_sum(account, sums);
	return sums->opened == sums->closed;
}

static void free_endpoint(struct rcu_head *rcu)
{
	struct svcnat_endpoint *e;

	e = container_of(rcu, struct svcnat_endpoint, rcu);
	svcnat_account_exit(&e->account);
	kfree(e);
}

static void free_frontend(struct rcu_head *rcu)
{
	svcnat_frontend_free(container_of(rcu, struct svcnat_frontend, rcu));
}

static void add_sums(struct svcnat_sums *to, const struct svcnat_sums *from)
{
	int i;

	to->opened += from->opened;
	to->closed += from->closed;
	for (i = 0; i < SVCNAT_DIRECTIONS; i++) {
		to->packets[i] += from->packets[i];
		to->bytes[i] += from->bytes[i];
	}
}

/* Gives true if there may be more to be freed. */
static bool reap_endpoints(struct svcnat_services *services)
{
	struct svcnat_endpoint *e, *next;
	unsigned int budget = REAP_BUDGET;
	struct svcnat_sums sums;
	bool all, freed = false;
	LIST_HEAD(busy);

	list_for_each_entry_safe(e, next, &services->draining, drain) {
		if (!budget--)
			break;
		if (!(budget % REAP_SLICE))
			cond_resched();
		if (!drained(&e->account, e->gone, &sums)) {
			list_move_tail(&e->drain, &busy);
			continue;
		}
		list_del(&e->drain);
		forget_account(services, &e->account);
		svcnat_service_put(e->owner);
		call_rcu(&e->rcu, free_endpoint);
		freed = true;
	}
	/* Those that were looked at wait behind those that were not. */
	all = list_empty(&services->draining);
	list_splice_tail(&busy, &services->draining);
	return freed && !all;
}

static bool reap_frontends(struct svcnat_services *services)
{
	unsigned int budget = REAP_BUDGET;
	struct svcnat_frontend *f, *next;
	struct svcnat_sums sums;
	bool all, freed = false;
	LIST_HEAD(busy);

	list_for_each_entry_safe(f, next, &services->draining_frontends, list) {
		if (!budget--)
			break;
		if (!(budget % REAP_SLICE))
			cond_resched();
		if (!drained(&f->account, f->gone, &sums)) {
			list_move_tail(&f->list, &busy);
			continue;
		}
		list_del(&f->list);
		list_del(&f->kin);
		svcnat_frontend_count(services->frontends.draining, f->family,
				      -1);
		forget_account(services, &f->account);
		add_sums(&f->owner->retired, &sums);
		svcnat_service_put(f->owner);
		call_rcu(&f->rcu, free_frontend);
		freed = true;
	}
	all = list_empty(&services->draining_frontends);
	list_splice_tail(&busy, &services->draining_frontends);
	return freed && !all;
}

/**
 * svcnat_drain_reap() - free what has drained
 * @services: of the netns
 *
 * Context: process, the writer lock.
 * Return: false if it should go on soon: not all was looked at, and there was
 * something to free.
 */
bool svcnat_drain_reap(struct svcnat_services *services)
{
	bool endpoints, frontends;

	lockdep_assert_held(&services->lock);
	endpoints = reap_endpoints(services);
	frontends = reap_frontends(services);
	return !endpoints && !frontends;
}

/**
 * svcnat_drain_end() - free all that drains, at the end of the netns
 * @services: of the netns, without flows and readers
 *
 * Context: process, the writer lock.
 */
void svcnat_drain_end(struct svcnat_services *services)
{
	struct svcnat_endpoint *e, *next;
	struct svcnat_frontend *f, *next_f;

	list_for_each_entry_safe(e, next, &services->draining, drain) {
		list_del(&e->drain);
		svcnat_service_put(e->owner);
		free_endpoint(&e->rcu);
		cond_resched();
	}
	list_for_each_entry_safe(f, next_f, &services->draining_frontends,
				 list) {
		list_del(&f->list);
		list_del(&f->kin);
		svcnat_service_put(f->owner);
		free_frontend(&f->rcu);
		cond_resched();
	}
}

/**
 * svcnat_drain_orphans() - flows whose endpoint was removed
 * @services: of the netns
 *
 * Context: process, the writer lock.
 * Return: their number now.
 */
u64 svcnat_drain_orphans(struct svcnat_services *services)
{
	struct svcnat_endpoint *e;
	u64 orphans = 0;

	lockdep_assert_held(&services->lock);
	list_for_each_entry(e, &services->draining, drain) {
		struct svcnat_sums sums = {};

		svcnat_account_sum(&e->account, &sums);
		orphans += sums.opened - sums.closed;
		cond_resched();
	}
	return orphans;
}

/**
 * svcnat_drain_named() - is there anything left of a removed service?
 * @services: of the netns
 * @name: its name
 *
 * Context: process, the writer lock.
 * Return: true if an endpoint of such a service drains.
 */
bool svcnat_drain_named(const struct svcnat_services *services,
			const char *name)
{
	const struct svcnat_endpoint *e;
	u32 n = 0;

	list_for_each_entry(e, &services->draining, drain) {
		if (!strcmp(e->owner->name, name))
			return true;
		if (!(++n % 1024))
			cond_resched();
	}
	return false;
}
