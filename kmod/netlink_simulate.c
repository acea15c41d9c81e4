// SPDX-License-Identifier: GPL-2.0-only
/* What would become of a packet: asked of the function that the hooks ask. */
#include <linux/netdevice.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "compat.h"
#include "lookup.h"
#include "netlink.h"

/* The question and its answer, for one part of the dump. */
struct simulation {
	struct svcnat_net	*sn;
	struct svcnat_tuple	tuple;
	struct svcnat_query	query;
	struct svcnat_decision	decision;
};

static int parse_addr(struct nlattr *const *tb, const struct nlattr *nest,
		      u32 addr4, u32 addr6, u8 *family,
		      union nf_inet_addr *addr, struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = tb[addr4] ?: tb[addr6];

	if (!attr)
		return svcnat_request_missing(extack, nest, addr4,
					      "an address is missing");
	if ((tb[addr4] && tb[addr6]) ||
	    (*family && *family != (tb[addr4] ? AF_INET : AF_INET6))) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the addresses are not of one family");
		return -EINVAL;
	}
	if (tb[addr4]) {
		*family = AF_INET;
		addr->ip = nla_get_be32(attr);
	} else {
		*family = AF_INET6;
		addr->in6 = nla_get_in6_addr(attr);
	}
	return 0;
}

static int parse_tuple(struct nlattr *const *tb, const struct nlattr *nest,
		       struct svcnat_tuple *t, struct netlink_ext_ack *extack)
{
	int err;

	if (!tb[SVCNAT_QUERY_A_PROTO])
		return svcnat_request_missing(extack, nest,
					      SVCNAT_QUERY_A_PROTO,
					      "the protocol is missing");
	if (!tb[SVCNAT_QUERY_A_SRC_PORT] || !tb[SVCNAT_QUERY_A_DST_PORT])
		return svcnat_request_missing(extack, nest,
					      tb[SVCNAT_QUERY_A_SRC_PORT] ?
					      SVCNAT_QUERY_A_DST_PORT :
					      SVCNAT_QUERY_A_SRC_PORT,
					      "a port is missing");
	err = svcnat_request_proto(tb[SVCNAT_QUERY_A_PROTO], &t->proto, extack);
	if (err)
		return err;
	t->sport = nla_get_be16(tb[SVCNAT_QUERY_A_SRC_PORT]);
	t->dport = nla_get_be16(tb[SVCNAT_QUERY_A_DST_PORT]);
	err = parse_addr(tb, nest, SVCNAT_QUERY_A_SRC4, SVCNAT_QUERY_A_SRC6,
			 &t->family, &t->src, extack);
	if (err)
		return err;
	return parse_addr(tb, nest, SVCNAT_QUERY_A_DST4, SVCNAT_QUERY_A_DST6,
			  &t->family, &t->dst, extack);
}

static int find_device(struct simulation *sim, struct nlattr *const *tb,
		       struct netlink_ext_ack *extack)
{
	const struct nlattr *iif = tb[SVCNAT_QUERY_A_IIF];

	if (!iif)
		return 0;
	if (tb[SVCNAT_QUERY_A_LOCAL]) {
		NL_SET_ERR_MSG_ATTR(extack, iif,
				    "a packet of the node's own comes in by no device");
		return -EINVAL;
	}
	sim->query.dev = dev_get_by_index_rcu(sim->sn->net, nla_get_u32(iif));
	if (sim->query.dev)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, iif, "there is no such device");
	return -ENODEV;
}

static int parse_query(struct simulation *sim, struct netlink_callback *cb)
{
	const struct nlattr *nest = svcnat_dump_attrs(cb)[SVCNAT_A_QUERY];
	struct nlattr *tb[SVCNAT_QUERY_A_MAX + 1];
	int err;

	if (!nest)
		return svcnat_request_missing(cb->extack, NULL, SVCNAT_A_QUERY,
					      "the packet is missing");
	err = nla_parse_nested(tb, SVCNAT_QUERY_A_MAX, nest,
			       svcnat_policy_query_nest, cb->extack);
	if (!err)
		err = parse_tuple(tb, nest, &sim->tuple, cb->extack);
	if (err)
		return err;
	sim->query = (struct svcnat_query) {
		.tuple = &sim->tuple, .opens = true,
		.local = tb[SVCNAT_QUERY_A_LOCAL],
	};
	return find_device(sim, tb, cb->extack);
}

/* Where no hook is, no packet is looked at. */
static void ask(struct simulation *sim)
{
	unsigned int family = svcnat_family_index(sim->tuple.family);

	if (sim->sn->hooked & BIT(family))
		svcnat_lookup(&sim->sn->services, &sim->query, &sim->decision);
}

static bool may_get(const struct simulation *sim, const struct svcnat_entry *e)
{
	const struct svcnat_decision *d = &sim->decision;

	if (d->verdict != SVCNAT_TRANSLATE || e->family != sim->tuple.family)
		return false;
	return d->affinity_hit ? e == d->entry : svcnat_entry_in(e, d->list);
}

static bool hides(const struct simulation *sim, const struct svcnat_entry *e)
{
	return svcnat_lookup_hides(&sim->sn->services, &sim->query,
				   &sim->decision, e);
}

static bool hides_any(const struct simulation *sim)
{
	const struct svcnat_endpoints *eps = sim->decision.endpoints;
	u32 i;

	for (i = 0; eps && i < eps->num; i++)
		if (may_get(sim, &eps->entry[i]) && hides(sim, &eps->entry[i]))
			return true;
	return false;
}

static int fill_answer(struct sk_buff *skb, const struct simulation *sim)
{
	static const u8 answers[] = {
		[SVCNAT_PASS]		= SVCNAT_ANSWER_ACCEPT,
		[SVCNAT_TRANSLATE]	= SVCNAT_ANSWER_DNAT,
		[SVCNAT_DROP]		= SVCNAT_ANSWER_DROP,
		[SVCNAT_REJECT]		= SVCNAT_ANSWER_REJECT,
	};
	const struct svcnat_decision *d = &sim->decision;
	struct nlattr *nest;

	if (d->service && svcnat_fill_name(skb, d->service))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, SVCNAT_A_ANSWER);
	if (!nest ||
	    nla_put_u8(skb, SVCNAT_ANSWER_A_VERDICT, answers[d->verdict]) ||
	    (d->reason &&
	     nla_put_u32(skb, SVCNAT_ANSWER_A_REASON, d->reason)) ||
	    (d->verdict == SVCNAT_TRANSLATE &&
	     nla_put_u8(skb, SVCNAT_ANSWER_A_POLICY,
			d->list == SVCNAT_LIST_LOCAL ? SVCNAT_POLICY_LOCAL :
						       SVCNAT_POLICY_CLUSTER)) ||
	    nla_put_u8(skb, SVCNAT_ANSWER_A_AFFINITY_HIT, d->affinity_hit) ||
	    nla_put_u8(skb, SVCNAT_ANSWER_A_MASQUERADE, hides_any(sim)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_choice(struct sk_buff *skb, const struct simulation *sim,
		       const struct svcnat_entry *e)
{
	struct nlattr *nest = nla_nest_start(skb, SVCNAT_A_ENDPOINT);

	if (!nest ||
	    svcnat_fill_addr(skb, SVCNAT_ENDPOINT_A_ADDR4,
			     SVCNAT_ENDPOINT_A_ADDR6, e->family, &e->addr) ||
	    nla_put_be16(skb, SVCNAT_ENDPOINT_A_PORT, e->port) ||
	    nla_put_u8(skb, SVCNAT_ENDPOINT_A_MASQUERADE, hides(sim, e)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* The answer if there is no entry, or an endpoint that it might be */
static int put(struct sk_buff *skb, struct netlink_callback *cb,
	       const struct simulation *sim, const struct svcnat_entry *e)
{
	void *header = svcnat_dump_begin(skb, cb, SVCNAT_CMD_SIMULATE);
	int err;

	if (!header)
		return -EMSGSIZE;
	err = e ? fill_choice(skb, sim, e) : fill_answer(skb, sim);
	return svcnat_dump_end(skb, header, err);
}

/* From where the dump is, until the message is full: position 0 is the answer */
static int show(struct sk_buff *skb, struct netlink_callback *cb,
		const struct simulation *sim)
{
	const struct svcnat_endpoints *eps = sim->decision.endpoints;
	struct svcnat_dump *at = svcnat_dump(cb);
	const struct svcnat_entry *e;
	int err;

	if (!at->at) {
		err = put(skb, cb, sim, NULL);
		if (err)
			return err;
		at->at = 1;
	}
	for (; eps && at->at <= eps->num; at->at++) {
		e = &eps->entry[at->at - 1];
		err = may_get(sim, e) ? put(skb, cb, sim, e) : 0;
		if (err)
			return err;
	}
	return 0;
}

int svcnat_nl_simulate_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct simulation sim = { .sn = svcnat_pernet(sock_net(skb->sk)) };
	int err;

	mutex_lock(&sim.sn->services.lock);
	cb->seq = sim.sn->services.generation;
	rcu_read_lock();
	err = parse_query(&sim, cb);
	if (!err) {
		ask(&sim);
		err = show(skb, cb, &sim);
	}
	rcu_read_unlock();
	mutex_unlock(&sim.sn->services.lock);
	return skb->len ?: err;
}
