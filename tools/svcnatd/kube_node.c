// SPDX-License-Identifier: GPL-2.0
#include "kube_meta.h"

#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "memory.h"

#define ADDRESSES_MAX	64
#define PODS_MAX	2	/* ranges: one of each family */
#define TAINTS_MAX	256

static void read_zone(struct kube_node *node, const struct kube_reading *r)
{
	const char *zone = spot_text(&r->labels, "topology.kubernetes.io/zone");

	node->zone = memory_copy(zone ? zone : "");
}

static void add_range(struct kube_node *node, const struct spot *spot)
{
	struct range range;

	if (spot_range(spot, &range))
		list_copy(&node->pod_cidrs, &range);
}

/* The first of podCIDRs is podCIDR; old objects have that alone. */
static void read_pods(struct kube_node *node, const struct spot *spec)
{
	struct spot ranges, range;
	size_t i, nr = spot_array(&ranges, spec, "podCIDRs", PODS_MAX);

	for (i = 0; i < nr; i++)
		if (spot_item(&range, &ranges, i, JSON_STRING))
			add_range(node, &range);
	if (!nr && spot_member(&range, spec, "podCIDR", JSON_STRING))
		add_range(node, &range);
}

/* What the Node is reached by comes first, whatever the order. */
static void add_addresses(struct kube_node *node, const struct list *from)
{
	const struct addr *addr;
	size_t i;

	for (i = 0; i < from->nr; i++) {
		addr = list_at(from, i);
		if (!addr_has_family(&node->addresses, addr->family))
			list_copy(&node->addresses, addr);
	}
}

static void read_address(const struct spot *spot, struct list *internal,
			 struct list *external)
{
	const char *type = spot_text(spot, "type");
	struct list *list = NULL;
	struct spot text;
	struct addr addr;

	if (type && !strcmp(type, "InternalIP"))
		list = internal;
	else if (type && !strcmp(type, "ExternalIP"))
		list = external;
	if (list && spot_member(&text, spot, "address", JSON_STRING) &&
	    spot_addr(&text, &addr))
		list_copy(list, &addr);
}

static void read_addresses(struct kube_node *node,
			   const struct kube_reading *r)
{
	struct list internal = { .size = sizeof(struct addr) };
	struct list external = { .size = sizeof(struct addr) };
	struct spot status, array, item;
	size_t i, nr;

	if (!spot_member(&status, &r->root, "status", JSON_OBJECT))
		return;
	nr = spot_array(&array, &status, "addresses", ADDRESSES_MAX);
	for (i = 0; i < nr; i++)
		if (spot_item(&item, &array, i, JSON_OBJECT))
			read_address(&item, &internal, &external);
	add_addresses(node, &internal);
	add_addresses(node, &external);
	list_free(&internal);
	list_free(&external);
}

/* The autoscaler's taint takes the node out of load balancers beforehand. */
static bool read_leaving(const struct kube_reading *r, const struct spot *spec)
{
	struct spot taints, taint;
	const char *key;
	size_t i, nr = spot_array(&taints, spec, "taints", TAINTS_MAX);

	if (spot_text(&r->metadata, "deletionTimestamp"))
		return true;
	for (i = 0; i < nr; i++) {
		if (!spot_item(&taint, &taints, i, JSON_OBJECT))
			continue;
		key = spot_text(&taint, "key");
		if (key && !strcmp(key, "ToBeDeletedByClusterAutoscaler"))
			return true;
	}
	return false;
}

struct kube_node *kube_node_parse(const json_t *object)
{
	struct kube_node *node;
	struct kube_reading r;
	struct kube_meta meta;
	struct spot spec;

	if (!kube_begin(&r, "Node", false, object, &meta))
		return NULL;
	node = memory_new(sizeof(*node));
	node->meta = meta;
	node->pod_cidrs.size = sizeof(struct range);
	node->addresses.size = sizeof(struct addr);
	read_zone(node, &r);
	if (!spot_member(&spec, &r.root, "spec", JSON_OBJECT))
		spec.value = NULL;
	read_pods(node, &spec);
	read_addresses(node, &r);
	node->leaving = read_leaving(&r, &spec);
	return node;
}

void kube_node_free(struct kube_node *node)
{
	if (!node)
		return;
	list_free(&node->pod_cidrs);
	list_free(&node->addresses);
	free(node->zone);
	kube_meta_free(&node->meta);
	free(node);
}

bool kube_node_equal(const struct kube_node *a, const struct kube_node *b)
{
	return kube_meta_equal(&a->meta, &b->meta) &&
	       !strcmp(a->zone, b->zone) && a->leaving == b->leaving &&
	       kube_list_equal(&a->pod_cidrs, &b->pod_cidrs) &&
	       kube_list_equal(&a->addresses, &b->addresses);
}
