// SPDX-License-Identifier: GPL-2.0-only
#include <net/netlink.h>
#include <net/sock.h>

#include "hook.h"
#include "netlink.h"

/* A walk through the table that puts one message an entry. */
struct walk {
	struct sk_buff		*skb;
	struct netlink_callback	*cb;
	struct svcnat_net	*sn;
	u32			only;
};

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
	struct walk w = {
		.skb = skb, .cb = cb,
		.sn = svcnat_pernet(sock_net(skb->sk)), .only = at->only,
	};
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

int svcnat_nl_affinity_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct svcnat_net *sn = svcnat_pernet(genl_info_net(info));
	struct svcnat_service *only = NULL;
	const char *name;
	int err;

	err = svcnat_request_name(info->attrs, &name, info->extack);
	if (err)
		return err;
	mutex_lock(&sn->services.lock);
	if (name)
		only = svcnat_service_find(&sn->services, name);
	if (name && !only)
		err = svcnat_request_no_service(info);
	else
		svcnat_affinity_flush(&sn->services.affinity,
				      only ? only->id : 0);
	mutex_unlock(&sn->services.lock);
	return err;
}
