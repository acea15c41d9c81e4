// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets: made, and looked at when they have come out.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "gen.h"

#define PAYLOAD_TCP	6	/* with these the frame has GEN_FRAME bytes */
#define PAYLOAD_UDP	18
#define FIRST_CLIENT	100000	/* sequence numbers */
#define FIRST_ENDPOINT	500000
#define TTL		64

/* A connection of seven packets, and what its middle looks like for long. */
static const struct gen_shot tcp_shots[] = {
	{ "syn", GEN_CLIENT, TCPHDR_SYN, false, 0, 0 },
	{ "synack", GEN_ENDPOINT, TCPHDR_SYN | TCPHDR_ACK, false, 0, 1 },
	{ "ack", GEN_CLIENT, TCPHDR_ACK, false, 1, 1 },
	{ "request", GEN_CLIENT, TCPHDR_ACK | TCPHDR_PSH, true, 1, 1 },
	{ "reply", GEN_ENDPOINT, TCPHDR_ACK | TCPHDR_PSH, true, 1,
	  1 + PAYLOAD_TCP },
	{ "replyfin", GEN_ENDPOINT, TCPHDR_ACK | TCPHDR_PSH | TCPHDR_FIN, true,
	  1, 1 + PAYLOAD_TCP },
	{ "fin", GEN_CLIENT, TCPHDR_ACK | TCPHDR_FIN, false, 1 + PAYLOAD_TCP,
	  2 + PAYLOAD_TCP },
	{ "last", GEN_ENDPOINT, TCPHDR_ACK, false, 2 + PAYLOAD_TCP,
	  2 + PAYLOAD_TCP },
};

static const struct gen_shot udp_shots[] = {
	{ "request", GEN_CLIENT },
	{ "reply", GEN_ENDPOINT },
};

/**
 * gen_packet_shot() - find a kind of packet
 * @proto: its protocol
 * @name: its name
 *
 * Return: it, or NULL.
 */
const struct gen_shot *gen_packet_shot(u8 proto, const char *name)
{
	const struct gen_shot *shot = udp_shots;
	size_t n = ARRAY_SIZE(udp_shots);

	if (proto == IPPROTO_TCP) {
		shot = tcp_shots;
		n = ARRAY_SIZE(tcp_shots);
	}
	for (; n--; shot++) {
		if (!strcmp(shot->name, name))
			return shot;
	}
	return NULL;
}

/* The ends of a packet, as one side sees them. */
struct ends {
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
};

/* As the packet comes in, or must come out. */
static struct ends ends(const struct gen_flow *flow, enum gen_side from,
			bool outside)
{
	/* Clients know the target, endpoints know themselves. */
	bool target = (from == GEN_CLIENT) == outside;
	__be16 port = target ? htons(GEN_PORT) : flow->endpoint_port;
	__be32 address = target ? flow->target : flow->endpoint;

	if (from == GEN_CLIENT)
		return (struct ends){ flow->client, address,
				      flow->client_port, port };
	return (struct ends){ address, flow->client, port, flow->client_port };
}

static unsigned int l4_len(const struct gen *gen, const struct gen_shot *shot)
{
	if (gen->shape.proto == IPPROTO_UDP)
		return sizeof(struct udphdr) + PAYLOAD_UDP;
	return sizeof(struct tcphdr) + (shot->payload ? PAYLOAD_TCP : 0);
}

static void put_l4(const struct gen *gen, const struct gen_shot *shot,
		   const struct ends *e, void *header, unsigned int len)
{
	bool client = shot->side == GEN_CLIENT;
	struct udphdr *uh = header;
	struct tcphdr *th = header;

	memset(header, 0, len);
	/* The same place in both. */
	uh->source = e->sport;
	uh->dest = e->dport;
	if (gen->shape.proto == IPPROTO_UDP) {
		uh->len = htons(len);
		uh->check = csum_tcpudp_magic(e->saddr, e->daddr, len,
					      IPPROTO_UDP,
					      csum_partial(uh, len, 0));
		if (!uh->check)
			uh->check = CSUM_MANGLED_0;
		return;
	}
	th->doff = sizeof(*th) / 4;
	tcp_flag_byte(th) = shot->flags;
	th->seq = htonl(shot->seq + (client ? FIRST_CLIENT : FIRST_ENDPOINT));
	if (th->ack)
		th->ack_seq = htonl(shot->ack +
				    (client ? FIRST_ENDPOINT : FIRST_CLIENT));
	/* So that nobody takes it for the one before, sent again. */
	th->window = htons(30000 + gen->serial % 1024);
	th->check = tcp_v4_check(len, e->saddr, e->daddr,
				 csum_partial(th, len, 0));
}

static void put_eth(struct ethhdr *eth, enum gen_side side)
{
	ether_addr_copy(eth->h_dest, gen_device_mac[side]);
	ether_addr_copy(eth->h_source, gen_device_gateway[side]);
	eth->h_proto = htons(ETH_P_IP);
}

static struct sk_buff *fill(struct gen *gen, const struct gen_shot *shot,
			    const struct gen_flow *flow)
{
	struct net_device *dev = gen->dev[shot->side];
	unsigned int len = l4_len(gen, shot);
	struct ends e = ends(flow, shot->side, true);
	struct sk_buff *skb;
	struct iphdr *iph;

	skb = netdev_alloc_skb_ip_align(dev, ETH_HLEN + sizeof(*iph) + len);
	if (!skb)
		return NULL;
	put_eth(skb_put(skb, ETH_HLEN), shot->side);
	iph = skb_put_zero(skb, sizeof(*iph));
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tot_len = htons(sizeof(*iph) + len);
	iph->id = htons(gen->serial);
	iph->frag_off = htons(IP_DF);
	iph->ttl = TTL;
	iph->protocol = gen->shape.proto;
	iph->saddr = e.saddr;
	iph->daddr = e.daddr;
	ip_send_check(iph);
	put_l4(gen, shot, &e, skb_put(skb, len), len);
	skb->protocol = eth_type_trans(skb, dev);
	/* As nearly every card says. */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	return skb;
}

/**
 * gen_packet_fill() - make the packets of a batch
 * @gen: @gen->order has the flows
 * @shot: which of their packets
 *
 * Return: 0 or a negative errno; then there are none.
 */
int gen_packet_fill(struct gen *gen, const struct gen_shot *shot)
{
	u32 n;

	gen->serial++;
	for (n = 0; n < gen->count; n++) {
		struct gen_flow *flow = &gen->flows[gen->order[n]];

		gen->skbs[n] = NULL;
		if (flow->endpoint_port || shot->side == GEN_CLIENT)
			gen->skbs[n] = fill(gen, shot, flow);
		if (gen->skbs[n])
			continue;
		while (n--)
			kfree_skb(gen->skbs[n]);
		return flow->endpoint_port ? -ENOMEM : -ENOENT;
	}
	return 0;
}

/* Is it whole, whatever it is?  Of TCP also: are the flags what they were? */
static bool sound(const struct gen *gen, const struct gen_shot *shot,
		  const struct gen_record *record)
{
	const struct ethhdr *eth = (const void *)record->frame;
	const struct iphdr *iph = (const void *)(eth + 1);
	const struct tcphdr *th = (const void *)(iph + 1);
	enum gen_side out = !shot->side;
	unsigned int len = l4_len(gen, shot);

	return record->side == out &&
	       record->len == ETH_HLEN + sizeof(*iph) + len &&
	       ether_addr_equal(eth->h_source, gen_device_mac[out]) &&
	       ether_addr_equal(eth->h_dest, gen_device_gateway[out]) &&
	       eth->h_proto == htons(ETH_P_IP) && iph->ihl == 5 &&
	       iph->ttl == TTL - 1 && iph->protocol == gen->shape.proto &&
	       !ip_fast_csum(iph, iph->ihl) &&
	       !csum_tcpudp_magic(iph->saddr, iph->daddr, len, iph->protocol,
				  csum_partial(th, len, 0)) &&
	       (gen->shape.proto == IPPROTO_UDP ||
		tcp_flag_byte(th) == shot->flags);
}

static bool check(struct gen *gen, const struct gen_shot *shot, u32 n)
{
	const struct gen_record *record = &gen->records[n];
	const struct iphdr *iph = (const void *)(record->frame + ETH_HLEN);
	struct gen_flow *flow = &gen->flows[gen->order[n]];
	const struct udphdr *uh = (const void *)(iph + 1);
	struct ends e;

	if (!sound(gen, shot, record)) {
		snprintf(gen->answer, sizeof(gen->answer),
			 "error a %s came out damaged: %*ph", shot->name,
			 GEN_FRAME, record->frame);
		return false;
	}
	if (!flow->endpoint_port &&
	    gen_flows_has_endpoint(gen, flow, iph->daddr, uh->dest)) {
		flow->endpoint = iph->daddr;
		flow->endpoint_port = uh->dest;
	}
	e = ends(flow, shot->side, false);
	if (e.saddr == iph->saddr && e.daddr == iph->daddr &&
	    e.sport == uh->source && e.dport == uh->dest)
		return true;
	snprintf(gen->answer, sizeof(gen->answer),
		 "error a %s came out as %pI4:%u > %pI4:%u, not %pI4:%u > %pI4:%u",
		 shot->name, &iph->saddr, ntohs(uh->source), &iph->daddr,
		 ntohs(uh->dest), &e.saddr, ntohs(e.sport), &e.daddr,
		 ntohs(e.dport));
	return false;
}

/**
 * gen_packet_check() - look at what came out
 * @gen: has recorded it
 * @shot: what was put in
 *
 * Learns the endpoints of new flows.
 *
 * Return: is it all that, rewritten as it should?  If not, @gen->answer says
 * what is wrong.
 */
bool gen_packet_check(struct gen *gen, const struct gen_shot *shot)
{
	u32 n;

	if (gen->caught != gen->count) {
		snprintf(gen->answer, sizeof(gen->answer),
			 "error %u of %u came out of a batch of %s",
			 gen->caught, gen->count, shot->name);
		return false;
	}
	for (n = 0; n < gen->count; n++) {
		if (!check(gen, shot, n))
			return false;
	}
	return true;
}
