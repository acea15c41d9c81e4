/* SPDX-License-Identifier: GPL-2.0 */
/* What the API server told us, and what is to be looked at anew because of it. */
#ifndef _SVCNATD_STORE_H
#define _SVCNATD_STORE_H

#include "kube.h"

struct kube_store;

/**
 * struct kube_entry - a Service and what belongs to it
 * @namespace: of the Service
 * @name: of the Service
 * @service: itself, or NULL if there is none, or none for us
 * @slices: of struct kube_slice *, by name; there may be some without @service
 */
struct kube_entry {
	const char *namespace;
	const char *name;
	const struct kube_service *service;
	struct list slices;
};

/* @node is the name of ours.  Both end the program if there is no memory. */
struct kube_store *kube_store_new(const char *node);
void kube_store_free(struct kube_store *store);

/*
 * An object that was added or changed: true if it was understood.  One that is
 * as it was makes nothing dirty.
 */
bool kube_store_put(struct kube_store *store, enum kube_kind kind,
		    const json_t *object);

/* One that was deleted. */
void kube_store_del(struct kube_store *store, enum kube_kind kind,
		    const json_t *object);

/*
 * A list of all objects of a kind: what is not put between begin and end is
 * deleted at the end.  A list that breaks off is begun anew, or never ended.
 */
void kube_store_list_begin(struct kube_store *store, enum kube_kind kind);
void kube_store_list_end(struct kube_store *store, enum kube_kind kind);

/* Whether a list of that kind was ever ended. */
bool kube_store_listed(const struct kube_store *store, enum kube_kind kind);

/* Ours, or NULL. */
const struct kube_node *kube_store_node(const struct kube_store *store);
const char *kube_store_node_name(const struct kube_store *store);

/* Whether the Node changed since this was asked last. */
bool kube_store_node_changed(struct kube_store *store);

/*
 * One that changed since it was taken last, or NULL; in the order in which they
 * changed.  It lives until the store is changed.
 */
const struct kube_entry *kube_store_take(struct kube_store *store);

/* To be taken again, and all of them. */
void kube_store_touch(struct kube_store *store, const char *namespace,
		      const char *name);
void kube_store_touch_all(struct kube_store *store);

#endif /* _SVCNATD_STORE_H */
