// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>

#include "nat.h"

/*
 * How a transport checksum follows a rewrite.
 *
 * PSEUDO: the field holds the un-inverted sum of the pseudo header alone;
 * somebody below us adds the rest.  It follows addresses, not ports.
 * WHOLE: the field holds the real checksum.
 */
enum sum_form {
	SUM_WHOLE,
	SUM_PSEUDO,
};

static bool pending_here(const struct sk_buff *skb,
			 const struct svcnat_packet *packet)
{
	return skb->ip_summed == CHECKSUM_PARTIAL &&
	       skb_checksum_start_offset(skb) == packet->l4;
}

static enum sum_form sum_form(const struct sk_buff *skb,
			      const struct svcnat_packet *packet)
{
	if (pending_here(skb, packet))
		return SUM_PSEUDO;
	/*
	 * What is pending may be the checksum of an inner packet.  Ours, of the
	 * tunnel header around it, is left to segmentation if there will be one
	 * (udp_set_csum()), else it is there already (local checksum offload).
	 */
	return skb->ip_summed == CHECKSUM_PARTIAL && skb->encapsulation &&
	       skb_is_gso(skb) ? SUM_PSEUDO : SUM_WHOLE;
}

/*
 * With CHECKSUM_COMPLETE skb->csum sums the packet from the network header on.
 * An IPv4 address, the header checksum that takes it up and the transport
 * checksum that takes it up change the sum by what the last one changes.
 */
static void complete_follows(struct sk_buff *skb, __be32 from, __be32 to)
{
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->csum = ~csum_add(csum_sub(~skb->csum,
					       (__force __wsum)from),
				      (__force __wsum)to);
}

static void sum_follows_ipv4(struct sk_buff *skb, __sum16 *sum,
			     enum sum_form form, __be32 from, __be32 to)
{
	if (form == SUM_PSEUDO) {
		*sum = ~csum_fold(csum_add(csum_sub(csum_unfold(*sum),
						    (__force __wsum)from),
					   (__force __wsum)to));
		return;
	}
	csum_replace4(sum, from, to);
	complete_follows(skb, from, to);
}

static void sum_follows_port(__sum16 *sum, enum sum_form form, __be16 from,
			     __be16 to)
{
	if (form == SUM_WHOLE)
		csum_replace2(sum, from, to);
}

/* The transport checksum, or NULL if the packet carries none. */
static __sum16 *transport_sum(struct sk_buff *skb,
			      const struct svcnat_packet *packet)
{
	struct udphdr *uh;

	if (packet->tuple.proto == IPPROTO_TCP)
		return &((struct tcphdr *)(skb->data + packet->l4))->check;
	uh = (struct udphdr *)(skb->data + packet->l4);
	/* A pending sum of the pseudo header may happen to be 0. */
	return uh->check || pending_here(skb, packet) ? &uh->check : NULL;
}

static void rewrite_ipv4(struct sk_buff *skb,
			 const struct svcnat_packet *packet,
			 enum svcnat_side side, __be32 addr, __be16 port)
{
	struct iphdr *iph = (struct iphdr *)(skb->data + packet->l3);
	__be16 *ports = (__be16 *)(skb->data + packet->l4);
	enum sum_form form = sum_form(skb, packet);
	bool src = side == SVCNAT_SOURCE;
	__be32 *where = src ? &iph->saddr : &iph->daddr;
	__be16 *where_port = src ? &ports[0] : &ports[1];
	__sum16 *sum;

	sum = transport_sum(skb, packet);
	if (sum) {
		sum_follows_ipv4(skb, sum, form, *where, addr);
		sum_follows_port(sum, form, *where_port, port);
		/* RFC 768: a UDP checksum of 0 would mean that there is none */
		if (packet->tuple.proto == IPPROTO_UDP && !*sum &&
		    form == SUM_WHOLE)
			*sum = CSUM_MANGLED_0;
	} else if (skb->ip_summed == CHECKSUM_COMPLETE) {
		/* nothing in the packet takes up the change of the port */
		skb->csum = csum_sub(skb->csum,
				     csum_unfold((__force __sum16)*where_port));
		skb->csum = csum_add(skb->csum,
				     csum_unfold((__force __sum16)port));
	}
	csum_replace4(&iph->check, *where, addr);
	*where = addr;
	*where_port = port;
}

/**
 * svcnat_nat_rewrite() - rewrite one end of a packet
 * @skb: the packet; its headers may move
 * @packet: its facts; the tuple follows the rewrite
 * @side: which end
 * @addr: new address, of the packet's family
 * @port: new port
 *
 * Checksums are updated, not computed: a wrong one stays equally wrong.
 * Clones keep what they had.
 *
 * Return: false if the packet could not be made writable, or is not what it
 * was when it was parsed; it is unchanged, drop it.
 */
bool svcnat_nat_rewrite(struct sk_buff *skb, struct svcnat_packet *packet,
			enum svcnat_side side, const union nf_inet_addr *addr,
			__be16 port)
{
	struct svcnat_tuple *t = &packet->tuple;

	if (!svcnat_packet_writable(skb, packet))
		return false;
	rewrite_ipv4(skb, packet, side, addr->ip, port);
	if (side == SVCNAT_SOURCE) {
		t->src = *addr;
		t->sport = port;
	} else {
		t->dst = *addr;
		t->dport = port;
	}
	return true;
}
