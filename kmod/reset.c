// SPDX-License-Identifier: GPL-2.0-only
#include <linux/skbuff.h>

#include "nat.h"
#include "reset.h"

static bool ends(const struct svcnat_hit *hit)
{
	return svcnat_hit_flags(hit) & SVCNAT_ACCOUNT_RESET;
}

/* Who damages an SCTP packet does not know what tag is right for an ABORT. */
static bool is_sound(const struct svcnat_passage *p)
{
	const struct svcnat_packet *packet = &p->packet;

	return packet->tuple.proto == IPPROTO_SCTP ||
	       !nf_checksum(p->skb, p->state->hook, packet->l4, IPPROTO_TCP,
			    packet->tuple.family);
}

/*
 * From a bridge, too, it gets its answer by a route, past our hooks: straight
 * back to where it came from it would have an endpoint's address.
 */
static void answer(struct svcnat_passage *p)
{
	struct sk_buff *clone = skb_clone(p->skb, GFP_ATOMIC | __GFP_NOWARN);

	if (!clone)
		return;
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	skb_ext_del(clone, SKB_EXT_BRIDGE_NF);
#endif
	/* If that is one too many: the packet itself goes on, and is counted. */
	svcnat_reject_send(&p->sn->reject, clone, &p->packet, p->state);
	kfree_skb(clone);
}

/**
 * svcnat_reset() - end the connection of a packet, if it must end
 * @p: the packet, behind conntrack; becomes a RST or ABORT if so
 *
 * Its sender gets a RST that continues what the receiver has sent, and the
 * receiver one in place of the packet; with SCTP, an ABORT with the tag that
 * the packet has.  Conntrack and our own hooks see both as packets of the
 * connection.
 */
void svcnat_reset(struct svcnat_passage *p)
{
	struct svcnat_packet *packet = &p->packet;
	struct svcnat_hit hit;
	bool first;

	/* No packet of UDP has any of these. */
	if (!packet->tcp || packet->tcp & (SVCNAT_TCP_RST | SVCNAT_TCP_SYN) ||
	    !svcnat_flow_find_between(&p->sn->flows, &packet->tuple, &hit) ||
	    !ends(&hit) || !is_sound(p))
		return;
	/* The answer passes our hooks, which mark the flow as well. */
	first = svcnat_flow_reset(&hit);
	answer(p);
	/* Without memory it goes on; there will be another one. */
	if (!svcnat_nat_abort(p->skb, packet))
		return;
	if (first)
		svcnat_passage_count(p, SVCNAT_STAT_FLOW_RESET);
	svcnat_flow_mark(&hit, packet);
}
