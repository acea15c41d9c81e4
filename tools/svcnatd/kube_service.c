// SPDX-License-Identifier: GPL-2.0
#include "kube_meta.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "memory.h"

#define PORTS_MAX	16384	/* no object of the API server has more */
#define ADDRESSES_MAX	1024

static const char *const affinities[] = { "None", "ClientIP", NULL };
static const char *const policies[] = { "Cluster", "Local", NULL };
static const char *const ip_modes[] = { "Proxy", "VIP", NULL };

/* When nobody knows it gives way to those of which somebody does. */
static int64_t read_created(const struct kube_reading *r)
{
	const char *text = spot_text(&r->metadata, "creationTimestamp");
	struct tm tm = { .tm_sec = 0 };
	struct spot spot;
	const char *end;

	if (!text)
		return INT64_MAX;
	end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (end && !strcmp(end, "Z"))
		return timegm(&tm);
	spot_member(&spot, &r->metadata, "creationTimestamp", JSON_STRING);
	spot_complain(&spot, "\"%.100s\" is no time", text);
	return INT64_MAX;
}

/* The address of @list that has the family, or NULL. */
static const struct addr *of_family(const struct list *list, uint16_t family)
{
	const struct addr *addr;
	size_t i;

	for (i = 0; i < list->nr; i++) {
		addr = list_at(list, i);
		if (addr->family == family)
			return addr;
	}
	return NULL;
}

static void add_cluster_ip(struct kube_service *service,
			   const struct spot *spot)
{
	struct addr addr;

	if (!spot_addr(spot, &addr))
		return;
	if (of_family(&service->cluster_ips, addr.family))
		spot_complain(spot, "\"%.100s\" is the second address of its family",
			      json_string_value(spot->value));
	else
		list_copy(&service->cluster_ips, &addr);
}

/* The first of clusterIPs is clusterIP; old objects have that alone. */
static void read_cluster_ips(struct kube_service *service,
			     const struct spot *spec)
{
	struct spot ips, ip;
	size_t i, nr = spot_array(&ips, spec, "clusterIPs", 2);

	for (i = 0; i < nr; i++)
		if (spot_item(&ip, &ips, i, JSON_STRING))
			add_cluster_ip(service, &ip);
	if (!nr && spot_member(&ip, spec, "clusterIP", JSON_STRING))
		add_cluster_ip(service, &ip);
}

static bool is_headless(const struct spot *spec)
{
	const char *ip = spot_text(spec, "clusterIP");
	const json_t *ips = json_object_get(spec->value, "clusterIPs");

	if (!ip)
		ip = json_string_value(json_array_get(ips, 0));
	return !ip || !*ip || !strcmp(ip, "None");
}

static void read_external_ips(struct kube_service *service,
			      const struct spot *spec)
{
	struct spot ips, ip;
	struct addr addr;
	size_t i, nr = spot_array(&ips, spec, "externalIPs", ADDRESSES_MAX);

	for (i = 0; i < nr; i++)
		if (spot_item(&ip, &ips, i, JSON_STRING) &&
		    spot_addr(&ip, &addr))
			list_copy(&service->external_ips, &addr);
}

static void add_ingress(struct kube_service *service,
			const struct spot *ingress)
{
	struct addr addr;
	struct spot ip;

	/* Some have only the name of a host. */
	if (!spot_text(ingress, "ip"))
		return;
	if (spot_text(ingress, "ipMode") &&
	    !spot_choice(ingress, "ipMode", ip_modes))
		return;
	if (spot_member(&ip, ingress, "ip", JSON_STRING) &&
	    spot_addr(&ip, &addr))
		list_copy(&service->lb_ips, &addr);
}

static void read_lb_ips(struct kube_service *service,
			const struct kube_reading *r)
{
	struct spot status, lb, ingresses, ingress;
	size_t i, nr;

	if (!spot_member(&status, &r->root, "status", JSON_OBJECT) ||
	    !spot_member(&lb, &status, "loadBalancer", JSON_OBJECT))
		return;
	nr = spot_array(&ingresses, &lb, "ingress", ADDRESSES_MAX);
	for (i = 0; i < nr; i++)
		if (spot_item(&ingress, &ingresses, i, JSON_OBJECT))
			add_ingress(service, &ingress);
}

static bool allows_any(const struct kube_service *service, uint16_t family)
{
	const struct range *range;
	size_t i;

	for (i = 0; i < service->allow.nr; i++) {
		range = list_at(&service->allow, i);
		if (range->addr.family == family)
			return false;
	}
	return true;
}

/*
 * A family without ranges is open to all, which nobody wanted if there is none
 * because they were malformed.
 */
static void read_allow(struct kube_service *service, const struct spot *spec)
{
	struct spot ranges, spot;
	struct range range;
	size_t i, nr;
	bool bad;

	nr = spot_array(&ranges, spec, "loadBalancerSourceRanges",
			SVCNAT_RANGES_MAX);
	bad = ranges.value && !json_is_null(ranges.value) &&
	      !json_is_array(ranges.value);
	for (i = 0; i < nr; i++) {
		if (spot_item(&spot, &ranges, i, JSON_STRING) &&
		    spot_range(&spot, &range))
			list_copy(&service->allow, &range);
		else
			bad = true;
	}
	bad |= json_array_size(ranges.value) > nr;
	service->unsafe4 = bad && allows_any(service, AF_INET);
	service->unsafe6 = bad && allows_any(service, AF_INET6);
	if (service->unsafe4)
		spot_complain(&ranges, "no IPv4 range is left, so load balancers of IPv4 are left out");
	if (service->unsafe6)
		spot_complain(&ranges, "no IPv6 range is left, so load balancers of IPv6 are left out");
}

static void read_affinity(struct kube_service *service,
			  const struct spot *spec)
{
	struct spot config, client;

	if (!spot_choice(spec, "sessionAffinity", affinities))
		return;
	service->affinity = SVCNAT_AFFINITY_DEFAULT;
	if (spot_member(&config, spec, "sessionAffinityConfig", JSON_OBJECT) &&
	    spot_member(&client, &config, "clientIP", JSON_OBJECT))
		spot_number(&client, "timeoutSeconds", 1, SVCNAT_AFFINITY_MAX,
			    &service->affinity);
}

/* Without anything external the policy means nothing. */
static void read_policies(struct kube_service *service,
			  const struct spot *spec, const char *type)
{
	bool lb = type && !strcmp(type, "LoadBalancer");
	bool external = lb || (type && !strcmp(type, "NodePort")) ||
			service->external_ips.nr;
	uint32_t port = 0;

	service->internal_local =
		spot_choice(spec, "internalTrafficPolicy", policies);
	service->external_local =
		spot_choice(spec, "externalTrafficPolicy", policies) &&
		external;
	if (!lb || !service->external_local)
		return;
	spot_number(spec, "healthCheckNodePort", 0, UINT16_MAX, &port);
	service->health_port = (uint16_t)port;
}

static void add_port(struct kube_service *service, const struct spot *spot)
{
	const char *name = kube_port_name(spot);
	uint8_t proto = kube_proto(spot);
	uint32_t number = 0, node_port = 0;
	struct kube_port *port;
	struct spot member;

	if (!name || !proto)
		return;
	if (!json_object_get(spot->value, "port")) {
		spot_member(&member, spot, "port", JSON_INTEGER);
		spot_complain(&member, "is missing");
	}
	if (!spot_number(spot, "port", 1, UINT16_MAX, &number))
		return;
	spot_number(spot, "nodePort", 0, UINT16_MAX, &node_port);
	port = list_add(&service->ports);
	port->name = memory_copy(name);
	port->proto = proto;
	port->port = (uint16_t)number;
	port->node_port = (uint16_t)node_port;
}

static void read_ports(struct kube_service *service, const struct spot *spec)
{
	struct spot ports, port;
	size_t i, nr = spot_array(&ports, spec, "ports", PORTS_MAX);

	for (i = 0; i < nr; i++)
		if (spot_item(&port, &ports, i, JSON_OBJECT))
			add_port(service, &port);
	memory_fit(&service->ports);
}

static void read_service(struct kube_service *service,
			 const struct kube_reading *r)
{
	const char *type;
	struct spot spec;

	service->ignored = true;
	if (kube_is_anothers(r) ||
	    !spot_member(&spec, &r->root, "spec", JSON_OBJECT))
		return;
	type = spot_text(&spec, "type");
	if (is_headless(&spec) || (type && !strcmp(type, "ExternalName")))
		return;
	service->ignored = false;
	service->created = read_created(r);
	read_cluster_ips(service, &spec);
	read_external_ips(service, &spec);
	read_lb_ips(service, r);
	read_allow(service, &spec);
	read_affinity(service, &spec);
	read_policies(service, &spec, type);
	read_ports(service, &spec);
	memory_fit(&service->cluster_ips);
	memory_fit(&service->external_ips);
	memory_fit(&service->lb_ips);
	memory_fit(&service->allow);
}

struct kube_service *kube_service_parse(const json_t *object)
{
	struct kube_service *service;
	struct kube_reading r;
	struct kube_meta meta;

	if (!kube_begin(&r, "Service", true, object, &meta))
		return NULL;
	service = memory_new(sizeof(*service));
	service->meta = meta;
	service->cluster_ips.size = sizeof(struct addr);
	service->external_ips.size = sizeof(struct addr);
	service->lb_ips.size = sizeof(struct addr);
	service->allow.size = sizeof(struct range);
	service->ports.size = sizeof(struct kube_port);
	read_service(service, &r);
	return service;
}

void kube_service_free(struct kube_service *service)
{
	struct kube_port *port;
	size_t i;

	if (!service)
		return;
	for (i = 0; i < service->ports.nr; i++) {
		port = list_at(&service->ports, i);
		free(port->name);
	}
	list_free(&service->cluster_ips);
	list_free(&service->external_ips);
	list_free(&service->lb_ips);
	list_free(&service->allow);
	list_free(&service->ports);
	kube_meta_free(&service->meta);
	free(service);
}

static bool ports_equal(const struct list *a, const struct list *b)
{
	const struct kube_port *x, *y;
	size_t i;

	for (i = 0; a->nr == b->nr && i < a->nr; i++) {
		x = list_at(a, i);
		y = list_at(b, i);
		if (strcmp(x->name, y->name) || x->proto != y->proto ||
		    x->port != y->port || x->node_port != y->node_port)
			return false;
	}
	return a->nr == b->nr;
}

bool kube_service_equal(const struct kube_service *a,
			const struct kube_service *b)
{
	return kube_meta_equal(&a->meta, &b->meta) &&
	       a->created == b->created && a->ignored == b->ignored &&
	       a->internal_local == b->internal_local &&
	       a->external_local == b->external_local &&
	       a->unsafe4 == b->unsafe4 && a->unsafe6 == b->unsafe6 &&
	       a->health_port == b->health_port &&
	       a->affinity == b->affinity &&
	       kube_list_equal(&a->cluster_ips, &b->cluster_ips) &&
	       kube_list_equal(&a->external_ips, &b->external_ips) &&
	       kube_list_equal(&a->lb_ips, &b->lb_ips) &&
	       kube_list_equal(&a->allow, &b->allow) &&
	       ports_equal(&a->ports, &b->ports);
}
