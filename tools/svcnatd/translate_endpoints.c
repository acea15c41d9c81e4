// SPDX-License-Identifier: GPL-2.0
#include "translate.h"

#include <string.h>

#include "log.h"

/* An endpoint as one of the slices has it. */
struct candidate {
	const struct kube_slice *slice;
	const struct kube_endpoint *endpoint;
	uint16_t port;
};

/**
 * enum topology - which ready endpoints are on the cluster list
 * @TOPOLOGY_ANY: all
 * @TOPOLOGY_ZONE: those that are meant for our zone
 * @TOPOLOGY_NODE: those that are meant for our node
 */
enum topology {
	TOPOLOGY_ANY,
	TOPOLOGY_ZONE,
	TOPOLOGY_NODE,
};

static bool is_for_zone(const struct candidate *candidate, const char *zone)
{
	const char *other;

	if (!candidate->endpoint->zones)
		return false;
	other = list_at(&candidate->slice->zones, candidate->endpoint->zones);
	for (; *other; other += strlen(other) + 1)
		if (!strcmp(other, zone))
			return true;
	return false;
}

static int compare_places(const struct candidate *a,
			  const struct candidate *b)
{
	int diff = addr_compare(&a->endpoint->addr, &b->endpoint->addr);

	return diff ? diff : a->port - b->port;
}

/*
 * An address may stand in two slices, while it moves or because another pod has
 * got it meanwhile: the one that lives comes first.
 */
static int compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	const struct kube_endpoint *e = x->endpoint, *f = y->endpoint;
	int diff = compare_places(x, y);

	if (!diff)
		diff = e->terminating - f->terminating;
	if (!diff)
		diff = f->ready - e->ready;
	if (!diff)
		diff = f->serving - e->serving;
	if (!diff)
		diff = f->local - e->local;
	return diff ? diff : strcmp(x->slice->meta.name, y->slice->meta.name);
}

static void drop_twins(struct list *candidates)
{
	struct candidate *candidate, *kept = NULL;
	size_t i, nr = 0;

	list_sort(candidates, compare);
	for (i = 0; i < candidates->nr; i++) {
		candidate = list_at(candidates, i);
		if (kept && !compare_places(kept, candidate))
			continue;
		kept = list_at(candidates, nr++);
		*kept = *candidate;
	}
	candidates->nr = nr;
}

static void gather_slice(struct list *candidates,
			 const struct kube_slice *slice, uint16_t number)
{
	struct candidate *candidate;
	size_t i;

	for (i = 0; i < slice->endpoints.nr; i++) {
		candidate = list_add(candidates);
		candidate->slice = slice;
		candidate->endpoint = list_at(&slice->endpoints, i);
		candidate->port = number;
	}
}

static void gather(struct list *candidates, const struct kube_entry *entry,
		   const struct kube_port *port, uint16_t family)
{
	const struct kube_slice_port *other;
	const struct kube_slice *slice;
	size_t i, j;

	for (i = 0; i < entry->slices.nr; i++) {
		slice = *(struct kube_slice **)list_at(&entry->slices, i);
		if (slice->family != family)
			continue;
		for (j = 0; j < slice->ports.nr; j++) {
			other = list_at(&slice->ports, j);
			if (other->proto == port->proto &&
			    !strcmp(other->name, port->name))
				gather_slice(candidates, slice, other->port);
		}
	}
}

/*
 * Hints hold if every ready endpoint has one and one of them is for us; else
 * somebody knows less than we do, or we would serve nobody.
 */
static enum topology topology_of(const struct list *candidates,
				 const char *zone)
{
	bool all_nodes = true, our_node = false;
	bool all_zones = true, our_zone = false;
	const struct candidate *candidate;
	size_t i;

	for (i = 0; i < candidates->nr; i++) {
		candidate = list_at(candidates, i);
		if (!candidate->endpoint->ready)
			continue;
		all_nodes &= candidate->endpoint->node_hints;
		our_node |= candidate->endpoint->our_node;
		all_zones &= candidate->endpoint->zones != 0;
		our_zone |= is_for_zone(candidate, zone);
	}
	if (all_nodes && our_node)
		return TOPOLOGY_NODE;
	return all_zones && our_zone ? TOPOLOGY_ZONE : TOPOLOGY_ANY;
}

static bool is_meant(const struct candidate *candidate,
		     enum topology topology, const char *zone)
{
	if (!candidate->endpoint->ready || topology == TOPOLOGY_ANY)
		return true;
	return topology == TOPOLOGY_NODE ? candidate->endpoint->our_node :
					   is_for_zone(candidate, zone);
}

static uint8_t state_of(const struct kube_endpoint *endpoint)
{
	if (endpoint->ready)
		return SVCNAT_STATE_READY;
	return endpoint->serving && endpoint->terminating ?
	       SVCNAT_STATE_TERMINATING : SVCNAT_STATE_UNREADY;
}

/* What is meant for others is not there for us, unless it is local. */
static void add_endpoint(struct draft *draft,
			 const struct candidate *candidate, bool meant)
{
	const struct kube_endpoint *from = candidate->endpoint;
	struct endpoint *to;

	if (!meant && !from->local)
		return;
	to = draft_add_endpoint(draft);
	to->head.given = GIVEN(SVCNAT_ENDPOINT_A_ADDR4) |
			 GIVEN(SVCNAT_ENDPOINT_A_PORT) |
			 GIVEN(SVCNAT_ENDPOINT_A_STATE) |
			 GIVEN(SVCNAT_ENDPOINT_A_PLACE);
	to->addr = from->addr;
	to->port = candidate->port;
	to->state = state_of(from);
	to->place = SVCNAT_PLACE_REMOTE;
	if (from->local)
		to->place = meant ? SVCNAT_PLACE_LOCAL :
				    SVCNAT_PLACE_LOCAL_ONLY;
}

static void add_family(struct draft *draft, const struct list *candidates,
		       const char *zone)
{
	enum topology topology = topology_of(candidates, zone);
	const struct candidate *candidate;
	size_t i;

	for (i = 0; i < candidates->nr; i++) {
		candidate = list_at(candidates, i);
		if (draft->endpoints.nr == SVCNAT_ENDPOINTS_MAX) {
			log_line(LOG_WARNING,
				 "has more endpoints than a service may have, the others are left out",
				 LOG_TEXT("service",
					  draft->service.head.service));
			break;
		}
		add_endpoint(draft, candidate,
			     is_meant(candidate, topology, zone));
	}
}

/* Each family by itself, as a client sees but one of them. */
void translate_endpoints(struct draft *draft, const struct kube_entry *entry,
			 const struct kube_port *port, const char *zone)
{
	const struct list *families = &entry->service->cluster_ips;
	struct list candidates = { .size = sizeof(struct candidate) };
	const struct addr *addr;
	size_t i;

	for (i = 0; i < families->nr; i++) {
		addr = list_at(families, i);
		candidates.nr = 0;
		gather(&candidates, entry, port, addr->family);
		drop_twins(&candidates);
		add_family(draft, &candidates, zone);
	}
	list_free(&candidates);
}
