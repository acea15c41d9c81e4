// SPDX-License-Identifier: GPL-2.0
/* The services themselves: is there an endpoint for whoever comes? */
#include "doctor.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

enum lists {
	CLUSTER,	/* the list of the whole cluster */
	LOCAL,		/* that of this node */
	NR_LISTS,
};

/* Endpoints of one family that take connections, by list and state. */
struct usable {
	size_t ready[NR_LISTS];
	size_t terminating[NR_LISTS];
	size_t all;
};

/**
 * struct view - a service with what it has
 * @service: the service
 * @frontends: the first of its frontends
 * @nr_frontends: how many
 * @ipv4: its endpoints of that family
 * @ipv6: likewise
 */
struct view {
	const struct service *service;
	const struct frontend *frontends;
	size_t nr_frontends;
	struct usable ipv4;
	struct usable ipv6;
};

static void count_in(size_t nr[NR_LISTS], const struct endpoint *endpoint)
{
	nr[CLUSTER] += endpoint->place != SVCNAT_PLACE_LOCAL_ONLY;
	nr[LOCAL] += endpoint->place != SVCNAT_PLACE_REMOTE;
}

/* As the module does when it makes its lists. */
static void count_endpoint(struct view *view, const struct endpoint *endpoint)
{
	struct usable *usable;

	usable = endpoint->addr.family == AF_INET ? &view->ipv4 : &view->ipv6;
	usable->all++;
	if (!endpoint->weight)
		return;
	if (endpoint->state == SVCNAT_STATE_READY)
		count_in(usable->ready, endpoint);
	else if (endpoint->state == SVCNAT_STATE_TERMINATING)
		count_in(usable->terminating, endpoint);
}

static bool has_any(const struct usable *usable, enum lists which)
{
	return usable->ready[which] || usable->terminating[which];
}

typedef void (*view_fn)(struct doctor *d, const struct view *view);

/* For each service; all lists are sorted by it. */
static void for_each_view(struct doctor *d, view_fn check)
{
	const struct list *services = &d->snap.services.objects;
	const struct list *frontends = &d->snap.frontends;
	const struct list *endpoints = &d->snap.endpoints;
	size_t i, frontend = 0, endpoint = 0;

	for (i = 0; i < services->nr; i++) {
		struct view view = { .service = list_at(services, i) };

		view.frontends = list_at(frontends, frontend);
		while (frontend < frontends->nr &&
		       !service_compare(list_at(frontends, frontend),
					view.service)) {
			view.nr_frontends++;
			frontend++;
		}
		while (endpoint < endpoints->nr &&
		       !service_compare(list_at(endpoints, endpoint),
					view.service))
			count_endpoint(&view, list_at(endpoints, endpoint++));
		check(d, &view);
	}
}

static const char *name_service(char text[SVCNAT_NAME_MAX + 16],
				const struct view *view)
{
	snprintf(text, SVCNAT_NAME_MAX + 16, "service \"%s\"",
		 view->service->head.service);
	return text;
}

/* Nodeports have none. */
static bool has_frontend(const struct view *view, int family)
{
	size_t i;

	for (i = 0; i < view->nr_frontends; i++)
		if (view->frontends[i].addr.family == family)
			return true;
	return false;
}

/* @family: a word and a blank, or "" */
static void no_endpoint(struct doctor *d, const struct view *view,
			const struct usable *usable, const char *family)
{
	const char *name = view->service->head.service;
	char subject[SVCNAT_NAME_MAX + 16];

	name_service(subject, view);
	if (!usable->all) {
		doctor_find(d, LEVEL_PROBLEM, subject,
			    "connections are refused: there are no %sendpoints",
			    family);
		doctor_advise(d, "add one: svcctl endpoint add %s ADDR:PORT",
			      name);
		return;
	}
	doctor_find(d, LEVEL_PROBLEM, subject,
		    "connections are refused: none of the %zu %sendpoints takes any",
		    usable->all, family);
	doctor_advise(d, "see their states and weights: svcctl endpoint show %s",
		      name);
}

/* They go on to get connections, but will end. */
static void none_ready(struct doctor *d, const struct view *view,
		       const char *family)
{
	char subject[SVCNAT_NAME_MAX + 16];

	doctor_find(d, LEVEL_NOTE, name_service(subject, view),
		    "all %sendpoints that take connections are terminating",
		    family);
	doctor_advise(d, "add others before these end: svcctl endpoint add %s ADDR:PORT",
		      view->service->head.service);
}

static void check_family(struct doctor *d, const struct view *view,
			 const struct usable *usable, const char *family)
{
	const struct service *service = view->service;
	bool local = service->internal_policy == SVCNAT_POLICY_LOCAL ||
		     service->external_policy == SVCNAT_POLICY_LOCAL;

	/* Those that are local-only are no use without such a policy. */
	if (!has_any(usable, CLUSTER) && !(local && has_any(usable, LOCAL)))
		no_endpoint(d, view, usable, family);
	else if (!usable->ready[CLUSTER] && !(local && usable->ready[LOCAL]))
		none_ready(d, view, family);
}

static void check_endpoints(struct doctor *d, const struct view *view)
{
	struct usable both = view->ipv4;
	enum lists which;

	if (has_frontend(view, AF_INET))
		check_family(d, view, &view->ipv4, "IPv4 ");
	if (has_frontend(view, AF_INET6))
		check_family(d, view, &view->ipv6, "IPv6 ");
	if (!view->nr_frontends || has_frontend(view, AF_INET) ||
	    has_frontend(view, AF_INET6))
		return;
	for (which = 0; which < NR_LISTS; which++) {
		both.ready[which] += view->ipv6.ready[which];
		both.terminating[which] += view->ipv6.terminating[which];
	}
	both.all += view->ipv6.all;
	check_family(d, view, &both, "");
}

void doctor_endpoints(struct doctor *d)
{
	for_each_view(d, check_endpoints);
}

static bool has_kind(const struct view *view, bool cluster)
{
	size_t i;

	for (i = 0; i < view->nr_frontends; i++)
		if (cluster == (view->frontends[i].kind == SVCNAT_KIND_CLUSTER))
			return true;
	return false;
}

static void check_policies(struct doctor *d, const struct view *view)
{
	const struct service *service = view->service;
	char subject[SVCNAT_NAME_MAX + 16];

	if (has_any(&view->ipv4, LOCAL) || has_any(&view->ipv6, LOCAL) ||
	    (!has_any(&view->ipv4, CLUSTER) && !has_any(&view->ipv6, CLUSTER)))
		return;
	name_service(subject, view);
	if (service->internal_policy == SVCNAT_POLICY_LOCAL &&
	    has_kind(view, true)) {
		doctor_find(d, LEVEL_PROBLEM, subject,
			    "internal-policy is local and no endpoint that takes connections is on this node: packets of its clients are dropped");
		doctor_advise(d, "mark those on this node as local, or svcctl service set %s internal-policy cluster",
			      service->head.service);
	}
	if (service->external_policy == SVCNAT_POLICY_LOCAL &&
	    has_kind(view, false)) {
		doctor_find(d, LEVEL_NOTE, subject,
			    "external-policy is local and no endpoint that takes connections is on this node: packets from outside are dropped");
		doctor_advise(d, "let the load balancer send them to other nodes, mark endpoints on this node as local, or svcctl service set %s external-policy cluster",
			      service->head.service);
	}
}

void doctor_policies(struct doctor *d)
{
	for_each_view(d, check_policies);
}

/* How much there is, how much there may be, and what then. */
static const struct {
	enum svcnat_stat stat;
	int attr;
	const char *key;
	enum level level;
	const char *words;
	const char *then;
} limits[] = {
	{ SVCNAT_STAT_FLOW_LIVE, SVCNAT_CONFIG_A_MAX_FLOWS, "max-flows",
	  LEVEL_PROBLEM, "flows",
	  "half-open ones make room, and then new connections are dropped" },
	{ SVCNAT_STAT_AFFINITY_LIVE, SVCNAT_CONFIG_A_MAX_AFFINITY,
	  "max-affinity", LEVEL_NOTE, "pinned clients",
	  "more clients are served but not pinned" },
	{ SVCNAT_STAT_SERVICE_LIVE, SVCNAT_CONFIG_A_MAX_SERVICES,
	  "max-services", LEVEL_NOTE, "services", "more are refused" },
};

void doctor_limits(struct doctor *d)
{
	uint64_t now, max;
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		now = d->stats.value[limits[i].stat];
		max = d->config.value[limits[i].attr];
		if (!has(&d->stats, limits[i].stat) ||
		    !has(&d->config, limits[i].attr) || now < max - max / 10)
			continue;
		doctor_find(d, limits[i].level, limits[i].key,
			    "there are %" PRIu64 " %s of at most %" PRIu64 ": %s",
			    now, limits[i].words, max, limits[i].then);
		doctor_advise(d, "allow more: svcctl config set %s N",
			      limits[i].key);
	}
}
