// SPDX-License-Identifier: GPL-2.0-only
#include <linux/skbuff.h>

#include "lookup.h"
#include "refuse.h"
#include "reset.h"

/*
 * Refuse the packet, and say so.  A client on the node learns of it by the errno
 * of its system call; one that sleeps in connect(), or whose connection is gone,
 * by a RST or ABORT.  SCTP does not care for the errno.
 */
static unsigned int refuse_with(struct svcnat_passage *p, enum svcnat_stat why)
{
	bool local = p->state->hook == NF_INET_LOCAL_OUT;

	if (local && !svcnat_proto_connects(p->packet.tuple.proto)) {
		svcnat_passage_drop(p, why);
		return NF_DROP_ERR(-ECONNREFUSED);
	}
	if (!svcnat_reject_send(&p->sn->reject, p->skb, &p->packet, p->state))
		return svcnat_passage_drop(p, SVCNAT_STAT_REJECT_LIMITED);
	svcnat_passage_drop(p, why);
	return local && svcnat_packet_opens(&p->packet) ?
	       NF_DROP_ERR(-ECONNREFUSED) : NF_DROP;
}

static unsigned int refuse_ports(struct svcnat_passage *p)
{
	struct svcnat_query query = {
		.tuple = &p->packet.tuple,
		.opens = svcnat_packet_opens(&p->packet),
		.local = p->state->hook == NF_INET_LOCAL_OUT,
		.dev = svcnat_passage_dev(p),
	};
	struct svcnat_decision d __uninitialized;

	svcnat_lookup(&p->sn->services, &query, &d);
	/* An endpoint may be a frontend of another service: not followed. */
	if (d.verdict == SVCNAT_PASS || svcnat_passage_was_rewritten(p) ||
	    svcnat_passage_is_answer(p, d.frontend))
		return NF_ACCEPT;
	svcnat_passage_count(p, SVCNAT_STAT_RX);
	/* Configured since the request hook: the next packet will do. */
	if (d.verdict != SVCNAT_REJECT)
		return svcnat_passage_drop(p, SVCNAT_STAT_DROP_STALE);
	return refuse_with(p, d.reason);
}

/* An echo request to an address that is a service's alone. */
static unsigned int answer_echo(struct svcnat_passage *p)
{
	if (!svcnat_lookup_is_cluster(&p->sn->services, svcnat_passage_dev(p),
				      &p->packet.tuple))
		return NF_ACCEPT;
	if (!svcnat_reject_echo(&p->sn->reject, p->skb, &p->packet, p->state)) {
		svcnat_passage_count(p, SVCNAT_STAT_ECHO_LIMITED);
		return NF_DROP;
	}
	svcnat_passage_count(p, SVCNAT_STAT_ECHO_REPLY);
	/* It arrived: a drop would make sendmsg() on the node fail. */
	consume_skb(p->skb);
	return NF_STOLEN;
}

/* A protocol that no service has, to an address that is a service's alone. */
static unsigned int refuse_other(struct svcnat_passage *p)
{
	const struct svcnat_tuple *t = &p->packet.tuple;

	if (t->proto == IPPROTO_ICMP || t->proto == IPPROTO_ICMPV6 ||
	    !svcnat_lookup_is_cluster(&p->sn->services, svcnat_passage_dev(p),
				      t))
		return NF_ACCEPT;
	svcnat_passage_count(p, SVCNAT_STAT_RX);
	return refuse_with(p, SVCNAT_STAT_REJECT_NO_PORT);
}

/**
 * svcnat_refuse() - a packet behind conntrack
 * @p: the packet
 *
 * One to a frontend that the request hook left alone gets an answer; so does
 * one of a connection that ends (reset.h).
 *
 * Return: the verdict.
 */
unsigned int svcnat_refuse(struct svcnat_passage *p)
{
	const struct svcnat_tuple *t = &p->packet.tuple;
	enum svcnat_parsed parsed;

	parsed = svcnat_packet_parse(p->skb, p->state->pf, &p->packet);
	if (parsed == SVCNAT_PARSED && svcnat_reset_needed(p->sn))
		svcnat_reset(p);
	if (!t->family || !svcnat_lookup_concerns(&p->sn->services, t))
		return NF_ACCEPT;
	switch (parsed) {
	case SVCNAT_PARSED:
		return refuse_ports(p);
	case SVCNAT_PARSED_ECHO:
		return answer_echo(p);
	case SVCNAT_PARSED_OTHER:
		return refuse_other(p);
	default:
		return NF_ACCEPT;
	}
}
