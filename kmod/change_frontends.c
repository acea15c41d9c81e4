// SPDX-License-Identifier: GPL-2.0-only
/* The part of a change that concerns frontends: marks on those that stay. */
#include <linux/netlink.h>
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

/**
 * svcnat_change_frontends() - prepare a change of the frontends
 * @change: the change
 * @spec: what is asked for; its list is sorted and given its outcomes
 * @edit: what the list means
 *
 * Return: 0 or an errno; svcnat_change_abort_frontends() is right after either.
 */
int svcnat_change_frontends(struct svcnat_change *change,
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

/**
 * svcnat_change_abort_frontends() - throw the preparation away
 * @change: the change
 */
void svcnat_change_abort_frontends(struct svcnat_change *change)
{
	struct svcnat_frontend *f, *next;

	list_for_each_entry_safe(f, next, &change->frontends, list)
		svcnat_frontend_free(f);
}

/* Frontends that stay, but not as they are. */
static void commit_changed(struct svcnat_change *change,
			   const struct svcnat_service_spec *spec)
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

/**
 * svcnat_change_commit_frontends() - make the change
 * @change: prepared
 * @spec: that it was prepared from; NULL if no frontend stays
 */
void svcnat_change_commit_frontends(struct svcnat_change *change,
				    const struct svcnat_service_spec *spec)
{
	struct svcnat_services *services = change->services;
	struct svcnat_service *service = change->service;
	struct svcnat_frontend *f, *next;
	u32 added = 0, removed = 0;

	if (spec)
		commit_changed(change, spec);
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
