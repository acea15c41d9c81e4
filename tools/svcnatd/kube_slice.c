// SPDX-License-Identifier: GPL-2.0
#include "kube_meta.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "memory.h"

/* More than the API server lets a slice have, in case it changes its mind. */
#define PORTS_MAX	32768
#define ENDPOINTS_MAX	10000
#define HINTS_MAX	64

#define ZONE_MAX	63
#define RUNS_MAX	64	/* of zones, that are looked at for the same one */

static const char *const families[] = { "IPv4", "IPv6", "FQDN", NULL };

/* A port without a number means any, of which nobody has told what to do. */
static void add_port(struct kube_slice *slice, const struct spot *spot)
{
	const char *name = kube_port_name(spot);
	uint8_t proto = kube_proto(spot);
	struct kube_slice_port *port;
	uint32_t number = 0;

	if (!name || !proto ||
	    !spot_number(spot, "port", 1, UINT16_MAX, &number))
		return;
	port = list_add(&slice->ports);
	port->name = memory_copy(name);
	port->proto = proto;
	port->port = (uint16_t)number;
}

static void read_ports(struct kube_slice *slice, const struct spot *root)
{
	struct spot ports, port;
	size_t i, nr = spot_array(&ports, root, "ports", PORTS_MAX);

	for (i = 0; i < nr; i++)
		if (spot_item(&port, &ports, i, JSON_OBJECT))
			add_port(slice, &port);
	memory_fit(&slice->ports);
}

/* Where @zones ends, with its own end. */
static size_t run_length(const char *zones)
{
	const char *zone = zones;

	while (*zone)
		zone += strlen(zone) + 1;
	return (size_t)(zone - zones) + 1;
}

/*
 * The run of zones at @begin, if it stands before, is taken back: most
 * endpoints are meant for one of a few zones.  Returns where it stands.
 */
static uint32_t settle_run(struct list *zones, size_t begin)
{
	size_t length = zones->nr - begin, at = 1, other, runs;

	for (runs = 0; at < begin && runs < RUNS_MAX; runs++) {
		other = run_length(list_at(zones, at));
		if (other == length &&
		    !memcmp(list_at(zones, at), list_at(zones, begin), length)) {
			zones->nr = begin;
			return (uint32_t)at;
		}
		at += other;
	}
	return (uint32_t)begin;
}

static void add_zone(struct list *zones, const struct spot *hint)
{
	const char *name = spot_text(hint, "name");
	size_t length = name ? strlen(name) : 0;

	if (!length || length > ZONE_MAX)
		spot_complain(hint, "has no good name");
	else
		memcpy(list_grow(zones, length + 1), name, length + 1);
}

static uint32_t read_zones(struct kube_slice *slice, const struct spot *hints)
{
	struct spot array, hint;
	struct list *zones = &slice->zones;
	size_t i, nr, begin;

	nr = spot_array(&array, hints, "forZones", HINTS_MAX);
	if (!nr)
		return 0;
	/* The first byte is where those without hints point. */
	if (!zones->nr)
		list_add(zones);
	begin = zones->nr;
	for (i = 0; i < nr; i++)
		if (spot_item(&hint, &array, i, JSON_OBJECT))
			add_zone(zones, &hint);
	if (zones->nr == begin)
		return 0;
	list_add(zones);
	return settle_run(zones, begin);
}

static void read_nodes(struct kube_endpoint *endpoint,
		       const struct spot *hints, const char *node)
{
	struct spot array, hint;
	const char *name;
	size_t i, nr;

	nr = spot_array(&array, hints, "forNodes", HINTS_MAX);
	for (i = 0; i < nr; i++) {
		if (!spot_item(&hint, &array, i, JSON_OBJECT))
			continue;
		name = spot_text(&hint, "name");
		if (!name) {
			spot_complain(&hint, "has no good name");
			continue;
		}
		endpoint->node_hints = true;
		if (!strcmp(name, node))
			endpoint->our_node = true;
	}
}

/* Its other addresses would be the same endpoint once more. */
static bool read_address(struct addr *addr, const struct kube_slice *slice,
			 const struct spot *spot)
{
	struct spot addresses, first;

	if (!spot_member(&addresses, spot, "addresses", JSON_ARRAY) ||
	    !json_array_size(addresses.value)) {
		spot_complain(spot, "has no address");
		return false;
	}
	if (!spot_item(&first, &addresses, 0, JSON_STRING) ||
	    !spot_addr(&first, addr))
		return false;
	if (addr->family == slice->family)
		return true;
	spot_complain(&first, "\"%.100s\" is not of the slice's addressType",
		      json_string_value(first.value));
	return false;
}

static void add_endpoint(struct kube_slice *slice, const struct spot *spot,
			 const char *node)
{
	struct kube_endpoint *endpoint;
	struct spot conditions, hints;
	const char *place;
	struct addr addr;

	if (!read_address(&addr, slice, spot))
		return;
	endpoint = list_add(&slice->endpoints);
	endpoint->addr = addr;
	/* A value of the wrong type has no members. */
	spot_member(&conditions, spot, "conditions", JSON_OBJECT);
	endpoint->ready = spot_flag(&conditions, "ready", true);
	endpoint->serving = spot_flag(&conditions, "serving", true);
	endpoint->terminating = spot_flag(&conditions, "terminating", false);
	place = spot_text(spot, "nodeName");
	endpoint->local = place && !strcmp(place, node);
	if (!spot_member(&hints, spot, "hints", JSON_OBJECT))
		return;
	read_nodes(endpoint, &hints, node);
	endpoint->zones = read_zones(slice, &hints);
}

static void read_endpoints(struct kube_slice *slice, const struct spot *root,
			   const char *node)
{
	struct spot endpoints, endpoint;
	size_t i, nr;

	nr = spot_array(&endpoints, root, "endpoints", ENDPOINTS_MAX);
	for (i = 0; i < nr; i++)
		if (spot_item(&endpoint, &endpoints, i, JSON_OBJECT))
			add_endpoint(slice, &endpoint, node);
	memory_fit(&slice->endpoints);
	memory_fit(&slice->zones);
}

static bool read_owner(struct kube_slice *slice, const struct kube_reading *r)
{
	static const char label[] = "kubernetes.io/service-name";
	const char *owner = spot_text(&r->labels, label);
	struct spot spot;

	if (owner && spot_is_name(owner, 253)) {
		slice->service = memory_copy(owner);
		return true;
	}
	spot_member(&spot, &r->labels, label, JSON_STRING);
	if (owner)
		spot_complain(&spot, "\"%.100s\" is no name", owner);
	else
		spot_complain(&spot, "is missing, so no Service has it");
	return false;
}

static void read_slice(struct kube_slice *slice, const struct kube_reading *r,
		       const char *node)
{
	unsigned int family;

	slice->ignored = true;
	if (kube_is_anothers(r) || !read_owner(slice, r))
		return;
	family = spot_choice(&r->root, "addressType", families);
	if (family > 1)
		return;
	slice->ignored = false;
	slice->family = family ? AF_INET6 : AF_INET;
	read_ports(slice, &r->root);
	read_endpoints(slice, &r->root, node);
}

struct kube_slice *kube_slice_parse(const json_t *object, const char *node)
{
	struct kube_slice *slice;
	struct kube_reading r;
	struct kube_meta meta;

	if (!kube_begin(&r, "EndpointSlice", true, object, &meta))
		return NULL;
	slice = memory_new(sizeof(*slice));
	slice->meta = meta;
	slice->ports.size = sizeof(struct kube_slice_port);
	slice->endpoints.size = sizeof(struct kube_endpoint);
	slice->zones.size = 1;
	read_slice(slice, &r, node);
	return slice;
}

void kube_slice_free(struct kube_slice *slice)
{
	struct kube_slice_port *port;
	size_t i;

	if (!slice)
		return;
	for (i = 0; i < slice->ports.nr; i++) {
		port = list_at(&slice->ports, i);
		free(port->name);
	}
	list_free(&slice->ports);
	list_free(&slice->endpoints);
	list_free(&slice->zones);
	free(slice->service);
	kube_meta_free(&slice->meta);
	free(slice);
}

static bool ports_equal(const struct list *a, const struct list *b)
{
	const struct kube_slice_port *x, *y;
	size_t i;

	for (i = 0; a->nr == b->nr && i < a->nr; i++) {
		x = list_at(a, i);
		y = list_at(b, i);
		if (strcmp(x->name, y->name) || x->proto != y->proto ||
		    x->port != y->port)
			return false;
	}
	return a->nr == b->nr;
}

static bool owners_equal(const struct kube_slice *a,
			 const struct kube_slice *b)
{
	if (!a->service || !b->service)
		return a->service == b->service;
	return !strcmp(a->service, b->service);
}

bool kube_slice_equal(const struct kube_slice *a, const struct kube_slice *b)
{
	return kube_meta_equal(&a->meta, &b->meta) && owners_equal(a, b) &&
	       a->ignored == b->ignored && a->family == b->family &&
	       ports_equal(&a->ports, &b->ports) &&
	       kube_list_equal(&a->endpoints, &b->endpoints) &&
	       kube_list_equal(&a->zones, &b->zones);
}
