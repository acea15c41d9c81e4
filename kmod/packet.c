// SPDX-License-Identifier: GPL-2.0-only
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/sctp.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "packet.h"

/*
 * Extension headers that a packet may have.  RFC 8200 4.1 knows seven places
 * for them; whoever sends more wants to keep us busy.
 */
#define EXTENSIONS	8

/* Every ICMP error quotes at least this much of a transport (RFC 792). */
#define QUOTED_LEAST	8

/**
 * struct cursor - how far the headers of a packet were read
 * @skb: the packet
 * @at: offset of what comes next from skb->data
 * @end: offset of the end of the packet, as its network header tells
 * @quoted: this is the packet that an error quotes
 */
struct cursor {
	const struct sk_buff	*skb;
	u32			at;
	u32			end;
	bool			quoted;
};

static u8 tcp_bits(const struct tcphdr *th)
{
	return (th->fin ? SVCNAT_TCP_FIN : 0) | (th->syn ? SVCNAT_TCP_SYN : 0) |
	       (th->rst ? SVCNAT_TCP_RST : 0) | (th->ack ? SVCNAT_TCP_ACK : 0);
}

static u32 tcp_proof(const struct tcphdr *th)
{
	return ntohl(th->syn ? th->seq : th->ack_seq) + th->syn;
}

/*
 * The first fragment has all that is rewritten.  Rewriting it alone would part
 * it from the others, but where it is only quoted it has served its time.
 */
static bool is_fragment(const struct cursor *c, __be16 bits, u16 offset,
			u16 more)
{
	return bits & htons(c->quoted ? offset : offset | more);
}

static bool ours(const struct svcnat_tuple *t)
{
	return svcnat_proto_has_ports(t->proto) ||
	       t->proto == (t->family == AF_INET ? IPPROTO_ICMP :
						   IPPROTO_ICMPV6);
}

static enum svcnat_parsed read_ipv4(struct cursor *c, struct svcnat_tuple *t)
{
	const struct iphdr *iph;
	struct iphdr _iph;

	iph = skb_header_pointer(c->skb, c->at, sizeof(_iph), &_iph);
	if (!iph || iph->version != 4 || iph->ihl * 4 < sizeof(_iph))
		return SVCNAT_PARSED_BROKEN;
	t->src.ip = iph->saddr;
	t->dst.ip = iph->daddr;
	t->proto = iph->protocol;
	t->family = AF_INET;
	c->end = c->at + ntohs(iph->tot_len);
	c->at += iph->ihl * 4;
	if (c->at > c->skb->len)
		return SVCNAT_PARSED_BROKEN;
	if (!ours(t))
		return SVCNAT_PARSED_OTHER;
	if (is_fragment(c, iph->frag_off, IP_OFFSET, IP_MF))
		return SVCNAT_PARSED_FRAGMENT;
	return SVCNAT_PARSED;
}

/* Read one extension header; @t->proto is its number, then the next one. */
static enum svcnat_parsed read_extension(struct cursor *c,
					 struct svcnat_tuple *t)
{
	const bool fragment = t->proto == NEXTHDR_FRAGMENT;
	const bool routing = t->proto == NEXTHDR_ROUTING;
	const struct frag_hdr *fh;
	struct frag_hdr _fh;
	unsigned int len;

	/* None is shorter, and all begin with the next one's number. */
	fh = skb_header_pointer(c->skb, c->at, sizeof(_fh), &_fh);
	if (!fh)
		return SVCNAT_PARSED_BROKEN;
	len = ipv6_optlen((const struct ipv6_opt_hdr *)fh);
	if (fragment)
		len = sizeof(*fh);
	else if (t->proto == NEXTHDR_AUTH)
		len = ipv6_authlen((const struct ipv6_opt_hdr *)fh);
	t->proto = fh->nexthdr;
	c->at += len;
	if (c->at > c->skb->len)
		return SVCNAT_PARSED_BROKEN;
	/* What the IPv6 header calls the destination is a stop on the way. */
	if (routing && ((const struct ipv6_rt_hdr *)fh)->segments_left)
		return SVCNAT_PARSED_OTHER;
	if (fragment && is_fragment(c, fh->frag_off, IP6_OFFSET, IP6_MF))
		return SVCNAT_PARSED_FRAGMENT;
	return SVCNAT_PARSED;
}

static bool is_extension(u8 number)
{
	return number == NEXTHDR_HOP || number == NEXTHDR_ROUTING ||
	       number == NEXTHDR_FRAGMENT || number == NEXTHDR_AUTH ||
	       number == NEXTHDR_DEST;
}

static enum svcnat_parsed read_extensions(struct cursor *c,
					  struct svcnat_tuple *t)
{
	enum svcnat_parsed parsed;
	unsigned int n = 0;

	while (is_extension(t->proto)) {
		if (n++ == EXTENSIONS)
			return SVCNAT_PARSED_OTHER;
		parsed = read_extension(c, t);
		if (parsed != SVCNAT_PARSED)
			return parsed;
	}
	return ours(t) ? SVCNAT_PARSED : SVCNAT_PARSED_OTHER;
}

/*
 * A packet longer than IPv6 can say.  Those that the kernel makes itself, to be
 * segmented later, are as good as any other.
 */
static bool is_jumbogram(const struct cursor *c, const struct ipv6hdr *ip6h)
{
	return !ip6h->payload_len && ip6h->nexthdr == NEXTHDR_HOP &&
	       !c->quoted && !skb_is_gso(c->skb);
}

static enum svcnat_parsed read_ipv6(struct cursor *c, struct svcnat_tuple *t)
{
	const struct ipv6hdr *ip6h;
	struct ipv6hdr _ip6h;

	ip6h = skb_header_pointer(c->skb, c->at, sizeof(_ip6h), &_ip6h);
	if (!ip6h || ip6h->version != 6)
		return SVCNAT_PARSED_BROKEN;
	t->src.in6 = ip6h->saddr;
	t->dst.in6 = ip6h->daddr;
	t->proto = ip6h->nexthdr;
	t->family = AF_INET6;
	c->at += sizeof(_ip6h);
	c->end = c->at + ntohs(ip6h->payload_len);
	if (is_jumbogram(c, ip6h))
		return SVCNAT_PARSED_OTHER;
	return read_extensions(c, t);
}

/* Up to the transport header, which must be where an u16 can point to. */
static enum svcnat_parsed read_network(struct cursor *c, u8 family,
				       struct svcnat_tuple *t)
{
	enum svcnat_parsed parsed;

	parsed = family == AF_INET ? read_ipv4(c, t) : read_ipv6(c, t);
	if (parsed == SVCNAT_PARSED && c->at > U16_MAX)
		return SVCNAT_PARSED_BROKEN;
	return parsed;
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
	packet->proof = tcp_proof(th);
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
	packet->l4_len = sizeof(_uh);
	packet->payload = true;
	return SVCNAT_PARSED;
}

static u16 quoted_len(const struct sk_buff *skb, const struct svcnat_quote *q)
{
	const u32 there = skb->len - q->l4;

	switch (q->tuple.proto) {
	case IPPROTO_TCP:
		return min_t(u32, there, sizeof(struct tcphdr));
	case IPPROTO_SCTP:
		return min_t(u32, there, sizeof(struct sctphdr));
	default:
		return sizeof(struct udphdr);
	}
}

/* Of the quoted packet nothing but its beginning need be there. */
static bool parse_quote(const struct sk_buff *skb, struct svcnat_packet *packet)
{
	struct cursor c = {
		.skb = skb,
		.at = packet->l4 + sizeof(struct icmphdr),
		.quoted = true,
	};
	struct svcnat_quote *q = &packet->quote;
	struct svcnat_tuple *t = &q->tuple;
	const struct udphdr *uh;
	struct udphdr _uh;

	memset(q, 0, sizeof(*q));
	/* Were this cut short, the transport header would be too far as well. */
	q->l3 = c.at;
	if (read_network(&c, packet->tuple.family, t) != SVCNAT_PARSED ||
	    !svcnat_proto_has_ports(t->proto))
		return false;
	q->l4 = c.at;
	BUILD_BUG_ON(sizeof(_uh) != QUOTED_LEAST);
	uh = skb_header_pointer(skb, q->l4, sizeof(_uh), &_uh);
	if (!uh)
		return false;
	t->sport = uh->source;
	t->dport = uh->dest;
	q->l4_len = quoted_len(skb, q);
	q->len = c.end > c.at ? c.end - c.at : 0;
	return true;
}

/*
 * Redirects are meant for the host next to the router: they do not come
 * through, and translated they would be wrong.
 */
static bool is_error(u8 family, u8 type)
{
	if (family == AF_INET6)
		return !(type & ICMPV6_INFOMSG_MASK);
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
}

static bool is_echo(u8 family, u8 type)
{
	return type == (family == AF_INET6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO);
}

/* ICMPv6 begins with type, code and checksum as well. */
static enum svcnat_parsed parse_icmp(const struct sk_buff *skb,
				     struct svcnat_packet *packet)
{
	const u8 family = packet->tuple.family;
	const struct icmphdr *ih;
	struct icmphdr _ih;

	packet->quote.l4_len = 0;
	ih = skb_header_pointer(skb, packet->l4, sizeof(_ih), &_ih);
	if (!ih)
		return SVCNAT_PARSED_BROKEN;
	packet->icmp_type = ih->type;
	packet->l4_len = sizeof(_ih);
	if (is_echo(family, ih->type))
		return SVCNAT_PARSED_ECHO;
	if (!is_error(family, ih->type))
		return SVCNAT_PARSED_OTHER;
	return parse_quote(skb, packet) ? SVCNAT_PARSED_ERROR :
					  SVCNAT_PARSED_ODD;
}

static enum svcnat_parsed parse_transport(const struct sk_buff *skb,
					  struct svcnat_packet *packet)
{
	switch (packet->tuple.proto) {
	case IPPROTO_TCP:
		return parse_tcp(skb, packet);
	case IPPROTO_UDP:
		return parse_udp(skb, packet);
	case IPPROTO_SCTP:
		return svcnat_packet_parse_sctp(skb, packet);
	default:
		return parse_icmp(skb, packet);
	}
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
	struct cursor c = { .skb = skb, .at = skb_network_offset(skb) };
	enum svcnat_parsed parsed;

	/* Each by itself: a string instruction takes its time to begin. */
	packet->tuple = (struct svcnat_tuple) { };
	packet->l4 = 0;
	packet->l4_len = 0;
	packet->tcp = 0;
	packet->payload = false;
	packet->icmp_type = 0;
	packet->proof = 0;
	packet->tag = 0;
	packet->l3 = c.at;
	packet->len = skb->len - packet->l3;
	/* This is what a header in front of the data looks like, too. */
	if (c.at > U16_MAX)
		return SVCNAT_PARSED_BROKEN;
	parsed = read_network(&c, family, &packet->tuple);
	if (parsed != SVCNAT_PARSED)
		return parsed;
	packet->l4 = c.at;
	return parse_transport(skb, packet);
}

/**
 * svcnat_packet_error_sound() - is the checksum of an ICMP error right?
 * @skb: the packet, which is not changed in any way
 * @packet: its facts: SVCNAT_PARSED_ERROR
 *
 * What the kernel or the device has yet to sum, or vouches for, is right.
 *
 * Return: whether it is.
 */
bool svcnat_packet_error_sound(const struct sk_buff *skb,
			       const struct svcnat_packet *packet)
{
	const struct svcnat_tuple *t = &packet->tuple;
	const u32 len = skb->len - packet->l4;
	__wsum sum;

	if (skb->ip_summed == CHECKSUM_UNNECESSARY ||
	    skb->ip_summed == CHECKSUM_PARTIAL)
		return true;
	sum = skb_checksum(skb, packet->l4, len, 0);
	if (t->family == AF_INET)
		return !csum_fold(sum);
	return !csum_ipv6_magic(&t->src.in6, &t->dst.in6, len, IPPROTO_ICMPV6,
				sum);
}

/**
 * svcnat_packet_opens() - may this packet begin a connection?
 * @packet: the facts
 *
 * Return: true for everything but TCP that is no pure SYN, and SCTP that is no
 * INIT.
 */
bool svcnat_packet_opens(const struct svcnat_packet *packet)
{
	return !svcnat_proto_connects(packet->tuple.proto) ||
	       (packet->tcp & (SVCNAT_TCP_SYN | SVCNAT_TCP_ACK |
			       SVCNAT_TCP_RST | SVCNAT_TCP_FIN)) ==
	       SVCNAT_TCP_SYN;
}
