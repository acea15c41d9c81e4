// SPDX-License-Identifier: GPL-2.0
#include "claims.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "memory.h"
#include "words.h"

/* An address and port that somebody wants. */
struct place {
	struct addr addr;
	uint16_t port;
	uint8_t proto;
	struct claim *first;
};

/* One of those who want it, the first has it. */
struct claim {
	struct place *place;
	struct claimant *claimant;
	struct claim *next;
	int64_t created;
	uint8_t kind;
	bool wanted;
	bool told;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int diff = addr_compare(&x->addr, &y->addr);

	if (!diff)
		diff = x->port - y->port;
	return diff ? diff : x->proto - y->proto;
}

static bool goes_before(const struct claim *a, const struct claim *b)
{
	bool x = a->kind == SVCNAT_KIND_CLUSTER;
	bool y = b->kind == SVCNAT_KIND_CLUSTER;

	if (x != y)
		return x;
	if (a->created != b->created)
		return a->created < b->created;
	return strcmp(a->claimant->name, b->claimant->name) < 0;
}

static struct place *get_place(struct claims *claims,
			       const struct frontend *frontend, uint8_t proto)
{
	struct place key = {
		.addr = frontend->addr,
		.port = frontend->port,
		.proto = proto,
	};
	struct place *const *node = tfind(&key, &claims->root,
					  compare_places);
	struct place *place;

	if (node)
		return *node;
	place = memory_new(sizeof(*place));
	*place = key;
	if (!tsearch(place, &claims->root, compare_places))
		memory_end();
	return place;
}

/* Whoever had it has it no more. */
static void enter(struct claims *claims, struct claim *claim)
{
	struct claim **at = &claim->place->first;

	while (*at && goes_before(*at, claim))
		at = &(*at)->next;
	claim->next = *at;
	*at = claim;
	if (claim == claim->place->first && claim->next)
		claims->moved(claim->next->claimant);
}

/* Whoever is next has it now. */
static void leave(struct claims *claims, struct claim *claim)
{
	struct claim **at = &claim->place->first;
	bool had = *at == claim;

	while (*at != claim)
		at = &(*at)->next;
	*at = claim->next;
	if (had && claim->next)
		claims->moved(claim->next->claimant);
}

static void forget(struct claims *claims, struct claim *claim)
{
	struct place *place = claim->place;

	leave(claims, claim);
	free(claim);
	if (place->first)
		return;
	tdelete(place, &claims->root, compare_places);
	free(place);
}

static struct claim *find_claim(const struct place *place,
				const struct claimant *claimant)
{
	struct claim *claim = place->first;

	while (claim && claim->claimant != claimant)
		claim = claim->next;
	return claim;
}

static struct claim *new_claim(struct claimant *claimant, struct place *place)
{
	struct claim *claim = memory_new(sizeof(*claim));

	claim->place = place;
	claim->claimant = claimant;
	list_copy(&claimant->claims, &claim);
	return claim;
}

/* Its claim to @frontend, new or as it was. */
static struct claim *stake(struct claims *claims, struct claimant *claimant,
			   const struct frontend *frontend, uint8_t proto,
			   int64_t created)
{
	struct place *place = get_place(claims, frontend, proto);
	struct claim *claim = find_claim(place, claimant);

	if (claim && claim->kind == frontend->kind &&
	    claim->created == created)
		return claim;
	if (claim)
		leave(claims, claim);
	else
		claim = new_claim(claimant, place);
	claim->kind = frontend->kind;
	claim->created = created;
	enter(claims, claim);
	return claim;
}

static void sweep(struct claims *claims, struct claimant *claimant)
{
	struct list *list = &claimant->claims;
	struct claim *claim;
	size_t i, nr = 0;

	for (i = 0; i < list->nr; i++) {
		claim = *(struct claim **)list_at(list, i);
		if (claim->wanted)
			*(struct claim **)list_at(list, nr++) = claim;
		else
			forget(claims, claim);
	}
	list->nr = nr;
	memory_fit(list);
}

/* Not each time that somebody looks. */
static void complain(struct claim *claim, const struct frontend *frontend)
{
	char text[ADDR_TEXT_SIZE];

	if (claim->told)
		return;
	claim->told = true;
	log_line(LOG_WARNING, "another service has this address, which is left out",
		 LOG_TEXT("service", claim->claimant->name),
		 { .key = "address", .text = format_frontend(text, frontend) },
		 LOG_TEXT("other", claim->place->first->claimant->name));
}

/* What others have goes from @draft. */
static void yield(struct claims *claims, struct claimant *claimant,
		  struct draft *draft)
{
	struct list *list = &draft->frontends;
	struct frontend *frontend;
	struct claim *claim;
	size_t i, nr = 0;

	for (i = 0; i < list->nr; i++) {
		frontend = list_at(list, i);
		claim = find_claim(get_place(claims, frontend,
					     draft->service.proto), claimant);
		if (claim->place->first == claim) {
			claim->told = false;
			memmove(list_at(list, nr++), frontend, list->size);
			continue;
		}
		complain(claim, frontend);
		list_free(&frontend->allow);
	}
	list->nr = nr;
}

void claims_take(struct claims *claims, struct claimant *claimant,
		 struct draft *draft, int64_t created)
{
	struct list *list = &claimant->claims;
	size_t i;

	list->size = sizeof(struct claim *);
	for (i = 0; i < list->nr; i++)
		(*(struct claim **)list_at(list, i))->wanted = false;
	for (i = 0; i < draft->frontends.nr; i++)
		stake(claims, claimant, list_at(&draft->frontends, i),
		      draft->service.proto, created)->wanted = true;
	sweep(claims, claimant);
	yield(claims, claimant, draft);
}

void claims_drop(struct claims *claims, struct claimant *claimant)
{
	struct list *list = &claimant->claims;
	size_t i;

	for (i = 0; i < list->nr; i++)
		forget(claims, *(struct claim **)list_at(list, i));
	list_free(list);
}
