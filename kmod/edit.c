// SPDX-License-Identifier: GPL-2.0-only
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/sort.h>

#include "change.h"
#include "drain.h"

static int compare_frontends(const void *a, const void *b)
{
	const struct svcnat_frontend_spec *x = a, *y = b;
	int diff;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	diff = memcmp(&x->addr, &y->addr, sizeof(x->addr));
	return diff ?: (int)ntohs(x->port) - (int)ntohs(y->port);
}

static int prepare_new_frontend(struct svcnat_change *change,
				struct svcnat_frontend_spec *spec, u8 proto)
{
	struct svcnat_frontend *f;
	int err;

	err = svcnat_change_address(change, spec->family, &spec->addr,
				    spec->port, spec->origin);
	if (err)
		return err;
	f = svcnat_frontend_alloc(spec, proto, change->service,
				  change->services->net);
	if (!f)
		return -ENOMEM;
	list_add_tail(&f->list, &change->frontends);
	spec->outcome = SVCNAT_OUTCOME_ADDED;
	change->changed = true;
	return 0;
}

static bool differs(const struct svcnat_change *change,
		    const struct svcnat_frontend *f,
		    const struct svcnat_frontend_spec *spec)
{
	const struct mutex *lock = &change->services->lock;
	const struct svcnat_ranges *allow;

	allow = rcu_dereference_protected(f->allow, lockdep_is_held(lock));
	return f->kind != spec->kind ||
	       !svcnat_ranges_equal(allow, spec->allow);
}

static int prepare_frontend(struct svcnat_change *change,
			    struct svcnat_frontend_spec *spec, u8 proto,
			    enum svcnat_edit edit)
{
	struct netlink_ext_ack *extack = change->extack;
	struct svcnat_frontend *f;
	bool ours;

	rcu_read_lock();
	f = svcnat_frontend_lookup(&change->services->frontends, spec->family,
				   &spec->addr, proto, spec->port);
	rcu_read_unlock();
	ours = f && f->owner == change->service;
	if (edit == SVCNAT_EDIT_DEL) {
		if (!ours) {
			NL_SET_ERR_MSG_ATTR(extack, spec->origin,
					    "the service has no such frontend");
			return -ENOENT;
		}
		f->wanted = false;
		change->changed = true;
		return 0;
	}
	if (!f)
		return prepare_new_frontend(change, spec, proto);
	if (!ours) {
		NL_SET_ERR_MSG_ATTR(extack, spec->origin,
				    "another service has this frontend");
		return -EEXIST;
	}
	if (edit == SVCNAT_EDIT_ADD) {
		NL_SET_ERR_MSG_ATTR(extack, spec->origin,
				    "the service has this frontend already");
		return -EEXIST;
	}
	f->wanted = true;
	if (differs(change, f, spec)) {
		spec->outcome = SVCNAT_OUTCOME_CHANGED;
		change->changed = true;
	}
	return 0;
}

static int prepare_frontends(struct svcnat_change *change,
			     const struct svcnat_service_spec *spec,
			     enum svcnat_edit edit)
{
	struct svcnat_frontend_spec *list = spec->frontends;
	struct svcnat_service *service = change->service;
	struct netlink_ext_ack *extack = change->extack;
	struct svcnat_frontend *f;
	u32 i, num;
	int err;

	list_for_each_entry(f, &service->frontends, list)
		f->wanted = edit != SVCNAT_EDIT_REPLACE;
	sort(list, spec->num_frontends, sizeof(*list), compare_frontends, NULL);
	for (i = 0; i < spec->num_frontends; i++) {
		if (i && !compare_frontends(&list[i - 1], &list[i])) {
			NL_SET_ERR_MSG_ATTR(extack, list[i].origin,
					    "the frontend is named twice");
			return -EINVAL;
		}
		err = prepare_frontend(change, &list[i], spec->proto, edit);
		if (err)
			return err;
	}
	num = 0;
	list_for_each_entry(f, &service->frontends, list) {
		num += f->wanted;
		change->changed |= !f->wanted;
	}
	list_for_each_entry(f, &change->frontends, list)
		num++;
	if (num > SVCNAT_FRONTENDS_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, spec->origin,
				    "a service has at most 65535 frontends");
		return -ENOSPC;
	}
	return 0;
}

/* The attribute that puts an endpoint at @f: its own, or that of @f. */
static const struct nlattr *
overlap_origin(const struct svcnat_service_spec *spec,
	       const struct svcnat_frontend *f)
{
	const struct svcnat_entry *e;
	u32 i;

	for (i = 0; i < spec->num_endpoints; i++) {
		e = &spec->endpoints[i].entry;
		if (e->family == f->family && e->port == f->port &&
		    nf_inet_addr_cmp(&e->addr, &f->addr))
			return spec->endpoints[i].origin;
	}
	for (i = 0; i < spec->num_frontends; i++)
		if (spec->frontends[i].family == f->family &&
		    spec->frontends[i].port == f->port &&
		    nf_inet_addr_cmp(&spec->frontends[i].addr, &f->addr))
			return spec->frontends[i].origin;
	return spec->origin;
}

/* No endpoint may be a frontend of its own service: a packet would circle. */
static int check_overlap(struct svcnat_change *change,
			 const struct svcnat_service_spec *spec)
{
	const struct svcnat_endpoints *eps;
	struct svcnat_frontend *f;

	eps = change->array ?: svcnat_change_current(change);
	list_for_each_entry(f, &change->service->frontends, list)
		if (f->wanted && svcnat_endpoints_find(eps, f->family, &f->addr,
						       f->port))
			goto overlap;
	list_for_each_entry(f, &change->frontends, list)
		if (svcnat_endpoints_find(eps, f->family, &f->addr, f->port))
			goto overlap;
	return 0;

overlap:
	NL_SET_ERR_MSG_ATTR(change->extack, overlap_origin(spec, f),
			    "an endpoint may not be a frontend of its own service");
	return -EINVAL;
}

static void abort_change(struct svcnat_change *change)
{
	struct svcnat_frontend *f, *next;

	list_for_each_entry_safe(f, next, &change->frontends, list)
		svcnat_frontend_free(f);
	svcnat_change_abort_endpoints(change);
}

static void begin_change(struct svcnat_change *change)
{
	struct svcnat_frontend *f;

	lockdep_assert_held(&change->services->lock);
	INIT_LIST_HEAD(&change->frontends);
	INIT_LIST_HEAD(&change->fresh);
	INIT_LIST_HEAD(&change->gone);
	list_for_each_entry(f, &change->service->frontends, list)
		f->wanted = true;
}

/* All of a change that can fail. */
static int prepare_change(struct svcnat_change *change,
			  const struct svcnat_service_spec *spec,
			  enum svcnat_edit frontends,
			  enum svcnat_edit endpoints)
{
	int err = 0;

	begin_change(change);
	change->scheduler = spec->given & SVCNAT_GIVEN_SCHEDULER ?
			    spec->options.scheduler :
			    change->service->options.scheduler;
	if (frontends != SVCNAT_EDIT_NONE)
		err = prepare_frontends(change, spec, frontends);
	if (!err && endpoints != SVCNAT_EDIT_NONE)
		err = svcnat_change_endpoints(change, spec, endpoints);
	else if (!err)
		err = svcnat_change_scheduler(change);
	if (!err)
		err = check_overlap(change, spec);
	if (!err && spec->given & SVCNAT_GIVEN_AFFINITY &&
	    spec->options.affinity)
		err = svcnat_affinity_start(&change->services->affinity);
	if (err)
		abort_change(change);
	return err;
}

/* Frontends that stay, but not as they are. */
static void commit_changed(struct svcnat_change *change,
			   struct svcnat_service_spec *spec)
{
	struct svcnat_frontend *f;
	u32 i;

	for (i = 0; i < spec->num_frontends; i++) {
		struct svcnat_frontend_spec *s = &spec->frontends[i];

		if (s->outcome != SVCNAT_OUTCOME_CHANGED)
			continue;
		rcu_read_lock();
		f = svcnat_frontend_lookup(&change->services->frontends,
					   s->family, &s->addr, spec->proto,
					   s->port);
		rcu_read_unlock();
		svcnat_frontend_change(f, s);
	}
}

static void commit_frontends(struct svcnat_change *change)
{
	struct svcnat_services *services = change->services;
	struct svcnat_service *service = change->service;
	struct svcnat_frontend *f, *next;
	u32 added = 0, removed = 0;

	list_for_each_entry_safe(f, next, &service->frontends, list) {
		if (f->wanted)
			continue;
		svcnat_drain_frontend(services, f);
		removed++;
	}
	list_for_each_entry_safe(f, next, &change->frontends, list) {
		list_move_tail(&f->list, &service->frontends);
		svcnat_frontend_link(&services->frontends, f);
		added++;
	}
	service->num_frontends += added;
	service->refs += added;
	local_bh_disable();
	svcnat_stat_add(services->stats, SVCNAT_STAT_FRONTEND_NEW, added);
	svcnat_stat_add(services->stats, SVCNAT_STAT_FRONTEND_DELETED, removed);
	local_bh_enable();
}

/* Take over an option, if it is given; tells whether that changes anything. */
#define SET_OPTION(_to, _from, _name, _given) ({			\
	bool _changes = (_given) && (_to)->_name != (_from)->_name;	\
									\
	if (_changes)							\
		WRITE_ONCE((_to)->_name, (_from)->_name);		\
	_changes;							\
})

static bool set_options(struct svcnat_options *to,
			const struct svcnat_options *from, u8 given)
{
	bool changed;

	changed = SET_OPTION(to, from, affinity,
			     given & SVCNAT_GIVEN_AFFINITY);
	changed |= SET_OPTION(to, from, scheduler,
			      given & SVCNAT_GIVEN_SCHEDULER);
	changed |= SET_OPTION(to, from, internal_policy,
			      given & SVCNAT_GIVEN_INTERNAL);
	changed |= SET_OPTION(to, from, external_policy,
			      given & SVCNAT_GIVEN_EXTERNAL);
	changed |= SET_OPTION(to, from, on_removal,
			      given & SVCNAT_GIVEN_ON_REMOVAL);
	return changed;
}

static void commit_options(struct svcnat_change *change,
			   struct svcnat_service_spec *spec)
{
	struct svcnat_service *service = change->service;

	if (set_options(&service->options, &spec->options, spec->given))
		spec->outcome = SVCNAT_OUTCOME_CHANGED;
	if (service->proto != spec->proto) {
		WRITE_ONCE(service->proto, spec->proto);
		spec->outcome = SVCNAT_OUTCOME_CHANGED;
	}
	change->changed |= spec->outcome != SVCNAT_OUTCOME_SAME;
}

static u32 new_generation(struct svcnat_services *services)
{
	if (!++services->generation)
		services->generation = 1;
	return services->generation;
}

/**
 * svcnat_service_edit() - change a service
 * @services: of the netns
 * @service: which
 * @spec: what is asked for; its name is ignored
 * @frontends: what its frontends mean
 * @endpoints: what its endpoints mean
 * @extack: for the reason of a refusal
 *
 * Whole or not at all.  @spec comes back with the outcome of all that it names,
 * its lists sorted; what was removed is at the end of the draining lists.
 * Endpoints change before frontends: a new frontend is never seen without them.
 *
 * Context: process, the writer lock.
 * Return: 0; or -EINVAL, -EEXIST, -ENOENT, -ENOSPC, -ENOMEM and
 * nothing has changed.
 */
int svcnat_service_edit(struct svcnat_services *services,
			struct svcnat_service *service,
			struct svcnat_service_spec *spec,
			enum svcnat_edit frontends, enum svcnat_edit endpoints,
			struct netlink_ext_ack *extack)
{
	struct svcnat_change change = {
		.services = services, .service = service, .extack = extack,
	};
	int err;

	err = prepare_change(&change, spec, frontends, endpoints);
	if (err)
		return err;
	commit_options(&change, spec);
	if (change.array)
		svcnat_change_commit_endpoints(&change, spec);
	commit_changed(&change, spec);
	commit_frontends(&change);
	if (change.changed)
		service->generation = new_generation(services);
	return 0;
}

/**
 * svcnat_service_add() - make a service
 * @services: of the netns
 * @spec: what is asked for; no service has its name
 * @extack: for the reason of a refusal
 *
 * Context: process, the writer lock.
 * Return: as svcnat_service_edit().
 */
int svcnat_service_add(struct svcnat_services *services,
		       struct svcnat_service_spec *spec,
		       struct netlink_ext_ack *extack)
{
	struct svcnat_service *service;
	int err;

	lockdep_assert_held(&services->lock);
	if (services->num >= services->max) {
		NL_SET_ERR_MSG_ATTR(extack, spec->origin,
				    "the limit max-services is reached");
		return -ENOSPC;
	}
	err = svcnat_services_start(services);
	if (err)
		return err;
	service = svcnat_service_alloc(services, spec->name);
	if (!service)
		return -ENOMEM;
	err = svcnat_service_edit(services, service, spec, SVCNAT_EDIT_ADD,
				  SVCNAT_EDIT_ADD, extack);
	if (err) {
		svcnat_service_forget(services, service);
		return err;
	}
	svcnat_service_link(services, service);
	return 0;
}

/**
 * svcnat_service_del() - remove a service
 * @services: of the netns
 * @service: which; may be freed
 *
 * Its flows follow their own rules (svcnat_flow_review()), its pinned clients
 * are forgotten in time.  Needs no memory and cannot fail.
 *
 * Context: process, the writer lock.
 */
void svcnat_service_del(struct svcnat_services *services,
			struct svcnat_service *service)
{
	struct svcnat_change change = {
		.services = services, .service = service,
	};
	struct svcnat_endpoints *old = svcnat_change_current(&change);
	struct svcnat_frontend *f;
	u32 i, num = old ? old->num : 0;

	begin_change(&change);
	list_for_each_entry(f, &service->frontends, list)
		f->wanted = false;
	commit_frontends(&change);
	RCU_INIT_POINTER(service->endpoints, NULL);
	for (i = 0; i < num; i++)
		svcnat_drain_endpoint(services, old->entry[i].endpoint);
	local_bh_disable();
	svcnat_stat_add(services->stats, SVCNAT_STAT_ENDPOINT_DELETED, num);
	local_bh_enable();
	svcnat_endpoints_free(old);
	new_generation(services);
	svcnat_service_unlink(services, service);
}

/**
 * svcnat_services_clear() - remove all services, at the end of the netns
 * @services: of the netns, without flows and readers
 *
 * Context: process, the writer lock.
 */
void svcnat_services_clear(struct svcnat_services *services)
{
	struct svcnat_service *service;
	unsigned long id;

	xa_for_each(&services->ids, id, service) {
		svcnat_service_del(services, service);
		cond_resched();
	}
	svcnat_drain_end(services);
}
