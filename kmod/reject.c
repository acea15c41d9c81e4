// SPDX-License-Identifier: GPL-2.0-only
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/jiffies.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_reject.h>
#include <net/route.h>

#include "abort.h"
#include "compat.h"
#include "reject.h"

/*
 * Answers a second, and at once: enough for every client that waits for one,
 * too few to make the node a reflector worth using.  The kernel's own default
 * for ICMP is the same (icmp_msgs_per_sec, Documentation/networking/
 * ip-sysctl.rst).
 */
#define RATE	1000
#define BURST	100

static void init_bucket(struct svcnat_bucket *bucket)
{
	spin_lock_init(&bucket->lock);
	bucket->tokens = BURST;
	bucket->stamp = jiffies;
}

/**
 * svcnat_reject_init() - set the limits
 * @reject: the netns' limits
 */
void svcnat_reject_init(struct svcnat_reject *reject)
{
	init_bucket(&reject->opening);
	init_bucket(&reject->stray);
	init_bucket(&reject->echo);
}

static bool take(struct svcnat_bucket *bucket)
{
	unsigned long age;
	bool taken;

	/* Whoever floods us must not make other CPUs wait. */
	if (!spin_trylock(&bucket->lock))
		return false;
	age = min_t(unsigned long, jiffies - bucket->stamp, HZ);
	if (age * RATE >= HZ) {
		bucket->tokens = min_t(u32, BURST,
				       bucket->tokens + age * RATE / HZ);
		bucket->stamp = jiffies;
	}
	taken = bucket->tokens;
	if (taken)
		bucket->tokens--;
	spin_unlock(&bucket->lock);
	return taken;
}

/*
 * A frame to many would be answered by every node of the link.  And what comes
 * by the wire from the node itself or from nobody is a lie: no such source of
 * IPv6 gets here (ip6_rcv_core()).
 */
static bool wants_no_answer(const struct sk_buff *skb,
			    const struct svcnat_packet *packet,
			    const struct nf_hook_state *state)
{
	const struct svcnat_tuple *t = &packet->tuple;

	if (state->hook != NF_INET_PRE_ROUTING)
		return false;
	return skb->pkt_type != PACKET_HOST ||
	       (t->family == AF_INET && (ipv4_is_loopback(t->src.ip) ||
					 ipv4_is_zeronet(t->src.ip)));
}

/* Give it the route that an answer from a service's address takes. */
static int route_ipv4(struct net *net, struct sk_buff *skb,
		      const struct svcnat_tuple *t, int oif)
{
	struct flowi4 fl4 = {
		.daddr = t->src.ip, .saddr = t->dst.ip,
		.flowi4_oif = oif, .flowi4_mark = skb->mark,
		.flowi4_proto = t->proto, .flowi4_flags = FLOWI_FLAG_ANYSRC,
	};
	struct rtable *rt = ip_route_output_key(net, &fl4);

	if (IS_ERR(rt))
		return PTR_ERR(rt);
	/* Anybody can say that he is all of a network. */
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return -EACCES;
	}
	skb_dst_drop(skb);
	skb_dst_set(skb, &rt->dst);
	return 0;
}

#if IS_ENABLED(CONFIG_IPV6)
static int route_ipv6(struct net *net, struct sk_buff *skb,
		      const struct svcnat_tuple *t, int oif)
{
	struct flowi6 fl6 = {
		.daddr = t->src.in6, .saddr = t->dst.in6,
		.flowi6_oif = oif, .flowi6_mark = skb->mark,
		.flowi6_proto = t->proto,
	};
	struct dst_entry *dst = ip6_route_output(net, NULL, &fl6);
	int err = dst->error;

	if (err) {
		dst_release(dst);
		return err;
	}
	skb_dst_drop(skb);
	skb_dst_set(skb, dst);
	return 0;
}
#else
static int route_ipv6(struct net *net, struct sk_buff *skb,
		      const struct svcnat_tuple *t, int oif)
{
	return -EAFNOSUPPORT;
}
#endif

/* The VRF that the packet came from, or 0. */
static int vrf_of(const struct nf_hook_state *state)
{
	return state->in ? l3mdev_master_ifindex_rcu(state->in) : 0;
}

/*
 * The helpers below look for the way back where the node finds its own, and not
 * in a VRF.  So the packet gets a route there.  Returns the hook that they take
 * it to be at: one where packets have a route.
 */
static unsigned int hook_for(struct sk_buff *skb,
			     const struct svcnat_packet *packet,
			     const struct nf_hook_state *state)
{
	const struct svcnat_tuple *t = &packet->tuple;
	int oif = vrf_of(state), err;

	if (!oif)
		return state->hook;
	err = t->family == AF_INET ? route_ipv4(state->net, skb, t, oif) :
				     route_ipv6(state->net, skb, t, oif);
	return err ? state->hook : NF_INET_LOCAL_IN;
}

static void send_ipv4(struct sk_buff *skb, const struct svcnat_packet *packet,
		      const struct nf_hook_state *state)
{
	unsigned int hook = hook_for(skb, packet, state);

	if (packet->tuple.proto == IPPROTO_TCP)
		nf_send_reset(state->net, state->sk, skb, hook);
	else
		nf_send_unreach(skb, ICMP_PORT_UNREACH, hook);
}

static void send_ipv6(struct sk_buff *skb, const struct svcnat_packet *packet,
		      const struct nf_hook_state *state)
{
	unsigned int hook = hook_for(skb, packet, state);

	if (packet->tuple.proto == IPPROTO_TCP)
		nf_send_reset6(state->net, state->sk, skb, hook);
	else
		nf_send_unreach6(state->net, skb, ICMPV6_PORT_UNREACH, hook);
}

/* Send a packet to where the one that it answers came from. */
static void return_ipv4(struct net *net, struct sk_buff *skb,
			const struct svcnat_tuple *t, int oif)
{
	struct iphdr *iph;

	if (route_ipv4(net, skb, t, oif)) {
		kfree_skb(skb);
		return;
	}
	iph = ip_hdr(skb);
	iph->saddr = t->dst.ip;
	iph->daddr = t->src.ip;
	iph->ttl = ip4_dst_hoplimit(skb_dst(skb));
	iph->frag_off = 0;
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	skb->ignore_df = 1;
	ip_local_out(net, NULL, skb);
}

#if IS_ENABLED(CONFIG_IPV6)
static void return_ipv6(struct net *net, struct sk_buff *skb,
			const struct svcnat_tuple *t, int oif)
{
	struct ipv6hdr *iph;
	u16 longest;

	if (route_ipv6(net, skb, t, oif)) {
		kfree_skb(skb);
		return;
	}
	iph = ipv6_hdr(skb);
	iph->saddr = t->dst.in6;
	iph->daddr = t->src.in6;
	iph->hop_limit = ip6_dst_hoplimit(skb_dst(skb));
	/*
	 * Nobody can tell a service's address how long a packet to the client
	 * may be: none is longer than the fragments that came from there.
	 */
	longest = min_t(u32, IP6CB(skb)->frag_max_size, dst_mtu(skb_dst(skb)));
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	IP6CB(skb)->frag_max_size = longest;
	skb->ignore_df = 1;
	ip6_local_out(net, NULL, skb);
}
#else
static void return_ipv6(struct net *net, struct sk_buff *skb,
			const struct svcnat_tuple *t, int oif)
{
	kfree_skb(skb);
}
#endif

static void send_back(struct sk_buff *skb, const struct svcnat_packet *packet,
		      const struct nf_hook_state *state)
{
	int oif = vrf_of(state);

	if (packet->tuple.family == AF_INET)
		return_ipv4(state->net, skb, &packet->tuple, oif);
	else
		return_ipv6(state->net, skb, &packet->tuple, oif);
}

/* What a stack says that knows no such association (RFC 9260 8.4). */
static void put_abort(struct sk_buff *skb, const struct svcnat_packet *packet)
{
	struct svcnat_abort *h = skb_put(skb, sizeof(*h));

	h->common.source = packet->tuple.dport;
	h->common.dest = packet->tuple.sport;
	h->common.vtag = packet->tag;
	/* The tag is the receiver's, or that which it sent. */
	svcnat_abort_finish(h, svcnat_packet_opens(packet) ? 0 :
			       SCTP_CHUNK_FLAG_T);
}

/* A network header like that of @skb, but for what it may have besides. */
static void put_network(struct sk_buff *to, struct sk_buff *skb,
			const struct svcnat_packet *packet)
{
	unsigned int len;
	void *l3;

	len = packet->tuple.family == AF_INET ? sizeof(struct iphdr) :
						sizeof(struct ipv6hdr);
	skb_reset_network_header(to);
	l3 = skb_put(to, len);
	skb_set_transport_header(to, len);
	/* The packet was parsed: it is as long. */
	skb_copy_bits(skb, packet->l3, l3, len);
	if (packet->tuple.family == AF_INET)
		((struct iphdr *)l3)->ihl = len / 4;
	else
		((struct ipv6hdr *)l3)->nexthdr = IPPROTO_SCTP;
	to->protocol = skb->protocol;
	to->mark = skb->mark;
}

/*
 * SCTP heeds no ICMP port unreachable: a client would wait for as long as if
 * there were no answer at all.
 */
static void send_abort(struct sk_buff *skb, const struct svcnat_packet *packet,
		       const struct nf_hook_state *state)
{
	struct sk_buff *answer;

	answer = alloc_skb(LL_MAX_HEADER + sizeof(struct ipv6hdr) +
			   sizeof(struct svcnat_abort),
			   GFP_ATOMIC | __GFP_NOWARN);
	if (!answer)
		return;
	skb_reserve(answer, LL_MAX_HEADER);
	put_network(answer, skb, packet);
	put_abort(answer, packet);
	nf_ct_attach(answer, skb);
	send_back(answer, packet, state);
}

/**
 * svcnat_reject_send() - answer a packet
 * @reject: the netns' limits
 * @skb: the packet, which remains the caller's
 * @packet: its facts
 * @state: of the hook, behind conntrack
 *
 * The helpers answer no non-first fragment and none with a wrong checksum, but
 * for SCTP's, which they do not look at.  A RST or ABORT gets no answer, nor
 * does what came to many or from nobody.
 *
 * Context: softirqs disabled.
 * Return: false if an answer is due, but too many were sent.
 */
bool svcnat_reject_send(struct svcnat_reject *reject, struct sk_buff *skb,
			const struct svcnat_packet *packet,
			const struct nf_hook_state *state)
{
	if (packet->tcp & SVCNAT_TCP_RST ||
	    wants_no_answer(skb, packet, state))
		return true;
	if (!take(svcnat_packet_opens(packet) ? &reject->opening :
						&reject->stray))
		return false;
	/* How it came by a tunnel is no route: nf_send_reset() takes it for one. */
	if (skb_dst(skb) && !skb_valid_dst(skb))
		skb_dst_drop(skb);
	/* A packet that was not parsed to its ports has no length there. */
	if (packet->tuple.proto == IPPROTO_SCTP && packet->l4_len)
		send_abort(skb, packet, state);
	else if (packet->tuple.family == AF_INET)
		send_ipv4(skb, packet, state);
	else
		send_ipv6(skb, packet, state);
	return true;
}

/*
 * A copy that goes back.  The checksum is updated, so that a wrong one stays
 * wrong, and complete: nothing below us has to add to it.
 */
static struct sk_buff *copy_of(struct sk_buff *skb)
{
	struct sk_buff *copy;

	copy = skb_copy_expand(skb, LL_MAX_HEADER, 0, GFP_ATOMIC | __GFP_NOWARN);
	if (!copy)
		return NULL;
	if (copy->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(copy)) {
		kfree_skb(copy);
		return NULL;
	}
	copy->ip_summed = CHECKSUM_NONE;
	/* When the request came in is not when the answer may leave. */
	skb_clear_tstamp(copy);
	nf_reset_ct(copy);
	nf_ct_attach(copy, skb);
	return copy;
}

static void make_reply(struct sk_buff *skb, const struct svcnat_packet *packet)
{
	/* ICMPv6 begins with type, code and checksum as well. */
	struct icmphdr *icmp = (struct icmphdr *)(skb->data + packet->l4);
	const u8 type = packet->tuple.family == AF_INET ? ICMP_ECHOREPLY :
							  ICMPV6_ECHO_REPLY;

	csum_replace2(&icmp->checksum, htons(icmp->type << 8),
		      htons(type << 8));
	icmp->type = type;
}

/**
 * svcnat_reject_echo() - answer an echo request
 * @reject: the netns' limits
 * @skb: the request, which remains the caller's
 * @packet: its facts
 * @state: of the hook: PRE_ROUTING or LOCAL_OUT, behind conntrack
 *
 * Context: softirqs disabled.
 * Return: false if too many were answered.
 */
bool svcnat_reject_echo(struct svcnat_reject *reject, struct sk_buff *skb,
			const struct svcnat_packet *packet,
			const struct nf_hook_state *state)
{
	struct sk_buff *copy;

	/* Nobody segments ICMP, but who sends it can say that it was to be. */
	if (wants_no_answer(skb, packet, state) || skb_is_gso(skb))
		return true;
	if (!take(&reject->echo))
		return false;
	copy = copy_of(skb);
	if (!copy)
		return true;
	make_reply(copy, packet);
	send_back(copy, packet, state);
	return true;
}
