// SPDX-License-Identifier: GPL-2.0-only
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/netfilter_bridge.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include <net/arp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/neighbour.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "compat.h"
#include "conntrack.h"
#include "fastpath.h"
#include "nat.h"
#include "passage.h"

/* Seconds after which a packet of each direction takes the normal path. */
#define REVIEW_AFTER	4

/* Jiffies between two looks at the hooks */
#define LOOK_AFTER	(HZ / 10)

/* The period that a moment is in */
static u32 period(u32 stamp)
{
	return stamp / (REVIEW_AFTER * SVCNAT_STAMP_STEP);
}

/* The first packet of a period, as far as stamps tell: it will be a stamp. */
static bool is_due(u64 word)
{
	u32 now = svcnat_stamp_now(), then = svcnat_word_stamp(word);

	return now - then >= SVCNAT_STAMP_STEP && period(now) != period(then);
}

static bool has_policies(const struct net *net)
{
#ifdef CONFIG_XFRM
	return READ_ONCE(net->xfrm.policy_count[XFRM_POLICY_IN]) ||
	       READ_ONCE(net->xfrm.policy_count[XFRM_POLICY_FWD]) ||
	       READ_ONCE(net->xfrm.policy_count[XFRM_POLICY_OUT]);
#else
	return false;
#endif
}

/*
 * Has somebody a hook on the normal path that was not there before, or one
 * less?  A firewall or conntrack that comes later is to see every connection
 * before it ends.  Hooks are told from one another by where their table is: one
 * that has taken the place of another which has gone meanwhile is met at the
 * next review.
 */
static bool has_changed(const struct svcnat_net *sn, u8 family)
{
	const void *const *seen = sn->seen[svcnat_family_index(family)];
	const struct netns_nf *nf = &sn->net->nf;
	struct nf_hook_entries __rcu *const *now;

	now = family == AF_INET ? nf->hooks_ipv4 : nf->hooks_ipv6;
	return READ_ONCE(seen[NF_INET_PRE_ROUTING]) !=
	       rcu_access_pointer(now[NF_INET_PRE_ROUTING]) ||
	       READ_ONCE(seen[NF_INET_FORWARD]) !=
	       rcu_access_pointer(now[NF_INET_FORWARD]) ||
	       READ_ONCE(seen[NF_INET_POST_ROUTING]) !=
	       rcu_access_pointer(now[NF_INET_POST_ROUTING]);
}

/*
 * A firewall that is loaded changes them many times.  Until they have been
 * looked at again all packets take the normal path.
 */
static void look_again(struct svcnat_net *sn)
{
	const unsigned long then = READ_ONCE(sn->looked);

	if (!time_in_range(jiffies, then, then + LOOK_AFTER))
		svcnat_fastpath_look(sn);
}

/* Somebody has plans for it, or it is not for this node alone. */
static bool is_special(struct sk_buff *skb)
{
	return skb->pkt_type != PACKET_HOST || skb_sk_is_prefetched(skb) ||
	       skb_shared(skb) || skb_vlan_tag_present(skb) ||
	       skb_sec_path(skb) || skb_get_nfct(skb) || skb_warn_if_lro(skb);
}

/* Does it neither begin nor end anything? */
static bool goes_on(const struct svcnat_packet *packet)
{
	return packet->tuple.proto == IPPROTO_UDP ||
	       (packet->tuple.proto == IPPROTO_TCP &&
		packet->tcp == SVCNAT_TCP_ACK);
}

static bool counts(const struct svcnat_hit *hit)
{
	u8 flags = svcnat_hit_flags(hit);

	return !(flags & (SVCNAT_ACCOUNT_REMOVED | SVCNAT_ACCOUNT_UNREADY |
			  SVCNAT_ACCOUNT_RESET));
}

/* What ip6_forward() asks about, and then what ip6_output() does */
static unsigned int mtu6(const struct dst_entry *dst)
{
	return min(ip6_dst_mtu_maybe_forward(dst, true), dst_mtu(dst));
}

static bool fits(const struct sk_buff *skb, const struct dst_entry *dst,
		 u8 family)
{
	unsigned int mtu = family == AF_INET ?
			   ip_dst_mtu_maybe_forward(dst, true) : mtu6(dst);

	return skb->len <= mtu ||
	       (skb_is_gso(skb) && skb_gso_validate_network_len(skb, mtu));
}

/* The way that a packet may take, or NULL: it takes the normal one. */
static struct svcnat_way *way_for(const struct svcnat_passage *p,
				  const struct svcnat_hit *hit)
{
	struct svcnat_ways *ways = &p->sn->flows.ways;
	struct svcnat_way *way;

	if (!hit->way || !counts(hit))
		return NULL;
	if (is_due(hit->word)) {
		/* Until one has passed all there is, the others follow it. */
		svcnat_flow_lead(&p->sn->flows, hit, hit->direction, 0);
		return NULL;
	}
	way = svcnat_ways_find(ways, hit->way);
	if (!way || way->iif != p->state->in->ifindex)
		return NULL;
	if (!dst_check(way->dst, way->cookie)) {
		svcnat_ways_drop(ways, hit->way);
		return NULL;
	}
	return fits(p->skb, way->dst, p->packet.tuple.family) ? way : NULL;
}

/* Under the hook's RCU read side, which neighbours ask for. */
static void output4(struct sk_buff *skb, struct dst_entry *dst)
{
	struct rtable *rt = (struct rtable *)dst;
	struct neighbour *neigh;
	bool is_v6gw = false;

	neigh = ip_neigh_for_gw(rt, skb, &is_v6gw);
	if (IS_ERR(neigh))
		kfree_skb(skb);
	else
		neigh_output(neigh, skb, is_v6gw);
}

#if IS_ENABLED(CONFIG_IPV6)
static void output6(struct sk_buff *skb, struct dst_entry *dst)
{
	const struct in6_addr *next;
	struct neighbour *neigh;

	next = rt6_nexthop((struct rt6_info *)dst, &ipv6_hdr(skb)->daddr);
	neigh = ip_neigh_gw6(dst->dev, next);
	if (IS_ERR(neigh))
		kfree_skb(skb);
	else
		neigh_output(neigh, skb, false);
}
#else
static void output6(struct sk_buff *skb, struct dst_entry *dst)
{
	kfree_skb(skb);
}
#endif

static void set_priority(struct sk_buff *skb, const struct net *net)
{
	if (READ_ONCE(net->ipv4.sysctl_ip_fwd_update_priority))
		skb->priority = rt_tos2priority(ip_hdr(skb)->tos);
}

/* One hop further, as ip_forward() and ip6_forward() do it */
static void forward(struct sk_buff *skb, struct dst_entry *dst, u8 family)
{
	skb_orphan(skb);
	skb_forward_csum(skb);
	skb_clear_tstamp(skb);
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, dst);
	skb->dev = dst->dev;
	if (family == AF_INET) {
		ip_decrease_ttl(ip_hdr(skb));
		set_priority(skb, dev_net(dst->dev));
		*IPCB(skb) = (struct inet_skb_parm) { };
		output4(skb, dst);
	} else {
		ipv6_hdr(skb)->hop_limit--;
		*IP6CB(skb) = (struct inet6_skb_parm) { };
		output6(skb, dst);
	}
}

/* All that is to be rewritten, at once; the packet stays whole or is dropped. */
static bool rewrite(struct svcnat_passage *p, const struct svcnat_hit *hit,
		    const struct svcnat_hit *second, struct dst_entry *dst)
{
	return !skb_cow(p->skb, LL_RESERVED_SPACE(dst->dev)) &&
	       svcnat_nat_rewrite(p->skb, &p->packet, &hit->rewrite) &&
	       (!second || svcnat_nat_rewrite(p->skb, &p->packet,
					      &second->rewrite));
}

static unsigned int carry(struct svcnat_passage *p,
			  const struct svcnat_hit *hit, struct dst_entry *dst)
{
	const bool full = hit->line->key.role & SVCNAT_ROLE_FULL;
	const u8 family = p->packet.tuple.family;
	struct svcnat_hit second __uninitialized;

	if (full && !svcnat_flow_second(&p->sn->flows, hit, &second))
		return NF_ACCEPT;
	svcnat_passage_count(p, SVCNAT_STAT_RX);
	svcnat_flow_mark(hit, &p->packet);
	if (!rewrite(p, hit, full ? &second : NULL, dst))
		return svcnat_passage_drop(p, SVCNAT_STAT_DROP_MEMORY);
	svcnat_passage_charge(p, hit);
	svcnat_passage_count(p, SVCNAT_STAT_TRANSLATED);
	svcnat_passage_count(p, SVCNAT_STAT_FASTPATH);
	forward(p->skb, dst, family);
	return NF_STOLEN;
}

/**
 * svcnat_fastpath_hook() - a packet has come by a gate
 * @priv: struct svcnat_net of the netns
 * @skb: the packet
 * @state: of the hook
 *
 * Context: softirqs disabled, RCU read side.
 * Return: the verdict: NF_ACCEPT if it takes the normal path.
 */
unsigned int svcnat_fastpath_hook(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	struct svcnat_passage p __uninitialized;
	const u8 family = skb->protocol == htons(ETH_P_IP) ? AF_INET : AF_INET6;
	struct svcnat_way *way;
	struct svcnat_hit hit __uninitialized;

	if ((family == AF_INET6 && skb->protocol != htons(ETH_P_IPV6)) ||
	    has_policies(state->net) || is_special(skb))
		return NF_ACCEPT;
	p.sn = priv;
	p.skb = skb;
	p.state = state;
	if (!svcnat_packet_plain(skb, family, &p.packet) ||
	    !svcnat_flow_find_first(&p.sn->flows, &p.packet.tuple, &hit))
		return NF_ACCEPT;
	if (unlikely(has_changed(p.sn, family))) {
		look_again(p.sn);
		return NF_ACCEPT;
	}
	way = way_for(&p, &hit);
	return way ? carry(&p, &hit, way->dst) : NF_ACCEPT;
}

/* ip6_forward() does not say so, but who came as it is has a device. */
static bool was_forwarded(const struct svcnat_passage *p)
{
	const struct sk_buff *skb = p->skb;

	return p->state->pf == NFPROTO_IPV4 ?
	       IPCB(skb)->flags & IPSKB_FORWARDED :
	       skb->skb_iif && IP6CB(skb)->iif == skb->skb_iif;
}

/* A route that says all there is to say: one hop by one device */
static bool is_plain(const struct dst_entry *dst, const struct net_device *out)
{
	return dst && dst->dev == out && !dst_xfrm(dst) && !dst->lwtstate &&
	       !netif_is_l3_slave(out) && !netif_is_l3_master(out);
}

/* Has it passed hooks of ours, or will it, in a bridge? */
static bool is_bridged(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	return nf_bridge_info_exists(skb);
#else
	return false;
#endif
}

/* May the packets of this flow take a way, as far as this one tells? */
static bool is_eligible(const struct svcnat_passage *p,
			const struct svcnat_hit *hit)
{
	const struct svcnat_packet *packet = &p->packet;
	struct svcnat_life life;

	if (!goes_on(packet) || !counts(hit) || !was_forwarded(p) ||
	    is_bridged(p->skb) || has_policies(p->state->net) ||
	    !is_plain(skb_dst(p->skb), p->state->out))
		return false;
	svcnat_line_life(hit, &life);
	switch (svcnat_state_of(packet->tuple.proto, life.request,
				life.reply)) {
	case SVCNAT_FLOW_ESTABLISHED:
	case SVCNAT_FLOW_REPLIED:
	case SVCNAT_FLOW_STREAM:
		return svcnat_conntrack_spare(p->skb);
	default:
		return false;
	}
}

static u32 cookie_of(const struct dst_entry *dst, u8 family)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (family == AF_INET6)
		return rt6_get_cookie((const struct rt6_info *)dst);
#endif
	return 0;
}

/* Is its source rewritten by a flow?  See take_away() in flow.c. */
static bool has_stage(const struct svcnat_passage *p)
{
	struct svcnat_hit other __uninitialized;

	return svcnat_flow_find(&p->sn->flows, &p->packet.tuple, SVCNAT_POST,
				&other);
}

/* Its number.  Who sees to the gates is called if it is a new one. */
static u16 learn_way(struct svcnat_passage *p)
{
	struct svcnat_flows *flows = &p->sn->flows;
	struct dst_entry *dst = skb_dst(p->skb);
	const bool fresh = READ_ONCE(flows->ways.fresh);
	u16 way;

	way = svcnat_ways_number(&flows->ways, dst,
				 cookie_of(dst, p->state->pf),
				 p->skb->skb_iif);
	if (!fresh && READ_ONCE(flows->ways.fresh))
		mod_delayed_work(system_power_efficient_wq, flows->worker, 0);
	return way;
}

/**
 * svcnat_fastpath_learn() - remember where a packet leaves
 * @p: the packet, at the last hook, before its source is rewritten
 * @hit: of its second stage, or NULL if it has none there
 *
 * Or forget it, if the packet or its flow is out of the ordinary.
 */
void svcnat_fastpath_learn(struct svcnat_passage *p,
			   const struct svcnat_hit *hit)
{
	struct svcnat_flows *flows = &p->sn->flows;
	enum svcnat_direction direction;
	struct svcnat_tuple answer __uninitialized;
	struct svcnat_line *line;
	struct svcnat_hit found __uninitialized;
	u16 way = 0;

	if (!READ_ONCE(p->sn->fastpath) ||
	    p->state->hook != NF_INET_POST_ROUTING)
		return;
	if (!hit) {
		/* What answers it has a key here. */
		svcnat_tuple_reverse(&answer, &p->packet.tuple);
		if (!svcnat_flow_find(flows, &answer, SVCNAT_POST, &found) ||
		    found.second || found.direction != SVCNAT_REPLY)
			return;
		hit = &found;
		line = svcnat_line_sibling(hit->line);
		direction = SVCNAT_REQUEST;
	} else {
		line = hit->line;
		direction = hit->direction;
	}
	if (is_eligible(p, hit))
		way = learn_way(p);
	if (READ_ONCE(line->key.way) != way) {
		svcnat_flow_lead(flows, hit, direction, way);
		/* Who came meanwhile may have taken it away before. */
		if (way && hit == &found && has_stage(p))
			svcnat_flow_lead(flows, hit, direction, 0);
	}
	/* Who ends a connection ends it for both. */
	if (!way && READ_ONCE(svcnat_line_sibling(line)->key.way))
		svcnat_flow_lead(flows, hit, !direction, 0);
}
