// SPDX-License-Identifier: GPL-2.0
#include "wanted.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "claims.h"
#include "index.h"
#include "log.h"
#include "memory.h"
#include "packed.h"
#include "translate.h"

/* A service of svcnat; both keys are as in struct key. */
struct kept {
	const char *namespace;		/* none: svcnat has no such thing */
	char *name;
	struct owner *owner;		/* NULL: it shall not be there */
	struct claimant claimant;
	struct packed *now;
	struct packed *settled;		/* NULL: the kernel has it not */
	bool changed;			/* these two differ */
	TAILQ_ENTRY(kept) change;
	LIST_ENTRY(kept) sibling;
	bool seen;
};

/* A Service, and what became of it. */
struct owner {
	char *namespace;
	char *name;
	struct wanted *wanted;
	LIST_HEAD(, kept) services;
};

struct wanted {
	struct kube_store *store;
	struct index owners;
	struct index services;
	struct claims claims;
	TAILQ_HEAD(, kept) changes;
	size_t nr;
	void (*look)(const struct kube_entry *entry, void *arg);
	void *look_arg;
};

static void moved(struct claimant *claimant)
{
	const struct kept *kept = claimant->arg;
	const struct owner *owner = kept->owner;

	kube_store_touch(owner->wanted->store, owner->namespace, owner->name);
}

static void free_kept(void *item)
{
	struct kept *kept = item;

	list_free(&kept->claimant.claims);
	free(kept->now);
	if (kept->settled != kept->now)
		free(kept->settled);
	free(kept->name);
	free(kept);
}

static void free_owner(void *item)
{
	struct owner *owner = item;

	free(owner->namespace);
	free(owner->name);
	free(owner);
}

/* One that is neither there nor shall be is not kept. */
static void let_go(struct wanted *wanted, struct kept *kept)
{
	if (kept->now || kept->settled)
		return;
	if (kept->changed)
		TAILQ_REMOVE(&wanted->changes, kept, change);
	index_del(&wanted->services, kept);
	free_kept(kept);
}

static void set_changed(struct wanted *wanted, struct kept *kept, bool changed)
{
	if (changed == kept->changed)
		return;
	kept->changed = changed;
	if (changed)
		TAILQ_INSERT_TAIL(&wanted->changes, kept, change);
	else
		TAILQ_REMOVE(&wanted->changes, kept, change);
}

/* Takes @packed; where it is what was settled, that is kept instead. */
static void set_now(struct wanted *wanted, struct kept *kept,
		    struct packed *packed)
{
	bool equal = packed_equal(packed, kept->settled);

	wanted->nr += !!packed - !!kept->now;
	if (kept->now != kept->settled)
		free(kept->now);
	kept->now = packed;
	if (equal && packed != kept->settled) {
		free(packed);
		kept->now = kept->settled;
	}
	set_changed(wanted, kept, !equal);
}

static void disown(struct wanted *wanted, struct kept *kept)
{
	claims_drop(&wanted->claims, &kept->claimant);
	LIST_REMOVE(kept, sibling);
	kept->owner = NULL;
	set_now(wanted, kept, NULL);
	let_go(wanted, kept);
}

static struct owner *get_owner(struct wanted *wanted,
			       const struct kube_entry *entry)
{
	struct owner *owner = index_find(&wanted->owners, entry->namespace,
					 entry->name);

	if (owner)
		return owner;
	owner = memory_new(sizeof(*owner));
	owner->namespace = memory_copy(entry->namespace);
	owner->name = memory_copy(entry->name);
	owner->wanted = wanted;
	LIST_INIT(&owner->services);
	index_add(&wanted->owners, owner);
	return owner;
}

static struct kept *new_kept(struct wanted *wanted, const char *name)
{
	struct kept *kept = memory_new(sizeof(*kept));

	kept->namespace = "";
	kept->name = memory_copy(name);
	kept->claimant.name = kept->name;
	kept->claimant.arg = kept;
	index_add(&wanted->services, kept);
	return kept;
}

/* NULL if another Service has that name, which takes two of the same hash. */
static struct kept *get_kept(struct wanted *wanted, struct owner *owner,
			     const char *name)
{
	struct kept *kept = index_find(&wanted->services, "", name);

	if (!kept)
		kept = new_kept(wanted, name);
	if (!kept->owner) {
		kept->owner = owner;
		LIST_INSERT_HEAD(&owner->services, kept, sibling);
	}
	if (kept->owner == owner)
		return kept;
	log_line(LOG_WARNING, "another Service has that name, it is left out",
		 LOG_TEXT("service", name),
		 LOG_TEXT("namespace", owner->namespace),
		 LOG_TEXT("name", owner->name));
	return NULL;
}

static void take_draft(struct wanted *wanted, struct owner *owner,
		       struct draft *draft, int64_t created)
{
	struct kept *kept = get_kept(wanted, owner,
				     draft->service.head.service);

	if (!kept)
		return;
	kept->seen = true;
	claims_take(&wanted->claims, &kept->claimant, draft, created);
	set_now(wanted, kept, packed_make(draft));
}

static void drop_unseen(struct wanted *wanted, struct owner *owner)
{
	struct kept *kept = LIST_FIRST(&owner->services), *next;

	for (; kept; kept = next) {
		next = LIST_NEXT(kept, sibling);
		if (!kept->seen)
			disown(wanted, kept);
	}
}

static void look_at(struct wanted *wanted, const struct kube_entry *entry)
{
	const struct kube_node *node = kube_store_node(wanted->store);
	struct owner *owner = get_owner(wanted, entry);
	struct list drafts;
	struct kept *kept;
	size_t i;

	drafts_init(&drafts);
	translate_service(entry, node ? node->zone : "", &drafts);
	LIST_FOREACH(kept, &owner->services, sibling)
		kept->seen = false;
	for (i = 0; i < drafts.nr; i++)
		take_draft(wanted, owner, list_at(&drafts, i),
			   entry->service->created);
	drop_unseen(wanted, owner);
	drafts_free(&drafts);
	if (LIST_EMPTY(&owner->services)) {
		index_del(&wanted->owners, owner);
		free_owner(owner);
	}
}

bool wanted_update(struct wanted *wanted)
{
	const struct kube_entry *entry;

	while ((entry = kube_store_take(wanted->store))) {
		look_at(wanted, entry);
		if (wanted->look)
			wanted->look(entry, wanted->look_arg);
	}
	return !TAILQ_EMPTY(&wanted->changes);
}

static void add_draft(struct list *drafts, const struct packed *packed,
		      const char *name)
{
	struct draft *draft;

	if (!packed)
		return;
	draft = list_add(drafts);
	draft_init(draft);
	packed_open(packed, name, draft);
}

static void add_now(void *item, void *arg)
{
	const struct kept *kept = item;

	add_draft(arg, kept->now, kept->name);
}

void wanted_all(struct wanted *wanted, struct list *drafts)
{
	index_each(&wanted->services, add_now, drafts);
}

void wanted_changes(struct wanted *wanted, struct list *before,
		    struct list *after)
{
	const struct kept *kept;

	TAILQ_FOREACH(kept, &wanted->changes, change) {
		add_draft(before, kept->settled, kept->name);
		add_draft(after, kept->now, kept->name);
	}
	drafts_sort(before);
	drafts_sort(after);
}

static void settle(struct wanted *wanted, struct kept *kept)
{
	if (kept->settled != kept->now)
		free(kept->settled);
	kept->settled = kept->now;
	set_changed(wanted, kept, false);
	let_go(wanted, kept);
}

void wanted_settle(struct wanted *wanted)
{
	while (!TAILQ_EMPTY(&wanted->changes))
		settle(wanted, TAILQ_FIRST(&wanted->changes));
}

void wanted_settle_one(struct wanted *wanted, const char *name)
{
	struct kept *kept = index_find(&wanted->services, "", name);

	if (kept)
		settle(wanted, kept);
}

/* Takes @packed. */
static void set_settled(struct wanted *wanted, struct kept *kept,
			struct packed *packed)
{
	bool equal = packed_equal(packed, kept->now);

	if (kept->settled != kept->now)
		free(kept->settled);
	kept->settled = packed;
	if (equal && packed != kept->now) {
		free(packed);
		kept->settled = kept->now;
	}
	set_changed(wanted, kept, !equal);
}

void wanted_found_one(struct wanted *wanted, const char *name,
		      const struct draft *found)
{
	struct kept *kept = index_find(&wanted->services, "", name);

	if (!kept && !found)
		return;
	if (!kept)
		kept = new_kept(wanted, name);
	set_settled(wanted, kept, found ? packed_make(found) : NULL);
	let_go(wanted, kept);
}

/* A look at all that the kernel has. */
struct search {
	struct wanted *wanted;
	const struct list *found;
	struct list names;	/* of services that it should have, and has not */
	void (*drifted)(const char *name, void *arg);
	void *arg;
};

static const struct draft *find(const struct list *drafts, const char *name)
{
	const struct draft key = { .service.head.service = name };

	if (!drafts->nr)
		return NULL;
	return bsearch(&key, drafts->item, drafts->nr, drafts->size,
		       service_compare);
}

static void note_missing(void *item, void *arg)
{
	struct search *search = arg;
	struct kept *kept = item;
	char *name;

	if (!kept->settled || find(search->found, kept->name))
		return;
	/* It may be gone before it is looked at. */
	name = memory_copy(kept->name);
	list_copy(&search->names, &name);
}

static void take_found(struct search *search, const char *name,
		       const struct draft *found)
{
	struct wanted *wanted = search->wanted;
	struct kept *kept = index_find(&wanted->services, "", name);
	bool right = !kept || !kept->changed;

	wanted_found_one(wanted, name, found);
	kept = index_find(&wanted->services, "", name);
	if (right && kept && kept->changed)
		search->drifted(name, search->arg);
}

void wanted_found(struct wanted *wanted, const struct list *found,
		  void (*drifted)(const char *name, void *arg), void *arg)
{
	struct search search = {
		.wanted = wanted, .found = found, .drifted = drifted,
		.arg = arg, .names.size = sizeof(char *),
	};
	const struct draft *draft;
	char *name;
	size_t i;

	index_each(&wanted->services, note_missing, &search);
	for (i = 0; i < found->nr; i++) {
		draft = list_at(found, i);
		take_found(&search, draft->service.head.service, draft);
	}
	for (i = 0; i < search.names.nr; i++) {
		name = *(char **)list_at(&search.names, i);
		take_found(&search, name, NULL);
		free(name);
	}
	list_free(&search.names);
}

void wanted_set_look(struct wanted *wanted,
		     void (*look)(const struct kube_entry *entry, void *arg),
		     void *arg)
{
	wanted->look = look;
	wanted->look_arg = arg;
}

size_t wanted_services(const struct wanted *wanted)
{
	return wanted->nr;
}

struct wanted *wanted_new(struct kube_store *store)
{
	struct wanted *wanted = memory_new(sizeof(*wanted));

	wanted->store = store;
	wanted->claims.moved = moved;
	TAILQ_INIT(&wanted->changes);
	return wanted;
}

static void drop_claims(void *item, void *arg)
{
	struct wanted *wanted = arg;
	struct kept *kept = item;

	claims_drop(&wanted->claims, &kept->claimant);
}

static void ignore(struct claimant *claimant)
{
	(void)claimant;
}

void wanted_free(struct wanted *wanted)
{
	if (!wanted)
		return;
	wanted->claims.moved = ignore;
	index_each(&wanted->services, drop_claims, wanted);
	index_free(&wanted->services, free_kept);
	index_free(&wanted->owners, free_owner);
	free(wanted);
}
