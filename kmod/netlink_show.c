// SPDX-License-Identifier: GPL-2.0-only
#include <net/netlink.h>
#include <net/sock.h>

#include "compat.h"
#include "netlink.h"

/* One message of a dump, or of the answer to a question about one service. */
struct message {
	struct sk_buff		*skb;
	struct netlink_callback	*cb;	/* NULL if not a dump */
	struct genl_info	*info;	/* NULL if a dump */
	u8			cmd;
	bool			counters;
	bool			frontends;
	bool			endpoints;
	struct svcnat_services	*services;
};

static void dump_message(struct message *m, struct sk_buff *skb,
			 struct netlink_callback *cb, enum svcnat_cmd cmd)
{
	struct svcnat_net *sn = svcnat_pernet(sock_net(skb->sk));
	struct nlattr **attrs = svcnat_dump_attrs(cb);

	*m = (struct message) {
		.skb = skb, .cb = cb, .cmd = cmd,
		.counters = attrs[SVCNAT_A_WITH_STATS],
		.frontends = attrs[SVCNAT_A_WITH_FRONTENDS],
		.endpoints = attrs[SVCNAT_A_WITH_ENDPOINTS],
		.services = &sn->services,
	};
}

static void *begin(struct message *m)
{
	if (m->cb)
		return svcnat_dump_begin(m->skb, m->cb, m->cmd);
	return genlmsg_put_reply(m->skb, m->info, &svcnat_family, 0, m->cmd);
}

static int end(struct message *m, const struct svcnat_service *s, void *header,
	       int err)
{
	if (!err)
		err = nla_put_u32(m->skb, SVCNAT_A_GENERATION, s->generation);
	return svcnat_dump_end(m->skb, header, err);
}

static int put_service(struct message *m, struct svcnat_service *s)
{
	struct svcnat_sums sums;
	void *header;

	header = begin(m);
	if (!header)
		return -EMSGSIZE;
	if (m->counters)
		svcnat_service_sums(m->services, s, &sums);
	return end(m, s, header,
		   svcnat_fill_service(m->skb, s, m->counters ? &sums : NULL));
}

static int put_frontend(struct message *m, struct svcnat_service *s,
			struct svcnat_frontend *f)
{
	void *header = begin(m);
	int err;

	if (!header)
		return -EMSGSIZE;
	err = svcnat_fill_name(m->skb, s);
	if (!err)
		err = svcnat_fill_frontend(m->skb, f, m->counters);
	return end(m, s, header, err);
}

static int put_endpoint(struct message *m, struct svcnat_service *s,
			const struct svcnat_entry *e)
{
	void *header = begin(m);
	int err;

	if (!header)
		return -EMSGSIZE;
	err = svcnat_fill_name(m->skb, s);
	if (!err)
		err = svcnat_fill_endpoint(m->skb, e, m->counters);
	return end(m, s, header, err);
}

static int refuse_members(struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[SVCNAT_A_WITH_FRONTENDS] ?:
				    info->attrs[SVCNAT_A_WITH_ENDPOINTS];

	if (!attr)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, attr,
			    "only a dump can show frontends and endpoints");
	return -EINVAL;
}

int svcnat_nl_service_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct svcnat_net *sn = svcnat_pernet(genl_info_net(info));
	struct message m = {
		.info = info, .cmd = SVCNAT_CMD_SERVICE_GET,
		.services = &sn->services,
		.counters = info->attrs[SVCNAT_A_WITH_STATS],
	};
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
	err = refuse_members(info);
	if (err)
		return err;
	m.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!m.skb)
		return -ENOMEM;
	mutex_lock(&sn->services.lock);
	s = svcnat_service_find(&sn->services, name);
	err = s ? put_service(&m, s) : -ENOENT;
	mutex_unlock(&sn->services.lock);
	if (!err)
		return genlmsg_reply(m.skb, info);
	if (!s)
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[SVCNAT_A_SERVICE],
				    "there is no such service");
	nlmsg_free(m.skb);
	return err;
}

/* What a dump shows one state of; changes if that is gone. */
static u32 dump_generation(const struct message *m,
			   const struct svcnat_dump *at)
{
	struct svcnat_service *s = NULL;

	if (at->only)
		s = svcnat_service_by_id(m->services, at->only);
	return s ? s->generation : m->services->generation;
}

/*
 * Walk the services from where the dump is.  @show puts what the dump is about
 * from position at->at on, and advances it; -EMSGSIZE: the message is full.
 */
static int dump_services(struct sk_buff *skb, struct netlink_callback *cb,
			 enum svcnat_cmd cmd,
			 int (*show)(struct message *m,
				     struct svcnat_service *s, u32 *position))
{
	struct svcnat_dump *at = svcnat_dump(cb);
	struct svcnat_service *s;
	unsigned long id = at->service;
	struct message m;
	int err;

	err = svcnat_nl_dump_refuse(cb);
	if (err)
		return err;
	dump_message(&m, skb, cb, cmd);
	mutex_lock(&m.services->lock);
	cb->seq = dump_generation(&m, at);
	xa_for_each_start(&m.services->ids, id, s, at->service) {
		if (at->only && id != at->only)
			break;
		if (id != at->service)
			at->at = 0;
		at->service = id;
		err = show(&m, s, &at->at);
		if (err)
			break;
		/* Done with this one, whatever it looks like next time. */
		at->service = id + 1;
		at->at = 0;
		if (at->only)
			break;
	}
	mutex_unlock(&m.services->lock);
	return skb->len ?: err;
}

static int show_frontends(struct message *m, struct svcnat_service *s,
			  u32 *position)
{
	struct svcnat_frontend *f;
	u32 i = 0;
	int err;

	list_for_each_entry(f, &s->frontends, list) {
		if (i++ < *position)
			continue;
		err = put_frontend(m, s, f);
		if (err)
			return err;
		*position = i;
	}
	return 0;
}

static int show_endpoints(struct message *m, struct svcnat_service *s,
			  u32 *position)
{
	const struct svcnat_endpoints *eps;
	int err;

	eps = rcu_dereference_protected(s->endpoints,
					lockdep_is_held(&m->services->lock));
	for (; eps && *position < eps->num; (*position)++) {
		err = put_endpoint(m, s, &eps->entry[*position]);
		if (err)
			return err;
	}
	return 0;
}

/* The service itself is position 0, its members follow. */
static int show_service(struct message *m, struct svcnat_service *s,
			u32 *position)
{
	u32 members = 1 + (m->frontends ? s->num_frontends : 0);
	u32 at;
	int err;

	if (!*position) {
		err = put_service(m, s);
		if (err)
			return err;
		*position = 1;
	}
	if (*position < members) {
		at = *position - 1;
		err = show_frontends(m, s, &at);
		*position = 1 + at;
		if (err)
			return err;
	}
	if (!m->endpoints)
		return 0;
	at = *position - members;
	err = show_endpoints(m, s, &at);
	*position = members + at;
	return err;
}

int svcnat_nl_service_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	return dump_services(skb, cb, SVCNAT_CMD_SERVICE_GET, show_service);
}

int svcnat_nl_frontend_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	return dump_services(skb, cb, SVCNAT_CMD_FRONTEND_GET, show_frontends);
}

int svcnat_nl_endpoint_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	return dump_services(skb, cb, SVCNAT_CMD_ENDPOINT_GET, show_endpoints);
}
