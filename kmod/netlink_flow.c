// SPDX-License-Identifier: GPL-2.0-only
#include <net/netlink.h>
#include <net/sock.h>

#include "compat.h"
#include "drain.h"
#include "hook.h"
#include "netlink.h"

#define SLICE	4096	/* flows looked at before others have the writer lock */

/* A walk through the table that puts one message a flow. */
struct walk {
	struct sk_buff		*skb;
	struct netlink_callback	*cb;
	struct svcnat_net	*sn;
	const char		*name;
	u32			left;
};

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

	if (!w->left)
		return SVCNAT_VISIT_STOP;
	w->left--;
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

/* A removed service has flows as long as endpoints of it drain. */
static bool has_flows(struct svcnat_services *sv, const char *name)
{
	return svcnat_service_find(sv, name) || svcnat_drain_named(sv, name);
}

int svcnat_nl_flow_dump_start(struct netlink_callback *cb)
{
	struct svcnat_net *sn = svcnat_pernet(sock_net(cb->skb->sk));
	struct svcnat_dump *at = svcnat_dump(cb);
	const char *name;
	int err;

	err = svcnat_nl_dump_start(cb);
	if (err || !at->missing)
		return err;
	svcnat_request_name(svcnat_dump_attrs(cb), &name, NULL);
	mutex_lock(&sn->services.lock);
	at->missing = !has_flows(&sn->services, name);
	mutex_unlock(&sn->services.lock);
	return 0;
}

/* Goes on until there is something to send, or nothing more to look at. */
static bool walk_flows(struct walk *w, struct svcnat_dump *at)
{
	bool done;

	do {
		w->left = SLICE;
		mutex_lock(&w->sn->services.lock);
		w->cb->seq = w->sn->flows.table.resizes + 1;
		/* Before the first message, too, nothing may be missed. */
		if (!w->cb->prev_seq)
			w->cb->prev_seq = w->cb->seq;
		done = svcnat_flows_walk(&w->sn->flows, &at->at, &at->skip,
					 show_flow, w);
		mutex_unlock(&w->sn->services.lock);
	} while (!done && !w->left && !w->skb->len);
	return done;
}

/*
 * By name: a service that was made again owns the flows of the old one too, and
 * one that was removed those that go on.
 */
int svcnat_nl_flow_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct walk w = {
		.skb = skb, .cb = cb,
		.sn = svcnat_pernet(sock_net(skb->sk)),
	};
	int err;

	err = svcnat_nl_dump_refuse(cb);
	if (!err)
		err = svcnat_request_name(svcnat_dump_attrs(cb), &w.name,
					  cb->extack);
	if (err)
		return err;
	return walk_flows(&w, svcnat_dump(cb)) || skb->len ? skb->len :
							     -EMSGSIZE;
}

/* A flush of flows: all, or those of a name. */
struct flush {
	const char	*name;
	u32		left;
};

static enum svcnat_visit flush_flow(const struct svcnat_flows *flows,
				    const struct svcnat_hit *hit, void *arg)
{
	const struct svcnat_service *s;
	struct flush *f = arg;

	if (!f->left)
		return SVCNAT_VISIT_STOP;
	f->left--;
	if (!f->name)
		return SVCNAT_VISIT_DELETE;
	s = service_of(hit->endpoint);
	return s && !strcmp(s->name, f->name) ? SVCNAT_VISIT_DELETE :
						SVCNAT_VISIT_NEXT;
}

/* The writer lock is held, and let go of in between. */
static void flush_flows(struct svcnat_net *sn, const char *name)
{
	struct flush f = { .name = name, .left = SLICE };
	u32 resizes = sn->flows.table.resizes;
	u32 bucket = 0, skip = 0;

	while (!svcnat_flows_walk(&sn->flows, &bucket, &skip, flush_flow, &f)) {
		mutex_unlock(&sn->services.lock);
		cond_resched();
		mutex_lock(&sn->services.lock);
		f.left = SLICE;
		if (sn->flows.table.resizes == resizes)
			continue;
		/* Flows have moved, perhaps to where it was already. */
		resizes = sn->flows.table.resizes;
		bucket = 0;
		skip = 0;
	}
}

int svcnat_nl_flow_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct svcnat_net *sn = svcnat_pernet(genl_info_net(info));
	const char *name;
	int err;

	err = svcnat_request_name(info->attrs, &name, info->extack);
	if (err)
		return err;
	mutex_lock(&sn->services.lock);
	if (name && !has_flows(&sn->services, name))
		err = svcnat_request_no_service(info);
	else
		flush_flows(sn, name);
	svcnat_hooks_settle(sn);
	mutex_unlock(&sn->services.lock);
	return err;
}
