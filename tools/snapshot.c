// SPDX-License-Identifier: GPL-2.0
/*
 * A dump sends each service, then its members.  A service that changes between
 * two parts of the dump shows by its generation, one that is removed by the
 * number of its members; it is read again, alone.
 */
#include "snapshot.h"

#include <errno.h>
#include <string.h>

#include "patience.h"

static void *last_of(const struct collection *coll)
{
	return list_at(&coll->objects, coll->objects.nr - 1);
}

static bool is_complete(const struct snapshot *snap,
			const struct service *service)
{
	size_t frontends = snap->frontends.nr - snap->frontend;
	size_t endpoints = snap->endpoints.nr - snap->endpoint;

	if (snap->with_frontends && frontends != service->nr_frontends)
		return false;
	if (snap->with_endpoints && endpoints != service->nr_endpoints)
		return false;
	return !snap->mixed;
}

/* All members of the last service have come. */
static void close_service(struct snapshot *snap)
{
	const struct service *service;
	const char **name;

	if (!snap->open)
		return;
	snap->open = false;
	service = last_of(&snap->services);
	if (is_complete(snap, service))
		return;
	name = list_add(&snap->again);
	*name = service->head.service;
	if (snap->settle)
		return;
	snap->services.objects.nr--;
	snap->frontends.nr = snap->frontend;
	snap->endpoints.nr = snap->endpoint;
}

static void open_service(struct snapshot *snap, const struct reply *reply)
{
	struct head *head;

	close_service(snap);
	snap->open = true;
	snap->mixed = false;
	snap->frontend = snap->frontends.nr;
	snap->endpoint = snap->endpoints.nr;
	head = collection_add(&snap->services, &reply->service.head);
	head->generation = reply->generation;
}

static void add_member(struct snapshot *snap, struct list *members,
		       const struct reply *reply)
{
	const struct head *service;
	struct head *head;

	if (!snap->open)
		return;
	service = last_of(&snap->services);
	if (!reply->head.service ||
	    strcmp(reply->head.service, service->service) ||
	    reply->generation != service->generation)
		snap->mixed = true;
	head = list_copy(members, &reply->head);
	head->service = service->service;
	head->generation = service->generation;
}

static void add_frontend(struct snapshot *snap, const struct reply *reply)
{
	struct reply copy = *reply;

	object_own_lists(&object_types[SVCNAT_A_FRONTEND], &copy.frontend);
	if (copy.frontend.allow.nr)
		list_copy(&snap->lists, &copy.frontend.allow);
	add_member(snap, &snap->frontends, &copy);
}

static int take(const struct reply *reply, void *arg)
{
	struct snapshot *snap = arg;

	if (reply->attr == SVCNAT_A_SERVICE)
		open_service(snap, reply);
	else if (reply->attr == SVCNAT_A_FRONTEND)
		add_frontend(snap, reply);
	else if (reply->attr == SVCNAT_A_ENDPOINT)
		add_member(snap, &snap->endpoints, reply);
	return 0;
}

/* Returns enum nl_code. */
static int read_once(struct snapshot *snap, struct nl *nl, const char *name)
{
	struct service service = {
		.head.given = GIVEN(SVCNAT_SERVICE_A_NAME),
		.head.service = name,
	};
	struct request req = {
		.cmd = SVCNAT_CMD_SERVICE_GET,
		.dump = true,
		.subject = "service",
		.service = name ? &service : NULL,
		.stats = snap->with_stats,
		.with_frontends = snap->with_frontends,
		.with_endpoints = snap->with_endpoints,
	};
	int code = nl_request(nl, &req, take, snap);

	close_service(snap);
	/* What we look at ourselves, service by service. */
	return code == NL_INTERRUPTED ? 0 : code;
}

/* Until it stands still, but not for ever.  Returns enum nl_code. */
static int read_alone(struct snapshot *snap, struct nl *nl, const char *name)
{
	struct patience patience = { .pause = 0 };
	int code;

	snap->settle = false;
	for (;;) {
		snap->again.nr = 0;
		code = read_once(snap, nl, name);
		if (code || !snap->again.nr)
			return code;
		if (snap->settle)
			break;
		snap->settle = !patience_wait(&patience);
	}
	list_copy(&snap->unsettled, list_at(&snap->again, 0));
	return 0;
}

/* What changed meanwhile; @name is what was asked for. */
static int read_again(struct snapshot *snap, struct nl *nl, const char *name)
{
	struct list again = snap->again;
	int code = 0;
	size_t i;

	snap->again = (struct list){ .size = again.size };
	for (i = 0; i < again.nr && !code; i++) {
		code = read_alone(snap, nl, *(char **)list_at(&again, i));
		/* A list does without one that is gone. */
		if (!name && code == NL_REFUSED && nl_error(nl) == ENOENT)
			code = 0;
	}
	list_free(&again);
	return code;
}

static int newest_first(const void *a, const void *b)
{
	const struct head *x = a, *y = b;
	int diff = service_compare(x, y);

	return diff ? diff : (int32_t)(y->generation - x->generation);
}

/* One that was removed and made again meanwhile came twice. */
static void drop_older(struct list *services)
{
	struct service *service, *kept = NULL;
	size_t i, nr = 0;

	for (i = 0; i < services->nr; i++) {
		service = list_at(services, i);
		if (kept && !service_compare(kept, service))
			continue;
		kept = list_at(services, nr++);
		*kept = *service;
	}
	services->nr = nr;
}

static void drop_members(struct list *members, const struct list *services)
{
	size_t i, at = 0, nr = 0;
	const struct head *owner;
	struct head *head;

	for (i = 0; i < members->nr && at < services->nr; i++) {
		head = list_at(members, i);
		while (at < services->nr &&
		       service_compare(list_at(services, at), head) < 0)
			at++;
		if (at == services->nr)
			break;
		owner = list_at(services, at);
		if (service_compare(owner, head) ||
		    owner->generation != head->generation)
			continue;
		memmove(list_at(members, nr++), head, members->size);
	}
	members->nr = nr;
}

static void sort(struct snapshot *snap)
{
	struct list *services = &snap->services.objects;

	list_sort(services, newest_first);
	drop_older(services);
	list_sort(&snap->frontends, frontend_compare);
	drop_members(&snap->frontends, services);
	list_sort(&snap->endpoints, endpoint_compare);
	drop_members(&snap->endpoints, services);
}

int snapshot_read(struct snapshot *snap, struct nl *nl, const char *name)
{
	const char **again;
	int code = read_once(snap, nl, name);

	/* It was there when the dump began. */
	if (!code && name && !snap->services.objects.nr && !snap->again.nr) {
		again = list_add(&snap->again);
		*again = name;
	}
	if (!code)
		code = read_again(snap, nl, name);
	if (!code)
		sort(snap);
	return code;
}

void snapshot_init(struct snapshot *snap, bool with_frontends,
		   bool with_endpoints)
{
	memset(snap, 0, sizeof(*snap));
	collection_init(&snap->services, SVCNAT_A_SERVICE);
	snap->frontends.size = sizeof(struct frontend);
	snap->endpoints.size = sizeof(struct endpoint);
	snap->lists.size = sizeof(struct list);
	snap->unsettled.size = sizeof(char *);
	snap->again.size = sizeof(char *);
	snap->with_frontends = with_frontends;
	snap->with_endpoints = with_endpoints;
}

void snapshot_free(struct snapshot *snap)
{
	size_t i;

	collection_free(&snap->services);
	list_free(&snap->frontends);
	list_free(&snap->endpoints);
	for (i = 0; i < snap->lists.nr; i++)
		list_free(list_at(&snap->lists, i));
	list_free(&snap->lists);
	list_free(&snap->unsettled);
	list_free(&snap->again);
}
