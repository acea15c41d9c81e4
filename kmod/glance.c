// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/ip.h>

#include "conntrack.h"
#include "glance.h"

/**
 * struct glance - what is seen at once
 * @src: source address
 * @dst: destination address
 * @ports: source and destination port, if they are there; else NULL
 */
struct glance {
	const __be32	*src;
	const __be32	*dst;
	const __be16	*ports;
};

#define PORTS	(2 * sizeof(__be16))

/* An ICMP error is for those whom its quote is about. */
static __always_inline bool look4(const struct sk_buff *skb, struct glance *g)
{
	const unsigned int at = skb_network_offset(skb);
	const struct iphdr *iph = ip_hdr(skb);

	if (at > U16_MAX || at + sizeof(*iph) + PORTS > skb_headlen(skb) ||
	    iph->protocol == IPPROTO_ICMP)
		return false;
	g->src = &iph->saddr;
	g->dst = &iph->daddr;
	g->ports = iph->ihl == 5 && !ip_is_fragment(iph) ?
		   (const __be16 *)(iph + 1) : NULL;
	return true;
}

/* Behind an extension header may be anything. */
static bool look6(const struct sk_buff *skb, struct glance *g)
{
	const unsigned int at = skb_network_offset(skb);
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);

	if (at > U16_MAX || at + sizeof(*ip6h) + PORTS > skb_headlen(skb) ||
	    !svcnat_proto_has_ports(ip6h->nexthdr))
		return false;
	g->src = ip6h->saddr.s6_addr32;
	g->dst = ip6h->daddr.s6_addr32;
	g->ports = (const __be16 *)(ip6h + 1);
	return true;
}

static __always_inline bool look(const struct sk_buff *skb, u8 family,
				 struct glance *g)
{
	return family == AF_INET ? look4(skb, g) : look6(skb, g);
}

/* Is it for an address that no service has yet, perhaps? */
static bool may_be_vacant(const struct svcnat_net *sn, u8 family,
			  const __be32 *addr)
{
	const struct svcnat_ranges *zone;
	union nf_inet_addr dst = { };

	zone = rcu_dereference(sn->services.zone[SVCNAT_ZONE_SERVICES]);
	if (likely(!svcnat_ranges_have(zone, family)))
		return false;
	memcpy(&dst, addr, svcnat_addr_words(family) * sizeof(*addr));
	return svcnat_ranges_contain(zone, family, &dst);
}

static __always_inline bool may_be_nodeport(const struct svcnat_net *sn,
					    const __be16 *ports)
{
	if (!READ_ONCE(sn->services.frontends.num_nodeports))
		return false;
	return !ports ||
	       svcnat_filter_get(&sn->filter, svcnat_filter_port(ports[1])) &
	       SVCNAT_FILTER_FRONTEND;
}

/* Is its destination none of these, and none that services may have? */
static __always_inline bool is_nobodys(const struct svcnat_net *sn,
				       const struct sk_buff *skb, u8 family,
				       unsigned int kinds)
{
	struct glance g;

	return look(skb, family, &g) &&
	       !(svcnat_filter_get(&sn->filter,
				   svcnat_filter_address(family, g.dst)) &
		 kinds) &&
	       !may_be_nodeport(sn, g.ports) &&
	       !may_be_vacant(sn, family, g.dst);
}

/**
 * svcnat_glance_first() - is a packet certainly nobody's where it comes in?
 * @sn: of the netns; its tables were started
 * @skb: before its first stage
 * @family: AF_INET or AF_INET6, of the hook
 *
 * Context: RCU read side.
 * Return: true if its destination is no frontend, nor that of a packet of a
 * flow, nor has any flow it for its endpoint.
 */
bool svcnat_glance_first(const struct svcnat_net *sn, const struct sk_buff *skb,
			 u8 family)
{
	return is_nobodys(sn, skb, family,
			  SVCNAT_FILTER_FRONTEND | SVCNAT_FILTER_FLOW);
}

/**
 * svcnat_glance_refuse() - is a packet certainly not to be refused?
 * @sn: of the netns; its tables were started
 * @skb: between its two stages
 * @family: AF_INET or AF_INET6, of the hook
 *
 * Context: RCU read side.
 * Return: true if its destination is no frontend.
 */
bool svcnat_glance_refuse(const struct svcnat_net *sn,
			  const struct sk_buff *skb, u8 family)
{
	return is_nobodys(sn, skb, family, SVCNAT_FILTER_FRONTEND);
}

/**
 * svcnat_glance_last() - is a packet certainly nobody's where it leaves?
 * @sn: of the netns; its tables were started
 * @skb: before its second stage
 * @family: AF_INET or AF_INET6, of the hook
 *
 * One that begins a connection of conntrack's may have been another one when
 * conntrack saw it.
 *
 * Context: RCU read side.
 * Return: true if neither end of it is the endpoint of a flow.
 */
bool svcnat_glance_last(const struct svcnat_net *sn, const struct sk_buff *skb,
			u8 family)
{
	unsigned int there;
	struct glance g;

	if (!look(skb, family, &g))
		return false;
	there = svcnat_filter_get(&sn->filter,
				  svcnat_filter_address(family, g.src)) |
		svcnat_filter_get(&sn->filter,
				  svcnat_filter_address(family, g.dst));
	return !(there & SVCNAT_FILTER_FLOW) && !svcnat_conntrack_is_new(skb);
}
