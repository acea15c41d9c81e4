// SPDX-License-Identifier: GPL-2.0-only
#include "conntrack.h"
#include "lookup.h"
#include "node.h"
#include "schedule.h"
#include "socket.h"

static bool zone_contains(const struct svcnat_services *services,
			  enum svcnat_zone zone, u8 family,
			  const union nf_inet_addr *addr)
{
	return svcnat_ranges_contain(rcu_dereference(services->zone[zone]),
				     family, addr);
}

/**
 * svcnat_lookup_is_cluster() - is it for an address of the cluster's alone?
 * @services: of the netns
 * @dev: by which it comes or goes
 * @tuple: of the packet
 *
 * Then nobody else will answer for its other ports and protocols; for one of the
 * node's own the node does, and for others whoever has them.
 *
 * Context: RCU read side.
 * Return: true if its destination has a cluster frontend and is not one of the
 * node's own.
 */
bool svcnat_lookup_is_cluster(const struct svcnat_services *services,
			      const struct net_device *dev,
			      const struct svcnat_tuple *tuple)
{
	const struct svcnat_vip *vip;

	vip = svcnat_vip_lookup(&services->frontends, tuple->family,
				&tuple->dst);
	return vip && READ_ONCE(vip->cluster) &&
	       !svcnat_node_owns(services->net, dev, tuple->family,
				 &tuple->dst);
}

/**
 * svcnat_lookup_is_vacant() - is it for an address that no service has yet?
 * @services: of the netns
 * @dev: by which it comes or goes
 * @tuple: of the packet
 *
 * Context: RCU read side.
 * Return: true if its destination is one for services, none has it, and it is
 * not one of the node's own.
 */
bool svcnat_lookup_is_vacant(const struct svcnat_services *services,
			     const struct net_device *dev,
			     const struct svcnat_tuple *tuple)
{
	u8 family = tuple->family;

	return zone_contains(services, SVCNAT_ZONE_SERVICES, family,
			     &tuple->dst) &&
	       !svcnat_vip_lookup(&services->frontends, family, &tuple->dst) &&
	       !svcnat_node_owns(services->net, dev, family, &tuple->dst);
}

/**
 * svcnat_lookup_concerns() - may svcnat_lookup() say more than pass?
 * @services: of the netns
 * @tuple: of the packet
 *
 * Of what is not dropped, at a lower price.
 *
 * Context: RCU read side.
 * Return: false if it certainly does not.
 */
bool svcnat_lookup_concerns(struct svcnat_services *services,
			    const struct svcnat_tuple *tuple)
{
	return svcnat_vip_lookup(&services->frontends, tuple->family,
				 &tuple->dst) ||
	       svcnat_nodeport_lookup(&services->frontends, tuple->proto,
				      tuple->dport);
}

static void refuse(struct svcnat_decision *decision,
		   enum svcnat_verdict verdict, enum svcnat_stat reason)
{
	decision->verdict = verdict;
	decision->reason = reason;
}

/* No frontend has this address and port. */
static void no_frontend(struct svcnat_services *services,
			const struct svcnat_query *query,
			struct svcnat_decision *decision)
{
	if (svcnat_lookup_is_cluster(services, query->dev, query->tuple))
		refuse(decision, SVCNAT_REJECT, SVCNAT_STAT_REJECT_NO_PORT);
	else if (svcnat_lookup_is_vacant(services, query->dev, query->tuple))
		refuse(decision, SVCNAT_DROP, SVCNAT_STAT_DROP_NO_SERVICE);
}

/*
 * A nodeport, unless somebody else was here before: a connection of the node's
 * own from that port.
 */
static struct svcnat_frontend *nodeport_of(struct svcnat_services *services,
					   const struct svcnat_query *query)
{
	const struct svcnat_tuple *t = query->tuple;
	struct net *net = services->net;
	struct svcnat_frontend *f;

	f = svcnat_nodeport_lookup(&services->frontends, t->proto, t->dport);
	if (!f || !svcnat_node_serves(net, query->dev, t->family, &t->dst) ||
	    !zone_contains(services, SVCNAT_ZONE_NODEPORTS, t->family,
			   &t->dst) ||
	    svcnat_socket_connected(net, query->dev, t) ||
	    svcnat_conntrack_live(net, t))
		return NULL;
	return f;
}

/* Source ranges, and who is exempt from them. */
static bool is_barred(struct svcnat_services *services,
		      const struct svcnat_tuple *t,
		      const struct svcnat_frontend *frontend)
{
	const struct svcnat_ranges *allow = rcu_dereference(frontend->allow);

	if (!svcnat_ranges_have(allow, t->family) ||
	    svcnat_ranges_contain(allow, t->family, &t->src))
		return false;
	/* The load balancer's address bound here: the node to itself. */
	return !svcnat_addr_equal(t->family, &t->src, &t->dst) ||
	       !svcnat_node_is_in(services->net, t->family, allow);
}

static bool is_pod(const struct svcnat_services *services,
		   const struct svcnat_tuple *t)
{
	return zone_contains(services, SVCNAT_ZONE_PODS, t->family, &t->src);
}

static bool is_node(const struct svcnat_services *services,
		    const struct svcnat_query *query)
{
	const struct svcnat_tuple *t = query->tuple;

	return query->local ||
	       svcnat_node_owns(services->net, query->dev, t->family, &t->src);
}

/* Without a range of pods nobody is one, and nobody is hidden from them. */
static bool pods_are_known(const struct svcnat_services *services,
			   const struct svcnat_query *query)
{
	const struct svcnat_ranges *pods;

	pods = rcu_dereference(services->zone[SVCNAT_ZONE_PODS]);
	return svcnat_ranges_have(pods, query->tuple->family);
}

/* The table of policies: which list, and is the client hidden from it? */
static void apply_policy(const struct svcnat_services *services,
			 const struct svcnat_query *query,
			 struct svcnat_decision *decision)
{
	const struct svcnat_options *o = &decision->service->options;
	bool pod, local = false;

	if (READ_ONCE(decision->frontend->kind) == SVCNAT_KIND_CLUSTER) {
		local = READ_ONCE(o->internal_policy) == SVCNAT_POLICY_LOCAL;
		decision->hide = READ_ONCE(services->masquerade_all) ||
				 (pods_are_known(services, query) &&
				  !is_pod(services, query->tuple));
	} else if (READ_ONCE(o->external_policy) == SVCNAT_POLICY_CLUSTER) {
		decision->hide = true;
	} else {
		pod = is_pod(services, query->tuple);
		decision->hide = !pod && is_node(services, query);
		local = !pod && !decision->hide;
	}
	decision->list = local ? SVCNAT_LIST_LOCAL : SVCNAT_LIST_CLUSTER;
}

/* Nobody is in the list. */
static void no_endpoint(const struct svcnat_query *query,
			struct svcnat_decision *decision)
{
	if (decision->list == SVCNAT_LIST_LOCAL &&
	    svcnat_endpoints_count(decision->endpoints, query->tuple->family,
				   SVCNAT_LIST_CLUSTER))
		refuse(decision, SVCNAT_DROP,
		       SVCNAT_STAT_DROP_NO_LOCAL_ENDPOINT);
	else
		refuse(decision, SVCNAT_REJECT, SVCNAT_STAT_REJECT_NO_ENDPOINT);
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

static const struct svcnat_entry *
drawn_entry(const struct svcnat_query *query,
	    const struct svcnat_decision *decision)
{
	return svcnat_schedule_at(decision->endpoints, query->tuple->family,
				  decision->list, decision->slot);
}

static void choose(struct svcnat_services *services,
		   const struct svcnat_query *query,
		   struct svcnat_decision *decision)
{
	const struct svcnat_entry *preferred;

	preferred = preferred_entry(query, decision);
	decision->prefer_stands = preferred;
	decision->entry = pinned_entry(services, query, decision);
	decision->affinity_hit = decision->entry;
	if (decision->affinity_hit)
		return;
	decision->slot = svcnat_schedule(decision->service, decision->endpoints,
					 decision->list, query->tuple,
					 query->random);
	decision->drawn = !preferred;
	decision->entry = preferred ?: drawn_entry(query, decision);
}

/**
 * svcnat_lookup_hides() - must the client's source be rewritten?
 * @services: of the netns
 * @query: the question
 * @decision: its answer, to translate
 * @entry: the endpoint that it would go to
 *
 * By policy, or because replies would not come back to us otherwise.
 *
 * Context: RCU read side.
 * Return: true if so.
 */
bool svcnat_lookup_hides(const struct svcnat_services *services,
			 const struct svcnat_query *query,
			 const struct svcnat_decision *decision,
			 const struct svcnat_entry *entry)
{
	const struct svcnat_tuple *t = query->tuple;

	return decision->hide ||
	       svcnat_addr_equal(t->family, &t->src, &entry->addr) ||
	       svcnat_vip_lookup(&services->frontends, t->family, &t->src);
}

static void settle_source(const struct svcnat_services *services,
			  const struct svcnat_query *query,
			  struct svcnat_decision *decision)
{
	decision->masquerade = svcnat_lookup_hides(services, query, decision,
						   decision->entry);
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
					  &t->dst, t->proto, t->dport) ?:
		   nodeport_of(services, query);
	if (!frontend) {
		no_frontend(services, query, decision);
		return;
	}
	/* From before the frontend was here: it has its endpoint. */
	if (!query->opens && svcnat_conntrack_rewrites(services->net, t))
		return;
	decision->frontend = frontend;
	decision->service = frontend->owner;
	if (is_barred(services, t, frontend)) {
		refuse(decision, SVCNAT_DROP, SVCNAT_STAT_DROP_SOURCE_RANGE);
		return;
	}
	decision->endpoints = rcu_dereference(decision->service->endpoints);
	if (decision->endpoints)
		svcnat_endpoints_prefetch(decision->endpoints);
	apply_policy(services, query, decision);
	if (!svcnat_endpoints_count(decision->endpoints, t->family,
				    decision->list)) {
		no_endpoint(query, decision);
		return;
	}
	if (!query->opens) {
		refuse(decision, SVCNAT_REJECT, SVCNAT_STAT_REJECT_NO_FLOW);
		return;
	}
	choose(services, query, decision);
	prefetch(decision->entry->endpoint);
	settle_source(services, query, decision);
	decision->verdict = SVCNAT_TRANSLATE;
}

/* What was asked for may be anybody's turn by now: take one. */
static void take_turn(struct svcnat_services *services,
		      const struct svcnat_query *query,
		      struct svcnat_decision *decision)
{
	u32 slot = svcnat_schedule_take(decision->service, decision->endpoints,
					query->tuple->family, decision->list,
					decision->slot);

	if (slot == decision->slot)
		return;
	decision->slot = slot;
	decision->entry = drawn_entry(query, decision);
	settle_source(services, query, decision);
}

/**
 * svcnat_lookup_remember() - a connection begins: take its turn, pin its client
 * @services: of the netns
 * @query: the question
 * @decision: its answer, to translate; its endpoint changes if another CPU has
 *	pinned the client to another one meanwhile, or has taken the turn
 *
 * Context: RCU read side, softirqs disabled.
 */
void svcnat_lookup_remember(struct svcnat_services *services,
			    const struct svcnat_query *query,
			    struct svcnat_decision *decision)
{
	u32 timeout = READ_ONCE(decision->service->options.affinity);
	const struct svcnat_entry *entry;
	struct svcnat_client client;
	u32 mine, stale, id;

	if (decision->drawn)
		take_turn(services, query, decision);
	if (!timeout)
		return;
	mine = decision->entry->endpoint->id;
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
	settle_source(services, query, decision);
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
		decision->slot = svcnat_schedule_next(decision->endpoints,
						      family, decision->list,
						      decision->slot);
		decision->entry = drawn_entry(query, decision);
	} while (decision->entry == before && --tries);
	settle_source(services, query, decision);
	return decision->entry != before;
}
