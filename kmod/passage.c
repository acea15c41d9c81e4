// SPDX-License-Identifier: GPL-2.0-only
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>
#include <net/route.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "ipsec.h"
#include "memo.h"
#include "nat.h"
#include "passage.h"
#include "trace.h"

/**
 * svcnat_passage_drop() - drop the packet, and say why
 * @p: the packet; svcnat_stat RX was counted
 * @why: the counter
 *
 * Return: the verdict.
 */
unsigned int svcnat_passage_drop(struct svcnat_passage *p, enum svcnat_stat why)
{
	svcnat_passage_count(p, why);
	trace_svcnat_drop(p->sn->net, &p->packet.tuple, why);
	return NF_DROP;
}

/**
 * svcnat_passage_charge() - count the packet for its service
 * @p: the packet, at its first stage
 * @hit: its flow
 */
void svcnat_passage_charge(const struct svcnat_passage *p,
			   const struct svcnat_hit *hit)
{
	unsigned int len = p->packet.len;

	svcnat_account_packet(hit->endpoint, hit->direction, len);
	if (hit->frontend != hit->endpoint)
		svcnat_account_packet(hit->frontend, hit->direction, len);
}

/**
 * svcnat_passage_admitted() - do the policies of IPsec admit the packet?
 * @p: the packet
 *
 * They know the packet as it came.  The node asks them for what is its own
 * behind our last hook, when the source is no more what it was: so ask before,
 * and let that be the answer.
 *
 * Return: false if it is to be dropped.
 */
bool svcnat_passage_admitted(struct svcnat_passage *p)
{
	if (p->state->hook != NF_INET_LOCAL_IN)
		return true;
	if (p->state->pf == NFPROTO_IPV4 ?
	    !xfrm4_policy_check(NULL, XFRM_POLICY_IN, p->skb) :
	    !xfrm6_policy_check(NULL, XFRM_POLICY_IN, p->skb))
		return false;
	secpath_reset(p->skb);
	return true;
}

/* Count it where it is not counted yet, and drop it. */
static unsigned int fail(struct svcnat_passage *p, bool first,
			 enum svcnat_stat why)
{
	if (!first)
		svcnat_passage_count(p, SVCNAT_STAT_RX);
	return svcnat_passage_drop(p, why);
}

/* Are there flows whose answers come from where this packet comes from? */
static bool may_answer(const struct svcnat_passage *p)
{
	const struct svcnat_tuple *t = &p->packet.tuple;

	return svcnat_filter_kinds(&p->sn->filter, t->family, &t->src) &
	       SVCNAT_FILTER_FLOW;
}

/*
 * For the stages that come next.  Of a plain flow nothing is left to do, unless
 * what the packet is now is an answer in another flow: of two that are each
 * other's endpoints.  Behind extension headers nobody would recognize it.
 */
static void remember(const struct svcnat_passage *p,
		     const struct svcnat_hit *hit)
{
	const struct svcnat_packet *packet = &p->packet;
	const bool full = hit->line->key.role & SVCNAT_ROLE_FULL;

	if (packet->tuple.family == AF_INET ||
	    packet->l4 - packet->l3 == sizeof(struct ipv6hdr))
		svcnat_memo_write(p->skb, p->sn->net, packet,
				  !full && !may_answer(p));
}

/**
 * svcnat_passage_translate() - rewrite a packet of a flow
 * @p: the packet
 * @hit: what was found; the flow is charged where the packet first meets it
 *
 * Return: the verdict.
 */
unsigned int svcnat_passage_translate(struct svcnat_passage *p,
				      const struct svcnat_hit *hit)
{
	struct svcnat_packet *packet = &p->packet;
	const bool first = !hit->second;

	if (first) {
		svcnat_passage_count(p, SVCNAT_STAT_RX);
		svcnat_flow_mark(hit, packet);
	}
	if (!svcnat_passage_admitted(p))
		return fail(p, first, SVCNAT_STAT_DROP_POLICY);
	if (!svcnat_nat_rewrite(p->skb, packet, &hit->rewrite))
		return fail(p, first, SVCNAT_STAT_DROP_MEMORY);
	if (first)
		svcnat_passage_charge(p, hit);
	if (hit->rewrite.side == SVCNAT_DESTINATION)
		remember(p, hit);
	p->rewritten = true;
	p->counted = !first;
	return NF_ACCEPT;
}

static int reroute(struct svcnat_passage *p)
{
	const struct nf_hook_state *state = p->state;

	if (state->pf == NFPROTO_IPV4)
		return ip_route_me_harder(state->net, state->sk, p->skb,
					  RTN_UNSPEC);
#if IS_ENABLED(CONFIG_IPV6)
	return ip6_route_me_harder(state->net, state->sk, p->skb);
#else
	return 0;
#endif
}

/*
 * A client on the node makes its packets as long as the way to the frontend
 * allows.  Tell its socket if the way to the endpoint is encrypted and allows
 * less: nobody else would, because the error quotes what the client never sent.
 * By what the socket is connected to, so not for one that is not.
 */
static void tell_mtu(const struct svcnat_passage *p, struct dst_entry *before)
{
	struct sock *sk = p->state->sk;
	struct dst_entry *now;

	if (!sk || !sk_fullsock(sk))
		return;
	now = skb_dst(p->skb);
	if (dst_xfrm(now) && dst_mtu(now) < dst_mtu(before))
		before->ops->update_pmtu(before, sk, NULL, dst_mtu(now), false);
}

/**
 * svcnat_passage_settle() - what a rewritten packet needs before it goes on
 * @p: the packet
 *
 * Return: the verdict.
 */
unsigned int svcnat_passage_settle(struct svcnat_passage *p)
{
	struct dst_entry *before = skb_dst(p->skb);
	int err;

	switch (p->state->hook) {
	case NF_INET_LOCAL_OUT:
		/* Its route is still that to the frontend. */
		err = reroute(p);
		if (err) {
			svcnat_passage_drop(p, SVCNAT_STAT_DROP_ROUTE);
			return NF_DROP_ERR(err);
		}
		/* Under RCU the old one stays, whoever had it. */
		tell_mtu(p, before);
		break;
	case NF_INET_PRE_ROUTING:
		/* What IPsec has unpacked has a route already, to the old one. */
		skb_dst_drop(p->skb);
		break;
	case NF_INET_POST_ROUTING:
		err = svcnat_ipsec_ask(p->skb, p->state);
		if (err) {
			fail(p, !p->counted, SVCNAT_STAT_DROP_POLICY);
			return NF_DROP_ERR(err);
		}
		break;
	case NF_INET_LOCAL_IN:
		/* Early demux looked for a socket of the old source. */
		if (p->skb->sk && !inet_sk_transparent(p->skb->sk))
			skb_orphan(p->skb);
		break;
	}
	if (!p->counted)
		svcnat_passage_count(p, SVCNAT_STAT_TRANSLATED);
	return NF_ACCEPT;
}

/**
 * svcnat_passage_is_answer() - is the packet an answer that a nodeport hides?
 * @p: the packet, at its first stage
 * @frontend: that it would be for, or NULL
 *
 * To a client on the node, from a port that is a nodeport as well: its socket
 * has the frontend for its peer, and conntrack's entry is ours.
 *
 * Return: true if so.
 */
bool svcnat_passage_is_answer(const struct svcnat_passage *p,
			      const struct svcnat_frontend *frontend)
{
	struct svcnat_hit hit __uninitialized;

	return frontend && READ_ONCE(frontend->kind) == SVCNAT_KIND_NODEPORT &&
	       svcnat_flow_find(&p->sn->flows, &p->packet.tuple, SVCNAT_POST,
				&hit) &&
	       hit.direction == SVCNAT_REPLY;
}

/**
 * svcnat_passage_was_rewritten() - did the packet get a new destination?
 * @p: the packet, between its two stages
 *
 * Then the answer to it is known.
 *
 * Return: true if so.
 */
bool svcnat_passage_was_rewritten(const struct svcnat_passage *p)
{
	struct svcnat_tuple answer __uninitialized;
	struct svcnat_hit hit __uninitialized;

	svcnat_tuple_reverse(&answer, &p->packet.tuple);
	return svcnat_flow_find(&p->sn->flows, &answer, SVCNAT_POST, &hit);
}
