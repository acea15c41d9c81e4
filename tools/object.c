// SPDX-License-Identifier: GPL-2.0
#include "object.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define WORD_FIELD(_struct, _member, _attr, _type, _word) \
	{ .attr = (_attr), .type = (_type), .word = (_word), \
	  .offset = offsetof(struct _struct, _member) }

#define FIELD(_struct, _member, _attr, _type) \
	WORD_FIELD(_struct, _member, _attr, _type, NULL)

#define FIELDS(_fields) \
	.fields = (_fields), .nr_fields = sizeof(_fields) / sizeof(*(_fields))

/* FIELD_ADDR relies on it. */
#define ASSERT_PAIR(_attr) \
	static_assert(SVCNAT_##_attr##6 == SVCNAT_##_attr##4 + 1, #_attr)

ASSERT_PAIR(RANGE_A_ADDR);
ASSERT_PAIR(FRONTEND_A_ADDR);
ASSERT_PAIR(ENDPOINT_A_ADDR);
ASSERT_PAIR(AFFINITY_A_CLIENT);
ASSERT_PAIR(AFFINITY_A_ENDPOINT);
ASSERT_PAIR(FLOW_A_CLIENT);
ASSERT_PAIR(FLOW_A_VIP);
ASSERT_PAIR(FLOW_A_ENDPOINT);
ASSERT_PAIR(FLOW_A_SNAT);
ASSERT_PAIR(QUERY_A_SRC);
ASSERT_PAIR(QUERY_A_DST);
static_assert(SVCNAT_STAT_MAX < 64, "struct head has a bit for each");

static const struct field service_fields[] = {
	FIELD(service, head.service, SVCNAT_SERVICE_A_NAME, FIELD_STRING),
	WORD_FIELD(service, proto, SVCNAT_SERVICE_A_PROTO, FIELD_U8,
		   "protocol"),
	WORD_FIELD(service, affinity, SVCNAT_SERVICE_A_AFFINITY, FIELD_SECONDS,
		   "affinity"),
	WORD_FIELD(service, scheduler, SVCNAT_SERVICE_A_SCHEDULER, FIELD_U8,
		   "scheduler"),
	WORD_FIELD(service, internal_policy, SVCNAT_SERVICE_A_INTERNAL_POLICY,
		   FIELD_U8, "internal-policy"),
	WORD_FIELD(service, external_policy, SVCNAT_SERVICE_A_EXTERNAL_POLICY,
		   FIELD_U8, "external-policy"),
	WORD_FIELD(service, on_removal, SVCNAT_SERVICE_A_ON_REMOVAL, FIELD_U8,
		   "on-removal"),
	FIELD(service, nr_frontends, SVCNAT_SERVICE_A_FRONTENDS, FIELD_U32),
	FIELD(service, nr_endpoints, SVCNAT_SERVICE_A_ENDPOINTS, FIELD_U32),
	FIELD(service, counters, SVCNAT_SERVICE_A_COUNTERS, FIELD_COUNTERS),
};

static const struct field range_fields[] = {
	FIELD(range, addr, SVCNAT_RANGE_A_ADDR4, FIELD_ADDR),
	FIELD(range, prefix, SVCNAT_RANGE_A_PREFIX, FIELD_U8),
};

static const struct field frontend_fields[] = {
	FIELD(frontend, addr, SVCNAT_FRONTEND_A_ADDR4, FIELD_ADDR),
	FIELD(frontend, port, SVCNAT_FRONTEND_A_PORT, FIELD_PORT),
	FIELD(frontend, kind, SVCNAT_FRONTEND_A_KIND, FIELD_U8),
	FIELD(frontend, allow, SVCNAT_FRONTEND_A_ALLOW, FIELD_RANGES),
	FIELD(frontend, counters, SVCNAT_FRONTEND_A_COUNTERS, FIELD_COUNTERS),
};

static const struct field endpoint_fields[] = {
	FIELD(endpoint, addr, SVCNAT_ENDPOINT_A_ADDR4, FIELD_ADDR),
	FIELD(endpoint, port, SVCNAT_ENDPOINT_A_PORT, FIELD_PORT),
	FIELD(endpoint, weight, SVCNAT_ENDPOINT_A_WEIGHT, FIELD_U32),
	FIELD(endpoint, state, SVCNAT_ENDPOINT_A_STATE, FIELD_U8),
	FIELD(endpoint, place, SVCNAT_ENDPOINT_A_PLACE, FIELD_U8),
	FIELD(endpoint, active, SVCNAT_ENDPOINT_A_ACTIVE, FIELD_U64),
	FIELD(endpoint, counters, SVCNAT_ENDPOINT_A_COUNTERS, FIELD_COUNTERS),
	FIELD(endpoint, masquerade, SVCNAT_ENDPOINT_A_MASQUERADE, FIELD_U8),
};

static const struct field affinity_fields[] = {
	FIELD(affinity, client, SVCNAT_AFFINITY_A_CLIENT4, FIELD_ADDR),
	FIELD(affinity, endpoint, SVCNAT_AFFINITY_A_ENDPOINT4, FIELD_ADDR),
	FIELD(affinity, endpoint_port, SVCNAT_AFFINITY_A_ENDPOINT_PORT,
	      FIELD_PORT),
	FIELD(affinity, expires, SVCNAT_AFFINITY_A_EXPIRES, FIELD_U32),
};

static const struct field flow_fields[] = {
	FIELD(flow, proto, SVCNAT_FLOW_A_PROTO, FIELD_U8),
	FIELD(flow, state, SVCNAT_FLOW_A_STATE, FIELD_U8),
	FIELD(flow, idle, SVCNAT_FLOW_A_IDLE, FIELD_U32),
	FIELD(flow, client, SVCNAT_FLOW_A_CLIENT4, FIELD_ADDR),
	FIELD(flow, client_port, SVCNAT_FLOW_A_CLIENT_PORT, FIELD_PORT),
	FIELD(flow, vip, SVCNAT_FLOW_A_VIP4, FIELD_ADDR),
	FIELD(flow, vip_port, SVCNAT_FLOW_A_VIP_PORT, FIELD_PORT),
	FIELD(flow, endpoint, SVCNAT_FLOW_A_ENDPOINT4, FIELD_ADDR),
	FIELD(flow, endpoint_port, SVCNAT_FLOW_A_ENDPOINT_PORT, FIELD_PORT),
	FIELD(flow, snat, SVCNAT_FLOW_A_SNAT4, FIELD_ADDR),
	FIELD(flow, snat_port, SVCNAT_FLOW_A_SNAT_PORT, FIELD_PORT),
};

#define CONFIG_FIELD(_key, _type, _word) \
	WORD_FIELD(config, value[SVCNAT_CONFIG_A_##_key], \
		   SVCNAT_CONFIG_A_##_key, _type, _word)

#define CONFIG_RANGES(_key, _word) \
	WORD_FIELD(config, ranges[SVCNAT_CONFIG_A_##_key], \
		   SVCNAT_CONFIG_A_##_key, FIELD_RANGES, _word)

static const struct field config_fields[] = {
	CONFIG_FIELD(MAX_SERVICES, FIELD_U32, "max-services"),
	CONFIG_FIELD(MAX_ENDPOINTS, FIELD_U32, "max-endpoints"),
	CONFIG_FIELD(MAX_FLOWS, FIELD_U32, "max-flows"),
	CONFIG_FIELD(MAX_AFFINITY, FIELD_U32, "max-affinity"),
	CONFIG_FIELD(TIMEOUT_TCP_ESTABLISHED, FIELD_SECONDS,
		     "timeout-tcp-established"),
	CONFIG_FIELD(TIMEOUT_TCP_TRANSITORY, FIELD_SECONDS,
		     "timeout-tcp-transitory"),
	CONFIG_FIELD(TIMEOUT_TCP_CLOSING, FIELD_SECONDS,
		     "timeout-tcp-closing"),
	CONFIG_FIELD(TIMEOUT_UDP, FIELD_SECONDS,
		     "timeout-udp"),
	CONFIG_FIELD(TIMEOUT_UDP_STREAM, FIELD_SECONDS,
		     "timeout-udp-stream"),
	CONFIG_FIELD(TIMEOUT_SCTP, FIELD_SECONDS, "timeout-sctp"),
	CONFIG_FIELD(SNAT_PORTS, FIELD_U32, "snat-ports"),
	CONFIG_RANGES(POD_CIDR, "pod-cidr"),
	CONFIG_RANGES(SERVICE_CIDR, "service-cidr"),
	CONFIG_RANGES(NODEPORT_ADDRESSES, "nodeport-addresses"),
	CONFIG_FIELD(MASQUERADE_ALL, FIELD_SWITCH, "masquerade-all"),
	CONFIG_FIELD(FASTPATH, FIELD_SWITCH, "fastpath"),
};

static const struct field query_fields[] = {
	WORD_FIELD(query, proto, SVCNAT_QUERY_A_PROTO, FIELD_U8, "protocol"),
	WORD_FIELD(query, src, SVCNAT_QUERY_A_SRC4, FIELD_ADDR, "source"),
	WORD_FIELD(query, src_port, SVCNAT_QUERY_A_SRC_PORT, FIELD_PORT,
		   "source port"),
	WORD_FIELD(query, dst, SVCNAT_QUERY_A_DST4, FIELD_ADDR, "destination"),
	WORD_FIELD(query, dst_port, SVCNAT_QUERY_A_DST_PORT, FIELD_PORT,
		   "destination port"),
	WORD_FIELD(query, iif, SVCNAT_QUERY_A_IIF, FIELD_U32, "iif"),
	WORD_FIELD(query, head, SVCNAT_QUERY_A_LOCAL, FIELD_FLAG, "local"),
};

static const struct field answer_fields[] = {
	FIELD(answer, verdict, SVCNAT_ANSWER_A_VERDICT, FIELD_U8),
	FIELD(answer, reason, SVCNAT_ANSWER_A_REASON, FIELD_U32),
	FIELD(answer, policy, SVCNAT_ANSWER_A_POLICY, FIELD_U8),
	FIELD(answer, affinity_hit, SVCNAT_ANSWER_A_AFFINITY_HIT, FIELD_U8),
	FIELD(answer, masquerade, SVCNAT_ANSWER_A_MASQUERADE, FIELD_U8),
};

const struct object_type object_types[SVCNAT_A_MAX + 1] = {
	[SVCNAT_A_SERVICE] = {
		.word = "service",
		.size = sizeof(struct service),
		.max = SVCNAT_SERVICE_A_MAX,
		FIELDS(service_fields),
	},
	[SVCNAT_A_FRONTEND] = {
		.word = "frontend",
		.size = sizeof(struct frontend),
		.max = SVCNAT_FRONTEND_A_MAX,
		FIELDS(frontend_fields),
	},
	[SVCNAT_A_ENDPOINT] = {
		.word = "endpoint",
		.size = sizeof(struct endpoint),
		.max = SVCNAT_ENDPOINT_A_MAX,
		FIELDS(endpoint_fields),
	},
	[SVCNAT_A_AFFINITY] = {
		.word = "affinity",
		.size = sizeof(struct affinity),
		.max = SVCNAT_AFFINITY_A_MAX,
		FIELDS(affinity_fields),
	},
	[SVCNAT_A_FLOW] = {
		.word = "flow",
		.size = sizeof(struct flow),
		.max = SVCNAT_FLOW_A_MAX,
		FIELDS(flow_fields),
	},
	[SVCNAT_A_CONFIG] = {
		.word = "config",
		.size = sizeof(struct config),
		.max = SVCNAT_CONFIG_A_MAX,
		FIELDS(config_fields),
	},
	[SVCNAT_A_STATS] = {
		.word = "stats",
		.size = sizeof(struct stats),
		.max = SVCNAT_STAT_MAX,
		.values = offsetof(struct stats, value),
	},
	[SVCNAT_A_QUERY] = {
		.word = "query",
		.size = sizeof(struct query),
		.max = SVCNAT_QUERY_A_MAX,
		FIELDS(query_fields),
	},
	[SVCNAT_A_ANSWER] = {
		.word = "answer",
		.size = sizeof(struct answer),
		.max = SVCNAT_ANSWER_A_MAX,
		FIELDS(answer_fields),
	},
};

const struct object_type counters_type = {
	.word = "counters",
	.size = sizeof(struct counters),
	.max = SVCNAT_COUNTER_A_MAX,
	.values = offsetof(struct counters, value),
};

const struct object_type range_type = {
	.word = "range",
	.size = sizeof(struct range),
	.max = SVCNAT_RANGE_A_MAX,
	FIELDS(range_fields),
};

void out_of_memory(void)
{
	fprintf(stderr, "%s: out of memory\n", program_invocation_short_name);
	exit(EXIT_FAILURE);
}

char *string_copy(const char *string)
{
	char *copy = strdup(string);

	if (!copy)
		out_of_memory();
	return copy;
}

void *list_grow(struct list *list, size_t nr)
{
	/* There are many lists, and most are of one or a few. */
	size_t room = list->room ? list->room : 1;
	void *items;

	while (room < list->nr + nr)
		room *= 2;
	if (room > list->room) {
		list->item = reallocarray(list->item, room, list->size);
		if (!list->item)
			out_of_memory();
		list->room = room;
	}
	items = list_at(list, list->nr);
	list->nr += nr;
	return memset(items, 0, nr * list->size);
}

void *list_add(struct list *list)
{
	return list_grow(list, 1);
}

void *list_copy(struct list *list, const void *item)
{
	return memcpy(list_add(list), item, list->size);
}

void list_free(struct list *list)
{
	free(list->item);
	list->item = NULL;
	list->nr = 0;
	list->room = 0;
}

void list_sort(struct list *list, int (*compare)(const void *, const void *))
{
	if (list->nr)
		qsort(list->item, list->nr, list->size, compare);
}

void list_unique(struct list *list, int (*compare)(const void *, const void *))
{
	size_t i, nr = 0;

	for (i = 0; i < list->nr; i++) {
		if (nr && !compare(list_at(list, nr - 1), list_at(list, i)))
			continue;
		memmove(list_at(list, nr++), list_at(list, i), list->size);
	}
	list->nr = nr;
}

/* The next list in @object at or behind its field *@i, or NULL. */
static struct list *next_list(const struct object_type *type, void *object,
			      size_t *i)
{
	for (; *i < type->nr_fields; ++*i)
		if (type->fields[*i].type == FIELD_RANGES)
			return (void *)((char *)object +
					type->fields[(*i)++].offset);
	return NULL;
}

void object_own_lists(const struct object_type *type, void *object)
{
	struct list *list, other;
	size_t i = 0;

	while ((list = next_list(type, object, &i))) {
		other = *list;
		*list = (struct list){ .size = other.size };
		if (other.nr)
			memcpy(list_grow(list, other.nr), other.item,
			       other.nr * other.size);
	}
}

void object_free_lists(const struct object_type *type, void *object)
{
	struct list *list;
	size_t i = 0;

	while ((list = next_list(type, object, &i)))
		list_free(list);
}

/* An address that is not there sorts last: AF_UNSPEC is 0. */
int addr_compare(const struct addr *a, const struct addr *b)
{
	uint16_t x = a->family - 1, y = b->family - 1;

	if (x != y)
		return x < y ? -1 : 1;
	return memcmp(a->byte, b->byte, sizeof(a->byte));
}

int range_compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	int diff = addr_compare(&x->addr, &y->addr);

	return diff ? diff : x->prefix - y->prefix;
}

int service_compare(const void *a, const void *b)
{
	const struct head *x = a, *y = b;

	return strcmp(x->service, y->service);
}

int frontend_compare(const void *a, const void *b)
{
	const struct frontend *x = a, *y = b;
	int diff = service_compare(x, y);

	if (!diff)
		diff = addr_compare(&x->addr, &y->addr);
	return diff ? diff : x->port - y->port;
}

int endpoint_compare(const void *a, const void *b)
{
	const struct endpoint *x = a, *y = b;
	int diff = service_compare(x, y);

	if (!diff)
		diff = addr_compare(&x->addr, &y->addr);
	return diff ? diff : x->port - y->port;
}

int affinity_compare(const void *a, const void *b)
{
	const struct affinity *x = a, *y = b;
	int diff = service_compare(x, y);

	return diff ? diff : addr_compare(&x->client, &y->client);
}
