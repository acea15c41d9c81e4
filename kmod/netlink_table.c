// SPDX-License-Identifier: GPL-2.0-only
#include <net/netlink.h>
#include <net/sock.h>

#include "drain.h"
#include "hook.h"
#include "netlink.h"

/* A walk through a table that puts one message an entry. */
struct walk {
	struct sk_buff		*skb;
	struct netlink_callback	*cb;
	struct svcnat_net	*sn;
	u32			only;
	const char		*name;
};

static struct walk walk_of(struct sk_buff *skb, struct netlink_callback *cb)
{
	return (struct walk) {
		.skb = skb, .cb = cb,
		.sn = svcnat_pernet(sock_net(skb->sk)),
		.only = svcnat_dump(cb)->only,
	};
}

static int fill_pin(struct sk_buff *skb, const struct svcnat_pin *pin,
		    const struct svcnat_entry *e, u32 expires)
{
	struct nlattr *nest = nla_nest_start(skb, SVCNAT_A_AFFINITY);

	if (!nest ||
	    svcnat_fill_addr(skb, SVCNAT_AFFINITY_A_CLIENT4,
			     SVCNAT_AFFINITY_A_CLIENT6, pin->client.family,
			     &pin->client.addr) ||
	    (e && svcnat_fill_addr(skb, SVCNAT_AFFINITY_A_ENDPOINT4,
				   SVCNAT_AFFINITY_A_ENDPOINT6, e->family,
				   &e->addr)) ||
	    (e && nla_put_be16(skb, SVCNAT_AFFINITY_A_ENDPOINT_PORT,
			       e->port)) ||
	    nla_put_u32(skb, SVCNAT_AFFINITY_A_EXPIRES, expires))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* RCU read side: see svcnat_affinity_walk(). */
static bool show_pin(const struct svcnat_pin *pin, void *arg)
{
	const struct svcnat_entry *e;
	struct walk *w = arg;
	struct svcnat_service *s;
	unsigned long age;
	u32 timeout;
	void *header;
	int err;

	if (w->only && pin->client.service != w->only)
		return true;
	s = svcnat_service_by_id(&w->sn->services, pin->client.service);
	if (!s)
		return true;
	timeout = READ_ONCE(s->options.affinity) ?: READ_ONCE(pin->timeout);
	age = (jiffies - READ_ONCE(pin->stamp)) / HZ;
	if (age >= timeout)
		return true;
	header = svcnat_dump_begin(w->skb, w->cb, SVCNAT_CMD_AFFINITY_GET);
	if (!header)
		return false;
	err = svcnat_fill_name(w->skb, s);
	e = svcnat_endpoints_find_id(rcu_dereference(s->endpoints),
				     READ_ONCE(pin->endpoint));
	if (!err)
		err = fill_pin(w->skb, pin, e, timeout - age);
	return !svcnat_dump_end(w->skb, header, err);
}

int svcnat_nl_affinity_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	struct svcnat_dump *at = svcnat_dump(cb);
	struct walk w = walk_of(skb, cb);
	bool done;
	int err;

	err = svcnat_nl_dump_refuse(cb);
	if (err)
		return err;
	mutex_lock(&w.sn->services.lock);
	cb->seq = w.sn->services.affinity.table.resizes + 1;
	done = svcnat_affinity_walk(&w.sn->services.affinity, &at->at,
				    &at->skip, show_pin, &w);
	mutex_unlock(&w.sn->services.lock);
	return done || skb->len ? skb->len : -EMSGSIZE;
}

/* The service that a flush is limited to: NULL for none. */
static int flush_only(struct svcnat_net *sn, struct genl_info *info,
		      struct svcnat_service **only)
{
	const char *name;
	int err;

	*only = NULL;
	err = svcnat_request_name(info->attrs, &name, info->extack);
	if (err || !name)
		return err;
	*only = svcnat_service_find(&sn->services, name);
	if (*only)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SVCNAT_A_SERVICE],
			    "there is no such service");
	return -ENOENT;
}

int svcnat_nl_affinity_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct svcnat_net *sn = svcnat_pernet(genl_info_net(info));
	struct svcnat_service *only;
	int err;

	mutex_lock(&sn->services.lock);
	err = flush_only(sn, info, &only);
	if (!err)
		svcnat_affinity_flush(&sn->services.affinity,
				      only ? only->id : 0);
	mutex_unlock(&sn->services.lock);
	return err;
}

/* NULL for a direct flow, which is nobody's. */
static struct svcnat_service *service_of(struct svcnat_account *account)
{
	if (READ_ONCE(account->flags) & SVCNAT_ACCOUNT_DIRECT)
		return NULL;
	return container_of(account, struct svcnat_endpoint, account)->owner;
}

static int fill_flow(struct sk_buff *skb, const struct svcnat_flow_view *v)
{
	struct nlattr *nest = nla_nest_start(skb, SVCNAT_A_FLOW);
	const struct svcnat_tuple *t = &v->tuple;

	if (!nest || nla_put_u8(skb, SVCNAT_FLOW_A_PROTO, t->proto) ||
	    nla_put_u8(skb, SVCNAT_FLOW_A_STATE, v->state) ||
	    nla_put_u32(skb, SVCNAT_FLOW_A_IDLE, v->idle) ||
	    svcnat_fill_addr(skb, SVCNAT_FLOW_A_CLIENT4,
			     SVCNAT_FLOW_A_CLIENT6, t->family, &t->src) ||
	    nla_put_be16(skb, SVCNAT_FLOW_A_CLIENT_PORT, t->sport) ||
	    svcnat_fill_addr(skb, SVCNAT_FLOW_A_VIP4, SVCNAT_FLOW_A_VIP6,
			     t->family, &t->dst) ||
	    nla_put_be16(skb, SVCNAT_FLOW_A_VIP_PORT, t->dport) ||
	    svcnat_fill_addr(skb, SVCNAT_FLOW_A_ENDPOINT4,
			     SVCNAT_FLOW_A_ENDPOINT6, t->family, &v->addr) ||
	    nla_put_be16(skb, SVCNAT_FLOW_A_ENDPOINT_PORT, v->port))
		return -EMSGSIZE;
	if (v->masquerade &&
	    (svcnat_fill_addr(skb, SVCNAT_FLOW_A_SNAT4, SVCNAT_FLOW_A_SNAT6,
			      t->family, &v->snat) ||
	     nla_put_be16(skb, SVCNAT_FLOW_A_SNAT_PORT, v->snat_port)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* RCU read side: see svcnat_flows_walk(). */
static enum svcnat_visit show_flow(const struct svcnat_flows *flows,
				   const struct svcnat_hit *hit, void *arg)
{
	struct svcnat_flow_view view;
	struct svcnat_service *s;
	struct walk *w = arg;
	void *header;
	int err;

	if (!svcnat_flow_view(hit, &view))
		return SVCNAT_VISIT_NEXT;
	s = service_of(view.endpoint);
	if (w->name && !(s && !strcmp(s->name, w->name)))
		return SVCNAT_VISIT_NEXT;
	header = svcnat_dump_begin(w->skb, w->cb, SVCNAT_CMD_FLOW_GET);
	if (!header)
		return SVCNAT_VISIT_STOP;
	err = s ? svcnat_fill_name(w->skb, s) : 0;
	if (!err)
		err = fill_flow(w->skb, &view);
	err = svcnat_dump_end(w->skb, header, err);
	return err ? SVCNAT_VISIT_STOP : SVCNAT_VISIT_NEXT;
}

int svcnat_nl_flow_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct svcnat_dump *at = svcnat_dump(cb);
	struct walk w = walk_of(skb, cb);
	struct svcnat_service *only;
	bool done = true;
	int err;

	err = svcnat_nl_dump_refuse(cb);
	if (err)
		return err;
	mutex_lock(&w.sn->services.lock);
	only = svcnat_service_by_id(&w.sn->services, w.only);
	w.name = only ? only->name : NULL;
	cb->seq = w.sn->flows.table.resizes + 1;
	/* The service that was asked for may be gone meanwhile. */
	if (only || !w.only)
		done = svcnat_flows_walk(&w.sn->flows, &at->at, &at->skip,
					 show_flow, &w);
	mutex_unlock(&w.sn->services.lock);
	return done || skb->len ? skb->len : -EMSGSIZE;
}

/* By name: a service that was made again owns the flows of the old one too. */
static enum svcnat_visit flush_flow(const struct svcnat_flows *flows,
				    const struct svcnat_hit *hit, void *arg)
{
	const struct svcnat_service *s, *only = arg;

	if (!only)
		return SVCNAT_VISIT_DELETE;
	s = service_of(hit->endpoint);
	return s && !strcmp(s->name, only->name) ? SVCNAT_VISIT_DELETE :
						   SVCNAT_VISIT_NEXT;
}

int svcnat_nl_flow_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct svcnat_net *sn = svcnat_pernet(genl_info_net(info));
	struct svcnat_service *only;
	u32 bucket = 0, skip = 0;
	int err;

	mutex_lock(&sn->services.lock);
	err = flush_only(sn, info, &only);
	if (!err)
		svcnat_flows_walk(&sn->flows, &bucket, &skip, flush_flow,
				  only);
	svcnat_hooks_settle(sn);
	mutex_unlock(&sn->services.lock);
	return err;
}
