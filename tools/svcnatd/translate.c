// SPDX-License-Identifier: GPL-2.0
#include "translate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "addr.h"
#include "log.h"
#include "words.h"

#define HASH_LENGTH	17	/* an underscore and 64 bits */
/* Frontends with their ranges, and endpoints, of one Service. */
#define MEMBERS_MAX	500000

/* FNV-1a: it tells apart what somebody named, not what somebody forged. */
static uint64_t hash(const char *text)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return sum;
}

const char *translate_name(char text[SVCNAT_NAME_MAX + 1],
			   const struct kube_service *service,
			   const struct kube_port *port)
{
	char name[512], number[8];
	int length;

	snprintf(number, sizeof(number), "%u", port->port);
	length = snprintf(name, sizeof(name), "%.63s/%.253s:%.63s",
			  service->meta.namespace, service->meta.name,
			  *port->name ? port->name : number);
	if (length <= SVCNAT_NAME_MAX)
		return strcpy(text, name);
	snprintf(text, SVCNAT_NAME_MAX + 1, "%.*s_%016" PRIx64,
		 SVCNAT_NAME_MAX - HASH_LENGTH, name, hash(name));
	return text;
}

static struct frontend *add_frontend(struct draft *draft, uint8_t kind,
				     uint16_t port)
{
	struct frontend *frontend = draft_add_frontend(draft);

	frontend->head.given = GIVEN(SVCNAT_FRONTEND_A_PORT) |
			       GIVEN(SVCNAT_FRONTEND_A_KIND);
	frontend->kind = kind;
	frontend->port = port;
	return frontend;
}

static void add_allow(struct frontend *frontend, const struct list *allow)
{
	const struct range *range;
	size_t i;

	for (i = 0; i < allow->nr; i++) {
		range = list_at(allow, i);
		if (range->addr.family == frontend->addr.family)
			list_copy(&frontend->allow, range);
	}
	if (frontend->allow.nr)
		frontend->head.given |= GIVEN(SVCNAT_FRONTEND_A_ALLOW);
}

/* An address that the Service is served at, whatever the port. */
struct address {
	struct addr addr;
	uint8_t kind;
};

/*
 * One that stands twice is a cluster's first, then a load balancer's: that has
 * its ranges to guard.
 */
static int rank(uint8_t kind)
{
	switch (kind) {
	case SVCNAT_KIND_CLUSTER:
		return 0;
	case SVCNAT_KIND_LB:
		return 1;
	default:
		return 2;
	}
}

static int compare(const void *a, const void *b)
{
	const struct address *x = a, *y = b;
	int diff = addr_compare(&x->addr, &y->addr);

	return diff ? diff : rank(x->kind) - rank(y->kind);
}

static int compare_addr(const void *a, const void *b)
{
	const struct address *x = a, *y = b;

	return addr_compare(&x->addr, &y->addr);
}

/* Of a family that the Service does not have nothing is served. */
static void gather(struct list *addresses, const struct kube_service *from,
		   const struct list *list, uint8_t kind)
{
	struct address *address;
	const struct addr *addr;
	bool unsafe;
	size_t i;

	for (i = 0; i < list->nr; i++) {
		addr = list_at(list, i);
		unsafe = addr->family == AF_INET ? from->unsafe4 :
						   from->unsafe6;
		if (!addr_has_family(&from->cluster_ips, addr->family) ||
		    (kind == SVCNAT_KIND_LB && unsafe))
			continue;
		address = list_add(addresses);
		address->addr = *addr;
		address->kind = kind;
	}
}

static void gather_all(struct list *addresses, const struct kube_service *from)
{
	gather(addresses, from, &from->cluster_ips, SVCNAT_KIND_CLUSTER);
	gather(addresses, from, &from->lb_ips, SVCNAT_KIND_LB);
	gather(addresses, from, &from->external_ips, SVCNAT_KIND_EXTERNAL);
	list_sort(addresses, compare);
	list_unique(addresses, compare_addr);
}

static void add_frontends(struct draft *draft, const struct kube_service *from,
			  const struct list *addresses,
			  const struct kube_port *port)
{
	const struct address *address;
	struct frontend *frontend;
	size_t i;

	for (i = 0; i < addresses->nr; i++) {
		address = list_at(addresses, i);
		frontend = add_frontend(draft, address->kind, port->port);
		frontend->head.given |= GIVEN(SVCNAT_FRONTEND_A_ADDR4);
		frontend->addr = address->addr;
		if (address->kind == SVCNAT_KIND_LB)
			add_allow(frontend, &from->allow);
	}
	if (port->node_port)
		add_frontend(draft, SVCNAT_KIND_NODEPORT, port->node_port);
}

static void set_options(struct service *to, const struct kube_service *from)
{
	to->affinity = from->affinity;
	to->internal_policy = from->internal_local ? SVCNAT_POLICY_LOCAL :
						     SVCNAT_POLICY_CLUSTER;
	to->external_policy = from->external_local ? SVCNAT_POLICY_LOCAL :
						     SVCNAT_POLICY_CLUSTER;
}

/* Where @draft, which is settled, has it as an endpoint; or NULL. */
static void *find_endpoint(const struct draft *draft,
			   const struct frontend *frontend)
{
	struct endpoint key = {
		.head.service = draft->service.head.service,
		.addr = frontend->addr,
		.port = frontend->port,
	};

	if (!draft->endpoints.nr)
		return NULL;
	return bsearch(&key, draft->endpoints.item, draft->endpoints.nr,
		       draft->endpoints.size, endpoint_compare);
}

static void complain(const struct draft *draft, const char *sentence,
		     const struct frontend *frontend)
{
	char text[ADDR_TEXT_SIZE];

	log_line(LOG_WARNING, sentence,
		 LOG_TEXT("service", draft->service.head.service),
		 { .key = "address",
		   .text = format_frontend(text, frontend) });
}

static void remove_item(struct list *list, void *item)
{
	char *next = (char *)item + list->size;

	memmove(item, next, (size_t)(list->item + list->nr-- * list->size -
				     next));
}

/*
 * The module has no endpoint that is a frontend of its own service.  What came
 * to such an external address arrives there without us as well; a cluster
 * address that is an endpoint is somebody's mistake.
 */
static void part_overlap(struct draft *draft)
{
	struct frontend *frontend;
	void *endpoint;
	size_t i = 0;

	while (i < draft->frontends.nr) {
		frontend = list_at(&draft->frontends, i);
		endpoint = find_endpoint(draft, frontend);
		if (!endpoint) {
			i++;
		} else if (frontend->kind == SVCNAT_KIND_CLUSTER) {
			complain(draft, "an endpoint is the Service itself, and is left out",
				 frontend);
			remove_item(&draft->endpoints, endpoint);
		} else {
			complain(draft, "an address of the Service is one of its endpoints, and is left out",
				 frontend);
			list_free(&frontend->allow);
			remove_item(&draft->frontends, frontend);
		}
	}
}

static void add_draft(struct list *drafts, const struct kube_entry *entry,
		      const struct list *addresses, size_t i, const char *zone)
{
	const struct kube_service *service = entry->service;
	const struct kube_port *port = list_at(&service->ports, i);
	struct draft *draft = list_add(drafts);
	char name[SVCNAT_NAME_MAX + 1];

	draft_init(draft);
	draft_name(draft, translate_name(name, service, port));
	draft_proto(draft, port->proto);
	draft->line = i;
	set_options(&draft->service, service);
	add_frontends(draft, service, addresses, port);
	translate_endpoints(draft, entry, port, zone);
	draft_settle(draft);
	part_overlap(draft);
}

static int by_name_and_place(const void *a, const void *b)
{
	const struct draft *x = a, *y = b;
	int diff = service_compare(x, y);

	return diff ? diff : (x->line > y->line) - (x->line < y->line);
}

/* Of ports with one name the first is served. */
static void drop_namesakes(struct list *drafts)
{
	struct draft *draft, *kept = NULL;
	size_t i, nr = 0;

	list_sort(drafts, by_name_and_place);
	for (i = 0; i < drafts->nr; i++) {
		draft = list_at(drafts, i);
		draft->line = 0;
		if (kept && !service_compare(kept, draft)) {
			log_line(LOG_WARNING,
				 "two ports have one name, the second is left out",
				 LOG_TEXT("service",
					  draft->service.head.service));
			draft_free(draft);
			continue;
		}
		kept = memmove(list_at(drafts, nr++), draft, sizeof(*draft));
	}
	drafts->nr = nr;
}

/* Each port's: every frontend of a load balancer has the ranges for itself. */
static size_t count_members(const struct list *addresses,
			    const struct kube_service *service)
{
	const struct address *address;
	size_t i, nr = 1;

	for (i = 0; i < addresses->nr; i++) {
		address = list_at(addresses, i);
		nr += 1;
		if (address->kind == SVCNAT_KIND_LB)
			nr += service->allow.nr;
	}
	return nr;
}

/* Ports and what each of them has multiply. */
static bool is_too_much(const struct kube_entry *entry, size_t members)
{
	if (members <= MEMBERS_MAX)
		return false;
	log_line(LOG_WARNING, "has too many ports for its addresses, ranges and endpoints, the others are left out",
		 LOG_TEXT("namespace", entry->namespace),
		 LOG_TEXT("name", entry->name));
	return true;
}

void translate_service(const struct kube_entry *entry, const char *zone,
		       struct list *drafts)
{
	struct list addresses = { .size = sizeof(struct address) };
	const struct draft *draft;
	size_t i, each, members = 0;
	struct list ours;

	if (!entry->service)
		return;
	drafts_init(&ours);
	gather_all(&addresses, entry->service);
	each = count_members(&addresses, entry->service);
	for (i = 0; i < entry->service->ports.nr; i++) {
		members += each;
		if (is_too_much(entry, members))
			break;
		add_draft(&ours, entry, &addresses, i, zone);
		draft = list_at(&ours, i);
		members += draft->endpoints.nr;
	}
	drop_namesakes(&ours);
	for (i = 0; i < ours.nr; i++)
		list_copy(drafts, list_at(&ours, i));
	list_free(&ours);
	list_free(&addresses);
}
