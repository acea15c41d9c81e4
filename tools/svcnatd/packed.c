// SPDX-License-Identifier: GPL-2.0
#include "packed.h"

#include <string.h>

#include "memory.h"

struct packed {
	uint32_t size;
	uint32_t affinity;
	uint32_t nr_frontends;
	uint32_t nr_endpoints;
	uint8_t proto;
	uint8_t scheduler;
	uint8_t internal_policy;
	uint8_t external_policy;
	uint8_t on_removal;
	/* Frontends, each before its ranges, then endpoints. */
	uint8_t bytes[];
};

struct packed_frontend {
	struct addr addr;
	uint16_t port;
	uint16_t nr_allow;
	uint8_t kind;
};

struct packed_range {
	struct addr addr;
	uint8_t prefix;
};

struct packed_endpoint {
	struct addr addr;
	uint16_t port;
	uint16_t weight;
	uint8_t state;
	uint8_t place;
};

static size_t size_of(const struct draft *draft)
{
	const struct frontend *frontend;
	size_t i, size = sizeof(struct packed);

	for (i = 0; i < draft->frontends.nr; i++) {
		frontend = list_at(&draft->frontends, i);
		size += sizeof(struct packed_frontend) +
			frontend->allow.nr * sizeof(struct packed_range);
	}
	return size + draft->endpoints.nr * sizeof(struct packed_endpoint);
}

/* Bytes between members stay as they were: zero. */
#define PUT(at, type, ...) do { \
	type _item; \
	memset(&_item, 0, sizeof(_item)); \
	__VA_ARGS__ \
	memcpy(at, &_item, sizeof(_item)); \
	(at) += sizeof(_item); \
} while (0)

static uint8_t *put_frontend(uint8_t *at, const struct frontend *frontend)
{
	const struct range *range;
	size_t i;

	PUT(at, struct packed_frontend,
	    _item.addr = frontend->addr;
	    _item.port = frontend->port;
	    _item.kind = frontend->kind;
	    _item.nr_allow = (uint16_t)frontend->allow.nr;);
	for (i = 0; i < frontend->allow.nr; i++) {
		range = list_at(&frontend->allow, i);
		PUT(at, struct packed_range,
		    _item.addr = range->addr;
		    _item.prefix = range->prefix;);
	}
	return at;
}

static uint8_t *put_endpoint(uint8_t *at, const struct endpoint *endpoint)
{
	PUT(at, struct packed_endpoint,
	    _item.addr = endpoint->addr;
	    _item.port = endpoint->port;
	    _item.weight = (uint16_t)endpoint->weight;
	    _item.state = endpoint->state;
	    _item.place = endpoint->place;);
	return at;
}

struct packed *packed_make(const struct draft *draft)
{
	const struct service *service = &draft->service;
	size_t i, size = size_of(draft);
	struct packed *packed = memory_new(size);
	uint8_t *at = packed->bytes;

	packed->size = (uint32_t)size;
	packed->affinity = service->affinity;
	packed->nr_frontends = (uint32_t)draft->frontends.nr;
	packed->nr_endpoints = (uint32_t)draft->endpoints.nr;
	packed->proto = service->proto;
	packed->scheduler = service->scheduler;
	packed->internal_policy = service->internal_policy;
	packed->external_policy = service->external_policy;
	packed->on_removal = service->on_removal;
	for (i = 0; i < draft->frontends.nr; i++)
		at = put_frontend(at, list_at(&draft->frontends, i));
	for (i = 0; i < draft->endpoints.nr; i++)
		at = put_endpoint(at, list_at(&draft->endpoints, i));
	return packed;
}

bool packed_equal(const struct packed *a, const struct packed *b)
{
	if (!a || !b)
		return a == b;
	return a->size == b->size && !memcmp(a, b, a->size);
}

static const uint8_t *open_frontend(const uint8_t *at, struct draft *draft)
{
	struct frontend *frontend = draft_add_frontend(draft);
	struct packed_frontend from;
	struct packed_range allow;
	struct range *range;
	uint16_t i;

	memcpy(&from, at, sizeof(from));
	at += sizeof(from);
	frontend->head.given = GIVEN(SVCNAT_FRONTEND_A_PORT) |
			       GIVEN(SVCNAT_FRONTEND_A_KIND);
	if (from.kind != SVCNAT_KIND_NODEPORT)
		frontend->head.given |= GIVEN(SVCNAT_FRONTEND_A_ADDR4);
	if (from.nr_allow)
		frontend->head.given |= GIVEN(SVCNAT_FRONTEND_A_ALLOW);
	frontend->addr = from.addr;
	frontend->port = from.port;
	frontend->kind = from.kind;
	for (i = 0; i < from.nr_allow; i++) {
		memcpy(&allow, at, sizeof(allow));
		at += sizeof(allow);
		range = list_add(&frontend->allow);
		range->head.given = GIVEN(SVCNAT_RANGE_A_ADDR4) |
				    GIVEN(SVCNAT_RANGE_A_PREFIX);
		range->addr = allow.addr;
		range->prefix = allow.prefix;
	}
	return at;
}

static const uint8_t *open_endpoint(const uint8_t *at, struct draft *draft)
{
	struct endpoint *endpoint = draft_add_endpoint(draft);
	struct packed_endpoint from;

	memcpy(&from, at, sizeof(from));
	endpoint->head.given = GIVEN(SVCNAT_ENDPOINT_A_ADDR4) |
			       GIVEN(SVCNAT_ENDPOINT_A_PORT) |
			       GIVEN(SVCNAT_ENDPOINT_A_WEIGHT) |
			       GIVEN(SVCNAT_ENDPOINT_A_STATE) |
			       GIVEN(SVCNAT_ENDPOINT_A_PLACE);
	endpoint->addr = from.addr;
	endpoint->port = from.port;
	endpoint->weight = from.weight;
	endpoint->state = from.state;
	endpoint->place = from.place;
	return at + sizeof(from);
}

void packed_open(const struct packed *packed, const char *name,
		 struct draft *draft)
{
	struct service *service = &draft->service;
	const uint8_t *at = packed->bytes;
	uint32_t i;

	draft_name(draft, name);
	draft_proto(draft, packed->proto);
	service->affinity = packed->affinity;
	service->scheduler = packed->scheduler;
	service->internal_policy = packed->internal_policy;
	service->external_policy = packed->external_policy;
	service->on_removal = packed->on_removal;
	for (i = 0; i < packed->nr_frontends; i++)
		at = open_frontend(at, draft);
	for (i = 0; i < packed->nr_endpoints; i++)
		at = open_endpoint(at, draft);
	draft_settle(draft);
}
