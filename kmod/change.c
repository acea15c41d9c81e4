// SPDX-License-Identifier: GPL-2.0-only
/* The part of a change that concerns endpoints: a merge of two sorted lists. */
#include <linux/inetdevice.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "change.h"
#include "drain.h"
#include "schedule.h"

/**
 * svcnat_change_current() - the endpoints that are there before a change
 * @change: the change
 *
 * Return: the array or NULL.
 */
struct svcnat_endpoints *
svcnat_change_current(const struct svcnat_change *change)
{
	const struct mutex *lock = &change->services->lock;

	return rcu_dereference_protected(change->service->endpoints,
					 lockdep_is_held(lock));
}

static bool is_broadcast(struct net *net, __be32 addr)
{
	if (ipv4_is_lbcast(addr))
		return true;
	/* A netns that never had an address calls everything broadcast. */
	return inet_addr_type(net, addr) == RTN_BROADCAST &&
	       inet_addr_type(net, htonl(INADDR_LOOPBACK)) != RTN_BROADCAST;
}

enum kind {
	KIND_GOOD,
	KIND_LOOPBACK,
	KIND_UNSPECIFIED,
	KIND_MULTICAST,
	KIND_BROADCAST,
	KIND_LINK_LOCAL,
	KIND_MAPPED,
};

static enum kind kind_of_ipv4(struct net *net, __be32 addr)
{
	if (ipv4_is_loopback(addr))
		return KIND_LOOPBACK;
	if (ipv4_is_zeronet(addr))
		return KIND_UNSPECIFIED;
	if (ipv4_is_multicast(addr))
		return KIND_MULTICAST;
	return is_broadcast(net, addr) ? KIND_BROADCAST : KIND_GOOD;
}

static enum kind kind_of_ipv6(const struct in6_addr *addr)
{
	int type = ipv6_addr_type(addr);

	if (type == IPV6_ADDR_ANY)
		return KIND_UNSPECIFIED;
	if (type & IPV6_ADDR_LOOPBACK)
		return KIND_LOOPBACK;
	if (type & IPV6_ADDR_MULTICAST)
		return KIND_MULTICAST;
	if (type & IPV6_ADDR_LINKLOCAL)
		return KIND_LINK_LOCAL;
	return type & IPV6_ADDR_MAPPED ? KIND_MAPPED : KIND_GOOD;
}

static enum kind kind_of(struct net *net, u8 family,
			 const union nf_inet_addr *addr)
{
	return family == AF_INET ? kind_of_ipv4(net, addr->ip) :
				   kind_of_ipv6(&addr->in6);
}

/**
 * svcnat_change_address() - may anything be translated from or to an address?
 * @change: the change
 * @family: AF_INET or AF_INET6
 * @addr: the address
 * @port: the port
 * @origin: attribute that named it
 *
 * Asked for new objects only: an address that was good stays good enough to be
 * changed or removed.
 *
 * Return: 0 or -EINVAL.
 */
int svcnat_change_address(const struct svcnat_change *change, u8 family,
			  const union nf_inet_addr *addr, __be16 port,
			  const struct nlattr *origin)
{
	struct netlink_ext_ack *extack = change->extack;

	if (!port) {
		NL_SET_ERR_MSG_ATTR(extack, origin, "port 0 is not allowed");
		return -EINVAL;
	}
	if (family == AF_UNSPEC)
		return 0;
	switch (kind_of(change->services->net, family, addr)) {
	case KIND_LOOPBACK:
		NL_SET_ERR_MSG_ATTR(extack, origin,
				    "a loopback address is not allowed");
		return -EINVAL;
	case KIND_UNSPECIFIED:
		NL_SET_ERR_MSG_ATTR(extack, origin,
				    "an unspecified address is not allowed");
		return -EINVAL;
	case KIND_MULTICAST:
		NL_SET_ERR_MSG_ATTR(extack, origin,
				    "a multicast address is not allowed");
		return -EINVAL;
	case KIND_BROADCAST:
		NL_SET_ERR_MSG_ATTR(extack, origin,
				    "a broadcast address is not allowed");
		return -EINVAL;
	case KIND_LINK_LOCAL:
		NL_SET_ERR_MSG_ATTR(extack, origin,
				    "a link-local IPv6 address needs a device, and is not allowed");
		return -EINVAL;
	case KIND_MAPPED:
		NL_SET_ERR_MSG_ATTR(extack, origin,
				    "an IPv4 address in IPv6 notation is not allowed");
		return -EINVAL;
	case KIND_GOOD:
		break;
	}
	return 0;
}

static int compare_endpoints(const void *a, const void *b)
{
	const struct svcnat_endpoint_spec *x = a, *y = b;

	return svcnat_entry_compare(&x->entry, &y->entry);
}

static int new_endpoint(struct svcnat_change *change,
			struct svcnat_endpoint_spec *spec)
{
	struct svcnat_entry *e = &change->entry[change->num];
	struct svcnat_endpoint *endpoint;
	int err;

	*e = spec->entry;
	err = svcnat_change_address(change, e->family, &e->addr, e->port,
				    spec->origin);
	if (err)
		return err;
	endpoint = kzalloc(sizeof(*endpoint), GFP_KERNEL_ACCOUNT);
	if (!endpoint)
		return -ENOMEM;
	if (svcnat_account_init(&endpoint->account,
				change->services->net)) {
		kfree(endpoint);
		return -ENOMEM;
	}
	endpoint->id = ++change->service->next_endpoint;
	endpoint->owner = change->service;
	endpoint->addr = e->addr;
	endpoint->port = e->port;
	endpoint->family = e->family;
	e->endpoint = endpoint;
	list_add_tail(&endpoint->drain, &change->fresh);
	change->num++;
	change->redraw = true;
	spec->outcome = SVCNAT_OUTCOME_ADDED;
	return 0;
}

/* What REPLACE does not name falls back to its default, which is in the spec */
static void change_endpoint(struct svcnat_change *change,
			    const struct svcnat_entry *old,
			    struct svcnat_endpoint_spec *spec,
			    enum svcnat_edit edit)
{
	const struct svcnat_entry *want = &spec->entry;
	struct svcnat_entry *e = &change->entry[change->num++];
	bool all = edit == SVCNAT_EDIT_REPLACE;

	*e = *old;
	if (all || spec->given & SVCNAT_GIVEN_WEIGHT)
		e->weight = want->weight;
	if (all || spec->given & SVCNAT_GIVEN_STATE)
		e->state = want->state;
	if (all || spec->given & SVCNAT_GIVEN_PLACE)
		e->place = want->place;
	if (e->weight == old->weight && e->state == old->state &&
	    e->place == old->place)
		return;
	spec->outcome = SVCNAT_OUTCOME_CHANGED;
	change->redraw = true;
}

static void remove_endpoint(struct svcnat_change *change,
			    const struct svcnat_entry *old)
{
	list_add_tail(&old->endpoint->drain, &change->gone);
	change->redraw = true;
}

/* One step of the merge: @old or @spec is NULL where only the other is. */
static int merge_one(struct svcnat_change *change,
		     const struct svcnat_entry *old,
		     struct svcnat_endpoint_spec *spec, enum svcnat_edit edit)
{
	struct netlink_ext_ack *extack = change->extack;

	if (!spec) {
		if (edit == SVCNAT_EDIT_REPLACE)
			remove_endpoint(change, old);
		else
			change->entry[change->num++] = *old;
		return 0;
	}
	if (!old) {
		if (edit == SVCNAT_EDIT_ADD || edit == SVCNAT_EDIT_REPLACE)
			return new_endpoint(change, spec);
		NL_SET_ERR_MSG_ATTR(extack, spec->origin,
				    "the service has no such endpoint");
		return -ENOENT;
	}
	if (edit == SVCNAT_EDIT_ADD) {
		NL_SET_ERR_MSG_ATTR(extack, spec->origin,
				    "the service has this endpoint already");
		return -EEXIST;
	}
	if (edit == SVCNAT_EDIT_DEL)
		remove_endpoint(change, old);
	else
		change_endpoint(change, old, spec, edit);
	return 0;
}

/* Both sides are sorted the same way. */
static int merge(struct svcnat_change *change,
		 const struct svcnat_endpoints *old,
		 const struct svcnat_service_spec *spec, enum svcnat_edit edit)
{
	struct svcnat_endpoint_spec *list = spec->endpoints;
	u32 i = 0, j = 0, num = old ? old->num : 0;
	int err;

	while (i < num || j < spec->num_endpoints) {
		int diff;

		if (i == num)
			diff = 1;
		else if (j == spec->num_endpoints)
			diff = -1;
		else
			diff = svcnat_entry_compare(&old->entry[i],
						    &list[j].entry);
		err = merge_one(change, diff <= 0 ? &old->entry[i] : NULL,
				diff >= 0 ? &list[j] : NULL, edit);
		if (err)
			return err;
		i += diff <= 0;
		j += diff >= 0;
	}
	return 0;
}

static int make_array(struct svcnat_change *change,
		      const struct svcnat_entry *entry, u32 num)
{
	change->array = svcnat_endpoints_build(entry, num);
	if (!change->array)
		return -ENOMEM;
	return svcnat_schedule_prepare(change->array, change->scheduler);
}

/**
 * svcnat_change_endpoints() - prepare a change of the endpoints
 * @change: the change
 * @spec: what is asked for; its list is sorted and given its outcomes
 * @edit: what the list means
 *
 * Return: 0 or an errno; svcnat_change_abort_endpoints() is right after either.
 */
int svcnat_change_endpoints(struct svcnat_change *change,
			    const struct svcnat_service_spec *spec,
			    enum svcnat_edit edit)
{
	const struct svcnat_endpoints *old = svcnat_change_current(change);
	struct svcnat_endpoint_spec *list = spec->endpoints;
	struct netlink_ext_ack *extack = change->extack;
	u32 i, most = (old ? old->num : 0) + spec->num_endpoints;
	int err;

	sort(list, spec->num_endpoints, sizeof(*list), compare_endpoints, NULL);
	for (i = 0; i < spec->num_endpoints; i++) {
		if (i && !compare_endpoints(&list[i - 1], &list[i])) {
			NL_SET_ERR_MSG_ATTR(extack, list[i].origin,
					    "the endpoint is named twice");
			return -EINVAL;
		}
	}
	change->entry = kvmalloc_array(max(most, 1U), sizeof(*change->entry),
				       GFP_KERNEL_ACCOUNT);
	if (!change->entry)
		return -ENOMEM;
	err = merge(change, old, spec, edit);
	if (err)
		return err;
	if (change->num > (old ? old->num : 0) &&
	    change->num > change->services->max_endpoints) {
		NL_SET_ERR_MSG_ATTR(extack, spec->origin,
				    "the limit max-endpoints is reached");
		return -ENOSPC;
	}
	change->changed |= change->redraw;
	if (old && !change->redraw && old->scheduler == change->scheduler) {
		kvfree(change->entry);
		change->entry = NULL;
		return 0;
	}
	return make_array(change, change->entry, change->num);
}

/**
 * svcnat_change_scheduler() - prepare that the same endpoints are drawn anew
 * @change: the change
 *
 * Return: as svcnat_change_endpoints().
 */
int svcnat_change_scheduler(struct svcnat_change *change)
{
	const struct svcnat_endpoints *old = svcnat_change_current(change);

	if (!old || old->scheduler == change->scheduler)
		return 0;
	return make_array(change, old->entry, old->num);
}

/**
 * svcnat_change_abort_endpoints() - throw the preparation away
 * @change: the change
 */
void svcnat_change_abort_endpoints(struct svcnat_change *change)
{
	struct svcnat_endpoint *endpoint, *next;

	list_for_each_entry_safe(endpoint, next, &change->fresh, drain) {
		svcnat_account_exit(&endpoint->account);
		kfree(endpoint);
	}
	list_for_each_entry_safe(endpoint, next, &change->gone, drain)
		list_del_init(&endpoint->drain);
	kvfree(change->entry);
	svcnat_endpoints_free(change->array);
}

static void set_flags(struct svcnat_change *change,
		      const struct svcnat_service_spec *spec)
{
	u32 i;

	for (i = 0; i < spec->num_endpoints; i++) {
		const struct svcnat_entry *want = &spec->endpoints[i].entry;
		const struct svcnat_entry *e;

		if (spec->endpoints[i].outcome == SVCNAT_OUTCOME_SAME)
			continue;
		e = svcnat_endpoints_find(change->array, want->family,
					  &want->addr, want->port);
		WRITE_ONCE(e->endpoint->account.flags,
			   e->state == SVCNAT_STATE_UNREADY ?
			   SVCNAT_ACCOUNT_UNREADY : 0);
	}
}

/*
 * lc reads the flows of its endpoints with every draw.  Those that nobody reads
 * any more are counted as before; of what is removed nobody cares.
 */
static void share_accounts(const struct svcnat_endpoints *array,
			   const struct svcnat_endpoints *old)
{
	bool share = array->scheduler == SVCNAT_SCHEDULER_LC;
	u32 i;

	if (!share && (!old || old->scheduler != SVCNAT_SCHEDULER_LC))
		return;
	for (i = 0; i < array->num; i++) {
		struct svcnat_endpoint *e = array->entry[i].endpoint;

		if (share)
			svcnat_account_share(&e->account, &e->active);
		else
			svcnat_account_unshare(&e->account);
		if (!(i % 256))
			cond_resched();
	}
}

/**
 * svcnat_change_commit_endpoints() - make the change
 * @change: prepared
 * @spec: that it was prepared from
 */
void svcnat_change_commit_endpoints(struct svcnat_change *change,
				    const struct svcnat_service_spec *spec)
{
	struct svcnat_services *services = change->services;
	struct svcnat_endpoint *endpoint, *next;
	struct svcnat_endpoints *old;
	u32 added = 0, removed = 0;

	share_accounts(change->array, svcnat_change_current(change));
	old = rcu_replace_pointer(change->service->endpoints, change->array,
				  lockdep_is_held(&services->lock));
	list_for_each_entry_safe(endpoint, next, &change->fresh, drain) {
		list_del_init(&endpoint->drain);
		added++;
	}
	change->service->refs += added;
	services->num_endpoints += added;
	set_flags(change, spec);
	list_for_each_entry_safe(endpoint, next, &change->gone, drain) {
		svcnat_drain_endpoint(services, endpoint);
		removed++;
	}
	local_bh_disable();
	svcnat_stat_add(services->stats, SVCNAT_STAT_ENDPOINT_NEW, added);
	svcnat_stat_add(services->stats, SVCNAT_STAT_ENDPOINT_DELETED, removed);
	local_bh_enable();
	svcnat_endpoints_free(old);
	kvfree(change->entry);
}
