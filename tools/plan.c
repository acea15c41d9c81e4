// SPDX-License-Identifier: GPL-2.0
/*
 * Each service that is not as it should be takes one step, which makes it so
 * whole.  Only a frontend that moves takes two: its old service must give it up
 * before, and does so right before, for between the two nobody has it.
 */
#include "plan_step.h"

#include <string.h>

#include "describe.h"
#include "differ.h"
#include "owners.h"

/*
 * What may be different in a service, in an order in which one could come after
 * the other: no endpoint may be a frontend of its own service.
 */
enum kind {
	FRONTENDS_GO,
	ENDPOINTS_COME,
	ENDPOINTS_CHANGE,
	ENDPOINTS_GO,
	FRONTENDS_COME,
	OPTIONS_CHANGE,
	NR_KINDS,
};

struct planner {
	struct plan *plan;
	struct owners owners;
	const struct draft *draft;	/* that is looked at now */
	struct owner *owner;		/* what it is yet */
	struct list kind[NR_KINDS];	/* of struct change */
	bool replace;			/* no other word would do it */
};

/* Frontends that move. */

/* Whom @draft must wait for to get @frontend. */
static struct holding *find_claim(const struct planner *p,
				  const struct draft *draft,
				  const struct frontend *frontend)
{
	struct holding *holding = owners_find(&p->owners, &draft->service,
					      frontend);

	if (!holding || holding->released || holding->owner->gone ||
	    holding->owner->draft == draft)
		return NULL;
	return holding;
}

static void remove_service(struct planner *p, struct owner *owner)
{
	const struct change change = {
		.cmd = SVCNAT_CMD_SERVICE_DEL,
		.object = owner->service,
	};

	plan_add_narrow_step(p->plan, NULL, SVCNAT_CMD_SERVICE_DEL,
			     owner->service->head.service);
	plan_add_change(p->plan, &change);
	owner->gone = true;
}

/* The last step, if that takes frontends from @owner for @draft; or a new one */
static struct step *release_step(struct planner *p, const struct owner *owner)
{
	struct list *steps = &p->plan->steps;
	const char *name = owner->service->head.service;
	struct step *step;

	if (steps->nr) {
		step = list_at(steps, steps->nr - 1);
		if (step->draft == p->draft &&
		    step->request.cmd == SVCNAT_CMD_FRONTEND_DEL &&
		    step->service.head.service == name)
			return step;
	}
	return plan_add_narrow_step(p->plan, p->draft, SVCNAT_CMD_FRONTEND_DEL,
			       name);
}

static void release(struct planner *p, struct holding *holding)
{
	const struct change change = {
		.cmd = SVCNAT_CMD_FRONTEND_DEL,
		.object = holding->frontend,
	};

	if (!holding->owner->draft) {
		remove_service(p, holding->owner);
		return;
	}
	step_add_frontend(release_step(p, holding->owner), holding->frontend);
	plan_add_change(p->plan, &change);
	holding->released = true;
}

static void release_all(struct planner *p)
{
	const struct list *frontends = &p->draft->frontends;
	struct holding *holding;
	size_t i;

	for (i = 0; i < frontends->nr; i++) {
		holding = find_claim(p, p->draft, list_at(frontends, i));
		if (holding)
			release(p, holding);
	}
}

/* What is different in one service. */

static void note(struct planner *p, enum kind which, int cmd,
		 const void *object, uint64_t given)
{
	struct change *change = list_add(&p->kind[which]);

	change->cmd = cmd;
	change->object = object;
	change->given = given;
}

static void note_frontend(const void *old, const void *new, void *arg)
{
	struct planner *p = arg;
	struct holding *holding;

	if (!old) {
		note(p, FRONTENDS_COME, SVCNAT_CMD_FRONTEND_NEW, new, 0);
		return;
	}
	if (new) {
		p->replace |= frontend_differs(old, new);
		return;
	}
	holding = owners_find(&p->owners, p->owner->service, old);
	if (holding->released)
		return;
	holding->released = true;
	note(p, FRONTENDS_GO, SVCNAT_CMD_FRONTEND_DEL, old, 0);
}

static void note_endpoint(const void *old, const void *new, void *arg)
{
	struct planner *p = arg;
	uint64_t differs;

	if (!old) {
		note(p, ENDPOINTS_COME, SVCNAT_CMD_ENDPOINT_NEW, new,
		     endpoint_unusual(new));
	} else if (!new) {
		note(p, ENDPOINTS_GO, SVCNAT_CMD_ENDPOINT_DEL, old, 0);
	} else {
		differs = endpoint_differs(old, new);
		if (differs)
			note(p, ENDPOINTS_CHANGE, SVCNAT_CMD_ENDPOINT_SET, new,
			     differs);
	}
}

static struct array array_of(const struct list *list)
{
	return (struct array){ .item = list->item, .nr = list->nr };
}

static void note_all(struct planner *p)
{
	const struct draft *draft = p->draft;
	const struct owner *owner = p->owner;
	uint64_t differs = service_differs(owner->service, &draft->service);

	p->replace = differs & GIVEN(SVCNAT_SERVICE_A_PROTO);
	if (differs)
		note(p, OPTIONS_CHANGE, SVCNAT_CMD_SERVICE_SET, draft, differs);
	differ(owner->frontends, array_of(&draft->frontends),
	       sizeof(struct frontend), frontend_compare, note_frontend, p);
	differ(owner->endpoints, array_of(&draft->endpoints),
	       sizeof(struct endpoint), endpoint_compare, note_endpoint, p);
}

/* With another protocol no frontend is the same. */
static void release_own(struct planner *p)
{
	const struct frontend *frontend = p->owner->frontends.item;
	size_t i;

	if (p->owner->service->proto == p->draft->service.proto)
		return;
	for (i = 0; i < p->owner->frontends.nr; i++)
		owners_find(&p->owners, p->owner->service,
			    frontend + i)->released = true;
}

/* Steps for one service. */

static void add_whole_step(struct planner *p, int cmd)
{
	struct step *step = plan_add_step(p->plan, p->draft, cmd);

	step->request = draft_request(p->draft, cmd);
}

/* As little as possible is sent. */
static void add_kind_step(struct planner *p, enum kind which)
{
	const struct change *change = list_at(&p->kind[which], 0);
	const struct service *service = &p->draft->service;
	struct step *step = plan_add_narrow_step(p->plan, p->draft, change->cmd,
					    service->head.service);
	size_t i;

	if (which == OPTIONS_CHANGE) {
		step->service = *service;
		step->service.head.given = change->given |
					   GIVEN(SVCNAT_SERVICE_A_NAME);
		return;
	}
	for (i = 0; i < p->kind[which].nr; i++, change++)
		if (which == FRONTENDS_GO || which == FRONTENDS_COME)
			step_add_frontend(step, change->object);
		else
			step_add_endpoint(step, change);
}

static void add_service(struct planner *p, int cmd)
{
	const struct change change = { .cmd = cmd, .object = p->draft };

	add_whole_step(p, cmd);
	plan_add_change(p->plan, &change);
}

static void change_service(struct planner *p)
{
	enum kind at, last = 0;
	int kinds = 0;
	size_t i;

	for (at = 0; at < NR_KINDS; at++) {
		if (!p->kind[at].nr)
			continue;
		last = at;
		kinds++;
	}
	if (p->replace) {
		add_service(p, SVCNAT_CMD_SERVICE_REPLACE);
		return;
	}
	if (!kinds)
		return;
	if (kinds == 1)
		add_kind_step(p, last);
	else
		add_whole_step(p, SVCNAT_CMD_SERVICE_REPLACE);
	for (at = 0; at < NR_KINDS; at++)
		for (i = 0; i < p->kind[at].nr; i++)
			plan_add_change(p->plan, list_at(&p->kind[at], i));
}

static void plan_service(struct planner *p)
{
	enum kind at;

	release_all(p);
	if (!p->owner) {
		add_service(p, SVCNAT_CMD_SERVICE_NEW);
		return;
	}
	for (at = 0; at < NR_KINDS; at++)
		p->kind[at].nr = 0;
	note_all(p);
	change_service(p);
	release_own(p);
}

/* What is there, and what shall be. */

static int compare_names(const struct owner *owner, const struct draft *draft)
{
	return service_compare(owner->service, &draft->service);
}

/* Calls @fn for every service, with what there is of it. */
static void walk_pairs(struct planner *p, const struct list *drafts,
		       void (*fn)(struct planner *p))
{
	const struct list *owners = &p->owners.services;
	size_t i = 0, j = 0;
	int diff;

	while (i < owners->nr || j < drafts->nr) {
		p->owner = list_at(owners, i);
		p->draft = list_at(drafts, j);
		if (i == owners->nr)
			diff = 1;
		else if (j == drafts->nr)
			diff = -1;
		else
			diff = compare_names(p->owner, p->draft);
		i += diff <= 0;
		j += diff >= 0;
		if (diff > 0)
			p->owner = NULL;
		else if (diff < 0)
			p->draft = NULL;
		fn(p);
	}
}

static void pair(struct planner *p)
{
	if (p->owner)
		p->owner->draft = p->draft;
}

static void claim(struct planner *p)
{
	struct holding *holding;
	size_t i;

	for (i = 0; p->draft && i < p->draft->frontends.nr; i++) {
		holding = find_claim(p, p->draft,
				     list_at(&p->draft->frontends, i));
		if (holding)
			holding->owner->claimed = true;
	}
}

/* Early: others may need the room.  Those that are claimed go when they are. */
static void drop(struct planner *p)
{
	/* Where there is no draft there is an owner. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	if (!p->draft && !p->owner->claimed)
		remove_service(p, p->owner);
}

static void make(struct planner *p)
{
	if (p->draft)
		plan_service(p);
}

static void init_planner(struct planner *p, struct plan *plan)
{
	enum kind at;

	memset(p, 0, sizeof(*p));
	p->plan = plan;
	for (at = 0; at < NR_KINDS; at++)
		p->kind[at].size = sizeof(struct change);
}

static void free_planner(struct planner *p)
{
	enum kind at;

	owners_free(&p->owners);
	for (at = 0; at < NR_KINDS; at++)
		list_free(&p->kind[at]);
}

void plan_services(struct plan *plan, const struct list *drafts,
		   const struct snapshot *snap)
{
	struct planner p;

	init_planner(&p, plan);
	owners_init(&p.owners, snap);
	walk_pairs(&p, drafts, pair);
	walk_pairs(&p, drafts, claim);
	walk_pairs(&p, drafts, drop);
	walk_pairs(&p, drafts, make);
	free_planner(&p);
	plan_settle(plan);
}
