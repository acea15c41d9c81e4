// SPDX-License-Identifier: GPL-2.0
#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "index.h"
#include "kube_meta.h"
#include "memory.h"

/*
 * An entry lives as long as there is a Service or a slice of one, and until
 * somebody took it after it lost the last of them.
 */
struct known {
	struct kube_entry seen;		/* the part that others see */
	struct kube_service *service;
	uint32_t list;			/* that had @service last */
	bool dirty;
	TAILQ_ENTRY(known) queue;
};

/* The first member is as in struct known: both are in trees by that. */
struct kept_slice {
	const char *namespace;
	const char *name;
	struct kube_slice *slice;
	struct known *entry;		/* NULL if it is ignored */
	uint32_t list;
};

struct kube_store {
	char *node_name;
	struct kube_node *node;
	uint32_t node_list;
	bool node_changed;
	struct index entries;
	struct index slices;
	TAILQ_HEAD(, known) dirty;
	struct known *taken;
	uint32_t list[NR_KUBE_KINDS];	/* the one that is coming */
	bool listed[NR_KUBE_KINDS];
};

static void touch(struct kube_store *store, struct known *entry)
{
	if (entry->dirty)
		return;
	entry->dirty = true;
	TAILQ_INSERT_TAIL(&store->dirty, entry, queue);
}

static void free_entry(struct known *entry)
{
	free((char *)entry->seen.namespace);
	free((char *)entry->seen.name);
	list_free(&entry->seen.slices);
	kube_service_free(entry->service);
	free(entry);
}

/* The one that was taken last may have gone already. */
static void let_go(struct kube_store *store)
{
	struct known *entry = store->taken;

	store->taken = NULL;
	if (!entry || entry->dirty || entry->service || entry->seen.slices.nr)
		return;
	index_del(&store->entries, entry);
	free_entry(entry);
}

static struct known *get_entry(struct kube_store *store,
			       const char *namespace, const char *name)
{
	struct known *entry = index_find(&store->entries, namespace, name);

	if (entry)
		return entry;
	entry = memory_new(sizeof(*entry));
	entry->seen.namespace = memory_copy(namespace);
	entry->seen.name = memory_copy(name);
	entry->seen.slices.size = sizeof(struct kube_slice *);
	index_add(&store->entries, entry);
	return entry;
}

/* Takes @service, or takes away what is there if that is NULL or ignored. */
static void set_service(struct kube_store *store, struct known *entry,
			struct kube_service *service)
{
	if (service && service->ignored) {
		kube_service_free(service);
		service = NULL;
	}
	entry->list = store->list[KUBE_SERVICE];
	if (service && entry->service &&
	    kube_service_equal(service, entry->service)) {
		kube_service_free(service);
		return;
	}
	if (service || entry->service)
		touch(store, entry);
	kube_service_free(entry->service);
	entry->service = service;
	entry->seen.service = service;
}

static void put_service(struct kube_store *store, struct kube_service *service)
{
	const struct kube_meta *meta = &service->meta;
	struct known *entry = index_find(&store->entries, meta->namespace,
				   meta->name);

	if (service->ignored && !entry) {
		kube_service_free(service);
		return;
	}
	if (!entry)
		entry = get_entry(store, meta->namespace, meta->name);
	set_service(store, entry, service);
}

static int by_name(const void *a, const void *b)
{
	const struct kube_slice *const *x = a, *const *y = b;

	return strcmp((*x)->meta.name, (*y)->meta.name);
}

static void attach(struct kube_store *store, struct kept_slice *kept)
{
	struct kube_slice *slice = kept->slice;

	if (slice->ignored)
		return;
	kept->entry = get_entry(store, kept->namespace, slice->service);
	list_copy(&kept->entry->seen.slices, &slice);
	list_sort(&kept->entry->seen.slices, by_name);
	memory_fit(&kept->entry->seen.slices);
	touch(store, kept->entry);
}

static void detach(struct kube_store *store, struct kept_slice *kept)
{
	struct list *slices;
	size_t i;

	if (!kept->entry)
		return;
	slices = &kept->entry->seen.slices;
	for (i = 0; i < slices->nr; i++)
		if (*(struct kube_slice **)list_at(slices, i) == kept->slice)
			break;
	memmove(list_at(slices, i), list_at(slices, i + 1),
		(--slices->nr - i) * slices->size);
	touch(store, kept->entry);
	kept->entry = NULL;
}

static void put_slice(struct kube_store *store, struct kube_slice *slice)
{
	struct kept_slice *kept = index_find(&store->slices, slice->meta.namespace,
				       slice->meta.name);

	if (kept && kube_slice_equal(kept->slice, slice)) {
		kept->list = store->list[KUBE_SLICE];
		kube_slice_free(slice);
		return;
	}
	if (kept) {
		detach(store, kept);
		index_del(&store->slices, kept);
		kube_slice_free(kept->slice);
	} else {
		kept = memory_new(sizeof(*kept));
	}
	/* The names that it is found by are those of its slice. */
	kept->slice = slice;
	kept->namespace = slice->meta.namespace;
	kept->name = slice->meta.name;
	kept->list = store->list[KUBE_SLICE];
	index_add(&store->slices, kept);
	attach(store, kept);
}

static void del_slice(struct kube_store *store, struct kept_slice *kept)
{
	detach(store, kept);
	index_del(&store->slices, kept);
	kube_slice_free(kept->slice);
	free(kept);
}

static bool uses_zones(const struct known *entry)
{
	const struct kube_slice *slice;
	size_t i;

	for (i = 0; i < entry->seen.slices.nr; i++) {
		slice = *(struct kube_slice **)list_at(&entry->seen.slices, i);
		if (slice->zones.nr)
			return true;
	}
	return false;
}

static void touch_one(void *item, void *arg)
{
	touch(arg, item);
}

static void touch_zoned(void *item, void *arg)
{
	if (uses_zones(item))
		touch(arg, item);
}

static void set_node(struct kube_store *store, struct kube_node *node)
{
	struct kube_node *old = store->node;

	store->node_list = store->list[KUBE_NODE];
	if (node && old && kube_node_equal(node, old)) {
		kube_node_free(node);
		return;
	}
	store->node_changed |= node || old;
	if (strcmp(node ? node->zone : "", old ? old->zone : ""))
		index_each(&store->entries, touch_zoned, store);
	store->node = node;
	kube_node_free(old);
}

static bool put_node(struct kube_store *store, struct kube_node *node)
{
	if (strcmp(node->meta.name, store->node_name))
		kube_node_free(node);
	else
		set_node(store, node);
	return true;
}

bool kube_store_put(struct kube_store *store, enum kube_kind kind,
		    const json_t *object)
{
	struct kube_service *service;
	struct kube_slice *slice;
	struct kube_node *node;

	let_go(store);
	switch (kind) {
	case KUBE_SERVICE:
		service = kube_service_parse(object);
		if (service)
			put_service(store, service);
		return service;
	case KUBE_SLICE:
		slice = kube_slice_parse(object, store->node_name);
		if (slice)
			put_slice(store, slice);
		return slice;
	case KUBE_NODE:
		node = kube_node_parse(object);
		return node && put_node(store, node);
	}
	return false;
}

static void del(struct kube_store *store, enum kube_kind kind,
		const struct kube_meta *meta)
{
	struct kept_slice *kept;
	struct known *entry;

	if (kind == KUBE_SERVICE) {
		entry = index_find(&store->entries, meta->namespace, meta->name);
		if (entry)
			set_service(store, entry, NULL);
	} else if (kind == KUBE_SLICE) {
		kept = index_find(&store->slices, meta->namespace, meta->name);
		if (kept)
			del_slice(store, kept);
	} else if (!strcmp(meta->name, store->node_name)) {
		set_node(store, NULL);
	}
}

void kube_store_del(struct kube_store *store, enum kube_kind kind,
		    const json_t *object)
{
	static const char *const words[NR_KUBE_KINDS] = {
		[KUBE_SERVICE] = "Service",
		[KUBE_SLICE] = "EndpointSlice",
		[KUBE_NODE] = "Node",
	};
	struct kube_reading r;
	struct kube_meta meta;

	let_go(store);
	if (!kube_begin(&r, words[kind], kind != KUBE_NODE, object, &meta))
		return;
	del(store, kind, &meta);
	kube_meta_free(&meta);
}

void kube_store_list_begin(struct kube_store *store, enum kube_kind kind)
{
	store->list[kind]++;
}

/* What the last list did not have. */
struct unlisted {
	uint32_t list;
	struct list found;	/* of void * */
};

static void find_service(void *item, void *arg)
{
	struct unlisted *unlisted = arg;
	struct known *entry = item;

	if (entry->service && entry->list != unlisted->list)
		list_copy(&unlisted->found, &item);
}

static void find_slice(void *item, void *arg)
{
	struct unlisted *unlisted = arg;
	struct kept_slice *kept = item;

	if (kept->list != unlisted->list)
		list_copy(&unlisted->found, &item);
}

static void sweep(struct kube_store *store, enum kube_kind kind)
{
	struct unlisted unlisted = {
		.list = store->list[kind],
		.found.size = sizeof(void *),
	};
	bool slices = kind == KUBE_SLICE;
	void *item;
	size_t i;

	index_each(slices ? &store->slices : &store->entries,
		   slices ? find_slice : find_service, &unlisted);
	for (i = 0; i < unlisted.found.nr; i++) {
		item = *(void **)list_at(&unlisted.found, i);
		if (slices)
			del_slice(store, item);
		else
			set_service(store, item, NULL);
	}
	list_free(&unlisted.found);
}

void kube_store_list_end(struct kube_store *store, enum kube_kind kind)
{
	let_go(store);
	store->listed[kind] = true;
	if (kind != KUBE_NODE)
		sweep(store, kind);
	else if (store->node && store->node_list != store->list[kind])
		set_node(store, NULL);
}

bool kube_store_listed(const struct kube_store *store, enum kube_kind kind)
{
	return store->listed[kind];
}

const struct kube_node *kube_store_node(const struct kube_store *store)
{
	return store->node;
}

const char *kube_store_node_name(const struct kube_store *store)
{
	return store->node_name;
}

bool kube_store_node_changed(struct kube_store *store)
{
	bool changed = store->node_changed;

	store->node_changed = false;
	return changed;
}

const struct kube_entry *kube_store_take(struct kube_store *store)
{
	struct known *entry;

	let_go(store);
	entry = TAILQ_FIRST(&store->dirty);
	if (!entry)
		return NULL;
	TAILQ_REMOVE(&store->dirty, entry, queue);
	entry->dirty = false;
	store->taken = entry;
	return &entry->seen;
}

void kube_store_touch(struct kube_store *store, const char *namespace,
		      const char *name)
{
	struct known *entry = index_find(&store->entries, namespace, name);

	if (entry)
		touch(store, entry);
}

void kube_store_touch_all(struct kube_store *store)
{
	index_each(&store->entries, touch_one, store);
}

struct kube_store *kube_store_new(const char *node)
{
	struct kube_store *store = memory_new(sizeof(*store));

	store->node_name = memory_copy(node);
	TAILQ_INIT(&store->dirty);
	return store;
}

static void free_kept(void *item)
{
	struct kept_slice *kept = item;

	kube_slice_free(kept->slice);
	free(kept);
}

static void free_item(void *item)
{
	free_entry(item);
}

void kube_store_free(struct kube_store *store)
{
	if (!store)
		return;
	index_free(&store->entries, free_item);
	index_free(&store->slices, free_kept);
	kube_node_free(store->node);
	free(store->node_name);
	free(store);
}
