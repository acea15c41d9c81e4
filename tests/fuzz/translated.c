// SPDX-License-Identifier: GPL-2.0
#include "translated.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "addr.h"
#include "draft.h"
#include "range.h"
#include "words.h"

#define require(condition) do { \
	if (!(condition)) \
		abort(); \
} while (0)

static void check_range(const struct range *range)
{
	struct range copy = *range;
	uint16_t family = range->addr.family;

	require(family == AF_INET || family == AF_INET6);
	require(range->prefix <= (family == AF_INET ? 32 : 128));
	require(!range_trim(&copy));
}

static void check_place(const struct addr *addr, uint16_t port)
{
	require(port);
	require(addr->family == AF_INET || addr->family == AF_INET6);
	require(!addr_fault(addr));
}

static void check_frontend(const struct frontend *frontend)
{
	const struct range *range;
	size_t i;

	require(frontend->port);
	require((frontend->kind == SVCNAT_KIND_NODEPORT) ==
		!frontend->addr.family);
	if (frontend->kind != SVCNAT_KIND_NODEPORT)
		check_place(&frontend->addr, frontend->port);
	require(frontend->kind == SVCNAT_KIND_LB || !frontend->allow.nr);
	require(frontend->allow.nr <= SVCNAT_RANGES_MAX);
	for (i = 0; i < frontend->allow.nr; i++) {
		range = list_at(&frontend->allow, i);
		check_range(range);
		require(range->addr.family == frontend->addr.family);
	}
}

/* Sorted, and none of them twice. */
static void check_order(const struct list *list,
			int (*compare)(const void *, const void *))
{
	size_t i;

	for (i = 1; i < list->nr; i++)
		require(compare(list_at(list, i - 1), list_at(list, i)) < 0);
}

static void check_overlap(const struct draft *draft)
{
	const struct frontend *frontend;
	const struct endpoint *endpoint;
	size_t i, j;

	for (i = 0; i < draft->frontends.nr; i++)
		for (j = 0; j < draft->endpoints.nr; j++) {
			frontend = list_at(&draft->frontends, i);
			endpoint = list_at(&draft->endpoints, j);
			require(frontend->port != endpoint->port ||
				addr_compare(&frontend->addr,
					     &endpoint->addr));
		}
}

static void check_draft(const struct draft *draft)
{
	const struct service *service = &draft->service;
	const struct endpoint *endpoint;
	size_t i;

	require(parse_service_name(service->head.service));
	require(strcmp(choice_word(choice_protocol, service->proto),
		       "unknown"));
	require(service->affinity <= SVCNAT_AFFINITY_MAX);
	for (i = 0; i < draft->frontends.nr; i++)
		check_frontend(list_at(&draft->frontends, i));
	for (i = 0; i < draft->endpoints.nr; i++) {
		endpoint = list_at(&draft->endpoints, i);
		check_place(&endpoint->addr, endpoint->port);
		require(endpoint->weight == 1);
	}
	check_order(&draft->frontends, frontend_compare);
	check_order(&draft->endpoints, endpoint_compare);
	check_overlap(draft);
}

/* Of all services: to be told apart by what the module tells them apart by. */
static int compare_frontends(const void *a, const void *b)
{
	const struct frontend *x = a, *y = b;
	int diff = addr_compare(&x->addr, &y->addr);

	if (!diff)
		diff = x->port - y->port;
	return diff ? diff : x->kind - y->kind;
}

static void check_frontends(const struct list *drafts)
{
	struct list all = { .size = sizeof(struct frontend) };
	const struct draft *draft;
	struct frontend *copy;
	size_t i, j;

	for (i = 0; i < drafts->nr; i++) {
		draft = list_at(drafts, i);
		for (j = 0; j < draft->frontends.nr; j++) {
			copy = list_copy(&all, list_at(&draft->frontends, j));
			copy->kind = draft->service.proto;
		}
	}
	list_sort(&all, compare_frontends);
	check_order(&all, compare_frontends);
	list_free(&all);
}

void translated_check(const struct list *drafts)
{
	size_t i;

	check_order(drafts, service_compare);
	for (i = 0; i < drafts->nr; i++)
		check_draft(list_at(drafts, i));
	check_frontends(drafts);
}

void translated_check_config(const struct config *config)
{
	size_t i, j;

	for (i = 0; i <= SVCNAT_CONFIG_A_MAX; i++) {
		check_order(&config->ranges[i], range_compare);
		for (j = 0; j < config->ranges[i].nr; j++)
			check_range(list_at(&config->ranges[i], j));
	}
}
