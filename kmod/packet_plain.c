// SPDX-License-Identifier: GPL-2.0-only
/* Packets about which there is nothing but addresses, ports and data. */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>

#include "packet.h"

/* What ip_rcv() and ip_forward() ask, of a packet without options */
static __always_inline bool plain4(const struct iphdr *iph,
				   struct svcnat_packet *packet)
{
	struct svcnat_tuple *t = &packet->tuple;

	if (iph->version != 4 || iph->ihl != 5 || ip_is_fragment(iph) ||
	    iph->ttl <= 1 || ip_fast_csum((const u8 *)iph, 5))
		return false;
	t->src = svcnat_addr_ipv4(iph->saddr);
	t->dst = svcnat_addr_ipv4(iph->daddr);
	t->family = AF_INET;
	t->proto = iph->protocol;
	packet->l4 = sizeof(*iph);
	packet->len = ntohs(iph->tot_len);
	return true;
}

/* What ip6_rcv() and ip6_forward() ask, of one without extension headers */
static bool plain6(const struct ipv6hdr *ip6h, struct svcnat_packet *packet)
{
	struct svcnat_tuple *t = &packet->tuple;

	if (ip6h->version != 6 || ip6h->hop_limit <= 1)
		return false;
	t->src.in6 = ip6h->saddr;
	t->dst.in6 = ip6h->daddr;
	t->family = AF_INET6;
	t->proto = ip6h->nexthdr;
	packet->l4 = sizeof(*ip6h);
	packet->len = sizeof(*ip6h) + ntohs(ip6h->payload_len);
	return true;
}

static bool plain_tcp(const struct tcphdr *th, struct svcnat_packet *packet)
{
	const unsigned int end = packet->l4 + th->doff * 4;

	if (th->doff * 4 < sizeof(*th) || !th->ack || th->syn || th->fin ||
	    th->rst)
		return false;
	packet->l4_len = sizeof(*th);
	packet->tcp = SVCNAT_TCP_ACK;
	packet->payload = packet->len > end;
	packet->proof = ntohl(th->ack_seq);
	return true;
}

static bool plain_udp(struct svcnat_packet *packet)
{
	packet->l4_len = sizeof(struct udphdr);
	packet->tcp = 0;
	packet->payload = true;
	packet->proof = 0;
	return true;
}

/* The headers are there; a port is where all protocols have it. */
static __always_inline bool plain_transport(const struct sk_buff *skb,
					    struct svcnat_packet *packet)
{
	const void *th = skb->data + packet->l4;
	const __be16 *ports = th;

	packet->tuple.sport = ports[0];
	packet->tuple.dport = ports[1];
	return packet->tuple.proto == IPPROTO_TCP ? plain_tcp(th, packet) :
						    plain_udp(packet);
}

/* Bytes of all headers, if there is nothing else among them; else 0 */
static unsigned int plain_len(u8 proto, unsigned int l4)
{
	return proto == IPPROTO_UDP ? l4 + sizeof(struct udphdr) :
	       proto == IPPROTO_TCP ? l4 + sizeof(struct tcphdr) : 0;
}

/**
 * svcnat_packet_plain() - parse a packet about which there is nothing special
 * @skb: as it came, at its network header; its headers may move
 * @family: AF_INET or AF_INET6, of the packet
 * @packet: what svcnat_packet_parse() would say, but for the quote; only valid
 *	if there is something
 *
 * What made the frame long enough for the wire is cut off.
 *
 * Return: false if it needs another look: it is no UDP, nor TCP that neither
 * begins nor ends anything; it has options or extension headers, is a fragment,
 * is broken, has come its last hop, or there is no memory.
 */
bool svcnat_packet_plain(struct sk_buff *skb, u8 family,
			 struct svcnat_packet *packet)
{
	const bool v4 = family == AF_INET;
	const unsigned int l4 = v4 ? sizeof(struct iphdr) :
				     sizeof(struct ipv6hdr);
	unsigned int len;

	if (skb_network_offset(skb) ||
	    !pskb_may_pull(skb, l4 + sizeof(struct udphdr)))
		return false;
	len = plain_len(v4 ? ip_hdr(skb)->protocol : ipv6_hdr(skb)->nexthdr,
			l4);
	if (!len || !pskb_may_pull(skb, len))
		return false;
	packet->l3 = 0;
	packet->icmp_type = 0;
	packet->tag = 0;
	if (!(v4 ? plain4(ip_hdr(skb), packet) :
		   plain6(ipv6_hdr(skb), packet)) ||
	    packet->len < len || skb->len < packet->len ||
	    !plain_transport(skb, packet))
		return false;
	/* As ip_rcv() does: a tunnel may have left that of its own header. */
	skb_set_transport_header(skb, packet->l4);
	return !pskb_trim_rcsum(skb, packet->len);
}
