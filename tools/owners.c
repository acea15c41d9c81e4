// SPDX-License-Identifier: GPL-2.0
#include "owners.h"

#include <stdlib.h>
#include <string.h>

static int holding_compare(const void *a, const void *b)
{
	const struct holding *x = a, *y = b;
	int diff = x->owner->service->proto - y->owner->service->proto;

	if (!diff)
		diff = addr_compare(&x->frontend->addr, &y->frontend->addr);
	return diff ? diff : x->frontend->port - y->frontend->port;
}

struct holding *owners_find(const struct owners *owners,
			    const struct service *service,
			    const struct frontend *frontend)
{
	struct owner owner = { .service = service };
	struct holding key = { .frontend = frontend, .owner = &owner };

	if (!owners->holdings.nr)
		return NULL;
	return bsearch(&key, owners->holdings.item, owners->holdings.nr,
		       sizeof(key), holding_compare);
}

static void add_owner(struct owners *owners, const struct service *service,
		      const struct snapshot *snap, size_t at[2])
{
	const struct list *members[2] = { &snap->frontends, &snap->endpoints };
	struct owner *owner = list_add(&owners->services);
	struct array *arrays[2] = { &owner->frontends, &owner->endpoints };
	int i;

	owner->service = service;
	for (i = 0; i < 2; i++) {
		arrays[i]->item = list_at(members[i], at[i]);
		for (; at[i] < members[i]->nr; at[i]++, arrays[i]->nr++)
			if (service_compare(list_at(members[i], at[i]),
					    service))
				break;
	}
}

/* Everything in @snap is sorted the same way. */
static void add_owners(struct owners *owners, const struct snapshot *snap)
{
	const struct list *services = &snap->services.objects;
	size_t i, at[2] = { 0, 0 };

	for (i = 0; i < services->nr; i++)
		add_owner(owners, list_at(services, i), snap, at);
}

static void add_holdings(struct owners *owners)
{
	struct holding *holding;
	struct owner *owner;
	size_t i, j;

	for (i = 0; i < owners->services.nr; i++) {
		owner = list_at(&owners->services, i);
		for (j = 0; j < owner->frontends.nr; j++) {
			holding = list_add(&owners->holdings);
			holding->owner = owner;
			holding->frontend =
				(const struct frontend *)owner->frontends.item +
				j;
		}
	}
	list_sort(&owners->holdings, holding_compare);
}

void owners_init(struct owners *owners, const struct snapshot *snap)
{
	memset(owners, 0, sizeof(*owners));
	owners->services.size = sizeof(struct owner);
	owners->holdings.size = sizeof(struct holding);
	add_owners(owners, snap);
	add_holdings(owners);
}

void owners_free(struct owners *owners)
{
	list_free(&owners->services);
	list_free(&owners->holdings);
}
