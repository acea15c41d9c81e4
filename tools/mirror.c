// SPDX-License-Identifier: GPL-2.0
#include "mirror.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "differ.h"
#include "draft.h"
#include "owners.h"

void mirror_init(struct mirror *mirror)
{
	mirror->root = NULL;
}

static void free_draft(void *draft)
{
	draft_free(draft);
	free(draft);
}

void mirror_free(struct mirror *mirror)
{
	tdestroy(mirror->root, free_draft);
	mirror->root = NULL;
}

static struct draft *find(struct mirror *mirror, const char *name)
{
	const struct head key = { .service = name };
	struct draft **found = tfind(&key, &mirror->root, service_compare);

	return found ? *found : NULL;
}

static struct draft *add(struct mirror *mirror, const char *name)
{
	struct draft *draft = malloc(sizeof(*draft));

	if (!draft)
		out_of_memory();
	draft_init(draft);
	draft_name(draft, name);
	if (!tsearch(draft, &mirror->root, service_compare))
		out_of_memory();
	return draft;
}

static void drop(struct mirror *mirror, struct draft *draft)
{
	tdelete(draft, &mirror->root, service_compare);
	free_draft(draft);
}

/* Keeps the name, which is ours. */
static void set_service(struct draft *draft, const struct service *service)
{
	const char *name = draft->service.head.service;

	draft->service = *service;
	draft->service.head.service = name;
}

static bool service_event(struct mirror *mirror, const struct reply *event)
{
	const char *name = event->service.head.service;
	struct draft *draft = find(mirror, name);
	bool news = !draft;

	if (event->cmd == SVCNAT_CMD_DEL_NTF) {
		if (draft)
			drop(mirror, draft);
		return !news;
	}
	if (!draft)
		draft = add(mirror, name);
	news |= service_differs(&draft->service, &event->service);
	set_service(draft, &event->service);
	return news;
}

/* Members of one service: what all kinds of them have in common. */
struct kind {
	int attr;
	int (*compare)(const void *a, const void *b);
	bool (*differs)(const void *a, const void *b);
};

static bool frontends_differ(const void *a, const void *b)
{
	return frontend_differs(a, b);
}

static bool endpoints_differ(const void *a, const void *b)
{
	return endpoint_differs(a, b);
}

static const struct kind kind_frontend = {
	SVCNAT_A_FRONTEND, frontend_compare, frontends_differ,
};

static const struct kind kind_endpoint = {
	SVCNAT_A_ENDPOINT, endpoint_compare, endpoints_differ,
};

/* Where it is in the list, which is sorted; or where it would be. */
static size_t position(const struct list *list, const struct kind *kind,
		       const void *member)
{
	size_t low = 0, high = list->nr, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (kind->compare(list_at(list, middle), member) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void *make_room(struct list *list, size_t at)
{
	char *item;

	list_add(list);
	item = list_at(list, at);
	memmove(item + list->size, item, (list->nr - 1 - at) * list->size);
	return item;
}

static void close_gap(struct list *list, size_t at)
{
	char *item = list_at(list, at);

	list->nr--;
	memmove(item, item + list->size, (list->nr - at) * list->size);
}

static bool member_event(struct draft *draft, struct list *list,
			 const struct kind *kind, const struct reply *event)
{
	const struct object_type *type = &object_types[kind->attr];
	size_t at = position(list, kind, &event->head);
	struct head *there = NULL;
	bool news = true;

	if (at < list->nr && !kind->compare(list_at(list, at), &event->head))
		there = list_at(list, at);
	if (event->cmd == SVCNAT_CMD_DEL_NTF && !there)
		return false;
	if (there && event->cmd != SVCNAT_CMD_DEL_NTF)
		news = kind->differs(there, &event->head);
	if (there)
		object_free_lists(type, there);
	if (event->cmd == SVCNAT_CMD_DEL_NTF) {
		close_gap(list, at);
		return true;
	}
	if (!there)
		there = make_room(list, at);
	memcpy(there, &event->head, list->size);
	object_own_lists(type, there);
	there->service = draft->service.head.service;
	return news;
}

bool mirror_event(struct mirror *mirror, const struct reply *event)
{
	const char *name = event->service.head.service;
	struct draft *draft;

	if (!name)
		return true;
	if (event->attr == SVCNAT_A_SERVICE)
		return service_event(mirror, event);
	draft = find(mirror, name);
	/* What has gone since, or a service whose beginning was lost. */
	if (!draft)
		return false;
	if (event->attr == SVCNAT_A_FRONTEND)
		return member_event(draft, &draft->frontends, &kind_frontend,
				    event);
	if (event->attr == SVCNAT_A_ENDPOINT)
		return member_event(draft, &draft->endpoints, &kind_endpoint,
				    event);
	return true;
}

/* What was lost. */

struct catching_up {
	struct mirror *mirror;
	nl_reply_fn fn;
	void *arg;
	const struct draft *draft;
	struct reply event;
	struct list drafts;	/* of struct draft * */
};

static void tell(struct catching_up *up, int cmd)
{
	up->event.cmd = cmd;
	if (up->fn)
		up->fn(&up->event, up->arg);
}

static void tell_service(struct catching_up *up, int cmd,
			 const struct service *service)
{
	up->event.attr = SVCNAT_A_SERVICE;
	/* One of old and new is there, here and below. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	up->event.service = *service;
	tell(up, cmd);
}

static int cmd_of(const void *old, const void *new)
{
	if (!old)
		return SVCNAT_CMD_ADD_NTF;
	return new ? SVCNAT_CMD_CHANGE_NTF : SVCNAT_CMD_DEL_NTF;
}

static void tell_frontend(const void *old, const void *new, void *arg)
{
	struct catching_up *up = arg;

	if (old && new && !frontend_differs(old, new))
		return;
	up->event.attr = SVCNAT_A_FRONTEND;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	up->event.frontend = *(const struct frontend *)(new ? new : old);
	tell(up, cmd_of(old, new));
}

static void tell_endpoint(const void *old, const void *new, void *arg)
{
	struct catching_up *up = arg;

	if (old && new && !endpoint_differs(old, new))
		return;
	up->event.attr = SVCNAT_A_ENDPOINT;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	up->event.endpoint = *(const struct endpoint *)(new ? new : old);
	tell(up, cmd_of(old, new));
}

static void tell_members(struct catching_up *up, const struct owner *owner)
{
	struct array frontends = { .nr = 0 }, endpoints = { .nr = 0 };

	if (up->draft) {
		frontends.item = up->draft->frontends.item;
		frontends.nr = up->draft->frontends.nr;
		endpoints.item = up->draft->endpoints.item;
		endpoints.nr = up->draft->endpoints.nr;
	}
	up->event.service = *owner->service;
	differ(frontends, owner->frontends, sizeof(struct frontend),
	       frontend_compare, tell_frontend, up);
	differ(endpoints, owner->endpoints, sizeof(struct endpoint),
	       endpoint_compare, tell_endpoint, up);
}

/* One of the two is missing, or they have the same name. */
static void tell_pair(struct catching_up *up, const struct owner *owner)
{
	if (!owner) {
		tell_service(up, SVCNAT_CMD_DEL_NTF, &up->draft->service);
		return;
	}
	if (!up->draft)
		tell_service(up, SVCNAT_CMD_ADD_NTF, owner->service);
	else if (service_differs(&up->draft->service, owner->service))
		tell_service(up, SVCNAT_CMD_CHANGE_NTF, owner->service);
	tell_members(up, owner);
}

static void tell_all(struct catching_up *up, const struct owners *owners)
{
	const struct owner *owner;
	size_t i = 0, j = 0;
	int diff;

	while (i < up->drafts.nr || j < owners->services.nr) {
		owner = list_at(&owners->services, j);
		diff = i == up->drafts.nr ? 1 : -1;
		if (i < up->drafts.nr)
			up->draft = *(struct draft **)list_at(&up->drafts, i);
		if (i < up->drafts.nr && j < owners->services.nr)
			diff = service_compare(&up->draft->service,
					       owner->service);
		if (diff > 0)
			up->draft = NULL;
		tell_pair(up, diff < 0 ? NULL : owner);
		i += diff <= 0;
		j += diff >= 0;
	}
}

static void collect(const void *node, VISIT visit, void *arg)
{
	struct catching_up *up = arg;

	if (visit == postorder || visit == leaf)
		list_copy(&up->drafts, node);
}

static void load_members(struct list *list, struct array members,
			 const char *name, int attr)
{
	const char *member = members.item;
	struct head *copy;
	size_t i;

	for (i = 0; i < members.nr; i++) {
		copy = list_copy(list, member + i * list->size);
		object_own_lists(&object_types[attr], copy);
		copy->service = name;
	}
}

static void load(struct mirror *mirror, const struct owners *owners)
{
	const struct owner *owner;
	struct draft *draft;
	const char *name;
	size_t i;

	for (i = 0; i < owners->services.nr; i++) {
		owner = list_at(&owners->services, i);
		draft = add(mirror, owner->service->head.service);
		set_service(draft, owner->service);
		name = draft->service.head.service;
		load_members(&draft->frontends, owner->frontends, name,
			     SVCNAT_A_FRONTEND);
		load_members(&draft->endpoints, owner->endpoints, name,
			     SVCNAT_A_ENDPOINT);
	}
}

void mirror_catch_up(struct mirror *mirror, const struct snapshot *snap,
		     nl_reply_fn fn, void *arg)
{
	struct catching_up up = {
		.mirror = mirror, .fn = fn, .arg = arg,
		.drafts.size = sizeof(struct draft *),
	};
	struct owners owners;

	owners_init(&owners, snap);
	twalk_r(mirror->root, collect, &up);
	tell_all(&up, &owners);
	list_free(&up.drafts);
	mirror_free(mirror);
	load(mirror, &owners);
	owners_free(&owners);
}
