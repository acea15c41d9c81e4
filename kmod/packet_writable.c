// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "packet.h"

static bool same_ipv4(const struct sk_buff *skb, const struct svcnat_tuple *t,
		      u16 l3, u16 l4)
{
	const struct iphdr *iph = (const struct iphdr *)(skb->data + l3);

	return iph->version == 4 && l3 + iph->ihl * 4 == l4 &&
	       iph->protocol == t->proto &&
	       !(iph->frag_off & htons(IP_OFFSET)) &&
	       iph->saddr == t->src.ip && iph->daddr == t->dst.ip;
}

/* Extension headers are not written to: they may say what they like by now. */
static bool same_ipv6(const struct sk_buff *skb, const struct svcnat_tuple *t,
		      u16 l3, u16 l4)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)(skb->data + l3);

	return ip6h->version == 6 &&
	       (l3 + sizeof(*ip6h) != l4 || ip6h->nexthdr == t->proto) &&
	       ipv6_addr_equal(&ip6h->saddr, &t->src.in6) &&
	       ipv6_addr_equal(&ip6h->daddr, &t->dst.in6);
}

static bool same_network(const struct sk_buff *skb,
			 const struct svcnat_tuple *t, u16 l3, u16 l4)
{
	return t->family == AF_INET ? same_ipv4(skb, t, l3, l4) :
				      same_ipv6(skb, t, l3, l4);
}

static bool same_ports(const struct sk_buff *skb, const struct svcnat_tuple *t,
		       u16 l4)
{
	const __be16 *ports = (const __be16 *)(skb->data + l4);

	return ports[0] == t->sport && ports[1] == t->dport;
}

/**
 * svcnat_packet_is() - has a packet these addresses and ports?
 * @skb: the packet
 * @t: what it should have
 * @l3: offset of its network header from skb->data, if it is such a packet
 * @l4: offset of its transport header, likewise
 *
 * Return: false also if its headers are not in one piece.
 */
bool svcnat_packet_is(const struct sk_buff *skb, const struct svcnat_tuple *t,
		      u32 l3, u32 l4)
{
	return l3 < l4 && l4 <= U16_MAX &&
	       l4 + 2 * sizeof(__be16) <= skb_headlen(skb) &&
	       same_network(skb, t, l3, l4) && same_ports(skb, t, l4);
}

static bool same_message(const struct sk_buff *skb,
			 const struct svcnat_packet *packet)
{
	const struct svcnat_quote *q = &packet->quote;

	return skb->data[packet->l4] == packet->icmp_type &&
	       (!q->l4_len ||
		(same_network(skb, &q->tuple, q->l3, q->l4) &&
		 same_ports(skb, &q->tuple, q->l4)));
}

static bool has_ports(const struct svcnat_packet *packet)
{
	return svcnat_proto_has_ports(packet->tuple.proto);
}

static unsigned int end_of_headers(const struct svcnat_packet *packet)
{
	if (!has_ports(packet) && packet->quote.l4_len)
		return packet->quote.l4 + packet->quote.l4_len;
	return packet->l4 + packet->l4_len;
}

/*
 * Whether headers move depends on layouts that tests seldom meet.  Where KASAN
 * or the like is watching, move them now and then for no reason: a pointer
 * that somebody kept shows.
 */
static bool shall_move(void)
{
	static atomic_t calls;

	if (!IS_ENABLED(CONFIG_KASAN) && !IS_ENABLED(CONFIG_DEBUG_NET))
		return false;
	return !(atomic_inc_return(&calls) % 8);
}

/*
 * Is all of it in memory that this packet alone has?  It was parsed there, and
 * nobody else writes to that: it still says what it said.
 */
static bool is_private(const struct sk_buff *skb, unsigned int end)
{
	return end <= skb_headlen(skb) && !skb_cloned(skb);
}

/**
 * svcnat_packet_writable() - make the headers private and linear
 * @skb: the packet
 * @packet: its facts, from svcnat_packet_parse()
 *
 * May move the headers: pointers into them are stale afterwards.  A sender may
 * own the pages that the headers were parsed from and write to them meanwhile
 * (sendfile, splice), so the copy that is now ours must still say what was
 * parsed.  Of an error that goes for what it quotes, too.
 *
 * Return: false if there is no memory or the packet has changed: drop it.
 */
bool svcnat_packet_writable(struct sk_buff *skb,
			    const struct svcnat_packet *packet)
{
	const unsigned int end = end_of_headers(packet);
	const struct svcnat_tuple *t = &packet->tuple;
	const bool move = shall_move();

	if (likely(is_private(skb, end)) && !move)
		return true;
	if (skb_ensure_writable(skb, end))
		return false;
	/* Without memory they stay where they are, which is fine. */
	if (move && !skb_shared(skb))
		pskb_expand_head(skb, 0, 0, GFP_ATOMIC);
	return same_network(skb, t, packet->l3, packet->l4) &&
	       (has_ports(packet) ? same_ports(skb, t, packet->l4) :
				    same_message(skb, packet));
}
