// SPDX-License-Identifier: GPL-2.0-only
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/jiffies.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_reject.h>
#include <net/route.h>

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

/* One such frame would be answered by every node of the link. */
static bool came_to_many(const struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	return state->hook == NF_INET_PRE_ROUTING &&
	       skb->pkt_type != PACKET_HOST;
}

static void send_ipv4(struct sk_buff *skb, const struct svcnat_packet *packet,
		      const struct nf_hook_state *state)
{
	if (packet->tuple.proto == IPPROTO_TCP)
		nf_send_reset(state->net, state->sk, skb, state->hook);
	else
		nf_send_unreach(skb, ICMP_PORT_UNREACH, state->hook);
}

static void send_ipv6(struct sk_buff *skb, const struct svcnat_packet *packet,
		      const struct nf_hook_state *state)
{
	if (packet->tuple.proto == IPPROTO_TCP)
		nf_send_reset6(state->net, state->sk, skb, state->hook);
	else
		nf_send_unreach6(state->net, skb, ICMPV6_PORT_UNREACH,
				 state->hook);
}

/**
 * svcnat_reject_send() - answer a packet
 * @reject: the netns' limits
 * @skb: the packet, which remains the caller's
 * @packet: its facts
 * @state: of the hook: PRE_ROUTING or LOCAL_OUT, behind conntrack
 *
 * The helpers answer no non-first fragment and none with a wrong checksum.  A
 * RST gets no answer, nor does what came to many.
 *
 * Context: softirqs disabled.
 * Return: false if an answer is due, but too many were sent.
 */
bool svcnat_reject_send(struct svcnat_reject *reject, struct sk_buff *skb,
			const struct svcnat_packet *packet,
			const struct nf_hook_state *state)
{
	if (packet->tcp & SVCNAT_TCP_RST || came_to_many(skb, state))
		return true;
	if (!take(svcnat_packet_opens(packet) ? &reject->opening :
						&reject->stray))
		return false;
	if (packet->tuple.family == AF_INET)
		send_ipv4(skb, packet, state);
	else
		send_ipv6(skb, packet, state);
	return true;
}

/* Gives it the route that an answer from a service's address takes. */
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
	skb_dst_drop(skb);
	skb_dst_set(skb, &rt->dst);
	return 0;
}

static void echo_ipv4(struct net *net, struct sk_buff *skb,
		      const struct svcnat_packet *packet, int oif)
{
	const struct svcnat_tuple *t = &packet->tuple;
	struct icmphdr *icmp;
	struct iphdr *iph;

	if (route_ipv4(net, skb, t, oif)) {
		kfree_skb(skb);
		return;
	}
	iph = (struct iphdr *)(skb->data + packet->l3);
	iph->saddr = t->dst.ip;
	iph->daddr = t->src.ip;
	iph->ttl = ip4_dst_hoplimit(skb_dst(skb));
	iph->frag_off = 0;
	icmp = (struct icmphdr *)(skb->data + packet->l4);
	icmp->type = ICMP_ECHOREPLY;
	csum_replace2(&icmp->checksum, htons(ICMP_ECHO << 8),
		      htons(ICMP_ECHOREPLY << 8));
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	skb->ignore_df = 1;
	ip_local_out(net, NULL, skb);
}

#if IS_ENABLED(CONFIG_IPV6)
static void echo_ipv6(struct net *net, struct sk_buff *skb,
		      const struct svcnat_packet *packet, int oif)
{
	const struct svcnat_tuple *t = &packet->tuple;
	struct flowi6 fl6 = {
		.daddr = t->src.in6, .saddr = t->dst.in6,
		.flowi6_oif = oif, .flowi6_mark = skb->mark,
		.flowi6_proto = t->proto,
	};
	struct dst_entry *dst = ip6_route_output(net, NULL, &fl6);
	struct icmp6hdr *icmp;
	struct ipv6hdr *iph;

	if (dst->error) {
		dst_release(dst);
		kfree_skb(skb);
		return;
	}
	skb_dst_drop(skb);
	skb_dst_set(skb, dst);
	iph = (struct ipv6hdr *)(skb->data + packet->l3);
	iph->saddr = t->dst.in6;
	iph->daddr = t->src.in6;
	iph->hop_limit = ip6_dst_hoplimit(dst);
	icmp = (struct icmp6hdr *)(skb->data + packet->l4);
	icmp->icmp6_type = ICMPV6_ECHO_REPLY;
	csum_replace2(&icmp->icmp6_cksum, htons(ICMPV6_ECHO_REQUEST << 8),
		      htons(ICMPV6_ECHO_REPLY << 8));
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	skb->ignore_df = 1;
	ip6_local_out(net, NULL, skb);
}
#else
static void echo_ipv6(struct net *net, struct sk_buff *skb,
		      const struct svcnat_packet *packet, int oif)
{
	kfree_skb(skb);
}
#endif

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
	nf_reset_ct(copy);
	nf_ct_attach(copy, skb);
	return copy;
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
	int oif = 0;

	if (came_to_many(skb, state))
		return true;
	if (!take(&reject->echo))
		return false;
	copy = copy_of(skb);
	if (!copy)
		return true;
	if (state->in)
		oif = l3mdev_master_ifindex_rcu(state->in);
	if (packet->tuple.family == AF_INET)
		echo_ipv4(state->net, copy, packet, oif);
	else
		echo_ipv6(state->net, copy, packet, oif);
	return true;
}
