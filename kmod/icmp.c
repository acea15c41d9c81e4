// SPDX-License-Identifier: GPL-2.0-only
#include "icmp.h"
#include "nat.h"
#include "node.h"
#include "passage.h"

/*
 * Whoever sent the error saw the quoted packet somewhere on its way.  At each
 * stage it is undone what that stage does to the answers: so conntrack finds
 * in it the same connection that it knows from the packets, and calls it
 * RELATED.
 */
static bool is_about(const struct svcnat_passage *p, enum svcnat_stage stage,
		     struct svcnat_hit *hit)
{
	const struct svcnat_tuple *quoted = &p->packet.quote.tuple;
	struct svcnat_tuple answer;

	svcnat_tuple_reverse(&answer, quoted);
	/* An error is told to who sent the packet; any other is forged. */
	return svcnat_addr_equal(quoted->family, &p->packet.tuple.dst,
				 &quoted->src) &&
	       svcnat_flow_find(&p->sn->flows, &answer, stage, hit);
}

/*
 * The node tells of a packet that it does not forward between the two rewrites,
 * as conntrack knows it.  The same addresses and ports may be what a direct flow
 * has on the wire, whose source port was changed because of that: it is not
 * meant.  What was to end here has both rewrites behind it.
 */
static bool is_between(const struct svcnat_passage *p)
{
	const struct svcnat_tuple *quoted = &p->packet.quote.tuple;
	struct svcnat_hit hit;

	return p->state->hook == NF_INET_LOCAL_OUT &&
	       svcnat_flow_find(&p->sn->flows, quoted, SVCNAT_POST, &hit) &&
	       !svcnat_node_owns(p->sn->net, svcnat_passage_dev(p),
				 quoted->family, &quoted->dst);
}

/**
 * svcnat_icmp_error() - an ICMP error that quotes a packet
 * @p: the error
 * @stage: where it is
 *
 * Never makes, refreshes or ends a flow.
 *
 * Return: the verdict.
 */
unsigned int svcnat_icmp_error(struct svcnat_passage *p,
			       enum svcnat_stage stage)
{
	struct svcnat_hit hit;

	if (!is_about(p, stage, &hit) || is_between(p))
		return NF_ACCEPT;
	if (!svcnat_packet_error_sound(p->skb, &p->packet)) {
		svcnat_passage_count(p, SVCNAT_STAT_ICMP_ODD);
		return NF_ACCEPT;
	}
	svcnat_passage_count(p, SVCNAT_STAT_RX);
	if (!svcnat_passage_admitted(p))
		return svcnat_passage_drop(p, SVCNAT_STAT_DROP_POLICY);
	if (!svcnat_nat_rewrite_error(p->skb, &p->packet, &hit.rewrite))
		return svcnat_passage_drop(p, SVCNAT_STAT_DROP_MEMORY);
	svcnat_passage_count(p, SVCNAT_STAT_ICMP_ERROR);
	p->rewritten = true;
	return NF_ACCEPT;
}
