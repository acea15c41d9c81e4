// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packet path.
 *
 *	PRE_ROUTING -250, LOCAL_OUT -250	request: frontend -> endpoint
 *	PRE_ROUTING -150, LOCAL_OUT -150	what was not rewritten: refuse
 *	POST_ROUTING 150, LOCAL_IN 150		reply: endpoint -> frontend
 *
 * Destinations change before conntrack (-200) sees the packet, sources after
 * nat (100) is done: conntrack knows one connection, client to endpoint.
 * Refusals come after conntrack, so that they belong to something it knows.
 */
#include <linux/netfilter_ipv4.h>
#include <linux/skbuff.h>
#include <net/netfilter/ipv4/nf_defrag_ipv4.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>
#include <net/tcp.h>

#include "hook.h"
#include "lookup.h"
#include "nat.h"
#include "pernet.h"

#define PRIORITY_REQUEST	(-250)
#define PRIORITY_REFUSE		(-150)	/* as mangle: in any order with it */
#define PRIORITY_REPLY		150

/* Endpoints tried before two connections of a client are declared to clash. */
#define CLASH_TRIES		8

/* One packet at one hook. */
struct passage {
	struct svcnat_net		*sn;
	struct sk_buff			*skb;
	const struct nf_hook_state	*state;
	struct svcnat_packet		packet;
	bool				rewritten;
};

/* Not ours by contract, whoever said so: see the README. */
static bool untracked(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;

	nf_ct_get(skb, &ctinfo);
	return ctinfo == IP_CT_UNTRACKED;
}

static void count(struct passage *p, enum svcnat_stat what)
{
	svcnat_stat_inc(p->sn->stats, what);
}

static unsigned int drop(struct passage *p, enum svcnat_stat why)
{
	count(p, why);
	return NF_DROP;
}

/* Rewrite a packet of a flow, and charge the flow for it. */
static unsigned int translate(struct passage *p, const struct svcnat_hit *hit)
{
	struct svcnat_packet *packet = &p->packet;

	svcnat_flow_mark(hit, packet);
	if (!svcnat_nat_rewrite(p->skb, packet, &hit->rewrite))
		return drop(p, SVCNAT_STAT_DROP_MEMORY);
	svcnat_account_packet(hit->endpoint, hit->direction, packet->len);
	svcnat_account_packet(hit->frontend, hit->direction, packet->len);
	p->rewritten = true;
	return NF_ACCEPT;
}

static enum svcnat_stat insert_failed(int err)
{
	switch (err) {
	case -ENOSPC:
		return SVCNAT_STAT_DROP_FLOW_LIMIT;
	case -EXFULL:
		return SVCNAT_STAT_DROP_FLOW_CHAIN;
	case -EADDRINUSE:
		return SVCNAT_STAT_DROP_CLASH;
	case -EHOSTUNREACH:
		return SVCNAT_STAT_DROP_SNAT;
	default:
		return SVCNAT_STAT_DROP_MEMORY;
	}
}

/*
 * Would the reply come back?  Masquerade is not built.  A node that talks to
 * its own endpoint does without: the reply passes our hooks anyway.
 */
static bool reachable(const struct passage *p, const struct svcnat_decision *d)
{
	const struct svcnat_tuple *t = &p->packet.tuple;

	return !d->masquerade ||
	       (p->state->hook == NF_INET_LOCAL_OUT &&
		svcnat_addr_equal(t->family, &t->src, &d->entry->addr));
}

/* Make the flow that was decided on; gives an errno of svcnat_flow_insert(). */
static int connect_flow(struct passage *p, const struct svcnat_query *query,
			struct svcnat_decision *d, struct svcnat_hit *hit)
{
	struct svcnat_flow_spec spec = {
		.tuple = *query->tuple, .frontend = &d->frontend->account,
	};
	int err, tries = CLASH_TRIES;

	if (!reachable(p, d))
		return -EHOSTUNREACH;
	do {
		if (!reachable(p, d))
			continue;
		spec.addr = d->entry->addr;
		spec.port = d->entry->port;
		spec.endpoint = &d->entry->endpoint->account;
		err = svcnat_flow_insert(&p->sn->flows, &spec, hit);
		if (err != -EADDRINUSE)
			return err == -EEXIST ? 0 : err;
	} while (--tries && svcnat_lookup_next(&p->sn->services, query, d));
	return -EADDRINUSE;
}

static unsigned int new_flow(struct passage *p,
			     const struct svcnat_query *query,
			     struct svcnat_decision *d)
{
	struct svcnat_hit hit;
	int err;

	err = connect_flow(p, query, d, &hit);
	if (err)
		return drop(p, insert_failed(err));
	return translate(p, &hit);
}

/*
 * A packet that no flow is known for, or whose flow @had counts no more.  With
 * @reopen the flow may go on as a new connection, if the endpoint can.
 */
static unsigned int first_packet(struct passage *p, struct svcnat_hit *had,
				 bool reopen)
{
	struct svcnat_query query = {
		.tuple = &p->packet.tuple,
		.opens = svcnat_packet_opens(&p->packet),
	};
	struct svcnat_decision d;

	if (had)
		query.prefer = container_of(had->endpoint,
					    struct svcnat_endpoint, account);
	svcnat_lookup(&p->sn->services, &query, &d);
	if (d.verdict == SVCNAT_TRANSLATE)
		svcnat_lookup_remember(&p->sn->services, &query, &d);
	if (reopen && d.verdict == SVCNAT_TRANSLATE &&
	    d.entry->endpoint == query.prefer &&
	    svcnat_flow_reopen(&p->sn->flows, had)) {
		count(p, SVCNAT_STAT_RX);
		return translate(p, had);
	}
	if (had && svcnat_flow_kill(&p->sn->flows, had,
				    SVCNAT_STAT_FLOW_DELETED))
		count(p, SVCNAT_STAT_FLOW_REPICKED);
	/* What is refused is so behind conntrack: refuse(). */
	if (d.verdict == SVCNAT_PASS || d.verdict == SVCNAT_REJECT)
		return NF_ACCEPT;
	count(p, SVCNAT_STAT_RX);
	if (d.verdict == SVCNAT_DROP)
		return drop(p, d.reason);
	return new_flow(p, &query, &d);
}

/* Out of the ordinary: a SYN, or endpoint or frontend are not what they were */
static bool unusual(const struct svcnat_packet *packet,
		    const struct svcnat_hit *hit)
{
	return packet->tcp & SVCNAT_TCP_SYN ||
	       READ_ONCE(hit->endpoint->flags) ||
	       READ_ONCE(hit->frontend->flags);
}

/*
 * A packet that has no ports to look at.  Fragments were reassembled before us,
 * unless somebody switched that off for them.
 */
static unsigned int not_whole(struct passage *p, enum svcnat_parsed parsed)
{
	const struct svcnat_tuple *t = &p->packet.tuple;

	if (!t->family || !svcnat_vip_lookup(&p->sn->services.frontends,
					     t->family, &t->dst))
		return NF_ACCEPT;
	count(p, SVCNAT_STAT_RX);
	if (parsed == SVCNAT_PARSED_BROKEN)
		return drop(p, SVCNAT_STAT_DROP_MALFORMED);
	count(p, SVCNAT_STAT_UNTRANSLATED);
	return NF_ACCEPT;
}

static unsigned int request(struct passage *p)
{
	enum svcnat_review review = SVCNAT_REVIEW_KEEP;
	enum svcnat_parsed parsed;
	struct svcnat_hit hit;

	parsed = svcnat_packet_parse(p->skb, p->state->pf, &p->packet);
	if (parsed == SVCNAT_PARSED_FRAGMENT ||
	    parsed == SVCNAT_PARSED_BROKEN)
		return not_whole(p, parsed);
	if (parsed != SVCNAT_PARSED)
		return NF_ACCEPT;
	if (!svcnat_flow_find(&p->sn->flows, &p->packet.tuple, SVCNAT_PRE,
			      &hit))
		return first_packet(p, NULL, false);
	if (unlikely(unusual(&p->packet, &hit)))
		review = svcnat_flow_review(&hit, &p->packet);
	if (review != SVCNAT_REVIEW_KEEP)
		return first_packet(p, &hit, review == SVCNAT_REVIEW_REOPEN);
	count(p, SVCNAT_STAT_RX);
	return translate(p, &hit);
}

static unsigned int reply(struct passage *p)
{
	struct svcnat_hit hit;

	if (svcnat_packet_parse(p->skb, p->state->pf, &p->packet) !=
	    SVCNAT_PARSED)
		return NF_ACCEPT;
	if (!svcnat_flow_find(&p->sn->flows, &p->packet.tuple, SVCNAT_POST,
			      &hit))
		return NF_ACCEPT;
	count(p, SVCNAT_STAT_RX);
	if (unlikely(unusual(&p->packet, &hit)) &&
	    svcnat_flow_review(&hit, &p->packet) == SVCNAT_REVIEW_FORGET) {
		svcnat_flow_kill(&p->sn->flows, &hit, SVCNAT_STAT_FLOW_DELETED);
		return drop(p, SVCNAT_STAT_DROP_STALE);
	}
	return translate(p, &hit);
}

/* Has the request hook rewritten this packet?  Then the reply is known. */
static bool was_rewritten(struct passage *p)
{
	struct svcnat_tuple answer;
	struct svcnat_hit hit;

	svcnat_tuple_reverse(&answer, &p->packet.tuple);
	return svcnat_flow_find(&p->sn->flows, &answer, SVCNAT_POST, &hit);
}

/* A packet to a frontend that the request hook left alone gets an answer. */
static unsigned int refuse(struct passage *p)
{
	const struct svcnat_tuple *t = &p->packet.tuple;
	struct svcnat_query query = { .tuple = t };
	struct svcnat_decision d;

	if (svcnat_packet_parse(p->skb, p->state->pf, &p->packet) !=
	    SVCNAT_PARSED)
		return NF_ACCEPT;
	if (!svcnat_vip_lookup(&p->sn->services.frontends, t->family, &t->dst))
		return NF_ACCEPT;
	query.opens = svcnat_packet_opens(&p->packet);
	svcnat_lookup(&p->sn->services, &query, &d);
	/* An endpoint may be a frontend of another service: not followed. */
	if (d.verdict == SVCNAT_PASS || was_rewritten(p))
		return NF_ACCEPT;
	count(p, SVCNAT_STAT_RX);
	/* Configured since the request hook: the next packet will do. */
	if (d.verdict != SVCNAT_REJECT)
		return drop(p, SVCNAT_STAT_DROP_STALE);
	/* A client on the node learns of it by the errno of its system call. */
	if (p->state->hook == NF_INET_LOCAL_OUT &&
	    d.reason != SVCNAT_STAT_REJECT_NO_FLOW) {
		count(p, d.reason);
		return NF_DROP_ERR(-ECONNREFUSED);
	}
	if (!svcnat_reject_send(&p->sn->reject, p->skb, &p->packet, p->state))
		return drop(p, SVCNAT_STAT_REJECT_LIMITED);
	return drop(p, d.reason);
}

/* What a rewritten packet needs before it goes on. */
static unsigned int settle(struct passage *p)
{
	int err;

	switch (p->state->hook) {
	case NF_INET_LOCAL_OUT:
		/* Its route is still that to the frontend. */
		err = ip_route_me_harder(p->state->net, p->state->sk, p->skb,
					 RTN_UNSPEC);
		if (err) {
			count(p, SVCNAT_STAT_DROP_ROUTE);
			return NF_DROP_ERR(err);
		}
		break;
	case NF_INET_LOCAL_IN:
		/* Early demux looked for a socket of the old source. */
		if (p->skb->sk && !inet_sk_transparent(p->skb->sk))
			skb_orphan(p->skb);
		break;
	}
	count(p, SVCNAT_STAT_TRANSLATED);
	return NF_ACCEPT;
}

/* Run a step of the path; processes may be running where some hooks are. */
static unsigned int pass(unsigned int (*step)(struct passage *p),
			 struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct passage p = { .skb = skb, .state = state };
	unsigned int verdict;

	if (untracked(skb))
		return NF_ACCEPT;
	local_bh_disable();
	p.sn = svcnat_pernet(state->net);
	verdict = step(&p);
	if (p.rewritten)
		verdict = settle(&p);
	local_bh_enable();
	return verdict;
}

static unsigned int request_hook(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	return pass(request, skb, state);
}

static unsigned int refuse_hook(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	return pass(refuse, skb, state);
}

static unsigned int reply_hook(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	return pass(reply, skb, state);
}

static const struct nf_hook_ops ipv4_ops[] = {
	{
		.hook		= request_hook,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= PRIORITY_REQUEST,
	},
	{
		.hook		= refuse_hook,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= PRIORITY_REFUSE,
	},
	{
		.hook		= request_hook,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_OUT,
		.priority	= PRIORITY_REQUEST,
	},
	{
		.hook		= refuse_hook,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_OUT,
		.priority	= PRIORITY_REFUSE,
	},
	{
		.hook		= reply_hook,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= PRIORITY_REPLY,
	},
	{
		.hook		= reply_hook,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_POST_ROUTING,
		.priority	= PRIORITY_REPLY,
	},
};

/**
 * svcnat_hooks_need() - there will be a frontend
 * @sn: of the netns
 *
 * Context: process, the writer lock.
 * Return: 0 or an errno; then svcnat_hooks_settle() is still right.
 */
int svcnat_hooks_need(struct svcnat_net *sn)
{
	int err;

	lockdep_assert_held(&sn->services.lock);
	if (sn->hooked)
		return 0;
	err = svcnat_flows_start(&sn->flows);
	if (err)
		return err;
	err = svcnat_frontends_start(&sn->services.frontends);
	if (err)
		return err;
	err = nf_defrag_ipv4_enable(sn->net);
	if (err)
		return err;
	err = nf_register_net_hooks(sn->net, ipv4_ops, ARRAY_SIZE(ipv4_ops));
	if (err) {
		nf_defrag_ipv4_disable(sn->net);
		return err;
	}
	sn->hooked = true;
	mod_delayed_work(system_power_efficient_wq, &sn->upkeep, HZ);
	return 0;
}

/**
 * svcnat_hooks_remove() - no packet shall come to us any more
 * @sn: of the netns
 *
 * Those under way may still be here until a grace period is over.
 *
 * Context: process, the writer lock.
 */
void svcnat_hooks_remove(struct svcnat_net *sn)
{
	lockdep_assert_held(&sn->services.lock);
	if (!sn->hooked)
		return;
	nf_unregister_net_hooks(sn->net, ipv4_ops, ARRAY_SIZE(ipv4_ops));
	nf_defrag_ipv4_disable(sn->net);
	sn->hooked = false;
}

/**
 * svcnat_hooks_settle() - stay only as long as there is something to do
 * @sn: of the netns
 *
 * Flows of removed frontends go on until they end, and so do the hooks.
 *
 * Context: process, the writer lock.
 */
void svcnat_hooks_settle(struct svcnat_net *sn)
{
	struct svcnat_services *sv = &sn->services;

	/* A frontend drains until its last flow is closed. */
	if (!sv->frontends.num && list_empty(&sv->draining_frontends))
		svcnat_hooks_remove(sn);
	if (sv->num_draining)
		queue_delayed_work(system_power_efficient_wq, &sn->upkeep, HZ);
}
