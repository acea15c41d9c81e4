// SPDX-License-Identifier: GPL-2.0-only
#include <net/netlink.h>

#include "netlink.h"

static int put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put_u64_64bit(skb, type, value, SVCNAT_COUNTER_A_PAD);
}

static int fill_counters(struct sk_buff *skb, int type,
			 const struct svcnat_sums *sums)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest ||
	    put_u64(skb, SVCNAT_COUNTER_A_CONNECTIONS, sums->opened) ||
	    put_u64(skb, SVCNAT_COUNTER_A_REQUEST_PACKETS,
		    sums->packets[SVCNAT_REQUEST]) ||
	    put_u64(skb, SVCNAT_COUNTER_A_REQUEST_BYTES,
		    sums->bytes[SVCNAT_REQUEST]) ||
	    put_u64(skb, SVCNAT_COUNTER_A_REPLY_PACKETS,
		    sums->packets[SVCNAT_REPLY]) ||
	    put_u64(skb, SVCNAT_COUNTER_A_REPLY_BYTES,
		    sums->bytes[SVCNAT_REPLY]))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_account(struct sk_buff *skb, int type,
			const struct svcnat_account *account)
{
	struct svcnat_sums sums = {};

	svcnat_account_sum(account, &sums);
	return fill_counters(skb, type, &sums);
}

/**
 * svcnat_fill_addr() - an address
 * @skb: message
 * @type4: attribute for IPv4
 * @type6: attribute for IPv6
 * @family: AF_INET or AF_INET6
 * @addr: the address
 *
 * Return: 0 or -EMSGSIZE.
 */
int svcnat_fill_addr(struct sk_buff *skb, int type4, int type6, u8 family,
		     const union nf_inet_addr *addr)
{
	if (family == AF_INET)
		return nla_put_be32(skb, type4, addr->ip);
	return nla_put_in6_addr(skb, type6, &addr->in6);
}

/**
 * svcnat_fill_name() - the service that the rest of a message is about
 * @skb: message
 * @s: the service
 *
 * Return: 0 or -EMSGSIZE.
 */
int svcnat_fill_name(struct sk_buff *skb, const struct svcnat_service *s)
{
	struct nlattr *nest = nla_nest_start(skb, SVCNAT_A_SERVICE);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_string(skb, SVCNAT_SERVICE_A_NAME, s->name)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static u32 num_endpoints(const struct svcnat_service *s)
{
	const struct svcnat_endpoints *eps;
	u32 num;

	rcu_read_lock();
	eps = rcu_dereference(s->endpoints);
	num = eps ? eps->num : 0;
	rcu_read_unlock();
	return num;
}

/**
 * svcnat_fill_service() - a service
 * @skb: message
 * @s: the service
 * @sums: its counters, or NULL
 *
 * Context: process, the writer lock.
 * Return: 0 or -EMSGSIZE.
 */
int svcnat_fill_service(struct sk_buff *skb, const struct svcnat_service *s,
			const struct svcnat_sums *sums)
{
	struct nlattr *nest = nla_nest_start(skb, SVCNAT_A_SERVICE);
	const struct svcnat_options *o = &s->options;

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_string(skb, SVCNAT_SERVICE_A_NAME, s->name) ||
	    nla_put_u8(skb, SVCNAT_SERVICE_A_PROTO, s->proto) ||
	    nla_put_u32(skb, SVCNAT_SERVICE_A_AFFINITY, o->affinity) ||
	    nla_put_u8(skb, SVCNAT_SERVICE_A_SCHEDULER, o->scheduler) ||
	    nla_put_u8(skb, SVCNAT_SERVICE_A_INTERNAL_POLICY,
		       o->internal_policy) ||
	    nla_put_u8(skb, SVCNAT_SERVICE_A_EXTERNAL_POLICY,
		       o->external_policy) ||
	    nla_put_u8(skb, SVCNAT_SERVICE_A_ON_REMOVAL, o->on_removal) ||
	    nla_put_u32(skb, SVCNAT_SERVICE_A_FRONTENDS, s->num_frontends) ||
	    nla_put_u32(skb, SVCNAT_SERVICE_A_ENDPOINTS, num_endpoints(s)) ||
	    (sums && fill_counters(skb, SVCNAT_SERVICE_A_COUNTERS, sums))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/* Nothing for a frontend that has no list. */
static int fill_allow(struct sk_buff *skb, const struct svcnat_frontend *f)
{
	const struct svcnat_ranges *allow;
	int err = 0;

	rcu_read_lock();
	allow = rcu_dereference(f->allow);
	if (allow)
		err = svcnat_fill_ranges(skb, SVCNAT_FRONTEND_A_ALLOW, allow);
	rcu_read_unlock();
	return err;
}

/**
 * svcnat_fill_frontend() - a frontend
 * @skb: message
 * @f: the frontend
 * @counters: add its counters
 *
 * Return: 0 or -EMSGSIZE.
 */
int svcnat_fill_frontend(struct sk_buff *skb, const struct svcnat_frontend *f,
			 bool counters)
{
	struct nlattr *nest = nla_nest_start(skb, SVCNAT_A_FRONTEND);

	if (!nest)
		return -EMSGSIZE;
	if ((f->family != AF_UNSPEC &&
	     svcnat_fill_addr(skb, SVCNAT_FRONTEND_A_ADDR4,
			      SVCNAT_FRONTEND_A_ADDR6, f->family, &f->addr)) ||
	    fill_allow(skb, f) ||
	    nla_put_be16(skb, SVCNAT_FRONTEND_A_PORT, f->port) ||
	    nla_put_u8(skb, SVCNAT_FRONTEND_A_KIND, f->kind) ||
	    (counters && fill_account(skb, SVCNAT_FRONTEND_A_COUNTERS,
				      &f->account))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_activity(struct sk_buff *skb, const struct svcnat_entry *e)
{
	struct svcnat_sums sums = {};

	svcnat_account_sum(&e->endpoint->account, &sums);
	if (nla_put_u64_64bit(skb, SVCNAT_ENDPOINT_A_ACTIVE,
			      sums.opened - sums.closed,
			      SVCNAT_ENDPOINT_A_PAD))
		return -EMSGSIZE;
	return fill_counters(skb, SVCNAT_ENDPOINT_A_COUNTERS, &sums);
}

static int fill_place(struct sk_buff *skb, u8 family,
		      const union nf_inet_addr *addr, __be16 port)
{
	if (svcnat_fill_addr(skb, SVCNAT_ENDPOINT_A_ADDR4,
			     SVCNAT_ENDPOINT_A_ADDR6, family, addr))
		return -EMSGSIZE;
	return nla_put_be16(skb, SVCNAT_ENDPOINT_A_PORT, port);
}

/**
 * svcnat_fill_removed() - an endpoint that is none any more: its name alone
 * @skb: message
 * @e: the endpoint
 *
 * Return: 0 or -EMSGSIZE.
 */
int svcnat_fill_removed(struct sk_buff *skb, const struct svcnat_endpoint *e)
{
	struct nlattr *nest = nla_nest_start(skb, SVCNAT_A_ENDPOINT);

	if (!nest)
		return -EMSGSIZE;
	if (fill_place(skb, e->family, &e->addr, e->port)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * svcnat_fill_endpoint() - an endpoint
 * @skb: message
 * @e: its entry
 * @counters: add its flows and counters
 *
 * Return: 0 or -EMSGSIZE.
 */
int svcnat_fill_endpoint(struct sk_buff *skb, const struct svcnat_entry *e,
			 bool counters)
{
	struct nlattr *nest = nla_nest_start(skb, SVCNAT_A_ENDPOINT);

	if (!nest)
		return -EMSGSIZE;
	if (fill_place(skb, e->family, &e->addr, e->port) ||
	    nla_put_u32(skb, SVCNAT_ENDPOINT_A_WEIGHT, e->weight) ||
	    nla_put_u8(skb, SVCNAT_ENDPOINT_A_STATE, e->state) ||
	    nla_put_u8(skb, SVCNAT_ENDPOINT_A_PLACE, e->place) ||
	    (counters && fill_activity(skb, e))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}
