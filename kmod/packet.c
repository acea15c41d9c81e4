// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>

#include "packet.h"

static u8 tcp_bits(const struct tcphdr *th)
{
	return (th->fin ? SVCNAT_TCP_FIN : 0) | (th->syn ? SVCNAT_TCP_SYN : 0) |
	       (th->rst ? SVCNAT_TCP_RST : 0) | (th->ack ? SVCNAT_TCP_ACK : 0);
}

static enum svcnat_parsed parse_tcp(const struct sk_buff *skb,
				    struct svcnat_packet *packet)
{
	const struct tcphdr *th;
	struct tcphdr _th;

	th = skb_header_pointer(skb, packet->l4, sizeof(_th), &_th);
	if (!th || th->doff * 4 < sizeof(_th))
		return SVCNAT_PARSED_BROKEN;
	packet->tuple.sport = th->source;
	packet->tuple.dport = th->dest;
	packet->tcp = tcp_bits(th);
	packet->l4_len = sizeof(_th);
	packet->payload = packet->len > packet->l4 - packet->l3 + th->doff * 4;
	return SVCNAT_PARSED;
}

static enum svcnat_parsed parse_udp(const struct sk_buff *skb,
				    struct svcnat_packet *packet)
{
	const struct udphdr *uh;
	struct udphdr _uh;

	uh = skb_header_pointer(skb, packet->l4, sizeof(_uh), &_uh);
	if (!uh)
		return SVCNAT_PARSED_BROKEN;
	packet->tuple.sport = uh->source;
	packet->tuple.dport = uh->dest;
	packet->tcp = 0;
	packet->l4_len = sizeof(_uh);
	packet->payload = true;
	return SVCNAT_PARSED;
}

static enum svcnat_parsed parse_transport(const struct sk_buff *skb,
					  struct svcnat_packet *packet)
{
	switch (packet->tuple.proto) {
	case IPPROTO_TCP:
		return parse_tcp(skb, packet);
	case IPPROTO_UDP:
		return parse_udp(skb, packet);
	default:
		return SVCNAT_PARSED_OTHER;
	}
}

static enum svcnat_parsed parse_ipv4(const struct sk_buff *skb,
				     struct svcnat_packet *packet)
{
	const struct iphdr *iph;
	struct iphdr _iph;
	unsigned int ihl;

	iph = skb_header_pointer(skb, packet->l3, sizeof(_iph), &_iph);
	if (!iph)
		return SVCNAT_PARSED_BROKEN;
	ihl = iph->ihl * 4;
	if (iph->version != 4 || ihl < sizeof(_iph))
		return SVCNAT_PARSED_BROKEN;
	packet->tuple.src.ip = iph->saddr;
	packet->tuple.dst.ip = iph->daddr;
	packet->tuple.proto = iph->protocol;
	packet->tuple.family = AF_INET;
	if (packet->len < ihl)
		return SVCNAT_PARSED_BROKEN;
	if (iph->protocol != IPPROTO_TCP && iph->protocol != IPPROTO_UDP)
		return SVCNAT_PARSED_OTHER;
	if (ip_is_fragment(iph))
		return SVCNAT_PARSED_FRAGMENT;
	packet->l4 = packet->l3 + ihl;
	return parse_transport(skb, packet);
}

/**
 * svcnat_packet_parse() - parse a packet
 * @skb: at an inet hook: its network header is set
 * @family: AF_INET or AF_INET6, of the hook
 * @packet: written, whatever is returned
 *
 * Reads through skb_header_pointer(): changes nothing, moves nothing.
 *
 * Return: how far it got.
 */
enum svcnat_parsed svcnat_packet_parse(const struct sk_buff *skb, u8 family,
				       struct svcnat_packet *packet)
{
	memset(packet, 0, sizeof(*packet));
	packet->l3 = skb_network_offset(skb);
	packet->len = skb->len - packet->l3;
	if (family == AF_INET)
		return parse_ipv4(skb, packet);
	return SVCNAT_PARSED_OTHER;
}

/**
 * svcnat_packet_writable() - make the headers private and linear
 * @skb: the packet
 * @packet: its facts, from svcnat_packet_parse()
 *
 * May move the headers: pointers into them are stale afterwards.  A sender may
 * own the pages that the headers were parsed from and write to them meanwhile
 * (sendfile, splice), so the copy that is now ours must still say what was
 * parsed.
 *
 * Return: false if there is no memory or the packet has changed: drop it.
 */
bool svcnat_packet_writable(struct sk_buff *skb,
			    const struct svcnat_packet *packet)
{
	const struct svcnat_tuple *t = &packet->tuple;
	const struct iphdr *iph;
	const __be16 *ports;

	if (skb_ensure_writable(skb, packet->l4 + packet->l4_len))
		return false;
	iph = (const struct iphdr *)(skb->data + packet->l3);
	/* TCP and UDP both begin with source and destination port. */
	ports = (const __be16 *)(skb->data + packet->l4);
	return iph->version == 4 &&
	       packet->l3 + iph->ihl * 4 == packet->l4 &&
	       iph->protocol == t->proto &&
	       iph->saddr == t->src.ip && iph->daddr == t->dst.ip &&
	       ports[0] == t->sport && ports[1] == t->dport;
}

/**
 * svcnat_packet_opens() - may this packet begin a connection?
 * @packet: the facts
 *
 * Return: true for everything but TCP that is no pure SYN.
 */
bool svcnat_packet_opens(const struct svcnat_packet *packet)
{
	return packet->tuple.proto != IPPROTO_TCP ||
	       (packet->tcp & (SVCNAT_TCP_SYN | SVCNAT_TCP_ACK |
			       SVCNAT_TCP_RST | SVCNAT_TCP_FIN)) ==
	       SVCNAT_TCP_SYN;
}
