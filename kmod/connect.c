// SPDX-License-Identifier: GPL-2.0-only
#include <linux/skbuff.h>
#include <net/l3mdev.h>
#include <net/sock.h>

#include "connect.h"
#include "lookup.h"
#include "passage.h"
#include "snat.h"
#include "trace.h"

/* Endpoints tried before the client's port has to change. */
#define CLASH_TRIES	8

static enum svcnat_stat insert_failed(int err)
{
	switch (err) {
	case -ENOSPC:
		return SVCNAT_STAT_DROP_FLOW_LIMIT;
	case -EXFULL:
		return SVCNAT_STAT_DROP_FLOW_CHAIN;
	case -EADDRINUSE:
		return SVCNAT_STAT_DROP_CLASH;
	case -EBUSY:
		return SVCNAT_STAT_DROP_SNAT;
	case -ENETUNREACH:
		return SVCNAT_STAT_DROP_ROUTE;
	default:
		return SVCNAT_STAT_DROP_MEMORY;
	}
}

static bool is_nodeport(struct net *net, u8 proto, __be16 port)
{
	return svcnat_nodeport_lookup(&svcnat_pernet(net)->services.frontends,
				      proto, port);
}

static struct svcnat_snat_path path_of(const struct svcnat_passage *p)
{
	const struct nf_hook_state *state = p->state;
	struct svcnat_snat_path path = {
		.net = state->net, .dev = svcnat_passage_dev(p),
		.reserved = is_nodeport, .mark = p->skb->mark,
		.local = state->hook == NF_INET_LOCAL_OUT,
	};

	if (state->in)
		path.oif = l3mdev_master_ifindex_rcu(state->in);
	else if (state->sk && sk_fullsock(state->sk))
		path.oif = READ_ONCE(state->sk->sk_bound_dev_if);
	return path;
}

static int insert(struct svcnat_passage *p, const struct svcnat_snat_path *path,
		  struct svcnat_flow_spec *spec,
		  const struct svcnat_decision *d, struct svcnat_hit *hit)
{
	spec->addr = d->entry->addr;
	spec->port = d->entry->port;
	spec->endpoint = &d->entry->endpoint->account;
	if (d->masquerade)
		return svcnat_snat_masquerade(&p->sn->flows, path,
					      &p->sn->snat_ports, spec, hit);
	spec->masquerade = false;
	return svcnat_snat_plain(&p->sn->flows, path, spec, hit);
}

/* Make the flow that was decided on; gives an errno of insert_failed(). */
static int open_flow(struct svcnat_passage *p, const struct svcnat_query *query,
		     struct svcnat_decision *d, struct svcnat_hit *hit)
{
	struct svcnat_snat_path path = path_of(p);
	struct svcnat_flow_spec spec = {
		.tuple = *query->tuple, .frontend = &d->frontend->account,
	};
	int err, tries = CLASH_TRIES;

	svcnat_account_prefetch(&d->frontend->account);
	svcnat_account_prefetch(&d->entry->endpoint->account);
	do {
		err = insert(p, &path, &spec, d, hit);
		if (err != -EADDRINUSE)
			return err == -EEXIST ? 0 : err;
	} while (--tries && svcnat_lookup_next(&p->sn->services, query, d));
	err = svcnat_snat_shift(&p->sn->flows, &path, &spec, hit);
	return err == -EEXIST ? 0 : err;
}

static unsigned int new_flow(struct svcnat_passage *p,
			     const struct svcnat_query *query,
			     struct svcnat_decision *d)
{
	struct svcnat_hit hit __uninitialized;
	int err;

	err = open_flow(p, query, d, &hit);
	if (err) {
		svcnat_passage_count(p, SVCNAT_STAT_RX);
		return svcnat_passage_drop(p, insert_failed(err));
	}
	trace_svcnat_pick(p->sn->net, query->tuple, &d->entry->addr,
			  d->entry->port, d->affinity_hit);
	return svcnat_passage_translate(p, &hit);
}

/*
 * A packet that is not for us, to what may be an endpoint.  If a flow of ours
 * looks the same behind its rewrite, the answers to both would be one: this
 * one's port changes.
 */
static unsigned int pass_direct(struct svcnat_passage *p)
{
	const struct svcnat_tuple *t = &p->packet.tuple;
	struct svcnat_flows *flows = &p->sn->flows;
	struct svcnat_snat_path path __uninitialized;
	struct svcnat_flow_spec spec __uninitialized;
	struct svcnat_tuple answer __uninitialized;
	struct svcnat_hit hit __uninitialized;
	int err;

	if (!svcnat_packet_opens(&p->packet))
		return NF_ACCEPT;
	svcnat_tuple_reverse(&answer, t);
	/* A source of ours can be met by sockets of the node alone. */
	if (!(svcnat_flow_find(flows, &answer, SVCNAT_POST, &hit) ||
	      (p->state->hook == NF_INET_LOCAL_OUT &&
	       svcnat_flow_find(flows, &answer, SVCNAT_PRE, &hit))) ||
	    hit.direction != SVCNAT_REPLY || svcnat_flow_bury(flows, &hit))
		return NF_ACCEPT;
	path = path_of(p);
	spec = (struct svcnat_flow_spec) {
		.tuple = *t, .addr = t->dst, .port = t->dport,
		.endpoint = &flows->direct, .frontend = &flows->direct,
	};
	err = svcnat_snat_shift(flows, &path, &spec, &hit);
	if (err && err != -EEXIST) {
		svcnat_passage_count(p, SVCNAT_STAT_RX);
		return svcnat_passage_drop(p, insert_failed(err));
	}
	return svcnat_passage_translate(p, &hit);
}

static struct svcnat_endpoint *endpoint_of(const struct svcnat_hit *hit)
{
	if (!hit || READ_ONCE(hit->endpoint->flags) & SVCNAT_ACCOUNT_DIRECT)
		return NULL;
	return container_of(hit->endpoint, struct svcnat_endpoint, account);
}

/* May a flow go on as the new connection that was decided on? */
static bool fits(const struct svcnat_hit *had, const struct svcnat_decision *d)
{
	return had->endpoint == &d->entry->endpoint->account &&
	       had->frontend == &d->frontend->account;
}

/* May the packet go where those of its flow went?  If so the flow is ready. */
static bool goes_on(struct svcnat_passage *p, struct svcnat_hit *had,
		    enum svcnat_review review, const struct svcnat_decision *d)
{
	/* A direct flow goes on as long as nobody else wants its packets. */
	bool direct = had && !endpoint_of(had) && d->verdict == SVCNAT_PASS;

	switch (review) {
	case SVCNAT_REVIEW_REOPEN:
		return (direct ||
			(d->verdict == SVCNAT_TRANSLATE && fits(had, d))) &&
		       svcnat_flow_reopen(&p->sn->flows, had);
	case SVCNAT_REVIEW_RECONSIDER:
		/*
		 * Not where the draw or affinity would go now: the connection
		 * may be alive, and its RST and this SYN forged.
		 */
		return direct || d->prefer_stands;
	default:
		return false;
	}
}

/**
 * svcnat_connect() - a packet that may begin a connection
 * @p: the packet
 * @had: the flow it has, or NULL
 * @review: what svcnat_flow_review() made of @had: not SVCNAT_REVIEW_KEEP;
 *	SVCNAT_REVIEW_FORGET if there was none
 *
 * Return: the verdict.
 */
unsigned int svcnat_connect(struct svcnat_passage *p, struct svcnat_hit *had,
			    enum svcnat_review review)
{
	struct svcnat_query query = {
		.tuple = &p->packet.tuple,
		.opens = svcnat_packet_opens(&p->packet),
		.local = p->state->hook == NF_INET_LOCAL_OUT,
		.dev = svcnat_passage_dev(p),
		.prefer = endpoint_of(had),
	};
	struct svcnat_decision d __uninitialized;

	svcnat_lookup(&p->sn->services, &query, &d);
	if (!had && svcnat_passage_is_answer(p, d.frontend))
		return NF_ACCEPT;
	if (d.verdict == SVCNAT_TRANSLATE)
		svcnat_lookup_remember(&p->sn->services, &query, &d);
	if (goes_on(p, had, review, &d))
		return svcnat_passage_translate(p, had);
	if (had && svcnat_flow_kill(&p->sn->flows, had,
				    SVCNAT_STAT_FLOW_DELETED))
		svcnat_passage_count(p, SVCNAT_STAT_FLOW_REPICKED);
	switch (d.verdict) {
	case SVCNAT_PASS:
		return pass_direct(p);
	case SVCNAT_REJECT:
		/* Behind conntrack: svcnat_refuse(). */
		return NF_ACCEPT;
	case SVCNAT_DROP:
		svcnat_passage_count(p, SVCNAT_STAT_RX);
		return svcnat_passage_drop(p, d.reason);
	case SVCNAT_TRANSLATE:
		break;
	}
	return new_flow(p, &query, &d);
}
