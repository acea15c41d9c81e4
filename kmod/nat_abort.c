// SPDX-License-Identifier: GPL-2.0-only
/* Packets that become the end of their connection. */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>

#include "abort.h"
#include "nat.h"

/* The network header of a packet that has got shorter. */
static void length_follows(struct sk_buff *skb,
			   const struct svcnat_packet *packet)
{
	struct ipv6hdr *ip6h = (struct ipv6hdr *)(skb->data + packet->l3);
	struct iphdr *iph = (struct iphdr *)(skb->data + packet->l3);

	if (packet->tuple.family == AF_INET) {
		iph->tot_len = htons(packet->len);
		ip_send_check(iph);
	} else {
		ip6h->payload_len = htons(packet->len - sizeof(*ip6h));
	}
}

/* A TCP header behind which there is nothing more. */
static void sum_tcp(const struct svcnat_tuple *t, struct tcphdr *th)
{
	__wsum sum;

	th->check = 0;
	sum = csum_partial(th, sizeof(*th), 0);
	if (t->family == AF_INET)
		th->check = csum_tcpudp_magic(t->src.ip, t->dst.ip, sizeof(*th),
					      IPPROTO_TCP, sum);
	else
		th->check = csum_ipv6_magic(&t->src.in6, &t->dst.in6,
					    sizeof(*th), IPPROTO_TCP, sum);
}

static u8 make_rst(struct sk_buff *skb, const struct svcnat_packet *packet)
{
	struct tcphdr *th = (struct tcphdr *)(skb->data + packet->l4);

	th->doff = sizeof(*th) / 4;
	th->rst = 1;
	th->fin = 0;
	th->psh = 0;
	th->urg = 0;
	th->urg_ptr = 0;
	sum_tcp(&packet->tuple, th);
	return SVCNAT_TCP_RST | (th->ack ? SVCNAT_TCP_ACK : 0);
}

/* Its verification tag is the one that the receiver expects. */
static u8 make_abort(struct sk_buff *skb, const struct svcnat_packet *packet)
{
	svcnat_abort_finish((struct svcnat_abort *)(skb->data + packet->l4), 0);
	return SVCNAT_TCP_RST;
}

/**
 * svcnat_nat_abort() - make a RST of a TCP segment, an ABORT of an SCTP packet
 * @skb: the packet, whose TCP checksum is right; its headers may move
 * @packet: its facts, which follow
 *
 * It keeps addresses, ports and numbers: the receiver takes it for the
 * sender's, at the place in the stream where the segment belongs.
 *
 * Return: false if it could not be made writable: what it says is unchanged.
 */
bool svcnat_nat_abort(struct sk_buff *skb, struct svcnat_packet *packet)
{
	const bool tcp = packet->tuple.proto == IPPROTO_TCP;
	unsigned int end;

	end = packet->l4 + (tcp ? sizeof(struct tcphdr) :
				  sizeof(struct svcnat_abort));
	if (!svcnat_packet_writable(skb, packet) ||
	    skb_ensure_writable(skb, end) || pskb_trim(skb, end))
		return false;
	if (skb_is_gso(skb))
		skb_gso_reset(skb);
	packet->len = end - packet->l3;
	packet->payload = false;
	length_follows(skb, packet);
	packet->tcp = tcp ? make_rst(skb, packet) : make_abort(skb, packet);
	skb->ip_summed = CHECKSUM_NONE;
	return true;
}
