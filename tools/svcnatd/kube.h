/* SPDX-License-Identifier: GPL-2.0 */
/* The objects of Kubernetes, as much of them as a node needs.  No JSON is kept. */
#ifndef _SVCNATD_KUBE_H
#define _SVCNATD_KUBE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "object.h"

/* What is served by whom, as kube-proxy asks the API server for it. */
#define KUBE_SELECTOR \
	"!service.kubernetes.io/service-proxy-name,!service.kubernetes.io/headless"

enum kube_kind {
	KUBE_SERVICE,
	KUBE_SLICE,
	KUBE_NODE,
};

#define NR_KUBE_KINDS	3

/**
 * struct kube_meta - what every object is known by
 * @namespace: empty for a Node
 * @name: within it
 */
struct kube_meta {
	char *namespace;
	char *name;
};

/**
 * struct kube_port - a port of a Service
 * @name: empty if it has none
 * @proto: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @port: at the addresses of the Service
 * @node_port: at the node's, or 0
 */
struct kube_port {
	char *name;
	uint8_t proto;
	uint16_t port;
	uint16_t node_port;
};

/**
 * struct kube_service - a Service
 * @meta: what it is known by
 * @created: seconds since 1970
 * @ignored: nothing to do for us: headless, an ExternalName, or another proxy's
 * @internal_local: internalTrafficPolicy is Local
 * @external_local: externalTrafficPolicy is Local, and it has something external
 * @unsafe4: of the source ranges one was malformed, and none of IPv4 is left
 * @unsafe6: the same for IPv6
 * @health_port: healthCheckNodePort if it applies, or 0
 * @affinity: seconds, or 0
 * @cluster_ips: of struct addr, at most one of each family
 * @external_ips: of struct addr
 * @lb_ips: of struct addr: those of load balancers that leave the translation
 *	to us
 * @allow: of struct range, which @lb_ips serve; empty: any
 * @ports: of struct kube_port
 */
struct kube_service {
	struct kube_meta meta;
	int64_t created;
	bool ignored;
	bool internal_local;
	bool external_local;
	bool unsafe4;
	bool unsafe6;
	uint16_t health_port;
	uint32_t affinity;
	struct list cluster_ips;
	struct list external_ips;
	struct list lb_ips;
	struct list allow;
	struct list ports;
};

/**
 * struct kube_slice_port - a port that all endpoints of a slice have
 * @name: of the port of the Service; may be empty
 * @proto: as in struct kube_port
 * @port: where they listen
 */
struct kube_slice_port {
	char *name;
	uint8_t proto;
	uint16_t port;
};

/**
 * struct kube_endpoint - one of a slice
 * @addr: its first address
 * @ready: it is, or nobody says that it is not
 * @serving: the same
 * @terminating: somebody says so
 * @local: it is on our node
 * @node_hints: it is meant for certain nodes
 * @our_node: which include ours
 * @zones: where in the slice's @zones begin those that it is meant for, each
 *	with its NUL, up to an empty one; 0 if there are none
 */
struct kube_endpoint {
	struct addr addr;
	bool ready : 1;
	bool serving : 1;
	bool terminating : 1;
	bool local : 1;
	bool node_hints : 1;
	bool our_node : 1;
	uint32_t zones;
};

/**
 * struct kube_slice - an EndpointSlice
 * @meta: what it is known by
 * @service: name of the Service that it belongs to, in the same namespace
 * @ignored: nothing to do for us: FQDNs, no Service, or another proxy's
 * @family: of all its addresses
 * @ports: of struct kube_slice_port
 * @endpoints: of struct kube_endpoint
 * @zones: of char
 */
struct kube_slice {
	struct kube_meta meta;
	char *service;
	bool ignored;
	uint16_t family;
	struct list ports;
	struct list endpoints;
	struct list zones;
};

/**
 * struct kube_node - a Node
 * @meta: what it is known by
 * @zone: empty if it has none
 * @pod_cidrs: of struct range
 * @addresses: of struct addr, its primary ones: at most one of each family
 * @leaving: it is being deleted, or the cluster autoscaler's taint says that it
 *	will be
 */
struct kube_node {
	struct kube_meta meta;
	char *zone;
	struct list pod_cidrs;
	struct list addresses;
	bool leaving;
};

/*
 * A new object, or NULL if not even its name is good.  What else is not good is
 * logged with the name of object and field, and left out.  @node: which is ours.
 */
struct kube_service *kube_service_parse(const json_t *object);
struct kube_slice *kube_slice_parse(const json_t *object, const char *node);
struct kube_node *kube_node_parse(const json_t *object);

/* NULL is freed as well. */
void kube_service_free(struct kube_service *service);
void kube_slice_free(struct kube_slice *slice);
void kube_node_free(struct kube_node *node);

/* Whether nothing that we keep of them differs. */
bool kube_service_equal(const struct kube_service *a,
			const struct kube_service *b);
bool kube_slice_equal(const struct kube_slice *a, const struct kube_slice *b);
bool kube_node_equal(const struct kube_node *a, const struct kube_node *b);

/* "v1"/"Service" and so on; false if it is none of those above. */
bool kube_kind(const json_t *object, enum kube_kind *kind);

#endif /* _SVCNATD_KUBE_H */
