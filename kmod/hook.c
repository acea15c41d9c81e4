// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packet path.
 *
 *	PRE_ROUTING -250, LOCAL_OUT -250	request: frontend -> endpoint,
 *						masqueraded reply: node -> client
 *	PRE_ROUTING -150, LOCAL_OUT -150	what was not rewritten: refuse
 *	POST_ROUTING 150, LOCAL_IN 150		reply: endpoint -> frontend,
 *						masqueraded request: client -> node
 *
 * Destinations change before conntrack (-200) sees the packet, sources after
 * nat (100) is done: conntrack knows one connection, client to endpoint.
 * Refusals come after conntrack, so that they belong to something it knows.
 */
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>
#include <net/netfilter/ipv4/nf_defrag_ipv4.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/netfilter/nf_conntrack.h>

#include "connect.h"
#include "conntrack.h"
#include "fastpath.h"
#include "glance.h"
#include "hook.h"
#include "icmp.h"
#include "lookup.h"
#include "memo.h"
#include "passage.h"
#include "refuse.h"
#include "reset.h"

#define PRIORITY_REQUEST	(-250)
#define PRIORITY_REFUSE		(-150)	/* as mangle: in any order with it */
#define PRIORITY_REPLY		150

/* Not ours by contract, whoever said so: see the README. */
static bool untracked(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;

	nf_ct_get(skb, &ctinfo);
	return ctinfo == IP_CT_UNTRACKED;
}

/* Out of the ordinary: a SYN, or endpoint or frontend are not what they were */
static bool unusual(const struct svcnat_packet *packet,
		    const struct svcnat_hit *hit)
{
	u8 flags = svcnat_hit_flags(hit);

	return packet->tcp & SVCNAT_TCP_SYN ||
	       flags & (SVCNAT_ACCOUNT_REMOVED | SVCNAT_ACCOUNT_UNREADY);
}

/* A packet of a flow. */
static unsigned int known(struct svcnat_passage *p, struct svcnat_hit *hit)
{
	enum svcnat_review review = SVCNAT_REVIEW_KEEP;

	if (!hit->second && unlikely(unusual(&p->packet, hit)))
		review = svcnat_flow_review(hit, &p->packet);
	if (review == SVCNAT_REVIEW_KEEP)
		return svcnat_passage_translate(p, hit);
	if (hit->direction == SVCNAT_REQUEST)
		return svcnat_connect(p, hit, review);
	svcnat_passage_count(p, SVCNAT_STAT_RX);
	svcnat_flow_kill(&p->sn->flows, hit, SVCNAT_STAT_FLOW_DELETED);
	/*
	 * Else the endpoint would say so again, to a client that has never
	 * heard of it: it would reset what it may have begun there meanwhile.
	 */
	svcnat_reject_send(&p->sn->reject, p->skb, &p->packet, p->state);
	return svcnat_passage_drop(p, SVCNAT_STAT_DROP_STALE);
}

/*
 * A packet that has no ports to look at.  Fragments were reassembled before us,
 * unless somebody switched that off for them.
 */
static unsigned int not_whole(struct svcnat_passage *p,
			      enum svcnat_parsed parsed)
{
	const struct svcnat_tuple *t = &p->packet.tuple;

	if (!t->family || !svcnat_vip_lookup(&p->sn->services.frontends,
					     t->family, &t->dst))
		return NF_ACCEPT;
	svcnat_passage_count(p, SVCNAT_STAT_RX);
	if (parsed == SVCNAT_PARSED_BROKEN)
		return svcnat_passage_drop(p, SVCNAT_STAT_DROP_MALFORMED);
	svcnat_passage_count(p, SVCNAT_STAT_UNTRANSLATED);
	return NF_ACCEPT;
}

/* What no service can have still goes nowhere, if a service should be there. */
static unsigned int other(struct svcnat_passage *p)
{
	if (!svcnat_lookup_is_vacant(&p->sn->services, svcnat_passage_dev(p),
				     &p->packet.tuple))
		return NF_ACCEPT;
	svcnat_passage_count(p, SVCNAT_STAT_RX);
	return svcnat_passage_drop(p, SVCNAT_STAT_DROP_NO_SERVICE);
}

static unsigned int request(struct svcnat_passage *p)
{
	enum svcnat_parsed parsed;
	struct svcnat_hit hit __uninitialized;

	parsed = svcnat_packet_parse(p->skb, p->state->pf, &p->packet);
	switch (parsed) {
	case SVCNAT_PARSED:
		break;
	case SVCNAT_PARSED_ERROR:
		return svcnat_icmp_error(p, SVCNAT_PRE);
	case SVCNAT_PARSED_ODD:
		svcnat_passage_count(p, SVCNAT_STAT_ICMP_ODD);
		return NF_ACCEPT;
	case SVCNAT_PARSED_ECHO:
	case SVCNAT_PARSED_OTHER:
		return other(p);
	case SVCNAT_PARSED_FRAGMENT:
	case SVCNAT_PARSED_BROKEN:
		return not_whole(p, parsed);
	}
	if (!svcnat_flow_find(&p->sn->flows, &p->packet.tuple, SVCNAT_PRE,
			      &hit))
		return svcnat_connect(p, NULL, SVCNAT_REVIEW_FORGET);
	return known(p, &hit);
}

/*
 * Mark the entry that conntrack has just made, if the connection is ours.  By
 * what conntrack saw: another NAT may have changed the packet since.  It may
 * be a reply, if conntrack comes late or has forgotten the connection.
 */
static void claim(struct svcnat_passage *p)
{
	struct svcnat_tuple seen __uninitialized;
	struct svcnat_hit hit __uninitialized;

	if (svcnat_conntrack_first(p->skb, &seen) &&
	    svcnat_flow_find_between(&p->sn->flows, &seen, &hit))
		svcnat_conntrack_claim(p->skb);
}

static unsigned int reply(struct svcnat_passage *p)
{
	struct svcnat_hit hit __uninitialized;

	switch (svcnat_packet_parse(p->skb, p->state->pf, &p->packet)) {
	case SVCNAT_PARSED:
		break;
	case SVCNAT_PARSED_ERROR:
		return svcnat_icmp_error(p, SVCNAT_POST);
	default:
		return NF_ACCEPT;
	}
	claim(p);
	if (!svcnat_flow_find(&p->sn->flows, &p->packet.tuple, SVCNAT_POST,
			      &hit)) {
		svcnat_fastpath_learn(p, NULL);
		return NF_ACCEPT;
	}
	svcnat_fastpath_learn(p, &hit);
	return known(p, &hit);
}

/*
 * Has it been here before?  What the node sends to itself has passed the hooks
 * on its way out, and comes in by the loopback device or that of a VRF; what
 * came by a device in a VRF comes in again by the VRF's.  The second time it
 * looks like a connection that somebody has made around its frontend.
 */
static bool came_back(const struct nf_hook_state *state)
{
	if (state->hook == NF_INET_PRE_ROUTING)
		return state->in->flags & IFF_LOOPBACK ||
		       netif_is_l3_master(state->in);
	return state->hook == NF_INET_LOCAL_IN &&
	       state->in->flags & IFF_LOOPBACK;
}

/*
 * Run a step of the path; processes may be running where some hooks are.  What
 * a packet is, the step finds out: that is not cleared here.  In line, because
 * an indirect call costs more than all the rest of this (retpolines).
 */
static __always_inline
unsigned int pass(unsigned int (*step)(struct svcnat_passage *p),
		  struct svcnat_net *sn, struct sk_buff *skb,
		  const struct nf_hook_state *state)
{
	const bool process = !in_softirq();
	struct svcnat_passage p __uninitialized;
	unsigned int verdict;

	if (untracked(skb) || came_back(state))
		return NF_ACCEPT;
	p.sn = sn;
	p.skb = skb;
	p.state = state;
	p.rewritten = false;
	p.counted = false;
	if (process)
		local_bh_disable();
	verdict = step(&p);
	if (p.rewritten)
		verdict = svcnat_passage_settle(&p);
	if (process)
		local_bh_enable();
	return verdict;
}

static unsigned int request_hook(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	struct svcnat_net *sn = priv;

	if (svcnat_glance_first(sn, skb, state->pf))
		return NF_ACCEPT;
	svcnat_memo_forget(skb);
	return pass(request, sn, skb, state);
}

/* One that was rewritten just now is not refused: the memo is asked first. */
static unsigned int refuse_hook(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	struct svcnat_net *sn = priv;

	if (!svcnat_reset_needed(sn) &&
	    (svcnat_memo_holds(skb, state->net, false) ||
	     svcnat_glance_refuse(sn, skb, state->pf)))
		return NF_ACCEPT;
	return pass(svcnat_refuse, sn, skb, state);
}

/* Does the packet leave as it is, with nothing to be learned from it? */
static bool is_done(const struct svcnat_net *sn, const struct sk_buff *skb)
{
	return !READ_ONCE(sn->fastpath) && !svcnat_conntrack_is_new(skb) &&
	       svcnat_memo_holds(skb, sn->net, true);
}

static unsigned int reply_hook(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	struct svcnat_net *sn = priv;

	if (is_done(sn, skb) || svcnat_glance_last(sn, skb, state->pf))
		return NF_ACCEPT;
	return pass(reply, sn, skb, state);
}

#define HOOK(_step, _where, _when)					\
	{								\
		.hook		= _step##_hook,				\
		.hooknum	= NF_INET_##_where,			\
		.priority	= PRIORITY_##_when,			\
	}

static const struct nf_hook_ops hooks[SVCNAT_HOOKS] = {
	HOOK(request, PRE_ROUTING, REQUEST),
	HOOK(refuse, PRE_ROUTING, REFUSE),
	HOOK(request, LOCAL_OUT, REQUEST),
	HOOK(refuse, LOCAL_OUT, REFUSE),
	HOOK(reply, LOCAL_IN, REPLY),
	HOOK(reply, POST_ROUTING, REPLY),
};

/**
 * svcnat_hooks_init() - no hooks yet
 * @sn: of the netns
 */
void svcnat_hooks_init(struct svcnat_net *sn)
{
	struct nf_hook_ops *ops;
	unsigned int family, i;

	for (family = 0; family < SVCNAT_FAMILIES; family++) {
		ops = sn->hooks[family];
		memcpy(ops, hooks, sizeof(hooks));
		for (i = 0; i < SVCNAT_HOOKS; i++) {
			ops[i].pf = family ? NFPROTO_IPV6 : NFPROTO_IPV4;
			ops[i].priv = sn;
		}
	}
}

/* Nobody else may have asked for fragments to be put together. */
static int enable_defrag(struct net *net, unsigned int family)
{
	return family ? nf_defrag_ipv6_enable(net) : nf_defrag_ipv4_enable(net);
}

static void disable_defrag(struct net *net, unsigned int family)
{
	if (family)
		nf_defrag_ipv6_disable(net);
	else
		nf_defrag_ipv4_disable(net);
}

static int add_hooks(struct svcnat_net *sn, unsigned int family)
{
	int err;

	err = enable_defrag(sn->net, family);
	if (err)
		return err;
	err = nf_register_net_hooks(sn->net, sn->hooks[family], SVCNAT_HOOKS);
	if (err) {
		disable_defrag(sn->net, family);
		return err;
	}
	sn->hooked |= BIT(family);
	return 0;
}

static void remove_hooks(struct svcnat_net *sn, unsigned int family)
{
	if (!(sn->hooked & BIT(family)))
		return;
	nf_unregister_net_hooks(sn->net, sn->hooks[family], SVCNAT_HOOKS);
	disable_defrag(sn->net, family);
	sn->hooked &= ~BIT(family);
}

/**
 * svcnat_hooks_need() - there will be frontends
 * @sn: of the netns
 * @families: bits by svcnat_family_index()
 *
 * Context: process, the writer lock.
 * Return: 0 or an errno; then svcnat_hooks_settle() is still right.
 */
int svcnat_hooks_need(struct svcnat_net *sn, unsigned long families)
{
	unsigned int family;
	int err;

	lockdep_assert_held(&sn->services.lock);
	families &= ~sn->hooked;
	if (!families)
		return 0;
	err = svcnat_flows_start(&sn->flows);
	if (err)
		return err;
	err = svcnat_frontends_start(&sn->services.frontends);
	if (err)
		return err;
	for_each_set_bit(family, &families, SVCNAT_FAMILIES) {
		err = add_hooks(sn, family);
		if (err)
			return err;
	}
	/* Ours are nothing to begin anew for later. */
	svcnat_fastpath_look(sn);
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
	unsigned int family;

	lockdep_assert_held(&sn->services.lock);
	for (family = 0; family < SVCNAT_FAMILIES; family++)
		remove_hooks(sn, family);
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
	unsigned int family;

	/* A frontend drains until its last flow is closed. */
	for (family = 0; family < SVCNAT_FAMILIES; family++)
		if (!sv->frontends.num[family] &&
		    !sv->frontends.draining[family] &&
		    !svcnat_flows_direct(&sn->flows))
			remove_hooks(sn, family);
	if (sv->num_draining)
		queue_delayed_work(system_power_efficient_wq, &sn->upkeep, HZ);
}
