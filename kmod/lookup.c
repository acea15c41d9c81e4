// SPDX-License-Identifier: GPL-2.0-only
#include <linux/inetdevice.h>
#include <linux/random.h>
#include <net/addrconf.h>
#include <net/route.h>

#include "lookup.h"

/**
 * svcnat_lookup_is_own() - is it an address of the node?
 * @services: of the netns
 * @family: AF_INET or AF_INET6
 * @addr: the address
 *
 * Context: RCU read side.
 * Return: true if so.
 */
bool svcnat_lookup_is_own(const struct svcnat_services *services, u8 family,
			  const union nf_inet_addr *addr)
{
	if (family == AF_INET)
		return inet_addr_type(services->net, addr->ip) == RTN_LOCAL;
	return ipv6_chk_addr(services->net, &addr->in6, NULL, 0);
}

static void refuse(struct svcnat_decision *decision,
		   enum svcnat_verdict verdict, enum svcnat_stat reason)
{
	decision->verdict = verdict;
	decision->reason = reason;
}

/*
 * No frontend has this port.  If the address is a service's, nobody else will
 * answer; if it is one of the node's own, the node does.
 */
static void other_port(struct svcnat_services *services,
		       const struct svcnat_tuple *t,
		       struct svcnat_decision *decision)
{
	if (!svcnat_vip_lookup(&services->frontends, t->family, &t->dst) ||
	    svcnat_lookup_is_own(services, t->family, &t->dst))
		return;
	refuse(decision, SVCNAT_REJECT, SVCNAT_STAT_REJECT_NO_PORT);
}

static void client_of(const struct svcnat_query *query,
		      const struct svcnat_decision *decision,
		      struct svcnat_client *client)
{
	client->service = decision->service->id;
	client->family = query->tuple->family;
	client->addr = query->tuple->src;
}

static bool drawable(const struct svcnat_decision *decision,
		     const struct svcnat_entry *entry, u8 family)
{
	return entry && entry->family == family &&
	       svcnat_entry_in(entry, decision->list);
}

/* The endpoint that affinity holds the client to, if it is in the list. */
static const struct svcnat_entry *
pinned_entry(struct svcnat_services *services, const struct svcnat_query *query,
	     struct svcnat_decision *decision)
{
	u32 timeout = READ_ONCE(decision->service->options.affinity);
	const struct svcnat_entry *entry;
	struct svcnat_client client;

	if (!timeout)
		return NULL;
	client_of(query, decision, &client);
	decision->pinned = svcnat_affinity_find(&services->affinity, &client,
						timeout);
	if (!decision->pinned)
		return NULL;
	entry = svcnat_endpoints_find_id(decision->endpoints, decision->pinned);
	return drawable(decision, entry, client.family) ? entry : NULL;
}

/*
 * The endpoint that the flow had.  Found by what it is, not by its id: it may
 * have been removed and added again meanwhile.
 */
static const struct svcnat_entry *
preferred_entry(const struct svcnat_query *query,
		const struct svcnat_decision *decision)
{
	const struct svcnat_endpoint *p = query->prefer;
	const struct svcnat_entry *entry;

	if (!p)
		return NULL;
	entry = svcnat_endpoints_find(decision->endpoints, p->family, &p->addr,
				      p->port);
	return drawable(decision, entry, query->tuple->family) ? entry : NULL;
}

static void choose(struct svcnat_services *services,
		   const struct svcnat_query *query,
		   struct svcnat_decision *decision)
{
	const struct svcnat_tuple *t = query->tuple;
	const struct svcnat_entry *preferred;

	preferred = preferred_entry(query, decision);
	decision->prefer_stands = preferred;
	decision->entry = pinned_entry(services, query, decision);
	decision->affinity_hit = decision->entry;
	if (!decision->entry)
		decision->entry = preferred;
	decision->slot = svcnat_endpoints_pick(decision->endpoints, t->family,
					       decision->list,
					       query->random ?:
					       get_random_u32());
	if (!decision->entry)
		decision->entry = svcnat_endpoints_at(decision->endpoints,
						      t->family, decision->list,
						      decision->slot);
}

/* Replies would not come back to us otherwise. */
static bool needs_masquerade(struct svcnat_services *services,
			     const struct svcnat_query *query,
			     const struct svcnat_decision *decision)
{
	const struct svcnat_tuple *t = query->tuple;

	return svcnat_addr_equal(t->family, &t->src, &decision->entry->addr) ||
	       svcnat_vip_lookup(&services->frontends, t->family, &t->src);
}

/**
 * svcnat_lookup() - ask
 * @services: of the netns
 * @query: the question
 * @decision: the answer
 *
 * Context: RCU read side.
 */
void svcnat_lookup(struct svcnat_services *services,
		   const struct svcnat_query *query,
		   struct svcnat_decision *decision)
{
	const struct svcnat_tuple *t = query->tuple;
	struct svcnat_frontend *frontend;

	memset(decision, 0, sizeof(*decision));
	frontend = svcnat_frontend_lookup(&services->frontends, t->family,
					  &t->dst, t->proto, t->dport);
	if (!frontend) {
		other_port(services, t, decision);
		return;
	}
	decision->frontend = frontend;
	decision->service = frontend->owner;
	decision->endpoints = rcu_dereference(decision->service->endpoints);
	decision->list = SVCNAT_LIST_CLUSTER;
	if (!svcnat_endpoints_count(decision->endpoints, t->family,
				    decision->list)) {
		refuse(decision, SVCNAT_REJECT, SVCNAT_STAT_REJECT_NO_ENDPOINT);
		return;
	}
	if (!query->opens) {
		refuse(decision, SVCNAT_REJECT, SVCNAT_STAT_REJECT_NO_FLOW);
		return;
	}
	choose(services, query, decision);
	decision->masquerade = needs_masquerade(services, query, decision);
	decision->verdict = SVCNAT_TRANSLATE;
}

/**
 * svcnat_lookup_remember() - a connection begins: pin its client
 * @services: of the netns
 * @query: the question
 * @decision: its answer, to translate; its endpoint changes if another CPU has
 *	pinned the client to another one meanwhile
 *
 * Context: RCU read side, softirqs disabled.
 */
void svcnat_lookup_remember(struct svcnat_services *services,
			    const struct svcnat_query *query,
			    struct svcnat_decision *decision)
{
	u32 timeout = READ_ONCE(decision->service->options.affinity);
	u32 mine = decision->entry->endpoint->id;
	const struct svcnat_entry *entry;
	struct svcnat_client client;
	u32 stale, id;

	if (!timeout)
		return;
	client_of(query, decision, &client);
	stale = decision->affinity_hit ? 0 : decision->pinned;
	id = svcnat_affinity_pin(&services->affinity, &client, mine, stale,
				 timeout);
	if (id == mine)
		return;
	entry = svcnat_endpoints_find_id(decision->endpoints, id);
	if (drawable(decision, entry, client.family))
		decision->entry = entry;
	else
		svcnat_affinity_pin(&services->affinity, &client, mine, id,
				    timeout);
	decision->masquerade = needs_masquerade(services, query, decision);
}

/**
 * svcnat_lookup_next() - the endpoint cannot be used for this client: another
 * @services: of the netns
 * @query: the question
 * @decision: its answer, to translate; its endpoint changes
 *
 * Context: RCU read side.
 * Return: false if the client is pinned, or there is no other endpoint.
 */
bool svcnat_lookup_next(struct svcnat_services *services,
			const struct svcnat_query *query,
			struct svcnat_decision *decision)
{
	const struct svcnat_entry *before = decision->entry;
	u8 family = query->tuple->family;
	int tries = 2;

	if (READ_ONCE(decision->service->options.affinity))
		return false;
	/* A preferred endpoint was not drawn: its slot may be the next one. */
	do {
		decision->slot++;
		decision->entry = svcnat_endpoints_at(decision->endpoints,
						      family, decision->list,
						      decision->slot);
	} while (decision->entry == before && --tries);
	decision->masquerade = needs_masquerade(services, query, decision);
	return decision->entry != before;
}
