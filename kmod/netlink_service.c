// SPDX-License-Identifier: GPL-2.0-only
#include <net/netlink.h>

#include "hook.h"
#include "netlink.h"

/*
 * Services that a flush removes at a stretch: the table of flows does not grow
 * and no flow expires while it holds the writer lock.
 */
#define FLUSH_SLICE	256

/* What was at the end of the draining lists before a change. */
struct marks {
	struct list_head	*endpoints;
	struct list_head	*frontends;
};

static void mark(struct svcnat_services *sv, struct marks *marks)
{
	marks->endpoints = sv->draining.prev;
	marks->frontends = sv->draining_frontends.prev;
}

static void notify_removed(struct svcnat_net *sn, struct svcnat_service *s,
			   const struct marks *marks)
{
	struct svcnat_services *sv = &sn->services;
	struct svcnat_event event = { .service = s };
	struct svcnat_frontend *f;
	struct svcnat_endpoint *e;

	f = list_entry(marks->frontends, struct svcnat_frontend, list);
	list_for_each_entry_continue(f, &sv->draining_frontends, list) {
		event.frontend = f;
		svcnat_notify(sn, SVCNAT_CMD_DEL_NTF, &event);
	}
	event.frontend = NULL;
	e = list_entry(marks->endpoints, struct svcnat_endpoint, drain);
	list_for_each_entry_continue(e, &sv->draining, drain) {
		event.removed = e;
		svcnat_notify(sn, SVCNAT_CMD_DEL_NTF, &event);
	}
}

static void notify_named(struct svcnat_net *sn, struct svcnat_service *s,
			 const struct svcnat_service_spec *spec)
{
	const struct svcnat_endpoints *eps;
	u32 i;

	eps = rcu_dereference_protected(s->endpoints,
					lockdep_is_held(&sn->services.lock));
	for (i = 0; i < spec->num_frontends; i++) {
		const struct svcnat_frontend_spec *f = &spec->frontends[i];
		struct svcnat_event event = { .service = s };

		if (f->outcome == SVCNAT_OUTCOME_SAME)
			continue;
		rcu_read_lock();
		event.frontend = svcnat_frontend_lookup(&sn->services.frontends,
							f->family, &f->addr,
							s->proto, f->port);
		rcu_read_unlock();
		svcnat_notify(sn, f->outcome == SVCNAT_OUTCOME_ADDED ?
			      SVCNAT_CMD_ADD_NTF : SVCNAT_CMD_CHANGE_NTF,
			      &event);
	}
	for (i = 0; i < spec->num_endpoints; i++) {
		const struct svcnat_endpoint_spec *e = &spec->endpoints[i];
		struct svcnat_event event = { .service = s };

		if (e->outcome == SVCNAT_OUTCOME_SAME)
			continue;
		event.entry = svcnat_endpoints_find(eps, e->entry.family,
						    &e->entry.addr,
						    e->entry.port);
		svcnat_notify(sn, e->outcome == SVCNAT_OUTCOME_ADDED ?
			      SVCNAT_CMD_ADD_NTF : SVCNAT_CMD_CHANGE_NTF,
			      &event);
	}
}

static int edit_service(struct svcnat_net *sn, struct svcnat_service *s,
			struct svcnat_service_spec *spec,
			enum svcnat_edit frontends, enum svcnat_edit endpoints,
			struct genl_info *info)
{
	u32 generation = sn->services.generation;
	struct svcnat_event event = { .service = s };
	struct marks marks;
	int err;

	mark(&sn->services, &marks);
	err = svcnat_service_edit(&sn->services, s, spec, frontends, endpoints,
				  info->extack);
	if (err || sn->services.generation == generation)
		return err;
	if (spec->outcome != SVCNAT_OUTCOME_SAME)
		svcnat_notify(sn, SVCNAT_CMD_CHANGE_NTF, &event);
	notify_removed(sn, s, &marks);
	notify_named(sn, s, spec);
	return 0;
}

static int add_service(struct svcnat_net *sn, struct svcnat_service_spec *spec,
		       struct genl_info *info)
{
	struct svcnat_event event;
	int err;

	err = svcnat_service_add(&sn->services, spec, info->extack);
	if (err)
		return err;
	event = (struct svcnat_event) {
		.service = svcnat_service_find(&sn->services, spec->name),
	};
	svcnat_notify(sn, SVCNAT_CMD_ADD_NTF, &event);
	notify_named(sn, (struct svcnat_service *)event.service, spec);
	return 0;
}

/* Whose hooks the frontends that a request names will need. */
static unsigned long families_of(const struct svcnat_service_spec *spec)
{
	unsigned long families = 0;
	u32 i;

	for (i = 0; i < spec->num_frontends; i++)
		families |= svcnat_frontend_families(spec->frontends[i].family);
	return families;
}

static int new_or_replace(struct svcnat_net *sn,
			  struct svcnat_service_spec *spec, bool replace,
			  struct genl_info *info)
{
	struct svcnat_service *s;
	int err;

	if (!spec->proto)
		return svcnat_request_missing(info->extack, spec->origin,
					      SVCNAT_SERVICE_A_PROTO,
					      "the protocol is missing");
	spec->given |= SVCNAT_GIVEN_OPTIONS;	/* or their defaults */
	s = svcnat_service_find(&sn->services, spec->name);
	if (s && !replace) {
		NL_SET_ERR_MSG_ATTR(info->extack, spec->origin,
				    "a service of this name exists already");
		return -EEXIST;
	}
	err = svcnat_hooks_need(sn, families_of(spec));
	if (err)
		return err;
	if (!s)
		return add_service(sn, spec, info);
	return edit_service(sn, s, spec, SVCNAT_EDIT_REPLACE,
			    SVCNAT_EDIT_REPLACE, info);
}

/* A change of an existing service's lists or options. */
static int change_existing(struct svcnat_net *sn,
			   struct svcnat_service_spec *spec,
			   enum svcnat_edit frontends,
			   enum svcnat_edit endpoints, struct genl_info *info)
{
	struct svcnat_service *s;
	int err;

	s = svcnat_service_find(&sn->services, spec->name);
	if (!s)
		return svcnat_request_no_service(info);
	if (frontends != SVCNAT_EDIT_NONE && !spec->num_frontends)
		return svcnat_request_missing(info->extack, NULL,
					      SVCNAT_A_FRONTEND,
					      "the frontend is missing");
	if (endpoints != SVCNAT_EDIT_NONE && !spec->num_endpoints)
		return svcnat_request_missing(info->extack, NULL,
					      SVCNAT_A_ENDPOINT,
					      "the endpoint is missing");
	if (frontends == SVCNAT_EDIT_ADD) {
		err = svcnat_hooks_need(sn, families_of(spec));
		if (err)
			return err;
	}
	spec->proto = s->proto;
	return edit_service(sn, s, spec, frontends, endpoints, info);
}

/* What a request does once it is parsed and the writer lock is held. */
enum action {
	ACTION_NEW,
	ACTION_REPLACE,
	ACTION_SET,
	ACTION_FRONTEND_NEW,
	ACTION_FRONTEND_DEL,
	ACTION_ENDPOINT_NEW,
	ACTION_ENDPOINT_SET,
	ACTION_ENDPOINT_DEL,
};

static int act(struct svcnat_net *sn, struct svcnat_service_spec *spec,
	       enum action action, struct genl_info *info)
{
	switch (action) {
	case ACTION_NEW:
		return new_or_replace(sn, spec, false, info);
	case ACTION_REPLACE:
		return new_or_replace(sn, spec, true, info);
	case ACTION_SET:
		return change_existing(sn, spec, SVCNAT_EDIT_NONE,
				       SVCNAT_EDIT_NONE, info);
	case ACTION_FRONTEND_NEW:
		return change_existing(sn, spec, SVCNAT_EDIT_ADD,
				       SVCNAT_EDIT_NONE, info);
	case ACTION_FRONTEND_DEL:
		return change_existing(sn, spec, SVCNAT_EDIT_DEL,
				       SVCNAT_EDIT_NONE, info);
	case ACTION_ENDPOINT_NEW:
		return change_existing(sn, spec, SVCNAT_EDIT_NONE,
				       SVCNAT_EDIT_ADD, info);
	case ACTION_ENDPOINT_SET:
		return change_existing(sn, spec, SVCNAT_EDIT_NONE,
				       SVCNAT_EDIT_SET, info);
	case ACTION_ENDPOINT_DEL:
		return change_existing(sn, spec, SVCNAT_EDIT_NONE,
				       SVCNAT_EDIT_DEL, info);
	}
	return -EINVAL;
}

static int change(struct genl_info *info, enum action action)
{
	struct svcnat_net *sn = svcnat_pernet(genl_info_net(info));
	struct svcnat_request request;
	int err;

	err = svcnat_request_parse(&request, info);
	if (!err) {
		mutex_lock(&sn->services.lock);
		err = act(sn, &request.spec, action, info);
		svcnat_hooks_settle(sn);
		mutex_unlock(&sn->services.lock);
	}
	svcnat_request_free(&request);
	return err;
}

int svcnat_nl_service_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change(info, ACTION_NEW);
}

int svcnat_nl_service_replace_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change(info, ACTION_REPLACE);
}

int svcnat_nl_service_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change(info, ACTION_SET);
}

int svcnat_nl_frontend_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change(info, ACTION_FRONTEND_NEW);
}

int svcnat_nl_frontend_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change(info, ACTION_FRONTEND_DEL);
}

int svcnat_nl_endpoint_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change(info, ACTION_ENDPOINT_NEW);
}

int svcnat_nl_endpoint_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change(info, ACTION_ENDPOINT_SET);
}

int svcnat_nl_endpoint_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change(info, ACTION_ENDPOINT_DEL);
}

static void del_service(struct svcnat_net *sn, struct svcnat_service *s)
{
	struct svcnat_event event = { .service = s };

	svcnat_notify(sn, SVCNAT_CMD_DEL_NTF, &event);
	svcnat_service_del(&sn->services, s);
}

int svcnat_nl_service_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct svcnat_net *sn = svcnat_pernet(genl_info_net(info));
	struct svcnat_service *s;
	const char *name;
	int err;

	err = svcnat_request_name(info->attrs, &name, info->extack);
	if (err)
		return err;
	if (!name)
		return svcnat_request_missing(info->extack, NULL,
					      SVCNAT_A_SERVICE,
					      "the service is missing");
	mutex_lock(&sn->services.lock);
	s = svcnat_service_find(&sn->services, name);
	if (s)
		del_service(sn, s);
	svcnat_hooks_settle(sn);
	mutex_unlock(&sn->services.lock);
	return s ? 0 : svcnat_request_no_service(info);
}

/* Highest id in use, or 0. */
static unsigned long last_id(struct svcnat_services *sv)
{
	unsigned long id, last = 0;
	struct svcnat_service *s;

	xa_for_each(&sv->ids, id, s) {
		last = id;
		if (!(id % FLUSH_SLICE))
			cond_resched();
	}
	return last;
}

int svcnat_nl_service_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct svcnat_net *sn = svcnat_pernet(genl_info_net(info));
	struct svcnat_services *sv = &sn->services;
	unsigned int slice = FLUSH_SLICE;
	struct svcnat_service *s;
	unsigned long id, last;

	mutex_lock(&sv->lock);
	/* Those that others make meanwhile come later, and are not meant. */
	last = last_id(sv);
	xa_for_each_range(&sv->ids, id, s, 1, last) {
		del_service(sn, s);
		if (--slice)
			continue;
		slice = FLUSH_SLICE;
		mutex_unlock(&sv->lock);
		cond_resched();
		mutex_lock(&sv->lock);
	}
	svcnat_hooks_settle(sn);
	mutex_unlock(&sv->lock);
	return 0;
}
