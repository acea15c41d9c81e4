// SPDX-License-Identifier: GPL-2.0-only
/* Changes of services as a whole: what their two lists need together. */
#include <linux/netlink.h>
#include <linux/sched.h>

#include "change.h"
#include "drain.h"

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
	svcnat_change_abort_frontends(change);
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
		err = svcnat_change_frontends(change, spec, frontends);
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
	svcnat_change_commit_frontends(&change, spec);
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
	svcnat_change_commit_frontends(&change, NULL);
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
