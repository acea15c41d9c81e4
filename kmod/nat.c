// SPDX-License-Identifier: GPL-2.0-only
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/sctp.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>

#include "compat.h"
#include "nat.h"

/*
 * How checksums follow a rewrite.
 *
 * What is written is told as a difference: by how much it changes a sum over
 * it, in one's complement.  A checksum that covers the bytes takes the
 * difference up and thereby cancels it in every sum around both.
 *
 * PSEUDO: the field holds the un-inverted sum of the pseudo header alone;
 * somebody below us adds the rest.  It follows addresses, not ports.
 * WHOLE: the field holds the real checksum.
 *
 * SCTP has a CRC and no pseudo header: addresses are nothing to it, and of what
 * is pending the field holds nothing yet.
 */
enum sum_form {
	SUM_WHOLE,
	SUM_PSEUDO,
};

/**
 * struct headers - where the bytes are that a rewrite changes
 * @l3: network header
 * @ports: source and destination port
 * @sum: transport checksum, or NULL if there is none
 * @form: of @sum
 * @crc: CRC of SCTP, or NULL if there is none, or none yet
 * @len: bytes from the transport header to the end of the packet
 * @proto: of the transport header
 */
struct headers {
	void		*l3;
	__be16		*ports;
	__sum16		*sum;
	enum sum_form	form;
	__le32		*crc;
	u32		len;
	u8		proto;
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

static void sum_follows(__sum16 *sum, __wsum diff)
{
	*sum = csum_fold(csum_add(diff, ~csum_unfold(*sum)));
}

static void pseudo_sum_follows(__sum16 *sum, __wsum diff)
{
	*sum = ~csum_fold(csum_add(diff, csum_unfold(*sum)));
}

static __wsum put_port(__be16 *at, __be16 port)
{
	__wsum diff = csum_sub(csum_unfold((__force __sum16)port),
			       csum_unfold((__force __sum16)*at));

	*at = port;
	return diff;
}

static __wsum put_word(__be32 *at, __be32 word)
{
	__wsum diff = csum_sub((__force __wsum)word, (__force __wsum)*at);

	*at = word;
	return diff;
}

/* An address whose change the IPv4 header checksum takes up. */
static __wsum put_ipv4(struct iphdr *iph, enum svcnat_side side, __be32 addr)
{
	__wsum diff;

	diff = put_word(side == SVCNAT_SOURCE ? &iph->saddr : &iph->daddr,
			addr);
	sum_follows(&iph->check, diff);
	return diff;
}

static __wsum put_ipv6(struct ipv6hdr *ip6h, enum svcnat_side side,
		       const struct in6_addr *addr)
{
	struct in6_addr *at = side == SVCNAT_SOURCE ? &ip6h->saddr :
						      &ip6h->daddr;
	__wsum diff = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(at->s6_addr32); i++)
		diff = csum_add(diff, put_word(&at->s6_addr32[i],
					       addr->s6_addr32[i]));
	return diff;
}

/*
 * Gives the difference that a pseudo header sees, and adds to @around what is
 * not taken up within the network header.
 */
static __wsum put_addr(void *l3, u8 family, const struct svcnat_rewrite *to,
		       __wsum *around)
{
	__wsum diff;

	if (family == AF_INET)
		return put_ipv4(l3, to->side, to->addr.ip);
	diff = put_ipv6(l3, to->side, &to->addr.in6);
	*around = csum_add(*around, diff);
	return diff;
}

static __wsum put_ports(__be16 *ports, const struct svcnat_rewrite *to)
{
	const unsigned int this = to->side == SVCNAT_SOURCE ? 0 : 1;

	return csum_add(put_port(&ports[this], to->port),
			put_port(&ports[!this], to->other_port));
}

static void transport_follows(const struct headers *h, __wsum addr, __wsum port)
{
	if (h->form == SUM_PSEUDO) {
		pseudo_sum_follows(h->sum, addr);
		return;
	}
	sum_follows(h->sum, csum_add(addr, port));
	/* RFC 768: a UDP checksum of 0 would mean that there is none */
	if (h->proto == IPPROTO_UDP && !*h->sum)
		*h->sum = CSUM_MANGLED_0;
}

/*
 * A CRC is linear: what changes is that of the difference, with zeroes for all
 * that stays.  The inversions before and after cancel out, and the ports are
 * what comes first.
 */
static __wsum crc_follows(const struct headers *h, __be32 ports)
{
	u32 change;

	change = svcnat_crc32c_shift(le32_to_cpu((__force __le32)ports),
				     h->len);
	return put_word((__force __be32 *)h->crc,
			(__force __be32)(*h->crc ^ cpu_to_le32(change)));
}

/*
 * Rewrite one packet, the whole or a quoted one.  Gives the difference to a sum
 * over all of it.  With SUM_PSEUDO nobody has such a sum.
 */
static __wsum put(const struct headers *h, u8 family,
		  const struct svcnat_rewrite *to)
{
	__be32 *ports = (__be32 *)h->ports, before = *ports;
	__wsum around = 0, addr, port;

	addr = put_addr(h->l3, family, to, &around);
	port = put_ports(h->ports, to);
	around = csum_add(around, port);
	if (h->crc)
		around = csum_add(around, crc_follows(h, before ^ *ports));
	if (!h->sum)
		return around;
	transport_follows(h, addr, port);
	return csum_sub(around, csum_add(addr, port));
}

static void tuple_follows(struct svcnat_tuple *t,
			  const struct svcnat_rewrite *to)
{
	const bool src = to->side == SVCNAT_SOURCE;

	*(src ? &t->src : &t->dst) = to->addr;
	t->sport = src ? to->port : to->other_port;
	t->dport = src ? to->other_port : to->port;
}

/* The transport checksum, or NULL if the packet carries none. */
static __sum16 *transport_sum(struct sk_buff *skb,
			      const struct svcnat_packet *packet)
{
	struct udphdr *uh;

	if (packet->tuple.proto == IPPROTO_SCTP)
		return NULL;
	if (packet->tuple.proto == IPPROTO_TCP)
		return &((struct tcphdr *)(skb->data + packet->l4))->check;
	uh = (struct udphdr *)(skb->data + packet->l4);
	/* A pending sum of the pseudo header may happen to be 0. */
	return uh->check || pending_here(skb, packet) ? &uh->check : NULL;
}

/* Who segments SCTP sums it, too. */
static __le32 *transport_crc(struct sk_buff *skb,
			     const struct svcnat_packet *packet)
{
	if (packet->tuple.proto != IPPROTO_SCTP || pending_here(skb, packet))
		return NULL;
	return &((struct sctphdr *)(skb->data + packet->l4))->checksum;
}

/**
 * svcnat_nat_rewrite() - rewrite a packet
 * @skb: the packet; its headers may move
 * @packet: its facts, of SVCNAT_PARSED; the tuple follows the rewrite
 * @to: what becomes of it
 *
 * Checksums are updated, not computed: a wrong one stays equally wrong.
 * Clones keep what they had.
 *
 * Return: false if the packet could not be made writable, or is not what it
 * was when it was parsed; it is unchanged, drop it.
 */
bool svcnat_nat_rewrite(struct sk_buff *skb, struct svcnat_packet *packet,
			const struct svcnat_rewrite *to)
{
	struct headers h __uninitialized;
	__wsum diff;

	if (!svcnat_packet_writable(skb, packet))
		return false;
	h.l3 = skb->data + packet->l3;
	h.ports = (__be16 *)(skb->data + packet->l4);
	h.sum = transport_sum(skb, packet);
	h.form = sum_form(skb, packet);
	h.crc = transport_crc(skb, packet);
	h.len = packet->len - (packet->l4 - packet->l3);
	h.proto = packet->tuple.proto;
	diff = put(&h, packet->tuple.family, to);
	/* sums the packet from the network header on */
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->csum = csum_add(skb->csum, diff);
	tuple_follows(&packet->tuple, to);
	return true;
}

/* The transport checksum of a quoted packet, or NULL if it is not there. */
static __sum16 *quoted_sum(struct sk_buff *skb, const struct svcnat_quote *q)
{
	struct tcphdr *th = (struct tcphdr *)(skb->data + q->l4);
	struct udphdr *uh = (struct udphdr *)(skb->data + q->l4);

	if (q->tuple.proto == IPPROTO_SCTP)
		return NULL;
	if (q->tuple.proto == IPPROTO_UDP)
		return uh->check ? &uh->check : NULL;
	return q->l4_len >= offsetofend(struct tcphdr, check) ? &th->check :
								NULL;
}

static __le32 *quoted_crc(struct sk_buff *skb, const struct svcnat_quote *q)
{
	struct sctphdr *sh = (struct sctphdr *)(skb->data + q->l4);

	return q->tuple.proto == IPPROTO_SCTP && q->l4_len == sizeof(*sh) &&
	       q->len >= sizeof(*sh) ? &sh->checksum : NULL;
}

static __wsum rewrite_quote(struct sk_buff *skb, struct svcnat_quote *q,
			    const struct svcnat_rewrite *to)
{
	const struct headers h = {
		.l3 = skb->data + q->l3,
		.ports = (__be16 *)(skb->data + q->l4),
		.sum = quoted_sum(skb, q),
		.form = SUM_WHOLE,
		.crc = quoted_crc(skb, q),
		.len = q->len,
		.proto = q->tuple.proto,
	};
	__wsum diff;

	diff = put(&h, q->tuple.family, to);
	tuple_follows(&q->tuple, to);
	return diff;
}

/*
 * The error was sent to the source of what it quotes.  It was sent by anybody
 * on the way; only if by the quoted packet's very destination, the address is
 * one of those that are hidden.
 */
static bool outer_changes(const struct svcnat_packet *packet,
			  const struct svcnat_rewrite *to)
{
	return to->side == SVCNAT_DESTINATION ||
	       svcnat_addr_equal(packet->tuple.family, &packet->tuple.src,
				 &packet->quote.tuple.dst);
}

/*
 * Gives the difference to the pseudo header of ICMPv6; ICMP has none.  The
 * ports of an ICMP packet are none, and none are written.
 */
static __wsum rewrite_outer(struct sk_buff *skb, struct svcnat_packet *packet,
			    const struct svcnat_rewrite *to)
{
	struct svcnat_tuple *t = &packet->tuple;
	__wsum pseudo = 0;

	put_addr(skb->data + packet->l3, t->family, to, &pseudo);
	*(to->side == SVCNAT_SOURCE ? &t->src : &t->dst) = to->addr;
	return pseudo;
}

/**
 * svcnat_nat_rewrite_error() - rewrite an ICMP or ICMPv6 error
 * @skb: the packet; its headers may move
 * @packet: its facts, of SVCNAT_PARSED_ERROR; both tuples follow the rewrite
 * @to: what becomes of a packet that goes the way of the error, that is,
 *	against the quoted one
 *
 * Where such a packet would get a new destination, the quoted packet gets it as
 * its source, and the error as its destination.  Where such a packet would get
 * a new source, the quoted packet gets it as its destination, and the error as
 * its source if it came from there and not from a router.
 *
 * All checksums follow, within the quote and around it; a wrong one stays
 * equally wrong.  Clones keep what they had.
 *
 * Return: false if the packet could not be made writable, or is not what it
 * was when it was parsed; it is unchanged, drop it.
 */
bool svcnat_nat_rewrite_error(struct sk_buff *skb, struct svcnat_packet *packet,
			      const struct svcnat_rewrite *to)
{
	struct svcnat_rewrite against = *to;
	__wsum message, pseudo = 0;
	struct icmphdr *ih;
	bool outer;

	if (!svcnat_packet_writable(skb, packet))
		return false;
	against.side = to->side == SVCNAT_SOURCE ? SVCNAT_DESTINATION :
						   SVCNAT_SOURCE;
	outer = outer_changes(packet, to);
	message = rewrite_quote(skb, &packet->quote, &against);
	if (outer)
		pseudo = rewrite_outer(skb, packet, to);
	ih = (struct icmphdr *)(skb->data + packet->l4);
	/* All the rest is summed up later, and ICMP begins with nothing. */
	if (pending_here(skb, packet))
		pseudo_sum_follows(&ih->checksum, pseudo);
	else
		sum_follows(&ih->checksum, csum_add(message, pseudo));
	/* Everything is taken up within the packet: skb->csum stays right. */
	return true;
}
