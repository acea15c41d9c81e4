// SPDX-License-Identifier: GPL-2.0
#include "draft.h"

#include <stdlib.h>
#include <string.h>

#define OPTIONS	(GIVEN(SVCNAT_SERVICE_A_AFFINITY) | \
		 GIVEN(SVCNAT_SERVICE_A_SCHEDULER) | \
		 GIVEN(SVCNAT_SERVICE_A_INTERNAL_POLICY) | \
		 GIVEN(SVCNAT_SERVICE_A_EXTERNAL_POLICY) | \
		 GIVEN(SVCNAT_SERVICE_A_ON_REMOVAL))

void draft_init(struct draft *draft)
{
	memset(draft, 0, sizeof(*draft));
	draft->frontends.size = sizeof(struct frontend);
	draft->endpoints.size = sizeof(struct endpoint);
}

void draft_free(struct draft *draft)
{
	size_t i;

	for (i = 0; i < draft->frontends.nr; i++)
		object_free_lists(&object_types[SVCNAT_A_FRONTEND],
				  list_at(&draft->frontends, i));
	list_free(&draft->frontends);
	list_free(&draft->endpoints);
	free((char *)draft->service.head.service);
	draft->service.head.service = NULL;
}

void draft_name(struct draft *draft, const char *name)
{
	struct head *head = &draft->service.head;

	free((char *)head->service);
	head->service = string_copy(name);
	head->given |= GIVEN(SVCNAT_SERVICE_A_NAME);
}

void draft_proto(struct draft *draft, uint8_t proto)
{
	draft->service.proto = proto;
	draft->service.head.given |= GIVEN(SVCNAT_SERVICE_A_PROTO);
}

struct frontend *draft_add_frontend(struct draft *draft)
{
	struct frontend *frontend = list_add(&draft->frontends);

	frontend->allow.size = sizeof(struct range);
	return frontend;
}

struct endpoint *draft_add_endpoint(struct draft *draft)
{
	return list_add(&draft->endpoints);
}

void draft_give_options(struct draft *draft)
{
	draft->service.head.given |= OPTIONS;
}

static void settle_ranges(struct list *ranges)
{
	list_sort(ranges, range_compare);
	list_unique(ranges, range_compare);
}

static void settle_frontend(struct frontend *frontend)
{
	frontend->head.given |= GIVEN(SVCNAT_FRONTEND_A_KIND);
	settle_ranges(&frontend->allow);
}

static void settle_endpoint(struct endpoint *endpoint)
{
	if (!has(endpoint, SVCNAT_ENDPOINT_A_WEIGHT))
		endpoint->weight = 1;
	endpoint->head.given |= GIVEN(SVCNAT_ENDPOINT_A_WEIGHT) |
				GIVEN(SVCNAT_ENDPOINT_A_STATE) |
				GIVEN(SVCNAT_ENDPOINT_A_PLACE);
}

/* Members are told apart by their service as well. */
void draft_settle(struct draft *draft)
{
	const char *name = draft->service.head.service;
	struct frontend *frontend;
	struct endpoint *endpoint;
	size_t i;

	draft_give_options(draft);
	for (i = 0; i < draft->frontends.nr; i++) {
		frontend = list_at(&draft->frontends, i);
		frontend->head.service = name;
		settle_frontend(frontend);
	}
	list_sort(&draft->frontends, frontend_compare);
	for (i = 0; i < draft->endpoints.nr; i++) {
		endpoint = list_at(&draft->endpoints, i);
		endpoint->head.service = name;
		settle_endpoint(endpoint);
	}
	list_sort(&draft->endpoints, endpoint_compare);
}

void draft_settle_config(struct config *config)
{
	int attr;

	for (attr = 0; attr <= SVCNAT_CONFIG_A_MAX; attr++)
		settle_ranges(&config->ranges[attr]);
}

struct request draft_request(const struct draft *draft, int cmd)
{
	return (struct request){
		.cmd = cmd,
		.service = &draft->service,
		.frontends = list_at(&draft->frontends, 0),
		.nr_frontends = draft->frontends.nr,
		.endpoints = list_at(&draft->endpoints, 0),
		.nr_endpoints = draft->endpoints.nr,
	};
}

void drafts_init(struct list *drafts)
{
	memset(drafts, 0, sizeof(*drafts));
	drafts->size = sizeof(struct draft);
}

void drafts_sort(struct list *drafts)
{
	list_sort(drafts, service_compare);
}

const struct draft *drafts_find(const struct list *drafts, const char *name)
{
	const struct head key = { .service = name };

	if (!drafts->nr)
		return NULL;
	return bsearch(&key, drafts->item, drafts->nr, drafts->size,
		       service_compare);
}

void drafts_free(struct list *drafts)
{
	size_t i;

	for (i = 0; i < drafts->nr; i++)
		draft_free(list_at(drafts, i));
	list_free(drafts);
}
