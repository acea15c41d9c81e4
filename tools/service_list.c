// SPDX-License-Identifier: GPL-2.0
/* "service show": joins the services with their frontends and endpoints. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

struct listing {
	struct snapshot snap;
	/* How far the frontends and endpoints are joined already. */
	size_t frontend;
	size_t endpoint;
};

/* The next object of the service, or NULL; both lists are sorted. */
static void *next_of(const struct list *members, size_t *at,
		     const struct service *service)
{
	struct head *head;
	int diff;

	for (; *at < members->nr; ++*at) {
		head = list_at(members, *at);
		diff = service_compare(head, service);
		if (diff > 0)
			break;
		if (!diff) {
			++*at;
			return head;
		}
	}
	return NULL;
}

static void json_members(struct listing *list, const struct service *service)
{
	const struct frontend *frontend;
	const struct endpoint *endpoint;

	json_array("frontends");
	while ((frontend = next_of(&list->snap.frontends, &list->frontend,
				   service))) {
		json_object(NULL);
		frontend_json(frontend);
		json_end();
	}
	json_end();
	json_array("endpoints");
	while ((endpoint = next_of(&list->snap.endpoints, &list->endpoint,
				   service))) {
		json_object(NULL);
		endpoint_json(endpoint);
		json_end();
	}
	json_end();
}

void service_json(const struct service *service)
{
	json_string("name", service->head.service);
	json_choice("protocol", service, SVCNAT_SERVICE_A_PROTO,
		    choice_protocol, service->proto);
	json_given("affinity", service, SVCNAT_SERVICE_A_AFFINITY,
		   service->affinity);
	json_choice("scheduler", service, SVCNAT_SERVICE_A_SCHEDULER,
		    choice_scheduler, service->scheduler);
	json_choice("internal_policy", service,
		    SVCNAT_SERVICE_A_INTERNAL_POLICY, choice_policy,
		    service->internal_policy);
	json_choice("external_policy", service,
		    SVCNAT_SERVICE_A_EXTERNAL_POLICY, choice_policy,
		    service->external_policy);
	json_choice("on_removal", service, SVCNAT_SERVICE_A_ON_REMOVAL,
		    choice_on_removal, service->on_removal);
}

static void json_service(struct listing *list, const struct service *service)
{
	json_object(NULL);
	service_json(service);
	json_members(list, service);
	stats_json(&service->counters);
	json_end();
}

static void print_json(struct listing *list)
{
	const struct list *services = &list->snap.services.objects;
	size_t i;

	json_array(NULL);
	for (i = 0; i < services->nr; i++)
		json_service(list, list_at(services, i));
	json_end();
}

/* How many endpoints are ready, of how many. */
static void endpoints_cell(struct listing *list, struct table *table,
			   const struct service *service)
{
	const struct endpoint *endpoint;
	unsigned int ready = 0, all = 0;

	while ((endpoint = next_of(&list->snap.endpoints, &list->endpoint,
				   service))) {
		ready += endpoint->state == SVCNAT_STATE_READY;
		all++;
	}
	table_cell(table, ready ? COLOUR_NONE : COLOUR_BAD, "%u/%u", ready,
		   all);
}

/* The first few; "frontend show" has them all. */
static void frontends_cell(struct listing *list, struct table *table,
			   const struct service *service)
{
	char text[4 * ADDR_TEXT_SIZE] = "-", more[ADDR_TEXT_SIZE];
	const struct frontend *frontend;
	unsigned int nr = 0;

	while ((frontend = next_of(&list->snap.frontends, &list->frontend,
				   service))) {
		if (!nr)
			text[0] = '\0';
		if (nr++ >= 3)
			continue;
		if (nr > 1)
			strcat(text, ",");
		strcat(text, format_frontend(more, frontend));
	}
	if (nr > 3)
		snprintf(text + strlen(text), 16, ",+%u", nr - 3);
	table_cell(table, COLOUR_NONE, "%s", text);
}

static void print_row(struct listing *list, struct table *table,
		      const struct service *service)
{
	char text[16] = "off";

	table_cell(table, COLOUR_NONE, "%s", service->head.service);
	table_cell(table, COLOUR_NONE, "%s",
		   choice_word(choice_protocol, service->proto));
	table_cell(table, COLOUR_NONE, "%s",
		   service->affinity ? format_duration(text, service->affinity)
				     : text);
	table_cell(table, COLOUR_NONE, "%s",
		   choice_word(choice_scheduler, service->scheduler));
	table_cell(table, COLOUR_NONE, "%s",
		   choice_word(choice_policy, service->internal_policy));
	table_cell(table, COLOUR_NONE, "%s",
		   choice_word(choice_policy, service->external_policy));
	table_cell(table, COLOUR_NONE, "%s",
		   choice_word(choice_on_removal, service->on_removal));
	endpoints_cell(list, table, service);
	if (options.stats)
		stats_cells(table, &service->counters);
	frontends_cell(list, table, service);
}

#define COLUMNS \
	{ .head = "NAME" }, \
	{ .head = "PROTO" }, \
	{ .head = "AFFINITY" }, \
	{ .head = "SCHEDULER" }, \
	{ .head = "INTERNAL" }, \
	{ .head = "EXTERNAL" }, \
	{ .head = "ON-REMOVAL" }, \
	{ .head = "READY" }

static void print_table(struct listing *list)
{
	static const struct column columns[] = {
		COLUMNS, { .head = "FRONTENDS" },
	};
	static const struct column with_stats[] = {
		COLUMNS, STATS_COLUMNS, { .head = "FRONTENDS" },
	};
	const struct list *services = &list->snap.services.objects;
	struct table table;
	size_t i;

	if (options.stats)
		table_begin(&table, with_stats, 9 + NR_STATS_COLUMNS, false);
	else
		table_begin(&table, columns, 9, false);
	for (i = 0; i < services->nr; i++)
		print_row(list, &table, list_at(services, i));
	table_end(&table);
}

int service_list(const char *name)
{
	struct listing list = { .frontend = 0 };
	int err;

	snapshot_init(&list.snap, true, true);
	err = cmd_snapshot(&list.snap, name);
	if (!err && options.json)
		print_json(&list);
	else if (!err)
		print_table(&list);
	snapshot_free(&list.snap);
	return err;
}
